"""The links between regions as arguments, event relations, and references between records."""

from collections.abc import Iterable
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from statevisit.document import schema
from statevisit.document.codec import ordered
from statevisit.document.model import Argument, Document, Event, EventRelation, Span
from statevisit.document.references import targets
from statevisit.document.strict_json import Json
from statevisit.labelstudio.interface import PART_LABELS, PARTS, POINTERS
from statevisit.labelstudio.reading import Read, from_results
from statevisit.labelstudio.results import Link, Region, Report, Result
from statevisit.labelstudio.to_records import Records


class _Ends(Struct, frozen=True):
    """The layers that links with a label may lead from and to."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]


@cache
def _roles() -> frozenset[str]:
    return frozenset(schema.label_names("arguments", "role"))


@cache
def _event_relation_types() -> frozenset[str]:
    return frozenset(schema.label_names("event_relations", "type"))


@cache
def _ends() -> dict[str, _Ends]:
    """The layers that the links of each label may connect."""
    argument = _Ends(("events",), targets("arguments", "target"))
    event_relation = _Ends(
        targets("event_relations", "source"), targets("event_relations", "target")
    )
    ends = dict.fromkeys(_roles(), argument)
    ends |= dict.fromkeys(_event_relation_types(), event_relation)
    for label, (layer, name) in POINTERS.items():
        ends[label] = _Ends((layer,), targets(layer, name) or (PARTS,))
    return ends


def to_document(
    results: Iterable[Result | Json], base: Document, current: Document, report: Report
) -> Document:
    """Return the document that the results of an annotation of `base` describe, in canonical order.

    What the interface does not show comes from `base`. `current` is the document as the corpus has
    it now; records that it already has keep their ids. `report` is called with the code and the
    message of every finding.
    """
    return document_of(from_results(results, base, report), base, current, report)[0]


def document_of(
    read: Read, base: Document, current: Document, report: Report
) -> tuple[Document, set[str]]:
    """Return the document that regions and links describe, and the ids of regions that it has."""
    records = Records(read.regions, base, current, report)
    resolved = [_resolved(link, records, read.regions) for link in read.links]
    links = [link for link in resolved if link]
    _set_references(records, links)
    document = replace(
        base,
        events=_with_arguments(records, links),
        mentions=tuple(records.layers["mentions"].values()),
        timexes=tuple(records.layers["timexes"].values()),
        quantities=tuple(records.layers["quantities"].values()),
        quotations=tuple(records.layers["quotations"].values()),
        event_relations=_event_relations(records, links),
        **records.groups(),
    ).begun()
    used = {region_id for ids in records.record_ids.values() for region_id in ids}
    return ordered(document, like=base), used


def _resolved(link: Link, records: Records, regions: dict[str, Region]) -> Link | None:
    """The link between records instead of regions; None, and a report, if the scheme has none."""
    ends = _ends()[link.label]
    source = _record_of(link.source, ends.sources, records)
    target = _record_of(link.target, ends.targets, records)
    if source and target:
        return Link(source, link.label, target)
    shown = f"from {regions[link.source]} to {regions[link.target]}"
    layers = tuple(records.record_ids)
    if _record_of(link.source, layers, records) and _record_of(link.target, layers, records):
        allowed = f"from {' or '.join(ends.sources)} to {' or '.join(ends.targets)}"
        message = f"{link.label} leads {allowed}, not {shown}; it is left out"
    else:
        message = f"{link.label} {shown} is left out, because one of these regions is"
    records.report("L104", message)
    return None


def _record_of(region_id: str, layers: tuple[str, ...], records: Records) -> str | None:
    """The id of a region's record in the first of some layers that has one."""
    for layer in layers:
        if region_id in records.record_ids[layer]:
            return records.record_ids[layer][region_id]
    return None


def _set_references(records: Records, links: list[Link]) -> None:
    """Set the properties of `POINTERS`, each of which holds one reference or one part."""
    targets: dict[str, dict[str, list[str]]] = {label: {} for label in POINTERS}
    linked = set()
    for link in links:
        if link.label in POINTERS:
            targets[link.label].setdefault(link.source, []).append(link.target)
            linked.add(link.target)
    for label in POINTERS:
        _set_property(records, label, targets[label])
    for region_id, span in records.spans.items():
        if region_id not in linked:
            words = f"{region_id} {span.text!r} [{span.start}, {span.end})"
            message = f"no relation leads to the words {words}: draw one, or delete them"
            records.report("L104", message)


def _set_property(records: Records, label: str, targets: dict[str, list[str]]) -> None:
    """Set the property of a pointer in all records; `targets` are the linked ids by record."""
    layer, prop = POINTERS[label]
    for record_id, record in records.layers[layer].items():
        linked = targets.get(record_id, [])
        before = getattr(record, prop)
        if not linked and before is None:
            continue
        candidates: list[str | Span] = list(linked)
        if label in PART_LABELS:
            candidates = [records.spans[region_id] for region_id in linked]
        in_base = records.in_base[layer].get(record_id)
        exported: str | Span | None = getattr(in_base, prop, None)
        # A reference of a record to itself cannot be drawn.
        keeps = exported in candidates or exported == record_id
        value: str | Span | None = None
        if keeps:
            value = exported
        elif candidates:
            value = candidates[0]
        if len(candidates) > 1:
            choice = "the one it had stays" if keeps else "the first is used"
            message = f"{record_id} has {len(candidates)} relations {label} and can have one"
            records.report("L107", f"{message}; {choice}")
        if value != before:
            records.layers[layer][record_id] = replace(record, **{prop: value})


def _with_arguments(records: Records, links: list[Link]) -> tuple[Event, ...]:
    """The events with the arguments that links give them."""
    links_by_event: dict[str, list[Link]] = {}
    for link in links:
        if link.label in _roles():
            links_by_event.setdefault(link.source, []).append(link)
    events: list[Event] = []
    for event in records.layers["events"].values():
        arguments = _arguments(event, links_by_event.get(event.id, []), records)
        is_untouched = event.arguments is None and not arguments
        if arguments != event.arguments and not is_untouched:
            event = replace(event, arguments=arguments)
        events.append(event)
    return tuple(events)


def _arguments(event: Event, links: list[Link], records: Records) -> tuple[Argument, ...]:
    """The arguments of an event; each keeps its ACE role if the event's type still has it.

    An argument whose target is the event itself, or that has no role yet, cannot be drawn and
    stays.
    """
    exported: Event | None = records.in_base["events"].get(event.id)
    linked = {(link.label, link.target) for link in links}
    arguments: list[Argument] = []
    dropped: dict[str, list[Argument]] = {}
    before = exported.arguments if exported else None
    for argument in before or ():
        is_undrawn = argument.role is None or argument.target == event.id
        if is_undrawn or (argument.role, argument.target) in linked:
            arguments.append(argument)
        else:
            dropped.setdefault(argument.target, []).append(argument)
    kept = {(argument.role, argument.target) for argument in arguments}
    for link in links:
        if (link.label, link.target) in kept:
            continue
        previous = dropped.get(link.target, [])
        ace_role = previous[0].ace_role if len(previous) == 1 else None
        arguments.append(Argument(role=link.label, target=link.target, ace_role=ace_role))
    if exported and exported.type != event.type:
        arguments = _without_wrong_ace_roles(event, arguments, records)
    return tuple(arguments)


def _without_wrong_ace_roles(
    event: Event, arguments: list[Argument], records: Records
) -> list[Argument]:
    """Remove, and report, the ACE roles that the type of an event does not have."""
    if event.type is None:
        return arguments
    allowed = _ace_roles()[event.type]
    ace_roles = {argument.ace_role for argument in arguments if argument.ace_role}
    wrong = ace_roles.difference(allowed)
    if not wrong:
        return arguments
    message = f"the type of {event.id} {event.text!r} is {event.type} now, which has no ACE role"
    records.report("L106", f"{message} {', '.join(sorted(wrong))}; they are left out")
    return [replace(a, ace_role=None) if a.ace_role in wrong else a for a in arguments]


@cache
def _ace_roles() -> dict[str, list[str]]:
    """The ACE roles of each event type."""
    return {label.name: label.extra["roles"] for label in schema.labels("events", "type")}


def _event_relations(records: Records, links: list[Link]) -> tuple[EventRelation, ...]:
    """The event relations that links describe, as the base has them where it has them.

    A relation of a record to itself, or without a type, cannot be drawn and stays while its records
    do.
    """
    linked = dict.fromkeys(link for link in links if link.label in _event_relation_types())
    existing = {*records.layers["events"], *records.layers["timexes"]}
    relations: list[EventRelation] = []
    in_base = set()
    for relation in records.base.event_relations:
        link = Link(relation.source, relation.type or "", relation.target)
        in_base.add(link)
        is_undrawn = relation.type is None or relation.source == relation.target
        is_kept = is_undrawn and {relation.source, relation.target} <= existing
        if link in linked or is_kept:
            relations.append(relation)
    for link in linked:
        if link not in in_base:
            relations.append(EventRelation(type=link.label, source=link.source, target=link.target))
    return tuple(relations)
