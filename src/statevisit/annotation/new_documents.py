"""New documents from seeds for a corpus root: all are checked before the first is written.

Several processes may add documents to one root at the same time.
"""

import os
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from msgspec import Struct

from statevisit import files, layout
from statevisit.annotation.document_ids import derived_id, stated_id
from statevisit.annotation.ingest import document_of
from statevisit.annotation.received.incoming import Incoming
from statevisit.annotation.received.plain import header_for
from statevisit.annotation.segmentation import Stated
from statevisit.annotation.tokenizers import IMPORTED, tokenizer
from statevisit.checks.document import check_bytes
from statevisit.checks.registry import Context
from statevisit.corpus.annotators import list_with
from statevisit.corpus.documents import ids_of, place_of, write_documents
from statevisit.corpus.seeds import (
    ListedSource,
    add_sources,
    check_seed,
    check_sources,
    check_update,
    source_of,
)
from statevisit.document.codec import encode
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme, base, scheme_at
from statevisit.errors import FormatError

_IN_MEMORY = 64_000_000
"""Bytes of new seeds and documents that are kept in memory until they are written."""


class NewDocument(Struct, frozen=True):
    """A document that is checked and not written yet: its future file, its source, and counts.

    Its seed and its canonical bytes are in the store, `size` bytes each from `offset`.
    """

    path: Path
    source: ListedSource
    sentences: int
    tokens: int
    offset: int
    sizes: tuple[int, int]


class NewDocuments:
    """The documents to add to a corpus root.

    `language` is that of texts that state none; `by` names another tokenizer than that of the
    language. Raises FormatError if a list of the root is broken, or if spaCy lacks the tokenizer.
    """

    def __init__(self, root: Path, language: str = "en", by: str | None = None) -> None:
        self._root = root
        self._scheme = scheme_at(root)
        self._language, self._by = language, by
        self._tokenizers = [tokenizer(language, by).annotator]
        check_sources(root)
        list_with(root, self._tokenizers)
        self._documents: dict[str, NewDocument] = {}
        self._seeds: dict[str, str] = {}
        self._read_ids()
        self._store = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  kept

    def __len__(self) -> int:
        return len(self._documents)

    def take(self, text: Incoming | FormatError, document_id: str | None = None) -> None:
        """Do as `add`; raise the error that stands for a text which could not be read."""
        if isinstance(text, FormatError):
            raise text
        self.add(text, document_id)

    @property
    def annotators(self) -> frozenset[str]:
        """The ids of the tokenizers of the new documents."""
        return frozenset(annotator["id"] for annotator in self._tokenizers)

    def add(
        self, text: Incoming, document_id: str | None = None, stated: Stated | None = None
    ) -> Document:
        """Make and check the document of a text; return it.

        Its id is `document_id`, else the one that the text states, else one of its date and name.
        `stated` is what an imported file says about its sentences and tokens.
        Raises FormatError if text or id is not valid, or conflicts with a file of the root or with
        another new document, which then stays. Nothing is written to the root.
        """
        document, seed = valid_document(
            text, document_id, self._language, self._by, self._scheme, stated
        )
        name = document.source.file
        self._refuse_conflict(document.id, name, seed, text.place)
        is_taken = document.id in self._documents
        is_another = self._seeds.get(name, document.source.sha256) != document.source.sha256
        if is_another and not (is_taken and text.id is not None):
            raise FormatError(
                f"{text.place}: another file of this name is given as well; rename one of them"
            )
        if is_taken:
            raise FormatError(f"{text.place}: {_twice(text, document.id)}")
        if IMPORTED["id"] in document.annotators:
            self._tokenizers.append(IMPORTED)
        if document.annotators != (IMPORTED["id"],):
            self._tokenizers.append(tokenizer(document.language, self._by).annotator)
        source = source_of(document, _stated(text, document), text.place)
        canonical = encode(document)
        self._documents[document.id] = NewDocument(
            place_of(self._root, document.id),
            source,
            len(document.sentences),
            len(document.tokens),
            self._store.seek(0, os.SEEK_END),
            (len(seed), len(canonical)),
        )
        self._store.write(seed)
        self._store.write(canonical)
        self._seeds[name] = document.source.sha256
        self._existing[layout.on_any_system(document.id)] = document.id
        return document

    def forget(self, document_id: str) -> None:
        """Take back a document that was added; it is not written."""
        forgotten = self._documents.pop(document_id)
        del self._existing[layout.on_any_system(document_id)]
        self._seeds.pop(forgotten.source.file, None)

    def _read_ids(self) -> None:
        """Read the ids of the root's documents, and know them by their file name on any system."""
        self._ids = frozenset(ids_of(self._root))
        self._existing = {layout.on_any_system(known): known for known in self._ids}

    def _refuse_conflict(self, document_id: str, seed: str, data: bytes, place: str) -> None:
        """Raise FormatError if a file of the root has the place of a document or its seed."""
        path = place_of(self._root, document_id)
        files.own_path(self._root, f"{layout.DOCUMENTS}/{document_id}.json")
        if document_id in self._ids:
            raise FormatError(
                f"{path}: exists already; the text of a document never changes, so a corrected "
                "text needs another id"
            )
        other_case = self._existing.get(layout.on_any_system(document_id), document_id)
        if other_case != document_id:
            raise FormatError(
                f"{place}: the id {document_id!r} and the existing {other_case!r} are one file "
                "name on macOS and Windows; give the text another id"
            )
        check_seed(self._root, seed, data)
        files.own_path(self._root, f"{layout.DOCUMENTS}/{path.name}")

    def write(self) -> Iterator[NewDocument | FormatError]:
        """Write the lists, then seed and document of each new document; yield it once written.

        Other processes may have changed the root since a document was added: the lists are read
        again, and a document that conflicts now yields its error instead. Documents come last: if
        writing fails, the same command can be repeated. Raises FormatError before the first file is
        written, OSError if a file cannot be written.
        """
        if not self._documents:
            return
        with files.locked(self._root):
            documents, errors = self._without_conflicts()
            yield from errors
            sources: dict[str, ListedSource] = {}
            for new in documents:
                sources.setdefault(new.source.file, new.source)
            annotators = list_with(self._root, self._tokenizers)
            check_update(self._root, layout.ANNOTATORS, annotators)
            files.own_path(self._root, layout.SOURCES)
            files.update(self._root / layout.ANNOTATORS, annotators)
            add_sources(self._root, sources)
            for new in documents:
                seed, _ = self._stored(new)
                files.update(self._root / layout.SEEDS / new.source.file, seed)
            contents = {new.path.stem: partial(self._canonical, new) for new in documents}
            write_documents(self._root, contents)
            yield from documents

    def _canonical(self, new: NewDocument) -> bytes:
        return self._stored(new)[1]

    def _stored(self, new: NewDocument) -> tuple[bytes, bytes]:
        """The bytes of a new document's seed, and its own."""
        self._store.seek(new.offset)
        seed, canonical = new.sizes
        return self._store.read(seed), self._store.read(canonical)

    def _without_conflicts(self) -> tuple[list[NewDocument], list[FormatError]]:
        """The documents that can be written now, and the errors of the others."""
        self._read_ids()
        documents = []
        errors = []
        for new in self._documents.values():
            seed, _ = self._stored(new)
            try:
                self._refuse_conflict(new.path.stem, new.source.file, seed, new.source.file)
            except FormatError as error:
                errors.append(error)
            else:
                documents.append(new)
        return documents, errors


def valid_document(
    text: Incoming,
    document_id: str | None = None,
    language: str = "en",
    by: str | None = None,
    scheme: Scheme | None = None,
    stated: Stated | None = None,
) -> tuple[Document, bytes]:
    """Return the document of a text, valid under a scheme, and the bytes of its seed.

    `language` is that of a text which states none; the others are as for `NewDocuments.add` and
    `document_of`. Raises FormatError, with the place of the text, if it cannot become a document.
    """
    date = text.metadata.date
    if date is None:
        raise FormatError(f"{text.place}: no date; state it by --date")
    final = _id_of(text, date, document_id)
    header = header_for(date) if text.header is None else text.header
    document = document_of(
        text.text,
        header,
        date,
        file=text.name or f"{final}.txt",
        document_id=final,
        language=text.metadata.language or language,
        scheme=scheme,
        by=by,
        stated=stated,
    )
    _, findings = check_bytes(encode(document), text.place, Context(scheme or base()))
    for finding in findings:
        raise FormatError(f"{text.place}: cannot be made a document: {finding.message}")
    return document, (header + text.text).encode()


def _twice(text: Incoming, document_id: str) -> str:
    """The message for a text whose id another new document has."""
    if text.id is not None:
        return f"the id {document_id!r} is that of another text that is given; give each its own"
    return (
        f"is given twice, or has the name and date of another text ({document_id}); "
        "give each document one text"
    )


def _stated(text: Incoming, document: Document) -> ListedSource:
    """The source of a text, with the metadata that is stated."""
    facts = text.metadata
    return ListedSource(
        file=document.source.file,
        sha256=document.source.sha256,
        date=document.date,
        language=document.language,
        publisher="unknown" if facts.publisher is None else facts.publisher,
        license="not stated" if facts.license is None else facts.license,
        title=facts.title,
        url=facts.url,
        author=facts.author,
        split=facts.split,
        extra=facts.extra,
        received=text.received,
        normalised=text.normalised,
    )


def _id_of(text: Incoming, date: str, document_id: str | None) -> str:
    """The id of a document. Raises FormatError, with the place of the text."""
    stated = text.id if document_id is None else document_id
    try:
        if stated is not None:
            return stated_id(stated)
        return derived_id(f"{date}-{text.stem}" if text.dated else text.stem)
    except FormatError as error:
        advice = ""
        if document_id is None and text.id is not None:
            advice = ", or --leave-out its column, for ids of the file's name and the lines"
        raise FormatError(f"{text.place}: {error}{advice}") from None
