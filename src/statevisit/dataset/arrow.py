"""Documents as Arrow tables: the `documents` table and the flat views, and back.

Each column is described once, as a Hugging Face feature in its JSON form; the Arrow schema is
compiled from that, so that `datasets` reads its ClassLabels from Parquet that was written without
it.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from typing import Any

import msgspec

from statevisit.corpus.seeds import ListedSource
from statevisit.corpus.splits import split_of
from statevisit.dataset import sources
from statevisit.dataset.arrays import Converter, converter, spans, type_of
from statevisit.dataset.configs import columns, features, properties
from statevisit.dataset.features import Feature
from statevisit.dataset.rows import Row
from statevisit.dataset.views import views
from statevisit.document.codec import ordered
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import JsonObject
from statevisit.errors import MissingExtra

try:
    import pyarrow as pa
except ImportError:
    raise MissingExtra("pyarrow", "parquet") from None


def release_memory() -> None:
    """Return to the system what Arrow's memory pool has kept of freed memory."""
    pa.default_memory_pool().release_unused()


@cache
def arrow_schema(config: str, scheme: Scheme) -> pa.Schema:
    """Return the Arrow schema of a config; its metadata gives `datasets` the ClassLabels."""
    fields = [pa.field(column.name, type_of(column.feature)) for column in columns(config, scheme)]
    metadata = {"huggingface": json.dumps({"info": {"features": features(config, scheme)}})}
    return pa.schema(fields, metadata=metadata)


@cache
def _converters(config: str, scheme: Scheme) -> dict[str, Converter]:
    """The functions that make the arrays of a config, by column.

    That of the column `source` leaves out what only the list of sources states.
    """
    features_of = features(config, scheme)
    if config == "documents":
        features_of["source"] = sources.without_metadata(features_of["source"])
    return {name: converter(feature) for name, feature in features_of.items()}


def document_table(
    documents: Sequence[Document | JsonObject],
    scheme: Scheme,
    listed: Sequence[ListedSource | None] | None = None,
) -> pa.Table:
    """Return the `documents` table of documents that are valid under a scheme, one row each.

    They are in canonical order, or JSON values. `listed` are their sources, None where no list has
    them.
    """
    # Half of a document is tokens, and the checks have needed their bounds.
    bounds = [d.bounds["tokens"] for d in documents if isinstance(d, Document)]
    are_bare = len(bounds) == len(documents) and not scheme.attributes.get("tokens")
    arrays = []
    for name, convert in _converters("documents", scheme).items():
        if name == "tokens" and are_bare:
            arrays.append(spans(bounds))
            continue
        array = convert([_property(document, name) for document in documents])
        if name == "source":
            array = sources.with_metadata(array, listed or [None] * len(documents))
        arrays.append(array)
    return pa.Table.from_arrays(arrays, schema=arrow_schema("documents", scheme))


def _property(document: Document | JsonObject, name: str) -> Any:
    return document.get(name) if isinstance(document, dict) else getattr(document, name)


def view_table(
    config: str,
    documents: Iterable[Document],
    scheme: Scheme,
    listed: sources.Sources = sources.NONE,
) -> pa.Table:
    """Return the table of a flat view over documents of a scheme, whose sources are listed."""
    view = views(scheme)[config]
    rows = [
        (*row, split_of(document, listed))
        for document in documents
        for row in view.rows_of(document)
    ]
    return rows_table(config, rows, scheme)


def rows_table(config: str, rows: list[Row], scheme: Scheme) -> pa.Table:
    """Return the table of a flat view from its rows."""
    converters = _converters(config, scheme).values()
    by_column = zip(*rows, strict=True) if rows else [()] * len(converters)
    arrays = [convert(values) for values, convert in zip(by_column, converters, strict=True)]
    return pa.Table.from_arrays(arrays, schema=arrow_schema(config, scheme))


def to_tables(
    documents: list[Document], scheme: Scheme, listed: sources.Sources = sources.NONE
) -> dict[str, pa.Table]:
    """Return every config's table over some documents of a scheme, in the order given.

    `listed` are the sources of their corpus.
    """
    of_documents = [listed.get(document.source.file) for document in documents]
    flat = {config: view_table(config, documents, scheme, listed) for config in views(scheme)}
    return {
        "documents": document_table(list(map(ordered, documents)), scheme, of_documents),
        **flat,
    }


def from_table(table: pa.Table, scheme: Scheme) -> list[Document]:
    """Return the documents of a `documents` table: the inverse of `document_table`.

    What only the list of sources states is left out.
    """
    return [msgspec.convert(value, scheme.document_type) for value in values(table, scheme)]


def values(table: pa.Table, scheme: Scheme) -> list[JsonObject]:
    """Return the rows of a `documents` table as JSON.

    A value that no document has stays as it is, for the schema to refuse: a label -1, for example,
    which is the number of no name.
    """
    of_config = features("documents", scheme)
    empty: JsonObject = {column.name: {} for column in properties(scheme) if not column.feature}
    rows = []
    for row in table.to_pylist():
        if isinstance(row["source"], dict):
            row["source"] = sources.without_metadata(row["source"])
        plain = {name: _plain(v, of_config[name]) for name, v in row.items() if v is not None}
        rows.append(plain | empty)
    return rows


def _plain(value: Any, feature: Feature) -> Any:
    """An Arrow value in the JSON form of a document: names of labels, no nulls in structs."""
    kind = feature.get("_type")
    if kind == "ClassLabel":
        is_known = type(value) is int and 0 <= value < len(feature["names"])
        return feature["names"][value] if is_known else value
    if kind == "List" and isinstance(value, list):
        return [_plain(item, feature["feature"]) for item in value]
    if kind is None and isinstance(value, dict):
        return {
            name: _plain(inner, feature.get(name, {"_type": ""}))
            for name, inner in value.items()
            if inner is not None
        }
    if feature.get("dtype") == "date32" and isinstance(value, date):
        return value.isoformat()
    return value
