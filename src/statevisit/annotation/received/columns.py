"""Records of texts, as JSONL and tables hold them: which column is the text, which a fact."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import orjson
from msgspec.structs import replace

from statevisit.annotation.received import normal_form
from statevisit.annotation.received.incoming import Incoming, Metadata, Reading
from statevisit.annotation.received.plain import check_length, is_day
from statevisit.corpus.seeds import Received, Value
from statevisit.document.characters import visible
from statevisit.document.records import truncated
from statevisit.errors import FormatError

FIELDS = (
    *("text", "id", "date", "title", "url", "author", "publisher", "license", "language", "split"),
)
"""The fields of a record that a column can be; every other column is a fact of one's own."""

_OTHER_NAMES = {"authors": "author", "licence": "license"}

_FACTS = ("title", "url", "publisher", "license", "language", "split")
"""The fields that are one string."""


def check_columns(columns: Mapping[str, str]) -> None:
    """Raise FormatError for the column of an unknown field."""
    for name, column in columns.items():
        if name not in FIELDS and column in FIELDS:
            raise FormatError(
                f"--column {name}={column}: the field comes first: --column {column}={name}"
            )
        if name not in FIELDS:
            raise FormatError(
                f"--column {name}={column}: {name!r} is not one of {', '.join(FIELDS)}; "
                "other columns become facts of your own without this option"
            )


def assigned(names: list[str], place: str, reading: Reading) -> dict[str, str]:
    """Return the column of each field that a record has, by the name of the field.

    Without an option, a column is the field of its name, whatever its case. Raises FormatError if
    the record has no text or two columns for one field.
    """
    present = [name for name in names if name not in reading.left_out]
    columns = {field: name for field, name in reading.columns.items() if name in present}
    mapped = set(columns.values())
    for name in present:
        folded = name.strip().casefold()
        field = _OTHER_NAMES.get(folded, folded)
        if field not in FIELDS or field in reading.columns or name in mapped:
            continue
        if field in columns:
            raise FormatError(
                f"{place}: the columns {columns[field]!r} and {name!r} are both the {field}: "
                f"choose one, such as --column {field}={name}"
            )
        columns[field] = name
    if "text" not in columns:
        wanted = reading.columns.get("text", "text")
        shown = truncated(", ".join(present), 200) or "none"
        raise FormatError(
            f"{place}: no column {wanted!r}; the columns are {shown}: "
            "name the one with the text, as in --column text=NAME"
        )
    return columns


def incoming(
    record: Mapping[str, Any], file: str, received: Received, reading: Reading
) -> Incoming:
    """Return the text of a record; what it states is completed by what the user states.

    `received` states the line of the record; the name of its file and this line become the id of a
    record without one. Raises FormatError, with file and line, if the record has no text, no date,
    or a value that is not of its field.
    """
    place = f"{file}:{received.line}"
    columns = assigned(list(record), place, reading)
    text = record[columns["text"]]
    if not isinstance(text, str):
        raise FormatError(f"{place}: {columns['text']!r} is {_kind(text)}; it must be a text")
    text, changes = formed(text, place, reading.normalise)
    stated = {field: record[column] for field, column in columns.items()}
    facts = {field: _words(stated[field], field, place) for field in _FACTS if field in stated}
    identifier = _words(stated.get("id"), "id", place)
    metadata = Metadata(
        date=day_of(stated.get("date"), place),
        author=_authors(stated.get("author"), place),
        extra=_extra(record, {*columns.values(), *reading.left_out}),
        **facts,
    ).completed(reading.metadata)
    if metadata.date is None:
        raise FormatError(f"{place}: no date; add a column `date`, or state the date by --date")
    return Incoming(
        place=place,
        text=text,
        metadata=metadata,
        stem=f"{PurePath(received.file).stem}-{received.line}",
        dated=False,
        id=identifier,
        received=replace(received, id=identifier),
        normalised=changes,
    )


def formed(
    text: str, place: str, normalise: bool, advice: str = "--normalise"
) -> tuple[str, tuple[str, ...]]:
    """Return a text in the form of a text, and the changes that this needed.

    `advice` is what a user states to have it mended. Raises FormatError, with `place`, if the text
    is not in the form and is not to be mended, if it is empty, and if it is too long.
    """
    changes: tuple[str, ...] = ()
    if normalise:
        text, changes = normal_form.mended(text)
    problem = normal_form.problem(text)
    if problem:
        where = f"line {problem.line} of its text"
        raise FormatError(f"{place}: {where}: {problem.message}; {advice} mends this")
    if not visible(text):
        raise FormatError(f"{place}: has no text")
    check_length(text, place)
    return text, changes


def _kind(value: object) -> str:
    if value is None:
        return "missing (null)"
    if isinstance(value, bool):
        return "true or false"
    names = {int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "something else")


def _words(value: Any, field: str, place: str) -> str | None:
    """A string, or a number as one; None for a value that states nothing."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, str):
        raise FormatError(f"{place}: the {field} is {_kind(value)}; it must be a string")
    return value.strip()


def day_of(value: Any, place: str) -> str | None:
    """Return the day of a date, which may have a time of day after it; None for no date.

    Raises FormatError for any other date.
    """
    date = _words(value, "date", place)
    if date is None:
        return None
    day = date[:10] if date[10:11] in ("T", " ") else date
    try:
        if is_day(day):
            return day
    except ValueError as error:
        raise FormatError(f"{place}: the date: {error}") from None
    raise FormatError(f"{place}: the date {truncated(date, 60)!r} is not YYYY-MM-DD; convert it")


def _authors(value: Any, place: str) -> tuple[str, ...]:
    """The authors: a list, or a string in which semicolons divide them."""
    names = value if isinstance(value, list) else (_words(value, "author", place) or "").split(";")
    authors = [_words(name, "author", place) for name in names]
    return tuple(author for author in authors if author is not None)


def _extra(record: Mapping[str, Any], others: set[str]) -> dict[str, Value]:
    """The facts of one's own: the columns that are no field, and the members of `extra`."""
    facts: dict[str, Value | None] = {}
    for name, value in record.items():
        if name in others:
            continue
        if name == "extra" and isinstance(value, dict):
            facts |= {key: _plain(member) for key, member in value.items()}
        else:
            facts[name] = _plain(value)
    return {name: value for name, value in facts.items() if value is not None and name.strip()}


def _plain(value: Any) -> Value | None:
    """A value as a fact: a list or object as JSON, None for a value that states nothing."""
    if isinstance(value, list | dict):
        return orjson.dumps(value).decode() if value else None
    if isinstance(value, str) and not value.strip():
        return None
    fact: Value | None = value
    return fact
