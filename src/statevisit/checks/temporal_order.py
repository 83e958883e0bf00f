"""Contradictions in time: relations, document times and calendar values that leave no order.

Every statement orders points in time. A contradiction is a cycle of points in which at least one
point is strictly earlier than the next, so that it would be earlier than itself.
"""

from collections.abc import Hashable, Iterator
from itertools import chain
from operator import attrgetter

from msgspec import Struct

from statevisit.checks.cycles import components
from statevisit.checks.registry import Context, Path_, Problems, check, once
from statevisit.document.calendar_bounds import bounds_of_timex, bounds_of_value
from statevisit.document.model import Document, in_english
from statevisit.document.time_algebra import BEGIN, END, Link, orders, stated_type

Point = tuple[Hashable, Hashable]
"""A point in time.

That is (id of an event or time, BEGIN or END), ("DCT", BEGIN, END or "now") or ("day", its
ordinal).
"""

_NOW: Point = ("DCT", "now")
"""The moment of writing: BEFORE and AFTER are seen from it."""

_MORNING: Point = ("DCT", BEGIN)
_NIGHT: Point = ("DCT", END)
"""The bounds of the day of writing: OVERLAP refers to the whole day."""

_SHOWN = 6
"""Statements of a contradiction in a message."""


class Order(Struct, frozen=True, gc=False):  # many, and never part of a cycle of objects
    """One point is not later than another one, or, if `strict`, earlier.

    `path` is the path of the statement; it is empty if the order holds in every document.
    """

    first: Point
    second: Point
    strict: bool
    path: Path_ = ()


class Contradiction(Struct, frozen=True):
    """A contradiction: where to report it, the statements, and the ids of the events and times."""

    path: Path_
    detail: str
    ids: frozenset[str]


def _by_relations(document: Document) -> Iterator[Order]:
    """The orders that the relations state as facts."""
    ids = {record.id for layer in (document.events, document.timexes) for record in layer}
    for number, relation in enumerate(document.event_relations):
        source, target = relation.source, relation.target
        type_ = stated_type(relation)
        if type_ is None or source == target or source not in ids or target not in ids:
            continue
        for first, second, strict in orders(Link(type_, source, target)):
            yield Order(first, second, strict, ("event_relations", number))


def _by_document_times(document: Document, ids: set[str]) -> Iterator[Order]:
    """The orders that `doc_time_rel` states about the actual events among `ids`."""
    yield Order(_MORNING, _NOW, strict=False)
    yield Order(_NOW, _NIGHT, strict=False)
    for number, event in enumerate(document.events):
        if event.modality != "ACTUAL" or event.doc_time_rel is None or event.id not in ids:
            continue
        path = ("events", number, "doc_time_rel")
        if event.doc_time_rel == "BEFORE":
            yield Order((event.id, END), _NOW, True, path)
        elif event.doc_time_rel == "AFTER":
            yield Order(_NOW, (event.id, BEGIN), True, path)
        else:
            yield Order((event.id, BEGIN), _NIGHT, False, path)
            yield Order(_MORNING, (event.id, END), False, path)


class _Bound(Struct, frozen=True, gc=False):  # as `Order`
    """A point that a calendar value puts not before the start of a day, or not after it."""

    day: int
    point: Point
    is_lower: bool
    path: Path_


def _by_calendar(document: Document, ids: set[str]) -> Iterator[Order]:
    """The orders that the calendar states about the times among `ids` and the day of writing."""
    bounds = sorted(_bounds(document, ids), key=attrgetter("day"))
    last: int | None = None
    for bound in bounds:
        day: Point = ("day", bound.day)
        if last is not None and last != bound.day:
            yield Order(("day", last), day, True, bound.path)
        last = bound.day
        if bound.is_lower:
            yield Order(day, bound.point, False, bound.path)
        else:
            yield Order(bound.point, day, False, bound.path)


def _bounds(document: Document, ids: set[str]) -> Iterator[_Bound]:
    english = in_english(document)
    for number, timex in enumerate(document.timexes):
        days = bounds_of_timex(timex, english) if timex.id in ids else None
        path = ("timexes", number, "value")
        yield from _bounds_of(days, (timex.id, BEGIN), (timex.id, END), path)
    yield from _bounds_of(bounds_of_value(document.date), _MORNING, _NIGHT, ("date",))


def _bounds_of(
    days: tuple[int, int] | None, begin: Point, end: Point, path: Path_
) -> Iterator[_Bound]:
    """The bounds of a time that lies within some days; none without days."""
    if days is not None:
        first, last = days
        yield _Bound(first, begin, True, path)
        yield _Bound(last, end, False, path)


def _related(document: Document) -> set[str]:
    """The ids that relations between events join: nothing contradicts any other id."""
    ids = set()
    for relation in document.event_relations:
        ids.add(relation.source)
        ids.add(relation.target)
    return ids


@once
def _all_contradictions(document: Document) -> list[Contradiction]:
    """The contradictions in all statements about times.

    If there are none, a subset of the statements has none either.
    """
    by_relations = list(_by_relations(document))
    if not by_relations:
        return []
    ids = _related(document)
    by_times = _by_document_times(document, ids)
    return _contradictions(document, [*by_relations, *by_times, *_by_calendar(document, ids)])


def _contradictions_of_relations(document: Document) -> list[Contradiction]:
    """The contradictions in the relations alone."""
    if not _all_contradictions(document):
        return []
    return _contradictions(document, list(_by_relations(document)))


def _contradictions(document: Document, statements: list[Order]) -> list[Contradiction]:
    """The contradictions in some statements."""
    # An event or time begins before it ends. That is not strict here: an event "on Monday and
    # Tuesday" is in both days, and so is a moment at midnight. Without dates it makes no
    # difference, since only BEFORE leads from an end to a beginning.
    intervals = [Order((name, BEGIN), (name, END), False) for name in _related(document)]
    all_orders = [*statements, *intervals]
    graph: dict[Point, list[Point]] = {}
    for order in all_orders:
        graph.setdefault(order.first, []).append(order.second)
        graph.setdefault(order.second, [])
    cyclic = components(graph)
    if not cyclic:
        return []
    component_of: dict[Point, int] = {}
    for number, component in enumerate(cyclic):
        component_of |= dict.fromkeys(component, number)
    cycles: dict[int, list[Order]] = {}
    for order in all_orders:
        home = component_of.get(order.first)
        if home is not None and home == component_of.get(order.second):
            cycles.setdefault(home, []).append(order)
    return [
        _contradiction(document, cycle)
        for cycle in cycles.values()
        if any(order.strict for order in cycle)
    ]


def _contradiction(document: Document, cycle: list[Order]) -> Contradiction:
    """Describe a cycle, at the first of its relations if it has any."""
    paths = [order.path for order in cycle if order.path]
    relations = [path for path in paths if path[0] == "event_relations"]
    points = [point for order in cycle for point in (order.first, order.second)]
    return Contradiction(
        path=min(relations) if relations else paths[0],
        detail=f"these cannot all be true: {_statements(document, paths)}",
        ids=frozenset(str(name) for name, _ in points if name != "day"),
    )


def _statements(document: Document, paths: list[Path_]) -> str:
    """Write out the statements at some paths, at most the first six."""
    statements = []
    for layer, number in dict.fromkeys(path[:2] for path in paths if len(path) > 1):
        record = getattr(document, str(layer))[number]
        if layer == "event_relations":
            statements.append(f"{record.source} {record.type} {record.target}")
        elif layer == "events":
            statements.append(f"{record.id} is {record.doc_time_rel} the document's time")
        elif layer == "timexes":
            statements.append(f"{record.id} is {record.value}")
    if len(statements) > _SHOWN:
        statements = [*statements[:_SHOWN], "…"]
    return ", ".join(statements)


@check("E607")
def contradictory_relations(document: Document, context: Context) -> Problems:
    """The relations between events contradict each other: one would be earlier than itself.

    BEFORE, CONTAINS, OVERLAP, SIMULTANEOUS, BEGINS_ON and ENDS_ON order the beginnings and ends of
    events, and so does SUBEVENT: a part happens within the time of its whole. Their transitive
    closure must leave a possible order. A relation of modality UNCERTAIN contradicts none.

    Wrong: `ev1` BEFORE `ev2`, `ev2` CONTAINS `ev3`, `ev3` BEFORE `ev1`
    Right: the first two relations only
    """
    for contradiction in _contradictions_of_relations(document):
        yield contradiction.path, contradiction.detail


@check("E608")
def contradictory_dates(document: Document, context: Context) -> Problems:
    """The relations between events contradict the document's time or the dates.

    An event BEFORE the time of writing cannot come after one that is AFTER it, nor have it as a
    part, and an event inside 2020 cannot come before one inside 2019. Only events of modality
    ACTUAL are compared with the document's time, and only time values that stand for days with the
    calendar; a fiscal year is none, and a time with its zone may be of the day before or after.

    Wrong: `ev1` BEFORE `ev2`, though `ev1` is AFTER the document's time and `ev2` BEFORE it
    Right: `ev2` BEFORE `ev1`
    """
    reported: dict[str, list[frozenset[str]]] = {}
    for contradiction in _contradictions_of_relations(document):
        reported.setdefault(min(contradiction.ids), []).append(contradiction.ids)
    for contradiction in _all_contradictions(document):
        candidates = chain.from_iterable(reported.get(name, ()) for name in contradiction.ids)
        if not any(ids <= contradiction.ids for ids in candidates):  # E607 reports those
            yield contradiction.path, contradiction.detail
