"""The flat views: which columns each has, and which function gives its rows. No Arrow here."""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import compress, zip_longest

from msgspec import Struct

from statevisit.dataset.features import (
    DAY,
    FLOAT,
    INT,
    STRING,
    Column,
    Feature,
    class_label,
    feature_of,
    list_of,
)
from statevisit.dataset.flat_names import ONTONOTES, flat_labels, layers_of_flat_names, tags
from statevisit.dataset.rows import (
    Row,
    entity_rows,
    event_relation_rows,
    event_rows,
    ner_rows,
    quantity_rows,
    relation_rows,
    timex_rows,
)
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme
from statevisit.document.states import DONE, PARTIAL


class View(Struct, frozen=True):
    """A flat view: one sentence about its rows, its columns, and the rows of a document.

    `needs` are the layers whose absence its rows would state wrongly: see `rows_of`.
    """

    description: str
    columns: tuple[Column, ...]
    rows: Callable[[Document], Iterator[Row]]
    needs: tuple[str, ...] = ()

    def rows_of(self, document: Document, partial: bool = False) -> Iterator[Row]:
        """Return the rows of a document; none while a layer that the view needs is not done.

        A token without a tag is no name, and only a finished layer says so. With `partial`, layers
        that are begun are enough.
        """
        enough = (DONE, PARTIAL) if partial else (DONE,)
        if all(document.layers.get(layer) in enough for layer in self.needs):
            return self.rows(document)
        return iter(())


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


class _Columns:
    """Makes the columns of views under a scheme; None stands for those that it has no use for."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme

    def of(self, layer: str, *properties: str, **renamed: str) -> tuple[Column | None, ...]:
        """Return columns for properties of a layer, with the schema's feature and description.

        A keyword argument is a column under another name: `column="property"`.
        """
        nodes = self.scheme.properties(layer) if layer in self.scheme.layers else {}
        named = {name: name for name in properties} | renamed
        return tuple(
            Column(column, feature_of(nodes[name], self.scheme), nodes[name]["description"])
            if name in nodes
            else None
            for column, name in named.items()
        )

    def only_with(self, layer: str, prop: str, *columns: Column) -> tuple[Column | None, ...]:
        """Return columns that say something only where a layer has a property."""
        has_property = prop in self.scheme.properties(layer)
        return tuple(column if has_property else None for column in columns)

    def entity_type(self) -> Feature:
        """The feature of the type of an entity."""
        return feature_of(self.scheme.properties("entities")["type"], self.scheme)

    def argument(self) -> Feature:
        """The feature of one argument of an event, resolved to its target."""
        nodes = self.scheme.properties("arguments")
        added = self.scheme.attributes.get("arguments", ())
        return {
            "role": feature_of(nodes["role"], self.scheme),
            "ace_role": feature_of(nodes["ace_role"], self.scheme),
            **{name: feature_of(nodes[name], self.scheme) for name in added},
            "layer": class_label(nodes["target"]["x-refers-to"]),
            "target": STRING,
            "start": INT,
            "end": INT,
            "text": STRING,
            "entity": STRING,
        }

    def view(
        self,
        description: str,
        columns: list[Column | None],
        rows: Callable[[Document], Iterator[Row]],
        layer: str = "",
        link: str = "",
        needs: tuple[str, ...] = (),
    ) -> View:
        """Return a view whose columns are followed by the corpus's own properties of `layer`.

        `rows` gives a value for each column, also for the ones that are left out. `link` is the
        property of the layer that names a record whose own properties are columns as well.
        """
        kept = [column is not None for column in columns]
        own = self.scheme.attributes.get(layer, ())
        targets = self.scheme.properties(layer).get(link, {}).get("x-refers-to", ()) if link else ()
        linked = self.scheme.attributes.get(targets[0], ()) if targets else ()
        added = [*self.of(layer, *own), *(self.of(targets[0], *linked) if targets else ())]
        of_view = tuple(column for column in (*columns, *added) if column is not None)
        if all(kept) and not added:
            return View(description, of_view, rows, needs)

        def rows_of_scheme(document: Document) -> Iterator[Row]:
            records = getattr(document, layer) if layer else ()
            for row, record in zip_longest(rows(document), records):
                values = [getattr(record, name, None) for name in own]
                group = getattr(record, link, None) if linked else None
                target = document[group] if group is not None else None
                values += [getattr(target, name, None) for name in linked]
                yield (*compress(row, kept), *values)

        return View(description, of_view, rows_of_scheme, needs)


def _entities(columns: _Columns) -> View:
    return columns.view(
        "One row per mention, with its entity; predicates corefer, too, and are marked.",
        [
            _DOCUMENT,
            *columns.of("mentions", *_SPAN, "level", "entity"),
            *columns.of("entities", "type", "name", "wikidata", "nil", "reference"),
            *columns.of("mentions", "literal", "predicate"),
            *columns.of("entities", "members"),
            *_SENTENCE,
        ],
        entity_rows,
        "mentions",
        link="entity",
    )


def _events(columns: _Columns) -> View:
    return columns.view(
        "One row per event mention, its arguments resolved to layer, id, span, text and entity.",
        [
            _DOCUMENT,
            *columns.of(
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
            *columns.of("event_chains", event_name="name", event_wikidata="wikidata"),
            Column(
                "arguments",
                list_of(columns.argument()),
                "Participants: role, ACE role, layer and id of the target, its span and text, "
                "and for a mention its entity.",
            ),
            *_SENTENCE,
        ],
        event_rows,
        "events",
        link="event",
    )


_NUMBERS = (
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
)


def _quantities(columns: _Columns) -> View:
    kinds = columns.scheme.label_names("quantities", "kind")
    durations = ["DURATION"] if "timexes" in columns.scheme.layers else []
    return columns.view(
        "One row per quantity or duration, with the mention or event that it measures.",
        [
            _DOCUMENT,
            *columns.of("quantities", *_SPAN),
            Column(
                "kind",
                class_label(dict.fromkeys([*kinds, *durations])),
                "Kind of quantity; DURATION for a duration, which is a record of the timexes.",
            ),
            *_NUMBERS,
            *columns.of("quantities", "comparator", "change"),
            *columns.only_with(
                "quantities",
                "measures",
                Column(
                    "measures",
                    STRING,
                    "Id of the mention or event that has the quantity; for a duration the event "
                    "that has it as TIME argument.",
                ),
                Column(
                    "measures_layer", class_label(["mentions", "events"]), "Layer of that record."
                ),
                Column("measures_text", STRING, "Text of that record."),
            ),
            Column("property", STRING, "Words for the measured property."),
            Column("whole", STRING, "Words for what a share is a share of."),
            *columns.of("quantities", "conversion_of"),
            *_SENTENCE,
        ],
        quantity_rows,
        "quantities",
    )


def _timexes(columns: _Columns) -> View:
    return columns.view(
        "One row per time expression, with the calendar days of its value.",
        [
            _DOCUMENT,
            *columns.of("timexes", *_SPAN, "type", "value", "mod"),
            Column(
                "first_day",
                DAY,
                "First calendar day of the value; null if it stands for no particular days.",
            ),
            Column("last_day", DAY, "Last calendar day of the value, inclusive."),
            *columns.of("timexes", "anchor", "begin", "end_point", "quant", "freq"),
            *_SENTENCE,
        ],
        timex_rows,
        "timexes",
    )


def _relations(columns: _Columns) -> View:
    return columns.view(
        "One row per relation of an entity with another one, or with an event.",
        [
            _DOCUMENT,
            *columns.of("relations", "id", "type"),
            Column("wikidata_property", STRING, "Wikidata property that the type corresponds to."),
            *columns.of("relations", "source"),
            Column("source_name", STRING, "Name of that entity."),
            Column("source_type", columns.entity_type(), "Type of that entity."),
            *columns.of("relations", "target"),
            Column(
                "target_layer", class_label(["entities", "event_chains"]), "Layer of the target."
            ),
            Column("target_name", STRING, "Name of the other entity, or of the event."),
            Column(
                "target_type", columns.entity_type(), "Type of the other entity; null for an event."
            ),
            *columns.of("relations", "modality", "inferred"),
            *columns.of("relations", "evidence"),
            Column("evidence_text", list_of(STRING), "Text of those sentences."),
            _DISAGREEMENTS,
        ],
        relation_rows,
        "relations",
    )


def _event_relations(columns: _Columns) -> View:
    return columns.view(
        "One row per relation between two events or times.",
        [
            _DOCUMENT,
            *columns.of("event_relations", "type"),
            Column("family", STRING, "Family of the type: temporal, causal, structural, ..."),
            *_end("source"),
            *_end("target"),
            *columns.of("event_relations", "modality"),
            _DISAGREEMENTS,
        ],
        event_relation_rows,
        "event_relations",
    )


def _end(name: str) -> tuple[Column, ...]:
    """The columns of an end of an event relation."""
    return (
        Column(name, STRING, f"Id of the {name}: an event mention or a time expression."),
        Column(f"{name}_layer", class_label(["events", "timexes"]), "Layer of that record."),
        Column(f"{name}_start", INT, "Start of its span, in code points."),
        Column(f"{name}_end", INT, "End of its span, in code points."),
        Column(f"{name}_text", STRING, "Text of that record."),
        Column(f"{name}_event", STRING, "Id of its event chain; null for a time expression."),
    )


def _ner(columns: _Columns) -> View:
    labels = flat_labels(columns.scheme)
    named = "OntoNotes labels" if labels == ONTONOTES else "labels"
    return columns.view(
        f"One row per sentence: tokens and BIO tags over the {len(labels)} {named}, "
        "without overlap; names have no article.",
        [
            _DOCUMENT,
            Column("sentence", INT, "Number of the sentence, from 0."),
            Column("tokens", list_of(STRING), "The sentence's tokens."),
            Column(
                "ner_tags",
                list_of(class_label(tags(columns.scheme))),
                "One BIO tag per token; the longest of overlapping spans is tagged.",
            ),
        ],
        ner_rows,
        needs=layers_of_flat_names(columns.scheme),
    )


_VIEWS = {
    "entities": (("mentions", "entities"), _entities),
    "events": (("events",), _events),
    "quantities": (("quantities",), _quantities),
    "timexes": (("timexes",), _timexes),
    "relations": (("relations",), _relations),
    "event_relations": (("event_relations",), _event_relations),
    "ner": ((), _ner),
}
"""The layers that each view needs, and the function that makes it, in the order of the card."""


@cache
def views(scheme: Scheme) -> dict[str, View]:
    """Return the flat views of a scheme by config name, in the order of the card.

    A view whose layers the scheme lacks does not exist; `ner` exists with at least one label.
    """
    columns = _Columns(scheme)
    of_scheme = {}
    for name, (layers, view) in _VIEWS.items():
        exists = set(layers) <= set(scheme.layers) if layers else bool(flat_labels(scheme))
        if exists:
            of_scheme[name] = view(columns)
    return of_scheme
