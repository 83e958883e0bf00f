"""The time algebra: each type means what the schema says, to the checks and to the scorer alike."""

import random
import time
from collections.abc import Iterator
from functools import cache
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from statevisit.checks.document import check_document
from statevisit.document import time_algebra
from statevisit.document.model import Document, EventRelation
from statevisit.document.scheme import base
from statevisit.document.time_algebra import ORDERS, SYMMETRIC, Graph, Link, Order, orders
from statevisit.scoring import temporal

Interval = tuple[int, int]

INTERVALS = list(combinations(range(6), 2))
"""(begin, end): six points are enough for every order of three intervals."""

NODES = ("ev1", "ev2", "ev3")

ALLEN = {
    "BEFORE": "before",
    "CONTAINS": "contains, started-by, finished-by, equals",
    "OVERLAP": "overlaps, contains, finished-by",
    "BEGINS_ON": "starts, started-by, equals, during, finishes, overlapped-by, met-by",
    "ENDS_ON": "finishes, finished-by, equals, during, starts, overlaps, meets",
    "SIMULTANEOUS": "equals",
}
"""The relations of Allen (1983) that each type of the scheme admits."""


def _sign(a: int, b: int) -> int:
    return (a > b) - (a < b)


def _allen(a: Interval, b: Interval) -> str:
    """The one relation of Allen's thirteen that holds between two intervals."""
    if a[1] < b[0]:
        return "before"
    if b[1] < a[0]:
        return "after"
    if a[1] == b[0]:
        return "meets"
    if b[1] == a[0]:
        return "met-by"
    return {
        (-1, -1): "overlaps",
        (-1, 0): "finished-by",
        (-1, 1): "contains",
        (0, -1): "starts",
        (0, 0): "equals",
        (0, 1): "started-by",
        (1, -1): "during",
        (1, 0): "finishes",
        (1, 1): "overlapped-by",
    }[_sign(a[0], b[0]), _sign(a[1], b[1])]


@cache
def _admits(kind: str, a: Interval, b: Interval) -> bool:
    return _allen(a, b) in ALLEN[kind].split(", ")


def _timelines(links: list[Link]) -> Iterator[dict[str, Interval]]:
    """Every way to lay three intervals in time so that all links hold."""
    for places in product(INTERVALS, repeat=len(NODES)):
        at = dict(zip(NODES, places, strict=True))
        if all(_admits(k, at[a], at[b]) for k, a, b in links):
            yield at


def _links(**size: int) -> st.SearchStrategy[list[Link]]:
    ends = st.permutations(NODES).map(lambda nodes: nodes[:2])
    link = st.builds(lambda kind, e: Link(kind, *e), st.sampled_from(sorted(ORDERS)), ends)
    return st.lists(link, **size)


def _holds(kind: str, a: Interval, b: Interval) -> bool:
    """Whether what a type says about the end points is true of two intervals."""
    at = {"a": a, "b": b}
    return all(
        at[first][first_end] < at[second][second_end]
        if strict
        else at[first][first_end] <= at[second][second_end]
        for (first, first_end), (second, second_end), strict in orders(Link(kind, "a", "b"))
    )


def _codes(article: Document, links: list[Link]) -> list[str]:
    """The codes of the findings for the article with these relations between its events alone."""
    relations = tuple(EventRelation(type=k, source=a, target=b) for k, a, b in links)
    return [c for c, _, _ in check_document(replace(article, event_relations=relations))]


@pytest.mark.parametrize("kind", ALLEN)
def test_a_type_is_a_set_of_allens_relations(kind: str) -> None:
    """What a type says about the end points admits exactly the relations of Allen listed for it."""
    admitted = {_allen(a, b) for a in INTERVALS for b in INTERVALS if _holds(kind, a, b)}
    assert set(ALLEN[kind].split(", ")) == admitted


def test_the_types_are_the_temporal_ones_of_the_schema() -> None:
    """A temporal type that is added to the schema has to be given its meaning."""
    labels = base().labels("event_relations", "type")
    temporal = [x.name for x in labels if x.extra["family"] == "temporal"]
    assert temporal == list(ORDERS)
    assert {"SIMULTANEOUS"} == SYMMETRIC


@pytest.mark.parametrize(
    "links",
    [
        [Link("OVERLAP", "ev1", "ev2"), Link("SIMULTANEOUS", "ev1", "ev2")],
        [Link("OVERLAP", "ev1", "ev2"), Link("OVERLAP", "ev2", "ev1")],
        [Link("OVERLAP", "ev1", "ev2"), Link("CONTAINS", "ev2", "ev1")],
        [Link("BEFORE", "ev1", "ev2"), Link("BEGINS_ON", "ev1", "ev2")],
    ],
)
def test_a_contradiction_of_two_relations_is_found(article: Document, links: list[Link]) -> None:
    """OVERLAP says "`source` begins first", so the target begins neither earlier nor with it."""
    assert "E607" in _codes(article, links)
    assert "E607" not in _codes(article, links[:1])
    assert "E607" not in _codes(article, links[1:])


@settings(deadline=None)
@given(links=_links(min_size=2, max_size=5))
def test_a_contradiction_is_found_where_no_timeline_exists(
    article: Document, links: list[Link]
) -> None:
    """E607 if and only if the relations leave no order of the events."""
    assert ("E607" in _codes(article, links)) == (not any(_timelines(links)))


@settings(deadline=None)
@given(links=_links(min_size=1, max_size=4), goal=_links(min_size=1, max_size=1))
def test_a_relation_follows_where_it_holds_in_every_timeline(
    links: list[Link], goal: list[Link]
) -> None:
    """The scorer's closure has everything that follows from the relations, and nothing else."""
    timelines = list(_timelines(links))
    if timelines:
        follows = all(_admits(k, at[a], at[b]) for k, a, b in goal for at in timelines)
        assert follows == Graph(links).entails(goal[0])


def test_an_event_may_be_on_two_days_in_a_row(article: Document) -> None:
    """Talks "on Monday and Tuesday" are in both days by the guidelines (§8 E1): no finding."""
    days = [
        replace(t, type="DATE", value=value, mod=None, anchor=None)
        for t, value in zip(article.timexes, ("2024-02-12", "2024-02-13"), strict=False)
    ]
    document = replace(
        article,
        timexes=(*days, *article.timexes[2:]),
        event_relations=tuple(
            EventRelation(type="CONTAINS", source=t.id, target="ev1") for t in days
        ),
    )
    codes = {code for code, _, _ in check_document(document)}
    assert set() == codes & {"E607", "E608"}


LINKS = st.lists(
    st.builds(Link, st.sampled_from(sorted(ORDERS)), st.integers(0, 5), st.integers(0, 5)),
    max_size=14,
)


def _is_way(stated: list[Order], order: Order) -> bool:
    """Whether a way leads from one point to another, found by trying all."""
    first, second, strict = order
    states = {(first, False)}
    while True:
        more = {
            (end, is_strict or s)
            for point, is_strict in states
            for begin, end, s in stated
            if begin == point
        }
        if more <= states:
            return (second, True) in states or (not strict and (second, False) in states)
        states |= more


def _entails(links: list[Link], goal: Link) -> bool:
    """Whether links entail another one of the same nodes, by the definition."""
    stated = [order for link in links for order in orders(link)]
    nodes = range(6)
    stated += [((node, False), (node, True), True) for node in nodes]
    return all(_is_way(stated, order) for order in orders(goal))


@given(LINKS)
@settings(max_examples=300)
def test_a_reduction_is_made_link_by_link(links: list[Link]) -> None:
    """What is left is what remains if each link is tried in order, contradictions included."""
    expected = sorted(set(links), key=lambda link: (link.source, link.target, link.type))
    for link in list(expected):
        others = [other for other in expected if other != link]
        if _entails(others, link):
            expected = others
    assert expected == temporal.reduced(links)[0]


def _nodes(links: list[Link]) -> set[int]:
    return {node for link in links for node in (link.source, link.target)}


@given(LINKS, LINKS, st.integers(1, 3))
@settings(max_examples=200)
def test_entailed_links_whatever_the_block(
    links: list[Link], goals: list[Link], block: int
) -> None:
    """The closure is the same if it is computed for a few targets at a time."""
    expected = [_entails(links, goal) and _nodes([goal]) <= _nodes(links) for goal in goals]
    whole = time_algebra._BLOCK
    time_algebra._BLOCK = block
    try:
        assert expected == Graph(links).entailed(goals)
    finally:
        time_algebra._BLOCK = whole


@pytest.mark.slow
def test_many_relations_take_no_squared_time() -> None:
    """A chain of 8,000 and a dense set of 8,000 relations are reduced in a few seconds."""
    size = 8_000
    chain = [Link("BEFORE", n, n + 1) for n in range(size)]
    equal = [Link("SIMULTANEOUS", n, n + 1) for n in range(size)]
    dice = random.Random(0)
    dense = [Link("BEFORE", *sorted(dice.sample(range(1_000), 2))) for _ in range(size)]
    begin = time.process_time()
    assert size == len(temporal.reduced(chain)[0]) == len(temporal.reduced(equal)[0])
    assert 1_000 < len(temporal.reduced(dense)[0]) < 4_000
    assert time.process_time() - begin < 30  # minutes before
