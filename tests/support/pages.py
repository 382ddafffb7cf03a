"""Pages put together from parts, for what reads them."""

from scrapersky.metadata import Page, SiteMetadata, extract

URL = "https://www.joesplumbing.com/"


def page(head: str = "", body: str = "", *, url: str = URL, attributes: str = 'lang="en"', **headers: str) -> Page:
    """A page; headers are named as Python names them."""
    text = f"<!DOCTYPE html><html {attributes}><head>{head}</head><body>{body}</body></html>"
    return Page(url, text.encode(), {name.replace("_", "-"): value for name, value in headers.items()})


def said(
    head: str = "", body: str = "", *, url: str = URL, attributes: str = 'lang="en"', **headers: str
) -> SiteMetadata:
    """What such a page says."""
    return extract([page(head, body, url=url, attributes=attributes, **headers)])


def ld(json: str) -> str:
    """A JSON-LD script."""
    return f'<script type="application/ld+json">{json}</script>'


def cloudflare(address: str, key: int = 0x5C) -> str:
    """An address as Cloudflare's e-mail protection writes it."""
    return bytes([key, *(octet ^ key for octet in address.encode())]).hex()
