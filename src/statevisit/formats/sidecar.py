"""What a file of another format cannot hold, kept beside it or in the corpus.

Beside each exported document lies `ID.statevisit.json`, the document itself. In a corpus,
`corpus/imported/FORMAT/ID.json` holds the parts of an imported text that have no place in the
document; an export to that format puts them back.
"""

from pathlib import Path

import msgspec
from msgspec import Struct

from statevisit import layout
from statevisit.document.codec import read_bytes, read_document
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme
from statevisit.errors import FormatError
from statevisit.formats.texts import AnnotatedText, Annotation, Cluster, Note, Relation

SUFFIX = ".statevisit.json"


def base_beside(text: AnnotatedText, scheme: Scheme) -> Document | None:
    """Return the document that a text was exported from; None if none lies beside its file.

    Raises FormatError for a file that is not that document.
    """
    path = Path(text.file).parent / f"{text.id}{SUFFIX}"
    if layout.unportable(path.name) or not path.is_file():
        return None
    return read_document(path, scheme)


def rest_name(format_name: str, document_id: str) -> str:
    """Return the name, below a corpus root, of the file with the rest of an imported text."""
    return f"{layout.IMPORTED}/{format_name}/{document_id}.json"


def encoded_rest(rest: AnnotatedText) -> bytes | None:
    """Return the rest of a text as the bytes of its file; None if nothing is left."""
    if not (rest.annotations or rest.relations or rest.clusters or rest.notes):
        return None
    fields = ("annotations", "relations", "clusters", "notes")
    value = {name: getattr(rest, name) for name in fields}
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"


class _Rest(Struct):
    annotations: list[Annotation]
    relations: list[Relation]
    clusters: list[Cluster]
    notes: list[Note]


def with_rest(text: AnnotatedText, root: Path | None, format_name: str) -> AnnotatedText:
    """Return the text of a document with the rest of the file that it was imported from.

    Raises FormatError for a file that is not one.
    """
    path = root / rest_name(format_name, text.id) if root is not None else None
    if path is None or not path.is_file():
        return text
    try:
        rest = msgspec.json.decode(read_bytes(path), type=_Rest)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise FormatError(f"{path}: {error}; import the text again, or remove the file") from None
    known = text.by_id()
    text.annotations += [a for a in rest.annotations if a.label and a.id not in known]
    for annotation in rest.annotations:
        if annotation.id in known:
            known[annotation.id].attributes.update(annotation.attributes)
    ids = text.by_id()
    text.relations += [r for r in rest.relations if r.source in ids and r.target in ids]
    text.clusters += rest.clusters
    text.notes += [note for note in rest.notes if not note.about or note.about in ids]
    return text
