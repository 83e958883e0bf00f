"""Score predictions: read them and the gold, count document by document, and report."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from statevisit import layout
from statevisit.document.model import Document
from statevisit.document.scheme import scheme_of
from statevisit.errors import FormatError
from statevisit.scoring import figures, read
from statevisit.scoring.annotated import begun, notes_on_unbegun
from statevisit.scoring.figures import Resampling
from statevisit.scoring.of_split import included, part_of
from statevisit.scoring.origin import Origin, origin
from statevisit.scoring.predicates import predicates
from statevisit.scoring.prediction import SCORED, Note, Prediction
from statevisit.scoring.read import Source
from statevisit.scoring.report import Report, label_pairs
from statevisit.scoring.routing import LabelMapping
from statevisit.scoring.scored import Scored, Totals

RESAMPLES = 1000
"""The default number of bootstrap resamples."""

Layers = str | Iterable[str] | None
"""The name of a layer, several of them, or None for all."""


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
    sides = Sides(
        gold=name_of(gold, "gold") + (f", split {split}" if split else ""),
        pred=name_of(pred, "prediction"),
        gold_origin=origin(read.files_of(gold), gold_documents.values()),
        pred_origin=origin_of(pred, predictions),
    )
    in_gold = scored.parts.in_gold(scored.reported, gold_documents.values())
    notes = [*systems.notes, *notes_on_unbegun(of_split, gold_documents)]
    report = report_of(scored, sides, resampling, in_gold, notes)
    report = replace(report, other=other_name, other_origin=other_origin, comparison=comparison)
    return report, scored


class Sides(Struct, frozen=True):
    """The names of the gold and the prediction in a report, and where they come from."""

    gold: str
    pred: str
    gold_origin: Origin
    pred_origin: Origin


def report_of(
    scored: Totals,
    sides: Sides,
    resampling: Resampling,
    in_gold: Mapping[tuple[str, str], int],
    notes: Iterable[Note],
) -> Report:
    """Return a report of one system.

    `in_gold` counts the parts of gold records; see `Parts.in_gold`. `notes` are those about what
    was read, and precede the others.
    """
    of_figures = figures.figures_of(scored.table)
    return Report(
        gold=sides.gold,
        pred=sides.pred,
        tool_version=layout.version(),
        gold_origin=sides.gold_origin,
        pred_origin=sides.pred_origin,
        documents=len(scored.ids),
        unit=resampling.unit,
        units=resampling.unit_count,
        resamples=len(resampling.resamples),
        predicted=[name for name in SCORED if name in scored.reported],
        not_annotated=[name for name in SCORED if name in scored.not_annotated],
        parts=scored.parts.reported(scored.reported, in_gold),
        not_predicted=[name for name in SCORED if name in scored.asked - scored.layers - {"ner"}],
        figures=figures.with_intervals(of_figures, scored.table, resampling),
        confusion=label_pairs(scored.tally.confusion),
        notes=[*notes, *scored.notes],
    )


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
    return asked_layers(layers, {x for d in documents for x in scheme_of(d).annotated})


def asked_layers(layers: Layers, of_scheme: Collection[str]) -> frozenset[str]:
    """Return the layers to score, given those of the scheme; raises what `scored_layers` raises."""
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
