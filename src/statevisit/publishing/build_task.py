"""The task of a build: the documents of a shard become its Parquet files, and some plain facts.

The same function runs in the calling process and in others. It gets the paths of the documents and
returns bytes, so that the calling process needs nothing but this module to read them.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from statevisit import layout
from statevisit.checks.across_documents import Facts, facts
from statevisit.checks.document import check_read, unreadable
from statevisit.checks.registry import Context
from statevisit.corpus.entries import fetched
from statevisit.corpus.parallel import check_stopped
from statevisit.corpus.reader import Entry
from statevisit.corpus.seeds import ListedSource
from statevisit.corpus.source_lookup import Sources
from statevisit.dataset.rows import Row
from statevisit.document import codec
from statevisit.document.model import Document
from statevisit.document.strict_json import JsonObject, Malformed
from statevisit.findings import Finding
from statevisit.publishing.manifest import Counts, Tally, rows_digest
from statevisit.publishing.shards import ParquetFile, Shard, ShardFiles

CHUNK = 32
"""Documents that are in memory at once, and whose rows become one Arrow table."""


class DocumentResult(Struct, frozen=True):
    """What is to be kept of a document that was checked.

    `facts` is None for a document that cannot be read. One with findings has no `digests`.
    """

    findings: list[Finding]
    facts: Facts | None = None
    file: JsonObject = {}
    """The file as the manifest lists it."""
    digests: list[bytes] = []
    """For each config, a line with a SHA-256."""


class ShardResult(Struct, frozen=True):
    """A shard: its documents in their order, their counts, and its Parquet files by config.

    The documents, by their positions in the corpus from 0, are encoded: thousands of them take
    little memory, and `read_document` decodes one. There are no files if a document has findings.
    """

    split: str
    name: str
    documents: dict[int, msgspec.Raw]
    counts: Counts
    files: dict[str, ParquetFile]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(ShardResult)
_DOCUMENT_DECODER = msgspec.msgpack.Decoder(DocumentResult)


def read_result(data: bytes) -> ShardResult:
    """Return the result in the bytes that `build_shard` returns."""
    return _DECODER.decode(data)


def read_document(data: msgspec.Raw) -> DocumentResult:
    """Return one of the documents of a ShardResult."""
    return _DOCUMENT_DECODER.decode(data)


class Task(Struct, frozen=True):
    """What the tasks of a build share; `folder` is the directory of the Parquet files."""

    folder: Path
    context: Context
    sources: Sources
    has_splits: bool
    partial_layers: bool
    """Whether layers that are begun are enough for the config `ner`."""


Seen = Callable[[Entry, str], None]
"""Is called with each document that was read, and the SHA-256 of its bytes, in their order."""


def build_shard(shard: Shard, task: Task, seen: Seen = lambda entry, digest: None) -> bytes:
    """Check the documents of a shard and write its Parquet files; return a ShardResult as bytes.

    Only errors are findings, not warnings. Documents with findings leave no file behind.
    """
    from statevisit.dataset.arrow import release_memory
    from statevisit.dataset.configs import configs

    scheme = task.context.scheme
    documents: dict[int, msgspec.Raw] = {}
    tally = Tally(scheme)
    written: dict[str, ParquetFile] = {}
    numbered = zip(shard.positions, fetched(shard.entries), strict=True)
    has_findings = False
    parquet = ShardFiles(task.folder, shard.name, configs(scheme), scheme)
    with suppress(_Invalid), parquet:
        while chunk := list(islice(numbered, CHUNK)):
            check_stopped()
            rows = _Rows(shard.split, task)
            for position, entry in chunk:
                result = _checked(entry, task, rows, tally, seen)
                has_findings = has_findings or bool(result.findings)
                documents[position] = msgspec.Raw(_ENCODER.encode(result))
            if not has_findings:
                parquet.add(rows.tables())
                release_memory()
        if has_findings:
            raise _Invalid
        written = parquet.close()
    counts = tally.counts()
    return _ENCODER.encode(ShardResult(shard.split, shard.name, documents, counts, written))


class _Invalid(Exception):
    """Documents of a shard have findings: its files are not kept."""


class _Rows:
    """The rows of a few documents of a split, in all configs."""

    def __init__(self, split: str, task: Task) -> None:
        from statevisit.dataset.views import views

        self._split = split
        self._task = task
        self._views = views(task.context.scheme)
        self._documents: list[Document] = []
        self._sources: list[ListedSource | None] = []
        self._rows: dict[str, list[Row]] = {config: [] for config in self._views}

    def add(self, document: Document, digest: str) -> list[bytes]:
        """Add a document, the SHA-256 of whose canonical bytes is `digest`.

        Returns the lines of its digests by config.
        """
        digests = [digest.encode() + b"\n"]
        self._documents.append(document)
        self._sources.append(self._task.sources.get(document.source.file))
        for config, view in self._views.items():
            of_view = view.rows_of(document, self._task.partial_layers)
            rows = [(*row, self._split) for row in of_view]
            digests.append(rows_digest(rows))
            self._rows[config].extend(rows)
        return digests

    def tables(self) -> dict[str, Any]:
        """Return the pyarrow tables of all configs."""
        from statevisit.dataset.arrow import document_table, rows_table

        scheme = self._task.context.scheme
        tables = {"documents": document_table(self._documents, scheme, self._sources)}
        for config, rows in self._rows.items():
            tables[config] = rows_table(config, rows, scheme)
        return tables


def _checked(entry: Entry, task: Task, rows: _Rows, tally: Tally, seen: Seen) -> DocumentResult:
    """Check a document and, if it has no errors, add it to the rows and the tally."""
    try:
        stored = entry.bytes()
    except Malformed as bad:
        return DocumentResult([unreadable(entry, bad)])
    digest = hashlib.sha256(stored).hexdigest()
    seen(entry, digest)
    document, errors = check_read(entry, stored, task.context, warnings=False)
    if document is None:
        return DocumentResult(errors)
    of_document = facts(document, task.has_splits, warnings=False)
    if errors:  # such as a reference to a record that a row would need
        return DocumentResult(errors, of_document)
    document, canonical = codec.in_canonical_form(document, stored)
    of_canonical = digest
    if canonical != stored:  # such as a file with spaces
        of_canonical = hashlib.sha256(canonical).hexdigest()
    digests = rows.add(document, of_canonical)
    tally.add(document, task.context.signatures)
    file: JsonObject = {}
    if entry.is_file:
        name = f"{layout.DOCUMENTS}/{entry.path.name}"
        file = {"path": name, "size": len(stored), "sha256": digest}
    return DocumentResult([], of_document, file, digests)
