"""Shared ids: an annotation takes the ids of another annotation of the same text.

A diff of the two then shows their disagreements. This module is apart from the diff because it
changes a document; the diff only compares.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from statevisit.codec import ordered
from statevisit.errors import FormatError
from statevisit.model import SPAN_LAYERS, Document
from statevisit.records import Entity, Event, EventChain, Mention, Record, SpanRecord, free_ids
from statevisit.references import reference_names
from statevisit.same_entity import same_entity, same_item

Ids = dict[str, str]
"""The id of a record in the reference, by its id in the document."""

_RENAMED_LAYERS = (*SPAN_LAYERS, "entities", "event_chains", "relations", "event_relations")
_NUMBERED_ID = re.compile(r"([A-Za-z_-]+?)(\d+)")


def aligned(document: Document, reference: Document) -> Document:
    """Return `document` with the ids of `reference` for the records that both annotate.

    All other records get fresh ids. Records of a span layer are the same if their spans are equal,
    else if they overlap most, one to one. Entities and event chains are the same if they link to
    one Wikidata item, else if they share most of these mentions (ties: the first in the text), but
    never against `same_entity`. Relations are the same if type and both ends are, else if both
    ends are. Raises FormatError if the texts differ.
    """
    if document.text != reference.text:
        raise FormatError(
            f"{document.id}: the texts differ; only annotations of one text can be aligned"
        )
    ids: Ids = {}
    for layer in SPAN_LAYERS:
        ids |= _spans(getattr(document, layer), getattr(reference, layer))
    shared = _shared(_homes(document.mentions), _homes(reference.mentions), ids)
    ids |= _groups(document.entities, reference.entities, shared)
    shared = _shared(_homes(document.events), _homes(reference.events), ids)
    ids |= _groups(document.event_chains, reference.event_chains, shared)
    ids |= _relations(document, reference, ids)
    taken = {*reference.layers, *ids.values()}
    for record_id in document.layers:
        if record_id not in ids:
            ids[record_id] = _fresh(record_id, taken)
            taken.add(ids[record_id])
    return ordered(_renamed(document, ids))


class _Pair(Struct, frozen=True, order=True):
    """A record and a candidate for it in the reference; the pair of the smallest rank is best."""

    rank: tuple[float, ...]
    record_id: str
    reference_id: str


def _one_to_one(pairs: Iterable[_Pair]) -> Ids:
    """Pair records one to one, the best pairs first."""
    ids: Ids = {}
    used: set[str] = set()
    for pair in sorted(pairs):
        if pair.record_id not in ids and pair.reference_id not in used:
            ids[pair.record_id] = pair.reference_id
            used.add(pair.reference_id)
    return ids


def _spans(records: Sequence[SpanRecord], others: Sequence[SpanRecord]) -> Ids:
    """Pair overlapping spans: by share of the words in both, then level, then place."""
    pairs = []
    for a in records:
        for b in others:
            shared = min(a.end, b.end) - max(a.start, b.start)
            if shared > 0:
                covered = max(a.end, b.end) - min(a.start, b.start)
                other_level = getattr(a, "level", None) != getattr(b, "level", None)
                pairs.append(_Pair((-shared / covered, other_level, a.start), a.id, b.id))
    return _one_to_one(pairs)


def _homes(members: Iterable[Mention | Event]) -> dict[str, str]:
    """The entity of each mention, or the chain of each event, by their ids."""
    return {m.id: m.entity if isinstance(m, Mention) else m.event for m in members}


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
    """Pair entities or event chains; `shared` counts the members that two of them share."""
    by_id = {group.id: group for group in groups}
    references_by_id = {group.id: group for group in references}
    pairs = []
    for number, ((group_id, reference_id), members) in enumerate(shared.items()):
        a, b = by_id.get(group_id), references_by_id.get(reference_id)
        if a is not None and b is not None and same_entity(a, b):
            unlike = a.name != b.name or getattr(a, "type", None) != getattr(b, "type", None)
            rank = (not same_item(a, b), -members, unlike, number)
            pairs.append(_Pair(rank, group_id, reference_id))
    for number, a in enumerate(groups):
        for b in references:
            if (a.id, b.id) in shared or not same_entity(a, b):
                continue
            has_same_name = a.name is not None and a.name == b.name
            if same_item(a, b) or has_same_name:
                pairs.append(_Pair((not same_item(a, b), 0, False, number), a.id, b.id))
    return _one_to_one(pairs)


def _relations(document: Document, reference: Document, ids: Ids) -> Ids:
    """Pair relations with the same ends: those of the same type first."""
    pairs = []
    for a in document.relations:
        for number, b in enumerate(reference.relations):
            if (ids.get(a.source), ids.get(a.target)) == (b.source, b.target):
                pairs.append(_Pair((a.type != b.type, number), a.id, b.id))
    return _one_to_one(pairs)


def _fresh(record_id: str, taken: set[str]) -> str:
    """The id itself if it is free, else the next number after it."""
    if record_id not in taken:
        return record_id
    numbered = _NUMBERED_ID.fullmatch(record_id)
    if numbered is None:
        return next(free_ids(f"{record_id}-", taken))
    return next(free_ids(numbered[1], taken, first=int(numbered[2])))


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
    if isinstance(record, Event):
        changes["arguments"] = tuple(_renamed_record(a, ids) for a in record.arguments)
    return replace(record, **changes)
