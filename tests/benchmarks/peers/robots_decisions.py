"""One reader of robots.txt over a file of cases: ``python robots_decisions.py (ours|protego) CASES``; prints seconds.

Runs in the environment that has the reader, so it imports nothing else of the project.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path


def ours(text: str) -> Callable[[str], bool]:
    from scrapersky.web.robots import parse

    return parse(text.encode(), "ScraperSkyBot").allowed


def protego(text: str) -> Callable[[str], bool]:
    from protego import Protego

    read = Protego.parse(text)
    return lambda url: bool(read.can_fetch(url, "ScraperSkyBot"))


def main() -> None:
    """Print the seconds of parsing and of deciding, and how many URLs are allowed."""
    read = {"ours": ours, "protego": protego}[sys.argv[1]]
    cases = json.loads(Path(sys.argv[2]).read_text())
    read("User-agent: *\nDisallow: /")("https://a.example/")
    began = time.perf_counter()
    deciders = [(read(case["text"]), case["urls"]) for case in cases]
    parsed = time.perf_counter()
    allowed = sum(decide(url) for decide, urls in deciders for url in urls)
    print(json.dumps({"parse": parsed - began, "decide": time.perf_counter() - parsed, "allowed": allowed}))


if __name__ == "__main__":
    main()
