"""The links between regions as arguments, event relations, and pointers from record to record."""

from functools import cache
from typing import Any

from msgspec.structs import replace

from statevisit import schema
from statevisit.codec import ordered
from statevisit.labelstudio.config import PARTS, POINTERS
from statevisit.labelstudio.records import Records
from statevisit.labelstudio.regions import Link, Region, Report, from_results
from statevisit.model import Argument, Document, Event, EventRelation


@cache
def _ends() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The layers that each relation label may lead from and to."""
    participants = ("mentions", "timexes", "quantities", "events")
    return {
        **dict.fromkeys(schema.label_names("arguments", "role"), (("events",), participants)),
        **dict.fromkeys(
            schema.label_names("event_relations", "type"),
            (("events", "timexes"), ("events", "timexes")),
        ),
        "MEASURES": (("quantities",), ("mentions", "events")),
        "CONVERSION_OF": (("quantities",), ("quantities",)),
        "PROPERTY": (("quantities",), (PARTS,)),
        "CUE": (("quotations",), (PARTS,)),
        "SOURCE": (("quotations",), ("mentions",)),
    }


def to_document(results: list[Any], base: Document, current: Document, report: Report) -> Document:
    """The document that an annotation of `base` says.

    What the interface does not show comes from `base`; `current`, the document as the corpus has it now, lends its
    ids to what it was given already. `report` is called with the code and message of every finding.
    """
    regions, links = from_results(results, len(base.text), report)
    return with_links(Records(regions, base, current, report), regions, links)


def with_links(records: Records, regions: dict[str, Region], links: list[Link]) -> Document:
    """The document of `records` with their links, in canonical order."""
    base, layers = records.base, records.layers
    found = [
        link for raw in links if (link := _resolved(raw, records.homes, regions, records.report))
    ]
    _point(records, found)
    roles: dict[str, list[tuple[str, str]]] = {}
    for source, label, target in found:
        if label in _roles():
            roles.setdefault(source, []).append((label, target))
    events = []
    for event in layers["events"].values():
        arguments = _arguments(event, roles.get(event.id, []), base, records.report)
        events.append(
            event if arguments == event.arguments else replace(event, arguments=arguments)
        )
    types = frozenset(schema.label_names("event_relations", "type"))
    wanted = dict.fromkeys(link for link in found if link[1] in types)
    there = {*layers["events"], *layers["timexes"]}
    before = {(r.source, r.type, r.target) for r in base.event_relations}
    related = [
        r
        for r in base.event_relations
        if (r.source, r.type, r.target) in wanted or (r.source == r.target and r.source in there)
    ]
    related += [
        EventRelation(type=label, source=source, target=target)
        for source, label, target in wanted
        if (source, label, target) not in before
    ]
    return ordered(
        replace(
            base,
            mentions=tuple(layers["mentions"].values()),
            timexes=tuple(layers["timexes"].values()),
            quantities=tuple(layers["quantities"].values()),
            events=tuple(events),
            quotations=tuple(layers["quotations"].values()),
            event_relations=tuple(related),
            **records.grouped(),
        ),
        like=base,
    )


@cache
def _roles() -> frozenset[str]:
    return frozenset(schema.label_names("arguments", "role"))


def _resolved(
    link: Link, homes: dict[str, dict[str, str]], regions: dict[str, Region], report: Report
) -> Link | None:
    """The link between records instead of regions; None, and a report, where the scheme has no such link."""
    source, label, target = link
    sources, targets = _ends()[label]
    first, second = _first(source, homes, sources), _first(target, homes, targets)
    if first and second:
        return first, label, second
    if not (_first(source, homes, tuple(homes)) and _first(target, homes, tuple(homes))):
        report(
            "L104",
            f"{label} from {regions[source]} to {regions[target]} goes with the region that was left out",
        )
    else:
        report(
            "L104",
            f"{label} leads from {' or '.join(sources)} to {' or '.join(targets)}, not from {regions[source]} to {regions[target]}; it is left out",
        )
    return None


def _first(region: str, homes: dict[str, dict[str, str]], layers: tuple[str, ...]) -> str | None:
    """The record that a region became in the first of some layers where it became one."""
    for layer in layers:
        if region in homes[layer]:
            return homes[layer][region]
    return None


def _point(records: Records, found: list[Link]) -> None:
    """Set what a record points to with a property of its own: one thing each."""
    used = set()
    for label, (layer, prop) in POINTERS.items():
        targets: dict[str, list[str]] = {}
        for source, name, target in found:
            if name == label:
                targets.setdefault(source, []).append(target)
                used.add(target)
        for name, record in records.layers[layer].items():
            if name not in targets and getattr(record, prop) is None:
                continue
            old = getattr(records.base[name], prop) if name in records.base else None
            given = [
                records.spans[t] if label in ("PROPERTY", "CUE") else t
                for t in targets.get(name, ())
            ]
            if len(given) > 1:
                records.report(
                    "L107",
                    f"{name} has {len(given)} relations {label} and can have one; {'the one it had stays' if old in given else 'the first is taken'}",
                )
            value = old if old in given or old == name else given[0] if given else None
            if value != getattr(record, prop):
                records.layers[layer][name] = replace(record, **{prop: value})
    for name, span in records.spans.items():
        if name not in used:
            records.report(
                "L104",
                f"the words {name} {span.text!r} [{span.start}, {span.end}) belong to nothing: draw a relation to them, or delete them",
            )


def _arguments(
    event: Event, wanted: list[tuple[str, str]], base: Document, report: Report
) -> tuple[Argument, ...]:
    """The arguments of an event; each keeps the ACE role that it had, if the event's type still has it."""
    before: Event | None = base[event.id] if event.id in base else None
    old = before.arguments if before else ()
    kept = [a for a in old if (a.role, a.target) in wanted or a.target == event.id]
    lost = [a for a in old if a not in kept]
    there = {(a.role, a.target) for a in kept}
    for role, target in wanted:
        if (role, target) not in there:
            same = [a for a in lost if a.target == target]
            kept.append(
                Argument(
                    role=role, target=target, ace_role=same[0].ace_role if len(same) == 1 else None
                )
            )
    if before and before.type != event.type:
        allowed = _ace_roles()[event.type]
        gone = sorted({a.ace_role for a in kept if a.ace_role and a.ace_role not in allowed})
        if gone:
            report(
                "L106",
                f"{event.id} {event.text!r} is {event.type} now, which has no ACE role {', '.join(gone)}; they are left out",
            )
        kept = [replace(a, ace_role=None) if a.ace_role not in allowed else a for a in kept]
    return tuple(kept)


@cache
def _ace_roles() -> dict[str, list[str]]:
    return {label.name: label.extra["roles"] for label in schema.labels("events", "type")}
