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

from statevisit import files
from statevisit.corpus.reader import Entry
from statevisit.document.strict_json import Json, JsonObject
from statevisit.errors import FormatError
from statevisit.labelstudio.annotators import people
from statevisit.labelstudio.reading import whole
from statevisit.labelstudio.results import Result
from statevisit.labelstudio.tasks import FULL, KEY

BLOCK = 1 << 20
"""Bytes that are read at a time."""

_BOM = b"\xef\xbb\xbf"
_LONGEST_ID = 40
"""Characters of a task's id in a message."""

_HEAD = 4096
"""Bytes in which another format is recognised."""


class WrongExport(FormatError):
    """A file is not a full JSON export, so that none of its tasks is imported."""


class Element(Struct, frozen=True):
    """The position of a task in a file, in bytes. `number` counts from 1."""

    path: Path
    number: int
    offset: int
    size: int

    def parsed(self) -> tuple[str, JsonObject]:
        """Return (where, task); `where` names the file and the task for messages.

        Raises WrongExport if it is not a task of a full JSON export.
        """
        try:
            task = parse_task(Entry(self.path, self.offset, self.size).bytes())
        except ValueError as error:
            raise _not_an_array(self.path, error) from None
        if not isinstance(task, dict):
            raise WrongExport(f"{self.path}, task {self.number}: not a task; {FULL}")
        task_id = str(whole(task.get("id", self.number)))[:_LONGEST_ID]
        where = f"{self.path}, task {task_id}"
        _refuse_incomplete(task, where)
        return where, task

    def people(self) -> list[str]:
        """Return who annotated the task, without parsing its results; nobody if it is no task."""
        try:
            data = Entry(self.path, self.offset, self.size).bytes()
            return people(dict(_PEOPLE.decode(data)))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return []


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


class _Completed(TypedDict, total=False):
    completed_by: object
    was_cancelled: object


class _People(TypedDict, total=False):
    annotations: list[_Completed]


_TASK = msgspec.json.Decoder(_Task)
_PEOPLE = msgspec.json.Decoder(_People)


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

    At most two blocks of the file, or twice its longest task, are in memory. Raises WrongExport for
    a file that cannot be read, for other formats and for a task above `files.size_limit`.
    """
    try:
        if path.exists() and not path.is_file():
            raise WrongExport(f"{path}: not a regular file; save the export to one first")
        with path.open("rb") as file:
            head = file.read(_HEAD)
            _refuse_other_formats(head.decode("utf-8-sig", "replace"), path)
            file.seek(len(_BOM) if head.startswith(_BOM) else 0)
            for number, (offset, size) in enumerate(_positions(file, files.size_limit()), 1):
                yield Element(path, number, offset, size)
    except _TooLarge as error:
        what = files.beyond_limit(f"the task at byte {error.offset:,}")
        raise WrongExport(f"{path}: {what}") from None
    except (ValueError, RecursionError) as error:
        raise _not_an_array(path, error) from None
    except OSError as error:
        raise WrongExport(f"{path}: cannot be read: {error.strerror or error}") from None


class _TooLarge(Exception):
    """A task has more bytes than it may have; it begins at `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


def _not_an_array(path: Path, error: Exception) -> WrongExport:
    return WrongExport(f"{path}: not a JSON array of tasks ({error}); {FULL}")


def _positions(file: IO[bytes], largest: int) -> Iterator[tuple[int, int]]:
    """Yield (offset, size) of each element of a JSON array.

    Raises ValueError if the rest of the file is not a JSON array, _TooLarge for an element of more
    than `largest` bytes.
    """
    window = _Window(file, largest)
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

    def __init__(self, file: IO[bytes], largest: int) -> None:
        self._file, self._largest, self._start = file, largest, file.tell()
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
        """Return the size of the JSON value that is next.

        Raises ValueError if it is malformed, _TooLarge if it has more bytes than a task may have.
        """
        while True:
            try:
                size = _value_size(memoryview(self._buffer)[self.at :])
            except ValueError:
                size = len(self._buffer) - self.at
                if size <= self._largest:
                    if self._read_on():  # only a part of the value was in memory
                        continue
                    raise
            if size > self._largest:
                raise _TooLarge(self.offset)
            return size

    def _read_on(self) -> bool:
        """Drop what was read and read about as much as remains; False at the end of the file."""
        remaining = self._buffer[self.at :]
        block = self._file.read(max(BLOCK, min(len(remaining), self._largest - len(remaining))))
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
    """Raise WrongExport if the beginning of a file is that of another export format."""
    text = head.lstrip()
    if text.startswith("-DOCSTART-"):
        raise WrongExport(
            f"{path}: a CoNLL export, which has no relations, ids or overlapping spans; {FULL}"
        )
    if text.startswith("{"):
        raise WrongExport(
            f"{path}: one JSON object, not an array of tasks; put the task in [ ], or {FULL}"
        )
    header = text.split("\n", 1)[0].replace("\t", ",").replace('"', "").split(",")
    is_table = len(header) > 1 and not text.startswith("[")
    if is_table and not {"id", "annotation_id", "annotator"}.isdisjoint(header):
        raise WrongExport(
            f"{path}: a CSV or TSV export, which has no relations and no ids of regions; {FULL}"
        )


def _refuse_incomplete(task: JsonObject, where: str) -> None:
    """Raise WrongExport for a task of a JSON_MIN export, or one without `data`."""
    if "data" not in task and ("annotation_id" in task or "annotator" in task):
        raise WrongExport(
            f"{where}: a JSON_MIN export, which has no relations and no ids of regions; {FULL}"
        )
    if not isinstance(task.get("data"), dict):
        raise WrongExport(f"{where}: the task has no `data`; {FULL}")
