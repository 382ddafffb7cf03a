"""Raw entries to entries: URLs normalised, dates parsed, nonsense dropped with a warning."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from scrapersky.errors import InputError
from scrapersky.sitemaps.collect import ABOUT, BASE, HREF, LINK_BASE, TEXT, RawEntry
from scrapersky.sitemaps.dates import parse_date
from scrapersky.sitemaps.vocabulary import CHANGEFREQ, DATES, IDENTITY, LINK, LOC, PRIORITY, URL_ENTRY
from scrapersky.web.urls import domain_of, host_of, normalise

FREQUENCIES = frozenset(("always", "hourly", "daily", "weekly", "monthly", "yearly", "never"))

_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_LINE_BREAK = re.compile(r"\s*[\r\n]\s*")
_QUOTES = "\"'<>\u201c\u201d"
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)", re.ASCII)
_HAS_SCHEME = re.compile(r"[a-z][a-z0-9+.\-]*:/|(?:mailto|javascript|tel|data|urn|about):", re.IGNORECASE)
_BARE_HOST = re.compile(r"(?:[\w\-]+\.)+[a-z]{2,}(?::\d+)?(?:[/?#]|$)", re.IGNORECASE)
_TWO_SCHEMES = re.compile(r"https?://(?=https?:/)", re.IGNORECASE)
_NO_COLON = re.compile(r"^(https?)//", re.IGNORECASE)
_ABSOLUTE = re.compile(r"https?://\S", re.IGNORECASE)


class Entry(NamedTuple):
    """One entry of a sitemap.

    Attributes:
        kind: ``url`` is a page, ``sitemap`` another sitemap.
        loc: Its URL, normalised.
        lastmod: In UTC.
        changefreq: One of `FREQUENCIES`.
        priority: From 0 to 1.
    """

    kind: Literal["url", "sitemap"]
    loc: str
    lastmod: datetime | None = None
    changefreq: str | None = None
    priority: float | None = None


class Cleaner:
    """Makes entries of raw entries.

    Args:
        base: What relative URLs are relative to; without it they are dropped.
        warn: Called with a sentence for everything that is dropped.
    """

    def __init__(self, base: str | None, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._seen = 0
        self._base = base

    def rebase(self, base: str | None) -> None:
        """Take another base, itself relative to the present one (``xml:base``)."""
        if base:
            self._base = self._resolve(base, self._base) or self._base

    def clean(self, raw: Iterable[RawEntry]) -> list[Entry]:
        """The entries that have a URL; a value that cannot be read is None."""
        entries = []
        for kind, fields in raw:
            self._seen += 1
            loc = self._loc(fields)
            if loc is None:
                continue
            date = fields.get("lastmod") or next(filter(None, map(fields.get, DATES)), None)
            entries.append(
                Entry(
                    "url" if kind == URL_ENTRY else "sitemap",
                    loc,
                    self._date(date) if date else None,
                    self._frequency(fields[CHANGEFREQ]) if CHANGEFREQ in fields else None,
                    self._priority(fields[PRIORITY]) if PRIORITY in fields else None,
                )
            )
        return entries

    def _loc(self, fields: dict[str, str]) -> str | None:
        base = self._base
        for key in (BASE, LINK_BASE):
            if key in fields:
                base = self._resolve(fields[key], base) or base
        text = fields.get(LOC) or fields.get(LINK, "").strip() or fields.get(HREF) or _url_of_last_resort(fields)
        if not text:
            self._complain("no URL")
            return None
        return self._resolve(text, base)

    def _resolve(self, text: str, base: str | None) -> str | None:
        try:
            return resolve(text, base)
        except InputError as error:
            self._complain(str(error))
            return None

    def _date(self, text: str) -> datetime | None:
        date = parse_date(text)
        if date is None and text.strip():
            self._complain(f"{_shown(text)} is no date")
        return date

    def _frequency(self, text: str) -> str | None:
        frequency = text.strip().lower()
        if frequency in FREQUENCIES:
            return frequency
        if frequency:
            self._complain(f"{_shown(text)} is no change frequency")
        return None

    def _priority(self, text: str) -> float | None:
        number = text.strip()
        if not number:
            return None
        value = float(number.replace(",", ".")) if _NUMBER.fullmatch(number) else -1.0
        if 0 <= value <= 1:
            return value
        self._complain(f"{_shown(text)} is no priority from 0 to 1")
        return None

    def _complain(self, what: str) -> None:
        self._warn(f"entry {self._seen:,}: {what}")


def resolve(text: str, base: str | None) -> str:
    """Make a normal URL of what stands where a URL should.

    White space, quotation marks and invisible characters around it do not count. ``www.example.com/a``, and anything
    that begins with the base's own host, lacks its scheme; ``http//`` lacks its colon; of two schemes in a row the
    second is meant. Other references are relative to ``base``.

    Raises:
        InputError: It is no http(s) URL, or relative without a base.
    """
    cleaned = (text if text.isascii() else _INVISIBLE.sub("", text)).strip()
    if "\n" in cleaned or "\r" in cleaned:
        cleaned = _LINE_BREAK.sub("", cleaned)
    if (twice := _TWO_SCHEMES.match(cleaned)) is not None:
        cleaned = cleaned[twice.end() :]
    try:
        return normalise(cleaned)
    except InputError:
        cleaned = _NO_COLON.sub(r"\1://", cleaned.strip(_QUOTES).strip())
        if _lacks_scheme(cleaned, base):
            scheme = base.partition(":")[0] if base else "https"
            cleaned = f"{scheme}://{cleaned.lstrip('/')}"
        return normalise(cleaned, base)


def looks_like_url(line: str, base: str | None) -> bool:
    """Whether a line of a text file is meant as a URL."""
    text = line.strip().strip(_QUOTES)
    return bool(_ABSOLUTE.match(text)) or _lacks_scheme(text, base) or (base is not None and text.startswith("/"))


def _lacks_scheme(text: str, base: str | None) -> bool:
    if text.startswith("//"):
        return len(text) > len("//")
    if _HAS_SCHEME.match(text) or not _BARE_HOST.match(text):
        return False
    if text[:4].lower() == "www.":
        return True
    try:
        return base is not None and domain_of(text) == domain_of(host_of(base))
    except InputError:
        return False


def _url_of_last_resort(fields: dict[str, str]) -> str | None:
    """Text in an entry without a loc, or an identity that is a URL (RSS: guid, rdf:about; Atom: id)."""
    candidates = (fields.get(TEXT, ""), fields.get(IDENTITY, ""), fields.get(ABOUT, ""))
    return next((text for text in candidates if _ABSOLUTE.match(text.strip())), None)


def _shown(text: str) -> str:
    return repr(text.strip()[:60])
