"""Parquet files of the configs, and Arrow tables on their way between processes."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from statevisit.dataset.arrow import arrow_schema, from_table
from statevisit.document.model import Document
from statevisit.document.schema import FULL
from statevisit.errors import FormatError

# After `tables`, which says how to install pyarrow where it is missing.
import pyarrow as pa  # isort: skip
import pyarrow.parquet as pq  # isort: skip

ROW_GROUP = {"documents": 64}
"""Rows in a Parquet row group; 8,192 for a config that is not listed."""

_NOT_DOCUMENTS = (
    pa.ArrowInvalid,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    msgspec.ValidationError,
)
"""The exceptions for a file that is not Parquet, or has other columns or values."""


def read_documents(path: Path) -> Iterator[Document]:
    """Yield the documents in a Parquet file of the `documents` config, 64 rows in memory at a time.

    Raises FormatError for any other file.
    """
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(64):
                yield from from_table(pa.Table.from_batches([batch]))
    except _NOT_DOCUMENTS as error:
        raise FormatError(
            f"{path}: not Parquet of the `documents` config: {error}; `statevisit build` writes it"
        ) from None


def read_table(path: Path) -> pa.Table:
    """Return the table in a Parquet file. Raises FormatError for a file that is not Parquet."""
    try:
        return pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise FormatError(f"{path}: cannot be read as Parquet: {error}") from None


def to_ipc(table: pa.Table) -> bytes:
    """Return a table as bytes for another process.

    Takes less than half the time that pickling its many small buffers takes.
    """
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def from_ipc(data: bytes) -> pa.Table:
    """Return the table that `to_ipc` turned into bytes."""
    return pa.ipc.open_stream(data).read_all()


class Writer:
    """A Parquet file of one config, in row groups of a fixed number of rows.

    The bytes depend on the rows, the options below and the version of pyarrow, not on how the rows
    were divided into tables.
    """

    def __init__(self, path: Path, config: str, edition: str = FULL) -> None:
        columns = arrow_schema(config, edition)
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
        if self._pending.num_rows or not self.rows:
            self._write(self._pending)
        self._file.close()

    def abandon(self) -> None:
        """Leave the file without its footer.

        On a full disk the footer cannot be written either, and pyarrow would raise a second error.
        """
        self._file.is_open = False
