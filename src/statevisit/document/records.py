"""The types of a document's records. No I/O.

The classes mirror `schema/document.schema.json` property by property, in its order; a test compares
them. Spans are half-open `[start, end)` offsets in Unicode code points into `Document.text`.
Records are frozen; a property that is absent is `None` here. What a record of an unfinished layer
may lack is therefore optional: `schema.required` names what it has once its layer is done.
"""

from collections.abc import Collection, Iterator
from itertools import count

from msgspec import Struct, field


def truncated(text: str, limit: int) -> str:
    """Return the text cut to `limit` characters, the last of which is then an ellipsis."""
    if len(text) <= limit:
        return text
    return text[: limit - 1] + "…"


def shortened(text: str, limit: int) -> str:
    """Return the text on one line, cut to `limit` characters."""
    return truncated(" ".join(text[: 2 * limit].split()), limit)


ID_PREFIXES = {
    "mentions": "m",
    "timexes": "t",
    "quantities": "q",
    "events": "ev",
    "relations": "r",
    "quotations": "quo",
}
"""The letters before the number in the ids of a layer that are given automatically: m1, ev2."""


def free_ids(prefix: str, taken: Collection[str], first: int = 1) -> Iterator[str]:
    """Yield the prefix with each number from `first`, without the ids that are `taken`."""
    for number in count(first):
        record_id = f"{prefix}{number}"
        if record_id not in taken:
            yield record_id


class Record(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """The base of all records: frozen, and compared by value.

    A record holds strings, numbers and other records, never itself, so that the garbage collector
    can pass over it.
    """

    def __repr__(self) -> str:
        values = (getattr(self, name) for name in self.__struct_fields__)
        strings = [shortened(value, 40) for value in values if isinstance(value, str)]
        return f"<{type(self).__name__} {shortened(' '.join(strings), 90)}>"


class Span(Record, frozen=True, kw_only=True):
    """A span inside a record: the words for a measured property, the cue of a quotation."""

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
    level: str | None = None
    entity: str | None = None
    literal: str | None = None
    predicate: bool | None = None
    disagreements: int | None = None


class Entity(Record, frozen=True, kw_only=True):
    """An entity; `wikidata` or `nil` is set, never both."""

    id: str
    type: str | None = None
    name: str | None = None
    wikidata: str | None = None
    nil: str | None = None
    reference: str | None = None
    members: tuple[str, ...] | None = None
    disagreements: int | None = None


class Timex(Record, frozen=True, kw_only=True):
    """A time expression with its TIMEX3 value."""

    id: str
    start: int
    end: int
    text: str
    type: str | None = None
    value: str | None = None
    mod: str | None = None
    anchor: str | None = None
    begin: str | None = None
    end_point: str | None = None
    quant: str | None = None
    freq: str | None = None
    disagreements: int | None = None


class Quantity(Record, frozen=True, kw_only=True):
    """A quantity; values are decimal strings in full magnitude."""

    id: str
    start: int
    end: int
    text: str
    kind: str | None = None
    value: str | None = None
    lower: str | None = None
    upper: str | None = None
    unit: str | None = None
    comparator: str | None = None
    change: str | None = None
    measures: str | None = None
    property: Span | None = None
    whole: Span | None = None
    conversion_of: str | None = None
    disagreements: int | None = None


class Argument(Record, frozen=True, kw_only=True):
    """An argument of an event; `target` is the id of a mention, timex, quantity or event."""

    role: str | None = None
    target: str
    ace_role: str | None = None


class Event(Record, frozen=True, kw_only=True):
    """A mention of an event; `event` is its chain.

    `arguments` is None where nobody has looked for arguments, and empty where there are none.
    """

    id: str
    start: int
    end: int
    text: str
    level: str | None = None
    event: str | None = None
    class_: str | None = field(name="class", default=None)
    type: str | None = None
    polarity: str | None = None
    modality: str | None = None
    doc_time_rel: str | None = None
    tense: str | None = None
    aspect: str | None = None
    arguments: tuple[Argument, ...] | None = None
    disagreements: int | None = None


class EventChain(Record, frozen=True, kw_only=True):
    """An event: the properties that its mentions share."""

    id: str
    name: str | None = None
    wikidata: str | None = None
    nil: str | None = None
    disagreements: int | None = None


FACT = "ACTUAL"
"""The modality of an event that happens, and of a relation that states none."""


class Relation(Record, frozen=True, kw_only=True):
    """A relation between two entities, or of an entity with an event chain.

    `evidence` are sentence numbers from 0. A `modality` of None means ACTUAL.
    """

    id: str
    type: str | None = None
    source: str
    target: str
    evidence: tuple[int, ...] | None = None
    modality: str | None = None
    inferred: bool | None = None
    disagreements: int | None = None

    @property
    def stated_modality(self) -> str:
        """The modality, which is ACTUAL where there is none."""
        return self.modality or FACT


class EventRelation(Record, frozen=True, kw_only=True):
    """A relation between two event mentions or time expressions.

    A `modality` of None means ACTUAL.
    """

    type: str | None = None
    source: str
    target: str
    modality: str | None = None
    disagreements: int | None = None

    @property
    def stated_modality(self) -> str:
        """The modality, which is ACTUAL where there is none."""
        return self.modality or FACT


class Quotation(Record, frozen=True, kw_only=True):
    """A quotation: its content, cue and sources."""

    id: str
    start: int
    end: int
    text: str
    cue: Span | None = None
    sources: tuple[str, ...] | None = None
    type: str | None = None
    disagreements: int | None = None


SpanRecord = Mention | Timex | Quantity | Event | Quotation
"""A record with an id and a span with its surface form."""


class Source(Record, frozen=True, kw_only=True):
    """The seed of a text; `header_length` is in code points."""

    file: str
    sha256: str
    header_length: int
