"""Attributes and normalised values of aligned spans: on matched spans, and end to end.

*matched* counts only pairs of the alignment: how well an attribute is set where the span was found (TempEval-3
attribute accuracy, UzZaman et al. 2013). *end to end* counts every gold and predicted value: a missed span is a missed
value. Entity links count where the span is the same (strong annotation match: Cornolti et al. 2013, Usbeck et al.
2015), the others where it overlaps. References to other records are equal when these are aligned.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from decimal import Decimal
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


Value = Callable[[Sides, Any], Hashable]


def _plain(name: str) -> Value:
    return lambda side, r: getattr(r, name)


def _reference(name: str) -> Value:
    return lambda side, r: side.reference(getattr(r, name))


def _span(name: str) -> Value:
    def bounds(side: Sides, r: Any) -> Hashable:
        span = getattr(r, name)
        return span and (span.start, span.end)

    return bounds


def _entity(name: str) -> Value:
    return lambda side, r: getattr(side.document[r.entity], name, None) if r.entity in side.document else None


def _link(side: Sides, r: Any) -> Hashable:
    entity = side.document[r.entity] if r.entity in side.document else None
    return entity and (getattr(entity, "wikidata", None) or getattr(entity, "nil", None) and "NIL")


def number(text: str | None) -> Hashable:
    """A decimal string as a number, so that 7.60E9, 7600000000 and 7600000000.0 are one; what is none as it stands."""
    try:
        value = Decimal(text) if text is not None else None
    except ArithmeticError:
        return text
    return value if value is None or value.is_finite() else text


def quantity(side: Sides, r: Any) -> Hashable:
    """Value or bounds as numbers, with the unit."""
    found = number(r.value), number(r.lower), number(r.upper), r.unit
    return found if any(v is not None for v in found[:3]) else None


def timex(side: Sides, r: Any) -> Hashable:
    """A TIMEX3 value; durations of one exact length are equal (P1D, PT24H; not P1M, P30D)."""
    if r.type == "DURATION" and (exact := values.duration(r.value)):
        amount, unit = exact
        months, seconds = {"a": 12, "mo": 1}.get(unit), {"wk": 604800, "d": 86400, "h": 3600, "min": 60, "s": 1}.get(unit)
        return ("months", Decimal(amount) * months) if months else ("seconds", Decimal(amount) * (seconds or 1))
    return r.value


ATTRIBUTES: dict[str, dict[str, Value]] = {
    "mentions": {"type": _entity("type"), "level": _plain("level"), "reference": _entity("reference"), "literal": _plain("literal"), "link": _link},
    "timexes": {
        "type": _plain("type"), "value": timex, "mod": _plain("mod"), "anchor": _reference("anchor"), "begin": _reference("begin"),
        "end_point": _reference("end_point"), "quant": _plain("quant"), "freq": _plain("freq"),
    },
    "quantities": {
        "kind": _plain("kind"), "value": quantity, "unit": _plain("unit"), "comparator": _plain("comparator"), "change": _plain("change"),
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


def count(tally: Tally, layer: str, aligned: Alignment, gold: Sides, pred: Sides, known: frozenset[str]) -> None:
    """Add every attribute of a layer, matched and end to end; `known` are the layers that were predicted."""
    for name, value in ATTRIBUTES[layer].items():
        if REFERS.get((layer, name), layer) not in known or (layer, name) == ("mentions", "literal"):
            continue
        _one(tally, layer, name, aligned, [value(gold, s.record) for s in aligned.gold], [value(pred, s.record) if s.record is not None else None for s in aligned.pred])


def _one(tally: Tally, layer: str, name: str, aligned: Alignment, gold: list[Hashable], pred: list[Hashable]) -> None:
    if not any(v is not None for v in gold) and not any(v is not None for v in pred) and all(s.record is not None for s in aligned.pred):
        return  # an attribute nobody uses
    matched: defaultdict[int, list[float]] = defaultdict(lambda: [0, 0, 0, 0])
    whole = matched.copy()
    for spans, found, at in ((aligned.pred, pred, 1), (aligned.gold, gold, 3)):
        for span, value in zip(spans, found, strict=True):
            if value is not None or span.record is None:
                whole[span.unit][at] += 1
    for i, j in aligned.pairs:
        g, p = gold[i], pred[j]
        if g is None and p is None:
            continue
        of_gold, of_pred, right = aligned.gold[i], aligned.pred[j], g == p
        row = matched[of_pred.unit]
        row[0] += right
        row[1] += p is not None
        row = matched[of_gold.unit]
        row[2] += right
        row[3] += g is not None
        if right and (name != "link" or (of_gold.start == of_pred.start and of_gold.end == of_pred.end)):
            whole[of_pred.unit][0] += 1
            whole[of_gold.unit][2] += 1
    for measure, rows in (("matched", matched), ("end to end", whole)):
        for unit, row in rows.items():
            tally.add(Key(layer, f"{name} ({measure})"), unit, *row)
