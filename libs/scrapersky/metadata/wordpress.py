"""WordPress and Elementor: whether a page was made with them, in which version, and by what evidence."""

import re

from scrapersky.metadata.evidence import Evidence, Traces

_VERSION = r"(\d{1,2}\.\d{1,2}(?:\.\d{1,3})?)(?![\w.])"
_GENERATOR = re.compile(rf"\bWordPress(?:\.com)?(?: {_VERSION})?", re.IGNORECASE)
# Only assets whose ?ver= is the version of WordPress itself: jQuery and others in wp-includes have their own.
_CORE_ASSET = re.compile(
    r"/wp-(?:includes|admin)/(?:js/(?:wp-emoji-release|wp-embed|wp-util|comment-reply|admin-bar|wp-emoji-loader)"
    r"|css/(?:dashicons|admin-bar|dist/block-library/(?:style|theme|common)|buttons|media-views))(?:\.min)?\.(?:js|css)"
    rf"\?(?:[^\s\"']*&)?ver=(?:wp-)?{_VERSION}"
)
_PATH = re.compile(
    r"/(?:wp-content/(?:themes|plugins|uploads|mu-plugins|cache)|wp-includes)/|/wp-json(?:/|$)|/xmlrpc\.php\?rsd"
)
_MADE_OF = re.compile(r"/wp-content/(?:themes|plugins|mu-plugins)/|/wp-includes/")
_HEADER = re.compile(
    r"\n(?:link: [^\n]*https://api\.w\.org/|x-pingback: [^\n]*/xmlrpc\.php|x-redirect-by: wordpress)[^\n]*",
    re.IGNORECASE,
)
# Of the block editor's own style sheet, which stands in the page itself.
_STYLE = "--wp--preset--"
_ELEMENTOR_CLASS = re.compile(r"(?:^|\s)(elementor-(?:page|default|kit-\d+|element|section|widget|\d+))(?=\s|$)")
_ELEMENTOR_ASSET = re.compile(r"/plugins/elementor(?:-pro)?/[^\s]*|/uploads/elementor/[^\s]*")
_ELEMENTOR_VERSION = re.compile(rf"/plugins/elementor/assets/[^\s]*[?&]ver={_VERSION}")
_ELEMENTOR_CONFIG = re.compile(rf"elementorFrontendConfig\s?=[^\n]{{0,5000}}?\"version\":\"{_VERSION}")
_ELEMENTOR_GENERATOR = re.compile(rf"\bElementor {_VERSION}")
FOREIGN_ASSETS = 3
"""Themes and plugins from another site say WordPress only in numbers: a CDN's, not one embedded script's."""


def wordpress(traces: Traces) -> Evidence | None:
    """Evidence that WordPress made the page, with its version where the page tells; None where it did not."""
    generated = next(filter(None, map(_GENERATOR.match, traces.generators)), None)
    core = _CORE_ASSET.search(traces.assets) or _emoji(traces.scripts)
    version = (generated and generated.group(1)) or (core and core.group(1)) or None
    if generated:
        return Evidence(version, f"generator {generated.group()}")
    if core:
        return Evidence(version, f"asset {core.group()}")
    found = _linked(traces)
    if found is None and (header := _HEADER.search(traces.headers)):
        found = f"header {header.group().strip()}"
    if found is None and _STYLE in traces.html:
        found = f"style {_STYLE}"
    return Evidence(None, found) if found else None


def elementor(traces: Traces) -> Evidence | None:
    """Evidence that Elementor laid the page out, with its version where the page tells; None where it did not."""
    generated = next(filter(None, map(_ELEMENTOR_GENERATOR.search, traces.generators)), None)
    asset = _ELEMENTOR_ASSET.search(traces.assets)
    used = _ELEMENTOR_CLASS.search(traces.classes)
    versioned = _ELEMENTOR_VERSION.search(traces.assets) or _ELEMENTOR_CONFIG.search(traces.scripts)
    version = (generated and generated.group(1)) or (versioned and versioned.group(1)) or None
    if generated:
        return Evidence(version, f"generator {generated.group()}")
    if asset:
        return Evidence(version, f"asset {asset.group()}")
    return Evidence(version, f"class {used.group(1)}") if used else None


def _emoji(scripts: str) -> re.Match[str] | None:
    at = scripts.find("wp-emoji-release")
    return _CORE_ASSET.search(scripts[max(0, at - 500) : at + 200].replace("\\/", "/")) if at >= 0 else None


def _linked(traces: Traces) -> str | None:
    foreign = 0
    for url in traces.assets.split("\n"):
        if not _PATH.search(url):
            continue
        if traces.is_own(url):
            return f"asset {url}"
        foreign += bool(_MADE_OF.search(url))
        if foreign >= FOREIGN_ASSETS:
            return f"asset {url}"
    return None
