"""Relations that other records make superfluous, or that lack the ground they rest on."""

from statevisit.checks.registry import Context, Problems, check
from statevisit.document.model import Document
from statevisit.document.scheme import base


@check("W614")
def said_twice(document: Document, context: Context) -> Problems:
    """CONTAINS says again what SUBEVENT says.

    A part happens within the time of its whole, so that SUBEVENT states both. A SUBEVENT of
    modality UNCERTAIN leaves room for a CONTAINS: the time may be sure where the part is not.

    Wrong: SUBEVENT and CONTAINS, both from `ev1` to `ev2`
    Right: SUBEVENT from `ev1` to `ev2`
    """
    parts = {
        (relation.source, relation.target)
        for relation in document.event_relations
        if relation.type == "SUBEVENT" and relation.modality != "UNCERTAIN"
    }
    for number, relation in enumerate(document.event_relations):
        if relation.type == "CONTAINS" and (relation.source, relation.target) in parts:
            yield (
                ("event_relations", number),
                f"from {relation.source!r} to {relation.target!r}",
            )


_GROUNDS = {
    "CITIZEN_OF": ("HEAD_OF_STATE", "HEAD_OF_GOVERNMENT"),
    "COUNTRY": ("CAPITAL",),
}
"""The relation types from which a type is inferred, between the same entities reversed."""


@check("W615")
def groundless(document: Document, context: Context) -> Problems:
    """The relation is called inferred, but nothing implies it.

    The head of a state or government is its citizen (CITIZEN_OF), and a capital is in its state
    (COUNTRY). No other relation of the base scheme is inferred: what the text states is not marked
    so, and what it does not state is no relation.

    Wrong: CITIZEN_OF from `lind` to `norway` with `"inferred":true`, and no HEAD_OF_STATE
    Right: the same beside HEAD_OF_STATE from `norway` to `lind`
    """
    stated = {
        (relation.type, relation.source, relation.target)
        for relation in document.relations
        if not relation.inferred
    }
    known = base().label_names("relations", "type")
    for number, relation in enumerate(document.relations):
        if not relation.inferred or relation.type not in known:
            continue
        grounds = _GROUNDS.get(relation.type, ())
        if not any((ground, relation.target, relation.source) in stated for ground in grounds):
            ends = f"from {relation.source!r} to {relation.target!r}"
            yield ("relations", number, "inferred"), f"{relation.type} {ends}"
