"""A document from a seed: the text after the header, with sentences and tokens.

This is done once; the text never changes afterwards, except through `realign`.
"""

import hashlib
import re
import sys
import unicodedata
from functools import cache
from typing import Any

from statevisit.document import schema
from statevisit.document.characters import FORMAT, joins, trimmed, visible
from statevisit.document.model import (
    ANNOTATED_LAYERS,
    LAYERS,
    SCHEMA_VERSION,
    Document,
    Sentence,
    Source,
    Token,
)
from statevisit.document.states import NONE
from statevisit.document.strict_json import position
from statevisit.document.timex_values import days
from statevisit.errors import FormatError, MissingExtra

ANNOTATOR_ID = "spacy-blank"
ANNOTATOR = {
    "id": ANNOTATOR_ID,
    "kind": "rule",
    "name": "spaCy's rule-based tokenizer and sentencizer",
    "layers": ["sentences", "tokens"],
}
"""The entry of `corpus/annotators.json` for the layers that `ingest` makes."""

_HEADER = re.compile(r"\s?date (\S+) ")
_REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")
_CHARACTER_NAMES = {
    "\ufeff": "a byte order mark",
    "\r": "a carriage return (CRLF line ends?)",
    "\x00": "a NUL",
}
_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
_FORMAT = re.compile(f"[{FORMAT}]+")
_OPENING = re.compile(r'\s["“„«‘(\[]+$')


def decode_seed(data: bytes, file: str) -> tuple[str, str, int]:
    """Return (text, date, length of the header in code points) of a seed's bytes.

    A seed is UTF-8, NFC, with LF line ends and without a BOM or control characters other than tab
    and newline; it begins with ` date YYYY-MM-DD `. Raises FormatError that names the file and line
    for any other.
    """
    seed = _characters(data, file)
    header = _HEADER.match(seed)
    if not header:
        raise FormatError(
            f"{file}:1: no header: a seed begins with ' date YYYY-MM-DD ', the date of the text"
        )
    _require_date(header[1], file)
    text = seed[header.end() :]
    if not visible(text):
        raise FormatError(f"{file}: has a header but no text")
    limit = schema.load()["properties"]["text"]["maxLength"]
    if len(text) > limit:
        raise FormatError(
            f"{file}: {len(text):,} characters; a document has at most {limit:,}: split the text"
        )
    return text, header[1], header.end()


def _characters(data: bytes, file: str) -> str:
    """The characters of a seed, in the form that gives its offsets one meaning everywhere."""
    try:
        seed = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        byte = data[error.start]
        what = "an encoded surrogate" if byte == 0xED else f"byte 0x{byte:02x}"
        raise FormatError(
            f"{file}:{line}: not UTF-8: {what} at offset {error.start:,}; convert the file to UTF-8"
        ) from None
    if not seed.strip():
        raise FormatError(f"{file}: is empty")
    if bad := _REFUSED.search(seed):
        line, column = position(seed, bad.start())
        name = _CHARACTER_NAMES.get(bad[0], f"U+{ord(bad[0]):04X}")
        raise FormatError(
            f"{file}:{line}:{column}: {name} is not allowed in a text; "
            "remove it, so that offsets mean the same everywhere"
        )
    for number, content in enumerate(seed.split("\n"), 1):
        if not unicodedata.is_normalized("NFC", content):
            raise FormatError(
                f"{file}:{number}: not in Unicode normal form NFC; "
                "normalise the file, so that offsets mean the same everywhere"
            )
    return seed


def _require_date(date: str, file: str) -> None:
    try:
        is_day = re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", date) and days(date)
    except ValueError as error:
        raise FormatError(f"{file}:1: the header's date: {error}") from None
    if not is_day:
        raise FormatError(f"{file}:1: the header's date: {date!r} is not YYYY-MM-DD")


def ingest(data: bytes, file: str, document_id: str, language: str = "en") -> Document:
    """Make a document without annotation from a seed; `file` is its name in `seeds/`.

    Raises FormatError for a seed that is not in the format, MissingExtra without spaCy.
    """
    text, date, header_length = decode_seed(data, file)
    sentences, tokens = segment(text, language)
    digest = hashlib.sha256(data).hexdigest()
    layers: dict[str, tuple[Any, ...]] = dict.fromkeys(LAYERS, ())
    layers |= {"sentences": sentences, "tokens": tokens}
    return Document(
        schema_version=SCHEMA_VERSION,
        id=document_id,
        language=language,
        date=date,
        source=Source(file=file, sha256=digest, header_length=header_length),
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        annotators=(ANNOTATOR_ID,),
        layers=dict.fromkeys(ANNOTATED_LAYERS, NONE),
        text=text,
        **layers,
    )


def require_language(language: str) -> None:
    """Raise FormatError if spaCy has no tokenizer for a language, MissingExtra without spaCy."""
    _pipeline(language)


def segment(text: str, language: str = "en") -> tuple[tuple[Sentence, ...], tuple[Token, ...]]:
    """Return the sentences and tokens of a text, by spaCy's rules for the language.

    White space belongs to neither, and format characters (direction marks, soft hyphens) only where
    they are inside a word or an emoji. A blank line begins a paragraph and ends a sentence; an
    opening quotation mark or bracket that the sentencizer left at a sentence's end goes to the next
    sentence.
    """
    tokens: list[Token] = []
    sentences: list[Sentence] = []
    plain = _FORMAT.sub(_spaces, text)
    for paragraph, (first, last) in enumerate(_paragraphs(text)):
        parsed = _parsed(plain[first:last], language)
        for token in parsed:
            start = first + token.idx
            start, end = trimmed(text, start, start + len(token))
            if start < end:
                tokens.append(Token(start=start, end=end))
        start, finish = trimmed(text, first, last)
        for sentence in parsed.sents:
            end = first + sentence.end_char
            opening = _OPENING.search(plain, start, end)
            if opening and end < finish:
                end = opening.start()
            at, after = trimmed(text, start, end)
            if at < after:
                sentences.append(Sentence(start=at, end=after, paragraph=paragraph))
            start = end
    return tuple(sentences), tuple(tokens)


def _spaces(characters: re.Match[str]) -> str:
    """The format characters of a match, or spaces if these are at the edge of a word."""
    text, start, end = characters.string, characters.start(), characters.end()
    before, after = text[start - 1 : start], text[end : end + 1]
    if (_is_of_word(before) and _is_of_word(after)) or joins(text, end):
        return characters[0]
    return " " * len(characters[0])


def _is_of_word(character: str) -> bool:
    return character != "" and unicodedata.category(character)[0] in "LMN"


def _parsed(text: str, language: str) -> Any:
    """A document of spaCy with sentences, and without a token boundary inside an emoji."""
    pipeline = _pipeline(language)
    parsed = pipeline.make_doc(text)
    first = 0
    with parsed.retokenize() as merger:
        for number in range(1, len(parsed) + 1):
            if number < len(parsed) and joins(text, parsed[number].idx):
                continue
            if number - first > 1:
                merger.merge(parsed[first:number])
            first = number
    return pipeline.get_pipe("sentencizer")(parsed)


def _paragraphs(text: str) -> list[tuple[int, int]]:
    """The stretches of text between blank lines, those of white space left out."""
    edges = [0]
    for gap in _BLANK_LINES.finditer(text):
        edges += gap.span()
    edges.append(len(text))
    stretches = zip(edges[::2], edges[1::2], strict=True)
    return [(first, last) for first, last in stretches if visible(text[first:last])]


@cache
def _pipeline(language: str) -> Any:
    try:
        import spacy
    except ImportError:
        raise MissingExtra("spacy", "ingest") from None
    name = language.partition("-")[0].lower()  # spaCy's languages have no regions or scripts
    try:
        pipeline = spacy.blank(name)
    except ImportError:
        raise FormatError(
            f"spaCy has no tokenizer for the language {language!r}; "
            "`xx` is its tokenizer for any language"
        ) from None
    # spaCy's limit is for parsers, whose memory grows with the text.
    pipeline.max_length = sys.maxsize
    pipeline.add_pipe("sentencizer")
    return pipeline
