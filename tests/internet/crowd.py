"""Any number of websites, for when it is the number that matters: plain ones, and ones as heavy as real ones."""

from dataclasses import replace

from tests.internet import files
from tests.internet.html import Look, home_page, page
from tests.internet.server import Answer, Request
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


NAME, HOST = "Plumber Nnnn", "plumbernnnn.example"
HEAD = """<link rel="icon" href="/wp-content/uploads/icon-32x32.png" sizes="32x32">
<link rel="canonical" href="https://plumbernnnn.example/">
<meta name="generator" content="WordPress 6.6.2">
<meta property="og:image" content="https://plumbernnnn.example/wp-content/uploads/share.jpg">
<link rel="stylesheet" href="/wp-content/themes/astra/style.css?ver=4.8.1">
<link rel="stylesheet" href="/wp-content/plugins/elementor/assets/css/frontend.min.css?ver=3.24.7">
<script async src="https://www.googletagmanager.com/gtag/js?id=G-ABCDEFGH12"></script>
<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Plumber", "name": "Plumber Nnnn",
"telephone": "(512) 555-0142", "logo": "/wp-content/uploads/logo.png", "address": {"@type": "PostalAddress",
"streetAddress": "1 Main St", "addressLocality": "Austin", "addressRegion": "TX", "addressCountry": "US"},
"sameAs": ["https://www.facebook.com/plumbernnnn", "https://www.instagram.com/plumbernnnn"]}</script>"""
TAIL = """<div class="elementor-widget social"><a href="https://www.facebook.com/plumbernnnn">Facebook</a>
<a href="https://x.com/plumbernnnn">X</a> <a href="https://www.youtube.com/@plumbernnnn">YouTube</a></div>
<p>Call <a href="tel:+15125550142">(512) 555-0142</a> or write to info@plumbernnnn.example</p>
<script src="/wp-includes/js/jquery/jquery.min.js?ver=3.7.1"></script>"""
LINKS = '<a href="/contact/">Contact</a> <a href="/about/">About us</a>'


def busy_crowd(count: int, latency: float, slow: int = 0, slowness: float = 0) -> list[Site]:
    """So many sites of three pages of 60 to 100 KB each.

    Args:
        count: How many.
        latency: Seconds until any answer begins.
        slow: So many of them, spread evenly, answer later.
        slowness: Seconds until an answer of those begins.
    """
    look = Look(HEAD, TAIL, "home page-template elementor-default elementor-page")
    pages = {
        "/": home_page(NAME, look, _gallery(), links=LINKS),
        "/contact/": page(
            "Contact", NAME, look, f"<h1>Contact</h1>{_gallery()}<p>office@plumbernnnn.example</p>", links=LINKS
        ),
        "/about/": page("About us", NAME, look, f"<h1>About us</h1>{_gallery()}<p>Six plumbers.</p>", links=LINKS),
    }
    bodies = {path: text.encode() for path, text in pages.items()}
    is_slow = {number * count // slow + 1 for number in range(slow)} if slow else set()
    return [
        _busy(number, bodies, slowness if number in is_slow else latency, robots("User-agent: *\nDisallow: /wp-admin/"))
        for number in range(1, count + 1)
    ]


def _busy(number: int, bodies: dict[str, bytes], delay: float, rules: Answer) -> Site:
    digits = f"{number:04}".encode()

    def answer(request: Request) -> Answer:
        body = bodies[request.path].replace(b"nnnn", digits).replace(b"Nnnn", digits)
        return Answer(body=body, delay=delay)

    return Site(
        f"plumber{number:04}.example",
        f"busy number {number}",
        f"Plumber {number:04}",
        Promise(),
        {**dict.fromkeys(bodies, answer), "/robots.txt": replace(rules, delay=delay)},
        fallback=Answer(404, delay=delay),
    )


def _gallery() -> str:
    return "".join(
        f'<figure class="gallery-item col-{n % 4}"><a href="/gallery/{n}/"><img loading="lazy" class="size-medium" '
        f'src="/wp-content/uploads/2025/job-{n}-300x200.jpg" alt="Water heater number {n}"></a></figure>\n'
        for n in range(200)
    )
