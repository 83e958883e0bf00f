"""Values: time, numbers, and labels that must agree with each other."""

from collections.abc import Iterator
from decimal import Decimal, localcontext
from functools import cache, lru_cache
from typing import Any

from statevisit import schema
from statevisit.checks.registry import Context, Problems, check
from statevisit.model import Document, Quantity
from statevisit.numerals import SHORT_SCALES, Reading, read
from statevisit.values import days, plain


@check("E401")
def ace_roles(document: Document, context: Context) -> Problems:
    """The event's ACE type has no such ACE role.

    ACE 2005 defines for each event type the roles it has; another role is a slip in the role or in
    the type.

    Wrong: `"ace_role":"Victim"` in an event of type CONTACT.MEET
    Right: `"ace_role":"Entity"`
    """
    roles = _roles()
    for i, event in enumerate(document.events):
        for n, argument in enumerate(event.arguments):
            if argument.ace_role and argument.ace_role not in roles[event.type]:
                yield (
                    ("events", i, "arguments", n, "ace_role"),
                    f"{argument.ace_role}; {event.type} has {', '.join(roles[event.type])}",
                )


@cache
def _roles() -> dict[str, list[str]]:
    return {label.name: label.extra["roles"] for label in schema.labels("events", "type")}


@check("E501")
def calendar(document: Document, context: Context) -> Problems:
    """The time value names a day, week or year that the calendar does not have.

    A value that is in no calendar cannot be put on a time line. Days and weeks follow ISO 8601; a
    year has 52 or 53 weeks.

    Wrong: `"value":"2024-02-30"`
    Right: `"value":"2024-02-29"`
    """
    for i, timex in enumerate(document.timexes):
        if timex.type in ("DATE", "TIME"):
            try:
                days(timex.value)
            except ValueError as error:
                yield ("timexes", i, "value"), str(error)


@check("E502")
def ranges(document: Document, context: Context) -> Problems:
    """The lower bound is above the upper bound.

    A range goes from `lower` to `upper`; the other way round it is empty.

    Wrong: `"lower":"10","upper":"5"`
    Right: `"lower":"5","upper":"10"`
    """
    for i, quantity in enumerate(document.quantities):
        if quantity.lower and quantity.upper and Decimal(quantity.lower) > Decimal(quantity.upper):
            yield ("quantities", i, "lower"), f"{quantity.lower} > {quantity.upper}"


@check("E503")
def units(document: Document, context: Context) -> Problems:
    """The unit of the measure is not in UCUM.

    Measures carry codes of the Unified Code for Units of Measure, which any program can convert; a
    word is not one. Read by ucumvert, which carries UCUM's own table. (Currencies are ISO 4217, and
    the schema lists them.)

    Wrong: `"kind":"MEASURE","unit":"kilometres"`
    Right: `"kind":"MEASURE","unit":"km"`
    """
    for i, quantity in enumerate(document.quantities):
        if quantity.kind == "MEASURE" and quantity.unit and not _is_unit(quantity.unit):
            yield ("quantities", i, "unit"), f"{quantity.unit!r}"


@cache
def _unit_parser() -> Any:
    from ucumvert import get_ucum_parser

    return get_ucum_parser()


@lru_cache(4096)
def _is_unit(code: str) -> bool:
    from lark.exceptions import LarkError

    try:
        _unit_parser().parse(code)
    except LarkError:
        return False
    return True


def _english(document: Document) -> bool:
    return document.language.partition("-")[0].lower() == "en"


def _readings(document: Document) -> Iterator[tuple[int, Quantity, Reading]]:
    """The quantities whose words are read wholly, with what they say."""
    if _english(document):
        for i, quantity in enumerate(document.quantities):
            reading = read(quantity.text)
            if (
                reading
                and _understood(quantity, reading.rest)
                and (quantity.kind == "ORDINAL" or not reading.ordinal)
            ):
                yield i, quantity, reading


def _understood(quantity: Quantity, rest: tuple[str, ...]) -> bool:
    """Whether the words after the number say nothing that changes it ("5m people" may be five million)."""
    if quantity.kind == "PERCENT":
        return rest in (("%",), ("percent",), ("per", "cent"), ("pct",))
    if quantity.kind == "MEASURE":  # the value may be in another unit than the words
        return rest == (quantity.unit,)
    return not rest or (quantity.kind in ("CARDINAL", "ORDINAL") and rest[0] not in SHORT_SCALES)


@check("E504")
def number_words(document: Document, context: Context) -> Problems:
    """The words of the quantity are another number than its value.

    Values have full magnitude; a "billion" that became a million is the commonest error there is,
    and no eye counts zeros. English only, and only where the words are read wholly and in one way.

    Wrong: "$7.6 billion" with `"value":"7600000"`
    Right: "$7.6 billion" with `"value":"7600000000"`
    """
    for i, quantity, reading in _readings(document):
        if quantity.comparator == "RANGE" and len(reading.numbers) == 2:
            stated = [
                ("lower", quantity.lower, reading.numbers[0]),
                ("upper", quantity.upper, reading.numbers[1]),
            ]
        elif quantity.value and len(reading.numbers) == 1:
            stated = [("value", quantity.value, reading.numbers[0])]
        else:
            continue
        for name, value, said in stated:
            if value and abs(Decimal(value)) != said:  # "a loss of 5 million" may be negative
                yield ("quantities", i, name), f"{quantity.text!r} is {plain(said)}, not {value}"


@check("W513")
def comparator_words(document: Document, context: Context) -> Problems:
    """The words before the number say otherwise than the comparator.

    "Over 92%" is MORE_THAN, "at least" EQUAL_OR_MORE, "around" APPROX. English only. "As much as"
    and "some" can be meant otherwise.

    Wrong: "over 92%" with `"comparator":"EXACT"`
    Right: "over 92%" with `"comparator":"MORE_THAN"`
    """
    for i, quantity, reading in _readings(document):
        if (
            reading.comparator
            and len(reading.numbers) == 1
            and reading.comparator != quantity.comparator
        ):
            yield (
                ("quantities", i, "comparator"),
                f"{quantity.text!r} is {reading.comparator}, not {quantity.comparator}",
            )


@check("E507")
def conversions(document: Document, context: Context) -> Problems:
    """The two quantities cannot be the same amount in two units.

    A restatement has the same sign and kind, is not zero beside something, and for measures the
    factor is fixed: 5 miles are 8 km and never 80. A tenth more or less is rounding.

    Wrong: "5 miles (80 km)" with `"conversion_of"`
    Right: "5 miles (8 km)"
    """
    for i, quantity, other, rate in _conversions(document):
        if quantity.kind != other.kind:
            yield ("quantities", i, "conversion_of"), f"{quantity.kind} of {other.kind}"
        elif rate is None or rate <= 0:
            yield (
                ("quantities", i, "conversion_of"),
                f"{quantity.value} {quantity.unit} for {other.value} {other.unit}",
            )
        elif quantity.kind == "MONEY" and quantity.unit == other.unit:
            yield ("quantities", i, "conversion_of"), f"both are {quantity.unit}"
        elif (
            quantity.kind == "MEASURE"
            and _is_unit(quantity.unit or "")
            and _is_unit(other.unit or "")
        ):
            factor = _factor(other.unit or "", quantity.unit or "")
            if factor is None:
                yield ("quantities", i, "conversion_of"), f"{other.unit} is no {quantity.unit}"
            elif factor and not factor / Decimal("1.1") <= rate <= factor * Decimal("1.1"):
                yield (
                    ("quantities", i, "conversion_of"),
                    f"{_amount(other)} {other.unit} are {_to_thousandths(_amount(other) * factor)} {quantity.unit}, not {_amount(quantity)}",
                )


def _to_thousandths(amount: Decimal) -> str:
    """Write an amount with three decimals, however many digits stand before them."""
    with localcontext() as context:
        context.prec = max(context.prec, amount.adjusted() + 5)
        return plain(round(amount, 3))


_ABSURD = Decimal(2_000_000)
"""No two currencies are traded further apart than that: one unit of the dearest buys less of the cheapest."""


@check("W508")
def rates(document: Document, context: Context) -> Problems:
    """The exchange rate that the conversion implies is absurd.

    A wrong scale word in one of the two amounts gives a rate that no market has: one beyond
    2,000,000 to 1, or three times another one between the same currencies in the same text. Amounts
    of different years can be right.

    Wrong: "$7.6 billion (TL 234.6 billion)" and "$1 million (TL 30,000)" in one text
    Right: "$1 million (TL 30 million)"
    """
    seen: dict[tuple[str | None, str | None], Decimal] = {}
    for i, quantity, other, rate in _conversions(document):
        if (
            quantity.kind != "MONEY"
            or other.kind != "MONEY"
            or quantity.unit == other.unit
            or rate is None
            or rate <= 0
        ):
            continue
        pair, rate = (
            ((other.unit, quantity.unit), rate)
            if (other.unit or "") < (quantity.unit or "")
            else ((quantity.unit, other.unit), 1 / rate)
        )
        first = seen.setdefault(pair, rate)
        if not 1 / _ABSURD < rate < _ABSURD:
            yield ("quantities", i, "conversion_of"), f"{rate:.4g} {pair[1]} for a {pair[0]}"
        elif not first / 3 < rate < first * 3:
            yield (
                ("quantities", i, "conversion_of"),
                f"{rate:.4g} {pair[1]} for a {pair[0]}, and {first:.4g} elsewhere",
            )


def _conversions(document: Document) -> Iterator[tuple[int, Quantity, Quantity, Decimal | None]]:
    """(number, quantity, what it restates, amount of the one for a unit of the other; None where that is not a number)."""
    by_id = {q.id: q for q in document.quantities}
    for i, quantity in enumerate(document.quantities):
        other = by_id.get(quantity.conversion_of or "")
        if other and other is not quantity:
            here, there = _amount(quantity), _amount(other)
            yield i, quantity, other, here / there if there and here else None


def _amount(quantity: Quantity) -> Decimal:
    """The value of a quantity; of a range, its lower bound; 0 where it has neither."""
    return Decimal(quantity.value or quantity.lower or 0)


@lru_cache(1024)
def _factor(source: str, target: str) -> Decimal | None:
    """How much of `target` a `source` is; None where they measure different things, 0 where that cannot be said.

    It cannot for scales with a zero of their own (degrees Celsius), for logarithmic ones, and for
    units of UCUM's that pint has no like of.
    """
    from lark.exceptions import LarkError
    from pint import PintError

    registry = _unit_registry()
    try:
        one, two = registry.from_ucum(source), registry.from_ucum(target)
        if not one.is_compatible_with(two):
            return None
        if registry.Quantity(0, one.units).to(two.units).magnitude:
            return Decimal(0)
        return Decimal(str(one.to(two.units).magnitude / two.magnitude))
    except (LarkError, PintError, AttributeError, ArithmeticError, ValueError):
        return Decimal(0)


@cache
def _unit_registry() -> Any:
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry()
