"""The columns and cells of CSV files with one row for each record of a layer.

`documents.csv` has the texts, and `mentions.csv`, `entities.csv`, ... the records of all documents;
`arguments.csv` those of events. A cell that a spreadsheet would take for a formula, or that begins
with an apostrophe, has an apostrophe before it, which is no part of the value; numbers have none.
The README of this room describes the files.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from msgspec import Struct

from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import JsonObject

DOCUMENTS, ARGUMENTS, SPANS = "documents.csv", "arguments.csv", "spans.csv"
DOCUMENT = "document"
"""The column with the id of the document, in all files but that of the documents."""

OF_DOCUMENTS = ("id", "split", "date", "language", "text")
OF_SPANS = (DOCUMENT, "id", "start", "end", "text", "label", "attributes")

SEPARATOR = "|"
"""Between the items of a list; an empty list is this character alone."""

ENTITY_TYPE = "entity_type"
"""A column of mentions to read along: the type of the entity, which `entities.csv` states."""

STRING, INTEGER, NUMBER, BOOLEAN, STATED = "string", "integer", "number", "boolean", "stated"
"""The kinds of values; the last is a list in another file, of which the cell has the length."""


class Column(Struct, frozen=True):
    """A column: the property that it holds, or a `part` of the span that the property holds.

    `kind` is that of the value, or of the items of a list.
    """

    name: str
    prop: str
    kind: str
    part: str = ""
    is_list: bool = False


def file_of(layer: str) -> str:
    """Return the name of the file of a layer."""
    return f"{layer}.csv"


@cache
def layers_of(scheme: Scheme) -> tuple[str, ...]:
    """Return the layers with a file of their own; "arguments" are those of events."""
    return tuple(layer for layer in scheme.with_arguments if layer not in ("sentences", "tokens"))


@cache
def columns_of(layer: str, scheme: Scheme) -> tuple[Column, ...]:
    """Return the columns of a layer after that of the document; `arguments` begin with "event"."""
    columns: dict[str, Column] = {}
    if layer == "arguments":
        columns["event"] = Column("event", "event", STRING)
    for prop, node in scheme.properties(layer).items():
        for column in _columns(prop, node, scheme):
            # A property that the scheme adds may be called like the part of another.
            is_taken = column.name in columns or column.name == DOCUMENT
            name = f"{column.name}.value" if is_taken else column.name
            columns[name] = Column(name, column.prop, column.kind, column.part, column.is_list)
    return tuple(columns.values())


def _columns(prop: str, node: JsonObject, scheme: Scheme) -> Iterable[Column]:
    kind = node.get("type", "object")
    if prop == "arguments":
        return [Column(prop, prop, STATED)]
    if kind == "object":
        kinds = {"start": INTEGER, "end": INTEGER, "text": STRING}
        return [Column(f"{prop}_{part}", prop, kinds[part], part) for part in kinds]
    if kind == "array":
        items = scheme.resolve(node["items"])
        return [Column(prop, prop, items["type"], is_list=True)]
    return [Column(prop, prop, kind)]


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_GUARD = "'"


def guarded(value: str) -> str:
    """Return a value as the text of a cell; `unguarded` is the reverse.

    See https://owasp.org/www-community/attacks/CSV_Injection for the characters with which a
    formula begins. An empty value is told apart from none.
    """
    if not value or value[0] == _GUARD:
        return _GUARD + value
    if value[0] in _FORMULA and not _NUMBER.fullmatch(value):
        return _GUARD + value
    return value


def unguarded(cell: str) -> str:
    """Return the value of a cell."""
    return cell.removeprefix(_GUARD)


_QUOTED = re.compile(r'[",;\t\r\n]|^\s|\s$')


def line_of(cells: Iterable[str]) -> str:
    """Return a row of cells as a line of CSV, quoted as RFC 4180 has it."""
    quoted = (
        '"' + cell.replace('"', '""') + '"' if _QUOTED.search(cell) else cell for cell in cells
    )
    return ",".join(quoted) + "\n"


def cell_of(value: Any, column: Column) -> str:
    """Return the text of the cell for a value of a property in JSON, or None."""
    if value is None:
        return ""
    if column.part:
        value = value[column.part]
    if column.kind == STATED:
        return str(len(value))
    if column.is_list:
        return guarded(SEPARATOR.join(map(str, value)) or SEPARATOR)
    if isinstance(value, bool):
        return "true" if value else "false"
    return guarded(value) if isinstance(value, str) else str(value)


_INTEGER = re.compile(r"\s*([+-]?[0-9]{1,18})(?:\.0+)?\s*")
_BOOLEANS = {"true": True, "false": False}


def value_of(cell: str, column: Column) -> Any:
    """Return the value of a cell that is not empty. Raises ValueError, with the reason."""
    if column.kind == STATED:
        return True
    if column.is_list:
        return [_single(item, column.kind) for item in unguarded(cell).split(SEPARATOR) if item]
    return _single(cell, column.kind)


def _single(cell: str, kind: str) -> Any:
    if kind == STRING:
        return unguarded(cell)
    if kind == BOOLEAN:
        known = _BOOLEANS.get(cell.strip().lower())
        if known is None:
            raise ValueError(f"{cell[:40]!r} is neither true nor false")
        return known
    match = _INTEGER.fullmatch(unguarded(cell))
    if match is not None:
        return int(match[1])
    if kind == INTEGER:
        raise ValueError(f"{cell[:40]!r} is no integer, such as 7")
    try:
        return float(unguarded(cell))
    except ValueError:
        raise ValueError(f"{cell[:40]!r} is no number, such as 0.5") from None
