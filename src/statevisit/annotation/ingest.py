"""A document from a seed: the text after the header, with sentences and tokens.

This is done once; the text never changes afterwards, except through `realign`.
"""

import hashlib
import re
import unicodedata
from typing import Any

from statevisit.annotation.segmentation import segment
from statevisit.annotation.tokenizers import tokenizer
from statevisit.document.characters import visible
from statevisit.document.model import SCHEMA_VERSION, Document, Source
from statevisit.document.scheme import Scheme, base
from statevisit.document.strict_json import position
from statevisit.document.timex_values import days
from statevisit.errors import FormatError

_HEADER = re.compile(r"\s?date (\S+) ")
_REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")
_CHARACTER_NAMES = {
    "\ufeff": "a byte order mark",
    "\r": "a carriage return (CRLF line ends?)",
    "\x00": "a NUL",
}


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
    limit = base().value["properties"]["text"]["maxLength"]
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


def ingest(
    data: bytes,
    file: str,
    document_id: str,
    language: str = "en",
    scheme: Scheme | None = None,
    by: str | None = None,
) -> Document:
    """Make a document without annotation from a seed; `file` is its name in `seeds/`.

    `scheme` is that of its corpus; None for the base scheme. `by` names another tokenizer than that
    of the language.

    Raises FormatError for a seed that is not in the format or a tokenizer that spaCy lacks,
    MissingExtra without spaCy.
    """
    text, date, header_length = decode_seed(data, file)
    sentences, tokens = segment(text, language, by)
    digest = hashlib.sha256(data).hexdigest()
    scheme = scheme or base()
    layers: dict[str, tuple[Any, ...]] = dict.fromkeys(scheme.layers, ())
    layers |= {"sentences": sentences, "tokens": tokens}
    return scheme.document_type(
        schema_version=SCHEMA_VERSION,
        id=document_id,
        language=language,
        date=date,
        source=Source(file=file, sha256=digest, header_length=header_length),
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        annotators=(tokenizer(language, by).annotator["id"],),
        text=text,
        **layers,
    )
