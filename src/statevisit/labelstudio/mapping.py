"""Exports of other projects: a TOML file maps their labels to those of the interface.

[labels]                  # label of a region -> label of the interface
PER = "PERSON"
[relations]               # label of a relation -> relation label; "← AGENT" reverses the direction
agent_of = "← AGENT"
[choices.certainty]       # a per-region control (Choices or TextArea), and the property it sets
property = "events.modality"
maybe = "UNCERTAIN"       # answer -> value
[defaults]                # the values for regions without an answer
"mentions.level" = "NAM"
"""

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from statevisit.document.codec import read_bytes
from statevisit.document.model import Document
from statevisit.document.strict_json import Json, JsonObject
from statevisit.errors import FormatError
from statevisit.labelstudio.interface import (
    INVERSE,
    RELATION,
    Control,
    controls,
    region_labels,
    relation_labels,
)
from statevisit.labelstudio.results import Report, to_results


class Mapping(Struct, forbid_unknown_fields=True):
    """The labels, relations and answers of another project in terms of the interface.

    The docstring of the module has an example.
    """

    labels: dict[str, str] = {}
    relations: dict[str, str] = {}
    choices: dict[str, dict[str, str]] = {}
    defaults: dict[str, str] = {}


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file. Raises FormatError that names what the interface does not have."""
    try:
        data = read_bytes(path).decode("utf-8-sig")
        mapping = msgspec.convert(tomllib.loads(data), Mapping)
    except RecursionError:
        raise FormatError(f"{path}: not a mapping: nested too deeply") from None
    except ValueError as error:  # from tomllib, UTF-8 and msgspec alike
        raise FormatError(
            f"{path}: not a mapping: {error}; README.md of statevisit/labelstudio has an example"
        ) from None
    labels = {label for names in region_labels().values() for label in names}
    relations = [label.removeprefix(INVERSE) for label in mapping.relations.values()]
    set_by_choices = [
        table.get("property", f"({control} has none)") for control, table in mapping.choices.items()
    ]
    properties = _controls_by_property().keys()
    _refuse_unknown("label", mapping.labels.values(), labels, path)
    _refuse_unknown("relation", relations, relation_labels(), path)
    _refuse_unknown("property", set_by_choices, properties, path)
    _refuse_unknown("property", mapping.defaults, properties, path)
    return mapping


def _controls_by_property() -> dict[str, Control]:
    """The controls by the property that they set, such as `mentions.level`."""
    return {f"{control.layer}.{control.prop}": control for control in controls().values()}


def _refuse_unknown(noun: str, names: Iterable[str], known: Iterable[str], path: Path) -> None:
    known = sorted(known)
    for name in names:
        if name not in known:
            raise FormatError(f"{path}: unknown {noun} {name!r}; known are {', '.join(known)}")


def shown_strings(task: JsonObject) -> Iterator[str]:
    """Yield the strings that a task shows; any of them may be the text."""
    return (value for value in task["data"].values() if isinstance(value, str))


def converted(
    task: JsonObject, where: str, document: Document, mapping: Mapping, report: Report
) -> list[JsonObject]:
    """Return a task's annotations with all results of the document and those that the task adds.

    What the mapping has no place for is reported as L104. Raises FormatError for a task without
    annotations that have results.
    """
    annotations = task.get("annotations")
    if not isinstance(annotations, list) or not all(map(_has_results, annotations)):
        raise FormatError(
            f"{where}: the task has no list `annotations` with a `result` each; "
            "export the project as JSON (the full one)"
        )
    converted_annotations = []
    for annotation in annotations:
        results = _Conversion(document, mapping, report).convert(annotation["result"])
        converted_annotations.append({**annotation, "result": results})
    return converted_annotations


def _has_results(annotation: Json) -> bool:
    return isinstance(annotation, dict) and isinstance(annotation.get("result"), list)


_ORDER = {"labels": 0, RELATION: 2}
"""The order in which types of results are converted: regions, then answers (1), then relations."""

_ANSWER_KEYS = {"choices": "choices", "textarea": "text"}
"""The key of the answers in a result's value, by type."""

_LONGEST_VALUE = 100
"""Characters of a value in a message."""


class _Conversion:
    """Converts the results of one annotation into those of the interface."""

    def __init__(self, document: Document, mapping: Mapping, report: Report) -> None:
        self._mapping, self._report = mapping, report
        self._results = to_results(document)
        # Regions of the document by layer, span and label.
        self._existing: dict[tuple[str, tuple[int, int] | None, str], str] = {}
        # Pairs of region and control that have an answer in the document.
        self._in_document: set[tuple[str, str]] = set()
        for result in self._results:
            if result["type"] == "labels":
                span = (result["value"]["start"], result["value"]["end"])
                label = result["value"]["labels"][0]
                self._existing[result["from_name"], span, label] = result["id"]
            elif result["type"] != RELATION:
                self._in_document.add((result["id"], result["from_name"]))
        # The same pairs, with those of converted answers.
        self._answered = self._in_document.copy()
        # Regions by their ids in the other project.
        self._ids: dict[str, str] = {}
        # The layers of the regions that the document does not have.
        self._layers: dict[str, str] = {}

    def convert(self, results: list[Json]) -> list[JsonObject]:
        """Return the results of the document and the converted ones."""
        items = [item for item in results if isinstance(item, dict)]
        for item in sorted(items, key=_order):
            if item.get("type") == "labels":
                self._add_region(item)
            elif item.get("type") == RELATION:
                self._add_relation(item)
            else:
                self._add_answer(item)
        self._add_defaults()
        return self._results

    def _add_region(self, item: JsonObject) -> None:
        """Add a region for each label that the mapping has, or recognise it in the document."""
        foreign_id, value = str(item.get("id")), _value(item)
        labels = value.get("labels")
        for foreign_label in labels if isinstance(labels, list) else ():
            label = self._mapping.labels.get(str(foreign_label))
            if label is None:
                self._no_place(f"region {foreign_id}: the mapping has no label {foreign_label!r}")
                continue
            layer = next(layer for layer, names in region_labels().items() if label in names)
            existing = self._existing.get((layer, _span(value), label))
            if existing:
                self._ids[foreign_id] = existing
                continue
            region_id = f"foreign:{foreign_id}"  # which is never the id of a record
            self._ids[foreign_id] = region_id
            self._layers[region_id] = layer
            result = {"id": region_id, "from_name": layer, "value": {**value, "labels": [label]}}
            self._results.append({**item, **result})

    def _add_answer(self, item: JsonObject) -> None:
        """Add an answer, unless the document has one for the same region and control."""
        kind, foreign_name, foreign_id = item.get("type"), item.get("from_name"), item.get("id")
        table = self._mapping.choices.get(str(foreign_name))
        region_id = self._ids.get(str(foreign_id))
        answer = _answer(item)
        if table is None or region_id is None or answer is None:
            place = f"{kind} {foreign_name!r} of region {foreign_id}"
            shown = str(item.get("value"))[:_LONGEST_VALUE]
            self._no_place(f"the mapping has no place for {place}: {shown}")
            return
        control = _controls_by_property()[table["property"]]
        if (region_id, control.name) not in self._in_document:
            self._set(region_id, control, table.get(answer, answer))

    def _set(self, region_id: str, control: Control, answer: str) -> None:
        self._answered.add((region_id, control.name))
        result = {"id": region_id, "from_name": control.name, "type": control.kind}
        self._results.append({**result, "value": {control.value_key: [answer]}})

    def _add_defaults(self) -> None:
        """Add the defaults to new regions that have no answer."""
        for prop, answer in self._mapping.defaults.items():
            control = _controls_by_property()[prop]
            for region_id, layer in self._layers.items():
                if layer == control.layer and (region_id, control.name) not in self._answered:
                    self._set(region_id, control, answer)

    def _add_relation(self, item: JsonObject) -> None:
        source = self._ids.get(str(item.get("from_id")))
        target = self._ids.get(str(item.get("to_id")))
        labels = item.get("labels")
        foreign_labels = [str(label) for label in labels] if isinstance(labels, list) else []
        relations = self._mapping.relations
        for label in foreign_labels:
            if label not in relations:
                self._no_place(f"the mapping has no relation {label!r}")
        shown = f"{item.get('from_id')} → {item.get('to_id')}"
        if not foreign_labels:
            self._no_place(f"a relation without a label: {shown}")
            return
        if source is None or target is None:
            self._no_place(f"a relation without both of its regions: {shown}")
            return
        known = [relations[label] for label in foreign_labels if label in relations]
        if known:
            ends = {"from_id": source, "to_id": target}
            direction = item.get("direction", "right")
            result = {"type": RELATION, **ends, "direction": direction, "labels": known}
            self._results.append(result)

    def _no_place(self, message: str) -> None:
        self._report("L104", message)


def _order(item: JsonObject) -> int:
    return _ORDER.get(str(item.get("type")), 1)


def _value(item: JsonObject) -> JsonObject:
    value = item.get("value")
    return value if isinstance(value, dict) else {}


def _span(value: JsonObject) -> tuple[int, int] | None:
    """The start and end of a result's value, if they are integers."""
    start, end = value.get("start"), value.get("end")
    return (start, end) if isinstance(start, int) and isinstance(end, int) else None


def _answer(item: JsonObject) -> str | None:
    """The first answer of a choice or a text field; None if there is none."""
    key = _ANSWER_KEYS.get(str(item.get("type")), "")
    answers = _value(item).get(key)
    return str(answers[0]) if isinstance(answers, list) and answers else None
