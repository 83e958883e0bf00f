"""A corpus: a directory, file or JSONL of documents, read lazily."""

import os
import sys
import weakref
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, overload

from statevisit import layout, stores
from statevisit.corpus import copies, streams
from statevisit.corpus.entries import JSONL as JSONL
from statevisit.corpus.entries import Entry as Entry
from statevisit.corpus.entries import (
    Shards,
    holds_files,
    is_shard,
    of_directory,
    of_file,
    of_shard,
    of_stream,
)
from statevisit.document.codec import read_bytes
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme, scheme_for
from statevisit.document.strict_json import parse
from statevisit.errors import FormatError, together
from statevisit.printable import counted
from statevisit.stores import StorePath

if TYPE_CHECKING:
    import pandas as pd

    from statevisit.corpus.seeds import ListedSource


class Corpus(Sequence[Document]):
    """A sequence of documents, in the order of their ids (JSONL: of the lines), read on demand.

    `len(corpus)`, `for document in corpus`, `corpus[0]`, `corpus["2024-02-19-aliyev-visit"]`,
    `id in corpus`. Reading a document raises FormatError that names the file and line. A directory
    is listed once, when the number or order of its documents is first needed; a file that is asked
    for by the id of its document needs no list.
    """

    def __init__(self, path: Path) -> None:
        """Find out where the documents in `path` are, without reading them.

        Raises FormatError if there are none.
        """
        self.path = copies.original(path)
        self.at_hand = path
        if isinstance(path, StorePath):
            self.at_hand = path = copies.at_hand(path, seeds=False)
            weakref.finalize(self, copies.forget, path)
        self.root = layout.enclosing_root(path) if path.is_dir() else None
        self._directory: Path | None = None
        if path.is_dir():
            directory = path if self.root is None else self.root / layout.DOCUMENTS
            self._directory = copies.original(directory)
        if self._directory is None or not holds_files(self._directory):
            self._located  # noqa: B018  raises FormatError if there are no documents

    @cached_property
    def _located(self) -> Sequence["Entry"]:
        return of_file(self.path) if self._directory is None else of_directory(self._directory)

    @cached_property
    def entries(self) -> Sequence["Entry"]:
        """The places of the documents. Those of shards are read from the index of each shard."""
        is_in_store = isinstance(self._directory, StorePath)  # whose answers take long to arrive
        if is_in_store and isinstance(self._located, Shards):
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(stores.AT_ONCE) as pool:
                return list(chain.from_iterable(pool.map(of_shard, self._located.paths)))
        return self._located

    @cached_property
    def scheme(self) -> Scheme:
        """The annotation scheme of the documents. Raises FormatError for a broken `scheme.toml`."""
        return scheme_for(self.at_hand)

    @cached_property
    def located(self) -> tuple[dict[str, "Entry"], dict[str, FormatError]]:
        """The entries by the ids of their documents, and the errors by name of unreadable ones.

        Raises FormatError if two documents share an id.
        """
        if all(entry.is_file for entry in self.entries):
            return {entry.id: entry for entry in self.entries}, {}
        by_id: dict[str, Entry] = {}
        errors: dict[str, FormatError] = {}
        for entry in self.entries:
            try:
                document_id = entry.id or entry.read(self.scheme).id
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
        if isinstance(self._located, Shards):
            return self._located.paths
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
        file = self._file_of(key)
        if file is not None:
            return file
        if isinstance(self._located, Shards) and "located" not in self.__dict__:
            entry = self._located.entry(key)
            if entry is not None:
                return entry
        by_id, _ = self.located
        if key not in by_id:
            examples = ", ".join(list(by_id)[:3])
            raise KeyError(
                f"no document {key!r} in {self.path}; there are {len(self)}, such as {examples}"
            )
        return by_id[key]

    def keys_of(self, ids: Sequence[str], name: str = "") -> Sequence[str] | Sequence[int]:
        """Return the keys of the documents with some ids; without any, those of all documents.

        `name` is that of the corpus in messages, by default its path. Raises FormatError for an id
        that it lacks.
        """
        unknown = [repr(document_id) for document_id in ids if document_id not in self.ids]
        if unknown:
            known = f"there are {len(self)}, such as {', '.join(self.ids[:3])}"
            raise FormatError(f"{name or self.path}: no document {', '.join(unknown)}; {known}")
        return ids or range(len(self))

    def _file_of(self, document_id: str) -> "Entry | None":
        """Return the entry of the file that is named after an id; None without such a file."""
        if self._directory is None or isinstance(self._directory, StorePath):
            return None
        path = self._directory / f"{document_id}.json"
        is_named_after_id = path.parent == self._directory and path.stem == document_id
        return Entry(path, id=document_id) if is_named_after_id and os.path.lexists(path) else None

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, str):
            return super().__contains__(key)
        return self._file_of(key) is not None or key in self.ids

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


def load(path: Path | str | None = None) -> Corpus:
    """Return the documents in `path`; without one, the corpus that statevisit ships.

    `path` is a corpus root (with `corpus/documents/`), a directory of `<id>.json` or of shards, one
    such file, or JSONL with one document per line; a root may also be the URL of one in a store, as
    `s3://bucket/root`. Raises FormatError if it is something else, MissingExtra for shards without
    pyarrow, StateVisitError if the store cannot be read.
    """
    return Corpus(layout.data_root() if path is None else stores.path_of(path))


def entries(path: Path) -> Iterator[Entry]:
    """Yield the entries in `path`, which may also be a stream.

    Streams are .jsonl.gz, .jsonl.zst and "-" (standard input); the rest is as for `load`. Raises
    FormatError if `path` cannot be read or holds no documents, MissingExtra without pyarrow.
    """
    if str(path) == "-":
        yield from of_stream(sys.stdin.buffer, Path("<stdin>"))
    elif path.suffix in streams.COMPRESSED and not is_shard(path):
        with streams.decompressed(path) as stream:
            yield from of_stream(stream, path)
    else:
        yield from load(path).entries
