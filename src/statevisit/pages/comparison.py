"""The part of a page that shows two annotations of a document: the text, filters, differences.

The text is that of the reader, with the spans of both annotations: one that both have, and one that
differs only in its values, is drawn once.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from markupsafe import Markup
from msgspec import Struct

from statevisit.document.model import Document
from statevisit.document.scheme import scheme_of
from statevisit.pages.comparison_data import data_of
from statevisit.pages.marks import Mark, Paragraph, paragraphs
from statevisit.pages.pairs import AGREED, FIRST, SECOND, STATUSES, Compared, Pair
from statevisit.pages.reader_page import TITLES, Colours, Layer, environment
from statevisit.printable import visible

MOST_ROWS = 200
"""The differences of a layer that are listed; of more, the biggest."""

NAMES = "ner"
"""The layer of flat names, whose spans have no records."""

_LAYER_TITLES = {
    **TITLES,
    "mentions": "Mentions",
    NAMES: "Names",
    "entities": "Entities",
    "event_chains": "Chains of events",
    "relations": "Relations",
    "event_relations": "Relations between events",
}

_KINDS = {"bounds": "other bounds", "label": "another label", "values": "other values"}

SIGNS = {"agreed": "=", "differing": "≠", FIRST: "−", SECOND: "+"}
"""The sign of each status, so that none is told by its colour alone."""


class ShownMark(Struct, frozen=True):
    """A span over a piece: as in the reader, with its status and the side that alone has it.

    `anchor` says whether a link to its key leads here.
    """

    key: str
    layer: str
    depth: int
    begins: bool
    anchor: bool
    colour: str
    status: str
    side: str


class ShownPiece(Struct, frozen=True):
    """A piece of text, its spans, and their keys from the innermost out."""

    text: str
    keys: str
    marks: list[ShownMark]


class Sentence(Struct, frozen=True):
    """A sentence: its number, and its pieces, of all or of one side."""

    number: int
    pieces: list[ShownPiece]


class Row(Struct, frozen=True):
    """A difference in the list: its status in words, key, words, and the properties."""

    status: str
    sign: str
    title: str
    key: str
    words: str
    labels: str
    differences: Sequence[Any]


class Group(Struct, frozen=True):
    """The differences of a layer, the biggest first; `more` are not listed."""

    title: str
    rows: list[Row]
    more: int


class Status(Struct, frozen=True):
    """A status as a filter: its name, sign, title and the number of spans."""

    name: str
    sign: str
    title: str
    count: int


class Shown(Struct, frozen=True):
    """What the template of a comparison shows.

    `texts` are the paragraphs of the text; of two texts, rows of a paragraph of each.
    """

    id: str
    language: str
    names: tuple[str, str]
    layers: list[Layer]
    statuses: list[Status]
    kinds: list[tuple[str, str, int]]
    labels: list[str]
    paragraphs: list[list[Sentence]]
    rows: list[tuple[list[Sentence], list[Sentence]]]
    groups: list[Group]
    agreed: bool
    changes: Sequence[Any]
    more_changes: int
    data: Markup


def section(compared: Compared, changes: Sequence[Any] = (), more_changes: int = 0) -> str:
    """Return the HTML of a comparison, to stand in a page.

    Args:
        compared: The two annotations.
        changes: The records that differ one by one, as `diff` lists them.
        more_changes: How many more of these there are.
    """
    return (
        environment()
        .get_template("comparison.html")
        .render(comparison=_shown(compared, changes, more_changes))
    )


def status_titles(names: tuple[str, str]) -> dict[str, str]:
    """Return what a page calls each status, given the names of the two annotations."""
    titles = ("Agreed", "Differing", f"Only in {names[0]}", f"Only in {names[1]}")
    return dict(zip(STATUSES, titles, strict=True))


def _shown(compared: Compared, changes: Sequence[Any], more_changes: int) -> Shown:
    counts = compared.counts()
    titles = status_titles(compared.names)
    spans = [pair for pair in compared.pairs if pair.layer in compared.layers]
    by_layer = Counter(pair.layer for pair in spans)
    kinds = Counter(kind for pair in spans for kind in pair.kinds)
    labels = {label for pair in spans for label in pair.labels if label}
    groups = list(_groups(compared))
    drawn = _drawn(compared)
    return Shown(
        id=compared.first.id,
        language=compared.first.language,
        names=compared.names,
        layers=[Layer(name, _LAYER_TITLES[name], by_layer[name]) for name in compared.layers],
        statuses=[Status(name, SIGNS[name], titles[name], counts[name]) for name in STATUSES],
        kinds=[(kind, title, kinds[kind]) for kind, title in _KINDS.items() if kinds[kind]],
        labels=sorted(labels),
        paragraphs=_sentences(compared.first, drawn) if compared.has_one_text else [],
        rows=[] if compared.has_one_text else list(_rows(compared, drawn)),
        groups=groups,
        agreed=not groups,
        changes=changes,
        more_changes=more_changes,
        data=data_of(compared),
    )


class _Drawn(Struct, frozen=True):
    """A span to draw: its key, pair, side (empty for both), bounds and label."""

    key: str
    pair: Pair
    side: str
    start: int
    end: int
    label: str


def _drawn(compared: Compared) -> list[_Drawn]:
    """The spans to draw; both of a pair if their bounds, their labels or the texts differ."""
    drawn = []
    for pair in compared.pairs:
        one, other = pair.spans
        is_shared = one == other and "label" not in pair.kinds and compared.has_one_text
        if one is not None:
            side = "" if is_shared else FIRST
            drawn.append(_Drawn(pair.first, pair, side, *one, pair.labels[0]))
        if other is not None and not is_shared:
            key = pair.second if compared.has_one_text else pair.second or pair.first
            drawn.append(_Drawn(key, pair, SECOND, *other, pair.labels[1]))
    return drawn


def _sentences(document: Document, drawn: Iterable[_Drawn]) -> list[list[Sentence]]:
    """The text in paragraphs of sentences, with the spans to draw."""
    by_key = {span.key: span for span in drawn}
    spans = [(span.key, span.pair.layer, span.start, span.end) for span in by_key.values()]
    starts = document.bounds["sentences"][0] if "sentences" in document.orderly else []
    colours = Colours(scheme_of(document))
    return [
        _in_sentences(paragraph, starts, by_key, colours)
        for paragraph in paragraphs(document, spans, starts)
    ]


def _in_sentences(
    paragraph: Paragraph,
    starts: list[int],
    drawn: Mapping[str, _Drawn],
    colours: Mapping[str, str],
) -> list[Sentence]:
    sentences: dict[int, Sentence] = {}
    for piece in paragraph.pieces:
        number = max(0, bisect_right(starts, piece.start) - 1)
        marks = []
        for mark in piece.marks:
            marks.append(_mark(mark, drawn[mark.id], colours))
        keys = " ".join(mark.id for mark in reversed(piece.marks))
        shown = ShownPiece(visible(piece.text), keys, marks)
        sentences.setdefault(number, Sentence(number, [])).pieces.append(shown)
    return list(sentences.values())


def _mark(mark: Mark, span: _Drawn, colours: Mapping[str, str]) -> ShownMark:
    is_second_of_one_key = span.side == SECOND and span.key == span.pair.first
    return ShownMark(
        key=mark.id,
        layer=mark.layer,
        depth=mark.depth,
        begins=mark.begins,
        anchor=mark.begins and not is_second_of_one_key,
        colour=colours[span.label],
        status=span.pair.status,
        side=span.side,
    )


def _rows(
    compared: Compared, drawn: list[_Drawn]
) -> Iterator[tuple[list[Sentence], list[Sentence]]]:
    """Yield the paragraphs of two texts side by side, those with the same words in one row."""
    one, other = (
        _sentences(document, [span for span in drawn if span.side == side])
        for document, side in ((compared.first, FIRST), (compared.second, SECOND))
    )
    words = [["".join(_pieces_of(paragraph)) for paragraph in side] for side in (one, other)]
    matcher = SequenceMatcher(None, words[0], words[1], autojunk=False)
    for _, first, end, second, last in matcher.get_opcodes():
        for number in range(max(end - first, last - second)):
            left = one[first + number] if first + number < end else []
            right = other[second + number] if second + number < last else []
            yield left, right


def _pieces_of(paragraph: list[Sentence]) -> Iterator[str]:
    for sentence in paragraph:
        for piece in sentence.pieces:
            yield piece.text


def _groups(compared: Compared) -> Iterator[Group]:
    """Yield the differences layer by layer, the biggest first."""
    titles = status_titles(compared.names)
    layers = dict.fromkeys(pair.layer for pair in compared.pairs)
    for layer in layers:
        pairs = [p for p in compared.pairs if p.layer == layer and p.status != AGREED]
        pairs.sort(key=lambda pair: -pair.weight)
        rows = [_row(pair, titles) for pair in pairs[:MOST_ROWS]]
        if rows:
            yield Group(_LAYER_TITLES[layer], rows, len(pairs) - len(rows))


def _row(pair: Pair, titles: Mapping[str, str]) -> Row:
    return Row(
        status=pair.status,
        sign=SIGNS[pair.status],
        title=titles[pair.status],
        key=pair.first or pair.second,
        words=pair.words,
        labels=" ".join(dict.fromkeys(label for label in pair.labels if label)),
        differences=pair.differences,
    )
