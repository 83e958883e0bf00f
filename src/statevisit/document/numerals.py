"""One English number, in figures or in words, read from a list of tokens in lower case."""

import re
import unicodedata
from decimal import Decimal

from msgspec import Struct

from statevisit.document.number_vocabulary import (
    CARDINALS,
    COLLECTIVES,
    DENOMINATORS,
    DOZENS,
    LONG_SCALES,
    ORDINAL_ZEROS,
    ORDINALS,
    PLURAL_DENOMINATORS,
    SHORT_SCALES,
)

_FRACTION = re.compile(r"([0-9]{1,4})[/⁄]([0-9]{1,4})")
_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?|\.[0-9]+|[0-9]+(\.[0-9]+)?e[+-]?[0-9]{1,2}")
_GROUPED = re.compile(
    r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?"
    r"|[0-9]{1,2}(,[0-9]{2})*,[0-9]{3}(\.[0-9]+)?"  # lakhs and crores: 12,34,567
)
_POINT_IN_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{2}0")
"""Figures that are thousands in other languages: "1.500"."""

_BETWEEN_DIGITS = str.maketrans("", "", " \u00a0\u2007\u2009\u202f'’")

_LONGEST = 24
"""The number of characters of a figure that can be converted without rounding."""

_HUNDREDS = ("hundred", "hundreds")
_MINUS = ("-", "−", "minus", "negative")
_SIGNS = (*_MINUS, "+", "plus", "–")
_AND = ("and", "&")


class Numeral(Struct, frozen=True):
    """A number in a list of tokens.

    `values` are what it can state, the likeliest first. `end` is the index of the token after it.
    `scales` are the factors that a number before it may share: 1,000,000 in "5 to 10 million".
    """

    values: tuple[Decimal, ...]
    end: int
    ordinal: bool = False
    scales: tuple[Decimal, ...] = ()


def number_at(tokens: list[str], at: int, money: bool) -> Numeral | None:
    """Read the longest number that begins at token `at`; None if none begins there.

    `money` says that the number counts a currency, where "m" is a million.
    """
    negative = False
    if at + 1 < len(tokens) and tokens[at] in _SIGNS:
        negative = tokens[at] in _MINUS
        at += 1
    numeral = _Reader(tokens, at, money).read()
    if numeral is None or not negative:
        return numeral
    values = tuple(-value for value in numeral.values)
    return Numeral(values, numeral.end, numeral.ordinal, numeral.scales)


_END = ("", "", "", "", "")
"""Tokens beyond the end, as many as a reader looks ahead."""


class _Reader:
    """A number, read from left to right as a sum of terms with falling scales.

    In "two million three hundred" the terms are 2 × 1,000,000 and 300.
    """

    def __init__(self, tokens: list[str], at: int, money: bool) -> None:
        self.tokens = [*tokens, *_END]
        self.has_parts = any(token in PLURAL_DENOMINATORS for token in tokens)
        self.at = at
        self.money = money
        self.ordinal = False
        self.total = Decimal(0)
        self.lowest: int | None = None
        """The zeros of the last term's scale: the next term is less than this scale."""
        self.scales: tuple[Decimal, ...] = ()

    def word(self, offset: int = 0) -> str:
        """The token at an offset of at most 3 from the present one; empty beyond the end."""
        return self.tokens[self.at + offset]

    def read(self) -> Numeral | None:
        """Read as many tokens as form one number; None if the tokens are no number."""
        special = self._ordinal_or_fraction()
        if special is not None:
            return special
        start, word = self.at, self.word()
        if not self._term():
            return None
        if self.at == start + 1 and _POINT_IN_THOUSANDS.fullmatch(word):
            return Numeral((self.total, self.total * 1000), self.at, scales=self.scales)
        factor = COLLECTIVES.get(self.word(1 if self.word() == "-" else 0))
        if factor and self.lowest is None and not self.ordinal and self.total < 100:
            return self._collective(factor)
        while self.lowest and not self.ordinal and self._next_term():
            pass
        return Numeral((self.total,), self.at, self.ordinal, self.scales)

    def _ordinal_or_fraction(self) -> Numeral | None:
        """Read what is not certainly a part: "a third", "one hundredth", "4/5", "millionth"."""
        word, follows = self.word(), self.word(1)
        figures = _FRACTION.fullmatch(word)
        if figures and int(figures[2]) % 5 == 0 and int(figures[1]) < int(figures[2]):
            above, below = Decimal(figures[1]), Decimal(figures[2])
            return Numeral((above / below, above), self.at + 1)
        bare = 100 if word == "hundredth" else 10 ** ORDINAL_ZEROS.get(word, 0)
        if bare > 1:
            return Numeral((Decimal(bare),), self.at + 1, True)
        if word not in ("a", "an", "one") or follows not in DENOMINATORS:
            return None
        number = DENOMINATORS[follows]
        if follows in ("half", "quarter") or (word == "one" and number < 100):
            return None
        return Numeral((Decimal(number), 1 / Decimal(number)), self.at + 2)

    def _collective(self, factor: int) -> Numeral:
        """Multiply by a dozen, or by a score or a gross, which can also be things counted."""
        self.at += 2 if self.word() == "-" else 1
        value = self.total * factor
        values = (value,) if factor == 12 else (value, self.total)
        return Numeral(values, self.at, scales=(Decimal(factor),))

    def _next_term(self) -> bool:
        """Read the next term, which is smaller than the scale of the last; False if none follows.

        "Two million and a half" is two and a half millions.
        """
        start, lowest, scales, before = self.at, self.lowest or 0, self.scales, self.total
        if self.word() in (*_AND, ","):
            self.at += 1
        elif self.word() in ("a", "an", "half", "quarter"):
            return False
        begin = self.at
        part = self._fraction()
        if part is not None and part < 1 and not self._skip_to_scale():
            self.total += part.scaleb(lowest)
            self.lowest = None
            return True
        self.at, self.total = begin, Decimal(0)
        if (part is None or part < 1) and self._term() and self.total < Decimal(1).scaleb(lowest):
            self.total += before
            return True
        self.at, self.total, self.lowest, self.scales = start, before, None, scales
        self.ordinal = False
        return False

    def _term(self) -> bool:
        """Read an amount and the scale words after it: "two and a half", "million"."""
        hundreds: tuple[Decimal, ...] = ()
        in_figures = self.word()[:1].isdigit()
        amount = self._fraction()
        if amount is not None:
            if not self._skip_to_scale():
                self._skip_to_unit()
        elif in_figures or self.word()[:1] == ".":
            amount = self._figures()
        else:
            amount = self._group()
            if amount is not None and amount % 100 == 0:
                hundreds = (Decimal(100),)
        if amount is None:
            return False
        if not self.ordinal:
            amount = self._with_decimals(amount)
            amount = self._with_fraction(amount)
        zeros = self._scale_words(in_figures)
        self.lowest = zeros or None
        self.total = amount.scaleb(zeros)
        if zeros:
            scale = Decimal(1).scaleb(zeros)
            self.scales = (scale, *(scale * hundred for hundred in hundreds))
        else:
            self.scales = self.scales or hundreds
            if hundreds:
                self.lowest = 2
        return True

    def _skip_to_scale(self) -> bool:
        """After a fraction, skip "of a", "a" or a hyphen before a scale word or a dozen."""
        offset = 1 if self.word() == "of" else 0
        if self.word(offset) in ("a", "an", "one", "-"):
            offset += 1
        follows = self.word(offset)
        if self._zeros(follows) or follows in DOZENS:
            self.at += offset
            return True
        return False

    def _skip_to_unit(self) -> None:
        """After a fraction, skip "of a" and "a" before other words: "half a mile"."""
        offset = 1 if self.word() == "of" else 0
        if self.word(offset) in ("a", "an", "one") and self.word(offset + 1):
            self.at += offset + 1

    def _zeros(self, word: str) -> int:
        if self.money and word in SHORT_SCALES:
            return SHORT_SCALES[word]
        return LONG_SCALES.get(word, 0)

    def _scale_words(self, in_figures: bool) -> int:
        """Read scale words, "thousand million" too; return the number of their zeros.

        "Hundred" is one after figures: "322 hundred".
        """
        zeros = 0
        while not self.ordinal:
            at = self.at
            if self.word() == "-":
                self.at += 1
            word = self.word()
            here = self._zeros(word) or (2 if in_figures and word in _HUNDREDS else 0)
            if word in ORDINAL_ZEROS:
                here, self.ordinal = ORDINAL_ZEROS[word], True
            if not here or (here == 2 and zeros):
                self.at = at
                return zeros
            self.at += 1
            if self.word() == "." and len(word) < 4:
                self.at += 1
            zeros += here
        return zeros

    def _figures(self) -> Decimal | None:
        token = self.word()
        digits = token
        if token.endswith(("st", "nd", "rd", "th")):
            digits, self.ordinal = token[:-2], True
        digits = digits.translate(_BETWEEN_DIGITS)
        if len(digits) > _LONGEST or not (_PLAIN.fullmatch(digits) or _GROUPED.fullmatch(digits)):
            return None
        self.at += 1
        self.scales = _scales_of_figures(digits)
        return Decimal(digits.replace(",", ""))

    def _group(self) -> Decimal | None:
        """Read a whole number below 100,000 without scale words: "twelve hundred and five"."""
        if self.word() in ("a", "an"):
            follows = self.word(1)
            if follows != "hundred" and not self._zeros(follows) and follows not in COLLECTIVES:
                return None
            if follows == "score":  # that of a game
                return None
            self.at += 1
            if follows != "hundred":
                return Decimal(1)
            group, room, begun = 1, 0, True
        else:
            group, room, begun = 0, 100, False
        while not self.ordinal:
            step = self._step(group, room, begun)
            if step is None:
                break
            group, room = step
            begun = True
        return Decimal(group) if begun else None

    def _step(self, group: int, room: int, begun: bool) -> tuple[int, int] | None:
        """Add a word to a group.

        Takes and returns the group and what it has room for: 10 after "twenty", 100 after
        "hundred". None if the word cannot continue the group.
        """
        skipped = 1 if begun and self._joins(group, room) else 0
        word = self.word(skipped)
        value = CARDINALS.get(word, ORDINALS.get(word))
        if value is not None and value < room and (value or not begun):
            self.ordinal = word in ORDINALS
            self.at += skipped + 1
            return group + value, (10 if value >= 20 else 0)
        if word in (*_HUNDREDS, "hundredth") and 0 < group < 100 and not skipped:
            self.ordinal = word == "hundredth"
            self.at += 1
            return group * 100, 100
        return None

    def _joins(self, group: int, room: int) -> bool:
        """Whether the present token connects two words: "twenty-one", "hundred and five"."""
        if self.word() in _AND:
            follows = self.word(2) if self.word(2) != "-" else self.word(3)
            return room == 100 and group >= 100 and follows not in PLURAL_DENOMINATORS
        follows_value = CARDINALS.get(self.word(1), ORDINALS.get(self.word(1), 0))
        return self.word() == "-" and room == 10 and 0 < follows_value < 10

    def _with_decimals(self, amount: Decimal) -> Decimal:
        """Add the digits after "point": "five point nought two"."""
        if self.word() != "point" or amount % 1:
            return amount
        at = self.at + 1
        digits = ""
        while CARDINALS.get(self.tokens[at], 10) < 10:
            digits += str(CARDINALS[self.tokens[at]])
            at += 1
        if digits:
            self.at = at
        else:
            digits = self._two_digits(at)
        return amount + Decimal(f"0.{digits}") if digits else amount

    def _two_digits(self, at: int) -> str:
        """Read the decimals "25" and "seventy-one"; empty for others."""
        start, self.at = self.at, at
        if self.word().isdecimal() and len(self.word()) < 10:
            self.at += 1
            return self.tokens[at]
        group = self._group()
        if group is None or self.ordinal or group >= 100:
            self.at, self.ordinal = start, False
            return ""
        return str(group)

    def _with_fraction(self, amount: Decimal) -> Decimal:
        """Add the fraction after a whole number: "2½", "2 1/2", "two and a half"."""
        start = self.at
        if amount % 1:
            return amount
        if self.word() in ("-", *_AND):
            self.at += 1
        is_figure = bool(self.word()) and self.word()[0].isnumeric()
        fraction = self._fraction() if is_figure or self.at > start else None
        if fraction is None or fraction >= 1:
            self.at = start
            return amount
        return amount + fraction

    def _fraction(self) -> Decimal | None:
        """Read "½", "1/2", "half", "a quarter" or "two thirds"; None if the tokens are other."""
        word = self.word()
        figures = None
        if word[:1].isnumeric():
            figures = _FRACTION.fullmatch(unicodedata.normalize("NFKC", word))
        if figures:
            above, below = int(figures[1]), int(figures[2])
            if not 0 < above < below:
                return None
            self.at += 1
            return Decimal(above) / below
        if word in ("half", "quarter"):
            self.at += 1
            return 1 / Decimal(DENOMINATORS[word])
        return self._fraction_in_words()

    def _fraction_in_words(self) -> Decimal | None:
        start, ordinal = self.at, self.ordinal
        if self.word() in ("a", "an", "one"):
            above: Decimal | None = Decimal(1)
            self.at += 1
            known = DENOMINATORS
        elif not self.has_parts:
            return None
        else:
            above = self._group()
            known = PLURAL_DENOMINATORS
        if self.word() == "-":
            self.at += 1
        below = known.get(self.word())
        if above is None or self.ordinal or below is None or not 0 < above < 100:
            self.at, self.ordinal = start, ordinal
            return None
        self.at += 1
        return above / below


def _scales_of_figures(digits: str) -> tuple[Decimal, ...]:
    """The factors that the figure before may share: 1,000 in "10-15,000", 100 in "2-300"."""
    if "." in digits or "e" in digits:
        return ()
    if "," in digits:
        return (Decimal(1000) ** digits.count(","),)
    zeros = len(digits) - len(digits.rstrip("0"))
    return tuple(Decimal(1).scaleb(n) for n in (2, 3, 6) if n <= zeros < len(digits))
