"""How pages are decoded and parsed: the WHATWG's order of evidence, and no page that costs more than its size."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapersky.web.html import decode, parse

E_ACUTE = "é".encode("cp1252")


@pytest.mark.parametrize(
    ("body", "header", "expected"),
    [
        pytest.param(b"\xef\xbb\xbfcaf\xc3\xa9", "iso-8859-1", "café", id="a BOM outranks the header"),
        pytest.param(b"\xff\xfec\0a\0f\0\xe9\0", "utf-8", "café", id="UTF-16LE by its BOM"),
        pytest.param(b"\xfe\xff\0c\0a\0f\0\xe9", None, "café", id="UTF-16BE by its BOM"),
        pytest.param(b'<meta charset="utf-8">caf\xe9', "iso-8859-1", '<meta charset="utf-8">café', id="header first"),
        pytest.param(b"caf\xe9", ' "Latin1" ', "café", id="label in quotes, any case"),
        pytest.param(b"caf\xc3\xa9", "no-such-charset", "café", id="unknown label, valid UTF-8"),
        pytest.param("Привет".encode("cp1251"), "windows-1251", "Привет", id="windows-1251"),
        pytest.param("①日本".encode("cp932"), "Shift_JIS", "①日本", id="Shift_JIS means windows-31j"),
        pytest.param("똠방각하".encode("cp949"), "euc-kr", "똠방각하", id="EUC-KR means windows-949"),
        pytest.param("朱镕基".encode("gb18030"), "gb2312", "朱镕基", id="GB2312 means GB18030"),
        pytest.param("“quoted” – €".encode("cp1252"), "iso-8859-1", "“quoted” – €", id="Latin-1 means windows-1252"),
        pytest.param("hé".encode("utf-16-le"), "utf-16", "hé", id="UTF-16 by header is little-endian"),
        pytest.param(b"\xe9t\xe9", None, "été", id="nothing declared, not UTF-8: windows-1252"),
        pytest.param(b"\xc3\xa9t\xc3\xa9", None, "été", id="nothing declared, valid UTF-8"),
        pytest.param(b"caf\xc3\xa9 \xe2\x82", None, "café �", id="UTF-8 cut inside a character stays UTF-8"),
        pytest.param(b"caf\xe9, na\xefve", "utf-8", "café, naïve", id="Latin-1 labelled UTF-8 by the header"),
        pytest.param(b"caf\xc3\xa9, na\xefve", "utf-8", "café, na�ve", id="UTF-8 with one bad byte stays UTF-8"),
        pytest.param(b"a\0b", "utf-8", "ab", id="no NUL"),
        pytest.param(b"\xed\xa0\x80 x", "utf-8", "��� x", id="no surrogates"),
        pytest.param(b"", None, "", id="nothing"),
    ],
)
def test_decode_weighs_evidence_as_browsers_do(body: bytes, header: str | None, expected: str) -> None:
    assert decode(body, header) == expected


@pytest.mark.parametrize(
    "head",
    [
        b"<meta charset=windows-1252>",
        b"<META CHARSET = 'ISO-8859-1' />",
        b'<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">',
        b"<meta content='text/html;charset = \"latin1\"' http-equiv=content-type>",
        b'<meta/charset="windows-1252">',
        b"<!-- <meta charset=utf-8> --><meta charset=windows-1252>",
        b'<p title="<meta charset=utf-8>"><meta charset=windows-1252>',
        b"<meta charset=no-such-thing><meta charset=windows-1252>",
        b'<meta name=x content="text/html; charset=utf-8"><meta charset=windows-1252>',
        b"<meta charset=x-user-defined>",
        b'<?xml version="1.0" encoding="ISO-8859-1"?><html>',
        b"<!-- " + b"x" * 3000 + b" --><meta charset=windows-1252>",
    ],
)
def test_declarations_are_found_however_they_are_written(head: bytes) -> None:
    # Valid as UTF-8 too, so that only the declaration can make it windows-1252.
    assert decode(head + "é".encode(), None).endswith("Ã©")


@pytest.mark.parametrize("label", [b"utf-16", b"utf-16le", b"UTF-16BE", b"unicode"])
def test_a_meta_that_says_utf_16_means_utf_8(label: bytes) -> None:
    assert decode(b"<meta charset=" + label + b">caf\xc3\xa9", None).endswith("café")


def test_a_declaration_cut_off_by_the_prescan_is_not_half_read() -> None:
    head = b"<!--" + b"x" * (1024 - 4 - 3 - 24) + b"--><meta charset=iso-8859-15>"
    assert head[:1024].endswith(b"iso-8859-1")
    assert decode(head + b"\xa4", None).endswith("€")


def test_a_latin_1_page_declared_as_utf_8_comes_out_readable() -> None:
    page = b"<html><head><meta charset=utf-8><title>Caf\xe9 Sch\xf6n \x96 Z\xfcrich</title>"
    assert parse(decode(page, "UTF-8"), "https://x.test/").findtext(".//title") == "Café Schön – Zürich"


@given(st.binary(max_size=3000), st.one_of(st.none(), st.text(max_size=12), st.sampled_from(["utf-8", "gbk", "big5"])))
def test_decode_takes_anything(body: bytes, header: str | None) -> None:
    text = decode(body, header)
    assert "\0" not in text
    text.encode("utf-8")


@pytest.mark.parametrize(
    "text", ["", "   ", "\0", "<", "<!-- only -->", "]]>", "<?xml version='1.0' encoding='x'?>", "x"]
)
def test_parse_takes_anything(text: str) -> None:
    assert parse(text, "https://x.test/").tag == "html"


@given(st.text(alphabet=st.sampled_from("<>/\"'=!-& abtd\0\ud800é"), max_size=400))
def test_parse_takes_any_markup(text: str) -> None:
    assert parse(text, "https://x.test/").tag == "html"


def test_an_xml_declaration_does_not_change_the_encoding_of_text() -> None:
    root = parse('<?xml version="1.0" encoding="iso-8859-1"?><html><p>café', "https://x.test/")
    assert root.findtext(".//p") == "café"


def test_deep_nesting_loses_nothing() -> None:
    deep = "<div><span>" * 5000 + "deep" + "</span></div>" * 5000 + "<a href='/contact'>Contact</a>"
    root = parse(deep, "https://x.test/")
    assert "deep" in "".join(root.itertext())
    assert [link.get("href") for link in root.iter("a")] == ["/contact"]


def test_unclosed_formatting_loses_nothing() -> None:
    root = parse("".join(f"<p><font color=red>line {i}" for i in range(3000)) + "<i id=last>", "https://x.test/")
    assert len(list(root.iter("p"))) == 3000


HOSTILE = {
    "attributes": "<p " + " ".join(f"a{i:x}" for i in range(400_000)) + ">",
    "quoted attributes": "<p " + "".join(f'a{i:x}=">"' for i in range(300_000)) + ">",
    "attributes behind a script": "<script>a<b c='</script>" + "<p " + " ".join(f"a{i:x}" for i in range(400_000)),
    "open quotes": '<a x="' * 400_000,
    "open comments": "<!--" * 600_000,
    "open tags": "<b" * 1_000_000,
    "angle brackets": "<" * 2_000_000,
    "paragraphs": "<p>" * 700_000,
    "entities": "&amp;" * 500_000,
    "numeric entities": "&#" * 1_000_000,
    "meta": "<meta " * 400_000,
    "dashes": "<!-" + "-" * 2_000_000,
    "words": "a " * 1_200_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_markup_costs_no_more_than_its_size(name: str) -> None:
    body = ("<title>t</title>" + HOSTILE[name]).encode()
    start = time.process_time()
    root = parse(decode(body, None), "https://x.test/")
    assert time.process_time() - start < 6
    assert root.findtext(".//title") == "t"


def test_what_is_cut_is_only_what_no_real_page_has() -> None:
    row = '<div class="card" data-settings="{&quot;a&quot;:[1,2]}"><a href="/p/{}">Product <b>{}</b></a></div>\n'
    page = "<script>if (a<b && c>d) { x = '<p class=\"'; }</script>" + "".join(
        row.replace("{}", str(i)) for i in range(9000)
    )
    assert len(list(parse(page, "https://x.test/").iter("a"))) == 9000


def test_mutated_bytes_are_still_a_page() -> None:
    rng = random.Random(5)
    page = bytearray(
        b"<html><head><meta charset=utf-8><title>Plumber</title></head><body class='a b'>" + "é<p>".encode() * 200
    )
    for _ in range(300):
        mutant = bytearray(page)
        for _ in range(rng.randrange(1, 8)):
            mutant[rng.randrange(len(mutant))] = rng.randrange(256)
        assert parse(decode(bytes(mutant), None), "https://x.test/").tag == "html"
