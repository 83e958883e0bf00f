"""The relations between the entities of a document as a picture, laid out without a library."""

import math
from collections.abc import Mapping, Sequence

from msgspec import Struct

from statevisit.pages.views import Actor
from statevisit.printable import counted

MOST = 16
"""The entities of a picture: of those with relations, the ones that are mentioned most."""

_CHARACTER = 7.4
"""The width of a character of a name, on average, in units of the picture."""

_LONGEST = 26
"""The characters of a name that are shown."""


class Node(Struct, frozen=True):
    """An entity: its name, and its box. `middle` and `baseline` are the place of the name."""

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
    """A relation: a line and its name at (x, y)."""

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


def graph_of(actors: Sequence[Actor], colours: Mapping[str, str]) -> Graph | None:
    """Return the picture of the relations; None if fewer than two entities have one."""
    shown = [actor for actor in actors if actor.relations][:MOST]
    ids = {actor.id for actor in shown}
    if len(shown) < 2:
        return None
    width, height = 760, 120 + 26 * len(shown)
    places = {}
    for number, actor in enumerate(shown):
        angle = 2 * math.pi * number / len(shown) - math.pi / 2
        places[actor.id] = (
            width / 2 + (width / 2 - 120) * math.cos(angle),
            height / 2 + (height / 2 - 30) * math.sin(angle),
        )
    nodes = [_node(actor, *places[actor.id], colours) for actor in shown]
    edges = []
    for actor in shown:
        for relation in actor.relations:
            if relation.name.startswith("→") and relation.other.id in ids:
                ends = places[actor.id], places[relation.other.id]
                edges.append(_edge(relation.name[2:], *ends, (width / 2, height / 2)))
    title = (
        f"{counted(len(edges), 'relation')} between {counted(len(nodes), 'entity')}; "
        "the table below lists them"
    )
    return Graph(width, height, title, nodes, edges)


def _node(actor: Actor, x: float, y: float, colours: Mapping[str, str]) -> Node:
    name = actor.name if len(actor.name) <= _LONGEST else actor.name[: _LONGEST - 1] + "…"
    width, height = _CHARACTER * len(name) + 16, 24
    return Node(
        id=actor.id,
        name=name,
        colour=colours[actor.type],
        x=round(x - width / 2, 1),
        y=round(y - height / 2, 1),
        width=round(width, 1),
        height=height,
        middle=round(x, 1),
        baseline=round(y + 4.5, 1),
    )


def _edge(
    name: str, start: tuple[float, float], end: tuple[float, float], centre: tuple[float, float]
) -> Edge:
    """A line bent towards the centre, so that lines between neighbours can be told apart."""
    middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    bend = (
        middle[0] + 0.3 * (centre[0] - middle[0]),
        middle[1] + 0.3 * (centre[1] - middle[1]),
    )
    path = f"M{start[0]:.1f} {start[1]:.1f}Q{bend[0]:.1f} {bend[1]:.1f} {end[0]:.1f} {end[1]:.1f}"
    x, y = (middle[0] + bend[0]) / 2, (middle[1] + bend[1]) / 2
    return Edge(name, path, round(x, 1), round(y, 1))
