"""One-to-one alignment of spans: the assignment that is best as a whole, not the first that fits.

A greedy alignment, such as nervaluate's, depends on the order of the records: a prediction that overlaps can take
the gold span of a later one that equals it. Here every span has at most one partner, equal spans with equal labels are partners
first, and of all ways to pair the rest the one is taken that pairs best. The graph of what overlaps falls
into components of two or three spans, each solved by the Hungarian method; scipy would be 60 MB for that.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from math import inf
from typing import Any, Protocol, TypeVar

Node = TypeVar("Node", bound=Hashable)


class Spanned(Protocol):
    """What can be aligned: half-open offsets in code points, and a label (None: it has none)."""

    start: int
    end: int
    label: str | None


def assignment(weights: Mapping[tuple[int, int], float]) -> list[tuple[int, int]]:
    """The one-to-one pairs (row, column) of the greatest total weight, in order; weights are positive, what is not listed is no pair.

    The Hungarian method (Kuhn 1955, Munkres 1957), component by component; equal totals are settled by the order of
    rows and columns.
    """
    found: list[tuple[int, int]] = []
    for rows, columns in _components(weights):
        if len(rows) == len(columns) == 1:
            found.append((rows[0], columns[0]))
        elif len(rows) == 1 or len(columns) == 1:
            found.append(
                max(
                    ((i, j) for i in rows for j in columns if (i, j) in weights),
                    key=lambda p: (weights[p], -p[0], -p[1]),
                )
            )
        elif len(rows) <= len(columns):
            found += _hungarian(rows, columns, weights)
        else:
            found += [
                (i, j)
                for j, i in _hungarian(
                    columns,
                    rows,
                    {(j, i): weights[i, j] for i in rows for j in columns if (i, j) in weights},
                )
            ]
    return sorted(found)


def assignments(
    weights: Mapping[tuple[int, int], Sequence[float]], n: int
) -> list[list[tuple[int, int]]]:
    """`assignment` by each of n weights of a pair; a weight of 0 is no pair."""
    rows, columns = Counter(i for i, _ in weights), Counter(j for _, j in weights)
    alone = [
        p for p in weights if rows[p[0]] == columns[p[1]] == 1
    ]  # most spans that overlap one overlap no other
    others = weights.keys() - alone
    return [
        sorted(
            [p for p in alone if weights[p][at]]
            + assignment({p: weights[p][at] for p in others if weights[p][at]})
        )
        for at in range(n)
    ]


def _components(edges: Mapping[tuple[int, int], Any]) -> list[tuple[list[int], list[int]]]:
    """The connected components of a bipartite graph, as (rows, columns), sorted."""
    if len(edges) == 1:
        ((i, j),) = edges
        return [([i], [j])]
    rows: dict[int, list[int]] = {}
    columns: dict[int, list[int]] = {}
    for i, j in edges:
        rows.setdefault(i, []).append(j)
        columns.setdefault(j, []).append(i)
    found, seen = [], set()
    for first in sorted(rows):
        if first in seen:
            continue
        if len(rows[first]) == len(columns[rows[first][0]]) == 1:  # most are one pair
            found.append(([first], rows[first]))
            continue
        mine, theirs, todo = {first}, set(), [first]
        while todo:
            for j in rows[todo.pop()]:
                if j not in theirs:
                    theirs.add(j)
                    new = [i for i in columns[j] if i not in mine]
                    mine.update(new)
                    todo += new
        seen |= mine
        found.append((sorted(mine), sorted(theirs)))
    return found


def _hungarian(
    rows: list[int], columns: list[int], weights: Mapping[tuple[int, int], float]
) -> list[tuple[int, int]]:
    """The best pairs of one component with no more rows than columns, by shortest augmenting paths with potentials."""
    n, m = len(rows), len(columns)
    cost = [[-weights.get((i, j), 0) for j in columns] for i in rows]
    u, v, partner = (
        [0] * (n + 1),
        [0] * (m + 1),
        [0] * (m + 1),
    )  # column 0 and row 0 stand for "none"
    for row in range(1, n + 1):
        partner[0], at = row, 0
        least: list[float] = [inf] * (m + 1)
        way, used = [0] * (m + 1), [False] * (m + 1)
        while True:
            used[at] = True
            i, delta, following = partner[at], inf, 0
            for j in range(1, m + 1):
                if not used[j]:
                    reduced = cost[i - 1][j - 1] - u[i] - v[j]
                    if reduced < least[j]:
                        least[j], way[j] = reduced, at
                    if least[j] < delta:
                        delta, following = least[j], j
            for j in range(m + 1):
                if used[j]:
                    u[partner[j]] += delta
                    v[j] -= delta
                else:
                    least[j] -= delta
            at = following
            if not partner[at]:
                break
        while at:
            partner[at] = partner[way[at]]
            at = way[at]
    pairs = [(rows[partner[j] - 1], columns[j - 1]) for j in range(1, m + 1) if partner[j]]
    return [p for p in pairs if p in weights]


def same(gold: Sequence[Hashable], pred: Sequence[Hashable]) -> list[tuple[int, int]]:
    """As many pairs of equal keys as there are, the first with the first; None as a key has no partner."""
    places: dict[Hashable, list[int]] = {}
    for j in range(len(pred) - 1, -1, -1):
        places.setdefault(pred[j], []).append(j)
    places.pop(None, None)
    return [(i, found.pop()) for i, key in enumerate(gold) if (found := places.get(key))]


def overlaps(
    gold: Sequence[Spanned],
    pred: Sequence[Spanned],
    free_gold: Sequence[int],
    free_pred: Sequence[int],
) -> dict[tuple[int, int], int]:
    """How many code points each two of the free spans share, where they share any. Spans are sorted by start."""
    found: dict[tuple[int, int], int] = {}
    first = 0
    longest = max((pred[j].end - pred[j].start for j in free_pred), default=0)
    for i in free_gold:
        g = gold[i]
        while first < len(free_pred) and pred[free_pred[first]].start + longest <= g.start:
            first += 1
        for at in range(first, len(free_pred)):
            p = pred[j := free_pred[at]]
            if p.start >= g.end:
                break
            if (shared := min(g.end, p.end) - max(g.start, p.start)) > 0:
                found[i, j] = shared
    return found
