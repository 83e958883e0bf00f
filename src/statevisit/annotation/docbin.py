"""Reads the documents of a spaCy DocBin, a `.spacy` file."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from statevisit import files
from statevisit.document.codec import read_bytes
from statevisit.errors import FormatError, MissingExtra

if TYPE_CHECKING:
    from spacy.tokens import Doc

SUFFIX = ".spacy"

_TIMES = 8
"""How many times the size limit of a file its decompressed content may have."""


def docs_of(path: Path) -> Iterator["Doc"]:
    """Yield the spaCy documents of a DocBin file.

    Raises FormatError if it cannot be read, and MissingExtra without spaCy.
    """
    try:
        from spacy.tokens import DocBin
    except ImportError:
        raise MissingExtra("spacy", "ingest") from None
    data = read_bytes(path)
    _refuse_bomb(data, path)
    number = 0
    try:
        for doc in docs_in(DocBin().from_bytes(data)):
            tuple(doc.ents)  # which are made now, and raise what is wrong with them
            yield doc
            number += 1
    except (ValueError, KeyError, IndexError, TypeError, EOFError, zlib.error) as error:
        place = f" after document {number}" if number else ""
        raise FormatError(
            f"{path}: not a DocBin of spaCy{place}: {error or type(error).__name__};"
            " write it with DocBin.to_disk"
        ) from None


def docs_in(docbin: Any) -> Iterator["Doc"]:
    """Yield the spaCy documents of a DocBin."""
    from spacy.vocab import Vocab

    yield from docbin.get_docs(Vocab())


def _refuse_bomb(data: bytes, path: Path) -> None:
    """Raise FormatError for data that do not decompress, or to more than is read at once."""
    limit = _TIMES * files.size_limit()
    decompressor = zlib.decompressobj()
    size, rest = 0, data
    try:
        while rest and size <= limit:
            size += len(decompressor.decompress(rest, 1 << 20))
            rest = decompressor.unconsumed_tail
    except zlib.error as error:
        raise FormatError(f"{path}: not a DocBin of spaCy: {error}") from None
    if size > limit:
        raise FormatError(f"{path}: {files.beyond_limit('its content', _TIMES)}")
