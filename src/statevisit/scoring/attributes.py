"""Attributes and normalised values of aligned spans, on matched spans and end to end.

*matched* counts the pairs of the alignment only: how well an attribute is set on spans that were
predicted (TempEval-3 attribute accuracy, UzZaman et al. 2013). Of an attribute that every complete
record has (`NEEDED`), only the pairs count in which both sides give it. *end to end* counts every
gold and every predicted value: a missed span is a missed value. End to end, an entity link is
correct only on a span with the same bounds (strong annotation match: Cornolti et al. 2013, Usbeck
et al. 2015), other values on any span that overlaps. References to other records are equal if these
are aligned.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Any

from msgspec import Struct

from statevisit.document.model import Document
from statevisit.document.records import Entity, Quantity, Timex
from statevisit.document.references import targets
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.document.timex_values import duration, in_base_unit, timeml_spelling
from statevisit.scoring.counts import CountTable, MatchCounts, MeasureKey
from statevisit.scoring.references import GoldIds, in_gold_ids
from statevisit.scoring.spans import Alignment, SpanRecord, records

_UNPLACED = "unplaced"
"""The value of every attribute of a predicted span without a record: it counts, and is wrong."""


class Side(Struct, frozen=True):
    """A document, gold or predicted, and the gold ids that its record ids stand for.

    `gold_ids` are those of spans, `entity_ids` those of entities. Without them, as for the gold
    itself, ids stand for themselves.
    """

    document: Document
    gold_ids: GoldIds | None = None
    entity_ids: GoldIds | None = None

    def reference(self, record_id: str | None) -> Hashable:
        """Return a reference in gold ids.

        A reference to a record without a gold counterpart equals nothing on the gold side.
        """
        if record_id is None or self.gold_ids is None or record_id == "DCT":
            return record_id
        return in_gold_ids(record_id, self.gold_ids)

    def references(self, record_ids: Sequence[str] | None) -> Hashable:
        """Return the references of a list as a set; None without a list."""
        return None if record_ids is None else frozenset(map(self.reference, record_ids))

    def entities(self, entity_ids: Sequence[str]) -> Hashable:
        """Return a set of entities in gold ids."""
        if self.entity_ids is None:
            return frozenset(entity_ids)
        return frozenset(in_gold_ids(entity_id, self.entity_ids) for entity_id in entity_ids)


AttributeValues = Callable[[Side, Sequence[SpanRecord]], list[Hashable]]
"""Returns the value of an attribute for each record of a side; None for a record without one."""


def _property(name: str) -> AttributeValues:
    """The values of a property."""
    get = attrgetter(name)

    def property_values(side: Side, records: Sequence[SpanRecord]) -> list[Hashable]:
        return [*map(get, records)]

    return property_values


def _own(name: str) -> Callable[[Any], Hashable]:
    """Return a function for the value of a corpus's own property; None for a record without it."""

    def value_of(record: Any) -> Hashable:
        value: Hashable = getattr(record, name, None)
        return value

    return value_of


def _normalised(value_of: Callable[[Any], Hashable]) -> AttributeValues:
    """The values that a function gives for the records."""

    def normalised_values(side: Side, records: Sequence[SpanRecord]) -> list[Hashable]:
        return [*map(value_of, records)]

    return normalised_values


def _reference(name: str) -> AttributeValues:
    """The values of a property that refers to another record, in gold ids."""
    get = attrgetter(name)

    def references(side: Side, records: Sequence[SpanRecord]) -> list[Hashable]:
        return [*map(side.reference, map(get, records))]

    return references


def _reference_set(name: str) -> AttributeValues:
    """The values of a property that refers to several records, as sets of gold ids."""
    get = attrgetter(name)

    def reference_sets(side: Side, records: Sequence[SpanRecord]) -> list[Hashable]:
        return [*map(side.references, map(get, records))]

    return reference_sets


def _span(name: str) -> AttributeValues:
    """The bounds of a property that is a span."""
    get = attrgetter(name)

    def bounds(side: Side, records: Sequence[SpanRecord]) -> list[Hashable]:
        return [span and (span.start, span.end) for span in map(get, records)]

    return bounds


def _of_entity(value_of: Callable[[Entity], Hashable]) -> AttributeValues:
    """The values that a function gives for the entities of mentions."""
    return _of_group("entity", "entities", value_of)


def _of_group(link: str, layer: str, value_of: Callable[[Any], Hashable]) -> AttributeValues:
    """The values that a function gives for the records of a layer to which a property refers."""
    group_id = attrgetter(link)

    def group_values(side: Side, records: Sequence[SpanRecord]) -> list[Hashable]:
        by_id = {group.id: value_of(group) for group in getattr(side.document, layer)}
        return [*map(by_id.get, map(group_id, records))]

    return group_values


def _members(side: Side, records: Sequence[SpanRecord]) -> list[Hashable]:
    """The members of the entities of mentions, as sets of entities in gold ids."""
    by_id = {
        entity.id: side.entities(entity.members)
        for entity in side.document.entities
        if entity.members is not None
    }
    return [*map(by_id.get, map(attrgetter("entity"), records))]


def _link(entity: Entity) -> Hashable:
    """The Wikidata id of an entity, or "NIL" for one without, whatever the reason."""
    if entity.wikidata:
        return entity.wikidata
    return "NIL" if entity.nil else None


def _number(text: str | None) -> Decimal | str | None:
    """A decimal string as a number, so that 7.60E9 equals 7600000000; other strings unchanged."""
    if text is None:
        return None
    try:
        number = Decimal(text)
    except ArithmeticError:
        return text
    return number if number.is_finite() else text


def _quantity_value(quantity: Quantity) -> Hashable:
    """Value and bounds as numbers, with the unit; None without any number."""
    numbers = (_number(quantity.value), _number(quantity.lower), _number(quantity.upper))
    if numbers == (None, None, None):
        return None
    return *numbers, quantity.unit


def _timex_value(timex: Timex) -> Hashable:
    """A TIMEX3 value, in one form of those that mean the same.

    Durations of one exact length are equal (P1D, PT24H; not P1M, P30D), and so are the spellings of
    decades, centuries and millennia: 197X is the decade 197, and P3DE is P3E.
    """
    if timex.value is None:
        return None
    exact = duration(timex.value) if timex.type == "DURATION" else None
    if exact is None:
        return timeml_spelling(timex.value)
    return in_base_unit(*exact)


ATTRIBUTES: dict[str, dict[str, AttributeValues]] = {
    "mentions": {
        "type": _of_entity(attrgetter("type")),
        "level": _property("level"),
        "reference": _of_entity(attrgetter("reference")),
        "link": _of_entity(_link),
        "members": _members,
        "predicate": _property("predicate"),
    },
    "timexes": {
        "type": _property("type"),
        "value": _normalised(_timex_value),
        "mod": _property("mod"),
        "anchor": _reference("anchor"),
        "begin": _reference("begin"),
        "end_point": _reference("end_point"),
        "quant": _property("quant"),
        "freq": _property("freq"),
    },
    "quantities": {
        "kind": _property("kind"),
        "value": _normalised(_quantity_value),
        "unit": _property("unit"),
        "comparator": _property("comparator"),
        "change": _property("change"),
        "measures": _reference("measures"),
        "property": _span("property"),
        "whole": _span("whole"),
        "conversion_of": _reference("conversion_of"),
    },
    "events": {
        "class": _property("class_"),
        "type": _property("type"),
        "level": _property("level"),
        "polarity": _property("polarity"),
        "modality": _property("modality"),
        "doc_time_rel": _property("doc_time_rel"),
        "tense": _property("tense"),
        "aspect": _property("aspect"),
    },
    "quotations": {
        "type": _property("type"),
        "cue": _span("cue"),
        "sources": _reference_set("sources"),
    },
}
"""The attributes that are compared on aligned spans, layer by layer, in the order of a report.

A corpus's own properties follow them.
"""

NEEDED = {
    "mentions": ("type", "level", "reference", "link"),
    "timexes": ("type", "value"),
    "quantities": ("kind", "value", "comparator"),
    "events": ("class", "type", "level", "polarity", "modality", "doc_time_rel"),
    "quotations": ("type",),
}
"""The attributes that every record of a finished annotation has: one without was not annotated."""

BY_OWN_IDS = frozenset(("members",))
"""The attributes, beside those of references, whose values are ids of an annotator's own."""

_GROUPS = {"mentions": ("entity", "entities"), "events": ("event", "event_chains")}
"""For a layer of spans whose records form groups: the property that names the group, its layer."""


def scorable(layer: str, layers: frozenset[str], scheme: Scheme) -> dict[str, AttributeValues]:
    """Return the attributes of a layer that can be scored if `layers` were predicted.

    An attribute that refers to another layer needs that layer, or the first of several.
    """
    known = {
        name: attribute_values
        for name, attribute_values in ATTRIBUTES[layer].items()
        if (*targets(layer, name), layer)[0] in layers
    }
    own = {name: _normalised(_own(name)) for name in scheme.attributes.get(layer, ())}
    if layer in _GROUPS:
        link, groups = _GROUPS[layer]
        for name in scheme.attributes.get(groups, ()):
            own[name] = _of_group(link, groups, _own(name))
    return known | own


def count(
    table: CountTable,
    layer: str,
    aligned: Alignment,
    gold: Side,
    pred: Side,
    layers: frozenset[str],
    absent: frozenset[str],
) -> None:
    """Add the counts of a layer's attributes, matched and end to end, to a table.

    `layers` are those that were predicted, `absent` the attributes that were not.
    """
    counter = _AttributeCounter(table, layer, aligned)
    gold_records, pred_records = records(aligned.gold), records(aligned.pred)
    unplaced = [_UNPLACED] * (len(aligned.pred) - len(pred_records))  # they stand first
    of_layer = scorable(layer, layers, scheme_of(gold.document))
    for name, attribute_values in of_layer.items():
        if name in absent:
            continue
        gold_values = attribute_values(gold, gold_records)
        pred_values = [*unplaced, *attribute_values(pred, pred_records)]
        if any(value is not None for value in (*gold_values, *pred_values)):
            counter.add(name, gold_values, pred_values)


class _AttributeCounter:
    """Counts the attributes of one alignment by unit."""

    def __init__(self, table: CountTable, layer: str, aligned: Alignment) -> None:
        self.table, self.layer, self.aligned = table, layer, aligned
        self.rows = [i for i, _ in aligned.pairs]
        self.columns = [j for _, j in aligned.pairs]
        self.gold_units = [item.unit for item in aligned.gold]
        self.pred_units = [item.unit for item in aligned.pred]
        self.gold_pair_units = [self.gold_units[i] for i in self.rows]
        self.pred_pair_units = [self.pred_units[j] for j in self.columns]
        units = {*self.gold_units, *self.pred_units}
        self.single_unit = units.pop() if len(units) == 1 else None

    def add(self, name: str, gold: list[Hashable], pred: list[Hashable]) -> None:
        """Add one attribute, given its value for each gold and each predicted span."""
        gold_paired = [gold[i] for i in self.rows]
        pred_paired = [pred[j] for j in self.columns]
        correct = [a if a == b else None for a, b in zip(gold_paired, pred_paired, strict=True)]
        if name in NEEDED[self.layer] and (None in gold_paired or None in pred_paired):
            pairs = list(zip(gold_paired, pred_paired, strict=True))
            gold_paired = [a if b is not None else None for a, b in pairs]
            pred_paired = [b if a is not None else None for a, b in pairs]
        self._add(
            f"{name} (matched)",
            correct,
            gold=self._by_unit(self.gold_pair_units, gold_paired),
            pred=self._by_unit(self.pred_pair_units, pred_paired),
        )
        if name == "link":
            same_bounds = [self.aligned.same_bounds(i, j) for i, j in self.aligned.pairs]
            links = zip(correct, same_bounds, strict=True)
            correct = [link if same else None for link, same in links]
        self._add(
            f"{name} (end to end)",
            correct,
            gold=self._by_unit(self.gold_units, gold),
            pred=self._by_unit(self.pred_units, pred),
        )

    def _add(
        self,
        measure: str,
        correct: list[Hashable],
        gold: Mapping[int, int],
        pred: Mapping[int, int],
    ) -> None:
        """Add a measure, given the correct value of each pair and how many values a unit has."""
        correct_gold = self._by_unit(self.gold_pair_units, correct)
        correct_pred = self._by_unit(self.pred_pair_units, correct)
        key = MeasureKey(self.layer, measure)
        for unit in {**gold, **pred}:
            counts = MatchCounts(
                correct_pred.get(unit, 0),
                pred.get(unit, 0),
                correct_gold.get(unit, 0),
                gold.get(unit, 0),
            )
            self.table.add(key, unit, counts)

    def _by_unit(self, units: list[int], values: list[Hashable]) -> Mapping[int, int]:
        """How many values each unit has; units without any are left out."""
        if self.single_unit is None:
            pairs = zip(units, values, strict=True)
            return Counter(unit for unit, value in pairs if value is not None)
        count = len(values) - values.count(None)
        return {self.single_unit: count} if count else {}
