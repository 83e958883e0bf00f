"""Shared ids: an annotation takes the ids of another annotation of the same text.

A diff of the two then shows their disagreements. This module is apart from the diff because it
changes a document; the diff only compares.
"""

import re
from collections import Counter
from collections.abc import Container, Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from statevisit.document.codec import ordered
from statevisit.document.model import SPAN_LAYERS, Document
from statevisit.document.records import (
    ID_PREFIXES,
    Entity,
    Event,
    EventChain,
    Mention,
    Record,
    Relation,
    SpanRecord,
    free_ids,
)
from statevisit.document.references import reference_names
from statevisit.document.same_entity import same_entity, same_item
from statevisit.errors import FormatError

Ids = dict[str, str]
"""The id of a record in the reference, by its id in the document."""

_RENAMED_LAYERS = (*SPAN_LAYERS, "entities", "event_chains", "relations", "event_relations")
_NUMBERED_ID = re.compile(rf"({'|'.join(ID_PREFIXES.values())})(\d+)")


def aligned(document: Document, *references: Document, decided: Document | None = None) -> Document:
    """Return `document` with the ids of a reference for the records that both annotate.

    Of several references the first comes first; the next ones, and last `decided`, give ids to
    records that it lacks, for records with ids that it lacks. All other records get fresh ids, with
    numbers above those of the references. Records of a span layer are
    the same if their spans are equal, else if they overlap most, one to one. Entities and event
    chains are the same if they link to one Wikidata item, else if they share most of these mentions
    (ties: the first in the text), but never against `same_entity`. Relations are the same if type
    and both ends are, else if both ends are. Raises FormatError if the texts differ.
    """
    ids: Ids = {}
    taken: set[str] = set()
    known = {record_id for reference in references for record_id in reference.layer_by_id}
    for reference in (*references, *([decided] if decided else [])):
        if document.text != reference.text:
            raise FormatError(
                f"{document.id}: the texts differ; only annotations of one text can be aligned"
            )
        _pair(document, reference, ids, taken)
        taken.update(reference.layer_by_id)
    fresh = _FreshIds({*taken, *ids.values()}, known)
    for record_id in document.layer_by_id:
        if record_id not in ids:
            ids[record_id] = fresh.take(record_id)
    return ordered(_renamed(document, ids))


def _pair(document: Document, reference: Document, ids: Ids, taken: set[str]) -> None:
    """Add to `ids` the pairs of records that have none yet with records whose ids are not taken."""

    def rest(layer: str) -> tuple[list[Any], list[Any]]:
        records = [r for r in getattr(document, layer) if r.id not in ids]
        return records, [r for r in getattr(reference, layer) if r.id not in taken]

    for layer in SPAN_LAYERS:
        ids |= _spans(*rest(layer))
    shared = _shared(_homes(document.mentions), _homes(reference.mentions), ids)
    ids |= _groups(*rest("entities"), shared)
    shared = _shared(_homes(document.events), _homes(reference.events), ids)
    ids |= _groups(*rest("event_chains"), shared)
    ids |= _relations(*rest("relations"), ids)


class _Queue:
    """The ids of some records, the first in alphabetical order first; used ones are passed over."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = sorted(ids, reverse=True)

    def first(self, used: Container[str]) -> str | None:
        """Return the first id that is not used; None if all are."""
        while self._ids and self._ids[-1] in used:
            self._ids.pop()
        return self._ids[-1] if self._ids else None


class _Pairing:
    """Pairs of records; each record is in one pair at most."""

    def __init__(self) -> None:
        self.ids: Ids = {}
        self.used: set[str] = set()

    def take(self, record_id: str, reference_id: str) -> None:
        """Pair two records if both are free."""
        if record_id not in self.ids and reference_id not in self.used:
            self.ids[record_id] = reference_id
            self.used.add(reference_id)

    def take_first(self, record_id: str, *queues: _Queue | None) -> None:
        """Pair a record, if it is free, with the first free one of some queues."""
        if record_id in self.ids:
            return
        firsts = [queue.first(self.used) for queue in queues if queue is not None]
        partner = min((first for first in firsts if first is not None), default=None)
        if partner is not None:
            self.take(record_id, partner)


class _Place(Struct, frozen=True):
    """A span and a level, which records of one layer can share."""

    start: int
    end: int
    level: str | None


def _spans(records: Sequence[SpanRecord], others: Sequence[SpanRecord]) -> Ids:
    """Pair overlapping spans: by share of the words in both, then level, then place, then id."""
    by_place, others_by_place = _by_place(records), _by_place(others)
    pairing = _Pairing()
    _pair_places(pairing, by_place, others_by_place, _equal(by_place, others_by_place))
    # Equal spans are the best pairs. Those that remain are few, as a rule.
    by_place = _by_place(record for record in records if record.id not in pairing.ids)
    others_by_place = _by_place(other for other in others if other.id not in pairing.used)
    _pair_places(pairing, by_place, others_by_place, _overlapping(by_place, others_by_place))
    return pairing.ids


def _pair_places(
    pairing: _Pairing,
    by_place: dict[_Place, list[str]],
    others_by_place: dict[_Place, list[str]],
    places: Iterable[tuple[_Place, _Place]],
) -> None:
    """Pair the records at pairs of overlapping places, the best pairs first."""
    ranked: dict[tuple[float, bool, int], list[tuple[_Place, _Place]]] = {}
    for a, b in places:
        shared = min(a.end, b.end) - max(a.start, b.start)
        covered = max(a.end, b.end) - min(a.start, b.start)
        rank = (-shared / covered, a.level != b.level, a.start)
        ranked.setdefault(rank, []).append((a, b))
    queues = {place: _Queue(ids) for place, ids in others_by_place.items()}
    for _, of_rank in sorted(ranked.items()):
        candidates: dict[str, list[_Queue]] = {}
        for a, b in of_rank:
            by_place[a] = [record_id for record_id in by_place[a] if record_id not in pairing.ids]
            for record_id in by_place[a]:
                candidates.setdefault(record_id, []).append(queues[b])
        for record_id in sorted(candidates):
            pairing.take_first(record_id, *candidates[record_id])


def _by_place(records: Iterable[SpanRecord]) -> dict[_Place, list[str]]:
    """The ids of the records at each place; records without words have none."""
    by_place: dict[_Place, list[str]] = {}
    for record in records:
        if record.start < record.end:
            place = _Place(record.start, record.end, getattr(record, "level", None))
            by_place.setdefault(place, []).append(record.id)
    return by_place


def _equal(places: Iterable[_Place], others: Iterable[_Place]) -> Iterator[tuple[_Place, _Place]]:
    """Yield each pair of a place and another one with the same span."""
    by_span: dict[tuple[int, int], list[_Place]] = {}
    for other in others:
        by_span.setdefault((other.start, other.end), []).append(other)
    for place in places:
        for other in by_span.get((place.start, place.end), ()):
            yield place, other


def _overlapping(
    places: Iterable[_Place], others: Iterable[_Place]
) -> Iterator[tuple[_Place, _Place]]:
    """Yield each pair of a place and another one that overlap."""
    sides = [(place, 0) for place in places] + [(place, 1) for place in others]
    sides.sort(key=lambda item: item[0].start)
    active: tuple[list[_Place], list[_Place]] = ([], [])
    for place, side in sides:
        active[1 - side][:] = [other for other in active[1 - side] if other.end > place.start]
        for other in active[1 - side]:
            yield (place, other) if side == 0 else (other, place)
        active[side].append(place)


def _homes(members: Iterable[Mention | Event]) -> dict[str, str]:
    """The entity of each mention, or the chain of each event, by their ids."""
    homes = {m.id: m.entity if isinstance(m, Mention) else m.event for m in members}
    return {member: home for member, home in homes.items() if home is not None}


def _shared(homes: dict[str, str], others: dict[str, str], ids: Ids) -> Counter[tuple[str, str]]:
    """Count the members that two groups share, by the ids of both groups, in order of the text."""
    shared: Counter[tuple[str, str]] = Counter()
    for member, home in homes.items():
        other_home = others.get(ids.get(member, ""))
        if other_home is not None:
            shared[home, other_home] += 1
    return shared


Group = TypeVar("Group", Entity, EventChain)


def _groups(
    groups: Sequence[Group], references: Sequence[Group], shared: Counter[tuple[str, str]]
) -> Ids:
    """Pair entities or event chains; `shared` counts the members that two of them share.

    Those of one item come first, then those that share members, then those of one name.
    """
    pairing = _Pairing()
    of_one_item, of_two_items = _sharing(groups, references, shared)
    for a, b in of_one_item:
        pairing.take(a, b)
    by_item = _queues((group.wikidata, group.id) for group in references)
    for group in groups:
        pairing.take_first(group.id, by_item.get(group.wikidata))
    for a, b in of_two_items:
        pairing.take(a, b)
    linked = _queues((b.name, b.id) for b in references if b.wikidata is not None)
    unlinked = _queues((b.name, b.id) for b in references if b.wikidata is None)
    for group in groups:
        # Those that link to one item are paired, and those that link to two are different.
        others = (unlinked,) if group.wikidata is not None else (unlinked, linked)
        pairing.take_first(group.id, *(queues.get(group.name) for queues in others))
    return pairing.ids


def _sharing(
    groups: Sequence[Group], references: Sequence[Group], shared: Counter[tuple[str, str]]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The pairs of groups that share members, the best first: those of one item, and the others."""
    by_id = {group.id: group for group in groups}
    references_by_id = {group.id: group for group in references}
    ranked: tuple[list[tuple[int, bool, int, str, str]], ...] = ([], [])
    for number, ((group_id, reference_id), members) in enumerate(shared.items()):
        a, b = by_id.get(group_id), references_by_id.get(reference_id)
        if a is not None and b is not None and same_entity(a, b):
            unlike = a.name != b.name or getattr(a, "type", None) != getattr(b, "type", None)
            ranked[not same_item(a, b)].append((-members, unlike, number, group_id, reference_id))
    of_one_item, of_two_items = ([pair[-2:] for pair in sorted(pairs)] for pairs in ranked)
    return of_one_item, of_two_items


def _queues(ids: Iterable[tuple[Hashable, str]]) -> dict[Hashable, _Queue]:
    """Queues of ids by a key; those whose key is None are left out."""
    by_key: dict[Hashable, list[str]] = {}
    for key, record_id in ids:
        if key is not None:
            by_key.setdefault(key, []).append(record_id)
    return {key: _Queue(of_key) for key, of_key in by_key.items()}


def _relations(relations: Sequence[Relation], references: Sequence[Relation], ids: Ids) -> Ids:
    """Pair relations with the same ends: those of the same type first."""
    keys = [(a.type, ids.get(a.source), ids.get(a.target)) for a in relations]
    records = [record.id for record in relations]
    by_type_and_ends = _queues(zip(keys, records, strict=True))
    by_ends = _queues((key[1:], record_id) for key, record_id in zip(keys, records, strict=True))
    pairing = _Pairing()  # of the reference's relations with those of the document
    for b in references:
        pairing.take_first(b.id, by_type_and_ends.get((b.type, b.source, b.target)))
    for b in references:
        pairing.take_first(b.id, by_ends.get((b.source, b.target)))
    return {record_id: reference_id for reference_id, record_id in pairing.ids.items()}


class _FreshIds:
    """Ids that are not taken: for a numbered id (`m7`) one above all those of its kind in `known`.

    A lower number may be that of a record of an earlier version. Other ids stay if they are free.
    """

    def __init__(self, taken: set[str], known: set[str]) -> None:
        self._taken = taken
        self._highest: dict[str, int] = {}
        for record_id in known:
            numbered = _NUMBERED_ID.fullmatch(record_id)
            if numbered is not None:
                prefix, number = numbered[1], int(numbered[2])
                self._highest[prefix] = max(number, self._highest.get(prefix, 0))

    def take(self, record_id: str) -> str:
        """Return the fresh id for a record with an id, which is taken from then on."""
        numbered = _NUMBERED_ID.fullmatch(record_id)
        if numbered is not None and numbered[1] in self._highest:
            fresh = self._next(numbered[1])
        elif record_id not in self._taken:
            fresh = record_id
        else:
            fresh = next(free_ids(f"{record_id}-", self._taken))
        self._taken.add(fresh)
        return fresh

    def _next(self, prefix: str) -> str:
        while True:
            self._highest[prefix] += 1
            fresh = f"{prefix}{self._highest[prefix]}"
            if fresh not in self._taken:
                return fresh


def _renamed(document: Document, ids: Ids) -> Document:
    """Change the ids of all records, and every reference to them."""
    layers = {}
    for layer in _RENAMED_LAYERS:
        layers[layer] = tuple(_renamed_record(record, ids) for record in getattr(document, layer))
    return replace(document, **layers)


AnyRecord = TypeVar("AnyRecord", bound=Record)


def _renamed_record(record: AnyRecord, ids: Ids) -> AnyRecord:
    changes: dict[str, object] = {}
    for name in ("id", *reference_names()):
        value = getattr(record, name, None)
        if isinstance(value, str):
            changes[name] = ids.get(value, value)
        elif isinstance(value, tuple):
            changes[name] = tuple(ids.get(item, item) for item in value)
    if isinstance(record, Event) and record.arguments is not None:
        changes["arguments"] = tuple(_renamed_record(a, ids) for a in record.arguments)
    return replace(record, **changes)
