"""A Docker-compatible engine and the project's image in it; without one a test is skipped by name.

A machine made for the project's CI has a tool beside the project that sets an engine up; any other uses the Docker or
Podman that it has.
"""

import asyncio
import json
import os
import shlex
import shutil
import subprocess
from asyncio.subprocess import Process
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.support.services import MODULES

ROOT = Path(__file__).parents[2]
TOOLS = ROOT.parent / "shared" / "tools"
LABEL = "--label=scrapersky-test"
CONFINED = (
    *("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges", "--user=65532:65532"),
    *("--memory=256m", "--tmpfs=/tmp"),
)
"""What the chart asks of Kubernetes, in the words of ``docker run``."""
RESTRICTED = (*CONFINED, "--network=host")
"""The same with the host's network, which has the tests' servers."""


@dataclass(frozen=True)
class Engine:
    """The commands that run and that build."""

    command: str
    build: tuple[str, ...]

    def __call__(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run one of its commands to its end."""
        return subprocess.run([self.command, *arguments], input=stdin, capture_output=True, text=True, check=False)


@cache
def find_engine() -> Engine | None:
    """The engine of this machine, set up if need be, or None."""
    tool = TOOLS / "container-engine"
    if tool.exists():
        done = subprocess.run([tool], capture_output=True, text=True, check=False)
        for variable in shlex.split(done.stdout.replace("export ", "")) if done.returncode == 0 else ():
            name, _, value = variable.partition("=")
            os.environ[name] = value
        return Engine("podman", (str(TOOLS / "image-build"),)) if done.returncode == 0 else None
    for command in ("docker", "podman"):
        if shutil.which(command) and Engine(command, ())("info").returncode == 0:
            return Engine(command, (command, "build"))
    return None


@dataclass(frozen=True)
class Image:
    """A built image; ``base`` is what it stands on."""

    engine: Engine
    name: str
    base: str

    def run(self, *arguments: str, options: tuple[str, ...] = (), stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a container, restricted as in the cluster, to its end."""
        return self.engine("run", "--rm", "-i", *RESTRICTED, *options, self.name, *arguments, stdin=stdin)

    def python(self, script: str, *arguments: str) -> str:
        """What a script prints that runs in a container."""
        done = self.run("-", *arguments, options=("--entrypoint=python",), stdin=script)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def inspect(self, name: str | None = None) -> dict[str, object]:
        """The engine's words on it, or on another image."""
        [found] = json.loads(self.engine("image", "inspect", name or self.name).stdout)
        return dict(found)

    async def start(
        self, service: str, environment: Mapping[str, str], *options: str, log: Path | None = None
    ) -> Process:
        """Start a service as its CronJob does; signals to the process go on to the container's PID 1."""
        values = [f"--env={name}={value}" for name, value in {"LOG_FORMAT": "json", **environment}.items()]
        output = asyncio.subprocess.PIPE if log is None else log.open("ab")
        return await asyncio.create_subprocess_exec(
            *(self.engine.command, "run", "--rm", LABEL, *RESTRICTED, *values, *options, self.name, MODULES[service]),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )


def build(engine: Engine, tag: str, *options: str) -> Image:
    """Build the image of this checkout."""
    base = "docker.io/library/python:3.13-slim"
    done = subprocess.run(
        [*engine.build, "--build-arg", "SOURCE_DATE_EPOCH=1000000000", *options, "-t", tag, "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return Image(engine, tag, base)


@pytest.fixture(scope="session")
def container_engine() -> Engine:
    """The engine, or the test is skipped."""
    found = find_engine()
    if found is None:
        pytest.skip("container engine: neither Docker nor Podman works here")
    return found


@pytest.fixture(scope="session")
def image(container_engine: Engine) -> Iterator[Image]:
    """The image of this checkout; no container of it outlives the tests."""
    yield build(container_engine, "scrapersky:test")
    left = container_engine("ps", "--all", "--quiet", f"--filter={LABEL.removeprefix('--')}").stdout.split()
    if left:
        container_engine("rm", "--force", *left)
