"""The labels of relations in Label Studio: roles, types of event relations, and pointers.

They share one namespace there. In a document, a role may have the name of a type of event relation,
such as CAUSE, and either may have the name of a pointer. Then the later of them in the order
pointer, type, role has a suffix, which no label of a scheme can have.
"""

from functools import cache

from msgspec import Struct

from statevisit.document.scheme import Label, Scheme

POINTERS = {
    "MEASURES": ("quantities", "measures"),
    "CONVERSION_OF": ("quantities", "conversion_of"),
    "PROPERTY": ("quantities", "property"),
    "CUE": ("quotations", "cue"),
    "SOURCE": ("quotations", "sources"),
}
"""For each relation label that sets a property of its source record, that (layer, property).

It holds a reference, a list of references, or the words of a part. The other relation labels are
the roles of arguments and the types of event relations.
"""

PART_LABELS = {"PROPERTY": "#577590", "CUE": "#9b5de5"}
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


@cache
def type_label(name: str, scheme: Scheme) -> str:
    """Return the relation label for a type of event relations.

    A type that the scheme lacks, of an older document, has a label that the interface lacks.
    """
    is_free = name in scheme.label_names("event_relations", "type") and name not in POINTERS
    return name if is_free else name + _EVENT_RELATION


@cache
def role_label(name: str, scheme: Scheme) -> str:
    """Return the relation label for a role of arguments.

    A role that the scheme lacks, of an older document, has a label that the interface lacks.
    """
    types = scheme.label_names("event_relations", "type")
    is_free = name not in types and name not in POINTERS
    return name if is_free and name in scheme.label_names("arguments", "role") else name + _ROLE


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
    for type_ in scheme.labels("event_relations", "type"):
        labels[type_label(type_.name, scheme)] = Appearance(type_.color, hint(type_))
    for name, (layer, prop) in pointers(scheme).items():
        description = scheme.properties(layer)[prop]["description"]
        labels[name] = Appearance(PART_LABELS.get(name, GREY), description)
    return labels
