"""Spans beside each other: nesting, crossing, duplicates, sentence boundaries, and heads."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from statevisit.checks.registry import Context, Problems, check
from statevisit.model import SPAN_LAYERS, Document


def _stacked(records: Sequence[Any]) -> Iterator[tuple[int, int, bool]]:
    """(number, number of an earlier one, whether the two cross) for spans that overlap without being equal, in one pass."""
    if all([one.start < one.end <= other.start for one, other in pairwise(records)]):
        return
    order = sorted(range(len(records)), key=lambda i: (records[i].start, -records[i].end))
    open_: list[int] = []
    for i in order:
        span = records[i]
        while open_ and records[open_[-1]].end <= span.start:
            open_.pop()
        if open_:
            outer = records[open_[-1]]
            if (outer.start, outer.end) != (span.start, span.end):
                yield i, open_[-1], outer.end < span.end
        if not open_ or records[open_[-1]].end >= span.end:
            open_.append(i)


@check("E211")
def crossing(document: Document, context: Context) -> Problems:
    """The span crosses another one of its layer.

    One name can stand inside another (Baku in the Baku-Tbilisi-Kars railway), and one quotation
    inside another; but two that share only a part of their words are a slip in an offset, and no
    bracketed format can hold them.

    Wrong: mentions "Second Karabakh" and "Karabakh War" in "Second Karabakh War"
    Right: mentions "Second Karabakh War" and "Karabakh"
    """
    for layer in SPAN_LAYERS:
        records = getattr(document, layer)
        for i, other, crosses in _stacked(records):
            if crosses:
                yield (
                    (layer, i),
                    f"{records[i].id!r} {records[i].text!r} and {records[other].id!r} {records[other].text!r}",
                )


@check("E212")
def duplicates(document: Document, context: Context) -> Problems:
    """The record is there twice.

    Two records of one layer over the same span that say the same count everything in them twice.
    Time expressions, quantities and quotations are their span: there is one of them at a place.

    Wrong: `{"id":"m1","start":0,"end":4,"entity":"baku",…}` and `{"id":"m2","start":0,"end":4,"entity":"baku",…}`
    Right: one of the two
    """
    keys = {
        "mentions": lambda m: (m.entity, m.literal),
        "events": lambda e: e.event,
        "timexes": lambda t: None,
        "quantities": lambda q: None,
        "quotations": lambda q: None,
    }
    for layer, key in keys.items():
        records = getattr(document, layer)
        if len({r.start for r in records}) == len(records):
            continue
        seen: dict[Any, str] = {}
        for i, record in enumerate(records):
            first = seen.setdefault((record.start, record.end, key(record)), record.id)
            if first != record.id:
                yield (layer, i), f"{record.id!r} is over the same words as {first!r}"


@check("E213")
def nesting(document: Document, context: Context) -> Problems:
    """The span lies inside another one of a layer that does not nest.

    A time expression or quantity takes in everything that belongs to it, modifier, number and unit;
    a second one inside it is a part, annotated twice. Triggers of events are single tokens or whole
    names. (Mentions and quotations do nest.)

    Wrong: quantities "around $7.6 billion" and "7.6 billion"
    Right: the quantity "around $7.6 billion"
    """
    for layer in ("timexes", "quantities", "events"):
        records = getattr(document, layer)
        for i, outer, crosses in _stacked(records):
            if not crosses and not (layer == "events" and records[outer].level == "NAM"):
                yield (
                    (layer, i),
                    f"{records[i].id!r} {records[i].text!r} is inside {records[outer].id!r} {records[outer].text!r}",
                )


@check("E214")
def across_sentences(document: Document, context: Context) -> Problems:
    """The span goes beyond its sentence.

    Names, times, quantities and triggers stand in one sentence; one that goes on into the next has
    a slip in an offset, or the sentences are wrong. (Quotations may go on.)

    Wrong: a mention "Baku. The" over the end of a sentence
    Right: a mention "Baku"
    """
    begins, closes = document.bounds["sentences"]
    closes = [-1, *closes]
    for layer in SPAN_LAYERS[:-1]:
        for i, record in enumerate(getattr(document, layer)):
            close = closes[bisect_right(begins, record.start)]
            if record.start < close < record.end <= len(document.text):
                yield (layer, i), f"[{record.start}, {record.end}) and the sentence ends at {close}"


@check("W215")
def heads(document: Document, context: Context) -> Problems:
    """A nominal, pronoun or verb is more than its head token.

    NOM and PRO mentions, and triggers that are no names, are one token, the head: the extent of
    free phrases is where annotators disagree most. Words that only mean something together ("each
    other") can be right.

    Wrong: a mention of level NOM over "the two leaders"
    Right: a mention of level NOM over "leaders"
    """
    ends = document.token_ends
    for layer in ("mentions", "events"):
        for i, record in enumerate(getattr(document, layer)):
            if record.level != "NAM" and ends.get(record.start, record.end) < record.end:
                yield (layer, i), f"{record.text!r} is of level {record.level}"
