"""Serve the small Internet until told to stop, or until the process that started it is gone.

On the loopback and free ports it says with --state where it is; in a cluster, everyone else has to know before.
"""

import argparse
import asyncio
import json
import os
import signal
import tempfile
from pathlib import Path

import trustme

from tests.internet.network import SmallInternet
from tests.internet.server import LOOPBACK


async def serve(arguments: argparse.Namespace) -> None:
    """Serve, and say where in a JSON file once it does."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    parent = os.getppid()
    with tempfile.TemporaryDirectory(prefix="scrapersky-internet-") as directory:
        async with SmallInternet(
            Path(directory), address=arguments.address, ports=arguments.ports, authority=_authority(arguments.authority)
        ) as internet:
            if arguments.state:
                _say(arguments.state, internet)
            while not stop.is_set() and os.getppid() == parent:
                try:
                    await asyncio.wait_for(stop.wait(), timeout=0.5)
                except TimeoutError:
                    continue


def _say(state: Path, internet: SmallInternet) -> None:
    partial = state.with_suffix(".partial")
    partial.write_text(json.dumps({"environment": internet.environment}))
    partial.rename(state)


def _authority(directory: Path | None) -> trustme.CA | None:
    if directory is None:
        return None
    return trustme.CA.from_pem((directory / "tls.crt").read_bytes(), (directory / "tls.key").read_bytes())


def _ports(text: str) -> tuple[int, int, int]:
    http, https, places = map(int, text.split(","))
    return http, https, places


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.internet", description=__doc__)
    parser.add_argument("--state", type=Path, help="JSON file to write that says where everything is")
    parser.add_argument("--address", default=LOOPBACK, help="address to listen on")
    parser.add_argument("--ports", type=_ports, default="0,0,0", help="of http, https and Places; 0 is a free one")
    parser.add_argument("--authority", type=Path, help="directory with tls.crt and tls.key, which sign certificates")
    asyncio.run(serve(parser.parse_args()))
