"""The references between records: the properties that hold an id, as the schema states them.

In the document schema, `x-refers-to` names the layers that may have the record of that id.
"""

from collections.abc import Iterator
from functools import cache
from operator import attrgetter

from msgspec import Struct

from statevisit.document.model import LAYERS, Document
from statevisit.document.records import Record
from statevisit.document.schema import id_node
from statevisit.document.scheme import base

DOCUMENT_TIME = "DCT"
"""The document's date, to which a time expression may refer in place of a record."""

Path = tuple[str | int, ...]
"""The steps from a document to a value: a layer, the number of a record from 0, a property."""


class Reference(Struct, frozen=True):
    """A property of a layer's records that holds an id, and the layers that may hold that id.

    The property holds a list of ids if it `is_list`.
    """

    layer: str
    property: str
    targets: tuple[str, ...]
    is_list: bool = False


@cache
def references(layer: str) -> tuple[Reference, ...]:
    """Return the references of a layer's records; "arguments" are those of events."""
    of_layer = []
    for name, node in base().properties(layer).items():
        is_list = node.get("type") == "array"
        holder = id_node(node)
        if "x-refers-to" in holder:
            of_layer.append(Reference(layer, name, tuple(holder["x-refers-to"]), is_list))
    return tuple(of_layer)


@cache
def all_references() -> tuple[Reference, ...]:
    """Return the references of all layers and of the arguments of events."""
    return tuple(reference for layer in (*LAYERS, "arguments") for reference in references(layer))


def targets_of(document: Document, reference: Reference) -> set[str]:
    """Return the ids of the records to which the records of a document refer by one property."""
    records = getattr(document, reference.layer, ())
    values = map(attrgetter(reference.property), records)
    if reference.is_list:
        return {target for targets in values if targets for target in targets}
    not_records = {None, DOCUMENT_TIME} if reference.layer == "timexes" else {None}
    return set(values) - not_records


@cache
def targets(layer: str, name: str) -> tuple[str, ...]:
    """Return the layers to which a property of a layer refers; none for any other property."""
    for reference in references(layer):
        if reference.property == name:
            return reference.targets
    return ()


@cache
def reference_names() -> frozenset[str]:
    """Return the names of all properties that hold an id of another record."""
    layers = (*LAYERS, "arguments")
    return frozenset(reference.property for layer in layers for reference in references(layer))


@cache
def list_names() -> frozenset[str]:
    """Return the names of the properties that hold a list of ids of other records: a set."""
    return frozenset(r.property for layer in LAYERS for r in references(layer) if r.is_list)


def references_of(document: Document) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
    """Yield (path, id, layers that may hold it) of every reference between records."""
    argument = references("arguments")[0]
    for layer in LAYERS:
        of_layer = references(layer)
        if layer == "events":
            for number, event in enumerate(document.events):
                if event.event:
                    yield (layer, number, "event"), event.event, of_layer[0].targets
                for index, filler in enumerate(event.arguments or ()):
                    path = (layer, number, "arguments", index, "target")
                    yield path, filler.target, argument.targets
        elif of_layer:
            for number, record in enumerate(getattr(document, layer)):
                for reference in of_layer:
                    yield from _references_of_record(record, number, reference)


def _references_of_record(
    record: Record, number: int, reference: Reference
) -> Iterator[tuple[Path, str, tuple[str, ...]]]:
    """The ids in one property of a record."""
    path = (reference.layer, number, reference.property)
    value = getattr(record, reference.property)
    if reference.is_list:
        for index, item in enumerate(value or ()):
            yield (*path, index), item, reference.targets
    elif value and not (reference.layer == "timexes" and value == DOCUMENT_TIME):
        yield path, value, reference.targets
