"""The forms that values have, and what to write instead of a value in another form."""

import re
from decimal import Decimal, InvalidOperation
from functools import cache

from statevisit.document.scheme import base
from statevisit.document.timex_values import plain

TIMEX_EXAMPLES = {
    "DATE": (
        *("2024-02-19", "2024-02", "2024", "2024-W08", "2024-W08-1", "2024-W08-WE", "2024-Q1"),
        *("2024-H1", "2024-SP", "202", "20", "XXXX-02-19", "BC0044", "PAST_REF"),
    ),
    "TIME": ("2024-02-19T10:30", "2024-02-19T10:30Z", "2024-02-19TMO", "2024-W08-1T10", "PAST_REF"),
    "DURATION": ("P3D", "P6W", "P1Y6M", "P1.5Y", "P2Q", "P4E", "P1C", "PT90M", "P1DT12H", "PXM"),
    "SET": ("P1D", "PT1H", "XXXX-WXX-1", "XXXX-02", "XXXX-XX-XXTMO", "2024"),
}
"""An example of each form of the value of a time expression, by the type of the expression."""

DECIMAL_EXAMPLES = ("7600000000", "0.5", "-3")
"""An example of each form of a decimal."""

_LONGEST = 30
"""Values of more characters get no suggestion."""

_REPAIRS = (
    # days and times
    (r"^([0-9]{4})([01][0-9])([0-3][0-9])(?=T|$)", r"\1-\2-\3"),
    (r"^(1[3-9]|2[0-9]|3[01])[/.-]([0-9]{1,2})[/.-]([0-9]{4})$", r"\3-\2-\1"),
    (r"^([0-9]{1,2})[/.-](1[3-9]|2[0-9]|3[01])[/.-]([0-9]{4})$", r"\3-\1-\2"),
    (r"^([0-9X]{4})[/.]([0-9X]{1,2})(?=[/.T ]|$)", r"\1-\2"),
    (r"^([0-9X]{4}-[0-9X]{1,2})[/.]([0-9X]{1,2})(?=[T ]|$)", r"\1-\2"),
    (r"(?<=[0-9]) (?=[0-9]{1,2}:)", "T"),
    (r" |-#[0-9]+$", ""),
    (r"-([0-9])(?=-|T|$)", r"-0\1"),
    (r"^([0-9X]{4})-?W([0-9X])(?=-|T|$)", r"\1-W0\2"),
    (r"^(.{8})-0([1-7])(?=T|$)", r"\1-\2"),
    (r"T([0-9])(?=:|Z|[+-]|$)", r"T0\1"),
    (r"T([0-9]{2})([0-9]{2})(?=Z|[+-]|$)", r"T\1:\2"),
    (r"(:[0-9]{2})[.,][0-9]+", r"\1"),
    (r"(T.*[+-][0-9]{2})(?:00)?$", r"\1:00"),
    # parts of years, decades, years of an era, and references
    (r"^([0-9X]{4})-?([QH])0?([1-4X])$", r"\1-\2\3"),
    (r"^([QH])([1-4])-?([0-9]{4})$", r"\3-\1\2"),
    (r"^([0-9X]{4})-?SPRING$", r"\1-SP"),
    (r"^([0-9X]{4})-?SUMMER$", r"\1-SU"),
    (r"^([0-9X]{4})-?(?:AUTUMN|FALL|AU)$", r"\1-FA"),
    (r"^([0-9X]{4})-?WINTER$", r"\1-WI"),
    (r"^([0-9]{3})0'?S$", r"\1"),
    (r"^(?:AD|CE)0*([0-9]+)$|^0*([0-9]+)(?:AD|CE)$", r"AD000\1\2"),
    (r"^AD0*([0-9]{4})$", r"\1"),
    (r"^BCE?0*([0-9]+)$|^0*([0-9]+)BCE?$", r"BC000\1\2"),
    (r"^BC0*([0-9]{4})$", r"BC\1"),
    (r"^(PAST|PRESENT|FUTURE)$", r"\1_REF"),
    (r"^NOW$", "PRESENT_REF"),
    # durations
    (r"^(?=[0-9]+(?:\.[0-9]+)?(?:[YQMWDHECL]|ML|CE|DE)$)", "P"),
    (r"^(P.*[0-9]),(?=[0-9])", r"\1."),
    (r"^PT(?=[0-9.X]+(?:ML|CE|DE|L|C|E|Y|Q|WE|W|D)$)", "P"),
    (r"^(P.*[0-9X])DE$", r"\1E"),
    (r"^(P.*[0-9X])CE$", r"\1C"),
    (r"^(P.*[0-9X])ML$", r"\1L"),
    (r"^P((?:[0-9.X]+[YQMWD])*)(?=[0-9.X]+[HS])", r"P\1T"),
)
"""What people write instead of a form of TIMEX3, and that form; all are applied, in this order.

The patterns are compiled when a value is refused: together they take 2 ms.
"""


def timex_advice(value: str, pattern: str) -> str:
    """Return what to write instead of a time value that one of `timex_patterns` refuses."""
    patterns = timex_patterns()
    kind = next(name for name, known in patterns.items() if known == pattern)
    examples = f"a {kind} is like {', '.join(TIMEX_EXAMPLES[kind])}"
    repaired = _repaired(value)
    if re.search(pattern, repaired):
        return f'write "{repaired}"; {examples}'
    other = next((name for name, known in patterns.items() if re.search(known, repaired)), None)
    if other is not None:
        return f'"{repaired}" is the value of a {other}; {examples}'
    return examples


@cache
def timex_patterns() -> dict[str, str]:
    """Return the pattern of the value of a time expression, by the type of the expression."""
    patterns = {}
    for rule in base().record("timexes")["allOf"]:
        if isinstance(rule["then"], dict):  # and not one that only forbids
            kind = rule["if"]["properties"]["type"]["const"]
            patterns[kind] = rule["then"]["properties"]["value"]["pattern"]
    return patterns


def _repaired(value: str) -> str:
    """The value in the form of TIMEX3 that it resembles, or unchanged if it resembles none."""
    if len(value) > _LONGEST:
        return ""
    repaired = " ".join(value.upper().replace("–", "-").split())
    for pattern, replacement in _REPAIRS:
        repaired = re.sub(pattern, replacement, repaired)
    return repaired


def decimal_advice(value: str) -> str:
    """Return what to write instead of a string that is no decimal of the schema."""
    examples = f"a decimal is like {', '.join(DECIMAL_EXAMPLES)}"
    if len(value) > _LONGEST:
        return examples
    try:
        number = Decimal(re.sub(r"[\s,_']+(?=[0-9]{3}(?![0-9]))", "", value))
    except InvalidOperation:
        return examples
    is_long = not number.is_finite() or abs(number.adjusted()) > _LONGEST
    return examples if is_long else f'write "{plain(number)}"; {examples}'
