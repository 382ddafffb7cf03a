"""Structured facts: JSON-LD as broken as sites have it, microdata, RDFa, and what is made of them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapersky.metadata import broken_json
from tests.support.fuzzing import memory_bounded, time_bounded
from tests.support.pages import ld, said


@pytest.mark.parametrize(
    "script",
    [
        '{"@type": "Plumber", "name": "Joe"}',
        '[{"@type": "Plumber", "name": "Joe"}]',
        '{"@graph": [{"@type": "WebSite"}, {"@type": ["Plumber", "LocalBusiness"], "name": ["Joe", "J."]}]}',
        '{"@type": "WebPage", "mainEntity": {"@type": "Plumber", "name": "Joe"}}',
        '{"@type": "http://schema.org/Plumber", "http://schema.org/name": {"@value": "Joe"}}',
        '{"@context": "https://schema.org", "type": "Plumber", "name": "Joe"}',
        '{"@type": "Plumber", "name": "Joe"}{"@type": "WebSite"}',
        '{"@type": "Plumber", "name": "Joe"};',
        '\ufeff{"@type": "Plumber", "name": "Joe"}',
        '//<![CDATA[\n{"@type": "Plumber", "name": "Joe"}\n//]]>',
        '/* <![CDATA[ */{"@type": "Plumber", "name": "Joe"}/* ]]> */',
        '<!-- {"@type": "Plumber", "name": "Joe"} -->',
        "{&quot;@type&quot;: &quot;Plumber&quot;, &quot;name&quot;: &quot;Joe&quot;}",
        '{"@type": "Plumber", "name": "Joe",}',
        '{"@type": "Plumber",, "name": "Joe"}',
        '{"@type": "Plumber" "name": "Joe"}',
        '{"@type": "Plumber", "name": "Joe"\n"url": "https://joes.com//x"}',
        '{"@type": "Plumber", "name": "Joe"}}',
        '{"@type": "Plumber", "name": "Joe", "address": {"@type": "PostalAddress"',
        '{"@type": "Plumber", "name": "Joe", "x": }',
        '{"@type": "Plumber", /* of old */ "name": "Joe", // yes\n "n": 1}',
        '{"@type": "Plumber", "name": "Joe", "description": "<p style="text-align: left;">x</p>"}',
        '{"@type": "Plumber", "description": "two "old" men, "and" sons", "name": "Joe"}',
        "{'@type': 'Plumber', 'name': 'Joe', 'x': 'it\\'s'}",
        '{@type: "Plumber", name: "Joe"}',
        "{\u201c@type\u201d: \u201cPlumber\u201d, \u201cname\u201d: \u201cJoe\u201d}",
        '{"@type": "Plumber", "name": "Joe", "n": NaN, "t": True, "u": undefined, "z": 01234, "p": +1512}',
        'var business = {"@type": "Plumber", "name": "Joe"};',
        '{"@type": "Plumber", "name": "Joe", "x": "a\\x b \\u00zz"}',
        '{"@type": "Plumber", "name": "Joe", "x": "line\nbreak\tand \x01"}',
    ],
)
def test_json_ld_is_read_however_broken(script: str) -> None:
    business: Any = said(ld(script)).meta_json["local_business"]
    assert "Plumber" in business["types"]
    assert business["name"] == "Joe"


def test_one_broken_script_spoils_no_other() -> None:
    found = said(ld('{"@type": "Product"') + ld("no json {") + ld('{"@type": "Plumber", "name": "Joe"}'))
    assert found.meta_json["schema_types"] == ["Product", "Plumber"]


ADDRESS = '<div itemprop="address" itemscope itemtype="http://schema.org/PostalAddress">'


@pytest.mark.parametrize(
    "body",
    [
        f'<div itemscope itemtype="http://schema.org/Plumber"><b itemprop="name">Joe</b>{ADDRESS}'
        '<i itemprop="streetAddress">1 Main St</i></div></div>',
        '<div itemscope itemtype="https://schema.org/Plumber" itemref="n a"></div><b id="n" itemprop="name">Joe</b>'
        f'<div id="a">{ADDRESS}<meta itemprop="streetAddress" content="1 Main St"></div></div>',
        '<div vocab="http://schema.org/" typeof="Plumber"><b property="name">Joe</b><div property="address"'
        ' typeof="PostalAddress"><i property="streetAddress">1 Main St</i></div></div>',
        '<div prefix="schema: http://schema.org/" typeof="schema:Plumber"><b property="schema:name">Joe</b>'
        '<p property="schema:address" typeof="schema:PostalAddress">'
        '<i property="schema:streetAddress">1 Main St</i></p></div>',
        '<div xmlns:s="http://schema.org/" typeof="s:Plumber"><b property="s:name">Joe</b>'
        '<p property="s:address" typeof="s:PostalAddress"><i property="s:streetAddress">1 Main St</i></p></div>',
        '<div typeof="http://schema.org/Plumber"><b property="http://schema.org/name">Joe</b>'
        '<p property="http://schema.org/address">1 Main St</p></div>',
    ],
    ids=["microdata", "itemref", "RDFa vocab", "RDFa prefix", "RDFa xmlns", "RDFa in full"],
)
def test_markup_says_the_same(body: str) -> None:
    business: Any = said(body=body).meta_json["local_business"]
    assert (business["types"], business["name"]) == (["Plumber"], "Joe")
    assert list(business["address"].values()) == ["1 Main St"]


def test_a_business_in_full() -> None:
    graph = """{"@graph": [
        {"@type": "HVACBusiness", "@id": "#b", "name": "Joe &amp; Sons", "telephone": "512-555-0142",
         "priceRange": "$$",
         "address": {"@id": "#a"}, "geo": {"latitude": "30.1", "longitude": -97.5}, "image": [{"url": "/van.jpg"}],
         "aggregateRating": {"ratingValue": "4,9", "reviewCount": 120}, "openingHoursSpecification": [
           {"dayOfWeek": ["Monday", "http://schema.org/Tuesday", "Wednesday"], "opens": "8:00", "closes": "17:00:00"},
           {"dayOfWeek": "Saturday", "opens": "09:00", "closes": "12:00"}]},
        {"@type": "PostalAddress", "@id": "#a", "streetAddress": "1 Main St", "addressLocality": "Austin",
         "addressRegion": "TX", "postalCode": 78701, "addressCountry": {"@type": "Country", "name": "US"}},
        {"@type": "WebSite", "name": "x"}]}"""
    found = said(ld(graph))
    assert found.meta_json["local_business"] == {
        "types": ["HVACBusiness"],
        "name": "Joe & Sons",
        "telephone": "512-555-0142",
        "image": "/van.jpg",
        "price_range": "$$",
        "address": {
            "street": "1 Main St",
            "locality": "Austin",
            "region": "TX",
            "postal_code": "78701",
            "country": "US",
        },
        "geo": {"latitude": 30.1, "longitude": -97.5},
        "opening_hours": ["Mo-We 08:00-17:00", "Sa 09:00-12:00"],
        "rating": {"value": 4.9, "count": 120.0},
    }
    assert found.phone_numbers == ["+15125550142"]


HOSTILE = {
    "objects": '{"a":' * 200_000,
    "lists": "[" * 1_000_000,
    "quotes": '"' * 1_000_000,
    "quotes and commas": '{"a":"' + '",' * 500_000,
    "quotes and spaces": '{"a":"' + ('"' + " " * 2000) * 500,
    "backslashes": '{"a":"' + "\\" * 1_000_001,
    "comments": "{" + "/*" * 500_000,
    "bare names": "{a" * 500_000,
    "many values": '{"x":1}}' * 125_000,
    "braces": "{}" * 500_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_json_costs_bounded_time_and_memory(name: str) -> None:
    with memory_bounded(150), time_bounded(4):
        broken_json.read(HOSTILE[name])


@given(st.text(alphabet=st.sampled_from("{}[]\"',:/*\\ \nab1t@\u201c\u201d"), max_size=200))
def test_any_text_is_read(text: str) -> None:
    assert isinstance(broken_json.read(text), list)
