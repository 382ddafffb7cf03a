"""Which pages of a site are worth reading beside its home page: contact, imprint, about, locations."""

import re
from itertools import islice
from urllib.parse import unquote

from scrapersky.errors import InputError
from scrapersky.metadata.document import Document
from scrapersky.web.urls import normalise, same_site

MAX_LINKS = 10
MAX_ANCHORS = 3000
LONGEST_LABEL = 60
MAX_PARTS = 20


def _any_of(patterns: str) -> re.Pattern[str]:
    # Grouped by their first letter they are found three times faster.
    rests: dict[str, list[str]] = {}
    for pattern in patterns.split():
        rests.setdefault(pattern[0], []).append(pattern[1:])
    return re.compile("|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in rests.items()))


# Best first; each looked for in a link's path, then in its text.
_KINDS = (
    """contact kontakt contatt contato contacto get-?in-?touch reach-us ota-?yhteytta yhteystie kapcsolat iletisim
    iletişim elerhetoseg kontakty kontakti επικοινων epikoinonia контакт お問い?合わ?せ otoiawase inquiry
    联系 聯絡 聯繫 lianxi 문의 연락 اتصل צור-קשר ติดต่อ lien-he liên.hệ hubungi""",
    """impressum imprint mentions-?legales mentions.légales aviso-?legal note-?legali colofon legal-notice tokushoho
    特定商取引""",
    """about a-propos à.propos qui-?sommes ue?ber-?uns über.uns wir-ueber wer-wir over-?ons om-?oss om-?os
    chi-?siamo quienes-?somos quiénes.somos sobre nosotros quem-?somos o-?nas o.nás o-?firmie rolunk rólunk
    hakkimizda who-we-are our-company our-story company unternehmen empresa azienda entreprise компании o-nama
    会社概要 会社案内 关于 關於 회사소개 meista tietoa""",
    """locations? find-us visit standort anfahrt sedi sucursales directions our-team team staff store-locator filialen
    agences""",
)
_PATTERNS = tuple(_any_of(kind) for kind in _KINDS)
_ANY = _any_of(" ".join(_KINDS))
_NOT_THESE = re.compile(
    r"^(?:#|mailto:|tel:|javascript:|data:|sms:|callto:|whatsapp:|fax:)|contact-?lens|kontaktlins|/20\d\d/\d\d/"
    r"|\.(?:pdf|jpe?g|png|gif|svg|webp|docx?|zip|vcf|ics|xml|css|js)(?:[?#]|$)"
    r"|/(?:wp-json|feed|tag|category|author|cart|login)/",
    re.IGNORECASE,
)


def contact_links(document: Document) -> list[str]:
    """URLs of the site's contact and about pages that the page links to, best first, each once."""
    ranked: dict[str, tuple[int, int]] = {}
    for href, element in islice(document.anchors.items(), MAX_ANCHORS):
        path = unquote(href).partition("?")[0].lower()
        if not _ANY.search(path):
            label = "".join(islice(element.itertext(), MAX_PARTS)).strip().lower()
            if len(label) > LONGEST_LABEL or not _ANY.search(label):
                continue
            rank = _rank(label), path.count("/")
        else:
            # The shallowest page of a kind is the general one: /contact rather than /contact/careers.
            rank = _rank(path), path.rstrip("/").count("/")
        url = None if _NOT_THESE.search(href) else document.absolute(href)
        if url and _is_another_page(url, document.url):
            ranked[url] = min(rank, ranked.get(url, rank))
    return sorted(ranked, key=ranked.__getitem__)[:MAX_LINKS]


def _rank(text: str) -> int:
    return next(rank for rank, pattern in enumerate(_PATTERNS) if pattern.search(text))


def _is_another_page(url: str, own: str) -> bool:
    try:
        return same_site(url, own) and url != normalise(own)
    except InputError:
        return False
