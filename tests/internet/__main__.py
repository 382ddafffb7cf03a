"""Serve the small Internet until told to stop, or until the process that started it is gone."""

import argparse
import asyncio
import json
import os
import signal
import tempfile
from pathlib import Path

from tests.internet.network import SmallInternet


async def serve(state: Path) -> None:
    """Serve, and say where in a JSON file once it does."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    parent = os.getppid()
    with tempfile.TemporaryDirectory(prefix="scrapersky-internet-") as directory:
        async with SmallInternet(Path(directory)) as internet:
            partial = state.with_suffix(".partial")
            partial.write_text(json.dumps({"environment": internet.environment}))
            partial.rename(state)
            while not stop.is_set() and os.getppid() == parent:
                try:
                    await asyncio.wait_for(stop.wait(), timeout=0.5)
                except TimeoutError:
                    continue


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.internet", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="JSON file that says where everything is")
    asyncio.run(serve(parser.parse_args().state))
