"""Valid documents for property tests: nasty texts, every layer, all properties and labels.

`documents()` draws documents that the schema and every registered check accept, in canonical order
(so that `decode(encode(d)) == d`). Their texts are tokens joined by separators: emoji, ZWJ
sequences, Arabic, CJK, combining marks, markup and quotes in the tokens; nothing, spaces, NBSP,
tabs, line and paragraph ends between them. Spans nest, overlap and coincide, within a layer too,
and cross sentences; a document may have no token at all. Two entities, events or spans may have no
relation or several, in both directions.

    from tests.strategies import documents, seed_of

    @given(documents())
    def test_something(document): ...

Wikidata ids and annotators are those that the shipped corpus lists, and `seed_of(document)` is the
seed whose hash the document states: written to `seeds/`, it makes a corpus root in which the
document is valid as well.

All strategies are built once. They draw cross references as whole numbers, which are taken modulo
the number of possible targets. That is quick, and it shrinks to short documents with few records.
"""

import hashlib
import random
import unicodedata
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import orjson
from hypothesis import strategies as st
from msgspec.structs import replace

from statevisit.document.codec import convert, ordered, to_value
from statevisit.document.model import (
    ANNOTATED_LAYERS,
    LAYERS,
    SCHEMA_VERSION,
    Argument,
    Document,
    Entity,
    Event,
    EventChain,
    EventRelation,
    Mention,
    Quantity,
    Quotation,
    Relation,
    Sentence,
    Source,
    Span,
    Timex,
    Token,
)
from statevisit.document.references import references
from statevisit.document.scheme import base
from statevisit.document.states import DONE, NONE, PARTIAL, STATES
from statevisit.document.value_forms import timex_patterns
from tests.conftest import ROOT

TOKENS = (
    # Latin
    *("Aliyev", "visit", "a", "Erdoğan", "İstanbul", "café"),
    # Combining marks
    *("q\u0303", "ẍ\u0323", "\u0301"),
    # Emoji and letters beyond the BMP
    *("👍", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇹🇷", "👍🏽", "❤️", "𝔘𝔫𝔦"),
    # Right to left
    *("أذربيجان", "سَلَام", "‏العربية‎", "می‌خواهم"),
    # Other scripts
    *("阿塞拜疆", "。", "日本語", "한국어", "गुरु", "ไทย"),
    # Markup
    *("<script>", "</b>", "&amp;", "&"),
    # Quotes and dashes
    *('"', "“", "”", "'", "’", "-", "–", "—"),
    # Punctuation
    *(".", ",", ";", "(", ")", "#", "|", "_"),
    # Escapes and format strings
    *("\\n", "\\", "{}", "%", "$", "[/bold]"),
    # Meaning elsewhere: CoNLL, JSON, numbers
    *("-DOCSTART-", "null", "7.6"),
    # Spaces and invisible characters inside
    *("10\u00a0000", "1\u202f000", "soft\u00adhyphen", "zero\u200bwidth"),
    # Changed by folding or compatibility forms
    *("µ", "ſ", "ß"),
    # Long
    "x" * 80,
)
SEPARATORS = (" ", "", "\n", "\n\n", "\u00a0", "\t", "  ", "\u3000", "\u2028", " \n\t\n ")

VALUES = {
    "DATE": (
        "2024-02-19",
        "2024",
        "2024-02",
        "2024-W08",
        "2024-W08-WE",
        "2024-Q1",
        "2024-H2",
        "2024-SU",
        "202",
        "20",
        "XXXX-02-29",
        "0001",
        "9999-12-31",
        "BC0346",
        "PAST_REF",
        "FUTURE_REF",
        "2024-02-29",
    ),
    "TIME": (
        "2024-02-19T10:30",
        "2024-02-19TEV",
        "2024-02-19T24",
        "2024-02-19T10:30:59Z",
        "2024-02-19T10+03:00",
        "2024-W08-1TMO",
        "PRESENT_REF",
    ),
    "DURATION": (
        "P2D",
        "P3DE",
        "PT90M",
        "P1Y6M",
        "P1DT12H",
        "P0.5Y",
        "PXM",
        "P1WE",
        "P1M1D",
        "P999999999Y",
        "PT0.000000001S",
    ),
    "SET": ("P1W", "XXXX-WXX-1", "2024", "PT1H", "XXXX-XX-XXTMO", "PAST_REF"),
}
TIMEX_EDGES = {
    "DATE": (
        *("9999-W52", "9999-W53", "9999-12-31", "9999-Q4", "9999-H2", "9999", "999", "99", "999X"),
        *("0000", "0000-01-01", "0000-W01", "0001-W01", "0001-01-01", "000", "00", "00XX", "000X"),
        *("2021-W53", "2020-W53-7", "2023-02-29", "BC0000", "BC9999", "9999-W52-6", "9999-W52-WE"),
    ),
    "TIME": (
        *(
            "9999-12-31T24:00",
            "0001-01-01T00:00",
            "9999-W52-7T24",
            "0000-01-01T00",
            "2024-04-31TNI",
        ),
        *("2016-12-31T23:59:59Z", "9999-12-31T24:00:00+99:99", "2024-02-19T24:30"),
    ),
    "DURATION": (
        *("P999999999ML", "P999999999.999999999ML", "PT999999999.999999999S", "P0Y", "P999999999W"),
        *("P999999999Y999999999D", "PT1S1H", "P0.000000001ML0.5Y", "P1W1M", "PT0.000000001S"),
        "P" + "9M" * 31,
    ),
    "SET": ("P999999999ML", "9999-W52", "0000", "9999-12-31T24:00"),
}
"""Values at the edges of the calendar and of numbers, which the schema accepts, by type."""


def timex_values(kind: str) -> st.SearchStrategy[str]:
    """Values that the schema accepts for a type of time expression."""
    accepted = st.from_regex(timex_patterns()[kind]).filter(lambda value: len(value) <= 64)
    return st.sampled_from(TIMEX_EDGES[kind]) | accepted


UNITS = {
    "MONEY": ("USD", "TRY", "AZN", "JPY", "XXX"),
    "PERCENT": ("%",),
    "MEASURE": ("km", "kg", "Cel", "m2", "km/h", "1"),
    "CARDINAL": (None, "visit", "ülke", "人"),
    "ORDINAL": (None, "term"),
}
NUMBERS = (
    "0",
    "1",
    "2",
    "92",
    "-3",
    "0.1",
    "-0.5",
    "7600000000",
    "234600000000",
    "9" * 40,
    f"0.{'0' * 19}1",
    f"{'1' * 40}.{'9' * 20}",
    "1.10",
)
POSITIVE = ("1", "2", "5", "100", "9" * 40)
LANGUAGES = ("en", "tr", "ar", "zh-Hant", "az-Latn-AZ")
NAMES = ("Ilham Aliyev", "<b>&\"'", "👩‍👩‍👧‍👦", "阿利耶夫 [red]", "علييف", "x" * 300, "a\tb\nc")

_number = st.integers(0, 999)
_maybe = st.none() | _number
_true = st.sampled_from((None, True))


def _of(values: Sequence[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def _label(layer: str, prop: str) -> st.SearchStrategy[str]:
    return _of(base().label_names(layer, prop))


def _perhaps(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


@cache
def _listed() -> tuple[list[str], list[str]]:
    """The verified Wikidata ids and the annotators' ids of the shipped corpus."""
    links = orjson.loads((ROOT / "corpus/wikidata.json").read_bytes())
    annotators = orjson.loads((ROOT / "corpus/annotators.json").read_bytes())["annotators"]
    return [r["wikidata"] for r in links if r.get("wikidata") and r["evidence"]], [
        a["id"] for a in annotators
    ]


_any_token = st.text(
    st.characters(
        codec="utf-8",
        exclude_categories=("C", "Z"),
        include_characters="\u200b\u200d\u00ad\u202e\ue000",
    ),
    min_size=1,
    max_size=5,
).map(lambda s: unicodedata.normalize("NFC", s))
_token = st.one_of(_of(TOKENS), _of(TOKENS), _of(TOKENS), _any_token)
_separator = _of((*[" "] * 8, *SEPARATORS))
_break = _of((0, 0, 0, 0, 1, 2))
_span = st.tuples(_number, _of((1, 1, 1, 2, 2, 3, 5, 30)))
_link = _of(("NIL", "NOT_LINKABLE", "UNVERIFIED", "wikidata"))


def _other(label: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, bool] | None]:
    """A second relation of the same pair: its label, and whether it points the other way."""
    return _perhaps(st.tuples(label, st.booleans()))


def _frame(max_tokens: int) -> dict[str, st.SearchStrategy[Any]]:
    """The properties of the document itself, its text and its tokens."""
    any_id = st.text("abcXYZ0189_-", min_size=1, max_size=64).filter(lambda s: s != "DCT")
    word = st.tuples(_separator, _token, _break)
    least = (0, min(1, max_tokens), max_tokens // 2, max_tokens // 2)
    return {
        "id": any_id | st.just("2024-02-19-aliyev-visit"),
        "language": _of(LANGUAGES),
        "date": _of(("2024-02-19", "1900-01-01", "2024-02-29", "2099-12-31")),
        "file": _of(("seed.txt", "a seed é 阿.txt", ".hidden", "%2e%2e", "x" * 200)),
        "annotators": st.lists(_number, min_size=1, max_size=2),
        "ends": st.tuples(_of(("", "", " ", "\n", "\t\u00a0")), _of(("", "", "\n", " ", "\u2028"))),
        "tokens": st.one_of(st.lists(word, min_size=n, max_size=max_tokens) for n in least),
        "numbers": st.sampled_from((lambda n: n, lambda n: 7 * n + 3, lambda n: 1000 - n)),
        "contested": st.sets(st.integers(0, 4), max_size=2),
    }


def _entities_and_chains(max_records: int) -> dict[str, st.SearchStrategy[Any]]:
    """The layers that others refer to: at least two records each."""

    def some(*parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.lists(st.tuples(*parts), min_size=2, max_size=max(2, max_records))

    return {
        "entities": some(
            _label("entities", "type"),
            _of(NAMES),
            _link,
            _label("entities", "reference"),
            st.lists(_number, max_size=3),  # members
        ),
        "chains": some(_perhaps(_of(NAMES)), _link),
    }


def _span_layers(max_records: int) -> dict[str, st.SearchStrategy[Any]]:
    """The layers whose records are spans of the text."""

    def many(*parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.lists(st.tuples(_span, *parts), max_size=max_records)

    argument = st.tuples(_label("arguments", "role"), _number, _maybe)
    return {
        "mentions": many(_label("mentions", "level"), _number, _maybe, _true),
        "timexes": many(
            _label("timexes", "type"),
            _number,  # value
            _perhaps(_label("timexes", "mod")),
            _maybe,  # anchor
            _maybe,  # begin
            _maybe,  # end point
            _perhaps(_of(("EVERY", "EACH"))),
            _perhaps(_of(("2X", "3D", "1WE"))),
        ),
        "quantities": many(
            _label("quantities", "kind"),
            _label("quantities", "comparator"),
            st.tuples(_number, _number),
            _number,  # unit
            _perhaps(_label("quantities", "change")),
            _maybe,  # measured record
            _perhaps(_span),  # property
            _perhaps(_span),  # whole
            _maybe,  # converted quantity
        ),
        "events": many(
            _label("events", "level"),
            _number,  # chain
            _label("events", "class"),
            _label("events", "type"),
            _label("events", "polarity"),
            _label("events", "modality"),
            _label("events", "doc_time_rel"),
            _perhaps(_label("events", "tense")),
            _perhaps(_label("events", "aspect")),
            st.lists(argument, max_size=4),
        ),
        "quotations": many(_perhaps(_span), _maybe, _label("quotations", "type")),
    }


def _pair_layers(max_records: int) -> dict[str, st.SearchStrategy[Any]]:
    """The layers whose records relate two others."""

    def many(layer: str, *more: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        label = _label(layer, "type")
        return st.lists(
            st.tuples(label, _number, _number, _other(label), *more), max_size=max_records
        )

    return {
        "relations": many(
            "relations",
            st.sets(_number, min_size=1, max_size=3),
            _perhaps(_label("relations", "modality")),
            _true,
        ),
        "event_relations": many("event_relations", _perhaps(_label("event_relations", "modality"))),
    }


@cache
def _parts(max_tokens: int, max_records: int) -> st.SearchStrategy[Any]:
    """The raw material of a document; references are still whole numbers."""
    return st.fixed_dictionaries(
        {
            **_frame(max_tokens),
            **_entities_and_chains(max_records),
            **_span_layers(max_records),
            **_pair_layers(max_records),
        }
    )


def documents(*, max_tokens: int = 24, max_records: int = 5) -> st.SearchStrategy[Document]:
    """Valid documents; see the module's docstring.

    They have at most `max_tokens` tokens, and at most `max_records` records in each layer.
    """
    return _parts(max_tokens, max_records).map(_document)


def unfinished(document: Document, rng: random.Random) -> Document:
    """Return a document with other states, with the records and properties that these allow."""
    states = {layer: rng.choice(STATES) for layer in ANNOTATED_LAYERS}
    value = to_value(replace(document, layers=states))
    for layer, state in states.items():
        if state == NONE:
            value[layer] = []
        elif state == PARTIAL:
            value[layer] = [_thinned(record, layer, rng) for record in value[layer]]
    _drop_dangling(value)
    return ordered(convert(value, "x.json", base()))


def _thinned(record: dict[str, Any], layer: str, rng: random.Random) -> dict[str, Any]:
    """A record without some of the properties that it does not need yet."""
    needed = {*base().record(layer)["required"]}
    kept = {name: part for name, part in record.items() if name in needed or rng.random() < 0.6}
    for argument in kept.get("arguments", ()):
        if rng.random() < 0.4:
            del argument["role"]
    return kept


def _drop_dangling(value: dict[str, Any]) -> None:
    """Remove what refers to records that are gone, from the records that remain."""
    ids = {r["id"] for layer in LAYERS for r in value[layer] if "id" in r} | {"DCT"}
    for layer, state in value["layers"].items():
        names = [reference.property for reference in references(layer)]
        kept = []
        for record in value[layer]:
            if "arguments" in record:
                arguments = [a for a in record["arguments"] if a["target"] in ids]
                record["arguments"] = arguments
            dangling = [name for name in names if not {*_ids_in(record.get(name))} <= ids]
            needed = base().required(layer) if state == DONE else base().record(layer)["required"]
            if not {*dangling} & {*needed}:
                kept.append({name: part for name, part in record.items() if name not in dangling})
        gone = len(kept) < len(value[layer])
        value[layer] = kept
        if gone:
            _drop_dangling(value)
            return


def _ids_in(reference: Any) -> tuple[str, ...]:
    """The ids in a property that holds one, a list of them, or nothing."""
    if reference is None:
        return ()
    return (reference,) if isinstance(reference, str) else tuple(reference)


def seed_of(document: Document) -> bytes:
    """The seed whose SHA-256 a drawn document states."""
    return _header(document.date).encode() + document.text.encode()


def _header(date: str) -> str:
    return f" date {date} "


def _text(
    ends: tuple[str, str], raw: list[tuple[str, str, int]]
) -> tuple[str, list[Token], list[Sentence]]:
    """The text in NFC, its tokens, and sentences that cover them."""
    text, tokens, sentences, first, paragraph = ends[0], [], [], 0, 0
    for number, (separator, word, last) in enumerate(raw):
        if number:
            text += separator if unicodedata.is_normalized("NFC", text + separator + word) else " "
        tokens.append(Token(start=len(text), end=len(text) + len(word)))
        text += word
        if last or number == len(raw) - 1:
            sentences.append(
                Sentence(start=tokens[first].start, end=tokens[-1].end, paragraph=paragraph)
            )
            first, paragraph = number + 1, paragraph + last // 2
    return (text + ends[1]) or " ", tokens, sentences


def _pick(items: Sequence[Any], number: int | None) -> Any:
    return None if number is None or not items else items[number % len(items)]


def _distinct(records: list[Any]) -> list[Any]:
    """The records without those that differ from an earlier one in the id only."""
    return list(
        {
            tuple(repr(getattr(r, f)) for f in r.__struct_fields__ if f != "id"): r
            for r in reversed(records)
        }.values()
    )[::-1]


class _Maker:
    """Turns raw material into records; a text without tokens gets no spans."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self.text, self.tokens, self.sentences = _text(raw["ends"], raw["tokens"])

    def span(self, drawn: tuple[int, int] | None) -> dict[str, Any] | None:
        if drawn is None or not self.tokens:
            return None
        first = drawn[0] % len(self.tokens)
        start, end = (
            self.tokens[first].start,
            self.tokens[min(first + drawn[1], len(self.tokens)) - 1].end,
        )
        return {"start": start, "end": end, "text": self.text[start:end]}

    def ids(self, prefix: str) -> Callable[[int], str]:
        return lambda number: f"{prefix}{self.raw['numbers'](number)}"

    def spans(self, layer: str, prefix: str) -> list[tuple[dict[str, Any], tuple[Any, ...]]]:
        """(id, start, end and text, what else was drawn) for the records of a span layer."""
        name = self.ids(prefix)
        return [
            ({"id": name(n), **span}, rest)
            for n, (drawn, *rest) in enumerate(self.raw[layer], 1)
            if (span := self.span(drawn))
        ]

    def link(self, drawn: str, number: int) -> dict[str, str]:
        """A verified Wikidata id, another for each `number`, or the reason for none."""
        verified = _listed()[0]
        if drawn == "wikidata":
            return (
                {"wikidata": verified[number]} if number < len(verified) else {"nil": "UNVERIFIED"}
            )
        return {"nil": drawn}

    def mentions(self) -> tuple[list[Mention], list[Entity]]:
        """Mentions, and the entities that have any."""
        entities = [
            Entity(id=f"ent-{n}", type=t, name=name, reference=ref, **self.link(link, n))
            for n, (t, name, link, ref, _) in enumerate(self.raw["entities"])
        ]
        mentions = []
        for span, (level, entity, literal, predicate) in self.spans("mentions", "m"):
            meant, literally = _pick(entities, entity).id, _pick(entities, literal)
            mentions.append(
                Mention(
                    **span,
                    level=level,
                    entity=meant,
                    literal=literally.id if literally and literally.id != meant else None,
                    predicate=predicate if level == "NOM" else None,
                )
            )
        mentions = _distinct(mentions)
        used = {m.entity for m in mentions} | {m.literal for m in mentions}
        return mentions, self.sets([e for e in entities if e.id in used])

    def sets(self, entities: list[Entity]) -> list[Entity]:
        """The entities, some with two or more later ones as members."""
        drawn = {f"ent-{n}": parts[-1] for n, parts in enumerate(self.raw["entities"])}
        with_members = []
        for number, entity in enumerate(entities, 1):
            later = [other.id for other in entities[number:]]
            members = tuple(dict.fromkeys(_pick(later, n) for n in drawn[entity.id] if later))
            with_members.append(replace(entity, members=members) if len(members) > 1 else entity)
        return with_members

    def timexes(self) -> list[Timex]:
        timexes: list[Timex] = []
        for span, (kind, value, mod, anchor, begin, end_point, quant, freq) in self.spans(
            "timexes", "t"
        ):
            earlier = ["DCT", *(t.id for t in timexes)]
            more: dict[str, Any] = (
                {"quant": quant, "freq": freq if freq or quant else "2X"} if kind == "SET" else {}
            )
            if kind == "DURATION":
                more = {"begin": _pick(earlier, begin), "end_point": _pick(earlier, end_point)}
            timexes = _distinct(
                [
                    *timexes,
                    Timex(
                        **span,
                        type=kind,
                        value=_pick(VALUES[kind], value),
                        mod=mod,
                        anchor=_pick(earlier, anchor),
                        **more,
                    ),
                ]
            )
        return timexes

    def quantities(self, measured: list[Any]) -> list[Quantity]:
        quantities: list[Quantity] = []
        for span, (
            kind,
            comparator,
            numbers,
            unit,
            change,
            measures,
            prop,
            whole,
            conversion,
        ) in self.spans("quantities", "q"):
            values = [_pick(POSITIVE if kind == "ORDINAL" else NUMBERS, n) for n in numbers]
            value = (
                dict(zip(("lower", "upper"), sorted(values, key=Decimal), strict=True))
                if comparator == "RANGE"
                else {"value": values[0]}
            )
            of = (
                _pick(
                    [q for q in quantities if q.kind == kind and q.conversion_of is None],
                    conversion,
                )
                if kind in ("MONEY", "MEASURE")
                else None
            )
            more = {
                "measures": getattr(_pick(measured, measures), "id", None),
                "conversion_of": getattr(of, "id", None),
                "change": change,
            }
            words, whole = self.span(prop), self.span(whole)
            if whole and any(_overlap(whole, other) for other in (span, words) if other):
                whole = None
            quantities = _distinct(
                [
                    *quantities,
                    Quantity(
                        **span,
                        kind=kind,
                        **value,
                        unit=_pick(UNITS[kind], unit),
                        comparator=comparator,
                        property=Span(**words) if words else None,
                        whole=Span(**whole) if whole else None,
                        **more,
                    ),
                ]
            )
        return quantities

    def events(self) -> tuple[list[Event], list[EventChain]]:
        """Events without arguments, and the chains that have any."""
        named = [
            {"name": name, **self.link(link, len(self.raw["entities"]) + n)} if name else {}
            for n, (name, link) in enumerate(self.raw["chains"])
        ]
        chains = [EventChain(id=f"chain_{n}", **more) for n, more in enumerate(named)]
        events = []
        for span, (
            level,
            chain,
            class_,
            type_,
            polarity,
            modality,
            rel,
            tense,
            aspect,
            _,
        ) in self.spans("events", "ev"):
            verb = {"tense": tense, "aspect": aspect} if level == "VRB" else {}
            events.append(
                Event(
                    **span,
                    level=level,
                    event=_pick(chains, chain).id,
                    class_=class_,
                    type=type_,
                    polarity=polarity,
                    modality=modality,
                    doc_time_rel=rel,
                    **verb,
                    arguments=(),
                )
            )
        events = _distinct(events)
        used = {e.event for e in events}
        return events, [c for c in chains if c.id in used]

    def with_arguments(self, events: list[Event], targets: list[Any]) -> list[Event]:
        roles = {label.name: label.extra["roles"] for label in base().labels("events", "type")}
        drawn = {span["id"]: rest[-1] for span, rest in self.spans("events", "ev")}
        resolved = []
        for event in events:
            others = [t.id for t in targets if t.id != event.id]
            arguments = {
                (role, _pick(others, target)): _pick(roles[event.type], ace)
                for role, target, ace in drawn[event.id]
                if others
            }
            resolved.append(
                replace(
                    event,
                    arguments=tuple(
                        Argument(role=r, target=t, ace_role=a) for (r, t), a in arguments.items()
                    ),
                )
            )
        return resolved

    def pairs(
        self, layer: str, members: list[Any], events: list[EventChain] | None = None
    ) -> list[tuple[tuple[str, str, str], tuple[Any, ...]]]:
        """((type, source, target), what else was drawn), each triple once and source not target.

        The target of a PARTICIPANT is one of the `events`.
        """
        ids = [r.id for r in members]
        triples: dict[tuple[str, str, str], Any] = {}
        for kind, first, second, other, *rest in self.raw[layer] if ids else ():
            source, target = _pick(ids, first), _pick(ids, second)
            triples[kind, source, target] = rest
            if other:
                triples[other[0], *((target, source) if other[1] else (source, target))] = rest
        chains = [chain.id for chain in events or ()]
        for kind, source, target in list(triples) if events is not None else ():
            if kind == "PARTICIPANT":
                rest = triples.pop((kind, source, target))
                if chains:
                    triples[kind, source, _pick(chains, ids.index(target))] = rest
        return [(key, rest) for key, rest in triples.items() if key[1] != key[2]]


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(one["start"] < other["end"] and other["start"] < one["end"])


def _sources(mentions: list[Mention], source: int | None) -> tuple[str, ...] | None:
    """The source that was drawn, and every other time the next mention as well."""
    first = _pick(mentions, source)
    if first is None:
        return None
    both = (first, mentions[(mentions.index(first) + 1) % len(mentions)])
    return tuple(dict.fromkeys(mention.id for mention in both[: 1 + source % 2]))


def _document(raw: dict[str, Any]) -> Document:
    make = _Maker(raw)
    mentions, entities = make.mentions()
    timexes = make.timexes()
    events, chains = make.events()
    quantities = make.quantities([*mentions, *events])
    events = make.with_arguments(events, [*mentions, *timexes, *quantities, *events])
    name = make.ids("r")
    last = len(make.sentences)
    relations = [
        Relation(
            id=name(n),
            type=k[0],
            source=k[1],
            target=k[2],
            evidence=tuple({s % last for s in rest[0]}),
            modality=rest[1],
            inferred=rest[2],
        )
        for n, (k, rest) in enumerate(make.pairs("relations", entities, chains), 1)
    ]
    event_relations = [
        EventRelation(type=k[0], source=k[1], target=k[2], modality=rest[0])
        for k, rest in make.pairs("event_relations", [*events, *timexes])
    ]
    quotations: list[Quotation] = []
    for span, (cue, source, kind) in make.spans("quotations", "quo"):
        words = make.span(cue)
        quotations = _distinct(
            [
                *quotations,
                Quotation(
                    **span,
                    cue=Span(**words) if words else None,
                    sources=_sources(mentions, source),
                    type=kind,
                ),
            ]
        )
    seed = (_header(raw["date"]) + make.text).encode()
    annotators = _listed()[1]
    document = Document(
        schema_version=SCHEMA_VERSION,
        id=raw["id"],
        language=raw["language"],
        date=raw["date"],
        source=Source(
            file=raw["file"],
            sha256=hashlib.sha256(seed).hexdigest(),
            header_length=len(_header(raw["date"])),
        ),
        text_sha256=hashlib.sha256(make.text.encode()).hexdigest(),
        annotators=tuple(dict.fromkeys(_pick(annotators, n) for n in raw["annotators"])),
        layers=dict.fromkeys(ANNOTATED_LAYERS, DONE),
        text=make.text,
        sentences=tuple(make.sentences),
        tokens=tuple(make.tokens),
        mentions=tuple(mentions),
        entities=tuple(entities),
        timexes=tuple(timexes),
        quantities=tuple(quantities),
        events=tuple(events),
        event_chains=tuple(chains),
        relations=tuple(relations),
        event_relations=tuple(event_relations),
        quotations=tuple(quotations),
    )
    return ordered(_contested(document, raw["contested"]))


def _contested(document: Document, numbers: set[int]) -> Document:
    """Return the document with disagreements at the records of these numbers.

    Every layer that can count disagreements has them.
    """
    layers = [layer for layer, kind in LAYERS.items() if "disagreements" in kind.__struct_fields__]
    return replace(
        document,
        **{
            layer: tuple(
                replace(r, disagreements=i + 1) if i in numbers else r
                for i, r in enumerate(getattr(document, layer))
            )
            for layer in layers
        },
    )
