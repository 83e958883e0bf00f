"""The labels of relations in Label Studio: roles, types of event relations, and pointers.

They share one namespace there. In a document, a role may have the name of a type of event relation,
such as CAUSE, and either may have the name of a pointer. Then the later of them in the order
pointer, type, role has a suffix, which no label of a scheme can have.

An event relation that is not stated as a fact has its modality in its label, as in
`CAUSE: UNCERTAIN`. If all event relations of an arrow have the same modality, it is a label of its
own: CAUSE, BEFORE, UNCERTAIN.
"""

from collections.abc import Iterable
from functools import cache

from msgspec import Struct

from statevisit.document.scheme import Label, Scheme

POINTERS = {
    "MEASURES": ("quantities", "measures"),
    "CONVERSION_OF": ("quantities", "conversion_of"),
    "PROPERTY": ("quantities", "property"),
    "WHOLE": ("quantities", "whole"),
    "CUE": ("quotations", "cue"),
    "SOURCE": ("quotations", "sources"),
}
"""For each relation label that sets a property of its source record, that (layer, property).

It holds a reference, a list of references, or the words of a part. The other relation labels are
the roles of arguments and the types of event relations.
"""

PART_LABELS = {"PROPERTY": "#577590", "WHOLE": "#43aa8b", "CUE": "#9b5de5"}
"""The labels of `parts` with their colours."""

INVERSE = "← "
"""Prefix of a relation label that is read against the direction of the arrow.

The editor keeps one arrow for each pair of regions, with any number of labels.
"""

GREY = "#495057"
"""The colour of labels that the schema gives none."""

_ROLE = " (role)"
_EVENT_RELATION = " (event relation)"


class Appearance(Struct, frozen=True):
    """How the interface shows a label: its colour, and the hint that explains it."""

    color: str
    description: str


def hint(label: Label) -> str:
    """Return the explanation of a label: its title and description, once if they say the same."""
    if label.description.rstrip(".") == label.title:
        return label.title
    return f"{label.title}: {label.description}"


def modalities(scheme: Scheme) -> dict[str, Label]:
    """Return the modalities of event relations that a label states, by name: all but ACTUAL."""
    if "event_relations" not in scheme.layers:
        return {}
    labels = scheme.labels("event_relations", "modality")
    return {label.name: label for label in labels if label.name != stated_modality(None, scheme)}


def stated_modality(modality: str | None, scheme: Scheme) -> str:
    """Return the modality of an event relation, which is a fact if it states none."""
    default: str = scheme.properties("event_relations")["modality"]["default"]
    return modality or default


@cache
def type_label(name: str, modality: str | None, scheme: Scheme) -> str:
    """Return the relation label for a type and modality of event relations.

    A type that the scheme lacks, of an older document, has a label that the interface lacks.
    """
    is_known = name in scheme.label_names("event_relations", "type")
    label = name if is_known and name not in _reserved(scheme) else name + _EVENT_RELATION
    is_fact = stated_modality(modality, scheme) == stated_modality(None, scheme)
    return label if is_fact else f"{label}{_modal(modality or '')}"


@cache
def role_label(name: str, scheme: Scheme) -> str:
    """Return the relation label for a role of arguments.

    A role that the scheme lacks, of an older document, has a label that the interface lacks.
    """
    taken = {*scheme.label_names("event_relations", "type"), *_reserved(scheme)}
    is_known = name in scheme.label_names("arguments", "role")
    return name if is_known and name not in taken else name + _ROLE


def _reserved(scheme: Scheme) -> set[str]:
    return {*POINTERS, *modalities(scheme)}


@cache
def _modality_by_label(scheme: Scheme) -> dict[str, str | None]:
    """The modality of each label of an event relation; None for a fact."""
    names = scheme.label_names("event_relations", "type")
    stated: tuple[str | None, ...] = (None, *modalities(scheme))
    return {type_label(name, modality, scheme): modality for name in names for modality in stated}


def with_shared_modality(labels: Iterable[str], scheme: Scheme) -> list[str]:
    """Return the labels of an arrow, with the modality once if all event relations have the same.

    The reverse is `with_modalities`.
    """
    labels = list(labels)
    known = _modality_by_label(scheme)
    plain = [label.removeprefix(INVERSE) for label in labels]
    shared = {known[label] for label in plain if label in known}
    modality = shared.pop() if len(shared) == 1 else None
    if modality is None:
        return labels
    return [*(label.removesuffix(_modal(modality)) for label in labels), modality]


def with_modalities(labels: list[str], scheme: Scheme) -> tuple[list[str], str]:
    """Return the labels of an arrow, each event relation with its modality, and a problem or "".

    A modality that is a label of its own is that of the event relations that state none.
    """
    names = modalities(scheme)
    shared = [label for label in labels if label.removeprefix(INVERSE) in names]
    if not shared:
        return labels, ""
    modality = shared[0].removeprefix(INVERSE)
    known = _modality_by_label(scheme)
    others = [label for label in labels if label not in shared]
    problem = ""
    if len(shared) > 1:
        problem = f"has {len(shared)} modalities and can have one; {modality} is used"
    relations = [label for label in others if label.removeprefix(INVERSE) in known]
    if not relations:
        problem = f"is {modality} without a type of event relation; it is left out"
    facts = [label for label in relations if known[label.removeprefix(INVERSE)] is None]
    return [label + _modal(modality) if label in facts else label for label in others], problem


def _modal(modality: str) -> str:
    return f": {modality}"


def pointers(scheme: Scheme) -> dict[str, tuple[str, str]]:
    """Return those of `POINTERS` whose property a scheme has."""
    return {
        name: (layer, prop)
        for name, (layer, prop) in POINTERS.items()
        if layer in scheme.layers and prop in scheme.properties(layer)
    }


def part_labels(scheme: Scheme) -> list[str]:
    """Return the labels of `parts` under a scheme."""
    return [name for name in PART_LABELS if name in pointers(scheme)]


@cache
def relation_labels(scheme: Scheme) -> dict[str, Appearance]:
    """The relation labels by name."""
    labels = {}
    for role in scheme.labels("arguments", "role"):
        labels[role_label(role.name, scheme)] = Appearance(role.color, hint(role))
    types = scheme.labels("event_relations", "type")
    for type_ in types:
        labels[type_label(type_.name, None, scheme)] = Appearance(type_.color, hint(type_))
    for name, modality in modalities(scheme).items():
        labels[name] = Appearance(modality.color, hint(modality))
    for name, (layer, prop) in pointers(scheme).items():
        description = scheme.properties(layer)[prop]["description"]
        labels[name] = Appearance(PART_LABELS.get(name, GREY), description)
    for name in modalities(scheme):
        for type_ in types:
            labels[type_label(type_.name, name, scheme)] = Appearance(type_.color, hint(type_))
    return labels


@cache
def arrow_labels(scheme: Scheme) -> dict[str, Appearance]:
    """The relation labels of the interface, in both directions of an arrow.

    A modality has no direction.
    """
    labels = {}
    for name, appearance in relation_labels(scheme).items():
        labels[name] = appearance
        if name not in modalities(scheme):
            labels[INVERSE + name] = appearance
    return labels
