"""A source text was corrected: its document's spans move with it, or are reported; nothing is guessed.

The two texts are compared by words (rapidfuzz; on a text of 150,000 characters with 150 corrections it takes a
hundredth of difflib's time). What stands in words that both have moves with them; a word that was corrected (Erdogan →
Erdoğan) is followed where the replaced words are as many as the new ones and look alike. One or two equal words between
two rewritten passages may be there by chance and count for nothing. A span whose first or last word has no counterpart
is not placed.
"""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from statevisit.codec import ordered
from statevisit.errors import MissingExtra
from statevisit.findings import Finding
from statevisit.model import SPAN_LAYERS, Document, Sentence, Source, Token
from statevisit.strict_json import pointer

ALIKE = 0.6
"""How alike (rapidfuzz's normalised Indel similarity) a word and the word that replaced it must be to be one word, corrected."""

_WORD = re.compile(r"\w+|[^\w\s]")
Segmenter = Callable[[str, str], tuple[tuple[Sentence, ...], tuple[Token, ...]]]


CHANCE = 3
"""From this many words on an equal passage between two rewritten ones is no chance."""

Block = tuple[bool, int, int, int, int]
"""Whether two passages are equal, and where they are: words [i, j) of the old text, [k, m) of the new one."""


def _blocks(a: list[str], b: list[str]) -> Iterator[Block]:
    """The passages of two lists of words, equal and changed in turn."""
    try:
        from rapidfuzz.distance import Indel
    except ImportError:
        raise MissingExtra("rapidfuzz", "ingest") from None
    i = k = 0
    for op in Indel.opcodes(a, b):
        if op.tag == "equal":
            if i < op.src_start or k < op.dest_start:
                yield False, i, op.src_start, k, op.dest_start
            yield True, op.src_start, op.src_end, op.dest_start, op.dest_end
            i, k = op.src_end, op.dest_end
    if i < len(a) or k < len(b):
        yield False, i, len(a), k, len(b)


def _rewritten(a: list[str], b: list[str], block: Block) -> bool:
    """Whether a changed passage is neither words corrected one by one nor only words added or only words removed."""
    from rapidfuzz.distance import Indel

    _, i, j, k, m = block
    if i == j or k == m:
        return False
    return j - i != m - k or any(
        Indel.normalized_similarity(x, y) < ALIKE for x, y in zip(a[i:j], b[k:m], strict=True)
    )


class Alignment:
    """Where the characters of an old text are in a new one."""

    def __init__(self, old: str, new: str) -> None:
        self._old = [m.span() for m in _WORD.finditer(old)]
        self._starts = [s for s, _ in self._old]
        self._place: dict[int, tuple[int, int, bool]] = {}
        """Of every old word that has a counterpart: the new word's span, and whether the two are equal."""
        self._fill(old, new)

    def _fill(self, old: str, new: str) -> None:
        theirs = [m.span() for m in _WORD.finditer(new)]
        a, b = [old[s:e] for s, e in self._old], [new[s:e] for s, e in theirs]
        blocks = list(_blocks(a, b))
        for n, (equal, i, j, k, m) in enumerate(blocks):
            around = [block for block in blocks[n - 1 : n] + blocks[n + 1 : n + 2] if not block[0]]
            if equal:
                placed = not (
                    j - i < CHANCE
                    and len(around) == 2
                    and all(_rewritten(a, b, block) for block in around)
                )
            else:
                placed = j - i == m - k and not _rewritten(a, b, blocks[n])
            for one, other in zip(range(i, j), range(k, m), strict=False) if placed else ():
                self._place[one] = (*theirs[other], equal)

    def _at(self, offset: int) -> int | None:
        """The number of the old word in which the character at `offset` is."""
        number = bisect_right(self._starts, offset) - 1
        return number if number >= 0 and offset < self._old[number][1] else None

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Where the span is in the new text; None where that is not certain."""
        first, last = self._edge(start, 0), self._edge(end - 1, 1)
        return (first, last) if first is not None and last is not None and first < last else None

    def _edge(self, offset: int, side: int) -> int | None:
        """The new place before (side 0) or after (side 1) the character at an old offset."""
        number = self._at(offset)
        if number is None or number not in self._place:
            return None
        start, end, equal = self._place[number]
        within = offset - self._old[number][0]
        if equal:
            return start + within + side
        at_edge = within == 0 if side == 0 else offset + 1 == self._old[number][1]
        return (
            ((start, end)[side]) if at_edge else None
        )  # inside a corrected word no place is certain


def realign(
    document: Document, text: str, source: Source, date: str, segment: Segmenter
) -> tuple[Document | None, list[Finding]]:
    """(the document over the corrected text, findings): None and what has no place (A201), or all moved and what to look at (A102).

    `segment` makes sentences and tokens of the new text, which are taken where the old ones have no certain place.
    """
    moved = Alignment(document.text, text)
    findings: list[Finding] = []
    layers = {
        layer: tuple(
            _record(document, layer, i, moved, text, findings)
            for i in range(len(getattr(document, layer)))
        )
        for layer in SPAN_LAYERS
    }
    sentences, tokens = segment(text, document.language)
    new_tokens = _merged(
        document.tokens,
        tokens,
        moved,
        lambda t, old: text[t.start : t.end] == document.text_of(old),
    )
    new_sentences = _merged(document.sentences, sentences, moved, lambda s, old: True)
    if (
        _numbered(document.sentences, document.text) == document.sentences
    ):  # else the numbers follow something of their own
        new_sentences = _numbered(new_sentences, text)
    relations = tuple(
        _relation(document, i, new_sentences, moved, findings)
        for i in range(len(document.relations))
    )
    if any(f.code == "A201" for f in findings):
        return None, findings
    made = replace(
        document,
        text=text,
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        source=source,
        date=date,
        sentences=new_sentences,
        tokens=new_tokens,
        relations=relations,
        **layers,
    )
    return ordered(made), findings


def _record(
    document: Document,
    layer: str,
    number: int,
    moved: Alignment,
    text: str,
    findings: list[Finding],
) -> Any:
    record = getattr(document, layer)[number]
    made = _moved(document, record, (layer, number), record.id, moved, text, findings)
    for inner in ("property", "cue"):
        if span := getattr(record, inner, None):
            made = replace(
                made,
                **{
                    inner: _moved(
                        document, span, (layer, number, inner), record.id, moved, text, findings
                    )
                },
            )
    return made


def _moved(
    document: Document,
    span: Any,
    path: tuple[str | int, ...],
    record: str,
    moved: Alignment,
    text: str,
    findings: list[Finding],
) -> Any:
    place = moved.span(span.start, span.end)
    where = {
        "document": document.id,
        "pointer": pointer(path),
        "layer": str(path[0]),
        "record": record,
    }
    if place is None:
        findings.append(
            Finding(
                code="A201",
                message=f"{span.text!r} at {span.start} has no certain place in the corrected text: delete the record or annotate it anew",
                **where,
            )
        )
        return span
    made = replace(span, start=place[0], end=place[1], text=text[place[0] : place[1]])
    if made.text.split() != span.text.split():
        findings.append(
            Finding(
                code="A102",
                message=f"{span.text!r} became {made.text!r}: does what is said about it still hold?",
                **where,
            )
        )
    return made


def _merged(
    old: tuple[Any, ...], new: tuple[Any, ...], moved: Alignment, same: Callable[[Any, Any], bool]
) -> tuple[Any, ...]:
    """The old spans that have a place, and the new ones wherever no old one is."""
    kept: list[Any] = []
    for span in old:
        place = moved.span(span.start, span.end)
        if place and (not kept or kept[-1].end <= place[0]):
            candidate = replace(span, start=place[0], end=place[1])
            if same(candidate, span):
                kept.append(candidate)
    ends, result = [k.end for k in kept], list(kept)
    for span in new:
        after = bisect_right(
            ends, span.start
        )  # the first kept one that ends beyond the start of this one
        if after == len(kept) or kept[after].start >= span.end:
            result.append(span)
    return tuple(sorted(result, key=lambda s: s.start))


def _numbered(sentences: tuple[Any, ...], text: str) -> tuple[Sentence, ...]:
    """Sentences with the numbers of their paragraphs: a blank line begins a new one."""
    breaks = [m.start() for m in re.finditer(r"\n[ \t]*\n", text)]
    before = [bisect_right(breaks, s.start) for s in sentences]
    numbers = {n: i for i, n in enumerate(dict.fromkeys(before))}
    return tuple(replace(s, paragraph=numbers[n]) for s, n in zip(sentences, before, strict=True))


def _relation(
    document: Document,
    number: int,
    sentences: tuple[Sentence, ...],
    moved: Alignment,
    findings: list[Finding],
) -> Any:
    """A relation whose evidence names the sentences by their new numbers."""
    relation = document.relations[number]
    at = {s.start: i for i, s in enumerate(sentences)}
    evidence = []
    for n, old in enumerate(relation.evidence):
        place = (
            moved.span(document.sentences[old].start, document.sentences[old].end)
            if old < len(document.sentences)
            else None
        )
        if place is None or place[0] not in at:
            where = {
                "document": document.id,
                "pointer": pointer(("relations", number, "evidence", n)),
                "layer": "relations",
                "record": relation.id,
            }
            findings.append(
                Finding(
                    code="A201",
                    message=f"sentence {old}, evidence of {relation.type}, has no certain place in the corrected text",
                    **where,
                )
            )
        else:
            evidence.append(at[place[0]])
    return replace(relation, evidence=tuple(sorted(set(evidence))))
