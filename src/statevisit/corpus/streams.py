"""Bytes of JSONL that are read as a stream: its lines, and compressed files."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from statevisit import files
from statevisit.errors import FormatError, MissingExtra

COMPRESSED = (".gz", ".zst")

_STREAM_BUFFER = 1 << 20
"""Bytes of a decompressed stream that are read at once."""

_PIECE = 1 << 20
"""Bytes of a long line that are read at once."""

_ENDLESS = 64
"""How many times larger than the limit a line is that is not read to its end."""


def lines(stream: io.BufferedIOBase | BinaryIO) -> Iterator[tuple[bytes | None, int]]:
    """Yield each line with its size in bytes; None for a line above the limit, which is not kept.

    The stream ends early, with such a line, where a line has no end within many times the limit.
    """
    limit = files.size_limit()
    pieces: list[bytes] = []
    size = 0
    while piece := stream.readline(_PIECE):
        size += len(piece)
        if size <= limit:
            pieces.append(piece)
        else:
            pieces.clear()
        if piece.endswith(b"\n") or size > limit * _ENDLESS:
            yield (None if size > limit else b"".join(pieces)), size
            if not piece.endswith(b"\n"):
                return
            pieces.clear()
            size = 0
    if size:
        yield (None if size > limit else b"".join(pieces)), size


@contextmanager
def decompressed(path: Path) -> Iterator[io.BufferedIOBase]:
    """Open a compressed file; its suffix is one of `COMPRESSED`.

    Raises FormatError if it cannot be read, MissingExtra without pyarrow.
    """
    try:
        with _open_gzip(path) if path.suffix == ".gz" else _open_zstd(path) as stream:
            yield stream
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror or error}") from None


def _open_gzip(path: Path) -> io.BufferedIOBase:
    import gzip

    return gzip.open(path)


def _open_zstd(path: Path) -> io.BufferedIOBase:
    try:
        import pyarrow as pa
    except ImportError:
        raise MissingExtra("pyarrow", "parquet") from None
    return io.BufferedReader(pa.input_stream(str(path), compression="zstd"), _STREAM_BUFFER)
