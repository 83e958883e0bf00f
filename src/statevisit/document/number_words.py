"""English numbers in words and figures as decimals, if there is one complete reading.

"$7.6 billion" is 7600000000 beside a currency. A phrase with a remainder that may belong to the
number ("dozens", "a third", "5 feet 3") is not read: a wrong reading would be a false alarm of a
check.
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
"""Scales that count only beside a currency: elsewhere "5m" is metres."""

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
"""The words before a number that state how it bounds the quantity."""

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
    r"""
      [0-9][0-9,]*(?:\.[0-9]+)?(?:st|nd|rd|th)?(?![0-9])  # figures, perhaps ordinal
    | [a-zA-Z]{0,3}[$€£¥₺₽₹₩₼₾]                           # the sign of a currency
    | [^\W\d_]+                                          # a word
    | [^\w\s]                                            # any other sign
    """,
    re.VERBOSE,
)


class Reading(Struct, frozen=True):
    """The reading of a phrase.

    `numbers` are in order, two for a range; `comparator` is the label of the words before them;
    `rest` are the words after them.
    """

    numbers: tuple[Decimal, ...]
    comparator: str | None
    ordinal: bool
    rest: tuple[str, ...]


class _Number(Struct, frozen=True):
    """A number in a list of tokens: `end` is the index of the token after it."""

    value: Decimal
    end: int
    ordinal: bool = False
    scale: int = 1


@lru_cache(4096)
def read(text: str) -> Reading | None:
    """Read the words of a quantity. Returns None unless the whole phrase has one reading.

    Two numbers are a range. "5 million to 10 million" is one; "5 to 10 million" is not read, since
    its 5 may be 5 or 5 million.
    """
    tokens: list[str] = _TOKEN.findall(text.lower())
    if "".join(tokens) != re.sub(r"\s", "", text.lower()):
        return None
    comparator, tokens = _split_comparator(tokens)
    opens_range = bool(tokens) and tokens[0] in ("between", "from")
    if opens_range:
        tokens = tokens[1:]
    money = any(token in _CURRENCIES for token in tokens)
    tokens = [token for token in tokens if token not in _CURRENCIES]
    first = _number(tokens, 0, money)
    if first is None:
        return None
    second = _upper_bound(tokens, first.end, opens_range, money)
    if second is not None:
        rest = tokens[second.end :]
        readable = first.scale == second.scale and not first.ordinal and _is_complete(rest)
        if not readable:
            return None
        return Reading((first.value, second.value), comparator, False, tuple(rest))
    rest = tokens[first.end :]
    if rest[:1] == ["-"]:
        rest = rest[1:]
    if opens_range or not _is_complete(rest):
        return None
    return Reading((first.value,), comparator, first.ordinal, tuple(rest))


def _split_comparator(tokens: list[str]) -> tuple[str | None, list[str]]:
    """The comparator with which a phrase begins, and the tokens after it."""
    for phrase, name in _BEFORE:
        if tokens[: len(phrase)] == phrase:
            return name, tokens[len(phrase) :]
    return None, tokens


def _upper_bound(tokens: list[str], at: int, opens_range: bool, money: bool) -> _Number | None:
    """The second number of a range whose first one ends at `at`; None for no range."""
    if at >= len(tokens) or tokens[at] not in ("to", "-", "–", "and"):
        return None
    if tokens[at] == "and" and not opens_range:
        return None
    return _number(tokens, at + 1, money)


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


def _is_complete(rest: list[str]) -> bool:
    """Whether no token after a number belongs to it or begins another one."""
    return not any(_belongs_to_number(token) for token in rest)


def _belongs_to_number(token: str) -> bool:
    if token in ",.+/:" or token in _PARTS:
        return True
    if any(character.isnumeric() for character in token):
        return True
    return token.removesuffix("s") in _NUMERAL


def _number(tokens: list[str], at: int, money: bool) -> _Number | None:
    """The number that begins at token `at`, in figures or in words."""
    if at < len(tokens) and "0" <= tokens[at][0] <= "9":
        return _figures(tokens, at, money)
    if tokens[at : at + 1] in (["a"], ["an"]) and at + 1 < len(tokens):
        follows = tokens[at + 1]
        if follows in _SCALES or follows in ("hundred", "dozen"):
            tokens = [*tokens[:at], "one", *tokens[at + 1 :]]
    return _Words(tokens, at).read()


class _Words:
    """A number in words, read from left to right.

    The number is `total` plus `group`, the part below the next scale word: in "two million three
    hundred" the total is 2,000,000 and the group 300.
    """

    def __init__(self, tokens: list[str], at: int) -> None:
        self.tokens = tokens
        self.start = self.at = at
        self.total = self.group = 0
        self.room = 1000
        """What the group can still take is below this: 10 after "twenty", 100 after "hundred"."""
        self.scale = 1
        self.lowest_scale = 10**15
        self.begun = self.ordinal = False

    def read(self) -> _Number | None:
        """Read as many words as form one number; None if the words are no number."""
        while self.at < len(self.tokens) and not self.ordinal:
            word = self.tokens[self.at]
            if word in ("-", "and") and self.begun and self.at + 1 < len(self.tokens):
                if not self._joins(word, self.tokens[self.at + 1]):
                    break
                self.at += 1
                word = self.tokens[self.at]
            if word == "dozen" and self.begun and 0 < self.group < 100 and self.total == 0:
                return _Number(Decimal(self.group * 12), self.at + 1)
            if not self._add(word):
                break
            self.begun = True
            self.at += 1
        if not self.begun:
            return None
        value = Decimal(self.total + self.group)
        return _Number(value, self.at, self.ordinal, self.scale)

    def _joins(self, sign: str, follows: str) -> bool:
        """Whether a sign connects two parts of a number: "twenty-one", "hundred and five"."""
        value = _WORDS.get(follows, _ORDINALS.get(follows))
        if value is None:
            return False
        if sign == "and":
            return self.room == 100
        is_tens = self.group % 100 >= 20 and self.group % 10 == 0
        return is_tens and 0 < value < 10

    def _add(self, word: str) -> bool:
        """Add a word to the number; False if the word cannot continue it."""
        value = _WORDS.get(word, _ORDINALS.get(word))
        if value is not None and 0 <= value < self.room and (value or not self.begun):
            self.group += value
            self.ordinal = word in _ORDINALS
            self.room = 10 if value >= 20 else 0
            return True
        if not self.begun:
            return False
        if word == "hundred" and 0 < self.group < 100 and self.room in (0, 10):
            self.group *= 100
            self.room = 100
            return True
        scale = _SCALES.get(word)
        if scale is None or not self.group or scale >= self.lowest_scale:
            return False
        self.scale = self.lowest_scale = scale
        self.total += self.group * scale
        self.group = 0
        self.room = 1000
        return True


def _figures(tokens: list[str], at: int, money: bool) -> _Number | None:
    """A number in figures, with the scale word after it: "7.6 billion", "5m" beside a currency."""
    token = tokens[at]
    ordinal = token.endswith(("st", "nd", "rd", "th"))
    digits = token[:-2] if ordinal else token
    if "," in digits and not re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", digits):
        return None
    number = Decimal(digits.replace(",", ""))
    at += 1
    if ordinal or at >= len(tokens):
        return _Number(number, at, ordinal)
    if tokens[at] == "-" and at + 1 < len(tokens) and tokens[at + 1] in _SCALES:
        at += 1
    scale = _SCALES.get(tokens[at])
    if scale is None and money:
        scale = SHORT_SCALES.get(tokens[at])
    if scale is None:
        return _Number(number, at)
    return _Number(number * scale, at + 1, scale=scale)


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


@lru_cache(4096)
def read_duration(text: str) -> tuple[Decimal, str] | None:
    """Read a duration in words as a number of seconds ("s") or months ("mo").

    "three decades" is (360, "mo"). Returns None unless the whole phrase is read.
    """
    words = text.lower().replace("-", " ").split()
    if len(words) < 2:
        return None
    unit = _UNITS.get(words[-1].removesuffix("s"))
    if unit is None:
        return None
    name, factor = unit
    if words[0] in ("a", "an", "one") and len(words) == 2:
        return Decimal(factor), name
    reading = read(" ".join(words[:-1]))
    if reading is None or len(reading.numbers) != 1 or reading.rest or reading.ordinal:
        return None
    return reading.numbers[0] * factor, name
