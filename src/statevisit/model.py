"""The types of a document. No I/O.

The classes mirror `schema/document.schema.json` property by property and in its order (a test holds them
together). Spans are half-open `[start, end)` offsets in Unicode code points into `Document.text`. Records are
frozen; an optional property that is absent is `None` here.
"""

from bisect import bisect_right
from functools import cached_property
from typing import Any

from msgspec import Struct, field

SCHEMA_VERSION = 1


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What every record of a layer is: frozen, compared by value."""

    def __repr__(self) -> str:
        values = (getattr(self, n) for n in self.__struct_fields__)
        return f"<{type(self).__name__} {_short(' '.join(_short(v, 40) for v in values if isinstance(v, str)), 90)}>"


class Span(Record, frozen=True, kw_only=True):
    """A stretch of text inside a record: what is measured, the cue of a quotation."""

    start: int
    end: int
    text: str


class Sentence(Record, frozen=True, kw_only=True):
    """A sentence, and the number of its paragraph from 0."""

    start: int
    end: int
    paragraph: int

    def __repr__(self) -> str:
        return f"<Sentence [{self.start}, {self.end}) paragraph {self.paragraph}>"


class Token(Record, frozen=True, kw_only=True):
    """A token."""

    start: int
    end: int

    def __repr__(self) -> str:
        return f"<Token [{self.start}, {self.end})>"


class Mention(Record, frozen=True, kw_only=True):
    """A mention of an entity: NAM, NOM or PRO."""

    id: str
    start: int
    end: int
    text: str
    level: str
    entity: str
    literal: str | None = None


class Entity(Record, frozen=True, kw_only=True):
    """An entity; exactly one of `wikidata` and `nil` is set."""

    id: str
    type: str
    name: str
    wikidata: str | None = None
    nil: str | None = None
    reference: str


class Timex(Record, frozen=True, kw_only=True):
    """A time expression with its TIMEX3 value."""

    id: str
    start: int
    end: int
    text: str
    type: str
    value: str
    mod: str | None = None
    anchor: str | None = None
    begin: str | None = None
    end_point: str | None = None
    quant: str | None = None
    freq: str | None = None


class Quantity(Record, frozen=True, kw_only=True):
    """A quantity; values are decimal strings in full magnitude."""

    id: str
    start: int
    end: int
    text: str
    kind: str
    value: str | None = None
    lower: str | None = None
    upper: str | None = None
    unit: str | None = None
    comparator: str
    change: str | None = None
    measures: str | None = None
    property: Span | None = None
    conversion_of: str | None = None


class Argument(Record, frozen=True, kw_only=True):
    """A participant of an event; `target` is the id of a mention, time expression, quantity or event."""

    role: str
    target: str
    ace_role: str | None = None


class Event(Record, frozen=True, kw_only=True):
    """A mention of an event; `event` is its chain."""

    id: str
    start: int
    end: int
    text: str
    level: str
    event: str
    class_: str = field(name="class")
    type: str
    polarity: str
    modality: str
    doc_time_rel: str
    tense: str | None = None
    aspect: str | None = None
    arguments: tuple[Argument, ...]


class EventChain(Record, frozen=True, kw_only=True):
    """An event: what its mentions share."""

    id: str
    name: str | None = None
    wikidata: str | None = None
    nil: str | None = None


class Relation(Record, frozen=True, kw_only=True):
    """A relation between two entities; `evidence` are sentence numbers from 0."""

    id: str
    type: str
    source: str
    target: str
    evidence: tuple[int, ...]


class EventRelation(Record, frozen=True, kw_only=True):
    """A relation between two event mentions or time expressions."""

    type: str
    source: str
    target: str


class Quotation(Record, frozen=True, kw_only=True):
    """A quotation: its content, cue and source."""

    id: str
    start: int
    end: int
    text: str
    cue: Span | None = None
    source: str | None = None
    type: str


class Source(Record, frozen=True, kw_only=True):
    """The seed a text comes from; `header_length` in code points."""

    file: str
    sha256: str
    header_length: int


LAYERS: dict[str, type[Record]] = {
    "sentences": Sentence,
    "tokens": Token,
    "mentions": Mention,
    "entities": Entity,
    "timexes": Timex,
    "quantities": Quantity,
    "events": Event,
    "event_chains": EventChain,
    "relations": Relation,
    "event_relations": EventRelation,
    "quotations": Quotation,
}
"""Every layer with the type of its records, in the order of a file."""

SPAN_LAYERS = ("mentions", "timexes", "quantities", "events", "quotations")
"""The layers whose records have an id and a span with its surface form."""


class ResolvedArgument(Struct, frozen=True):
    """An argument with what its `target` id stands for and the layer that is in."""

    role: str
    ace_role: str | None
    layer: str
    target: Any

    def __repr__(self) -> str:
        return f"<{self.role} {_short(repr(self.target)[1:-1], 90)}>"


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True, eq=True):
    """One annotated document.

    Index it by record id (`doc["m12"]`, KeyError where there is none); every method that takes an entity,
    event chain or span takes the record or, where it has one, its id.
    """

    schema_version: int
    id: str
    language: str
    date: str
    source: Source
    text_sha256: str
    annotators: tuple[str, ...]
    text: str
    sentences: tuple[Sentence, ...]
    tokens: tuple[Token, ...]
    mentions: tuple[Mention, ...]
    entities: tuple[Entity, ...]
    timexes: tuple[Timex, ...]
    quantities: tuple[Quantity, ...]
    events: tuple[Event, ...]
    event_chains: tuple[EventChain, ...]
    relations: tuple[Relation, ...]
    event_relations: tuple[EventRelation, ...]
    quotations: tuple[Quotation, ...]

    @cached_property
    def _index(self) -> dict[str, tuple[str, Any]]:
        return {r.id: (name, r) for name, kind in LAYERS.items() if "id" in kind.__struct_fields__ for r in getattr(self, name)}

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return [s.start for s in self.sentences]

    def __getitem__(self, record_id: str) -> Any:
        return self._index[record_id][1]

    def __contains__(self, record_id: object) -> bool:
        return record_id in self._index

    def layer_of(self, record_id: str) -> str:
        """The name of the layer that holds `record_id`. Raises KeyError."""
        return self._index[record_id][0]

    def _record(self, record_or_id: Any) -> Any:
        return self[record_or_id] if isinstance(record_or_id, str) else record_or_id

    def text_of(self, span: Any) -> str:
        """The characters of `span` (a record with start and end, or the id of one)."""
        span = self._record(span)
        return self.text[span.start : span.end]

    def sentence_number(self, span: Any) -> int | None:
        """The number, from 0, of the sentence in which `span` begins; None between sentences."""
        span = self._record(span)
        number = bisect_right(self._sentence_starts, span.start) - 1
        return number if number >= 0 and span.start < self.sentences[number].end else None

    def sentence_of(self, span: Any) -> Sentence | None:
        """The sentence in which `span` begins; None between sentences."""
        number = self.sentence_number(span)
        return None if number is None else self.sentences[number]

    def within(self, span: Any, layer: str) -> tuple[Any, ...]:
        """The records of a span layer that lie inside `span`: `doc.within(doc.sentences[0], "events")`."""
        span = self._record(span)
        return tuple(r for r in getattr(self, layer) if span.start <= r.start and r.end <= span.end)

    def tokens_of(self, span: Any) -> tuple[str, ...]:
        """The tokens inside `span`, as text."""
        return tuple(self.text_of(t) for t in self.within(span, "tokens"))

    @cached_property
    def _mentions(self) -> dict[str, tuple[Mention, ...]]:
        return _grouped(self.mentions, "entity")

    @cached_property
    def _chains(self) -> dict[str, tuple[Event, ...]]:
        return _grouped(self.events, "event")

    def mentions_of(self, entity: Entity | str) -> tuple[Mention, ...]:
        """The mentions of an entity, in the order of the text. Raises KeyError for an id the document lacks."""
        return self._mentions.get(self._record(entity).id, ())

    def events_of(self, chain: EventChain | str) -> tuple[Event, ...]:
        """The mentions of an event chain, in the order of the text. Raises KeyError for an id the document lacks."""
        return self._chains.get(self._record(chain).id, ())

    def entity_of(self, mention: Mention | str) -> Entity:
        """The entity that a mention means."""
        return self[self._record(mention).entity]

    def arguments_of(self, event: Event | str) -> tuple[ResolvedArgument, ...]:
        """The arguments of an event, each with the record its target names."""
        return tuple(
            ResolvedArgument(a.role, a.ace_role, *self._index[a.target]) for a in self._record(event).arguments
        )

    def relations_of(self, entity: Entity | str) -> tuple[Relation, ...]:
        """The relations an entity takes part in, on either side."""
        wanted = self._record(entity).id
        return tuple(r for r in self.relations if wanted in (r.source, r.target))

    def counts(self) -> dict[str, int]:
        """The number of records in every layer."""
        return {name: len(getattr(self, name)) for name in LAYERS}

    def __repr__(self) -> str:
        shown = ", ".join(f"{len(getattr(self, n))} {n}" for n in ("mentions", "events", "quantities"))
        return f"<Document {_short(self.id, 40)}: {len(self.sentences)} sentences, {shown}>"

    def _repr_html_(self) -> str:
        from statevisit.display import to_html

        return to_html(self)


def _short(text: str, limit: int) -> str:
    """The text on one line, cut to `limit` characters."""
    line = " ".join(text[: 2 * limit].split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _grouped(records: tuple[Any, ...], key: str) -> dict[str, tuple[Any, ...]]:
    groups: dict[str, list[Any]] = {}
    for record in records:
        groups.setdefault(getattr(record, key), []).append(record)
    return {k: tuple(v) for k, v in groups.items()}
