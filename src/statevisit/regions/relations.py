"""The links between regions as arguments, event relations, and references between records."""

from functools import cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from statevisit.document.codec import ordered
from statevisit.document.model import Argument, Document, Event, EventRelation, Span
from statevisit.document.references import list_names, targets
from statevisit.document.scheme import Scheme
from statevisit.regions.labels import PARTS
from statevisit.regions.regions import Link, Read, Region, Report
from statevisit.regions.relation_labels import (
    PART_LABELS,
    POINTERS,
    pointers,
    stated_modality,
    type_label,
)
from statevisit.regions.to_records import Records


class _Ends(Struct, frozen=True):
    """The layers that links with a label may lead from and to."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]


@cache
def _ends_of_pointers(scheme: Scheme) -> dict[str, _Ends]:
    return {
        label: _Ends((layer,), targets(layer, name) or (PARTS,))
        for label, (layer, name) in pointers(scheme).items()
    }


def _ends(label: str, records: Records) -> _Ends:
    """The layers that the links of a label may connect."""
    if label in records.roles:
        return _Ends(("events",), targets("arguments", "target"))
    if label in records.event_relation_types:
        sources = targets("event_relations", "source")
        return _Ends(sources, targets("event_relations", "target"))
    return _ends_of_pointers(records.scheme)[label]


def document_of(
    read: Read, base: Document, current: Document, report: Report
) -> tuple[Document, dict[str, str]]:
    """Return the document that regions and links describe, and its record ids by region."""
    records = Records(read.regions, base, current, report)
    resolved = [_resolved(link, records, read.regions) for link in read.links]
    links = [link for link in resolved if link]
    _set_references(records, links, read.regions)
    document = replace(
        base,
        events=_with_arguments(records, links),
        mentions=tuple(records.layers["mentions"].values()),
        timexes=tuple(records.layers["timexes"].values()),
        quantities=tuple(records.layers["quantities"].values()),
        quotations=tuple(records.layers["quotations"].values()),
        event_relations=_event_relations(records, links),
        **records.groups(),
    )
    record_ids = {
        region: record for ids in records.record_ids.values() for region, record in ids.items()
    }
    return ordered(document, like=base), record_ids


def _resolved(link: Link, records: Records, regions: dict[str, Region]) -> Link | None:
    """The link between records instead of regions; None, and a report, if the scheme has none."""
    ends = _ends(link.label, records)
    source = _record_of(link.source, ends.sources, records)
    target = _record_of(link.target, ends.targets, records)
    if source and target:
        return Link(source, link.label, target)
    shown = f"from {regions[link.source]} to {regions[link.target]}"
    layers = tuple(records.record_ids)
    if _record_of(link.source, layers, records) and _record_of(link.target, layers, records):
        known = {*records.scheme.layers, PARTS}
        sources = " or ".join(layer for layer in ends.sources if layer in known)
        targets_ = " or ".join(layer for layer in ends.targets if layer in known)
        allowed = f"from {sources} to {targets_}"
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


def _set_references(records: Records, links: list[Link], regions: dict[str, Region]) -> None:
    """Set the properties of `POINTERS`."""
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
            name = regions[region_id].name
            words = f"{name} {span.text!r} [{span.start}, {span.end})"
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
        in_base = records.in_base[layer].get(record_id)
        exported = getattr(in_base, prop, None)
        value: Any
        if prop in list_names():
            value = tuple(dict.fromkeys(linked)) or None  # `ordered` sorts them
        else:
            value = _one_of(linked, exported, record_id, label, records)
        if value != before:
            records.layers[layer][record_id] = replace(record, **{prop: value})


def _one_of(
    linked: list[str],
    exported: str | Span | None,
    record_id: str,
    label: str,
    records: Records,
) -> str | Span | None:
    """The value of a property that holds one reference or part; several are reported."""
    candidates: list[str | Span] = list(linked)
    if label in PART_LABELS:
        candidates = [records.spans[region_id] for region_id in linked]
    # A reference of a record to itself cannot be drawn.
    keeps = exported in candidates or exported == record_id
    if len(candidates) > 1:
        choice = "the one it had stays" if keeps else "the first is used"
        message = f"{record_id} has {len(candidates)} relations {label} and can have one"
        records.report("L107", f"{message}; {choice}")
    if keeps:
        return exported
    return candidates[0] if candidates else None


def _with_arguments(records: Records, links: list[Link]) -> tuple[Event, ...]:
    """The events with the arguments that links give them."""
    links_by_event: dict[str, list[Link]] = {}
    for link in links:
        role = records.roles.get(link.label)
        if role is not None:
            links_by_event.setdefault(link.source, []).append(replace(link, label=role))
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

    The labels of `links` are roles. A new role for a target keeps the other properties that the
    argument had. An argument whose target is the event itself, or that has no role yet, cannot be
    drawn and stays while its target does.
    """
    exported: Event | None = records.in_base["events"].get(event.id)
    linked = {(link.label, link.target) for link in links}
    arguments: list[Argument] = []
    dropped: dict[str, list[Argument]] = {}
    before = exported.arguments if exported else None
    for argument in before or ():
        is_undrawn = argument.role is None or argument.target == event.id
        is_kept = is_undrawn and records.has(argument.target)
        if is_kept or (argument.role, argument.target) in linked:
            arguments.append(argument)
        else:
            dropped.setdefault(argument.target, []).append(argument)
    kept = {(argument.role, argument.target) for argument in arguments}
    for link in links:
        if (link.label, link.target) in kept:
            continue
        previous = dropped.get(link.target, [])
        if len(previous) == 1:
            arguments.append(replace(previous[0], role=link.label))
        else:
            argument_type = records.scheme.argument_type
            arguments.append(argument_type(role=link.label, target=link.target))
    if exported and exported.type != event.type:
        arguments = _without_wrong_ace_roles(event, arguments, records)
    return tuple(arguments)


def _without_wrong_ace_roles(
    event: Event, arguments: list[Argument], records: Records
) -> list[Argument]:
    """Remove, and report, the ACE roles that the type of an event does not have."""
    allowed = _ace_roles(records.scheme).get(event.type or "")
    if allowed is None:
        return arguments
    ace_roles = {argument.ace_role for argument in arguments if argument.ace_role}
    wrong = ace_roles.difference(allowed)
    if not wrong:
        return arguments
    message = f"the type of {event.id} {event.text!r} is {event.type} now, which has no ACE role"
    records.report("L106", f"{message} {', '.join(sorted(wrong))}; they are left out")
    return [replace(a, ace_role=None) if a.ace_role in wrong else a for a in arguments]


@cache
def _ace_roles(scheme: Scheme) -> dict[str, list[str] | None]:
    """The ACE roles of each event type; None for a corpus's own type that states none."""
    return scheme.label_extras("events", "type", "roles")


def _event_relations(records: Records, links: list[Link]) -> tuple[EventRelation, ...]:
    """The event relations that links describe, as the base has them where it has them.

    A relation of a record to itself, or without a type, cannot be drawn and stays while its records
    do. A new type or modality for two records keeps the other properties that their relation had.
    """
    in_base = {_link(relation, records.scheme) for relation in records.base.event_relations}
    linked = _of_one_modality(links, in_base, records)
    relations: list[EventRelation] = []
    dropped: dict[tuple[str, str], list[EventRelation]] = {}
    for relation in records.base.event_relations:
        is_undrawn = relation.type is None or relation.source == relation.target
        is_kept = records.has(relation.source) and records.has(relation.target)
        if _link(relation, records.scheme) in linked or (is_undrawn and is_kept):
            relations.append(relation)
        else:
            dropped.setdefault((relation.source, relation.target), []).append(relation)
    for link in linked:
        if link not in in_base:
            previous = dropped.get((link.source, link.target), [])
            relations.append(_event_relation(link, previous, records))
    return tuple(relations)


def _link(relation: EventRelation, scheme: Scheme) -> Link:
    """The link of an event relation; its label is "" if the relation has no type."""
    label = type_label(relation.type, relation.modality, scheme) if relation.type else ""
    return Link(relation.source, label, relation.target)


def _of_one_modality(links: list[Link], in_base: set[Link], records: Records) -> dict[Link, None]:
    """The links of event relations; of two that differ in modality only, that of the base."""
    same: dict[tuple[str, str, str], list[Link]] = {}
    for link in dict.fromkeys(links):
        if link.label in records.event_relation_types:
            name, _ = records.event_relation_types[link.label]
            same.setdefault((link.source, name, link.target), []).append(link)
    chosen: dict[Link, None] = {}
    for (source, name, target), candidates in same.items():
        known = [link for link in candidates if link in in_base]
        kept = known or candidates[:1]
        if len(kept) < len(candidates):
            choice = "the one it had stays" if known else f"{kept[0].label} is used"
            message = f"{name} from {source} to {target} has {len(candidates)} modalities"
            records.report("L107", f"{message} and can have one; {choice}")
        chosen.update(dict.fromkeys(kept))
    return chosen


def _event_relation(link: Link, previous: list[EventRelation], records: Records) -> EventRelation:
    """A new event relation; `previous` are those of the same records that it may replace."""
    scheme = records.scheme
    name, modality = records.event_relation_types[link.label]
    replaced = [relation for relation in previous if relation.type == name] or previous
    if len(replaced) == 1:
        before = replaced[0].modality
        if stated_modality(before, scheme) == stated_modality(modality, scheme):
            modality = before
        return replace(replaced[0], type=name, modality=modality)
    event_relation_type: Any = scheme.record_types["event_relations"]
    relation: EventRelation = event_relation_type(
        type=name, source=link.source, target=link.target, modality=modality
    )
    return relation
