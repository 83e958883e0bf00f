"""Flat names: the spans of a document as 18 OntoNotes labels without overlap, and as BIO tags."""

from bisect import bisect_left

from statevisit.document.model import Document

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

TAGS = ("O", *(f"{prefix}-{label}" for label in ONTONOTES for prefix in "BI"))
"""The BIO tags of those types."""


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
    """Return one BIO tag of `TAGS` for each token of a document."""
    starts = [token.start for token in document.tokens]
    tags = ["O"] * len(starts)
    for start, end, label in flat_names(document):
        first, last = bisect_left(starts, start), bisect_left(starts, end)
        if first < last:
            tags[first] = f"B-{label}"
            tags[first + 1 : last] = [f"I-{label}"] * (last - first - 1)
    return tags
