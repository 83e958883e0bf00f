"""Text: hashes, offsets, surface forms, token and sentence boundaries."""

import hashlib
import unicodedata
from bisect import bisect_left, bisect_right
from itertools import chain
from typing import Any

from statevisit.checks.registry import Context, Path_, Problems, check, once
from statevisit.model import SPAN_LAYERS, Document


@check("E201")
def text_hash(document: Document, context: Context) -> Problems:
    """`text_sha256` is not the SHA-256 of `text`: the text was changed, or the hash.

    All offsets count in exactly this text; one character more or less before a span moves every
    span after it. The hash shows a change that no eye would.

    Wrong: `"text":"The president…"` after someone mended a typo in it
    Right: the text as it was, or the spans moved with it: `statevisit realign OLD.txt NEW.txt DOC`
    """
    if hashlib.sha256(document.text.encode()).hexdigest() != document.text_sha256:
        yield ("text_sha256",), "restore the text; a corrected text is a new document"


@check("E202")
def seed(document: Document, context: Context) -> Problems:
    """The seed is not what the document says it was made from.

    Anyone can derive the text again: the seed in `seeds/`, less its header. Where that gives
    another text, the origin of the document is not what it says.

    Wrong: `"source":{"file":"a.txt",…}` and no `seeds/a.txt`, or another file of that name
    Right: `seeds/a.txt` with the SHA-256 that `source` states
    """
    if context.seeds is None:
        return
    source = document.source
    path = context.seeds / source.file
    try:
        data = path.read_bytes()
    except OSError as error:
        yield ("source", "file"), f"{path}: {error.strerror}"
        return
    if hashlib.sha256(data).hexdigest() != source.sha256:
        yield ("source", "sha256"), f"the SHA-256 of {path} is another; restore the file"
    elif data.decode(errors="replace")[source.header_length :] != document.text:
        yield (
            ("text",),
            f"it is not what {path} holds after {source.header_length} code points of header",
        )


@check("E203")
def text_form(document: Document, context: Context) -> Problems:
    r"""`text` holds what makes offsets ambiguous.

    Editors and programs turn CR LF into LF and compose accents silently; offsets counted before and
    after differ. So a text has LF line ends, no NUL, and is in Unicode normal form NFC.

    Wrong: `"text":"cafe\u0301"` (e and a combining accent)
    Right: `"text":"caf\u00e9"`
    """
    text = document.text
    if "\r" in text or "\x00" in text:
        yield ("text",), "a carriage return or NUL"
    if not unicodedata.is_normalized("NFC", text):
        yield ("text",), "characters that are not in Unicode normal form NFC"


@once
def _spans(document: Document) -> list[tuple[Path_, Any]]:
    """(path, span) of every span that has a surface form, those inside records included."""
    found: list[tuple[Path_, Any]] = [
        ((layer, i), record)
        for layer in SPAN_LAYERS
        for i, record in enumerate(getattr(document, layer))
    ]
    found += [
        (("quantities", i, "property"), q.property)
        for i, q in enumerate(document.quantities)
        if q.property
    ]
    return found + [
        (("quotations", i, "cue"), q.cue) for i, q in enumerate(document.quotations) if q.cue
    ]


@check("E204")
def surface(document: Document, context: Context) -> Problems:
    """The surface form is not the text between the offsets.

    The surface form is there so that a slip in an offset shows. Where the two differ one of them is
    wrong, and every tool that uses the other reads something else.

    Wrong: `{"start":0,"end":4,"text":"Bakus",…}` over "Baku and Ankara"
    Right: `{"start":0,"end":4,"text":"Baku",…}`
    """
    text = document.text
    for path, span in _spans(document):
        if text[span.start : span.end] != span.text and span.start < span.end <= len(text):
            yield (
                (*path, "text"),
                f"`text` is {_short(span.text)}, [{span.start}, {span.end}) is {_short(text[span.start : span.end])}",
            )


@check("E205")
def bounds(document: Document, context: Context) -> Problems:
    """The span is empty or goes beyond the text.

    A span is half-open, counts code points, and holds at least one. Offsets beyond the text mostly
    count bytes or UTF-16 units.

    Wrong: `{"start":4,"end":4}`, or `"end":120` in a text of 100
    Right: `{"start":4,"end":9}`
    """
    length = len(document.text)
    bare = (
        ((layer, i), s)
        for layer in ("sentences", "tokens")
        if layer not in document.orderly
        for i, s in enumerate(getattr(document, layer))
    )
    for path, span in chain(bare, _spans(document)):
        if not span.start < span.end <= length:
            yield path, f"[{span.start}, {span.end}) in a text of {length} code points"


@check("E206")
def token_boundaries(document: Document, context: Context) -> Problems:
    """The span does not start and end on token boundaries.

    Token-based tools, and all conversions to CoNLL and BIO, can only hold whole tokens; a span that
    cuts a token is a slip, or the token is wrong.

    Wrong: a mention of "resident" inside the token "president"
    Right: a mention of "president"
    """
    starts, ends = document.token_ends, set(document.bounds["tokens"][1])
    for path, span in chain(
        ((("sentences", i), s) for i, s in enumerate(document.sentences)), _spans(document)
    ):
        if (span.start not in starts or span.end not in ends) and span.start < span.end <= len(
            document.text
        ):
            inside = [
                document.text[t.start : t.end]
                for t in document.tokens
                if t.start < span.end and span.start < t.end
            ]
            yield (
                path,
                f"[{span.start}, {span.end}) cuts into {' '.join(map(_short, inside[:1] + inside[1:][-1:])) or 'white space'}",
            )


@check("E207")
def segmentation(document: Document, context: Context) -> Problems:
    """Sentences and tokens must be in order, without overlap, and without white space at their edges.

    They divide the text: each character is in one sentence and one token at most, and lookups by
    offset rely on the order.

    Wrong: tokens `[0, 5)` and `[4, 9)`
    Right: tokens `[0, 4)` and `[5, 9)`
    """
    text = document.text
    for layer in ("sentences", "tokens"):
        if layer in document.orderly and (
            (layer == "tokens" and document.tiled) or not _has_space(_edges(document, layer))
        ):
            continue
        last = 0
        for number, span in enumerate(getattr(document, layer)):
            if span.start < last:
                yield (
                    (layer, number),
                    f"it begins at {span.start}, before the last one ends at {last}",
                )
            elif (word := text[span.start : span.end]) != word.strip():
                yield (layer, number), f"[{span.start}, {span.end}) has white space at an edge"
            last = max(last, span.end)


@check("E208")
def uncovered(document: Document, context: Context) -> Problems:
    """There is text outside all tokens, or a token outside all sentences.

    What is in no token cannot be annotated, and what is in no sentence is missing from every table
    by sentence.

    Wrong: no token for the full stop
    Right: a token `[9, 10)` for it, inside the sentence
    """
    text, last = document.text, 0
    if "sentences" in document.orderly and document.tiled and _in_sentences(document):
        return
    for token in document.tokens:
        if gap := text[last : token.start].strip():
            yield ("tokens",), f"{_short(gap)} before {token.start} is in no token"
        if token.end > last:
            last = token.end
    if gap := text[last:].strip():
        yield ("tokens",), f"{_short(gap)} at the end is in no token"
    starts, ends = [s.start for s in document.sentences], [-1, *(s.end for s in document.sentences)]
    outside = [
        i
        for i, t in enumerate(document.tokens)
        if not t.start < ends[bisect_right(starts, t.start)] >= t.end
    ]
    for number in (i for i in outside if i - 1 not in outside):  # once for each run of tokens
        yield (
            ("tokens", number),
            f"{_short(text[document.tokens[number].start :][:40])} is in no sentence",
        )


def _edges(document: Document, layer: str) -> str:
    """The first and last characters of the spans of an orderly layer."""
    starts, ends = document.bounds[layer]
    return "".join(map(document.text.__getitem__, starts)) + "".join(
        [document.text[end - 1] for end in ends]
    )


def _has_space(text: str) -> bool:
    return text.split() != [text] if text else False


def _in_sentences(document: Document) -> bool:
    """Whether every token is in a sentence, where both are in order."""
    starts, ends = document.bounds["tokens"]
    inside = (
        bisect_right(ends, close) - bisect_left(starts, begin)
        for begin, close in zip(*document.bounds["sentences"], strict=True)
    )
    return sum(max(0, number) for number in inside) == len(starts)


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:59] + "…")
