"""The states of the layers of documents in a corpus, set after the checks of completeness."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from statevisit import files, layout
from statevisit.checks.document import check_bytes, context_of
from statevisit.checks.registry import Context
from statevisit.corpus.reader import Corpus, load
from statevisit.document.codec import encode, read_document
from statevisit.document.model import Document
from statevisit.document.scheme import scheme_at
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError
from statevisit.findings import ERROR, Finding


class Changed(Struct, frozen=True):
    """A document and the states that it has now.

    With `findings`, the errors that the new states would make, the document is unchanged.
    """

    file: Path
    document: Document
    findings: tuple[Finding, ...] = ()


def files_of(root: Path, ids: Iterable[str], annotator: str | None = None) -> list[Path]:
    """Return the files of documents in a root, or of an annotator's; all of them without ids.

    Raises FormatError for an id or an annotator that the corpus lacks.
    """
    if annotator is None:
        layout.refuse_shards(root)
        directory = root / layout.DOCUMENTS
        known = {path.stem: path for path in load(root).files()}
    else:
        directory = root / layout.ANNOTATIONS / annotator
        known = {path.stem: path for path in sorted(directory.glob("*.json"))}
    if not known:
        raise FormatError(f"{directory}: no documents")
    chosen = []
    for document_id in ids:
        if document_id not in known:
            examples = ", ".join(list(known)[:3])
            raise FormatError(f"{directory}: no document {document_id!r}; such as {examples}")
        chosen.append(known[document_id])
    return chosen or list(known.values())


def set_states(
    root: Path, paths: Iterable[Path], layers: Iterable[str], state: str
) -> Iterator[Changed]:
    """Set the state of layers in documents of a root, and yield each document.

    A document that would have errors by that, such as a record without value in a layer that is
    done, stays as it is. Raises FormatError for a document that cannot be read, or for a layer that
    it does not have.
    """
    layers = tuple(layers)
    context = context_of(root, skip=True)
    with files.locked(root):
        for path in paths:
            document = read_document(path, context.scheme)
            unknown = [layer for layer in layers if layer not in document.layers]
            if unknown:
                known = ", ".join(document.layers)
                raise FormatError(f"{path}: no layer {unknown[0]!r}; its layers are {known}")
            states = document.layers | dict.fromkeys(layers, state)
            changed = replace(document, layers=states)
            findings = new_errors(document, changed, str(path), context)
            if not findings and changed != document:
                files.write(path, encode(changed))
            yield Changed(path, document if findings else changed, tuple(findings))


def new_errors(old: Document, new: Document, file: str, context: Context) -> list[Finding]:
    """Return the errors of a document that it does not have with its old states."""

    def errors(document: Document) -> list[Finding]:
        _, findings = check_bytes(encode(document), file, context, warnings=False)
        return [finding for finding in findings if finding.severity == ERROR]

    known = {(finding.code, finding.pointer, finding.message) for finding in errors(old)}
    return [f for f in errors(new) if (f.code, f.pointer, f.message) not in known]


def states_of(root: Path, ids: Iterable[str], annotator: str | None = None) -> JsonObject:
    """Return the states of documents of a root, or of an annotator's, by id and layer.

    Without ids all of them. Raises FormatError.
    """
    if annotator is None and layout.is_sharded(root):
        documents = _in_shards(load(root), tuple(ids))
    else:
        scheme = scheme_at(root)
        documents = [read_document(path, scheme) for path in files_of(root, ids, annotator)]
    return {document.id: dict(document.layers) for document in documents}


def _in_shards(corpus: Corpus, ids: tuple[str, ...]) -> list[Document]:
    try:
        return [corpus[document_id] for document_id in ids or corpus.ids]
    except KeyError as error:
        raise FormatError(error.args[0]) from None
