"""Regions and links as the results of an annotation in Label Studio.

The id of a region is that of its record or part.
The editor keeps one relation for each pair of regions, so all links between two regions go into one
relation; a label that holds in the other direction has the prefix `INVERSE`.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from statevisit.document.model import (
    Document,
    Span,
)
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.document.strict_json import JsonObject
from statevisit.labelstudio.interface import RELATION, TEXT
from statevisit.regions.labels import (
    PARTS,
    UNTYPED,
    Control,
    attribute,
    controls_of,
    labelled_by,
    span_layers,
)
from statevisit.regions.regions import Link, SpanRecord, links_of, parts_of, to_answer
from statevisit.regions.relation_labels import (
    INVERSE,
    with_shared_modality,
)


def to_results(document: Document) -> list[JsonObject]:
    """Return the parts of a document that the editor can show, as the results of an annotation.

    There is one result for each region, each answer, and each pair of linked regions.
    """
    results: list[JsonObject] = []
    entity_types = {entity.id: entity.type for entity in document.entities}
    scheme = scheme_of(document)
    for layer in span_layers(scheme):
        home, label_property = labelled_by(layer, scheme)
        label_attribute = attribute(label_property)
        answered = [(control, control.attribute) for control in controls_of(layer, scheme)]
        for record in getattr(document, layer):
            if home == "entities":
                label = entity_types.get(record.entity)
            else:
                label = getattr(record, label_attribute)
            results.append(_region_result(record.id, layer, record, label or UNTYPED))
            for control, answer_attribute in answered:
                answer = getattr(record, answer_attribute)
                if answer is not None:
                    results.append(_answer_result(record, control, answer))
    parts = parts_of(document)
    for (label, _, _), part in parts.items():
        results.append(_region_result(part.id, PARTS, part.span, label))
    return results + _relation_results(links_of(document, parts), scheme)


def _region_result(
    region_id: str, control: str, span: SpanRecord | Span, label: str | None
) -> JsonObject:
    """A region; one whose label is not annotated yet has none."""
    labels = [] if label is None else [label]
    value = {"start": span.start, "end": span.end, "text": span.text, "labels": labels}
    return {
        "id": region_id,
        "from_name": control,
        "to_name": TEXT,
        "type": "labels",
        "value": value,
    }


def _answer_result(record: SpanRecord, control: Control, value_of_property: object) -> JsonObject:
    answer = to_answer(value_of_property)
    value = {"start": record.start, "end": record.end, control.value_key: [answer]}
    return {
        "id": record.id,
        "from_name": control.name,
        "to_name": TEXT,
        "type": control.kind,
        "value": value,
    }


def _relation_results(links: Iterable[Link], scheme: Scheme) -> list[JsonObject]:
    """One relation for each pair of linked regions.

    A link from a region to itself cannot be drawn; an import keeps it from the base document.
    """
    pairs: dict[tuple[str, str], dict[str, None]] = {}
    for link in links:
        source, target = link.source, link.target
        if (target, source) in pairs:
            pairs[target, source][INVERSE + link.label] = None
        elif source != target:
            pairs.setdefault((source, target), {})[link.label] = None
    return [
        {
            "type": RELATION,
            "from_id": source,
            "to_id": target,
            "direction": "right",
            "labels": with_shared_modality(labels, scheme),
        }
        for (source, target), labels in pairs.items()
    ]


class Value(Struct, gc=False):
    """The `value` of a result; a choice or a text may be one string or a list of strings."""

    start: int = -1
    end: int = -1
    labels: list[str] | None = None
    choices: list[str] | str | None = None
    text: list[str] | str | None = None


class Result(Struct, gc=False):
    """One item of an annotation's `result`: a region's label, an answer, or a relation."""

    type: Literal["labels", "choices", "textarea", "relation"]
    id: str = ""
    from_name: str = ""
    value: Value | None = None
    from_id: str = ""
    to_id: str = ""
    direction: str = "right"
    labels: list[str] | None = None
