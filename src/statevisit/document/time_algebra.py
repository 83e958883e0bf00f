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

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from statevisit.document.records import FACT, EventRelation

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


_AS_TEMPORAL = {"SUBEVENT": "CONTAINS"}
"""The temporal type whose order another type states as well: a part lies within its whole."""


def stated_type(relation: EventRelation) -> str | None:
    """Return the temporal type that a relation states as a fact; None if it states none."""
    kind = _AS_TEMPORAL.get(relation.type or "", relation.type)
    return kind if kind in ORDERS and relation.stated_modality == FACT else None


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


class Step(NamedTuple):
    """An order between two components of a graph, by their numbers."""

    first: int
    second: int
    strict: bool


class Graph:
    """The orders of end points that links state, and their transitive closure.

    `facts` are further orders, also of points that no link has, such as those of the calendar.
    An interval begins before it ends (Allen 1983). Points that are not after each other, both ways,
    form a component. Components are numbered so that an order between two of them leads to the one
    with the lower number. A component with a strict order inside contradicts itself, and each of
    its points is before all others: `is_strict`.
    """

    def __init__(self, links: Iterable[Link], facts: Iterable[Order] = ()) -> None:
        after: dict[Point, list[tuple[Point, bool]]] = {}
        for link in links:
            for node in (link.source, link.target):
                if (node, END) not in after:
                    after[node, BEGIN] = [((node, END), True)]
                    after[node, END] = []
            for first, second, strict in orders(link):
                after[first].append((second, strict))
        for first, second, strict in facts:
            after.setdefault(first, []).append((second, strict))
            after.setdefault(second, [])
        self.component = _components(after)
        count = max(self.component.values(), default=-1) + 1
        self.is_strict = [False] * count
        self._after: list[dict[int, bool]] = [{} for _ in range(count)]
        for point, following in after.items():
            first_number = self.component[point]
            steps = self._after[first_number]
            for other, strict in following:
                number = self.component[other]
                if number != first_number:
                    steps[number] = strict or steps.get(number, False)
                elif strict:
                    self.is_strict[number] = True

    def entails(self, link: Link) -> bool:
        """Whether a link is in the transitive closure."""
        return self.entailed([link])[0]

    def entailed(self, links: Sequence[Link]) -> list[bool]:
        """Return for each link whether it is in the transitive closure."""
        steps = [[self.step(order) for order in orders(link)] for link in links]
        needed = dict.fromkeys(step for of_link in steps for step in of_link if step)
        reached = dict(zip(needed, self.reached(list(needed)), strict=True))
        return [all(step and reached[step] for step in of_link) for of_link in steps]

    def reach(self) -> list[int]:
        """Return for each component those that it is not after, itself included, as bits."""
        reached: list[int] = []
        for number, steps in enumerate(self._after):
            bits = 1 << number
            for other in steps:
                bits |= reached[other]
            reached.append(bits)
        return reached

    def step(self, order: Order) -> Step | None:
        """Return the components that an order leads from and to; None for an unknown point."""
        first, second, strict = order
        numbers = self.component.get(first), self.component.get(second)
        if numbers[0] is None or numbers[1] is None:
            return None
        return Step(numbers[0], numbers[1], strict)

    def reached(self, steps: Sequence[Step], by_detour: bool = False) -> list[bool]:
        """Return for each step whether a way leads along it, with a strict order if it is strict.

        Within a component there is always a way. `by_detour` asks for a way through a third
        component. The sets of all components that can be reached are bits of an integer, computed
        for some thousand targets at a time.
        """
        answers = [
            first == second and (self.is_strict[first] or not strict)
            for first, second, strict in steps
        ]
        blocks: dict[int, dict[int, list[int]]] = {}
        for number, (first, second, _) in enumerate(steps):
            if first > second:
                by_source = blocks.setdefault(second // _BLOCK, {})
                by_source.setdefault(first, []).append(number)
        for block, by_source in blocks.items():
            first_target = block * _BLOCK
            closure = _Closure(self._after, self.is_strict, first_target)
            for source in range(first_target, max(by_source) + 1):
                ways = closure.add(source)
                for number in by_source.get(source, ()):
                    _, second, strict = steps[number]
                    if by_detour:
                        answers[number] = closure.detours[second][strict]
                    else:
                        answers[number] = bool(ways[strict] >> (second - first_target) & 1)
        return answers


_BLOCK = 1 << 14
"""Targets whose reachability is computed at a time: memory for a large graph stays bounded."""


class _Closure:
    """The components of one block that can be reached from each component, as bits.

    Components are added in the order of their numbers, from the first of the block. `detours` says
    of each component to which an order leads from the last one that was added whether a way leads
    there through a third component, and whether one with a strict order does.
    """

    def __init__(self, after: list[dict[int, bool]], is_strict: list[bool], first: int) -> None:
        self._after, self._is_strict, self._first = after, is_strict, first
        self._reached: list[tuple[int, int]] = []
        self.detours: dict[int, tuple[bool, bool]] = {}

    def add(self, source: int) -> tuple[int, int]:
        """Add a component; return what it reaches, and what it reaches with a strict order.

        Of the components to which an order leads, the nearest come first: what leads to one of them
        through a third has been added by then.
        """
        any_way = strict_way = 0
        self.detours = {}
        steps = self._after[source]
        for number in sorted(steps, reverse=True):
            place = number - self._first
            if place < 0:
                break
            target = 1 << place if place < _BLOCK else 0
            reached, reached_strictly = self._reached[place]
            has_way, has_strict_way = bool(any_way & target), bool(strict_way & target)
            if self._is_strict[source]:
                has_strict_way = has_way
            self.detours[number] = has_way, has_strict_way
            if not has_way:
                any_way |= reached | target
            if has_strict_way:
                continue
            if steps[number]:
                strict_way |= reached | target
            else:
                strict_way |= reached_strictly | (target if self._is_strict[number] else 0)
        if self._is_strict[source]:
            strict_way = any_way
        self._reached.append((any_way, strict_way))
        return self._reached[-1]


def _components(after: dict[Point, list[tuple[Point, bool]]]) -> dict[Point, int]:
    """The number of each point's strongly connected component (Tarjan 1972), without recursion."""
    component: dict[Point, int] = {}
    lowest: dict[Point, int] = {}
    waiting: list[Point] = []
    count = 0
    for root in after:
        path = [] if root in lowest else [(root, iter(after[root]), len(lowest))]
        while path:
            point, following, index = path[-1]
            if point not in lowest:
                lowest[point] = index
                waiting.append(point)
            other = next((p for p, _ in following if p not in component), None)
            if other is None:
                path.pop()
                if path:
                    previous = path[-1][0]
                    lowest[previous] = min(lowest[previous], lowest[point])
                if lowest[point] == index:
                    while point not in component:
                        component[waiting.pop()] = count
                    count += 1
            elif other in lowest:
                lowest[point] = min(lowest[point], lowest[other])
            else:
                path.append((other, iter(after[other]), len(lowest)))
    return component
