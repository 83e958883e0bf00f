"""New documents from seeds for a corpus root: all are checked before the first is written.

Several processes may add documents to one root at the same time.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from statevisit import files, layout
from statevisit.annotation.ingest import ingest
from statevisit.annotation.tokenizers import tokenizer
from statevisit.checks.document import check_bytes
from statevisit.checks.registry import Context
from statevisit.corpus.jsonl import read_json
from statevisit.corpus.seeds import (
    ListedSource,
    check_seed,
    check_update,
    read_sources,
    source_of,
    write_sources,
)
from statevisit.document.codec import encode, encode_value, read_bytes
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme, scheme_at
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError


class NewDocument(Struct, frozen=True):
    """A document, its future file, the bytes of its seed, and its source."""

    path: Path
    seed: bytes
    document: Document
    source: ListedSource


class NewDocuments:
    """The documents to add to a corpus root.

    `language`, `publisher` and `license_` are those of all texts; `by` names another tokenizer than
    that of the language. Raises FormatError if a list of the root is broken, or if spaCy lacks the
    tokenizer.
    """

    def __init__(
        self, root: Path, language: str, publisher: str, license_: str, by: str | None = None
    ) -> None:
        self._root = root
        self._by = by
        self._annotator = tokenizer(language, by).annotator
        self._scheme = scheme_at(root)
        self._language, self._publisher, self._license = language, publisher, license_
        read_sources(root)
        _annotators_file(root / layout.ANNOTATORS, self._annotator)
        self._documents: dict[Path, NewDocument] = {}
        self._existing = _existing(root)

    def add(self, path: Path, document_id: str | None = None) -> None:
        """Make and check the document of a seed; without an id, date and file name become its id.

        Raises FormatError if the seed or the id is not valid, or conflicts with a file of the root
        or with another new document, which then stays. Nothing is written.
        """
        data = read_bytes(path)
        document = _valid_document(data, path, document_id, self._language, self._scheme, self._by)
        target = self._root / layout.DOCUMENTS / f"{document.id}.json"
        stated = ListedSource(
            file=document.source.file,
            sha256=document.source.sha256,
            date=document.date,
            language=document.language,
            publisher=self._publisher,
            license=self._license,
        )
        new = NewDocument(target, data, document, source_of(document, stated))
        self._refuse_conflict(new)
        for other in self._documents.values():
            if other.document.source.file == path.name and other.seed != data:
                raise FormatError(
                    f"{path}: another file of this name is given as well; rename one of them"
                )
        if target in self._documents:
            raise FormatError(
                f"{path}: is given twice, or has the name and date of another seed; give each "
                "document one seed"
            )
        self._documents[target] = new
        self._existing[layout.on_any_system(document.id)] = document.id

    def _refuse_conflict(self, new: NewDocument) -> None:
        """Raise FormatError if a file of the root has the place of a document or its seed."""
        if new.path.exists():
            raise FormatError(
                f"{new.path}: exists already; the text of a document never changes, so a corrected "
                "text needs another --id"
            )
        document_id = new.document.id
        other_case = self._existing.get(layout.on_any_system(document_id), document_id)
        if other_case != document_id:
            raise FormatError(
                f"{new.document.source.file}: the id {document_id!r} and the existing "
                f"{other_case!r} are one file name on macOS and Windows; give the text another --id"
            )
        check_seed(self._root, new.document.source.file, new.seed)
        files.own_path(self._root, f"{layout.DOCUMENTS}/{new.path.name}")

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
            sources = read_sources(self._root)
            for new in documents:
                sources.setdefault(new.document.source.file, new.source)
            annotators = _annotators_file(self._root / layout.ANNOTATORS, self._annotator)
            check_update(self._root, layout.ANNOTATORS, annotators)
            files.own_path(self._root, layout.SOURCES)
            files.update(self._root / layout.ANNOTATORS, annotators)
            write_sources(self._root, sources)
            for new in documents:
                files.update(self._root / layout.SEEDS / new.document.source.file, new.seed)
                files.write(new.path, encode(new.document))
                yield new

    def _without_conflicts(self) -> tuple[list[NewDocument], list[FormatError]]:
        """The documents that can be written now, and the errors of the others."""
        self._existing = _existing(self._root)
        documents = []
        errors = []
        for new in self._documents.values():
            try:
                self._refuse_conflict(new)
            except FormatError as error:
                errors.append(error)
            else:
                documents.append(new)
        return documents, errors


def _existing(root: Path) -> dict[str, str]:
    """The ids of the documents of a root, by their file name on any system."""
    ids = [path.stem for path in (root / layout.DOCUMENTS).glob("*.json")]
    return {layout.on_any_system(document_id): document_id for document_id in ids}


def _valid_document(
    data: bytes,
    path: Path,
    document_id: str | None,
    language: str,
    scheme: Scheme,
    by: str | None,
) -> Document:
    document = ingest(data, path.name, "pending", language, scheme, by)
    name = document_id if document_id is not None else f"{document.date}-{path.stem}"
    document = replace(document, id=_as_id(name, stated=document_id is not None))
    _, findings = check_bytes(encode(document), str(path), Context(scheme))
    for finding in findings:
        raise FormatError(f"{path}: cannot be made a document: {finding.message}")
    return document


def _as_id(name: str, stated: bool) -> str:
    """Return a name as an id; unless it is `stated`, other characters become hyphens.

    Raises FormatError for a path separator, and for a stated id that is not one.
    """
    if "/" in name or "\\" in name:
        raise FormatError(
            f"{name!r} cannot be an id: it has a path separator in it; use letters, digits, "
            "`_` and `-` only"
        )
    document_id = re.sub(r"[^A-Za-z0-9_-]+", "-", name)[:64]
    if not name or (stated and document_id != name):
        hint = f"; {document_id!r} could" if document_id else ""
        raise FormatError(
            f"{name!r} cannot be an id: letters, digits, `_` and `-` only, at most 64{hint}"
        )
    if reason := layout.unportable(document_id):
        raise FormatError(f"{name!r} cannot be an id: {reason}; choose another --id")
    return document_id


def _annotators_file(path: Path, tokenizer_entry: JsonObject) -> bytes:
    """Return the list of annotators with the entry of a tokenizer. Raises FormatError."""
    data = read_bytes(path) if path.exists() else b""
    value = read_json(path, "annotators") if data else {"annotators": []}
    if any(annotator["id"] == tokenizer_entry["id"] for annotator in value["annotators"]):
        return data
    return encode_value(value | {"annotators": [*value["annotators"], tokenizer_entry]})
