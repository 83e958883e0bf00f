"""The ids of one document given to another annotation of the same text, so that a diff shows what the two disagree about.

Apart from the diff because it changes a document; the diff only compares.
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

_GROUPS = {"entities": ("mentions", "entity"), "event_chains": ("events", "event")}


def aligned(document: Document, reference: Document) -> Document:
    """`document` with the ids of `reference` wherever the two annotate the same thing, and fresh ids elsewhere.

    Records of a span layer are the same where their spans are equal, else where they overlap most, one to one;
    entities and event chains where they share most of these mentions (ties: the first in the text), but never with
    another name and another type; relations where type and both ends, else both ends, are the same. Raises FormatError
    for two different texts.
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
    home = {r.id: getattr(r, key) for r in getattr(reference, of)}
    shared: Counter[tuple[str, str]] = Counter()
    for record in getattr(document, of):
        if (other := names.get(record.id)) and other in home:
            shared[getattr(record, key), home[other]] += 1
    mine = {r.id: (r.name, getattr(r, "type", None)) for r in getattr(document, layer)}
    theirs = {r.id: (r.name, getattr(r, "type", None)) for r in getattr(reference, layer)}
    pairs = []
    for i, ((own, other), n) in enumerate(shared.items()):
        if (
            own in mine
            and other in theirs
            and (mine[own][0] == theirs[other][0] or mine[own][1] == theirs[other][1])
        ):
            pairs.append(((-n, mine[own] != theirs[other], i), own, other))
    for i, (own, (name, _)) in enumerate(mine.items()):
        pairs += [
            ((0, False, i), own, other)
            for other, (named, _) in theirs.items()
            if name and name == named and (own, other) not in shared
        ]
    return _one_to_one(pairs)


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
        changes = {
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
