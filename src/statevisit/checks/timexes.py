"""Time expressions: values beyond the schema, anchors, and the words of durations."""

import re
from functools import lru_cache
from itertools import pairwise

from statevisit.checks.registry import Context, Problems, check
from statevisit.document.date_words import MONTHS, WEEKDAYS
from statevisit.document.model import Document
from statevisit.document.number_words import read_duration
from statevisit.document.timex_values import POINTS, days, duration, in_base_unit, timeml_spelling


@check("E501")
def calendar(document: Document, context: Context) -> Problems:
    """The time value names a day, week or year that the calendar does not have.

    Such a value has no place on a time line. Days and weeks follow ISO 8601; a year has 52 or 53
    weeks.

    Wrong: `"value":"2024-02-30"`
    Right: `"value":"2024-02-29"`
    """
    for number, timex in enumerate(document.timexes):
        if timex.type in POINTS and timex.value:
            try:
                days(timex.value)
            except ValueError as error:
                yield ("timexes", number, "value"), str(error)


_DATE_UNITS = ("L", "C", "E", "Y", "Q", "M", "WE", "W", "D")
_TIME_UNITS = ("H", "M", "S")
"""The units of durations, before and after the `T`, from the longest to the shortest."""

_COMPONENT = re.compile(r"(?:\d+(?:\.\d+)?|X)(WE|[LCEYQMWDHS])")
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
        problem = _grammar_problem(timex.value) if timex.value else None
        if problem:
            yield ("timexes", number, "value"), f"{timex.value}: {problem}"


@lru_cache(4096)
def _grammar_problem(value: str) -> str | None:
    value = timeml_spelling(value)
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
        length_of_point = timex.type in POINTS and timex.mod in _LENGTH_MODIFIERS
        point_of_length = timex.type == "DURATION" and timex.mod in _POINT_MODIFIERS
        if length_of_point or point_of_length:
            yield ("timexes", number, "mod"), f"{timex.mod} with {timex.type}"


_TIME_NOUNS = (
    "hour|day|night|morning|afternoon|evening|week|weekend|month|quarter|season|"
    "spring|summer|autumn|fall|winter|year|decade"
)
_ABBREVIATED_MONTHS = "jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec"
_MONTHS_ONLY = "|".join(month for month in MONTHS if month != "may")
_NAMES = "|".join((*WEEKDAYS, *MONTHS))
_RELATIVE = re.compile(
    rf"""\b(?:
        yesterday|today|tomorrow|tonight|now|currently|recently|ago
        |(?:last|next|this|past|coming|previous|following|recent|same|that)
            [ ](?:\w+[ ])?(?:(?:{_TIME_NOUNS})s?|{_NAMES})(?![ ]of\b)
        |(?:{_TIME_NOUNS})s?[ ](?:earlier|later|before|after)$
    )\b""",
    re.VERBOSE,
)
"""Words that relate a date to another one: "yesterday", "last year", "two days later"."""

_NAMED = re.compile(rf"\b(?:{'|'.join(WEEKDAYS)}|{_MONTHS_ONLY}|(?:{_ABBREVIATED_MONTHS})\b\.?)")
"""Weekdays and months, which name a date only within a week or a year."""

_ABSOLUTE = re.compile(
    r"""
    (?<![0-9])[0-9]{4}(?![0-9])          # 1999, 2007-08, the 1970s
    | (?<![0-9])[12][0-9]{7}(?![0-9])    # 19990213
    | '[0-9]{2}\b | \bfy ?[0-9]{2}\b     # '98, FY98
    | [0-9][/.-][0-9]{1,2}[/.-][0-9]{2}\b
    | [a-z][/.-][0-9]{2}\b               # Mar-98
    | [a-z]\.?\ (?:3[2-9]|[4-9][0-9])\b  # Mar. 98
    | [0-9]{1,4}\ ?(?:ad|ce|bce?|a\.d|c\.e|b\.c)\b | \b(?:ad|a\.d\.)\ ?[0-9]
    | [0-9]0'?s\b | \b(?:twen|thir|for|fif|six|seven|eigh|nine)ties\b
    | centur(?:y|ies)\b | \bmillenni
    | \b(?:nineteen|eighteen|seventeen|two\ thousand|twenty)[ -](?:and\ )?(?:hundred|oh|one
        |two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen
        |sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)
    """,
    re.VERBOSE,
)
"""Words that name a year, decade or century themselves."""

_NAMES_OF_DAYS = re.compile(
    r"\b(?:black|good|ash|bloody|super|holy|palm|easter|whit|cyber|maundy|shrove|fat|giving)[ ]"
    r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b"
    r"|\bsept(?:ember|\.)?[ ]11|\b11[ ]sept|\b(?:october|february|july)[ ]revolution\b"
)
"""Names of single days and events that contain a weekday or a month."""


@check("W511", languages=("en",))
def unanchored(document: Document, context: Context) -> Problems:
    """The words are relative, but the time expression has no anchor.

    "Yesterday", "last year", "Monday" and "June" name a date only together with another one, the
    `anchor`, which is `DCT` for the document's own date. Words with a year, decade or century of
    their own ("two years after 1990") and PAST_REF, PRESENT_REF and FUTURE_REF need none. A name
    that stands for itself (9 March in every year) can be right.

    Wrong: "yesterday" with `"value":"2024-02-18"` and no `anchor`
    Right: "yesterday" with `"value":"2024-02-18","anchor":"DCT"`
    """
    if not document.is_done("timexes"):
        return
    for number, timex in enumerate(document.timexes):
        value = timeml_spelling(timex.value or "X")
        is_resolved = timex.type in POINTS and "X" not in value
        if not is_resolved or timex.anchor or value.endswith("_REF"):
            continue
        if _is_relative(" ".join(timex.text.lower().split())):
            yield ("timexes", number), f"{timex.text!r}"


def _is_relative(words: str) -> bool:
    if _ABSOLUTE.search(words) or _NAMES_OF_DAYS.search(words):
        return False
    return bool(_RELATIVE.search(words) or _NAMED.search(words))


@check("E505", languages=("en",))
def duration_words(document: Document, context: Context) -> Problems:
    """The words of the duration give another length than its value.

    "Three decades" is `P3E` or `P30Y`, and nothing else. A fraction may be rounded: "four months"
    is also `P0.33Y`. Only words that are read completely count.

    Wrong: "three decades" with `"value":"P3Y"`
    Right: "three decades" with `"value":"P3E"`
    """
    for number, timex in enumerate(document.timexes):
        if timex.type != "DURATION" or timex.value is None:
            continue
        if _is_other_length(timex.text, timex.value):
            yield ("timexes", number, "value"), f"{timex.text!r} is not {timex.value}"


@lru_cache(4096)
def _is_other_length(words: str, value: str) -> bool:
    """Whether words and a value both give a length, and not the same one."""
    in_words, in_value = read_duration(words), duration(value)
    if in_words is None or in_value is None:
        return False
    length, unit = in_base_unit(*in_value)
    rounding, _ = in_base_unit(_half_of_last_digit(in_value[0]), in_value[1])
    return unit == in_words[1] and abs(length - in_words[0]) > rounding


def _half_of_last_digit(number: str) -> str:
    """The amount by which a rounded number may differ: 0.005 for 0.33, and 0 for a whole number."""
    _, point, fraction = number.partition(".")
    return f"0.{'0' * len(fraction)}5" if point else "0"


@check("W516")
def spellings(document: Document, context: Context) -> Problems:
    """The time value is spelt in another way than in TimeML.

    TimeML 1.2.1 writes decades, centuries and millennia as E, C and L, and cuts the year of a
    decade or century short. Other tools write DE, CE and ML, or an X for each unknown digit. Both
    mean the same, and are the same for all other checks, but whoever searches or counts values
    needs one of them. `statevisit validate --fix` writes that of TimeML.

    Wrong: `P3DE`, `P1CE`, `P1ML`, `197X`, `19XX`
    Right: `P3E`, `P1C`, `P1L`, `197`, `19`
    """
    for number, timex in enumerate(document.timexes):
        value = timex.value or ""
        spelling = timeml_spelling(value)
        if spelling != value:
            yield ("timexes", number, "value"), f'{value}; write "{spelling}"'
