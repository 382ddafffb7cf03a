"""URLs under mutation: each has one normal form or is none, and what a careless reader finds in it is found."""

import pytest

from scrapersky.errors import InputError, RefusedError
from scrapersky.web.fetcher import Fetcher
from scrapersky.web.spelling import careless_addresses
from scrapersky.web.urls import LONGEST_URL, domain_of, normalise, parse
from tests.support.fuzzing import fuzz
from tests.support.inward import REFUSED
from tests.support.postgres import make_settings

URLS = [
    b"https://user:pass@www.example.com:8443/a/../b/%7Euser/./c%2fd?utm_source=x&q=%zz#top",
    "http://bücher.example/straße?q=ü&x='y'".encode(),
    b"//cdn.example.com\\img\\..\\x.png?",
    b"http://0x7f.1:080/%2e%2E/a|b",
    "https://①②⑦.⓪.⓪.①/".encode(),
    b"http://[2001:DB8::1]:80/",
    b"http:page.html",
]


@pytest.mark.fuzz
def test_the_normal_form_is_its_own() -> None:
    def read(body: bytes) -> None:
        text = body.decode("utf-8", "surrogateescape")
        for base in (None, "https://base.example/a/b?c"):
            once = normalise(text, base)
            assert normalise(once) == str(parse(once)) == once
            assert once.isascii()
            assert len(once) <= LONGEST_URL + 300
        domain_of(text)

    fuzz(read, URLS, ours=(InputError,), seconds=1)


@pytest.mark.fuzz
def test_a_careless_reading_never_fails() -> None:
    fuzz(
        lambda body: careless_addresses(body.decode("utf-8", "replace")), [*URLS, *map(str.encode, REFUSED)], seconds=1
    )


@pytest.mark.fuzz
def test_what_points_inward_before_points_nowhere_else_when_read_again() -> None:
    fetcher = Fetcher(make_settings("postgresql://unused", fetch_allow_networks=""))

    def read(body: bytes) -> None:
        url = fetcher._target(body.decode("utf-8", "replace"))
        assert fetcher._target(str(url)) == url

    fuzz(read, [url.encode() for url in REFUSED], ours=(InputError, RefusedError), seconds=1)
