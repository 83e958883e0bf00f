"""Flat spans: mentions, time expressions, quantities, event triggers, quotations, names from BIO.

The measures strict, exact, partial and type are those of SemEval-2013 task 9.1 (Segura-Bedmar et
al. 2013), after MUC-5 (Chinchor and Sundheim 1993), as nervaluate defines them; head match is a
fifth. Two things differ from nervaluate:

- The pairs are the best as a whole (`assignment`). nervaluate takes the predictions in turn,
  so that one that only overlaps can take the gold span from a later one that equals it. The figures
  are the same if no span overlaps two.
- A label's exact and partial precision count the predictions of that label, its recall the gold of
  that label.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from operator import attrgetter

from msgspec import Struct

from statevisit.document.model import Document
from statevisit.document.records import Event, Mention, Quantity, Quotation, Timex
from statevisit.scoring import assignment, overlap
from statevisit.scoring.assignment import Pair
from statevisit.scoring.counts import CountTable, MatchCounts, MeasureKey, UnitLabel

SpanRecord = Mention | Timex | Quantity | Event | Quotation
"""A record of a span layer."""

MEASURES = ("strict", "exact", "partial", "type", "head")
"""The ways to count spans:

- strict: same start, end and label (SemEval-2013 strict; CoNLL-2003 phrase F1, as seqeval);
- exact: same start and end, any label (SemEval-2013 exact boundary);
- partial: 1 for the same start and end, 0.5 for an overlap, any label (SemEval-2013 partial
  boundary, MUC);
- type: an overlap with the same label (SemEval-2013 type, MUC);
- head: same head token and label (ACE 2005; MUC-6 MIN).
"""

LABEL = {
    "mentions": "type",
    "timexes": "type",
    "quantities": "kind",
    "events": "class",
    "quotations": "type",
}
"""The property that is a layer's label; a mention's label is the type of its entity."""

UNLABELLED = "?"
"""The label under which spans without a label are counted."""

_PREPOSITIONS = frozenset(
    ("of", "for", "in", "on", "at", "from", "to", "with", "between", "against")
)


class Item(Struct, frozen=True, gc=False):
    """A span to score: half-open bounds in code points, label, unit, and the record that has them.

    The bounds of a prediction without a place in the text are negative.
    """

    start: int
    end: int
    label: str | None
    unit: int
    record: SpanRecord | None = None


def unplaced(label: str | None, unit: int, record: SpanRecord | None = None) -> Item:
    """Return an item without a place in the text, which can only be spurious.

    Such items stand first in the order, and of them those without a record.
    """
    if record is None:
        return Item(-3, -2, label, unit)
    return Item(-2, -1, label, unit, record)


def records(spans: Iterable[Item]) -> list[SpanRecord]:
    """Return the records of the items that have one, in order."""
    return [item.record for item in spans if item.record is not None]


def labels(document: Document, layer: str) -> list[str | None]:
    """Return the labels of a span layer's records, in order.

    None for a record without a label, and for a mention whose entity the document lacks.
    """
    if layer == "mentions":
        types: dict[str | None, str | None] = {e.id: e.type for e in document.entities}
        return [types.get(mention.entity) for mention in document.mentions]
    attribute = "class_" if layer == "events" else LABEL[layer]
    return [*map(attrgetter(attribute), getattr(document, layer))]


def head_end(start: int, end: int, text: str, tokens: tuple[list[int], list[int]]) -> int:
    """Return the offset at which the head token of a span ends.

    The head is the last token, or the last before the first preposition ("Organization of Turkic
    States"). `tokens` are the starts and the ends of all tokens; the head of a span that does not
    end with a token ends where the span does.
    """
    starts, ends = tokens
    last = bisect_left(ends, end)
    ends_with_token = 0 < last < len(ends) and ends[last] == end
    if not ends_with_token or starts[last - 1] < start:
        return end  # as most spans, which are one token
    for at in range(bisect_left(starts, start) + 1, last + 1):
        if text[starts[at] : ends[at]] in _PREPOSITIONS:
            return ends[at - 1]
    return end


def items(document: Document, layer: str, unit_of: Callable[[int], int]) -> list[Item]:
    """Return the spans of a layer, `ordered`; `unit_of` gives the unit of a start."""
    layer_items = []
    length = len(document.text)
    for record, label in zip(getattr(document, layer), labels(document, layer), strict=True):
        start, end = record.start, record.end
        if 0 <= start < end <= length:
            layer_items.append(Item(start, end, label, unit_of(start), record))
        else:
            layer_items.append(unplaced(label, unit_of(-1), record))
    return ordered(layer_items)


def ordered(spans: Iterable[Item]) -> list[Item]:
    """Return spans by bounds, label and id, so that the order of records decides nothing."""

    def key(item: Item) -> tuple[int, int, str, str]:
        record_id = item.record.id if item.record else ""
        return item.start, item.end, item.label or "", record_id

    return sorted(spans, key=key)


class Alignment(Struct, frozen=True):
    """The gold and predicted spans of a layer, and the pairs of their numbers, measure by measure.

    The pairs of every measure begin with the strict ones.
    """

    gold: list[Item]
    pred: list[Item]
    strict: list[Pair]
    exact: list[Pair]
    partial: list[Pair]
    type: list[Pair]
    head: list[Pair]
    pairs: list[Pair]
    """The pairs for attributes, confusion and display: the strict ones and the best of the rest."""

    def of(self, measure: str) -> list[Pair]:
        """Return the pairs of one of `MEASURES`."""
        pairs: list[Pair] = getattr(self, measure)
        return pairs

    def same_bounds(self, i: int, j: int) -> bool:
        """Whether a gold and a predicted span have the same start and end."""
        return _same_bounds(self.gold[i], self.pred[j])


def _same_bounds(gold: Item, pred: Item) -> bool:
    return gold.start == pred.start and gold.end == pred.end


def align(gold: list[Item], pred: list[Item], head_of: Callable[[int, int], int]) -> Alignment:
    """Align the spans of two layers, both `ordered`.

    `head_of` gives the offset at which the head token of a span, given its start and end, ends.
    """
    strict = assignment.equal_pairs(_strict_keys(gold), _strict_keys(pred))
    free_gold = _unpaired(gold, [i for i, _ in strict])
    free_pred = _unpaired(pred, [j for _, j in strict])
    if not free_gold or not free_pred:
        return Alignment(gold, pred, strict, strict, strict, strict, strict, strict)

    def head_key(item: Item) -> tuple[int, str] | None:
        return None if item.label is None else (head_of(item.start, item.end), item.label)

    heads = assignment.equal_pairs(
        [head_key(gold[i]) for i in free_gold], [head_key(pred[j]) for j in free_pred]
    )
    head = [(free_gold[i], free_pred[j]) for i, j in heads]
    exact, partial, same_type, best_pairs = _overlapping(gold, pred, free_gold, free_pred)
    return Alignment(
        gold,
        pred,
        strict,
        exact=strict + exact,
        partial=strict + partial,
        type=strict + same_type,
        head=strict + head,
        pairs=sorted(strict + best_pairs),
    )


_CROWDED = 16
"""Overlaps for each span of a cluster above which its spans are paired without listing these."""

_LARGE = 20_000
"""Pairs that the spans of a cluster could make above which it is paired like a crowded one."""


def _overlapping(
    gold: list[Item], pred: list[Item], free_gold: list[int], free_pred: list[int]
) -> list[list[Pair]]:
    """The exact, partial, type and best pairs of the spans that have no strict partner.

    They are best as a whole, except that in a large or crowded cluster the best pairs are not
    chosen by the code points that they share. No text has hundreds of spans over each other.

    A pair with the same bounds is part of some best assignment of every kind that counts it.
    Exact and partial pairs therefore begin with these, the first with the first, and go on with the
    spans that end first: nothing in that depends on which side is the gold.
    """
    exact = _equal(free_gold, free_pred, _bounds(gold), _bounds(pred))
    partial = exact + _most(gold, pred, *_left(free_gold, free_pred, exact))
    sparse_gold, sparse_pred = set[int](), set[int]()
    same_type, best = list[Pair](), list[Pair]()
    for cluster in overlap.clusters(gold, pred, free_gold, free_pred):
        rows, columns = cluster.rows, cluster.columns
        is_crowded = cluster.overlaps > _CROWDED * (len(rows) + len(columns))
        if is_crowded or len(rows) * len(columns) > _LARGE:
            same_type += _most_with_label(gold, pred, rows, columns)
            best += _crowded(gold, pred, rows, columns)
        else:
            sparse_gold.update(rows)
            sparse_pred.update(columns)
    shared = overlap.overlaps(gold, pred, list(sparse_gold), list(sparse_pred))
    ranks = _Ranks(spans=len(free_gold) + len(free_pred), shared=sum(shared.values()))
    weights = {}
    for (i, j), length in shared.items():
        same_bounds = _same_bounds(gold[i], pred[j])
        same_label = gold[i].label is not None and gold[i].label == pred[j].label
        weights[i, j] = (same_label, ranks.rank(same_bounds, same_label, length))
    sparse_type, sparse_best = assignment.assignments(weights, 2)
    return [
        sorted(exact),
        sorted(partial),
        sorted(same_type + sparse_type),
        sorted(best + sparse_best),
    ]


def _crowded(gold: list[Item], pred: list[Item], rows: list[int], columns: list[int]) -> list[Pair]:
    """The best pairs of spans of which most overlap: same bounds, then label, then any overlap."""
    best = _equal(rows, columns, _bounds(gold), _bounds(pred))
    best += _most_with_label(gold, pred, *_left(rows, columns, best))
    return best + _most(gold, pred, *_left(rows, columns, best))


def _bounds(spans: Sequence[Item]) -> list[tuple[int, int]]:
    return [(item.start, item.end) for item in spans]


def _equal(
    rows: list[int], columns: list[int], gold: Sequence[Hashable], pred: Sequence[Hashable]
) -> list[Pair]:
    """The pairs of numbers with equal keys."""
    pairs = assignment.equal_pairs([gold[i] for i in rows], [pred[j] for j in columns])
    return [(rows[i], columns[j]) for i, j in pairs]


def _left(
    rows: list[int], columns: list[int], pairs: Sequence[Pair]
) -> tuple[list[int], list[int]]:
    """The numbers that are in no pair."""
    paired_rows, paired_columns = {i for i, _ in pairs}, {j for _, j in pairs}
    return (
        [row for row in rows if row not in paired_rows],
        [column for column in columns if column not in paired_columns],
    )


def _most(gold: list[Item], pred: list[Item], rows: list[int], columns: list[int]) -> list[Pair]:
    return overlap.most_overlaps(gold, pred, rows, columns)


def _most_with_label(
    gold: list[Item], pred: list[Item], rows: list[int], columns: list[int]
) -> list[Pair]:
    """As many pairs of overlapping spans with the same label as possible."""
    by_label: dict[str, tuple[list[int], list[int]]] = {}
    for side, numbers, items_of in ((0, rows, gold), (1, columns, pred)):
        for number in numbers:
            label = items_of[number].label
            if label is not None:
                by_label.setdefault(label, ([], []))[side].append(number)
    pairs: list[Pair] = []
    for of_label in by_label.values():
        pairs += overlap.most_overlaps(gold, pred, *of_label)
    return pairs


def _strict_keys(spans: Sequence[Item]) -> list[tuple[int, int, str] | None]:
    """Start, end and label of each span; None for a span that has no strict match."""
    return [
        None if item.start < 0 or item.label is None else (item.start, item.end, item.label)
        for item in spans
    ]


def _unpaired(spans: Sequence[Item], paired: Iterable[int]) -> list[int]:
    """The numbers of the spans that have a place in the text and no partner, in order."""
    numbers = set(range(len(spans))).difference(paired)
    return [number for number in sorted(numbers) if spans[number].start >= 0]


class _Ranks(Struct, frozen=True):
    """Ranks the pairs of one alignment by several criteria in a single integer.

    `spans` is the number of spans of both sides, `shared` how many code points all pairs share.
    """

    spans: int
    shared: int

    def rank(self, same_bounds: bool, same_label: bool, length: int) -> int:
        """Return the weight of a pair for the assignment.

        Of two assignments the better one has, in this order: more pairs with the same bounds, more
        pairs with the same label, more pairs, more shared code points. Each criterion is a digit of
        the number, in a base that the sum over an assignment cannot reach, so that none of a lower
        one adds up to one of a higher one.
        """
        pairs_base = self.spans + 1
        length_base = self.shared + 1
        pairs = (same_bounds * pairs_base + same_label) * pairs_base + 1
        return pairs * length_base + length


UNLABELLED_MEASURES = ("exact", "partial")
"""The measures that need no label."""


def count(table: CountTable, layer: str, aligned: Alignment, has_labels: bool = True) -> None:
    """Add the counts of the five measures, for all labels and for each, to a table.

    Without `has_labels`, since the prediction gives none, only those of spans count.
    """
    gold = _places(aligned.gold, has_labels)
    pred = _places(aligned.pred, has_labels)
    gold_counts, pred_counts = Counter(gold), Counter(pred)
    places = dict.fromkeys([*gold, *pred])
    strict_gold = _credits(gold[i] for i, _ in aligned.strict)
    strict_pred = _credits(pred[j] for _, j in aligned.strict)
    for measure in MEASURES if has_labels else UNLABELLED_MEASURES:
        correct_gold, correct_pred = strict_gold.copy(), strict_pred.copy()
        for i, j in aligned.of(measure)[len(aligned.strict) :]:
            half = measure == "partial" and not aligned.same_bounds(i, j)
            credit = 0.5 if half else 1.0
            correct_gold[gold[i]] = correct_gold.get(gold[i], 0) + credit
            correct_pred[pred[j]] = correct_pred.get(pred[j], 0) + credit
        by_label = {
            place: MatchCounts(
                correct_pred.get(place, 0),
                pred_counts[place],
                correct_gold.get(place, 0),
                gold_counts[place],
            )
            for place in places
        }
        if has_labels:
            table.add_labels(layer, measure, by_label)
        else:
            for (unit, _), counts in by_label.items():
                table.add(MeasureKey(layer, measure), unit, counts)


def _places(items_of_side: Sequence[Item], has_labels: bool) -> list[UnitLabel]:
    """The unit and label of each item; the same label for all if labels do not count."""
    if not has_labels:
        return [(item.unit, "") for item in items_of_side]
    return [(item.unit, item.label or UNLABELLED) for item in items_of_side]


def _credits(places: Iterable[UnitLabel]) -> dict[UnitLabel, float]:
    """A credit of 1 for every occurrence of a unit and label."""
    return {place: float(occurrences) for place, occurrences in Counter(places).items()}


def confusion(aligned: Alignment) -> Counter[tuple[str, str]]:
    """Return how often each gold label is paired with each predicted label.

    The gold label of a spurious span is empty, and so is the predicted label of a missed one.
    """
    gold = [item.label or UNLABELLED for item in aligned.gold]
    pred = [item.label or UNLABELLED for item in aligned.pred]
    missed = set(range(len(gold))) - {i for i, _ in aligned.pairs}
    spurious = set(range(len(pred))) - {j for _, j in aligned.pairs}
    label_pairs = Counter((gold[i], pred[j]) for i, j in aligned.pairs)
    label_pairs.update((gold[i], "") for i in missed)
    label_pairs.update(("", pred[j]) for j in spurious)
    return label_pairs
