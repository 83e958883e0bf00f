"""A document: its layers and its look-up methods. No I/O.

The types of its records are defined in `records` and can be imported from here as well.
"""

from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from operator import le, lt
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from statevisit.document.characters import white_space
from statevisit.document.records import (
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
    shortened,
)
from statevisit.document.states import DONE, NONE, PARTIAL

if TYPE_CHECKING:
    import pandas as pd
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

__all__ = [
    "ANNOTATED_LAYERS",
    "BARE_LAYERS",
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

SCHEMA_VERSION = 2
"""The version of the document schema that this package writes."""

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

LAYERS_WITH_IDS = tuple(name for name, kind in LAYERS.items() if "id" in kind.__struct_fields__)
"""The layers whose records have an id."""

BARE_LAYERS = ("sentences", "tokens")
"""The layers that every document has from the beginning; they have no states."""

ANNOTATED_LAYERS = tuple(layer for layer in LAYERS if layer not in BARE_LAYERS)
"""The layers that have a state; sentences and tokens are made with the document."""

SPAN_LAYERS = ("mentions", "timexes", "quantities", "events", "quotations")
"""The layers whose records have an id and a span with its surface form."""

INNER_SPANS = ("property", "whole", "cue")
"""The properties of those records that hold a span of their own."""


def inner_spans(record: Record) -> Iterator[tuple[str, Span]]:
    """Yield (property, span) for each span inside a record."""
    for name in INNER_SPANS:
        span: Span | None = getattr(record, name, None)
        if span is not None:
            yield name, span


class ResolvedArgument(Struct, frozen=True):
    """An argument with the record that its `target` names, and the layer of that record."""

    role: str | None
    ace_role: str | None
    layer: str
    target: Any

    def __repr__(self) -> str:
        return f"<{self.role or '?'} {shortened(repr(self.target)[1:-1], 90)}>"


class Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True, eq=True):
    """One annotated document.

    Index it by record id: `document["m12"]`, which raises KeyError for an unknown id. A method that
    takes an entity, an event chain or a span takes the record or, where it has one, its id.

    A document and its records do not change: `msgspec.structs.replace(record, type="GPE")` returns
    a copy with another value, and so does `replace(document, entities=(...))`.
    """

    schema_version: int
    id: str
    language: str
    date: str
    source: Source
    text_sha256: str
    annotators: tuple[str, ...]
    layers: dict[str, str]
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
    def index(self) -> dict[str, tuple[str, Any]]:
        """The layer and the record of each id."""
        return {
            record.id: (layer, record)
            for layer in LAYERS_WITH_IDS
            for record in getattr(self, layer)
        }

    @cached_property
    def bounds(self) -> dict[str, tuple[list[int], list[int]]]:
        """The offsets of `sentences` and `tokens`: for each a list of starts and a list of ends."""
        return {"sentences": _bounds_of(self.sentences), "tokens": _bounds_of(self.tokens)}

    @cached_property
    def span_bounds(self) -> dict[str, tuple[list[int], list[int]]]:
        """The offsets of the layers of `SPAN_LAYERS`, as `bounds` has them."""
        return {layer: _bounds_of(getattr(self, layer)) for layer in SPAN_LAYERS}

    @cached_property
    def sentence_texts(self) -> tuple[str, ...]:
        """The texts of the sentences."""
        return tuple(map(self.text_of, self.sentences))

    @cached_property
    def orderly(self) -> frozenset[str]:
        """Those of `sentences` and `tokens` whose spans are in order and within the text.

        Such spans are not empty and do not overlap.
        """
        layers = set()
        for layer, (starts, ends) in self.bounds.items():
            not_empty = all(map(lt, starts, ends))
            apart = all(map(le, ends, starts[1:]))
            within = not ends or ends[-1] <= len(self.text)
            if not_empty and apart and within:
                layers.add(layer)
        return frozenset(layers)

    @cached_property
    def tiled(self) -> bool:
        """Whether the tokens are orderly and cover all of the text but its white space."""
        if "tokens" not in self.orderly:
            return False
        outside = self.text_outside("tokens")
        return not outside.strip() and len(outside) == white_space(self.text)

    def text_outside(self, layer: str) -> str:
        """Return the characters outside all spans of `sentences` or `tokens`, if it is orderly."""
        starts, ends = self.bounds[layer]
        gaps = zip([0, *ends], [*starts, len(self.text)], strict=True)
        return "".join([self.text[start:end] for start, end in gaps if start < end])

    @cached_property
    def arguments(self) -> list[Argument]:
        """The arguments of all events."""
        return [argument for event in self.events for argument in event.arguments or ()]

    @cached_property
    def layer_by_id(self) -> dict[str, str]:
        """The name of the layer of each record, by its id."""
        return {record.id: layer for layer in LAYERS_WITH_IDS for record in getattr(self, layer)}

    def state_of(self, layer: str) -> str:
        """Return the state of a layer: "none", "partial" or "done"; sentences are always done."""
        return self.layers.get(layer, DONE)

    def is_done(self, *layers: str) -> bool:
        """Whether all of some layers are done."""
        return all(self.state_of(layer) == DONE for layer in layers)

    def begun(self) -> "Document":
        """Return the document with the state partial for each layer of records whose state is none.

        The document itself is returned if it has no such layer.
        """
        none = (name for name, state in self.layers.items() if state == NONE)
        begun = [name for name in none if getattr(self, name, ())]
        if not begun:
            return self
        return replace(self, layers=self.layers | dict.fromkeys(begun, PARTIAL))

    def __getitem__(self, record_id: str) -> Any:
        return self.index[record_id][1]

    def __contains__(self, record_id: object) -> bool:
        return record_id in self.index

    def layer_of(self, record_id: str) -> str:
        """Return the name of a record's layer. Raises KeyError for an id the document lacks."""
        return self.index[record_id][0]

    def _record(self, record_or_id: Any) -> Any:
        return self[record_or_id] if isinstance(record_or_id, str) else record_or_id

    def text_of(self, span: Any) -> str:
        """Return the characters of `span`: a record with start and end, or the id of one."""
        span = self._record(span)
        return self.text[span.start : span.end]

    def sentence_number(self, span: Any) -> int | None:
        """Return the number, from 0, of the sentence in which `span` begins; None without one."""
        span = self._record(span)
        number = bisect_right(self.bounds["sentences"][0], span.start) - 1
        if number < 0 or span.start >= self.sentences[number].end:
            return None
        return number

    def sentence_of(self, span: Any) -> Sentence | None:
        """Return the sentence in which `span` begins; None between sentences."""
        number = self.sentence_number(span)
        return None if number is None else self.sentences[number]

    def within(self, span: Any, layer: str) -> tuple[Any, ...]:
        """Return the records of a span layer inside `span`.

        `document.within(document.sentences[0], "events")` are the events of the first sentence.
        """
        span = self._record(span)
        records = getattr(self, layer)
        return tuple(r for r in records if span.start <= r.start and r.end <= span.end)

    def tokens_of(self, span: Any) -> tuple[str, ...]:
        """Return the tokens inside `span` as strings."""
        return tuple(self.text_of(t) for t in self.within(span, "tokens"))

    @cached_property
    def _mentions(self) -> dict[str, tuple[Mention, ...]]:
        return _grouped(self.mentions, "entity")

    @cached_property
    def _chains(self) -> dict[str, tuple[Event, ...]]:
        return _grouped(self.events, "event")

    def mentions_of(self, entity: Entity | str) -> tuple[Mention, ...]:
        """Return the mentions of an entity in the order of the text.

        Raises KeyError for an id the document lacks.
        """
        return self._mentions.get(self._record(entity).id, ())

    def events_of(self, chain: EventChain | str) -> tuple[Event, ...]:
        """Return the mentions of an event chain in the order of the text.

        Raises KeyError for an id the document lacks.
        """
        return self._chains.get(self._record(chain).id, ())

    def entity_of(self, mention: Mention | str) -> Entity | None:
        """Return the entity of a mention; None while it has none.

        Raises KeyError for an id the document lacks.
        """
        entity_id = self._record(mention).entity
        entity: Entity | None = None if entity_id is None else self[entity_id]
        return entity

    def arguments_of(self, event: Event | str) -> tuple[ResolvedArgument, ...]:
        """Return the arguments of an event, each with the record that its target names."""
        return tuple(
            ResolvedArgument(argument.role, argument.ace_role, *self.index[argument.target])
            for argument in self._record(event).arguments or ()
        )

    def relations_of(self, entity: Entity | str) -> tuple[Relation, ...]:
        """Return the relations of an entity, on either side."""
        entity_id = self._record(entity).id
        return tuple(r for r in self.relations if entity_id in (r.source, r.target))

    def to_dict(self) -> dict[str, Any]:
        """Return the document as JSON values (dict, list, str, int, ...), as in its file.

        `statevisit.decode` makes the document again. A property that a record lacks has no key.
        """
        value = msgspec.json.decode(msgspec.json.encode(self))
        return {name: value[name] for name in Document.__struct_fields__ if name in value}

    def to_pandas(self, layer: str) -> "pd.DataFrame":
        """Return the records of a layer, one in each row; the columns are their properties.

        "arguments" are those of all events, and `event_id` is the `id` of the event of each.
        `start` and `end` count code points, and sentences and tokens have a `text`, too. A span
        inside a record is its text. Labels are categories in the order of the scheme, integers
        Int64, and a missing value is NA.

        Raises FormatError for a layer that the scheme lacks, MissingExtra without pandas.
        """
        import statevisit

        frame: pd.DataFrame = statevisit._document_frame(self, layer)
        return frame

    def to_spacy(self, nlp_or_vocab: "Language | Vocab | None" = None) -> "Doc":
        """Return the document as a Doc of spaCy; `statevisit.from_spacy` is the reverse.

        The Doc has the tokens of the document, with tokens of white space where the text needs
        them: `doc.text` is `document.text`. `doc.ents` are the flat names, with Wikidata ids as
        `kb_id_`, and tokens outside of them are missing values while a layer of names is not done.
        `doc.spans` has the group "mentions" and one for each other layer of spans, with `id_` and
        `label_`, and "coref_clusters_1", "event_chains_1" and so on, each with several spans.
        `doc._.statevisit` is a dict with the attributes and relations of the spans, the entities
        and the event chains, and all clusters, those of one span as well.

        The vocabulary is by default that of a blank pipeline for the language. A span that does not
        begin and end with a token is in no group; `doc._.statevisit["document"]` has it.

        Raises FormatError if tokens overlap, MissingExtra without spaCy.
        """
        import statevisit

        doc: Doc = statevisit._document_doc(self, nlp_or_vocab)
        return doc

    def counts(self) -> dict[str, int]:
        """Return the number of records in every layer."""
        return {name: len(getattr(self, name)) for name in LAYERS}

    def __repr__(self) -> str:
        layers = ("sentences", "mentions", "events", "quantities")
        counts = ", ".join(f"{len(getattr(self, layer))} {layer}" for layer in layers)
        return f"<Document {shortened(self.id, 40)}: {counts}>"

    def _repr_html_(self) -> str:
        import statevisit

        fragment: str = statevisit._document_html(self)
        return fragment


def _bounds_of(records: tuple[Any, ...]) -> tuple[list[int], list[int]]:
    return [record.start for record in records], [record.end for record in records]


def _grouped(records: tuple[Any, ...], key: str) -> dict[str, tuple[Any, ...]]:
    groups: dict[str, list[Any]] = {}
    for record in records:
        if getattr(record, key) is not None:
            groups.setdefault(getattr(record, key), []).append(record)
    return {k: tuple(v) for k, v in groups.items()}


def in_english(document: Document) -> bool:
    """Whether the text of a document is English, in any region: `en`, `en-GB`."""
    return document.language.partition("-")[0].lower() == "en"
