"""ENABLE_IMPORT_TRACING: what start-up imports, and how long each module takes."""

import builtins
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from types import ModuleType

import structlog

log = structlog.get_logger()

WORTH_A_LINE = 0.001


@contextmanager
def tracing_imports(*, on: bool) -> Iterator[None]:
    """Log every import statement in the block that took a millisecond or more, what it imported in turn included."""
    if not on:
        yield
        return
    original = builtins.__import__
    depth = 0

    def timed(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        nonlocal depth
        depth += 1
        began = perf_counter()
        try:
            return original(name, globals, locals, fromlist or (), level)
        finally:
            depth -= 1
            seconds = perf_counter() - began
            if seconds >= WORTH_A_LINE:
                log.info("imported", module="." * level + name, seconds=round(seconds, 4), depth=depth)

    builtins.__import__ = timed
    try:
        yield
    finally:
        builtins.__import__ = original
