"""The sources of a corpus by the names of their seeds, in bounded memory.

The lines of a long list are sorted by these names into a file of blocks. Memory holds the first
name of each block; tasks in other processes, or on other machines, read the block of a name from
the file. Texts that follow each other mostly have seeds that do, so one block serves many of them.
"""

import os
import weakref
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from hashlib import sha256
from heapq import merge
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from statevisit import files, layout, stores
from statevisit.corpus.seeds import (
    ListedSource,
    listed_lines,
    listed_sources,
    read_sources,
    source_of_line,
)
from statevisit.corpus.spilling import temporary_file, unwritable
from statevisit.corpus.splits import in_splits
from statevisit.stores import Span, StorePath

FEW = 1_000_000
"""Bytes of a list whose sources are all kept in memory."""

BLOCK = 65_536
"""Bytes of a block, or a little more: some two hundred lines, which are read at once."""

RUN = 16_000_000
"""Bytes of lines that are sorted in memory."""

Named = tuple[str, bytes]
"""A line, after the seed that it lists."""

_seed = itemgetter(0)


class _Head(Struct):
    file: str
    split: str | None = None


_HEAD = msgspec.json.Decoder(_Head)


class Sources:
    """The sources of a corpus by the names of their seeds; none unless some are added.

    `splits` are the names of the splits, in order, and empty if no source states one; `digest` is
    the SHA-256 of all lines.
    """

    def __init__(self) -> None:
        self.splits: list[str] = []
        self.digest = ""
        self._few: dict[str, ListedSource] = {}
        self.path = Path()
        """The file of a long list."""
        self._first: list[str] = []
        self._starts = array("Q")
        self._block = -1, dict[str, bytes]()

    def get(self, seed: str) -> ListedSource | None:
        """Return the source with a seed; None if none is listed."""
        if not self._first:
            return self._few.get(seed)
        number = bisect_right(self._first, seed) - 1
        if number < 0:
            return None
        if self._block[0] != number:
            lines = self._read(self._starts[number], self._starts[number + 1]).splitlines()
            self._block = number, {_HEAD.decode(line).file: line for line in lines}
        line = self._block[1].get(seed)
        return None if line is None else source_of_line(line)

    def _read(self, start: int, end: int) -> bytes:
        if isinstance(self.path, StorePath):
            return stores.read(Span(self.path, start, end))
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(end - start)

    def keep(self, listed: dict[str, ListedSource]) -> None:
        """Keep a few sources in memory."""
        self._few = listed
        self.splits = in_splits(source.split for source in listed.values())

    def write(self, lines: Iterable[Named], path: Path) -> None:
        """Write lines to a file, in the order of their seeds; the last line of a seed counts."""
        self.path = path
        splits = Counter[str | None]()
        size = 0
        with _writing(path) as temporary, temporary.open("wb") as blocks:
            for seed, of_seed in groupby(lines, key=_seed):
                *_, (_, line) = of_seed
                if not self._first or size - self._starts[-1] >= BLOCK:
                    self._first.append(seed)
                    self._starts.append(size)
                size += blocks.write(line + b"\n")
                splits[_HEAD.decode(line).split] += 1
        self._starts.append(size)
        self.splits = in_splits(splits)


def lookup(root: Path, near: Path | None = None, everywhere: bool = False) -> Sources:
    """Return the sources that the list of a corpus root states.

    The file of a long list is in the directory `near`, which may be one of a store; by default in
    that of temporary files or, if tasks of other machines read it (`everywhere`), beside the
    documents. It is removed with what is returned. Raises FormatError, with file and line, for a
    line that is not valid, and if a temporary file cannot be written.
    """
    sources = Sources()
    digest = sha256()

    def lines() -> Iterator[tuple[ListedSource, bytes]]:
        for source, line in listed_lines(root):
            digest.update(line + b"\n")
            yield source, line

    if _is_long(root / layout.SOURCES):
        import tempfile  # which takes long

        beside = root / "corpus" if everywhere else Path(tempfile.gettempdir())
        path = (near or beside) / f".build-{os.urandom(8).hex()}-sources"
        if not isinstance(path, StorePath):  # those of a build go with its directory
            weakref.finalize(sources, path.unlink, missing_ok=True)
        with ExitStack() as runs:
            sources.write(_sorted(((source.file, line) for source, line in lines()), runs), path)
    else:
        sources.keep({source.file: source for source, _ in lines()})
    sources.digest = digest.hexdigest()
    return sources


def _is_long(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > FEW


def _writing(path: Path) -> AbstractContextManager[Path]:
    return stores.sent(path) if isinstance(path, StorePath) else files.replacing(path)


def _sorted(lines: Iterable[Named], runs: ExitStack) -> Iterator[Named]:
    """Yield lines in the order of their seeds, those of one seed in theirs.

    `runs` closes the temporary files. A list that is in order already needs one of them.
    """
    opened: list[IO[bytes]] = []
    last = ""
    for run in _runs(lines):
        if not opened or run[0][0] < last:
            opened.append(runs.enter_context(temporary_file()))
        last = run[-1][0]
        try:
            opened[-1].write(b"".join(line + b"\n" for _, line in run))
        except OSError as error:
            raise unwritable(error) from None
    for file in opened:
        file.seek(0)
    return merge(*map(_named, opened), key=_seed)


def _runs(lines: Iterable[Named]) -> Iterator[list[Named]]:
    """Yield some lines at a time, in the order of their seeds."""
    run: list[Named] = []
    size = 0
    for line in lines:
        run.append(line)
        size += len(line[1])
        if size >= RUN:
            yield sorted(run, key=_seed)
            run, size = [], 0
    if run:
        yield sorted(run, key=_seed)


def _named(file: IO[bytes]) -> Iterator[Named]:
    for line in file:
        line = line.removesuffix(b"\n")
        yield _HEAD.decode(line).file, line


class Used:
    """The sources of some documents: their numbers from 0, a bit for each.

    `repeats` tells whether several lines of the list are of one source, which has one number.
    """

    def __init__(self) -> None:
        self._bits = bytearray()
        self.repeats = False

    def add(self, number: int) -> None:
        """Add a source."""
        place, bit = divmod(number, 8)
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1 - len(self._bits)))
        self._bits[place] |= 1 << bit

    def __contains__(self, number: int) -> bool:
        place, bit = divmod(number, 8)
        return place < len(self._bits) and bool(self._bits[place] >> bit & 1)


def chosen_sources(root: Path, used: Used) -> Iterator[ListedSource]:
    """Yield the sources of a root that are used, in the order of the list."""
    sources: Iterable[ListedSource] = listed_sources(root)
    if used.repeats:
        sources = read_sources(root).values()
    for number, source in enumerate(sources):
        if number in used:
            yield source
