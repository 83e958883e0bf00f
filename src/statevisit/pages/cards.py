"""What a page tells about each record of a document: plain values for templates and the script.

Everything here is text, never markup; templates and the script escape it.
"""

from collections.abc import Iterable, Iterator
from functools import cache
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
    Timex,
)
from statevisit.document.references import DOCUMENT_TIME, reference_names
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.pages.in_words import amount_in_words, time_in_words
from statevisit.printable import visible

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

_NAMES = {
    "doc_time_rel": "to the document's date",
    "ace_role": "role in ACE",
    "nil": "not linked",
    "freq": "how often",
    "quant": "which ones",
    "begin": "begins",
    "end_point": "ends",
    "anchor": "counted from",
    "mod": "modified",
}
"""What a card calls properties whose names are abbreviations."""

WIKIDATA = "https://www.wikidata.org/wiki/"


class Label(Struct, frozen=True):
    """A label of a record: the property, its name, and the title and description of the scheme.

    `layer` is that of the property: a mention has the type of its entity, too.
    """

    property: str
    name: str
    title: str = ""
    description: str = ""
    layer: str = ""


def key_of(label: Label) -> str:
    """Return by what a page knows a label."""
    return f"{label.layer} {label.property} {label.name}"


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
        sentences: The sentence that it is in, or those that state a relation.
        chain: The ids of the spans that stand for the same, in the order of the text; of a relation
            those of its ends in the sentences that state it.
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
    sentences: list[str] = []
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
        return visible(" ".join(document.text_of(record).split()))
    if isinstance(record, EventChain) and not record.name:
        mentions = document.events_of(record)
        return name_of(document, mentions[0].id) if mentions else record.id
    return visible(getattr(record, "name", None) or record.id)


def words_of(document: Document, sentence: int) -> str:
    """Return the words of a sentence, by its number."""
    return visible(document.text_of(document.sentences[sentence]))


def label_of(scheme: Scheme, layer: str, prop: str, value: str) -> Label:
    """Return a label with what the scheme says of it; an unknown one has only its name."""
    return _labels(scheme, layer, prop).get(value) or Label(prop, value, layer=layer)


@cache
def _labels(scheme: Scheme, layer: str, prop: str) -> dict[str, Label]:
    return {
        label.name: Label(prop, label.name, label.title, label.description, layer)
        for label in scheme.labels(layer, prop)
    }


class _Cards:
    """Makes the cards of a document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._scheme = scheme_of(document)
        self._names: dict[str, str] = {}
        self._sentence_words: dict[int, str] = {}
        self._links: dict[str, list[Fact]] = {}
        self._chains: dict[str, list[str]] = {}
        self._in_sentence: dict[int | None, list[Mention | Event]] = {}
        spans: list[Mention | Event] = [*document.mentions, *document.events]
        for span in spans:
            self._in_sentence.setdefault(document.sentence_number(span), []).append(span)
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
        facts = [*self._more(record), *self._facts(layer, record)]
        return Card(
            id=record.id,
            layer=layer,
            kind=LAYER_TITLES[layer],
            title=self._name(record.id),
            labels=self._labels(layer, record),
            facts=[fact for fact in facts if fact.name not in shown],
            sentences=[self._words(number) for number in self._sentences(record)],
            chain=self._chain(record),
            links=self._links.get(record.id, []),
            disagreements=record.disagreements or 0,
            record=record,
        )

    def _name(self, record_id: str) -> str:
        if record_id not in self._names:
            self._names[record_id] = name_of(self._document, record_id)
        return self._names[record_id]

    def _words(self, sentence: int) -> str:
        if sentence not in self._sentence_words:
            self._sentence_words[sentence] = words_of(self._document, sentence)
        return self._sentence_words[sentence]

    def _labels(self, layer: str, record: Any) -> list[Label]:
        """The labels in the head of a card; a mention has the type of its entity before its own."""
        entity = record_of(self._document, _of_chain(record)) if layer == "mentions" else None
        labels = [] if entity is None else self._labels("entities", entity)
        for prop in _LABELS.get(layer, ()):
            value = getattr(record, _field(prop), None)
            if value:
                labels.append(label_of(self._scheme, layer, prop, value))
        return labels

    def _more(self, record: Any) -> Iterator[Fact]:
        """What a card says beside the properties: a value in words, the page of an entity."""
        words = ""
        if isinstance(record, Timex):
            words = time_in_words(record, self._scheme)
        elif isinstance(record, Quantity):
            words = amount_in_words(record, self._scheme)
        if words:
            yield Fact("in words", words)
        if isinstance(record, Mention):
            entity = record_of(self._document, record.entity)
            wikidata = getattr(entity, "wikidata", None)
            if wikidata:
                yield self._fact("entities", "wikidata", wikidata)

    def _facts(self, layer: str, record: Any) -> Iterator[Fact]:
        for prop in self._scheme.properties(layer):
            value = getattr(record, _field(prop), None)
            if value is None or prop in _APART:
                continue
            for item in value if isinstance(value, tuple) else (value,):
                yield self._fact(layer, prop, item)

    def _fact(self, layer: str, prop: str, value: Any) -> Fact:
        name = _NAMES.get(prop, prop.replace("_", " "))
        if isinstance(value, Span):
            return Fact(name, value.text)
        if value is True:
            return Fact(name, "yes")
        text = str(value)
        if text == DOCUMENT_TIME and prop in reference_names():
            return Fact(name, "the document's date")
        if prop == "wikidata":
            return Fact("Wikidata", text, address=WIKIDATA + text)
        if prop in reference_names() and text in self._document:
            return Fact(name, self._name(text), target=text)
        label = label_of(self._scheme, layer, prop, text)
        if label.title:
            return Fact(name, label.title, description=label.description)
        return Fact(name, text)

    def _sentences(self, record: Any) -> list[int]:
        document = self._document
        if isinstance(record, Relation):
            return [n for n in record.evidence or () if n < len(document.sentences)]
        number = document.sentence_number(record) if isinstance(record, SpanRecord) else None
        return [] if number is None else [number]

    def _chain(self, record: Any) -> list[str]:
        """The spans of an entity or event, one list for all of them."""
        document = self._document
        if isinstance(record, Entity):
            return self._chains.setdefault(record.id, _ids(document.mentions_of(record)))
        if isinstance(record, EventChain):
            return self._chains.setdefault(record.id, _ids(document.events_of(record)))
        if isinstance(record, Relation):
            return list(self._evidence(record))
        of = _of_chain(record)
        if of in self._chains:
            return self._chains[of]
        whole = record_of(document, of)
        if isinstance(whole, Entity | EventChain):
            return self._chain(whole)
        return [record.id] if isinstance(record, SpanRecord) else []

    def _evidence(self, relation: Relation) -> Iterator[str]:
        """The spans of both ends of a relation in the sentences that state it."""
        ends = {relation.source, relation.target}
        for number in self._sentences(relation):
            for span in self._in_sentence.get(number, ()):
                if _of_chain(span) in ends:
                    yield span.id

    def _link(self, source: str, name: str, target: str) -> None:
        fact = Fact(name, self._name(target), target=target)
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


def speakers(document: Document, quotation: Quotation) -> list[tuple[str, str]]:
    """Return (id, name) of each source of a quotation, by the entity where the mention has one."""
    named = []
    for source in quotation.sources or ():
        mention = record_of(document, source)
        entity = record_of(document, getattr(mention, "entity", None))
        named.append((source, name_of(document, source if entity is None else entity.id)))
    return named


def _ids(spans: Iterable[Mention] | Iterable[Event]) -> list[str]:
    return [span.id for span in spans]


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
