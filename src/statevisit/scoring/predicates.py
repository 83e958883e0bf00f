"""Predicates: mentions that only say what their entity is, which OntoNotes does not annotate.

"Mia Roth is the *director*": here the noun corefers with the name, in OntoNotes it does not.
`--without-predicates` leaves such mentions out on both sides, so that a system that was trained on
OntoNotes is not blamed for a difference between two guidelines.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from statevisit.document.model import Document
from statevisit.printable import counted
from statevisit.scoring.coref import Bounds
from statevisit.scoring.prediction import ALL, Note

Spans = frozenset[Bounds]
"""The bounds of mentions in one text."""


def predicates(documents: Iterable[Document]) -> dict[str, Spans]:
    """Return the bounds of the mentions that are predicates, by the id of the document.

    Of several annotations of one document, one that marks the words is enough.
    """
    by_id: dict[str, Spans] = {}
    for document in documents:
        marked = {(m.start, m.end) for m in document.mentions if m.predicate}
        by_id[document.id] = by_id.get(document.id, frozenset()) | marked
    return by_id


def without(document: Document, omitted: Spans) -> Document:
    """Return a document without the mentions with some bounds; references to them stay."""
    if not omitted:
        return document
    kept = tuple(m for m in document.mentions if (m.start, m.end) not in omitted)
    return replace(document, mentions=kept)


def note(number: int) -> Note:
    """Return the note on the mentions that are left out."""
    if not number:
        return Note("predicate", ALL, "no mention is marked as a predicate, so none is left out")
    spans = counted(number, "span")
    return Note("predicate", ALL, f"mentions, without predicates: {spans} left out on both sides")
