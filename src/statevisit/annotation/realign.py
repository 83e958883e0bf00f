"""Moves spans to a corrected source text; a span without a certain place is reported.

The two texts are compared by words (rapidfuzz: on a text of 150,000 characters with 150 corrections
it takes a hundredth of difflib's time). Spans in unchanged text move with it. Corrected words
(Erdogan → Erdoğan) are matched if their number is unchanged and they are similar. One or two equal
words between two rewritten passages may be equal by chance and are not matched. A span whose first
or last word has no match is not placed.
"""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from statevisit.document.characters import FORMAT, trimmed
from statevisit.document.codec import ordered
from statevisit.document.model import SPAN_LAYERS, Document, inner_spans
from statevisit.document.records import (
    Event,
    Mention,
    Quantity,
    Quotation,
    Relation,
    Sentence,
    Source,
    Span,
    Timex,
    Token,
)
from statevisit.document.scheme import scheme_of
from statevisit.document.strict_json import pointer
from statevisit.errors import MissingExtra
from statevisit.findings import Finding

SIMILAR = 0.6
"""The least normalised Indel similarity of a word and its correction."""

CHANCE = 3
"""The least number of words of an equal passage between two rewritten ones that is matched."""

_WORD = re.compile(rf"\w+(?:[{FORMAT}]+\w+)*|[^\w\s{FORMAT}]")
"""A word, with the format characters inside it, or a sign. Other format characters are no words."""

_FORMAT = re.compile(f"[{FORMAT}]")

Segmenter = Callable[[str, str], tuple[tuple[Sentence, ...], tuple[Token, ...]]]
"""A function from a text and its language to sentences and tokens."""

SpanRecord = Mention | Timex | Quantity | Event | Quotation
Surface = TypeVar("Surface", bound=SpanRecord | Span)
Bare = TypeVar("Bare", Sentence, Token)


class Block(Struct, frozen=True):
    """Two passages: words [start, end) of the old text and [new_start, new_end) of the new one."""

    equal: bool
    start: int
    end: int
    new_start: int
    new_end: int

    @property
    def same_length(self) -> bool:
        """Whether both passages have as many words."""
        return self.end - self.start == self.new_end - self.new_start


def _blocks(old: list[str], new: list[str]) -> Iterator[Block]:
    """The passages of two lists of words, equal and changed in turn."""
    try:
        from rapidfuzz.distance import Indel
    except ImportError:
        raise MissingExtra("rapidfuzz", "ingest") from None
    at = new_at = 0
    for operation in Indel.opcodes(old, new):
        if operation.tag != "equal":
            continue
        start, end = operation.src_start, operation.src_end
        new_start, new_end = operation.dest_start, operation.dest_end
        if at < start or new_at < new_start:
            yield Block(False, at, start, new_at, new_start)
        yield Block(True, start, end, new_start, new_end)
        at, new_at = end, new_end
    if at < len(old) or new_at < len(new):
        yield Block(False, at, len(old), new_at, len(new))


def _is_rewritten(old: list[str], new: list[str], block: Block) -> bool:
    """Whether a changed passage is more than words corrected one by one, or added, or removed."""
    from rapidfuzz.distance import Indel

    only_added = block.start == block.end
    only_removed = block.new_start == block.new_end
    if only_added or only_removed:
        return False
    if not block.same_length:
        return True
    words = zip(old[block.start : block.end], new[block.new_start : block.new_end], strict=True)
    return any(Indel.normalized_similarity(word, other) < SIMILAR for word, other in words)


class Counterpart(Struct, frozen=True):
    """The word of the new text that an old word became: its offsets, and whether it is equal."""

    start: int
    end: int
    equal: bool


class Alignment:
    """Where the characters of an old text are in a new one."""

    def __init__(self, old: str, new: str) -> None:
        self._old, self._new = old, new
        self._words = [match.span() for match in _WORD.finditer(old)]
        self._starts = [start for start, _ in self._words]
        self._counterparts = self._matched(old, new)

    def _matched(self, old: str, new: str) -> dict[int, Counterpart]:
        """The counterpart of each old word, by its number; words without one are left out."""
        new_spans = [match.span() for match in _WORD.finditer(new)]
        old_words = [old[start:end] for start, end in self._words]
        new_words = [new[start:end] for start, end in new_spans]
        blocks = list(_blocks(old_words, new_words))
        counterparts = {}
        for number, block in enumerate(blocks):
            if block.equal:
                neighbours = blocks[number - 1 : number] + blocks[number + 1 : number + 2]
                rewritten = [
                    not other.equal and _is_rewritten(old_words, new_words, other)
                    for other in neighbours
                ]
                by_chance = rewritten == [True, True] and block.end - block.start < CHANCE
                if by_chance:
                    continue
            elif not block.same_length or _is_rewritten(old_words, new_words, block):
                continue
            for offset in range(block.end - block.start):
                start, end = new_spans[block.new_start + offset]
                counterparts[block.start + offset] = Counterpart(start, end, block.equal)
        return counterparts

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the offsets of an old span in the new text; None where they are not certain.

        Format characters at its edges stay in it as long as the words beside them are unchanged.
        """
        visible_start, visible_end = trimmed(self._old, start, end)
        first = self._boundary(visible_start, after=False)
        last = self._boundary(visible_end - 1, after=True)
        if first is None or last is None or first >= last:
            return None
        before, after = self._old[start:visible_start], self._old[visible_end:end]
        if self._new.endswith(before, 0, first) and self._is_unchanged(visible_start):
            first -= len(before)
        if self._new.startswith(after, last) and self._is_unchanged(visible_end - 1):
            last += len(after)
        return first, last

    def _is_unchanged(self, offset: int) -> bool:
        """Whether the word at an old offset is the same in the new text."""
        counterpart = self._counterparts.get(bisect_right(self._starts, offset) - 1)
        return counterpart is not None and counterpart.equal

    def _boundary(self, offset: int, after: bool) -> int | None:
        """The new offset before or after the character at an old offset."""
        number = bisect_right(self._starts, offset) - 1
        if number < 0:
            return None
        start, end = self._words[number]
        counterpart = self._counterparts.get(number)
        if offset >= end or counterpart is None:
            return None
        if counterpart.equal:
            return counterpart.start + offset - start + after
        # Inside a corrected word no offset is certain, only at its ends.
        if after:
            return counterpart.end if offset + 1 == end else None
        return counterpart.start if offset == start else None


def realign(
    document: Document, text: str, source: Source, date: str, segment: Segmenter
) -> tuple[Document | None, list[Finding]]:
    """Return (the document over the corrected text, findings).

    The document is None if a record has no certain place (A201). A102 names spans whose words
    changed and that a person should look at. `segment` gives sentences and tokens of the new text,
    which replace old ones without a certain place.
    """
    move = _Move(document, text)
    layers = {
        layer: tuple(
            move.record(layer, number, record)
            for number, record in enumerate(getattr(document, layer))
        )
        for layer in SPAN_LAYERS
    }
    new_sentences, new_tokens = segment(text, document.language)
    moved_tokens = list(move.kept(document.tokens))
    kept_tokens = [
        token
        for old, token in moved_tokens
        if text[token.start : token.end] == document.text_of(old)
    ]
    filled = _filled(kept_tokens, new_tokens, text)
    tokens = _annotated(filled, [token for _, token in moved_tokens])
    kept_sentences = [sentence for _, sentence in move.kept(document.sentences)]
    sentences = _filled(kept_sentences, new_sentences, text)
    numbered_by_paragraph = _numbered(document.sentences, document.text) == document.sentences
    if numbered_by_paragraph:
        sentences = _numbered(sentences, text)
    numbers = {sentence.start: n for n, sentence in enumerate(sentences)}
    relations = tuple(
        move.relation(number, relation, numbers)
        for number, relation in enumerate(document.relations)
    )
    if any(finding.code == "A201" for finding in move.findings):
        return None, move.findings
    scheme = scheme_of(document)
    moved = replace(
        document,
        text=text,
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        source=source,
        date=date,
        sentences=scheme.typed("sentences", sentences),
        tokens=scheme.typed("tokens", tokens),
        relations=relations,
        **layers,
    )
    return ordered(moved), move.findings


class _Move:
    """Moves the records of a document to another text and collects findings."""

    def __init__(self, document: Document, text: str) -> None:
        self.document = document
        self.text = text
        self.alignment = Alignment(document.text, text)
        self.findings: list[Finding] = []

    def record(self, layer: str, number: int, record: SpanRecord) -> SpanRecord:
        """Return a record of a span layer at its new place."""
        moved = self._span(record, (layer, number), record.id)
        for name, inner in inner_spans(record):
            place = self._span(inner, (layer, number, name), record.id)
            moved = replace(moved, **{name: place})
        return moved

    def _span(self, span: Surface, path: tuple[str | int, ...], record: str) -> Surface:
        place = self.alignment.span(span.start, span.end)
        if place is None:
            self._report(
                "A201",
                f"{span.text!r} at {span.start} has no certain place in the corrected text: "
                "delete the record or annotate it again",
                path,
                record,
            )
            return span
        start, end = place
        moved = replace(span, start=start, end=end, text=self.text[start:end])
        if _visible_words(moved.text) != _visible_words(span.text):
            self._report(
                "A102",
                f"{span.text!r} became {moved.text!r}: check that its annotation still holds",
                path,
                record,
            )
        return moved

    def kept(self, spans: tuple[Bare, ...]) -> Iterator[tuple[Bare, Bare]]:
        """Yield each old span that has a certain place, with the new span."""
        for span in spans:
            place = self.alignment.span(span.start, span.end)
            if place is not None:
                yield span, replace(span, start=place[0], end=place[1])

    def relation(self, number: int, relation: Relation, numbers: dict[int, int]) -> Relation:
        """Return a relation whose evidence names the sentences by their new numbers.

        `numbers` are the new numbers of sentences by their starts.
        """
        if relation.evidence is None:
            return relation
        evidence = set()
        for n, old_number in enumerate(relation.evidence):
            new_number = self._sentence_number(old_number, numbers)
            if new_number is None:
                self._report(
                    "A201",
                    f"sentence {old_number}, evidence of {relation.type or relation.id}, has no "
                    "certain place in the corrected text",
                    ("relations", number, "evidence", n),
                    relation.id,
                )
            else:
                evidence.add(new_number)
        return replace(relation, evidence=tuple(sorted(evidence)))

    def _sentence_number(self, old_number: int, numbers: dict[int, int]) -> int | None:
        if old_number >= len(self.document.sentences):
            return None
        sentence = self.document.sentences[old_number]
        place = self.alignment.span(sentence.start, sentence.end)
        return None if place is None else numbers.get(place[0])

    def _report(self, code: str, message: str, path: tuple[str | int, ...], record: str) -> None:
        self.findings.append(
            Finding(
                code=code,
                message=message,
                document=self.document.id,
                pointer=pointer(path),
                layer=str(path[0]),
                record=record,
            )
        )


def _visible_words(text: str) -> list[str]:
    return _FORMAT.sub("", text).split()


def _filled(kept: list[Bare], new: tuple[Bare, ...], text: str) -> tuple[Bare, ...]:
    """The kept spans, without those that overlap an earlier one, and new spans in the gaps.

    Of a new span that a kept one overlaps, the rest stays: "," of "Baku," beside a kept "Baku".
    """
    apart: list[Bare] = []
    for span in kept:
        if not apart or apart[-1].end <= span.start:
            apart.append(span)
    ends = [span.end for span in apart]
    filled = list(apart)
    for span in new:
        at = span.start
        for other in apart[bisect_right(ends, at) :]:
            if other.start >= span.end:
                break
            filled += _rest(span, at, other.start, text)
            at = other.end
        filled += _rest(span, at, span.end, text)
    return tuple(sorted(filled, key=lambda span: span.start))


def _rest(span: Bare, start: int, end: int, text: str) -> list[Bare]:
    """A part of a span in a list, which is empty if nobody sees the part."""
    start, end = trimmed(text, start, max(start, end))
    return [replace(span, start=start, end=end)] if start < end else []


def _annotated(tokens: tuple[Token, ...], moved: list[Token]) -> tuple[Token, ...]:
    """The tokens, with the properties that a corrected word had before."""
    by_bounds = {(token.start, token.end): token for token in moved}
    return tuple(by_bounds.get((token.start, token.end), token) for token in tokens)


def _numbered(sentences: tuple[Sentence, ...], text: str) -> tuple[Sentence, ...]:
    """Sentences with the numbers of their paragraphs: a blank line begins a new one."""
    blank_lines = [match.start() for match in re.finditer(r"\n[ \t]*\n", text)]
    before = [bisect_right(blank_lines, sentence.start) for sentence in sentences]
    numbers = {count: number for number, count in enumerate(dict.fromkeys(before))}
    return tuple(
        replace(sentence, paragraph=numbers[count])
        for sentence, count in zip(sentences, before, strict=True)
    )
