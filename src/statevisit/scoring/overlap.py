"""Spans of two sides that overlap: who overlaps whom, and how many can be paired."""

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from typing import NamedTuple, Protocol

from msgspec import Struct

from statevisit.scoring.assignment import Pair


class Bounded(Protocol):
    """Anything with half-open bounds in code points."""

    @property
    def start(self) -> int:
        """The offset of the first code point."""

    @property
    def end(self) -> int:
        """The offset after the last code point."""


class Cluster(Struct):
    """Spans that overlap each other, directly or through others of either side.

    `rows` and `columns` are the numbers of the gold and the predicted spans, `overlaps` how many
    pairs of them overlap.
    """

    rows: list[int]
    columns: list[int]
    overlaps: int = 0


def clusters(
    gold: Sequence[Bounded],
    pred: Sequence[Bounded],
    free_gold: Sequence[int],
    free_pred: Sequence[int],
) -> list[Cluster]:
    """Return the clusters of the spans with some numbers, without listing their pairs.

    A cluster with spans of only one side is left out.
    """
    found = [Cluster([], [])]
    last_end = 0
    for entry in _sweep(gold, pred, free_gold, free_pred):
        if entry.span.start >= last_end:
            found.append(Cluster([], []))
        last_end = max(last_end, entry.span.end)
        cluster = found[-1]
        (cluster.rows if entry.is_gold else cluster.columns).append(entry.number)
        cluster.overlaps += len(entry.others)
    return [cluster for cluster in found if cluster.rows and cluster.columns]


def overlaps(
    gold: Sequence[Bounded],
    pred: Sequence[Bounded],
    free_gold: Sequence[int],
    free_pred: Sequence[int],
) -> dict[Pair, int]:
    """Return how many code points two spans share, for every two that share any.

    `free_gold` and `free_pred` are the numbers of the spans to compare.
    """
    shared: dict[Pair, int] = {}
    for entry in _sweep(gold, pred, free_gold, free_pred):
        start, end = entry.span.start, entry.span.end
        for other_end, other in entry.others:
            pair = (entry.number, other) if entry.is_gold else (other, entry.number)
            shared[pair] = min(end, other_end) - start
    return shared


class _Entry(NamedTuple):
    """A span in the order of starts, and the ends and numbers of earlier ones that it overlaps.

    The latter are of the other side.
    """

    is_gold: bool
    number: int
    span: Bounded
    others: list[tuple[int, int]]


def _sweep(
    gold: Sequence[Bounded],
    pred: Sequence[Bounded],
    free_gold: Sequence[int],
    free_pred: Sequence[int],
) -> Iterator[_Entry]:
    """Yield the spans of both sides by their starts."""
    numbers = [(gold[row].start, True, row) for row in free_gold]
    numbers += [(pred[column].start, False, column) for column in free_pred]
    open_spans: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    for start, is_gold, number in sorted(numbers):
        span = gold[number] if is_gold else pred[number]
        others = open_spans[not is_gold]
        while others and others[0][0] <= start:
            heappop(others)
        yield _Entry(is_gold, number, span, others)
        heappush(open_spans[is_gold], (span.end, number))


def most_overlaps(
    gold: Sequence[Bounded],
    pred: Sequence[Bounded],
    free_gold: Sequence[int],
    free_pred: Sequence[int],
) -> list[Pair]:
    """Return as many pairs of overlapping spans as possible, without listing those that overlap.

    The span that ends first is paired with the one that ends first among those that it overlaps.
    Nothing is lost by that: all that it overlaps stand at its end, and what the first of them
    overlaps further on, the others overlap, too.
    """
    spans = [(gold[row].end, True, row) for row in free_gold]
    spans += [(pred[column].end, False, column) for column in free_pred]
    waiting = {
        True: sorted(((gold[row].start, gold[row].end, row) for row in free_gold), reverse=True),
        False: sorted(((pred[c].start, pred[c].end, c) for c in free_pred), reverse=True),
    }
    open_spans: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    done: set[tuple[bool, int]] = set()
    pairs = []
    for end, is_gold, number in sorted(spans):
        if (is_gold, number) in done:
            continue
        done.add((is_gold, number))
        side = not is_gold
        while waiting[side] and waiting[side][-1][0] < end:
            _, other_end, other = waiting[side].pop()
            heappush(open_spans[side], (other_end, other))
        while open_spans[side] and (side, open_spans[side][0][1]) in done:
            heappop(open_spans[side])
        if open_spans[side]:
            _, other = heappop(open_spans[side])
            done.add((side, other))
            pairs.append((number, other) if is_gold else (other, number))
    return sorted(pairs)
