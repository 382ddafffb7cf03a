"""Helm and kubectl, the machine's own or those of a folder of tools; without them a test is skipped by name."""

import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "build" / "tools"
FETCH = ROOT.parent / "shared" / "tools" / "get-kube-tools"


def tool(name: str) -> str:
    """Path of ``helm3``, ``helm4`` or ``kubectl``."""
    if FETCH.exists() and not (TOOLS / name).exists():
        TOOLS.mkdir(parents=True, exist_ok=True)
        with FileLock(TOOLS / ".kube.lock"):
            subprocess.run([FETCH, TOOLS], capture_output=True, check=False)
    own = shutil.which(name) or (shutil.which("helm") if name.startswith("helm") else None)
    if (TOOLS / name).exists():
        return str(TOOLS / name)
    if own is None:
        pytest.skip(f"{name}: not installed, and cannot be had here")
    return own
