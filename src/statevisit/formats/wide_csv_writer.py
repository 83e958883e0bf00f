"""Documents as CSV files with one row for each record of a layer."""

from collections.abc import Iterable, Iterator

import msgspec

from statevisit.document.model import Document
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.files import Head
from statevisit.formats.brat import values_line
from statevisit.formats.texts import AnnotatedText
from statevisit.formats.vocabulary import label_names
from statevisit.formats.wide_csv import (
    DOCUMENT,
    DOCUMENTS,
    ENTITY_TYPE,
    OF_DOCUMENTS,
    OF_SPANS,
    SPANS,
    cell_of,
    columns_of,
    file_of,
    guarded,
    layers_of,
    line_of,
)


def write(texts: Iterable[AnnotatedText]) -> Iterator[tuple[str, bytes]]:
    """Yield (name, next lines) of the files; every file has its header, even without a record."""
    for text in texts:
        document = text.document
        assert document is not None  # a writer gets texts of documents
        for name, header, lines in _parts(text, document, scheme_of(document)):
            yield name, Head(line_of(header).encode())
            if lines:
                yield name, lines.encode()


def _parts(
    text: AnnotatedText, document: Document, scheme: Scheme
) -> Iterator[tuple[str, Iterable[str], str]]:
    """The name, the header and the new lines of each file."""
    facts = (text.split, document.date, document.language, document.text)
    row = [guarded(document.id), *(guarded(fact) if fact else "" for fact in facts)]
    yield DOCUMENTS, OF_DOCUMENTS, line_of(row)
    for layer in layers_of(scheme):
        columns = columns_of(layer, scheme)
        header = [DOCUMENT, *(column.name for column in columns)]
        lines = []
        types = _types(layer, document, scheme)
        for record in _records(layer, document):
            cells = [cell_of(record.get(column.prop), column) for column in columns]
            if types is not None:
                cells.append(types.get(record.get("entity", ""), ""))
            lines.append(line_of([guarded(document.id), *cells]))
        yield file_of(layer), header if types is None else [*header, ENTITY_TYPE], "".join(lines)
    lines = _others(text, scheme)
    if lines:
        yield SPANS, OF_SPANS, "".join(lines)


def _records(layer: str, document: Document) -> Iterator[dict[str, object]]:
    """The records of a layer in JSON values; an argument has the id of its event."""
    if layer != "arguments":
        for record in getattr(document, layer):
            yield msgspec.to_builtins(record)
        return
    for event in document.events:
        for argument in event.arguments or ():
            yield {"event": event.id, **msgspec.to_builtins(argument)}


def _types(layer: str, document: Document, scheme: Scheme) -> dict[object, str] | None:
    """The types of entities, by id, for a layer whose records refer to them."""
    if layer != "mentions" or "entities" not in scheme.layers:
        return None
    return {entity.id: guarded(entity.type) for entity in document.entities if entity.type}


def _others(text: AnnotatedText, scheme: Scheme) -> list[str]:
    """The lines of the spans whose labels are not of the scheme."""
    known = label_names(scheme)
    lines = []
    for one in text.annotations:
        if one.label in known or one.id in (text.document or ()):
            continue
        words = text.text[one.start : one.end]
        values = [one.id, str(one.start), str(one.end), words, one.label]
        attributes = values_line(one.attributes)
        lines.append(line_of(guarded(v) if v else "" for v in [text.id, *values, attributes]))
    return lines
