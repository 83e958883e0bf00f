"""Where documents are: files of their own, lines of JSONL, of a stream or of shards."""

import io
import os
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import Struct
from msgspec.structs import replace

from statevisit import files, layout, stores
from statevisit.corpus import document_shards as shards
from statevisit.corpus import streams
from statevisit.corpus.on_demand import OnDemand
from statevisit.document.codec import decode, read_bytes
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import Malformed
from statevisit.errors import FormatError
from statevisit.findings import Finding
from statevisit.stores import Span, StorePath

JSONL = (".jsonl", ".ndjson")

AHEAD = 128
"""Documents that are asked for at once from a store."""

_AHEAD_BYTES = 32_000_000
"""Bytes after which fewer documents are asked for at once."""

_GAP = 65_536
"""Bytes between two documents that are read from a store with them, to save a request."""

CONSUMED = -1
"""The offset of a document that a stream held: it cannot be read again."""


class Entry(Struct, frozen=True):
    """The location of one document.

    Without an `offset`, it is a file of its own, `<id>.json`. With one, it is `size` bytes (-1: all
    that follow) from `offset` (bytes) in a file of any name; `line` is its line of JSONL, from 1,
    or 0 in other files. A document from a stream (compressed, Parquet, standard input) is in
    `data`, since it cannot be read again; one from a store may be. `problem` says why there is no
    document. In a shard, the document has `unpacked` bytes once decompressed, with the CRC-32
    `checksum`. A file in a store has `size` bytes, too.

    `id` is the id that the document must have, and empty if only the document states it.
    """

    path: Path
    offset: int | None = None
    size: int = -1
    line: int = 0
    data: bytes | None = None
    problem: str = ""
    id: str = ""
    unpacked: int = 0
    checksum: int = 0

    @property
    def is_file(self) -> bool:
        """Whether the document is a file of its own, named after its id."""
        return self.offset is None

    @property
    def name(self) -> str:
        """The file, with the line for JSONL."""
        return f"{self.path}:{self.line}" if self.line else str(self.path)

    def placed(self, finding: Finding) -> Finding:
        """Return a finding with the line of the JSONL file instead of that within the document."""
        return replace(finding, line=self.line) if self.line else finding

    def without_data(self) -> "Entry":
        """Return the entry without the bytes of its document, as a worker sends it back."""
        return self if self.data is None else Entry(self.path, CONSUMED, line=self.line)

    def bytes(self) -> bytes:
        """Return the document's JSON.

        Raises Malformed, a FormatError, if it cannot be read, or read again.
        """
        if self.problem:
            raise Malformed(str(self.path), "E102", self.problem, self.line, 1)
        if self.data is None and self.offset == CONSUMED:
            message = "came from a stream, which can be read only once"
            raise Malformed(str(self.path), "E102", message, self.line, 1)
        if self.data is None and self.size < 0:
            return read_bytes(self.path, regular=self.is_file)
        try:
            data = self._stored() if self.data is None else self.data
            if self.unpacked:
                return shards.unpacked(data, self.unpacked, self.checksum)
            return data
        except (OSError, shards.Damaged) as error:
            message = f"cannot be read: {getattr(error, 'strerror', None) or error}"
            raise Malformed(str(self.path), "E102", message, self.line, 1) from None

    def _stored(self) -> Any:  # `bytes` is the method here
        """The bytes at the place of the document. Raises OSError, Malformed for too many."""
        start = self.offset or 0
        if not isinstance(self.path, StorePath):
            with self.path.open("rb") as file:
                file.seek(start)
                return file.read(self.size)
        if self.is_file and self.size > files.size_limit():
            raise Malformed(str(self.path), "E102", files.beyond_limit("the file"))
        return stores.read(Span(self.path, start, start + self.size))

    def read(self, scheme: Scheme) -> Document:
        """Return the document of a corpus with a scheme.

        Raises FormatError if it is invalid or its file has another name.
        """
        document = decode(self.bytes(), self.name, scheme)
        if self.id not in ("", document.id):
            raise FormatError(f"{self.name}: {self.another(document.id)}")
        return document

    def another(self, document_id: str) -> str:
        """Return the message for a document that has another id than the entry."""
        if self.is_file:
            return (
                f"holds the document {document_id!r}: "
                f"rename the file to {document_id}.json, or change the id"
            )
        return (
            f"holds the document {document_id!r}, and the index of the shard says {self.id!r}; "
            "restore the file"
        )


def fetched(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield entries, those in a store with the bytes at their place, many of which come at once.

    One whose bytes cannot be had stays without: `bytes` says why. Raises StateVisitError if the
    store cannot be read.
    """
    waiting: list[Entry] = []
    size = 0
    for entry in entries:
        if not isinstance(entry.path, StorePath):
            yield entry
            continue
        waiting.append(entry)
        size += entry.size
        if len(waiting) == AHEAD or size > _AHEAD_BYTES:
            yield from _fetched(waiting)
            waiting, size = [], 0
    yield from _fetched(waiting)


def _fetched(chunk: list[Entry]) -> Iterator[Entry]:
    spans: list[Span] = []
    places: list[tuple[int, int]] = []
    for entry in chunk:
        start = entry.offset or 0
        last = spans[-1] if spans else None
        follows = last and last.path == entry.path and 0 <= start - last.end <= _GAP
        if entry.problem or not 0 < entry.size <= files.size_limit():
            places.append((-1, 0))
            continue
        assert isinstance(entry.path, StorePath)
        if last and follows:
            spans[-1] = Span(entry.path, last.start, start + entry.size)
        else:
            spans.append(Span(entry.path, start, start + entry.size))
        places.append((len(spans) - 1, start - spans[-1].start))
    answers = stores.read_spans(spans)
    for entry, (number, start) in zip(chunk, places, strict=True):
        answer = answers[number] if number >= 0 else None
        if isinstance(answer, bytes):
            entry = replace(entry, data=answer[start : start + entry.size])
        yield entry


class Files(OnDemand[Entry]):
    """The documents of a directory that are files, by their ids."""

    def __init__(self, directory: Path, ids: Sequence[str]) -> None:
        self._directory, self._ids = directory, ids

    def __len__(self) -> int:
        return len(self._ids)

    def _numbered(self, number: int) -> Entry:
        name = self._ids[number]
        return Entry(self._directory / f"{name}.json", id=name)


class Shards(OnDemand[Entry]):
    """The documents of the shards of a directory, in the order of their ids.

    The index of one shard is in memory at a time. Their number is known once all are read.
    """

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths
        self._last: tuple[int, list[Entry]] = (-1, [])

    @cached_property
    def _ends(self) -> Sequence[int]:
        """The number of documents up to the end of each shard."""
        ends = array("q")
        for path in self.paths:
            ends.append(len(of_shard(path)) + (ends[-1] if ends else 0))
        return ends

    def __len__(self) -> int:
        return self._ends[-1]

    def __iter__(self) -> Iterator[Entry]:
        for path in self.paths:
            yield from of_shard(path)

    def _numbered(self, number: int) -> Entry:
        shard = bisect_right(self._ends, number)
        if self._last[0] != shard:
            self._last = shard, of_shard(self.paths[shard])
        return self._last[1][number - self._ends[shard]]  # counted from the end

    def entry(self, document_id: str) -> Entry | None:
        """Return the place of a document, None without one. Few of the indexes are read for it."""
        position = bisect_right(self.paths, document_id, key=first_id) - 1
        if position < 0:
            return None
        entries = of_shard(self.paths[position])
        return next((entry for entry in entries if entry.id == document_id), None)


def first_id(path: Path) -> str:
    """Return the id of the first document of a shard. Raises FormatError for a damaged shard."""
    return sound_index(path)[0].id


def sound_index(path: Path) -> list[shards.Packed]:
    """Return the documents of a shard, in order. Raises FormatError for a damaged shard."""
    try:
        return shards.read_index(path)
    except shards.Damaged as error:
        raise FormatError(f"{path}: {error}; restore the file") from None


def is_shard(path: Path) -> bool:
    """Whether a path is that of a shard with its index."""
    if not shards.is_shard(path.name):
        return False
    try:
        shards.read_index(path)
    except shards.Damaged:
        return False
    return True


def of_shard(path: Path) -> list[Entry]:
    """Return the entries of a shard.

    Of a shard without a valid index, they are the documents that can still be located, and a last
    one whose problem says so.
    """
    try:
        documents = shards.read_index(path)
    except shards.Damaged as error:
        return _of_damaged_shard(path, str(error))
    offset = 0
    entries = []
    for line, document in enumerate(documents, 1):
        entry = Entry(
            path,
            offset,
            document.size,
            line,
            id=document.id,
            unpacked=document.unpacked,
            checksum=document.checksum,
        )
        entries.append(entry)
        offset += document.size
    return entries


def _of_damaged_shard(path: Path, reason: str) -> list[Entry]:
    offset = 0
    entries: list[Entry] = []
    for line, (size, content) in enumerate(shards.whole_frames(path), 1):
        entry = Entry(path, offset, size, line, unpacked=content, checksum=shards.UNKNOWN)
        entries.append(entry)
        offset += size
    after = f" after line {len(entries)}" if entries else ""
    problem = f"{reason}, so that documents may be missing{after}; restore the file"
    return [*entries, Entry(path, CONSUMED, line=len(entries) + 1, problem=problem)]


def holds_files(directory: Path) -> bool:
    """Whether the first document that a directory lists, in any order, is a file of its own."""
    with suppress(OSError), os.scandir(directory) as listed:
        for file in listed:
            if shards.is_shard(file.name):
                return False
            if file.name.endswith(".json"):
                return True
    return False


def of_directory(directory: Path) -> Sequence[Entry]:
    """Return the entries of the files in a directory, or of its shards.

    Raises FormatError if it holds no documents, or a mixture of both forms.
    """
    names: dict[str, int] = {}
    with suppress(OSError):
        names = stores.names(directory)
    if paths := shards.in_order(directory, names):
        return Shards(paths)
    ids = sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))
    if not ids:
        raise FormatError(
            f"{directory.absolute()}: holds no documents (<id>.json); make one with "
            "`statevisit ingest`, or a new corpus with `statevisit init`"
        )
    if isinstance(directory, StorePath):
        sizes = {name: names[f"{name}.json"] for name in ids}
        return [Entry(directory / f"{n}.json", size=size, id=n) for n, size in sizes.items()]
    return Files(directory, ids)


def in_shards(path: Path) -> Entry | None:
    """Return the place of a document that a path `corpus/documents/<id>.json` names in shards.

    None for any other path, and for a document that the shards lack.
    """
    root = layout.sharded_root_of(path)
    located = None if root is None else of_directory(root / layout.DOCUMENTS)
    return located.entry(path.stem) if isinstance(located, Shards) else None


def of_file(path: Path) -> list[Entry]:
    """Return the entries of a file. Raises FormatError if it holds none that can be located."""
    if not path.exists():
        if entry := in_shards(path):
            return [entry]
        raise FormatError(f"{path}: no such file or directory")
    if path.suffix in JSONL:
        return _of_jsonl(path)
    if is_shard(path):
        return of_shard(path)
    if path.suffix in streams.COMPRESSED:
        raise FormatError(f"{path}: only `statevisit validate` reads this format; decompress it")
    if path.suffix == ".parquet":
        raise FormatError(
            f"{path}: only `statevisit validate` reads this format; "
            "load the dataset with datasets.load_dataset"
        )
    return [Entry(path, 0)]


def _of_jsonl(path: Path) -> list[Entry]:
    entries_of_lines = []
    offset = 0
    with path.open("rb") as file:
        for number, (line, size) in enumerate(streams.lines(file), 1):
            if line is None:
                problem = files.beyond_limit("the line")
                entries_of_lines.append(Entry(path, offset, size, number, problem=problem))
            elif line.strip():
                entries_of_lines.append(Entry(path, offset, size, number))
            offset += size
    if not entries_of_lines:
        raise _empty(path)
    return entries_of_lines


def of_stream(stream: io.BufferedIOBase | BinaryIO, path: Path) -> Iterator[Entry]:
    """Yield the entries of a stream of JSONL; `path` is its name. Raises FormatError if empty."""
    number = 0
    try:
        for number, (line, _) in enumerate(streams.lines(stream), 1):
            if line is None:
                problem = files.beyond_limit("the line")
                yield Entry(path, CONSUMED, line=number, problem=problem)
            elif line.strip():
                yield Entry(path, 0, line=number, data=line)
    except (EOFError, zlib.error, OSError) as error:
        after = f" after line {number}" if number else ""
        problem = f"cannot be read{after}: {error}; fetch it again"
        yield Entry(path, CONSUMED, line=number + 1, problem=problem)
        return
    if number == 0:
        raise _empty(path)


def _empty(path: Path) -> FormatError:
    return FormatError(f"{path}: is empty; it must hold one document per line")
