"""The relations of a document as a picture, laid out without a library."""

import math
from collections import Counter
from collections.abc import Mapping
from itertools import combinations

from msgspec import Struct

from statevisit.document.model import Document
from statevisit.document.scheme import scheme_of
from statevisit.pages.cards import label_of, name_of
from statevisit.printable import counted

MOST = 16
"""The records of a picture: those with the most relations."""

_CHARACTER = 7.4
"""The width of a character of a name, on average, in units of the picture."""

_LONGEST = 26
"""The characters of a name that are shown."""


class Node(Struct, frozen=True):
    """An entity or event: its name and box; `middle` and `baseline` are the place of the name."""

    id: str
    name: str
    colour: str
    x: float
    y: float
    width: float
    height: float
    middle: float
    baseline: float


class Edge(Struct, frozen=True):
    """The relations of two records: a line, and their names at (x, y)."""

    name: str
    path: str
    x: float
    y: float


class Graph(Struct, frozen=True):
    """A picture in its own units, with a title that says what is in it."""

    width: int
    height: int
    title: str
    nodes: list[Node]
    edges: list[Edge]


def graph_of(document: Document, colours: Mapping[str, str]) -> Graph | None:
    """Return the picture of the relations of a document; None if it has none.

    The entity with the most relations is in the middle, the others around it.
    """
    ids = _shown(document)
    edges = _edges_between(document, set(ids))
    if not edges:
        return None
    width, height = 760, 240 + 24 * len(ids)
    centre = width / 2, height / 2
    places = {ids[0]: centre}
    around = ids[1:]
    for number, record_id in enumerate(around):
        angle = 2 * math.pi * (number + 0.5) / len(around)
        x = centre[0] + (centre[0] - 110) * math.cos(angle)
        y = centre[1] + (centre[1] - 30) * math.sin(angle)
        places[record_id] = x, y
    nodes = [_node(document, record_id, *place, colours) for record_id, place in places.items()]
    lines = [
        _edge(", ".join(names), places[source], places[target])
        for (source, target), names in edges.items()
    ]
    title = (
        f"{counted(sum(map(len, edges.values())), 'relation')} between "
        f"{counted(len(nodes), 'record')}; the table below lists them"
    )
    return Graph(width, height, title, nodes, lines)


def _shown(document: Document) -> list[str]:
    """The entities and events with relations, those with the most first, at most MOST."""
    degrees: Counter[str] = Counter()
    for relation in document.relations:
        ends = dict.fromkeys((relation.source, relation.target))  # in order, unlike a set
        degrees.update(end for end in ends if end in document.layer_by_id)
    chosen = [record_id for record_id, _ in degrees.most_common(MOST)]
    return [*chosen[:1], *_neighbours_together(document, chosen[1:])]


def _neighbours_together(document: Document, ids: list[str]) -> list[str]:
    """Order records around a circle: two change places as long as that makes relations shorter."""
    pairs = {
        (relation.source, relation.target)
        for relation in document.relations
        if relation.source in ids and relation.target in ids
    }
    of: dict[str, set[tuple[str, str]]] = {record_id: set() for record_id in ids}
    for pair in pairs:
        of[pair[0]].add(pair)
        of[pair[1]].add(pair)
    order = list(ids)
    places = {record_id: place for place, record_id in enumerate(order)}

    def length(some: set[tuple[str, str]]) -> int:
        distances = (abs(places[source] - places[target]) for source, target in some)
        return sum(min(distance, len(order) - distance) for distance in distances)

    def swap(first: int, second: int) -> None:
        order[first], order[second] = order[second], order[first]
        places[order[first]], places[order[second]] = first, second

    is_shorter = True
    while is_shorter:
        is_shorter = False
        for first, second in combinations(range(len(order)), 2):
            moved = of[order[first]] | of[order[second]]
            before = length(moved)
            swap(first, second)
            if length(moved) < before:
                is_shorter = True
            else:
                swap(first, second)
    return order


def _edges_between(document: Document, ids: set[str]) -> dict[tuple[str, str], list[str]]:
    """The names of the relations between two records; both directions are one line."""
    scheme = scheme_of(document)
    edges: dict[tuple[str, str], list[str]] = {}
    for relation in document.relations:
        pair = relation.source, relation.target
        if not ids.issuperset(pair) or pair[0] == pair[1]:
            continue
        label = label_of(scheme, "relations", "type", relation.type or "?")
        name = (label.title or label.name).lower()
        if pair[::-1] in edges:
            pair = pair[::-1]
        edges.setdefault(pair, []).append(name)
    return edges


def _node(
    document: Document, record_id: str, x: float, y: float, colours: Mapping[str, str]
) -> Node:
    name = name_of(document, record_id)
    name = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
    width, height = _CHARACTER * len(name) + 16, 24
    return Node(
        id=record_id,
        name=name,
        colour=colours[getattr(document[record_id], "type", None) or ""],
        x=round(x - width / 2, 1),
        y=round(y - height / 2, 1),
        width=round(width, 1),
        height=height,
        middle=round(x, 1),
        baseline=round(y + 4.5, 1),
    )


def _edge(name: str, start: tuple[float, float], end: tuple[float, float]) -> Edge:
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    path = f"M{start[0]:.1f} {start[1]:.1f}L{end[0]:.1f} {end[1]:.1f}"
    return Edge(name, path, round(x, 1), round(y + 3, 1))
