"""Processes that start together: each gets ready, says so, waits for the word, works, and says when it was done."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from time import monotonic
from typing import Any


def race(commands: Sequence[Sequence[str]], environment: dict[str, str] | None = None) -> float:
    """Seconds from the word to the end of the slowest; start-up and exit do not count."""
    with ExitStack() as running:
        runners = [running.enter_context(_start(command, environment or {})) for command in commands]
        for runner in runners:
            _hear(runner, "ready")
        began = monotonic()
        for runner in runners:
            _pipe(runner.stdin).write("go\n")
            _pipe(runner.stdin).flush()
        ended = [float(_hear(runner, "done")) for runner in runners]
        for runner in runners:
            _pipe(runner.stdout).read()
    return max(ended) - began


def take_part(work: Callable[[], Any]) -> None:
    """Be one of the processes: call it when all is ready. The monotonic clock is one for all processes."""
    print("ready", flush=True)
    sys.stdin.readline()
    work()
    print("done", monotonic(), flush=True)


def _start(command: Sequence[str], environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | environment
    )


def _hear(runner: "subprocess.Popen[str]", word: str) -> str:
    for line in _pipe(runner.stdout):
        first, _, rest = line.strip().partition(" ")
        if first == word:
            return str(rest)
    raise RuntimeError(f"{runner.args!r} ended before it was {word}")


def _pipe(pipe: Any) -> Any:
    assert pipe is not None
    return pipe
