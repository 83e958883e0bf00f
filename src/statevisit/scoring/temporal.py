"""Temporal awareness: how much two sets of temporal relations entail of each other.

A relation is in the transitive closure of others if these entail it (`time_algebra`).
"""

from collections import Counter, deque
from collections.abc import Hashable, Iterable, Sequence

from statevisit.document.time_algebra import BEGIN, END, Graph, Link, Order, Point, Step, orders
from statevisit.scoring.counts import MatchCounts


def reduced(links: Iterable[Link]) -> tuple[list[Link], Graph]:
    """Return the links without those that the remaining ones entail, and the graph of all.

    The links are examined in their sorted order.
    """
    ordered = sorted(set(links), key=lambda link: (link.source, link.target, link.type))
    graph = Graph(ordered)
    reduction = _Reduction(graph, ordered)
    return [link for link in ordered if not reduction.removes(link)], graph


class _Reduction:
    """The orders of links, from which those of superfluous links are removed one by one.

    What is removed follows from the rest, so the components and their closure stay the same. An
    order between two components therefore follows if there is a way through a third one, whatever
    was removed, or if another link states it and is still there. An order within a component
    follows if there is another way inside it. Where SIMULTANEOUS alone makes intervals equal, the
    links that stay are a spanning tree, the last ones that connect (Kruskal 1956, in reverse).
    """

    def __init__(self, graph: Graph, links: Sequence[Link]) -> None:
        self._graph = graph
        self._stated = Counter[Step]()
        self._in_tree = self._spanning(links)
        self._inside = _OrdersInside()
        nodes = {node for link in links for node in (link.source, link.target)}
        for node in nodes:
            self._add(*self._placed(((node, BEGIN), (node, END), True)))
        self._orders = {
            link: [self._placed(order) for order in orders(link)]
            for link in links
            if link not in self._in_tree
        }
        for of_link in self._orders.values():
            for order, step in of_link:
                self._add(order, step)
        steps = [step for step in self._stated if step.first != step.second]
        self._has_detour = dict(zip(steps, graph.reached(steps, by_detour=True), strict=True))

    def removes(self, link: Link) -> bool:
        """Remove a link if the other ones that are left entail it; return whether they do."""
        if link in self._in_tree:
            return not self._in_tree[link]
        of_link = self._orders[link]
        for order, step in of_link:
            self._add(order, step, -1)
        if all(self._follows(order, step) for order, step in of_link):
            return True
        for order, step in of_link:
            self._add(order, step)
        return False

    def _spanning(self, links: Sequence[Link]) -> dict[Link, bool]:
        """The links of components that SIMULTANEOUS alone makes, and whether they stay."""
        component = self._graph.component
        mixed = {
            component[first]
            for link in links
            if link.type != "SIMULTANEOUS"
            for first, second, _ in orders(link)
            if component[first] == component[second]
        }
        mixed.update(number for number, is_strict in enumerate(self._graph.is_strict) if is_strict)
        in_tree = {}
        leader: dict[Hashable, Hashable] = {}
        for link in reversed(links):
            ends = {component[link.source, end] for end in (BEGIN, END)}
            if link.type == "SIMULTANEOUS" and not ends & mixed:
                first, second = _led(leader, link.source), _led(leader, link.target)
                in_tree[link] = first != second
                leader[first] = second
        return in_tree

    def _add(self, order: Order, step: Step, number: int = 1) -> None:
        if step.first == step.second:
            self._inside.add(order, number)
        else:
            self._stated[step] += number

    def _placed(self, order: Order) -> tuple[Order, Step]:
        """An order and its components; a strict one at a contradiction is as one that is not."""
        begin, end, strict = order
        first, second = self._graph.component[begin], self._graph.component[end]
        contradicts = self._graph.is_strict[first] or self._graph.is_strict[second]
        return order, Step(first, second, strict and not contradicts)

    def _follows(self, order: Order, step: Step) -> bool:
        if step.first == step.second:
            return self._inside.follows(order)
        if self._has_detour[step] or self._stated[step]:
            return True
        return not step.strict and self._stated[step._replace(strict=True)] > 0


def _led(leader: dict[Hashable, Hashable], node: Hashable) -> Hashable:
    """The node that stands for a set of connected ones; shortens the way to it."""
    while leader.get(node, node) != node:
        leader[node] = leader.get(leader[node], leader[node])
        node = leader[node]
    return node


Steps = dict[Point, Counter[tuple[Point, bool]]]
"""For each point how often each order leads from it, or to it: the other point, and strictness."""


class _OrdersInside:
    """The orders within the components of a graph, of which some are removed."""

    def __init__(self) -> None:
        self._after: Steps = {}
        self._before: Steps = {}

    def add(self, order: Order, number: int) -> None:
        """Change how often an order is stated."""
        first, second, strict = order
        for steps, near, far in ((self._after, first, second), (self._before, second, first)):
            counts = steps.setdefault(near, Counter())
            counts[far, strict] += number
            if not counts[far, strict]:
                del counts[far, strict]

    def follows(self, order: Order) -> bool:
        """Whether a way leads from one point to another, with a strict order if asked for.

        Searched from both ends in turn: where one end has few ways left, the search is short.
        """
        first, second, strict = order
        ends = (_Search(self._after, first, not strict), _Search(self._before, second, False))
        while True:
            for search, other in (ends, ends[::-1]):
                if search.meets(other):
                    return True
                if not search.todo:
                    return False
                search.advance()


class _Search:
    """The points that can be reached from one, each with whether a way had a strict order."""

    def __init__(self, steps: Steps, start: Point, is_strict: bool) -> None:
        self._steps = steps
        self.seen = {(start, is_strict)}
        self.todo = deque([(start, is_strict)])
        self._new = [(start, is_strict)]

    def meets(self, other: "_Search") -> bool:
        """Whether a point that was reached last is one of the other's, and the way is strict."""
        return any(
            (point, True) in other.seen or (is_strict and (point, False) in other.seen)
            for point, is_strict in self._new
        )

    def advance(self) -> None:
        """Go on from one point."""
        point, is_strict = self.todo.popleft()
        self._new = []
        for following, strict_step in self._steps.get(point, ()):
            state = following, is_strict or strict_step
            if state not in self.seen:
                self.seen.add(state)
                self._new.append(state)
        self.todo += self._new


def awareness(gold: Iterable[Link], pred: Iterable[Link]) -> MatchCounts:
    """Return the counts of temporal awareness (UzZaman and Allen 2011).

    Precision is the share of the reduced prediction that the gold entails, recall the share of the
    reduced gold that the prediction entails (TempEval-3: UzZaman et al. 2013).
    """
    gold_links, gold_graph = reduced(gold)
    pred_links, pred_graph = reduced(pred)
    return MatchCounts(
        correct_predicted=sum(gold_graph.entailed(pred_links)),
        predicted=len(pred_links),
        correct_gold=sum(pred_graph.entailed(gold_links)),
        gold=len(gold_links),
    )
