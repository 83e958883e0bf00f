"""Documents <-> Arrow: the `documents` table and the flat views, with columns compiled from the schema.

Columns are described once, as Hugging Face features in their JSON form (what `datasets.Features.to_dict`
gives); the Arrow schema is compiled from that, so `datasets` is not needed to write Parquet that it reads
with its ClassLabels.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import compress
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from statevisit import schema, views
from statevisit.codec import encode
from statevisit.errors import FormatError, MissingExtra
from statevisit.model import Document
from statevisit.schema import FULL

try:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.json as pj
    import pyarrow.parquet as pq
except ImportError:
    raise MissingExtra("pyarrow", "parquet") from None

CONFIGS = ("documents", *views.VIEWS)
TOOLS = {"pyarrow": pa.__version__}
"""Versions of the tools whose version shows in the bytes of Parquet."""
ROW_GROUP = {"documents": 64}
"""Rows in a Parquet row group; 8,192 where a config is not named."""


WORDS = frozenset(
    (
        "text",
        "name",
        "sentence_text",
        "event_name",
        "measures_text",
        "property",
        "source_name",
        "target_name",
        "evidence_text",
        "tokens",
    )
)
"""The columns of the flat views that hold words of the text; the edition `schema.ANNOTATIONS_ONLY` is without them."""


@cache
def columns(config: str, edition: str = FULL) -> tuple[views.Column, ...]:
    """The columns of a config with feature and description, in order. `edition`: FULL or schema.ANNOTATIONS_ONLY."""
    if config == "documents":
        nodes = schema.load(edition)["properties"].items()
        return tuple(
            views.Column(k, views.feature(schema.resolve(v, edition), edition), v["description"])
            for k, v in nodes
        )
    found = views.VIEWS[config].columns
    if edition == FULL:
        return found
    return tuple(
        replace(
            c,
            feature=_wordless(c.feature),
            description=c.description.replace(" its span and text,", " its span,"),
        )
        for c in found
        if c.name not in WORDS
    )


def _wordless(feature: dict[str, Any]) -> dict[str, Any]:
    """The feature of a list of structs without their `text`; any other as it is."""
    inner = feature.get("feature", {})
    return (
        feature
        if "_type" in inner
        else {**feature, "feature": {k: v for k, v in inner.items() if k != "text"}}
        if inner
        else feature
    )


def wordless(config: str, rows: Iterable[views.Row]) -> list[views.Row]:
    """The rows of a view without the columns WORDS and the texts of arguments."""
    kept = [c.name not in WORDS for c in views.VIEWS[config].columns]
    return [
        tuple(
            [{k: x for k, x in a.items() if k != "text"} for a in v]
            if v and isinstance(v, list) and isinstance(v[0], dict)
            else v
            for v in compress(row, kept)
        )
        for row in rows
    ]


def features(config: str, edition: str = FULL) -> dict[str, Any]:
    """The features of a config in the JSON form of `datasets.Features`."""
    return {c.name: c.feature for c in columns(config, edition)}


@cache
def arrow_schema(config: str, edition: str = FULL) -> pa.Schema:
    """The Arrow schema of a config, with the metadata from which `datasets` restores ClassLabels."""
    fields = [pa.field(c.name, _type(c.feature)) for c in columns(config, edition)]
    metadata = {"huggingface": json.dumps({"info": {"features": features(config, edition)}})}
    return pa.schema(fields, metadata=metadata)


_PRIMITIVE = {
    "string": pa.string(),
    "int32": pa.int32(),
    "float64": pa.float64(),
    "date32": pa.date32(),
}


def _type(feature: dict[str, Any], labels: pa.DataType = pa.int64()) -> pa.DataType:
    """The Arrow type of a feature; `labels` is the type of a ClassLabel (names come in as strings)."""
    kind = feature.get("_type")
    if kind == "Value":
        return _PRIMITIVE[feature["dtype"]]
    if kind == "ClassLabel":
        return labels
    if kind == "List":
        return pa.list_(_type(feature["feature"], labels))
    return pa.struct([(k, _type(v, labels)) for k, v in feature.items()])


def _coded(array: pa.Array, feature: dict[str, Any]) -> pa.Array:
    """The array with label names turned into the integers of their ClassLabel, at any depth."""
    kind = feature.get("_type")
    if kind == "ClassLabel":
        return pc.index_in(array, value_set=pa.array(feature["names"])).cast(pa.int64())
    if kind == "List":
        if (inner := _coded(array.values, feature["feature"])) is array.values:
            return array
        return pa.ListArray.from_arrays(
            array.offsets, inner, mask=array.is_null() if array.null_count else None
        )
    if kind is None:
        inner = [_coded(array.field(k), v) for k, v in feature.items()]
        if all(new is array.field(k) for new, k in zip(inner, feature, strict=True)):
            return array
        return pa.StructArray.from_arrays(
            inner,
            fields=[pa.field(k, a.type) for k, a in zip(feature, inner, strict=True)],
            mask=array.is_null() if array.null_count else None,
        )
    return array.cast(_type(feature))


def document_table(encoded: Iterable[bytes], edition: str = FULL) -> pa.Table:
    """The `documents` table from the JSON of schema-valid documents, one row each."""
    lines = [
        line.replace(b"\n", b"") for line in encoded
    ]  # a newline in JSON is white space: inside a string it is escaped
    data = b"\n".join(lines)
    wanted = pa.schema(
        [(c.name, _type(c.feature, pa.string())) for c in columns("documents", edition)]
    )
    wanted = wanted.set(wanted.get_field_index("date"), pa.field("date", pa.string()))
    table = pj.read_json(
        pa.BufferReader(data),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(data) + 1),
        parse_options=pj.ParseOptions(explicit_schema=wanted, unexpected_field_behavior="error"),
    ).combine_chunks()
    arrays = [
        _coded(_whole(table.column(c.name)), c.feature) for c in columns("documents", edition)
    ]
    return pa.Table.from_arrays(arrays, schema=arrow_schema("documents", edition))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks)


def view_table(config: str, documents: Iterable[Document]) -> pa.Table:
    """The table of a flat view over documents."""
    return rows_table(
        config, [row for document in documents for row in views.VIEWS[config].rows(document)]
    )


def rows_table(config: str, rows: list[views.Row], edition: str = FULL) -> pa.Table:
    """The table of a flat view from its rows."""
    wanted = columns(config, edition)
    by_column = zip(*rows, strict=True) if rows else [()] * len(wanted)
    arrays = [
        _coded(pa.array(values, _type(c.feature, pa.string())), c.feature)
        for values, c in zip(by_column, wanted, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=arrow_schema(config, edition))


def to_tables(documents: list[Document]) -> dict[str, pa.Table]:
    """Every config's table over some documents, in the order given."""
    return {
        "documents": document_table(map(encode, documents)),
        **{c: view_table(c, documents) for c in views.VIEWS},
    }


def from_table(table: pa.Table) -> list[Document]:
    """The documents of a `documents` table: the inverse of `document_table`."""
    names = features("documents")
    return [
        msgspec.convert({k: _plain(v, names[k]) for k, v in row.items()}, Document)
        for row in table.to_pylist()
    ]


def read_documents(path: Path) -> Iterator[Document]:
    """The documents in a Parquet file of the `documents` config, a batch of rows in memory. Raises FormatError for any other file."""
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(64):
                yield from from_table(pa.Table.from_batches([batch]))
    except (
        pa.ArrowInvalid,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        msgspec.ValidationError,
    ) as error:
        raise FormatError(
            f"{path}: not Parquet of the `documents` config: {error}; `statevisit build` writes it"
        ) from None


def _plain(value: Any, feature: dict[str, Any]) -> Any:
    kind = feature.get("_type")
    if kind == "ClassLabel":
        return feature["names"][value]
    if kind == "List":
        return [_plain(v, feature["feature"]) for v in value]
    if kind is None:
        return {k: _plain(v, feature[k]) for k, v in value.items() if v is not None}
    return value.isoformat() if feature["dtype"] == "date32" else value


def to_ipc(table: pa.Table) -> bytes:
    """A table as bytes for another process, in less than half the time that pickling its many small buffers takes."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


def from_ipc(data: bytes) -> pa.Table:
    """The table that `to_ipc` made into bytes."""
    return pa.ipc.open_stream(data).read_all()


class Writer:
    """A Parquet file of one config, written in row groups of a fixed number of rows, whatever comes in.

    The bytes depend on the rows, the options below and the version of pyarrow, and on nothing else.
    """

    def __init__(self, path: Path, config: str, edition: str = FULL) -> None:
        wanted = arrow_schema(config, edition)
        self.rows, self._size, self._pending = (
            0,
            ROW_GROUP.get(config, 8_192),
            pa.Table.from_batches([], wanted),
        )
        self._file = pq.ParquetWriter(
            path,
            wanted,
            compression="zstd",
            compression_level=3,
            write_page_index=True,
            version="2.6",
        )

    def add(self, table: pa.Table) -> None:
        """Append rows."""
        self.rows += table.num_rows
        self._pending = pa.concat_tables([self._pending, table])
        while self._pending.num_rows >= self._size:
            self._write(self._pending.slice(0, self._size))
            self._pending = self._pending.slice(self._size)

    def _write(self, table: pa.Table) -> None:
        self._file.write_table(table.combine_chunks(), row_group_size=self._size)

    def close(self) -> None:
        """Write what is left and the footer."""
        if self._pending.num_rows or not self.rows:
            self._write(self._pending)
        self._file.close()

    def abandon(self) -> None:
        """Leave the file as it is: where the disk is full its footer cannot be written either, and pyarrow would say so again."""
        self._file.is_open = False
