"""Seed -> document: the text after the header, with sentences and tokens. Done once; the text never changes after."""

import hashlib
import re
import sys
import unicodedata
from functools import cache
from typing import Any

from statevisit import schema
from statevisit.errors import FormatError, MissingExtra
from statevisit.model import LAYERS, SCHEMA_VERSION, Document, Sentence, Source, Token
from statevisit.strict_json import position
from statevisit.values import days

ANNOTATOR = {
    "id": "spacy-blank",
    "kind": "rule",
    "name": "spaCy's rule-based tokenizer and sentencizer",
    "layers": ["sentences", "tokens"],
}
"""The entry of `corpus/annotators.json` for what `ingest` makes."""

_HEADER = re.compile(r"\s?date (\S+) ")
_REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")
_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
_OPENING = re.compile(r'\s["“„«‘(\[]+$')


def decode_seed(data: bytes, file: str) -> tuple[str, str, int]:
    """(text, date, length of the header in code points) of a seed's bytes.

    A seed is UTF-8, NFC, LF line ends, no BOM or control characters but tab and newline, and begins with
    ` date YYYY-MM-DD `. Raises FormatError that names the file and line for any other.
    """
    try:
        seed = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        what = (
            "an encoded surrogate"
            if data[error.start] == 0xED
            else f"byte 0x{data[error.start]:02x}"
        )
        raise FormatError(
            f"{file}:{line}: not UTF-8: {what} at offset {error.start:,}; convert the file to UTF-8"
        ) from None
    if not seed.strip():
        raise FormatError(f"{file}: is empty")
    if bad := _REFUSED.search(seed):
        line, column = position(seed, bad.start())
        name = {
            "\ufeff": "a byte order mark",
            "\r": "a carriage return (CRLF line ends?)",
            "\x00": "a NUL",
        }.get(bad[0], f"U+{ord(bad[0]):04X}")
        raise FormatError(
            f"{file}:{line}:{column}: {name} is not allowed in a text; remove it, so that offsets mean the same everywhere"
        )
    if not unicodedata.is_normalized("NFC", seed):
        at = next(
            i for i, c in enumerate(seed.split("\n"), 1) if not unicodedata.is_normalized("NFC", c)
        )
        raise FormatError(
            f"{file}:{at}: not in Unicode normal form NFC; normalise the file, so that offsets mean the same everywhere"
        )
    header = _HEADER.match(seed)
    if not header:
        raise FormatError(
            f"{file}:1: no header: a seed begins with ' date YYYY-MM-DD ', the date of the text"
        )
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", header[1]) or not days(header[1]):
            raise ValueError(f"{header[1]!r} is not YYYY-MM-DD")
    except ValueError as error:
        raise FormatError(f"{file}:1: the header's date: {error}") from None
    text = seed[header.end() :]
    if not text.strip():
        raise FormatError(f"{file}: holds a header and no text")
    if len(text) > (limit := schema.load()["properties"]["text"]["maxLength"]):
        raise FormatError(
            f"{file}: {len(text):,} characters; a document has at most {limit:,}: split the text"
        )
    return text, header[1], header.end()


def ingest(data: bytes, file: str, document_id: str, language: str = "en") -> Document:
    """A document without annotation from a seed's bytes; `file` is the seed's name in `seeds/`.

    Raises FormatError for a seed that is not in the format, MissingExtra without spaCy.
    """
    text, date, header_length = decode_seed(data, file)
    sentences, tokens = segment(text, language)
    return Document(
        schema_version=SCHEMA_VERSION,
        id=document_id,
        language=language,
        date=date,
        source=Source(
            file=file, sha256=hashlib.sha256(data).hexdigest(), header_length=header_length
        ),
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        annotators=(ANNOTATOR["id"],),
        text=text,
        **dict.fromkeys(LAYERS, ()) | {"sentences": sentences, "tokens": tokens},
    )


def segment(text: str, language: str = "en") -> tuple[tuple[Sentence, ...], tuple[Token, ...]]:
    """Sentences and tokens of a text, by spaCy's rules for the language; white space belongs to neither.

    A blank line begins a new paragraph and ends a sentence; an opening quotation mark or bracket that the
    sentencizer left at a sentence's end goes to the next sentence.
    """
    tokens, sentences = [], []
    edges = [0, *(edge for gap in _BLANK_LINES.finditer(text) for edge in gap.span()), len(text)]
    spans = [
        (first, last)
        for first, last in zip(edges[::2], edges[1::2], strict=True)
        if text[first:last].strip()
    ]
    for paragraph, (first, last) in enumerate(spans):
        piece = _pipeline(language)(text[first:last])
        tokens += [
            Token(start=first + t.idx, end=first + t.idx + len(t)) for t in piece if not t.is_space
        ]
        start = first
        for sentence in piece.sents:
            end = first + sentence.end_char
            if text[end:last].strip() and (opening := _OPENING.search(text, start, end)):
                end = opening.start()
            if stripped := text[start:end].strip():
                at = start + text[start:end].index(stripped)
                sentences.append(Sentence(start=at, end=at + len(stripped), paragraph=paragraph))
            start = end
    return tuple(sentences), tuple(tokens)


@cache
def _pipeline(language: str) -> Any:
    try:
        import spacy
    except ImportError:
        raise MissingExtra("spacy", "ingest") from None
    try:
        pipeline = spacy.blank(
            language.partition("-")[0].lower()
        )  # its languages have no regions or scripts
    except ImportError:
        raise FormatError(
            f"spaCy has no tokenizer for the language {language!r}; `xx` is its tokenizer for any language"
        ) from None
    pipeline.max_length = sys.maxsize  # its limit is for parsers, whose memory grows with the text
    pipeline.add_pipe("sentencizer")
    return pipeline
