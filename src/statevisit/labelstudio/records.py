"""Regions and links as the records of a document.

What the interface shows is taken from the annotation; what it cannot show is kept from the base, the document that
was exported: sentences, tokens, entities' names and links, event chains, relations between entities, ACE roles.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import cache, cached_property
from operator import attrgetter
from typing import Any

from msgspec.structs import replace

from statevisit import schema_errors
from statevisit.labelstudio.config import LABELS, PARTS, controls
from statevisit.labelstudio.regions import Region, Report
from statevisit.model import LAYERS, SCHEMA_VERSION, SPAN_LAYERS, Document, Entity, EventChain, Span

PREFIX = {"mentions": "m", "timexes": "t", "quantities": "q", "events": "ev", "quotations": "quo"}
"""What the ids of a layer begin with, before their number."""

_GROUPS = {"mentions": ("entities", "entity"), "events": ("event_chains", "event")}
"""The layers whose records belong to a group: the layer of the groups, and the property that names one."""


class Records:
    """The records of one annotation, without the links between them.

    `layers` has them by layer and id, `homes` the record that each region became, by layer and region, `spans` the parts.
    `current` is the document as the corpus has it now: what was added there is recognised, and its ids stay taken.
    """

    def __init__(
        self, regions: dict[str, Region], base: Document, current: Document, report: Report
    ) -> None:
        self.base, self.current, self.report = base, current, report
        self._starts, self._ends = base.bounds["tokens"]
        self._known: dict[str, dict[str, Any]] = {
            PARTS: {},
            **{layer: {r.id: r for r in getattr(base, layer)} for layer in SPAN_LAYERS},
        }
        self._shown = _shown()
        self.groups = {
            layer: {g.id: g for g in getattr(base, home)} for layer, (home, _) in _GROUPS.items()
        }
        self.layers: dict[str, dict[str, Any]] = {layer: {} for layer in SPAN_LAYERS}
        self.homes: dict[str, dict[str, str]] = {layer: {} for layer in (*SPAN_LAYERS, PARTS)}
        self.spans: dict[str, Span] = {}
        self._typed: dict[str, dict[str, list[Region]]] = {}
        self._added = (
            {
                layer: [r for r in getattr(current, layer) if r.id not in base]
                for layer in SPAN_LAYERS
            }
            if current is not base
            else {}
        )
        changed = [
            (region, layers)
            for region in regions.values()
            if (layers := [n for n in region.labels if not self._kept(n, region)])
        ]
        for region, layers in sorted(changed, key=lambda c: _place(c[0])):
            if span := self._snapped(region):
                for layer in layers:
                    self._add(layer, region, span)
        self._reconcile_types()
        self._drop_references()

    @cached_property
    def _taken(self) -> set[str]:
        """The ids that nothing new may get."""
        return {
            r.id
            for d in (self.base, self.current)
            for layer in LAYERS
            for r in getattr(d, layer)
            if hasattr(r, "id")
        }

    def _kept(self, layer: str, region: Region) -> bool:
        """Whether a region says of its record what the base says, as most do; the base's record is taken then."""
        known = self._known[layer].get(region.id)
        if known is None:
            return False
        shown, asked = self._shown[layer]
        label = (
            () if layer == "mentions" else (region.labels[layer],)
        )  # a mention's is the type of its entity
        if shown(known) != (region.start, region.end, *label, *map(region.answers.get, asked)):
            return False
        self._take(layer, known, region)
        return True

    def _snapped(self, region: Region) -> Span | None:
        """The region's span on token boundaries, which is what a person meant who cannot see tokens."""
        start, end = region.start, region.end
        first, last = bisect_right(self._ends, start), bisect_left(self._starts, end) - 1
        if first > last or start != self._starts[first] or end != self._ends[last]:
            if first > last:
                return self.report("L105", f"{region} covers no token; it is left out")
            bare = self.base.text[start:end].strip()
            start, end = self._starts[first], self._ends[last]
            if bare != self.base.text[start:end]:
                self.report(
                    "L105",
                    f"{region} cuts into a token; it is taken as [{start}, {end}) {self.base.text[start:end]!r}",
                )
        return Span(start=start, end=end, text=self.base.text[start:end])

    def _add(self, layer: str, region: Region, span: Span) -> None:
        if layer == PARTS:
            self.spans[region.id] = span
            self.homes[PARTS][region.id] = region.id
            return
        known = self._known[layer].get(region.id)
        added = None if known else self._take_added(layer, span)
        fields = {
            "start": span.start,
            "end": span.end,
            "text": span.text,
            **self._fields(layer, region, known),
        }
        group = self._group_id(layer, region, known, added, span.text)
        if layer in _GROUPS:
            fields[_GROUPS[layer][1]] = group
        record = replace(known, **fields) if known else None
        if record != known or not known:
            why = _refusal(
                layer, {"id": "x", **({"arguments": []} if layer == "events" else {}), **fields}
            ) or self._misnamed(layer, group)
            if why and not known:
                return self.report("L102", f"{region} {span.text!r} is left out: {why}")
            if why:
                self.report("L102", f"{region} {span.text!r} stays as it was: {why}")
                record = known
        if record is None:
            record = LAYERS[layer](
                id=added.id if added else self._new_id(layer),
                **({"arguments": ()} if layer == "events" else {}),
                **fields,
            )
        self._take(layer, record, region)

    def _take(self, layer: str, record: Any, region: Region) -> None:
        """Take the record that a region has in a layer."""
        self.layers[layer][record.id] = record
        self.homes[layer][region.id] = record.id
        if layer in _GROUPS:
            self._join(layer, getattr(record, _GROUPS[layer][1]), region, record.text)

    def _fields(self, layer: str, region: Region, known: Any) -> dict[str, Any]:
        """Label and answers as the record's fields; a new answer without the white space around it."""
        prop = LABELS[layer][1]
        fields: dict[str, Any] = (
            {} if layer == "mentions" else {_attribute(prop): region.labels[layer]}
        )
        for control, attribute in _answered(layer):
            given, old = region.answers.get(control.name), getattr(known, attribute, None)
            fields[attribute] = given if given == old or given is None else given.strip() or None
        return fields

    def _take_added(self, layer: str, span: Span) -> Any:
        """The record that the corpus got for this very span since the export: the same annotation, taken in before."""
        for record in self._added.get(layer, ()):
            if (record.start, record.end) == (span.start, span.end):
                self._added[layer].remove(record)
                return record
        return None

    def _new_id(self, layer: str) -> str:
        pattern = re.compile(rf"{PREFIX[layer]}(\d{{1,18}})")
        last = max((int(m[1]) for i in self._taken if (m := pattern.fullmatch(i))), default=0)
        self._taken.add(found := f"{PREFIX[layer]}{last + 1}")
        return found

    def _group_id(self, layer: str, region: Region, known: Any, added: Any, text: str) -> str:
        """The id of the entity or event chain: as answered, or as it was, or a new one made from the text."""
        if layer not in _GROUPS:
            return ""
        prop = _GROUPS[layer][1]
        if answer := region.answers.get(f"{layer}_{prop}", "").strip():
            return answer
        if known:
            self.report(
                "L102",
                f"{region}: {prop} was emptied, and it must be there; it stays {getattr(known, prop)!r}",
            )
        return getattr(known or added, prop, None) or self._slug(text, prop)

    def _misnamed(self, layer: str, group: str) -> str:
        """What is wrong with a group's id: that it is the id of something else."""
        if (
            layer not in _GROUPS
            or group in self.groups[layer]
            or group not in self._taken
            or any(g.id == group for g in getattr(self.current, _GROUPS[layer][0]))
        ):
            return ""
        return f"`{_GROUPS[layer][1]}` is {group!r}, which is the id of something else"

    def _slug(self, text: str, fallback: str) -> str:
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
        slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48] or fallback
        number = 1
        while (found := slug if number == 1 else f"{slug}-{number}") in self._taken:
            number += 1
        return found

    def _join(self, layer: str, group: str, region: Region, text: str) -> None:
        """Remember the member of a group, and make the group where there is none."""
        if layer == "mentions":
            self._typed.setdefault(group, {}).setdefault(region.labels[layer], []).append(region)
        if group in self.groups[layer]:
            return
        there = next((g for g in getattr(self.current, _GROUPS[layer][0]) if g.id == group), None)
        if there is None:
            self._taken.add(group)
            what = "entity" if layer == "mentions" else "event chain"
            asked = (
                ""
                if region.answers.get(f"{layer}_{_GROUPS[layer][1]}")
                else f"; it was given no {what} id: is it one that is there already?"
            )
            complete = (
                "; complete its name, link and reference in the document"
                if layer == "mentions"
                else ""
            )
            self.report("L101", f"{region} {text!r} makes a new {what}, {group!r}{asked}{complete}")
        new: Any = (
            Entity(
                id=group,
                type=region.labels[layer],
                name=text,
                nil="UNVERIFIED",
                reference="SPECIFIC",
            )
            if layer == "mentions"
            else EventChain(id=group)
        )
        self.groups[layer][group] = there or new

    def _reconcile_types(self) -> None:
        """An entity's type is what all its mentions are labelled; where they differ it stays."""
        for group, labels in self._typed.items():
            entity = self.groups["mentions"][group]
            if len(labels) == 1:
                self.groups["mentions"][group] = replace(entity, type=next(iter(labels)))
            else:
                other = {
                    label: sorted(regions, key=_place)
                    for label, regions in labels.items()
                    if label != entity.type
                }
                listed = sorted(other, key=lambda label: _place(other[label][0]))
                others = "; ".join(
                    f"{label}: {', '.join(r.id for r in other[label][:5])}{' …' if len(other[label]) > 5 else ''}"
                    for label in listed
                )
                self.report(
                    "L103",
                    f"the mentions of {group!r} ({entity.type}) are not labelled alike ({others}); its type stays {entity.type}: label all of them, or give the others another entity id",
                )

    def _drop_references(self) -> None:
        """What was typed as an id, or points to what was deleted, is there or is left out."""
        timexes, entities = self.layers["timexes"], self.groups["mentions"].keys()
        for layer, props, there in (
            ("timexes", ("anchor", "begin", "end_point"), {"DCT", *timexes}),
            ("mentions", ("literal",), entities),
        ):
            for name, record in self.layers[layer].items():
                for prop in props:
                    if (target := getattr(record, prop)) is not None and target not in there:
                        old = getattr(self.base[name], prop) if name in self.base else None
                        kept = old if old in there else None
                        self.layers[layer][name] = record = replace(record, **{prop: kept})
                        self.report(
                            "L106",
                            f"{name} {record.text!r}: its {prop} {target!r} is not there{' any more' if target == old else ''}; {f'it stays {kept!r}' if kept else 'it is left out'}",
                        )

    def grouped(self) -> dict[str, tuple[Any, ...]]:
        """The entities and event chains; those that lost their last mention stay, and are reported."""
        for layer, (home, prop) in _GROUPS.items():
            before, after = (
                {getattr(r, prop) for r in records}
                for records in (getattr(self.base, layer), self.layers[layer].values())
            )
            for group in sorted((before - after) & {g.id for g in getattr(self.current, home)}):
                self.report(
                    "L106",
                    f"{group!r} in {home} has no mention left; delete it in the document if it is not wanted",
                )
        return {home: tuple(self.groups[layer].values()) for layer, (home, _) in _GROUPS.items()}


def _place(region: Region) -> tuple[int, int, int, str]:
    """The order of regions: as the scheme orders the spans of a layer."""
    return region.start, -region.end, len(region.id), region.id


def _attribute(prop: str) -> str:
    return "class_" if prop == "class" else prop


@cache
def _answered(layer: str) -> tuple[tuple[Any, str], ...]:
    """The controls of a layer with the field each fills, the one that names the group apart."""
    return tuple(
        (c, _attribute(c.prop))
        for c in controls().values()
        if c.layer == layer and c.prop != _GROUPS.get(layer, ("", ""))[1]
    )


@cache
def _shown() -> dict[str, tuple[Callable[[Any], tuple[Any, ...]], tuple[str, ...]]]:
    """Of each layer, (a record's span, label and answers; the names of the controls that these answers are given with)."""
    found = {}
    for layer in SPAN_LAYERS:
        label = () if layer == "mentions" else (_attribute(LABELS[layer][1]),)
        asked = [c for c in controls().values() if c.layer == layer]
        found[layer] = (
            attrgetter("start", "end", *label, *(_attribute(c.prop) for c in asked)),
            tuple(c.name for c in asked),
        )
    return found


@cache
def _skeleton() -> dict[str, Any]:
    empty = {name: [] for name in LAYERS}
    sha = "0" * 64
    return {
        "schema_version": SCHEMA_VERSION,
        "id": "x",
        "language": "en",
        "date": "2000-01-01",
        "source": {"file": "x", "sha256": sha, "header_length": 0},
        "text_sha256": sha,
        "annotators": ["x"],
        "text": "x",
        **empty,
    }


def _refusal(layer: str, fields: dict[str, Any]) -> str:
    """Why the schema refuses a record; "" when it does not."""
    record = {k.rstrip("_"): v for k, v in fields.items() if v is not None}
    return "; ".join(
        message for _, message in schema_errors.errors({**_skeleton(), layer: [record]})
    )
