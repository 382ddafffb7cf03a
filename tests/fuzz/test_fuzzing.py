"""The fuzzer finds what it is there to find."""

import re
from itertools import islice
from pathlib import Path

import pytest

from tests.support import fuzzing
from tests.support.mutation import LONGEST, mutations

FILE = b"User-agent: *\nDisallow: /private\nCrawl-delay: 10\n"


def test_the_same_seed_gives_the_same_mutants() -> None:
    first, again, other = ([*islice(mutations(FILE, seed), 200)] for seed in (1, 1, 2))
    assert first == again != other
    assert len(set(first)) > 150
    assert max(map(len, first)) <= LONGEST


def test_every_error_but_ours_is_found_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzzing, "KEPT", tmp_path)

    def fragile(body: bytes) -> None:
        if not body.isascii():
            raise KeyError("not ASCII")
        raise ValueError

    with pytest.raises(KeyError) as found:
        fuzzing.fuzz(fragile, [FILE], ours=(ValueError,))
    [kept] = tmp_path.iterdir()
    assert not kept.read_bytes().isascii()
    assert found.value.__notes__ == [f"the bytes are in {kept}"]


def test_a_hang_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzzing, "KEPT", tmp_path)
    with pytest.raises(AssertionError, match="CPU time"):
        fuzzing.fuzz(lambda _: re.fullmatch("(a|a)*b", "a" * 60), [FILE], seconds=0.2)


def test_a_hoard_is_found() -> None:
    hoard: list[bytes] = []
    with pytest.raises(AssertionError, match="grew by"):
        fuzzing.fuzz(lambda _: hoard.append(b"x" * 2_000_000), [FILE], mebibytes=32)
