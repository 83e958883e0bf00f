"""Agreement of two or more annotators: layer by layer, attribute by attribute, label by label."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations
from typing import TYPE_CHECKING

from msgspec import Struct, to_builtins

from statevisit.document.model import Document
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError
from statevisit.printable import counted
from statevisit.scoring import bootstrap, console, figures
from statevisit.scoring.annotators import AnnotatorPair, Annotators
from statevisit.scoring.attribute_agreement import attribute_agreement
from statevisit.scoring.coefficients import Coefficient, mean_of_defined
from statevisit.scoring.counts import MeasureKey
from statevisit.scoring.figures import Figure
from statevisit.scoring.prediction import SCORED, Note, Prediction, bare
from statevisit.scoring.read import Source, read_gold, read_predictions
from statevisit.scoring.score import RESAMPLES, Layers, Scored, name_of, scored_layers
from statevisit.scoring.span_agreement import span_agreement

if TYPE_CHECKING:
    from rich.table import Table

_ORDER = (
    "mentions",
    "mentions coreference",
    "timexes",
    "quantities",
    "events",
    "arguments",
    "events coreference",
    "relations",
    "event_relations",
    "quotations",
    "ner",
)
"""The layers in the order of a report."""


class Agreement(Struct, frozen=True, omit_defaults=True):
    """The result of `statevisit agree`.

    `to_dict` follows schema/report.schema.json; `find` gives one figure; `print(agreement)` shows a
    table.
    """

    annotators: list[str]
    documents: int
    unit: str
    units: int
    resamples: int
    annotated: list[str]
    not_annotated: list[str]
    coefficients: list[Coefficient]
    notes: list[Note]

    def find(self, layer: str, coefficient: str, of: str, label: str | None = None) -> Coefficient:
        """Return the figure of a layer. Raises KeyError if there is none."""
        for figure in self.coefficients:
            key = figure.layer, figure.coefficient, figure.of, figure.label
            if key == (layer, coefficient, of, label):
                return figure
        raise KeyError(f"no figure {layer} {coefficient} {of} {label or ''}".rstrip())

    def to_dict(self) -> JsonObject:
        """Return the report as plain values, in the form of schema/report.schema.json."""
        return {"kind": "agreement", **to_builtins(self)}

    def __repr__(self) -> str:
        return f"<Agreement of {', '.join(self.annotators)}: {len(self.coefficients)} figures>"

    def __str__(self) -> str:
        return console.as_text(table(self))


def table(agreement: Agreement, labels: bool = False) -> "Table":
    """Return the coefficients as a table, with `labels` those of each label, too."""
    documents = counted(agreement.documents, "document")
    title = f"{', '.join(agreement.annotators)}: {documents}"
    return console.coefficients_table(title, agreement.coefficients, labels)


def agree(*annotators: Source, layers: Layers = None, resamples: int = RESAMPLES) -> Agreement:
    """Return how far two or more annotators of the same texts agree, as an Agreement.

    Each annotator is a source as for `statevisit.score`; the first must have the texts. A layer
    counts if all annotators have it. For more than two annotators, F1 is the mean over the pairs
    (Hripcsak and Rothschild 2005), as is κ (Light 1971); α compares all at once.

    Raises FormatError for texts that differ, with the first difference.
    """
    if len(annotators) < 2:
        raise FormatError("agreement needs two annotators or more")
    documents = read_gold(annotators[0])
    passes = []
    for source in annotators:
        annotated = read_predictions(source, documents)
        passes.append(annotated)
        for document_id, prediction in annotated.items():
            documents.setdefault(document_id, prediction.document)
    notes, compared = _compare(documents, passes, scored_layers(layers), resamples)
    coefficients = [
        *_f1(compared),
        *attribute_agreement(compared),
        *span_agreement(compared),
    ]
    return Agreement(
        annotators=[
            name_of(source, f"annotator {number}").rstrip("/")
            for number, source in enumerate(annotators, 1)
        ],
        documents=len(documents),
        unit=compared.resampling.unit,
        units=compared.resampling.unit_count,
        resamples=len(compared.resampling.resamples),
        annotated=[name for name in SCORED if name in compared.layers],
        not_annotated=[name for name in SCORED if name not in compared.common | {"ner"}],
        coefficients=sorted(coefficients, key=lambda figure: _ORDER.index(figure.layer)),
        notes=notes,
    )


def _compare(
    texts: Mapping[str, Document],
    passes: Sequence[Mapping[str, Prediction]],
    asked: frozenset[str],
    resamples: int,
) -> tuple[list[Note], Annotators]:
    """The notes on all annotations, and these in pairs; `texts` has every document once."""
    annotated = [frozenset[str]().union(*(p.layers for p in by_id.values())) for by_id in passes]
    common = frozenset.intersection(*annotated)
    scored = []
    for first, second in combinations(passes, 2):
        gold = {document_id: prediction.document for document_id, prediction in first.items()}
        scored.append(Scored(gold, second, common & asked, list(texts)))
    documents = [
        [by_id[i].document if i in by_id else bare(document) for by_id in passes]
        for i, document in texts.items()
    ]
    compared = Annotators(
        documents=documents,
        pairs=[AnnotatorPair(list(pair.comparisons()), pair.table) for pair in scored],
        common=common,
        layers=common & asked,
        resampling=scored[0].resampling(resamples),
    )
    return list(dict.fromkeys(note for pair in scored for note in pair.notes)), compared


def _f1(annotators: Annotators) -> Iterator[Coefficient]:
    """The mean F1 over the pairs of every measure but those of attributes, which have κ and α."""
    by_pair = [_figures(pair) for pair in annotators.pairs]
    for key in dict.fromkeys(chain.from_iterable(by_pair)):
        of_pairs = [of_pair[key] for of_pair in by_pair if key in of_pair]
        n = round(sum(figure.gold + figure.pred for figure in of_pairs) / (2 * len(of_pairs)))
        value = mean_of_defined(figure.f1 for figure in of_pairs)
        interval = None if value is None else _f1_interval(annotators, key)
        yield Coefficient(key.layer, "F1", key.measure, n, key.label or None, value, interval)


def _figures(pair: AnnotatorPair) -> dict[MeasureKey, Figure]:
    """The micro and label figures of a pair that are not of attributes."""
    return {
        MeasureKey(figure.layer, figure.measure, figure.label or ""): figure
        for figure in figures.figures_of(pair.table)
        if figure.average != "macro" and "(" not in figure.measure
    }


def _f1_interval(annotators: Annotators, key: MeasureKey) -> tuple[float, float] | None:
    """The bootstrap interval of the mean F1 over the pairs."""
    resampling = annotators.resampling
    by_pair = [resampling.f1_values(pair.table, key) for pair in annotators.pairs]
    return bootstrap.interval([mean_of_defined(f1s) for f1s in zip(*by_pair, strict=True)])
