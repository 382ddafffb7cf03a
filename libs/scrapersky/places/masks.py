"""What is asked of Google: the field mask of each call, and the SKU that it is billed as.

A call is billed by the dearest field of its mask: Essentials, Pro, Enterprise, then Enterprise + Atmosphere. So a mask
names what a column stores, and nothing of a dearer tier than that. Tiers of the fields:
https://developers.google.com/maps/documentation/places/web-service/data-fields.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mask:
    """A field mask.

    Attributes:
        sku: What a call with it is billed as; the label of ``scrapersky_places_calls_total``.
        quota: Google's name of the quota that it counts against: each API method has its own.
        fields: Paths into the answer.
    """

    sku: str
    quota: str
    fields: tuple[str, ...]

    @property
    def header(self) -> str:
        """Value of X-Goog-FieldMask: no spaces."""
        return ",".join(self.fields)


# Enterprise because of the last three, which people curate by; without them it would be Text Search Pro.
SEARCH = Mask(
    "text-search-enterprise",
    "SearchTextRequest",
    (
        "nextPageToken",
        "places.id",
        "places.displayName",
        "places.formattedAddress",
        "places.shortFormattedAddress",
        "places.location",
        "places.primaryType",
        "places.types",
        "places.rating",
        "places.userRatingCount",
        "places.priceLevel",
    ),
)
# Text Search knows no Essentials tier beside bare ids: a location is Pro.
LOCATE = Mask("text-search-pro", "SearchTextRequest", ("places.location",))
# Enterprise because of the website, which the pipeline is about; phone, ratings, price level and hours are of that tier
# too. What Atmosphere adds (services, payments, parking, pets …) would make every deep scan dearer.
DETAILS = Mask(
    "place-details-enterprise",
    "GetPlaceRequest",
    (
        "id",
        "displayName",
        "formattedAddress",
        "addressComponents",
        "location",
        "primaryType",
        "primaryTypeDisplayName",
        "types",
        "businessStatus",
        "timeZone",
        "accessibilityOptions",
        "internationalPhoneNumber",
        "nationalPhoneNumber",
        "websiteUri",
        "rating",
        "userRatingCount",
        "priceLevel",
        "regularOpeningHours.weekdayDescriptions",
    ),
)
