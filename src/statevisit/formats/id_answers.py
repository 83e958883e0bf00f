"""Attributes whose value is the id of another annotation: those of times that refer to times.

New annotations have no record ids before the document is made, so that these values are set then.
"""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from statevisit.document.model import SPAN_LAYERS, Document
from statevisit.document.references import targets
from statevisit.regions.labels import Control
from statevisit.regions.regions import Region


class IdAnswer(Struct, frozen=True):
    """An answer of a region that is the id of an annotation."""

    region: str
    control: Control
    target: str


def refers(control: Control) -> bool:
    """Whether the answers to a control are ids of annotations."""
    layers = targets(control.layer, control.prop)
    return bool(layers) and set(layers) <= set(SPAN_LAYERS)


def settled(
    answers: Iterable[IdAnswer], regions: dict[str, Region], region_of: dict[str, str], new: str
) -> list[IdAnswer]:
    """Set the answers that are ids of known records, and return those to set later.

    `region_of` has the region of each annotation; those of new ones begin with `new`. An id that is
    no annotation's stays: it is one that somebody typed.
    """
    later = []
    for answer in answers:
        region = regions.get(answer.region)
        target = region_of.get(answer.target)
        if region is None or target is None:
            continue
        if target.startswith(new):
            region.answers.pop(answer.control.name, None)
            later.append(IdAnswer(answer.region, answer.control, target))
        else:
            region.answers[answer.control.name] = target
    return later


def with_ids(
    document: Document, answers: Iterable[IdAnswer], record_ids: dict[str, str]
) -> Document:
    """Return a document with the answers whose regions, and whose targets', have become records."""
    changes: dict[str, dict[str, dict[str, str]]] = {}
    for answer in answers:
        record, target = record_ids.get(answer.region), record_ids.get(answer.target)
        if record is not None and target is not None:
            of_layer = changes.setdefault(answer.control.layer, {})
            of_layer.setdefault(record, {})[answer.control.attribute] = target
    for layer, of_layer in changes.items():
        records = tuple(
            replace(record, **of_layer[record.id]) if record.id in of_layer else record
            for record in getattr(document, layer)
        )
        document = replace(document, **{layer: records})
    return document
