"""The Parquet files of a build: each config has a new file every SHARD documents.

A file without a row is not written: `datasets.load_dataset` cannot load it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from statevisit import layout
from statevisit.corpus.reader import Entry
from statevisit.document.scheme import Scheme

if TYPE_CHECKING:
    from statevisit.dataset.parquet import Writer

CHUNK = 8
"""Documents that one task converts: few enough to bound memory, enough to pay for sending."""

SHARD = 5_000
"""Documents in one Parquet file of a config."""


def chunks(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Yield the documents, CHUNK at a time; no chunk crosses the end of a shard."""
    for shard_start in range(0, len(entries), SHARD):
        shard = entries[shard_start : shard_start + SHARD]
        for start in range(0, len(shard), CHUNK):
            yield shard[start : start + CHUNK]


class Shards:
    """Writes tables to the Parquet files of every config below `staging`.

    Leaving the `with` block by an exception abandons the open files. `documents` is the number of
    documents that will be added, which the names of the files depend on.
    """

    def __init__(
        self, staging: Path, configs: tuple[str, ...], documents: int, scheme: Scheme
    ) -> None:
        self.paths: list[Path] = []
        self._staging = staging
        self._scheme = scheme
        self._shard_count = max(1, -(-documents // SHARD))  # rounded up
        self._shard_number = 0
        self._documents_in_shard = 0
        self._rows = dict.fromkeys(configs, 0)
        self._writers: dict[str, Writer] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind:
            for writer in self._writers.values():
                writer.abandon()

    def add(self, tables: dict[str, Any]) -> None:
        """Append the rows of some documents: a pyarrow table for each config."""
        for config, table in tables.items():
            if not table.num_rows:
                continue
            if config not in self._writers:
                self._writers[config] = self._new_writer(config)
            self._writers[config].add(table)
        self._documents_in_shard += tables["documents"].num_rows
        if self._documents_in_shard >= SHARD:
            self._close_shard()

    def close(self) -> dict[str, int]:
        """Close the open files; return the number of rows of each config."""
        self._close_shard()
        return self._rows

    def _new_writer(self, config: str) -> "Writer":
        from statevisit.dataset.parquet import Writer

        name = f"train-{self._shard_number:05d}-of-{self._shard_count:05d}.parquet"
        path = self._staging / layout.PARQUET / config / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.paths.append(path)
        return Writer(path, config, self._scheme)

    def _close_shard(self) -> None:
        for config, writer in self._writers.items():
            writer.close()
            self._rows[config] += writer.rows
        self._writers = {}
        self._documents_in_shard = 0
        self._shard_number += 1
