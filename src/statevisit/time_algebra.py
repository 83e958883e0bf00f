"""Time algebra: what the relations between events and times say about beginnings and ends. No I/O.

An event or time is an interval. Every temporal type of the scheme orders the four end points of its
source and target (the point algebra of Vilain and Kautz 1986, "Constraint propagation algorithms for
temporal reasoning"). Each type thus stands for a set of the thirteen relations of Allen 1983,
"Maintaining knowledge about temporal intervals":

| type | Allen's relations | TimeML 1.2.1 (Pustejovsky et al. 2003) |
| --- | --- | --- |
| BEFORE | before | BEFORE |
| CONTAINS | contains, started by, finished by, equals | INCLUDES, BEGUN_BY, ENDED_BY, SIMULTANEOUS |
| OVERLAP | overlaps, contains, finished by | none |
| BEGINS_ON | the source begins within the target, its bounds included | none |
| ENDS_ON | the source ends within the target, its bounds included | none |
| SIMULTANEOUS | equals | SIMULTANEOUS |

The definitions are those of `schema/document.schema.json`, whose types come from RED (O'Gorman et
al. 2016, "Richer Event Description"). OVERLAP says "`source` begins first and the two share some
time", so begin(source) < begin(target) < end(source); which of the two ends first is left open.
"""

from collections.abc import Hashable, Iterable, Iterator
from typing import Any, NamedTuple

BEGIN, END = False, True

Point = tuple[Hashable, bool]
"""An event or time, and which of its end points is meant: BEGIN or END."""

Order = tuple[Point, Point, bool]
"""The first point is before the second (True), or at the same time at the latest (False)."""


class Link(NamedTuple):
    """A temporal relation between two events or times."""

    type: str
    source: Any
    target: Any


def _before(first: Point, second: Point) -> tuple[Order]:
    return ((first, second, True),)


def _not_after(first: Point, second: Point) -> tuple[Order]:
    return ((first, second, False),)


def _equal(first: Point, second: Point) -> tuple[Order, Order]:
    return ((first, second, False), (second, first, False))


_A, _A_END = ("source", BEGIN), ("source", END)
_B, _B_END = ("target", BEGIN), ("target", END)

ORDERS: dict[str, tuple[Order, ...]] = {
    "BEFORE": _before(_A_END, _B),
    "CONTAINS": _not_after(_A, _B) + _not_after(_B_END, _A_END),
    "OVERLAP": _before(_A, _B) + _before(_B, _A_END),
    "BEGINS_ON": _not_after(_B, _A) + _not_after(_A, _B_END),
    "ENDS_ON": _not_after(_B, _A_END) + _not_after(_A_END, _B_END),
    "SIMULTANEOUS": _equal(_A, _B) + _equal(_A_END, _B_END),
}
"""For every temporal type of the scheme, what it says about the end points of source and target."""


def orders(link: Link) -> Iterator[Order]:
    """What a link says about the end points of its source and target."""
    node: dict[Hashable, Any] = {"source": link.source, "target": link.target}
    for (first, first_end), (second, second_end), strict in ORDERS[link.type]:
        yield (node[first], first_end), (node[second], second_end), strict


def _is_symmetric(kind: str) -> bool:
    """Whether a type says the same with source and target exchanged: it is its own inverse."""
    return set(ORDERS[kind]) == set(orders(Link(kind, "target", "source")))


SYMMETRIC = frozenset(kind for kind in ORDERS if _is_symmetric(kind))
"""The types that are their own inverse; the inverse of any other type is no type of the scheme."""


class Graph:
    """The order of end points that links state, and its transitive closure.

    An interval begins before it ends (Allen 1983). Links can be added and removed.
    """

    def __init__(self, links: Iterable[Link] = ()) -> None:
        self._after: dict[Point, list[tuple[Point, bool]]] = {}
        for link in links:
            self.add(link)

    def add(self, link: Link) -> None:
        """Add what a link states."""
        for node in (link.source, link.target):
            if (node, END) not in self._after:
                self._after[node, BEGIN] = [((node, END), True)]
                self._after[node, END] = []
        for first, second, strict in orders(link):
            self._after[first].append((second, strict))

    def remove(self, link: Link) -> None:
        """Remove what a link that was added states."""
        for first, second, strict in orders(link):
            self._after[first].remove((second, strict))

    def entails(self, link: Link) -> bool:
        """Whether a link is in the transitive closure."""
        return all(self._reaches(*order) for order in orders(link))

    def _reaches(self, first: Point, second: Point, strict: bool) -> bool:
        if first not in self._after or second not in self._after:
            return False
        seen, todo = {(first, False)}, [(first, False)]
        while todo:
            point, strictly = todo.pop()
            if point == second and (strictly or not strict):
                return True
            for following, more in self._after[point]:
                state = following, strictly or more
                if state not in seen:
                    seen.add(state)
                    todo.append(state)
        return False
