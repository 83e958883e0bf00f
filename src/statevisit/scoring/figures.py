"""Figures: the reported values of a score, with intervals and differences."""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from statevisit.document.model import SPAN_LAYERS
from statevisit.scoring import attributes, bootstrap, coref, spans
from statevisit.scoring.bootstrap import Resample
from statevisit.scoring.counts import (
    CountTable,
    MatchCounts,
    MeasureKey,
    Rates,
    macro_average,
    rates,
)

UNDIVIDED = ("relations", "event_relations", "mentions coreference", "events coreference")
"""The layers that cannot be counted by sentence: of a single document they have no interval."""

_CONLL_PARTS = ("MUC", "B3", "CEAFe")
"""The measures of coreference whose F1 the CoNLL average is the mean of."""


def _attribute_measures(layer: str) -> list[str]:
    names = attributes.ATTRIBUTES[layer]
    return [f"{name} ({pairs})" for name in names for pairs in ("matched", "end to end")]


_COREFERENCE = [
    f"{name}{singletons}"
    for singletons in ("", " without singletons")
    for name in (*coref.MEASURES, "CoNLL")
]

MEASURES: dict[str, Sequence[str]] = {
    **{layer: [*spans.MEASURES, *_attribute_measures(layer)] for layer in SPAN_LAYERS},
    "ner": spans.MEASURES,
    "arguments": ("end to end", "matched triggers"),
    "events coreference": _COREFERENCE,
    "mentions coreference": _COREFERENCE,
    "relations": ("strict", "by cluster", "evidence", "modality", "inferred"),
    "event_relations": ("strict", "modality", "temporal awareness"),
}
"""The layers and their measures in the order of a report; own properties of a corpus follow."""


class Figure(Struct, frozen=True, omit_defaults=True):
    """One measure of a layer: over all labels, of one `label`, or the mean over the labels.

    `average` is micro, label or macro. `gold` and `pred` are the numbers of items on each side
    (of coreference: links, mentions or clusters, as the measure counts), `correct` how many of
    `pred` are right. A figure that is undefined is absent.
    """

    layer: str
    measure: str
    average: str
    label: str | None = None
    gold: float = 0
    pred: float = 0
    correct: float = 0
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    interval: tuple[float, float] | None = None


class Difference(Struct, frozen=True, omit_defaults=True):
    """F1 of the prediction less F1 of the other one.

    `interval` is that of the difference, `p` the two-sided p of the paired bootstrap.
    """

    layer: str
    measure: str
    difference: float
    interval: tuple[float, float]
    p: float


def figures_of(table: CountTable) -> list[Figure]:
    """Return the micro, macro and label figures of all that was counted, ordered by `MEASURES`."""
    labels: dict[tuple[str, str], list[MeasureKey]] = {}
    for key in table.counts:
        if key.label:
            labels.setdefault((key.layer, key.measure), []).append(key)
    figures = []
    for layer, known in MEASURES.items():
        own = [key.measure for key in table.counts if key.layer == layer]
        for measure in dict.fromkeys([*known, *own]):
            parts = _conll_parts(layer, measure)
            if parts and parts[0] in table.counts:
                average = coref.conll(rates(table.total(part)) for part in parts)
                figures.append(Figure(layer, measure, "micro", f1=average.f1))
            if MeasureKey(layer, measure) in table.counts:
                keys = [MeasureKey(layer, measure), *sorted(labels.get((layer, measure), ()))]
                figures += _figures_of_measure(table, keys)
    return figures


def _conll_parts(layer: str, measure: str) -> list[MeasureKey]:
    """The measures of which a CoNLL average is the mean; none for any other measure."""
    if not measure.startswith("CoNLL"):
        return []
    singletons = measure.removeprefix("CoNLL")
    return [MeasureKey(layer, part + singletons) for part in _CONLL_PARTS]


def _figures_of_measure(table: CountTable, keys: Sequence[MeasureKey]) -> list[Figure]:
    """The figures of a measure: over all labels and, if it has labels, their mean and each."""
    micro, *by_label = [_figure(key, table.total(key)) for key in keys]
    if not by_label:
        return [micro]
    mean = macro_average(Rates(f.precision, f.recall, f.f1) for f in by_label)
    macro = Figure(
        micro.layer,
        micro.measure,
        "macro",
        precision=mean.precision,
        recall=mean.recall,
        f1=mean.f1,
    )
    return [micro, macro, *by_label]


def _figure(key: MeasureKey, counts: MatchCounts) -> Figure:
    measured = rates(counts)
    return Figure(
        key.layer,
        key.measure,
        average="label" if key.label else "micro",
        label=key.label or None,
        gold=counts.gold,
        pred=counts.predicted,
        correct=counts.correct_predicted,
        precision=measured.precision,
        recall=measured.recall,
        f1=measured.f1,
    )


class Resampling(Struct, frozen=True):
    """The units that figures are counted in, and the resamples drawn from them.

    `by_sentence`: whether the units are the sentences of a single document; -1 is then the text
    before the first one.
    """

    units: Sequence[int]
    resamples: Sequence[Resample]
    by_sentence: bool

    @property
    def unit(self) -> str:
        """The name of a unit."""
        return "sentence" if self.by_sentence else "document"

    @property
    def unit_count(self) -> int:
        """The number of documents or sentences."""
        return len(self.units) - 1 if self.by_sentence else len(self.units)

    def f1_values(self, table: CountTable, key: MeasureKey) -> list[float | None]:
        """Return F1 of a measure in each resample; nothing if it has no interval."""
        if self.by_sentence and key.layer in UNDIVIDED:
            return []
        parts = _conll_parts(key.layer, key.measure)
        if not parts:
            counts = table.counts.get(key, {})
            return bootstrap.f1_values(counts, self.units, self.resamples)
        resampled = zip(*(self.f1_values(table, part) for part in parts), strict=True)
        return [coref.conll(Rates(f1=f1) for f1 in f1s).f1 for f1s in resampled]


def with_intervals(
    figures: Iterable[Figure], table: CountTable, resampling: Resampling
) -> list[Figure]:
    """Return the figures, those over all labels with their bootstrap interval."""
    completed = []
    for figure in figures:
        if figure.average == "micro" and figure.f1 is not None:
            key = MeasureKey(figure.layer, figure.measure)
            values = resampling.f1_values(table, key)
            figure = replace(figure, interval=bootstrap.interval(values))
        completed.append(figure)
    return completed


def differences(table: CountTable, other: CountTable, resampling: Resampling) -> list[Difference]:
    """Test the difference between two systems in every measure over all labels that both have."""
    other_figures = {(f.layer, f.measure): f for f in figures_of(other) if f.average == "micro"}
    tested = []
    for figure in figures_of(table):
        figure_of_other = other_figures.get((figure.layer, figure.measure))
        if figure.average == "micro" and figure_of_other is not None:
            difference = tested_difference(figure, figure_of_other, table, other, resampling)
            if difference is not None:
                tested.append(difference)
    return tested


def tested_difference(
    figure: Figure,
    figure_of_other: Figure,
    table: CountTable,
    other: CountTable,
    resampling: Resampling,
) -> Difference | None:
    """Test the difference between two systems in one measure over all labels.

    None if it is undefined, or has no interval.
    """
    if figure.f1 is None or figure_of_other.f1 is None:
        return None
    key = MeasureKey(figure.layer, figure.measure)
    pairs = zip(resampling.f1_values(table, key), resampling.f1_values(other, key), strict=True)
    resampled = [a - b for a, b in pairs if a is not None and b is not None]
    interval = bootstrap.interval(resampled)
    if interval is None:
        return None
    observed = figure.f1 - figure_of_other.f1
    p = bootstrap.paired_p(observed, resampled)
    return Difference(figure.layer, figure.measure, observed, interval, p)
