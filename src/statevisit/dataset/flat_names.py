"""Flat names: the spans of a document as 18 OntoNotes labels without overlap, and as BIO tags."""

from bisect import bisect_left
from functools import cache

from statevisit.document.model import Document
from statevisit.document.scheme import Scheme

ONTONOTES = (
    "PERSON",
    "NORP",
    "FAC",
    "ORG",
    "GPE",
    "LOC",
    "PRODUCT",
    "EVENT",
    "WORK_OF_ART",
    "LAW",
    "LANGUAGE",
    "DATE",
    "TIME",
    "PERCENT",
    "MONEY",
    "QUANTITY",
    "ORDINAL",
    "CARDINAL",
)
"""The 18 OntoNotes 5 name and value types, in the order of its documentation."""


@cache
def flat_labels(scheme: Scheme) -> tuple[str, ...]:
    """Return the labels of flat names: those of OntoNotes, then the corpus's own types.

    A type of OntoNotes is left out if the scheme has no layer or label for it.
    """
    kinds = scheme.label_names("quantities", "kind")
    known = [
        *scheme.label_names("entities", "type"),
        *(["EVENT"] if "events" in scheme.layers else []),
        *(["DATE", "TIME"] if "timexes" in scheme.layers else []),
        *("QUANTITY" if kind == "MEASURE" else kind for kind in kinds),
    ]
    of_ontonotes = [label for label in ONTONOTES if label in known]
    return tuple(dict.fromkeys([*of_ontonotes, *known]))


@cache
def layers_of_flat_names(scheme: Scheme) -> tuple[str, ...]:
    """Return the layers of a scheme whose records are flat names."""
    of_names = ("mentions", "entities", "events", "timexes", "quantities")
    return tuple(layer for layer in of_names if layer in scheme.layers)


@cache
def tags(scheme: Scheme) -> tuple[str, ...]:
    """Return the BIO tags of the flat names of a scheme: O, then B- and I- of each label."""
    return ("O", *(f"{prefix}-{label}" for label in flat_labels(scheme) for prefix in "BI"))


def _candidates(document: Document) -> list[tuple[int, int, int, str]]:
    """(start, end, rank of the layer, label) of every span that could be a flat name.

    A span whose label is not annotated yet is left out.
    """
    spans = []
    for mention in document.mentions:
        if mention.level == "NAM":
            entity = document.entity_of(mention)
            if entity is not None and entity.type is not None:
                spans.append((mention.start, mention.end, 0, entity.type))
    for event in document.events:
        if event.level == "NAM":
            spans.append((event.start, event.end, 1, "EVENT"))
    for timex in document.timexes:
        if timex.type is None:
            continue
        within_a_day = timex.type == "TIME" or (timex.value or "").startswith("PT")
        spans.append((timex.start, timex.end, 2, "TIME" if within_a_day else "DATE"))
    for quantity in document.quantities:
        if quantity.kind is not None:
            label = "QUANTITY" if quantity.kind == "MEASURE" else quantity.kind
            spans.append((quantity.start, quantity.end, 3, label))
    return spans


def flat_names(document: Document) -> list[tuple[int, int, str]]:
    """Return (start, end, OntoNotes label) of names, times and quantities, in order of the text.

    Offsets are code points. Spans do not overlap: the longest is kept, of equally long ones the
    first in the text, then by layer: mentions, events, timexes, quantities. Durations and sets of
    times below a day are TIME, the others DATE.
    """

    def preference(span: tuple[int, int, int, str]) -> tuple[int, int, int]:
        start, end, layer, _ = span
        return start - end, start, layer

    kept: list[tuple[int, int, str]] = []
    covered = bytearray(len(document.text))
    for start, end, _, label in sorted(_candidates(document), key=preference):
        if covered.find(1, start, end) < 0:
            covered[start:end] = b"\1" * (end - start)
            kept.append((start, end, label))
    return sorted(kept)


def bio_tags(document: Document) -> list[str]:
    """Return one BIO tag, one of `tags`, for each token of a document."""
    starts = [token.start for token in document.tokens]
    of_tokens = ["O"] * len(starts)
    for start, end, label in flat_names(document):
        first, last = bisect_left(starts, start), bisect_left(starts, end)
        if first < last:
            of_tokens[first] = f"B-{label}"
            of_tokens[first + 1 : last] = [f"I-{label}"] * (last - first - 1)
    return of_tokens
