"""Telephone numbers: every way in which sites write them, and all the digits that call nobody."""

import pytest

from tests.support.pages import ld, said

NUMBER = "+15125550142"


@pytest.mark.parametrize(
    "markup",
    [
        *(f'<a href="{scheme}">x</a>' for scheme in (
            "tel:+15125550142", "tel:512-555-0142", "tel:%28512%29%20555-0142", "TEL: (512) 555-0142 ext. 12",
            "tel://5125550142", "tel:5125550142,101", "tel:+1-512-555-0142;ext=101", "callto:5125550142",
            "telephone:5125550142", "phone:5125550142", "sms:+15125550142?body=hi", "https://wa.me/15125550142",
            "https://api.whatsapp.com/send?phone=15125550142&text=hi", "tel:001-512-555-0142",
            "skype:+15125550142?call", "facetime:+15125550142", "viber://chat?number=%2B15125550142", "https://t.me/+15125550142",
        )),
        *("(512) 555-0142", "512.555.0142", "512-555-0142", "512 555 0142", "+1 512 555 0142", "1 (512) 555-0142"),
        *("001 512 555 0142", "(512)555-0142", "(512) 555\u20130142", "512&nbsp;555&nbsp;0142"),
        *("512\u2011555\u20110142", "512·555·0142", "512-555-0142Open"),
        "\uff08\uff15\uff11\uff12\uff09\u3000\uff15\uff15\uff15\uff0d\uff10\uff11\uff14\uff12",
        *("Phone: 5125550142", "tel.512.555.0142", "Call:512-555-0142Email:x", "(512) 555-0142 x101"),
        "<span>512</span>-<span>555</span>-<span>0142</span>",
        "<p>Phone</p><p>512-555-0142</p>",
        '<img src="x.png" alt="Call 512-555-0142">',
        '<a href="/contact" aria-label="Call 512-555-0142">x</a>',
        '<a data-phone="512-555-0142">x</a>',
        "<a onclick=\"location.href='tel:5125550142'\">x</a>",
        '<div itemscope itemtype="http://schema.org/Plumber"><b itemprop="telephone">512-555-0142</b></div>',
        ld('{"@type": "Plumber", "telephone": "(512) 555-0142"}'),
        '<a href="tel:5125550142">512-555-0142</a> <a href="tel:+1 512 555 0142">again</a>',
    ],
)  # fmt: skip
def test_a_number_is_found_however_it_is_written(markup: str) -> None:
    assert said(body=markup).phone_numbers == [NUMBER]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ('<a href="tel:1-800-PLUMBER">x</a>', "+18007586237"),
        ("Call 1-800-FLOWERS today", "+18003569377"),
        ("Call 1-800-GOT-JUNK", "+18004685865"),
        ("(888) NEW-PIPE", "+18886397473"),
    ],
)
def test_letters_on_a_dial_are_digits(text: str, number: str) -> None:
    assert said(body=f"<p>{text}</p>").phone_numbers == [number]


@pytest.mark.parametrize(
    "text",
    [
        *("2024-10-05", "10/05/2024 - 12/05/2024", "2019-2024", "2024 08 15 1200", "Mon-Fri 8:00-17:00 9:00-12:00"),
        *(
            "Hours: 09.00-17.00 10.00-14.00",
            "$1,299.00",
            "1,512,555,0142 served",
            "5125550142 USD",
            "1080x1920 2560 1440",
        ),
        *("30.267153, -97.743057", "192.168.100.200", "v5.125.550.142", "5125550142", "512555014201234", "#5125550142"),
        *(
            "License #512555014",
            "License: 5125550142",
            "Lic. TACLA-5125550142",
            "ISBN 978-3-16-148410-0",
            "GTM-5125550142",
        ),
        *(
            "Order 512-555-0142",
            "Invoice 512-555-0142",
            "ID: 512-555-0142",
            "Case No. 512-555-0142",
            "SKU 512-555-0142",
        ),
        *(
            "NPI 5125550142",
            "MLS# 5125550142",
            "EIN 12-3456789",
            "UPC 012345678905",
            "4111 1111 1111 1111",
            "1.5125550142",
        ),
        *("Suite 512 555 Main St 78701-0142", "Austin, TX 78701-5550142", "24/7 365 days 2024", "5 512 555 014"),
        *("(555) 555-5555", "(123) 456-7890", "000-000-0000", "(xxx) xxx-xxxx", "1-800-SALE"),
        *(
            '<a href="tel:0">x</a>',
            '<a href="tel:#">x</a>',
            '<a href="tel:1234567890">x</a>',
            '<a href="tel:911">x</a>',
        ),
        '<input placeholder="(512) 555-0142"><select><option>512-555-0142</option></select>',
        '<script>var id = "512-555-0142"</script><style>.a{width:512.555.0142px}</style>',
        '<img src="512-555-0142.png" alt="512-555-0142.png">',
    ],
)
def test_digits_that_call_nobody(text: str) -> None:
    assert said(body=f"<p>{text}</p>").phone_numbers == []


@pytest.mark.parametrize(
    "markup",
    [
        *("Fax: 512-555-0142", "Telefax 512-555-0142", "<dt>Fax</dt><dd>512-555-0142</dd>", "512-555-0142 (fax)"),
        *('<a href="tel:5125550142">Fax</a>', ld('{"@type": "Plumber", "faxNumber": "512-555-0142"}')),
    ],
)
def test_a_fax_is_no_telephone(markup: str) -> None:
    found = said(body=markup)
    assert (found.phone_numbers, found.meta_json["fax_numbers"]) == ([], [NUMBER])


def test_one_number_for_both_is_a_telephone() -> None:
    assert said(body="Phone/Fax: 512-555-0142").phone_numbers == [NUMBER]


def test_extensions_are_kept_beside_the_numbers() -> None:
    found = said(body='<a href="tel:5125550142,,101">x</a> (512) 555-0143 ext. 7')
    assert found.phone_numbers == [NUMBER, "+15125550143"]
    assert found.meta_json["phone_extensions"] == {"+15125550143": "7"} | {NUMBER: "101"}


LONDON = "<p>Call 020 7946 0958</p><p>12 High St, London SW1A 1AA</p>"


@pytest.mark.parametrize(
    ("url", "language", "body", "number"),
    [
        ("https://rohr.de/", "de", "Tel. 030 / 90 18 20", "+4930901820"),
        ("https://rohr.com/", "de", "Tel. +49 (0) 30 / 901820", "+4930901820"),
        ("https://rohr.de/", "en", "Phone: 030 901820", "+4930901820"),
        ("https://rohr.at/", "de", "Tel. 01 / 534 53", "+43153453"),
        ("https://rohr.ch/", "de", "Tel. 044 668 18 00", "+41446681800"),
        ("https://plombier.fr/", "fr", "Tél : 01 42 68 53 00", "+33142685300"),
        ("https://plombier.fr/", "fr", "Tél. 01.42.68.53.00", "+33142685300"),
        ("https://plombier.fr/", "fr", "Tél. 01.02.03.04.05", "+33102030405"),
        ("https://plombier.ca/", "fr", "514-871-1414", "+15148711414"),
        ("https://p.co.uk/", "en", "Call 07911 123456", "+447911123456"),
        ("https://p.com/", "en-GB", "Call 020 7946 0958", "+442079460958"),
        ("https://p.com/", "en-US", LONDON, "+442079460958"),
        ("https://p.com/", "en-US", "0044 20 7946 0958", "+442079460958"),
        ("https://p.com/", "en-US", "Call (03) 9670 1234. Melbourne VIC 3000", "+61396701234"),
        ("https://p.com/", "es", "Llámanos (305) 555-0142, Miami, FL 33101", "+13055550142"),
        ("https://p.com.au/", "en", "Call 1300 975 707", "+611300975707"),
        ("https://p.ie/", "en", "Call 01 543 7000", "+35315437000"),
        ("https://p.it/", "it", "Tel. 06 6982 1234", "+390669821234"),
        ("https://p.es/", "es", "Tel. 91 123 45 67", "+34911234567"),
        ("https://p.nl/", "nl", "Bel 020 - 624 1111", "+31206241111"),
        ("https://p.pl/", "pl", "tel. 22 695 83 00", "+48226958300"),
        ("https://p.com.br/", "pt-BR", "Telefone: (11) 3372-1500", "+551133721500"),
        ("https://p.jp/", "ja", "電話: 03-3224-9999", "+81332249999"),
        ("https://p.in/", "en", "Call 98765 43210", "+919876543210"),
        ("https://p.dk/", "da", "Tlf. 33 15 20 40", "+4533152040"),
        ("https://p.dk/", "da", "Tlf. 33.15.20.40", "+4533152040"),
        ("https://p.sg/", "en", "Tel: 6323 1829", "+6563231829"),
        ("https://p.ru/", "ru", "Тел: 8 (495) 123-45-67", "+74951234567"),
        ("https://p.io/", "en-US", "512-555-0142", NUMBER),
        (
            "https://p.com/",
            "en",
            ld('{"@type": "Plumber", "address": {"addressCountry": "NZ"}}') + "09 307 1234",
            "+6493071234",
        ),
        (
            "https://p.com/",
            "en",
            ld('{"@type": "Plumber", "address": {"addressCountry": {"name": "United Kingdom"}}}') + "020 7946 0958",
            "+442079460958",
        ),
    ],
)
def test_a_national_number_is_read_by_where_the_page_is(url: str, language: str, body: str, number: str) -> None:
    assert said(body=body, url=url, attributes=f'lang="{language}"').phone_numbers == [number]
