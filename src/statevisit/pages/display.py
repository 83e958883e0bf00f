"""A document or corpus to look at: HTML for a notebook, styled text for a terminal."""

import html
from collections.abc import Iterator
from functools import cache
from heapq import heappop, heappush
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from statevisit.document.model import Document
from statevisit.document.records import Entity, Event, Mention, Quantity, SpanRecord, Timex
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.printable import visible

if TYPE_CHECKING:
    from rich.style import Style
    from rich.text import Text

    from statevisit.corpus.reader import Corpus

_GREY = "#adb5bd"

UNKNOWN = "?"
"""Stands for a property that a record does not have yet."""
"""The colour of labels that the schema does not know."""

_CSS = {
    "mentions": "background:{color}40;border-bottom:2px solid {color}",
    "timexes": "background:{color}40;border-radius:3px;outline:1px solid {color}",
    "quantities": "background:{color}40;border-radius:3px;outline:1px dashed {color}",
    "events": "text-decoration:underline wavy {color};text-decoration-thickness:1px",
}
_TEXT_CSS = "white-space:pre-wrap;unicode-bidi:plaintext;text-align:start;margin-top:.6em"
"""Each paragraph has the direction of its own first letter: a quotation in Arabic, for example."""

_DEEPEST = 8
"""The spans inside each other that are all shown; the colours of more cover each other."""

_CORPUS_LAYERS = ("sentences", "mentions", "events", "quantities")
_CORPUS_ROWS = 10
"""The layers and the documents that the table of a corpus shows."""


class Highlight(Struct, frozen=True):
    """A span to show: offsets in code points, its label and colour, and a line about it."""

    start: int
    end: int
    layer: str
    label: str
    color: str
    note: str


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
    label, name = UNKNOWN, mention.entity or UNKNOWN
    if document.layer_by_id.get(name) == "entities":
        entity: Entity = document[name]
        label, name = entity.type or UNKNOWN, entity.name or entity.id
    color = _color(scheme_of(document), "entities", "type", label)
    note = f"{label} {mention.level or UNKNOWN} → {name}"
    return _highlight(mention, "mentions", label, color, note)


def _of_timex(timex: Timex, scheme: Scheme) -> Highlight:
    label = timex.type or UNKNOWN
    note = f"{label} {timex.value or UNKNOWN} {timex.mod or ''}".rstrip()
    return _highlight(timex, "timexes", label, _color(scheme, "timexes", "type", label), note)


def amount_of(quantity: Quantity) -> str:
    """Return the value of a quantity, or its bounds, in short; "?" for what it does not have."""
    if quantity.value or not (quantity.lower or quantity.upper):
        return quantity.value or UNKNOWN
    return f"{quantity.lower or UNKNOWN}–{quantity.upper or UNKNOWN}"


def _of_quantity(quantity: Quantity, scheme: Scheme) -> Highlight:
    kind = quantity.kind or UNKNOWN
    parts = [kind, quantity.comparator or UNKNOWN, amount_of(quantity), quantity.unit]
    note = " ".join(part for part in parts if part)
    color = _color(scheme, "quantities", "kind", kind)
    return _highlight(quantity, "quantities", kind, color, note)


def _of_event(event: Event, scheme: Scheme) -> Highlight:
    label = event.class_ or UNKNOWN
    type_ = None if event.type == "OTHER" else event.type
    parts = [label, type_, event.polarity, event.modality, event.doc_time_rel]
    note = " ".join(part for part in parts if part)
    return _highlight(event, "events", label, _color(scheme, "events", "class", label), note)


def _highlight(span: SpanRecord, layer: str, label: str, color: str, note: str) -> Highlight:
    return Highlight(span.start, span.end, layer, label, color, note)


@cache
def _color(scheme: Scheme, layer: str, prop: str, label: str) -> str:
    for known in scheme.labels(layer, prop):
        if known.name == label:
            return known.color
    return _GREY


class _Piece(Struct, frozen=True):
    """A piece of text in which no span begins or ends, and the spans over it, outermost first.

    Of more than `_DEEPEST` spans it has the innermost of each layer. `hidden` are those of the
    others that begin here; each span is thus in `over` or `hidden` where it begins.
    """

    start: int
    end: int
    over: list[Highlight]
    hidden: list[Highlight]


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
        first = position
        while position < len(spans) and spans[position].start <= start:
            open_spans.open(position, spans[position])
            position += 1
        over = open_spans.shown()
        hidden = [n for n in range(first, position) if n not in over]
        yield _Piece(start, end, list(over.values()), [spans[n] for n in hidden])


class _OpenSpans:
    """The spans over a place, by their numbers from outer to inner ones.

    Spans of a layer that have ended are removed at once if they are the innermost, and otherwise
    when few are open, so that no place costs time for all spans over it.
    """

    def __init__(self) -> None:
        self._ends: list[int] = []
        self._layers: dict[str, list[tuple[int, Highlight]]] = {layer: [] for layer in _CSS}

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

    def shown(self) -> dict[int, Highlight]:
        """Return the spans to show by number, outer ones first."""
        depth = len(self._ends) if len(self._ends) <= _DEEPEST else 1
        shown = [item for spans in self._layers.values() for item in spans[-depth:]]
        return dict(sorted(shown, key=lambda item: item[0]))


def to_html(document: Document) -> str:
    """Return the text with its spans as one HTML fragment.

    It has no script, loads nothing, and escapes everything. Words inside more than `_DEEPEST`
    spans show the innermost of each layer, with the titles of all spans that begin there.
    """
    body = []
    for piece in _pieces(document):
        content = html.escape(document.text[piece.start : piece.end])
        hidden = "".join(f"{html.escape(span.note)}&#10;" for span in piece.hidden)
        for span in reversed(piece.over):
            style = _CSS[span.layer].format(color=span.color)
            title = hidden + html.escape(span.note)
            content = f'<span style="{style}" title="{title}">{content}</span>'
            hidden = ""  # the innermost span shows them
        body.append(content)
    counts = [f"{n} {layer.replace('_', ' ')}" for layer, n in document.counts().items() if n]
    facts = f"{html.escape(document.date)} · {' · '.join(counts)}"
    head = f"<b>{html.escape(document.id)}</b> <small>{facts}</small>"
    language = html.escape(document.language)
    text = f'<div lang="{language}" dir="auto" style="{_TEXT_CSS}">{"".join(body)}</div>'
    return f'<div style="max-width:52em;line-height:1.9">{head}{text}</div>'


def corpus_html(corpus: "Corpus") -> str:
    """Return a table of the first documents of a corpus as an HTML fragment."""
    head = "".join(f"<th>{name}</th>" for name in ("document", "date", *_CORPUS_LAYERS))
    rows = []
    for document in corpus[:_CORPUS_ROWS]:
        counts = document.counts()
        cells = [html.escape(document.id), html.escape(document.date)]
        cells += [str(counts[layer]) for layer in _CORPUS_LAYERS]
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    table = f"<table><tr>{head}</tr>{''.join(rows)}</table>"
    more = ""
    if len(corpus) > _CORPUS_ROWS:
        more = f"<p>… and {len(corpus) - _CORPUS_ROWS} more</p>"
    return f"<b>{html.escape(repr(corpus))}</b>{table}{more}"


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
