"""Bytes as a broken server or an attacker would change them: mutants of real-looking files, reproducible by seed."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from random import Random

LONGEST = 1024 * 1024
MOST_CHANGES = 6
TOKENS: Sequence[bytes] = (
    b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xe2\x80\xae",
    b"\r", b"\n", b"\r\n", b"\t", b"\x0b", b"\x1a", b"\x1f\x8b", b"\x85", b"\xa0",
    b"&", b"&amp", b"&#0;", b"&#x110000;", b"&a;", b"<", b"</", b"/>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?xml ",
    b"<!DOCTYPE a [<!ENTITY a '&b;&b;'>]>", b'"', b"'", b"=", b"{", b"}", b"[", b"]", b"\\", b"\\u0000", b"\\ud800",
    b":", b"//", b"@", b"#", b"?", b"%", b"%00", b"%2e%2e/", b"%zz", b"*", b"$", b"-1", b"NaN", b"Infinity", b"1e999",
    b"99999999999999999999", b"\xd9\xa3", b"\xef\xbc\x91", b"0000-00-00", b"9999-12-31T23:59:60Z",
)  # fmt: skip

_NUMBER = re.compile(rb"\d+")


def mutations(body: bytes, seed: int, others: Sequence[bytes] = ()) -> Iterator[bytes]:
    """Yield mutants of a file, without end, each changed in one to `MOST_CHANGES` places and no longer than `LONGEST`.

    Args:
        body: A file as one would meet it.
        seed: The same seed gives the same mutants.
        others: More files of its kind, whose parts are grafted onto it.
    """
    for number in count():
        random = Random(f"{seed}/{number}")
        mutant = body
        for _ in range(random.randint(1, MOST_CHANGES)):
            mutant = random.choice(_CHANGES)(mutant, random, others or (body,))[:LONGEST]
        yield mutant


def _span(body: bytes, random: Random, longest: int = 4096) -> tuple[int, int]:
    start = random.randint(0, len(body))
    return start, min(len(body), start + random.randint(1, random.choice((1, 8, 64, longest))))


def _flip(body: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    if not body:
        return body
    at = random.randrange(len(body))
    return body[:at] + bytes([body[at] ^ 1 << random.randrange(8)]) + body[at + 1 :]


def _overwrite(body: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(body, random, 64)
    return body[:start] + random.randbytes(end - start) + body[end:]


def _insert(body: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    at = random.randint(0, len(body))
    return body[:at] + random.choice(TOKENS) * random.choice((1, 1, 1, 2, 100)) + body[at:]


def _delete(body: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(body, random)
    return body[:start] + body[end:]


def _repeat(body: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(body, random, 256)
    return body[:end] + body[start:end] * random.choice((1, 2, 10, 1000)) + body[end:]


def _move(body: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    start, end = _span(body, random)
    rest = body[:start] + body[end:]
    at = random.randint(0, len(rest))
    return rest[:at] + body[start:end] + rest[at:]


def _graft(body: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    other = random.choice(others)
    start, end = _span(other, random)
    at = random.randint(0, len(body))
    return body[:at] + other[start:end] + body[at:]


def _cut(body: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    return body[: random.randint(0, len(body))]


def _number(body: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    found = [*_NUMBER.finditer(body)]
    if not found:
        return body
    number = random.choice(found)
    instead = random.choice((b"0", b"-1", b"1e999", b"9" * 30, b"9" * 5000, b"0.0000001", b"", b"NaN"))
    return body[: number.start()] + instead + body[number.end() :]


def _recode(body: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    text = body.decode("utf-8", "replace")
    return text.encode(random.choice(("utf-16", "utf-16-be", "utf-32", "latin-1", "utf-7", "cp1252")), "replace")


_Change = Callable[[bytes, Random, Sequence[bytes]], bytes]
_RARE: tuple[_Change, ...] = (_cut, _recode)
_CHANGES: tuple[_Change, ...] = (_flip, _overwrite, _insert, _delete, _repeat, _move, _graft, _number) * 3 + _RARE
