"""Any number of plain websites, for when it is the number that matters."""

from tests.internet import files
from tests.internet.site import Promise, Site, html, robots, xml

PAGES = 3


def crowd(count: int) -> list[Site]:
    """So many sites with a small home page, a robots.txt and a sitemap of `PAGES` URLs."""
    return [_plain(number) for number in range(1, count + 1)]


def _plain(number: int) -> Site:
    host, name = f"plumber{number:04}.example", f"Plumber {number}"
    urls = [f"https://{host}/{n}/" for n in range(1, PAGES + 1)]
    home = f"<!DOCTYPE html><html lang=en><head><title>{name}</title></head><body><h1>{name}</h1></body></html>"
    return Site(
        host,
        f"plain number {number}",
        name,
        Promise(sitemaps=1, pages=PAGES),
        {
            "/": html(home),
            "/robots.txt": robots(f"Sitemap: https://{host}/sitemap.xml"),
            "/sitemap.xml": xml(files.urlset(urls)),
        },
    )
