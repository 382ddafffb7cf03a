"""Content codings, undone in bounded steps."""

import gzip
import zlib
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapersky.errors import PermanentError
from scrapersky.web.decode import FREE_BYTES, STEP, Decoder

URL = "https://example.com/x"
gzipped = partial(gzip.compress, mtime=0)  # the same bytes, and so the same test names, in every process
TEXT = b"<p>pipes and more pipes</p>" * 5_000


def decoded(codings: str, body: bytes, *, pieces: int = 1, ratio: int = 200) -> bytes:
    decoder = Decoder(codings, URL, ratio)
    size = max(1, len(body) // pieces)
    return b"".join(p for at in range(0, len(body), size) for p in decoder.feed(body[at : at + size]))


def raw_deflate(body: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeeze.compress(body) + squeeze.flush()


@pytest.mark.parametrize(
    ("codings", "body"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzipped(TEXT)),
        ("X-GZIP", gzipped(TEXT)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("gzip", zlib.compress(TEXT)),
        ("gzip, gzip", gzipped(gzipped(TEXT))),
        ("gzip", gzipped(TEXT[:1000]) + gzipped(TEXT[1000:])),
        ("gzip", gzipped(TEXT) + b"\x00" * 20),
        ("gzip", gzipped(TEXT) + b"trailing noise"),
    ],
)
@pytest.mark.parametrize("pieces", [1, 7, 500])
def test_codings_are_undone(codings: str, body: bytes, pieces: int) -> None:
    assert decoded(codings, body, pieces=pieces) == TEXT


def test_pieces_are_never_larger_than_a_step() -> None:
    pieces = [len(p) for p in Decoder("gzip", URL, 1000).feed(gzipped(b"a" * (FREE_BYTES // 2)))]
    assert max(pieces) <= STEP


def test_a_bomb_is_known_before_it_bursts() -> None:
    pieces = Decoder("gzip", URL, 200).feed(gzipped(b" " * 50_000_000))
    handed_out = list[bytes]()
    with pytest.raises(PermanentError, match="decompression-bomb") as bomb:
        handed_out.extend(pieces)
    assert sum(map(len, handed_out)) < 2 * FREE_BYTES
    assert URL in str(bomb.value)


def test_a_bomb_in_a_bomb() -> None:
    body = gzipped(gzipped(b" " * 50_000_000))
    with pytest.raises(PermanentError, match="decompression-bomb"):
        decoded("gzip, gzip", body)


def test_codings_do_not_pile_up_without_end() -> None:
    with pytest.raises(PermanentError, match="too-many-codings"):
        Decoder("gzip, gzip, gzip", URL, 200)


@pytest.mark.parametrize("codings", ["br", "zstd", "gzip, br", "compress"])
def test_what_was_not_announced_is_refused(codings: str) -> None:
    with pytest.raises(PermanentError, match="unknown-coding"):
        Decoder(codings, URL, 200)


def test_garbage_is_named() -> None:
    with pytest.raises(PermanentError, match="bad-compression"):
        decoded("gzip", b"\xff\xff this is no gzip")
    broken = bytearray(gzipped(bytes(range(256)) * 500))
    broken[300:320] = b"\x00" * 20
    with pytest.raises(PermanentError, match="bad-compression"):
        decoded("gzip", bytes(broken), pieces=20)


@given(st.binary(max_size=3000), st.sampled_from(["gzip", "deflate", "gzip, deflate"]), st.integers(1, 50))
def test_only_our_errors(body: bytes, codings: str, pieces: int) -> None:
    try:
        decoded(codings, body, pieces=pieces)
    except PermanentError as error:
        assert error.cause in {"bad-compression", "decompression-bomb"}  # noqa: PT017
