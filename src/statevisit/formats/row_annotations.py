"""Rows of records as annotations, for texts whose records have no document to compare with."""

from typing import Any

from statevisit.document.model import SPAN_LAYERS
from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import JsonObject
from statevisit.formats.texts import AnnotatedText, Annotation, Cluster, Relation, Row
from statevisit.formats.vocabulary import GROUPS, label_name, shown_controls
from statevisit.regions.labels import UNTYPED, labelled_by
from statevisit.regions.regions import to_answer
from statevisit.regions.relation_labels import role_label, type_label


def annotate(text: AnnotatedText, scheme: Scheme) -> None:
    """Add the rows of a text to its relations and clusters, and before its annotations."""
    annotations: list[Annotation] = []
    rows = text.rows or {}
    entities = {row.value.get("id"): row.value for row in rows.get("entities", ())}
    for layer in SPAN_LAYERS:
        groups: dict[str, list[str]] = {}
        for number, row in enumerate(rows.get(layer, ()), 1):
            annotation = _annotation(layer, row, number, entities, scheme)
            annotations.append(annotation)
            group = row.value.get(GROUPS.get(layer, ""))
            if group is not None:
                groups.setdefault(group, []).append(annotation.id)
        text.clusters += [Cluster(group, members) for group, members in groups.items()]
    text.annotations[:0] = annotations
    for row in rows.get("arguments", ()):
        if row.value.get("role"):
            label = role_label(str(row.value["role"]), scheme)
            text.relations.append(_relation(row.value, "event", label))
    for row in rows.get("event_relations", ()):
        if row.value.get("type"):
            label = type_label(str(row.value["type"]), row.value.get("modality"), scheme)
            text.relations.append(_relation(row.value, "source", label))


def _relation(value: JsonObject, source: str, label: str) -> Relation:
    return Relation(str(value.get(source)), label, str(value.get("target")))


def _annotation(
    layer: str, row: Row, number: int, entities: dict[Any, JsonObject], scheme: Scheme
) -> Annotation:
    value = row.value
    home, prop = labelled_by(layer, scheme) if layer in scheme.layers else (layer, "")
    label = value.get(prop)
    if home == "entities":
        label = entities.get(value.get("entity"), {}).get(prop)
    attributes = {
        control.prop: to_answer(value[control.prop])
        for control in shown_controls(layer, scheme)
        if value.get(control.prop) is not None
    }
    annotation_id = str(value.get("id") or f"{layer}-{number}")
    line = int(row.place.rpartition(":")[2])
    name = label_name(layer, str(label or UNTYPED), scheme)
    return Annotation(
        annotation_id, value["start"], value["end"], name, attributes, value["text"], line=line
    )
