"""A document to look at: highlighted HTML for a notebook, styled text for a terminal.

Here because the model holds types only, and both a notebook and `statevisit show` need the same spans.
"""

import html
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from statevisit import schema
from statevisit.model import Document

if TYPE_CHECKING:
    from rich.style import Style
    from rich.text import Text

    from statevisit.corpus import Corpus


class Highlight(Struct, frozen=True):
    """A span to show: offsets in code points, its label and colour, and a line about it."""

    start: int
    end: int
    layer: str
    label: str
    color: str
    note: str


def highlights(document: Document) -> list[Highlight]:
    """The mentions, times, quantities and events of a document, the enclosing span before the enclosed.

    A label that the schema does not know, or an entity that is not there, is shown in grey: a document that is
    being worked on can be looked at.
    """
    found = []

    def add(span: Any, layer: str, inventory: tuple[str, str], label: str, note: str) -> None:
        color = next((x.color for x in schema.labels(*inventory) if x.name == label), "#adb5bd")
        found.append(Highlight(span.start, span.end, layer, label, color, note))

    for m in document.mentions:
        e = document.entity_of(m) if m.entity in document else None
        label, name = getattr(e, "type", "?"), getattr(e, "name", m.entity)
        add(m, "mentions", ("entities", "type"), label, f"{label} {m.level} → {name}")
    for t in document.timexes:
        add(
            t,
            "timexes",
            ("timexes", "type"),
            t.type,
            f"{t.type} {t.value}{f' {t.mod}' if t.mod else ''}",
        )
    for q in document.quantities:
        value = q.value or f"{q.lower}–{q.upper}"
        add(
            q,
            "quantities",
            ("quantities", "kind"),
            q.kind,
            f"{q.kind} {q.comparator} {value} {q.unit or ''}".rstrip(),
        )
    for e in document.events:
        type_ = f" {e.type}" if e.type != "OTHER" else ""
        add(
            e,
            "events",
            ("events", "class"),
            e.class_,
            f"{e.class_}{type_} {e.polarity} {e.modality} {e.doc_time_rel}",
        )
    return sorted(found, key=lambda h: (h.start, -h.end))


_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_STYLE = {
    "mentions": "background:{c}40;border-bottom:2px solid {c}",
    "timexes": "background:{c}40;border-radius:3px;outline:1px solid {c}",
    "quantities": "background:{c}40;border-radius:3px;outline:1px dashed {c}",
    "events": "text-decoration:underline wavy {c};text-decoration-thickness:1px",
}


def _pieces(document: Document) -> Iterator[tuple[int, int, list[Highlight]]]:
    """The text cut wherever a span begins or ends, with the spans over each piece."""
    spans = highlights(document)
    cuts = sorted({0, len(document.text), *(h.start for h in spans), *(h.end for h in spans)})
    active: list[Highlight] = []
    at = 0
    for start, end in zip(cuts, cuts[1:], strict=False):
        active = [h for h in active if h.end > start]
        while at < len(spans) and spans[at].start <= start:
            active.append(spans[at])
            at += 1
        yield start, end, active


def to_html(document: Document) -> str:
    """The text with its spans, as one HTML fragment: no script, nothing from outside, everything escaped."""
    body = []
    for start, end, over in _pieces(document):
        piece = html.escape(document.text[start:end])
        for h in reversed(over):
            style = _STYLE[h.layer].format(c=h.color)
            piece = f'<span style="{style}" title="{html.escape(h.note)}">{piece}</span>'
        body.append(piece)
    counts = " · ".join(
        f"{n} {layer.replace('_', ' ')}" for layer, n in document.counts().items() if n
    )
    head = (
        f"<b>{html.escape(document.id)}</b> <small>{html.escape(document.date)} · {counts}</small>"
    )
    return f'<div style="max-width:52em;line-height:1.9">{head}<div style="white-space:pre-wrap;margin-top:.6em">{"".join(body)}</div></div>'


def corpus_html(corpus: "Corpus") -> str:
    """A table of the first documents of a corpus, as an HTML fragment."""
    rows = []
    for document in corpus[:10]:
        counts = document.counts()
        cells = "".join(
            f"<td>{counts[k]}</td>" for k in ("sentences", "mentions", "events", "quantities")
        )
        rows.append(
            f"<tr><td>{html.escape(document.id)}</td><td>{html.escape(document.date)}</td>{cells}</tr>"
        )
    heads = "".join(
        f"<th>{h}</th>"
        for h in ("document", "date", "sentences", "mentions", "events", "quantities")
    )
    more = f"<p>… and {len(corpus) - 10} more</p>" if len(corpus) > 10 else ""
    return f"<b>{html.escape(repr(corpus))}</b><table><tr>{heads}</tr>{''.join(rows)}</table>{more}"


def style_of(layer: str, color: str) -> "Style":
    """How a terminal shows a span: entities on their colour, times and quantities in it, events underlined."""
    from rich.style import Style

    styles: dict[str, dict[str, Any]] = {
        "mentions": {"bgcolor": color, "color": "#000000"},
        "timexes": {"color": color, "bold": True},
        "quantities": {"color": "#000000", "bgcolor": color, "bold": True, "italic": True},
        "events": {"underline": True},
    }
    return Style(**styles[layer])


def visible(text: str) -> str:
    """The text as a terminal may have it: control characters but newline and tab, which could steer it, replaced one for one."""
    return _CONTROLS.sub("\ufffd", text)


def to_text(document: Document) -> "Text":
    """The text with its spans as styled terminal text; an enclosed span is drawn over the enclosing one."""
    from rich.text import Text

    text = Text(visible(document.text))
    for h in highlights(document):
        text.stylize(style_of(h.layer, h.color), h.start, h.end)
    return text
