"""Cycles of references: a record that leads back to itself."""

from collections import Counter
from collections.abc import Hashable, Iterable
from itertools import chain
from typing import TypeVar

from msgspec import Struct

from statevisit.checks.registry import Context, Path_, Problems, check
from statevisit.document.model import Document
from statevisit.document.scheme import base

Node = TypeVar("Node", bound=Hashable)

_SHOWN = 6
"""Ids of a cycle in a message."""


def components(graph: dict[Node, list[Node]]) -> list[list[Node]]:
    """Return the strongly connected components of more than one node.

    `graph` has every node as a key, and the nodes to which its edges lead. The algorithm is
    Kosaraju's, without recursion, since a cycle can be long. On the graph of the shipped document
    (106 nodes, 150 edges) it takes a quarter of networkx's time (65 µs, 276 µs), and importing
    networkx (0.23 s) would lengthen `statevisit validate` by half.
    """
    if not _has_cycle(graph):
        return []
    incoming: dict[Node, list[Node]] = {}
    for source, targets in graph.items():
        for target in targets:
            incoming.setdefault(target, []).append(source)
    assigned: set[Node] = set()
    cyclic = []
    for root in reversed(_by_completion(graph)):
        if root in assigned:
            continue
        assigned.add(root)
        component = [root]
        for node in component:  # the list grows meanwhile
            for source in incoming.get(node, ()):
                if source not in assigned:
                    assigned.add(source)
                    component.append(source)
        if len(component) > 1:
            cyclic.append(component)
    return cyclic


def _has_cycle(graph: dict[Node, list[Node]]) -> bool:
    """Whether nodes are left after the removal, again and again, of those without an edge to them.

    This is Kahn's algorithm, which takes a third of the time of the search for components.
    """
    incoming = dict(Counter(chain.from_iterable(graph.values())))
    removed = [node for node in graph if node not in incoming]
    for node in removed:  # the list grows meanwhile
        for target in graph[node]:
            left = incoming[target] - 1
            incoming[target] = left
            if not left:
                removed.append(target)
    return len(removed) < len(graph)


def _by_completion(graph: dict[Node, list[Node]]) -> list[Node]:
    """The nodes in the order in which a depth-first search leaves them."""
    completed: list[Node] = []
    visited: set[Node] = set()
    for root in graph:
        if root in visited:
            continue
        visited.add(root)
        open_nodes = [(root, iter(graph[root]))]
        while open_nodes:
            node, targets = open_nodes[-1]
            for target in targets:
                if target not in visited:
                    visited.add(target)
                    open_nodes.append((target, iter(graph[target])))
                    break
            else:
                open_nodes.pop()
                completed.append(node)
    return completed


class Edge(Struct, frozen=True):
    """A reference from one record to another, and its path in the document."""

    path: Path_
    source: str
    target: str


def _cycles(references: Iterable[Edge]) -> Problems:
    """Report the first reference of every cycle, and every record that refers to itself."""
    edges = list(references)
    graph: dict[str, list[str]] = {}
    for edge in edges:
        graph.setdefault(edge.source, []).append(edge.target)
        graph.setdefault(edge.target, [])
    component_of: dict[str, int] = {}
    for number, component in enumerate(components(graph)):
        component_of |= dict.fromkeys(component, number)
    edges_inside: dict[int, list[Edge]] = {number: [] for number in component_of.values()}
    for edge in edges:
        home = component_of.get(edge.source)
        if home is not None and home == component_of.get(edge.target):
            edges_inside[home].append(edge)
    for inside in edges_inside.values():
        yield inside[0].path, f"{_way_round(inside)} leads back to itself"
    for edge in edges:
        if edge.source == edge.target:
            yield edge.path, f"{edge.source!r} refers to itself"


def _way_round(edges: list[Edge]) -> str:
    """Show one way round a cycle: ev1 → ev2 → ev1."""
    following: dict[str, str] = {}
    for edge in edges:
        following.setdefault(edge.source, edge.target)
    way = [edges[0].source]
    places = {way[0]: 0}
    while following[way[-1]] not in places:
        places[following[way[-1]]] = len(way)
        way.append(following[way[-1]])
    repeated = following[way[-1]]
    way = [*way[places[repeated] :], repeated]
    if len(way) > _SHOWN + 1:
        way = [*way[:_SHOWN], "…", way[-1]]
    return " → ".join(way)


@check("E307")
def conversion_cycle(document: Document, context: Context) -> Problems:
    """The quantity is a conversion of itself.

    `conversion_of` points from the restatement to the quantity that the text gives first. Programs
    that follow it must reach an end.

    Wrong: `q1` with `"conversion_of":"q2"` and `q2` with `"conversion_of":"q1"`
    Right: only `q2` with `"conversion_of":"q1"`
    """
    return _cycles(
        Edge(("quantities", number, "conversion_of"), quantity.id, quantity.conversion_of)
        for number, quantity in enumerate(document.quantities)
        if quantity.conversion_of
    )


@check("E308")
def timex_cycle(document: Document, context: Context) -> Problems:
    """A time expression is anchored in itself.

    `anchor`, `begin` and `end_point` name the times from which a value was derived. From a cycle
    of them no value can be derived.

    Wrong: `t1` with `"anchor":"t2"` and `t2` with `"anchor":"t1"`
    Right: `t1` with `"anchor":"DCT"`
    """
    edges = []
    for number, timex in enumerate(document.timexes):
        for name in ("anchor", "begin", "end_point"):
            target = getattr(timex, name)
            if target not in (None, "DCT"):
                edges.append(Edge(("timexes", number, name), timex.id, target))
    return _cycles(edges)


@check("E309")
def subevent_cycle(document: Document, context: Context) -> Problems:
    """An event is a part of itself.

    SUBEVENT leads from a whole (`source`) to its part (`target`). In a cycle one of the relations
    has the wrong direction.

    Wrong: SUBEVENT from `ev1` to `ev2` and from `ev2` to `ev1`
    Right: SUBEVENT from `ev1`, the whole, to `ev2`
    """
    return _cycles(
        Edge(("event_relations", number, "source"), relation.source, relation.target)
        for number, relation in enumerate(document.event_relations)
        if relation.type == "SUBEVENT"
    )


@check("W310")
def argument_cycle(document: Document, context: Context) -> Problems:
    """An event is, through its arguments, a participant of itself.

    An event can be an argument of another (seek → improve → cooperation). A cycle usually has one
    argument too many. Two events that are about each other can be right.

    Wrong: `ev1` with the argument `ev2` and `ev2` with the argument `ev1`
    Right: only `ev1` with the argument `ev2`
    """
    layers = document.layer_by_id
    edges = []
    for number, event in enumerate(document.events):
        for index, argument in enumerate(event.arguments or ()):
            if layers.get(argument.target) == "events":
                path = ("events", number, "arguments", index, "target")
                edges.append(Edge(path, event.id, argument.target))
    return _cycles(edges)


@check("E313")
def member_cycle(document: Document, context: Context) -> Problems:
    """A set contains itself.

    `members` are the entities that a set consists of. A member can be a set with members of its
    own, but whoever follows them must reach entities that are no sets.

    Wrong: `leaders` with `"members":["leaders","okoye"]`
    Right: `leaders` with `"members":["lind","okoye"]`
    """
    return _cycles(
        Edge(("entities", number, "members", index), entity.id, member)
        for number, entity in enumerate(document.entities)
        for index, member in enumerate(entity.members or ())
    )


@check("E312")
def relation_to_itself(document: Document, context: Context) -> Problems:
    """The relation joins a record with itself.

    No relation of the base scheme holds between a record and itself; one of the two ids is a slip.

    Wrong: `{"type":"BEFORE","source":"ev1","target":"ev1"}`
    Right: `{"type":"BEFORE","source":"ev1","target":"ev2"}`
    """
    for layer in ("relations", "event_relations"):
        known = {*base().label_names(layer, "type")} - {"SUBEVENT"}
        for number, relation in enumerate(getattr(document, layer)):
            if relation.source == relation.target and relation.type in known:
                yield (
                    (layer, number, "target"),
                    f"{relation.type} from {relation.source!r} to {relation.target!r}",
                )
