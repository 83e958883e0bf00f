"""Flat names: the spans of a document as 18 OntoNotes labels without overlap, and as BIO tags."""

from bisect import bisect_left
from functools import cache
from typing import NamedTuple

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


class FlatRecord(NamedTuple):
    """A record that is a flat name: its span in code points, the OntoNotes label, and its id."""

    start: int
    end: int
    label: str
    id: str


def _candidates(document: Document) -> list[FlatRecord]:
    """Every record that could be a flat name, layer by layer.

    A span whose label is not annotated yet is left out.
    """
    spans = []
    for mention in document.mentions:
        if mention.level == "NAM":
            entity = document.entity_of(mention)
            if entity is not None and entity.type is not None:
                spans.append(FlatRecord(mention.start, mention.end, entity.type, mention.id))
    for event in document.events:
        if event.level == "NAM":
            spans.append(FlatRecord(event.start, event.end, "EVENT", event.id))
    for timex in document.timexes:
        if timex.type is None:
            continue
        within_a_day = timex.type == "TIME" or (timex.value or "").startswith("PT")
        label = "TIME" if within_a_day else "DATE"
        spans.append(FlatRecord(timex.start, timex.end, label, timex.id))
    for quantity in document.quantities:
        if quantity.kind is not None:
            label = "QUANTITY" if quantity.kind == "MEASURE" else quantity.kind
            spans.append(FlatRecord(quantity.start, quantity.end, label, quantity.id))
    return spans


def flat_records(document: Document) -> list[FlatRecord]:
    """Return the names, times and quantities of a document without overlap, in order of the text.

    The longest is kept, of equally long ones the first in the text, then by layer: mentions,
    events, timexes, quantities. Durations and sets of times below a day are TIME, the others DATE.
    """
    kept: list[FlatRecord] = []
    covered = bytearray(len(document.text))
    for record in sorted(_candidates(document), key=lambda r: (r.start - r.end, r.start)):
        if covered.find(1, record.start, record.end) < 0:
            covered[record.start : record.end] = b"\1" * (record.end - record.start)
            kept.append(record)
    return sorted(kept)


def flat_names(document: Document) -> list[tuple[int, int, str]]:
    """Return (start, end, OntoNotes label) of the flat records of a document."""
    return [(start, end, label) for start, end, label, _ in flat_records(document)]


def bio_tags(document: Document) -> list[str]:
    """Return one BIO tag, one of `tags`, for each token of a document."""
    starts, _ = document.bounds["tokens"]
    of_tokens = ["O"] * len(starts)
    last = 0
    for start, end, label in flat_names(document):
        first = bisect_left(starts, start, last)
        last = bisect_left(starts, end, first)
        if first < last:
            of_tokens[first] = f"B-{label}"
            for number in range(first + 1, last):
                of_tokens[number] = f"I-{label}"
    return of_tokens
