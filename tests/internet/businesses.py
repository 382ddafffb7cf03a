"""The businesses that the Places stand-in knows: the owners of the websites, and those who have none of their own."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.internet.site import Site

STREETS = ("Congress Ave", "Lamar Blvd", "Burnet Rd", "Guadalupe St", "Manor Rd", "Oltorf St", "Slaughter Ln")
FIRST = ("Reliable", "Bluebonnet", "Barton Creek", "Zilker", "Mueller", "Travis", "Pecan Street", "Bat City")
SECOND = ("Rooter", "Plumbing", "Pipe Works", "Drain Co")


@dataclass(frozen=True)
class Business:
    """What Google would know of a business."""

    place_id: str
    name: str
    street: str
    zip: str
    latitude: float
    longitude: float
    rating: float
    ratings: int
    phone: str
    website: str | None


def businesses(sites: Iterable[Site]) -> list[Business]:
    """One business a site, one that shares a site, one on a social network, one with a broken URL, many without any."""
    known = list(sites)
    websites: list[tuple[str, str | None]] = [(site.name, f"http://{site.host}/?utm_source=gmb") for site in known]
    websites += [
        ("Lone Star Plumbing North", "https://www.lonestarplumbing.example/north/"),
        ("Facebook Pete's Plumbing", "https://www.facebook.com/petesplumbing"),
        ("Typo Plumbing", "http://typo plumbing"),
    ]
    websites += [(f"{first} {second}", None) for second in SECOND for first in FIRST]
    return [_business(number, name, website) for number, (name, website) in enumerate(websites[:60])]


def _business(number: int, name: str, website: str | None) -> Business:
    return Business(
        place_id=f"ChIJ{number:04d}plumberAustinTX",
        name=name,
        street=f"{100 + 37 * number} {STREETS[number % len(STREETS)]}",
        zip=f"787{number % 60:02d}",
        latitude=round(30.2672 + (number % 11 - 5) * 0.013, 6),
        longitude=round(-97.7431 + (number % 7 - 3) * 0.017, 6),
        rating=round(3.0 + number * 7 % 20 / 10, 1),
        ratings=3 + number * 17 % 400,
        phone=f"(512) 555-{100 + number:04d}",
        website=website,
    )
