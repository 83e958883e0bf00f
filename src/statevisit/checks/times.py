"""Time expressions: the grammar of their values beyond the schema, and their words against their values (English)."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from statevisit.checks.registry import Context, Problems, check
from statevisit.model import Document, Timex
from statevisit.numerals import read_duration
from statevisit.values import days, duration

_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
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
_ABBREVIATED = (
    {m[:3]: n for n, m in enumerate(_MONTHS, 1)}
    | {"sept": 9}
    | {m: n for n, m in enumerate(_MONTHS, 1)}
)
_UNITS = r"(?:second|minute|hour|day|night|morning|afternoon|evening|week|weekend|month|quarter|season|spring|summer|autumn|fall|winter|year|decade|century|centuries)s?"
_RELATIVE = re.compile(
    rf"\b(?:yesterday|today|tomorrow|tonight|now|currently|recently|ago|(?:last|next|this|past|coming|previous|following|recent|same|that)\s+(?:\w+\s+)?(?:{_UNITS}|{'|'.join(_WEEKDAYS)}|{'|'.join(_MONTHS)})|(?:earlier|later|before|after))\b"
)
_NAMED = re.compile(
    rf"\b(?:{'|'.join(_WEEKDAYS)}|{'|'.join(m for m in _MONTHS if m != 'may')}|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?)"
)
_YEAR = re.compile(r"\b[12]\d{3}s?\b")
_DESIGNATORS = ("ML", "CE", "DE", "Y", "Q", "M", "WE", "W", "D")
_PART = re.compile(r"(?:\d+(?:\.\d+)?|X)(ML|CE|DE|WE|[YQMWDHS])")


def _english(document: Document) -> bool:
    return document.language.partition("-")[0].lower() == "en"


@check("E509")
def grammar(document: Document, context: Context) -> Problems:
    """The time value is not written as TIMEX3 writes it.

    The schema knows the shape of a value; beyond it the components of a duration come once each,
    the longest first, and only the last has a fraction; an `X` stands for a whole field or the last
    digits of a year; and 24 o'clock is 24:00.

    Wrong: `P2D1Y`, `P1.5Y6M`, `2X24`, `2024-02-19T24:30`
    Right: `P1Y2D`, `P18M`, `202X`, `2024-02-19T24:00`
    """
    for i, timex in enumerate(document.timexes):
        if problem := _malformed(timex.value):
            yield ("timexes", i, "value"), f"{timex.value}: {problem}"


def _malformed(value: str) -> str | None:
    if value.startswith("P") and not value.startswith(("PAST", "PRESENT")):
        date_part, _, time_part = value[1:].partition("T")
        units = [_DESIGNATORS.index(u) for u in _PART.findall(date_part)] + [
            100 + "HMS".index(u) for u in _PART.findall(time_part)
        ]
        if any(a >= b for a, b in zip(units, units[1:], strict=False)):
            return "the components of a duration come once each, the longest first"
        return (
            "only the last component of a duration has a fraction"
            if re.search(r"\.\d+[A-Z]{1,2}T?\d", value)
            else None
        )
    year = re.match(r"([0-9X]{4})(?:-|T|$)", value)
    if year and re.search(r"X\d", year[1]):
        return "an X in a year stands for its last digits"
    return (
        "the only time in hour 24 is 24:00"
        if re.search(r"T24(?!:00(?::00)?(?:Z|[+-]|$)|Z|[+-]|$)", value)
        else None
    )


_POINT_MODS = ("BEFORE", "AFTER", "ON_OR_BEFORE", "ON_OR_AFTER")
_LENGTH_MODS = ("LESS_THAN", "MORE_THAN", "EQUAL_OR_LESS", "EQUAL_OR_MORE")


@check("E510")
def modifiers(document: Document, context: Context) -> Problems:
    """The modifier does not go with the type of the time expression.

    In TIMEX3, BEFORE, AFTER, ON_OR_BEFORE and ON_OR_AFTER modify points in time, LESS_THAN,
    MORE_THAN, EQUAL_OR_LESS and EQUAL_OR_MORE lengths of time; START, MID, END and APPROX modify
    both.

    Wrong: a DURATION with `"mod":"AFTER"`
    Right: a DURATION with `"mod":"MORE_THAN"`
    """
    for i, t in enumerate(document.timexes):
        if (t.type in ("DATE", "TIME") and t.mod in _LENGTH_MODS) or (
            t.type == "DURATION" and t.mod in _POINT_MODS
        ):
            yield ("timexes", i, "mod"), f"{t.mod} with {t.type}"


@check("W511")
def unanchored(document: Document, context: Context) -> Problems:
    """The words are relative, and nothing says to what.

    "Yesterday", "last year", "Monday" and "June" name a date only together with another one:
    `anchor` says which, `DCT` for the document's own. English only. A name that stands for itself
    (9 March in every year) can be right.

    Wrong: "yesterday" with `"value":"2024-02-18"` and no `anchor`
    Right: "yesterday" with `"value":"2024-02-18","anchor":"DCT"`
    """
    if not _english(document):
        return
    for i, t in enumerate(document.timexes):
        if t.type in ("DATE", "TIME") and not t.anchor and "X" not in t.value:
            words = t.text.lower()
            found = _RELATIVE.search(words) or (
                None if _YEAR.search(words) else _NAMED.search(words)
            )
            if found:
                yield ("timexes", i), f"{t.text!r}"


@check("E512")
def date_words(document: Document, context: Context) -> Problems:
    """The words of the date are another date than its value.

    A weekday, month, day or year that the words name must be that of the value. English only, and
    only where the words name one of each.

    Wrong: "Feb. 14" with `"value":"2024-02-15"`; "Monday" with a value that is a Tuesday
    Right: "Feb. 14" with `"value":"2024-02-14"`
    """
    if not _english(document):
        return
    for i, t in enumerate(document.timexes):
        if t.type in ("DATE", "TIME") and (problem := next(_differences(t), None)):
            yield ("timexes", i, "value"), f"{t.text!r} is not {t.value}: {problem}"


def _differences(t: Timex) -> Iterator[str]:
    words = re.findall(r"[a-z]+|\d+", t.text.lower())
    exact = re.match(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:T.*)?$", t.value)
    if not exact:
        return
    year, month, day = exact[1], exact[2], exact[3]
    years = {w for w in re.findall(r"(?<![\d.,:/-])[12]\d{3}(?![\d.,:/-]|s\b)", t.text)}
    if len(years) == 1 and year not in years and not {"fiscal", "hours", "hrs"} & set(words):
        yield f"the year is {years.pop()}"
    named = {
        _ABBREVIATED[w]
        for w in words
        if w in _ABBREVIATED and (w not in ("may", "mar", "sun", "march") or t.text.lower() != w)
    }
    if month and len(named) == 1 and int(month) not in named:
        yield f"the month is {_MONTHS[named.pop() - 1].title()}"
    if day:
        weekdays = [w for w in words if w in _WEEKDAYS]
        value = _day(t.value)
        if (
            value
            and len(weekdays) == 1
            and not t.mod
            and value.weekday() != _WEEKDAYS.index(weekdays[0])
        ):
            yield f"that day is a {_WEEKDAYS[value.weekday()].title()}"
        months = "|".join(_ABBREVIATED)
        numbers = re.findall(
            rf"\b(?:{months})\b\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)|\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{months})\b",
            t.text.lower(),
        )
        said = {int(a or b) for a, b in numbers}
        if len(said) == 1 and len(named) == 1 and int(day) not in said:
            yield f"the day is {said.pop()}"


def _day(value: str) -> date | None:
    try:
        span = days(value)
    except ValueError:
        return None
    return span[0] if span else None


_IN = {
    "a": ("mo", 12),
    "mo": ("mo", 1),
    "wk": ("s", 604800),
    "d": ("s", 86400),
    "h": ("s", 3600),
    "min": ("s", 60),
    "s": ("s", 1),
}


@check("E505")
def duration_words(document: Document, context: Context) -> Problems:
    """The words of the duration are another length than its value.

    "Three decades" are `P3DE` or `P30Y`, and nothing else. English only, and only where the words
    are read wholly.

    Wrong: "three decades" with `"value":"P3Y"`
    Right: "three decades" with `"value":"P3DE"`
    """
    if not _english(document):
        return
    for i, t in enumerate(document.timexes):
        if (
            t.type == "DURATION"
            and (said := read_duration(t.text))
            and (meant := duration(t.value))
        ):
            kind, scale = _IN[meant[1]]
            if kind == said[1] and Decimal(meant[0]) * scale != said[0]:
                yield ("timexes", i, "value"), f"{t.text!r} is not {t.value}"
