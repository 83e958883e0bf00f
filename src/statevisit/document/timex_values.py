"""TIMEX3 values as calendar days and as amounts of time.

The forms are those of TimeML 1.2.1 (TIMEX3 `value`), whose dates and durations follow ISO 8601.
"""

import re
from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

POINTS = ("DATE", "TIME")
"""The types of time expressions that stand for points in time."""

_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T.*)?")
_MONTH = re.compile(r"(\d{4})-(\d\d)")
_WEEK = re.compile(r"(\d{4})-W(\d\d)(?:-(\d|WE))?(?:T.*)?")
_PART = re.compile(r"(\d{4})-([QH])(\d)")
_YEARS = re.compile(r"\d{2,4}")
_DECADE_WITH_X = re.compile(r"\d{3}X|\d\dXX")
_COMPONENT = re.compile(r"(\d+(?:\.\d+)?|X)(WE|[LCEYQMWDHS])")
_TIDES_UNIT = re.compile(r"(?<=[0-9X])(ML|CE|DE)")

_TIMEML_UNITS = {"ML": "L", "CE": "C", "DE": "E"}
"""The unit of TimeML 1.2.1 for each of TIMEX2 (TIDES), which HeidelTime and others write."""

_MONTHS = {"L": 12000, "C": 1200, "E": 120, "Y": 12, "Q": 3, "M": 1}
_SECONDS = {"W": 604800, "D": 86400, "TH": 3600, "TM": 60, "TS": 1}
_UCUM = {"Y": "a", "M": "mo", "W": "wk", "D": "d", "TH": "h", "TM": "min", "TS": "s"}


@lru_cache(4096)
def days(value: str) -> tuple[date, date] | None:
    """Return the closed interval of calendar days that a TIMEX3 DATE or TIME value stands for.

    None if it stands for no particular days: an `X` in it, PAST_REF, a season, BC, a duration.
    Weeks are ISO 8601 weeks; a weekend (WE) is Saturday and Sunday; "202" and "202X" are a decade,
    "20" and "20XX" a century.

    Raises ValueError, with what is wrong, for a day, month, week or year that the calendar does not
    have.
    """
    if match := _DAY.fullmatch(value):
        day = _date(value, *map(int, match.groups()))
        return day, day
    if match := _MONTH.fullmatch(value):
        year, month = map(int, match.groups())
        return _months(value, year, month, month)
    if match := _WEEK.fullmatch(value):
        return _week(value, int(match[1]), int(match[2]), match[3])
    if match := _PART.fullmatch(value):
        length = 3 if match[2] == "Q" else 6
        last = int(match[3]) * length
        return _months(value, int(match[1]), last - length + 1, last)
    prefix = timeml_spelling(value)
    if _YEARS.fullmatch(prefix):
        years = 10 ** (4 - len(prefix))
        first = int(prefix) * years
        return _date(value, max(first, 1), 1, 1), _date(value, first + years - 1, 12, 31)
    return None


def known_days(value: str) -> tuple[date, date] | None:
    """Return `days`, or None for a value that the calendar does not have (E501 reports it)."""
    try:
        return days(value)
    except ValueError:
        return None


def timeml_spelling(value: str) -> str:
    """Return a value with decades, centuries and millennia as TimeML 1.2.1 writes them.

    "P3DE" is "P3E", "P1CE" is "P1C", "P1ML" is "P1L", "197X" is "197" and "19XX" is "19". Other
    values are returned unchanged. The source of the spelling is the XML schema of TimeML 1.2.1.
    """
    if value.startswith("P"):
        return _TIDES_UNIT.sub(lambda unit: _TIMEML_UNITS[unit[1]], value)
    return value.rstrip("X") if _DECADE_WITH_X.fullmatch(value) else value


def _date(value: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise ValueError(f"{value} is not in the calendar: {error}") from None


def _months(value: str, year: int, first: int, last: int) -> tuple[date, date]:
    """The days of the months `first` to `last` of a year."""
    begin = _date(value, year, first, 1)
    _date(value, year, last, 1)  # raises for a month that does not exist, as `monthrange` does not
    return begin, _date(value, year, last, monthrange(year, last)[1])


def _week(value: str, year: int, week: int, day: str | None) -> tuple[date, date]:
    try:
        monday = date.fromisocalendar(year, week, 1)
        if day == "WE":
            return monday + timedelta(5), monday + timedelta(6)
        if day:
            weekday = monday + timedelta(int(day) - 1)
            return weekday, weekday
        return monday, monday + timedelta(6)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{value} is not in the calendar: {error}") from None


@lru_cache(4096)
def duration(value: str) -> tuple[str, str] | None:
    """Return a TIMEX3 duration as (decimal string, UCUM unit).

    "P3D" is ("3", "d"), "P3E" ("30", "a"), "PT90M" ("90", "min"). Several components come in the
    smallest unit: "P1Y6M" is ("18", "mo"), "P1DT12H" ("36", "h"). None if there is no exact
    number: an `X`, a weekend, or months beside days.
    """
    date_part, _, time_part = timeml_spelling(value).removeprefix("P").partition("T")
    parts: list[tuple[str, str]] = _COMPONENT.findall(date_part)
    parts += [(number, f"T{unit}") for number, unit in _COMPONENT.findall(time_part)]
    if not parts or any(number == "X" for number, _ in parts):
        return None
    if any(unit not in _MONTHS and unit not in _SECONDS for _, unit in parts):
        return None
    smallest = parts[-1][1]
    if all(unit in _MONTHS for _, unit in parts):
        months = sum((Decimal(number) * _MONTHS[unit] for number, unit in parts), Decimal())
        unit = {"M": "M", "Q": "M"}.get(smallest, "Y")
        return plain(months / _MONTHS[unit]), _UCUM[unit]
    if any(unit in _MONTHS for _, unit in parts):
        return None
    seconds = sum((Decimal(number) * _SECONDS[unit] for number, unit in parts), Decimal())
    return plain(seconds / _SECONDS[smallest]), _UCUM[smallest]


_MONTHS_IN = {"a": 12, "mo": 1}
_SECONDS_IN = {"wk": 604800, "d": 86400, "h": 3600, "min": 60, "s": 1}


def in_base_unit(number: str, unit: str) -> tuple[Decimal, str]:
    """Return a length, as `duration` gives it, in months ("mo") or in seconds ("s").

    Between these two nothing converts.
    """
    if unit in _MONTHS_IN:
        return Decimal(number) * _MONTHS_IN[unit], "mo"
    return Decimal(number) * _SECONDS_IN[unit], "s"


def plain(number: Decimal) -> str:
    """Return a decimal as a string without an exponent or trailing zeros: 30.0 is "30"."""
    text = format(number, "f")
    if "." not in text:
        return text
    return text.rstrip("0").rstrip(".")
