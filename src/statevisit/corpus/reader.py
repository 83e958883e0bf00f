"""A corpus: a directory, file or JSONL of documents, read lazily."""

import io
import os
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, overload

from msgspec import Struct
from msgspec.structs import replace

from statevisit import files, layout
from statevisit.corpus import streams
from statevisit.document.codec import decode, read_bytes
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme, scheme_for
from statevisit.document.strict_json import Malformed, parse
from statevisit.errors import FormatError, together
from statevisit.findings import Finding
from statevisit.printable import counted

if TYPE_CHECKING:
    import pandas as pd

    from statevisit.corpus.seeds import ListedSource

JSONL = (".jsonl", ".ndjson")

_CONSUMED = -1
"""The offset of a document that a stream held: it cannot be read again."""


class Corpus(Sequence[Document]):
    """A sequence of documents, in the order of their ids (JSONL: of the lines), read on demand.

    `len(corpus)`, `for document in corpus`, `corpus[0]`, `corpus["2024-02-19-aliyev-visit"]`,
    `id in corpus`. Reading a document raises FormatError that names the file and line. A directory
    is listed once, when the number or order of its documents is first needed; a document that is
    asked for by its id needs no list.
    """

    def __init__(self, path: Path) -> None:
        """Find out where the documents in `path` are, without reading them.

        Raises FormatError if there are none.
        """
        self.path = path
        self.root = layout.enclosing_root(path) if path.is_dir() else None
        self._directory: Path | None = None
        self._entries: list[Entry] = []
        if path.is_dir():
            self._directory = path if self.root is None else self.root / layout.DOCUMENTS
            _refuse_empty(self._directory)
        else:
            self._entries = _entries_of_file(path)

    @property
    def entries(self) -> list["Entry"]:
        """The location of each document, in order."""
        if self._directory is not None and not self._entries:
            self._entries = _entries_of_directory(self._directory)
        return self._entries

    @cached_property
    def scheme(self) -> Scheme:
        """The annotation scheme of the documents. Raises FormatError for a broken `scheme.toml`."""
        return scheme_for(self.path)

    @cached_property
    def located(self) -> tuple[dict[str, "Entry"], dict[str, FormatError]]:
        """The entries by the ids of their documents, and the errors by name of unreadable ones.

        Raises FormatError if two documents share an id.
        """
        if all(entry.is_file for entry in self.entries):
            return {entry.path.stem: entry for entry in self.entries}, {}
        by_id: dict[str, Entry] = {}
        errors: dict[str, FormatError] = {}
        for entry in self.entries:
            try:
                document_id = entry.read(self.scheme).id
            except FormatError as error:
                errors[entry.name] = error
                continue
            if document_id in by_id:
                raise FormatError(
                    f"{entry.name}: the document in {by_id[document_id].name} has the same "
                    f"id, {document_id!r}: change one of the two ids"
                )
            by_id[document_id] = entry
        return by_id, errors

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The ids of the documents.

        Raises FormatError if two documents share one, or if a document cannot be read.
        """
        by_id, errors = self.located
        if errors:
            raise together(errors)
        return tuple(by_id)

    @property
    def version(self) -> str | None:
        """The version of the corpus, from its `release.json`; None if there is none.

        Raises FormatError if the file is not JSON.
        """
        if self.root is None:
            return None
        manifest = self.root / layout.RELEASE
        if not manifest.is_file():
            return None
        stated = parse(read_bytes(manifest), str(manifest))
        version = stated.get("version") if isinstance(stated, dict) else None
        return version if isinstance(version, str) else None

    @cached_property
    def sources(self) -> dict[str, "ListedSource"]:
        """The metadata of each text, by the id of its document: `corpus.sources[id].title`.

        They are what `seeds/sources.jsonl` states; a document whose seed it does not list has none.
        Reads all documents. Raises FormatError, with file and line, for a list or a document that
        is not valid.
        """
        from statevisit.corpus.seeds import read_sources

        listed = {} if self.root is None else read_sources(self.root)
        seeds = {document.id: document.source.file for document in self} if listed else {}
        return {document_id: listed[seed] for document_id, seed in seeds.items() if seed in listed}

    @cached_property
    def splits(self) -> dict[str, tuple[str, ...]]:
        """The ids of the documents in each split: `corpus.splits["test"]`.

        A document whose source states no split is in `train`, as `load_dataset` has it. Raises
        what `sources` raises.
        """
        from statevisit.corpus.splits import TRAIN, in_order

        split_of = dict.fromkeys(self.ids, TRAIN)
        split_of |= {name: source.split or TRAIN for name, source in self.sources.items()}
        return {
            split: tuple(document_id for document_id in self.ids if split_of[document_id] == split)
            for split in in_order(split_of.values())
        }

    def to_pandas(self, layer: str | None = None, *, config: str | None = None) -> "pd.DataFrame":
        """Return the records of all documents as a table: `to_pandas("mentions")`.

        Args:
            layer: A layer, or "arguments"; the rows are those of `Document.to_pandas`.
            config: In place of a layer, a flat config such as "ner" or "events"; the rows are those
                that `load_dataset` gives, without a build.

        The first column is `document`, an id, and the last `split`. Raises FormatError for a
        document that is not valid and for a layer or config that does not exist, MissingExtra
        without pandas, TypeError unless one of `layer` and `config` is given.
        """
        import statevisit

        frame: pd.DataFrame = statevisit._corpus_frame(self, layer, config)
        return frame

    def files(self) -> list[Path]:
        """The files that hold the documents, in order."""
        return list(dict.fromkeys(entry.path for entry in self.entries))

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Document]:
        return (entry.read(self.scheme) for entry in self.entries)

    @overload
    def __getitem__(self, key: int | str) -> Document: ...
    @overload
    def __getitem__(self, key: slice) -> list[Document]: ...
    def __getitem__(self, key: int | str | slice) -> Document | list[Document]:
        if isinstance(key, slice):
            return [entry.read(self.scheme) for entry in self.entries[key]]
        return self.entry(key).read(self.scheme)

    def entry(self, key: int | str) -> "Entry":
        """Return the entry of a document by its number, from 0, or its id.

        Raises KeyError for an unknown id, IndexError for a number out of range.
        """
        if not isinstance(key, str):
            return self.entries[key]
        entry = self._entry_of_file(key)
        if entry is not None:
            return entry
        by_id, _ = self.located
        if key not in by_id:
            examples = ", ".join(list(by_id)[:3])
            raise KeyError(
                f"no document {key!r} in {self.path}; there are {len(self)}, such as {examples}"
            )
        return by_id[key]

    def _entry_of_file(self, document_id: str) -> "Entry | None":
        """Return the entry of the file that is named after an id; None without such a file."""
        if self._directory is None:
            return None
        path = self._directory / f"{document_id}.json"
        is_named_after_id = path.parent == self._directory and path.stem == document_id
        return Entry(path) if is_named_after_id and os.path.lexists(path) else None

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, str):
            return super().__contains__(key)
        return self._entry_of_file(key) is not None or key in self.ids

    def __repr__(self) -> str:
        version = f" {self.version}" if self.version else ""
        ids = [_shortened(document_id) for document_id in self.ids[:3]]
        if len(self) > 3:
            ids.append("…")
        return f"<Corpus{version}: {counted(len(self), 'document')}: {', '.join(ids)}>"

    def _repr_html_(self) -> str:
        import statevisit

        fragment: str = statevisit._corpus_html(self)
        return fragment


def _shortened(document_id: str) -> str:
    return document_id if len(document_id) <= 26 else f"{document_id[:25]}…"


class Entry(Struct, frozen=True):
    """The location of one document.

    Without an `offset`, it is a file of its own, `<id>.json`. With one, it is `size` bytes (-1: all
    that follow) from `offset` (bytes) in a file of any name; `line` is its line of JSONL, from 1,
    or 0 in other files. A document from a stream (compressed, Parquet, standard input) is in
    `data`, since it cannot be read again. `problem` says why there is no document.
    """

    path: Path
    offset: int | None = None
    size: int = -1
    line: int = 0
    data: bytes | None = None
    problem: str = ""

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
        return self if self.data is None else Entry(self.path, _CONSUMED, line=self.line)

    def bytes(self) -> bytes:
        """Return the document's JSON.

        Raises Malformed, a FormatError, if it cannot be read, or read again.
        """
        if self.problem:
            raise Malformed(str(self.path), "E102", self.problem, self.line, 1)
        if self.data is not None:
            return self.data
        if self.offset == _CONSUMED:
            message = "came from a stream, which can be read only once"
            raise Malformed(str(self.path), "E102", message, self.line, 1)
        if self.offset is None or self.size < 0:
            return read_bytes(self.path, regular=self.is_file)
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                return file.read(self.size)
        except OSError as error:
            message = f"cannot be read: {error.strerror or error}"
            raise Malformed(str(self.path), "E102", message, self.line, 1) from None

    def read(self, scheme: Scheme) -> Document:
        """Return the document of a corpus with a scheme.

        Raises FormatError if it is invalid or its file has another name.
        """
        document = decode(self.bytes(), self.name, scheme)
        if self.is_file and document.id != self.path.stem:
            raise FormatError(
                f"{self.path}: holds the document {document.id!r}: "
                f"rename the file to {document.id}.json, or change the id"
            )
        return document


def load(path: Path | str | None = None) -> Corpus:
    """Return the documents in `path`; without one, the corpus that statevisit ships.

    `path` is a corpus root (with `corpus/documents/`), a directory of `<id>.json`, one such file,
    or JSONL with one document per line. Raises FormatError if it is something else.
    """
    return Corpus(layout.data_root() if path is None else Path(path))


def entries(path: Path) -> Iterator[Entry]:
    """Yield the entries in `path`, which may also be a stream.

    Streams are .jsonl.gz, .jsonl.zst and "-" (standard input); the rest is as for `load`. Raises
    FormatError if `path` cannot be read or holds no documents, MissingExtra without pyarrow.
    """
    if str(path) == "-":
        yield from _entries_of_stream(sys.stdin.buffer, Path("<stdin>"))
    elif path.suffix in streams.COMPRESSED:
        with streams.decompressed(path) as stream:
            yield from _entries_of_stream(stream, path)
    else:
        yield from load(path).entries


def _refuse_empty(directory: Path) -> None:
    """Raise FormatError for a directory without documents; it is read up to the first one."""
    with suppress(PermissionError), os.scandir(directory) as files_of_directory:
        if any(Path(file.name).match("*.json") for file in files_of_directory):
            return
    raise FormatError(
        f"{directory.absolute()}: holds no documents (<id>.json); make one with "
        "`statevisit ingest`, or a new corpus with `statevisit init`"
    )


def _entries_of_directory(directory: Path) -> list[Entry]:
    paths = sorted(directory.glob("*.json"), key=lambda path: path.stem)
    return [Entry(path) for path in paths]


def _entries_of_file(path: Path) -> list[Entry]:
    if not path.exists():
        raise FormatError(f"{path}: no such file or directory")
    if path.suffix in JSONL:
        return _entries_of_jsonl(path)
    if path.suffix in streams.COMPRESSED:
        raise FormatError(f"{path}: only `statevisit validate` reads this format; decompress it")
    if path.suffix == ".parquet":
        raise FormatError(
            f"{path}: only `statevisit validate` reads this format; "
            "load the dataset with datasets.load_dataset"
        )
    return [Entry(path, 0)]


def _entries_of_jsonl(path: Path) -> list[Entry]:
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


def _entries_of_stream(stream: io.BufferedIOBase | BinaryIO, path: Path) -> Iterator[Entry]:
    number = 0
    try:
        for number, (line, _) in enumerate(streams.lines(stream), 1):
            if line is None:
                problem = files.beyond_limit("the line")
                yield Entry(path, _CONSUMED, line=number, problem=problem)
            elif line.strip():
                yield Entry(path, 0, line=number, data=line)
    except (EOFError, zlib.error, OSError) as error:
        after = f" after line {number}" if number else ""
        problem = f"cannot be read{after}: {error}; fetch it again"
        yield Entry(path, _CONSUMED, line=number + 1, problem=problem)
        return
    if number == 0:
        raise _empty(path)


def _empty(path: Path) -> FormatError:
    return FormatError(f"{path}: is empty; it must hold one document per line")
