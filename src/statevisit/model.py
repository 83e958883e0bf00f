"""A document: its layers, and the questions it answers. No I/O.

The types of its records are in `records.py`, and can be imported from here as well.
"""

from bisect import bisect_right
from functools import cached_property
from operator import le, lt
from typing import Any

from msgspec import Struct

from statevisit.records import (
    Argument,
    Entity,
    Event,
    EventChain,
    EventRelation,
    Mention,
    Quantity,
    Quotation,
    Record,
    Relation,
    Sentence,
    Source,
    Span,
    Timex,
    Token,
)
from statevisit.records import short as _short

__all__ = [
    "LAYERS",
    "SCHEMA_VERSION",
    "SPAN_LAYERS",
    "Argument",
    "Document",
    "Entity",
    "Event",
    "EventChain",
    "EventRelation",
    "Mention",
]
__all__ += [
    "Quantity",
    "Quotation",
    "Record",
    "Relation",
    "ResolvedArgument",
    "Sentence",
    "Source",
    "Span",
    "Timex",
    "Token",
]

SCHEMA_VERSION = 1

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
REFERENCES = frozenset(
    (
        "entity",
        "literal",
        "anchor",
        "begin",
        "end_point",
        "measures",
        "conversion_of",
        "event",
        "source",
        "target",
    )
)
"""The properties of records, and of the arguments in them, that hold the id of another record."""


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
        return {
            r.id: (name, r)
            for name, kind in LAYERS.items()
            if "id" in kind.__struct_fields__
            for r in getattr(self, name)
        }

    @cached_property
    def bounds(self) -> dict[str, tuple[list[int], list[int]]]:
        """Of `sentences` and `tokens`, where each starts and where each ends."""
        return {
            layer: ([s.start for s in spans], [s.end for s in spans])
            for layer, spans in (("sentences", self.sentences), ("tokens", self.tokens))
        }

    @cached_property
    def orderly(self) -> frozenset[str]:
        """Of `sentences` and `tokens`, the layers whose spans are in order, without overlap, not empty, and within the text."""
        return frozenset(
            layer
            for layer, (starts, ends) in self.bounds.items()
            if all(map(lt, starts, ends))
            and all(map(le, ends, starts[1:]))
            and (not ends or ends[-1] <= len(self.text))
        )

    @cached_property
    def tiled(self) -> bool:
        """Whether the tokens are orderly and hold all of the text but white space, and no white space."""
        if "tokens" not in self.orderly:
            return False
        starts, ends = self.bounds["tokens"]
        between = "".join(
            [
                self.text[a:b]
                for a, b in zip([0, *ends], [*starts, len(self.text)], strict=True)
                if a < b
            ]
        )
        return not between.strip() and len(between) + sum(map(len, self.text.split())) == len(
            self.text
        )

    @cached_property
    def token_ends(self) -> dict[int, int]:
        """Where the token ends that starts at an offset."""
        return dict(zip(*self.bounds["tokens"], strict=True))

    @cached_property
    def layers(self) -> dict[str, str]:
        """The name of the layer that holds each id."""
        return {record_id: layer for record_id, (layer, _) in self._index.items()}

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
        number = bisect_right(self.bounds["sentences"][0], span.start) - 1
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
            ResolvedArgument(a.role, a.ace_role, *self._index[a.target])
            for a in self._record(event).arguments
        )

    def relations_of(self, entity: Entity | str) -> tuple[Relation, ...]:
        """The relations an entity takes part in, on either side."""
        wanted = self._record(entity).id
        return tuple(r for r in self.relations if wanted in (r.source, r.target))

    def counts(self) -> dict[str, int]:
        """The number of records in every layer."""
        return {name: len(getattr(self, name)) for name in LAYERS}

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{len(getattr(self, n))} {n}" for n in ("mentions", "events", "quantities")
        )
        return f"<Document {_short(self.id, 40)}: {len(self.sentences)} sentences, {shown}>"

    def _repr_html_(self) -> str:
        from statevisit.display import to_html

        return to_html(self)


def _grouped(records: tuple[Any, ...], key: str) -> dict[str, tuple[Any, ...]]:
    groups: dict[str, list[Any]] = {}
    for record in records:
        groups.setdefault(getattr(record, key), []).append(record)
    return {k: tuple(v) for k, v in groups.items()}
