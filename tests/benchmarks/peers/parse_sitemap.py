"""One reader reads one sitemap file from disk, in a process of its own. Arguments: the reader, and the file."""

import json
import logging
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from time import perf_counter

BLOCK = 65_536


def scrapersky(path: Path) -> int:
    """Our reader, as the import uses it: streamed, every date read, every URL normalised."""
    from scrapersky.sitemaps.read import SitemapReader

    reader, entries = SitemapReader("http://bench.example/sitemap.xml"), 0
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            entries += len(reader.feed(block))
    return entries + len(reader.close())


def iterparse(path: Path) -> int:
    """The floor: lxml, location and date as text."""
    from tests.benchmarks.peers.import_floor import entries

    return sum(1 for _ in entries(path.read_bytes()))


def usp(path: Path) -> int:
    """ultimate-sitemap-parser."""
    from usp.tree import sitemap_from_str

    return sum(1 for _ in sitemap_from_str(path.read_text()).all_pages())


def advertools(path: Path) -> int:
    """advertools, into a table of pandas."""
    from advertools import sitemap_to_df

    return len(sitemap_to_df(path.as_uri())["loc"].unique())


READERS: dict[str, Callable[[Path], int]] = {each.__name__: each for each in (scrapersky, iterparse, usp, advertools)}


def main() -> None:
    """Print URLs a second, and the peak memory in MiB; what a reader imports is not measured."""
    logging.disable(logging.CRITICAL)
    read, path = READERS[sys.argv[1]], Path(sys.argv[2])
    with (small := path.with_suffix(".small")).open("w") as stream, path.open() as whole:
        stream.writelines([*islice(whole, 2), "<url><loc>http://bench.example/</loc></url></urlset>"])
    read(small)
    began = perf_counter()
    urls = read(path)
    seconds = perf_counter() - began
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
    print(json.dumps({"urls": urls, "rate": urls / seconds, "peak": peak}))


if __name__ == "__main__":
    main()
