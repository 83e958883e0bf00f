"""Quantities that restate another one in another unit or currency."""

from collections.abc import Iterator
from decimal import Decimal, localcontext

from msgspec import Struct

from statevisit.checks.registry import Context, Problems, check
from statevisit.checks.units import UNKNOWN, Conversion, conversion, is_unit, meant_unit
from statevisit.document.model import Document, Quantity, in_english
from statevisit.document.number_words import read
from statevisit.document.timex_values import plain


class _Restatement(Struct, frozen=True):
    """A quantity that restates another one, and its number in the layer."""

    number: int
    quantity: Quantity
    original: Quantity

    @property
    def rate(self) -> Decimal | None:
        """The amount for one unit of the original; None if either amount is zero."""
        amount, original = _amount(self.quantity), _amount(self.original)
        return amount / original if amount and original else None


def _restatements(document: Document) -> Iterator[_Restatement]:
    """Yield every quantity that restates another one."""
    by_id = {quantity.id: quantity for quantity in document.quantities}
    for number, quantity in enumerate(document.quantities):
        original = by_id.get(quantity.conversion_of or "")
        if original is not None and original is not quantity:
            yield _Restatement(number, quantity, original)


def _amount(quantity: Quantity) -> Decimal:
    """The value of a quantity; of a range, its lower bound; 0 without both."""
    return Decimal(quantity.value or quantity.lower or 0)


@check("E507")
def conversions(document: Document, context: Context) -> Problems:
    """The two quantities cannot be the same amount in two units.

    A restatement has the kind of the original, and its sign, except on scales such as degrees
    Celsius. Between measures the conversion is fixed: 5 miles are 8 km, never 80. Amounts are
    rounded, so each may differ by half a unit of its last stated digit, or by a whole one after
    words such as "about": "1 mile (2 km)". Final zeros of "5,000" are not stated digits. Both
    bounds of a range are compared, and degrees also as a difference: "a rise of 2 °C (3.6 °F)".

    Wrong: "5 miles (80 km)" with `"conversion_of"`
    Right: "5 miles (8 km)"
    """
    english = in_english(document)
    for restatement in _restatements(document):
        problem = _problem(restatement, english)
        if problem:
            yield ("quantities", restatement.number, "conversion_of"), problem


def _problem(restatement: _Restatement, english: bool) -> str | None:
    quantity, original = restatement.quantity, restatement.original
    if quantity.kind and original.kind and quantity.kind != original.kind:
        return f"{quantity.kind} of {original.kind}"
    if not _is_complete(quantity) or not _is_complete(original):
        return None
    source, target = original.unit or "", quantity.unit or ""
    scale = _scale(source, target) if quantity.kind == "MEASURE" else UNKNOWN
    if scale is None:
        return f"{source} cannot be converted to {target}"
    signs = {_sign(quantity), _sign(original)}
    if not scale.offset and ({-1, 1} <= signs or (len(signs) == 2 and not scale.factor)):
        return f"{_in_short(quantity)} for {_in_short(original)}"
    if quantity.kind == "MONEY" and source == target:
        return f"both are {source}"
    if scale.factor:
        return _measure_problem(quantity, original, scale, english)
    return None


def _is_complete(quantity: Quantity) -> bool:
    """Whether a quantity has what a comparison needs; an unfinished one may lack it."""
    return None not in (quantity.kind, quantity.unit, quantity.value or quantity.lower)


def _scale(source: str, target: str) -> Conversion | None:
    if not is_unit(source) or not is_unit(target):  # E503 reports it
        return UNKNOWN
    return conversion(_meant(source), _meant(target))


def _meant(unit: str) -> str:
    """The unit that a code such as `ft` means; W514 reports it."""
    meant = meant_unit(unit, ())
    return meant[1] if meant else unit


def _sign(quantity: Quantity) -> int:
    return int(_amount(quantity).compare(Decimal(0)))


def _in_short(quantity: Quantity) -> str:
    amount = quantity.value or f"{quantity.lower} to {quantity.upper}"
    return f"{amount} {quantity.unit}"


def _measure_problem(
    quantity: Quantity, original: Quantity, scale: Conversion, english: bool
) -> str | None:
    """Compare two measures bound by bound; of a range and a single amount, as intervals."""
    bounds, originals = _intervals(quantity, english), _intervals(original, english)
    if len(bounds) != len(originals):
        bounds, originals = [_hull(bounds)], [_hull(originals)]
    amounts = [Decimal(b) for b in (quantity.value or quantity.lower, quantity.upper) if b]
    stated = [Decimal(b) for b in (original.value or original.lower, original.upper) if b]
    difference = Conversion(scale.factor, Decimal(0))
    for number, (bound, other) in enumerate(zip(bounds, originals, strict=True)):
        if not (_meet(bound, other, scale) or _meet(bound, other, difference)):
            amount = _to_thousandths(scale.convert(stated[number]))
            return (
                f"{plain(stated[number])} {original.unit} are {amount} {quantity.unit},"
                f" not {plain(amounts[number])}"
            )
    return None


_Interval = tuple[Decimal, Decimal]


def _intervals(quantity: Quantity, english: bool) -> list[_Interval]:
    """The interval that each number of a quantity stands for, its last digit being rounded."""
    reading = read(quantity.text) if english else None
    in_words = [number for choice in reading.choices for number in choice] if reading else []
    half = Decimal("0.5") if quantity.comparator in ("EXACT", "RANGE") else Decimal(1)
    intervals = []
    for stated in (quantity.value, quantity.lower, quantity.upper):
        if stated:
            amount = Decimal(stated)
            as_written = next((n for n in in_words if abs(n) == abs(amount)), amount)
            reach = last_digit(as_written) * half
            intervals.append((amount - reach, amount + reach))
    return intervals


def last_digit(number: Decimal) -> Decimal:
    """The value of one unit of the last stated digit: 100 for 1,500, 0.1 for 2.0 and for 2.5."""
    exponent = number.as_tuple().exponent
    if not number or not isinstance(exponent, int) or exponent < 0:
        return Decimal(1).scaleb(int(exponent) if number else min(0, int(exponent)))
    digits = "".join(map(str, number.as_tuple().digits))
    return Decimal(1).scaleb(exponent + len(digits) - len(digits.rstrip("0")))


def _hull(intervals: list[_Interval]) -> _Interval:
    return min(low for low, _ in intervals), max(high for _, high in intervals)


def _meet(bound: _Interval, original: _Interval, scale: Conversion) -> bool:
    """Whether an interval and a converted one have a point in common."""
    low, high = sorted(map(scale.convert, original))
    return bound[0] <= high and low <= bound[1]


def agree(number: Decimal, amount: Decimal, scale: Conversion) -> bool:
    """Whether a number, converted, is an amount; both may be rounded.

    A number without a minus sign may be negative: "a loss of 5 million".
    """
    reach, other = last_digit(number) / 2, last_digit(amount) / 2
    bound = (amount - other, amount + other)
    signed = (number,) if number < 0 else (number, -number)
    return any(_meet(bound, (n - reach, n + reach), scale) for n in signed)


def _to_thousandths(amount: Decimal) -> str:
    """Write an amount with three decimals, however many digits stand before them."""
    with localcontext() as context:
        context.prec = max(context.prec, amount.adjusted() + 5)
        return plain(round(amount, 3))


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
    for restatement in _restatements(document):
        quantity, original, rate = restatement.quantity, restatement.original, restatement.rate
        if (quantity.kind, original.kind) != ("MONEY", "MONEY") or quantity.unit == original.unit:
            continue
        if rate is None or rate <= 0:
            continue
        pair = (original.unit or "", quantity.unit or "")
        if pair[0] > pair[1]:
            pair, rate = (pair[1], pair[0]), 1 / rate
        first = first_rates.setdefault(pair, rate)
        path = ("quantities", restatement.number, "conversion_of")
        exchange = f"{rate:.4g} {pair[1]} for a {pair[0]}"
        if not 1 / _ABSURD_RATE < rate < _ABSURD_RATE:
            yield path, exchange
        elif not first / _SIMILAR_RATES < rate < first * _SIMILAR_RATES:
            yield path, f"{exchange}, and {first:.4g} elsewhere"
