"""The plugins and themes of WordPress that local businesses use most, by the folders their assets are served from."""

import re

from scrapersky.metadata.evidence import Evidence, Traces

MAX_PARTS = 60

_PART = re.compile(r"/wp-content/(plugins|themes)/([\w.-]{2,60})/[^\s]*")
_VERSION = re.compile(r"[?&]ver=(\d{1,4}(?:\.\d{1,5}){1,3})(?![\w.])")
_CATEGORIES = {"plugins": "WordPress plugin", "themes": "WordPress theme"}
# Folder, name, and the category where it is not just a plugin or theme.
_KNOWN = """
elementor Elementor|page builder; elementor-pro Elementor Pro|page builder; pro-elements Elementor Pro|page builder
js_composer WPBakery|page builder; beaver-builder-lite-version Beaver Builder|page builder
bb-plugin Beaver Builder|page builder; oxygen Oxygen|page builder
siteorigin-panels SiteOrigin Page Builder|page builder; breakdance Breakdance|page builder
thrive-visual-editor Thrive Architect|page builder; brizy Brizy|page builder; divi-builder Divi|page builder
revslider Slider Revolution|page builder; fusion-builder Avada|page builder; bricks Bricks|page builder
wordpress-seo Yoast SEO|SEO; wordpress-seo-premium Yoast SEO|SEO
seo-by-rank-math Rank Math|SEO; all-in-one-seo-pack All in One SEO|SEO; wp-seopress SEOPress|SEO
woocommerce WooCommerce|e-commerce; easy-digital-downloads Easy Digital Downloads|e-commerce
essential-addons-for-elementor-lite Essential Addons for Elementor; elementskit-lite ElementsKit
header-footer-elementor Ultimate Addons for Elementor; premium-addons-for-elementor Premium Addons for Elementor
royal-elementor-addons Royal Elementor Addons; jet-elements JetElements; jet-engine JetEngine
contact-form-7 Contact Form 7; gravityforms Gravity Forms; wpforms-lite WPForms; wpforms WPForms
ninja-forms Ninja Forms; formidable Formidable Forms; fluentform Fluent Forms; forminator Forminator
wp-rocket WP Rocket; litespeed-cache LiteSpeed Cache; w3-total-cache W3 Total Cache; autoptimize Autoptimize
sg-cachepress Speed Optimizer; wp-optimize WP-Optimize; perfmatters Perfmatters; hummingbird-performance Hummingbird
wp-smushit Smush; imagify Imagify; shortpixel-image-optimiser ShortPixel; ewww-image-optimizer EWWW Image Optimizer
jetpack Jetpack; akismet Akismet; wordfence Wordfence; really-simple-ssl Really Simple Security
google-site-kit Site Kit; google-analytics-for-wordpress MonsterInsights; pixelyoursite PixelYourSite
duracelltomi-google-tag-manager GTM4WP; sitepress-multilingual-cms WPML; polylang Polylang
translatepress-multilingual TranslatePress; gtranslate GTranslate; cookie-law-info CookieYes|consent
complianz-gdpr Complianz|consent; complianz-gdpr-premium Complianz|consent; borlabs-cookie Borlabs Cookie|consent
cookie-notice Cookie Notice|consent; gdpr-cookie-compliance GDPR Cookie Compliance|consent
popup-maker Popup Maker; optinmonster OptinMonster; mailchimp-for-wp MC4WP; mailpoet MailPoet
instagram-feed Smash Balloon Instagram Feed; custom-facebook-feed Smash Balloon Facebook Feed
widget-google-reviews Plugin for Google Reviews; wp-google-places-review-slider WP Review Slider
the-events-calendar The Events Calendar; event-tickets Event Tickets; tablepress TablePress
nextgen-gallery NextGEN Gallery; envira-gallery-lite Envira Gallery
 ml-slider MetaSlider; smart-slider-3 Smart Slider 3; LayerSlider LayerSlider
wp-google-maps WP Go Maps; ameliabooking Amelia|booking; bookly-responsive-appointment-booking-tool Bookly|booking
easy-appointments Easy Appointments|booking; restaurant-reservations Five Star Restaurant Reservations|booking
click-to-chat-for-whatsapp Click to Chat|chat; wp-whatsapp-chat Social Chat|chat; livechat LiveChat|chat
accessibility-onetap OneTap; pojo-accessibility Ally; ultimate-addons-for-gutenberg Spectra
kadence-blocks Kadence Blocks
generateblocks GenerateBlocks; astra Astra; astra-sites Starter Templates; Divi Divi|page builder
Avada Avada|page builder; hello-elementor Hello Elementor; generatepress GeneratePress; oceanwp OceanWP; kadence Kadence
flatsome Flatsome; enfold Enfold; betheme Betheme; dt-the7 The7; Newspaper Newspaper; salient Salient; bridge Bridge
neve Neve; blocksy Blocksy; storefront Storefront; twentytwentyfour Twenty Twenty-Four
twentytwentyfive Twenty Twenty-Five; twentytwentythree Twenty Twenty-Three; twentytwentytwo Twenty Twenty-Two
twentytwentyone Twenty Twenty-One; genesis Genesis; Impreza Impreza; uncode Uncode; jupiter Jupiter; porto Porto
"""
_NAMES = {
    folder: name for folder, _, name in (part.strip().partition(" ") for part in re.split("[;\n]", _KNOWN)) if name
}
PLUGINS = frozenset(
    {
        *(
            "WooCommerce",
            "Easy Digital Downloads",
            "Divi",
            "WPBakery",
            "Beaver Builder",
            "Avada",
            "Yoast SEO",
            "Rank Math",
        ),
        *("All in One SEO", "SEOPress", "The SEO Framework", "Slim SEO", "WP Rocket", "WP Super Cache", "Site Kit"),
        *("WPML", "Contact Form 7", "Gravity Forms", "WPForms", "Ninja Forms", "SiteOrigin Page Builder"),
    }
)
"""What runs in WordPress alone, and shows without its folder."""


def parts(traces: Traces) -> dict[str, dict[str, str | None]]:
    """The plugins and themes that a page's assets come from, as entries of ``tech_stack``.

    Those that we do not know go by the names of their folders. The version is that of the ``ver`` parameter.
    """
    found: dict[str, dict[str, str | None]] = {}
    for match in _PART.finditer(traces.assets):
        kind, folder = match.groups()
        name, _, category = _NAMES.get(folder, folder).partition("|")
        version = _VERSION.search(match.group())
        known = found.get(name)
        if known is None and len(found) < MAX_PARTS:
            evidence = Evidence(version and version.group(1), f"asset {match.group()}")
            found[name] = evidence.entry(category or _CATEGORIES[kind])
        elif known and version and not known["version"]:
            known["version"] = version.group(1)
    return found
