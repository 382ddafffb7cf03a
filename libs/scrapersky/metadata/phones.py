"""Phone numbers of a page in E.164: links, structured facts, text; no dates, prices, register numbers or coordinates.

Numbers are judged by libphonenumber's tables (phonenumberslite), in the regions that `regions.regions` finds.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote

import phonenumbers
from phonenumbers import Leniency, PhoneNumber, PhoneNumberFormat, PhoneNumberMatch, PhoneNumberMatcher

from scrapersky.metadata.document import Document, text_of
from scrapersky.metadata.items import Graph

MAX_RUNS = 300
MAX_SEARCHES = 30
MAX_LINKS = 300
MAX_PHONES = 20
MAX_RUN = 200
_CONTEXT = 40

LINKED, WRITTEN = range(2)
"""How sure a number is: a link or structured fact; plain text."""

# Digits with what people put between them, on one line.
_RUN = re.compile(r"\d(?:[ ().\-\u2010-\u2015\u2212/·•\[\]+\u3000\uff08\uff09\uff0b\uff0d\uff0e]{0,4}\d){6,}+")
_EXTENSION = re.compile(r"[ ,;]{0,3}(?:ext(?:ension|n)?|x|durchwahl|poste|anexo|int)[.:]? ?\d{1,6}\b", re.IGNORECASE)
_CLINGING = re.compile(r"[\w$€£¥#@=%~]$|\d[.,:]$")
_PHONE = re.compile(
    r"tel|phone|call|fon|tél|t[eé]l[eé]f|mob|cell|handy|hotline|toll|whats|text us|sms|dial|ring|☎|✆|☏|📞|📱|📲"
    r"|电话|電話"
    r"|전화|тел|τηλ|هاتف|\b[tmp] ?[:.|]\s*$|puh\b|nazovite|zadzwoń|ligue|llám|appel",
    re.IGNORECASE,
)
_FAX = re.compile(
    r"(?:\b(?:tele)?fax|faks|φαξ|факс|\bf ?[:.])[^\w\n]{0,6}(?:n(?:o|r|um)?[.:°]{0,2})?[\s:.|()+-]{0,6}$", re.IGNORECASE
)
_TEL_AND_FAX = re.compile(r"(?:tel|phone|fon)\w*\.?\s?(?:/|&|und|and|\+|y|et)\s?(?:tele)?fax", re.IGNORECASE)
_REGISTER = re.compile(
    r"(?:\b(?:id|nr|no|num|number|ref|order|invoice|sku|isbn|issn|ean|upc|gtin|asin|vat|btw|mwst|tva|iva|tax|hr[ab]|rcs|siret"
    r"|siren|kvk|cif|nif|nip|regon|krs|abn|acn|arbn|crn|company|reg\w*|licen[cs]e|lic|permit|bbb|ein|npi|usdot|iban|bic|account"
    r"|konto\w*|blz|card|lat|lng|lon\w*|latitude|coord\w*|gps|zip|cnpj|cpf|gst\w*|charity|version|ust\w*|steuer\w*|uid\w*|orgnr"
    r"|cvr|ičo|dič|oib|inn|инн|огрн|кпп)|#|№)[\s.:#°/-]{0,5}$",
    re.IGNORECASE,
)
_MONEY_AFTER = re.compile(
    r"^\s?(?:€|\$|£|¥|%|eur\b|usd\b|gbp\b|chf\b|zł|kč|kr\b|km\b|kg\b|mm\b|m²|m2\b|sq)", re.IGNORECASE
)
_NO_NUMBER = re.compile(
    r"-?\d{1,3}\.\d{4,}.*|(?!(?:\d\d\.?){4}$)\d{1,3}(?:\.\d{1,3}){3}|(?:(?:19|20)\d\d[ \-\u2013/.]{1,3})+(?:19|20)\d\d"
    r"|\d{1,2}\.\d\d ?[-\u2013] ?\d{1,2}\.\d\d.*|\d{1,2}([./-])\d{1,2}\1(?:19|20)?\d\d\b(?!\1\d).*"
    r"|(?:19|20)\d\d[./-]\d\d[./-]\d\d\b.*"
)
# What libphonenumber does not take for a separator, and what East Asian keyboards write.
_PLAIN = str.maketrans("·•\uff08\uff09\uff0d\uff0b\uff0e\u3000", "..()-+. ")
_MESSENGER = re.compile(
    r"(?:wa\.me/|t\.me/\+|whatsapp\.com/send/?\?(?:.*&)?phone=|whatsapp:/{0,2}send/?\?(?:.*&)?phone="
    r"|viber:/{0,2}\w{3,8}/?\?(?:.*&)?number=)(?:\+|%2B)?(\d{7,15})(?!\w)",
    re.IGNORECASE,
)
_DIALLED = re.compile(r"^\s*(?:tel(?:ephone)?|callto|sms|phone|fax|skype|facetime(?:-audio)?):/{0,2}", re.IGNORECASE)
_CARRIERS = ("onclick", "data-href", "data-phone", "data-phone-number", "data-tel", "data-telephone")
_ONCLICK = "//@onclick[contains(., 'tel:')]"
_DIALS = re.compile(r"tel:([+\d().\s-]{5,30})")
# Area codes of toll-free numbers in North America, and words in capitals.
_VANITY = re.compile(
    r"(8(?:00|33|44|55|66|77|88))\)?[-. ]"
    r"((?=[\dA-Z-]{7})[\d-]{0,5}[A-Z]{3,8}(?:-[A-Z\d]{1,8}){0,2})(?![\w-])"
)
_BEFORE_VANITY = re.compile(r"(?:^|[^\w-])(?:1[-. ])?\(?$")
_NORTH_AMERICA = frozenset({"US", "CA"})
_LABELS = ('alt="', 'aria-label="')
_THREE_DIGITS = re.compile(r"\d{3}")
_NANP = re.compile(r"(?:\+?1[ .\-/\u2010-\u2013]{0,3})?[(\[]?\d{3}[)\]]?\D{0,3}\d{3}\D{0,3}\d{4}(?!\d).*", re.DOTALL)
_GLUED_WORD = re.compile(r"[A-Z][a-z]")
_FAX_AFTER = re.compile(r"\s?\((?:tele)?fax\)", re.IGNORECASE)
_METAS = frozenset({"telephone", "phone", "og:phone_number", "business:contact_data:phone_number", "place:phone"})
_MADE_UP = re.compile(r"0?1?2?34567890?|(\d)\1{6,}|1?(\d)\2{2}(\d)\3{2}\3{4}")


@dataclass(frozen=True)
class Phone:
    """A number in E.164, how sure it is, its extension if it was written with one, and whether it is a fax's."""

    number: str
    tier: int
    extension: str | None = None
    is_fax: bool = False


def phones(document: Document, graph: Graph, regions: list[str]) -> list[Phone]:
    """Every number of a page, surest first; numbers may repeat."""
    text = document.text + _labels(document)
    found = [*_linked(document, graph, regions), *_written(text, regions)]
    if not _NORTH_AMERICA.isdisjoint(regions):
        found += _vanity(text)
    return sorted(found, key=lambda phone: phone.tier)


def ranked(found: list[Phone]) -> tuple[list[str], list[str], dict[str, str]]:
    """The numbers of several pages, surest first, each once; then fax numbers, then extensions by number.

    A number that is a fax's in one place and a phone's in another is a phone's.
    """
    found = sorted(found, key=lambda phone: phone.tier)
    voice = dict.fromkeys(phone.number for phone in found if not phone.is_fax)
    fax = dict.fromkeys(phone.number for phone in found if phone.is_fax and phone.number not in voice)
    extensions = {phone.number: phone.extension for phone in found if phone.extension and phone.number in voice}
    return list(voice)[:MAX_PHONES], list(fax)[:MAX_PHONES], dict(list(extensions.items())[:MAX_PHONES])


def _linked(document: Document, graph: Graph, regions: list[str]) -> Iterator[Phone]:
    dialled = [href for href in document.anchors if _DIALLED.match(href)]
    for href in dialled[:MAX_LINKS]:
        label = text_of(document.anchors[href], 60) or ""
        is_fax = href[:4].lower() == "fax:" or bool(re.search("fax", label, re.IGNORECASE) and not _PHONE.search(label))
        yield from _read(_DIALLED.sub("", href), regions, is_fax=is_fax)
    for text in _attributes(document):
        yield from _read(text, regions)
    for number in islice(
        (match.group(1) for href in document.anchors if (match := _MESSENGER.search(href[:500]))), MAX_LINKS
    ):
        yield from _read(f"+{number}", regions)
    for item in graph.all:
        for name in ("telephone", "faxNumber"):
            for text in item.texts(name)[:5]:
                yield from _read(text, regions, is_fax=name == "faxNumber")
    for name, content in document.metas:
        if name in _METAS:
            yield from _read(content[:100], regions)


def _labels(document: Document) -> str:
    # What images and icons say instead of the text beside them: "Call us at 512-555-0142".
    labels = (text for name in _LABELS for text in _values(document.source, name) if _THREE_DIGITS.search(text))
    return "".join(f"\n{html.unescape(text)}" for text in islice(labels, MAX_LINKS) if _PHONE.search(text))


def _values(source: str, name: str) -> Iterator[str]:
    position = source.find(name)
    while position >= 0:
        start = position + len(name)
        end = source.find('"', start, start + MAX_RUN)
        yield source[start : max(start, end)]
        position = source.find(name, start)


def _vanity(text: str) -> Iterator[Phone]:
    for match in islice(_VANITY.finditer(text), MAX_SEARCHES):
        if not _BEFORE_VANITY.search(text[max(0, match.start() - 4) : match.start()]):
            continue
        digits = phonenumbers.convert_alpha_characters_in_number(match.group(2)).replace("-", "")
        if phone := _checked(phonenumbers.parse(f"+1{match.group(1)}{digits[:7]}"), WRITTEN, is_fax=False):
            yield phone


def _attributes(document: Document) -> list[str]:
    if not any(word in document.source for word in _CARRIERS):
        return []
    path = " | ".join((_ONCLICK, *(f"//@{name}" for name in _CARRIERS[1:])))
    found = document.root.xpath(path, smart_strings=False)
    texts = [str(text).strip() for text in (found if isinstance(found, list) else [])[:MAX_LINKS]]
    dialled = [_DIALS.search(text) for text in texts]
    return [match.group(1) if match else text for match, text in zip(dialled, texts, strict=True)]


def _read(text: str, regions: list[str], *, is_fax: bool = False) -> Iterator[Phone]:
    # What follows a comma is dialled after a pause: an extension.
    text = re.sub(",+", ";ext=", unquote(text.partition("?")[0]), count=1)
    text = re.sub(r"^\s*00(?=[1-9])", "+", text)  # the international prefix of most countries
    for region in regions:
        try:
            number = phonenumbers.parse(text[:200], region)
        except phonenumbers.NumberParseException:
            continue
        if phone := _checked(number, LINKED, is_fax=is_fax):
            yield phone
            return


def _written(text: str, regions: list[str]) -> Iterator[Phone]:
    shortest = min(map(_shortest, regions))
    seen: set[str] = set()
    searches = MAX_SEARCHES
    for run in islice(_RUN.finditer(text), MAX_RUNS):
        start, end = _opening(text, run.start()), min(run.end(), run.start() + MAX_RUN)
        extension = _EXTENSION.match(text, end)
        window = text[start : extension.end() if extension else end].translate(_PLAIN)
        is_abroad = window.startswith("00")  # the international prefix of most countries
        if is_abroad:
            window = " +" + window[2:]
        digits = sum(map(str.isdigit, window))
        before = text[max(0, start - _CONTEXT) : start]
        if window in seen or digits < shortest or not (_is_named(before) or "+" in window or not window.isdigit()):
            continue
        # A run that is no number may hold one; looking for it is dear, so it must be likely.
        searches -= digits > shortest
        tries = 10 if digits > shortest and searches > 0 else 1
        for match in _matches(window, regions, tries):
            began = start + match.start - is_abroad
            before = text[max(0, began - _CONTEXT) : began]
            after = text[start + match.end : start + match.end + 10]
            is_fax = _is_fax(before) or bool(_FAX_AFTER.match(after))
            is_shown = _is_phone(match, before, after)
            if is_shown and (phone := _checked(match.number, WRITTEN, is_fax=is_fax)):
                seen.add(window)
                yield phone


def _opening(text: str, start: int) -> int:
    # Where a "+" or bracket before the first digit stands: a pattern that began with them would be tried everywhere.
    while start > 0 and text[start - 1] in "+([\uff0b\uff08":
        start -= 1
    return start


def _shortest(region: str) -> int:
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    described = metadata.general_desc if metadata else None
    return max(7, min(described.possible_length, default=0)) if described else 7


def _matches(window: str, regions: list[str], tries: int) -> list[PhoneNumberMatch]:
    for region in regions:
        if found := list(PhoneNumberMatcher(window, region, leniency=Leniency.VALID, max_tries=tries)):
            return found
    return []


def _is_phone(match: PhoneNumberMatch, before: str, after: str) -> bool:
    raw = match.raw_string
    is_named = _is_named(before)
    is_cut = after[:1].isalnum() and not ((is_named or not raw.isdigit()) and _GLUED_WORD.match(after))
    if is_cut or _NO_NUMBER.fullmatch(raw) or _MONEY_AFTER.match(after):
        return False
    if match.number.country_code == 1 and not _NANP.fullmatch(raw):
        return False
    if is_named:
        return True
    return not (_CLINGING.search(before) or _REGISTER.search(before)) and (raw.startswith("+") or not raw.isdigit())


def _is_named(before: str) -> bool:
    return bool(_PHONE.search(before[-30:]) or _is_fax(before))


def _is_fax(before: str) -> bool:
    return bool(_FAX.search(before) and not _TEL_AND_FAX.search(before))


def _checked(number: PhoneNumber, tier: int, *, is_fax: bool) -> Phone | None:
    national = str(number.national_number)
    if not phonenumbers.is_valid_number(number) or _MADE_UP.fullmatch(national):
        return None
    return Phone(phonenumbers.format_number(number, PhoneNumberFormat.E164), tier, number.extension, is_fax)
