"""Temporal relations: entailment over interval end points, and temporal awareness.

Every relation is what the schema says of it, as an order of starts and ends; a relation is in the transitive closure
of others where these entail that order (Allen 1983; Vilain and Kautz 1986 for the point algebra).
"""

from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple

Point = tuple[Hashable, bool]
"""An event or time, and whether its end is meant."""
Less = tuple[Point, Point, bool]
"""The first point is before the second; strictly, or at the same time at the latest."""


class Link(NamedTuple):
    """A temporal relation between two events or times."""

    type: str
    source: Any
    target: Any


_A, _A_END, _B, _B_END = range(4)
ORDER = {
    "BEFORE": ((_A_END, _B, True),),
    "CONTAINS": ((_A, _B, False), (_B_END, _A_END, False)),
    "OVERLAP": ((_A, _B, True), (_B, _A_END, True)),
    "BEGINS_ON": ((_B, _A, False), (_A, _B_END, False)),
    "ENDS_ON": ((_B, _A_END, False), (_A_END, _B_END, False)),
    "SIMULTANEOUS": (
        (_A, _B, False),
        (_B, _A, False),
        (_A_END, _B_END, False),
        (_B_END, _A_END, False),
    ),
}
"""What a type says of the starts and ends of its source (A) and target (B): the first is before the second; strictly, or at the latest at the same time."""
TYPES = tuple(ORDER)


def _order(link: Link) -> list[Less]:
    points = (link.source, False), (link.source, True), (link.target, False), (link.target, True)
    return [(points[first], points[second], strict) for first, second, strict in ORDER[link.type]]


class Graph:
    """What is said about an order of points; links can be added and taken away."""

    def __init__(self, links: Iterable[Link] = ()) -> None:
        self.after: dict[Point, list[tuple[Point, bool]]] = {}
        for link in links:
            self.add(link)

    def add(self, link: Link) -> None:
        """Say one more thing."""
        for node in (link.source, link.target):
            if (node, True) not in self.after:
                self.after[node, False] = [
                    ((node, True), True)
                ]  # an interval begins before it ends
                self.after[node, True] = []
        for first, second, strict in _order(link):
            self.after[first].append((second, strict))

    def remove(self, link: Link) -> None:
        """Take one thing back."""
        for first, second, strict in _order(link):
            self.after[first].remove((second, strict))

    def entails(self, link: Link) -> bool:
        """Whether the relation is in the transitive closure."""
        return all(self._before(*less) for less in _order(link))

    def _before(self, first: Point, second: Point, strict: bool) -> bool:
        if first not in self.after or second not in self.after:
            return False
        seen, todo = {(first, False)}, [(first, False)]
        while todo:
            point, strictly = todo.pop()
            if point == second and (strictly or not strict):
                return True
            for following, more in self.after[point]:
                state = following, strictly or more
                if state not in seen:
                    seen.add(state)
                    todo.append(state)
        return False


def reduced(links: Iterable[Link]) -> tuple[list[Link], Graph]:
    """The links without those that the remaining ones entail, looked at in their sorted order; and their graph, which entails what all did."""
    kept = sorted(set(links), key=lambda link: (link.source, link.target, link.type))
    graph = Graph(kept)
    for link in list(kept):
        graph.remove(link)
        if graph.entails(link):
            kept.remove(link)
        else:
            graph.add(link)
    return kept, graph


def awareness(gold: Iterable[Link], pred: Iterable[Link]) -> list[float]:
    """[correct, of predictions, correct, of gold] of temporal awareness (UzZaman and Allen 2011; TempEval-3, UzZaman et al. 2013).

    Precision: how many links of the reduced prediction the gold entails; recall: how many of the reduced gold the
    prediction entails.
    """
    (gold_reduced, gold_graph), (pred_reduced, pred_graph) = reduced(gold), reduced(pred)
    return [
        sum(map(gold_graph.entails, pred_reduced)),
        len(pred_reduced),
        sum(map(pred_graph.entails, gold_reduced)),
        len(gold_reduced),
    ]
