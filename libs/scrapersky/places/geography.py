"""Circles on the Earth, taken as a sphere: which places lie in one, and the rectangle around it."""

import math
from dataclasses import dataclass

EARTH_RADIUS_KM = 6371.0088


@dataclass(frozen=True)
class Circle:
    """An area: degrees and kilometres."""

    latitude: float
    longitude: float
    radius_km: float

    def contains(self, latitude: float | None, longitude: float | None) -> bool:
        """Whether a point lies in it; an unknown one does not. Great-circle distance by the haversine formula."""
        if latitude is None or longitude is None:
            return False
        here, there = math.radians(self.latitude), math.radians(latitude)
        across = math.sin(math.radians(longitude - self.longitude) / 2) ** 2
        half = math.sin((there - here) / 2) ** 2 + math.cos(here) * math.cos(there) * across
        return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half))) <= self.radius_km

    def viewport(self) -> dict[str, dict[str, float]]:
        """The smallest rectangle that holds it, as ``google.geo.type.Viewport``: at most 180 degrees wide.

        Where it crosses the 180th meridian, ``low`` has the greater longitude.
        """
        angle = self.radius_km / EARTH_RADIUS_KM
        ratio = math.sin(angle) / max(math.cos(math.radians(self.latitude)), 1e-9)
        width = math.degrees(math.asin(ratio)) if ratio < 1 else 90.0
        height = math.degrees(angle)
        return {
            "low": {"latitude": max(self.latitude - height, -90.0), "longitude": _wrapped(self.longitude - width)},
            "high": {"latitude": min(self.latitude + height, 90.0), "longitude": _wrapped(self.longitude + width)},
        }


def _wrapped(longitude: float) -> float:
    return (longitude + 180.0) % 360.0 - 180.0
