"""Values: time, numbers, and labels that must agree with each other."""

from decimal import Decimal
from functools import cache

from statevisit import schema
from statevisit.checks import Context, Problems, check
from statevisit.model import Document
from statevisit.values import days


@check("E401")
def ace_roles(document: Document, context: Context) -> Problems:
    """The event's ACE type has no such ACE role."""
    roles = _roles()
    for i, event in enumerate(document.events):
        for n, argument in enumerate(event.arguments):
            if argument.ace_role and argument.ace_role not in roles[event.type]:
                yield ("events", i, "arguments", n, "ace_role"), f"{argument.ace_role}; {event.type} has {', '.join(roles[event.type])}"


@cache
def _roles() -> dict[str, list[str]]:
    return {label.name: label.extra["roles"] for label in schema.labels("events", "type")}


@check("E501")
def calendar(document: Document, context: Context) -> Problems:
    """The time value names a day, week or year that the calendar does not have."""
    for i, timex in enumerate(document.timexes):
        if timex.type in ("DATE", "TIME"):
            try:
                days(timex.value)
            except ValueError as error:
                yield ("timexes", i, "value"), str(error)


@check("E502")
def ranges(document: Document, context: Context) -> Problems:
    """The lower bound is above the upper bound."""
    for i, quantity in enumerate(document.quantities):
        if quantity.lower and quantity.upper and Decimal(quantity.lower) > Decimal(quantity.upper):
            yield ("quantities", i, "lower"), f"{quantity.lower} > {quantity.upper}"
