"""Opening hours in one form, ``Mo-Fr 09:00-17:00``, from schema.org's two."""

import re

from scrapersky.metadata.items import Graph, Item
from scrapersky.metadata.text import unique

MAX_HOURS = 30
_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_TIME = re.compile(r"(\d{1,2}):(\d{2})")


def opening_hours(graph: Graph, item: Item) -> list[str]:
    """An item's hours; ``openingHours`` texts as they stand, specifications grouped by their times.

    Days in a row are joined (``Mo-Fr``), others listed (``Mo,We``); public holidays are left out.
    """
    written = item.texts("openingHours")
    days: dict[str, set[int]] = {}
    for spec in graph.follow(item, "openingHoursSpecification"):
        opens, closes = _time(spec.text("opens")), _time(spec.text("closes"))
        if opens and closes:
            named = spec.texts("dayOfWeek") + [day.id or "" for day in spec.items("dayOfWeek")]
            known = {day for day in map(_day, named) if day is not None}
            days.setdefault(f"{opens}-{closes}", set()).update(known)
    specified = [f"{_ranges(sorted(which))} {times}" for times, which in days.items() if which]
    return unique(written + specified, MAX_HOURS)


def _day(name: str) -> int | None:
    short = name.rpartition("/")[2].strip()[:2].title()
    return _DAYS.index(short) if short in _DAYS else None


def _time(text: str | None) -> str | None:
    match = _TIME.search(text or "")
    return f"{int(match.group(1)):02}:{match.group(2)}" if match else None


def _ranges(days: list[int]) -> str:
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(_DAYS[run[0]] if len(run) == 1 else f"{_DAYS[run[0]]}-{_DAYS[run[-1]]}" for run in runs)
