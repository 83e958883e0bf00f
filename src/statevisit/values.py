"""Values and what they mean: TIMEX3 values as calendar days, durations as numbers.

Here because both the checks and the tables need it, and neither may import the other.
"""

import re
from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal

_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T.*)?")
_MONTH = re.compile(r"(\d{4})-(\d\d)")
_WEEK = re.compile(r"(\d{4})-W(\d\d)(?:-(\d|WE))?(?:T.*)?")
_PART = re.compile(r"(\d{4})-([QH])(\d)")
_YEARS = re.compile(r"\d{2,4}")
_COMPONENT = re.compile(r"(\d+(?:\.\d+)?|X)(ML|CE|DE|WE|[YQMWDHS])")

_MONTHS = {"ML": 12000, "CE": 1200, "DE": 120, "Y": 12, "Q": 3, "M": 1}
_SECONDS = {"W": 604800, "D": 86400, "H": 3600, "M": 60, "S": 1}
_UCUM = {"Y": "a", "M": "mo", "W": "wk", "D": "d", "TH": "h", "TM": "min", "TS": "s"}


def days(value: str) -> tuple[date, date] | None:
    """The closed interval of calendar days that a TIMEX3 DATE or TIME value stands for.

    None where it does not stand for particular days: an `X` in it, PAST_REF, a season, BC, a duration.
    A value that names a day, month, week or year the calendar does not have raises ValueError with what is
    wrong. Weeks are ISO 8601 weeks; a weekend (WE) is Saturday and Sunday; "202" is a decade, "20" a century.
    """
    if m := _DAY.fullmatch(value):
        day = _date(value, *map(int, m.groups()))
        return day, day
    if m := _MONTH.fullmatch(value):
        year, month = map(int, m.groups())
        return _date(value, year, month, 1), _date(value, year, month, monthrange(year, month)[1])
    if m := _WEEK.fullmatch(value):
        return _week(value, int(m[1]), int(m[2]), m[3])
    if m := _PART.fullmatch(value):
        length = 3 if m[2] == "Q" else 6
        month = (int(m[3]) - 1) * length + 1
        last = month + length - 1
        return _date(value, int(m[1]), month, 1), _date(
            value, int(m[1]), last, monthrange(int(m[1]), last)[1]
        )
    if _YEARS.fullmatch(value):
        scale = 10 ** (4 - len(value))
        first = int(value) * scale
        return _date(value, max(first, 1), 1, 1), _date(value, first + scale - 1, 12, 31)
    return None


def _date(value: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError as error:
        raise ValueError(f"{value} is not in the calendar: {error}") from None


def _week(value: str, year: int, week: int, day: str | None) -> tuple[date, date]:
    try:
        monday = date.fromisocalendar(year, week, 1)
    except ValueError as error:
        raise ValueError(f"{value} is not in the calendar: {error}") from None
    first, last = (5, 6) if day == "WE" else (int(day) - 1,) * 2 if day else (0, 6)
    return monday + timedelta(first), monday + timedelta(last)


def duration(value: str) -> tuple[str, str] | None:
    """A TIMEX3 duration as (decimal string, UCUM unit): "P3D" is ("3", "d"), "P3DE" ("30", "a"), "PT90M" ("90", "min").

    Several components come in the smallest unit: "P1Y6M" is ("18", "mo"), "P1DT12H" ("36", "h"). None where
    that has no exact number: an `X`, a weekend, or months beside days.
    """
    days_part, _, time_part = value.removeprefix("P").partition("T")
    parts = [(n, u) for n, u in _COMPONENT.findall(days_part)] + [
        (n, "T" + u) for n, u in _COMPONENT.findall(time_part)
    ]
    if not parts or any(n == "X" or u == "WE" for n, u in parts):
        return None
    in_months = [u in _MONTHS for _, u in parts]
    if all(in_months):
        unit = parts[-1][1] if parts[-1][1] in ("Y", "M") else "M" if parts[-1][1] == "Q" else "Y"
        total = sum(Decimal(n) * _MONTHS[u] for n, u in parts) / _MONTHS[unit]
    elif not any(in_months):
        unit = parts[-1][1]
        total = (
            sum(Decimal(n) * _SECONDS[u.removeprefix("T")] for n, u in parts)
            / _SECONDS[unit.removeprefix("T")]
        )
    else:
        return None
    return plain(total), _UCUM[unit]


def plain(number: Decimal) -> str:
    """A decimal as a string without an exponent or trailing zeros: 30.0 is "30"."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
