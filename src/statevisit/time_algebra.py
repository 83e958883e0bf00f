"""Time algebra: the order that temporal relations give to beginnings and ends. No I/O.

An event or time is an interval. Every temporal type of the scheme orders the four end points of its
source and target (the point algebra of Vilain and Kautz 1986, "Constraint propagation algorithms
for temporal reasoning"). Each type thus stands for a set of the thirteen relations of Allen 1983,
"Maintaining knowledge about temporal intervals":

| type | Allen's relations | TimeML 1.2.1 (Pustejovsky et al. 2003) |
| --- | --- | --- |
| BEFORE | before | BEFORE |
| CONTAINS | contains, started by, finished by, equal | INCLUDES, BEGUN_BY, ENDED_BY, SIMULTANEOUS |
| OVERLAP | overlaps, contains, finished by | none |
| BEGINS_ON | the source begins within the target, its bounds included | none |
| ENDS_ON | the source ends within the target, its bounds included | none |
| SIMULTANEOUS | equal | SIMULTANEOUS |

The definitions are those of `schema/document.schema.json`, whose types come from RED (O'Gorman et
al. 2016, "Richer Event Description"). OVERLAP says "`source` begins first and the two share some
time", so begin(source) < begin(target) < end(source); which of the two ends first is left open.
"""

from collections.abc import Hashable, Iterable, Iterator
from typing import Any, NamedTuple

BEGIN, END = False, True

Point = tuple[Hashable, bool]
"""An event or time, and one of its end points: BEGIN or END."""

Order = tuple[Point, Point, bool]
"""Two points: the first is before the second (True), or is not after it (False)."""


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
"""For every temporal type of the scheme, the order of the end points of source and target."""


def orders(link: Link) -> Iterator[Order]:
    """Yield the orders of the end points of a link's source and target."""
    node: dict[Hashable, Hashable] = {"source": link.source, "target": link.target}
    for (first, first_end), (second, second_end), strict in ORDERS[link.type]:
        yield (node[first], first_end), (node[second], second_end), strict


def _is_symmetric(kind: str) -> bool:
    """Whether a type means the same with source and target exchanged: it is its own inverse."""
    return set(ORDERS[kind]) == set(orders(Link(kind, "target", "source")))


SYMMETRIC = frozenset(kind for kind in ORDERS if _is_symmetric(kind))
"""The types that are their own inverse; the inverse of any other type is no type of the scheme."""


class Graph:
    """The orders of end points that links state, and their transitive closure.

    An interval begins before it ends (Allen 1983). Links can be added and removed.
    """

    def __init__(self, links: Iterable[Link] = ()) -> None:
        self._after: dict[Point, list[tuple[Point, bool]]] = {}
        for link in links:
            self.add(link)

    def add(self, link: Link) -> None:
        """Add the orders of a link."""
        for node in (link.source, link.target):
            if (node, END) not in self._after:
                self._after[node, BEGIN] = [((node, END), True)]
                self._after[node, END] = []
        for first, second, strict in orders(link):
            self._after[first].append((second, strict))

    def remove(self, link: Link) -> None:
        """Remove the orders of a link that was added before."""
        for first, second, strict in orders(link):
            self._after[first].remove((second, strict))

    def entails(self, link: Link) -> bool:
        """Whether a link is in the transitive closure."""
        return all(self._reaches(*order) for order in orders(link))

    def _reaches(self, first: Point, second: Point, strict: bool) -> bool:
        """Whether a path leads from one point to another, with a strict step if asked for."""
        if first not in self._after or second not in self._after:
            return False
        start = (first, False)
        seen, todo = {start}, [start]
        while todo:
            point, is_strict = todo.pop()
            if point == second and (is_strict or not strict):
                return True
            for following, is_strict_step in self._after[point]:
                state = (following, is_strict or is_strict_step)
                if state not in seen:
                    seen.add(state)
                    todo.append(state)
        return False
