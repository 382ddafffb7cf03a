"""Our import of one sitemap, as the container runs it. Arguments: the file's URL.

A small file first, so that what is measured is the import and not Python's imports.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from time import perf_counter

import psycopg

from services.sitemap_import import process_sitemap_imports

QUEUE = "UPDATE sitemap_files SET sitemap_import_status = 'Queued' WHERE url = %s"


def main() -> None:
    """Print seconds, and the peak memory in MiB."""
    url = sys.argv[1]
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        for each in (f"{url.rpartition('/')[0]}/warm-up.xml", url):
            connection.execute(QUEUE, (each,))
            began = perf_counter()
            summary = asyncio.run(process_sitemap_imports())
            seconds = perf_counter() - began
            assert summary.completed == 1, summary
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    print(json.dumps({"seconds": seconds, "peak": peak}))


if __name__ == "__main__":
    main()
