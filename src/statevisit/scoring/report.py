"""The report: figures with the counts behind them, intervals, confusion, and what a reader should know."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct, field, to_builtins
from msgspec.structs import replace

from statevisit.model import SPAN_LAYERS
from statevisit.scoring import attributes, bootstrap, coref, spans
from statevisit.scoring.prediction import Note
from statevisit.scoring.prf import Counts, Key, Rates, Tally, mean, rates

UNDIVIDED = ("relations", "event_relations", "mentions coreference", "events coreference")
"""What cannot be counted sentence by sentence, and so has no interval where there is only one document."""


_ATTRIBUTES = {
    layer: [f"{name} ({how})" for name in names for how in ("matched", "end to end")]
    for layer, names in attributes.ATTRIBUTES.items()
}
_COREFERENCE = [name + tail for tail in ("", " without singletons") for name in coref.MEASURES]
_MEASURES = {
    **{layer: [*spans.MEASURES, *_ATTRIBUTES[layer]] for layer in SPAN_LAYERS},
    "ner": spans.MEASURES,
    "arguments": ("end to end", "matched triggers"),
    "events coreference": _COREFERENCE,
    "mentions coreference": _COREFERENCE,
    "relations": ("strict", "by cluster", "evidence"),
    "event_relations": ("strict", "temporal awareness"),
}
ORDER = {
    key: n
    for n, key in enumerate(
        (layer, measure) for layer, measures in _MEASURES.items() for measure in measures
    )
}
"""The layers and measures in the order of a report, whatever was counted first."""


class Figure(Struct, frozen=True, omit_defaults=True):
    """One measure of a layer: over all labels (`average` micro), the mean over labels (macro), or of one `label`.

    `gold` and `pred` are what there was to find and what was predicted (of coreference: links, mentions or
    clusters, as the measure counts), `correct` how much of the prediction is right. A figure that is undefined is absent.
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


class Met(Struct, frozen=True):
    """How often a gold label met a predicted one; an empty `gold` is spurious, an empty `pred` missed."""

    gold: str
    pred: str
    count: int


class Difference(Struct, frozen=True, omit_defaults=True):
    """F1 of the prediction less that of the other one, with its interval and the two-sided p of the paired bootstrap."""

    layer: str
    measure: str
    difference: float
    interval: tuple[float, float]
    p: float


class Report(Struct, frozen=True, omit_defaults=True):
    """What `statevisit score` found. `to_dict` follows schema/report.schema.json; `find` gives one figure."""

    gold: str
    pred: str
    documents: int
    unit: str
    units: int
    resamples: int
    predicted: list[str]
    not_predicted: list[str]
    figures: list[Figure]
    confusion: dict[str, list[Met]]
    notes: list[Note] = field(default_factory=list)
    other: str | None = None
    comparison: list[Difference] | None = None

    def find(
        self, layer: str, measure: str, label: str | None = None, average: str = "micro"
    ) -> Figure:
        """The figure of a layer and measure, for one label where it is given. Raises KeyError where there is none."""
        wanted = "label" if label else average
        for f in self.figures:
            if (f.layer, f.measure, f.label, f.average) == (layer, measure, label, wanted):
                return f
        raise KeyError(
            f"no figure {layer} {measure} {label or average}; not predicted: {', '.join(self.not_predicted) or 'nothing'}"
        )

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, in the form of schema/report.schema.json."""
        return {"kind": "score", **to_builtins(self)}

    def __repr__(self) -> str:
        return f"<Report {self.pred} against {self.gold}: {self.documents} document{'' if self.documents == 1 else 's'}, {len(self.figures)} figures>"

    def __str__(self) -> str:
        from statevisit.scoring.text import table

        return table(self)


def figures(tally: Tally) -> Iterator[Figure]:
    """Micro, macro and label figures of everything that was counted, in `ORDER`; the CoNLL average after its parts."""
    whole = sorted(
        (k for k in tally.counts if not k.label), key=lambda k: ORDER[k.layer, k.measure]
    )
    labels: dict[tuple[str, str], list[Key]] = {}
    for k in tally.counts:
        if k.label:
            labels.setdefault((k.layer, k.measure), []).append(k)
    for key in whole:
        yield _figure(key, tally.total(key), "micro")
        mine = sorted(labels.get((key.layer, key.measure), []))
        if mine:
            found = [_figure(k, tally.total(k), "label") for k in mine]
            average = mean(Rates(f.precision, f.recall, f.f1) for f in found)
            yield Figure(
                key.layer,
                key.measure,
                "macro",
                precision=average.precision,
                recall=average.recall,
                f1=average.f1,
            )
            yield from found
        if key.measure.startswith("LEA"):
            yield _conll(tally, key)


def _figure(key: Key, counts: Counts, average: str) -> Figure:
    found = rates(counts)
    return Figure(
        key.layer,
        key.measure,
        average,
        key.label or None,
        counts[3],
        counts[1],
        counts[0],
        found.precision,
        found.recall,
        found.f1,
    )


def _conll(tally: Tally, lea: Key) -> Figure:
    tail = lea.measure.removeprefix("LEA")
    average = coref.conll(
        rates(tally.total(Key(lea.layer, name + tail))) for name in ("MUC", "B3", "CEAFe")
    )
    return Figure(lea.layer, f"CoNLL{tail}", "micro", f1=average.f1)


class Resampled:
    """The F1 of every whole measure in every resample."""

    def __init__(
        self, tallies: Sequence[Tally], units: Sequence[int], resamples: int, undivided: bool
    ) -> None:
        self.drawn = bootstrap.draws(len(units), resamples) if len(units) > 1 and resamples else []
        self.units, self.undivided, self.tallies = units, undivided, tallies

    def f1s(self, which: int, key: Key) -> list[float | None]:
        """F1 of a measure of one tally in each resample; nothing where it has no interval."""
        if not self.drawn or (self.undivided and key.layer in UNDIVIDED):
            return []
        if key.measure.startswith("CoNLL"):
            parts = [
                self.f1s(which, Key(key.layer, name + key.measure.removeprefix("CoNLL")))
                for name in ("MUC", "B3", "CEAFe")
            ]
            return [
                coref.conll(Rates(f1=f) for f in together).f1
                for together in zip(*parts, strict=True)
            ]
        return bootstrap.f1s(
            bootstrap.columns(self.tallies[which].counts.get(key, {}), self.units), self.drawn
        )


def with_intervals(found: list[Figure], resampled: Resampled) -> list[Figure]:
    """The figures, those over all labels with their bootstrap interval."""
    return [
        replace(f, interval=bootstrap.interval(resampled.f1s(0, Key(f.layer, f.measure))))
        if f.average == "micro" and f.f1 is not None
        else f
        for f in found
    ]


def compare(mine: list[Figure], theirs: list[Figure], resampled: Resampled) -> list[Difference]:
    """Every measure over all labels that both systems have, tested."""
    other = {(f.layer, f.measure): f for f in theirs if f.average == "micro"}
    found = []
    for f in mine:
        o = other.get((f.layer, f.measure))
        if f.average != "micro" or f.f1 is None or o is None or o.f1 is None:
            continue
        key, observed = Key(f.layer, f.measure), f.f1 - o.f1
        both = zip(resampled.f1s(0, key), resampled.f1s(1, key), strict=True)
        differences = [a - b for a, b in both if a is not None and b is not None]
        if differences:
            found.append(
                Difference(
                    f.layer,
                    f.measure,
                    observed,
                    bootstrap.interval(differences) or (observed, observed),
                    bootstrap.paired(observed, differences),
                )
            )
    return found


def met(confusion: dict[str, Counter[tuple[str, str]]]) -> dict[str, list[Met]]:
    """Confusion counters as sorted lists."""
    return {
        layer: [Met(g, p, n) for (g, p), n in sorted(counts.items())]
        for layer, counts in confusion.items()
    }
