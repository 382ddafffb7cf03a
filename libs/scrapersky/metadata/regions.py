"""Which countries' national phone numbers a page may use, by its address, domain and language: best evidence first."""

import re

import phonenumbers

from scrapersky.metadata.document import Document
from scrapersky.metadata.items import Graph
from scrapersky.metadata.schema_org import countries
from scrapersky.metadata.text import unique, words
from scrapersky.web.urls import host_of

# Country suffixes that businesses anywhere take for their sound.
_SOUNDS = frozenset({"ai", "am", "cc", "co", "fm", "gg", "gl", "io", "la", "ly", "me", "sh", "to", "tv", "ws"})

_SUFFIX_REGIONS = {"uk": "GB", "eu": "", "su": "RU"}
_LANGUAGE_REGIONS = dict(
    pair.split(":")
    for pair in words(
        """ar:AE az:AZ bg:BG bn:BD bs:BA ca:ES cs:CZ cy:GB da:DK de:DE el:GR en:US es:ES et:EE eu:ES fa:IR fi:FI fr:FR
    ga:IE gl:ES he:IL hi:IN hr:HR hu:HU hy:AM id:ID is:IS it:IT ja:JP ka:GE kk:KZ ko:KR lb:LU lt:LT lv:LV mk:MK
    ms:MY mt:MT nb:NO nl:NL nn:NO no:NO pl:PL pt:PT ro:RO ru:RU sk:SK sl:SI sq:AL sr:RS sv:SE th:TH tr:TR uk:UA
    ur:PK vi:VN zh:CN"""
    )
)
_COUNTRY_NAMES = {
    name: region
    for region, names in {
        "US": "united states;united states of america;usa;u.s.a.;u.s.;vereinigte staaten;estados unidos;états-unis",
        "GB": "united kingdom;uk;great britain;england;scotland;wales;northern ireland",
        "DE": "germany;deutschland;allemagne;alemania",
        "AT": "austria;österreich;oesterreich",
        "CH": "switzerland;schweiz;suisse;svizzera",
        "FR": "france;frankreich;francia",
        "ES": "spain;españa;espana",
        "IT": "italy;italia",
        "PT": "portugal",
        "NL": "netherlands;the netherlands;nederland;niederlande",
        "BE": "belgium;belgië;belgique;belgien",
        "IE": "ireland;éire",
        "CA": "canada;kanada",
        "AU": "australia",
        "NZ": "new zealand",
        "IN": "india",
        "ZA": "south africa",
        "MX": "mexico;méxico",
        "BR": "brazil;brasil",
        "PL": "poland;polska",
        "CZ": "czech republic;czechia;česko;česká republika",
        "DK": "denmark;danmark",
        "SE": "sweden;sverige",
        "NO": "norway;norge",
        "FI": "finland;suomi",
        "JP": "japan;日本",
        "SG": "singapore",
        "AE": "united arab emirates;uae",
        "TR": "turkey;türkiye",
        "GR": "greece;ελλάδα",
        "HU": "hungary;magyarország",
        "RO": "romania;românia",
        "AR": "argentina",
        "CL": "chile",
        "CO": "colombia",
    }.items()
    for name in names.split(";")
}
# How addresses end in countries whose sites often live under .com and are in English.
_POSTAL_CODES = {
    "US": re.compile(
        r"\b(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]"
        r"|T[NX]|UT|V[AT]|W[AIVY]),? \d{5}\b"
    ),
    "GB": re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}\b"),
    "CA": re.compile(r"\b(?:ON|QC|BC|AB|MB|SK|NS|NB|NL|PE),? [A-Z]\d[A-Z] \d[A-Z]\d\b"),
    "AU": re.compile(r"\b(?:NSW|VIC|QLD|TAS|ACT),? \d{4}\b"),
    "IE": re.compile(r"\b(?:Co\.|County|Dublin)[^\n]{0,30} [AC-FHKNPRTV-Y]\d[\dW] [\dAC-FHKNPRTV-Y]{4}\b"),
    "IN": re.compile(r"\b(?:India|Maharashtra|Karnataka|Delhi|Gujarat|Tamil Nadu)[^\n]{0,12} \d{3} ?\d{3}\b"),
}
_INTERNATIONAL = re.compile(r"(?:\+|tel:(?:\+|%2B|00)|wa\.me/\+?)\s?(\d{1,3})", re.IGNORECASE)


def regions(document: Document, graph: Graph, language: str | None) -> list[str]:
    """ISO 3166 codes, the likeliest first; never empty: the country of the language, or US, where nothing says more."""
    suffix = host_of(document.url).rpartition(".")[2]
    found = [_region(country) for country in countries(graph)]
    if suffix not in _SOUNDS:
        found.append(_region(suffix))
    found.append(_region((document.meta("geo.region") or "").partition("-")[0]))
    is_placed = any(found)
    found += [_of_tag(language), _of_tag(document.meta("og:locale")), *_alternate(document)]
    found += map(_region, _dialled(document))
    if not is_placed:  # templates say en-US wherever they are used
        text = document.text[:200_000]
        found += [region for region, ending in _POSTAL_CODES.items() if ending.search(text)]
    known = unique([region for region in found if region], 4)
    return known or [_LANGUAGE_REGIONS.get((language or "en").partition("-")[0], "US")]


def _region(country: str) -> str:
    name = country.strip().lower()
    code = _SUFFIX_REGIONS.get(name, _COUNTRY_NAMES.get(name, name.upper()))
    return code if code in phonenumbers.SUPPORTED_REGIONS else ""


def _of_tag(tag: str | None) -> str:
    return _region(re.split("[-_]", tag)[-1]) if tag and re.search("[-_]", tag) else ""


def _alternate(document: Document) -> list[str]:
    tags = [link.attributes.get("hreflang", "") for link in document.links if link.url == document.url]
    return [_of_tag(tag) for tag in tags if tag]


def _dialled(document: Document) -> list[str]:
    hrefs = " ".join(href for href in document.anchors if href[:4].lower() == "tel:" or "wa.me" in href)
    codes = [int(code[:length]) for code in _INTERNATIONAL.findall(hrefs[:5000]) for length in (1, 2, 3)]
    return [
        phonenumbers.region_code_for_country_code(code)
        for code in codes
        if code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    ]
