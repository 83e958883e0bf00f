"""Time expressions: the grammar of their values beyond the schema, and words against values."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise

from statevisit.checks.registry import Context, Problems, check, in_english
from statevisit.model import Document, Timex
from statevisit.numerals import read_duration
from statevisit.values import days, duration

_POINTS = ("DATE", "TIME")
"""The types of time expressions that stand for points in time."""


_DATE_UNITS = ("ML", "CE", "DE", "Y", "Q", "M", "WE", "W", "D")
_TIME_UNITS = ("H", "M", "S")
"""The units of durations, before and after the `T`, from the longest to the shortest."""

_COMPONENT = re.compile(r"(?:\d+(?:\.\d+)?|X)(ML|CE|DE|WE|[YQMWDHS])")
_FRACTION_BEFORE_COMPONENT = re.compile(r"\.\d+[A-Z]{1,2}T?\d")
_YEAR_FIELD = re.compile(r"([0-9X]{4})(?:-|T|$)")
_AFTER_HOUR_24 = re.compile(r"T24(?!:00(?::00)?(?:Z|[+-]|$)|Z|[+-]|$)")


@check("E509")
def grammar(document: Document, context: Context) -> Problems:
    """The time value does not follow the grammar of TIMEX3.

    The schema checks the shape of a value. Beyond that, each component of a duration occurs once,
    the longest first, and only the last has a fraction; an `X` stands for a whole field or for the
    last digits of a year; and the only time in hour 24 is 24:00.

    Wrong: `P2D1Y`, `P1.5Y6M`, `2X24`, `2024-02-19T24:30`
    Right: `P1Y2D`, `P18M`, `202X`, `2024-02-19T24:00`
    """
    for number, timex in enumerate(document.timexes):
        problem = _grammar_problem(timex.value)
        if problem:
            yield ("timexes", number, "value"), f"{timex.value}: {problem}"


def _grammar_problem(value: str) -> str | None:
    if value.startswith("P") and not value.startswith(("PAST", "PRESENT")):
        return _duration_problem(value)
    year = _YEAR_FIELD.match(value)
    if year and re.search(r"X\d", year[1]):
        return "an X in a year stands for its last digits"
    if _AFTER_HOUR_24.search(value):
        return "the only time in hour 24 is 24:00"
    return None


def _duration_problem(value: str) -> str | None:
    date_part, _, time_part = value[1:].partition("T")
    ranks = [_DATE_UNITS.index(unit) for unit in _COMPONENT.findall(date_part)]
    ranks += [len(_DATE_UNITS) + _TIME_UNITS.index(unit) for unit in _COMPONENT.findall(time_part)]
    if any(rank >= following for rank, following in pairwise(ranks)):
        return "the components of a duration come once each, the longest first"
    if _FRACTION_BEFORE_COMPONENT.search(value):
        return "only the last component of a duration has a fraction"
    return None


_POINT_MODIFIERS = ("BEFORE", "AFTER", "ON_OR_BEFORE", "ON_OR_AFTER")
_LENGTH_MODIFIERS = ("LESS_THAN", "MORE_THAN", "EQUAL_OR_LESS", "EQUAL_OR_MORE")


@check("E510")
def modifiers(document: Document, context: Context) -> Problems:
    """The modifier does not go with the type of the time expression.

    In TIMEX3, BEFORE, AFTER, ON_OR_BEFORE and ON_OR_AFTER modify points in time; LESS_THAN,
    MORE_THAN, EQUAL_OR_LESS and EQUAL_OR_MORE modify lengths of time; START, MID, END and APPROX
    modify both.

    Wrong: a DURATION with `"mod":"AFTER"`
    Right: a DURATION with `"mod":"MORE_THAN"`
    """
    for number, timex in enumerate(document.timexes):
        length_of_point = timex.type in _POINTS and timex.mod in _LENGTH_MODIFIERS
        point_of_length = timex.type == "DURATION" and timex.mod in _POINT_MODIFIERS
        if length_of_point or point_of_length:
            yield ("timexes", number, "mod"), f"{timex.mod} with {timex.type}"


_WEEKDAYS = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
]
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_ABBREVIATED_MONTHS = (
    "jan",
    "feb",
    "mar",
    "apr",
    "jun",
    "jul",
    "aug",
    "sept?",
    "oct",
    "nov",
    "dec",
)
_TIME_NOUNS = (
    "second|minute|hour|day|night|morning|afternoon|evening|week|weekend|month|quarter|season|"
    "spring|summer|autumn|fall|winter|year|decade|century|centuries"
)
_NAMES = "|".join(_WEEKDAYS + _MONTHS)
_RELATIVE = re.compile(
    rf"""\b(?:
        yesterday|today|tomorrow|tonight|now|currently|recently|ago
        |(?:last|next|this|past|coming|previous|following|recent|same|that)
            \s+(?:\w+\s+)?(?:(?:{_TIME_NOUNS})s?|{_NAMES})
        |earlier|later|before|after
    )\b""",
    re.VERBOSE,
)
"""Words that relate a date to another one: "yesterday", "last year", "two days later"."""

_NAMED = re.compile(
    rf"\b(?:{'|'.join(_WEEKDAYS)}|{'|'.join(month for month in _MONTHS if month != 'may')}"
    rf"|(?:{'|'.join(_ABBREVIATED_MONTHS)})\b\.?)"
)
"""Weekdays and months, which name a date only within a week or a year."""

_YEAR = re.compile(r"\b[12]\d{3}s?\b")


@check("W511")
def unanchored(document: Document, context: Context) -> Problems:
    """The words are relative, but the time expression has no anchor.

    "Yesterday", "last year", "Monday" and "June" name a date only together with another one, the
    `anchor`, which is `DCT` for the document's own date. English only. A name that stands for
    itself (9 March in every year) can be right.

    Wrong: "yesterday" with `"value":"2024-02-18"` and no `anchor`
    Right: "yesterday" with `"value":"2024-02-18","anchor":"DCT"`
    """
    if not in_english(document):
        return
    for number, timex in enumerate(document.timexes):
        is_resolved = timex.type in _POINTS and "X" not in timex.value
        if is_resolved and not timex.anchor and _is_relative(timex.text.lower()):
            yield ("timexes", number), f"{timex.text!r}"


def _is_relative(words: str) -> bool:
    if _RELATIVE.search(words):
        return True
    return _NAMED.search(words) is not None and _YEAR.search(words) is None


@check("E512")
def date_words(document: Document, context: Context) -> Problems:
    """The words of the date name another date than its value.

    A weekday, month, day or year in the words must be that of the value. English only, and only if
    the words name at most one of each.

    Wrong: "Feb. 14" with `"value":"2024-02-15"`; "Monday" with a value that is a Tuesday
    Right: "Feb. 14" with `"value":"2024-02-14"`
    """
    if not in_english(document):
        return
    for number, timex in enumerate(document.timexes):
        if timex.type in _POINTS:
            difference = next(_differences(timex), None)
            if difference:
                detail = f"{timex.text!r} is not {timex.value}: {difference}"
                yield ("timexes", number, "value"), detail


_MONTH_NUMBERS = {
    **{month[:3]: number for number, month in enumerate(_MONTHS, 1)},
    "sept": 9,
    **{month: number for number, month in enumerate(_MONTHS, 1)},
}
_ALSO_WORDS = ("may", "mar", "sun", "march")
"""Names of months that are other words as well when they stand alone."""

_EXACT = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T.*)?$")
_LONE_YEAR = re.compile(r"(?<![\d.,:/-])[12]\d{3}(?![\d.,:/-]|s\b)")
_MONTH = "|".join(_MONTH_NUMBERS)
_DAY_OF_MONTH = re.compile(
    rf"\b(?:{_MONTH})\b\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)"
    rf"|\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{_MONTH})\b"
)


def _differences(timex: Timex) -> Iterator[str]:
    """Yield the parts of a date that its words and its value state differently."""
    exact = _EXACT.match(timex.value)
    if not exact:
        return
    year, month, day = exact.groups()
    text = timex.text.lower()
    words = re.findall(r"[a-z]+|\d+", text)
    years = set(_LONE_YEAR.findall(timex.text))
    is_other_number = not {"fiscal", "hours", "hrs"}.isdisjoint(words)  # "1400 hours"
    if len(years) == 1 and year not in years and not is_other_number:
        yield f"the year is {years.pop()}"
    months = {
        _MONTH_NUMBERS[word]
        for word in words
        if word in _MONTH_NUMBERS and not (word == text and word in _ALSO_WORDS)
    }
    if month and len(months) == 1 and int(month) not in months:
        yield f"the month is {_MONTHS[min(months) - 1].title()}"
    if not day:
        return
    weekday = _other_weekday(timex, words)
    if weekday:
        yield f"that day is a {weekday}"
    numbers = {int(after or before) for after, before in _DAY_OF_MONTH.findall(text)}
    if len(numbers) == 1 and len(months) == 1 and int(day) not in numbers:
        yield f"the day is {numbers.pop()}"


def _other_weekday(timex: Timex, words: list[str]) -> str | None:
    """The weekday of a value whose words name another one; None if they do not."""
    weekdays = [word for word in words if word in _WEEKDAYS]
    day = _first_day(timex.value)
    if day is None or len(weekdays) != 1 or timex.mod:
        return None
    weekday = _WEEKDAYS[day.weekday()]
    return None if weekday == weekdays[0] else weekday.title()


def _first_day(value: str) -> date | None:
    try:
        interval = days(value)
    except ValueError:  # E501 reports it
        return None
    return interval[0] if interval else None


_MONTHS_IN = {"a": 12, "mo": 1}
_SECONDS_IN = {"wk": 604800, "d": 86400, "h": 3600, "min": 60, "s": 1}


@check("E505")
def duration_words(document: Document, context: Context) -> Problems:
    """The words of the duration give another length than its value.

    "Three decades" is `P3DE` or `P30Y`, and nothing else. English only, and only if the words are
    read completely.

    Wrong: "three decades" with `"value":"P3Y"`
    Right: "three decades" with `"value":"P3DE"`
    """
    if not in_english(document):
        return
    for number, timex in enumerate(document.timexes):
        if timex.type != "DURATION":
            continue
        in_words = read_duration(timex.text)
        in_value = duration(timex.value)
        if in_words is None or in_value is None:
            continue
        length, unit = _in_base_unit(*in_value)
        if unit == in_words[1] and length != in_words[0]:
            yield ("timexes", number, "value"), f"{timex.text!r} is not {timex.value}"


def _in_base_unit(number: str, unit: str) -> tuple[Decimal, str]:
    """Return a length in months ("mo") or in seconds ("s"), between which nothing converts."""
    if unit in _MONTHS_IN:
        return Decimal(number) * _MONTHS_IN[unit], "mo"
    return Decimal(number) * _SECONDS_IN[unit], "s"
