"""``scrapersky fetch``: one fetch as the services do it."""

import asyncio
import json
from dataclasses import asdict
from typing import Any

import click

from scrapersky.settings import Settings
from scrapersky.web.fetcher import Fetcher


@click.command(epilog="Example: scrapersky fetch https://example.com/ --json")
@click.argument("url")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, without the body.")
def fetch(url: str, *, as_json: bool) -> None:
    """Fetch URL with every guard: address, ports, limits, redirects, robots.txt.

    Prints what was found on the way. Exit code 77: refused, because an address is not public or robots.txt disallows
    it; 69: the website does not answer, or with an error; 65: not a URL.
    """
    answer = asyncio.run(_fetch(url, Settings.load_offline()))
    if as_json:
        click.echo(json.dumps(answer))
        return
    for hop in answer["hops"]:
        click.echo(f"{hop['status']}  {hop['address']}  {hop['url']}")
    click.echo(f"{answer['content_type']}, {answer['bytes']:,} bytes in {answer['seconds']:.2f} s")


async def _fetch(url: str, settings: Settings) -> dict[str, Any]:
    async with Fetcher(settings) as fetcher:
        response, body = await fetcher.get(url)
        response.raise_for_status()
    return {
        "url": response.url,
        "final_url": response.final_url,
        "status": response.status,
        "content_type": response.headers.get("content-type"),
        "bytes": len(body),
        "seconds": round(response.seconds, 3),
        "hops": [asdict(hop) for hop in response.hops],
    }
