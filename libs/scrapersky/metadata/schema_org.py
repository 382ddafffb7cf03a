"""What a page says of itself in schema.org's words: types, the organisation behind it, and a local business's facts."""

import re

from scrapersky.metadata import jsonld, microdata
from scrapersky.metadata.document import Document
from scrapersky.metadata.items import Graph, Item
from scrapersky.metadata.opening_hours import opening_hours
from scrapersky.metadata.text import unique, words

MAX_TYPES = 50

LOCAL_BUSINESSES = words(
    """AccountingService AdultEntertainment AmusementPark AnimalShelter ArchiveOrganization ArtGallery Attorney
    AutoBodyShop AutoDealer AutomatedTeller AutomotiveBusiness AutoPartsStore AutoRental AutoRepair AutoWash Bakery
    BankOrCreditUnion BarOrPub BeautySalon BedAndBreakfast BikeStore BookStore BowlingAlley Brewery CafeOrCoffeeShop
    Campground Casino ChildCare ClothingStore ComedyClub CommunityHealth ComputerStore ConvenienceStore DaySpa
    Dentist DepartmentStore Dermatology DietNutrition Distillery DryCleaningOrLaundry Electrician ElectronicsStore
    Emergency EmergencyService EmploymentAgency EntertainmentBusiness ExerciseGym FastFoodRestaurant
    FinancialService FireStation Florist FoodEstablishment FurnitureStore GardenStore GasStation GeneralContractor
    Geriatric GolfCourse GovernmentOffice GroceryStore Gynecologic HairSalon HardwareStore HealthAndBeautyBusiness
    HealthClub HobbyShop HomeAndConstructionBusiness HomeGoodsStore Hospital Hostel Hotel HousePainter HVACBusiness
    IceCreamShop InsuranceAgency InternetCafe JewelryStore LegalService Library LiquorStore LocalBusiness Locksmith
    LodgingBusiness MedicalBusiness MedicalClinic MensClothingStore Midwifery MobilePhoneStore Motel
    MotorcycleDealer MotorcycleRepair MovieRentalStore MovieTheater MovingCompany MusicStore NailSalon NightClub
    Notary Nursing Obstetric OfficeEquipmentStore Oncologic Optician Optometric Otolaryngologic OutletStore PawnShop
    Pediatric PetStore Pharmacy Physician Physiotherapy PlasticSurgery Plumber Podiatric PoliceStation PostOffice
    PrimaryCare ProfessionalService Psychiatric PublicHealth PublicSwimmingPool RadioStation RealEstateAgent
    RecyclingCenter Resort Restaurant RoofingContractor SelfStorage ShoeStore ShoppingCenter SkiResort
    SportingGoodsStore SportsActivityLocation SportsClub StadiumOrArena Store TattooParlor TelevisionStation
    TennisComplex TireShop TouristInformationCenter ToyStore TravelAgency VacationRental VeterinaryCare
    WholesaleStore Winery"""
)
_ORGANIZATIONS = words(
    """Organization Corporation NGO School Preschool ElementarySchool MiddleSchool HighSchool CollegeOrUniversity
    Airline Cooperative Consortium OnlineStore OnlineBusiness SportsTeam PerformingGroup MusicGroup Church Synagogue
    Mosque"""
)
_ADDRESS = {
    "street": "streetAddress",
    "locality": "addressLocality",
    "region": "addressRegion",
    "postal_code": "postalCode",
    "country": "addressCountry",
}
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")


_MAX_DEGREES = {"latitude": 90, "longitude": 180}


def read(document: Document) -> Graph:
    """All items of a page: JSON-LD first, then microdata, then RDFa."""
    return Graph(jsonld.items(document) + microdata.items(document))


def types(graph: Graph) -> list[str]:
    """The different types of a page's items, in the page's order."""
    return unique([name for item in graph.all for name in item.types], MAX_TYPES)


def is_business(item: Item) -> bool:
    """Whether an item is a LocalBusiness or one of its subtypes."""
    return any(name in LOCAL_BUSINESSES for name in item.types)


def is_organization(item: Item) -> bool:
    """Whether an item is an Organization, a business included."""
    return is_business(item) or any(name in _ORGANIZATIONS or name.endswith("Organization") for name in item.types)


def local_business(graph: Graph) -> dict[str, object] | None:
    """The facts of the business that a page describes best, or None.

    Keys, each only where the page has it: ``types``, ``name``, ``description``, ``url``, ``telephone``, ``fax``,
    ``email``, ``image``, ``price_range``, ``address`` (``street``, ``locality``, ``region``, ``postal_code``,
    ``country``, or ``text``), ``geo`` (``latitude``, ``longitude``: WGS 84 degrees), ``opening_hours`` (as
    ``Mo-Fr 09:00-17:00``), and ``rating`` (``value``, ``count``, ``best``).
    """
    found = [_facts(graph, item) for item in graph.all if is_business(item) or _has_place(item)]
    return max(found, key=len, default=None)


def countries(graph: Graph) -> list[str]:
    """What addresses on the page say of the country, as written: ``US``, ``United Kingdom``, ``Deutschland``."""
    found = []
    for item in graph.all:
        found += item.texts("addressCountry")
        found += [name for country in item.items("addressCountry") if (name := country.text("name"))]
    return unique(found, 5)


def _has_place(item: Item) -> bool:
    return is_organization(item) and "address" in item.properties


def _facts(graph: Graph, item: Item) -> dict[str, object]:
    facts: dict[str, object | None] = {
        "types": list(item.types),
        "name": item.text("name", "legalName"),
        "description": item.text("description"),
        "url": item.text("url"),
        "telephone": item.text("telephone"),
        "fax": item.text("faxNumber"),
        "email": item.text("email"),
        "image": _image(graph, item),
        "price_range": item.text("priceRange"),
        "address": _address(graph, item),
        "geo": _geo(graph, item),
        "opening_hours": opening_hours(graph, item),
        "rating": _rating(graph, item),
    }
    return {name: value for name, value in facts.items() if value}


def _image(graph: Graph, item: Item) -> str | None:
    for name in ("image", "photo"):
        nested = [image.text("url", "contentUrl") or image.id for image in graph.follow(item, name)]
        if url := item.text(name) or next(filter(None, nested), None):
            return url
    return None


def _address(graph: Graph, item: Item) -> dict[str, str] | None:
    for address in graph.follow(item, "address"):
        parts = {name: address.text(key) for name, key in _ADDRESS.items()}
        named = (country.text("name") for country in address.items("addressCountry"))
        parts["country"] = parts["country"] or next(named, None)
        if found := {name: value for name, value in parts.items() if value}:
            return found
    text = item.text("address")
    return {"text": text} if text else None


def _geo(graph: Graph, item: Item) -> dict[str, float] | None:
    for place in [*graph.follow(item, "geo"), item]:
        found = {name: number for name in _MAX_DEGREES if (number := _number(place.text(name))) is not None}
        if len(found) == len(_MAX_DEGREES) and all(abs(found[name]) <= most for name, most in _MAX_DEGREES.items()):
            return found
    return None


def _rating(graph: Graph, item: Item) -> dict[str, float] | None:
    for rating in graph.follow(item, "aggregateRating"):
        value = _number(rating.text("ratingValue"))
        count = _number(rating.text("reviewCount", "ratingCount"))
        best = _number(rating.text("bestRating"))
        if value is not None:
            found = {"value": value, "count": count, "best": best}
            return {name: number for name, number in found.items() if number is not None}
    return None


def _number(text: str | None) -> float | None:
    match = _NUMBER.fullmatch(text.strip()) if text else None
    return float(match.group().replace(",", ".")) if match and len(match.group()) < 20 else None  # noqa: PLR2004
