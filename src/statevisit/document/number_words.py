"""English quantities in words and figures: numbers, ranges, and the words around them.

"$7.6 billion" is 7600000000 beside a currency. A phrase with a remainder that may belong to the
number ("dozens", "5 feet 3") is not read: a wrong reading would be a false alarm of a check.
"""

import re
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

from statevisit.document.comparator_words import Labels, split_after, split_before
from statevisit.document.currency_words import without_signs
from statevisit.document.number_vocabulary import is_numeral
from statevisit.document.numerals import Numeral, number_at

_TOKEN = re.compile(
    r"""
      [0-9]{1,4}[/⁄][0-9]{1,4}(?![0-9.,/⁄])                 # a fraction in figures
    | (?:[0-9]{1,3}(?:[ \u00a0\u2007\u2009\u202f'’][0-9]{3})+(?![0-9])  # grouped by spaces
        | [0-9][0-9,]*)(?:\.[0-9]+)?
      (?:e[+-]?[0-9]{1,2}(?!\w)|(?:st|nd|rd|th)(?![^\W\d_]))?  # an exponent, or an ordinal
    | (?<!\w)\.[0-9]+
    | [¼½¾⅐-⅞º]
    | [a-zA-Z]{0,3}[$€£¥₺₽₹₩₼₾]                             # the sign of a currency
    | (?:[kcdm]?m|ft|in|yd|mi)\^?[23](?![0-9])              # a unit with an exponent: km2
    | [^\W\d_¼½¾⅐-⅞º]+                                      # a word
    | [^\w\s]                                               # any other sign
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SPACE = re.compile(r"\s+")


_LONGEST = 300
"""The number of characters that no quantity exceeds."""


class Reading(Struct, frozen=True):
    """The reading of a phrase.

    `choices` has an entry for a number and two for a range: what each can state, the likeliest
    first. A negative number is one whose minus sign is stated. `comparators` are the labels that
    the words around the number allow. `rest` are the other words after the numbers.
    """

    choices: tuple[tuple[Decimal, ...], ...]
    comparators: Labels
    ordinal: bool
    rest: tuple[str, ...]

    @property
    def numbers(self) -> tuple[Decimal, ...]:
        """The likeliest number of each entry."""
        return tuple(choice[0] for choice in self.choices)


class _Phrase(Struct, frozen=True):
    """The tokens of a phrase after its comparator, without currency signs."""

    tokens: list[str]
    lower: list[str]
    comparators: Labels
    opens_range: bool
    money: bool


@lru_cache(4096)
def read(text: str) -> Reading | None:
    """Read the words of a quantity. Returns None unless the whole phrase is understood.

    Two numbers are a range. In "5 to 10 million" the first is 5 or 5 million, in "2012-13" the
    second is 13 or 2013.
    """
    phrase = _phrase(text)
    if phrase is None:
        return None
    first = number_at(phrase.lower, 0, phrase.money)
    if first is None and phrase.lower[:1] in (["a"], ["an"]) and len(phrase.lower) > 1:
        first = Numeral((Decimal(1),), 1)
    if first is None:
        return None
    choices: tuple[tuple[Decimal, ...], ...] = (first.values,)
    end, ordinal = first.end, first.ordinal
    range_ = _upper_bound(phrase, first)
    if range_ is not None:
        second, at = range_
        if first.ordinal and not second.ordinal:
            return None
        choices = _bounds(phrase.lower, first, second, at)
        end, ordinal = second.end, second.ordinal
    elif phrase.opens_range:
        return None
    return _with_rest(phrase, choices, end, ordinal)


def _with_rest(
    phrase: _Phrase, choices: tuple[tuple[Decimal, ...], ...], end: int, ordinal: bool
) -> Reading | None:
    """The reading of a phrase whose numbers end at a token; None if the rest is not clear."""
    rest, lower = phrase.tokens[end:], phrase.lower[end:]
    after, start, stop = split_after(lower)
    comparators = phrase.comparators if start == stop else after
    if phrase.comparators and start != stop:
        comparators = None
    rest, lower = rest[:start] + rest[stop:], lower[:start] + lower[stop:]
    if lower[:1] == ["-"]:
        rest, lower = rest[1:], lower[1:]
    if not _is_complete(lower):
        return None
    return Reading(choices, comparators, ordinal, tuple(rest))


@lru_cache(4096)
def read_compound(text: str) -> tuple[tuple[Decimal, tuple[str, ...]], ...] | None:
    """Read an amount in two units as two pairs of a number and its words.

    "5 feet and 2 inches" is ((5, ("feet",)), (2, ("inches",))). None for any other phrase.
    """
    phrase = _phrase(text)
    if phrase is None or phrase.opens_range:
        return None
    first = number_at(phrase.lower, 0, phrase.money)
    if first is None or first.ordinal or len(first.values) > 1:
        return None
    at = first.end
    while at < len(phrase.lower) and not is_numeral(phrase.lower[at]):
        at += 1
    second = number_at(phrase.lower, at, False)
    words = phrase.tokens[first.end : at]
    if words[-1:] == ["and"]:
        words = words[:-1]
    if second is None or second.ordinal or len(second.values) > 1 or second.scales:
        return None
    rest = phrase.tokens[second.end :]
    if not _is_complete([word.lower() for word in words + rest]):
        return None
    return (first.values[0], tuple(words)), (second.values[0], tuple(rest))


def _phrase(text: str) -> _Phrase | None:
    if len(text) > _LONGEST:
        return None
    tokens: list[str] = _TOKEN.findall(text)
    if _SPACE.sub("", "".join(tokens)) != _SPACE.sub("", text):
        return None
    if tokens[:1] == ["("] and tokens[-1] == ")":  # a loss, or a remark
        tokens = tokens[1:-1]
    if len(tokens) > 1 and tokens[-1] == ".":  # of an abbreviation
        tokens = tokens[:-1]
    tokens = _without_joining_hyphens(tokens)
    comparators, length = split_before([token.lower() for token in tokens])
    tokens = tokens[length:]
    opens_range = bool(tokens) and tokens[0].lower() in ("between", "from")
    tokens, money = without_signs(tokens[1:] if opens_range else tokens)
    lower = [token.lower() for token in tokens]
    return _Phrase(tokens, lower, comparators, opens_range, money)


def _without_joining_hyphens(tokens: list[str]) -> list[str]:
    """Tokens without the hyphens around "and" and "a": "two-and-a-half", "$5-a-day"."""
    if "-" not in tokens:
        return tokens
    kept = []
    for at, token in enumerate(tokens):
        beside = [word.lower() for word in tokens[max(0, at - 1) : at + 2]]
        if token != "-" or ("and" not in beside and "a" not in beside):
            kept.append(token)
    return kept


_CONNECTORS = ("to", "-", "–", "and", "~", "through", "until", "till")
_UNIT_WORDS = 4
"""The number of words of a unit that the first number of a range may have."""


def _upper_bound(phrase: _Phrase, first: Numeral) -> tuple[Numeral, int] | None:
    """The second number of a range, and the token where it begins; None for no range.

    The first number may have a unit, if the second one has the same: "5 km to 10 km".
    """
    tokens = phrase.lower
    for end in range(first.end, min(first.end + _UNIT_WORDS, len(tokens))):
        if end > first.end and tokens[end] == "and" and not phrase.opens_range:
            return None
        at = _after_connector(tokens, end, phrase.opens_range)
        if at is None:
            continue
        second = number_at(tokens, at, phrase.money)
        if second is None:
            continue
        unit = tokens[first.end : end]
        if not unit or tokens[second.end : second.end + len(unit)] == unit:
            return second, at
    return None


def _after_connector(tokens: list[str], at: int, opens_range: bool) -> int | None:
    """The token after "to" or a dash: "8- to 10", "8-to-10"; None if another token follows."""
    if tokens[at] not in _CONNECTORS or (tokens[at] == "and" and not opens_range):
        return None
    if tokens[at : at + 3] == ["-", "to", "-"]:
        return at + 3
    return at + 2 if tokens[at : at + 2] == ["-", "to"] else at + 1


def _bounds(
    tokens: list[str], first: Numeral, second: Numeral, at: int
) -> tuple[tuple[Decimal, ...], ...]:
    """The possible bounds of a range, in which one number may leave out what the other states."""
    lower, upper = first.values, second.values
    one, other = lower[0], upper[0]
    if not first.scales or "," not in tokens[0]:
        lower = (*lower, *(one * scale for scale in second.scales if abs(one * scale) < abs(other)))
    if abs(other) < abs(one):
        if not second.scales:
            upper = (*upper, *(other * scale for scale in first.scales))
        written = tokens[0].isdecimal() and tokens[at].isdecimal()
        if written and one == int(tokens[0]) and other == int(tokens[at]):
            digits = tokens[0][: len(tokens[0]) - len(tokens[at])] + tokens[at]
            upper = (*upper, Decimal(digits))
    return lower, tuple(dict.fromkeys(upper))


_PARTS = frozenset(["odd", "plus", "or", "and", "to", "minus", "times", "fold"])
"""Words after a number that are a part of it, or change it."""


def _is_complete(rest: list[str]) -> bool:
    """Whether no token after a number belongs to it or begins another one."""
    if rest[:1] == ["s"]:  # "1990s"
        return False
    return not any(token in ",+:×^" or token in _PARTS or is_numeral(token) for token in rest)


_UNITS = {
    "second": ("s", 1),
    "minute": ("s", 60),
    "hour": ("s", 3600),
    "day": ("s", 86400),
    "week": ("s", 604800),
    "fortnight": ("s", 1209600),
    "month": ("mo", 1),
    "quarter": ("mo", 3),
    "year": ("mo", 12),
    "decade": ("mo", 120),
    "century": ("mo", 1200),
    "centurie": ("mo", 1200),
    "millennium": ("mo", 12000),
}
"""Units of time without the plural's s, in seconds or in months."""


_VAGUE = ("so", "odd", "thereabouts", "more", "plus", "up")
"""Words after a number that leave it open: "a dozen or so days", "thirty-odd weeks"."""


@lru_cache(4096)
def read_duration(text: str) -> tuple[Decimal, str] | None:
    """Read a duration in words as a number of seconds ("s") or months ("mo").

    "three decades" is (360, "mo"). Returns None unless the whole phrase is read.
    """
    words = text.lower().replace("-", " ").split()
    if len(words) < 2:
        return None
    unit = _UNITS.get(words[-1].removesuffix("s"))
    if unit is None or words[-2] in _VAGUE:
        return None
    name, factor = unit
    if words[0] in ("a", "an", "one") and len(words) == 2:
        return Decimal(factor), name
    reading = read(" ".join(words[:-1]))
    if reading is None or len(reading.numbers) != 1 or reading.rest or reading.ordinal:
        return None
    if reading.numbers[0] % 1 or reading.numbers[0] < 0:
        return None
    return reading.numbers[0] * factor, name
