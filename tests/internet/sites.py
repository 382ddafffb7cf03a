"""The websites that mean well, however oddly they are built: no two of one kind."""

import gzip

from tests.internet import files
from tests.internet.html import Look, home_page, page
from tests.internet.server import Answer
from tests.internet.site import Promise, Site, failing_first, html, robots, xml


def _urls(host: str, section: str, count: int) -> list[str]:
    return [f"https://{host}/{section}/{n:05}/" for n in range(1, count + 1)]


def _wordpress() -> Site:
    host, name = "lonestarplumbing.example", "Lone Star Plumbing"
    look = Look(
        head="""<meta name="generator" content="WordPress 6.6.2">
<meta name="generator" content="Elementor 3.24.7; features: e_font_icon_svg; settings: css_print_method-external">
<link rel="icon" href="/wp-content/uploads/2024/03/icon-32x32.png" sizes="32x32">
<link rel="stylesheet" href="/wp-content/plugins/elementor/assets/css/frontend.min.css?ver=3.24.7">
<meta property="og:site_name" content="Lone Star Plumbing">
<!-- This site is optimized with the Yoast SEO plugin v23.5 - https://yoast.com/wordpress/plugins/seo/ -->""",
        tail='<script src="/wp-includes/js/jquery/jquery.min.js?ver=3.7.1"></script>',
        body_class="home page-template elementor-default elementor-page",
    )
    social = '<a href="https://www.facebook.com/lonestarplumbingatx">Facebook</a>'
    maps = {"post": 40, "page": 12, "service_area": 9}
    routes = {f"/{kind}-sitemap.xml": xml(files.urlset(_urls(host, kind, n), images=True)) for kind, n in maps.items()}
    return Site(
        host,
        "WordPress with Elementor and a sitemap index of an SEO plugin",
        name,
        Promise(
            sitemaps=4,
            pages=61,
            facts={
                "is_wordpress": True,
                "wordpress_version": "6.6.2",
                "has_elementor": True,
                "language": "en-US",
                "title": "Lone Star Plumbing | Plumbers in Austin, TX",
                "facebook_url": "https://www.facebook.com/lonestarplumbingatx",
            },
        ),
        {
            "/": html(home_page(name, look, social)),
            "/robots.txt": robots(f"Sitemap: https://{host}/sitemap_index.xml"),
            "/sitemap_index.xml": xml(files.index(f"https://{host}/{kind}-sitemap.xml" for kind in maps)),
            **routes,
        },
    )


def _static() -> Site:
    name = "Hill Country Drains"
    routes = {"/": html(home_page(name, Look()))}
    return Site("hillcountrydrains.example", "static, without a sitemap", name, Promise(), routes)


def _shop() -> Site:
    host, name = "austinpipesupply.example", "Austin Pipe Supply"
    look = Look(
        head='<script src="https://cdn.shopify.com/s/files/1/0001/theme.js"></script>', body_class="template-index"
    )
    children = {"products": "from=101&to=9400", "collections": "from=11&to=42", "pages": "from=5&to=88"}
    counts = {"products": 130, "collections": 14, "pages": 6}
    routes = {
        f"/sitemap_{kind}_1.xml?{query}": xml(files.urlset(_urls(host, kind, counts[kind]), lastmod=None))
        for kind, query in children.items()
    }
    index = files.index(f"https://{host}/sitemap_{kind}_1.xml?{query}" for kind, query in children.items())
    return Site(
        host,
        "Shopify-like",
        name,
        Promise(sitemaps=4, pages=150),
        {"/": html(home_page(name, look)), "/robots.txt": robots(), "/sitemap.xml": xml(index), **routes},
    )


def _one_sitemap(host: str, kind: str, name: str, path: str, answer: Answer, pages: int) -> Site:
    return Site(
        host,
        kind,
        name,
        Promise(sitemaps=1, pages=pages),
        {"/": html(home_page(name, Look())), "/robots.txt": robots(f"Sitemap: https://{host}{path}"), path: answer},
    )


def _odd_path() -> Site:
    host = "capitolrooter.example"
    sitemap = xml(files.urlset(_urls(host, "jobs", 25)))
    return _one_sitemap(host, "sitemap named only in robots.txt", "Capitol Rooter", "/maps/our-map.xml", sitemap, 25)


def _gzipped() -> Site:
    host = "bartonleaks.example"
    body = gzip.compress(files.urlset(_urls(host, "repairs", 300)), mtime=0)
    answer = Answer(content_type="text/html", body=body)
    return _one_sitemap(host, "gzip sitemap with a wrong content type", "Barton Leaks", "/sitemap.xml.gz", answer, 300)


def _large() -> Site:
    host = "texaspipedirectory.example"
    sitemap = xml(files.urlset(_urls(host, "contractor/plumbing-and-heating-services-in-the-city-of", 50_000)))
    return _one_sitemap(host, "50,000 URLs in one sitemap", "Texas Pipe Directory", "/sitemap.xml", sitemap, 50_000)


def _text() -> Site:
    host = "plaintextplumbing.example"
    body = "\r\n".join(_urls(host, "pages", 75)).encode()
    answer = Answer(content_type="text/plain", body=body)
    return _one_sitemap(host, "text sitemap", "Plain Text Plumbing", "/urls.txt", answer, 75)


def _feeds() -> Site:
    host, name = "bloggingplumber.example", "The Blogging Plumber"
    head = f"""<link rel="alternate" type="application/rss+xml" title="Blog" href="https://{host}/blog.rss">
<link rel="alternate" type="application/atom+xml" title="Notes" href="/notes.atom">"""
    return Site(
        host,
        "RSS and Atom instead of a sitemap",
        name,
        Promise(sitemaps=2, pages=35),
        {
            "/": html(home_page(name, Look(head=head))),
            "/blog.rss": Answer(content_type="application/rss+xml", body=files.rss(_urls(host, "blog", 20))),
            "/notes.atom": Answer(content_type="application/atom+xml", body=files.atom(_urls(host, "notes", 15))),
        },
    )


def _cyclic() -> Site:
    host, name = "ouroborospipes.example", "Ouroboros Pipes"
    root, nested = f"https://{host}/sitemap.xml", f"https://{host}/nested.xml"
    return Site(
        host,
        "sitemap index that contains itself",
        name,
        Promise(sitemaps=3, pages=10),
        {
            "/": html(home_page(name, Look())),
            "/robots.txt": robots(f"Sitemap: {root}"),
            "/sitemap.xml": xml(files.index([root, nested])),
            "/nested.xml": xml(files.index([root, nested, f"https://{host}/leaf.xml"])),
            "/leaf.xml": xml(files.urlset(_urls(host, "pipes", 10))),
        },
    )


def _unavailable_twice() -> Site:
    name = "Flaky Faucets"
    home = failing_first(2, Answer(503, body=b"try again"), html(home_page(name, Look())))
    return Site("flakyfaucets.example", "503 twice, then well", name, Promise(), {"/": home})


def _busy() -> Site:
    name = "Busy Backflow"
    busy = Answer(429, headers={"Retry-After": "1"}, body=b"slow down")
    home = failing_first(1, busy, html(home_page(name, Look())))
    return Site("busybackflow.example", "429 with Retry-After, then well", name, Promise(), {"/": home})


def _redirecting() -> Site:
    host, name = "redirectandsons.example", "Redirect & Sons"
    return Site(
        host,
        "http to https to www",
        name,
        Promise(sitemaps=1, pages=8, facts={"title": "Redirect & Sons | Plumbers in Austin, TX"}),
        {
            "/": html(home_page(name, Look())),
            "/sitemap.xml": xml(files.urlset(u.replace("://", "://www.") for u in _urls(host, "about", 8))),
        },
        www=True,
    )


def _broken_xml() -> Site:
    host, name = "crackedpipes.example", "Cracked Pipes"
    good = files.urlset(_urls(host, "before", 60)).decode().replace("</urlset>\n", "")
    broken = f"  <url><loc>https://{host}/a?b=1&c=2</loc><lastmod>2026-10-05</url>\n  <url><loc>https://{host}/x\n"
    rest = files.urlset(_urls(host, "after", 40)).decode().partition("<url>")[2]
    sitemap = xml((good + broken + "</loc></url><url>" + rest).encode())
    return _one_sitemap(host, "broken XML in the middle of a sitemap", name, "/sitemap.xml", sitemap, 102)


def _latin1() -> Site:
    name = "Café Plomberie"
    text = home_page(name, Look(language="fr"))
    home = Answer(content_type="text/html; charset=utf-8", body=text.encode("latin-1", errors="xmlcharrefreplace"))
    facts = {"title": "Café Plomberie | Plumbers in Austin, TX", "language": "fr"}
    return Site("cafeplomberie.example", "latin-1 declared as UTF-8", name, Promise(facts=facts), {"/": home})


def _slow() -> Site:
    name = "Slow Drip Plumbing"
    body = home_page(name, Look()).encode()

    async def drip():  # type: ignore[no-untyped-def]  # noqa: ANN202
        import asyncio

        for at in range(0, len(body), len(body) // 8):
            await asyncio.sleep(0.2)
            yield body[at : at + len(body) // 8]

    return Site("slowdripplumbing.example", "slow, but it finishes", name, Promise(), {"/": Answer(stream=drip)})


def _contacts() -> Site:
    name = "Contact Corner Plumbing"
    hidden = _cloudflare("office@contactcornerplumbing.com")
    contact = f"""<h1>Contact us</h1>
<p>Write to <a class="__cf_email__" data-cfemail="{hidden}" href="/cdn-cgi/l/email-protection">
[email&#160;protected]</a> or to service [at] contactcornerplumbing [dot] com.</p>
<p>Call (512) 555-0142, 512.555.0143 or <a href="tel:+1-512-555-0144">+1 512 555 0144</a> ext. 7.</p>
<p>Office: &#98;&#105;&#108;&#108;&#105;&#110;&#103;&#64;contactcornerplumbing.com</p>"""
    return Site(
        "contactcornerplumbing.example",
        "contact page with obfuscated e-mail addresses and several forms of telephone number",
        name,
        Promise(
            facts={
                "phone_numbers": ["+15125550144", "+15125550142", "+15125550143"],
                "email_addresses": [f"{who}@contactcornerplumbing.com" for who in ("office", "billing", "service")],
            }
        ),
        {
            "/": html(home_page(name, Look(), links='<a href="/contact-us/">Contact</a>')),
            "/contact-us/": html(page("Contact", name, Look(), contact)),
        },
    )


def _cloudflare(address: str, key: int = 0x54) -> str:
    return bytes([key, *(octet ^ key for octet in address.encode())]).hex()


def _structured() -> Site:
    name = "Structured Plumbing"
    data = """<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Plumber",
"name": "Structured Plumbing LLC", "telephone": "+1-512-555-0188", "email": "office@structuredplumbing.com",
"logo": "https://structuredplumbing.example/img/logo.svg", "priceRange": "$$",
"address": {"@type": "PostalAddress", "streetAddress": "1100 Congress Ave", "addressLocality": "Austin",
"addressRegion": "TX", "postalCode": "78701", "addressCountry": "US"},
"sameAs": ["https://www.instagram.com/structuredplumbing/", "https://x.com/structuredplumb"]}</script>"""
    facts = {
        "logo_url": "https://structuredplumbing.example/img/logo.svg",
        "phone_numbers": ["+15125550188"],
        "email_addresses": ["office@structuredplumbing.com"],
    }
    site = Promise(facts=facts)
    return Site(
        "structuredplumbing.example", "JSON-LD LocalBusiness", name, site, {"/": html(home_page(name, Look(head=data)))}
    )


def _soft_404() -> Site:
    name = "Softly Found Plumbing"
    home = html(home_page(name, Look()))
    return Site("softlyfound.example", "answers 200 with a page to everything", name, Promise(), fallback=home)


def friendly_sites() -> list[Site]:
    """All of them, made anew: some remember what they were asked."""
    return [
        _wordpress(),
        _static(),
        _shop(),
        _odd_path(),
        _gzipped(),
        _large(),
        _text(),
        _feeds(),
        _cyclic(),
        _unavailable_twice(),
        _busy(),
        _redirecting(),
        _broken_xml(),
        _latin1(),
        _slow(),
        _contacts(),
        _structured(),
        _soft_404(),
    ]
