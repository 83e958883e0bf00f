"""The flat views: which columns they have, and the rows a document gives. No Arrow here."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from msgspec import Struct

from statevisit import schema
from statevisit.model import Document
from statevisit.values import days, duration

Row = tuple[Any, ...]


class Column(Struct, frozen=True):
    """A column: its feature in the JSON form of `datasets.Features`, and what it holds."""

    name: str
    feature: dict[str, Any]
    description: str


class View(Struct, frozen=True):
    """A flat view."""

    description: str
    columns: tuple[Column, ...]
    rows: Callable[[Document], Iterator[Row]]


STRING = {"dtype": "string", "_type": "Value"}
INT = {"dtype": "int32", "_type": "Value"}
FLOAT = {"dtype": "float64", "_type": "Value"}
DAY = {"dtype": "date32", "_type": "Value"}


def names(labels: list[str]) -> dict[str, Any]:
    """A ClassLabel."""
    return {"names": labels, "_type": "ClassLabel"}


def many(feature: dict[str, Any]) -> dict[str, Any]:
    """A list."""
    return {"feature": feature, "_type": "List"}


def feature(node: dict[str, Any], name: str = "document") -> dict[str, Any]:
    """The feature of a (resolved) node of the schema `name`."""
    if "x-labels" in node:
        return names(list(node["x-labels"]))
    if node["type"] == "array":
        return many(feature(schema.resolve(node["items"], name), name))
    if node["type"] == "object":
        return {k: feature(schema.resolve(v, name), name) for k, v in node["properties"].items()}
    return INT if node["type"] == "integer" else DAY if node.get("format") == "date" else STRING


def _of(layer: str, *props: str, **renamed: str) -> tuple[Column, ...]:
    """Columns that are properties of a layer, with its feature and description; `renamed`: column=property."""
    nodes = schema.properties(layer)
    pairs = [(p, p) for p in props] + list(renamed.items())
    return tuple(Column(c, feature(nodes[p]), nodes[p]["description"]) for c, p in pairs)


_DOCUMENT = Column("document", STRING, "Id of the document.")
_SENTENCE = Column("sentence", INT, "Number of the sentence in which the span begins, from 0.")
_SENTENCE_TEXT = Column("sentence_text", STRING, "Text of that sentence.")
_SPAN = ("id", "start", "end", "text")


_DISAGREEMENTS = Column(
    "disagreements",
    INT,
    "In how many properties the independent annotations of the record differed before adjudication; 0 where they agreed, or where there were not two.",
)


def _where(document: Document, span: Any) -> tuple[int | None, str | None]:
    number = document.sentence_number(span)
    return (
        (None, None) if number is None else (number, document.text_of(document.sentences[number]))
    )


def _entities(document: Document) -> Iterator[Row]:
    for m in document.mentions:
        e = document.entity_of(m)
        yield (
            document.id,
            m.id,
            m.start,
            m.end,
            m.text,
            m.level,
            e.id,
            e.type,
            e.name,
            e.wikidata,
            e.nil,
            e.reference,
            m.literal,
            *_where(document, m),
            m.disagreements or 0,
        )


def _target(document: Document, target: str) -> tuple[str, Any]:
    return document.layer_of(target), document[target]


def _events(document: Document) -> Iterator[Row]:
    for e in document.events:
        chain = document[e.event]
        arguments = []
        for a in e.arguments:
            layer, target = _target(document, a.target)
            entity = target.entity if layer == "mentions" else None
            arguments.append(
                {
                    "role": a.role,
                    "ace_role": a.ace_role,
                    "layer": layer,
                    "target": target.id,
                    "start": target.start,
                    "end": target.end,
                    "text": target.text,
                    "entity": entity,
                }
            )
        fixed = (
            document.id,
            e.id,
            e.start,
            e.end,
            e.text,
            e.level,
            e.class_,
            e.type,
            e.polarity,
            e.modality,
            e.doc_time_rel,
            e.tense,
            e.aspect,
        )
        yield (
            *fixed,
            e.event,
            chain.name,
            chain.wikidata,
            arguments,
            *_where(document, e),
            e.disagreements or 0,
        )


def _number(value: str | None) -> float | None:
    return None if value is None else float(value)


def _quantities(document: Document) -> Iterator[Row]:
    for q in document.quantities:
        layer, measured = _target(document, q.measures) if q.measures else (None, None)
        numbers = (q.value, _number(q.value), q.lower, _number(q.lower), q.upper, _number(q.upper))
        fixed = (
            document.id,
            q.id,
            q.start,
            q.end,
            q.text,
            q.kind,
            *numbers,
            q.unit,
            q.comparator,
            q.change,
        )
        yield (
            *fixed,
            q.measures,
            layer,
            measured and measured.text,
            q.property and q.property.text,
            q.conversion_of,
            *_where(document, q),
            q.disagreements or 0,
        )
    comparators = set(schema.label_names("quantities", "comparator"))
    lasting = {
        a.target: e for e in reversed(document.events) for a in e.arguments if a.role == "TIME"
    }
    for t in document.timexes:
        if t.type == "DURATION":
            event = lasting.get(t.id)
            value, unit = duration(t.value) or (None, None)
            comparator = t.mod if t.mod in comparators else "EXACT"
            fixed = (
                document.id,
                t.id,
                t.start,
                t.end,
                t.text,
                "DURATION",
                value,
                _number(value),
                None,
                None,
                None,
                None,
                unit,
                comparator,
            )
            yield (
                *fixed,
                None,
                event and event.id,
                event and "events",
                event and event.text,
                None,
                None,
                *_where(document, t),
                t.disagreements or 0,
            )


def _timexes(document: Document) -> Iterator[Row]:
    for t in document.timexes:
        first, last = days(t.value) or (None, None) if t.type in ("DATE", "TIME") else (None, None)
        fixed = (document.id, t.id, t.start, t.end, t.text, t.type, t.value, t.mod, first, last)
        yield (
            *fixed,
            t.anchor,
            t.begin,
            t.end_point,
            t.quant,
            t.freq,
            *_where(document, t),
            t.disagreements or 0,
        )


def _relations(document: Document) -> Iterator[Row]:
    for r in document.relations:
        source, target = document[r.source], document[r.target]
        evidence = [document.text_of(document.sentences[n]) for n in r.evidence]
        fixed = (document.id, r.id, r.type, _properties()[r.type])
        yield (
            *fixed,
            source.id,
            source.name,
            source.type,
            target.id,
            target.name,
            target.type,
            list(r.evidence),
            evidence,
            r.disagreements or 0,
        )


@cache
def _properties() -> dict[str, str | None]:
    return {
        label.name: label.extra.get("wikidata_property")
        for label in schema.labels("relations", "type")
    }


ONTONOTES = (
    "PERSON",
    "NORP",
    "FAC",
    "ORG",
    "GPE",
    "LOC",
    "PRODUCT",
    "EVENT",
    "WORK_OF_ART",
    "LAW",
    "LANGUAGE",
    "DATE",
    "TIME",
    "PERCENT",
    "MONEY",
    "QUANTITY",
    "ORDINAL",
    "CARDINAL",
)
"""The 18 OntoNotes 5 name and value types, in the order of its documentation."""

TAGS = ("O", *(f"{p}-{label}" for label in ONTONOTES for p in "BI"))


def flat_names(document: Document) -> list[tuple[int, int, str]]:
    """(start, end, OntoNotes label) of names, times and quantities without overlap, in order.

    Of overlapping spans the longest is kept; of equally long ones the first, then by layer: mentions, events,
    timexes, quantities. Durations and sets of times below a day are TIME, the others DATE.
    """
    spans = [
        (m.start, m.end, 0, document.entity_of(m).type)
        for m in document.mentions
        if m.level == "NAM"
    ]
    spans += [(e.start, e.end, 1, "EVENT") for e in document.events if e.level == "NAM"]
    spans += [
        (t.start, t.end, 2, "TIME" if t.type == "TIME" or t.value.startswith("PT") else "DATE")
        for t in document.timexes
    ]
    spans += [
        (q.start, q.end, 3, "QUANTITY" if q.kind == "MEASURE" else q.kind)
        for q in document.quantities
    ]
    kept: list[tuple[int, int, str]] = []
    covered = bytearray(len(document.text))
    for start, end, _, label in sorted(spans, key=lambda s: (s[0] - s[1], s[0], s[2])):
        if covered.find(1, start, end) < 0:
            covered[start:end] = b"\1" * (end - start)
            kept.append((start, end, label))
    return sorted(kept)


def _ner(document: Document) -> Iterator[Row]:
    text, starts, ends = (
        document.text,
        [t.start for t in document.tokens],
        [t.end for t in document.tokens],
    )
    words, tags = [text[t.start : t.end] for t in document.tokens], ["O"] * len(starts)
    for start, end, label in flat_names(document):
        first, last = bisect_left(starts, start), bisect_left(starts, end)
        tags[first:last] = (
            [f"B-{label}", *[f"I-{label}"] * (last - first - 1)] if first < last else []
        )
    at = 0
    for number, sentence in enumerate(document.sentences):
        first, at = at, bisect_right(ends, sentence.end)
        inside = tags[first:at]
        if inside and inside[0].startswith(
            "I-"
        ):  # the rest of a name that began in the sentence before
            inside[0] = f"B{inside[0][1:]}"
        yield document.id, number, words[first:at], inside


_ARGUMENT_NODES = schema.resolve(schema.properties("events")["arguments"]["items"])["properties"]
_ARGUMENT = {
    "role": feature(schema.resolve(_ARGUMENT_NODES["role"])),
    "ace_role": feature(schema.resolve(_ARGUMENT_NODES["ace_role"])),
    "layer": names(["mentions", "timexes", "quantities", "events"]),
    **dict.fromkeys(("target",), STRING),
    **dict.fromkeys(("start", "end"), INT),
    **dict.fromkeys(("text", "entity"), STRING),
}
_ENTITY_TYPE = feature(schema.properties("entities")["type"])

VIEWS: dict[str, View] = {
    "entities": View(
        "One row a mention, with its entity.",
        (
            _DOCUMENT,
            *_of("mentions", *_SPAN, "level", "entity"),
            *_of("entities", "type", "name", "wikidata", "nil", "reference"),
            *_of("mentions", "literal"),
            _SENTENCE,
            _SENTENCE_TEXT,
            _DISAGREEMENTS,
        ),
        _entities,
    ),
    "events": View(
        "One row an event mention, its arguments resolved to layer, id, span, text and entity.",
        (
            _DOCUMENT,
            *_of(
                "events",
                *_SPAN,
                "level",
                "class",
                "type",
                "polarity",
                "modality",
                "doc_time_rel",
                "tense",
                "aspect",
                "event",
            ),
            *_of("event_chains", event_name="name", event_wikidata="wikidata"),
            Column(
                "arguments",
                many(_ARGUMENT),
                "Participants: role, ACE role, layer and id of the target, its span and text, and for a mention its entity.",
            ),
            _SENTENCE,
            _SENTENCE_TEXT,
            _DISAGREEMENTS,
        ),
        _events,
    ),
    "quantities": View(
        "One row a quantity or duration, with what it measures.",
        (
            _DOCUMENT,
            *_of("quantities", *_SPAN),
            Column(
                "kind",
                names([*schema.label_names("quantities", "kind"), "DURATION"]),
                "Kind of quantity; DURATION for a duration, which is a record of the timexes.",
            ),
            Column(
                "value",
                STRING,
                "The number as a decimal string in full magnitude; for a duration the number of units, null where it has none (`PXY`).",
            ),
            Column(
                "value_float",
                FLOAT,
                "`value` as the nearest 64-bit float, exact for integers up to 2^53.",
            ),
            Column("lower", STRING, "Lower bound of a range, as a decimal string."),
            Column("lower_float", FLOAT, "`lower` as the nearest 64-bit float."),
            Column("upper", STRING, "Upper bound of a range, as a decimal string."),
            Column("upper_float", FLOAT, "`upper` as the nearest 64-bit float."),
            Column(
                "unit",
                STRING,
                "ISO 4217 code for MONEY, `%` for PERCENT, UCUM code for MEASURE and DURATION, lemma of the counted noun for CARDINAL and ORDINAL.",
            ),
            *_of("quantities", "comparator", "change"),
            Column(
                "measures",
                STRING,
                "Id of the mention or event that has the quantity; for a duration the event that has it as TIME argument.",
            ),
            Column(
                "measures_layer", names(["mentions", "events"]), "Layer of what has the quantity."
            ),
            Column("measures_text", STRING, "Text of what has the quantity."),
            Column("property", STRING, "Text of the words for what is measured."),
            *_of("quantities", "conversion_of"),
            _SENTENCE,
            _SENTENCE_TEXT,
            _DISAGREEMENTS,
        ),
        _quantities,
    ),
    "timexes": View(
        "One row a time expression, with the calendar days its value stands for.",
        (
            _DOCUMENT,
            *_of("timexes", *_SPAN, "type", "value", "mod"),
            Column(
                "first_day",
                DAY,
                "First calendar day of the value; null where it stands for no particular days.",
            ),
            Column("last_day", DAY, "Last calendar day of the value, itself included."),
            *_of("timexes", "anchor", "begin", "end_point", "quant", "freq"),
            _SENTENCE,
            _SENTENCE_TEXT,
            _DISAGREEMENTS,
        ),
        _timexes,
    ),
    "relations": View(
        "One row a relation between two entities.",
        (
            _DOCUMENT,
            *_of("relations", "id", "type"),
            Column("wikidata_property", STRING, "Wikidata property that the type corresponds to."),
            *_of("relations", "source"),
            Column("source_name", STRING, "Name of that entity."),
            Column("source_type", _ENTITY_TYPE, "Type of that entity."),
            *_of("relations", "target"),
            Column("target_name", STRING, "Name of the other entity."),
            Column("target_type", _ENTITY_TYPE, "Type of the other entity."),
            *_of("relations", "evidence"),
            Column("evidence_text", many(STRING), "Text of those sentences."),
            _DISAGREEMENTS,
        ),
        _relations,
    ),
    "ner": View(
        "One row a sentence: tokens and BIO tags over the 18 OntoNotes labels, without overlap.",
        (
            _DOCUMENT,
            Column("sentence", INT, "Number of the sentence, from 0."),
            Column("tokens", many(STRING), "The sentence's tokens."),
            Column(
                "ner_tags",
                many(names(list(TAGS))),
                "One BIO tag a token; of overlapping spans the longest is tagged.",
            ),
        ),
        _ner,
    ),
}
"""The flat views by config name, in the order of the card."""
