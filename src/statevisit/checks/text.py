"""Text: hashes, offsets, surface forms, token and sentence boundaries."""

import hashlib
import unicodedata
from bisect import bisect_right
from itertools import chain

from statevisit.checks import Context, Problems, check
from statevisit.model import SPAN_LAYERS, Document


@check("E201")
def text_hash(document: Document, context: Context) -> Problems:
    """`text_sha256` is not the SHA-256 of `text`: the text was changed, or the hash."""
    if hashlib.sha256(document.text.encode()).hexdigest() != document.text_sha256:
        yield ("text_sha256",), "restore the text; a corrected text is a new document"


@check("E202")
def seed(document: Document, context: Context) -> Problems:
    """The seed is not what the document says it was made from."""
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
        yield ("text",), f"it is not what {path} holds after {source.header_length} code points of header"


@check("E203")
def text_form(document: Document, context: Context) -> Problems:
    """`text` holds what makes offsets ambiguous."""
    text = document.text
    if "\r" in text or "\x00" in text:
        yield ("text",), "a carriage return or NUL"
    if not unicodedata.is_normalized("NFC", text):
        yield ("text",), "characters that are not in Unicode normal form NFC"


def _spans(document: Document):
    """(path, span) of every span that has a surface form, those inside records included."""
    for layer in SPAN_LAYERS:
        for number, record in enumerate(getattr(document, layer)):
            yield (layer, number), record
    for number, quantity in enumerate(document.quantities):
        if quantity.property:
            yield ("quantities", number, "property"), quantity.property
    for number, quotation in enumerate(document.quotations):
        if quotation.cue:
            yield ("quotations", number, "cue"), quotation.cue


@check("E204")
def surface(document: Document, context: Context) -> Problems:
    """The surface form is not the text between the offsets."""
    text = document.text
    for path, span in _spans(document):
        if text[span.start : span.end] != span.text and span.start < span.end <= len(text):
            yield (*path, "text"), f"`text` is {_short(span.text)}, [{span.start}, {span.end}) is {_short(text[span.start : span.end])}"


@check("E205")
def bounds(document: Document, context: Context) -> Problems:
    """The span is empty or goes beyond the text."""
    length = len(document.text)
    bare = [((layer, i), s) for layer in ("sentences", "tokens") for i, s in enumerate(getattr(document, layer)) if not s.start < s.end <= length]
    for path, span in chain(bare, _spans(document)):
        if not span.start < span.end <= length:
            yield path, f"[{span.start}, {span.end}) in a text of {length} code points"


@check("E206")
def token_boundaries(document: Document, context: Context) -> Problems:
    """The span does not start and end on token boundaries."""
    starts = {t.start for t in document.tokens}
    ends = {t.end for t in document.tokens}
    for path, span in chain(((("sentences", i), s) for i, s in enumerate(document.sentences)), _spans(document)):
        if (span.start not in starts or span.end not in ends) and span.start < span.end <= len(document.text):
            inside = [document.text[t.start : t.end] for t in document.tokens if t.start < span.end and span.start < t.end]
            yield path, f"[{span.start}, {span.end}) cuts into {' '.join(map(_short, inside[:1] + inside[1:][-1:])) or 'white space'}"


@check("E207")
def segmentation(document: Document, context: Context) -> Problems:
    """Sentences and tokens must be in order, without overlap, and without white space at their edges."""
    text = document.text
    for layer in ("sentences", "tokens"):
        last = 0
        for number, span in enumerate(getattr(document, layer)):
            if span.start < last:
                yield (layer, number), f"it begins at {span.start}, before the last one ends at {last}"
            elif (word := text[span.start : span.end]) != word.strip():
                yield (layer, number), f"[{span.start}, {span.end}) has white space at an edge"
            last = max(last, span.end)


@check("E208")
def uncovered(document: Document, context: Context) -> Problems:
    """There is text outside all tokens, or a token outside all sentences."""
    text, last = document.text, 0
    for token in document.tokens:
        if gap := text[last : token.start].strip():
            yield ("tokens",), f"{_short(gap)} before {token.start} is in no token"
        if token.end > last:
            last = token.end
    if gap := text[last:].strip():
        yield ("tokens",), f"{_short(gap)} at the end is in no token"
    starts, ends = [s.start for s in document.sentences], [-1, *(s.end for s in document.sentences)]
    outside = [i for i, t in enumerate(document.tokens) if not t.start < ends[bisect_right(starts, t.start)] >= t.end]
    for number in (i for i in outside if i - 1 not in outside):  # once for each run of tokens
        yield ("tokens", number), f"{_short(text[document.tokens[number].start :][:40])} is in no sentence"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:59] + "…")
