"""Alignment: an annotation takes the ids of another annotation of the same text.

A diff of the two then shows what they disagree about. Apart from the diff because it changes a
document; the diff only compares.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from statevisit.codec import ordered
from statevisit.errors import FormatError
from statevisit.model import SPAN_LAYERS, Document
from statevisit.references import reference_names
from statevisit.same_entity import same_entity, same_item

_GROUPS = {"entities": ("mentions", "entity"), "event_chains": ("events", "event")}


def aligned(document: Document, reference: Document) -> Document:
    """`document` with the ids of `reference` for what both annotate, and fresh ids for the rest.

    Records of a span layer are the same if their spans are equal, else if they overlap most, one to
    one. Entities and event chains are the same if they link to one Wikidata item, else if they
    share most of these mentions (ties: the first in the text), but never against `same_entity`.
    Relations are the same if type and both ends are, else if both ends are. Raises FormatError for
    two different texts.
    """
    if document.text != reference.text:
        raise FormatError(
            f"{document.id}: the texts differ; only annotations of one text can be aligned"
        )
    names: dict[str, str] = {}
    for layer in SPAN_LAYERS:
        names |= _spans(getattr(document, layer), getattr(reference, layer))
    for layer, (of, key) in _GROUPS.items():
        names |= _groups(document, reference, layer, of, key, names)
    names |= _relations(document, reference, names)
    taken = set(reference._index) | set(names.values())
    for own in document._index:
        if own not in names:
            names[own] = _free(own, taken)
            taken.add(names[own])
    return ordered(_renamed(document, names))


def _one_to_one(pairs: Iterable[tuple[Any, str, str]]) -> dict[str, str]:
    """Own id -> reference's id, the best pairs first (the smallest ranks)."""
    found: dict[str, str] = {}
    used: set[str] = set()
    for _, own, other in sorted(pairs):
        if own not in found and other not in used:
            found[own] = other
            used.add(other)
    return found


def _spans(own: Iterable[Any], others: Iterable[Any]) -> dict[str, str]:
    pairs = []
    for a in own:
        for b in others:
            shared = min(a.end, b.end) - max(a.start, b.start)
            if shared > 0:
                same = getattr(a, "level", None) == getattr(b, "level", None)
                pairs.append(
                    (
                        (-shared / (max(a.end, b.end) - min(a.start, b.start)), not same, a.start),
                        a.id,
                        b.id,
                    )
                )
    return _one_to_one(pairs)


def _groups(
    document: Document, reference: Document, layer: str, of: str, key: str, names: dict[str, str]
) -> dict[str, str]:
    """Own id -> reference's id of entities or event chains; `names` has those of their members."""
    mine = {r.id: r for r in getattr(document, layer)}
    theirs = {r.id: r for r in getattr(reference, layer)}
    shared = _shared(getattr(document, of), getattr(reference, of), key, names)
    pairs: list[tuple[Any, str, str]] = []
    for i, ((own, other), n) in enumerate(shared.items()):
        if own in mine and other in theirs and same_entity(mine[own], theirs[other]):
            a, b = mine[own], theirs[other]
            unlike = a.name != b.name or getattr(a, "type", None) != getattr(b, "type", None)
            pairs.append(((not same_item(a, b), -n, unlike, i), own, other))
    for i, (own, a) in enumerate(mine.items()):
        for other, b in theirs.items():
            if (own, other) in shared or not same_entity(a, b):
                continue
            if same_item(a, b) or (a.name is not None and a.name == b.name):
                pairs.append(((not same_item(a, b), 0, False, i), own, other))
    return _one_to_one(pairs)


def _shared(
    own: Iterable[Any], others: Iterable[Any], key: str, names: dict[str, str]
) -> Counter[tuple[str, str]]:
    """How many members two groups share, by the ids of both groups, in the order of the text."""
    home = {r.id: getattr(r, key) for r in others}
    shared: Counter[tuple[str, str]] = Counter()
    for record in own:
        other = names.get(record.id)
        if other in home:
            shared[getattr(record, key), home[other]] += 1
    return shared


def _relations(document: Document, reference: Document, names: dict[str, str]) -> dict[str, str]:
    pairs = []
    for a in document.relations:
        for i, b in enumerate(reference.relations):
            if (names.get(a.source), names.get(a.target)) == (b.source, b.target):
                pairs.append(((a.type != b.type, i), a.id, b.id))
    return _one_to_one(pairs)


def _free(own: str, taken: set[str]) -> str:
    if own not in taken:
        return own
    numbered = re.fullmatch(r"([A-Za-z_-]+?)(\d+)", own)
    stem, number = (numbered[1], int(numbered[2])) if numbered else (f"{own}-", 1)
    while f"{stem}{number}" in taken:
        number += 1
    return f"{stem}{number}"


def _renamed(document: Document, names: dict[str, str]) -> Document:
    def one(record: Any) -> Any:
        changes: dict[str, Any] = {
            k: names.get(v, v)
            for k in ("id", *reference_names())
            if isinstance(v := getattr(record, k, None), str)
        }
        if hasattr(record, "arguments"):
            changes["arguments"] = tuple(
                replace(a, target=names.get(a.target, a.target)) for a in record.arguments
            )
        return replace(record, **changes)

    layers = (*SPAN_LAYERS, "entities", "event_chains", "relations", "event_relations")
    return replace(
        document, **{layer: tuple(map(one, getattr(document, layer))) for layer in layers}
    )
