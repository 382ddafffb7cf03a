"""The websites that mean harm, or are beyond help: each ends in Error, with a cause of its own."""

import asyncio
import gzip
from collections.abc import AsyncIterator

from tests.internet import files
from tests.internet.html import Look, home_page
from tests.internet.server import Answer, Request
from tests.internet.site import NOT_FOUND, Promise, Route, Site, html, robots


def _doomed(host: str, kind: str, cause: str, home: Route, robots_txt: Answer = NOT_FOUND) -> Site:
    return Site(host, kind, _name(host), Promise(scan=cause), {"/": home, "/robots.txt": robots_txt})


def _name(host: str) -> str:
    return host.partition(".")[0].removesuffix("plumbing").title() + " Plumbing"


async def _endless_comment() -> AsyncIterator[bytes]:
    host = "bottomlessboilers.example"
    yield files.urlset(f"https://{host}/{n}" for n in range(5)).partition(b"</urlset>")[0] + b"<!-- "
    while True:
        yield b"more and more " * 4096
        await asyncio.sleep(0)


async def _never_done() -> AsyncIterator[bytes]:
    yield b"<!DOCTYPE html><html><head><title>Wait for it"
    while True:
        await asyncio.sleep(0.25)
        yield b"."


def _endless() -> Site:
    host, name = "bottomlessboilers.example", "Bottomless Boilers"
    return Site(
        host,
        "endless body",
        name,
        Promise(sitemaps=1, pages=5, failed_imports=("body-too-large",)),
        {
            "/": html(home_page(name, Look())),
            "/robots.txt": robots(f"Sitemap: https://{host}/sitemap.xml"),
            "/sitemap.xml": Answer(content_type="application/xml", stream=_endless_comment),
        },
    )


def _bomb() -> Site:
    body = gzip.compress(b"<html>" + b" " * 100_000_000, compresslevel=6, mtime=0)
    answer = Answer(body=body, headers={"Content-Encoding": "gzip"})
    return _doomed("bombsquadplumbing.example", "gzip bomb", "decompression-bomb", answer)


def _circle() -> Site:
    def around(request: Request) -> Answer:
        return Answer(302, headers={"Location": "/b" if request.path == "/a" else "/a"})

    site = _doomed("circlesplumbing.example", "redirects in a circle", "redirect-loop", around)
    site.fallback = around
    return site


def _lookalike(host: str, kind: str, certificate: str) -> Site:
    causes = {"wrong": "tls-wrong-host", "expired": "tls-expired", "unknown": "tls-unknown-authority"}
    cause = causes[certificate]
    site = _doomed(host, kind, cause, WELCOME)
    site.certificate = certificate
    return site


def _abandoned() -> Site:
    site = _doomed("deadendplumbing.example", "nobody listens", "connect-refused", WELCOME)
    site.listens = False
    return site


WELCOME = html(home_page("Plumbers", Look()))


def hostile_sites() -> list[Site]:
    """All of them."""
    private = Answer(302, headers={"Location": "http://10.0.0.1/admin"})
    headers = Answer(headers={f"X-Pipe-{n}": "a" * 20 for n in range(10_000)})
    keep_out = Answer(content_type="text/plain", body=b"User-agent: *\nDisallow: /\n")
    oops = Answer(500, body=b"oops")
    noise = Answer(raw=b"\x00\xff PIPES!\r\n\r\n")
    return [
        _endless(),
        _bomb(),
        _circle(),
        _doomed("keepoutplumbing.example", "robots.txt that disallows us", "robots-disallowed", WELCOME, keep_out),
        _doomed("sickrobots.example", "robots.txt that answers 500", "robots-unreachable", WELCOME, oops),
        _doomed("trapdoorplumbing.example", "redirect to a private address", "address-refused", private),
        _doomed("neverdone.example", "drips for ever", "total-timeout", Answer(stream=_never_done)),
        _doomed("headerheavy.example", "ten thousand headers", "headers-too-large", headers),
        _doomed("notreallyhttp.example", "no HTTP", "bad-response", noise),
        _lookalike("wrongname.example", "certificate of someone else", "wrong"),
        _lookalike("expiredplumbing.example", "expired certificate", "expired"),
        _abandoned(),
    ]


async def _silent() -> AsyncIterator[bytes]:
    yield b"<!DOCTYPE html><title>One moment"
    await asyncio.Event().wait()


async def _endless_page() -> AsyncIterator[bytes]:
    yield b"<!DOCTYPE html><html lang=en><head><title>All our pipes</title></head><body>"
    while True:
        yield b"<p>another pipe</p>" * 4096
        await asyncio.sleep(0)


async def _endless_robots() -> AsyncIterator[bytes]:
    while True:
        yield b"User-agent: *\nDisallow: /*a*b*c$\n" * 2048
        await asyncio.sleep(0)


def _ever_deeper(request: Request) -> Answer:
    return Answer(302, headers={"Location": f"{request.target}x/"})


def _survived(host: str, kind: str, home: Route, robots_txt: Answer = NOT_FOUND) -> Site:
    return Site(host, kind, _name(host), Promise(), {"/": home, "/robots.txt": robots_txt})


def worse_sites() -> list[Site]:
    """More of them, for a run that meets all at once; some are survived, cut where they become too long."""
    ok = b"HTTP/1.1 200 OK\r\n"
    hints = Answer(raw=b"HTTP/1.1 103 Early Hints\r\n\r\n" * 80_000)
    chunks = Answer(raw=ok + b"Transfer-Encoding: chunked\r\n\r\n" + (b"1;" + b"x" * 10_000 + b"\r\na\r\n") * 200)
    many = Answer(headers={f"X-{n}": "a" for n in range(1_200)})
    layered = Answer(headers={"Content-Encoding": "gzip, gzip, gzip, gzip"}, body=b"x")
    broken = Answer(
        headers={"Content-Encoding": "gzip"}, body=gzip.compress(b"pipes" * 999, mtime=0)[:10] + b"\xff" * 99
    )
    short = Answer(raw=ok + b"Content-Length: 100\r\n\r\nshort")
    deeper = _doomed("rabbitholepipes.example", "redirects ever deeper", "too-many-redirects", _ever_deeper)
    deeper.fallback = _ever_deeper
    return [
        deeper,
        _doomed("hintsofpipes.example", "interim answers without end", "protocol-flood", hints),
        _doomed("smallprintpipes.example", "chunks that are all extension", "protocol-flood", chunks),
        _doomed("thousandlabels.example", "more than a thousand short headers", "too-many-headers", many),
        _doomed("onionpipes.example", "codings on top of codings", "too-many-codings", layered),
        _doomed("crushedpipes.example", "gzip that is none", "bad-compression", broken),
        _doomed(
            "brotlipipes.example",
            "a coding nobody asked for",
            "unknown-coding",
            Answer(headers={"Content-Encoding": "br"}),
        ),
        _doomed("cutpipes.example", "hangs up in the middle", "connection-lost", short),
        _doomed("mutepipes.example", "falls silent", "read-timeout", Answer(stream=_silent)),
        _lookalike("ownauthority.example", "certificate of an authority nobody knows", "unknown"),
        _survived("endlesspage.example", "home page without end", Answer(stream=_endless_page)),
        _survived("endlessrules.example", "robots.txt without end", WELCOME, Answer(stream=_endless_robots)),
        _survived("deepplumbing.example", "home page of a million nested tags", html("<div><b>" * 500_000)),
    ]
