"""robots.txt decisions beside protego: files as sites have them, each parsed once and asked about the URLs of its site.

`make bench-robots` prints a table and writes ``build/bench/web-robots.json``. The readers take turns, each time in a
new process of their own environment; medians.
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

from tests.benchmarks.report import figure, report

BUILD = Path(__file__).parents[2] / "build"
READER = Path(__file__).parent / "peers" / "robots_decisions.py"
PYTHONS = {"ours": sys.executable, "protego": str(BUILD / "protego" / "bin" / "python")}
ROUNDS = 7
FILES = 50
URLS = 200
WORDPRESS = "User-agent: *\nDisallow: /wp-admin/\nAllow: /wp-admin/admin-ajax.php\n\nSitemap: https://a.example/wp-sitemap.xml\n"
SHOP = [
    *("/admin", "/cart", "/orders", "/checkouts/", "/checkout", "/*/checkouts", "/account", "/collections/*sort_by*"),
    *("/*/collections/*sort_by*", "/collections/*+*", "/collections/*%2B*", "/blogs/*+*", "/*?*oseid=*"),
    *("/*preview_theme_id*", "/policies/", "/search", "/apple-app-site-association", "/*/*?*ls=*&ls=*"),
    *("/recommendations/products", "/*.atom$"),
]  # fmt: skip
WORDS = ["pipes", "drains", "boilers", "repair", "emergency", "austin", "service", "leak", "heater", "sewer", "contact"]


def _path(random: Random) -> str:
    path = "/" + "/".join(random.choices(WORDS, k=random.randint(1, 4)))
    return path + (f"?page={random.randint(1, 9)}" if random.random() < 0.2 else "")


def _file(random: Random, kind: str) -> str:
    if kind == "WordPress, 2 rules":
        return WORDPRESS
    if kind == "shop, 20 rules, half with stars":
        return "User-agent: *\n" + "".join(f"Disallow: {path}\n" for path in SHOP)
    rules = (f"{random.choice(('Disallow', 'Disallow', 'Allow'))}: {_path(random)}\n" for _ in range(1000))
    return "User-agent: *\n" + "".join(rules)


def _measure(kind: str) -> dict[str, dict[str, float]]:
    random = Random(kind)
    cases = [
        {"text": _file(random, kind), "urls": [f"https://a.example{_path(random)}" for _ in range(URLS)]}
        for _ in range(FILES)
    ]
    given = BUILD / "bench" / "robots-cases.json"
    given.parent.mkdir(parents=True, exist_ok=True)
    given.write_text(json.dumps(cases))
    runs: dict[str, list[dict[str, Any]]] = {reader: [] for reader in PYTHONS}
    for _ in range(ROUNDS):
        for reader, python in PYTHONS.items():
            done = subprocess.run([python, READER, reader, given], capture_output=True, check=True, text=True)
            runs[reader].append(json.loads(done.stdout))
    assert runs["ours"][0]["allowed"] == runs["protego"][0]["allowed"]
    return {
        reader: {part: statistics.median(run[part] for run in measured) for part in ("parse", "decide")}
        for reader, measured in runs.items()
    }


def main() -> None:
    """Measure, print, write."""
    figures = []
    for kind in ("WordPress, 2 rules", "shop, 20 rules, half with stars", "1,000 rules"):
        seconds = _measure(kind)
        for part, count, unit in (("parse", FILES, "files/s"), ("decide", FILES * URLS, "decisions/s")):
            ours, peer = (count / seconds[reader][part] for reader in ("ours", "protego"))
            figures.append(figure(f"robots.txt, {kind}: {part}", ours, unit, "protego", peer))
    report("web-robots", figures)


if __name__ == "__main__":
    main()
