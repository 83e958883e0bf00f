"""English dates and times of day in words and figures, if every word of the phrase is known.

"Monday, March 4, 1996, 8 p.m." names a weekday, a month, a day, a year and an hour. A phrase with
any other word ("the day after Monday", "fiscal 1999", "8 p.m. EST") is not read: it may mean
another day than the one it names, and a wrong reading would be a false alarm of a check.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Any

from msgspec import Struct

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
SEASONS = {"spring": "SP", "summer": "SU", "autumn": "FA", "fall": "FA", "winter": "WI"}
"""The names of seasons, with their codes in TIMEX3 values."""

_LONGEST = 100
"""Phrases of more characters are not read."""

_PLAIN = str.maketrans("’‘´‐‑‒–—", "'''-----")

_MONTH_NUMBERS = {
    **{month: number for number, month in enumerate(MONTHS, 1)},
    **{month[:3]: number for number, month in enumerate(MONTHS, 1)},
    "sept": 9,
}
_WEEKDAY_NUMBERS = {
    **{weekday: number for number, weekday in enumerate(WEEKDAYS)},
    **{weekday[:3]: number for number, weekday in enumerate(WEEKDAYS)},
    **{"tues": 1, "thur": 3, "thurs": 3},
}
_ALSO_WORDS = ("may", "march", "mar", "sun", "sat", "wed", "fall", "spring")
"""Names that are other words as well when they stand alone in lower case."""

_UNITS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"),
    *("tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth"),
    *("seventeenth", "eighteenth", "nineteenth", "twentieth"),
)
_ORDINALS = {
    **{word: number for number, word in enumerate(_UNITS, 1)},
    **{f"twenty-{word}": 20 + number for number, word in enumerate(_UNITS[:9], 1)},
    **{"thirtieth": 30, "thirty-first": 31},
}
_HOURS = (
    *("one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_DECADES = {
    **{"twenties": 2, "thirties": 3, "forties": 4, "fifties": 5},
    **{"sixties": 6, "seventies": 7, "eighties": 8, "nineties": 9},
}

FigureDate = tuple[int | None, int | None, int | None]
"""Year, month and day in one reading of a date in figures; a year below 100 has two digits."""

Clock = tuple[int, int | None]
"""Hour and minute; no minute if the words state none."""


class DateReading(Struct, frozen=True):
    """The parts of a date that a phrase names; None for a part that it does not name.

    `weekday` counts from 0 (Monday). `short_year` is 98 for "'98", and `short_decade` 7 for "the
    '70s". `year_before_christ` is 44 for "44 BC". `century` is 19 for "the 19th century".
    `part_of_day` is "morning", "afternoon", "evening" or "night". `figures` and `clock` hold all
    readings: 2/3/2024 is a day in February or in March, and 3:30 is before or after noon.
    """

    year: int | None = None
    short_year: int | None = None
    year_before_christ: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    quarter: int | None = None
    half: int | None = None
    season: str | None = None
    decade: int | None = None
    short_decade: int | None = None
    century: int | None = None
    part_of_day: str | None = None
    figures: frozenset[FigureDate] | None = None
    clock: frozenset[Clock] | None = None


_Parts = defaultdict[str, set[Any]]
"""The readings of each part, by the name of the part."""


def _any(words: Iterable[str]) -> str:
    """A pattern for one of the words, the longest first."""
    return "|".join(sorted(words, key=len, reverse=True))


_MONTH = rf"(?P<month>{_any(_MONTH_NUMBERS)})\b\.?"
_DAY = rf"(?P<day>(?:0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th)?|{_any(_ORDINALS)})(?![0-9a-z])"
_NO_CLOCK = r"(?!:[0-9]|[./][0-9]| ?[ap]\.? ?m\b)"
_ERA = r"(?P<era>a\.?d\.?|c\.?e\.?|b\.?c\.?e\.?|b\.?c\.?)(?![a-z])"
_HALF_OF_DAY = r"(?P<half>[ap])\.? ?m\b\.?"


def _ordinal(word: str) -> int:
    return _ORDINALS.get(word) or int(re.sub("[a-z]", "", word))


def _filler(match: re.Match[str], parts: _Parts) -> None:
    """A word that names no part and changes none."""


def _month(match: re.Match[str], parts: _Parts) -> None:
    parts["month"].add(_MONTH_NUMBERS[match["month"]])


def _day(match: re.Match[str], parts: _Parts) -> None:
    parts["day"].add(_ordinal(match["day"]))


def _month_and_day(match: re.Match[str], parts: _Parts) -> None:
    _month(match, parts)
    _day(match, parts)


def _weekday(match: re.Match[str], parts: _Parts) -> None:
    parts["weekday"].add(_WEEKDAY_NUMBERS[match["weekday"]])


def _year(match: re.Match[str], parts: _Parts) -> None:
    parts["year"].add(int(match["year"]))


def _short_year(match: re.Match[str], parts: _Parts) -> None:
    parts["short_year"].add(int(match["year"]))


def _year_of_era(match: re.Match[str], parts: _Parts) -> None:
    name = "year_before_christ" if match["era"].startswith("b") else "year"
    parts[name].add(int(match["year"]))


def _decade(match: re.Match[str], parts: _Parts) -> None:
    parts["decade"].add(int(match["decade"]))


def _short_decade(match: re.Match[str], parts: _Parts) -> None:
    word = match["decade"]
    parts["short_decade"].add(_DECADES.get(word) or int(word[0]))


def _century(match: re.Match[str], parts: _Parts) -> None:
    parts["century"].add(_ordinal(match["century"]))


def _quarter(match: re.Match[str], parts: _Parts) -> None:
    word = match["quarter"]
    parts["quarter"].add(4 if word == "final" else _ordinal(word))


def _quarter_and_year(match: re.Match[str], parts: _Parts) -> None:
    _quarter(match, parts)
    _short_year(match, parts)


def _half(match: re.Match[str], parts: _Parts) -> None:
    parts["half"].add(_ordinal(match["half"]))


def _season(match: re.Match[str], parts: _Parts) -> None:
    parts["season"].add(SEASONS[match["season"]])


def _part_of_day(match: re.Match[str], parts: _Parts) -> None:
    parts["part_of_day"].add(match["part"].removeprefix("to").removeprefix("over"))


def _named_hour(match: re.Match[str], parts: _Parts) -> None:
    parts["clock"].add(frozenset({(12 if match["hour"].endswith("noon") else 0, 0)}))


def _clock(match: re.Match[str], parts: _Parts) -> None:
    """An hour with "a.m.", "p.m." or "o'clock", with minutes, or both."""
    groups = match.groupdict()
    word = groups["hour"]
    hour = int(word) if word.isdigit() else _HOURS.index(word) + 1
    minute = int(groups["minute"]) if groups.get("minute") else None
    half = groups.get("half")
    if half is None:
        hours = {hour, hour + 12} if hour <= 12 else {hour}
    elif hour <= 12:
        hours = {hour % 12 + (12 if half == "p" else 0)}
    else:  # "15:00 p.m."
        hours = {hour}
    parts["clock"].add(frozenset((number, minute) for number in hours))


def _figures(match: re.Match[str], parts: _Parts) -> None:
    """A date in figures: all orders of year, month and day that give one."""
    numbers = [int(number) for number in match.groups()]
    if len(numbers) == 2:
        first, second = numbers
        orders = [(None, first, second), (None, second, first), (second, first, None)]
    else:
        first, second, third = numbers
        orders = [(third, first, second), (third, second, first)]
        orders += [(first, second, third), (first, third, second)]
    readings = frozenset(order for order in orders if _is_figure_date(match, *order))
    # Without a reading the figures are no date, and nothing contradicts them.
    parts["figures"].add(readings)


def _is_figure_date(
    match: re.Match[str], year: int | None, month: int | None, day: int | None
) -> bool:
    long_years = {int(number) for number in match.groups() if len(number) == 4}
    if long_years and year not in long_years:
        return False
    return 1 <= (month or 1) <= 12 and 1 <= (day or 1) <= 31


_RULES: tuple[tuple[str, Callable[[re.Match[str], _Parts], None]], ...] = (
    (r"[ ,;()]+|-(?=[0-9a-z'])|'s\b|\.(?= |$)", _filler),
    # dates in figures
    (r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:t(?=[0-9])|(?![-/.]?[0-9]))", _figures),
    (r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4}|[0-9]{2})(?![-/.]?[0-9])", _figures),
    (r"([12][0-9]{3})([01][0-9])([0-3][0-9])(?![0-9])", _figures),
    (r"([0-9]{1,2})/([0-9]{4}|[0-9]{1,2})(?![-/.]?[0-9])", _figures),
    (r"([0-9]{1,2})\.([0-9]{1,2})\.(?= |,|$)", _figures),
    # times of day
    (r"(?:12 |twelve )?(?P<hour>noon|midnight)\b", _named_hour),
    (rf"(?P<hour>[0-9]{{1,2}})(?:[:.](?P<minute>[0-5][0-9]))? ?{_HALF_OF_DAY}", _clock),
    (rf"(?P<hour>{_any(_HOURS)})[ -]?{_HALF_OF_DAY}", _clock),
    (r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-5][0-9])(?::[0-5][0-9])?(?![:0-9])", _clock),
    (rf"(?P<hour>[0-9]{{1,2}}|{_any(_HOURS)}) ?o'clock\b", _clock),
    (r"(?P<part>morning|afternoon|evening|night|tonight|overnight)\b", _part_of_day),
    # years, decades and centuries
    (rf"(?:the year )?(?P<year>[0-9]{{1,4}}) ?{_ERA}", _year_of_era),
    (rf"{_ERA} ?(?P<year>[0-9]{{1,4}})\b", _year_of_era),
    (r"(?:the )?year (?P<year>[0-9]{1,4})(?![-/.:]?[0-9a-z])", _year),
    (r"(?P<decade>[0-9]{2,3}0)'?s\b", _decade),
    (r"'?(?P<decade>[1-9]0)'?s\b", _short_decade),
    (rf"(?P<decade>{_any(_DECADES)})\b", _short_decade),
    (rf"(?P<century>{_any(_ORDINALS)}|[0-9]{{1,2}}(?:st|nd|rd|th))[ -]century\b", _century),
    # quarters, halves and seasons
    (r"q(?P<quarter>[1-4])\b", _quarter),
    (r"(?P<quarter>[1-4])q ?'?(?P<year>[0-9]{2})(?![0-9])", _quarter_and_year),
    (r"(?P<quarter>[1-4])q(?![0-9a-z])", _quarter),
    (r"(?P<quarter>first|second|third|fourth|final|1st|2nd|3rd|4th)[ -]quarter\b", _quarter),
    (r"h(?P<half>[12])\b", _half),
    (r"(?P<half>first|second|1st|2nd)[ -]half\b", _half),
    (rf"(?:mid)?(?P<season>{_any(SEASONS)})\b", _season),
    # months, days and weekdays
    (rf"{_MONTH}(?: the)?[ -]{_DAY}{_NO_CLOCK}", _month_and_day),
    (rf"{_DAY}(?: day)?(?: of|-| -)? ?{_MONTH}", _month_and_day),
    (_MONTH, _month),
    (rf"(?P<weekday>{_any(_WEEKDAY_NUMBERS)})\b\.?", _weekday),
    (
        r"the (?P<day>(?:0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th))"
        r"(?=$|,| of (?:last|this|next|that) month)",
        _day,
    ),
    # years
    (r"(?P<year>[12][0-9]{3})(?![-/.:]?[0-9a-z])", _year),
    (r"'(?P<year>[0-9]{2})(?![-/.:]?[0-9a-z])", _short_year),
    # words that change nothing
    (r"(?:of |in )?(?:last|this|next|that|the same) (?:year|month|week)\b", _filler),
    (r"of the year\b|the month of\b|local time\b", _filler),
    (r"(?:the|a|an|of|on|in|at|this|last|next|that|coming)\b", _filler),
    (r"(?:late|later|early|earlier|mid|middle|end|beginning|start)\b-?", _filler),
    (r"(?:about|around|circa|approximately|exactly|precisely)\b", _filler),
    (r"(?:today|yesterday|tomorrow)\b", _filler),
)
"""How a phrase begins or continues, in the order of the attempts, and what that adds."""


@cache
def _any_rule() -> re.Pattern[str]:
    """All rules in one pattern, in which each is a group: far quicker than one after another.

    `lastgroup` of a match names the rule. The groups inside rules lose their names, since several
    rules have the same ones.
    """
    unnamed = [re.sub(r"\?P<[a-z]+>", "", pattern) for pattern, _ in _RULES]
    return re.compile("|".join(f"(?P<rule{n}>{rule})" for n, rule in enumerate(unnamed)))


def _rule_at(
    words: str, at: int
) -> tuple[re.Match[str], Callable[[re.Match[str], _Parts], None]] | None:
    """The match of the first rule at an offset, and its function; None without one."""
    first = _any_rule().match(words, at)
    if first is None or first.lastgroup is None:
        return None
    pattern, add = _RULES[int(first.lastgroup.removeprefix("rule"))]
    match = re.compile(pattern).match(words, at)
    return None if match is None else (match, add)


@lru_cache(4096)
def read_date(text: str) -> DateReading | None:
    """Read the words of a date or a time of day.

    Returns None unless every word is known and each part is named at most once.
    """
    if len(text) > _LONGEST or text in _ALSO_WORDS:
        return None
    words = " ".join(text.lower().translate(_PLAIN).split())
    parts: _Parts = defaultdict(set)
    at = 0
    while at < len(words):
        rule = _rule_at(words, at)
        if rule is None:
            return None
        match, add = rule
        add(match, parts)
        at = match.end()
    if any(len(readings) > 1 for readings in parts.values()):
        return None
    if "figures" in parts and "month" in parts:  # "March 4/5" are two days
        return None
    return DateReading(**{name: readings.pop() for name, readings in parts.items()})
