"""The flat views: which columns each has, and which function gives its rows. No Arrow here."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from statevisit.dataset.features import (
    DAY,
    FLOAT,
    INT,
    STRING,
    Column,
    class_label,
    feature_of,
    list_of,
)
from statevisit.dataset.flat_names import TAGS
from statevisit.dataset.rows import (
    Row,
    entity_rows,
    event_rows,
    ner_rows,
    quantity_rows,
    relation_rows,
    timex_rows,
)
from statevisit.document import schema
from statevisit.document.model import Document


class View(Struct, frozen=True):
    """A flat view: one sentence about its rows, its columns, and the rows of a document."""

    description: str
    columns: tuple[Column, ...]
    rows: Callable[[Document], Iterator[Row]]


def _of(layer: str, *properties: str, **renamed: str) -> tuple[Column, ...]:
    """Return columns for properties of a layer, with the schema's feature and description.

    A keyword argument is a column under another name: `column="property"`.
    """
    nodes = schema.properties(layer)
    named = {name: name for name in properties} | renamed
    return tuple(
        Column(column, feature_of(nodes[name]), nodes[name]["description"])
        for column, name in named.items()
    )


_DOCUMENT = Column("document", STRING, "Id of the document.")
_SPAN = ("id", "start", "end", "text")
_DISAGREEMENTS = Column(
    "disagreements",
    INT,
    "Number of properties in which the independent annotations of the record differed "
    "before adjudication; 0 if they agreed or if there was only one.",
)
_SENTENCE = (
    Column("sentence", INT, "Number of the sentence in which the span begins, from 0."),
    Column("sentence_text", STRING, "Text of that sentence."),
    _DISAGREEMENTS,
)
_ARGUMENT_NODES = schema.resolve(schema.properties("events")["arguments"]["items"])["properties"]
_ARGUMENT = {
    "role": feature_of(schema.resolve(_ARGUMENT_NODES["role"])),
    "ace_role": feature_of(schema.resolve(_ARGUMENT_NODES["ace_role"])),
    "layer": class_label(["mentions", "timexes", "quantities", "events"]),
    "target": STRING,
    "start": INT,
    "end": INT,
    "text": STRING,
    "entity": STRING,
}
_ENTITY_TYPE = feature_of(schema.properties("entities")["type"])

VIEWS: dict[str, View] = {
    "entities": View(
        "One row per mention, with its entity.",
        (
            _DOCUMENT,
            *_of("mentions", *_SPAN, "level", "entity"),
            *_of("entities", "type", "name", "wikidata", "nil", "reference"),
            *_of("mentions", "literal"),
            *_SENTENCE,
        ),
        entity_rows,
    ),
    "events": View(
        "One row per event mention, its arguments resolved to layer, id, span, text and entity.",
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
                list_of(_ARGUMENT),
                "Participants: role, ACE role, layer and id of the target, its span and text, "
                "and for a mention its entity.",
            ),
            *_SENTENCE,
        ),
        event_rows,
    ),
    "quantities": View(
        "One row per quantity or duration, with the mention or event that it measures.",
        (
            _DOCUMENT,
            *_of("quantities", *_SPAN),
            Column(
                "kind",
                class_label([*schema.label_names("quantities", "kind"), "DURATION"]),
                "Kind of quantity; DURATION for a duration, which is a record of the timexes.",
            ),
            Column(
                "value",
                STRING,
                "The number as a decimal string in full magnitude; for a duration the number of "
                "units, null where it has none (`PXY`).",
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
                "ISO 4217 code for MONEY, `%` for PERCENT, UCUM code for MEASURE and DURATION, "
                "lemma of the counted noun for CARDINAL and ORDINAL.",
            ),
            *_of("quantities", "comparator", "change"),
            Column(
                "measures",
                STRING,
                "Id of the mention or event that has the quantity; for a duration the event that "
                "has it as TIME argument.",
            ),
            Column(
                "measures_layer",
                class_label(["mentions", "events"]),
                "Layer of that record.",
            ),
            Column("measures_text", STRING, "Text of that record."),
            Column("property", STRING, "Words for the measured property."),
            *_of("quantities", "conversion_of"),
            *_SENTENCE,
        ),
        quantity_rows,
    ),
    "timexes": View(
        "One row per time expression, with the calendar days of its value.",
        (
            _DOCUMENT,
            *_of("timexes", *_SPAN, "type", "value", "mod"),
            Column(
                "first_day",
                DAY,
                "First calendar day of the value; null if it stands for no particular days.",
            ),
            Column("last_day", DAY, "Last calendar day of the value, inclusive."),
            *_of("timexes", "anchor", "begin", "end_point", "quant", "freq"),
            *_SENTENCE,
        ),
        timex_rows,
    ),
    "relations": View(
        "One row per relation between two entities.",
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
            Column("evidence_text", list_of(STRING), "Text of those sentences."),
            _DISAGREEMENTS,
        ),
        relation_rows,
    ),
    "ner": View(
        "One row per sentence: tokens and BIO tags over the 18 OntoNotes labels, without overlap.",
        (
            _DOCUMENT,
            Column("sentence", INT, "Number of the sentence, from 0."),
            Column("tokens", list_of(STRING), "The sentence's tokens."),
            Column(
                "ner_tags",
                list_of(class_label(TAGS)),
                "One BIO tag per token; the longest of overlapping spans is tagged.",
            ),
        ),
        ner_rows,
    ),
}
"""The flat views by config name, in the order of the card."""
