"""CSV files with one row for each record of a layer, read as whole records.

All rows are in memory: those of a document may stand anywhere.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError
from statevisit.formats.brat import values_of
from statevisit.formats.csv_tables import Cells, Table, read_table
from statevisit.formats.row_annotations import annotate
from statevisit.formats.sidecar import base_beside
from statevisit.formats.texts import AnnotatedText, Annotation, Loss, Row
from statevisit.formats.wide_csv import (
    DOCUMENT,
    DOCUMENTS,
    ENTITY_TYPE,
    INTEGER,
    OF_DOCUMENTS,
    OF_SPANS,
    SPANS,
    Column,
    columns_of,
    file_of,
    layers_of,
    unguarded,
    value_of,
)

_START, _END = Column("start", "start", INTEGER), Column("end", "end", INTEGER)


def read(path: Path, scheme: Scheme) -> Iterator[AnnotatedText]:
    """Yield the texts of `documents.csv` with the rows of the files beside it.

    `path` may be any of these files. Raises FormatError, with file and line, for a row of an
    unknown document, a value that is not of its column, and offsets that do not fit their text.
    """
    layers = layers_of(scheme)
    known = [DOCUMENTS, SPANS, *map(file_of, layers)]
    if path.name not in known:
        raise FormatError(f"{path}: is none of {', '.join(known)}; name a directory with these")
    if not path.with_name(DOCUMENTS).is_file():
        raise FormatError(f"{path}: {DOCUMENTS}, which has the texts, is missing beside it")
    reader = _Reader(path.parent, scheme)
    reader.read_documents()
    for layer in layers:
        if path.with_name(file_of(layer)).is_file():
            reader.read_layer(layer)
    if path.with_name(SPANS).is_file():
        reader.read_spans()
    yield from reader.texts()


class _Types(Struct):
    """The types of entities that rows of mentions state, with the places of these rows."""

    stated: list[tuple[str, str, str]] = field(default_factory=list)


class _Reader:
    """Reads the files of a directory."""

    def __init__(self, directory: Path, scheme: Scheme) -> None:
        self._directory, self._scheme = directory, scheme
        self._texts: dict[str, AnnotatedText] = {}
        self._types: dict[str, _Types] = {}
        self._losses: list[Loss] = []

    def texts(self) -> Iterator[AnnotatedText]:
        """Yield the texts in the order of their rows."""
        for text in self._texts.values():
            self._compare_types(text)
            annotate(text, self._scheme)
            text.losses += self._losses
            self._losses = []
            yield text

    def read_documents(self) -> None:
        """Read the texts; one that is missing is that of the exported document beside the file."""
        table = self._table(DOCUMENTS, OF_DOCUMENTS, ("id",))
        for row in table.rows:
            cells = {name: unguarded(cell) for name, cell in row.cells.items()}
            document_id = cells["id"]
            place = f"{table.path}:{row.line}"
            if document_id in self._texts:
                raise FormatError(f"{place}: a second document {document_id!r}; remove one")
            text = AnnotatedText(document_id, cells.get("text", ""), str(table.path), row.line)
            text.rows = {}
            text.date, text.language = cells.get("date", ""), cells.get("language", "")
            if not text.text:
                base = base_beside(text, self._scheme)
                if base is None:
                    raise FormatError(f"{place}: has no text, and no exported document beside it")
                text.text = base.text
            self._texts[document_id] = text

    def read_layer(self, layer: str) -> None:
        """Read the records of a layer."""
        columns = columns_of(layer, self._scheme)
        names = [DOCUMENT, *(column.name for column in columns)]
        known = [*names, ENTITY_TYPE] if layer == "mentions" else names
        keys = {"start", "end", "source", "target", "event"} & set(names[: 1 + len(columns)])
        needed = [name for name in names if name in {DOCUMENT, *keys}]
        needed = [n for n in needed if layer == "arguments" or n != "event"]
        table = self._table(file_of(layer), known, needed)
        for text in self._texts.values():
            assert text.rows is not None  # set when the documents are read
            text.rows[layer] = []
        present = [column for column in columns if column.name in table.names]
        has_span = "start" in keys
        for row in table.rows:
            place = f"{table.path}:{row.line}"
            text = self._text(row, place)
            value = self._value(row, present, place)
            for prop, span in _spans(value, has_span):
                self._check_span(span, text, f"{place}: {prop}", layer)
            assert text.rows is not None  # set when the documents are read
            text.rows[layer].append(Row(value, place))
            if row.cells.get(ENTITY_TYPE):
                stated = self._types.setdefault(text.id, _Types()).stated
                stated.append((str(value.get("entity")), row.cells[ENTITY_TYPE], place))

    def read_spans(self) -> None:
        """Read the spans of other projects; columns that nobody knows are their attributes."""
        path = self._directory / SPANS
        table = self._table(SPANS, OF_SPANS, (DOCUMENT, "start", "end", "label"))
        self._losses = [loss for loss in self._losses if not loss.detail.startswith(str(path))]
        attributes = self._table(SPANS, [*OF_SPANS, *table.others], ()) if table.others else table
        for number, row in enumerate(attributes.rows, 1):
            place = f"{path}:{row.line}"
            text = self._text(row, place)
            span = self._value(row, [_START, _END], place)
            if row.cells.get("text"):
                span["text"] = unguarded(row.cells["text"])
            self._check_span(span, text, place, "spans")
            named = {name: unguarded(row.cells[name]) for name in table.others if row.cells[name]}
            stated = values_of(unguarded(row.cells.get("attributes", ""))) or {}
            label = unguarded(row.cells["label"])
            if not label:
                raise FormatError(f"{place}: has no label; give it one")
            text.annotations.append(
                Annotation(
                    unguarded(row.cells.get("id", "")) or f"span-{number}",
                    span["start"],
                    span["end"],
                    label,
                    {**stated, **named},
                    span["text"],
                    line=row.line,
                )
            )

    def _table(self, name: str, known: Any, needed: Any) -> Table:
        """A file of the directory; its unknown columns become losses of the first text."""
        table = read_table(self._directory / name, known, needed)
        for other in table.others:
            self._losses.append(Loss(f"columns of {name} that are no property", other, 1))
        return table

    def _text(self, row: Cells, place: str) -> AnnotatedText:
        document_id = unguarded(row.cells[DOCUMENT])
        text = self._texts.get(document_id)
        if text is None:
            raise FormatError(f"{place}: {DOCUMENTS} has no document {document_id!r}")
        return text

    def _value(self, row: Cells, columns: list[Column], place: str) -> JsonObject:
        """The properties of a row; one with an empty cell is None."""
        value: JsonObject = {}
        for column in columns:
            cell = row.cells[column.name]
            try:
                item = value_of(cell, column) if cell else None
            except ValueError as error:
                raise FormatError(f"{place}: {column.name}: {error}") from None
            if not column.part:
                value[column.prop] = item
            elif item is not None:
                span = value.setdefault(column.prop, {}) or {}
                value[column.prop] = {**span, column.part: item}
            else:
                value.setdefault(column.prop, None)
        return value

    def _check_span(self, span: JsonObject, text: AnnotatedText, place: str, layer: str) -> None:
        """Check the offsets of a span, and complete its words if they are missing."""
        start, end = span.get("start"), span.get("end")
        if not isinstance(start, int) or not isinstance(end, int):
            raise FormatError(f"{place}: start or end is empty; both are numbers of characters")
        if not 0 <= start < end <= len(text.text):
            length = len(text.text)
            raise FormatError(
                f"{place}: [{start}, {end}) is not a span of the {length:,} characters"
            )
        words = text.text[start:end]
        if span.get("text") not in (None, words):
            shown = f"{str(span['text'])[:40]!r}, but the text has {words[:40]!r}"
            raise FormatError(
                f"{place}: [{start}, {end}) is {shown} there; correct the offsets, and empty the "
                "cell of the words"
            )
        span["text"] = words

    def _compare_types(self, text: AnnotatedText) -> None:
        """Note the types of entities that mentions state and `entities.csv` does not."""
        rows = (text.rows or {}).get("entities")
        if rows is None or text.id not in self._types:
            return
        types = {row.value.get("id"): row.value.get("type") for row in rows}
        for entity, stated, place in self._types[text.id].stated:
            if entity in types and types[entity] != unguarded(stated):
                kind = f"{ENTITY_TYPE} of mentions, which {file_of('entities')} states otherwise"
                text.losses.append(Loss(kind, f"{entity} {stated} at {place}"))


def _spans(value: JsonObject, has_span: bool) -> Iterator[tuple[str, JsonObject]]:
    """The span of a record, and those of its properties, each with its name."""
    if has_span:
        yield "its span", value
    for prop, item in value.items():
        if isinstance(item, dict):
            yield prop, item
