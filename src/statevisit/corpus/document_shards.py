"""Shards of documents: `part-00000.jsonl.zst`, with a zstd frame for each document, and an index.

A shard is a sequence of zstd frames (RFC 8878), which every decompressor reads as one file of
JSONL. Each document is a line and a frame of its own, so that one is read without the others. The
last frame is a skippable one (RFC 8878, section 3.1.2), which decompressors pass over: the index.
It holds the id, the sizes and the CRC-32 of each document, so that ids are known without
decompression, and ends with its own CRC-32 and its length, by which it is found.

zstd's seekable format (contrib/seekable_format of its repository) also has a skippable frame at the
end, but no room for ids, and its checksums are XXH64, which Python lacks. An index at the start
would hide the file from programs that recognise zstd by its first four bytes, as `datasets` does.
"""

import io
import os
import re
import stat
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import orjson
from msgspec import DecodeError, Struct, json

from statevisit import files
from statevisit.errors import FormatError, MissingExtra

if TYPE_CHECKING:
    import pyarrow as pa

LEVEL = 9
"""The level of compression. One version of zstd, hence of pyarrow, gives the same bytes."""

SUFFIX = ".jsonl.zst"

_NAME = re.compile(r"part-([0-9]{5,})\.jsonl\.zst")

_HEAD = struct.Struct("<II")
"""The head of a skippable frame: its magic number and the size of the rest, in bytes."""

_MAGIC = 0x184D2A5D
"""One of the sixteen numbers of skippable frames; the seekable format has 0x184D2A5E."""

_END = struct.Struct("<II4s")
"""The end of the index: the CRC-32 and the size of its JSON, and what it is."""

_ZSTD = b"\x28\xb5\x2f\xfd"
"""The first bytes of a frame that is not skippable."""

_LONGEST_HEAD = 18
"""The most bytes of the head of such a frame."""

UNKNOWN = -1
"""The checksum of a line in a shard without index."""

_MARK = b"svix"
_VERSION = 1


class Damaged(FormatError):
    """A shard without a valid index: the error is the reason."""


class Packed(Struct, frozen=True, array_like=True, gc=False):
    """A document in a shard: its id, the bytes of its frame and of its line, and the line's CRC-32.

    In the index it is a JSON array of these. The garbage collector leaves these out: searching the
    thousands of an index took longer than reading it.
    """

    id: str
    size: int
    unpacked: int
    checksum: int


class _Index(Struct, frozen=True):
    shard: int
    documents: list[Packed]


def name_of(number: int) -> str:
    """Return the file name of a shard by its number, from 0."""
    return f"part-{number:05}{SUFFIX}"


def is_shard(name: str) -> bool:
    """Whether a file name is that of a shard."""
    return _NAME.fullmatch(name) is not None


def in_order(directory: Path, names: Iterable[str]) -> list[Path]:
    """Return the shards among the files of a directory; none in a directory of `<id>.json`.

    Raises FormatError if documents lie beside shards, or if a shard is missing between others.
    """
    names = list(names)
    numbers = sorted(int(match[1]) for match in map(_NAME.fullmatch, names) if match)
    if not numbers:
        return []
    document = min((name for name in names if name.endswith(".json")), default="")
    if document:
        raise FormatError(
            f"{directory / document}: lies beside shards, and a corpus is either `<id>.json` or "
            f"`{name_of(0)}` and so on; move it elsewhere, or the shards"
        )
    for place, number in enumerate(numbers):
        if place != number:
            raise FormatError(
                f"{directory / name_of(place)}: this shard is missing, and {name_of(numbers[-1])} "
                "exists; restore it"
            )
    return [directory / name_of(number) for number in numbers]


def packed(documents: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """Yield the bytes of a shard in pieces, from the id and the line of each document.

    Raises MissingExtra without pyarrow.
    """
    return assembled(compressed(document_id, line) for document_id, line in documents)


def compressed(document_id: str, line: bytes) -> tuple[Packed, bytes]:
    """Return a document of a shard and its frame, from its line; raises as `packed`."""
    frame = _codec().compress(line, asbytes=True)
    return Packed(document_id, len(frame), len(line), zlib.crc32(line)), frame


def assembled(frames: Iterable[tuple[Packed, bytes]]) -> Iterator[bytes]:
    """Yield the bytes of a shard in pieces, from its documents with their frames."""
    index = []
    for document, frame in frames:
        index.append(document)
        yield frame
    table = orjson.dumps(
        {"shard": _VERSION, "documents": [list(_values(document)) for document in index]}
    )
    end = _END.pack(zlib.crc32(table), len(table), _MARK)
    yield _HEAD.pack(_MAGIC, len(table) + len(end)) + table + end


def _codec() -> "pa.Codec":
    try:
        import pyarrow as pa
    except ImportError:
        raise MissingExtra("pyarrow", "parquet") from None
    return pa.Codec("zstd", compression_level=LEVEL)


def _values(document: Packed) -> tuple[str, int, int, int]:
    return document.id, document.size, document.unpacked, document.checksum


def read_index(path: Path) -> list[Packed]:
    """Return the documents of a shard, in the order of their frames, which begin at byte 0.

    Raises Damaged if the shard has no index, or not the one of these frames.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise Damaged("is not a regular file; move it elsewhere")
        with path.open("rb") as file:
            return _index_of(file)
    except OSError as error:
        raise Damaged(f"cannot be read: {error.strerror or error}") from None


def frames_in(shard: bytes) -> Iterator[tuple[Packed, bytes]]:
    """Yield the documents of a shard with their frames, from all of its bytes; raises Damaged."""
    start = 0
    for document in _index_of(io.BytesIO(shard)):
        yield document, shard[start : start + document.size]
        start += document.size


def _index_of(file: BinaryIO) -> list[Packed]:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END.size))
    end = file.read(_END.size)
    if size == 0:
        raise Damaged("is empty")
    if len(end) < _END.size or not end.endswith(_MARK):
        raise Damaged("has no index at its end")
    checksum, length, _ = _END.unpack(end)
    start = size - _END.size - length - _HEAD.size
    if start < 0:
        raise Damaged("has no valid index")
    file.seek(start)
    head, table = file.read(_HEAD.size), file.read(length)
    if head != _HEAD.pack(_MAGIC, length + _END.size) or zlib.crc32(table) != checksum:
        raise Damaged("has an index that was changed")
    return _documents(table, start)


def _documents(table: bytes, size: int) -> list[Packed]:
    """The documents of an index whose frames have `size` bytes together."""
    try:
        index = json.decode(table, type=_Index)
    except DecodeError as error:
        raise Damaged(f"has an index of another form: {error}") from None
    if index.shard != _VERSION:
        raise Damaged(f"is of form {index.shard}, which a newer statevisit writes")
    if any(min(document.size, document.unpacked) < 1 for document in index.documents):
        raise Damaged("has an index with a document of no bytes")
    if sum(document.size for document in index.documents) != size:
        raise Damaged("has an index of other documents")
    if not index.documents:
        raise Damaged("holds no documents")
    return index.documents


def whole_frames(path: Path) -> Iterator[tuple[int, int]]:
    """Yield (size of the frame, size of its content) of the zstd frames that begin a damaged shard.

    They end where a frame is cut off, is none, or does not state the size of its content. Both
    sizes are in bytes; no content is decompressed.
    """
    with suppress(OSError):
        if not stat.S_ISREG(path.stat().st_mode):
            return
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            start = 0
            while start < end:
                size, content = _frame_at(file, start)
                if not content or start + size > end:
                    return
                yield size, content
                start += size


def _frame_at(file: BinaryIO, start: int) -> tuple[int, int]:
    """The sizes of the zstd frame at an offset, and of its content (RFC 8878, section 3.1.1).

    The second is 0 if there is no such frame, or if it does not state the size of its content.
    """
    file.seek(start)
    head = file.read(_LONGEST_HEAD)
    if len(head) < 6 or not head.startswith(_ZSTD):
        return 0, 0
    descriptor = head[4]
    is_single = descriptor >> 5 & 1
    stated_in = (is_single, 2, 4, 8)[descriptor >> 6]
    place = 6 - is_single + (0, 1, 2, 4)[descriptor & 3]
    content = int.from_bytes(head[place : place + stated_in], "little")
    if stated_in == 2:
        content += 256
    place += stated_in
    is_last = False
    while not is_last:
        file.seek(start + place)
        block = file.read(3)
        if len(block) < 3:
            return 0, 0
        header = int.from_bytes(block, "little")
        is_last = bool(header & 1)
        is_repeated = header >> 1 & 3 == 1  # one byte, which stands for many
        place += 3 + (1 if is_repeated else header >> 3)
    has_checksum = descriptor >> 2 & 1
    return place + 4 * has_checksum, content


def unpacked(frame: bytes, size: int, checksum: int) -> bytes:
    """Return the line in a frame; `size` and `checksum` are those that the index states.

    A `checksum` of UNKNOWN fits any line. Raises Damaged if it is another line, or larger than the
    limit; MissingExtra without pyarrow.
    """
    if size > files.size_limit():
        raise Damaged(files.beyond_limit("the document"))
    try:
        line: bytes = _codec().decompress(frame, decompressed_size=size, asbytes=True)
    except (OSError, ValueError):
        line = b""
    if len(line) != size or checksum not in (UNKNOWN, zlib.crc32(line)):
        raise Damaged("its bytes were changed or lost; restore the file")
    return line
