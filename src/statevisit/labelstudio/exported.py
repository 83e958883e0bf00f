"""A full JSON export as a file: where its tasks stand, and what else is refused. Its size does not matter."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, TypedDict

import msgspec
import orjson
from msgspec import Raw, Struct

from statevisit.corpus import Entry
from statevisit.errors import FormatError
from statevisit.labelstudio.regions import Result
from statevisit.labelstudio.tasks import FULL, KEY


class Element(Struct, frozen=True):
    """Where a task stands in a file, in bytes. `number` counts from 1."""

    path: Path
    number: int
    offset: int
    size: int

    def parsed(self) -> tuple[str, dict[str, Any]]:
        """(where, task). Raises FormatError for what is no task of a full JSON export, with the reason and what to export instead."""
        try:
            task = parse_task(Entry(self.path, self.offset, self.size).bytes())
        except ValueError as error:
            raise _no_array(self.path, error) from None
        where = f"{self.path}, task {task.get('id', self.number) if isinstance(task, dict) else self.number}"
        _refuse_minimal(task, where)
        return where, task


class _Annotation(TypedDict, total=False):
    id: Any
    result: list[Result]
    was_cancelled: Any
    completed_by: Any
    created_at: Any
    updated_at: Any


class _Data(TypedDict, total=False):
    document: Any
    text: Any


class _Task(TypedDict, total=False):
    id: Any
    data: _Data
    meta: dict[str, Any]
    annotations: list[_Annotation]
    drafts: list[Raw]


_TASK = msgspec.json.Decoder(_Task)


def parse_task(data: bytes) -> Any:
    """A task with what is looked at in one that statevisit made, its results parsed; anything else as it is. Raises ValueError for what is no JSON."""
    try:
        task = _TASK.decode(data)
        return task if KEY in task.get("meta", ()) else orjson.loads(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return orjson.loads(data)


def elements(path: Path) -> Iterator[Element]:
    """Where the tasks of a full JSON export stand; a block of the file, or one task that is larger, is in memory at a time.

    Raises FormatError for other export formats, with the reason and what to export instead.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(BOM)) != BOM:
                file.seek(0)
            begin = file.tell()
            _recognise(file.read(4096).decode("utf-8", "replace"), path)
            file.seek(begin)
            for number, (offset, size) in enumerate(_elements(file), 1):
                yield Element(path, number, offset, size)
    except (ValueError, RecursionError) as error:  # what is no JSON
        raise _no_array(path, error) from None
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror or error}") from None


def _no_array(path: Path, error: Exception) -> FormatError:
    return FormatError(f"{path}: not a JSON array of tasks ({error}); {FULL}")


BLOCK = 1 << 20
"""Bytes that are read at a time."""

BOM = b"\xef\xbb\xbf"


def _elements(file: IO[bytes]) -> Iterator[tuple[int, int]]:
    """(offset, size) of each element of a JSON array in a file. Raises ValueError for what is none."""
    buffer, at, size, opened, first = b"", 0, BLOCK, False, file.tell()
    while True:
        at = _skip(buffer, at)
        mark = buffer[at : at + 1]
        if mark == b"]" and opened:
            if (buffer[at + 1 :] + file.read(BLOCK)).strip():
                raise ValueError("there is more after the array")
            return
        if mark in (b"[", b",") and (mark == b",") == opened:
            start = _skip(buffer, at + 1)
            if mark == b"[" and buffer[start : start + 1] == b"]":
                at, opened = start, True
                continue
            end, why = _end(buffer, start)
            if end:
                yield first + start, end - start
                at, opened = end, True
                continue
            if not (more := file.read(size)):  # it may only have been cut off
                raise ValueError(why)
        elif mark or not (more := file.read(size)):
            raise ValueError(
                f"{mark.decode('utf-8', 'replace') or 'the end'} where {'a comma or ]' if opened else '['} was expected"
            )
        first += at
        buffer, at, size = buffer[at:] + more, 0, size * 2 if len(buffer) - at > size else BLOCK


def _end(buffer: bytes, start: int) -> tuple[int, str]:
    """(where the JSON value that begins at `start` ends, ""); (0, why) where there is no whole one with something behind it.

    Nothing is parsed into objects: msgspec passes over the value and says where it met what does not belong to it.
    """
    try:
        _PASS.decode(memoryview(buffer)[start:])
    except msgspec.DecodeError as error:
        found = _TRAILING.search(str(error))
        return (start + int(found[1]) - 1, "") if found else (0, str(error))
    return 0, "the array is not closed"


_PASS = msgspec.json.Decoder(msgspec.Raw)
_TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
"""The byte is the one after the first that does not belong."""


def _skip(buffer: bytes, at: int) -> int:
    return _SPACE.match(buffer, at).end()  # type: ignore[union-attr]


_SPACE = re.compile(rb"[ \t\r\n]*")


def _recognise(head: str, path: Path) -> None:
    text = head.lstrip()
    first = text.split("\n", 1)[0]
    if text.startswith("-DOCSTART-"):
        raise FormatError(
            f"{path}: a CoNLL export, which has no relations, ids or overlapping spans; {FULL}"
        )
    if (
        not text.startswith(("[", "{"))
        and any(sep in first for sep in (",", "\t"))
        and {"id", "annotation_id", "annotator"}
        & set(first.replace("\t", ",").replace('"', "").split(","))
    ):
        raise FormatError(
            f"{path}: a CSV or TSV export, which has no relations and no ids of regions; {FULL}"
        )
    if text.startswith("{"):
        raise FormatError(
            f"{path}: one JSON object, not an array of tasks; put the task in [ ], or {FULL}"
        )


def _refuse_minimal(task: Any, where: str) -> None:
    if not isinstance(task, dict):
        raise FormatError(f"{where}: not a task; {FULL}")
    if "data" not in task and ("annotation_id" in task or "annotator" in task):
        raise FormatError(
            f"{where}: a JSON_MIN export, which has no relations and no ids of regions; {FULL}"
        )
    if not isinstance(task.get("data"), dict):
        raise FormatError(f"{where}: the task has no `data`; {FULL}")
