"""Score a system, measure agreement: gold and predictions read, measured document by document, and reported."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from statevisit import predictions
from statevisit.corpus import uncollected
from statevisit.errors import FormatError
from statevisit.model import Document
from statevisit.predictions import Source
from statevisit.scoring import bio, measure, report, spans
from statevisit.scoring.prediction import SCORED, Note, Prediction, bare, notes_of
from statevisit.scoring.prf import Tally
from statevisit.scoring.report import Report
from statevisit.scoring.spans import Alignment

RESAMPLES = 1000


class Scored:
    """The counts of one prediction against gold, with the alignments for a reader's eyes.

    `layers` is what was predicted, `wanted` what of it is to be reported: relations, for one, cannot be scored without mentions.
    """

    def __init__(
        self,
        gold: Mapping[str, Document],
        pred: Mapping[str, Prediction],
        layers: frozenset[str] | None = None,
    ) -> None:
        self.gold, self.pred = gold, pred
        self.layers = (
            frozenset().union(*(p.layers for p in pred.values()))
            if pred
            else frozenset(n for n in SCORED if n != "ner")
        )
        self.wanted = self.layers if layers is None else self.layers & layers
        self.unwanted = frozenset() if layers is None else frozenset(SCORED) - layers
        self.tally = Tally()
        self.confusion: dict[str, Counter[tuple[str, str]]] = {}
        self.notes: list[Note] = []
        self.ids = [*gold, *(i for i in pred if i not in gold)]
        self.by_sentence = len(self.ids) == 1
        with uncollected():
            for number, key in enumerate(self.ids):
                self._document(number, key)
        self.units = list(range(len(self.ids)))
        if self.by_sentence:
            only = self.gold.get(self.ids[0]) or self.pred[self.ids[0]].document
            self.units = list(range(-1, len(only.sentences)))

    def both(self, key: str) -> tuple[Document, Prediction]:
        """Gold and prediction of one document; where a side lacks it, one without records."""
        gold, pred = self.gold.get(key), self.pred.get(key)
        if gold is None:
            assert pred is not None
            return bare(pred.document), pred
        return gold, pred or Prediction(document=bare(gold), layers=self.layers)

    def aligned(self, key: str, number: int = 0) -> dict[str, Alignment]:
        """The alignments of one document, whose number is its unit unless the units are sentences."""
        gold, pred = self.both(key)
        unit_of = measure.by_sentence(gold) if self.by_sentence else lambda _: number
        return measure.align(
            gold,
            pred,
            self.layers,
            unit_of,
            bio.gold_names(gold) if "ner" in self.layers else (),
        )

    def shown(self, aligned: dict[str, Alignment]) -> dict[str, Alignment]:
        """Those of the wanted layers."""
        return {n: a for n, a in aligned.items() if n in self.wanted}

    def _document(self, number: int, key: str) -> None:
        gold, pred = self.both(key)
        if key not in self.gold:
            self.notes.append(
                Note("extra", key, "predicted, but not in the gold; everything in it is spurious")
            )
        elif key not in self.pred:
            self.notes.append(
                Note("missing", key, "in the gold, but not predicted; everything in it is missed")
            )
        if pred.document is not gold:
            self.notes += notes_of(gold, pred)
        aligned = self.aligned(key, number)
        measure.count(self.tally, number, gold, pred, self.layers, aligned, self.wanted)
        for layer, alignment in self.shown(aligned).items():
            self.confusion.setdefault(layer, Counter()).update(spans.confusion(alignment))


def name_of(source: Source, otherwise: str) -> str:
    """What a source is called in a report."""
    return (
        str(source)
        if isinstance(source, str | Path)
        else source.id
        if isinstance(source, Document)
        else otherwise
    )


def score(
    gold: Source,
    pred: Source,
    *,
    compare: Source | None = None,
    layers: Any = None,
    resamples: int = RESAMPLES,
) -> Report:
    """Everything that can be said of a prediction against gold, as a Report.

    `gold` and `pred`: paths (documents, directories, JSONL, Parquet; `pred` also drafts in quote notation and CoNLL BIO), a
    Corpus, documents, dictionaries, or several of these. Layers that `pred` does not have are "not predicted". `compare` is a
    second system: a paired bootstrap tests the difference. `layers` limits what is scored; `resamples` is how often the
    bootstrap draws, 0 for no intervals. Raises FormatError for what cannot be read and for a text that is not the gold's.
    """
    truth = predictions.read_gold(gold)
    return assemble(
        Scored(truth, predictions.read(pred, truth), chosen(layers)),
        gold,
        pred,
        compare,
        layers,
        resamples,
    )


def chosen(layers: Any) -> frozenset[str] | None:
    """The layers that were asked for; None for all. Raises FormatError for what is no layer that can be scored."""
    asked = frozenset([layers] if isinstance(layers, str) else layers or ())
    if unknown := asked - frozenset(SCORED):
        raise FormatError(
            f"{', '.join(sorted(map(str, unknown)))}: no layer that is scored; there are {', '.join(SCORED)}"
        )
    return asked or None


def assemble(
    scored: Scored,
    gold: Source,
    pred: Source,
    compare: Source | None = None,
    layers: Any = None,
    resamples: int = RESAMPLES,
) -> Report:
    """The report of what was counted."""
    other = (
        None
        if compare is None
        else Scored(scored.gold, predictions.read(compare, scored.gold), chosen(layers))
    )
    if other is not None and other.ids != scored.ids:
        odd = sorted(set(other.ids) ^ set(scored.ids))
        raise FormatError(
            f"{name_of(compare, 'the other prediction')}: only one of the two systems has {', '.join(odd[:5])}, which the gold has not; leave it out to compare them"
        )
    units = scored.units
    resampled = report.Resampled(
        [scored.tally, *([other.tally] if other else [])], units, resamples, scored.by_sentence
    )
    found = list(report.figures(scored.tally))
    predicted = [n for n in SCORED if n in scored.wanted]
    return Report(
        gold=name_of(gold, "gold"),
        pred=name_of(pred, "prediction"),
        documents=len(scored.ids),
        unit="sentence" if scored.by_sentence else "document",
        units=len(units) if not scored.by_sentence else len(units) - 1,
        resamples=len(resampled.drawn),
        predicted=predicted,
        not_predicted=[
            n for n in SCORED if n not in scored.layers | scored.unwanted and n != "ner"
        ],
        figures=report.with_intervals(found, resampled),
        confusion=report.met(scored.confusion),
        notes=scored.notes,
        other=None if compare is None else name_of(compare, "the other prediction"),
        comparison=None
        if other is None
        else report.compare(found, list(report.figures(other.tally)), resampled),
    )
