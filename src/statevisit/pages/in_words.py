"""Values of times and quantities in words for readers."""

from datetime import date

from statevisit.document.records import Quantity, Timex
from statevisit.document.scheme import Scheme
from statevisit.document.timex_values import duration, known_days

_UNITS = {
    "a": "year",
    "mo": "month",
    "wk": "week",
    "d": "day",
    "h": "hour",
    "min": "minute",
    "s": "second",
}
"""The units of durations, by their codes of UCUM."""

_UNKNOWN = {"PAST_REF": "in the past", "PRESENT_REF": "at present", "FUTURE_REF": "in the future"}


def day_in_words(day: int) -> str:
    """Return a day such as "14 Feb 2024"; the first of a year is the year."""
    value = date.fromordinal(day)
    if (value.month, value.day) == (1, 1):
        return str(value.year)
    if value.day == 1:
        return f"{value:%b} {value.year}"
    return f"{value.day} {value:%b} {value.year}"


def days_in_words(first: int | None, last: int | None) -> str:
    """Return days, of which `last` is the first after them; None where nothing bounds them."""
    if first is None and last is None:
        return ""
    if first is None:
        return f"before {day_in_words(last or 0)}"
    if last is None:
        return f"{day_in_words(first)} or later"
    if last == first + 1:
        return _full(first)
    start, end = date.fromordinal(first), date.fromordinal(last)
    ends = [_full(first), _full(last - 1)]
    if start.day == end.day == 1:
        until = date.fromordinal(last - 1)
        ends = [f"{start:%b} {start.year}", f"{until:%b} {until.year}"]
        if start.month == end.month == 1:
            ends = [str(start.year), str(until.year)]
    return " to ".join(dict.fromkeys(ends))


def _full(day: int) -> str:
    value = date.fromordinal(day)
    return f"{value.day} {value:%b} {value.year}"


def time_in_words(timex: Timex, scheme: Scheme) -> str:
    """Return the value of a time in words; "" if they would say no more than the value."""
    value = timex.value or ""
    words = _UNKNOWN.get(value, "")
    calendar, _, time = value.partition("T")
    interval = None if value.startswith("P") else known_days(calendar)
    if interval is not None:
        first, last = interval
        words = days_in_words(first.toordinal(), last.toordinal() + 1)
        words += f", {time}" if time[:1].isdecimal() else ""
    length = duration(value) if value.startswith("P") else None
    if length is not None:
        number, unit = length
        words = f"{number} {_UNITS.get(unit, unit)}{'' if number == '1' else 's'}"
    mod = title_of(scheme, "timexes", "mod", timex.mod)
    return f"{words} ({mod.lower()})" if words and mod else words


def amount_in_words(quantity: Quantity, scheme: Scheme) -> str:
    """Return the value of a quantity in words: comparator, value or bounds, unit."""
    value = grouped(quantity.value or "")
    if not value and (quantity.lower or quantity.upper):
        value = f"{grouped(quantity.lower or '…')} to {grouped(quantity.upper or '…')}"
    comparator = ""
    if quantity.comparator not in (None, "EXACT", "RANGE"):
        comparator = title_of(scheme, "quantities", "comparator", quantity.comparator).lower()
    return " ".join(part for part in (comparator, value, quantity.unit) if part)


def title_of(scheme: Scheme, layer: str, prop: str, name: str | None) -> str:
    """Return the title of a label, its name if the scheme does not know it; "" for none."""
    for label in scheme.labels(layer, prop):
        if label.name == name:
            return label.title
    return (name or "").replace("_", " ")


def grouped(value: str) -> str:
    """Return a decimal number with thin spaces between thousands; other text as it is."""
    whole, point, fraction = value.partition(".")
    if not whole.lstrip("-").isdecimal() or len(whole.lstrip("-")) < 5:
        return value
    return f"{int(whole):,}".replace(",", "\u202f") + point + fraction
