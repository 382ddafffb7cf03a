"""Whole home pages of the kinds that local businesses have, and every column that each fills: no less and no more."""

# ruff: noqa: E501 -- markup

from dataclasses import asdict, dataclass, field
from typing import Any

import pytest

from scrapersky.metadata import Page, extract
from tests.support.pages import cloudflare, ld

EMPTY: dict[str, object] = {
    "title": None, "description": None, "favicon_url": None, "logo_url": None, "language": None,
    "is_wordpress": False, "wordpress_version": None, "has_elementor": False,
    "email_addresses": [], "phone_numbers": [],
    "facebook_url": None, "twitter_url": None, "linkedin_url": None, "instagram_url": None, "youtube_url": None,
}  # fmt: skip
SHARE = """<div class="share"><a href="https://www.facebook.com/sharer/sharer.php?u=x">f</a>
<a href="https://twitter.com/intent/tweet?url=x">t</a> <a href="mailto:?subject=See&body=x">m</a>
<a href="https://www.linkedin.com/shareArticle?mini=true&url=x">in</a></div>"""
NOISE = """<p>Open Mon-Fri 8:00-17:00. Founded 1998. License #5125550199. Jobs from $1,299.00; 1,250 reviews, 4.9/5.</p>
<img src="/img/team@2x.jpg" alt="Team 2024-05-06"> <input type="email" placeholder="you@example.com">"""


@dataclass(frozen=True)
class Home:
    """A page, the columns that it fills, and the technologies that are found (all of them)."""

    kind: str
    url: str
    head: str
    body: str
    columns: dict[str, Any]
    technologies: set[str]
    attributes: str = 'lang="en-US"'
    headers: dict[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"


HOMES = [
    Home(
        "WordPress with Elementor, Yoast and caching",
        "https://lonestarplumbing.com/",
        '<meta charset="utf-8"><title>Plumber in Austin, TX - Lone Star Plumbing</title>'
        '<meta name="description" content="24/7 plumbers.">'
        "<!-- This site is optimized with the Yoast SEO plugin v22.8 - https://yoast.com/ -->"
        + ld(
            '{"@context":"https://schema.org","@graph":[{"@type":"Organization","name":"Lone Star",'
            '"logo":{"@type":"ImageObject","url":"https://lonestarplumbing.com/wp-content/uploads/logo.png"},'
            '"sameAs":["https://www.facebook.com/LoneStarPlumbing/","https://x.com/lonestarplumb"]}]}'
        )
        + '<link rel="stylesheet" href="/wp-content/plugins/elementor/assets/css/frontend.min.css?ver=3.21.8">'
        '<link rel="stylesheet" href="/wp-content/themes/hello-elementor/style.min.css?ver=3.0.1">'
        '<script src="/wp-includes/js/jquery/jquery.min.js?ver=3.7.1"></script>'
        '<meta name="generator" content="Elementor 3.21.8; features: x"><meta name="generator" content="WordPress 6.5.3">'
        '<link rel="icon" href="/wp-content/uploads/cropped-icon-32x32.png" sizes="32x32">'
        '<link rel="icon" href="/wp-content/uploads/cropped-icon-192x192.png" sizes="192x192">',
        '<a href="tel:+15125550142">(512) 555-0142</a>'
        + SHARE
        + NOISE
        + f'<a href="/cdn-cgi/l/email-protection#{cloudflare("office@lonestarplumbing.com")}">Email us</a>',
        {
            "title": "Plumber in Austin, TX - Lone Star Plumbing",
            "description": "24/7 plumbers.",
            "favicon_url": "https://lonestarplumbing.com/wp-content/uploads/cropped-icon-32x32.png",
            "logo_url": "https://lonestarplumbing.com/wp-content/uploads/logo.png",
            "language": "en-US",
            "is_wordpress": True,
            "wordpress_version": "6.5.3",
            "has_elementor": True,
            "email_addresses": ["office@lonestarplumbing.com"],
            "phone_numbers": ["+15125550142"],
            "facebook_url": "https://www.facebook.com/LoneStarPlumbing",
            "twitter_url": "https://x.com/lonestarplumb",
        },
        {"WordPress", "Elementor", "Yoast SEO", "Hello Elementor", "jQuery", "Cloudflare"},
    ),
    Home(
        "WordPress that hides its version, Divi, a page of a UK trade",
        "https://www.smithroofing.co.uk/",
        "<title>Smith Roofing | Leeds</title><link rel='https://api.w.org/' href='https://www.smithroofing.co.uk/wp-json/'>"
        '<link rel="stylesheet" href="/wp-content/themes/Divi/style-static.min.css?ver=4.25.1">'
        '<link rel="shortcut icon" href="/favicon.png">',
        '<header id="main-header"><a href="https://www.smithroofing.co.uk/"><img src="/wp-content/uploads/smith.png"'
        ' alt="Smith Roofing" id="logo"></a></header><div class="et_pb_section">Call 0113 496 0123 or 07700 900123.'
        " Email: enquiries@smithroofing.co.uk. Company No. 01234567, VAT GB 123 4567 89</div>"
        '<footer><a href="https://www.facebook.com/smithroofingleeds">f</a></footer>',
        {
            "title": "Smith Roofing | Leeds",
            "favicon_url": "https://www.smithroofing.co.uk/favicon.png",
            "logo_url": "https://www.smithroofing.co.uk/wp-content/uploads/smith.png",
            "language": "en-GB",
            "is_wordpress": True,
            "email_addresses": ["enquiries@smithroofing.co.uk"],
            "phone_numbers": ["+441134960123"],
            "facebook_url": "https://www.facebook.com/smithroofingleeds",
        },
        {"WordPress", "Divi"},
        'lang="en-GB"',
    ),
    Home(
        "Wix",
        "https://www.bellasnails.com/",
        '<meta charset="utf-8"><meta name="generator" content="Wix.com Website Builder">'
        '<title>Bella\'s Nails | Miami</title><link rel="icon" sizes="192x192" href="https://static.wixstatic.com/media/f.png">'
        '<meta property="og:image" content="https://static.wixstatic.com/media/share.jpg">'
        '<script src="https://static.parastorage.com/services/x.js"></script>'
        '<script>var sentry = "605a7baede844d278b89dc95ae0a9123@sentry-next.wixpress.com"</script>',
        '<div id="SITE_HEADER"><a href="https://www.bellasnails.com"><img alt="bella logo.png" src="https://static.wixstatic.com'
        '/media/logo.png"></a></div><p>Tel: 305-555-0142</p><p><a href="mailto:bella@gmail.com">bella@gmail.com</a></p>'
        '<a href="https://www.instagram.com/bellasnails/">i</a> <a href="https://www.facebook.com/wix">f</a>',
        {
            "title": "Bella's Nails | Miami",
            "favicon_url": "https://static.wixstatic.com/media/f.png",
            "logo_url": "https://static.wixstatic.com/media/logo.png",
            "language": "en",
            "email_addresses": ["bella@gmail.com"],
            "phone_numbers": ["+13055550142"],
            "instagram_url": "https://www.instagram.com/bellasnails",
        },
        {"Wix"},
        'lang="en"',
    ),
    Home(
        "Squarespace",
        "https://www.oakandrye.com/",
        "<!-- This is Squarespace. --><title>Oak &amp; Rye</title>"
        '<meta itemprop="description" name="description" content="Wood-fired pizza."/>'
        '<link rel="shortcut icon" type="image/x-icon" href="https://images.squarespace-cdn.com/content/v1/a/favicon.ico"/>'
        '<script src="https://assets.squarespace.com/universal/scripts-compressed/x.js"></script>'
        + ld('{"@type":"LocalBusiness","address":"303 Main St","telephone":"","openingHours":", , , "}'),
        '<header><div class="header-title-logo"><a href="/"><img src="//images.squarespace-cdn.com/content/logo.png" alt="Oak">'
        "</a></div></header><p>(408) 555-0142 · hello@oakandrye.com</p>"
        '<a href="https://www.opentable.com/r/oak">Book</a><a href="http://instagram.com/oakandrye">ig</a>',
        {
            "title": "Oak & Rye",
            "description": "Wood-fired pizza.",
            "favicon_url": "https://images.squarespace-cdn.com/content/v1/a/favicon.ico",
            "logo_url": "https://images.squarespace-cdn.com/content/logo.png",
            "language": "en-US",
            "email_addresses": ["hello@oakandrye.com"],
            "phone_numbers": ["+14085550142"],
            "instagram_url": "https://instagram.com/oakandrye",
        },
        {"Squarespace", "OpenTable"},
    ),
    Home(
        "Shopify",
        "https://petalsflorist.ca/",
        '<title>Petals\n  – Florist</title><link rel="canonical" href="https://petalsflorist.ca/">'
        '<link rel="icon" type="image/png" href="//petalsflorist.ca/cdn/shop/files/fav.png?v=1&width=32">'
        '<script>Shopify.theme = {"name":"Dawn","id":123456789012};</script>'
        '<script src="//petalsflorist.ca/cdn/shop/t/3/assets/global.js?v=139248116715221171191"></script>',
        '<header class="header"><a href="/" class="header__heading-link"><img class="header__heading-logo" alt="Petals"'
        ' srcset="//petalsflorist.ca/cdn/shop/files/logo.png?width=90 90w, //petalsflorist.ca/cdn/shop/files/l.png 180w">'
        "</a></header><p>416-555-0142</p><p>SKU 4165550143</p><p>CA$ 1,416.00</p>"
        '<a href="https://facebook.com/petalsto">f</a><a href="https://www.pinterest.com/pin/create/button/?u">pin</a>',
        {
            "title": "Petals – Florist",
            "language": "en",
            "favicon_url": "https://petalsflorist.ca/cdn/shop/files/fav.png?v=1&width=32",
            "logo_url": "https://petalsflorist.ca/cdn/shop/files/logo.png?width=90",
            "phone_numbers": ["+14165550142"],
            "facebook_url": "https://facebook.com/petalsto",
        },
        {"Shopify"},
        'lang="en"',
    ),
    Home(
        "GoDaddy's builder",
        "https://acmelawncare.net/",
        '<title>Acme Lawn Care</title><meta name="generator" content="Starfield Technologies; Go Daddy Website Builder 8.0.0000">'
        '<link rel="apple-touch-icon" sizes="57x57" href="//img1.wsimg.com/isteam/ip/static/favicon/57.png">',
        '<p data-aid="CONTACT">Call us: <a href="tel:9195550142">919.555.0142</a></p><p>filler@godaddy.com</p>',
        {
            "title": "Acme Lawn Care",
            "language": "en-US",
            "phone_numbers": ["+19195550142"],
            "favicon_url": "https://img1.wsimg.com/isteam/ip/static/favicon/57.png",
        },
        {"GoDaddy Website Builder"},
    ),
    Home(
        "Weebly",
        "http://www.joesgarage.com/",
        '<title>Joe\'s Garage - Home</title><script src="//cdn2.editmysite.com/js/lang/en/stl.js"></script>',
        '<span class="wsite-logo"><a href="/"><img src="/uploads/1/2/3/published/garage.png?1" alt="Joe\'s"></a></span>'
        "<p>Phone/Fax: 503 555 0142</p><p>joe (at) joesgarage (dot) com</p>",
        {
            "title": "Joe's Garage - Home",
            "logo_url": "http://www.joesgarage.com/uploads/1/2/3/published/garage.png?1",
            "language": "en",
            "email_addresses": ["joe@joesgarage.com"],
            "phone_numbers": ["+15035550142"],
        },
        {"Weebly"},
        'lang="en"',
    ),
    Home(
        "Duda, with booking, chat and tracking",
        "https://www.brightsmiles.com/",
        "<title>Bright Smiles Dental</title>"
        '<link rel="icon" href="https://irp.cdn-website.com/abc/site_favicon.ico">'
        '<script async src="https://www.googletagmanager.com/gtag/js?id=G-ABC1234567"></script>'
        "<script>(function(w,d,s,l,i){})(window,document,'script','dataLayer','GTM-ABC123');</script>"
        "<script>!function(f,b,e,v){}(window,document,'script','https://connect.facebook.net/en_US/fbevents.js');</script>",
        '<div class="dmHeader"><a href="/" id="logo"><img src="https://lirp.cdn-website.com/abc/logo.png"></a></div>'
        '<a href="tel:(206)%20555-0142,3">Call</a><a href="https://www.zocdoc.com/practice/x">Book</a>'
        '<script src="https://embed.tawk.to/abc/default"></script>',
        {
            "title": "Bright Smiles Dental",
            "favicon_url": "https://irp.cdn-website.com/abc/site_favicon.ico",
            "logo_url": "https://lirp.cdn-website.com/abc/logo.png",
            "language": "en-US",
            "phone_numbers": ["+12065550142"],
        },
        {"Duda", "Google Analytics", "Google Tag Manager", "Meta Pixel", "Zocdoc", "Tawk.to"},
    ),
    Home(
        "Joomla of a German firm, with an imprint's numbers",
        "https://www.mueller-heizung.de/",
        '<meta charset="utf-8"><title>Müller Heizung &amp; Sanitär, München</title><meta name="generator" content="Joomla! - Open'
        ' Source Content Management"><link href="/templates/x/favicon.ico" rel="icon" type="image/vnd.microsoft.icon">',
        "<p>Tel.: 089 / 12 34 56-0</p><p>Telefax: 089 / 12 34 56-99</p><p>Mobil 0171 1234567</p>"
        "<p>HRB 123456, USt-IdNr. DE 123456789, IBAN DE02 1203 0000 0000 2020 51</p>"
        "<script>var addy1 = 'info' + '&#64;'; addy1 = addy1 + 'mueller-heizung' + '&#46;' + 'de';</script>",
        {
            "title": "Müller Heizung & Sanitär, München",
            "language": "de-DE",
            "favicon_url": "https://www.mueller-heizung.de/templates/x/favicon.ico",
            "email_addresses": ["info@mueller-heizung.de"],
            "phone_numbers": ["+49891234560", "+491711234567"],
        },
        {"Joomla"},
        'lang="de-de"',
    ),
    Home(
        "TYPO3 of an Austrian inn",
        "https://gasthof-post.at/",
        '<title>Gasthof Post</title><meta name="generator" content="TYPO3 CMS"><link rel="icon" href="/typo3conf/f.ico">',
        "<p>Telefon +43 (0)5522 123 45, E-Mail: <a href=\"javascript:linkTo_UnCryptMailto('nbjmup+jogpAhbtuipg.qptu/bu');\">x</a>"
        "</p>",
        {
            "title": "Gasthof Post",
            "favicon_url": "https://gasthof-post.at/typo3conf/f.ico",
            "language": "de",
            "email_addresses": ["info@gasthof-post.at"],
            "phone_numbers": ["+43552212345"],
        },
        {"TYPO3"},
        'lang="de"',
    ),
    Home(
        "Drupal",
        "https://cityclinic.org/",
        '<title>City Clinic</title><meta name="Generator" content="Drupal 10 (https://www.drupal.org)">'
        '<link rel="icon" href="/themes/clinic/favicon.ico">',
        '<img src="/sites/default/files/logo.svg" alt="Home" class="site-logo">'
        "<div data-drupal-messages></div><p>(617) 555-0142 ext. 9</p>",
        {
            "title": "City Clinic",
            "favicon_url": "https://cityclinic.org/themes/clinic/favicon.ico",
            "language": "en",
            "logo_url": "https://cityclinic.org/sites/default/files/logo.svg",
            "phone_numbers": ["+16175550142"],
        },
        {"Drupal"},
        'lang="en"',
    ),
    Home(
        "PrestaShop of a French florist",
        "https://www.fleurs-lyon.fr/",
        "<title>Fleurs Lyon</title><meta name='description' content='Fleuriste à Lyon'><script>var prestashop = {};</script>",
        "<p>Tél : 04 78 12 34 56 - contact [arobase] fleurs-lyon [point] fr</p><p>SIRET 123 456 789 00012</p>",
        {
            "title": "Fleurs Lyon",
            "description": "Fleuriste à Lyon",
            "language": "fr",
            "email_addresses": ["contact@fleurs-lyon.fr"],
            "phone_numbers": ["+33478123456"],
        },
        {"PrestaShop"},
        'lang="fr"',
        {"powered-by": "PrestaShop"},
    ),
    Home(
        "Webflow",
        "https://www.nimbusdesign.studio/",
        '<title>Nimbus</title><meta content="Webflow" name="generator">'
        '<link href="https://cdn.prod.website-files.com/x/fav.png" rel="shortcut icon" type="image/x-icon">',
        '<div class="navbar w-nav"><a href="/" class="w-nav-brand"><img src="https://cdn.prod.website-files.com/x/nimbus.svg"></a>'
        '</div><a href="mailto:hi@nimbusdesign.studio?subject=Project">hi</a>'
        '<a href="https://www.linkedin.com/company/nimbus-design/about/">in</a>',
        {
            "title": "Nimbus",
            "favicon_url": "https://cdn.prod.website-files.com/x/fav.png",
            "language": "en",
            "logo_url": "https://cdn.prod.website-files.com/x/nimbus.svg",
            "email_addresses": ["hi@nimbusdesign.studio"],
            "linkedin_url": "https://www.linkedin.com/company/nimbus-design",
        },
        {"Webflow"},
        'lang="en"',
    ),
    Home(
        "written by hand in 1999, latin-1 undeclared",
        "http://www.cafe-rene.com/",
        "<TITLE>Café René – Crêpes</TITLE><META NAME=DESCRIPTION CONTENT='Crêpes & café'>",
        "<CENTER><FONT SIZE=7>Bienvenue</FONT><P>Call: 504-555-0142<BR>E-mail <A HREF=mailto:rene@cafe-rene.com>us</A></CENTER>",
        {
            "title": "Café René – Crêpes",
            "description": "Crêpes & café",
            "email_addresses": ["rene@cafe-rene.com"],
            "phone_numbers": ["+15045550142"],
        },
        set(),
        "",
        encoding="cp1252",
    ),
    Home(
        "Next.js behind a CDN, microdata of a restaurant",
        "https://sakurasushi.com/",
        '<title>Sakura</title><link rel="manifest" href="/site.webmanifest"><script src="/_next/static/chunks/main.js"></script>',
        '<div itemscope itemtype="https://schema.org/Restaurant"><span itemprop="name">Sakura</span>'
        '<img itemprop="logo" src="/logo.webp"><span itemprop="telephone">(206) 555-0143</span>'
        '<link itemprop="sameAs" href="https://www.instagram.com/sakurasushi"></div>',
        {
            "title": "Sakura",
            "logo_url": "https://sakurasushi.com/logo.webp",
            "language": "en-US",
            "phone_numbers": ["+12065550143"],
            "instagram_url": "https://www.instagram.com/sakurasushi",
        },
        {"Next.js", "Vercel"},
        headers={"x-vercel-id": "sfo1::abc", "content-type": "text/html; charset=utf-8"},
    ),
    Home(
        "Japanese, Shift_JIS",
        "https://www.yamada-denki.co.jp/",
        '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS"><title>山田電気工事</title>',
        "<p>電話: 03-3224-9999</p><p>メール: info@yamada-denki.co.jp</p>",
        {
            "title": "山田電気工事",
            "language": "ja",
            "email_addresses": ["info@yamada-denki.co.jp"],
            "phone_numbers": ["+81332249999"],
        },
        set(),
        'lang="ja"',
        encoding="cp932",
    ),
    Home(
        "an empty page of a parked domain",
        "https://parked.com/",
        "<title>parked.com</title>",
        '<p>This domain is for sale! <a href="https://www.facebook.com/">f</a></p>',
        {"title": "parked.com"},
        set(),
        "",
    ),
]


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.kind)
def test_a_home_page_fills_these_columns_and_no_others(home: Home) -> None:
    text = f"<!DOCTYPE html><html {home.attributes}><head>{home.head}</head><body>{home.body}</body></html>"
    found = asdict(extract([Page(home.url, text.encode(home.encoding), home.headers)]))
    assert set(found.pop("tech_stack")) == home.technologies
    found.pop("meta_json")
    assert found == EMPTY | home.columns
