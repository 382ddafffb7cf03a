"""Dates as sitemaps and feeds write them, right and wrong, to aware datetimes in UTC.

Right are the forms of W3CDTF (https://www.w3.org/TR/NOTE-datetime) and of RFC 5322 §3.3 with its obsolete forms. The
wrong ones are those seen in practice: other separators, offsets without a colon or with the plus sign lost, names of
months, what ``toString`` of several languages prints, seconds since 1970. What cannot be told for sure (``03/04/2024``)
is no date, and neither are the zeros that stand for none.
"""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

FIRST_YEAR = 1900
"""Years before this are a program's zero (0001, 1899), never a page's."""

_MONTHS = ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_ZONES: dict[str, float] = {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
_ZONES |= {"bst": 1, "ist": 5.5, "cet": 1, "cest": 2, "eet": 2, "eest": 3, "msk": 3, "jst": 9, "aest": 10}

_NAME = r"(?P<month_name>[a-z]{3,9})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
# Each is tried at the start of the text; what follows must be a clock.
_DATES = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"(?P<year>\d{4})(?P<separator>[-/.]?)(?P<month>\d{1,2})(?P=separator)(?P<day>\d{1,2})(?!\d)",
        r"(?P<year>\d{4})(?:[-/.](?P<month>\d{1,2}))?$",
        r"(?P<first>\d{1,2})(?P<separator>[-/.])(?P<other>\d{1,2})(?P=separator)(?P<year>\d{4})(?!\d)",
        rf"{_DAY}[\s\-,]*{_NAME}[\s\-,]*(?P<year>\d{{4}}|\d{{2}})(?!\d)",
        rf"{_NAME}[\s\-,]*{_DAY}[\s\-,]+(?P<year>\d{{4}})(?!\d)",
        rf"{_NAME}\s+{_DAY}(?P<clock>\s+\d+:[\d:.]+(?:\s+[a-z]{{1,5}})?)\s+(?P<year>\d{{4}})(?!\d)",
        rf"{_NAME}[\s\-,]*(?P<year>\d{{4}})$",
    )
)
_CLOCK = re.compile(
    r"(?:[t\s,]+(?P<hour>\d{1,2})(?P<colon>:?)(?P<minute>\d{1,2})(?:(?P=colon)(?P<second>\d{1,2})"
    r"(?:[.,:](?P<fraction>\d+))?)?(?:\s*(?P<half>[ap])\.?m\.?)?|t)?"
    r"\s*(?P<zone>(?![ap]m)[a-z]{1,5})?"
    r"\s*(?:(?P<sign>[+ \u2212-])\s*(?P<east>\d{1,2}?)(?::?(?P<east_minutes>\d{2})(?::00)?)?\s*[a-z]{0,4})?"
)
_WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?\s*,?\s*")
_REMARK = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])$")
_AFTER_DATE = ("", "T", " ")
_SECONDS = re.compile(r"\d{10}|\d{13}")
_RUN_TOGETHER = re.compile(r"(\d{8})(\d{6})", re.ASCII)
_NO_OFFSET = re.compile(r"[+-]\d{2}:?[6-9]\d$", re.ASCII)
_LONGEST = 100
_MONTHS_A_YEAR = 12
_HOURS_A_DAY = 24
_LEAP_SECOND = 60
_PIVOT = 50


@lru_cache(maxsize=4096)
def parse_date(text: str) -> datetime | None:
    """Read one date.

    Args:
        text: As the file has it; white space around it does not matter.

    Returns:
        A datetime in UTC, or None when it is no date, an impossible one, or one that can be read in two ways. A date
        without a time is its midnight, without a zone it is UTC, without a day it is the first.
    """
    # fromisoformat takes any character for the T, also the sign of an offset that follows a date.
    if text[10:11] in _AFTER_DATE and not _NO_OFFSET.search(text, 11):
        with suppress(ValueError):
            return _in_utc(datetime.fromisoformat(text))
    return _lax(text)


def _lax(given: str) -> datetime | None:
    text = given.strip().strip("\"'").lower().replace("%2b", "+").replace("%3a", ":")
    if not text or len(text) > _LONGEST:
        return None
    if _SECONDS.fullmatch(text):
        return _in_utc(datetime.fromtimestamp(int(text[:10]), UTC))
    if together := _RUN_TOGETHER.fullmatch(text):
        text = " ".join(together.groups())
    text = _REMARK.sub("", _WEEKDAY.sub("", text, count=1))
    for form in _DATES:
        if (date := form.match(text)) and (
            clock := _CLOCK.fullmatch((date.groupdict().get("clock") or "") + text[date.end() :])
        ):
            return _built({name: part for name, part in (date.groupdict() | clock.groupdict()).items() if part})
    # Some files give two moments, the last change first.
    first, _, rest = text.partition(" ")
    return parse_date(first) if "t" in first and rest and parse_date(rest) else None


def _built(parts: dict[str, str]) -> datetime | None:
    date, time = _date(parts), _time(parts)
    if date is None or time is None:
        return None
    hour, minute, second = time
    fraction = int(parts.get("fraction", "0")[:6].ljust(6, "0"))
    try:
        midnight = datetime(*date, tzinfo=timezone(_offset(parts)))
        return _in_utc(midnight + timedelta(hours=hour, minutes=minute, seconds=second, microseconds=fraction))
    except (ValueError, OverflowError):
        return None


def _date(parts: dict[str, str]) -> tuple[int, int, int] | None:
    year = int(parts["year"])
    if len(parts["year"]) < len("2024"):  # RFC 5322 §4.3
        year += 2000 if year < _PIVOT else 1900
    if "first" in parts:
        first, other = int(parts["first"]), int(parts["other"])
        if first > _MONTHS_A_YEAR or first == other or parts["separator"] == ".":
            return year, other, first
        return (year, first, other) if other > _MONTHS_A_YEAR else None
    if "month_name" not in parts:
        return year, int(parts.get("month", 1)), int(parts.get("day", 1))
    name = parts["month_name"][:3]
    return (year, _MONTHS.index(name), int(parts.get("day", 1))) if name in _MONTHS else None


def _time(parts: dict[str, str]) -> tuple[int, int, int] | None:
    hour, minute, second = (int(parts.get(name, 0)) for name in ("hour", "minute", "second"))
    half_day = _HOURS_A_DAY // 2
    if half := parts.get("half"):
        # Programs that print 22:00 PM mean 22:00.
        hour = hour if hour > half_day else hour % half_day + (half_day if half == "p" else 0)
    if minute >= _LEAP_SECOND or second > _LEAP_SECOND or hour > _HOURS_A_DAY:
        return None
    if hour == _HOURS_A_DAY and (minute or second):
        return None
    return hour, minute, min(second, _LEAP_SECOND - 1)


def _offset(parts: dict[str, str]) -> timedelta:
    if "east" in parts:
        if int(parts.get("east_minutes", 0)) >= _LEAP_SECOND:
            raise ValueError(parts)
        east = timedelta(hours=int(parts["east"]), minutes=int(parts.get("east_minutes", 0)))
        return east if parts["sign"] in "+ " else -east
    return timedelta(hours=_ZONES.get(parts.get("zone", ""), 0))  # RFC 5322 §4.3: an unknown zone is UTC


def _in_utc(moment: datetime) -> datetime | None:
    try:
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None
    return moment if moment.year >= FIRST_YEAR else None
