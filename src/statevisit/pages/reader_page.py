"""A document as a page to read: the text with its annotation, and what it says in lists.

A page fetches nothing: it works from a file and offline. Everything from the data is escaped by the
templates, and the script gets it as JSON and makes text of it, never markup.
"""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup, escape
from msgspec import Struct

from statevisit import layout
from statevisit.corpus.seeds import ListedSource
from statevisit.document.model import Document, in_english
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.pages import about, views
from statevisit.pages.cards import label_of, record_of
from statevisit.pages.graph import Graph, graph_of
from statevisit.pages.marks import LAYERS, paragraphs
from statevisit.pages.page_data import data_of
from statevisit.pages.provenance import Annotator, Origin, origin_of
from statevisit.printable import visible

_TITLES = {
    "mentions": "Entities",
    "timexes": "Times",
    "quantities": "Quantities",
    "events": "Events",
    "quotations": "Quotations",
}
"""The names of the switches of the layers."""

_COLOURED = {
    "mentions": ("entities", "type"),
    "timexes": ("timexes", "type"),
    "quantities": ("quantities", "kind"),
    "events": ("events", "class"),
    "quotations": ("quotations", "type"),
}
"""The label whose colour a span has, by layer."""


SITE_POLICY = (
    "default-src 'none'; img-src 'self' file: data:; base-uri 'none'; form-action 'none'; "
    "style-src 'self' file:; script-src 'self' file:"
)
"""What the pages of a site may load: its own files, also where it is a directory on a disk."""


class Site(Struct, frozen=True):
    """What every page of a site shows: its title, and its other pages as (address, title).

    `issues` is the address at which errors are reported; empty for none.
    """

    title: str
    pages: tuple[tuple[str, str], ...] = ()
    issues: str = ""


class Layer(Struct, frozen=True):
    """A layer as a switch: its name, title and the number of its spans.

    `labels` are those that its spans have: title, class of the colour, number of spans.
    """

    name: str
    title: str
    count: int
    labels: Sequence[tuple[str, str, int]] = ()


class ShownMark(Struct, frozen=True):
    """A span over a piece, as `marks.Mark`, and the class of its colour.

    Of several spans that share the last line, the innermost is drawn.
    """

    id: str
    layer: str
    depth: int
    begins: bool
    colour: str
    drawn: bool = True


class ShownPiece(Struct, frozen=True):
    """A piece of text, its spans, and their ids from the innermost out; those that begin in it."""

    text: str
    ids: str
    marks: list[ShownMark]
    begins: list[ShownMark]


class ShownParagraph(Struct, frozen=True):
    """A paragraph of pieces."""

    pieces: list[ShownPiece]


class Page(Struct, frozen=True):
    """What the template of a document shows.

    `lang` is the attribute for words of the document among those of the page, which are English.
    """

    title: str
    date: str
    day: str
    lead: list[str]
    language: str
    lang: Markup
    layers: list[Layer]
    paragraphs: list[ShownParagraph]
    colours: Mapping[str, str]
    actors: list[views.Actor]
    in_events: list[views.Actor]
    graph: Graph | None
    timeline: views.Timeline
    amounts: list[views.Amount]
    quotations: list[views.Said]
    about: list[tuple[str, str]]
    data: Markup


def document_page(
    document: Document,
    source: ListedSource | None = None,
    annotators: Sequence[Annotator] = (),
    site: Site | None = None,
    origin: Origin | None = None,
) -> str:
    """Return a document as an HTML page.

    Args:
        document: The document, of any scheme and in any state.
        source: What the list of sources states of its text.
        annotators: Who annotated it.
        site: The site that the page is part of, in `documents/`; None for a single file, with its
            style and script in it.
        origin: The corpus that it comes from.
    """
    origin = origin or origin_of(scheme_of(document), None)
    guidelines = origin.root / layout.GUIDELINES if origin.root and site is not None else None
    more = {"guidelines": "../guidelines.html" if guidelines and guidelines.is_file() else ""}
    page = _page(document, source, annotators, origin, more)
    return render("document.html", scheme_of(document), site, base="../", page=page)


def render(template: str, scheme: Scheme, site: Site | None, base: str, **values: object) -> str:
    """Return a page from its template: part of a site, or a single file.

    `base` leads from the page to the top of the site.
    """
    if site is not None:
        values |= {"inline": None, "policy": SITE_POLICY, "corpus": site, "base": base}
        return environment().get_template(template).render(**values)
    style, script = style_sheet(scheme), asset("page.js")
    policy = (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src {_hash_of(style)}; script-src {_hash_of(script)}"
    )
    inline = {"style": Markup(style), "script": Markup(script)}
    values |= {"inline": inline, "policy": policy, "corpus": None, "base": ""}
    return environment().get_template(template).render(**values)


def style_sheet(scheme: Scheme) -> str:
    """Return the style sheet of pages, with the colours of a scheme."""
    return asset("page.css") + _colour_rules(scheme)


@cache
def environment() -> Environment:
    """Return the environment of the templates: everything is escaped, an unknown name an error."""
    pages = Environment(
        loader=FunctionLoader(lambda name: asset(name, "templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    pages.globals["anchor"] = _anchor
    return pages


@cache
def _own_ids() -> frozenset[str]:
    """The ids of the parts of pages, which no record may take from them."""
    templates = (files("statevisit.pages") / "templates").iterdir()
    own = (re.findall(r' id="([\w-]+)"', page.read_text(encoding="utf-8")) for page in templates)
    return frozenset(chain.from_iterable(own))


def _anchor(record_id: str) -> Markup:
    """The attribute by which a record is the target of links; none where a part has this id."""
    return Markup("" if record_id in _own_ids() else f' id="{escape(record_id)}"')


@cache
def asset(name: str, folder: str = "assets") -> str:
    """Return the text of a file of the pages."""
    return (files("statevisit.pages") / folder / name).read_text(encoding="utf-8")


def _hash_of(content: str) -> str:
    """Return the source of a Content-Security-Policy that allows this content only."""
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def colours_of(scheme: Scheme) -> dict[str, str]:
    """Return the class of the colour of each label of a span, by the name of the label."""
    colours = dict.fromkeys(
        label.color for layer, prop in _COLOURED.values() for label in scheme.labels(layer, prop)
    )
    numbers = {colour: f"c{number}" for number, colour in enumerate(colours)}
    return {
        label.name: numbers[label.color]
        for layer, prop in _COLOURED.values()
        for label in scheme.labels(layer, prop)
    }


def _colour_rules(scheme: Scheme) -> str:
    """Return the rules of the style sheet for the colours of a scheme."""
    rules = {}
    colours = colours_of(scheme)
    for layer, prop in _COLOURED.values():
        for label in scheme.labels(layer, prop):
            rules[colours[label.name]] = label.color
    return "".join(f".{name} {{ --c: {colour}; }}\n" for name, colour in rules.items())


def _page(
    document: Document,
    source: ListedSource | None,
    annotators: Sequence[Annotator],
    origin: Origin,
    more: Mapping[str, Any],
) -> Page:
    scheme = scheme_of(document)
    colours = _Colours(scheme)
    actors = views.actors(document)
    return Page(
        title=(source.title if source and source.title else document.id),
        date=document.date,
        day=about.day_in_full(document.date),
        lead=about.lead(document, source),
        language=document.language,
        lang=Markup("" if in_english(document) else f' lang="{escape(document.language)}"'),
        layers=[
            Layer(
                layer,
                _TITLES[layer],
                len(getattr(document, layer)),
                _legend(document, layer, colours),
            )
            for layer in LAYERS
            if layer in scheme.layers
        ],
        paragraphs=_paragraphs(document, colours),
        colours=colours,
        actors=actors,
        in_events=[actor for actor in actors if actor.events],
        graph=graph_of(document, colours),
        timeline=views.timeline(document),
        amounts=views.amounts(document),
        quotations=views.quotations(document),
        about=about.about(document, source, annotators, origin),
        data=data_of(document, annotators, origin, more),
    )


class _Colours(dict[str, str]):
    """The class of the colour of a label; the one of an unknown label is empty."""

    def __init__(self, scheme: Scheme) -> None:
        super().__init__(colours_of(scheme))

    def __missing__(self, label: str) -> str:
        return ""


def _paragraphs(document: Document, colours: Mapping[str, str]) -> list[ShownParagraph]:
    shown = []
    for paragraph in paragraphs(document):
        pieces = []
        for piece in paragraph.pieces:
            drawn = {mark.depth: mark for mark in piece.marks}
            marks = [
                ShownMark(
                    mark.id,
                    mark.layer,
                    mark.depth,
                    mark.begins,
                    colours[_label(document, mark.layer, mark.id)],
                    drawn[mark.depth] is mark,
                )
                for mark in piece.marks
            ]
            ids = " ".join(mark.id for mark in reversed(piece.marks))
            begins = [mark for mark in marks if mark.begins]
            pieces.append(ShownPiece(visible(piece.text), ids, marks, begins))
        shown.append(ShownParagraph(pieces))
    return shown


def _legend(
    document: Document, layer: str, colours: Mapping[str, str]
) -> list[tuple[str, str, int]]:
    """The labels of the spans of a layer as in a legend, the most frequent first."""
    scheme = scheme_of(document)
    counts = Counter(_label(document, layer, span.id) for span in getattr(document, layer))
    return [
        (label_of(scheme, *_COLOURED[layer], name).title or name, colours[name], count)
        for name, count in counts.most_common()
        if name
    ]


def _label(document: Document, layer: str, record_id: str) -> str:
    """The label whose colour a span has; empty for none."""
    record = document[record_id]
    _, prop = _COLOURED[layer]
    if layer == "mentions":
        record = record_of(document, record.entity)
    return getattr(record, "class_" if prop == "class" else prop, None) or ""
