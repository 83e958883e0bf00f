"""The days of the calendar within which a time expression lies. No I/O."""

import re

from statevisit.document.records import Timex
from statevisit.document.timex_values import POINTS, known_days

_OTHER_YEARS = re.compile(r"\b(?:fiscal|financial|academic|school|FY)\b|\bFY\d", re.IGNORECASE)
"""Words for years that begin on another day than those of the calendar."""

_WITH_MONTH = re.compile(r"[0-9]{4}-(?:[0-9]{2}|W)")
"""A value that names a month, week or day."""

_ZONE = re.compile(r"T.*(?:Z|[+-]\d\d(?::?\d\d)?)$")
"""The time zone of a time of day."""

_WITHIN = (None, "START", "MID", "END")
"""The values of `mod` with which a time lies within its calendar value."""

Bounds = tuple[int, int]
"""A day, as its ordinal, at whose start or later a time begins; a day by whose start it ends."""


def bounds_of_timex(timex: Timex, english: bool) -> Bounds | None:
    """Return the days within which a time lies; None if it does not stand for days.

    A time with a modifier such as BEFORE does not, nor does a fiscal year. `english` says whether
    that is the language of the text.
    """
    is_point = timex.type in POINTS and timex.mod in _WITHIN
    if timex.value is None or not is_point or not _is_of_calendar(timex, english):
        return None
    return bounds_of_value(timex.value)


def bounds_of_value(value: str) -> Bounds | None:
    """Return the days of a calendar value; None if it stands for no particular days.

    With a time zone they are a day longer on both sides, since another day may have begun there.
    """
    interval = known_days(value)
    if interval is None:
        return None
    first, last = interval
    abroad = _ZONE.search(value) is not None
    return first.toordinal() - abroad, last.toordinal() + 1 + abroad


def _is_of_calendar(timex: Timex, english: bool) -> bool:
    """Whether the years of a time begin with January.

    In languages other than English nothing says so but the month, or a year that stands alone.
    """
    if english:
        return not _OTHER_YEARS.search(timex.text)
    has_month = _WITH_MONTH.match(timex.value or "") is not None
    return has_month or not any(map(str.isalpha, timex.text))
