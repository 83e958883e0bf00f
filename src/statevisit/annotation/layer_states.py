"""The states of the layers of documents in a corpus, set after the checks of completeness."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from statevisit import files, layout
from statevisit.checks.document import check_bytes, context_of
from statevisit.checks.registry import Context
from statevisit.corpus.documents import rewrite
from statevisit.corpus.reader import Entry, load
from statevisit.document.codec import encode
from statevisit.document.model import Document
from statevisit.document.scheme import scheme_at
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError
from statevisit.findings import ERROR, Finding


class Changed(Struct, frozen=True):
    """A document and the states that it has now; `file` is its file, with the line in a shard.

    With `findings`, the errors that the new states would make, the document is unchanged.
    """

    file: str
    document: Document
    findings: tuple[Finding, ...] = ()


def entries_of(root: Path, ids: Iterable[str], annotator: str | None = None) -> list[Entry]:
    """Return the places of documents in a root, or of an annotator's; all of them without ids.

    Raises FormatError for an id or an annotator that the corpus lacks.
    """
    if annotator is None:
        corpus = load(root)
        return [corpus.entry(key) for key in corpus.keys_of(tuple(ids))]
    directory = root / layout.ANNOTATIONS / annotator
    known = {path.stem: Entry(path) for path in sorted(directory.glob("*.json"))}
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
    root: Path, entries: Iterable[Entry], layers: Iterable[str], state: str
) -> Iterator[Changed]:
    """Set the state of layers in documents of a root, and yield each document.

    A document that would have errors by that, such as a record without value in a layer that is
    done, stays as it is. The documents of one file or shard are written together. Raises
    FormatError for a document that cannot be read, or for a layer that it does not have.
    """
    states = dict.fromkeys(layers, state)
    context = context_of(root, skip=True)
    with files.locked(root):
        for path, of_path in groupby(entries, attrgetter("path")):
            results = [_with_states(entry, states, context) for entry in of_path]
            changed = [new.document for new, is_changed in results if is_changed]
            rewrite(path, {document.id: encode(document) for document in changed})
            yield from (new for new, _ in results)


def _with_states(entry: Entry, states: dict[str, str], context: Context) -> tuple[Changed, bool]:
    """A document with other states, and whether it differs from the one that is written."""
    document = entry.read(context.scheme)
    unknown = [layer for layer in states if layer not in document.layers]
    if unknown:
        known = ", ".join(document.layers)
        raise FormatError(f"{entry.name}: no layer {unknown[0]!r}; its layers are {known}")
    changed = replace(document, layers=document.layers | states)
    findings = new_errors(document, changed, str(entry.path), context)
    if findings:
        return Changed(entry.name, document, tuple(map(entry.placed, findings))), False
    return Changed(entry.name, changed), changed != document


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
    scheme = scheme_at(root)
    documents = (entry.read(scheme) for entry in entries_of(root, ids, annotator))
    return {document.id: dict(document.layers) for document in documents}
