"""Sitemaps of a size that benchmarks need, and a server that serves them."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "bench.example"
URLS = 50_000
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml"'
    ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">\n'
)
_IMAGE = (
    "<image:image>\n<image:loc>http://{}/images/{}/{}.jpg</image:loc>\n"
    "<image:title>Photo {}</image:title>\n</image:image>\n"
)
_LANGUAGES = ("en", "de", "fr")


def plain(urls: int = URLS) -> bytes:
    """About 160 bytes a URL: location and date, as most sitemaps are."""
    return _file(_entry(number) for number in range(urls))


def rich(urls: int = URLS) -> bytes:
    """About 830 bytes a URL: two images and three languages besides."""
    return _file(_entry(number, _extensions(number)) for number in range(urls))


def variants(urls: int = URLS) -> dict[str, bytes]:
    """The files by their names: each of the two, plain and gzip."""
    files = {"plain.xml": plain(urls), "rich.xml": rich(urls)}
    return files | {f"{name}.gz": gzip.compress(body, 6) for name, body in files.items()}


def _url(number: int) -> str:
    shop = f"http://{HOST}/shop/category-{number % 97}"
    return f"{shop}/a-product-with-a-name-{number:06}.html?ref=map&amp;page={number % 7}"


def _entry(number: int, more: str = "") -> str:
    date = f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}T{number % 24:02}:{number % 60:02}:00+00:00"
    return f"<url>\n<loc>{_url(number)}</loc>\n<lastmod>{date}</lastmod>\n{more}</url>\n"


def _extensions(number: int) -> str:
    link = '<xhtml:link rel="alternate" hreflang="{}" href="{}"/>\n'
    images = (_IMAGE.format(HOST, number % 97, f"{number:06}-{side}", number) for side in ("front", "back"))
    links = (link.format(language, _url(number).replace("/shop/", f"/{language}/shop/")) for language in _LANGUAGES)
    return "".join((*images, *links))


def _file(entries: Iterator[str]) -> bytes:
    return (_HEAD + "".join(entries) + "</urlset>\n").encode()


@contextmanager
def served(files: dict[str, bytes]) -> Iterator[int]:
    """Serve files on the loopback; yields the port. It sends no validators, so nothing is ever answered by 304."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = files.get(self.path.strip("/"))
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
