"""Values: numbers in words and figures, units, conversions, and ACE roles."""

from collections.abc import Iterator
from decimal import Decimal, localcontext
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from statevisit.checks.registry import Context, Problems, check, in_english
from statevisit.document import schema
from statevisit.document.model import Document, Quantity
from statevisit.document.number_words import SHORT_SCALES, Reading, read
from statevisit.document.timex_values import plain

if TYPE_CHECKING:
    from lark import Lark
    from ucumvert import PintUcumRegistry


@check("E401")
def ace_roles(document: Document, context: Context) -> Problems:
    """The event's ACE type does not have this ACE role.

    ACE 2005 defines the roles of each event type. Another role is a slip in the role or in the
    type.

    Wrong: `"ace_role":"Victim"` in an event of type CONTACT.MEET
    Right: `"ace_role":"Entity"`
    """
    roles = _roles()
    for number, event in enumerate(document.events):
        for index, argument in enumerate(event.arguments):
            if argument.ace_role and argument.ace_role not in roles[event.type]:
                yield (
                    ("events", number, "arguments", index, "ace_role"),
                    f"{argument.ace_role}; {event.type} has {', '.join(roles[event.type])}",
                )


@cache
def _roles() -> dict[str, list[str]]:
    return {label.name: label.extra["roles"] for label in schema.labels("events", "type")}


@check("E502")
def ranges(document: Document, context: Context) -> Problems:
    """The lower bound is above the upper bound.

    A range goes from `lower` to `upper`; with the bounds exchanged it is empty.

    Wrong: `"lower":"10","upper":"5"`
    Right: `"lower":"5","upper":"10"`
    """
    for number, quantity in enumerate(document.quantities):
        lower, upper = quantity.lower, quantity.upper
        if lower and upper and Decimal(lower) > Decimal(upper):
            yield ("quantities", number, "lower"), f"{lower} > {upper}"


@check("E503")
def units(document: Document, context: Context) -> Problems:
    """The unit of the measure is not in UCUM.

    Measures carry codes of the Unified Code for Units of Measure, which programs can convert; a
    word is not such a code. ucumvert, which contains UCUM's own table, reads the codes.
    (Currencies are ISO 4217; the schema lists them.)

    Wrong: `"kind":"MEASURE","unit":"kilometres"`
    Right: `"kind":"MEASURE","unit":"km"`
    """
    for number, quantity in enumerate(document.quantities):
        if quantity.kind == "MEASURE" and quantity.unit and not _is_unit(quantity.unit):
            yield ("quantities", number, "unit"), f"{quantity.unit!r}"


@cache
def _unit_parser() -> "Lark":
    from ucumvert import get_ucum_parser

    parser: Lark = get_ucum_parser()
    return parser


@lru_cache(4096)
def _is_unit(code: str) -> bool:
    from lark.exceptions import LarkError

    try:
        _unit_parser().parse(code)
    except LarkError:
        return False
    return True


def _readings(document: Document) -> Iterator[tuple[int, Quantity, Reading]]:
    """Yield (number, quantity, reading) of the quantities whose words are read completely."""
    if not in_english(document):
        return
    for number, quantity in enumerate(document.quantities):
        reading = read(quantity.text)
        if reading is None or not _leaves_number(quantity, reading.rest):
            continue
        if quantity.kind == "ORDINAL" or not reading.ordinal:
            yield number, quantity, reading


def _leaves_number(quantity: Quantity, rest: tuple[str, ...]) -> bool:
    """Whether the words after the number leave it unchanged.

    In "5m people" they may not: it may mean five million.
    """
    if quantity.kind == "PERCENT":
        return rest in (("%",), ("percent",), ("per", "cent"), ("pct",))
    if quantity.kind == "MEASURE":  # the value may be in another unit than the words
        return rest == (quantity.unit,)
    if not rest:
        return True
    return quantity.kind in ("CARDINAL", "ORDINAL") and rest[0] not in SHORT_SCALES


@check("E504")
def number_words(document: Document, context: Context) -> Problems:
    """The words of the quantity give another number than its value.

    Values have full magnitude. A "billion" that became a million is the most common error, and
    zeros are hard to count. English only, and only if the words are read completely and in one
    way.

    Wrong: "$7.6 billion" with `"value":"7600000"`
    Right: "$7.6 billion" with `"value":"7600000000"`
    """
    for number, quantity, reading in _readings(document):
        for name, in_words in _numbers_by_property(quantity, reading):
            value = getattr(quantity, name)
            if value and abs(Decimal(value)) != in_words:  # "a loss of 5 million" may be negative
                yield (
                    ("quantities", number, name),
                    f"{quantity.text!r} is {plain(in_words)}, not {value}",
                )


def _numbers_by_property(quantity: Quantity, reading: Reading) -> list[tuple[str, Decimal]]:
    """The properties of a quantity that its words give, each with the number in the words."""
    if quantity.comparator == "RANGE" and len(reading.numbers) == 2:
        return [("lower", reading.numbers[0]), ("upper", reading.numbers[1])]
    if quantity.value and len(reading.numbers) == 1:
        return [("value", reading.numbers[0])]
    return []


@check("W513")
def comparator_words(document: Document, context: Context) -> Problems:
    """The words before the number contradict the comparator.

    "Over 92%" is MORE_THAN, "at least" EQUAL_OR_MORE, "around" APPROX. English only. "As much as"
    and "some" can mean something else.

    Wrong: "over 92%" with `"comparator":"EXACT"`
    Right: "over 92%" with `"comparator":"MORE_THAN"`
    """
    for number, quantity, reading in _readings(document):
        if not reading.comparator or len(reading.numbers) != 1:
            continue
        if reading.comparator != quantity.comparator:
            yield (
                ("quantities", number, "comparator"),
                f"{quantity.text!r} is {reading.comparator}, not {quantity.comparator}",
            )


class _Conversion(Struct, frozen=True):
    """A quantity that restates another one, and its number in the layer.

    `rate` is the amount in the unit of `quantity` for one unit of `original`; None if either
    amount is zero.
    """

    number: int
    quantity: Quantity
    original: Quantity
    rate: Decimal | None


def _conversions(document: Document) -> Iterator[_Conversion]:
    """Yield every quantity that restates another one."""
    by_id = {quantity.id: quantity for quantity in document.quantities}
    for number, quantity in enumerate(document.quantities):
        original = by_id.get(quantity.conversion_of or "")
        if original is None or original is quantity:
            continue
        amount, original_amount = _amount(quantity), _amount(original)
        rate = amount / original_amount if amount and original_amount else None
        yield _Conversion(number, quantity, original, rate)


def _amount(quantity: Quantity) -> Decimal:
    """The value of a quantity; of a range, its lower bound; 0 without both."""
    return Decimal(quantity.value or quantity.lower or 0)


@check("E507")
def conversions(document: Document, context: Context) -> Problems:
    """The two quantities cannot be the same amount in two units.

    A restatement has the same sign and kind as the original, and both are zero or neither is.
    Between measures the factor is fixed: 5 miles are 8 km, never 80. A difference of a tenth is
    rounding.

    Wrong: "5 miles (80 km)" with `"conversion_of"`
    Right: "5 miles (8 km)"
    """
    for conversion in _conversions(document):
        problem = _conversion_problem(conversion)
        if problem:
            yield ("quantities", conversion.number, "conversion_of"), problem


def _conversion_problem(conversion: _Conversion) -> str | None:
    quantity, original, rate = conversion.quantity, conversion.original, conversion.rate
    if quantity.kind != original.kind:
        return f"{quantity.kind} of {original.kind}"
    if rate is None or rate <= 0:
        return f"{quantity.value} {quantity.unit} for {original.value} {original.unit}"
    if quantity.kind == "MONEY" and quantity.unit == original.unit:
        return f"both are {quantity.unit}"
    if quantity.kind == "MEASURE" and quantity.unit and original.unit:
        return _measure_problem(quantity, original, rate)
    return None


_ROUNDING = Decimal("1.1")
"""The factor by which a rounded restatement may differ."""


def _measure_problem(quantity: Quantity, original: Quantity, rate: Decimal) -> str | None:
    unit, original_unit = quantity.unit or "", original.unit or ""
    if not _is_unit(unit) or not _is_unit(original_unit):
        return None  # E503 reports it
    factor = _factor(original_unit, unit)
    if factor is None:
        return f"{original_unit} cannot be converted to {unit}"
    if factor and not factor / _ROUNDING <= rate <= factor * _ROUNDING:
        amount = _to_thousandths(_amount(original) * factor)
        return f"{_amount(original)} {original_unit} are {amount} {unit}, not {_amount(quantity)}"
    return None


def _to_thousandths(amount: Decimal) -> str:
    """Write an amount with three decimals, however many digits stand before them."""
    with localcontext() as context:
        context.prec = max(context.prec, amount.adjusted() + 5)
        return plain(round(amount, 3))


@lru_cache(1024)
def _factor(source: str, target: str) -> Decimal | None:
    """Return the number of `target` units in one `source` unit.

    None if they measure different things. 0 if there is no such number: for scales with their own
    zero (degrees Celsius), for logarithmic scales, and for UCUM units without a counterpart in
    pint.
    """
    from lark.exceptions import LarkError
    from pint import PintError

    registry = _unit_registry()
    try:
        one_source, one_target = registry.from_ucum(source), registry.from_ucum(target)
        if not one_source.is_compatible_with(one_target):
            return None
        if registry.Quantity(0, one_source.units).to(one_target.units).magnitude:
            return Decimal(0)
        return Decimal(str(one_source.to(one_target.units).magnitude / one_target.magnitude))
    except (LarkError, PintError, AttributeError, ArithmeticError, ValueError):
        return Decimal(0)


@cache
def _unit_registry() -> "PintUcumRegistry":
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()


_ABSURD_RATE = Decimal(2_000_000)
"""Above the rate between any two traded currencies."""

_SIMILAR_RATES = 3
"""The factor within which rates between the same currencies agree in one text."""


@check("W508")
def rates(document: Document, context: Context) -> Problems:
    """The exchange rate that the conversion implies is absurd.

    A wrong scale word in one of the two amounts gives a rate that no market has: above 2,000,000
    to 1, or three times another rate between the same currencies in the same text. Amounts of
    different years can be right.

    Wrong: "$7.6 billion (TL 234.6 billion)" and "$1 million (TL 30,000)" in one text
    Right: "$1 million (TL 30 million)"
    """
    first_rates: dict[tuple[str, str], Decimal] = {}
    for conversion in _conversions(document):
        quantity, original, rate = conversion.quantity, conversion.original, conversion.rate
        if (quantity.kind, original.kind) != ("MONEY", "MONEY") or quantity.unit == original.unit:
            continue
        if rate is None or rate <= 0:
            continue
        pair = (original.unit or "", quantity.unit or "")
        if pair[0] > pair[1]:
            pair, rate = (pair[1], pair[0]), 1 / rate
        first = first_rates.setdefault(pair, rate)
        path = ("quantities", conversion.number, "conversion_of")
        exchange = f"{rate:.4g} {pair[1]} for a {pair[0]}"
        if not 1 / _ABSURD_RATE < rate < _ABSURD_RATE:
            yield path, exchange
        elif not first / _SIMILAR_RATES < rate < first * _SIMILAR_RATES:
            yield path, f"{exchange}, and {first:.4g} elsewhere"
