"""The shards of a build: which documents share the Parquet files of a number, and those files.

Every config of a split has the same number of files, named as the Hub names them. A shard without
a row of a config has an empty file, which `datasets.load_dataset` passes over; it cannot load a
split of which all files are empty, so none of them is kept.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec
from msgspec import Struct

from statevisit import files, stores
from statevisit.corpus.entries import fetched
from statevisit.corpus.reader import Entry
from statevisit.corpus.splits import TRAIN, Lookup
from statevisit.document.scheme import Scheme
from statevisit.errors import FormatError
from statevisit.stores import StorePath

if TYPE_CHECKING:
    from statevisit.dataset.parquet import Writer

SHARD = 128
"""Documents in a shard of a small split: two row groups of `documents`, seconds of work."""

LARGEST = 4_096
"""Documents in a shard of a large split: ten million documents have fewer than 2,500 shards."""

ENOUGH = 64
"""Shards that a split may have before they become larger, up to LARGEST."""


def shard_size(documents: int) -> int:
    """Return the number of documents in each shard of a split but the last."""
    size = SHARD
    while size < LARGEST and documents > ENOUGH * size:
        size *= 2
    return size


def shard_name(split: str, number: int, shards: int) -> str:
    """Return the name of the Parquet files of a shard; `number` counts from 0."""
    return f"{split}-{number:05d}-of-{shards:05d}.parquet"


class Shard(Struct, frozen=True):
    """Documents of a split, in the order of the corpus, and the name of their Parquet files.

    `positions` are those of the documents in the corpus, from 0.
    """

    split: str
    name: str
    positions: list[int]
    entries: list[Entry]


def plan(entries: Sequence[Entry], splits: Iterable[str]) -> Iterator[Shard]:
    """Yield the shards of a corpus in the order of their first documents.

    `splits` are those of the documents.
    """
    positions: dict[str, array[int]] = {}
    for position, split in enumerate(splits):
        positions.setdefault(split, array("q")).append(position)
    starts = [
        (of_split[start], split, start)
        for split, of_split in positions.items()
        for start in range(0, len(of_split), shard_size(len(of_split)))
    ]
    for _, split, start in sorted(starts):
        of_split = positions[split]
        size = shard_size(len(of_split))
        name = shard_name(split, start // size, -(-len(of_split) // size))
        chosen = of_split[start : start + size].tolist()
        yield Shard(split, name, chosen, [entries[position] for position in chosen])


class _Source(Struct):
    file: str = ""


class _Head(Struct):
    source: _Source


_HEAD = msgspec.json.Decoder(_Head)


def splits_of_entries(entries: Iterable[Entry], sources: Lookup) -> list[str]:
    """Return the split of each document, of which little is read; of an unreadable one, `train`."""
    splits = []
    for entry in fetched(entries):
        try:
            source = sources.get(_HEAD.decode(entry.bytes()).source.file)
        except (FormatError, msgspec.DecodeError, UnicodeDecodeError):
            source = None
        splits.append(TRAIN if source is None or source.split is None else source.split)
    return splits


class ParquetFile(Struct, frozen=True):
    """A Parquet file that was written: its rows, its size in bytes and its SHA-256."""

    rows: int
    size: int
    sha256: str


class ShardFiles:
    """Writes the Parquet files of a shard: one of each config in its directory below `folder`.

    They have temporary names until the `with` block ends, and those of a store are files of this
    machine until then; an exception removes them.
    """

    def __init__(self, folder: Path, name: str, configs: Iterable[str], scheme: Scheme) -> None:
        self._paths = {config: folder / config / name for config in configs}
        self._scheme = scheme
        self._stack = ExitStack()
        self._writers: dict[str, Writer] = {}

    def __enter__(self) -> Self:
        from statevisit.dataset.parquet import Writer

        try:
            for config, path in self._paths.items():
                temporary = self._stack.enter_context(_replacing(path))
                self._writers[config] = Writer(temporary, config, self._scheme)
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if kind:
            self.abandon()
        self._stack.__exit__(kind, error, trace)

    def add(self, tables: Mapping[str, Any]) -> None:
        """Append the rows of some documents: a pyarrow table for each config."""
        for config, table in tables.items():
            self._writers[config].add(table)

    def close(self) -> dict[str, ParquetFile]:
        """Complete the files and return what they are, by config."""
        written = {}
        for config, writer in self._writers.items():
            writer.close()
            size = writer.path.stat().st_size
            written[config] = ParquetFile(writer.rows, size, files.sha256_of(writer.path))
        return written

    def abandon(self) -> None:
        """Leave the files without their footers."""
        for writer in self._writers.values():
            writer.abandon()


def _replacing(path: Path) -> AbstractContextManager[Path]:
    return stores.sent(path) if isinstance(path, StorePath) else files.replacing(path)


class ShardsInTurn:
    """Writes all shards of a corpus in one process, while documents of its splits take turns.

    `documents` are the numbers of documents by split. An exception removes the open files.
    """

    def __init__(
        self, folder: Path, documents: Mapping[str, int], configs: Iterable[str], scheme: Scheme
    ) -> None:
        self.written = Written(folder)
        self._folder, self._configs, self._scheme = folder, tuple(configs), scheme
        self._documents = documents
        self._added: Counter[str] = Counter()
        self._open: dict[str, ShardFiles] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        for shard in self._open.values():
            shard.__exit__(kind, error, trace)

    def left(self, split: str) -> int:
        """Return the number of documents that the present shard of a split still takes."""
        total, added = self._documents[split], self._added[split]
        size = shard_size(total)
        return min(size - added % size, total - added)

    def add(self, split: str, documents: int, tables: Mapping[str, Any]) -> None:
        """Append documents of a split, as many as are `left` or fewer: a table for each config."""
        total = self._documents[split]
        size = shard_size(total)
        name = shard_name(split, self._added[split] // size, -(-total // size))
        is_last = documents == self.left(split)
        if split not in self._open:
            shard = ShardFiles(self._folder, name, self._configs, self._scheme)
            self._open[split] = shard.__enter__()
        self._open[split].add(tables)
        self._added[split] += documents
        if is_last:
            self.written.add(split, name, self._open[split].close())
            self._open.pop(split).__exit__(None, None, None)


class Written:
    """The Parquet files of all shards below `folder`, and the numbers of their rows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[tuple[str, str], list[tuple[str, ParquetFile]]] = {}

    def add(self, split: str, name: str, of_shard: Mapping[str, ParquetFile]) -> None:
        """Add the files of a shard of a split, by config."""
        for config, file in of_shard.items():
            self._files.setdefault((split, config), []).append((name, file))

    def rows(self) -> dict[str, Counter[str]]:
        """Return the number of rows by split and config."""
        rows: dict[str, Counter[str]] = {}
        for (split, config), of_config in self._files.items():
            number = sum(file.rows for _, file in of_config)
            rows.setdefault(split, Counter())[config] += number
        return rows

    def kept(self) -> Iterator[tuple[Path, ParquetFile]]:
        """Yield every file, and remove those of a config and split without a row.

        In a store they stay where they are, which is not the place of the files that are kept.
        """
        for (_, config), of_config in self._files.items():
            is_empty = not any(file.rows for _, file in of_config)
            for name, file in of_config:
                if not is_empty:
                    yield self._folder / config / name, file
                elif not isinstance(self._folder, StorePath):
                    files.remove(self._folder, f"{config}/{name}")
