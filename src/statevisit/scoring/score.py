"""Score predictions: read them and the gold, count document by document, and report."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from statevisit import layout
from statevisit.corpus.garbage import uncollected
from statevisit.dataset.flat_names import flat_labels
from statevisit.document.model import Document
from statevisit.document.scheme import scheme_of
from statevisit.errors import FormatError
from statevisit.scoring import bootstrap, figures, measure, read, spans
from statevisit.scoring.annotated import begun, counted, notes_on_states, notes_on_unbegun
from statevisit.scoring.counts import CountTable
from statevisit.scoring.figures import Resampling
from statevisit.scoring.label_sets import compare_labels
from statevisit.scoring.measure import Comparison
from statevisit.scoring.of_split import included, part_of
from statevisit.scoring.origin import Origin, origin
from statevisit.scoring.parts import parts_of
from statevisit.scoring.predicates import Spans, note, predicates
from statevisit.scoring.prediction import (
    ALL,
    SCORED,
    Note,
    Prediction,
    Remarks,
    add_remarks,
    bare,
    notes_of,
)
from statevisit.scoring.read import Source
from statevisit.scoring.report import Report, label_pairs
from statevisit.scoring.routing import LabelMapping

RESAMPLES = 1000
"""The default number of bootstrap resamples."""

Layers = str | Iterable[str] | None
"""The name of a layer, several of them, or None for all."""


class Scored:
    """The counts of one prediction against gold, and the alignments behind them.

    - `layers`: the layers that were predicted;
    - `asked`: the layers that the report may have;
    - `reported`: the layers that are both. The others can be needed for these: without mentions,
      relations cannot be scored;
    - `counted`: the layers in which each document counts, by its id: see `annotated.counted`, also
      for `partial` and `as_gold`;
    - `omitted`: the bounds of the mentions that do not count in each document, by its id;
    - `parts`: the parts of layers that records lack;
    - `ids`: the documents in the order of their units, by default those of the gold and then those
      that were only predicted. Scores that are resampled together need the same ids.
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
    ) -> None:
        self.gold, self.pred = gold, pred
        self.omitted = omitted or {}
        self.asked = asked
        self.layers = frozenset(SCORED) - {"ner"}
        if pred:
            self.layers = frozenset[str]().union(*(p.layers for p in pred.values()))
        self.reported = self.layers & asked
        self.ids = ids or list(dict.fromkeys([*gold, *pred]))
        self.counted = {
            document_id: counted(*self._sides(document_id), partial, as_gold)
            for document_id in self.ids
            if document_id in gold or document_id in pred
        }
        counted_predictions = [
            (pred[name], self.counted[name]) for name in self.ids if name in pred
        ]
        self.parts = parts_of(counted_predictions, self.layers)
        self.by_sentence = len(self.ids) == 1
        self.table = CountTable()
        self.confusion: dict[str, Counter[tuple[str, str]]] = {}
        self.notes: list[Note] = []
        self._remarks = Remarks()
        with uncollected():
            for comparison in self.comparisons():
                self._count(comparison)
        self.notes += compare_labels(gold, pred, self.reported)
        self.notes += [*self._remarks.notes(), *self._notes_on_labels()]
        self.notes += notes_on_states(self.counted, self.reported)
        if omitted is not None and "mentions" in self.reported:
            self.notes.append(note(omitted))

    @property
    def not_annotated(self) -> frozenset[str]:
        """The reported layers in which no document counts."""
        return self.reported.difference(*self.counted.values())

    def resampling(self, resamples: int) -> Resampling:
        """Return resamples of the documents or, of a single document, of its sentences."""
        units = range(len(self.ids))
        if self.by_sentence:
            gold, _ = self._sides(self.ids[0])
            units = range(-1, len(gold.sentences))  # -1 is the text before the first sentence
        return Resampling(units, bootstrap.draw(len(units), resamples), self.by_sentence)

    def comparisons(self) -> Iterator[Comparison]:
        """Yield the documents of either side, each with the alignment of its predicted layers."""
        for number, document_id in enumerate(self.ids):
            if document_id in self.gold or document_id in self.pred:
                gold, pred = self._sides(document_id)
                layers = self.layers & self.counted[document_id]
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

    def _count(self, comparison: Comparison) -> None:
        gold, pred = comparison.gold, comparison.pred
        if gold.id not in self.gold:
            message = "predicted, but not in gold; everything in it is spurious"
            self.notes.append(Note("extra", gold.id, message))
        elif gold.id not in self.pred:
            message = "in gold, but not predicted; everything in it is missed"
            self.notes.append(Note("missing", gold.id, message))
        if pred.document is not gold:
            self.notes += notes_of(gold, pred, comparison.layers & pred.layers)
            add_remarks(self._remarks, pred, comparison.layers & pred.layers)
        measure.count(self.table, comparison, self.parts)
        for layer, aligned in comparison.reported_alignments.items():
            if spans.LABEL.get(layer) not in self.parts.absent(layer):
                self.confusion.setdefault(layer, Counter()).update(spans.confusion(aligned))

    def _notes_on_labels(self) -> list[Note]:
        """A note on the labels of BIO that the scheme has and no name of the gold, with numbers."""
        if "mentions" in self.layers:  # a list of spans: the labels are noted by layer
            return []
        label_pairs = self.confusion.get("ner", Counter())
        of_gold = {gold for gold, _ in label_pairs}
        known = {label for d in self.gold.values() for label in flat_labels(scheme_of(d))}
        foreign = Counter[str]()
        for (_, label), count in label_pairs.items():
            if label in known and label not in of_gold:
                foreign[label] += count
        if not foreign:
            return []
        labels = ", ".join(f"{label} ({count:,})" for label, count in foreign.most_common(20))
        more = f" and {len(foreign) - 20} more" if len(foreign) > 20 else ""
        document = self.ids[0] if len(self.ids) == 1 else ALL
        message = f"labels that the gold does not have: {labels}{more}"
        return [Note("label", document, message)]


def score(
    gold: Source,
    pred: Source,
    *,
    compare: Source | None = None,
    layers: Layers = None,
    resamples: int = RESAMPLES,
    partial: bool = False,
    without_predicates: bool = False,
    mapping: LabelMapping = None,
) -> Report:
    """Return all measures of a prediction against gold, as a Report.

    `gold` and `pred`: paths (documents, directories, JSONL, Parquet; `pred` also drafts in quote
    notation, CoNLL BIO and spaCy's DocBin), a Corpus, documents, JSON objects, or several of these.
    `pred` can be what a tagger gives, too: documents of spaCy or LangExtract, or the lists of spans
    of Hugging Face and GLiNER. These are matched to the gold by id, by text, or by their order.
    Layers that `pred` lacks, and labels, values and links that its records lack, are reported as
    not predicted. `compare` is a second system: a paired bootstrap tests the difference. `layers`
    limits the scored layers; `resamples` is the number of bootstrap resamples, 0 for no intervals.
    `mapping` has a label of the gold for each label of the systems: the path of a mapping file, or
    a dict such as {"PER": "PERSON"}. A label of another layer moves a span to that layer.

    A layer of a gold document counts if its state is `done`; with `partial` also if it is
    `partial`, and what is not annotated yet then counts against precision. `without_predicates`
    leaves the mentions that the gold marks as `predicate`, and predicted ones of the same words,
    out of mentions, their coreference and the pairing of entities, as OntoNotes has it.

    Raises FormatError for input that cannot be read and for a text that is not the gold's.
    """
    return evaluate(
        gold,
        pred,
        compare,
        layers,
        resamples,
        partial=partial,
        without_predicates=without_predicates,
        mapping=mapping,
    )[0]


def evaluate(
    gold: Source,
    pred: Source,
    compare: Source | None,
    layers: Layers,
    resamples: int,
    split: str | None = None,
    partial: bool = False,
    without_predicates: bool = False,
    mapping: LabelMapping = None,
) -> tuple[Report, Scored]:
    """Return the report of `score`, and the counts and alignments behind it.

    With `split` only the documents of that split count. A CoNLL file that names no documents has
    those of the split, in order. Raises FormatError if the corpus of the gold has no such split.
    """
    whole_gold = read.read_gold(gold)
    of_split = part_of(whole_gold, included(gold, split))
    asked = scored_layers(layers, of_split.values())
    gold_documents = begun(of_split, asked, partial)

    systems = _Systems(whole_gold, of_split, gold_documents, mapping)
    predictions = systems.read(pred)
    _require_gold(name_of(pred, "prediction"), predictions, gold_documents)
    omitted = predicates(gold_documents.values()) if without_predicates else None
    scored = Scored(gold_documents, predictions, asked, partial=partial, omitted=omitted)
    resampling = scored.resampling(resamples)
    other_name = other_origin = comparison = None
    if compare is not None:
        other_name = name_of(compare, "the other prediction")
        other = _scored_alike(scored, systems.read(compare), other_name, partial)
        other_origin = origin_of(compare, other.pred)
        comparison = figures.differences(scored.table, other.table, resampling)
    report = Report(
        gold=name_of(gold, "gold") + (f", split {split}" if split else ""),
        pred=name_of(pred, "prediction"),
        tool_version=layout.version(),
        gold_origin=origin(read.files_of(gold), gold_documents.values()),
        pred_origin=origin_of(pred, predictions),
        documents=len(scored.ids),
        unit=resampling.unit,
        units=resampling.unit_count,
        resamples=len(resampling.resamples),
        predicted=[name for name in SCORED if name in scored.reported],
        not_annotated=[name for name in SCORED if name in scored.not_annotated],
        parts=scored.parts.reported(scored.reported, gold_documents.values()),
        not_predicted=[name for name in SCORED if name in asked - scored.layers - {"ner"}],
        figures=figures.with_intervals(figures.figures_of(scored.table), scored.table, resampling),
        confusion=label_pairs(scored.confusion),
        notes=[*systems.notes, *notes_on_unbegun(of_split, gold_documents), *scored.notes],
        other=other_name,
        other_origin=other_origin,
        comparison=comparison,
    )
    return report, scored


class _Systems:
    """Reads the predictions of systems but those of gold documents that do not count.

    `notes` say how they were matched to the gold.
    """

    def __init__(
        self,
        whole_gold: Mapping[str, Document],
        of_split: Mapping[str, Document],
        gold: Mapping[str, Document],
        mapping: LabelMapping,
    ) -> None:
        self.notes: list[Note] = []
        self._documents = {**gold, **whole_gold}
        self._orders = [[*whole_gold], [*of_split], [*gold]]
        self._outside = whole_gold.keys() - gold
        self._mapping = mapping

    def read(self, source: Source) -> dict[str, Prediction]:
        """Return the predictions of a system by document id."""
        predictions = read.read_predictions(
            source, self._documents, self._mapping, self._orders, self.notes
        )
        return {name: p for name, p in predictions.items() if name not in self._outside}


def _scored_alike(
    scored: Scored, predictions: Mapping[str, Prediction], name: str, partial: bool
) -> Scored:
    """The counts of a second system on the same documents. Raises FormatError for others."""
    _require_gold(name, predictions, scored.gold)
    _require_same_documents(scored.ids, [*scored.gold, *predictions], name)
    return Scored(
        scored.gold, predictions, scored.asked, scored.ids, partial, omitted=scored.omitted
    )


def scored_layers(layers: Layers, documents: Iterable[Document]) -> frozenset[str]:
    """Return the layers to score; without any, all that the scheme of some documents has.

    Raises FormatError for a layer that the scheme lacks.
    """
    of_scheme = {layer for document in documents for layer in scheme_of(document).annotated}
    known = [layer for layer in SCORED if layer in of_scheme or layer == "ner"]
    asked = frozenset([layers] if isinstance(layers, str) else layers or ())
    unknown = asked.difference(known)
    if unknown:
        names = ", ".join(sorted(map(str, unknown)))
        raise FormatError(f"unknown layer: {names}; choose from {', '.join(known)}")
    return asked or frozenset(known)


def name_of(source: Source, otherwise: str) -> str:
    """Return the name of a source in a report: its path or id, if it has one."""
    if isinstance(source, str | Path):
        return str(source)
    return source.id if isinstance(source, Document) else otherwise


def origin_of(source: Source, predictions: Mapping[str, Prediction]) -> Origin:
    """Return the origin of predictions; their content has a hash if all are whole documents."""
    files = read.files_of(source)
    is_whole = all(prediction.is_whole for prediction in predictions.values())
    documents = [p.document for p in predictions.values()] if files and is_whole else []
    return origin(files, documents)


def _require_gold(name: str, predicted: Iterable[str], gold: Mapping[str, Document]) -> None:
    """Raise FormatError if documents are predicted, and none of them is a gold document."""
    ids = list(predicted)
    if ids and gold.keys().isdisjoint(ids):
        raise FormatError(
            f"{name}: predicts {_some(ids)}, and the gold has {_some(list(gold))}: no document is"
            " on both sides; give the predictions the ids of the gold"
        )


def _some(ids: Sequence[str]) -> str:
    """The first ids of a list, with the number of the others."""
    shown = ", ".join(map(repr, ids[:3]))
    return f"{shown} and {len(ids) - 3:,} more" if len(ids) > 3 else shown


def _require_same_documents(ids: Iterable[str], others: Iterable[str], other_name: str) -> None:
    """Raise FormatError if only one of two systems has a document that the gold lacks."""
    odd = sorted({*ids} ^ {*others})
    if odd:
        raise FormatError(
            f"{other_name}: only one of the two systems has {', '.join(odd[:5])},"
            " which is not in gold; remove it to compare them"
        )
