"""The normalised values of the gold, computed once more from the words and from the calendar.

Two readers compute them. The project's own (`read_date`, `read_duration`, `read`) is the one that
the checks use, so it is no independent witness. dateparser and quantulum3 are; they know no
document date but the one that they are given, and no modifiers ("late", "later").
"""

import re
import warnings
from calendar import day_name
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import isclose
from typing import NamedTuple

from witness_names import NOTHING, Difference, sentence_of

from statevisit import Document
from statevisit.document.date_words import DateReading, read_date
from statevisit.document.model import Quantity, Timex
from statevisit.document.number_words import read, read_duration
from statevisit.document.timex_values import duration, in_base_unit, known_days, plain

AGREES, DIFFERS, SILENT = "agrees", "differs", "not computed"

DATES, QUANTITIES = LIBRARIES = ("dateparser", "quantulum3")
"""The libraries: of dates, and of durations and quantities."""

_MODIFIERS = re.compile(r"\b(?:early|earlier|mid|late|later)\b[ -]*")
_UNITS_OF_DURATIONS = {
    **{"century": ("100", "a"), "decade": ("10", "a"), "year": ("1", "a"), "month": ("1", "mo")},
    **{"week": ("1", "wk"), "day": ("1", "d"), "hour": ("1", "h"), "minute": ("1", "min")},
}
_UNITS_OF_QUANTITIES = {"dollar": "USD", "euro": "EUR", "pound sterling": "GBP", "percentage": "%"}
"""The units of quantulum3 that are codes here."""


class Verdict(NamedTuple):
    """What one reader says about a value: AGREES, DIFFERS or SILENT, and what it reads."""

    kind: str
    read: str = ""

    def __str__(self) -> str:
        """Return the verdict as a cell of a table."""
        return f"{self.kind}: {self.read}" if self.read else self.kind


class Row(NamedTuple):
    """A value with what is known about it (`facts`) and the verdicts on it, by reader."""

    sentence: int
    words: str
    value: str
    facts: tuple[str, ...]
    verdicts: dict[str, Verdict]

    def differences(self) -> Iterable[Difference]:
        """Yield the verdicts that the value is another one."""
        for reader, verdict in self.verdicts.items():
            if verdict.kind == DIFFERS:
                here = f"{self.words} = {self.value}"
                yield Difference("values", self.sentence, here, f"{reader}: {verdict.read}")


def _verdict(value: str, readings: Iterable[str]) -> Verdict:
    """The verdict of a reader that gives one of some readings; silent without any."""
    readings = list(dict.fromkeys(readings))
    if not readings:
        return Verdict(SILENT)
    return Verdict(AGREES if value in readings else DIFFERS, " or ".join(readings))


def timex_rows(document: Document) -> list[Row]:
    """Return a row for each time expression: its calendar days, and what its words give."""
    day = date.fromisoformat(document.date)
    rows = []
    for timex in document.timexes:
        value = timex.value or ""
        library = QUANTITIES if timex.type == "DURATION" else DATES
        verdicts = {"words": _by_words(timex, day), library: _by_library(timex, day)}
        facts = (_calendar(value), _from(day, value))
        sentence = sentence_of(document, timex.start)
        rows.append(Row(sentence, timex.text, value, facts, verdicts))
    return rows


def _calendar(value: str) -> str:
    """The weekday of a value of one day, or the number of days of a longer one."""
    interval = known_days(value)
    if interval is None:
        return NOTHING
    first, last = interval
    if first == last:
        return day_name[first.weekday()]
    return f"{(last - first).days + 1:,} days"


def _from(day: date, value: str) -> str:
    """How far the days of a value are from the date of the document."""
    interval = known_days(value)
    if interval is None:
        return NOTHING
    first, last = ((bound - day).days for bound in interval)
    if first <= 0 <= last:
        return "the same day" if first == last else "contains it"
    near, far = sorted((abs(first), abs(last)))
    distance = f"{near:,}" if near == far else f"{near:,} to {far:,}"
    unit = "day" if distance == "1" else "days"
    return f"{distance} {unit} {'before' if last < 0 else 'after'}"


def _by_words(timex: Timex, day: date) -> Verdict:
    """The verdict of the project's own readers."""
    if timex.type == "DURATION":
        length = read_duration(timex.text)
        stated = _length(duration(timex.value or ""))
        if length is None or stated is None:
            return Verdict(SILENT)
        return Verdict(AGREES if length == stated else DIFFERS, _in_words(*length))
    named = read_date(timex.text)
    return _verdict(timex.value or "", () if named is None else _dates(named, day))


def _length(stated: tuple[str, str] | None) -> tuple[Decimal, str] | None:
    return None if stated is None else in_base_unit(*stated)


def _in_words(number: Decimal, unit: str) -> str:
    """A length in months or seconds, in days if it is one of whole days."""
    if unit == "s" and number % 86400 == 0:
        number, unit = number / 86400, "days"
    return f"{plain(number)} {unit.replace('mo', 'months')}"


def _dates(named: DateReading, day: date) -> Iterable[str]:
    """Yield the values that the parts of a date can mean: the last and the next of their kind."""
    if named.weekday is not None and named.day is None:
        back = timedelta((day.weekday() - named.weekday) % 7)
        yield (day - back).isoformat()
        if back:
            yield (day - back + timedelta(7)).isoformat()
    elif named.month and named.day:
        for year in [named.year] if named.year else _years(day, named.month, named.day):
            yield f"{year:04}-{named.month:02}-{named.day:02}"
    elif named.month:
        for year in [named.year] if named.year else _years(day, named.month, 1):
            yield f"{year:04}-{named.month:02}"
    elif named.year and not (named.quarter or named.half or named.season):
        yield f"{named.year:04}"


def _years(day: date, month: int, day_of_month: int) -> tuple[int, int]:
    """The years of the last and of the next day of this name."""
    last = day.year if (month, day_of_month) <= (day.month, day.day) else day.year - 1
    return last, last + 1


def _by_library(timex: Timex, day: date) -> Verdict:
    """The verdict of dateparser on a date, and of quantulum3 on a duration."""
    if timex.type != "DURATION":
        return _verdict(timex.value or "", _parsed_dates(timex.text, day))
    stated = _length(duration(timex.value or ""))
    readings = []
    for number, unit, _ in _parsed_quantities(timex.text):
        if unit in _UNITS_OF_DURATIONS:
            factor, code = _UNITS_OF_DURATIONS[unit]
            readings.append((_length((str(Decimal(str(number)) * Decimal(factor)), code)), unit))
    if stated is None or len(readings) != 1:
        return Verdict(SILENT)
    ((length, unit),) = readings
    return Verdict(AGREES if length == stated else DIFFERS, f"in {unit}s")


def _parsed_dates(words: str, day: date) -> Iterable[str]:
    """Yield what dateparser reads as a past, a future or a current date."""
    from dateparser.date import DateDataParser

    for preference in ("past", "current_period", "future"):
        settings = {
            "RELATIVE_BASE": datetime(day.year, day.month, day.day),
            "PREFER_DATES_FROM": preference,
        }
        parser = DateDataParser(languages=["en"], settings=settings)
        parsed = parser.get_date_data(_MODIFIERS.sub("", words))
        if parsed.date_obj is not None:
            length = {"day": 10, "month": 7, "year": 4}[parsed.period]
            yield parsed.date_obj.date().isoformat()[:length]


def _parsed_quantities(words: str) -> list[tuple[float, str, float]]:
    """Return what quantulum3 reads: numbers with their units and uncertainties."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that its classifier is not installed
        from quantulum3 import parser

        parsed = parser.parse(words)
    return [(q.value, q.unit.name, q.uncertainty or 0.0) for q in parsed]


def quantity_rows(document: Document) -> list[Row]:
    """Return a row for each quantity: what its words give, and how many things are counted."""
    rows = []
    for quantity in document.quantities:
        value = quantity.value or f"{quantity.lower} to {quantity.upper}"
        shown = f"{value} {quantity.unit}" if quantity.unit else value
        verdicts = {
            "words": _number_by_words(quantity),
            QUANTITIES: _number_by_library(quantity),
            "members": _by_members(document, quantity),
        }
        sentence = sentence_of(document, quantity.start)
        rows.append(Row(sentence, quantity.text, shown, (quantity.kind or "",), verdicts))
    return rows


def _bounds(quantity: Quantity) -> list[Decimal]:
    stated = (quantity.value, quantity.lower, quantity.upper)
    return [Decimal(number) for number in stated if number is not None]


def _number_by_words(quantity: Quantity) -> Verdict:
    reading = read(quantity.text)
    if reading is None:
        return Verdict(SILENT)
    same = list(reading.numbers) == _bounds(quantity)
    same = same and reading.ordinal == (quantity.kind == "ORDINAL")
    return Verdict(AGREES if same else DIFFERS, " to ".join(map(plain, reading.numbers)))


def _number_by_library(quantity: Quantity) -> Verdict:
    """The verdict of quantulum3; a unit that it does not name, or by another name, is left out."""
    parsed = _parsed_quantities(quantity.text)
    if len(parsed) != 1:
        return Verdict(SILENT)
    number, name, uncertainty = parsed[0]
    numbers = [number - uncertainty, number + uncertainty] if uncertainty else [number]
    unit = _UNITS_OF_QUANTITIES.get(name, "")
    bounds = _bounds(quantity)
    same = len(numbers) == len(bounds) and all(map(isclose, numbers, map(float, bounds)))
    same = same and unit in ("", quantity.unit)
    shown = " to ".join(plain(Decimal(str(value))) for value in numbers)
    return Verdict(AGREES if same else DIFFERS, f"{shown} {unit}".strip())


def _by_members(document: Document, quantity: Quantity) -> Verdict:
    """The verdict of the members of what is counted: "two leaders" are an entity of two."""
    mention = next((m for m in document.mentions if m.id == quantity.measures), None)
    entity = document.entity_of(mention) if mention else None
    if quantity.kind != "CARDINAL" or entity is None or not entity.members:
        return Verdict(SILENT)
    number = len(entity.members)
    is_same = quantity.comparator == "EXACT" and _bounds(quantity) == [number]
    return Verdict(AGREES if is_same else DIFFERS, f"{number} members")


def relation_rows(document: Document) -> list[Row]:
    """Return a row for each event in a time: is it before or after the document, as the time is?"""
    day = date.fromisoformat(document.date)
    timexes = {timex.id: timex for timex in document.timexes}
    events = {event.id: event for event in document.events}
    rows = []
    for relation in document.event_relations:
        pair = (relation.source, relation.target)
        if relation.type == "SIMULTANEOUS" and relation.target in timexes:
            pair = (relation.target, relation.source)
        timex, event = timexes.get(pair[0]), events.get(pair[1])
        if relation.type not in ("CONTAINS", "SIMULTANEOUS") or timex is None or event is None:
            continue
        interval = known_days(timex.value or "")
        expected = []
        if interval is not None and interval[1] < day:
            expected = ["BEFORE"]
        elif interval is not None and interval[0] > day:
            expected = ["AFTER"]
        words = f"{event.text} in {timex.text}"
        verdicts = {"calendar": _verdict(event.doc_time_rel or "", expected)}
        sentence = sentence_of(document, event.start)
        facts = (_from(day, timex.value or ""),)
        rows.append(Row(sentence, words, event.doc_time_rel or "", facts, verdicts))
    return rows


def conversion_rows(document: Document) -> list[tuple[str, str, str]]:
    """Return sentence, words and rate of each restated amount: units of it for one of the other."""
    by_id = {quantity.id: quantity for quantity in document.quantities}
    rows = []
    for quantity in document.quantities:
        original = by_id.get(quantity.conversion_of or "")
        if original is None or not (quantity.value and original.value):
            continue
        rate = Decimal(quantity.value) / Decimal(original.value)
        words = f"{original.text} = {quantity.text}"
        shown = f"{rate:.4g} {quantity.unit} for 1 {original.unit}"
        rows.append((str(sentence_of(document, quantity.start)), words, shown))
    return rows
