"""A corpus: a directory, file or JSONL of documents, read lazily."""

import gc
import io
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import orjson
from msgspec.structs import replace

from statevisit import resources
from statevisit.codec import decode, read_bytes
from statevisit.errors import FormatError, MissingExtra
from statevisit.findings import Finding
from statevisit.model import Document

JSONL = (".jsonl", ".ndjson")


@contextmanager
def uncollected() -> Iterator[None]:
    """Without a search for cycles: documents make many objects and hardly a cycle, and looking for some takes a tenth to a fifth of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class Corpus(Sequence[Document]):
    """Documents, in the order of their ids (JSONL: of the lines); each is read when it is asked for.

    `len(corpus)`, `for document in corpus`, `corpus[0]`, `corpus["2024-02-19-aliyev-visit"]`, `id in corpus`.
    Reading a document raises FormatError that names the file and line.
    """

    def __init__(self, path: Path) -> None:
        """Raises FormatError where `path` holds no documents; `entries` says where each is."""
        self.path = path
        self.root, self.entries = _entries(path)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The ids of the documents. Raises FormatError where two documents have one id."""
        if not self.entries or self.entries[0].offset is None:
            return tuple(e.path.stem for e in self.entries)
        seen: dict[str, Entry] = {}
        for entry in self.entries:
            other = seen.setdefault(entry.read().id, entry)
            if other is not entry:
                raise FormatError(
                    f"{entry.name}: a document with this id is in {other.name} already: give one another id"
                )
        return tuple(seen)

    @property
    def version(self) -> str | None:
        """The version of the corpus, from its `release.json`; None where there is none."""
        manifest = self.root and self.root / resources.RELEASE
        return (
            orjson.loads(manifest.read_bytes())["version"]
            if manifest and manifest.is_file()
            else None
        )

    def files(self) -> list[Path]:
        """The files the documents are in, in order."""
        return list(dict.fromkeys(e.path for e in self.entries))

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Document]:
        return (e.read() for e in self.entries)

    @overload
    def __getitem__(self, key: int | str) -> Document: ...
    @overload
    def __getitem__(self, key: slice) -> list[Document]: ...
    def __getitem__(self, key):
        if isinstance(key, slice):
            return [e.read() for e in self.entries[key]]
        return self.entry(key).read()

    def entry(self, key: int | str) -> "Entry":
        """Where a document is, by its number or id. Raises KeyError for an id that is not there, IndexError for a number."""
        if isinstance(key, str):
            if key not in self:
                raise KeyError(
                    f"no document {key!r} in {self.path}; there are {len(self)}, such as {', '.join(self.ids[:3])}"
                )
            key = self.ids.index(key)
        return self.entries[key]

    def __contains__(self, key: object) -> bool:
        return key in self.ids if isinstance(key, str) else super().__contains__(key)

    def __repr__(self) -> str:
        shown = ", ".join(i if len(i) <= 26 else f"{i[:25]}…" for i in self.ids[:3]) + (
            ", …" if len(self) > 3 else ""
        )
        version = f" {self.version}" if self.version else ""
        return f"<Corpus{version}: {len(self)} document{'' if len(self) == 1 else 's'}: {shown}>"

    def _repr_html_(self) -> str:
        import statevisit

        fragment: str = statevisit._corpus_html(self)
        return fragment


class Entry:
    """Where one document is: a file `<id>.json` in a directory, or `size` bytes (-1: all) from `offset` in a file of any name.

    Of what is read as a stream (compressed, Parquet, standard input) the entry holds the document's bytes as `data`.
    """

    __slots__ = ("data", "line", "offset", "path", "size")

    def __init__(
        self,
        path: Path,
        offset: int | None = None,
        size: int = -1,
        line: int = 0,
        data: bytes | None = None,
    ) -> None:
        self.path, self.offset, self.size, self.line, self.data = path, offset, size, line, data

    @property
    def is_file(self) -> bool:
        """Whether the document is a file of its own, whose name is its id."""
        return self.offset is None

    def placed(self, finding: Finding) -> Finding:
        """A finding about the document's JSON, with the line of the JSONL file instead of the line within the document."""
        return replace(finding, line=self.line) if self.line else finding

    def without_data(self) -> "Entry":
        """The entry as a worker sends it back."""
        return self if self.data is None else Entry(self.path, -1, line=self.line)

    @property
    def name(self) -> str:
        """The file, with the line for JSONL."""
        return f"{self.path}:{self.line}" if self.line else str(self.path)

    def bytes(self) -> bytes:
        """The document's JSON. Raises FormatError where it cannot be read, or not a second time."""
        if self.data is not None:
            return self.data
        if self.offset is None:
            return read_bytes(self.path)
        if self.offset < 0:
            raise FormatError(f"{self.name}: was read as a stream, which passes once")
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read(self.size)

    def read(self) -> Document:
        """The document. Raises FormatError, also where its id is not its file's name."""
        document = decode(self.bytes(), self.name)
        if self.offset is None and document.id != self.path.stem:
            raise FormatError(
                f"{self.path}: holds the document {document.id!r}: rename the file to {document.id}.json, or change the id"
            )
        return document


def _entries(path: Path) -> tuple[Path | None, list[Entry]]:
    if path.is_dir():
        root = resources.enclosing_root(path)
        directory = root / resources.DOCUMENTS if root else path
        found = [Entry(p) for p in sorted(directory.glob("*.json"), key=lambda p: p.stem)]
        if not found:
            raise FormatError(
                f"{directory}: holds no documents (<id>.json); make one with `statevisit ingest`"
            )
        return root, found
    if not path.exists():
        raise FormatError(f"{path}: no such file or directory")
    if path.suffix in JSONL:
        lines = list(_lines(path))
        if not lines:
            raise FormatError(f"{path}: is empty: a document a line is wanted")
        return None, lines
    if path.suffix in (".gz", ".zst", ".parquet"):
        raise FormatError(
            f"{path}: only `statevisit validate` reads this as it is; decompress it, or load the dataset with load_dataset"
        )
    return None, [Entry(path, 0)]


def entries(path: Path) -> Iterator[Entry]:
    """The entries in `path`, as for `load`, and of what only passes as a stream: .jsonl.gz, .jsonl.zst, "-" (standard input)."""
    if str(path) == "-":
        yield from _streamed(sys.stdin.buffer, Path("<stdin>"))
    elif path.suffix in (".gz", ".zst"):
        with _decompressed(path) as file:
            yield from _streamed(file, path)
    else:
        yield from load(path).entries


def _streamed(file: Any, path: Path) -> Iterator[Entry]:
    number = 0
    try:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield Entry(path, 0, line=number, data=line)
    except (EOFError, zlib.error, OSError) as error:
        raise FormatError(
            f"{path}: cannot be decompressed after line {number}: {error}; fetch it again"
        ) from None
    if not number:
        raise FormatError(f"{path}: is empty: a document a line is wanted")


@contextmanager
def _decompressed(path: Path) -> Iterator[Any]:
    try:
        if path.suffix == ".gz":
            import gzip

            with gzip.open(path) as file:
                yield file
            return
        try:
            import pyarrow as pa
        except ImportError:
            raise MissingExtra("pyarrow", "parquet") from None
        with io.BufferedReader(pa.input_stream(str(path), compression="zstd"), 1 << 20) as file:
            yield file
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror or error}") from None


def _lines(path: Path) -> Iterator[Entry]:
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield Entry(path, offset, len(line), number)
            offset += len(line)


def load(path: Path | str | None = None) -> Corpus:
    """The documents in `path`; without one, the corpus that statevisit ships.

    `path`: a corpus root (with `corpus/documents/`), a directory of `<id>.json`, one such file, or JSONL with
    a document a line. Raises FormatError that says what is there instead.
    """
    return Corpus(resources.data_root() if path is None else Path(path))
