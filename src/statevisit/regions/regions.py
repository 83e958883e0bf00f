"""Regions and links: the spans of a document and what joins them.

A region has the id of its record; a part (words inside a record) has the id `<record>.<property>`.
"""

from collections.abc import Callable, Iterator
from math import isnan, nan

from msgspec import Struct, field

from statevisit.document.model import (
    Document,
    Event,
    Mention,
    Quantity,
    Quotation,
    Span,
    Timex,
)
from statevisit.document.records import shortened
from statevisit.document.scheme import scheme_of
from statevisit.regions.labels import (
    PARTS,
    UNTYPED,
    Control,
    attribute,
    controls_of,
    labelled_by,
    span_layers,
)
from statevisit.regions.relation_labels import PART_LABELS, POINTERS, role_label, type_label

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
    """A span of text with its label in each layer, and the answers of its per-region controls.

    `name` is what messages call it; by default, its id.
    """

    id: str
    start: int
    end: int
    labels: dict[str, str] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    name: str = ""

    def __post_init__(self) -> None:
        self.name = self.name or self.id

    @property
    def order(self) -> tuple[int, int, int, str]:
        """A sort key for the order of spans in a document: by start, the longer first."""
        return self.start, -self.end, len(self.id), self.id

    def label(self, layer: str) -> str | None:
        """Return the label in a layer; None for a region whose label is not decided yet."""
        label = self.labels[layer]
        return None if label == UNTYPED else label

    def __str__(self) -> str:
        return (
            f"{'/'.join(self.labels.values()) or 'region'} {self.name} [{self.start}, {self.end})"
        )


def to_answer(value: object) -> str:
    """Return the value of a property as the editor shows it: 7, 0.5, true or a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def from_answer(answer: str, control: Control) -> str | float | bool:
    """Return an answer as the value of its property; the reverse of `to_answer`.

    Raises ValueError, with what is wrong, for one that is no value of an own attribute.
    """
    least, most = control.limits
    if control.type == "boolean":
        return answer == "true"
    if control.type == "string":
        if len(answer) > most:
            raise ValueError(f"{control.prop} has {len(answer):,} characters, and at most {most:,}")
        return answer
    noun, example = _EXAMPLES[control.type]
    shown = f"{control.prop} {shortened(answer, 40)!r}"
    try:
        number = int(answer) if control.type == "integer" else float(answer)
    except ValueError:
        number = nan
    if isnan(number) or "_" in answer:
        raise ValueError(f"{shown} is not {noun}, such as {example}")
    if not least <= number <= most:
        raise ValueError(f"{shown} is not between {least} and {most}")
    return number


def answer_problem(answer: str, control: Control) -> str:
    """Return the reason why an answer is no value of a control's property; "" if it is one."""
    if not answer.strip():
        return ""
    if control.choices and answer not in control.choice_names:
        return f"{shortened(repr(answer), 120)} is not a choice of {control.prop}"
    try:
        from_answer(answer, control)
    except ValueError as error:
        return str(error)
    return ""


_EXAMPLES = {"integer": ("an integer", "7"), "number": ("a number", "0.5")}


class _Part(Struct, frozen=True):
    """Words inside a record, with the id of their region."""

    id: str
    span: Span


Parts = dict[tuple[str, int, int], _Part]
"""The parts of a document by label, start and end."""


def parts_of(document: Document) -> Parts:
    """The words inside records; records with the same words share one part."""
    parts: Parts = {}
    for label in PART_LABELS:
        layer, prop = POINTERS[label]
        for record in getattr(document, layer):
            span: Span | None = getattr(record, prop)
            if span is not None:
                part = _Part(f"{record.id}.{prop}", span)
                parts.setdefault((label, span.start, span.end), part)
    return parts


def regions_of(document: Document, parts: Parts) -> dict[str, "Region"]:
    """Return the regions of a document by id, with their answers: records by layer, then parts."""
    regions: dict[str, Region] = {}
    entity_types = {entity.id: entity.type for entity in document.entities}
    scheme = scheme_of(document)
    for layer in span_layers(scheme):
        home, label_property = labelled_by(layer, scheme)
        label_attribute = attribute(label_property)
        answered = [(control.name, control.attribute) for control in controls_of(layer, scheme)]
        for record in getattr(document, layer):
            if home == "entities":
                label = entity_types.get(record.entity)
            else:
                label = getattr(record, label_attribute)
            region = Region(record.id, record.start, record.end, {layer: label or UNTYPED})
            for name, answer_attribute in answered:
                answer = getattr(record, answer_attribute)
                if answer is not None:
                    region.answers[name] = to_answer(answer)
            regions[record.id] = region
    for (label, start, end), part in parts.items():
        regions[part.id] = Region(part.id, start, end, {PARTS: label})
    return regions


def links_of(document: Document, parts: Parts) -> Iterator[Link]:
    """The arguments, event relations and pointers of a document as links.

    An argument without role and a relation without type are left out: they have no label yet.
    """
    scheme = scheme_of(document)
    for event in document.events:
        for argument in event.arguments or ():
            if argument.role:
                yield Link(event.id, role_label(argument.role, scheme), argument.target)
    for relation in document.event_relations:
        if relation.type:
            label = type_label(relation.type, relation.modality, scheme)
            yield Link(relation.source, label, relation.target)
    for label, (layer, prop) in POINTERS.items():
        for record in getattr(document, layer):
            value: str | Span | tuple[str, ...] | None = getattr(record, prop)
            if isinstance(value, Span):
                value = parts[label, value.start, value.end].id
            if value:
                targets = (value,) if isinstance(value, str) else value
                yield from (Link(record.id, label, target) for target in targets)


class Read(Struct):
    """The regions of an annotation by id, and the links between them.

    `own` are the ids of the regions that the results have, and that are not kept from the document.
    """

    regions: dict[str, Region]
    links: list[Link]
    own: set[str]
