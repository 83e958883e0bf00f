"""The clearest records of each label: those without disagreements, in the shortest sentences."""

from collections.abc import Iterator
from heapq import nsmallest
from typing import Any

from msgspec import Struct

from statevisit.document.model import Document
from statevisit.document.records import (
    Entity,
    EventChain,
    EventRelation,
    Relation,
    SpanRecord,
)
from statevisit.document.scheme import Scheme
from statevisit.pages.cards import name_of, record_of

MOST = 5
"""Records that are shown for a label."""

_AROUND = 90
"""Characters of a sentence before and after the words of an example, at most."""

LabelKey = tuple[str, str, str]
"""A layer, a property and a label."""


class Example(Struct, frozen=True, order=True):
    """A record in its sentence; the clearest come first.

    `record` is the id whose card shows it. Two records that are linked stand before the sentence.
    """

    disagreements: int
    length: int
    document: str
    record: str
    language: str
    before: str
    words: str
    after: str


class _Place(Struct, frozen=True):
    """Where a label stands: the record whose card shows it, and the two records that it links."""

    disagreements: int
    length: int
    record: str
    start: int
    end: int
    sentence: int
    linked: tuple[str, str] | None = None


class Examples(Struct, frozen=True):
    """The clearest records of each label, at most MOST, and the number of all its records."""

    best: dict[LabelKey, list[Example]] = {}
    counts: dict[LabelKey, int] = {}

    def add(self, document: Document, scheme: Scheme) -> None:
        """Add the records of a document."""
        for key, places in _places(document, scheme).items():
            self.counts[key] = self.counts.get(key, 0) + len(places)
            clear = nsmallest(MOST, (place for place in places if place), key=_clearness)
            self._keep(key, [_example(document, place) for place in clear])

    def merge(self, other: "Examples") -> None:
        """Add the records of other documents."""
        for key, number in other.counts.items():
            self.counts[key] = self.counts.get(key, 0) + number
        for key, of_label in other.best.items():
            self._keep(key, of_label)

    def _keep(self, key: LabelKey, examples: list[Example]) -> None:
        self.best[key] = sorted([*self.best.get(key, ()), *examples])[:MOST]


def _clearness(place: _Place) -> tuple[int, int, int, str]:
    return place.disagreements, place.length, place.start, place.record


def _places(document: Document, scheme: Scheme) -> dict[LabelKey, list[_Place | None]]:
    """The places of the records of a document by label; None for one that no words show."""
    found: dict[LabelKey, list[_Place | None]] = {}
    for layer in dict.fromkeys(layer for layer, _ in scheme.inventories):
        props = [prop for of, prop in scheme.inventories if of == layer]
        fields = {prop: "class_" if prop == "class" else prop for prop in props}
        for record, place in _located(document, layer):
            for prop, field in fields.items():
                label = getattr(record, field, None)
                if label is not None:
                    found.setdefault((layer, prop, label), []).append(place)
    return found


def _located(document: Document, layer: str) -> Iterator[tuple[Any, _Place | None]]:
    """Yield the records of a layer, or the arguments of events, with their places."""
    if layer != "arguments":
        for record in getattr(document, layer):
            yield record, _place(document, record)
        return
    for event in document.events:
        for argument in event.arguments or ():
            ends = event.id, argument.target
            number = _sentence_of(document, event)
            yield argument, _linked(document, event.id, event.disagreements, ends, number)


def _place(document: Document, record: Any) -> _Place | None:
    if isinstance(record, Relation | EventRelation):
        ends = record.source, record.target
        number = _sentence_of(document, record_of(document, ends[0]))
        shown = ends[0]  # a relation of events has no id
        if isinstance(record, Relation):
            shown, number = record.id, next(iter(record.evidence or ()), number)
        return _linked(document, shown, record.disagreements, ends, number)
    span, number = _span_of(document, record), _sentence_of(document, record)
    if number is None:
        return None
    length = _length(document, number)
    return _Place(record.disagreements or 0, length, record.id, span.start, span.end, number)


def _linked(
    document: Document,
    shown: str,
    disagreements: int | None,
    ends: tuple[str, str],
    number: int | None,
) -> _Place | None:
    """The place of two linked records in a sentence."""
    if number is None or number >= len(document.sentences):
        return None
    start = document.sentences[number].start
    return _Place(disagreements or 0, _length(document, number), shown, start, start, number, ends)


def _span_of(document: Document, record: Any) -> Any:
    """The span of a record; of an entity or event, its first mention; None for none."""
    if isinstance(record, SpanRecord):
        return record
    mentions: tuple[Any, ...] = ()
    if isinstance(record, Entity):
        mentions = document.mentions_of(record)
    elif isinstance(record, EventChain):
        mentions = document.events_of(record)
    return mentions[0] if mentions else None


def _sentence_of(document: Document, record: Any) -> int | None:
    span = _span_of(document, record)
    return None if span is None else document.sentence_number(span)


def _length(document: Document, number: int) -> int:
    sentence = document.sentences[number]
    return int(sentence.end - sentence.start)


def _example(document: Document, place: _Place) -> Example:
    sentence = document.sentences[place.sentence]
    before = document.text[sentence.start : place.start]
    words = document.text[place.start : place.end]
    after = document.text[place.end : sentence.end]
    if place.linked:
        source, target = (name_of(document, record_id) for record_id in place.linked)
        words, after = f"{source} → {target}", f": {after}"
    if len(before) > _AROUND:
        before = f"… {before[-_AROUND:].partition(' ')[2]}"
    room = 2 * _AROUND if place.linked else _AROUND
    if len(after) > room:
        after = f"{after[:room].rpartition(' ')[0]} …"
    return Example(
        disagreements=place.disagreements,
        length=place.length,
        document=document.id,
        record=place.record,
        language=document.language,
        before=before,
        words=words,
        after=after,
    )
