"""English numbers in words and figures -> decimals; wholly and unambiguously, or not at all.

Here because both what checks a value and what proposes one needs it. "$7.6 billion" is read as the comparator, the
currency and 7600000000; what is left over ("dozens", "a third", "5 feet 3") makes the answer None: a program that
does not understand says nothing.
"""

import re
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS = {w: n for n, w in enumerate(_ONES)} | {w: 10 * n for n, w in enumerate(_TENS, 2)}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
SHORT_SCALES = {
    "k": 10**3,
    "m": 10**6,
    "mn": 10**6,
    "mln": 10**6,
    "bn": 10**9,
    "tn": 10**12,
    "trn": 10**12,
}
"""Read as scales beside a currency only: elsewhere "5m" is metres."""

_IRREGULAR = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fifth": 5,
    "eighth": 8,
    "ninth": 9,
    "twelfth": 12,
}
_ORDINALS = (
    {w + "th": n for w, n in _WORDS.items() if n not in (1, 2, 3, 5, 8, 9, 12) and n < 20}
    | {w[:-1] + "ieth": 10 * n for n, w in enumerate(_TENS, 2)}
    | _IRREGULAR
)

COMPARATORS = {
    "MORE_THAN": ("over", "more than", "above", "upwards of", "in excess of"),
    "LESS_THAN": ("under", "less than", "below", "fewer than"),
    "EQUAL_OR_MORE": ("at least", "no less than", "no fewer than", "a minimum of"),
    "EQUAL_OR_LESS": (
        "at most",
        "up to",
        "no more than",
        "a maximum of",
        "as much as",
        "as many as",
    ),
    "APPROX": (
        "around",
        "about",
        "roughly",
        "approximately",
        "some",
        "nearly",
        "almost",
        "close to",
        "an estimated",
        "circa",
    ),
    "EXACT": ("exactly", "precisely"),
}
"""The words before a number that say how it bounds the quantity."""

_BEFORE = sorted(
    ((phrase.split(), name) for name, phrases in COMPARATORS.items() for phrase in phrases),
    key=lambda p: -len(p[0]),
)
_CURRENCIES = frozenset(
    [
        "$",
        "us$",
        "a$",
        "c$",
        "hk$",
        "€",
        "£",
        "¥",
        "₺",
        "₽",
        "₹",
        "₩",
        "₼",
        "₾",
        "tl",
        "usd",
        "eur",
        "gbp",
        "try",
        "jpy",
        "cny",
        "rub",
        "azn",
        "dollar",
        "dollars",
        "euro",
        "euros",
        "pound",
        "pounds",
        "lira",
        "liras",
        "yen",
        "yuan",
        "ruble",
        "rubles",
        "rouble",
        "roubles",
        "manat",
        "manats",
    ]
)
_TOKEN = re.compile(
    r"[0-9][0-9,]*(?:\.[0-9]+)?(?:st|nd|rd|th)?(?![0-9])|[a-zA-Z]{0,3}[$€£¥₺₽₹₩₼₾]|[^\W\d_]+|[^\w\s]",
    re.UNICODE,
)


class Reading(Struct, frozen=True):
    """What a span says: its numbers in order, the comparator of its words, whether it is an ordinal, and the words after the number."""

    numbers: tuple[Decimal, ...]
    comparator: str | None
    ordinal: bool
    rest: tuple[str, ...]


@lru_cache(4096)
def read(text: str) -> Reading | None:
    """What the words of a quantity say; None for anything that is not read wholly and in one way only.

    Two numbers are a range ("5 to 10 million": 5 is then 5 or 5 million, so that is not read; "5 million to 10 million" is).
    """
    tokens = _TOKEN.findall(text.lower())
    if "".join(tokens) != re.sub(r"\s", "", text.lower()):
        return None
    comparator = None
    for phrase, name in _BEFORE:
        if tokens[: len(phrase)] == phrase:
            comparator, tokens = name, tokens[len(phrase) :]
            break
    between = bool(tokens) and tokens[0] in ("between", "from")
    tokens = tokens[1:] if between else tokens
    money = any(t in _CURRENCIES for t in tokens)
    tokens = [t for t in tokens if t not in _CURRENCIES]
    first, at, ordinal, scaled = _number(tokens, 0, money)
    if first is None:
        return None
    if (
        at < len(tokens)
        and tokens[at] in ("to", "-", "–", "and")
        and (between or tokens[at] != "and")
    ):
        second, end, _, also = _number(tokens, at + 1, money)
        if second is not None:
            return (
                Reading((first, second), comparator, False, tuple(tokens[end:]))
                if scaled == also and not ordinal and _done(tokens[end:])
                else None
            )
    rest = tokens[at + 1 :] if tokens[at : at + 1] == ["-"] else tokens[at:]
    return (
        None if between or not _done(rest) else Reading((first,), comparator, ordinal, tuple(rest))
    )


_NUMERAL = (
    _WORDS.keys()
    | _SCALES.keys()
    | _ORDINALS.keys()
    | {
        "hundred",
        "dozen",
        "half",
        "quarter",
        "score",
        "hundredth",
        "thousandth",
        "millionth",
        "billionth",
    }
)
_PARTS = frozenset(
    ["halves", "point", "odd", "plus", "or", "and", "to", "minus", "times", "fold", "s"]
)
"""Words after a number that are a part of it, or change it."""


def _done(rest: list[str]) -> bool:
    """Whether what follows a number is no further number or part of one."""
    return not any(
        t in ",.+/:"
        or t in _PARTS
        or any(c.isnumeric() for c in t)
        or t.removesuffix("s") in _NUMERAL
        for t in rest
    )


def _number(tokens: list[str], at: int, money: bool) -> tuple[Decimal | None, int, bool, int]:
    """(number, place after it, whether it is an ordinal, its scale); the number is None where there is none."""
    if at < len(tokens) and "0" <= tokens[at][0] <= "9":
        return _figures(tokens, at, money)
    if (
        at + 1 < len(tokens)
        and tokens[at] in ("a", "an")
        and (tokens[at + 1] in _SCALES or tokens[at + 1] in ("hundred", "dozen"))
    ):
        tokens = [*tokens[:at], "one", *tokens[at + 1 :]]
    total = group = 0
    begun, ordinal, scale, start, lowest = False, False, 1, at, 10**15
    room = 1000  # what may still be added to the group: after "twenty" a one, after "hundred" anything below
    while at < len(tokens) and not ordinal:
        word = tokens[at]
        joined = at > start and begun and word in ("-", "and") and at + 1 < len(tokens)
        if joined:
            follows = tokens[at + 1]
            value = _WORDS.get(follows, _ORDINALS.get(follows))
            good = value is not None and (
                (word == "-" and group % 100 >= 20 and group % 10 == 0 and 0 < value < 10)
                or (word == "and" and room == 100)
            )
            if not good:
                break
            at, word = at + 1, follows
        value = _WORDS.get(word, _ORDINALS.get(word))
        if value is not None and 0 <= value < room and (value or not begun):
            group, ordinal = group + value, word in _ORDINALS
            room = 10 if value >= 20 else 0
        elif word == "hundred" and begun and 0 < group < 100 and room in (0, 10):
            group, room = group * 100, 100
        elif word == "dozen" and begun and 0 < group < 100 and total == 0:
            return Decimal(group * 12), at + 1, False, 1
        elif word in _SCALES and begun and group and _SCALES[word] < lowest:
            scale = lowest = _SCALES[word]
            total, group, room = total + group * scale, 0, 1000
        else:
            break
        begun, at = True, at + 1
    return (Decimal(total + group), at, ordinal, scale) if begun else (None, at, False, 1)


def _figures(tokens: list[str], at: int, money: bool) -> tuple[Decimal | None, int, bool, int]:
    token = tokens[at]
    ordinal = token.endswith(("st", "nd", "rd", "th"))
    digits = token[:-2] if ordinal else token
    if "," in digits and not re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", digits):
        return None, at, False, 1
    number, at, scale = Decimal(digits.replace(",", "")), at + 1, 1
    if at < len(tokens) and not ordinal:
        hyphened = tokens[at] == "-" and at + 1 < len(tokens) and tokens[at + 1] in _SCALES
        word = tokens[at + hyphened]
        scale = _SCALES.get(word) or (money and SHORT_SCALES.get(word)) or 1
        at += 1 + hyphened if scale > 1 else 0
    return number * scale, at, ordinal, scale


_UNITS = {
    "second": ("s", 1), "minute": ("s", 60), "hour": ("s", 3600), "day": ("s", 86400), "week": ("s", 604800), "fortnight": ("s", 1209600),
    "month": ("mo", 1), "quarter": ("mo", 3), "year": ("mo", 12), "decade": ("mo", 120), "century": ("mo", 1200), "centurie": ("mo", 1200), "millennium": ("mo", 12000),
}  # fmt: skip


@lru_cache(4096)
def read_duration(text: str) -> tuple[Decimal, str] | None:
    """A duration in words as seconds ("s") or months ("mo"): "three decades" is (360, "mo"); None where it is not read wholly."""
    words = text.lower().replace("-", " ").split()
    if len(words) < 2 or not (unit := _UNITS.get(words[-1].removesuffix("s"))):
        return None
    if words[0] in ("a", "an", "one") and len(words) == 2:
        return Decimal(unit[1]), unit[0]
    reading = read(" ".join(words[:-1]))
    return (
        (reading.numbers[0] * unit[1], unit[0])
        if reading and len(reading.numbers) == 1 and not reading.rest and not reading.ordinal
        else None
    )
