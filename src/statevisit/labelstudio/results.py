"""Documents as Label Studio results, and results as regions and links.

A region has the id of its record; a part (words inside a record) has the id `<record>.<property>`.
The editor keeps one relation for each pair of regions, so all links between two regions go into one
relation; a label that holds in the other direction has the prefix `INVERSE`.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from msgspec import Struct, ValidationError, convert, field, to_builtins

from statevisit.document.model import (
    SPAN_LAYERS,
    Document,
    Event,
    Mention,
    Quantity,
    Quotation,
    Span,
    Timex,
)
from statevisit.document.strict_json import Json, JsonObject
from statevisit.labelstudio.interface import (
    INVERSE,
    LABELS,
    PART_LABELS,
    PARTS,
    POINTERS,
    RELATION,
    TEXT,
    Control,
    attribute,
    controls,
    controls_of,
    region_labels,
    relation_labels,
)

SpanRecord = Mention | Timex | Quantity | Event | Quotation
"""A record with an id and a span, which the editor shows as a region."""

Report = Callable[[str, str], None]
"""Called with the code and the message of a finding."""


class Link(Struct, frozen=True, gc=False):
    """A labelled link from one region to another."""

    source: str
    label: str
    target: str


class Region(Struct, gc=False):
    """A span of text with its label in each layer, and the answers of its per-region controls."""

    id: str
    start: int
    end: int
    labels: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)

    @property
    def order(self) -> tuple[int, int, int, str]:
        """A sort key for the order of spans in a document: by start, the longer first."""
        return self.start, -self.end, len(self.id), self.id

    def __str__(self) -> str:
        return f"{'/'.join(self.labels.values()) or 'region'} {self.id} [{self.start}, {self.end})"


def to_results(document: Document) -> list[JsonObject]:
    """Return the parts of a document that the editor can show, as the results of an annotation.

    There is one result for each region, each answer, and each pair of linked regions.
    """
    results: list[JsonObject] = []
    entity_types = {entity.id: entity.type for entity in document.entities}
    for layer in SPAN_LAYERS:
        label_attribute = attribute(LABELS[layer][1])
        answered = [(control, control.attribute) for control in controls_of(layer)]
        for record in getattr(document, layer):
            if layer == "mentions":
                label = entity_types[record.entity]
            else:
                label = getattr(record, label_attribute)
            results.append(_region_result(record.id, layer, record, label))
            for control, answer_attribute in answered:
                answer = getattr(record, answer_attribute)
                if answer is not None:
                    results.append(_answer_result(record, control, answer))
    parts = _parts(document)
    for (label, _, _), part in parts.items():
        results.append(_region_result(part.id, PARTS, part.span, label))
    return results + _relation_results(_links(document, parts))


def _region_result(region_id: str, control: str, span: SpanRecord | Span, label: str) -> JsonObject:
    value = {"start": span.start, "end": span.end, "text": span.text, "labels": [label]}
    return {
        "id": region_id,
        "from_name": control,
        "to_name": TEXT,
        "type": "labels",
        "value": value,
    }


def _answer_result(record: SpanRecord, control: Control, answer: str) -> JsonObject:
    value = {"start": record.start, "end": record.end, control.value_key: [answer]}
    return {
        "id": record.id,
        "from_name": control.name,
        "to_name": TEXT,
        "type": control.kind,
        "value": value,
    }


class _Part(Struct, frozen=True):
    """Words inside a record, with the id of their region."""

    id: str
    span: Span


_Parts = dict[tuple[str, int, int], _Part]
"""The parts of a document by label, start and end."""


def _parts(document: Document) -> _Parts:
    """The words inside records; records with the same words share one part."""
    parts: _Parts = {}
    for label in PART_LABELS:
        layer, prop = POINTERS[label]
        for record in getattr(document, layer):
            span: Span | None = getattr(record, prop)
            if span is not None:
                part = _Part(f"{record.id}.{prop}", span)
                parts.setdefault((label, span.start, span.end), part)
    return parts


def _links(document: Document, parts: _Parts) -> Iterator[Link]:
    """The arguments, event relations and pointers of a document as links."""
    for event in document.events:
        for argument in event.arguments:
            yield Link(event.id, argument.role, argument.target)
    for relation in document.event_relations:
        yield Link(relation.source, relation.type, relation.target)
    for label, (layer, prop) in POINTERS.items():
        for record in getattr(document, layer):
            target: str | Span | None = getattr(record, prop)
            if isinstance(target, Span):
                target = parts[label, target.start, target.end].id
            if target:
                yield Link(record.id, label, target)


def _relation_results(links: Iterable[Link]) -> list[JsonObject]:
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
            "labels": list(labels),
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


def from_results(
    results: Iterable[Result | Json], text_length: int, report: Report
) -> tuple[dict[str, Region], list[Link]]:
    """Read the results of one annotation: (regions by id, links).

    A result may be parsed or a dictionary; `text_length` counts code points. A result with an
    unknown control or label, a span outside the text or a missing region is reported as L104 and
    left out.
    """
    regions: dict[str, Region] = {}
    answers: list[Result] = []
    relations: list[Result] = []
    for item in results:
        result = item if isinstance(item, Result) else _parsed(item, report)
        if result is None:
            continue
        if result.type == "labels":
            _add_label(regions, result, text_length, report)
        elif result.type == RELATION:
            relations.append(result)
        else:
            answers.append(result)
    known = controls()
    for result in answers:
        _add_answer(regions, result, known, report)
    links = [link for result in relations for link in _links_of(result, regions, report)]
    return regions, list(dict.fromkeys(links))


def _parsed(item: Json, report: Report) -> Result | None:
    try:
        return convert(item, Result)
    except ValidationError as error:
        report("L104", f"a result cannot be read ({error}): {_short(item)}")
        return None


def _add_label(
    regions: dict[str, Region], result: Result, text_length: int, report: Report
) -> None:
    """Add the region of a result, or a second label to the region that has its id."""
    layer, value = result.from_name, result.value
    if not (value and result.id and layer):
        report("L104", f"a result has no id, control or value: {_shown(result)}")
        return
    labels = value.labels
    if not labels or labels[0] not in region_labels().get(layer, ()):
        problem = f"{_short(labels)} is not a label of {layer!r} in the interface"
        report("L104", f"region {result.id}: {problem}")
        return
    start, end, label = value.start, value.end, labels[0]
    if not 0 <= start < end <= text_length:
        problem = f"[{start}, {end}) is not within the text of {text_length} code points"
        report("L104", f"region {result.id} ({label}): {problem}")
        return
    if len(labels) > 1:
        problem = f"it has {len(labels)} labels, {_short(labels)}; the first is used"
        report("L104", f"region {result.id}: {problem}")
    region = regions.get(result.id)
    if region is None:
        regions[result.id] = Region(result.id, start, end, {layer: label})
    elif (region.start, region.end) != (start, end) or layer in region.labels:
        shown = f"region {result.id} ({label}, [{start}, {end}))"
        report("L104", f"{shown}: another region has this id")
    else:
        region.labels[layer] = label


def _add_answer(
    regions: dict[str, Region], result: Result, known: dict[str, Control], report: Report
) -> None:
    """Add the answer of a result to its region; `known` are the controls by name."""
    control, region, value = known.get(result.from_name), regions.get(result.id), result.value
    if control is None:
        report("L104", f"an answer to a control that is not in the interface: {_shown(result)}")
        return
    if region is None or value is None:
        report("L104", f"an answer without a region or a value: {_shown(result)}")
        return
    given = value.choices if control.choices else value.text
    if isinstance(given, list) and len(given) == 1:
        answer = given[0]
    else:
        answer = _first_answer(given, control, region, report)
    if not answer:
        return
    if control.choices and answer not in control.choice_names:
        report("L104", f"{region}: {_short(answer)} is not a choice of {control.prop}")
        return
    region.answers[result.from_name] = answer


def _first_answer(
    given: list[str] | str | None, control: Control, region: Region, report: Report
) -> str:
    """The first answer that is not empty, "" if there is none; others are reported."""
    if isinstance(given, str):
        return given
    answers = list(dict.fromkeys(answer for answer in given or () if answer))
    if len(answers) > 1:
        problem = f"{control.prop} has {len(answers)} answers, {_short(answers)}"
        report("L104", f"{region}: {problem}; the first is used")
    return answers[0] if answers else ""


def _links_of(result: Result, regions: dict[str, Region], report: Report) -> Iterator[Link]:
    """The links of a relation, one for each of its labels and directions."""
    if result.from_id not in regions or result.to_id not in regions:
        report("L104", f"a relation of regions that are not in the annotation: {_shown(result)}")
        return
    source, target = regions[result.from_id], regions[result.to_id]
    if result.direction not in ("right", "left", "bi"):
        problem = f"has the unknown direction {_short(result.direction)}"
        report("L104", f"the relation of {source} and {target} {problem}")
        return
    if not result.labels:
        report(
            "L104",
            f"the relation of {source} and {target} has no label; give it one or delete it",
        )
        return
    for label in result.labels:
        name = label.removeprefix(INVERSE)
        if name not in relation_labels():
            problem = f"{_short(label)} is not a relation label of the interface"
            report("L104", f"{problem} ({source} → {target})")
            continue
        is_inverse = label != name
        if result.direction in ("right", "bi"):
            yield _directed(source, name, target, is_inverse)
        if result.direction in ("left", "bi"):
            yield _directed(target, name, source, is_inverse)


def _directed(source: Region, label: str, target: Region, is_inverse: bool) -> Link:
    if is_inverse:
        return Link(target.id, label, source.id)
    return Link(source.id, label, target.id)


def _shown(result: Result) -> str:
    return _short(to_builtins(result, builtin_types=()))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:119]}…"
