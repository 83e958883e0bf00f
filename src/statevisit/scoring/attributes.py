"""Attributes and normalised values of aligned spans: on matched spans, and end to end.

*matched* counts only pairs of the alignment: how well an attribute is set where the span was found (TempEval-3
attribute accuracy, UzZaman et al. 2013). *end to end* counts every gold and predicted value: a missed span is a missed
value. Entity links count where the span is the same (strong annotation match: Cornolti et al. 2013, Usbeck et al.
2015), the others where it overlaps. References to other records are equal when these are aligned.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Any

from msgspec import Struct

from statevisit import values
from statevisit.model import Document
from statevisit.scoring.prf import Key, Tally
from statevisit.scoring.spans import Alignment


class Sides(Struct, frozen=True):
    """A document on one side, and what its record ids are called on the gold side (nothing: as they are)."""

    document: Document
    names: Mapping[str, Hashable] | None = None

    def reference(self, record_id: str | None) -> Hashable:
        """What stands for a reference in comparison: the aligned gold record's id, or something equal to nothing else."""
        if record_id is None or self.names is None or record_id == "DCT":
            return record_id
        return self.names.get(record_id, ("unaligned", record_id))


Values = Callable[[Sides, Sequence[Any]], list[Hashable]]
"""What the records of a layer say of one attribute; None where they say nothing."""


def _plain(name: str) -> Values:
    get = attrgetter(name)
    return lambda side, records: [*map(get, records)]


def _each(value: Callable[[Any], Hashable]) -> Values:
    return lambda side, records: [*map(value, records)]


def _reference(name: str) -> Values:
    get = attrgetter(name)
    return lambda side, records: [*map(side.reference, map(get, records))]


def _span(name: str) -> Values:
    get = attrgetter(name)
    return lambda side, records: [span and (span.start, span.end) for span in map(get, records)]


def _of_entity(value: Callable[[Any], Hashable]) -> Values:
    def said(side: Sides, records: Sequence[Any]) -> list[Hashable]:
        of = {e.id: value(e) for e in side.document.entities}
        return [of.get(r.entity) for r in records]

    return said


def _link(entity: Any) -> Hashable:
    return entity.wikidata or (entity.nil and "NIL")


def number(text: str | None) -> Hashable:
    """A decimal string as a number, so that 7.60E9, 7600000000 and 7600000000.0 are one; what is none as it stands."""
    try:
        value = Decimal(text) if text is not None else None
    except ArithmeticError:
        return text
    return value if value is None or value.is_finite() else text


def quantity(r: Any) -> Hashable:
    """Value or bounds as numbers, with the unit."""
    found = number(r.value), number(r.lower), number(r.upper), r.unit
    return found if any(v is not None for v in found[:3]) else None


def timex(r: Any) -> Hashable:
    """A TIMEX3 value; durations of one exact length are equal (P1D, PT24H; not P1M, P30D)."""
    if r.type == "DURATION" and (exact := values.duration(r.value)):
        amount, unit = exact
        months, seconds = (
            {"a": 12, "mo": 1}.get(unit),
            {"wk": 604800, "d": 86400, "h": 3600, "min": 60, "s": 1}.get(unit),
        )
        return (
            ("months", Decimal(amount) * months)
            if months
            else ("seconds", Decimal(amount) * (seconds or 1))
        )
    return r.value


ATTRIBUTES: dict[str, dict[str, Values]] = {
    "mentions": {
        "type": _of_entity(attrgetter("type")), "level": _plain("level"), "reference": _of_entity(attrgetter("reference")),
        "literal": _plain("literal"), "link": _of_entity(_link),
    },
    "timexes": {
        "type": _plain("type"), "value": _each(timex), "mod": _plain("mod"), "anchor": _reference("anchor"), "begin": _reference("begin"),
        "end_point": _reference("end_point"), "quant": _plain("quant"), "freq": _plain("freq"),
    },
    "quantities": {
        "kind": _plain("kind"), "value": _each(quantity), "unit": _plain("unit"), "comparator": _plain("comparator"), "change": _plain("change"),
        "measures": _reference("measures"), "property": _span("property"), "conversion_of": _reference("conversion_of"),
    },
    "events": {
        "class": _plain("class_"), "type": _plain("type"), "level": _plain("level"), "polarity": _plain("polarity"), "modality": _plain("modality"),
        "doc_time_rel": _plain("doc_time_rel"), "tense": _plain("tense"), "aspect": _plain("aspect"),
    },
    "quotations": {"type": _plain("type"), "cue": _span("cue"), "source": _reference("source")},
}  # fmt: skip
"""What is compared on aligned spans, layer by layer."""

REFERS = {
    ("timexes", "anchor"): "timexes", ("timexes", "begin"): "timexes", ("timexes", "end_point"): "timexes", ("quantities", "conversion_of"): "quantities",
    ("quantities", "measures"): "mentions", ("quotations", "source"): "mentions", ("mentions", "literal"): "entities",
}  # fmt: skip
"""The layer without which an attribute that refers to another record cannot be scored."""


def count(
    tally: Tally, layer: str, aligned: Alignment, gold: Sides, pred: Sides, known: frozenset[str]
) -> None:
    """Add every attribute of a layer, matched and end to end; `known` are the layers that were predicted."""
    counting = _Counting(tally, layer, aligned)
    mine, theirs = ([s.record for s in side] for side in (aligned.gold, aligned.pred))
    nowhere = theirs.count(None)  # measure.align puts them first
    for name, said in ATTRIBUTES[layer].items():
        if REFERS.get((layer, name), layer) in known and (layer, name) != ("mentions", "literal"):
            counting.add(
                name, said(gold, mine), [_NOWHERE] * nowhere + said(pred, theirs[nowhere:])
            )


_NOWHERE = "nowhere"
"""What a predicted span without a record says of every attribute: something, and it is paired with nothing."""


class _Counting:
    """An alignment as its attributes are counted: the units of its spans and of both sides of its pairs."""

    def __init__(self, tally: Tally, layer: str, aligned: Alignment) -> None:
        self.tally, self.layer, self.aligned = tally, layer, aligned
        self.rows, self.columns = [i for i, _ in aligned.pairs], [j for _, j in aligned.pairs]
        self.gold, self.pred = [s.unit for s in aligned.gold], [s.unit for s in aligned.pred]
        self.gold_pairs, self.pred_pairs = (
            [self.gold[i] for i in self.rows],
            [self.pred[j] for j in self.columns],
        )
        units = {*self.gold, *self.pred}
        self.only = units.pop() if len(units) == 1 else None

    def add(self, name: str, gold: list[Hashable], pred: list[Hashable]) -> None:
        """Add one attribute, given what all spans say of it."""
        if gold.count(None) == len(gold) and pred.count(None) == len(pred):
            return  # an attribute nobody uses
        mine, theirs = [gold[i] for i in self.rows], [pred[j] for j in self.columns]
        right = [a if a == b else None for a, b in zip(mine, theirs, strict=True)]
        self._add(
            f"{name} (matched)",
            (self.pred_pairs, right),
            (self.pred_pairs, theirs),
            (self.gold_pairs, right),
            (self.gold_pairs, mine),
        )
        if name == "link":
            right = [
                a if a and self.aligned.same_bounds(*p) else None
                for a, p in zip(right, self.aligned.pairs, strict=True)
            ]
        self._add(
            f"{name} (end to end)",
            (self.pred_pairs, right),
            (self.pred, pred),
            (self.gold_pairs, right),
            (self.gold, gold),
        )

    def _add(self, measure: str, *columns: tuple[list[int], list[Hashable]]) -> None:
        """Add how many say something in each unit, column by column."""
        if self.only is not None:
            counts = [{self.only: len(said) - said.count(None)} for _, said in columns]
        else:
            counts = [
                Counter(unit for unit, value in zip(*column, strict=True) if value is not None)
                for column in columns
            ]
        for unit in {unit for column in counts for unit, n in column.items() if n}:
            self.tally.add(
                Key(self.layer, measure), unit, *(column.get(unit, 0) for column in counts)
            )
