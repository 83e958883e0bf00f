"""References as graphs: cycles, and times that contradict each other."""

from collections.abc import Hashable, Iterable, Iterator
from typing import Any

from statevisit.checks.registry import Context, Path_, Problems, check, once
from statevisit.model import Document
from statevisit.time_algebra import BEGIN, END, ORDERS, Link, orders
from statevisit.values import days

Node = tuple[Hashable, Hashable]
"""A point in time: (event or time, BEGIN or END), ("DCT", "now") or ("day", its ordinal)."""


def components(graph: dict[Any, list[Any]]) -> Iterator[list[Any]]:
    """The strongly connected components of a graph (Tarjan; iterative, since a chain can be long)."""
    index: dict[Any, int] = {}
    low: dict[Any, int] = {}
    stack: list[Any] = []
    on: set[Any] = set()
    for root in graph:
        if root in index:
            continue
        work = [(root, iter(graph[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on.add(root)
        while work:
            node, ahead = work[-1]
            for other in ahead:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    on.add(other)
                    work.append((other, iter(graph.get(other, ()))))
                    break
                if other in on:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    found = [stack.pop()]
                    while found[-1] != node:
                        found.append(stack.pop())
                    on.difference_update(found)
                    yield found


def _cycles(edges: Iterable[tuple[tuple[str | int, ...], str, str]]) -> Problems:
    """The first edge of every cycle: (path, source, target) edges in, (path, detail) out."""
    edges = list(edges)
    graph: dict[str, list[str]] = {}
    for _, source, target in edges:
        graph.setdefault(source, []).append(target)
    for members in [set(c) for c in components(graph) if len(c) > 1] if graph else []:
        inside = [e for e in edges if e[1] in members and e[2] in members]
        yield inside[0][0], f"{_walk(inside)} leads back to itself"
    for path, source, target in edges:
        if source == target:
            yield path, f"{source!r} refers to itself"


def _walk(edges: list[tuple[Any, str, str]]) -> str:
    """One way round a cycle: ev1 → ev2 → ev1."""
    ahead = {source: target for _, source, target in reversed(edges)}
    way = [edges[0][1]]
    while way[-1] not in way[:-1]:
        way.append(ahead[way[-1]])
    way = way[way.index(way[-1]) :]
    return " → ".join(way if len(way) < 8 else [*way[:6], "…", way[-1]])


@check("E307")
def conversion_cycle(document: Document, context: Context) -> Problems:
    """A quantity restates itself.

    `conversion_of` points from the restatement to the quantity that the text gives first; following
    it must come to an end.

    Wrong: `q1` with `"conversion_of":"q2"` and `q2` with `"conversion_of":"q1"`
    Right: only `q2` with `"conversion_of":"q1"`
    """
    return _cycles(
        (("quantities", i, "conversion_of"), q.id, q.conversion_of)
        for i, q in enumerate(document.quantities)
        if q.conversion_of
    )


@check("E308")
def timex_cycle(document: Document, context: Context) -> Problems:
    """A time expression is anchored in itself.

    `anchor`, `begin` and `end_point` say against what a value was resolved; a circle of them
    resolves nothing.

    Wrong: `t1` with `"anchor":"t2"` and `t2` with `"anchor":"t1"`
    Right: `t1` with `"anchor":"DCT"`
    """
    ends = ("anchor", "begin", "end_point")
    return _cycles(
        (("timexes", i, n), t.id, getattr(t, n))
        for i, t in enumerate(document.timexes)
        for n in ends
        if getattr(t, n) not in (None, "DCT")
    )


@check("E309")
def subevent_cycle(document: Document, context: Context) -> Problems:
    """An event is a part of itself.

    SUBEVENT orders events into wholes and parts; a circle means that one relation is the wrong way
    round (`source` is the whole).

    Wrong: SUBEVENT from `ev1` to `ev2` and from `ev2` to `ev1`
    Right: SUBEVENT from `ev1`, the whole, to `ev2`
    """
    return _cycles(
        (("event_relations", i, "source"), r.source, r.target)
        for i, r in enumerate(document.event_relations)
        if r.type == "SUBEVENT"
    )


@check("W310")
def argument_cycle(document: Document, context: Context) -> Problems:
    """An event is, through its arguments, a participant of itself.

    An event can be an argument of another (seek → improve → cooperation); a circle of them is
    mostly one argument too many. Two that are about each other can be right.

    Wrong: `ev1` with the argument `ev2` and `ev2` with the argument `ev1`
    Right: only `ev1` with the argument `ev2`
    """
    return _cycles(
        (("events", i, "arguments", n, "target"), e.id, a.target)
        for i, e in enumerate(document.events)
        for n, a in enumerate(e.arguments)
        if a.target in document and document.layer_of(a.target) == "events"
    )


@check("E312")
def relation_to_itself(document: Document, context: Context) -> Problems:
    """The relation joins a thing with itself.

    No relation of the scheme holds between a thing and itself; one of the two ids is a slip.

    Wrong: `{"type":"BEFORE","source":"ev1","target":"ev1"}`
    Right: `{"type":"BEFORE","source":"ev1","target":"ev2"}`
    """
    for layer in ("relations", "event_relations"):
        for i, r in enumerate(getattr(document, layer)):
            if r.source == r.target and r.type != "SUBEVENT":
                yield (layer, i, "target"), f"{r.type} from {r.source!r} to {r.target!r}"


Edge = tuple[Node, Node, bool, Path_]
"""From a point to one that is not earlier, or (True) later; and the path of what says so."""


def _stated(document: Document) -> Iterator[Edge]:
    """What the temporal relations say about the beginnings and ends of events and times."""
    ids = {r.id for layer in (document.events, document.timexes) for r in layer}
    for i, r in enumerate(document.event_relations):
        if r.type in ORDERS and r.source != r.target and r.source in ids and r.target in ids:
            for earlier, later, strict in orders(Link(r.type, r.source, r.target)):
                yield earlier, later, strict, ("event_relations", i)


def _dated(document: Document, ids: set[str]) -> Iterator[Edge]:
    """What document times and calendar values say about these events and times."""
    yield from _at_document_time(document, ids)
    yield from _in_calendar(document, ids)


_NOW = ("DCT", "now")
_MORNING, _NIGHT = ("DCT", BEGIN), ("DCT", END)
"""BEFORE and AFTER are seen from the moment of writing, OVERLAP from the day of writing."""


def _at_document_time(document: Document, ids: set[str]) -> Iterator[Edge]:
    """What `doc_time_rel` says about the actual events among `ids`."""
    yield _MORNING, _NOW, False, ()
    yield _NOW, _NIGHT, False, ()
    for i, event in enumerate(document.events):
        if event.modality != "ACTUAL" or event.id not in ids:
            continue
        path = ("events", i, "doc_time_rel")
        if event.doc_time_rel == "BEFORE":
            yield (event.id, END), _NOW, True, path
        elif event.doc_time_rel == "AFTER":
            yield _NOW, (event.id, BEGIN), True, path
        else:
            yield (event.id, BEGIN), _NIGHT, False, path
            yield _MORNING, (event.id, END), False, path


def _in_calendar(document: Document, ids: set[str]) -> Iterator[Edge]:
    """What the calendar says about the times among `ids` and about the day of writing."""
    bounds: list[tuple[int, Node | None, Node, Path_]] = []
    for i, t in enumerate(document.timexes):
        if (
            t.id in ids
            and t.type in ("DATE", "TIME")
            and t.mod in (None, "START", "MID", "END")
            and (span := _days(t.value))
        ):
            value: Path_ = ("timexes", i, "value")
            bounds.append((span[0].toordinal(), (t.id, BEGIN), (t.id, END), value))
            bounds.append((span[1].toordinal() + 1, None, (t.id, END), value))
    if written := _days(document.date):
        bounds.append((written[0].toordinal(), _MORNING, _NIGHT, ("date",)))
        bounds.append((written[1].toordinal() + 1, None, _NIGHT, ("date",)))
    last = None
    for day, begins, ends, path in sorted(bounds, key=lambda b: b[0]):
        if last is not None and last != day:
            yield ("day", last), ("day", day), True, path
        last = day
        if begins is not None:
            yield ("day", day), begins, False, path
        else:
            yield ends, ("day", day), False, path


def _days(value: str) -> Any:
    try:
        return days(value)
    except ValueError:
        return None


def _joined(document: Document) -> set[str]:
    """The ids of what relations between events join: anything else contradicts nothing."""
    return {r.source for r in document.event_relations} | {
        r.target for r in document.event_relations
    }


Contradiction = tuple[Path_, str, set[str]]
"""Path, detail, and the ids of the events and times in it."""


@once
def _contradicted(document: Document) -> list[Contradiction]:
    """The contradictions in all that is said about times.

    If there are none, a part of what is said has none either.
    """
    stated = list(_stated(document))
    if not stated:
        return []
    return list(_contradictions(document, [*stated, *_dated(document, _joined(document))]))


def _contradictions(document: Document, edges: list[Edge]) -> Iterator[Contradiction]:
    """Every circle of points in which one has to be earlier than itself."""
    # Not strictly before: an event "on Monday and Tuesday" is in both days, and so is a moment at
    # midnight. Without dates it makes no difference: only BEFORE leads from an end to a beginning.
    edges = [*edges, *(((r, BEGIN), (r, END), False, ()) for r in _joined(document))]
    graph: dict[Node, list[Node]] = {}
    for source, target, _, _ in edges:
        graph.setdefault(source, []).append(target)
        graph.setdefault(target, [])
    home = {
        point: number for number, c in enumerate(components(graph)) if len(c) > 1 for point in c
    }
    circles: dict[int, list[Edge]] = {}
    for edge in edges:
        if home.get(edge[0], -1) == home.get(edge[1], -2):
            circles.setdefault(home[edge[0]], []).append(edge)
    for circle in circles.values():
        if any(strict for _, _, strict, _ in circle):
            at = [e[3] for e in circle if e[3]]
            path = min((p for p in at if p[0] == "event_relations"), default=at[0])
            ids = {str(point[0]) for e in circle for point in e[:2] if point[0] != "day"}
            yield path, f"these cannot all hold: {_spelled(document, at)}", ids


def _spelled(document: Document, at: list[Path_]) -> str:
    """The statements at these paths, at most six of them."""
    statements = []
    for layer, number in dict.fromkeys(path[:2] for path in at if len(path) > 1):
        record = getattr(document, str(layer))[number]
        if layer == "event_relations":
            statements.append(f"{record.source} {record.type} {record.target}")
        elif layer == "events":
            statements.append(f"{record.id} is {record.doc_time_rel} the document's time")
        elif layer == "timexes":
            statements.append(f"{record.id} is {record.value}")
    return ", ".join(statements[:6]) + (", …" if len(statements) > 6 else "")


@check("E607")
def before_cycle(document: Document, context: Context) -> Problems:
    """The relations between events contradict each other: something would have to be earlier than itself.

    BEFORE, CONTAINS, OVERLAP, SIMULTANEOUS, BEGINS_ON and ENDS_ON are statements about the
    beginnings and ends of events; taken together, after transitive closure, they must leave a
    possible order.

    Wrong: `ev1` BEFORE `ev2`, `ev2` CONTAINS `ev3`, `ev3` BEFORE `ev1`
    Right: without the last one
    """
    if _contradicted(document):
        for path, detail, _ in _contradictions(document, list(_stated(document))):
            yield path, detail


@check("E608")
def document_time(document: Document, context: Context) -> Problems:
    """The relations between events contradict the document's time or the dates.

    An event that is BEFORE the writing cannot come after one that is AFTER it, and one that is
    inside 2020 cannot come before one inside 2019. Only events of modality ACTUAL are held to their
    document time, and only times whose value names days to theirs.

    Wrong: `ev1` BEFORE `ev2`, where `ev1` has `"doc_time_rel":"AFTER"` and `ev2` has `"doc_time_rel":"BEFORE"`
    Right: `ev2` BEFORE `ev1`
    """
    contradictions = _contradicted(document)
    if not contradictions:
        return
    of_relations = [ids for _, _, ids in _contradictions(document, list(_stated(document)))]
    for path, detail, ids in contradictions:
        if not any(part <= ids for part in of_relations):  # E607 reports those
            yield path, detail
