"""Divides and joins the tokens and sentences of a document; nothing else of it changes place.

Spans keep their offsets: a change that would leave an edge of a span inside a token, or a span
across two sentences, is refused and names the spans. The evidence of relations, which counts
sentences, is renumbered.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from statevisit.document.characters import joins, trimmed
from statevisit.document.codec import ordered
from statevisit.document.model import SPAN_LAYERS, Document, inner_spans
from statevisit.document.records import Sentence, Span, SpanRecord, Token
from statevisit.errors import FormatError
from statevisit.printable import counted

_NAMED = 5
"""Spans that a message names; of more, it counts the others."""


def split_token(document: Document, at: int) -> Document:
    """Return the document with its token divided at an offset; the same if none is there to divide.

    Raises FormatError if readers see the characters on both sides as one.
    """
    number = bisect_right(document.bounds["tokens"][0], at) - 1
    if number < 0 or not document.tokens[number].start < at < document.tokens[number].end:
        return document
    if joins(document.text, at):
        raise FormatError(f"{_context(document, at)}: the mark divides one character; move it")
    token = document.tokens[number]
    parts = _parts(document.text, token, at)
    if len(parts) < 2:
        return document
    tokens = (*document.tokens[:number], *parts, *document.tokens[number + 1 :])
    return replace(document, tokens=tokens)


def _parts(text: str, token: Token, at: int) -> list[Token]:
    """The two sides of a token, without invisible characters beside the offset between them."""
    before, after = trimmed(text, token.start, at), trimmed(text, at, token.end)
    sides = [(token.start, before[1]), (after[0], token.end)]
    is_visible = before[0] < before[1] and after[0] < after[1]
    return [Token(start=start, end=end) for start, end in sides if is_visible]


def merge_tokens(document: Document, start: int, end: int) -> Document:
    """Return the document with one token from `start` to `end`; the same if it has that already.

    Raises FormatError if these offsets are inside tokens, or a sentence or span would then begin or
    end inside the token.
    """
    first, last = _overlapping(document.tokens, start, end)
    joined = document.tokens[first:last]
    if len(joined) == 1 and joined[0].start <= start and end <= joined[0].end:
        return document
    if not joined or (joined[0].start, joined[-1].end) != (start, end):
        tokens = ", ".join(repr(document.text_of(token)) for token in joined)
        raise FormatError(
            f"{document.text[start:end]!r}: does not begin and end with a token; the tokens here "
            f"are {tokens or 'none'}"
        )
    inside = {edge for token in joined for edge in (token.start, token.end)} - {start, end}
    _refuse(_with_edge(document, inside), f"cut the token {document.text[start:end]!r}")
    if any(edge in inside for sentence in document.sentences for edge in _edges(sentence)):
        raise FormatError(
            f"{document.text[start:end]!r}: has a sentence's end inside; merge the sentences first"
        )
    one = Token(start=start, end=end)
    return replace(document, tokens=(*document.tokens[:first], one, *document.tokens[last:]))


def split_sentence(document: Document, at: int) -> Document:
    """Return the document with a sentence that begins after an offset, between two tokens.

    It is the same if one begins there already. A relation that had the sentence as evidence has
    both parts. Raises FormatError if the offset is inside a token, or a span would then be in both
    parts.
    """
    number = bisect_right(document.bounds["sentences"][0], at) - 1
    if number < 0 or at >= document.sentences[number].end:
        return document
    sentence = document.sentences[number]
    starts, ends = document.bounds["tokens"]
    following = bisect_left(starts, at)
    previous = bisect_right(ends, at) - 1
    if following - previous != 1:
        cut = document.text_of(document.tokens[previous + 1])
        raise FormatError(
            f"{_context(document, at)}: the mark is inside the token {cut!r}; split the token first"
        )
    is_edge = previous < 0 or following == len(starts)
    if is_edge or ends[previous] <= sentence.start or starts[following] >= sentence.end:
        return document
    _refuse(_across(document, ends[previous], starts[following]), "be in both sentences")
    parts = (
        replace(sentence, end=ends[previous]),
        replace(sentence, start=starts[following]),
    )
    sentences = (*document.sentences[:number], *parts, *document.sentences[number + 1 :])
    numbers = {n: {n + (n > number)} for n in range(len(document.sentences))}
    numbers[number] = {number, number + 1}
    return _renumbered(document, sentences, numbers)


def merge_sentences(document: Document, start: int, end: int) -> Document:
    """Return the document with the sentences between two offsets as one.

    It is the same if that is one already. The paragraph is that of the first of them; the evidence
    of a relation that had any of them is the one.
    """
    first, last = _overlapping(document.sentences, start, end)
    if last - first < 2:
        return document
    one = replace(document.sentences[first], end=document.sentences[last - 1].end)
    sentences = (*document.sentences[:first], one, *document.sentences[last:])
    removed = last - first - 1
    numbers = {
        n: {n if n <= first else max(first, n - removed)} for n in range(len(document.sentences))
    }
    return _renumbered(document, _with_dense_paragraphs(sentences), numbers)


def _with_dense_paragraphs(sentences: tuple[Sentence, ...]) -> tuple[Sentence, ...]:
    """Sentences whose paragraphs have no gap in their numbers where one was merged away."""
    present = sorted({sentence.paragraph for sentence in sentences})
    if not present or present == list(range(present[-1] + 1)):
        return sentences
    numbers = {paragraph: number for number, paragraph in enumerate(present)}
    return tuple(replace(s, paragraph=numbers[s.paragraph]) for s in sentences)


def _renumbered(
    document: Document, sentences: tuple[Sentence, ...], numbers: dict[int, set[int]]
) -> Document:
    """The document with other sentences; `numbers` are the new numbers of each old one."""
    relations = []
    for relation in document.relations:
        if relation.evidence is not None:
            evidence = {new for old in relation.evidence for new in numbers.get(old, {old})}
            relation = replace(relation, evidence=tuple(sorted(evidence)))
        relations.append(relation)
    return ordered(replace(document, sentences=sentences, relations=tuple(relations)))


def _overlapping(
    spans: tuple[Token, ...] | tuple[Sentence, ...], start: int, end: int
) -> tuple[int, int]:
    """The numbers of the first span that overlaps a stretch, and of the first one after it."""
    first = bisect_right([span.end for span in spans], start)
    return first, max(first, bisect_left([span.start for span in spans], end))


def _edges(span: Sentence | Span | SpanRecord) -> tuple[int, int]:
    return span.start, span.end


def _spans(document: Document) -> Iterator[tuple[str, str, SpanRecord | Span]]:
    """(id, part, span) of each span; the part is one of INNER_SPANS, or ""."""
    for layer in SPAN_LAYERS:
        for record in getattr(document, layer):
            yield record.id, "", record
            for part, inner in inner_spans(record):
                yield record.id, part, inner


def _with_edge(document: Document, offsets: set[int]) -> Iterator[str]:
    """The spans that begin or end at one of some offsets, as a message names them."""
    for record, part, span in _spans(document):
        if any(edge in offsets for edge in _edges(span)):
            yield _named(record, part, span)


def _across(document: Document, end: int, start: int) -> Iterator[str]:
    """The spans on both sides of a sentence's end, of layers that stay in one sentence."""
    for layer in SPAN_LAYERS:
        for record in getattr(document, layer):
            if layer != "quotations" and record.start < end and start < record.end:
                yield _named(record.id, "", record)


def _named(record: str, part: str, span: SpanRecord | Span) -> str:
    return f"{record}{f' ({part})' if part else ''} {span.text!r}"


def _refuse(spans: Iterable[str], trouble: str) -> None:
    """Raise FormatError if there are spans in the way of a change."""
    names = list(spans)
    if not names:
        return
    more = len(names) - _NAMED
    others = f" and {counted(more, 'other')}" if more > 0 else ""
    raise FormatError(
        f"{', '.join(names[:_NAMED])}{others} would {trouble}; change or remove "
        f"{'them' if names[1:] else 'it'} first"
    )


def with_token(document: Document, at: int) -> list[str]:
    """Return the spans that begin or end with the token around an offset, as messages name them."""
    number = bisect_right(document.bounds["tokens"][0], at) - 1
    if number < 0:
        return []
    token = document.tokens[number]
    return [
        _named(record, part, span)
        for record, part, span in _spans(document)
        if span.start <= token.start and token.end <= span.end and token.start < at < token.end
        if span.start == token.start or span.end == token.end
    ]


def _context(document: Document, at: int, width: int = 15) -> str:
    """The text around an offset, with a bar at the offset, on one line."""
    before, after = document.text[max(0, at - width) : at], document.text[at : at + width]
    return " ".join(f"…{before}|{after}…".split())
