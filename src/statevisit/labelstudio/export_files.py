"""Files with a full JSON export: the positions of their tasks. Other formats are refused.

A file may be larger than memory.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TypedDict

import msgspec
import orjson
from msgspec import Raw, Struct

from statevisit.corpus.reader import Entry
from statevisit.document.strict_json import Json, JsonObject
from statevisit.errors import FormatError
from statevisit.labelstudio.results import Result
from statevisit.labelstudio.tasks import FULL, KEY

BLOCK = 1 << 20
"""Bytes that are read at a time."""

_BOM = b"\xef\xbb\xbf"
_HEAD = 4096
"""Bytes in which another format is recognised."""


class Element(Struct, frozen=True):
    """The position of a task in a file, in bytes. `number` counts from 1."""

    path: Path
    number: int
    offset: int
    size: int

    def parsed(self) -> tuple[str, JsonObject]:
        """Return (where, task); `where` names the file and the task for messages.

        Raises FormatError if it is not a task of a full JSON export.
        """
        try:
            task = parse_task(Entry(self.path, self.offset, self.size).bytes())
        except ValueError as error:
            raise _not_an_array(self.path, error) from None
        if not isinstance(task, dict):
            raise FormatError(f"{self.path}, task {self.number}: not a task; {FULL}")
        where = f"{self.path}, task {task.get('id', self.number)}"
        _refuse_incomplete(task, where)
        return where, task


class _Annotation(TypedDict, total=False):
    id: object
    result: list[Result]
    was_cancelled: object
    completed_by: object
    created_at: object
    updated_at: object


class _Data(TypedDict, total=False):
    document: object
    text: object


class _Task(TypedDict, total=False):
    id: object
    data: _Data
    meta: JsonObject
    annotations: list[_Annotation]
    drafts: list[Raw]


_TASK = msgspec.json.Decoder(_Task)


def parse_task(data: bytes) -> Json:
    """Return a parsed task.

    Of a task that statevisit made, only the keys that an import reads are parsed, and its results
    become `Result`s, which is faster. Raises ValueError if the bytes are not JSON.
    """
    try:
        task: JsonObject = dict(_TASK.decode(data))
        if KEY in task.get("meta", {}):
            return task
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass  # another project's task, or results that are reported one by one
    value: Json = orjson.loads(data)
    return value


def elements(path: Path) -> Iterator[Element]:
    """Yield the positions of the tasks in a full JSON export.

    At most two blocks of the file, or twice its longest task, are in memory. Raises FormatError for
    a file that cannot be read and for other formats.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            _refuse_other_formats(head.decode("utf-8-sig", "replace"), path)
            file.seek(len(_BOM) if head.startswith(_BOM) else 0)
            for number, (offset, size) in enumerate(_positions(file), 1):
                yield Element(path, number, offset, size)
    except (ValueError, RecursionError) as error:
        raise _not_an_array(path, error) from None
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror or error}") from None


def _not_an_array(path: Path, error: Exception) -> FormatError:
    return FormatError(f"{path}: not a JSON array of tasks ({error}); {FULL}")


def _positions(file: IO[bytes]) -> Iterator[tuple[int, int]]:
    """Yield (offset, size) of each element of a JSON array.

    Raises ValueError if the rest of the file is not a JSON array.
    """
    window = _Window(file)
    window.expect(b"[", "[")
    is_open = window.next_byte() != b"]"
    while is_open:
        window.next_byte()
        size = window.value_size()
        yield window.offset, size
        window.at += size
        is_open = window.next_byte() != b"]"
        if is_open:
            window.expect(b",", "a comma or ]")
    window.expect(b"]", "]")
    if window.next_byte():
        raise ValueError("text follows the end of the array")


class _Window:
    """The part of a file that is in memory; `at` is the position in it that is read next."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._start = file, file.tell()
        self._buffer = b""
        self.at = 0

    @property
    def offset(self) -> int:
        """The position in the file."""
        return self._start + self.at

    def next_byte(self) -> bytes:
        """Skip white space and return the byte after it, which stays next; b"" at the end."""
        while True:
            space = _SPACE.match(self._buffer, self.at)
            self.at = space.end() if space else self.at
            if self.at < len(self._buffer) or not self._read_on():
                return self._buffer[self.at : self.at + 1]

    def expect(self, byte: bytes, description: str) -> None:
        """Skip white space and a byte. Raises ValueError if another one is next."""
        actual = self.next_byte()
        if actual != byte:
            shown = actual.decode("utf-8", "replace") or "the end"
            raise ValueError(f"expected {description}, not {shown}")
        self.at += 1

    def value_size(self) -> int:
        """Return the size of the JSON value that is next. Raises ValueError if it is malformed."""
        while True:
            try:
                return _value_size(memoryview(self._buffer)[self.at :])
            except ValueError:
                if not self._read_on():  # else only a part of the value was in memory
                    raise

    def _read_on(self) -> bool:
        """Drop what was read and read at least as much as remains; False at the end of the file."""
        remaining = self._buffer[self.at :]
        block = self._file.read(max(BLOCK, len(remaining)))
        self._start += self.at
        self._buffer, self.at = remaining + block, 0
        return bool(block)


_SPACE = re.compile(rb"[ \t\r\n]*")
_RAW = msgspec.json.Decoder(Raw)
_TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")


def _value_size(data: memoryview) -> int:
    """The size of the JSON value at the beginning of some bytes.

    msgspec skips the value without building objects; its error message then counts the bytes up to
    the first one behind the value, inclusively. For the 172 MB of 1,000 tasks this takes 0.3 s of
    an import of 10 s, where ijson takes 3.9 s and orjson, which builds objects, 0.9 s. Raises
    ValueError if the value is malformed or nothing is behind it.
    """
    try:
        _RAW.decode(data)
    except msgspec.DecodeError as error:
        trailing = _TRAILING.search(str(error))
        if trailing is None:
            raise ValueError(str(error)) from None
        return int(trailing[1]) - 1
    raise ValueError("the array is not closed")


def _refuse_other_formats(head: str, path: Path) -> None:
    """Raise FormatError if the beginning of a file is that of another export format."""
    text = head.lstrip()
    if text.startswith("-DOCSTART-"):
        raise FormatError(
            f"{path}: a CoNLL export, which has no relations, ids or overlapping spans; {FULL}"
        )
    if text.startswith("{"):
        raise FormatError(
            f"{path}: one JSON object, not an array of tasks; put the task in [ ], or {FULL}"
        )
    header = text.split("\n", 1)[0].replace("\t", ",").replace('"', "").split(",")
    is_table = len(header) > 1 and not text.startswith("[")
    if is_table and not {"id", "annotation_id", "annotator"}.isdisjoint(header):
        raise FormatError(
            f"{path}: a CSV or TSV export, which has no relations and no ids of regions; {FULL}"
        )


def _refuse_incomplete(task: JsonObject, where: str) -> None:
    """Raise FormatError for a task of a JSON_MIN export, or one without `data`."""
    if "data" not in task and ("annotation_id" in task or "annotator" in task):
        raise FormatError(
            f"{where}: a JSON_MIN export, which has no relations and no ids of regions; {FULL}"
        )
    if not isinstance(task.get("data"), dict):
        raise FormatError(f"{where}: the task has no `data`; {FULL}")
