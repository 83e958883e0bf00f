"""Spans of one layer: nesting, crossing, duplicates, sentence boundaries, and heads."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import le, lt

from msgspec import Struct

from statevisit.checks.registry import Context, Problems, check, once
from statevisit.document.model import SPAN_LAYERS, Document
from statevisit.document.records import Event, Mention, SpanRecord


class _Overlap(Struct, frozen=True):
    """The numbers of two records whose spans overlap without being equal.

    The span of `inner` crosses the end of the other one, or lies inside it.
    """

    inner: int
    outer: int
    crosses: bool


def _overlaps(records: Sequence[SpanRecord]) -> Iterator[_Overlap]:
    """Yield every span that overlaps an earlier one, each with the innermost such span."""
    order = sorted(range(len(records)), key=lambda i: (records[i].start, -records[i].end))
    enclosing: list[int] = []
    for number in order:
        span = records[number]
        while enclosing and records[enclosing[-1]].end <= span.start:
            enclosing.pop()
        if enclosing:
            outer = records[enclosing[-1]]
            if (outer.start, outer.end) != (span.start, span.end):
                yield _Overlap(number, enclosing[-1], outer.end < span.end)
        if not enclosing or records[enclosing[-1]].end >= span.end:
            enclosing.append(number)


@once
def _not_apart(document: Document) -> list[str]:
    """The layers whose spans are not in order, or can be empty, equal or overlap."""
    return [
        layer
        for layer, (starts, ends) in document.span_bounds.items()
        if not (all(map(lt, starts, ends)) and all(map(le, ends, starts[1:])))
    ]


def _named(record: SpanRecord) -> str:
    return f"{record.id!r} {record.text!r}"


@check("E211")
def crossing(document: Document, context: Context) -> Problems:
    """The span crosses another one of its layer.

    A name can stand inside another (Baku in the Baku-Tbilisi-Kars railway), and so can a
    quotation. But two spans that share only some of their words have a wrong offset, and bracketed
    formats cannot hold them.

    Wrong: mentions "Second Karabakh" and "Karabakh War" in "Second Karabakh War"
    Right: mentions "Second Karabakh War" and "Karabakh"
    """
    for layer in _not_apart(document):
        records = getattr(document, layer)
        for overlap in _overlaps(records):
            if overlap.crosses:
                inner, outer = records[overlap.inner], records[overlap.outer]
                yield (layer, overlap.inner), f"{_named(inner)} and {_named(outer)}"


@check("E212")
def duplicates(document: Document, context: Context) -> Problems:
    """The record occurs twice.

    Two records of one layer with the same span and the same meaning are counted twice. At most one
    time expression, quantity or quotation has a given span.

    Wrong: `m1` and `m2`, both with `"start":0,"end":4,"entity":"baku"`
    Right: one of the two
    """
    for layer in _not_apart(document):
        records = getattr(document, layer)
        if len(set(document.span_bounds[layer][0])) == len(records):
            continue
        first_ids: dict[tuple[int, int, object], str] = {}
        for number, record in enumerate(records):
            key = (record.start, record.end, _meaning(record, document.is_done(layer)))
            first = first_ids.setdefault(key, record.id)
            if first != record.id:
                yield (layer, number), f"{record.id!r} covers the same words as {first!r}"


def _meaning(record: SpanRecord, is_done: bool) -> object:
    """The properties in which two records over one span may differ.

    What a mention or event may still get differs from that of any other: its entity or chain, and
    the literal entity of a mention until its layer is done.
    """
    if isinstance(record, Mention):
        is_known = record.entity and (record.literal or is_done)
        return (record.entity, record.literal) if is_known else record.id
    if isinstance(record, Event):
        return record.event or record.id
    return None


@check("E213")
def nesting(document: Document, context: Context) -> Problems:
    """The span lies inside another one, but its layer does not nest.

    A time expression or quantity covers all its parts, such as modifier, number and unit; another
    one inside it annotates a part twice. Triggers of events are single tokens or whole names.
    (Mentions and quotations may nest.)

    Wrong: quantities "around $7.6 billion" and "7.6 billion"
    Right: the quantity "around $7.6 billion"
    """
    for layer in _not_apart(document):
        if layer in ("mentions", "quotations"):
            continue
        records = getattr(document, layer)
        for overlap in _overlaps(records):
            inner, outer = records[overlap.inner], records[overlap.outer]
            may_be_in_name = layer == "events" and outer.level in ("NAM", None)
            if not overlap.crosses and not may_be_in_name:
                yield (layer, overlap.inner), f"{_named(inner)} is inside {_named(outer)}"


@check("E214")
def across_sentences(document: Document, context: Context) -> Problems:
    """The span goes beyond its sentence.

    Names, times, quantities and triggers stand in one sentence. If one continues in the next
    sentence, an offset is wrong, or the sentences are. (Quotations may continue.)

    Wrong: a mention "Baku. The" over the end of a sentence
    Right: a mention "Baku"
    """
    starts, ends = document.bounds["sentences"]
    end_before = [-1, *ends]  # end_before[n]: where the sentence before the start n ends
    for layer in SPAN_LAYERS:
        if layer == "quotations":
            continue
        for number, record in enumerate(getattr(document, layer)):
            end = end_before[bisect_right(starts, record.start)]
            if record.start < end < record.end <= len(document.text):
                yield (
                    (layer, number),
                    f"[{record.start}, {record.end}) and the sentence ends at {end}",
                )


@check("W216")
def inside_itself(document: Document, context: Context) -> Problems:
    """The mention lies inside another mention of the same entity.

    A part or a short form of a name is no mention of its own: whoever counts the mentions of the
    entity would count one name twice. Another entity inside a name is a mention (Baku in the
    Baku-Tbilisi-Kars railway), and so is an acronym in brackets.

    Wrong: mentions "Republic of Istria" and "Istria", both of `istria`
    Right: the mention "Republic of Istria"
    """
    mentions = [(number, m) for number, m in enumerate(document.mentions) if m.entity]
    mentions.sort(key=lambda numbered: (numbered[1].start, -numbered[1].end))
    enclosing: list[Mention] = []
    of_entity: dict[str | None, list[Mention]] = {}
    for number, mention in mentions:
        while enclosing and enclosing[-1].end < mention.end:
            of_entity[enclosing.pop().entity].pop()
        same = of_entity.setdefault(mention.entity, [])
        is_inside = bool(same) and len(same[-1].text) > len(mention.text)
        if is_inside and not _is_in_brackets(document.text, mention):
            yield ("mentions", number), f"{_named(mention)} is inside {_named(same[-1])}"
        enclosing.append(mention)
        same.append(mention)


def _is_in_brackets(text: str, span: SpanRecord) -> bool:
    before, after = text[max(0, span.start - 1) : span.start], text[span.end : span.end + 1]
    return before in ("(", "[", "（") and after in (")", "]", "）")


_NOT_DIVIDED_INTO_WORDS = {
    *("zh", "cmn", "yue", "wuu", "lzh", "ja"),
    *("th", "lo", "km", "my", "bo", "dz", "vi"),
}
"""Languages in which a token is often a part of a word.

They have no spaces between words, or, as Vietnamese, also inside them.
"""

_WITHOUT_SPACES = (
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]"
)
"""Characters of scripts without spaces: Thai, Lao, Tibetan, Burmese, Khmer, Japanese, Chinese."""


@check("W215", not_in=_NOT_DIVIDED_INTO_WORDS)
def heads(document: Document, context: Context) -> Problems:
    """A nominal, pronoun or verb is longer than its head token.

    NOM and PRO mentions, and triggers other than names, are one token, the head: annotators
    disagree most about the extent of free phrases. Words that have a meaning only together ("each
    other") can be right, and so can words in a script without spaces: a token is a part of them.

    Wrong: a mention of level NOM over "the two leaders"
    Right: a mention of level NOM over "leaders"
    """
    if "characters" in document.annotators:  # the tokenizer that makes every character a token
        return
    ends = dict(zip(*document.bounds["tokens"], strict=True))
    for layer in ("mentions", "events"):
        for number, record in enumerate(getattr(document, layer)):
            first_end = ends.get(record.start, record.end)
            is_longer = record.level not in ("NAM", None) and first_end < record.end
            if is_longer and not re.search(_WITHOUT_SPACES, record.text):
                yield (layer, number), f"{record.text!r} is of level {record.level}"
