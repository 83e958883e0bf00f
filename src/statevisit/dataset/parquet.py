"""Parquet files of the configs: read and written."""

from collections.abc import Iterator
from pathlib import Path

import orjson
from msgspec import Struct

from statevisit import files
from statevisit.dataset.arrow import arrow_schema, values
from statevisit.document import schema_errors
from statevisit.document.codec import Mismatch, convert
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import JsonObject, pointer
from statevisit.errors import FormatError

# After `tables`, which says how to install pyarrow where it is missing.
import pyarrow as pa  # isort: skip
import pyarrow.compute as pc  # isort: skip
import pyarrow.parquet as pq  # isort: skip

ROW_GROUP = {"documents": 64}
"""Rows in a Parquet row group; 8,192 for a config that is not listed."""

BATCH = 64
"""Rows that are read at once, where they are small enough."""

_AT_ONCE = 4
"""How many times the limit of a document the rows of a row group may need in memory."""


class Row(Struct, frozen=True):
    """A row of the `documents` config: its number, from 1, and its document as JSON.

    Without a document, `problem` says why.
    """

    number: int
    data: bytes = b""
    problem: str = ""


def read_documents(path: Path, scheme: Scheme) -> Iterator[Document]:
    """Yield the documents in a Parquet file of the `documents` config, few of them in memory.

    Raises FormatError for any other file, and for a row that is not a document.
    """
    for row in read_rows(path, scheme):
        where = f"{path}: row {row.number}"
        if row.problem:
            raise FormatError(f"{where}: {row.problem}")
        value = orjson.loads(row.data)
        try:
            document = convert(value, where, scheme)
        except Mismatch as mismatch:
            raise _invalid(value, mismatch.path, where, scheme) from None
        yield document


def _invalid(
    value: JsonObject, path: tuple[str | int, ...], where: str, scheme: Scheme
) -> FormatError:
    """The error for a row whose JSON is no document: at `path` is a label -1, for example."""
    errors = schema_errors.errors(value, scheme)
    messages = [text for place, text in errors if place == list(path)]
    reason = messages[-1] if messages else "not a value of a document"
    document_id = str(value.get("id"))[:64]
    return FormatError(f"{where}, document {document_id!r}: {reason} ({pointer(path)})")


def read_rows(path: Path, scheme: Scheme) -> Iterator[Row]:
    """Yield the rows in a Parquet file of the `documents` config, few of them in memory.

    A row whose values need more memory than `files.size_limit` has a problem instead of a document.
    Raises FormatError for any other file.
    """
    try:
        with pq.ParquetFile(path) as file:
            _require_columns(path, file.schema_arrow.names, scheme)
            strings = _string_columns(file)
            plain = file.schema_arrow
        # A dictionary holds a string once that a tiny file repeats a million times.
        with pq.ParquetFile(path, read_dictionary=strings) as file:
            yield from _rows(file, plain, scheme)
    except (OSError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:200]
        raise FormatError(
            f"{path}: not Parquet of the `documents` config: {reason}; `statevisit build` writes it"
        ) from None


def _require_columns(path: Path, names: list[str], scheme: Scheme) -> None:
    columns = arrow_schema("documents", scheme).names
    if set(names) != set(columns):
        lacking = [name for name in columns if name not in names]
        unknown = [name for name in names if name not in columns]
        reason = f"lacks the column {lacking[0]!r}" if lacking else f"has a column {unknown[0]!r}"
        raise FormatError(
            f"{path}: not Parquet of the `documents` config: it {reason}; "
            "`statevisit build` writes it"
        )


def _string_columns(file: pq.ParquetFile) -> list[str]:
    columns = [file.schema.column(number) for number in range(len(file.schema))]
    return [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]


def _rows(file: pq.ParquetFile, schema: pa.Schema, scheme: Scheme) -> Iterator[Row]:
    """Yield the rows of a file whose strings are read as dictionaries; `schema` has strings."""
    limit = files.size_limit()
    number = 0
    for group in range(file.num_row_groups):
        metadata = file.metadata.row_group(group)
        if _stated_size(metadata) > _AT_ONCE * limit:
            problem = files.beyond_limit(f"the row group of {metadata.num_rows} rows", _AT_ONCE)
            yield Row(number + 1, problem=problem)
            number += metadata.num_rows
            continue
        for batch in file.iter_batches(BATCH, row_groups=[group]):
            table = pa.Table.from_batches([batch])
            parts = [table]
            if sum(map(_size, table.itercolumns())) > limit:
                # `slice` would keep, and `cast` convert, the values of all rows
                parts = [table.take([row]) for row in range(table.num_rows)]
            for part in parts:
                yield from _rows_of(part, schema, scheme, number)
                number += part.num_rows


def _rows_of(table: pa.Table, schema: pa.Schema, scheme: Scheme, before: int) -> Iterator[Row]:
    """Yield the rows of a small table, or of one row, whose number follows `before`."""
    if sum(map(_size, table.itercolumns())) > files.size_limit():
        yield Row(before + 1, problem=files.beyond_limit("the row"))
        return
    for number, value in enumerate(values(table.cast(schema), scheme), before + 1):
        yield Row(number, orjson.dumps(value, default=repr))  # Arrow has more kinds of values


def _stated_size(metadata: pq.RowGroupMetaData) -> int:
    """The bytes that a row group takes in memory, as its metadata state them."""
    columns = [metadata.column(number) for number in range(metadata.num_columns)]
    return sum(max(c.total_uncompressed_size, 4 * c.num_values) for c in columns)


def _size(column: pa.ChunkedArray | pa.Array) -> int:
    """The bytes of a column's values, a dictionary's strings counted as often as they occur."""
    if isinstance(column, pa.ChunkedArray):
        return sum(map(_size, column.chunks))
    if isinstance(column, pa.DictionaryArray):
        lengths = pc.binary_length(column.dictionary).cast(pa.int64())
        return pc.sum(lengths.take(column.indices)).as_py() or 0
    if isinstance(column, pa.ListArray):
        return _size(column.flatten())
    if isinstance(column, pa.StructArray):
        return sum(map(_size, column.flatten()))
    size: int = column.nbytes
    return size


def read_table(path: Path) -> pa.Table:
    """Return the table in a Parquet file. Raises FormatError for a file that is not Parquet."""
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise FormatError(f"{path}: cannot be read as Parquet: {error}") from None


class Writer:
    """A Parquet file of one config, in row groups of a fixed number of rows.

    The bytes depend on the rows, the options below and the version of pyarrow, not on how the rows
    were divided into tables.
    """

    def __init__(self, path: Path, config: str, scheme: Scheme) -> None:
        columns = arrow_schema(config, scheme)
        self.path = path
        self.rows = 0
        self._group_size = ROW_GROUP.get(config, 8_192)
        self._pending = pa.Table.from_batches([], columns)
        self._file = pq.ParquetWriter(
            path,
            columns,
            compression="zstd",
            compression_level=3,
            write_page_index=True,
            version="2.6",
        )

    def add(self, table: pa.Table) -> None:
        """Append rows."""
        self.rows += table.num_rows
        self._pending = pa.concat_tables([self._pending, table])
        while self._pending.num_rows >= self._group_size:
            self._write(self._pending.slice(0, self._group_size))
            self._pending = self._pending.slice(self._group_size)

    def _write(self, table: pa.Table) -> None:
        self._file.write_table(table.combine_chunks(), row_group_size=self._group_size)

    def close(self) -> None:
        """Write the pending rows and the footer."""
        if self._pending.num_rows:
            self._write(self._pending)
        self._file.close()

    def abandon(self) -> None:
        """Leave the file without its footer.

        On a full disk the footer cannot be written either, and pyarrow would raise a second error.
        """
        self._file.is_open = False
