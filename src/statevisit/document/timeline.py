"""The timeline of a document: which of its past events are in order. No I/O.

The nodes are event chains, each with all of its mentions, and time expressions. What places them is
in the annotation: temporal relations and SUBEVENT of modality ACTUAL, and the days for which dates
and times stand. `doc_time_rel` says which events are past, and orders none of them.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import itemgetter

from msgspec import Struct

from statevisit.document.calendar_bounds import bounds_of_timex
from statevisit.document.model import Document, in_english
from statevisit.document.records import FACT
from statevisit.document.time_algebra import (
    BEGIN,
    END,
    Graph,
    Link,
    Order,
    Point,
    stated_type,
)


class Timeline(Struct, frozen=True):
    """The past events of a document, and the pairs of them that nothing places.

    `events` are the ids of the chains whose mentions are all ACTUAL and BEFORE the document's time,
    in the order of the text; an event without a chain stands for itself. `unordered` are the pairs
    of them that are neither in order, nor one within the other, nor at the same time.
    """

    events: Sequence[str] = ()
    unordered: Sequence[tuple[str, str]] = ()

    @property
    def pairs(self) -> int:
        """The number of pairs of past events."""
        return len(self.events) * (len(self.events) - 1) // 2

    @property
    def ordered(self) -> int:
        """The number of pairs of past events that are placed."""
        return self.pairs - len(self.unordered)


def timeline(document: Document) -> Timeline:
    """Return which past events of a document are in order, by the transitive closure of its facts.

    Two events are in order if one ends before the other begins, or just then.
    """
    chains = {event.id: event.event or event.id for event in document.events}
    graph = Graph(_links(document, chains), _by_calendar(document))
    events = _past(document, chains)
    linked = [event for event in events if (event, BEGIN) in graph.component]
    placed = {} if len(linked) < 2 else _placed(graph, linked)
    unordered = [
        (event, other)
        for number, event in enumerate(events)
        for other in events[number + 1 :]
        if other not in placed.get(event, ())
    ]
    return Timeline(events, unordered)


class Between(Struct, frozen=True):
    """The days between which an event lies, as ordinals; None where nothing says so.

    It begins at the start of the day `earliest` or later, and ends by the start of `latest`.
    """

    earliest: int | None
    latest: int | None


def days_of_events(document: Document) -> dict[str, Between]:
    """Return the days between which the events of a document lie, by the closure of its facts.

    The keys are the ids of the chains, and of events without a chain, in the order of the text.
    """
    chains = {event.id: event.event or event.id for event in document.events}
    graph = Graph(_links(document, chains), _by_calendar(document))
    reach = graph.reach()
    days = sorted(
        (node[1], number)
        for (node, _), number in graph.component.items()
        if isinstance(node, tuple)
    )
    in_text = sorted(document.events, key=lambda event: (event.start, event.end))
    between = {}
    for chain in dict.fromkeys(chains[event.id] for event in in_text):
        first, last = graph.component.get((chain, BEGIN)), graph.component.get((chain, END))
        earliest = latest = None
        if first is not None and last is not None:
            before = (day for day, number in reversed(days) if reach[number] >> first & 1)
            after = (day for day, number in days if reach[last] >> number & 1)
            earliest, latest = next(before, None), next(after, None)
        between[chain] = Between(earliest, latest)
    return between


def _placed(graph: Graph, events: list[str]) -> dict[str, set[str]]:
    """The events with which each event is in order, or of which one lies within the other.

    The rows of a matrix are strings of "0" and "1", so that a document with a thousand past events
    takes a second.
    """
    begins = [graph.component[event, BEGIN] for event in events]
    ends = [graph.component[event, END] for event in events]
    reach = graph.reach()
    width = len(reach)

    def rows(sources: list[int], targets: list[int]) -> list[tuple[str, ...]]:
        """For each source, whether it is not after each target."""
        choose = itemgetter(*targets)
        return [choose(f"{reach[source]:0{width}b}"[::-1]) for source in sources]

    def turned(matrix: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
        return list(zip(*matrix, strict=True))

    before, begins_first, ends_first = rows(ends, begins), rows(begins, begins), rows(ends, ends)
    after, begins_last, ends_last = turned(before), turned(begins_first), turned(ends_first)
    placed = {}
    for number, event in enumerate(events):
        sides = (before, after, begins_first, ends_last, begins_last, ends_first)
        columns = zip(events, *(side[number] for side in sides), strict=True)
        placed[event] = {
            other
            for other, earlier, later, first, last, second, soonest in columns
            if "1" in (earlier, later) or first == last == "1" or second == soonest == "1"
        }
    return placed


def _past(document: Document, chains: dict[str, str]) -> list[str]:
    """The chains whose mentions are all actual and past, in the order of the text."""
    is_past: dict[str, bool] = {}
    for event in sorted(document.events, key=lambda event: (event.start, event.end)):
        chain = chains[event.id]
        of_mention = event.modality == FACT and event.doc_time_rel == "BEFORE"
        is_past[chain] = of_mention and is_past.get(chain, True)
    return [chain for chain, past in is_past.items() if past]


def _links(document: Document, chains: dict[str, str]) -> Iterator[Link]:
    """The facts about the order of chains and times."""
    for relation in document.event_relations:
        source = chains.get(relation.source, relation.source)
        target = chains.get(relation.target, relation.target)
        kind = stated_type(relation)
        if kind is not None and source != target:
            yield Link(kind, source, target)


def _by_calendar(document: Document) -> Iterator[Order]:
    """The order of the beginnings and ends of times, and of the days in between."""
    english = in_english(document)
    days: set[int] = set()
    for timex in document.timexes:
        bounds = bounds_of_timex(timex, english)
        if bounds is not None:
            first, last = bounds
            days.update(bounds)
            yield _start_of(first), (timex.id, BEGIN), False
            yield (timex.id, END), _start_of(last), False
    for day, following in pairwise(sorted(days)):
        yield _start_of(day), _start_of(following), True


def _start_of(day: int) -> Point:
    return ("day", day), BEGIN
