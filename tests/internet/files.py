"""Sitemaps and feeds in every form that sites serve them."""

from collections.abc import Iterable
from html import escape

NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def urlset(urls: Iterable[str], *, lastmod: str | None = "2026-10-05", images: bool = False, extra: str = "") -> bytes:
    """A sitemap as XML; with ``images``, an image entry for every URL."""
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{NAMESPACE}"'
    head += ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">\n' if images else ">\n"
    return (head + "".join(_url(url, lastmod, images=images, extra=extra) for url in urls) + "</urlset>\n").encode()


def _url(url: str, lastmod: str | None, *, images: bool, extra: str) -> str:
    image = f"<image:image><image:loc>{escape(url)}photo.jpg</image:loc></image:image>" if images else ""
    date = f"<lastmod>{lastmod}</lastmod>" if lastmod else ""
    return f"  <url><loc>{escape(url)}</loc>{date}{extra}{image}</url>\n"


def index(urls: Iterable[str]) -> bytes:
    """A sitemap index."""
    entries = "".join(f"  <sitemap><loc>{escape(url)}</loc></sitemap>\n" for url in urls)
    return f'<?xml version="1.0"?>\n<sitemapindex xmlns="{NAMESPACE}">\n{entries}</sitemapindex>\n'.encode()


def rss(urls: Iterable[str]) -> bytes:
    """An RSS 2.0 feed."""
    items = "".join(
        f"<item><title>Post</title><link>{escape(url)}</link><pubDate>Mon, 05 Oct 2026 08:00:00 GMT</pubDate></item>\n"
        for url in urls
    )
    return f'<?xml version="1.0"?>\n<rss version="2.0"><channel><title>Blog</title>\n{items}</channel></rss>\n'.encode()


def atom(urls: Iterable[str]) -> bytes:
    """An Atom feed."""
    entries = "".join(
        f'<entry><title>Note</title><link href="{escape(url)}"/><updated>2026-10-05T08:00:00Z</updated></entry>\n'
        for url in urls
    )
    return f'<?xml version="1.0"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><title>Notes</title>\n{entries}</feed>\n'.encode()
