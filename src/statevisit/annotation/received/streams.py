"""Files of many records: read line by line, however large they are."""

import codecs
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from statevisit import files
from statevisit.annotation.received import normal_form
from statevisit.corpus.seeds import Received
from statevisit.document.codec import read_bytes
from statevisit.errors import FormatError

_PIECE = 1 << 20
"""Bytes that are read at once."""


@contextmanager
def opened(path: Path, kind: str, encoding: str | None) -> Iterator[tuple[TextIO, Received]]:
    """The characters of a file, without a byte order mark, and what states where they come from.

    The encoding is the one that the mark states, UTF-8, or the given one. Line ends stay. The file
    is read twice; a pipe is read once, up to the size limit. Raises FormatError for a file that
    cannot be read or is not UTF-8.
    """
    try:
        source: BinaryIO = path.open("rb") if path.is_file() else io.BytesIO(read_bytes(path))
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror or error}") from None
    with source:
        digest, name = _scanned(source, str(path), encoding)
        source.seek(0)
        text = io.TextIOWrapper(source, encoding=name, newline="\n")
        yield text, Received(file=path.name, sha256=digest, format=kind)


def _scanned(source: BinaryIO, file: str, encoding: str | None) -> tuple[str, str]:
    """The SHA-256 of a file, and its encoding."""
    stated = normal_form.stated_encoding(source.read(4))
    source.seek(0)
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    needs_check = stated in (None, "utf-8-sig")
    name = stated or "utf-8"
    if encoding is not None and needs_check and normal_form.overrides_utf8(encoding):
        needs_check, name = False, encoding
    offset = lines = 0
    while piece := source.read(_PIECE):
        digest.update(piece)
        pending = decoder.getstate()[0]
        if needs_check:
            try:
                decoder.decode(piece, final=len(piece) < _PIECE)
            except UnicodeDecodeError as error:
                if encoding is None:
                    at = error.start
                    line = lines + error.object[:at].count(b"\n") + 1
                    raise normal_form.not_utf8(
                        f"{file}:{line}",
                        error.object[at],
                        offset - len(pending) + at,
                        normal_form.ENCODING_ADVICE,
                    ) from None
                needs_check, name = False, encoding
        offset += len(piece)
        lines += piece.count(b"\n")
    return digest.hexdigest(), name


def lines(text: TextIO, file: str) -> Iterator[tuple[int, str | FormatError]]:
    """Yield each line, with its number from 1; an error for one that is above the size limit.

    Only LF ends a line. Raises FormatError for bytes that are not in the encoding of the file.
    """
    limit = files.size_limit()
    number = 0
    try:
        while line := _line(text, limit):
            number += 1
            if len(line) > limit:
                yield number, FormatError(f"{file}:{number}: {files.beyond_limit('the line')}")
            else:
                yield number, line
    except UnicodeError as error:
        raise FormatError(f"{file}:{number + 1}: is not {text.encoding}: {error}") from None


def _line(text: TextIO, limit: int) -> str:
    """The next line, or more than `limit` characters of it; the rest of such a line is passed."""
    line = text.readline(limit + 1)
    if len(line) > limit and not line.endswith("\n"):
        while (piece := text.readline(_PIECE)) and not piece.endswith("\n"):
            pass
    return line
