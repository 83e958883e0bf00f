"""The records of a layer as a table for people."""

from typing import TYPE_CHECKING, Any

from statevisit.document.model import Document
from statevisit.document.records import Record
from statevisit.document.references import reference_names
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.pages.display import UNKNOWN
from statevisit.printable import visible

if TYPE_CHECKING:
    from rich.table import Table

_OFFSETS = ("start", "end")

_FEW_COLUMNS = 7
"""A table of up to this many columns leaves room for words in each."""

_FEW_LABELS = 3
"""Up to this many properties with labels have a column each."""

Columns = dict[str, list[str]]
"""The names of columns, each with the properties that it shows."""


def layer_table(document: Document, layer: str) -> "Table":
    """Return a table of a layer's records: references with their text, empty columns left out."""
    from rich.table import Table
    from rich.text import Text

    scheme = scheme_of(document)
    records = getattr(document, layer)
    table = Table(
        title=f"{layer.replace('_', ' ')} ({len(records)})",
        title_justify="left",
        header_style="bold",
    )
    columns = _columns(layer, records, scheme)
    rows = [[_cell(document, record, *column) for column in columns.items()] for record in records]
    for number, name in enumerate(columns):
        # a label that is split between lines cannot be read or searched for
        is_label = (layer, name) in scheme.inventories
        table.add_column(
            name.rstrip("_"),
            overflow="fold",
            width=_longest_word([name, *(row[number] for row in rows)])
            if name == "labels"
            else None,
            no_wrap=is_label or name in _OFFSETS,
            justify="right" if name in _OFFSETS else "left",
        )
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _longest_word(cells: list[str]) -> int:
    return max(len(word) for cell in cells for word in cell.split())


def _columns(layer: str, records: tuple[Record, ...], scheme: Scheme) -> Columns:
    """Return the columns of a layer's table, without properties that no record has.

    More than three properties with labels share a column, and so do the optional properties in a
    wide table, to leave room for words.
    """
    fields = [
        name for name in scheme.record_types[layer].__struct_fields__ if _has_values(records, name)
    ]
    if "start" in fields and "text" not in fields:
        fields.append("text")
    labels = [name for name in fields if (layer, name.rstrip("_")) in scheme.inventories]
    columns: Columns = {}
    for name in fields:
        if name in labels and len(labels) > _FEW_LABELS:
            columns["labels"] = labels
        else:
            columns[name] = [name]
    required = scheme.required(layer)
    optional = [n for n in columns if n in scheme.properties(layer) and n not in required]
    if len(columns) <= _FEW_COLUMNS or len(optional) < 2:
        return columns
    for name in optional:
        del columns[name]
    return {**columns, "properties": optional}


def _has_values(records: tuple[Record, ...], name: str) -> bool:
    return any(getattr(record, name) not in (None, ()) for record in records)


def _cell(document: Document, record: Record, column: str, fields: list[str]) -> str:
    """Return the values of a record in one column; shared properties come with their names."""
    values = {name: _value(document, record, name) for name in fields}
    if column == "properties":
        return ", ".join(f"{name} {value}" for name, value in values.items() if value)
    return " ".join(value for value in values.values() if value)


def _value(document: Document, record: Any, name: str) -> str:
    """Return a property as text; a reference comes with the text of its record."""
    if name == "text":
        return _line(document.text_of(record))
    value = getattr(record, name, None)
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(_item(document, item, name) for item in value)
    return _item(document, value, name)


def _item(document: Document, item: Any, name: str) -> str:
    """Return a value, or an item of a list: an argument or a reference with its text."""
    if hasattr(item, "role"):
        return f"{(item.role or UNKNOWN).lower()} {_line(document.text_of(item.target))}"
    is_reference = name in reference_names() and isinstance(item, str) and item in document
    if is_reference and hasattr(document[item], "text"):
        return f"{item} {_line(document.text_of(item))}"
    return _line(item.text if hasattr(item, "text") else str(item))


def _line(text: str) -> str:
    """Return a text on one line, with its invisible characters made visible."""
    return " ".join(visible(text).split())
