"""E-mail addresses as sites hide them from robots, made plain; what comes out is a candidate, not yet an address."""

import base64
import binascii
import codecs
import html
import re
from collections.abc import Iterator
from itertools import chain, islice
from urllib.parse import unquote

from scrapersky.metadata.document import Document
from scrapersky.metadata.scripts import MAX_SCRIPT, built_texts
from scrapersky.metadata.text import words

MAX_FINDS = 300

_AT_WORDS = (
    "at|ät|@|\uff20|arroba|arobase|arobas|chez|chiocciola|apenstaartje|klammeraffe|małpa|malpa|zavináč|zavinac|kukac"
    "|snabel-?a|alfakrøll|kurukkukaku|собака|ατ|παπάκι|アット|アットマーク"
)
_DOT_WORDS = "dot|punkt|punto|point|ponto|punt|kropka|tečka|tecka|pont|prick|nokta|piste|точка|τελεία|ドット|\\.|·"
_AT = rf"[\[({{<|*_]\s*+(?:{_AT_WORDS})\s*+[\])}}>|*_]"
_DOT = (
    rf"(?:\s*[\[({{<|*_]\s*+(?:{_DOT_WORDS})\s*+[\])}}>|*_]\s*|\s+(?:dot|punkt|punto|point|ponto|kropka)\s+"
    r"|\s-dot-\s|\.(?=\w))"
)
_NAME = r"[a-z0-9À-ɏ_+-]{1,64}"
_LABEL = r"[a-z0-9À-ɏ-]{1,63}"
_LEFT = re.compile(rf"({_NAME}(?:{_DOT}{_NAME}){{0,4}})$", re.IGNORECASE)
_RIGHT = re.compile(rf"\s*({_LABEL}(?:{_DOT}{_LABEL}){{1,4}})", re.IGNORECASE)
_BRACKETED_AT = re.compile(_AT, re.IGNORECASE)
# What is rarer is looked for only where its sign is: a pattern that begins with a class of characters is found fast.
_RARER_AT = {
    "-at-": re.compile(r"(?<=\s)-at-(?=\s)"),
    "(a)": re.compile(r"(?<=\w)\(a\)(?=\w)"),
    "[a]": re.compile(r"(?<=\w)\[a\](?=\w)"),
    "@": re.compile(rf"@\s?(?={_LABEL}\s?[\[({{<]\s?(?:{_DOT_WORDS})\s?[\])}}>])", re.IGNORECASE),
}
_BRACKETED_DOT = re.compile(_DOT, re.IGNORECASE)
# "info at acme dot com": plain words count only where both are there.
_SPOKEN = re.compile(
    rf"(?<![\w.])({_NAME}(?:\.{_NAME}){{0,3}})\s+at\s+({_LABEL}(?:\s+dot\s+{_LABEL}){{1,3}})(?!\w)", re.IGNORECASE
)
_NO_NAMES = words(
    """me us him her them it you we work meet look find visit here online more shop order book is are am be available
    located website site page store open seen live read see go sign click check lodge stay eat buy apply start"""
)
_SPOKEN_DOTS = (" dot ", " DOT ", " Dot ")
_LABELLED = re.compile(
    r"[MmCc](?:ail|AIL|orreo|ourriel)\s?+(?:us|address)?\s?+[:\-\u2013]?\s?+"
    r"([\w+-]{1,64}(?:\.[\w+-]{1,64}){0,3})\s?+(?:@|\sat\s)\s?+([\w-]{1,63}(?:\.[\w-]{1,63}){1,3})"
)
# "info @ acme.com" is an address, "find us @ acme.com" is none.
_SPACED_AT = re.compile(rf"@\s{{0,2}}({_LABEL}(?:\.{_LABEL}){{1,3}})", re.IGNORECASE)
_ROLES = words(
    """info mail e-mail email contact kontakt contacto contato office buero hello hallo hola sales service support admin
    enquiries inquiries booking bookings reservations reception help team post"""
)
_TYPO3 = re.compile(r"linkTo_UnCryptMailto\((?:'|%27|\\?\")([^'\"\\)%]{6,200})")
_TYPO3_RANGES = ((0x2B, 0x3A), (0x40, 0x5A), (0x61, 0x7A))
_SCRIPTED = re.compile(r"mailto:([^'\"\\\s<>]{5,254})", re.IGNORECASE)
_MAILTO_13 = codecs.encode("mailto:", "rot13")
_ENDING_BACKWARDS = re.compile(r"(?<![\w.@-])[a-z]{2,6}\.[\w.-]{2,80}$")
_NAME_BACKWARDS = re.compile(r"@[\w.-]{1,64}(?![\w@-])")
_DATA_MAIL = re.compile(r"data-(?:[\w-]{1,30}-)?e?-?mail(?:-\w{1,30})?", re.IGNORECASE)
_SETTING = re.compile(
    r"[\"']\w{0,30}e-?mail\w{0,20}[\"']\s?:\s?[\"']([^\"'\s\\]{1,64}@[^\"'\s\\]{4,100})[\"']", re.IGNORECASE
)
_NEVER = re.compile("(?!)")
_BARE = {"href": re.compile(r"[^:/?#]+@[^:/?#]+$"), "action": re.compile("mailto:", re.IGNORECASE)}
_SHOWN = frozenset({"alt", "title", "aria-label"})
_RELAY = re.compile(r"^https?://(?:formsubmit\.co|formspree\.io)/([^/?#]+@[^/?#]+)", re.IGNORECASE)


def cloudflare(code: str) -> str | None:
    """Undo Cloudflare's e-mail protection: hexadecimal bytes, each XORed with the first."""
    try:
        key, *secret = bytes.fromhex(code.strip()[:1000])
    except ValueError:
        return None
    return bytes(byte ^ key for byte in secret).decode("utf-8", "replace")


def typo3(secret: str) -> str | None:
    """Undo TYPO3's spam protection: a shift within three ranges of characters, by an offset that each site sets."""
    plain = (_shift(secret, offset) for offset in range(-26, 27))
    return next((text[7:] for text in plain if text.startswith("mailto:")), None)


def hidden(document: Document) -> Iterator[str]:
    """Candidates from attributes and links that are meant to be decoded by a script."""
    root = document.root
    for code in _attributes(document, "data-cfemail"):
        yield cloudflare(code) or ""
    for href in document.anchors:
        if "/cdn-cgi/l/email-protection#" in href:
            yield cloudflare(href.partition("#")[2]) or ""
        elif call := _TYPO3.search(href):
            yield typo3(html.unescape(call.group(1))) or ""
    for secret in _attributes(document, "data-mailto-token"):
        yield typo3(secret) or ""
    for secret in _attributes(document, "data-enc-email"):
        yield codecs.decode(secret.replace("[at]", "@"), "rot13")
    for element in islice(root.iter("joomla-hidden-mail"), MAX_FINDS):
        yield f"{_base64(element.get('first'))}@{_base64(element.get('last'))}"
    for element in islice(root.iter("a", "span"), MAX_FINDS * 10):
        domain, suffix = element.get("data-domain"), element.get("data-tld")
        name = element.get("data-name") or element.get("data-user")
        if name and domain:
            yield f"{name}@{domain}.{suffix}" if suffix else f"{name}@{domain}"


def spelled_out(text: str) -> Iterator[str]:
    """Candidates from running text: ``info [at] acme [dot] com`` and its kin in a dozen languages."""
    patterns = [_BRACKETED_AT, *(pattern for sign, pattern in _RARER_AT.items() if sign in text)]
    for at in islice(chain.from_iterable(pattern.finditer(text) for pattern in patterns), MAX_FINDS):
        left = _LEFT.search(text[max(0, at.start() - 90) : at.start()].rstrip())
        right = _RIGHT.match(text[at.end() : at.end() + 160])
        if left and right:
            yield f"{_dotted(left.group(1))}@{_dotted(right.group(1))}"
    spoken_text = text if any(dot in text for dot in _SPOKEN_DOTS) else ""
    for spoken in islice(_SPOKEN.finditer(spoken_text), MAX_FINDS):
        if spoken.group(1).lower() not in _NO_NAMES:
            yield f"{spoken.group(1)}@{_dotted(spoken.group(2))}"
    for labelled in islice(_LABELLED.finditer(text), MAX_FINDS):
        yield f"{labelled.group(1)}@{labelled.group(2)}"
    for spaced in islice(_SPACED_AT.finditer(text), MAX_FINDS):
        before = text[max(0, spaced.start() - 20) : spaced.start()]
        name = before.split()[-1:]
        if name and before[-1].isspace() and name[0].lower() in _ROLES:
            yield f"{name[0]}@{spaced.group(1)}"


def attributed(document: Document) -> Iterator[tuple[bool, str]]:
    """Candidates from attributes other than mailto links; whether each is a reference rather than words."""
    if not _has_in_tags(document.source, "@"):
        return
    found = document.root.xpath("//@*[contains(., '@')]")
    for value in islice(found if isinstance(found, list) else (), MAX_FINDS):
        name, text = str(getattr(value, "attrname", "")), str(value)[:1000].strip()
        if name in _SHOWN:
            yield False, text
        elif name == "onclick" or (name == "href" and text[:11].lower() == "javascript:"):
            yield from ((True, each) for each in _of_script(text))
        elif name == "action" and (relayed := _RELAY.match(text)):
            yield True, relayed.group(1)
        elif _DATA_MAIL.fullmatch(name) or _BARE.get(name, _NEVER).match(text):
            yield True, text


def _has_in_tags(source: str, sign: str) -> bool:
    # Asking the tree is ten times dearer, and on most pages the sign is in scripts and text alone.
    position = -1
    for _ in range(MAX_FINDS):
        position = source.find(sign, position + 1)
        if position < 0:
            return False
        if source.rfind("<", 0, position) > source.rfind(">", 0, position):
            return True
    return True


def scripted(document: Document) -> Iterator[str]:
    """Candidates from inline scripts that write addresses: texts joined, reversed or decoded, and ``mailto:``."""
    for script in document.root.iter("script"):
        if script.text and "json" not in (script.get("type") or ""):
            yield from _of_script(script.text)


def doubtful(document: Document) -> Iterator[str]:
    """Candidates that only the site's own domain makes likely: text turned around by styles, settings in scripts."""
    text = document.text
    for name in islice(_NAME_BACKWARDS.finditer(text), MAX_FINDS):
        if ending := _ENDING_BACKWARDS.search(text[max(0, name.start() - 90) : name.start()]):
            yield (ending.group() + name.group())[::-1]
    for script in document.root.iter("script"):
        code = script.text or ""
        if "@" in code and ("mail" in code or "Mail" in code):
            yield from islice(_SETTING.findall(code[:MAX_SCRIPT]), MAX_FINDS)


def _of_script(script: str) -> Iterator[str]:
    for text in islice(built_texts(script), MAX_FINDS):
        if "@" in (plain := html.unescape(text)):
            yield plain
    if "mailto:" in script:
        yield from map(unquote, islice(_SCRIPTED.findall(script[:MAX_SCRIPT]), MAX_FINDS))
    if _MAILTO_13 in script:
        yield from islice(_SCRIPTED.findall(codecs.decode(script[:MAX_SCRIPT], "rot13")), MAX_FINDS)


def _attributes(document: Document, name: str) -> list[str]:
    if name not in document.source:
        return []
    found = document.root.xpath(f"//@{name}", smart_strings=False)
    return [str(value)[:1000] for value in found[:MAX_FINDS]] if isinstance(found, list) else []


def _dotted(text: str) -> str:
    return _BRACKETED_DOT.sub(".", text)


def _shift(secret: str, offset: int) -> str:
    out = []
    for character in secret:
        code = ord(character)
        start, end = next((limits for limits in _TYPO3_RANGES if limits[0] <= code <= limits[1]), (code, code))
        out.append(chr(start + (code - start + offset) % (end - start + 1)))
    return "".join(out)


def _base64(text: str | None) -> str:
    try:
        return base64.b64decode(text or "", validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
