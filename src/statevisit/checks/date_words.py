"""The words of dates and times against their values."""

import re
from collections.abc import Container, Iterator
from datetime import date
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from statevisit.checks.registry import Context, Problems, check
from statevisit.document.date_words import (
    MONTHS,
    WEEKDAYS,
    Clock,
    DateReading,
    FigureDate,
    read_date,
)
from statevisit.document.model import Document
from statevisit.document.timex_values import POINTS, days, timeml_spelling

_END_OF_YEARS = 10000
_END_OF_HISTORY = 2200
_GREGORIAN_EVERYWHERE = 1924
"""Before this year a date may be one of the Julian calendar, in which weekdays differ."""

_TWO_DIGITS = 99
_HOURS_OF_DAY = 24

_END_OF_NIGHT = 6
"""The hour until which a night belongs to the day on which it began."""


@check("E512", languages=("en",))
def date_words(document: Document, context: Context) -> Problems:
    """The words of the date name another date than its value.

    A weekday, day, month, quarter, season, year, decade or century in the words must be that of the
    value, and so must an hour. A year up to 999 has zeros: "79" as a value is the century from
    7900. A time counts only if every word is known: "the day after Monday", "fiscal 1999" and
    "8 p.m. EST" may mean another day than the one they name. A date in figures may have the month
    or the day first.

    Wrong: "Feb. 14" with `"value":"2024-02-15"`; "AD 79" with `"value":"79"`
    Right: "Feb. 14" with `"value":"2024-02-14"`; "AD 79" with `"value":"0079"`
    """
    for number, timex in enumerate(document.timexes):
        if timex.type in POINTS and timex.value:
            difference = _difference(timex.text, timex.value)
            if difference:
                detail = f"{timex.text!r} is not {timex.value}: {difference}"
                yield ("timexes", number, "value"), detail


_VALUE = re.compile(
    r"""
    (?P<year>BC[0-9]{4} | [0-9X]{4} | [0-9]{2,3})
    (?: -(?P<month>[0-9]{2}|XX) (?: -(?P<day>[0-9]{2}|XX) )?
      | -W(?:[0-9]{2}|XX) (?: -(?P<weekday>[1-7]|WE|X) )?
      | -Q(?P<quarter>[1-4X])
      | -H(?P<half>[12X])
      | -(?P<season>SP|SU|FA|WI)
    )?
    (?: T(?: (?P<hour>[0-9]{2}) (?: :(?P<minute>[0-9]{2}) (?: :[0-9]{2} )? )? (?P<zone>Z|[+-].*)?
           | (?P<part_of_day>MO|MI|AF|EV|NI|DT)
         ) )?
    """,
    re.VERBOSE,
)


class _Value(Struct, frozen=True):
    """The parts of a TIMEX3 value; None for a part that it does not state.

    `years` are its first and last year; `days` are all days of a value of at most a week.
    """

    years: tuple[int, int] | None
    days: tuple[date, ...]
    month: int | None
    day: int | None
    weekday: int | None
    quarter: int | None
    half: int | None
    season: str | None
    hour: int | None
    minute: int | None
    part_of_day: str | None


def _value(text: str) -> _Value | None:
    """The parts of a value; None if it states none, or if its time zone may move the day.

    A value that the calendar does not have states none either.
    """
    match = _VALUE.fullmatch(text)
    if match is None or match["zone"]:
        return None
    try:
        interval = days(text)
    except ValueError:  # E501 reports it
        return None
    weekday = _int(match["weekday"])
    return _Value(
        years=_years(match["year"]),
        days=_days(interval),
        month=_int(match["month"]),
        day=_int(match["day"]),
        weekday=weekday - 1 if weekday else None,
        quarter=_int(match["quarter"]),
        half=_int(match["half"]),
        season=match["season"],
        hour=_int(match["hour"]),
        minute=_int(match["minute"]),
        part_of_day=match["part_of_day"],
    )


def _int(digits: str | None) -> int | None:
    return int(digits) if digits and digits.isdigit() else None


def _years(field: str) -> tuple[int, int] | None:
    """The first and the last year of a year, decade or century; years before Christ are negative.

    None if the century is unknown.
    """
    if field.startswith("BC"):
        year = -int(field[2:])
        return year, year
    prefix = field.rstrip("X")
    if len(prefix) < 2 or not prefix.isdigit():
        return None
    length = 10 ** (4 - len(prefix))
    first = int(prefix) * length
    return first, first + length - 1


def _days(interval: tuple[date, date] | None) -> tuple[date, ...]:
    """The days of an interval of at most a week; none for a longer one."""
    if interval is None or (interval[1] - interval[0]).days > 6:
        return ()
    first, last = interval[0].toordinal(), interval[1].toordinal()
    return tuple(date.fromordinal(number) for number in range(first, last + 1))


@lru_cache(4096)
def _difference(words: str, value: str) -> str | None:
    """The first part of a date that its words and its value give differently; None without one."""
    return next(_differences(words, timeml_spelling(value)), None)


def _differences(words: str, stated: str) -> Iterator[str]:
    """Yield the parts of a date that its words and its stated value give differently."""
    reading, value = read_date(words), _value(stated)
    is_short = words == stated and len(stated) < len("YYYY")
    if value is not None and value.years and is_short and value.years[0] > _END_OF_HISTORY:
        yield f"the year is {stated:0>4}"
    if reading is None or value is None:
        return
    yield from _differences_of_times(reading, value)
    alternatives = [
        [*_differences_of_years(reading, near), *_differences_of_days(reading, near)]
        for near in _near(reading, value)
    ]
    if alternatives and all(alternatives):
        yield from alternatives[0]


def _near(reading: DateReading, value: _Value) -> list[_Value]:
    """The value itself; at midnight and in the night, also the same on the days beside it.

    Midnight on Monday begins Monday or ends it, and 2 a.m. on Monday night is on Tuesday. There
    are none if the value has no calendar day: nothing is known about its neighbours then.
    """
    starts_day = any(hour == 0 for hour, _ in reading.clock or ())
    is_midnight = starts_day or value.hour == _HOURS_OF_DAY
    is_small_hour = value.hour is not None and value.hour <= _END_OF_NIGHT
    if not is_midnight and not (reading.part_of_day == "night" and is_small_hour):
        return [value]
    near = []
    for day in value.days:
        for number in range(day.toordinal() - 1, day.toordinal() + 2):
            if 1 <= number <= date.max.toordinal():
                near.append(replace(value, days=(date.fromordinal(number),)))
    return near


def _differences_of_years(reading: DateReading, value: _Value) -> Iterator[str]:
    if value.years is None:
        return
    first, last = value.years
    if first < 0 and reading.year_before_christ is None:  # "1000" may mean 1000 BC
        return
    if value.hour is not None and reading.year == 100 * value.hour + (value.minute or 0):
        return  # "2000" is eight o'clock
    is_one_year = first == last
    if value.days:  # the year of a week is not always that of its days
        first, last = value.days[0].year, value.days[-1].year
    if "WI" in (value.season, reading.season):  # a winter belongs to two years
        first, last = first - 1, last + 1
    for named, difference in _named_years(reading, is_one_year):
        if not any(year in named for year in range(first, last + 1)):
            yield difference


def _named_years(reading: DateReading, is_one_year: bool) -> Iterator[tuple[Container[int], str]]:
    """Yield the years that the words can mean, and what a value without any of them is told."""
    if reading.year is not None:
        yield (reading.year,), f"the year is {reading.year:04}"
    if reading.year_before_christ is not None:
        year = reading.year_before_christ
        yield (-year,), f"the year is BC{year:04}"
    if reading.short_year is not None:
        yield (
            range(reading.short_year, _END_OF_YEARS, 100),
            f"the year ends in {reading.short_year:02}",
        )
    if reading.decade is not None:
        length = 10 if reading.decade % 100 else 100  # "the 1900s"
        years = range(reading.decade, reading.decade + length)
        yield years, f"the decade is {reading.decade // 10:03}"
    if reading.short_decade is not None:
        tens = reading.short_decade
        same = {year for year in range(_END_OF_YEARS) if year // 10 % 10 == tens}
        yield same, f"the decade is one of the {tens}0s"
    if reading.century is not None:
        begin = (reading.century - 1) * 100
        # By the other way to count, 1900 is the last year of the 19th century.
        length = 101 if is_one_year else 100
        yield range(begin, begin + length), f"that century is {begin // 100:02}"


def _differences_of_days(reading: DateReading, value: _Value) -> Iterator[str]:
    if reading.season and value.season and reading.season != value.season:
        yield f"the season is {reading.season}"
    if reading.quarter and value.quarter and reading.quarter != value.quarter:
        yield f"the quarter is Q{reading.quarter}"
    if reading.half and value.half and reading.half != value.half:
        yield f"the half is H{reading.half}"
    months = _months(value)
    if reading.month and months and reading.month not in months:
        yield f"the month is {MONTHS[reading.month - 1].title()}"
    weekdays = _weekdays(reading, value)
    if reading.weekday is not None and weekdays and reading.weekday not in weekdays:
        named = " or ".join(WEEKDAYS[number].title() for number in sorted(weekdays))
        yield f"that day is a {named}"
    days_of_month = {day.day for day in value.days} or _set_of(value.day)
    if reading.day and days_of_month and reading.day not in days_of_month:
        yield f"the day is {reading.day}"
    if reading.figures and not any(_is_date(figures, value) for figures in reading.figures):
        yield f"the date is {' or '.join(sorted(map(_shown, reading.figures)))}"


def _weekdays(reading: DateReading, value: _Value) -> set[int]:
    """The weekdays that a value can have; empty if they are not comparable with the words.

    If the words state year, month and day, these decide: the text itself may be wrong about the
    weekday.
    """
    is_whole_date = None not in (reading.year, reading.month, reading.day) or reading.figures
    if is_whole_date or (value.years and value.years[0] < _GREGORIAN_EVERYWHERE):
        return set()
    return {day.weekday() for day in value.days} or _set_of(value.weekday)


def _months(value: _Value) -> set[int]:
    """The months in which a value may lie; empty if it states none."""
    if value.days:
        return {day.month for day in value.days}
    if value.quarter:
        return set(range(3 * value.quarter - 2, 3 * value.quarter + 1))
    if value.half:
        return set(range(6 * value.half - 5, 6 * value.half + 1))
    return _set_of(value.month)


def _set_of(number: int | None) -> set[int]:
    return set() if number is None else {number}


def _is_date(figures: FigureDate, value: _Value) -> bool:
    """Whether one reading of a date in figures does not contradict a value."""
    year, month, day = figures
    if value.days:
        return any(
            _is_year(year, of_value.year)
            and month in (None, of_value.month)
            and day in (None, of_value.day)
            for of_value in value.days
        )
    is_one_year = value.years is not None and value.years[0] == value.years[1]
    if value.years and is_one_year and not _is_year(year, value.years[0]):
        return False
    months = _months(value)
    if month and months and month not in months:
        return False
    return None in (day, value.day) or day == value.day


def _shown(figures: FigureDate) -> str:
    return "-".join(f"{number:02}" for number in figures if number is not None)


def _is_year(year: int | None, of_value: int) -> bool:
    """Whether a year in figures, which may have two digits, is the year of a value."""
    if year is None:
        return True
    return year == (of_value if year > _TWO_DIGITS else of_value % 100)


_OTHER_PARTS = {
    "morning": ("AF", "EV", "NI"),
    "afternoon": ("MO", "NI"),
    "evening": ("MO", "AF"),
    "night": ("AF",),
}
"""The parts of a day in a value that contradict the one in the words."""

_OTHER_HOURS = {
    "morning": range(13, 24),
    "afternoon": range(12),
    "evening": range(5, 15),
    "night": range(9, 16),
}
"""The hours in a value that contradict the part of the day in the words."""


def _differences_of_times(reading: DateReading, value: _Value) -> Iterator[str]:
    part = reading.part_of_day
    if part and (value.part_of_day in _OTHER_PARTS[part] or value.hour in _OTHER_HOURS[part]):
        yield f"the part of the day is {part}"
    if not reading.clock:
        return
    hours = {hour for hour, _ in reading.clock}
    if value.hour is not None and not any(_is_time(clock, value) for clock in reading.clock):
        hour, minute = min(reading.clock)
        yield f"the time is {hour:02}:{minute or 0:02}"
    elif value.part_of_day in ("AF", "EV") and hours <= set(range(1, 12)):
        yield "the time is before noon"
    elif value.part_of_day == "MO" and hours <= set(range(13, 24)):
        yield "the time is after noon"


def _is_time(clock: Clock, value: _Value) -> bool:
    """Whether one reading of the time of day does not contradict a value."""
    hour, minute = clock
    if value.hour is None or hour != value.hour % _HOURS_OF_DAY:
        return False
    return None in (minute, value.minute) or minute == value.minute
