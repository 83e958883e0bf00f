"""Quantities: a right value has no finding however it is spelled; a slip has one."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from statevisit import read_document
from statevisit.checks.conversions import conversions
from statevisit.checks.quantities import comparator_words, number_words
from statevisit.checks.registry import Context
from statevisit.checks.units import COMMON_UNITS, _unit_parser, accidental_units
from statevisit.document.model import Document, Quantity
from tests.conftest import VALID
from tests.test_numerals import _spelled

BRIDGE = read_document(VALID)


def quantity(text: str, kind: str, value: str | Decimal, unit: str, **others: str) -> Quantity:
    """A quantity with these words; EXACT unless another comparator is given."""
    properties = {"id": "q1", "comparator": "EXACT", "value": _plain(value)} | others
    if "lower" in others:
        del properties["value"]
    return Quantity(start=0, end=len(text), text=text, kind=kind, unit=unit, **properties)


def _plain(value: str | Decimal) -> str:
    return format(Decimal(value), "f")


def findings(*quantities: Quantity, language: str = "en") -> list[str]:
    """The details of the findings about the words, comparators, units and conversions."""
    document: Document = replace(BRIDGE, quantities=quantities, language=language)
    checks = (number_words, comparator_words, accidental_units, conversions)
    return [detail for check in checks for _, detail in check(document, Context())]


@dataclass(frozen=True)
class Spelled:
    """Words for a number, and the number."""

    words: str
    number: Decimal


def test_the_common_units_are_units_of_ucum() -> None:
    """The codes that are known without UCUM's parser are those that it accepts."""
    assert all(_unit_parser().parse(code) for code in COMMON_UNITS)


SCALES = {
    "thousand": 3,
    "million": 6,
    "billion": 9,
    "trillion": 12,
    "bn": 9,
    "bln": 9,
    "mln": 6,
    "mrd": 9,
    "lakh": 5,
    "crore": 7,
    "lakh crore": 12,
}


@st.composite
def spelled_numbers(draw: st.DrawFn) -> Spelled:
    """A positive number, in words or figures, with or without a scale word."""
    way = draw(st.sampled_from(["words", "figures", "commas", "spaces", "decimals", "mixed"]))
    if way == "words":
        number = draw(st.integers(1, 10**12))
        return Spelled(_spelled(number), Decimal(number))
    if way in ("commas", "spaces"):
        number = draw(st.integers(1, 10**9))
        grouped = f"{number:,}"
        space = draw(st.sampled_from(" \u00a0\u2009\u202f"))
        return Spelled(grouped if way == "commas" else grouped.replace(",", space), Decimal(number))
    if way == "figures":
        number = draw(st.integers(1, 9999))
        words, value = str(number), Decimal(number)
    elif way == "decimals":
        value = Decimal(draw(st.integers(1, 99_999))) / 100
        words = format(value, "f")
    else:
        number = draw(st.integers(1, 20))
        part, size = draw(st.sampled_from([(" and a half", "0.5"), ("½", "0.5"), (" 3/4", "0.75")]))
        words = f"{number if part != ' and a half' else _spelled(number)}{part}"
        value = Decimal(number) + Decimal(size)
    scale = draw(st.sampled_from(["", *SCALES]))
    return Spelled(f"{words} {scale}".strip(), value.scaleb(SCALES.get(scale, 0)))


SURROUNDINGS = [
    ("{}", "CARDINAL", "thing"),
    ("{} voters", "CARDINAL", "voter"),
    ("${}", "MONEY", "USD"),
    ("US$ {}", "MONEY", "USD"),
    ("{} euros", "MONEY", "EUR"),
    ("CHF {}", "MONEY", "CHF"),
    ("{} Swiss francs", "MONEY", "CHF"),
    ("{} dollars a barrel", "MONEY", "USD"),
    ("{}%", "PERCENT", "%"),
    ("{} per cent", "PERCENT", "%"),
    ("{} percentage points", "PERCENT", "%"),
    ("{} km", "MEASURE", "km"),
    ("{} kilometres", "MEASURE", "km"),
    ("{} square miles", "MEASURE", "[mi_i]2"),
    ("{} miles per hour", "MEASURE", "[mi_i]/h"),
    ("{} tonnes", "MEASURE", "t"),
    ("{} degrees Celsius", "MEASURE", "Cel"),
    ("{} barrels a day", "MEASURE", "[bbl_us]/d"),
]

COMPARATORS = {
    "": "EXACT",
    "about ": "APPROX",
    "nearly ": "APPROX",
    "more than ": "MORE_THAN",
    "well above ": "MORE_THAN",
    "just under ": "LESS_THAN",
    "at least ": "EQUAL_OR_MORE",
    "up to ": "EQUAL_OR_LESS",
    "no more than ": "EQUAL_OR_LESS",
    "some ": "APPROX",
    "as much as ": "EXACT",
}


@given(
    spelled_numbers(),
    st.sampled_from(SURROUNDINGS),
    st.sampled_from(sorted(COMPARATORS)),
    st.sampled_from(["", "minus ", "-", "−"]),
)
def test_a_right_value_has_no_finding_and_a_wrong_one_has(
    spelled: Spelled, surrounding: tuple[str, str, str], before: str, sign: str
) -> None:
    """However a number is spelled: its value is silent, a thousand times its value is E504."""
    form, kind, unit = surrounding
    text = before + form.format(sign + spelled.words)
    value = -spelled.number if sign else spelled.number
    right = quantity(text, kind, value, unit, comparator=COMPARATORS[before])
    assert [] == findings(right)
    assert 1 == len(findings(replace(right, value=_plain(value * 1000))))
    if sign:
        assert 1 == len(findings(replace(right, value=_plain(-value))))
    else:
        assert [] == findings(replace(right, value=_plain(-value)))  # a loss of 5 million


@given(st.integers(1, 99), st.integers(1, 9), st.sampled_from(sorted(SCALES)), st.booleans())
def test_a_range_may_leave_out_a_scale(low: int, more: int, scale: str, shared: bool) -> None:
    """In "5 to 10 million" the lower bound is 5 million or 5, and nothing else."""
    factor = 10 ** SCALES[scale]
    text = f"{low} to {low + more} {scale}"
    lower = low * factor if shared else low
    bounds = {"lower": str(lower), "upper": str((low + more) * factor), "comparator": "RANGE"}
    assert [] == findings(quantity(text, "CARDINAL", "0", "thing", **bounds))
    wrong = bounds | {"upper": str((low + more) * factor * 1000)}
    assert 1 == len(findings(quantity(text, "CARDINAL", "0", "thing", **wrong)))


UNITS = [
    ("mile", "[mi_i]", "km", "1.609344", "0"),
    ("feet", "[ft_i]", "m", "0.3048", "0"),
    ("pounds", "[lb_av]", "kg", "0.45359237", "0"),
    ("acres", "[acr_us]", "har", "0.404687260987", "0"),
    ("degrees Celsius", "Cel", "[degF]", "1.8", "32"),
    ("degrees Fahrenheit", "[degF]", "Cel", "0.55555555555555555556", "-17.777777777777777778"),
]


@given(
    st.integers(-500, 9999).filter(bool),
    st.sampled_from(UNITS),
    st.integers(1, 4),
    st.sampled_from(["EXACT", "APPROX"]),
)
def test_a_rounded_conversion_has_no_finding(
    number: int, units: tuple[str, str, str, str, str], digits: int, comparator: str
) -> None:
    """A conversion that is rounded to any number of digits is right; ten times it is E507."""
    words, source, target, factor, offset = units
    exact = number * Decimal(factor) + Decimal(offset)
    place = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    rounded = exact.quantize(place, rounding=ROUND_HALF_EVEN)
    original = quantity(f"{number} {words}", "MEASURE", str(number), source, comparator=comparator)
    restated = quantity("so much", "MEASURE", rounded, target, id="q2", conversion_of="q1")
    assert [] == findings(original, restated)
    if abs(rounded) > 100:
        assert 1 == len(findings(original, replace(restated, value=_plain(rounded * 10))))


@pytest.mark.parametrize(
    ("text", "kind", "value", "unit"),
    [
        ("half a million", "CARDINAL", "5000000", "thing"),
        ("3mil", "CARDINAL", "3000", "thing"),
        ("1.4b", "CARDINAL", "1400000", "thing"),
        ("$5B", "MONEY", "5000000", "USD"),
        ("$1.2T", "MONEY", "1200000000", "USD"),
        ("50 cents", "MONEY", "5", "USD"),
        ("3 dollars 50 cents", "MONEY", "350", "USD"),
        ("25 basis points", "PERCENT", "2.5", "%"),
        ("5 feet 2 inches", "MEASURE", "62", "[ft_i]"),
        ("5 km", "MEASURE", "50", "m"),
        ("40 tonnes", "MEASURE", "4000", "t"),
        ("20 degrees Celsius", "MEASURE", "86", "[degF]"),
        ("5 kilometres", "MEASURE", "5", "kg"),
        ("5-10 km", "MEASURE", "5000", "km"),
        ("minus 5 percent", "PERCENT", "5", "%"),
    ],
)
def test_slips_of_magnitude_sign_and_unit(text: str, kind: str, value: str, unit: str) -> None:
    """A value that the words do not state in this unit is E504."""
    assert 1 == len(findings(quantity(text, kind, value, unit)))


@pytest.mark.parametrize(
    ("text", "kind", "value", "unit"),
    [
        ("5m", "MEASURE", "5", "m"),
        ("5m tonnes", "MEASURE", "5000000", "t"),
        ("Some 5m people", "CARDINAL", "5000000", "person"),
        ("3mil", "CARDINAL", "3000000", "thing"),
        ("3 mil", "MEASURE", "3", "[mil_i]"),
        ("20 t", "MEASURE", "20", "t"),
        ("10g", "MEASURE", "10", "g"),
        ("300 K", "MEASURE", "300", "K"),
        ("5 kharab", "CARDINAL", "500000000000", "thing"),
        ("two thirds", "CARDINAL", "0.67", "thing"),
        ("two-thirds of a million", "CARDINAL", "670000", "thing"),
        ("a third", "ORDINAL", "3", "tour"),
        ("a dozen", "CARDINAL", "1", "dozen"),
        ("50 cents", "MONEY", "0.50", "USD"),
        ("$5.50 a gallon", "MONEY", "5.5", "USD"),
        ("1 mile", "MEASURE", "1.6", "km"),
        ("5 km", "MEASURE", "5000", "m"),
        ("68 degrees Fahrenheit", "MEASURE", "20", "Cel"),
        ("10 degrees below zero", "MEASURE", "-10", "Cel"),
        ("5 feet 2 inches", "MEASURE", "5.17", "[ft_i]"),
        ("5 feet 2 inches", "MEASURE", "1.57", "m"),
        ("40 points", "MEASURE", "40", "{point}"),
        ("20 pounds", "MEASURE", "20", "[lbf_av]"),
        ("100 barrels", "MEASURE", "100", "[bbl_us]/d"),
        ("between 10 and 20", "CARDINAL", "15", "thing"),
        ("50/50", "CARDINAL", "50", "thing"),
        ("24/7", "CARDINAL", "24", "thing"),
    ],
)
def test_right_values_that_look_wrong(text: str, kind: str, value: str, unit: str) -> None:
    """Ambiguous scales, fractions, unknown words and other units have no finding."""
    assert [] == findings(quantity(text, kind, value, unit))


def test_a_change_has_its_sign_in_its_direction() -> None:
    """A fall of "-5%" is 5 with a DECREASE, or -5."""
    fall = quantity("-5%", "PERCENT", "5", "%", change="DECREASE")
    assert [] == findings(fall)
    assert [] == findings(replace(fall, value="-5"))


def test_words_are_read_in_english_only() -> None:
    """A text in another language has no finding about its words."""
    wrong = quantity("5 million", "CARDINAL", "5", "thing")
    assert 1 == len(findings(wrong))
    assert [] == findings(wrong, language="fr")


@pytest.mark.parametrize(
    ("text", "unit", "meant"),
    [
        ("6 feet", "ft", "[ft_i]"),
        ("6", "ft", "[ft_i]"),
        ("60 mph", "mph", "[mi_i]/h"),
        ("60 mph", "[mi_i]/h", None),
        ("6 feet per second", "ft/s", "[ft_i]/s"),
        ("20 °C", "C", "Cel"),
        ("20 coulombs", "C", None),
        ("70 degrees Fahrenheit", "F", "[degF]"),
        ("30 knots", "kt", "[kn_i]"),
        ("30 kilotonnes", "kt", None),
        ("8 MB", "MB", "MBy"),
        ("5 nanometres", "nm", None),
        ("5 nautical miles", "nm", "[nmi_i]"),
        ("40 tonnes", "t", None),
    ],
)
def test_units_by_accident(text: str, unit: str, meant: str | None) -> None:
    """A code that is another unit by accident is named with the code that is meant."""
    number = text.split()[0]
    details = findings(quantity(text, "MEASURE", number, unit))
    assert [meant] == ([detail.rpartition(" ")[2] for detail in details] or [None])
