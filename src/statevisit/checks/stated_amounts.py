"""The amounts that the words of a quantity can state, in the unit of the quantity."""

import re
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

from statevisit.checks.conversions import agree, last_digit
from statevisit.checks.units import Conversion, conversion, is_unit, meant_unit
from statevisit.document.currency_words import is_currency, is_hundredth
from statevisit.document.model import Quantity
from statevisit.document.number_vocabulary import UNCERTAIN_SCALES
from statevisit.document.number_words import Reading, read, read_compound
from statevisit.document.scheme import base
from statevisit.document.timex_values import plain
from statevisit.document.unit_words import unit_codes

_SAME = Conversion(Decimal(1), Decimal(0))
_HUNDREDTH = Conversion(Decimal("0.01"), Decimal(0))
_TWELFTH = Conversion(1 / Decimal(12), Decimal(0))


class Amount(Struct, frozen=True):
    """A number in words with its conversion to the unit of the quantity.

    `unit` is the unit in words where it is another one; with `differs`, one of another kind.
    """

    number: Decimal
    scale: Conversion
    unit: str = ""
    differs: bool = False

    def is_value(self, value: Decimal, either_sign: bool) -> bool:
        """Whether a value is this amount. A number without a minus sign may be negative."""
        if self.differs:
            return False
        if self.unit:
            return agree(self.number, value, self.scale)
        number = self.number * self.scale.factor if self.scale != _SAME else self.number
        if value == number or (value == -number and (number > 0 or either_sign)):
            return True
        is_fraction = len(number.as_tuple().digits) > 20 and number % 1
        return bool(is_fraction) and abs(abs(value) - abs(number)) < last_digit(value)

    def in_unit(self) -> Decimal:
        """The amount in the unit of the quantity."""
        return self.scale.convert(self.number)

    def __str__(self) -> str:
        amount = self.number if self.unit else self.number * self.scale.factor
        shown = plain(round(amount, 6) if amount % 1 else amount)
        return f"{shown} {self.unit}".rstrip()


Amounts = tuple[tuple[Amount, ...], ...]
"""For each number of a quantity, what its words can state; empty if they are not understood."""


@lru_cache(4096)
def stated_amounts(text: str, kind: str, unit: str) -> Amounts:
    """What the words of a quantity state, given its kind and unit.

    How the words of a kind are read is known of the base scheme's kinds only.
    """
    if kind not in base().label_names("quantities", "kind"):
        return ()
    if kind == "PERCENT":
        text = _PERCENT_OF.sub(r"\1 percent", text)
    quantity = _Words(text, kind, unit)
    reading = read(text)
    if reading is None:
        return _compound(quantity)
    if reading.ordinal and kind != "ORDINAL":
        return ()
    amounts: list[tuple[Amount, ...]] = [() for _ in reading.choices]
    for choices, rest in _with_uncertain_scale(reading):
        scales = _scales(quantity, rest)
        for number, choice in enumerate(choices):
            new = (Amount(n, *scale) for n in choice for scale in scales)
            amounts[number] = (*amounts[number], *new)
    return tuple(amounts) if all(amounts) else ()


class _Words(Struct, frozen=True):
    """The words of a quantity with the properties that say how to read them."""

    text: str
    kind: str
    unit: str


_Scale = tuple[Conversion, str, bool]
"""A conversion to the unit of a quantity, as `Amount` has it after its number."""

_UNCHANGED: list[_Scale] = [(_SAME, "", False)]


def _with_uncertain_scale(
    reading: Reading,
) -> list[tuple[tuple[tuple[Decimal, ...], ...], tuple[str, ...]]]:
    """The numbers and the rest of a reading; "5m" both as 5 metres and as 5 million."""
    readings = [(reading.choices, reading.rest)]
    zeros = UNCERTAIN_SCALES.get(reading.rest[0].lower()) if reading.rest else None
    if zeros:
        scaled = tuple(tuple(n.scaleb(zeros) for n in choice) for choice in reading.choices)
        if len(scaled) == 2:  # "5-10m"
            scaled = ((*scaled[0], *reading.choices[0]), scaled[1])
        readings.append((scaled, reading.rest[1:]))
    return readings


_PERCENT = {
    "%",
    "％",
    "percent",
    "percents",
    "per cent",
    "per cents",
    "pct",
    "percentage",
    "percentage point",
    "percentage points",
    "percent point",
    "percent points",
    "pp",
}
_PERCENT_OF = re.compile(r"(?:per ?cents?|percentages?) of ([^%]{1,40})$", re.IGNORECASE)
"""Another order: "a percentage of 20"."""

_OF_A_HUNDREDTH = {"basis point", "basis points", "bp", "bps"}


def _scales(quantity: _Words, rest: tuple[str, ...]) -> list[_Scale]:
    """The conversions for the words after a number; none if they are not understood."""
    words = " ".join(rest).lower()
    if quantity.kind == "PERCENT":
        if words in _OF_A_HUNDREDTH:
            return [(_HUNDREDTH, "", False), *_UNCHANGED]
        return _UNCHANGED if words in _PERCENT else []
    if quantity.kind == "MONEY":
        if is_hundredth(rest):
            return [(_HUNDREDTH, "", False), *_UNCHANGED]
        return _UNCHANGED if is_currency(rest) else []
    if quantity.kind == "MEASURE":
        return _measure_scales(quantity, rest)
    if not rest and quantity.unit in ("dozen", "score", "gross"):
        return [*_UNCHANGED, (_TWELFTH, "", False)] if quantity.unit == "dozen" else []
    if not rest or _is_noun(rest, quantity.unit):
        return _UNCHANGED
    if quantity.kind == "CARDINAL" and (is_currency(rest) or unit_codes(rest)):
        return _UNCHANGED
    return []


_PLURALS = {"people": "person", "men": "man", "women": "woman", "children": "child"}


def _is_noun(words: tuple[str, ...], lemma: str) -> bool:
    """Whether a word is a form of a noun: "voters" of "voter"."""
    if len(words) != 1 or not lemma:
        return False
    word, lemma = words[0].lower(), lemma.lower()
    forms = (lemma, lemma + "s", lemma + "es", lemma.removesuffix("y") + "ies")
    return word in forms or _PLURALS.get(word) == lemma


def _measure_scales(quantity: _Words, rest: tuple[str, ...]) -> list[_Scale]:
    """The conversions from the unit in words to the unit of a measure."""
    codes, unit = unit_codes(rest), quantity.unit
    counts = unit[:1] == "{" and _is_noun(rest, unit.strip("{}"))
    if rest and ("".join(rest) == unit or unit in codes or counts):
        return _UNCHANGED
    if not codes:
        return []
    meant = meant_unit(unit, codes)
    if meant is not None:  # W514 reports it
        unit = meant[1]
        if unit in codes:
            return _UNCHANGED
    if not is_unit(unit):  # E503 reports it
        return _UNCHANGED
    conversions = [(conversion(code, unit), code) for code in codes]
    known = [(scale, code, False) for scale, code in conversions if scale and scale.factor]
    if known:
        return known
    is_simple = not any(sign in code for code in (unit, codes[0]) for sign in "/.{")
    if is_simple and not any(scale for scale, _ in conversions) and _has_dimension(unit):
        return [(_SAME, codes[0], True)]
    return _UNCHANGED


def _has_dimension(unit: str) -> bool:
    return conversion(unit, "1") is None


_SMALLER = {
    "[ft_i]": ("[in_i]", 12),
    "[mi_i]": ("[yd_i]", 1760),
    "[yd_i]": ("[ft_i]", 3),
    "[lb_av]": ("[oz_av]", 16),
    "[stone_av]": ("[lb_av]", 14),
    "m": ("cm", 100),
    "h": ("min", 60),
    "min": ("s", 60),
    "a": ("mo", 12),
    "kg": ("g", 1000),
    "km": ("m", 1000),
}
"""The unit that follows a larger one in "5 feet 2 inches", and how many of it make a larger one."""


def _compound(quantity: _Words) -> Amounts:
    """The amount of "5 feet 2 inches" or "3 dollars 50 cents"."""
    pair = read_compound(quantity.text)
    if pair is None:
        return ()
    (number, words), (further, further_words) = pair
    if quantity.kind == "MONEY":
        signs = not words and not further_words
        if signs or not is_currency(words) or not 0 < further < 100:
            return ()
        if further_words and not is_hundredth(further_words):
            return ()
        return ((Amount(number + further / 100, _SAME),),)
    if quantity.kind != "MEASURE":
        return ()
    for code in unit_codes(words):
        smaller, parts = _SMALLER.get(code, ("", 0))
        follows = smaller in unit_codes(further_words) or (smaller and not further_words)
        if follows and further < parts:
            total = number + further / Decimal(parts)
            scales = _measure_scales(quantity, words)
            return (tuple(Amount(total, *scale) for scale in scales),)
    return ()


def amounts_of(quantity: Quantity) -> Amounts:
    """What the words of a quantity state; nothing that its unit decides while it has no unit."""
    is_of_kind = quantity.kind is not None
    needs_unit = quantity.kind in ("MONEY", "PERCENT", "MEASURE")
    if not is_of_kind or (needs_unit and not quantity.unit):
        return ()
    return stated_amounts(quantity.text, quantity.kind, quantity.unit or "")
