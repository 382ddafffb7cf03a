"""What the image holds on top of its base, by package and kind of file.

``docker run --rm -i --entrypoint python scrapersky:dev - <image/contents.py``; ``- --json`` gives one JSON document,
``- --hashes`` a line for every file of the image: what two builds must agree in.
"""

import hashlib
import json
import os
import re
import stat
import sys
from collections import defaultdict
from pathlib import Path

VENV = Path("/venv")
KINDS = ("bytecode", "sources", "machine code", "other")
SUFFIXES = {".pyc": "bytecode", ".py": "sources", ".so": "machine code"}
LEFT_OUT = ("/proc", "/sys", "/dev", "/run", "/tmp", "/etc/hosts", "/etc/resolv.conf", "/etc/hostname")  # noqa: S108
SMALL = 300_000


def sizes() -> dict[str, dict[str, int]]:
    """Bytes by top-level package, then by kind; licences and other metadata of all packages are one entry."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(KINDS, 0))
    [site] = VENV.glob("lib/python*/site-packages")
    for path in VENV.rglob("*"):
        if path.is_file() and not path.is_symlink():
            found[_package(path, site)][_kind(path)] += path.stat().st_size
    return dict(found)


def _package(path: Path, site: Path) -> str:
    if not path.is_relative_to(site):
        return "(the environment itself)"
    top = path.relative_to(site).parts[0]
    return "(licences and metadata)" if top.endswith(".dist-info") else re.sub(r"(\.libs|\.cpython.*|\.pyc?)$", "", top)


def _kind(path: Path) -> str:
    return SUFFIXES.get(".so" if ".so." in path.name else path.suffix, "other")


def hashes() -> list[str]:
    """Path, mode, and SHA-256 or target of everything in the image; no times."""
    lines = []
    for folder, folders, files in os.walk("/"):
        folders[:] = sorted(name for name in folders if str(Path(folder, name)) not in LEFT_OUT)
        for path in (Path(folder, name) for name in sorted(folders + files)):
            if str(path) not in LEFT_OUT:
                mode = path.lstat().st_mode
                lines.append(f"{path} {stat.filemode(mode)} {_hash(path, mode)}")
    return lines


def _hash(path: Path, mode: int) -> str:
    if stat.S_ISLNK(mode):
        return str(path.readlink())
    if not stat.S_ISREG(mode):
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest() if os.access(path, os.R_OK) else "unreadable"


def table(found: dict[str, dict[str, int]]) -> str:
    """The sizes in MB (10^6 bytes), largest first; what is below 0.3 MB in one line."""
    rows = sorted(found.items(), key=lambda item: -sum(item[1].values()))
    large = [row for row in rows if sum(row[1].values()) >= SMALL]
    small = [row for row in rows if row not in large]
    rest = {kind: sum(by_kind[kind] for _, by_kind in small) for kind in KINDS}
    total = {kind: sum(by_kind[kind] for _, by_kind in rows) for kind in KINDS}
    lines = [f"| {'MB':28} | {' | '.join(f'{kind:>12}' for kind in KINDS)} | {'all':>6} |", "|---|" + "---:|" * 5]
    for name, by_kind in [*large, (f"({len(small)} smaller ones)", rest), ("all", total)]:
        columns = " | ".join(f"{by_kind[kind] / 1e6:12.1f}" for kind in KINDS)
        lines.append(f"| {name:28} | {columns} | {sum(by_kind.values()) / 1e6:6.1f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    if "--hashes" in sys.argv:
        print(*hashes(), sep="\n")
    else:
        print(json.dumps(sizes()) if "--json" in sys.argv else table(sizes()))
