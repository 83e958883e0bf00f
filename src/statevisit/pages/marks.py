"""The text of a document in pieces, each with the spans over it and where to draw them.

A span is drawn as a line below its words. Spans that overlap have lines at different depths, which
stay the same over all words of a span, so that each can be followed.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice, pairwise

from msgspec import Struct

from statevisit.document.model import Document

LAYERS = ("mentions", "timexes", "quantities", "events", "quotations")
"""The layers whose spans are drawn, in the order of their switches."""

DEEPEST = 7
"""The depth of the last line; spans that lie over more than seven others share it."""

MOST = 24
"""The spans over a piece that begin before it: of more, the last to begin are named."""


class Mark(Struct, frozen=True):
    """A span over a piece: its record's id and layer, its depth from 0, whether it begins here."""

    id: str
    layer: str
    depth: int
    begins: bool


class Piece(Struct, frozen=True):
    """A piece of text in which no span begins or ends; `marks` are the spans over it, outer first.

    `start` is its first code point in the document's text. The spans that begin with the piece are
    all in `marks`, of the others at most MOST.
    """

    start: int
    text: str
    marks: list[Mark]


class Paragraph(Struct, frozen=True):
    """A paragraph: its number from 0, and its pieces."""

    number: int
    pieces: list[Piece]


class _Span(Struct, frozen=True):
    id: str
    layer: str
    start: int
    end: int


def paragraphs(document: Document) -> list[Paragraph]:
    """Return the text of a document, in paragraphs, without the white space between them."""
    spans = _spans(document)
    depths = _depths(spans)
    pieces = list(_pieces(document, spans, depths))
    result = []
    position = 0
    for number, (start, end) in enumerate(_bounds_of_paragraphs(document)):
        while position < len(pieces) and pieces[position].start < start:
            position += 1
        first = position
        while position < len(pieces) and pieces[position].start < end:
            position += 1
        result.append(Paragraph(number, pieces[first:position]))
    return result


def _spans(document: Document) -> list[_Span]:
    """The spans to draw, enclosing ones first; those outside the text are left out."""
    spans = [
        _Span(record.id, layer, record.start, record.end)
        for layer in LAYERS
        for record in getattr(document, layer)
        if 0 <= record.start < record.end <= len(document.text)
    ]
    return sorted(spans, key=lambda span: (span.start, -span.end))


def _depths(spans: list[_Span]) -> dict[str, int]:
    """The depth of each span: short ones lie close to the words, those around them below."""
    depths: dict[str, int] = {}
    by_length = sorted(spans, key=lambda span: (span.end - span.start, span.start))
    lines: list[_Line] = []
    for span in by_length:
        depth = next((n for n, line in enumerate(lines) if line.is_free(span)), len(lines))
        depths[span.id] = min(depth, DEEPEST)
        if depth >= DEEPEST:
            continue
        if depth == len(lines):
            lines.append(_Line())
        lines[depth].add(span)
    return depths


class _Line:
    """The spans at one depth, found by blocks of text, since most are short."""

    BLOCK = 64

    def __init__(self) -> None:
        self._blocks: dict[int, list[_Span]] = defaultdict(list)

    def is_free(self, span: _Span) -> bool:
        return not any(
            other.start < span.end and span.start < other.end
            for block in self._of(span)
            for other in self._blocks.get(block, ())
        )

    def add(self, span: _Span) -> None:
        for block in self._of(span):
            self._blocks[block].append(span)

    def _of(self, span: _Span) -> range:
        return range(span.start // self.BLOCK, (span.end - 1) // self.BLOCK + 1)


def _pieces(document: Document, spans: list[_Span], depths: dict[str, int]) -> Iterator[Piece]:
    """Yield the text, cut where a span or a paragraph begins or ends."""
    bounds = {0, len(document.text)}
    for span in spans:
        bounds |= {span.start, span.end}
    for paragraph in _bounds_of_paragraphs(document):
        bounds.update(paragraph)
    open_spans = _OpenSpans()
    position = 0
    for start, end in pairwise(sorted(bounds)):
        over = open_spans.last(start)
        while position < len(spans) and spans[position].start <= start:
            open_spans.add(spans[position])
            over.append(spans[position])
            position += 1
        over.sort(key=lambda span: -depths[span.id])
        marks = [
            Mark(span.id, span.layer, depths[span.id], begins=span.start == start) for span in over
        ]
        yield Piece(start, document.text[start:end], marks)


class _OpenSpans:
    """The spans over a place, in the order of their beginnings.

    Those that have ended are removed when the list has doubled, so that no place costs time for all
    spans before it.
    """

    def __init__(self) -> None:
        self._spans: list[_Span] = []
        self._limit = 4 * MOST

    def add(self, span: _Span) -> None:
        """Add a span that begins after all others, or inside them."""
        self._spans.append(span)

    def last(self, place: int) -> list[_Span]:
        """Return the last MOST of the spans that have not ended at a place, in order."""
        while self._spans and self._spans[-1].end <= place:
            self._spans.pop()
        if len(self._spans) > self._limit:
            self._spans = [span for span in self._spans if span.end > place]
            self._limit = 2 * len(self._spans) + 4 * MOST
        last = islice((span for span in reversed(self._spans) if span.end > place), MOST)
        return list(last)[::-1]


def _bounds_of_paragraphs(document: Document) -> list[tuple[int, int]]:
    """The first and last offsets of each paragraph; the whole text without sentences.

    They have all of the text but white space; what is in no sentence is at the end of a paragraph.
    """
    if "sentences" not in document.orderly or not document.sentences:
        return [(0, len(document.text))]
    first = {sentence.paragraph: sentence.start for sentence in reversed(document.sentences)}
    bounds = []
    for start, end in pairwise([0, *sorted(first.values())[1:], len(document.text)]):
        words = document.text[start:end]
        inside = words.strip()
        if inside:
            start += words.index(inside)
            bounds.append((start, start + len(inside)))
    return bounds
