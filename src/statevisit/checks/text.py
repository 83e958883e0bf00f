"""Text: hashes, offsets, surface forms, token and sentence boundaries."""

import hashlib
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import accumulate, chain
from operator import lt

from statevisit.checks.registry import Context, Path_, Problems, check, once
from statevisit.corpus.copies import read_copied
from statevisit.document.characters import untidy, visible
from statevisit.document.model import BARE_LAYERS, SPAN_LAYERS, Document, inner_spans
from statevisit.document.records import Sentence, Span, SpanRecord, Token, truncated
from statevisit.document.strict_json import Malformed

BareSpan = Sentence | Token
WordedSpan = Span | SpanRecord


@check("E201")
def text_hash(document: Document, context: Context) -> Problems:
    """`text_sha256` is not the SHA-256 of `text`: the text was changed, or the hash.

    All offsets count in exactly this text: one more character before a span moves every span after
    it. The hash shows changes that nobody sees.

    Wrong: `"text":"The president…"` after someone corrected a typo in it
    Right: the old text, or `statevisit realign OLD.txt NEW.txt DOC`, which moves the spans
    """
    if hashlib.sha256(_text_bytes(document)).hexdigest() != document.text_sha256:
        yield ("text_sha256",), "restore the text; a corrected text is a new document"


@once
def _text_bytes(document: Document) -> bytes:
    return document.text.encode()


@check("E202")
def seed(document: Document, context: Context) -> Problems:
    """The seed does not give the text of the document.

    Anyone can derive the text again: it is the seed in `seeds/` without its header. If that gives
    another text, the stated origin of the document is wrong.

    Wrong: `"source":{"file":"a.txt",…}` and no `seeds/a.txt`, or another file of that name
    Right: `seeds/a.txt` with the SHA-256 that `source` states
    """
    if context.seeds is None:
        return
    source = document.source
    path = context.seeds / source.file
    try:
        data = read_copied(path)
    except Malformed as bad:
        yield ("source", "file"), f"{path}: {bad.message}"
        return
    if hashlib.sha256(data).hexdigest() != source.sha256:
        yield ("source", "sha256"), f"the SHA-256 of {path} differs; restore the file"
    elif not _is_after_header(document, data):
        header = f"{source.header_length} code points of header"
        yield ("text",), f"it is not the content of {path} after {header}"


def _is_after_header(document: Document, data: bytes) -> bool:
    """Whether a seed is a header of the stated length and then the text of the document."""
    text, length = _text_bytes(document), document.source.header_length
    header = data[: len(data) - len(text)]
    if data.endswith(text) and len(header.decode(errors="replace")) == length:
        return (
            True  # no text begins inside a character, so the header decodes alone as in the whole
        )
    return data.decode(errors="replace")[length:] == document.text


@check("E203")
def text_form(document: Document, context: Context) -> Problems:
    r"""A text or name holds characters that programs silently change.

    Editors and programs change CR LF to LF, compose accents and drop white space at an edge. Then
    offsets differ, and two names that look the same are not equal. A text therefore has LF line
    ends and no NUL; texts, names and units are in Unicode normal form NFC, and names and units
    have no white space or invisible characters at their edges.

    Wrong: `"text":"cafe\u0301"` (e and a combining accent), `"name":"Baku "`
    Right: `"text":"caf\u00e9"`, `"name":"Baku"`
    """
    text = document.text
    if "\r" in text or "\x00" in text:
        yield ("text",), "`text` has a carriage return or NUL"
    if not unicodedata.is_normalized("NFC", text):
        yield ("text",), "`text` has characters that are not in Unicode normal form NFC"
    for layer, prop in TYPED:
        names = [getattr(record, prop) or "" for record in getattr(document, layer)]
        if not any(map(untidy, names)):
            continue
        for number, name in enumerate(names):
            if reason := untidy(name):
                yield (layer, number, prop), f"{_quoted(name)} has {reason}"


TYPED = (
    ("entities", "name"),
    ("event_chains", "name"),
    ("quantities", "unit"),
    ("timexes", "quant"),
)
"""The layers and properties that hold free words which are not those of the text."""


@once
def _inner_spans(document: Document) -> list[Span]:
    """The spans inside records."""
    spans = [quantity.property for quantity in document.quantities]
    spans += [quantity.whole for quantity in document.quantities]
    spans += [quotation.cue for quotation in document.quotations]
    return [span for span in spans if span is not None]


@once
def _bounds_of_spans(document: Document) -> tuple[list[int], list[int]]:
    """The starts and the ends of all spans with a surface form, those inside records last."""
    starts, ends = [], []
    for first, last in document.span_bounds.values():
        starts += first
        ends += last
    inner = _inner_spans(document)
    starts += [span.start for span in inner]
    ends += [span.end for span in inner]
    return starts, ends


def _surface_forms(document: Document) -> list[str]:
    """The surface forms of the spans in `_bounds_of_spans`."""
    forms = [span.text for layer in SPAN_LAYERS for span in getattr(document, layer)]
    return forms + [span.text for span in _inner_spans(document)]


def _with_paths(document: Document) -> Iterator[tuple[Path_, WordedSpan]]:
    """(path, span) of all spans with a surface form; needed only where one of them is wrong."""
    for layer in SPAN_LAYERS:
        for number, span in enumerate(getattr(document, layer)):
            yield (layer, number), span
    for layer in ("quantities", "quotations"):
        for number, record in enumerate(getattr(document, layer)):
            for name, inner in inner_spans(record):
                yield (layer, number, name), inner


@check("E204")
def surface(document: Document, context: Context) -> Problems:
    """The surface form is not the text between the offsets.

    The surface form makes wrong offsets visible. If the two differ, one of them is wrong, and tools
    that read the one do not see the same words as tools that read the other.

    Wrong: `{"start":0,"end":4,"text":"Bakus",…}` over "Baku and Ankara"
    Right: `{"start":0,"end":4,"text":"Baku",…}`
    """
    text = document.text
    bounds = zip(*_bounds_of_spans(document), strict=True)
    if [text[start:end] for start, end in bounds] == _surface_forms(document):
        return
    for path, span in _with_paths(document):
        words = text[span.start : span.end]
        if words != span.text and span.start < span.end <= len(text):
            place = f"[{span.start}, {span.end})"
            yield (*path, "text"), f"`text` is {_quoted(span.text)}, {place} is {_quoted(words)}"


@check("E205")
def bounds(document: Document, context: Context) -> Problems:
    """The span is empty or goes beyond the text.

    A span is half-open, counts code points, and has at least one. Offsets beyond the text usually
    count bytes or UTF-16 units.

    Wrong: `{"start":4,"end":4}`, or `"end":120` in a text of 100
    Right: `{"start":4,"end":9}`
    """
    length = len(document.text)
    starts, ends = _bounds_of_spans(document)
    are_right = all(map(lt, starts, ends)) and max(ends, default=0) <= length
    if are_right and len(document.orderly) == len(BARE_LAYERS):
        return
    for path, span in chain(_disorderly_spans(document), _with_paths(document)):
        if not span.start < span.end <= length:
            yield path, f"[{span.start}, {span.end}) in a text of {length} code points"


def _disorderly_spans(document: Document) -> Iterator[tuple[Path_, BareSpan]]:
    """The sentences and tokens whose bounds `Document.orderly` has not proved right."""
    for layer in BARE_LAYERS:
        if layer not in document.orderly:
            for number, span in enumerate(getattr(document, layer)):
                yield (layer, number), span


@check("E206")
def token_boundaries(document: Document, context: Context) -> Problems:
    """The span does not start and end on token boundaries.

    Token-based tools, and the conversions to CoNLL and BIO, can only represent whole tokens. If a
    span cuts a token, an offset is wrong, or the token is.

    Wrong: a mention of "resident" inside the token "president"
    Right: a mention of "president"
    """
    if _are_of_whole_tokens(document):
        return
    length = len(document.text)
    starts, ends = map(set, document.bounds["tokens"])
    sentences = ((("sentences", number), s) for number, s in enumerate(document.sentences))
    for path, span in chain(sentences, _with_paths(document)):
        if span.start in starts and span.end in ends:
            continue
        if span.start < span.end <= length:
            cut = _cut_tokens(document, span) or "white space"
            yield path, f"[{span.start}, {span.end}) cuts into {cut}"


@once
def _are_of_whole_tokens(document: Document) -> bool:
    """Whether all sentences and all spans with a surface form start and end with a token."""
    bounds = zip(document.bounds["sentences"], _bounds_of_spans(document), strict=True)
    starts, ends = [{*of_sentences, *of_spans} for of_sentences, of_spans in bounds]
    token_starts, token_ends = document.bounds["tokens"]
    return not (starts.difference(token_starts) or ends.difference(token_ends))


def _cut_tokens(document: Document, span: BareSpan | WordedSpan) -> str:
    """The first and the last token that a span overlaps; empty if it overlaps none."""
    starts, reached, numbers = _tokens_by_start(document)
    overlapping = [
        number
        for number in numbers[bisect_right(reached, span.start) : bisect_left(starts, span.end)]
        if span.start < document.tokens[number].end
    ]
    if not overlapping:
        return ""
    cut = dict.fromkeys((min(overlapping), max(overlapping)))
    return " ".join(_quoted(document.text_of(document.tokens[number])) for number in cut)


@once
def _tokens_by_start(document: Document) -> tuple[list[int], list[int], list[int]]:
    """For the tokens by start: their starts, the largest ends so far, their numbers in the layer.

    If tokens overlap, only those from the first whose largest end is after an offset can be after
    it.
    """
    starts, ends = document.bounds["tokens"]
    numbers = sorted(range(len(starts)), key=starts.__getitem__)
    reached = list(accumulate((ends[number] for number in numbers), max))
    return [starts[number] for number in numbers], reached, numbers


@check("E207")
def segmentation(document: Document, context: Context) -> Problems:
    """Sentences and tokens must be in order, not overlap, and have no white space at their edges.

    They divide the text: each character is in at most one sentence and one token, and lookups by
    offset rely on the order.

    Wrong: tokens `[0, 5)` and `[4, 9)`
    Right: tokens `[0, 4)` and `[5, 9)`
    """
    for layer in BARE_LAYERS:
        if _is_well_segmented(document, layer):
            continue
        last = 0
        for number, span in enumerate(getattr(document, layer)):
            words = document.text[span.start : span.end]
            if span.start < last:
                yield (
                    (layer, number),
                    f"it begins at {span.start}, before the last one ends at {last}",
                )
            elif words != words.strip():
                yield (layer, number), f"[{span.start}, {span.end}) has white space at an edge"
            last = max(last, span.end)


def _is_well_segmented(document: Document, layer: str) -> bool:
    """Whether a layer is in order and without white space at the edges; quick for a right one."""
    if layer not in document.orderly:
        return False
    if layer == "tokens" and document.tiled:
        return True
    edges = _edges(document, layer)
    return not edges or edges.split() == [edges]


def _edges(document: Document, layer: str) -> str:
    """The first and last characters of the spans of an orderly layer."""
    starts, ends = document.bounds[layer]
    first = map(document.text.__getitem__, starts)
    last = [document.text[end - 1] for end in ends]
    return "".join(first) + "".join(last)


@check("E208")
def uncovered(document: Document, context: Context) -> Problems:
    """There is text outside all tokens, or a token outside all sentences.

    Text outside all tokens cannot be annotated, and a token outside all sentences is missing from
    every table by sentence. Only white space and format characters that nobody sees, such as
    direction marks, need no token.

    Wrong: no token for the full stop
    Right: a token `[9, 10)` for it, inside the sentence
    """
    if document.tiled and _are_tokens_in_sentences(document):
        return
    yield from _text_outside_tokens(document)
    yield from _tokens_outside_sentences(document)


def _are_tokens_in_sentences(document: Document) -> bool:
    """Whether orderly tokens without white space are in sentences, if all spans have right edges.

    No token crosses the edge of a sentence if tokens start and end there, and none lies between
    sentences if there is only white space.
    """
    if "sentences" not in document.orderly or not _are_of_whole_tokens(document):
        return False
    return not document.text_outside("sentences").strip()


def _text_outside_tokens(document: Document) -> Problems:
    last = 0
    for token in document.tokens:
        gap = visible(document.text[last : token.start])
        if gap:
            yield ("tokens",), f"{_quoted(gap)} before {token.start} is in no token"
        last = max(last, token.end)
    gap = visible(document.text[last:])
    if gap:
        yield ("tokens",), f"{_quoted(gap)} at the end is in no token"


def _tokens_outside_sentences(document: Document) -> Problems:
    """Report the first token of every run of tokens outside all sentences."""
    starts, ends = document.bounds["sentences"]
    end_before = [-1, *ends]  # end_before[n]: where the sentence before the start n ends
    previous_is_outside = False
    for number, token in enumerate(document.tokens):
        end = end_before[bisect_right(starts, token.start)]
        is_inside = token.start < end and token.end <= end
        if not is_inside and not previous_is_outside:
            words = document.text[token.start : token.start + 40]
            yield ("tokens", number), f"{_quoted(words)} is in no sentence"
        previous_is_outside = not is_inside


def _quoted(text: str) -> str:
    """Quote a text with its white space, which can be the difference."""
    return repr(truncated(text, 60))
