"""Agreement on spans: Krippendorff's α_u, and γ if pygamma-agreement is installed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from msgspec import Struct, field

from statevisit.document.model import Document
from statevisit.scoring import bootstrap, spans
from statevisit.scoring.annotators import Annotators
from statevisit.scoring.coefficients import (
    Coefficient,
    Disagreement,
    alpha_u,
    disagreement_of,
    gamma,
    mean_of_defined,
    without_overlap,
)
from statevisit.scoring.figures import Resampling

MarkedSpan = tuple[int, int, str]
"""Start, end and label of a span in the text."""


class SpanCounts(Struct):
    """What is compared of the spans of a layer.

    `marked` is the number of spans of each label, `disagreements` those about the label in the
    documents where any annotator marked it, by the numbers of the documents, and `gammas` has γ of
    each of the `documents`.
    """

    layer: str
    documents: int = 0
    marked: Counter[str] = field(default_factory=Counter)
    disagreements: dict[str, dict[int, Disagreement]] = field(default_factory=dict)
    gammas: list[float | None] = field(default_factory=list)

    def add(self, by_annotator: Sequence[Sequence[MarkedSpan]], length: int) -> None:
        """Add a document with a text of `length`, whose annotators, if any, marked some spans."""
        labels = Counter(label for marked in by_annotator for *_, label in marked)
        for label in labels:
            disagreement = _disagreement(by_annotator, label, length)
            self.disagreements.setdefault(label, {})[self.documents] = disagreement
        self.marked.update(labels)
        self.documents += 1
        spans_by_name = {str(number): marked for number, marked in enumerate(by_annotator)}
        self.gammas.append(gamma(spans_by_name))

    def update(self, later: "SpanCounts") -> None:
        """Add the counts of documents that follow."""
        for label, by_document in later.disagreements.items():
            of_label = self.disagreements.setdefault(label, {})
            for number, disagreement in by_document.items():
                of_label[self.documents + number] = disagreement
        self.marked.update(later.marked)
        self.documents += later.documents
        self.gammas += later.gammas


def span_counts(annotators: Annotators) -> Iterator[SpanCounts]:
    """Yield what is compared of every span layer."""
    lengths = [max(len(documents[0].text), 1) for documents in annotators.documents]
    for layer in annotators.span_layers:
        counts = SpanCounts(layer)
        for documents, length in zip(annotators.with_layer(layer), lengths, strict=True):
            counts.add([_marked_spans(document, layer) for document in documents], length)
        yield counts


def span_agreement(compared: Iterable[SpanCounts], resampling: Resampling) -> Iterator[Coefficient]:
    """Yield α_u of every span layer and of each of its labels, and γ of every span layer."""
    for counts in compared:
        yield from _alpha_us(counts, resampling)
        value = mean_of_defined(counts.gammas)
        if value is not None:
            marked = counts.marked.total()
            yield Coefficient(counts.layer, "gamma", "spans", marked, None, value)


def _marked_spans(document: Document, layer: str) -> list[MarkedSpan]:
    """The spans of a layer that are in the text."""
    marked = []
    for record, label in zip(getattr(document, layer), spans.labels(document, layer), strict=True):
        if 0 <= record.start < record.end <= len(document.text):
            marked.append((record.start, record.end, label or spans.UNLABELLED))
    return marked


def _alpha_us(counts: SpanCounts, resampling: Resampling) -> Iterator[Coefficient]:
    """α_u of a layer, over all labels and of each.

    A document without spans of a label adds nothing to either disagreement.
    """
    labels = sorted(counts.marked)
    together: list[list[Disagreement]] = [[] for _ in range(counts.documents)]
    for label in labels:
        for number, disagreement in counts.disagreements[label].items():
            together[number].append(disagreement)
    yield _alpha_u(counts.layer, None, counts.marked.total(), together, resampling)
    for label in labels:
        of_label = counts.disagreements[label]
        alone = [[of_label[n]] if n in of_label else () for n in range(counts.documents)]
        yield _alpha_u(counts.layer, label, counts.marked[label], alone, resampling)


def _disagreement(
    by_annotator: Sequence[Sequence[MarkedSpan]], label: str, length: int
) -> Disagreement:
    """The disagreement of annotators about the spans of a label in a text of `length`."""
    spans_of_label = []
    for marked in by_annotator:
        bounds = [(start, end) for start, end, its_label in marked if its_label == label]
        spans_of_label.append(without_overlap(bounds))
    return disagreement_of(spans_of_label, length)


def _alpha_u(
    layer: str,
    label: str | None,
    count: int,
    by_document: Sequence[Sequence[Disagreement]],
    resampling: Resampling,
) -> Coefficient:
    """α_u with its interval; sentences cannot be drawn, since a span may go beyond one."""
    value = alpha_u(chain.from_iterable(by_document))
    interval = None
    if value is not None and not resampling.by_sentence:
        interval = bootstrap.interval(
            [
                alpha_u(chain.from_iterable(resample(by_document)))
                for resample in resampling.resamples
            ]
        )
    return Coefficient(layer, "alpha_u", "spans", count, label, value, interval)
