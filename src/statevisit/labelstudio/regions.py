"""Documents as Label Studio results, and results as regions and links.

A region's id is its record's; the words inside a record have `<record>.<property>`. All links of two regions go
into one relation, because the editor keeps one: a label that holds in the other direction carries `INVERSE`.
"""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct, field

from statevisit.labelstudio.config import INVERSE, LABELS, PARTS, POINTERS, RELATION, TEXT, Control, controls, region_labels, relation_labels
from statevisit.model import SPAN_LAYERS, Document, Span

Link = tuple[str, str, str]
"""Source region, relation label, target region."""

Report = Callable[[str, str], None]
"""Called with a finding's code and message."""


class Region(Struct):
    """A stretch of text with its label in each layer, and the answers of its per-region controls."""

    id: str
    start: int
    end: int
    labels: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{'/'.join(self.labels.values()) or 'region'} {self.id} [{self.start}, {self.end})"


def to_results(document: Document) -> list[dict[str, Any]]:
    """All that can be shown of a document: a result for each region, each answer, each pair of linked regions."""
    results: list[dict[str, Any]] = []
    fields = {layer: [(c.name, _attribute(c.prop), c.kind) for c in controls().values() if c.layer == layer] for layer in SPAN_LAYERS}
    types = {e.id: e.type for e in document.entities}
    for layer in SPAN_LAYERS:
        for record in getattr(document, layer):
            label = types[record.entity] if layer == "mentions" else getattr(record, _attribute(LABELS[layer][1]))
            span = {"start": record.start, "end": record.end}
            results.append(_result(record.id, layer, "labels", {**span, "text": record.text, "labels": [label]}))
            for name, attribute, kind in fields[layer]:
                if (answer := getattr(record, attribute)) is not None:
                    results.append(_result(record.id, name, kind, {**span, "text" if kind == "textarea" else "choices": [answer]}))
    parts = _parts(document)
    results += [_result(name, PARTS, "labels", {"start": s.start, "end": s.end, "text": s.text, "labels": [label]}) for (label, _, _), (name, s) in parts.items()]
    return results + _relations(_links(document, parts))


def _attribute(prop: str) -> str:
    return "class_" if prop == "class" else prop


def _result(name: str, control: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "from_name": control, "to_name": TEXT, "type": kind, "value": value}


Parts = dict[tuple[str, int, int], tuple[str, Span]]


def _parts(document: Document) -> Parts:
    """The words inside records, the same words once however many records share them: (id of the region, span)."""
    found: Parts = {}
    for q in document.quantities:
        if q.property:
            found.setdefault(("PROPERTY", q.property.start, q.property.end), (f"{q.id}.property", q.property))
    for q in document.quotations:
        if q.cue:
            found.setdefault(("CUE", q.cue.start, q.cue.end), (f"{q.id}.cue", q.cue))
    return found


def _links(document: Document, parts: Parts) -> Iterator[Link]:
    for event in document.events:
        for argument in event.arguments:
            yield event.id, argument.role, argument.target
    for relation in document.event_relations:
        yield relation.source, relation.type, relation.target
    for label, (layer, prop) in POINTERS.items():
        for record in getattr(document, layer):
            if target := getattr(record, prop):
                yield record.id, label, target if isinstance(target, str) else parts[label, target.start, target.end][0]


def _relations(links: Iterator[Link]) -> list[dict[str, Any]]:
    """One relation for each two regions; what links a region to itself cannot be drawn and stays with the base."""
    pairs: dict[tuple[str, str], dict[str, None]] = {}
    for source, label, target in links:
        if (target, source) in pairs:
            pairs[target, source].setdefault(INVERSE + label)
        elif source != target:
            pairs.setdefault((source, target), {}).setdefault(label)
    return [{"type": RELATION, "from_id": a, "to_id": b, "direction": "right", "labels": list(labels)} for (a, b), labels in pairs.items()]


def from_results(results: list[Any], length: int, report: Report) -> tuple[dict[str, Region], list[Link]]:
    """The regions by id, and the links, that the results of one annotation hold; `length` is that of the text.

    What has no place in the scheme is reported as L104 and left out: an unknown control or label, a span outside
    the text, a relation that ends nowhere.
    """
    regions: dict[str, Region] = {}
    answers, relations = [], []
    for item in results:
        kind = item.get("type") if isinstance(item, dict) else None
        if kind == RELATION:
            relations.append(item)
        elif kind == "labels":
            _add_label(regions, item, length, report)
        else:
            answers.append(item)
    known = controls()
    for item in answers:
        _add_answer(regions, item, known, report)
    return regions, list(dict.fromkeys(link for item in relations for link in _read_relation(item, regions, report)))


def _add_label(regions: dict[str, Region], item: dict[str, Any], length: int, report: Report) -> None:
    layer, value, name = item.get("from_name"), item.get("value"), item.get("id")
    if not (isinstance(value, dict) and isinstance(name, str) and isinstance(layer, str)):
        return report("L104", f"a result without id, control or value: {_short(item)}")
    labels, start, end = value.get("labels"), value.get("start"), value.get("end")
    if not isinstance(labels, list) or not labels or not isinstance(labels[0], str) or labels[0] not in region_labels().get(layer, ()):
        return report("L104", f"region {name}: {_short(labels)} is no label of {layer!r} in the interface")
    if not (type(start) is int and type(end) is int and 0 <= start < end <= length):
        return report("L104", f"region {name} ({labels[0]}): [{start}, {end}) is not in the text of {length} code points")
    if len(labels) > 1:
        report("L104", f"region {name}: one label is wanted, {_short(labels)} are there; the first is taken")
    region = regions.setdefault(name, Region(name, start, end))
    if (region.start, region.end) != (start, end) or layer in region.labels:
        return report("L104", f"region {name} ({labels[0]}, [{start}, {end})): there is another region with this id")
    region.labels[layer] = labels[0]


def _add_answer(regions: dict[str, Region], item: Any, known: dict[str, Control], report: Report) -> None:
    control = region = value = None
    if isinstance(item, dict):
        name, home, value = item.get("from_name"), item.get("id"), item.get("value")
        control = known.get(name) if isinstance(name, str) else None
        region = regions.get(home) if control and isinstance(home, str) else None
    if control is None or region is None or not isinstance(value, dict):
        return report("L104", f"no place for this {'answer' if region or not control else 'answer without a region'}: {_short(item)}")
    given = value.get("choices" if control.choices else TEXT)
    if not (type(given) is list and len(given) == 1 and type(given[0]) is str and given[0]):  # what it hardly ever is not
        given = [given] if isinstance(given, str) else given
        if not isinstance(given, list) or not all(isinstance(g, str) for g in given):
            return report("L104", f"{region}: {control.prop} is no text: {_short(given)}")
        given = list(dict.fromkeys(g for g in given if g))
        if len(given) > 1:
            report("L104", f"{region}: {control.prop} has {len(given)} answers, {_short(given)}; the first is taken")
    if given and control.choices and given[0] not in control.names:
        return report("L104", f"{region}: {_short(given[0])} is no choice of {control.prop}")
    if given:
        region.answers[name] = given[0]


def _read_relation(item: dict[str, Any], regions: dict[str, Region], report: Report) -> Iterator[Link]:
    source, target, labels = str(item.get("from_id")), str(item.get("to_id")), item.get("labels")
    if source not in regions or target not in regions:
        report("L104", f"a relation between regions that are not there: {_short(item)}")
        return
    ends = {"right": [(source, target)], "left": [(target, source)], "bi": [(source, target), (target, source)]}.get(str(item.get("direction", "right")))
    if not labels or not ends or not isinstance(labels, list):
        report("L104", f"the relation of {regions[source]} and {regions[target]} has no label; give it one or delete it")
        return
    for label in labels:
        name = label.removeprefix(INVERSE) if isinstance(label, str) else ""
        if name not in relation_labels():
            report("L104", f"{_short(label)} is no relation label of the interface ({regions[source]} → {regions[target]})")
            continue
        for a, b in ends:
            yield (b, name, a) if label != name else (a, name, b)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:119]}…"
