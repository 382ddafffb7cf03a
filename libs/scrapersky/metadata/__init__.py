"""What a website's home page, and the contact and about pages beside it, say of the business.

`extract` is the whole of it; `read_page` and `combine` are its two halves for callers that do not want all pages in
memory together. Nothing here does I/O, raises for what a page contains, or returns what PostgreSQL would refuse.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from scrapersky.metadata import emails, phones, social
from scrapersky.metadata.document import Page
from scrapersky.metadata.page_facts import PageFacts, read_page
from scrapersky.metadata.text import unique

__all__ = ["Page", "PageFacts", "SiteMetadata", "combine", "extract", "read_page"]

_COLUMNS = ("facebook", "twitter", "linkedin", "instagram", "youtube")


@dataclass(frozen=True)
class SiteMetadata:
    """The metadata columns of ``domains``, by their names.

    ``tech_stack`` is ``{name: {version, category, evidence}}``; ``meta_json`` holds what has no column: the other facts
    of the head, ``icons``, ``schema_types``, ``local_business``, ``social``, ``fax_numbers``, ``phone_extensions`` and
    ``pages``, the URLs that were read.
    """

    title: str | None = None
    description: str | None = None
    favicon_url: str | None = None
    logo_url: str | None = None
    language: str | None = None
    is_wordpress: bool = False
    wordpress_version: str | None = None
    has_elementor: bool = False
    tech_stack: dict[str, dict[str, str | None]] = field(default_factory=dict)
    email_addresses: list[str] = field(default_factory=list)
    phone_numbers: list[str] = field(default_factory=list)
    facebook_url: str | None = None
    twitter_url: str | None = None
    linkedin_url: str | None = None
    instagram_url: str | None = None
    youtube_url: str | None = None
    meta_json: dict[str, object] = field(default_factory=dict)


def extract(pages: Sequence[Page]) -> SiteMetadata:
    """Read a site's pages, the home page first.

    Title, description, language, icon and logo are the home page's; addresses, numbers, profiles and technologies are
    gathered from all pages.
    """
    return combine([read_page(page) for page in pages])


def combine(facts: Sequence[PageFacts]) -> SiteMetadata:
    """Put together what `read_page` found on a site's pages, the home page first."""
    if not facts:
        return SiteMetadata()
    home = facts[0]
    technologies = {name: entry for page in reversed(facts) for name, entry in page.tech_stack.items()}
    voice, fax, extensions = phones.ranked([phone for page in facts for phone in page.phones])
    profiles = social.best([profile for page in facts for profile in page.profiles])
    meta_json: dict[str, object] = home.head | {
        "icons": home.icons,
        "schema_types": unique([name for page in facts for name in page.schema_types], 50),
        "local_business": _fullest([page.local_business for page in facts if page.local_business]),
        "social": {name: url for name, url in profiles.items() if name not in _COLUMNS},
        "fax_numbers": fax,
        "phone_extensions": extensions,
        "pages": [page.url for page in facts],
    }
    return SiteMetadata(
        title=home.title,
        description=home.description,
        favicon_url=home.icons[0]["url"] if home.icons else None,
        logo_url=home.logo,
        language=home.language,
        is_wordpress="WordPress" in technologies,
        wordpress_version=technologies.get("WordPress", {}).get("version"),
        has_elementor="Elementor" in technologies,
        tech_stack=technologies,
        email_addresses=emails.ranked([email for page in facts for email in page.emails], home.url),
        phone_numbers=voice,
        **{f"{name}_url": profiles.get(name) for name in _COLUMNS},
        meta_json={key: value for key, value in meta_json.items() if value},
    )


def _fullest(businesses: list[dict[str, object]]) -> dict[str, object] | None:
    return max(businesses, key=len, default=None)
