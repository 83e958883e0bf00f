"""Paragraphs, list items, sentences and tokens of a text."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import pairwise

from msgspec import Struct

from statevisit.annotation.lines import item_starts
from statevisit.annotation.tokenizers import Tokenizer, is_of_word, tokenizer, tokenizer_of
from statevisit.document.characters import FORMAT, joins, trimmed, visible
from statevisit.document.model import Document, Sentence, Token

_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
_FORMAT = re.compile(f"[{FORMAT}]+")
_OPENING = re.compile(
    r"""(?: \s["“„«‘‹(\[¿¡–—]+ | [「『（《〈【〔]+ | (?<=[。！？])“+ | (?<=[。！？]”)“+ ) \s*$""",
    re.VERBOSE,
)
"""Signs that begin a sentence, where the sentencizer left them at the end of the one before.

Closing marks look like some of these: “ closes in German. Only a space before it, or the full stop
of Chinese, tells that it opens.
"""

_ENUMERATOR = re.compile(r"\(?(?:\d{1,3}(?:\.\d{1,3})*|[A-Za-z]|[ivxIVX]{1,4})[.)]")
"""The number of a list item, whose full stop ends no sentence."""


_CLOSING_MARK = re.compile(r"[\"'”“’»›」』]$")
"""The end of a quotation, after which its sentence can go on: “We must!” he said."""


class Stated(Struct, frozen=True):
    """What a file of another format says about the sentences and tokens of its text.

    `tokens` and `sentences` are (start, end) in code points, empty if it says nothing. `cuts` are
    offsets at which a token ends or begins, because an annotation does.
    """

    tokens: tuple[tuple[int, int], ...] = ()
    sentences: tuple[tuple[int, int], ...] = ()
    cuts: frozenset[int] = frozenset()

    @property
    def is_whole(self) -> bool:
        """Whether it states both sentences and tokens."""
        return bool(self.tokens and self.sentences)


class Piece(Struct, frozen=True):
    """A part of a text that no sentence leaves: a paragraph, list item or row of a table."""

    paragraph: int
    start: int
    end: int


def segment(
    text: str, language: str = "en", by: str | None = None
) -> tuple[tuple[Sentence, ...], tuple[Token, ...]]:
    """Return the sentences and tokens of a text, by the rules for its language.

    `by` names another tokenizer. White space belongs to neither, and format characters (direction
    marks, soft hyphens) only where they are inside a word or an emoji. A blank line begins a
    paragraph and ends a sentence; so does a new list item or row of a table. An opening quotation
    mark or bracket that the sentencizer left at a sentence's end goes to the next sentence. Raises
    FormatError if spaCy has no such tokenizer, MissingExtra without spaCy.
    """
    return _segmented(text, tokenizer(language, by))


def segmenter_of(
    document: Document,
) -> Callable[[str, str], tuple[tuple[Sentence, ...], tuple[Token, ...]]]:
    """Return what segments another text as `ingest` segmented that of a document.

    Raises FormatError if spaCy has no such tokenizer, MissingExtra without spaCy.
    """
    by = tokenizer_of(document)
    return lambda text, _: _segmented(text, by)


Segments = tuple[tuple[Sentence, ...], tuple[Token, ...]]
"""The sentences and the tokens of a text."""


def stated_segments(text: str, stated: Stated, ours: Segments = ((), ())) -> Segments:
    """Return the sentences and tokens that a file states, and `ours` where it states none.

    A token is divided at each cut inside it that is no part of a character.
    """
    sentences, tokens = ours
    if stated.sentences:
        blank = [gap.end() for gap in _BLANK_LINES.finditer(text)]
        sentences = tuple(
            Sentence(start=start, end=end, paragraph=bisect_right(blank, start))
            for start, end in stated.sentences
        )
    if stated.tokens:
        tokens = tuple(Token(start=start, end=end) for start, end in stated.tokens)
    cuts = sorted(at for at in stated.cuts if 0 < at < len(text) and not joins(text, at))
    divided: list[Token] = []
    for token in tokens:
        inside = cuts[bisect_right(cuts, token.start) : bisect_left(cuts, token.end)]
        for start, end in pairwise([token.start, *inside, token.end]):
            divided.append(Token(start=start, end=end))
    return sentences, tuple(divided)


def _segmented(text: str, by: Tokenizer) -> tuple[tuple[Sentence, ...], tuple[Token, ...]]:
    tokens: list[Token] = []
    sentences: list[Sentence] = []
    plain = _FORMAT.sub(_spaces, text)
    for piece in _pieces(text):
        first = piece.start
        words = plain[first : piece.end]
        divided, starts = by.divide(words)
        bounds = [trimmed(text, first + start, first + end) for start, end in divided]
        of_piece = [Token(start=start, end=end) for start, end in bounds if start < end]
        tokens += of_piece
        token_starts = {token.start for token in of_piece}
        ends = [*(first + start for start in starts[1:]), piece.end]
        for start, end in _sentences(text, plain, piece, ends, token_starts):
            sentences.append(Sentence(start=start, end=end, paragraph=piece.paragraph))
    return tuple(sentences), tuple(tokens)


def _sentences(
    text: str, plain: str, piece: Piece, ends: list[int], token_starts: set[int]
) -> Iterator[tuple[int, int]]:
    """The sentences of a piece with some ends, of which those inside a token do not count."""
    first, finish = trimmed(text, piece.start, piece.end)
    start = first
    for end in ends:
        opening = _OPENING.search(plain, start, end)
        if opening and end < finish:
            end = opening.start()
        at, after = trimmed(text, start, end)
        following, _ = trimmed(text, end, finish)
        is_number = at == first and _ENUMERATOR.fullmatch(text, at, after)
        goes_on = (
            _CLOSING_MARK.search(text, at, after) and text[following : following + 1].islower()
        )
        is_end = following in token_starts and not is_number and not goes_on
        if end < finish and not is_end:
            continue
        if at < after:
            yield at, after
        start = end


def _spaces(characters: re.Match[str]) -> str:
    """The format characters of a match, or spaces if these are at the edge of a word."""
    text, start, end = characters.string, characters.start(), characters.end()
    before, after = text[start - 1 : start], text[end : end + 1]
    if (is_of_word(before) and is_of_word(after)) or joins(text, end):
        return characters[0]
    return " " * len(characters[0])


def _pieces(text: str) -> Iterator[Piece]:
    """The pieces of a text, those of white space left out."""
    edges = [0]
    for gap in _BLANK_LINES.finditer(text):
        edges += gap.span()
    edges.append(len(text))
    stretches = zip(edges[::2], edges[1::2], strict=True)
    visible_stretches = [(start, end) for start, end in stretches if visible(text[start:end])]
    for paragraph, (first, last) in enumerate(visible_stretches):
        starts = [first + at for at in item_starts(text[first:last])]
        for start, end in zip([first, *starts], [*starts, last], strict=True):
            if visible(text[start:end]):
                yield Piece(paragraph, start, end)
