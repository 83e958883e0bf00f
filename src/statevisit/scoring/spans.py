"""Flat spans: mentions, time expressions, quantities, event triggers, quotations, and named entities from BIO.

The five ways to count are those of SemEval-2013 task 9.1 (Segura-Bedmar et al. 2013), after MUC-5 (Chinchor and
Sundheim 1993), as nervaluate defines them, and head match beside them. Where this differs from nervaluate:

- pairs are the best as a whole (`match`); nervaluate goes through the predictions in order, and one that only overlaps takes
  the gold span away from a later one that equals it. Where no span overlaps two, the figures are the same;
- a label's exact and partial precision count the predictions of that label, its recall the gold of that label.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from msgspec import Struct

from statevisit.model import Document
from statevisit.scoring import match
from statevisit.scoring.prf import Counts, Place, Tally

MEASURES = ("strict", "exact", "partial", "type", "head")
ACCORDING = {
    "strict": "same start, end and label (SemEval-2013 strict; CoNLL-2003 phrase F1, as seqeval)",
    "exact": "same start and end, whatever the label (SemEval-2013 exact boundary)",
    "partial": "1 for the same start and end, 0.5 for an overlap, whatever the label (SemEval-2013 partial boundary, MUC)",
    "type": "an overlap with the same label (SemEval-2013 type, MUC)",
    "head": "same head token and label (ACE 2005; MUC-6 MIN)",
}
_PREPOSITIONS = frozenset(
    ("of", "for", "in", "on", "at", "from", "to", "with", "between", "against")
)


UNLABELLED = "?"
"""The label under which spans without a label are counted."""


class Item(Struct, frozen=True, gc=False):
    """A span to score. Offsets are negative where a prediction stands nowhere in the text."""

    start: int
    end: int
    label: str | None
    unit: int
    record: Any = None


LABEL = {
    "mentions": "type",
    "timexes": "type",
    "quantities": "kind",
    "events": "class",
    "quotations": "type",
}
"""The property that is a layer's label; a mention's is that of its entity."""


def labels(document: Document, layer: str) -> list[str | None]:
    """The labels by which the records of a span layer are scored, in order; None for a mention of an entity that is not there."""
    records = getattr(document, layer)
    if layer != "mentions":
        return [*map(attrgetter("class_" if layer == "events" else LABEL[layer]), records)]
    types = {e.id: e.type for e in document.entities}
    return [types.get(r.entity) for r in records]


def head_end(start: int, end: int, text: str, tokens: tuple[list[int], list[int]]) -> int:
    """Where the head token of a span ends: its last token, or the last before its first preposition ("Organization of Turkic States")."""
    starts, ends = tokens
    last = bisect_left(ends, end)
    if not 0 < last < len(ends) or ends[last] != end or starts[last - 1] < start:
        return end  # most spans are one token
    for at in range(bisect_left(starts, start) + 1, last + 1):
        if text[starts[at] : ends[at]] in _PREPOSITIONS:
            return ends[at - 1]
    return end


def items(document: Document, layer: str, unit_of: Callable[[int], int]) -> list[Item]:
    """The spans of a layer in order."""
    found, length = [], len(document.text)
    for r, label in zip(getattr(document, layer), labels(document, layer), strict=True):
        start, end = r.start, r.end
        if 0 <= start < end <= length:
            found.append(Item(start, end, label, unit_of(start), r))
        else:
            found.append(
                Item(-2, -1, label, unit_of(-1), r)
            )  # stands nowhere: can only be spurious
    return ordered(found)


def ordered(found: Iterable[Item]) -> list[Item]:
    """In the order of the text and, at one place, of the labels, so that the order of records decides nothing."""
    return sorted(found, key=lambda s: (s.start, s.end, s.label or "", getattr(s.record, "id", "")))


class Alignment(Struct, frozen=True):
    """Gold and predicted spans of a layer, with the pairs (gold index, predicted index) that each way of counting makes."""

    gold: list[Item]
    pred: list[Item]
    strict: list[tuple[int, int]]
    exact: list[tuple[int, int]]
    partial: list[tuple[int, int]]
    type: list[tuple[int, int]]
    head: list[tuple[int, int]]
    pairs: list[tuple[int, int]]
    """The pairs for attributes, confusion and display: strict ones first, then those with the most equal bounds, labels, overlap."""

    def same_bounds(self, i: int, j: int) -> bool:
        """Whether a gold and a predicted span stand at one place."""
        g, p = self.gold[i], self.pred[j]
        return g.start == p.start and g.end == p.end


def align(gold: list[Item], pred: list[Item], head_of: Callable[[int, int], int]) -> Alignment:
    """Align two layers' spans (both `ordered`); `head_of` a start and end is where the head token ends."""
    strict = match.equal_pairs(
        *(
            [
                (s.start, s.end, s.label) if s.start >= 0 and s.label is not None else None
                for s in side
            ]
            for side in (gold, pred)
        )
    )
    free_gold, free_pred = _free(gold, [i for i, _ in strict]), _free(pred, [j for _, j in strict])
    if not free_gold or not free_pred:
        return Alignment(gold, pred, strict, strict, strict, strict, strict, strict)
    left = [gold[i] for i in free_gold], [pred[j] for j in free_pred]
    heads = (
        [(head_of(s.start, s.end), s.label) if s.label is not None else None for s in side]
        for side in left
    )
    head = [(free_gold[i], free_pred[j]) for i, j in match.equal_pairs(*heads)]
    shared = match.overlaps(gold, pred, free_gold, free_pred)
    base, scale = len(free_gold) + len(free_pred) + 1, sum(shared.values()) + 1
    weights: list[list[int]] = []
    for (i, j), n in shared.items():
        g, p = gold[i], pred[j]
        equal, labelled = (
            g.start == p.start and g.end == p.end,
            g.label == p.label and g.label is not None,
        )
        weights.append(
            [equal, 1 + equal, labelled, ((equal * base + labelled) * base + 1) * scale + n]
        )
    exact, partial, same_label, best = match.assignments(dict(zip(shared, weights, strict=True)), 4)
    return Alignment(
        gold,
        pred,
        strict,
        strict + exact,
        strict + partial,
        strict + same_label,
        strict + head,
        sorted(strict + best),
    )


def _free(spans: list[Item], paired: list[int]) -> list[int]:
    return [i for i in sorted({*range(len(spans))}.difference(paired)) if spans[i].start >= 0]


def count(tally: Tally, layer: str, aligned: Alignment) -> None:
    """Add the five measures of one document's layer, for all labels and for each."""
    gold, pred = ([(s.unit, s.label or "?") for s in side] for side in (aligned.gold, aligned.pred))
    whole: defaultdict[Place, Counts] = defaultdict(lambda: [0, 0, 0, 0])
    for side, places in ((3, gold), (1, pred)):
        for place, n in Counter(places).items():
            whole[place][side] = n
    for i, j in aligned.strict:
        whole[gold[i]][2] += 1.0
        whole[pred[j]][0] += 1.0
    for measure in MEASURES:  # the pairs of all begin with the strict ones
        cells = {place: counts.copy() for place, counts in whole.items()}
        for i, j in getattr(aligned, measure)[len(aligned.strict) :]:
            worth = 1.0 if measure != "partial" or aligned.same_bounds(i, j) else 0.5
            cells[gold[i]][2] += worth
            cells[pred[j]][0] += worth
        tally.add_labels(layer, measure, cells)


def confusion(aligned: Alignment) -> Counter[tuple[str, str]]:
    """How often a gold label (empty: spurious) met a predicted label (empty: missed)."""
    gold, pred = aligned.gold, aligned.pred
    met = Counter((gold[i].label or "?", pred[j].label or "?") for i, j in aligned.pairs)
    met.update(
        (gold[i].label or "?", "") for i in set(range(len(gold))) - {i for i, _ in aligned.pairs}
    )
    met.update(
        ("", pred[j].label or "?") for j in set(range(len(pred))) - {j for _, j in aligned.pairs}
    )
    return met
