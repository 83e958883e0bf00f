"""What a page lists of a document: who, when, how much, and what was said."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from msgspec import Struct

from statevisit.document.model import Document
from statevisit.document.records import FACT, Entity, Event, Quantity, Quotation, Relation
from statevisit.document.scheme import scheme_of
from statevisit.document.timeline import Between, days_of_events
from statevisit.pages.cards import WIKIDATA, label_of, name_of, record_of, speakers
from statevisit.pages.in_words import amount_in_words, day_in_words, days_in_words, title_of


class Link(Struct, frozen=True):
    """A record that a row names: its id and what it is called."""

    id: str
    name: str


class Named(Struct, frozen=True):
    """A relation in words, the record at its other end, and its id at its source; "" at its target.

    A relation of two events has no id.
    """

    name: str
    other: Link
    id: str = ""


class Actor(Struct, frozen=True):
    """An entity: the label of its type, its mentions in the text, and its relations."""

    id: str
    name: str
    type: str
    type_title: str
    mentions: list[Link]
    address: str
    relations: list[Named]
    events: int
    """The event mentions that have a mention of it as an argument."""


class Placed(Struct, frozen=True):
    """An event on the timeline.

    `between` are the days between which it lies, in words. `first` and `last` are places on the
    axis, from 0 to 1; None where nothing bounds the event. `stance` says whether it is a fact,
    `order` what the text says of its order to other events, if it has no place.
    """

    id: str
    name: str
    mention: str
    actors: list[Link]
    between: str
    first: float | None
    last: float | None
    relation: str
    stance: str
    order: list[Named]


class Timeline(Struct, frozen=True):
    """The events of a document in the order of the calendar, then those that nothing dates.

    `ticks` are (place from 0 to 1, day in words), `document_time` is the place of the document's
    date. The axis has the same room between all days that bound an event.
    """

    dated: list[Placed]
    undated: list[Placed]
    ticks: list[tuple[float, str]]
    document_time: float


class Amount(Struct, frozen=True):
    """A quantity: its words, value and what it measures.

    `converts` is the quantity that it is converted from, `rate` the rate that the two imply.
    """

    id: str
    words: str
    kind: str
    value: str
    measured: Link | None
    property: str
    whole: str
    change: str
    converts: Link | None
    rate: str


class Said(Struct, frozen=True):
    """A quotation, its type and who says it."""

    id: str
    words: str
    type: str
    cue: str
    by: list[Link]


def actors(document: Document) -> list[Actor]:
    """Return the entities, those with most mentions first."""
    in_events: dict[str, int] = {}
    for event in document.events:
        for entity in _actors_of(document, event):
            in_events[entity] = in_events.get(entity, 0) + 1
    relations: dict[str, list[Relation]] = {}
    for relation in document.relations:
        for end in dict.fromkeys((relation.source, relation.target)):
            relations.setdefault(end, []).append(relation)
    rows = [
        _actor(document, entity, relations.get(entity.id, []), in_events.get(entity.id, 0))
        for entity in document.entities
    ]
    return sorted(rows, key=lambda row: (-len(row.mentions), row.name))


def _actor(document: Document, entity: Entity, stated: list[Relation], events: int) -> Actor:
    scheme = scheme_of(document)
    mentions = document.mentions_of(entity)
    relations = []
    for relation in stated:
        label = label_of(scheme, "relations", "type", relation.type or "?")
        is_source = relation.source == entity.id
        other = relation.target if is_source else relation.source
        arrow = "→" if is_source else "←"
        link = Link(other, name_of(document, other))
        name = f"{arrow} {(label.title or label.name).lower()}"
        relations.append(Named(name, link, relation.id if is_source else ""))
    return Actor(
        id=entity.id,
        name=name_of(document, entity.id),
        type=entity.type or "",
        type_title=label_of(scheme, "entities", "type", entity.type or "?").title,
        mentions=[Link(mention.id, document.text_of(mention)) for mention in mentions],
        address=WIKIDATA + entity.wikidata if entity.wikidata else "",
        relations=relations,
        events=events,
    )


def _actors_of(document: Document, event: Event) -> Iterator[str]:
    """Yield the entities that are arguments of an event, each once."""
    seen: set[str] = set()
    for argument in event.arguments or ():
        target = record_of(document, argument.target)
        entity = record_of(document, getattr(target, "entity", None))
        if entity is not None and entity.id not in seen:
            seen.add(entity.id)
            yield entity.id


def timeline(document: Document) -> Timeline:
    """Return where the events of a document lie in time, as far as the annotation says."""
    between = days_of_events(document)
    mentions: dict[str, list[Event]] = {}
    for event in sorted(document.events, key=lambda event: (event.start, event.end)):
        mentions.setdefault(event.event or event.id, []).append(event)
    now = _ordinal(document.date)
    days = {day for bounds in between.values() for day in (bounds.earliest, bounds.latest) if day}
    axis = _Axis(days | ({now, now + 1} if now else set()))
    order = _order_of(document)
    rows = {
        chain: _placed(document, mentions[chain], bounds, axis, order.get(chain, []))
        for chain, bounds in between.items()
    }
    dated = [chain for chain, bounds in between.items() if bounds.earliest or bounds.latest]
    dated.sort(key=lambda chain: _order(between[chain]))
    undated = [rows[chain] for chain in rows if chain not in set(dated)]
    place = axis.place(now) if now else 1.0
    return Timeline([rows[chain] for chain in dated], undated, axis.ticks(), place)


def _order(bounds: Between) -> tuple[int, int]:
    first, last = bounds.earliest, bounds.latest
    return first or (last or 0) - 1, last or (first or 0) + 1


class _Axis:
    """Days at equal distances: a corpus of news has centuries and hours on one line."""

    def __init__(self, days: set[int]) -> None:
        self._places = {day: number for number, day in enumerate(sorted(days))}

    def place(self, day: int) -> float:
        """Return the place of a day, from 0 to 1."""
        return self._places[day] / max(1, len(self._places) - 1)

    def ticks(self) -> list[tuple[float, str]]:
        """Return the place of every day, and the day in words."""
        return [(self.place(day), day_in_words(day)) for day in self._places]


_TO_DOCUMENT = {
    "BEFORE": "before the document",
    "OVERLAP": "at the time of the document",
    "BEFORE_OVERLAP": "before and at the time of the document",
    "AFTER": "after the document",
}
"""Where an event lies to the date of the document, in words; a scheme may have other labels."""

_ORDER = {
    "BEFORE": ("before", "after"),
    "CONTAINS": ("contains", "within"),
    "OVERLAP": ("overlaps with", "overlaps with"),
    "SIMULTANEOUS": ("at the time of", "at the time of"),
}
"""The relations of order: what the first event is to the second, and the second to the first."""


def _order_of(document: Document) -> dict[str, list[Named]]:
    """What the text says of the order of each event to others, by its chain or id."""
    chains = {event.id: event.event or event.id for event in document.events}
    order: dict[str, list[Named]] = {}
    for relation in document.event_relations:
        ends = relation.source, relation.target
        if relation.type not in _ORDER or not chains.keys() >= set(ends):
            continue
        for words, end, other in zip(_ORDER[relation.type], ends, reversed(ends), strict=True):
            named = Named(words, Link(other, name_of(document, chains[other])))
            order.setdefault(chains[end], []).append(named)
    return order


def _placed(
    document: Document, events: list[Event], bounds: Between, axis: _Axis, order: list[Named]
) -> Placed:
    first = events[0]
    chain = first.event or first.id
    actors_of_chain = dict.fromkeys(
        entity for event in events for entity in _actors_of(document, event)
    )
    relation = "" if first.doc_time_rel is None else first.doc_time_rel
    scheme = scheme_of(document)
    stance = []
    if first.modality not in (None, FACT):
        stance.append(label_of(scheme, "events", "modality", first.modality or "").title)
    if first.polarity == "NEG":
        stance.append("negated")
    return Placed(
        id=chain,
        name=name_of(document, chain),
        mention=first.id,
        actors=[Link(entity, name_of(document, entity)) for entity in actors_of_chain],
        between=days_in_words(bounds.earliest, bounds.latest),
        first=None if bounds.earliest is None else axis.place(bounds.earliest),
        last=None if bounds.latest is None else axis.place(bounds.latest),
        relation=_TO_DOCUMENT.get(relation, title_of(scheme, "events", "doc_time_rel", relation)),
        stance=", ".join(stance),
        order=order,
    )


def _ordinal(value: str) -> int | None:
    try:
        return date.fromisoformat(value).toordinal()
    except ValueError:  # a document that is worked on
        return None


def amounts(document: Document) -> list[Amount]:
    """Return the quantities in the order of the text."""
    return [_amount(document, quantity) for quantity in _in_order(document.quantities)]


def _amount(document: Document, quantity: Quantity) -> Amount:
    scheme = scheme_of(document)
    original = quantity.conversion_of
    source = record_of(document, original)
    return Amount(
        id=quantity.id,
        words=" ".join(document.text_of(quantity).split()),
        kind=label_of(scheme, "quantities", "kind", quantity.kind or "?").title,
        value=amount_in_words(quantity, scheme),
        measured=_link(document, quantity.measures),
        property=quantity.property.text if quantity.property else "",
        whole=quantity.whole.text if quantity.whole else "",
        change=label_of(scheme, "quantities", "change", quantity.change or "").title,
        converts=_link(document, original),
        rate=_rate(quantity, source) if isinstance(source, Quantity) else "",
    )


def _rate(quantity: Quantity, source: Quantity) -> str:
    """Return the rate of a conversion, such as "1 USD = 30.9 TRY"; "" without two values."""
    try:
        rate = float(quantity.value or "") / float(source.value or "")
    except (ValueError, ZeroDivisionError):
        return ""
    return f"1 {source.unit or ''} = {rate:.3g} {quantity.unit or ''}"


def quotations(document: Document) -> list[Said]:
    """Return the quotations in the order of the text."""
    return [_said(document, quotation) for quotation in _in_order(document.quotations)]


def _said(document: Document, quotation: Quotation) -> Said:
    by = [Link(source, name) for source, name in speakers(document, quotation)]
    return Said(
        id=quotation.id,
        words=document.text_of(quotation),
        type=label_of(scheme_of(document), "quotations", "type", quotation.type or "?").title,
        cue=quotation.cue.text if quotation.cue else "",
        by=by,
    )


def _link(document: Document, record_id: str | None) -> Link | None:
    return None if record_id is None else Link(record_id, name_of(document, record_id))


def _in_order(records: tuple[Quantity, ...] | tuple[Quotation, ...]) -> list[Any]:
    return sorted(records, key=lambda record: (record.start, record.end))
