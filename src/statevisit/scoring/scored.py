"""The counts of a prediction against gold: of documents in memory, or the totals of many."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from statevisit.corpus.garbage import uncollected
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.scoring import bootstrap, measure
from statevisit.scoring.annotated import counted
from statevisit.scoring.counts import CountTable
from statevisit.scoring.figures import Resampling
from statevisit.scoring.measure import Comparison
from statevisit.scoring.parts import Parts, given_in, parts_of
from statevisit.scoring.predicates import Spans
from statevisit.scoring.prediction import SCORED, Note, Prediction, bare
from statevisit.scoring.tally import Tally, notes_on


class Totals:
    """The counts of one prediction against gold, without the documents.

    - `layers`: the layers that were predicted;
    - `asked`: the layers that the report may have;
    - `reported`: the layers that are both. The others can be needed for these: without mentions,
      relations cannot be scored;
    - `parts`: the parts of layers that records lack;
    - `tally`: the counts and the notes;
    - `ids`: the documents in the order of their units;
    - `scheme`: that of the gold, None if there is no gold document.
    """

    def __init__(
        self,
        layers: frozenset[str],
        asked: frozenset[str],
        ids: Sequence[str],
        scheme: Scheme | None,
        without_predicates: bool,
    ) -> None:
        self.layers, self.asked, self.reported = layers, asked, layers & asked
        self.ids, self.scheme, self.without_predicates = ids, scheme, without_predicates
        self.parts = Parts()
        self.tally = Tally()

    @property
    def table(self) -> CountTable:
        """The counts of every measure."""
        return self.tally.table

    @cached_property
    def notes(self) -> list[Note]:
        """What there is to note for a reader of the figures."""
        return notes_on(
            self.tally, self.scheme, self.layers, self.reported, self.without_predicates
        )

    @property
    def not_annotated(self) -> frozenset[str]:
        """The reported layers in which no document counts."""
        return self.reported.difference(*self.tally.counted.values())

    def resampling(self, resamples: int) -> Resampling:
        """Return resamples of the documents."""
        units = range(len(self.ids))
        return Resampling(units, bootstrap.draw(len(units), resamples), by_sentence=False)


class Scored(Totals):
    """The counts of documents in memory, and the alignments behind them.

    - `tally` has the layers in which each document counts: see `annotated.counted`, also for
      `partial` and `as_gold`;
    - `omitted`: the bounds of the mentions that do not count in each document, by its id;
    - `ids`: by default those of the gold and then those that were only predicted. Scores that are
      resampled together need the same ids.

    If the documents are some of many, `among` has the layers and parts of the predictions of all.
    """

    def __init__(
        self,
        gold: Mapping[str, Document],
        pred: Mapping[str, Prediction],
        asked: frozenset[str] = frozenset(SCORED),
        ids: Sequence[str] = (),
        partial: bool = False,
        as_gold: bool = False,
        omitted: Mapping[str, Spans] | None = None,
        among: tuple[frozenset[str], Parts] | None = None,
    ) -> None:
        super().__init__(
            layers=among[0] if among else layers_of(pred.values()),
            asked=asked,
            ids=ids or list(dict.fromkeys([*gold, *pred])),
            scheme=scheme_of(next(iter(gold.values()))) if gold else None,
            without_predicates=omitted is not None,
        )
        self.gold, self.pred = gold, pred
        self.omitted = omitted or {}
        self.by_sentence = len(self.ids) == 1 and among is None
        self.tally.counted = {
            document_id: counted(*self._sides(document_id), partial, as_gold)
            for document_id in self.ids
            if document_id in gold or document_id in pred
        }
        self.parts = among[1] if among else parts_of(given_in(self.predictions(), self.layers))
        self._count()

    def _count(self) -> None:
        tally = self.tally
        tally.predicted = list(self.pred)
        tally.omitted = sum(map(len, self.omitted.values()))
        with uncollected():
            for comparison in self.comparisons():
                document_id = comparison.gold.id
                is_extra, is_missing = document_id not in self.gold, document_id not in self.pred
                tally.add(comparison, self.parts, is_extra, is_missing)
        tally.labels.add(self.gold.values(), self.pred.values(), self.reported)

    def predictions(self) -> list[tuple[Prediction, frozenset[str]]]:
        """Return the predictions in order, each with the layers in which it counts."""
        counted_layers = self.tally.counted
        return [(self.pred[name], counted_layers[name]) for name in self.ids if name in self.pred]

    def resampling(self, resamples: int) -> Resampling:
        """Return resamples of the documents or, of a single document, of its sentences."""
        if not self.by_sentence:
            return super().resampling(resamples)
        gold, _ = self._sides(self.ids[0])
        units = range(-1, len(gold.sentences))  # -1 is the text before the first sentence
        return Resampling(units, bootstrap.draw(len(units), resamples), by_sentence=True)

    def comparisons(self) -> Iterator[Comparison]:
        """Yield the documents of either side, each with the alignment of its predicted layers."""
        for number, document_id in enumerate(self.ids):
            if document_id in self.gold or document_id in self.pred:
                gold, pred = self._sides(document_id)
                layers = self.layers & self.tally.counted[document_id]
                reported = self.reported & layers
                omitted = self.omitted.get(document_id, frozenset())
                yield measure.compare(
                    number, gold, pred, layers, reported, self.by_sentence, omitted
                )

    def _sides(self, document_id: str) -> tuple[Document, Prediction]:
        """The gold and the prediction of a document, each without records where it is missing."""
        gold, pred = self.gold.get(document_id), self.pred.get(document_id)
        if gold is None:
            pred = self.pred[document_id]
            return bare(pred.document), pred
        return gold, pred or Prediction(document=bare(gold), layers=self.layers)


def layers_of(predictions: Iterable[Prediction]) -> frozenset[str]:
    """Return the layers that are predicted in some documents; without any, all but `ner`."""
    layers = [prediction.layers for prediction in predictions]
    return frozenset[str]().union(*layers) if layers else frozenset(SCORED) - {"ner"}
