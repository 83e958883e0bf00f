"""The regions of an annotation as the records of a document.

The annotation determines what the interface shows. The rest comes from the base, the document that
was exported: sentences, tokens, the names and links of entities, event chains, relations between
entities, ACE roles.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import cache, cached_property
from operator import attrgetter
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from statevisit.document import schema_errors
from statevisit.document.characters import visible
from statevisit.document.model import SCHEMA_VERSION, SPAN_LAYERS, Document, Span
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.document.states import DONE, PARTIAL
from statevisit.document.strict_json import JsonObject
from statevisit.document.timex_values import timeml_spelling
from statevisit.regions.groups import Entities, EventChains
from statevisit.regions.ids import Ids
from statevisit.regions.labels import PARTS, attribute, controls_of, labelled_by
from statevisit.regions.regions import (
    Region,
    Report,
    SpanRecord,
    from_answer,
    parts_of,
    to_answer,
)
from statevisit.regions.relation_labels import modalities, role_label, type_label


class Records:
    """The records of one annotation, without the links between them.

    `layers` holds them by layer and id, and `spans` the parts by region. `record_ids` has the id of
    each region's record by layer and region, and `in_base` the records of the base by layer and id.
    `current` is the document as the corpus has it now: records that were added there are
    recognised, and their ids are not used again.
    """

    def __init__(
        self, regions: dict[str, Region], base: Document, current: Document, report: Report
    ) -> None:
        self.base, self.report, self._current = base, report, current
        self.scheme = scheme_of(base)
        self.layers: dict[str, dict[str, Any]] = {layer: {} for layer in SPAN_LAYERS}
        self.record_ids: dict[str, dict[str, str]] = {layer: {} for layer in (*SPAN_LAYERS, PARTS)}
        self.spans: dict[str, Span] = {}
        self._ids = Ids(base, current)
        self._entities = Entities(base, current, self._ids, report)
        self._chains = EventChains(base, current, self._ids, report)
        self._groups: dict[str, Entities | EventChains] = {
            groups.members: groups
            for groups in (self._entities, self._chains)
            if groups.layer in self.scheme.layers
        }
        self.in_base: dict[str, dict[str, Any]] = {
            layer: {record.id: record for record in getattr(base, layer)} for layer in SPAN_LAYERS
        }
        self._added: dict[tuple[str, int, int], list[SpanRecord]] = {}
        for layer in SPAN_LAYERS:
            for record in reversed(getattr(current, layer)):
                if record.id not in base:
                    place = layer, record.start, record.end
                    self._added.setdefault(place, []).append(record)
        self._read(regions)
        self._entities.set_types()
        self._drop_dangling_references()

    def has(self, record_id: str) -> bool:
        """Whether the annotation has a span record with an id."""
        return any(record_id in records for records in self.layers.values())

    def groups(self) -> dict[str, tuple[Any, ...]]:
        """Return the entities and event chains by layer; report those without a mention."""
        self._entities.report_abandoned(self.layers["mentions"].values())
        self._chains.report_abandoned(self.layers["events"].values())
        return {"entities": self._entities.values(), "event_chains": self._chains.values()}

    def _read(self, regions: dict[str, Region]) -> None:
        """Take the records of unchanged regions from the base, then add those of the others."""
        others: list[tuple[Region, list[str]]] = []
        for region in regions.values():
            changed = []
            for layer in region.labels:
                record = self._unchanged(layer, region)
                if record is None:
                    changed.append(layer)
                else:
                    self._take(layer, record, region)
            if changed:
                others.append((region, changed))
        for region, changed in sorted(others, key=lambda item: item[0].order):
            span = self._whole_tokens(region)
            if span is None:
                self._keep(region, changed)
                continue
            for layer in changed:
                if layer == PARTS:
                    self.spans[region.id] = span
                    self.record_ids[PARTS][region.id] = region.id
                else:
                    self._add(layer, region, span)

    def _keep(self, region: Region, layers: list[str]) -> None:
        """Report a region that covers no token, and keep the records that it had."""
        outcome = "it is left out"
        for layer in layers:
            record = self.in_base.get(layer, {}).get(region.id)
            part = self._parts_in_base.get(region.id) if layer == PARTS else None
            if record is not None:
                self._take(layer, record, region)
            elif part is not None:
                self.spans[region.id] = part
                self.record_ids[PARTS][region.id] = region.id
            if record is not None or part is not None:
                outcome = f"{region.id} stays as it was"
        self.report("L105", f"{region} covers no token; {outcome}")

    @cached_property
    def roles(self) -> dict[str, str]:
        """The roles of the scheme and of the base, which may follow an older one, by label."""
        known = dict.fromkeys(self.scheme.label_names("arguments", "role"))
        for event in self.base.events:
            known.update((a.role, None) for a in event.arguments or () if a.role)
        return {role_label(role, self.scheme): role for role in known}

    @cached_property
    def event_relation_types(self) -> dict[str, tuple[str, str | None]]:
        """Type and modality of event relations, of the scheme and of the base, by label."""
        names = self.scheme.label_names("event_relations", "type")
        known = [
            (name, modality) for name in names for modality in (None, *modalities(self.scheme))
        ]
        known += [(r.type, r.modality) for r in self.base.event_relations if r.type]
        return {type_label(*pair, self.scheme): pair for pair in reversed(known)}

    @cached_property
    def _parts_in_base(self) -> dict[str, Span]:
        return {part.id: part.span for part in parts_of(self.base).values()}

    def _unchanged(self, layer: str, region: Region) -> SpanRecord | None:
        """The record of a region in the base, if the region says the same; else None.

        Most regions are unchanged, and reading them from the base is faster.
        """
        if layer == PARTS:
            return None
        record: SpanRecord | None = self.in_base[layer].get(region.id)
        if record is None:
            return None
        groups = self._groups.get(layer)
        if groups and getattr(record, groups.prop) is None and groups.needs_group(region):
            return None
        shown = _shown(layer, self.scheme)
        answers = map(region.answers.get, shown.control_names)
        if not shown.has_label:
            values = (region.start, region.end, *answers)
        else:
            values = (region.start, region.end, region.label(layer), *answers)
        before = shown.values(record)
        if before == values:
            return record
        if shown.has_others:
            place = len(before) - len(shown.control_names)
            before = before[:place] + tuple(
                value if value is None else to_answer(value) for value in before[place:]
            )
        return record if before == values else None

    def _whole_tokens(self, region: Region) -> Span | None:
        """The region's span, widened to whole tokens; None if it covers none.

        The editor does not show the tokens.
        """
        starts, ends = self.base.bounds["tokens"]
        first = bisect_right(ends, region.start)
        last = bisect_left(starts, region.end) - 1
        if first > last:
            return None
        start, end = starts[first], ends[last]
        text = self.base.text[start:end]
        drawn = self.base.text[region.start : region.end]
        if (start, end) != (region.start, region.end) and visible(drawn) != visible(text):
            widened = f"it is widened to [{start}, {end}) {text!r}"
            self.report("L105", f"{region} cuts into a token; {widened}")
        return Span(start=start, end=end, text=text)

    def _add(self, layer: str, region: Region, span: Span) -> None:
        """Add the record of a region that is new or changed; report it if it is refused."""
        known: SpanRecord | None = self.in_base[layer].get(region.id)
        added = None if known else self._added_record(layer, span)
        values: dict[str, Any] = {"start": span.start, "end": span.end, "text": span.text}
        values.update(self._answers(layer, region, known))
        groups = self._groups.get(layer)
        if groups:
            values[groups.prop] = groups.id_of(region, known, added, span.text)
        changed = replace(known, **values) if known else None
        if known and changed == known:
            self._take(layer, known, region)
            return
        problem = self._problem(layer, values, region)
        if problem and known:
            self.report("L102", f"{region} {span.text!r} stays as it was: {problem}")
            self._take(layer, known, region)
        elif problem:
            self.report("L102", f"{region} {span.text!r} is left out: {problem}")
        elif changed:
            self._take(layer, changed, region)
        else:
            record_id = added.id if added else self._ids.numbered(layer)
            self._take(layer, _new(layer, record_id, values, self.scheme), region)

    def _take(self, layer: str, record: SpanRecord, region: Region) -> None:
        """Add the record that a region has in a layer, and the region to the record's group."""
        self.layers[layer][record.id] = record
        self.record_ids[layer][region.id] = record.id
        groups = self._groups.get(layer)
        group_id = getattr(record, groups.prop) if groups else None
        if groups and group_id is not None:
            groups.add(group_id, region, record.text)

    def _answers(
        self, layer: str, region: Region, known: SpanRecord | None
    ) -> dict[str, str | float | None]:
        """Label and answers by the attribute of a record; a new answer is stripped."""
        values: dict[str, str | float | None] = {}
        if labelled_by(layer, self.scheme)[0] != "entities":
            values[attribute(labelled_by(layer, self.scheme)[1])] = region.label(layer)
        groups = self._groups.get(layer)
        for control in controls_of(layer, self.scheme):
            if groups and control.prop == groups.prop:
                continue
            answer = region.answers.get(control.name)
            before = getattr(known, control.attribute, None)
            if answer is not None and answer != before:
                answer = answer.strip() or None
            if control.name == _TIME_VALUE and _is_same_time(answer, before):
                answer = before
            values[control.attribute] = None if answer is None else from_answer(answer, control)
        return values

    def _added_record(self, layer: str, span: Span) -> SpanRecord | None:
        """The record with this span that the corpus got since the export.

        It comes from an earlier import of the same annotation.
        """
        added = self._added.get((layer, span.start, span.end))
        return added.pop() if added else None

    def _problem(self, layer: str, values: dict[str, Any], region: Region) -> str:
        """The reason why a record with these values is refused; "" if it is not."""
        refusal = _refusal(layer, values, self.scheme, self._current.is_done(layer))
        groups = self._groups.get(layer)
        group_id = values[groups.prop] if groups else None
        if refusal or groups is None or group_id is None:
            return refusal
        return groups.problem(group_id, region)

    def _drop_dangling_references(self) -> None:
        """Reset typed ids that name no record, and references to a record that was deleted."""
        timexes = {"DCT", *self.layers["timexes"]}
        for prop in ("anchor", "begin", "end_point"):
            self._reset_dangling("timexes", prop, timexes)
        entities = {entity.id for entity in self._entities.values()}
        self._reset_dangling("mentions", "literal", entities)

    def _reset_dangling(self, layer: str, prop: str, targets: set[str]) -> None:
        records = self.layers[layer]
        for record_id, record in records.items():
            target = getattr(record, prop)
            if target is None or target in targets:
                continue
            previous = getattr(self.in_base[layer].get(record_id), prop, None)
            kept = previous if previous in targets else None
            records[record_id] = replace(record, **{prop: kept})
            problem = "no longer exists" if target == previous else "does not exist"
            result = f"it stays {kept!r}" if kept else "it is left out"
            message = f"{record_id} {record.text!r}: its {prop} {target!r} {problem}; {result}"
            self.report("L106", message)


_TIME_VALUE = "timexes_value"


def _is_same_time(answer: str | None, before: str | None) -> bool:
    """Whether two values of a time are one in two spellings.

    A task of version 1 of the schema shows those of TIMEX2, such as 197X, and its base has 197.
    """
    return timeml_spelling(answer or "") == timeml_spelling(before or "")


class _Shown(Struct, frozen=True):
    """The part of a layer's records that the interface shows.

    `values` returns a record's start, end, label (not for mentions) and values; `control_names`
    are the controls of these values. `has_label` is false where the label is a property of another
    record, and `has_others` says that values are not all strings.
    """

    values: Callable[[SpanRecord], tuple[Any, ...]]
    control_names: tuple[str, ...]
    has_label: bool
    has_others: bool


@cache
def _shown(layer: str, scheme: Scheme) -> _Shown:
    home, prop = labelled_by(layer, scheme)
    label = [] if home == "entities" else [attribute(prop)]
    controls = controls_of(layer, scheme)
    answers = [control.attribute for control in controls]
    values = attrgetter("start", "end", *label, *answers)
    has_others = any(control.type != "string" for control in controls)
    return _Shown(values, tuple(control.name for control in controls), bool(label), has_others)


def _new(layer: str, record_id: str, values: dict[str, Any], scheme: Scheme) -> Any:
    record_type: Any = scheme.record_types[layer]
    if layer == "events":
        return record_type(id=record_id, arguments=(), **values)
    return record_type(id=record_id, **values)


@cache
def _empty_document(scheme: Scheme) -> JsonObject:
    """A document that the schema accepts, with no records."""
    sha256 = "0" * 64
    return {
        "schema_version": SCHEMA_VERSION,
        "id": "x",
        "language": "en",
        "date": "2000-01-01",
        "source": {"file": "x", "sha256": sha256, "header_length": 0},
        "text_sha256": sha256,
        "annotators": ["x"],
        "layers": dict.fromkeys(scheme.annotated, DONE),
        "text": "x",
        **{layer: [] for layer in scheme.layers},
    }


def _refusal(layer: str, values: dict[str, Any], scheme: Scheme, is_done: bool) -> str:
    """The reason why the schema refuses a record with these values; "" if it accepts it.

    A record needs its span only unless its layer is done.
    """
    record: JsonObject = {"id": "x"}
    if layer == "events":
        record["arguments"] = []
    for name, value in values.items():
        if value is not None:
            record["class" if name == "class_" else name] = value
    document = {**_empty_document(scheme), layer: [record]}
    if not is_done:
        document["layers"] = {**document["layers"], layer: PARTIAL}
    return "; ".join(message for _, message in schema_errors.errors(document, scheme))
