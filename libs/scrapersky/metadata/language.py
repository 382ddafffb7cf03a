"""The language of a page as a BCP 47 tag: declared where it is, recognised by its commonest words where not."""

import re
from collections import Counter

from scrapersky.metadata.document import Document
from scrapersky.metadata.items import Graph
from scrapersky.metadata.text import words

_TAG = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|\d{3}))?(?:[-_].*)?", re.IGNORECASE)
_NAMES = {
    "english": "en",
    "german": "de",
    "deutsch": "de",
    "french": "fr",
    "français": "fr",
    "spanish": "es",
    "español": "es",
    "italian": "it",
    "italiano": "it",
    "dutch": "nl",
    "nederlands": "nl",
    "portuguese": "pt",
    "português": "pt",
    "polish": "pl",
    "russian": "ru",
    "swedish": "sv",
    "danish": "da",
    "japanese": "ja",
    "chinese": "zh",
}
_CODES = words(
    """aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en
    eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik in io is it iu iw
    ja ji jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na
    nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so
    sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"""
)
# What is written for a language but names a country.
_MISTAKES = {"jp": "ja", "cn": "zh", "cz": "cs", "dk": "da", "gr": "el", "ua": "uk"}
_NO_LANGUAGE = frozenset({"und", "mul", "zxx", "mis"})
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("ka", re.compile("[\u10a0-\u10ff]")),
    ("hy", re.compile("[\u0530-\u058f]")),
)
_COMMON = {
    "en": "the and of to in for you your our with is are we on that this from at be all us have it more",
    "de": "und der die das für mit ist sie wir von den im ein eine auf zu ihre uns auch sich werden nicht bei unsere",
    "fr": "et de la le les des pour vous votre nous notre dans une est sur avec du en plus par au nos vos qui",
    "es": "y de la el los las para que en con una por su nuestro nuestra del es más se un sus como al",
    "it": "e di il la per che con una del della sono un nostro nostra dei le nel più alla è gli si da",
    "pt": "e de o a os as para que em com uma por seu nossa nosso da do é mais não um na no dos você",
    "nl": "en de het een van voor met is wij in op uw ons onze te zijn dat bij ook of naar aan u",
    "pl": "i w z na do się jest dla nie to oraz od o jak za po są przez lub nasze naszej co",
    "sv": "och att det i på för en av är med som vi till har din ett du om oss våra den kan",
    "da": "og at det i på for en af er med som vi til har din et du om os vores den kan",
    "nb": "og at det i på for en av er med som vi til har din et du om oss våre den kan ikke",
    "fi": "ja on ei se että tai myös ovat kun sekä meidän voit jos mutta niin ole kuin",
    "cs": "a v na je se s pro že do o z jsou nebo ale jako naše vaše jsme které by podle",
    "hu": "és a az egy hogy nem is van vagy meg csak ha mint minden még már által ez",
    "ro": "și de la în cu pentru este o un din pe care sunt noastre mai nu sau prin ale",
    "tr": "ve bir için ile bu de da en olarak çok daha olan veya size sizin gibi kadar",
    "ru": "и в на не с что по для к из от мы вы как это или до при за у все вам",  # noqa: RUF001
    "uk": "і в на не з що до та для від ми ви як це або при за у всі вам є",  # noqa: RUF001
    "bg": "и на за от с да се в по не са или като към ще ни е до при",  # noqa: RUF001
}
_WORDS = {language: words(common) for language, common in _COMMON.items()}
_WORD = re.compile(r"[^\W\d_]+")
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
SAMPLE = 20_000
MIN_HITS = 8


def language(document: Document, graph: Graph) -> str | None:
    """The page's language, e.g. ``en``, ``de-AT``, ``zh-Hant-TW``.

    In this order: the ``lang`` attribute of ``<html>`` (or ``<body>``), ``<meta http-equiv=content-language>``, the
    Content-Language header, other metas, Open Graph's locale, schema.org's ``inLanguage``, then the text itself.
    """
    body = document.root.find("body")
    elements = [document.root] if body is None else [document.root, body]
    declared = [element.get(key) for element in elements for key in ("lang", "xml:lang", _XML_LANG)]
    declared += [document.meta("content-language"), document.headers.get("content-language")]
    declared += [
        document.meta("language"),
        document.meta("dc.language", "dcterms.language"),
        document.meta("og:locale"),
    ]
    declared += [item.text("inLanguage") for item in graph.all[:200]]
    return next(filter(None, map(tag, declared)), None) or recognise(document.text)


def tag(written: str | None) -> str | None:
    """A BCP 47 tag in its usual case, from how pages write it (``en_us``, ``EN``, ``English``), or None."""
    first = re.split(r"[,;\s]", (written or "").strip()[:100])[0].lower()
    if first in _NAMES:
        return _NAMES[first]
    match = _TAG.fullmatch(first)
    if match is None:
        return None
    primary, script, region = match.groups()
    primary = _MISTAKES.get(primary, primary)
    if primary in _NO_LANGUAGE or (len(primary) == 2 and primary not in _CODES):  # noqa: PLR2004
        return None
    parts = (primary, script and script.title(), region and region.upper())
    return "-".join(part for part in parts if part)


def recognise(text: str) -> str | None:
    """The language of a text by its script, or by its commonest words; None where neither is telling."""
    sample = text[:SAMPLE]
    for name, script in _SCRIPTS:
        if len(script.findall(sample)) > max(20, len(sample) // 10):
            return name
    counts = Counter(_WORD.findall(sample.lower()))
    hits = {name: sum(counts[word] for word in common) for name, common in _WORDS.items()}
    best, second = sorted(hits, key=hits.__getitem__, reverse=True)[:2]
    telling = hits[best] >= MIN_HITS and hits[best] * 10 > counts.total() and hits[best] * 10 > hits[second] * 11
    return best if telling else None
