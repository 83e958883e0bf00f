"""Values: numbers in words and figures, wholes of shares, and ACE roles."""

from decimal import Decimal
from functools import lru_cache

from statevisit.checks.registry import Context, Problems, check
from statevisit.checks.stated_amounts import Amount, Amounts, amounts_of
from statevisit.document.model import Document, Quantity, Span
from statevisit.document.number_words import read


@check("E401")
def ace_roles(document: Document, context: Context) -> Problems:
    """The event's ACE type does not have this ACE role.

    ACE 2005 defines the roles of each event type. Another role is a slip in the role or in the
    type.

    Wrong: `"ace_role":"Victim"` in an event of type CONTACT.MEET
    Right: `"ace_role":"Entity"`
    """
    roles = context.scheme.label_extras("events", "type", "roles")
    for number, event in enumerate(document.events):
        for index, argument in enumerate(event.arguments or ()):
            of_type = roles.get(event.type or "")
            if argument.ace_role and of_type is not None and argument.ace_role not in of_type:
                yield (
                    ("events", number, "arguments", index, "ace_role"),
                    f"{argument.ace_role}; {event.type} has {', '.join(of_type)}",
                )


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


@check("E504", languages=("en",))
def number_words(document: Document, context: Context) -> Problems:
    """The words of the quantity give another number than its value.

    Values have full magnitude. A "billion" that became a million is the most common error, and
    zeros are hard to count. Words are read if all of them are understood. If they have two readings
    ("5 to 10 million"), either is right. A stated minus sign counts; without one, the value may be
    negative ("a loss of 5 million"). A measure is compared in its own unit: "5 km" is 5000 with the
    unit `m`.

    Wrong: "$7.6 billion" with `"value":"7600000"`
    Right: "$7.6 billion" with `"value":"7600000000"`
    """
    for number, quantity in enumerate(document.quantities):
        if _is_right(
            quantity.text,
            quantity.kind,
            quantity.unit,
            quantity.comparator,
            quantity.change,
            (quantity.value, quantity.lower, quantity.upper),
        ):
            continue
        for name, amounts in _wrong_numbers(quantity):
            stated = " or ".join(dict.fromkeys(map(str, amounts)))
            value = getattr(quantity, name)
            unit = f" {quantity.unit}" if amounts[0].unit else ""
            yield ("quantities", number, name), f"{quantity.text!r} is {stated}, not {value}{unit}"


@lru_cache(4096)
def _is_right(
    text: str,
    kind: str | None,
    unit: str | None,
    comparator: str | None,
    change: str | None,
    numbers: tuple[str | None, str | None, str | None],
) -> bool:
    """Whether the words of a quantity contradict none of its numbers: value, lower, upper."""
    value, lower, upper = numbers
    quantity = Quantity(
        id="",
        start=0,
        end=len(text),
        text=text,
        kind=kind,
        value=value,
        lower=lower,
        upper=upper,
        unit=unit,
        comparator=comparator,
        change=change,
    )
    return not _wrong_numbers(quantity)


def _wrong_numbers(quantity: Quantity) -> list[tuple[str, tuple[Amount, ...]]]:
    """The properties of a quantity that its words contradict, with the amounts in words."""
    amounts = amounts_of(quantity)
    if quantity.comparator == "RANGE" and len(amounts) == 2:
        lower, upper = amounts
        bounds = [("lower", lower), ("upper", upper)]
        wrong = _misfits(quantity, bounds)
        falls = any(low.number > high.number for low in lower for high in upper)
        if wrong and falls and not _misfits(quantity, [("lower", upper), ("upper", lower)]):
            return []
        return wrong
    if not quantity.value:
        return []
    if len(amounts) == 1:
        return _misfits(quantity, [("value", amounts[0])])
    return _outside(quantity, amounts)


def _outside(quantity: Quantity, amounts: Amounts) -> list[tuple[str, tuple[Amount, ...]]]:
    """The value of a quantity whose words state a range, if it is not in the range."""
    bounds = [amount.in_unit() for choice in amounts for amount in choice]
    value = abs(Decimal(quantity.value or 0))
    if not bounds or value <= max(map(abs, bounds)):
        return []
    return [("value", tuple(amount for choice in amounts for amount in choice))]


def _misfits(
    quantity: Quantity, bounds: list[tuple[str, tuple[Amount, ...]]]
) -> list[tuple[str, tuple[Amount, ...]]]:
    """The properties that have none of the amounts; "fell -5%" may be 5 with a change."""
    wrong = []
    for name, amounts in bounds:
        value = getattr(quantity, name)
        if value and not any(a.is_value(Decimal(value), bool(quantity.change)) for a in amounts):
            wrong.append((name, amounts))
    return wrong


@check("W513", languages=("en",))
def comparator_words(document: Document, context: Context) -> Problems:
    """The words beside the number contradict the comparator.

    "Over 92%" and "well above" are MORE_THAN, "at least" and "or more" EQUAL_OR_MORE, "around" and
    "nearly" APPROX. "300+" may be either of the first two, and "just over" also APPROX. Phrases
    that can mean something else, such as "as much as" and "some", are not read. A conversion may
    have the comparator of the amount that it converts, with words of its own and without.

    Wrong: "over 92%" with `"comparator":"EXACT"`
    Right: "over 92%" with `"comparator":"MORE_THAN"`
    """
    comparators = {quantity.id: quantity.comparator for quantity in document.quantities}
    for number, quantity in enumerate(document.quantities):
        reading = read(quantity.text)
        if reading is None or not reading.comparators or len(reading.choices) != 1:
            continue
        converted = comparators.get(quantity.conversion_of or "")
        allowed = (*reading.comparators, converted)
        is_other = quantity.comparator and quantity.comparator not in allowed
        if is_other and amounts_of(quantity):
            labels = " or ".join(reading.comparators)
            yield (
                ("quantities", number, "comparator"),
                f"{quantity.text!r} is {labels}, not {quantity.comparator}",
            )


@check("E515")
def wholes(document: Document, context: Context) -> Problems:
    """The whole of the quantity overlaps its property, or the quantity itself.

    `whole` are the words for what a share is a share of, `property` those for what is measured:
    the same words are not both. The words for the whole are outside the span of the quantity.

    Wrong: "54% of the shares" with "shares" as `whole` and as `property`
    Right: "54% of the shares" with "shares" as `whole`
    """
    for number, quantity in enumerate(document.quantities):
        whole, measured = quantity.whole, quantity.property
        if whole is None:
            continue
        path = ("quantities", number, "whole")
        if measured is not None and _overlap(whole, measured):
            yield path, f"{whole.text!r}, and the property is {measured.text!r}"
        elif _overlap(whole, quantity):
            yield path, f"{whole.text!r}, and the quantity is {quantity.text!r}"


def _overlap(one: Span | Quantity, other: Span | Quantity) -> bool:
    return one.start < other.end and other.start < one.end
