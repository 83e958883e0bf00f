"""Agreement of two or more annotators: layer by layer, attribute by attribute, label by label."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations
from typing import TYPE_CHECKING

from msgspec import Struct, to_builtins

from statevisit import layout
from statevisit.document.model import Document
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError
from statevisit.printable import counted
from statevisit.scoring import bootstrap, console, figures
from statevisit.scoring.annotated import annotated
from statevisit.scoring.annotators import AnnotatorPair, Annotators
from statevisit.scoring.attribute_agreement import (
    AttributeItems,
    attribute_agreement,
    attribute_items,
)
from statevisit.scoring.coefficients import Coefficient, mean_of_defined
from statevisit.scoring.counts import CountTable, MeasureKey
from statevisit.scoring.figures import Figure, Resampling
from statevisit.scoring.of_split import included
from statevisit.scoring.origin import Origin, cited
from statevisit.scoring.predicates import Spans, predicates, without
from statevisit.scoring.prediction import SCORED, Note, Prediction
from statevisit.scoring.read import Source, read_gold, read_predictions
from statevisit.scoring.score import RESAMPLES, Layers, name_of, origin_of, scored_layers
from statevisit.scoring.scored import Scored
from statevisit.scoring.span_agreement import SpanCounts, span_agreement, span_counts

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


class NothingShared(FormatError):
    """No two of the annotators have a document in common, so that nothing can be compared."""


class PairOfAnnotators(Struct, frozen=True):
    """Two annotators, and the number of documents that both annotated."""

    annotators: tuple[str, str]
    documents: int

    def __str__(self) -> str:
        first, second = self.annotators
        if not self.documents:
            return f"{first} and {second} share no document, so they have no figure"
        return f"{first} and {second} share {counted(self.documents, 'document')}"


class Agreement(Struct, frozen=True, omit_defaults=True):
    """The result of `statevisit agree`; `origins` are those of the annotators, in their order.

    `documents` is the number of documents that two or more annotators have, `pairs` the number that
    both of each two have. `to_dict` follows schema/report.schema.json; `find` gives one figure;
    `print(agreement)` shows a table.
    """

    annotators: list[str]
    tool_version: str
    origins: list[Origin]
    documents: int
    pairs: list[PairOfAnnotators]
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
        return "".join([console.as_text(table(self)), *(f"{line}\n" for line in lines(self))])


def lines(agreement: Agreement) -> list[str]:
    """Return the lines below the table: the documents of each pair, and what to cite.

    Of two annotators the title gives the number of documents.
    """
    pairs = [str(pair) for pair in agreement.pairs] if len(agreement.annotators) > 2 else []
    sides = zip(agreement.annotators, agreement.origins, strict=True)
    return [*pairs, cited(agreement.tool_version, sides)]


def table(agreement: Agreement, labels: bool = False) -> "Table":
    """Return the coefficients as a table, with `labels` those of each label, too."""
    documents = counted(agreement.documents, "shared document")
    title = f"{', '.join(agreement.annotators)}: {documents}"
    return console.coefficients_table(title, agreement.coefficients, labels)


def agree(
    *annotators: Source,
    layers: Layers = None,
    resamples: int = RESAMPLES,
    split: str | None = None,
    partial: bool = False,
    without_predicates: bool = False,
) -> Agreement:
    """Return how far two or more annotators of the same texts agree, as an Agreement.

    Each annotator is a source as for `statevisit.score`; the first must have the texts of documents
    in part. Two annotators are compared on the documents that both have; documents that only one
    annotator has are listed, and count nowhere. A layer counts if all annotators have it, in the
    documents in which it is `done` by both; with `partial` also if it is `partial`. For more than
    two annotators, F1 is the mean over the pairs that share documents (Hripcsak and Rothschild
    2005), as is κ (Light 1971); α compares all annotators of a document at once. With `split` only
    the documents in that split of the first annotator's corpus count. `without_predicates` leaves
    out the mentions of words that one of the annotators marks as a `predicate`.

    Raises FormatError for texts that differ, with the first difference, if no two annotators share
    a document, and if the corpus has no such split.
    """
    if len(annotators) < 2:
        raise FormatError("agreement needs two annotators or more")
    names = [
        name_of(source, f"annotator {number}").rstrip("/")
        for number, source in enumerate(annotators, 1)
    ]
    passes = _read(annotators, split)
    origins = [origin_of(*side) for side in zip(annotators, passes, strict=True)]
    owners = _annotators_by_document(names, passes)
    shared_ids = [document_id for document_id, by in owners.items() if len(by) > 1]
    if not shared_ids:
        raise NothingShared(
            f"{', '.join(names)}: no two annotators share a document, so there is nothing to "
            "compare; give annotations of the same documents (by their ids)"
        )
    passes = [{i: by_id[i] for i in shared_ids if i in by_id} for by_id in passes]
    documents = [p.document for by_id in passes for p in by_id.values()]
    asked, of_scheme = scored_layers(layers, documents), scored_layers(None, documents)
    omitted = predicates(documents) if without_predicates else None
    comparison, resampling = _compare(shared_ids, passes, asked, resamples, partial, omitted)
    return agreement_of(
        names,
        origins,
        owners,
        _pairs(names, passes),
        comparison,
        resampling,
        of_scheme,
    )


class Comparison(Struct):
    """What the figures are computed from, without the documents.

    `common` are the layers that all annotators have, `layers` those of them that are asked for;
    `tables` are the counts of each pair of annotators who share documents.
    """

    common: frozenset[str]
    layers: frozenset[str]
    tables: list[CountTable]
    attributes: list[AttributeItems]
    spans: list[SpanCounts]
    notes: list[Note] = []


def agreement_of(
    names: list[str],
    origins: list[Origin],
    owners: Mapping[str, Sequence[str]],
    pairs: list[PairOfAnnotators],
    compared: Comparison,
    resampling: Resampling,
    of_scheme: frozenset[str],
) -> Agreement:
    """Return the agreement of annotators.

    `owners` are the names of those who annotated each document, by its id, and `of_scheme` the
    layers of the scheme.
    """
    coefficients = [
        *_f1(compared.tables, resampling),
        *attribute_agreement(compared.attributes, resampling.resamples),
        *span_agreement(compared.spans, resampling),
    ]
    return Agreement(
        annotators=names,
        tool_version=layout.version(),
        origins=origins,
        documents=sum(len(by) > 1 for by in owners.values()),
        pairs=pairs,
        unit=resampling.unit,
        units=resampling.unit_count,
        resamples=len(resampling.resamples),
        annotated=[name for name in SCORED if name in compared.layers],
        not_annotated=[n for n in SCORED if n in of_scheme - compared.common - {"ner"}],
        coefficients=sorted(coefficients, key=lambda figure: _ORDER.index(figure.layer)),
        notes=[*_notes_on_single(owners), *compared.notes],
    )


def _notes_on_single(owners: Mapping[str, Sequence[str]]) -> Iterator[Note]:
    """A note on each document that only one annotator has."""
    for document_id, by in owners.items():
        if len(by) == 1:
            yield Note("alone", document_id, f"annotated by {by[0]} only, so it is not compared")


def _read(annotators: Sequence[Source], split: str | None) -> list[dict[str, Prediction]]:
    """The documents of each annotator by id; those in part take the text from earlier ones."""
    is_included = included(annotators[0], split)
    texts = read_gold(annotators[0])
    passes = []
    for source in annotators:
        annotated = read_predictions(source, texts)
        passes.append(annotated)
        for document_id, prediction in annotated.items():
            texts.setdefault(document_id, prediction.document)
    if split is None:
        return passes
    return [{i: p for i, p in by_id.items() if is_included(p.document)} for by_id in passes]


def _pairs(
    names: Sequence[str], passes: Sequence[Mapping[str, Prediction]]
) -> list[PairOfAnnotators]:
    of_names, of_passes = combinations(names, 2), combinations(passes, 2)
    return [
        PairOfAnnotators(pair, len(first.keys() & second.keys()))
        for pair, (first, second) in zip(of_names, of_passes, strict=True)
    ]


def _annotators_by_document(
    names: Sequence[str], passes: Sequence[Mapping[str, Prediction]]
) -> dict[str, list[str]]:
    """The names of the annotators of each document by its id."""
    owners: dict[str, list[str]] = {}
    for name, by_id in zip(names, passes, strict=True):
        for document_id in by_id:
            owners.setdefault(document_id, []).append(name)
    return owners


def _compare(
    ids: Sequence[str],
    passes: Sequence[Mapping[str, Prediction]],
    asked: frozenset[str],
    resamples: int,
    partial: bool,
    omitted: Mapping[str, Spans] | None,
) -> tuple[Comparison, Resampling]:
    """Compare annotators, each id of two of them or more, and draw resamples.

    An annotator who shares no document, and a pair that shares none, is left out. So are the
    mentions with the bounds in `omitted`.
    """
    of_annotators = [annotated_layers(by_id.values(), partial) for by_id in passes if by_id]
    common = frozenset.intersection(*of_annotators)
    scored = []
    for first, second in combinations(passes, 2):
        gold, pred = of_both(ids, first, second)
        if gold:
            scored.append(Scored(gold, pred, common & asked, ids, partial, True, omitted))
    resampling = scored[0].resampling(resamples)
    compared = comparison_of(ids, passes, scored, common, asked, partial, omitted)
    compared.notes = list(dict.fromkeys(note for pair in scored for note in pair.notes))
    return compared, resampling


def annotated_layers(predictions: Iterable[Prediction], partial: bool) -> frozenset[str]:
    """Return the layers that an annotator has in one document or more."""
    return frozenset[str]().union(*(p.layers & annotated(p.document, partial) for p in predictions))


def of_both(
    ids: Iterable[str], first: Mapping[str, Prediction], second: Mapping[str, Prediction]
) -> tuple[dict[str, Document], dict[str, Prediction]]:
    """Return the documents that two annotators have: the first's as gold, and the second's."""
    shared = [document_id for document_id in ids if document_id in first.keys() & second]
    gold = {document_id: first[document_id].document for document_id in shared}
    return gold, {document_id: second[document_id] for document_id in shared}


def comparison_of(
    ids: Sequence[str],
    passes: Sequence[Mapping[str, Prediction]],
    scored: Sequence[Scored],
    common: frozenset[str],
    asked: frozenset[str],
    partial: bool,
    omitted: Mapping[str, Spans] | None,
) -> Comparison:
    """Return what the figures of some documents are computed from; `scored` are the pairs."""
    by_sentence = scored[0].by_sentence
    annotators = Annotators(
        documents=[
            [
                without(by_id[name].document, (omitted or {}).get(name, frozenset()))
                for by_id in passes
                if name in by_id
            ]
            for name in ids
        ],
        pairs=[AnnotatorPair(list(pair.comparisons()), pair.table) for pair in scored],
        common=common,
        layers=common & asked,
        units=scored[0].resampling(0).units,
        by_sentence=by_sentence,
        partial=partial,
    )
    return Comparison(
        common,
        annotators.layers,
        [pair.table for pair in scored],
        list(attribute_items(annotators)),
        list(span_counts(annotators)),
    )


def _f1(tables: Sequence[CountTable], resampling: Resampling) -> Iterator[Coefficient]:
    """The mean F1 over the pairs of every measure but those of attributes, which have κ and α."""
    by_pair = [_figures(table) for table in tables]
    for key in dict.fromkeys(chain.from_iterable(by_pair)):
        of_pairs = [of_pair[key] for of_pair in by_pair if key in of_pair]
        n = round(sum(figure.gold + figure.pred for figure in of_pairs) / (2 * len(of_pairs)))
        value = mean_of_defined(figure.f1 for figure in of_pairs)
        interval = None
        if value is not None:
            resampled = [resampling.f1_values(table, key) for table in tables]
            f1s = [mean_of_defined(values) for values in zip(*resampled, strict=True)]
            interval = bootstrap.interval(f1s)
        yield Coefficient(key.layer, "F1", key.measure, n, key.label or None, value, interval)


def _figures(table: CountTable) -> dict[MeasureKey, Figure]:
    """The micro and label figures of a pair that are not of attributes."""
    return {
        MeasureKey(figure.layer, figure.measure, figure.label or ""): figure
        for figure in figures.figures_of(table)
        if figure.average != "macro" and "(" not in figure.measure
    }
