"""E-mail addresses of a page: links, structured facts, text, and what hides from robots.

Syntax is judged by email-validator, without DNS. Addresses that are no one's are left out: images with an ``@2x``,
examples and placeholders, the keys of error trackers, userinfo of URLs, fediverse handles.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote

from email_validator import EmailNotValidError, validate_email

from scrapersky.metadata.document import EDGE, INVISIBLE, Document
from scrapersky.metadata.items import Graph
from scrapersky.metadata.obfuscation import attributed, doubtful, hidden, scripted, spelled_out
from scrapersky.metadata.text import words
from scrapersky.web.urls import host_of, registrable

MAX_CANDIDATES = 1000
MAX_EMAILS = 20

LINKED, WRITTEN, GUESSED = range(3)
"""How sure an address is: a link or structured fact; plain text; text or script that had to be decoded."""

_LOCAL = re.compile(r"[a-z0-9À-ɏ._%+'-]{1,64}$", re.IGNORECASE)
_DOMAIN = re.compile(rf"{EDGE}*([a-z0-9À-ɏ-]{{1,63}}(?:{EDGE}*\.{EDGE}*[a-z0-9À-ɏ-]{{1,63}}){{1,6}})", re.IGNORECASE)
_QUERY = re.compile(r"\?|%3F|&(?=(?:subject|body|b?cc)=)", re.IGNORECASE)
_GLUED_PHONE = re.compile(r"^[\d().+-]{7,}(?=[a-z])", re.IGNORECASE)
_ESCAPED_SPACE = re.compile(r"^(?:%20|u003e|u003c|x3e|mailto:)+", re.IGNORECASE)
_GLUED_SUFFIX = re.compile(r"(\.[a-z]{2,6})[A-Z]\w*$")
_BAIT = re.compile(r"NO-?SPAM|REMOVE-?(?:ME|THIS)|\.invalid$|DELETE-?THIS")
_HASH = re.compile(r"[0-9a-f]{20,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{10,}", re.IGNORECASE)
_FILE = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|avif|bmp|ico|tiff?|css|js|mjs|json|map|woff2?|ttf|eot|mp[34]|webm|pdf|html?|php|xml)$"
)
_DENSITY = re.compile(r"^\d(?:\.\d+)?x\.")
_NOBODYS_DOMAINS = re.compile(
    r"(?:^|\.)(?:example\.[a-z.]+|(?:your|my|some|the)-?(?:domain|site|website|company|business|email|mail"
    r"|name|store|shop)\.[a-z.]+|domain\.(?:com|tld|net|org|ext|name)|e?mail\.(?:tld|ext)|email\.(?:com|de|it|fr|es)|site\.com|website\.com"
    r"|company\.com|business\.com|address\.com|sample\.com|test\.(?:com|de|fr)|domaine?\.fr|beispiel\.de|muster(?:mann|firma)?\.de"
    r"|exemple?\.(?:com|fr|org)|ejemplo\.(?:com|es)|dominio\.(?:com|it|es)|esempio\.(?:com|it)|mysite\.com|host\.com"
    r"|demo\.com|doe\.com|smith\.com|abc\.com|xyz\.com|you\.com|addresshere\.com|mailservice\.com|work-email\.com|b\.com|xxx\.com"
    r"|reallygreatsite\.com|template-help\.com|templatemonster\.com|somewhere\.com|sitename\.com|emailaddress\.com"
    r"|sentry\.(?:io|wixpress\.com)|sentry-next\.wixpress\.com|wixpress\.com|ingest\.[a-z.]*sentry\.io|sentry\.[a-z0-9.-]+"
    r"|bugsnag\.com|rollbar\.com|schema\.org|w3\.org|wordpress\.org|broofa\.com|core-js\.io|localhost\.localdomain)$"
)
_NOBODYS_NAMES = words(
    """you your youremail your.email your-email your_email yourname your.name your-name your_name yourmail youraddress
    username user.name user_name john.doe johndoe john_doe jane.doe janedoe jane_doe max.mustermann maxmustermann
    firstname.lastname first.last firstname lastname name.surname nombre.apellido prenom.nom vorname.nachname
    someone somebody nobody xxx xxxx xxxxx example beispiel exemple ejemplo esempio voorbeeld placeholder dummy foo
    foobar filler mymail demo test tester testing email.address emailaddress youremailaddress votre.email
    votremail tuemail tucorreo ihre.email ihremail"""
)
_FREE_MAIL = words(
    """gmail.com googlemail.com yahoo.com ymail.com hotmail.com outlook.com live.com msn.com aol.com icloud.com me.com
    mac.com protonmail.com proton.me gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de mail.com mail.ru
    yandex.ru yandex.com orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it
    hotmail.co.uk yahoo.co.uk btinternet.com sky.com hotmail.fr yahoo.fr hotmail.de yahoo.de hotmail.es yahoo.es
    comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net bigpond.com optusnet.com.au
    shaw.ca rogers.com sympatico.ca telus.net ziggo.nl kpnmail.nl hetnet.nl seznam.cz wp.pl o2.pl interia.pl onet.pl
    abv.bg ukr.net qq.com 163.com 126.com naver.com rediffmail.com uol.com.br bol.com.br terra.com.br zoho.com
    fastmail.com hey.com tutanota.com"""
)


@dataclass(frozen=True)
class Email:
    """An address and how sure it is (`LINKED`, `WRITTEN` or `GUESSED`)."""

    address: str
    tier: int


def emails(document: Document, graph: Graph) -> list[Email]:
    """Every address of a page in the order of tiers, then of the page; addresses may repeat."""
    host = host_of(document.url)
    found: dict[str, Email] = {}
    for tier, candidate in islice(_candidates(document, graph), MAX_CANDIDATES):
        address = address_of(candidate, host)
        if address and address.lower() not in found:
            found[address.lower()] = Email(address, tier)
    return sorted(found.values(), key=lambda email: email.tier)


def ranked(found: list[Email], url: str) -> list[str]:
    """The addresses of several pages, best first: the site's own domain, free mail, others; then by tier; each once."""
    own = registrable(host_of(url))

    def rank(email: Email) -> tuple[int, int]:
        domain = email.address.rpartition("@")[2]
        whose = 0 if registrable(domain) == own else 1 if domain in _FREE_MAIL else 2
        return whose, email.tier

    first: dict[str, str] = {}
    for email in sorted(found, key=rank):
        first.setdefault(email.address.lower(), email.address)
    return list(first.values())[:MAX_EMAILS]


def address_of(candidate: str, host: str) -> str | None:
    """The address in a candidate, domain in lower case; None where it is none, or no one's.

    Args:
        candidate: Text with an ``@`` and perhaps something clinging to it.
        host: The page's own host: its domain is believed even where no public suffix is known for it.
    """
    candidate = _ESCAPED_SPACE.sub("", candidate.replace(EDGE, "").strip())
    candidate = _BAIT.sub("", _GLUED_SUFFIX.sub(r"\1", candidate)).strip(".,;:<>()[]\"' -\u2019")
    local = _GLUED_PHONE.sub("", candidate.rpartition("@")[0]).strip("'&.%-")
    domain = _known(candidate.rpartition("@")[2].lower().strip("."), host)
    if not (local and domain) or len(candidate) > 254 or _is_nobodys(local.lower(), domain, host):  # noqa: PLR2004
        return None
    try:
        checked = validate_email(f"{local}@{domain}", check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return checked.normalized


def _known(domain: str, host: str) -> str | None:
    # A sentence's next word may cling to the domain: drop labels until the rest ends in a public suffix.
    labels = domain.split(".")
    for end in range(len(labels), 1, -1):
        shorter = ".".join(labels[:end])
        if _FILE.search(shorter):
            return None
        if shorter == host or host.endswith(f".{shorter}") or _has_public_suffix(shorter):
            return shorter
    return None


def _has_public_suffix(domain: str) -> bool:
    below = f"x.{domain}"
    return registrable(below) != below


def _is_nobodys(local: str, domain: str, host: str) -> bool:
    own = domain == host or host.endswith(f".{domain}")
    return bool(
        _HASH.search(local)
        or _DENSITY.match(domain)
        or local in _NOBODYS_NAMES
        or (_NOBODYS_DOMAINS.search(domain) and not own)
    )


def _candidates(document: Document, graph: Graph) -> Iterator[tuple[int, str]]:
    yield from ((LINKED, candidate) for candidate in _referred_to(document, graph))
    text = document.edged_text.replace("\uff20", "@").replace("\uff0e", ".")
    yield from ((WRITTEN, candidate) for candidate in islice(written(text), MAX_CANDIDATES // 2))
    for is_reference, value in attributed(document):
        yield from ((LINKED if is_reference else WRITTEN, each) for each in written(value))
    yield from ((GUESSED, candidate) for candidate in _guessed(document))


def _referred_to(document: Document, graph: Graph) -> Iterator[str]:
    for href in document.anchors:
        if href[:7].lower() == "mailto:":
            yield from recipients(href)
    for candidate in islice(hidden(document), MAX_CANDIDATES):
        yield from recipients(candidate)
    for item in graph.all:
        yield from (each for text in item.texts("email") for each in recipients(text))
    for name, content in document.metas:
        if "email" in name or name in {"reply-to", "author", "contact"}:
            yield content


def _guessed(document: Document) -> Iterator[str]:
    yield from spelled_out(document.text)
    for text in scripted(document):
        yield from written(text)
    own = registrable(host_of(document.url))
    for candidate in doubtful(document):
        domain = candidate.rpartition("@")[2].lower()
        if domain in _FREE_MAIL or registrable(domain) == own:
            yield candidate


def recipients(href: str) -> list[str]:
    """The addresses of a ``mailto:`` URL (RFC 6068): percent-encoded, several, with names, in ``to`` and ``cc``."""
    path, query = (*_QUERY.split(href[:4000], maxsplit=1), "")[:2]
    path = INVISIBLE.sub("", unquote(re.sub(r"^\s*mailto:(?://)?", "", path, flags=re.IGNORECASE)))
    fields = [path] if "@" in path else list(spelled_out(path))
    pairs = [part.partition("=") for part in query.split("&")[:20]]
    fields += [unquote(value) for key, _, value in pairs if key.lower() in {"to", "cc"}]
    return [part.rpartition("<")[2].rstrip("> ") for text in fields for part in re.split(r"[,;]", text) if "@" in part]


def written(text: str) -> Iterator[str]:
    """What stands around every ``@`` of a text and may be an address."""
    position = -1
    while (position := text.find("@", position + 1)) >= 0:
        before = text[max(0, position - 100) : position].rstrip(EDGE)
        local = _LOCAL.search(before)
        domain = _DOMAIN.match(text, position + 1)
        if not (local and domain):
            continue
        run = before.replace(EDGE, "").split()[-1]
        is_handle = before[: local.start()].endswith("@")
        if "://" not in run and not is_handle:
            yield f"{local.group()}@{domain.group(1)}"
