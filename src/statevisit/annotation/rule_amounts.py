"""Times and amounts of a small baseline: the longest words that the package's own readers know."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from statevisit.document.currency_words import is_currency, without_signs
from statevisit.document.date_words import DateReading, read_date
from statevisit.document.number_vocabulary import is_numeral
from statevisit.document.number_words import Reading, read, read_duration
from statevisit.document.records import Token
from statevisit.document.strict_json import JsonObject
from statevisit.document.unit_words import unit_codes

Bounds = tuple[int, int]
"""The first token of a span, and the one after its last."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONGEST = 8
"""The tokens that a time or an amount has at most."""

_NOT_FIRST = _words("the a an of on in at by this that and , ; ( ) . - –")
"""Tokens that begin no time and no amount."""

_DAYS = _words("today yesterday tomorrow tonight now")
_RELATIVE = _words("last next this previous past coming following")
_PERIODS = _words("day week month year decade century")
_YEARS = range(1900, 2100)
"""The numbers of four digits that are years when they stand alone."""

_UNITS = {"day": "D", "week": "W", "month": "M", "year": "Y", "decade": "E", "hour": "H"}
_CURRENCIES = {"$": "USD", "dollar": "USD", "€": "EUR", "euro": "EUR", "£": "GBP", "TL": "TRY"}


class Sentence:
    """The tokens of a sentence, and the text that they are of."""

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.words = [text[token.start : token.end] for token in tokens]
        self._text = text

    def text(self, bounds: Bounds) -> str:
        """Return the text from a token to the last before another."""
        first, after = bounds
        return self._text[self.tokens[first].start : self.tokens[after - 1].end]

    def span(self, bounds: Bounds, label: str, **values: str | None) -> JsonObject:
        """Return a labelled span with the values that are not None."""
        first, after = bounds
        start, end = self.tokens[first].start, self.tokens[after - 1].end
        span: JsonObject = {"start": start, "end": end, "text": self.text(bounds), "label": label}
        return span | {name: value for name, value in values.items() if value is not None}


def times_and_amounts(sentence: Sentence, written: date) -> Iterator[tuple[Bounds, JsonObject]]:
    """Yield the times and amounts of a sentence, each with its bounds.

    The longest words from each token count, and a time before an amount. `written` is the day to
    which months, weekdays and "last year" relate.
    """
    at = 0
    while at < len(sentence.words):
        longest = min(len(sentence.words), at + _LONGEST)
        ends = range(longest, at, -1) if sentence.words[at].lower() not in _NOT_FIRST else ()
        spans = ((end, _time(sentence, (at, end), written)) for end in ends)
        end, span = next(((e, s) for e, s in spans if s), (at, None))
        if span is None:
            if sentence.words[at].lower() == "at":  # "at least two"
                ends = range(longest, at, -1)
            amounts = ((end, _amount(sentence, (at, end))) for end in ends)
            end, span = next(((e, s) for e, s in amounts if s), (at, None))
        if span is None:
            at += 1
            continue
        yield (at, end), span
        at = end


def _time(sentence: Sentence, bounds: Bounds, written: date) -> JsonObject | None:
    """The time that some words state, if they all belong to one."""
    words = [word.lower() for word in sentence.words[slice(*bounds)]]
    text = sentence.text(bounds)
    if words[-1] in _NOT_FIRST:
        return None
    if read_duration(text) is not None:
        return sentence.span(bounds, "DURATION", value=_duration(words))
    if len(words) == 1 and words[0] in _DAYS:
        return sentence.span(bounds, "DATE", value=_day(words[0], written))
    if len(words) == 2 and words[0] in _RELATIVE and words[1].removesuffix("s") in _PERIODS:
        return sentence.span(bounds, "DATE", value=_relative(words, written))
    reading = read_date(text)
    if reading is None or reading == DateReading():
        return None
    if len(words) == 1 and words[0].isdigit() and int(words[0]) not in _YEARS:
        return None
    label = "TIME" if reading.clock or reading.part_of_day else "DATE"
    return sentence.span(bounds, label, value=_value(reading, written) if label == "DATE" else None)


def _duration(words: Sequence[str]) -> str | None:
    reading = read(" ".join(words[:-1]).rstrip(" -"))
    unit = _UNITS.get(words[-1].removesuffix("s"))
    if reading is None or unit is None or reading.numbers[0] % 1:
        return None
    return f"P{'T' if unit == 'H' else ''}{int(reading.numbers[0])}{unit}"


def _day(word: str, written: date) -> str | None:
    shift = {"yesterday": -1, "today": 0, "tomorrow": 1}.get(word)
    return None if shift is None else (written + timedelta(days=shift)).isoformat()


def _relative(words: Sequence[str], written: date) -> str | None:
    shift = {"last": -1, "this": 0, "next": 1}.get(words[0])
    return f"{written.year + shift}" if shift is not None and words[1] == "year" else None


def _value(reading: DateReading, written: date) -> str | None:
    """The value of a date; one without a year is the last such one before the article."""
    year, month, day = reading.year, reading.month, reading.day
    if reading.weekday is not None and month is None and year is None:
        return (written - timedelta(days=(written.weekday() - reading.weekday) % 7)).isoformat()
    if month is None:
        return None if year is None else f"{year:04}"
    if year is None:
        year = written.year - ((month, day or 1) > (written.month, written.day))
    return f"{year:04}-{month:02}" + ("" if day is None else f"-{day:02}")


def _amount(sentence: Sentence, bounds: Bounds) -> JsonObject | None:
    """The amount that some words state, if they all belong to one."""
    words = sentence.words[slice(*bounds)]
    reading = read(sentence.text(bounds))
    if words[-1] in _NOT_FIRST or reading is None:
        return None
    if not any(is_numeral(word.lower()) or word[:1].isdigit() for word in words):
        return None
    if [word.lower() for word in words] == ["one"]:  # mostly a pronoun
        return None
    label = _kind(reading, words)
    if label is None:
        return None
    values: dict[str, str | None] = {"comparator": _comparator(reading)}
    if len(reading.numbers) == 1:
        values["value"] = format(reading.numbers[0].normalize(), "f")
    if label == "PERCENT":
        values["unit"] = "%"
    if label == "MONEY":
        units = (_CURRENCIES.get(word.lower().removesuffix("s"), "") for word in words)
        signs = (_CURRENCIES.get(word, "") for word in words)
        values["unit"] = next(filter(None, (*signs, *units)), None)
    if label == "MEASURE":
        values["unit"] = next(iter(unit_codes(reading.rest)), None)
    return sentence.span(bounds, label, **values)


def _kind(reading: Reading, words: Sequence[str]) -> str | None:
    """The kind of an amount by the words after its numbers; None if they are no part of it."""
    rest = tuple(reading.rest)
    if [word.lower() for word in rest] in (["%"], ["percent"], ["per", "cent"], ["pct"]):
        return "PERCENT"
    if without_signs([*words])[1] and is_currency(rest):
        return "MONEY"
    if not rest:
        return "ORDINAL" if reading.ordinal else "CARDINAL"
    return "MEASURE" if unit_codes(rest) and not reading.ordinal else None


def _comparator(reading: Reading) -> str | None:
    if len(reading.numbers) > 1:
        return None
    labels = reading.comparators or ("EXACT",)
    return labels[0] if len(labels) == 1 else None
