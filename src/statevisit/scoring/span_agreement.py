"""Agreement on spans: Krippendorff's α_u, and γ if pygamma-agreement is installed."""

from collections.abc import Iterator, Sequence
from itertools import chain

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


def span_agreement(annotators: Annotators) -> Iterator[Coefficient]:
    """Yield α_u of every span layer and of each of its labels, and γ of every span layer."""
    for layer in annotators.span_layers:
        by_document = [
            [_marked_spans(document, layer) for document in documents]
            for documents in annotators.with_layer(layer)
        ]
        yield from _alpha_us(annotators, layer, by_document)
        value = mean_of_defined(
            gamma({str(number): marked for number, marked in enumerate(by_annotator)})
            for by_annotator in by_document
        )
        if value is not None:
            count = sum(len(marked) for by_annotator in by_document for marked in by_annotator)
            yield Coefficient(layer, "gamma", "spans", count, None, value)


def _marked_spans(document: Document, layer: str) -> list[MarkedSpan]:
    """The spans of a layer that are in the text."""
    marked = []
    for record, label in zip(getattr(document, layer), spans.labels(document, layer), strict=True):
        if 0 <= record.start < record.end <= len(document.text):
            marked.append((record.start, record.end, label or spans.UNLABELLED))
    return marked


def _alpha_us(
    annotators: Annotators, layer: str, by_document: Sequence[Sequence[Sequence[MarkedSpan]]]
) -> Iterator[Coefficient]:
    """α_u of a layer, over all labels and of each, given the spans by document and annotator."""
    all_labels = [
        label for by_annotator in by_document for marked in by_annotator for *_, label in marked
    ]
    lengths = [max(len(documents[0].text), 1) for documents in annotators.documents]
    of_label = {
        label: [
            _disagreement(by_annotator, label, length)
            for by_annotator, length in zip(by_document, lengths, strict=True)
        ]
        for label in sorted(set(all_labels))
    }
    resampling = annotators.resampling
    together = [list(parts) for parts in zip(*of_label.values(), strict=True)]
    yield _alpha_u(layer, None, len(all_labels), together, resampling)
    for label, disagreements in of_label.items():
        alone = [[disagreement] for disagreement in disagreements]
        yield _alpha_u(layer, label, all_labels.count(label), alone, resampling)


def _disagreement(
    by_annotator: Sequence[Sequence[MarkedSpan]], label: str, length: int
) -> Disagreement:
    """The disagreement of annotators about the spans of a label in a text of `length`.

    Without annotators there is none to expect.
    """
    if not by_annotator:
        return Disagreement(0.0, 0.0, length)
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
