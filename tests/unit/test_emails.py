"""E-mail addresses: every way in which sites write and hide them, and everything that only looks like one."""

import pytest

from tests.support.fuzzing import time_bounded
from tests.support.pages import cloudflare, ld, said

JOE = "joe@joesplumbing.com"

LINKS = [
    f'<a href="mailto:{JOE}">x</a>',
    f'<a href=" MAILTO:{JOE} ">x</a>',
    '<a href="mailto:joe%40joesplumbing.com">x</a>',
    f'<a href="mailto:%20{JOE}">x</a>',
    f'<a href="mailto:{JOE}?subject=Hi&amp;body=from%20someone@else.com">x</a>',
    f'<a href="mailto:{JOE}&amp;subject=Hi">the ? is missing</a>',
    f'<a href="mailto:{JOE}%3Fsubject=Hi">the ? is encoded</a>',
    '<a href="mailto:Joe%20Smith%20%3Cjoe@joesplumbing.com%3E">with a name</a>',
    f'<a href="mailto:?to={JOE}">x</a>',
    f'<a href="mailto://{JOE}">x</a>',
    f'<a href="mailto:{JOE}.">x</a>',
    '<a href="mailto:joe\u200b@joesplumbing.com">x</a>',
    '<a href="mailto:joe@NOSPAM.joesplumbing.com">x</a>',
    '<a href="mailto:joe(at)joesplumbing(dot)com">x</a>',
    '<a href="&#109;&#97;&#105;&#108;&#116;&#111;&#58;joe&#64;joesplumbing&#46;com">x</a>',
    f'<a href="{JOE}">mailto is missing</a>',
    f'<form action="mailto:{JOE}"></form>',
    f'<form action="https://formsubmit.co/{JOE}"></form>',
    f'<a data-email="{JOE}">x</a>',
    f'<a href="#" onclick="location=\'mailto:{JOE}\'">x</a>',
    f'<meta name="contact" content="{JOE}">',
    f'<div itemscope itemtype="https://schema.org/Plumber"><span itemprop="email">{JOE}</span></div>',
]
TEXTS = [
    f"Write to {JOE}, or",
    f"({JOE})",
    f'"{JOE}"',
    f"Email:{JOE}Phone: 512",
    "joe@JOESPLUMBING.COM",
    "&#106;&#111;&#101;&#64;joesplumbing.com",
    "joe&shy;@joesplumbing.com",
    "joe\uff20joesplumbing.com",
    "<span>joe</span>@<span>joesplumbing.com</span>",
    "joe<b>@</b>joesplumbing<b>.</b>com",
    "joe<!-- no -->@<!-- bots -->joesplumbing.com",
    'joe<span style="display:none">null</span>@joesplumbing.com',
    "joe [at] joesplumbing [dot] com",
    "joe(at)joesplumbing(dot)com",
    "joe {at} joesplumbing {dot} com",
    "joe[at]joesplumbing.com",
    "joe (@) joesplumbing.com",
    "joe &lt;at&gt; joesplumbing &lt;dot&gt; com",
    "joe_at_joesplumbing_dot_com",
    "joe -at- joesplumbing -dot- com",
    "joe@joesplumbing[.]com",
    "joe@joesplumbing [dot] com",
    "joe AT joesplumbing DOT com",
    "E-Mail: joe @ joesplumbing.com",
    f'<img src="x.png" alt="Mail us: {JOE}">',
    f'<a href="/contact" aria-label="Email {JOE}">x</a>',
    '<span style="unicode-bidi: bidi-override; direction: rtl">moc.gnibmulpseoj@eoj</span>',
    '<span class="turned-around-by-a-style-sheet">moc.gnibmulpseoj@eoj</span>',
]
SCRIPTS = [
    "document.write('<a href=\"mailto:' + 'joe' + '@' + 'joesplumbing.com' + '\">x</a>')",
    'var u="joe"; var d="joesplumbing.com"; document.write("<a href=\'mailto:"+u+"@"+d+"\'>"+u+"@"+d+"</a>");',
    'document.write("joe"+"@"+"joesplumbing"+".com")',
    'el.innerHTML = "moc.gnibmulpseoj@eoj".split("").reverse().join("")',
    "eval(unescape('document.write%28%27%3ca href=%22mailto:%6a%6f%65@joesplumbing.com%22%3e%27%29'))",
    "a = String.fromCharCode(106,111,101,64) + 'joesplumbing.com'",
    "a = atob('am9lQGpvZXNwbHVtYmluZy5jb20=')",
    "var addy1 = 'joe' + '&#64;'; addy1 = addy1 + 'joesplumbing' + '&#46;' + 'com';",
    "var a = 'joe'; a += '@joesplumbing.com';",
    'document.write("<n uers=\\"znvygb:wbr@wbrfcyhzovat.pbz\\">k</n>".replace(/[a-z]/gi, rot13))',
    'window.site = {"contactEmail": "joe@joesplumbing.com"}',
]


@pytest.mark.parametrize(
    "markup",
    [
        *LINKS,
        *TEXTS,
        *(f"<script>{script}</script>" for script in SCRIPTS),
        f'<a class="__cf_email__" href="/cdn-cgi/l/email-protection" data-cfemail="{cloudflare(JOE)}">[email]</a>',
        f'<span class="__cf_email__" data-cfemail="{cloudflare(JOE, 0xFF)}">[email&#160;protected]</span>',
        f'<a href="/cdn-cgi/l/email-protection#{cloudflare(JOE)}">x</a>',
        f'<a href="https://x.com/cdn-cgi/l/email-protection#{cloudflare(JOE + "?subject=Hi").upper()}">x</a>',
        "<a href=\"javascript:linkTo_UnCryptMailto('nbjmup+kpfAkpftqmvncjoh/dpn')\">TYPO3</a>",
        '<span data-enc-email="wbr[at]wbrfcyhzovat.pbz">x</span>',
        '<joomla-hidden-mail first="am9l" last="am9lc3BsdW1iaW5nLmNvbQ==">x</joomla-hidden-mail>',
        '<a data-name="joe" data-domain="joesplumbing" data-tld="com">x</a>',
        ld(f'{{"@type": "Plumber", "email": "mailto:{JOE}"}}'),
    ],
)
def test_an_address_is_found_however_it_is_written(markup: str) -> None:
    assert [address.lower() for address in said(body=markup).email_addresses] == [JOE]


IMAGES_AND_CODE = [
    '<img src="logo@2x.png" srcset="a@2x.jpg 2x, a@3x.jpg 3x" alt="hero@2x.jpg">',
    "npm i react@18.2.0 jquery@3.7.1",
    "https://cdn.jsdelivr.net/npm/swiper@8/swiper.min.css",
    '<script src="https://cdn.jsdelivr.net/npm/bootstrap@5.3.0/dist/js/bootstrap.min.js"></script>',
    "<style>@import url('x@y.com'); @media print {}</style>",
    "<!-- built by bob@agency-in-town.com -->",
    "ftp://user:pass@ftp.acme-hosting.com/",
    '<a href="https://www.google.com/maps/@30.26,-97.74,15z">map</a>',
    '<a href="https://medium.com/@joe">m</a> <a href="https://mastodon.social/@joe@acme-town.com">m</a>',
    "@joesplumbing.com, follow @joes.plumbing",
]
IDENTIFIERS = [
    "605a7baede844d278b89dc95ae0a9123@sentry-next.wixpress.com",
    "8c4075d5481d476e945486754f783364@sentry.io",
    "<script>dsn = 'https://0123456789abcdef0123456789abcdef@o1.ingest.sentry.io/2'</script>",
    "0f1e2d3c4b5a69788796a5b4c3d2e1f0@acme-town.com",
]
NOBODYS = [
    *(
        "you@example.com",
        "info@example.org",
        "mail@example.de",
        "your@email.com",
        "email@address.com",
        "name@domain.com",
    ),
    *("user@domain.tld", "youremail@gmail.com", "yourname@yourdomain.com", "info@yourcompany.com", "john@doe.com"),
    *("max@mustermann.de", "votre@email.fr", "tucorreo@dominio.com", "exemple@exemple.fr", "johndoe@gmail.com"),
    *("first.last@company.com", "hello@reallygreatsite.com", "info@mysite.com", "filler@godaddy.com", "test@test.com"),
    *("abc@xyz.com", "a@b.com", "demo@demo.com", "contact@yoursite.co.uk", "nome@email.it", "xxx@xxx.com"),
    '<input type="email" placeholder="jane@acme-town.com" value="jane@acme-town.com">',
    '<a href="mailto:?subject=Look&amp;body=see someone@acme-town.com">share</a>',
]
NO_ADDRESSES = [
    *("foo@bar", "foo@bar.c", "foo@1.2.3.4", "5@10.00", "Friday @ 5.pm", "[email protected]", "contact@"),
    "Find us @ joesplumbing.com",
    "We are at joesplumbing.com, meet me at cafe dot com",
    "See us at joesplumbing dot com",
    "Section (a) acme-town.com",
    "<script>var x = name + '@joesplumbing.com'</script>",
    '<script>var s = {"errorEmail": "bugs@some-vendor.com"}</script>',
]


@pytest.mark.parametrize("markup", [*IMAGES_AND_CODE, *IDENTIFIERS, *NOBODYS, *NO_ADDRESSES])
def test_what_is_no_address_of_the_site_is_left_out(markup: str) -> None:
    assert said(body=markup).email_addresses == []


@pytest.mark.parametrize(
    "address",
    [
        *("j@joesplumbing.com", "joe+web@joesplumbing.com", "o'neil@joesplumbing.com", "info@joe-plumbing.co.uk"),
        *("rené@joesplumbing.com", "info@müller.de", "joe@joes.plumbing", "joe@mail.joesplumbing.com"),
    ],
)
def test_unusual_addresses_are_addresses(address: str) -> None:
    assert said(body=f"<p>{address}</p>").email_addresses == [address]


def test_a_site_called_example_has_addresses_too() -> None:
    assert said(body="<p>info@example.com</p>", url="https://example.com/").email_addresses == ["info@example.com"]


def test_the_sites_own_addresses_come_first_then_free_mail_then_links() -> None:
    found = said(
        body="<p>press@acme-town.com joes@gmail.com office@joesplumbing.com</p>"
        "<a href='mailto:sales@joesplumbing.com'>x</a>"
    )
    names = [address.partition("@")[0] for address in found.email_addresses]
    assert names == ["sales", "office", "joes", "press"]


def test_each_of_several_recipients_counts_once() -> None:
    found = said(
        body='<a href="mailto:a@joesplumbing.com,c@joesplumbing.com;A@joesplumbing.com?cc=d@joesplumbing.com">x</a>'
    )
    assert found.email_addresses == ["a@joesplumbing.com", "c@joesplumbing.com", "d@joesplumbing.com"]


def test_a_long_run_of_digits_in_a_script_costs_no_more_than_its_size() -> None:
    codes = "9" * 5000
    with time_bounded(1):
        assert said(body=f"<script>String.fromCharCode({codes} 1)</script>").email_addresses == []
