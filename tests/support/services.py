"""The services as their containers run them: separate processes, configured by the environment alone."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping

MODULES = {
    "domain-scheduler": "services.domain_scheduler",
    "domain-sitemap-submission": "services.domain_sitemap_submission",
    "sitemap-scheduler": "services.sitemap_scheduler",
    "sitemap-import": "services.sitemap_import",
    "local-business-enrichment": "services.local_business_enrichment",
}


async def start(service: str, environment: Mapping[str, str]) -> Process:
    """Start a service; its logs are in ``stderr``."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", MODULES[service]),
        env={"PATH": os.environ["PATH"], "LOG_FORMAT": "json", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def run(service: str, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a service to its end; its exit code and what it wrote to stderr."""
    process = await start(service, environment)
    _, words = await process.communicate()
    assert process.returncode is not None
    return process.returncode, words.decode()
