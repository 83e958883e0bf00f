"""A document to look at in a terminal: its text with styled spans."""

from collections.abc import Iterator
from functools import cache
from heapq import heappop, heappush
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from statevisit.document.model import Document
from statevisit.document.records import Event, Mention, Quantity, SpanRecord, Timex
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.printable import visible

if TYPE_CHECKING:
    from rich.style import Style
    from rich.text import Text

_GREY = "#adb5bd"
"""The colour of labels that the schema does not know."""

UNKNOWN = "?"
"""Stands for a property that a record does not have yet."""

_LAYERS = ("mentions", "timexes", "quantities", "events")
"""The layers whose spans are shown."""

_DEEPEST = 8
"""The spans inside each other that are all shown; the colours of more cover each other."""


class Highlight(Struct, frozen=True):
    """A span to show: offsets in code points, its label and colour."""

    start: int
    end: int
    layer: str
    label: str
    color: str


def highlights(document: Document) -> list[Highlight]:
    """Return the mentions, times, quantities and events of a document, enclosing spans first.

    A label that the schema does not know, or a mention of an unknown entity, is grey: documents can
    be looked at while someone works on them.
    """
    scheme = scheme_of(document)
    spans = [_of_mention(document, mention) for mention in document.mentions]
    spans += [_of_timex(timex, scheme) for timex in document.timexes]
    spans += [_of_quantity(quantity, scheme) for quantity in document.quantities]
    spans += [_of_event(event, scheme) for event in document.events]
    return sorted(spans, key=lambda span: (span.start, -span.end))


def _of_mention(document: Document, mention: Mention) -> Highlight:
    label = UNKNOWN
    if mention.entity is not None and document.layer_by_id.get(mention.entity) == "entities":
        label = document[mention.entity].type or UNKNOWN
    color = _color(scheme_of(document), "entities", "type", label)
    return _highlight(mention, "mentions", label, color)


def _of_timex(timex: Timex, scheme: Scheme) -> Highlight:
    label = timex.type or UNKNOWN
    return _highlight(timex, "timexes", label, _color(scheme, "timexes", "type", label))


def amount_of(quantity: Quantity) -> str:
    """Return the value of a quantity, or its bounds, in short; "?" for what it does not have."""
    if quantity.value or not (quantity.lower or quantity.upper):
        return quantity.value or UNKNOWN
    return f"{quantity.lower or UNKNOWN}–{quantity.upper or UNKNOWN}"


def _of_quantity(quantity: Quantity, scheme: Scheme) -> Highlight:
    kind = quantity.kind or UNKNOWN
    return _highlight(quantity, "quantities", kind, _color(scheme, "quantities", "kind", kind))


def _of_event(event: Event, scheme: Scheme) -> Highlight:
    label = event.class_ or UNKNOWN
    return _highlight(event, "events", label, _color(scheme, "events", "class", label))


def _highlight(span: SpanRecord, layer: str, label: str, color: str) -> Highlight:
    return Highlight(span.start, span.end, layer, label, color)


@cache
def _color(scheme: Scheme, layer: str, prop: str, label: str) -> str:
    for known in scheme.labels(layer, prop):
        if known.name == label:
            return known.color
    return _GREY


class _Piece(Struct, frozen=True):
    """A piece of text in which no span begins or ends, and the spans over it, outermost first.

    Of more than `_DEEPEST` spans it has the innermost of each layer.
    """

    start: int
    end: int
    over: list[Highlight]


def _pieces(document: Document) -> Iterator[_Piece]:
    """Yield the text in pieces, cut where a span begins or ends."""
    spans = highlights(document)
    bounds = {0, len(document.text)}
    for span in spans:
        bounds |= {span.start, span.end}
    open_spans = _OpenSpans()
    position = 0
    for start, end in pairwise(sorted(bounds)):
        open_spans.close(start)
        while position < len(spans) and spans[position].start <= start:
            open_spans.open(position, spans[position])
            position += 1
        yield _Piece(start, end, open_spans.shown())


class _OpenSpans:
    """The spans over a place, by their numbers from outer to inner ones.

    Spans of a layer that have ended are removed at once if they are the innermost, and otherwise
    when few are open, so that no place costs time for all spans over it.
    """

    def __init__(self) -> None:
        self._ends: list[int] = []
        self._layers: dict[str, list[tuple[int, Highlight]]] = {layer: [] for layer in _LAYERS}

    def close(self, place: int) -> None:
        """Remove the spans that end at a place or before."""
        while self._ends and self._ends[0] <= place:
            heappop(self._ends)
        for layer, spans in self._layers.items():
            while spans and spans[-1][1].end <= place:
                spans.pop()
            if len(self._ends) <= _DEEPEST:
                self._layers[layer] = [item for item in spans if item[1].end > place]

    def open(self, number: int, span: Highlight) -> None:
        """Add a span that begins inside all others."""
        heappush(self._ends, span.end)
        self._layers[span.layer].append((number, span))

    def shown(self) -> list[Highlight]:
        """Return the spans to show, outer ones first."""
        depth = len(self._ends) if len(self._ends) <= _DEEPEST else 1
        shown = [item for spans in self._layers.values() for item in spans[-depth:]]
        return [span for _, span in sorted(shown, key=lambda item: item[0])]


def style_of(layer: str, color: str) -> "Style":
    """Return how a terminal shows a span.

    Entities have their colour as background, times as text colour, quantities as background in bold
    italics; events are underlined.
    """
    from rich.style import Style

    if layer == "events":
        return Style(underline=True)
    if layer == "timexes":
        return Style(color=color, bold=True)
    if layer == "quantities":
        return Style(color="#000000", bgcolor=color, bold=True, italic=True)
    return Style(bgcolor=color, color="#000000")


def to_text(document: Document) -> "Text":
    """Return the text with its spans as styled terminal text; inner spans cover outer ones."""
    from rich.style import Style
    from rich.text import Text

    text = Text(visible(document.text))
    for piece in _pieces(document):
        spans = [span for span in piece.over if span.start < span.end]
        if spans:
            style = Style.combine(style_of(span.layer, span.color) for span in spans)
            text.stylize(style, piece.start, piece.end)
    return text
