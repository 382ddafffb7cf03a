"""How a fuzzer runs: mutants for as long as it may, each within bounds of CPU time and memory, failures kept as files.

FUZZ_SECONDS is what each fuzzer gets: a moment in `make test`, minutes in `make fuzz`. FUZZ_SEED repeats a run.
"""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from time import monotonic, process_time
from types import FrameType

from hypothesis import settings

from tests.support.mutation import mutations

FUZZ_SECONDS = float(os.environ.get("FUZZ_SECONDS") or 1)
FUZZ_SEED = int(os.environ.get("FUZZ_SEED") or 1)
KEPT = Path(__file__).parents[2] / "build" / "fuzz"

settings.register_profile("fuzz", max_examples=max(100, int(FUZZ_SECONDS * 200)), deadline=None)
if FUZZ_SECONDS > 1:
    settings.load_profile("fuzz")


def fuzz(
    read: Callable[[bytes], object],
    files: Sequence[bytes],
    *,
    ours: tuple[type[Exception], ...] = (),
    seconds: float = 2,
    mebibytes: float = 64,
) -> None:
    """Let ``read`` read mutants of real-looking files for FUZZ_SECONDS.

    Args:
        read: What is tested; its own assertions count.
        files: What the mutants are made of.
        ours: The errors that it may raise; any other is a bug.
        seconds: CPU time that one mutant (at most 1 MiB) may take.
        mebibytes: By how much the process may grow at its peak, over all mutants.

    Raises:
        AssertionError: A bound is broken. This and every error that is not ours name a file with the bytes.
    """
    mutants = [mutations(body, FUZZ_SEED, files) for body in files]
    end = monotonic() + FUZZ_SECONDS
    for body in files:  # also imports what reading needs, which is not held against the mutants
        _survive(read, body, ours, seconds)
    with memory_bounded(mebibytes):
        while monotonic() < end:
            for each in mutants:
                _survive(read, next(each), ours, seconds)


def _survive(read: Callable[[bytes], object], body: bytes, ours: tuple[type[Exception], ...], seconds: float) -> None:
    try:
        with time_bounded(seconds):
            read(body)
    except ours:
        pass
    except BaseException as error:
        KEPT.mkdir(parents=True, exist_ok=True)
        kept = KEPT / sha256(body).hexdigest()[:16]
        kept.write_bytes(body)
        error.add_note(f"the bytes are in {kept}")
        raise


@contextmanager
def time_bounded(seconds: float) -> Iterator[None]:
    """Fail what takes more CPU time than that; Python code, regular expressions included, is interrupted."""

    def interrupt(_: int, __: FrameType | None) -> None:
        raise AssertionError(f"more than {seconds} s of CPU time")

    before = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    began = process_time()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    assert process_time() - began <= seconds + 0.1


@contextmanager
def memory_bounded(mebibytes: float) -> Iterator[None]:
    """Fail what lets the process grow by more than that at its peak, libraries' own memory included (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    yield
    grown = (_status("VmHWM") - before) / 1024
    assert grown <= mebibytes, f"grew by {grown:.0f} MiB"


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))
