"""The Parquet files of a build: each config and split has a new file every SHARD documents.

A file without a row is not written: `datasets.load_dataset` cannot load it.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from msgspec import Struct, field

from statevisit import layout
from statevisit.corpus.reader import Entry
from statevisit.document.scheme import Scheme

if TYPE_CHECKING:
    from statevisit.dataset.parquet import Writer

CHUNK = 8
"""Documents that one task converts: few enough to bound memory, enough to pay for sending."""

SHARD = 5_000
"""Documents in one Parquet file of a config and split."""


def chunks(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Yield the documents, CHUNK at a time; no chunk crosses a multiple of SHARD."""
    for shard_start in range(0, len(entries), SHARD):
        shard = entries[shard_start : shard_start + SHARD]
        for start in range(0, len(shard), CHUNK):
            yield shard[start : start + CHUNK]


class _Split(Struct):
    """The files of a split: closed ones by config and number, and those being written."""

    closed: list[tuple[str, int, Path]] = field(default_factory=list)
    shards: int = 0
    documents: int = 0
    """In the shard that is being written."""
    writers: dict[str, "Writer"] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)
    """Of the closed files, by config."""


class Shards:
    """Writes tables to the Parquet files of every config and split below `staging`.

    A shard ends with the tables that fill it, so it may have a few documents more than SHARD where
    splits take turns. Leaving the `with` block by an exception abandons the open files.
    """

    def __init__(self, staging: Path, scheme: Scheme) -> None:
        self.paths: list[Path] = []
        self._staging = staging
        self._scheme = scheme
        self._splits: dict[str, _Split] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind:
            for split in self._splits.values():
                for writer in split.writers.values():
                    writer.abandon()

    def add(self, name: str, tables: dict[str, Any]) -> None:
        """Append the rows of some documents of a split: a pyarrow table for each config."""
        split = self._splits.setdefault(name, _Split())
        for config, table in tables.items():
            if not table.num_rows:
                continue
            if config not in split.writers:
                split.writers[config] = self._new_writer(name, config, split.shards)
            split.writers[config].add(table)
        split.documents += tables["documents"].num_rows
        if split.documents >= SHARD:
            _close_shard(split)

    def close(self) -> dict[str, Counter[str]]:
        """Close the open files and name them; return the number of rows by split and config.

        The name of a file states how many shards its split has, which is known only now.
        """
        for name, split in self._splits.items():
            if split.documents:
                _close_shard(split)
            for _, number, path in split.closed:
                shard = f"{name}-{number:05d}-of-{split.shards:05d}.parquet"
                self.paths.append(path.rename(path.parent / shard))
        return {name: split.rows for name, split in self._splits.items()}

    def _new_writer(self, split: str, config: str, number: int) -> "Writer":
        from statevisit.dataset.parquet import Writer

        path = self._staging / layout.PARQUET / config / f"{split}-{number:05d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        return Writer(path, config, self._scheme)


def _close_shard(split: _Split) -> None:
    for config, writer in split.writers.items():
        writer.close()
        split.rows[config] += writer.rows
        split.closed.append((config, split.shards, writer.path))
    split.writers.clear()
    split.documents = 0
    split.shards += 1
