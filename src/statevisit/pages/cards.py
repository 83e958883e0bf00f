"""What a page tells about each record of a document: plain values for templates and the script.

Everything here is text, never markup; templates and the script escape it.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct

from statevisit.document.model import Document
from statevisit.document.records import (
    Entity,
    Event,
    EventChain,
    EventRelation,
    Mention,
    Quantity,
    Quotation,
    Relation,
    Span,
    SpanRecord,
)
from statevisit.document.references import reference_names
from statevisit.document.scheme import Scheme, scheme_of

LAYER_TITLES = {
    "mentions": "Mention",
    "entities": "Entity",
    "timexes": "Time",
    "quantities": "Quantity",
    "events": "Event mention",
    "event_chains": "Event",
    "relations": "Relation",
    "quotations": "Quotation",
}
"""The layers whose records have ids and hence cards, and the names that a page gives them."""

_LABELS = {
    "mentions": ("level",),
    "entities": ("type",),
    "timexes": ("type",),
    "quantities": ("kind",),
    "events": ("class", "type"),
    "relations": ("type",),
    "quotations": ("type",),
}
"""The properties of a record that stand in the head of its card."""

_APART = frozenset({"id", "start", "end", "text", "disagreements", "arguments", "evidence"})
"""The properties that a card shows in another place, or not."""

WIKIDATA = "https://www.wikidata.org/wiki/"


class Label(Struct, frozen=True):
    """A label of a record: the property, its name, and the title and description of the scheme."""

    property: str
    name: str
    title: str = ""
    description: str = ""


class Fact(Struct, frozen=True, omit_defaults=True):
    """A property of a record: its name and value in words.

    `target` is the id of the record that it names, `address` a page on the web, `description` what
    the scheme says of the value.
    """

    name: str
    value: str
    description: str = ""
    target: str = ""
    address: str = ""


class Card(Struct, frozen=True, omit_defaults=True):
    """A record for people.

    Attributes:
        layer: Its layer, as in a document.
        kind: The layer in words, such as "Time".
        title: The words or the name of the record.
        labels: Its labels, the most general first.
        facts: Its other properties.
        sentence: The sentence that it is in; empty for a record that is not in the text.
        chain: The ids of the spans that stand for the same, in the order of the text.
        links: Arguments, relations and quotations; `name` is the role, `value` the other record.
        disagreements: In how many properties the independent annotations differed.
        record: The record as in the document's file.
    """

    id: str
    layer: str
    kind: str
    title: str
    record: Any
    labels: list[Label] = []
    facts: list[Fact] = []
    sentence: str = ""
    chain: list[str] = []
    links: list[Fact] = []
    disagreements: int = 0


def cards(document: Document) -> dict[str, Card]:
    """Return the card of every record that has an id, in the order of the file."""
    maker = _Cards(document)
    return {card.id: card for card in maker.all()}


def record_of(document: Document, record_id: str | None) -> Any:
    """Return the record with an id; None without one: documents that are worked on have pages."""
    if record_id is None or record_id not in document:
        return None
    return document[record_id]


def name_of(document: Document, record_id: str) -> str:
    """Return what a page calls a record: its words or its name; an unknown id stands for itself."""
    record = record_of(document, record_id)
    if record is None:
        return record_id
    if isinstance(record, SpanRecord):
        return " ".join(document.text_of(record).split())
    if isinstance(record, EventChain) and not record.name:
        mentions = document.events_of(record)
        return name_of(document, mentions[0].id) if mentions else record.id
    name: str = getattr(record, "name", None) or record.id
    return name


@lru_cache(4096)  # most values are of few labels
def label_of(scheme: Scheme, layer: str, prop: str, value: str) -> Label:
    """Return a label with what the scheme says of it; an unknown one has only its name."""
    for label in scheme.labels(layer, prop):
        if label.name == value:
            return Label(prop, value, label.title, label.description)
    return Label(prop, value)


class _Cards:
    """Makes the cards of a document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._scheme = scheme_of(document)
        self._links: dict[str, list[Fact]] = {}
        for source, target, name, back in self._all_links():
            self._link(source, name, target)
            self._link(target, back, source)

    def all(self) -> Iterator[Card]:
        """Yield the cards layer by layer."""
        for layer in self._scheme.layers:
            if layer in LAYER_TITLES:
                for record in getattr(self._document, layer):
                    yield self._card(layer, record)

    def _card(self, layer: str, record: Any) -> Card:
        shown = _LABELS.get(layer, ())
        values = {prop: getattr(record, _field(prop), None) for prop in shown}
        labels = [
            label_of(self._scheme, layer, prop, value) for prop, value in values.items() if value
        ]
        return Card(
            id=record.id,
            layer=layer,
            kind=LAYER_TITLES[layer],
            title=name_of(self._document, record.id),
            labels=labels,
            facts=[fact for fact in self._facts(layer, record) if fact.name not in values],
            sentence=self._sentence(record),
            chain=self._chain(record),
            links=self._links.get(record.id, []),
            disagreements=record.disagreements or 0,
            record=record,
        )

    def _facts(self, layer: str, record: Any) -> Iterator[Fact]:
        for prop in self._scheme.properties(layer):
            value = getattr(record, _field(prop), None)
            if value is None or prop in _APART:
                continue
            for item in value if isinstance(value, tuple) else (value,):
                yield self._fact(layer, prop, item)

    def _fact(self, layer: str, prop: str, value: Any) -> Fact:
        name = prop.replace("_", " ")
        if isinstance(value, Span):
            return Fact(name, value.text)
        if value is True:
            return Fact(name, "yes")
        text = str(value)
        if prop == "wikidata":
            return Fact("Wikidata", text, address=WIKIDATA + text)
        if prop in reference_names() and text in self._document:
            return Fact(name, name_of(self._document, text), target=text)
        label = label_of(self._scheme, layer, prop, text)
        if label.title:
            return Fact(name, label.title, description=label.description)
        return Fact(name, text)

    def _sentence(self, record: Any) -> str:
        if not isinstance(record, SpanRecord):
            return ""
        sentence = self._document.sentence_of(record)
        return "" if sentence is None else self._document.text_of(sentence)

    def _chain(self, record: Any) -> list[str]:
        document = self._document
        if isinstance(record, Entity):
            return [mention.id for mention in document.mentions_of(record)]
        if isinstance(record, EventChain):
            return [event.id for event in document.events_of(record)]
        whole = record_of(document, _of_chain(record))
        if isinstance(whole, Entity | EventChain):
            return self._chain(whole)
        return [record.id] if isinstance(record, SpanRecord) else []

    def _link(self, source: str, name: str, target: str) -> None:
        fact = Fact(name, name_of(self._document, target), target=target)
        self._links.setdefault(source, []).append(fact)

    def _all_links(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield (record, other record, what the other is to it, what it is to the other)."""
        document = self._document
        for event in document.events:
            for argument in event.arguments or ():
                role = _words(argument.role)
                yield event.id, argument.target, role, f"{role} of"
        relations: list[Relation | EventRelation] = [*document.relations]
        for relation in [*relations, *document.event_relations]:
            name, back = self._relation_names(relation)
            yield relation.source, relation.target, name, back
        for quotation in document.quotations:
            for source in quotation.sources or ():
                yield quotation.id, source, "said by", "says"

    def _relation_names(self, relation: Relation | EventRelation) -> tuple[str, str]:
        layer = "relations" if isinstance(relation, Relation) else "event_relations"
        label = label_of(self._scheme, layer, "type", relation.type or "?")
        name = label.title.lower() or _words(relation.type)
        return f"{name} →", f"← {name}"


def amount(quantity: Quantity) -> str:
    """Return the value of a quantity in words: comparator, value or bounds, unit."""
    value = quantity.value or ""
    if not value and (quantity.lower or quantity.upper):
        value = f"{quantity.lower or '…'} to {quantity.upper or '…'}"
    comparator = _words(quantity.comparator) if quantity.comparator not in (None, "EXACT") else ""
    return " ".join(part for part in (comparator, _grouped(value), quantity.unit) if part)


def speakers(document: Document, quotation: Quotation) -> list[tuple[str, str]]:
    """Return (id, name) of each source of a quotation, by the entity where the mention has one."""
    named = []
    for source in quotation.sources or ():
        mention = record_of(document, source)
        entity = record_of(document, getattr(mention, "entity", None))
        named.append((source, name_of(document, source if entity is None else entity.id)))
    return named


def _of_chain(record: Any) -> str | None:
    """Return the id of the entity of a mention, and of the event of its mention."""
    if isinstance(record, Mention):
        return record.entity
    return record.event if isinstance(record, Event) else None


def _field(prop: str) -> str:
    """Return the name of a property in Python: `class` is a word of the language."""
    return "class_" if prop == "class" else prop


def _words(label: str | None) -> str:
    return (label or "?").replace("_", " ").replace("-", " ").lower()


def _grouped(value: str) -> str:
    """Return a decimal number with thin spaces between thousands; other text as it is."""
    whole, point, fraction = value.partition(".")
    if not whole.lstrip("-").isdecimal() or len(whole.lstrip("-")) < 5:
        return value
    return f"{int(whole):,}".replace(",", "\u202f") + point + fraction
