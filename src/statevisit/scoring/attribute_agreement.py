"""Agreement on attributes: κ over aligned spans, α over spans with the same bounds."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence

from msgspec import Struct

from statevisit.document.references import targets
from statevisit.document.scheme import scheme_of
from statevisit.scoring import attributes, bootstrap, measure, spans
from statevisit.scoring.annotators import AnnotatorPair, Annotators
from statevisit.scoring.attributes import AttributeValues, Side
from statevisit.scoring.bootstrap import Resample
from statevisit.scoring.coefficients import (
    Coded,
    Coefficient,
    Items,
    Statistic,
    alpha_statistic,
    kappa_statistic,
    mean_of_defined,
    one_label,
)

_ABSENT = "absent"
"""The value of an attribute that a record lacks: annotators can agree on it."""


class AttributeItems(Struct):
    """What is compared of an attribute: the values of aligned spans by pair of annotators.

    `same_bounds` are those of spans with the same bounds, None for references.
    """

    layer: str
    name: str
    aligned: list[Coded]
    same_bounds: Coded | None

    def update(self, later: "AttributeItems") -> None:
        """Add the items of documents that follow."""
        for items, of_later in zip(self.aligned, later.aligned, strict=True):
            items.extend(of_later)
        if self.same_bounds is not None and later.same_bounds is not None:
            self.same_bounds.extend(later.same_bounds)


def attribute_items(annotators: Annotators) -> Iterator[AttributeItems]:
    """Yield what is compared of every attribute."""
    scheme = scheme_of(annotators.documents[0][0])
    units = annotators.units
    for layer in annotators.span_layers:
        for name, values_of in attributes.scorable(layer, annotators.common, scheme).items():
            is_needed = name in attributes.NEEDED[layer]
            aligned = [
                _coded(_aligned_items(pair, layer, values_of, units, is_needed), units)
                for pair in annotators.pairs
            ]
            same_bounds = None
            # References name records by ids that are each annotator's own.
            if not targets(layer, name) and name not in attributes.BY_OWN_IDS:
                items = _items_with_same_bounds(annotators, layer, values_of, is_needed)
                same_bounds = _coded(items, units)
            yield AttributeItems(layer, name, aligned, same_bounds)


def _coded(items: Items, units: Sequence[int]) -> Coded:
    coded = Coded(units[0])
    for unit in units:
        coded.add(map(tuple, items[unit]))
    return coded


def attribute_agreement(
    compared: Iterable[AttributeItems], resamples: Sequence[Resample]
) -> Iterator[Coefficient]:
    """Yield κ and α of every attribute and, of those that are a layer's label, of each label."""
    for items in compared:
        yield from _kappas(items.layer, items.name, items.aligned, resamples)
        if items.same_bounds is not None:
            yield from _alphas(items.layer, items.name, items.same_bounds, resamples)


def _kappas(
    layer: str, name: str, pairs: Sequence[Items], resamples: Sequence[Resample]
) -> Iterator[Coefficient]:
    """Cohen's κ over aligned spans, the mean over the pairs of annotators (Light 1971)."""
    labels = _labels(pairs) if spans.LABEL[layer] == name else []
    for label in (None, *labels):
        compared = pairs if label is None else [one_label(items, label) for items in pairs]
        counts = [sum(label is None or any(item) for item in _all(items)) for items in compared]
        value, interval = _estimate([kappa_statistic(items) for items in compared], resamples)
        n = round(mean_of_defined(count or None for count in counts) or 0)
        yield Coefficient(layer, "kappa", name, n, label, value, interval)


def _alphas(
    layer: str, name: str, items: Items, resamples: Sequence[Resample]
) -> Iterator[Coefficient]:
    """Krippendorff's α for nominal data over spans with the same bounds, of all annotators."""
    labels = _labels([items]) if spans.LABEL[layer] == name else []
    for label in (None, *labels):
        compared = items if label is None else one_label(items, label)
        n = 0
        for item in _all(compared):
            pairable = len(item) - item.count(None) > 1
            n += pairable and (label is None or any(item))
        value, interval = _estimate([alpha_statistic(compared)], resamples)
        yield Coefficient(layer, "alpha", name, n, label, value, interval)


def _aligned_items(
    pair: AnnotatorPair,
    layer: str,
    values_of: AttributeValues,
    units: Iterable[int],
    is_needed: bool,
) -> Items:
    """The values that two annotators gave the spans that are aligned, by unit.

    A span that still lacks a value that it needs is left out.
    """
    items: dict[int, list[list[Hashable]]] = {unit: [] for unit in units}
    for comparison in pair.comparisons:
        aligned = comparison.aligned.get(layer)
        if aligned is None:  # not annotated in this document
            continue
        gold = [aligned.gold[i] for i, _ in aligned.pairs]
        pred = [aligned.pred[j] for _, j in aligned.pairs]
        gold_side, pred_side = comparison.sides
        gold_values = values_of(gold_side, spans.records(gold))
        pred_values = values_of(pred_side, spans.records(pred))
        for item, *values in zip(gold, gold_values, pred_values, strict=True):
            if not (is_needed and None in values):
                items.setdefault(item.unit, []).append([_or_absent(value) for value in values])
    return items


def _items_with_same_bounds(
    annotators: Annotators, layer: str, values_of: AttributeValues, is_needed: bool
) -> Items:
    """The values that all annotators gave the spans with the same bounds, by unit.

    Of several spans of one annotator with the same bounds, the n-th is compared with the n-th.
    """
    items: dict[int, list[list[Hashable]]] = {unit: [] for unit in annotators.units}
    for number, documents in enumerate(annotators.with_layer(layer)):
        values_at: dict[tuple[int, int, int], list[Hashable]] = {}
        for annotator, document in enumerate(documents):
            records = getattr(document, layer)
            seen = Counter[tuple[int, int]]()
            for record, value in zip(records, values_of(Side(document), records), strict=True):
                bounds = record.start, record.end
                place = (*bounds, seen[bounds])
                seen[bounds] += 1
                values = values_at.setdefault(place, [None] * len(documents))
                values[annotator] = value if is_needed else _or_absent(value)
        unit_of = measure.always(number)
        if documents and annotators.by_sentence:
            unit_of = measure.sentence_of(documents[0])
        for place in sorted(values_at):
            items[unit_of(place[0])].append(values_at[place])
    return items


def _or_absent(value: Hashable) -> Hashable:
    return _ABSENT if value is None else value


def _all(items: Items) -> Iterator[Sequence[Hashable]]:
    """The items of all units."""
    for of_unit in items.values():
        yield from of_unit


def _labels(compared: Iterable[Items]) -> list[str]:
    """The labels that any annotator gave."""
    values = {value for items in compared for item in _all(items) for value in item}
    return sorted(value for value in values if isinstance(value, str) and value != _ABSENT)


def _estimate(
    statistics: Sequence[Statistic], resamples: Sequence[Resample]
) -> tuple[float | None, tuple[float, float] | None]:
    """The mean of statistics, and its bootstrap interval."""
    value = mean_of_defined(statistic.value() for statistic in statistics)
    if value is None:
        return None, None
    resampled = [
        mean_of_defined(statistic.value(resample) for statistic in statistics)
        for resample in resamples
    ]
    return value, bootstrap.interval(resampled)
