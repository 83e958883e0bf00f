"""Documents as Label Studio results, and results as regions and links.

A region's id is its record's; the words inside a record have `<record>.<property>`. All links of two regions go
into one relation, because the editor keeps one: a label that holds in the other direction carries `INVERSE`.
"""

from collections.abc import Callable, Iterator
from typing import Any, Literal

from msgspec import Struct, ValidationError, convert, field, to_builtins

from statevisit.labelstudio.config import (
    INVERSE,
    LABELS,
    PARTS,
    POINTERS,
    RELATION,
    TEXT,
    Control,
    controls,
    region_labels,
    relation_labels,
)
from statevisit.model import SPAN_LAYERS, Document, Span

Link = tuple[str, str, str]
"""Source region, relation label, target region."""

Report = Callable[[str, str], None]
"""Called with a finding's code and message."""


class Region(Struct, gc=False):
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
    fields = {
        layer: [
            (c.name, _attribute(c.prop), c.kind) for c in controls().values() if c.layer == layer
        ]
        for layer in SPAN_LAYERS
    }
    types = {e.id: e.type for e in document.entities}
    for layer in SPAN_LAYERS:
        for record in getattr(document, layer):
            label = (
                types[record.entity]
                if layer == "mentions"
                else getattr(record, _attribute(LABELS[layer][1]))
            )
            span = {"start": record.start, "end": record.end}
            results.append(
                _result(
                    record.id, layer, "labels", {**span, "text": record.text, "labels": [label]}
                )
            )
            for name, attribute, kind in fields[layer]:
                if (answer := getattr(record, attribute)) is not None:
                    results.append(
                        _result(
                            record.id,
                            name,
                            kind,
                            {**span, "text" if kind == "textarea" else "choices": [answer]},
                        )
                    )
    parts = _parts(document)
    results += [
        _result(
            name,
            PARTS,
            "labels",
            {"start": s.start, "end": s.end, "text": s.text, "labels": [label]},
        )
        for (label, _, _), (name, s) in parts.items()
    ]
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
            found.setdefault(
                ("PROPERTY", q.property.start, q.property.end), (f"{q.id}.property", q.property)
            )
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
                yield (
                    record.id,
                    label,
                    target
                    if isinstance(target, str)
                    else parts[label, target.start, target.end][0],
                )


def _relations(links: Iterator[Link]) -> list[dict[str, Any]]:
    """One relation for each two regions; what links a region to itself cannot be drawn and stays with the base."""
    pairs: dict[tuple[str, str], dict[str, None]] = {}
    for source, label, target in links:
        if (target, source) in pairs:
            pairs[target, source].setdefault(INVERSE + label)
        elif source != target:
            pairs.setdefault((source, target), {}).setdefault(label)
    return [
        {"type": RELATION, "from_id": a, "to_id": b, "direction": "right", "labels": list(labels)}
        for (a, b), labels in pairs.items()
    ]


class Value(Struct, gc=False):
    """What a result says of its region. A choice and a text may come as one string or a list."""

    start: int = -1
    end: int = -1
    labels: list[str] | None = None
    choices: list[str] | str | None = None
    text: list[str] | str | None = None


class Result(Struct, gc=False):
    """One item of an annotation's `result`: a region's label, an answer, or a relation.

    Kinds and controls are enumerated: the string is then one that is there, and none is made for each of thousands.
    """

    type: Literal["labels", "choices", "textarea", "relation"]
    id: str = ""
    from_name: Literal[("", *region_labels(), *controls())] = ""
    value: Value | None = None
    from_id: str = ""
    to_id: str = ""
    direction: str = "right"
    labels: list[str] | None = None


def from_results(
    results: list[Any], length: int, report: Report
) -> tuple[dict[str, Region], list[Link]]:
    """The regions by id, and the links, that the results of one annotation hold, parsed or as dictionaries; `length` is that of the text.

    What has no place in the scheme is reported as L104 and left out: an unknown control or label, a span outside
    the text, a relation that ends nowhere.
    """
    regions: dict[str, Region] = {}
    answers, relations = [], []
    for item in results:
        found = item if type(item) is Result else _result_of(item, report)
        if found is None:
            continue
        if found.type == "labels":
            _add_label(regions, found, length, report)
        else:
            (relations if found.type == RELATION else answers).append(found)
    known = controls()
    for found in answers:
        _add_answer(regions, found, known, report)
    return regions, list(
        dict.fromkeys(
            link for found in relations for link in _read_relation(found, regions, report)
        )
    )


def _result_of(item: Any, report: Report) -> Result | None:
    try:
        return convert(item, Result)
    except ValidationError as error:
        return report(
            "L104",
            f"a result that cannot be read, since {str(error)[0].lower()}{str(error)[1:]}: {_short(item)}",
        )


def _add_label(regions: dict[str, Region], item: Result, length: int, report: Report) -> None:
    layer, value, name = item.from_name, item.value, item.id
    if not (value and name and layer):
        return report("L104", f"a result without id, control or value: {_shown(item)}")
    labels, start, end = value.labels, value.start, value.end
    if not labels or labels[0] not in region_labels().get(layer, ()):
        return report(
            "L104", f"region {name}: {_short(labels)} is no label of {layer!r} in the interface"
        )
    if not 0 <= start < end <= length:
        return report(
            "L104",
            f"region {name} ({labels[0]}): [{start}, {end}) is not in the text of {length} code points",
        )
    if len(labels) > 1:
        report(
            "L104",
            f"region {name}: one label is wanted, {_short(labels)} are there; the first is taken",
        )
    region = regions.get(name)
    if region is None:
        regions[name] = Region(name, start, end, {layer: labels[0]})
    elif (region.start, region.end) != (start, end) or layer in region.labels:
        report(
            "L104",
            f"region {name} ({labels[0]}, [{start}, {end})): there is another region with this id",
        )
    else:
        region.labels[layer] = labels[0]


def _add_answer(
    regions: dict[str, Region], item: Result, known: dict[str, Control], report: Report
) -> None:
    control, region, value = known.get(item.from_name), regions.get(item.id), item.value
    if control is None or region is None or value is None:
        return report(
            "L104",
            f"no place for this {'answer without a region' if control else 'answer'}: {_shown(item)}",
        )
    given = value.choices if control.choices else value.text
    if type(given) is not list or len(given) != 1:  # what it hardly ever is
        given = list(
            dict.fromkeys(filter(None, [given] if isinstance(given, str) else given or ()))
        )
        if len(given) > 1:
            report(
                "L104",
                f"{region}: {control.prop} has {len(given)} answers, {_short(given)}; the first is taken",
            )
    answer = given[0] if given else ""
    if answer and control.choices and answer not in control.names:
        report("L104", f"{region}: {_short(answer)} is no choice of {control.prop}")
    elif answer:
        region.answers[item.from_name] = answer


def _read_relation(item: Result, regions: dict[str, Region], report: Report) -> Iterator[Link]:
    source, target, labels = item.from_id, item.to_id, item.labels
    if source not in regions or target not in regions:
        report("L104", f"a relation between regions that are not there: {_shown(item)}")
        return
    ends = {
        "right": [(source, target)],
        "left": [(target, source)],
        "bi": [(source, target), (target, source)],
    }.get(item.direction)
    if not labels or not ends:
        report(
            "L104",
            f"the relation of {regions[source]} and {regions[target]} has no label; give it one or delete it",
        )
        return
    for label in labels:
        name = label.removeprefix(INVERSE)
        if name not in relation_labels():
            report(
                "L104",
                f"{_short(label)} is no relation label of the interface ({regions[source]} → {regions[target]})",
            )
            continue
        for a, b in ends:
            yield (b, name, a) if label != name else (a, name, b)


def _shown(item: Result) -> str:
    return _short(to_builtins(item, builtin_types=()))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:119]}…"
