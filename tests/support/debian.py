"""Servers out of Debian's packages, unpacked beside the build and never installed: PgBouncer, Pushgateway, Prometheus.

A machine that has the program uses its own. Where the package cannot be had either, the test is skipped by name.
"""

import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

TOOLS = Path(__file__).parents[2] / "build" / "tools"


def program(name: str, *packages: str) -> Path:
    """The path of an executable, fetched with the packages that its libraries need; skips the test where it cannot."""
    own = shutil.which(name)
    if own:
        return Path(own)
    TOOLS.mkdir(parents=True, exist_ok=True)
    with FileLock(TOOLS / ".lock"):
        for package in packages:
            _unpack(package)
    found = [path for path in TOOLS.glob(f"*/usr/*bin/{name}") if path.is_file()]
    if not found:
        pytest.skip(f"{name}: not installed, and its Debian package cannot be had here")
    return found[0]


def library_path() -> str:
    """Value of LD_LIBRARY_PATH for programs from `program`."""
    return ":".join(str(path) for path in TOOLS.glob("*/usr/lib/*-linux-gnu"))


def _unpack(package: str) -> None:
    target = TOOLS / package
    if target.exists() or not (shutil.which("apt-get") and shutil.which("dpkg")):
        return
    work = TOOLS / f"{package}.partial"
    work.mkdir(exist_ok=True)
    download = ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", package]
    if subprocess.run(download, cwd=work, capture_output=True, check=False).returncode != 0:
        subprocess.run(["apt-get", "-qq", "update"], capture_output=True, check=False)
        subprocess.run(download, cwd=work, capture_output=True, check=False)
    for archive in work.glob("*.deb"):
        subprocess.run(["dpkg", "-x", archive, work], check=True)
        archive.unlink()
        work.rename(target)
