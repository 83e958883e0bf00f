"""One-to-one alignment by the assignment that is best as a whole, not by the first that fits.

A greedy alignment, such as nervaluate's, depends on the order of the records: a prediction that
only overlaps a gold span can take it from a later one that equals it. Here every span has at most
one partner. Equal spans with equal labels are paired first; of all ways to pair the others, the one
with the greatest total weight is taken.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from heapq import heappop, heappush
from math import inf
from typing import NamedTuple

Pair = tuple[int, int]
"""A row and a column: the numbers of a gold and a predicted item."""


def equal_pairs(gold: Sequence[Hashable], pred: Sequence[Hashable]) -> list[Pair]:
    """Return as many pairs of equal keys as possible, the first with the first.

    A key that is None has no partner.
    """
    columns_of: dict[Hashable, list[int]] = {}
    for column in reversed(range(len(pred))):
        columns_of.setdefault(pred[column], []).append(column)
    columns_of.pop(None, None)
    pairs = []
    for row, key in enumerate(gold):
        columns = columns_of.get(key)
        if columns:
            pairs.append((row, columns.pop()))
    return pairs


def assignment(weights: Mapping[Pair, float]) -> list[Pair]:
    """Return the one-to-one pairs with the greatest total weight, sorted.

    Weights are positive; rows and columns without a weight are not paired. The Hungarian method
    (Kuhn 1955, Munkres 1957) solves each connected component by itself; the order of rows and
    columns decides between equal totals.

    scipy's `linear_sum_assignment` is the oracle of the tests. Importing it takes 0.4 s, and with
    numpy it adds 217 MB.
    """
    columns_of: dict[int, list[int]] = {}
    rows_of: dict[int, list[int]] = {}
    for row, column in sorted(weights):
        columns_of.setdefault(row, []).append(column)
        rows_of.setdefault(column, []).append(row)
    pairs: list[Pair] = []
    for rows, columns in _components(columns_of, rows_of):
        if len(rows) == len(columns) == 1:
            pairs.append((rows[0], columns[0]))
        elif len(rows) == 1 or len(columns) == 1:
            pairs.append(_heaviest(rows, columns, weights))
        else:
            pairs += _hungarian(rows, columns_of, weights)
    return sorted(pairs)


def assignments(weights: Mapping[Pair, Sequence[float]], count: int) -> list[list[Pair]]:
    """Return `assignment` by each of the `count` weights of a pair; a weight of 0 is none."""
    rows, columns = Counter(i for i, _ in weights), Counter(j for _, j in weights)
    # Most spans that overlap one span overlap no other: these need no search.
    isolated = [(i, j) for i, j in weights if rows[i] == columns[j] == 1]
    others = weights.keys() - isolated
    results = []
    for which in range(count):
        pairs = [pair for pair in isolated if weights[pair][which]]
        pairs += assignment({p: weights[p][which] for p in others if weights[p][which]})
        results.append(sorted(pairs))
    return results


def _heaviest(rows: list[int], columns: list[int], weights: Mapping[Pair, float]) -> Pair:
    """The pair with the greatest weight; of equals the first."""
    pairs = [(i, j) for i in rows for j in columns if (i, j) in weights]
    return max(pairs, key=lambda pair: (weights[pair], -pair[0], -pair[1]))


class _Component(NamedTuple):
    """A connected component of a bipartite graph: its rows and its columns, sorted."""

    rows: list[int]
    columns: list[int]


def _components(
    columns_of: Mapping[int, list[int]], rows_of: Mapping[int, list[int]]
) -> list[_Component]:
    """The connected components of the graph whose edges are the weighted pairs."""
    components = []
    seen: set[int] = set()
    for first in sorted(columns_of):
        if first in seen:
            continue
        if len(columns_of[first]) == 1 and len(rows_of[columns_of[first][0]]) == 1:
            components.append(_Component([first], columns_of[first]))  # as most are
            continue
        component = _reachable(first, columns_of, rows_of)
        seen.update(component.rows)
        components.append(component)
    return components


def _reachable(
    first: int, columns_of: Mapping[int, list[int]], rows_of: Mapping[int, list[int]]
) -> _Component:
    """The component of a row."""
    rows: set[int] = {first}
    columns: set[int] = set()
    waiting = [first]
    while waiting:
        for column in columns_of[waiting.pop()]:
            if column in columns:
                continue
            columns.add(column)
            new_rows = [row for row in rows_of[column] if row not in rows]
            rows.update(new_rows)
            waiting += new_rows
    return _Component(sorted(rows), sorted(columns))


def _hungarian(
    rows: list[int], columns_of: Mapping[int, list[int]], weights: Mapping[Pair, float]
) -> list[Pair]:
    """The best pairs of a component."""
    paths = _AugmentingPaths(columns_of, weights)
    for row in rows:
        paths.add(row)
    return list(paths.column_of.items())


class _AugmentingPaths:
    """Adds one row after the other by a shortest augmenting path, with potentials.

    A path leads from row to column by a pair that is not made, and back by one that is. It ends at
    a column without a partner, or at a row that loses its own. Only weighted pairs are looked at,
    so that most paths stay among the neighbours of their row (Dijkstra 1959).
    """

    def __init__(self, columns_of: Mapping[int, list[int]], weights: Mapping[Pair, float]) -> None:
        self.column_of: dict[int, int] = {}
        self._row_of: dict[int, int] = {}
        self._columns_of, self._weights = columns_of, weights
        self._row_potential: dict[int, float] = {}
        self._column_potential: dict[int, float] = {}

    def add(self, root: int) -> None:
        """Pair a row, or leave it without a partner, so that the total weight is greatest."""
        self._row_potential[root] = min(0, *self._reduced(root, 0).values())
        row_distance: dict[int, float] = {root: 0}
        nearest: dict[int, tuple[float, int]] = {}  # distance of a column, and the row before it
        visited: dict[int, float] = {}
        waiting: list[tuple[float, int]] = []
        row, distance, loser = root, 0.0, (inf, root)
        while True:
            loser = min(loser, (distance - self._row_potential[row], row))
            for column, length in self._reduced(row, distance).items():
                if column not in visited and length < nearest.get(column, (inf, 0))[0]:
                    nearest[column] = length, row
                    heappush(waiting, (length, column))
            while waiting and waiting[0][1] in visited:
                heappop(waiting)
            if not waiting or loser[0] < waiting[0][0]:
                distance, end = loser[0], self.column_of.pop(loser[1], None)
                break
            distance, end = heappop(waiting)
            visited[end] = distance
            if end not in self._row_of:
                break
            row = self._row_of[end]
            row_distance[row] = distance
        for row, passed in row_distance.items():
            self._row_potential[row] += distance - passed
        for column, passed in visited.items():
            potential = self._column_potential.get(column, 0)
            self._column_potential[column] = potential - (distance - passed)
        self._turn(root, end, nearest)

    def _reduced(self, row: int, distance: float) -> dict[int, float]:
        """The distances of a row's columns, given the row's own."""
        base = distance - self._row_potential.get(row, 0)
        return {
            column: base - self._weights[row, column] - self._column_potential.get(column, 0)
            for column in self._columns_of[row]
        }

    def _turn(self, root: int, end: int | None, nearest: Mapping[int, tuple[float, int]]) -> None:
        """Make the pairs along a path that were not made, and unmake the others."""
        while end is not None:
            row = nearest[end][1]
            self._row_of[end] = row
            previous = self.column_of.get(row)
            self.column_of[row] = end
            end = None if row == root else previous
