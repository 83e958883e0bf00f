"""The words of a text for formats that have a line for each: its tokens, divided where needed.

A span begins and ends with a word: a token is divided at a boundary inside it, and text outside all
tokens is divided at white space. So a text without tokens has words, too.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from msgspec import Struct

from statevisit.formats.texts import AnnotatedText, Annotation
from statevisit.regions.offsets import Ends


class Words(Struct, frozen=True):
    """The words of a text in order, and the sentences as the numbers of their words.

    `sentences` are `[first, last]`; `paragraphs` has the paragraph of each, or None for text
    outside all sentences.
    """

    spans: list[Ends]
    sentences: list[Ends]
    paragraphs: list[int | None]

    def between(self, start: int, end: int) -> Ends | None:
        """Return the first and the last word of a span; None if it has no word."""
        first = bisect_right(self.spans, start, key=lambda span: span[1])
        last = bisect_left(self.spans, end, key=lambda span: span[0]) - 1
        return (first, last) if first <= last else None

    def sentence(self, word: int) -> int:
        """Return the number of the sentence that has a word."""
        return bisect_right(self.sentences, word, key=lambda ends: ends[0]) - 1


def words_of(text: AnnotatedText) -> Words:
    """Return the words of a text, in which each annotation begins and ends with a word."""
    document = text.document
    tokens = [] if document is None else [(token.start, token.end) for token in document.tokens]
    bounds = [] if document is None else [(s.start, s.end) for s in document.sentences]
    in_paragraph = [] if document is None else [s.paragraph for s in document.sentences]
    cuts = {offset for ends in bounds for offset in ends}
    for annotation in text.annotations:
        cuts.update(offset for ends in parts(annotation) for offset in ends)
    spans = list(_divided(_covered(tokens, text.text), sorted(cuts), text.text))
    sentences: list[Ends] = []
    paragraphs: list[int | None] = []
    previous: int | None = None
    for number, (start, _) in enumerate(spans):
        sentence = bisect_right(bounds, start, key=lambda ends: ends[0]) - 1
        if sentence >= 0 and start >= bounds[sentence][1]:
            sentence = -1
        if sentence == previous:
            sentences[-1] = sentences[-1][0], number
            continue
        previous = sentence
        sentences.append((number, number))
        paragraphs.append(None if sentence < 0 else in_paragraph[sentence])
    return Words(spans, sentences, paragraphs)


def parts(annotation: Annotation) -> tuple[Ends, ...]:
    """Return the parts of an annotation: its fragments, or its span."""
    return annotation.fragments or ((annotation.start, annotation.end),)


def _covered(tokens: list[Ends], text: str) -> Iterator[Ends]:
    """The tokens, and the words outside them."""
    position = 0
    for start, end in [*tokens, (len(text), len(text))]:
        for match in re.finditer(r"\S+", text[position:start]):
            yield position + match.start(), position + match.end()
        if position <= start < end:
            yield start, end
        position = max(position, end)


def _divided(spans: Iterator[Ends], cuts: list[int], text: str) -> Iterator[Ends]:
    """Spans divided at cuts, without the white space at their edges and those of it only."""
    for start, end in spans:
        inside = cuts[bisect_right(cuts, start) : bisect_left(cuts, end)]
        for first, last in zip([start, *inside], [*inside, end], strict=True):
            part = text[first:last]
            stripped = part.strip()
            if stripped:
                begin = first + len(part) - len(part.lstrip())
                yield begin, begin + len(stripped)
