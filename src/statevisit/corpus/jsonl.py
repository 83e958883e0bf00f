"""JSON and JSONL files that follow a schema; errors name line and column."""

import io
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import Struct
from msgspec.structs import replace

from statevisit import files
from statevisit.corpus import streams
from statevisit.document import schema as schemas
from statevisit.document import schema_errors
from statevisit.document.codec import read_bytes
from statevisit.document.strict_json import Json, Locator, Malformed, parse, pointer
from statevisit.errors import FormatError

_TOGETHER = 65_536
"""Bytes of lines that are checked together, which takes a fraction of the time."""

_Numbered = tuple[int, bytes | None]
"""A line after its number from 1; None stands for one that is too large."""


class Problem(Struct, frozen=True):
    """An error of a value under its schema: line and column (from 1), JSON Pointer, message."""

    line: int
    column: int
    pointer: str
    message: str


class Line(Struct, frozen=True):
    """One line of a JSONL file: its number (from 1), bytes, value and problems."""

    number: int
    data: bytes
    value: Json
    problems: list[Problem]


def parsed(data: bytes, file: str, schema: str) -> tuple[Json, list[Problem]]:
    """Return (value, problems) of JSON bytes under a schema; malformed JSON has the value None."""
    try:
        value = parse(data, file)
    except Malformed as error:
        return None, [Problem(error.line, error.column, "", error.message)]
    errors = list(schema_errors.errors(value, schemas.load(schema)))
    if not errors:
        return value, []
    locator, problems = Locator(data), []
    for path, message in errors:
        line, column = locator.locate(path)
        problems.append(Problem(line, column, pointer(path), message))
    return value, problems


def read_json(path: Path, schema: str) -> Any:
    """Return the value of a JSON file that must follow a schema.

    Raises FormatError, with file, line and column, if it does not or cannot be read.
    """
    value, problems = parsed(read_bytes(path, regular=True), str(path), schema)
    if problems:
        raise FormatError(_message(str(path), problems[0]))
    return value


def lines(data: bytes, file: str, schema: str) -> Iterator[Line]:
    """Yield the lines of JSONL bytes that are not blank, each with its problems under a schema."""
    return _lines(io.BytesIO(data), file, schema)


def lines_of(path: Path, schema: str) -> Iterator[Line]:
    """Yield the lines of a JSONL file as `lines` does, of which few at a time are in memory.

    `files.size_limit` is the limit of a line. Raises Malformed, a FormatError, if the file cannot
    be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise Malformed(str(path), "E102", "is not a regular file; move it elsewhere")
        with path.open("rb") as file:
            yield from _lines(file, str(path), schema)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise Malformed(str(path), "E102", message) from None


def _lines(stream: BinaryIO, file: str, schema: str) -> Iterator[Line]:
    together: list[_Numbered] = []
    size = 0
    for number, line in _numbered(stream):
        together.append((number, line))
        size += len(line or b"")
        if size >= _TOGETHER:
            yield from _checked(together, file, schema)
            together, size = [], 0
    if together:
        yield from _checked(together, file, schema)


def _numbered(stream: BinaryIO) -> Iterator[_Numbered]:
    """Yield the lines that are not blank, each after its number from 1."""
    number = 0
    for piece, _ in streams.lines(stream):
        if piece is None:
            number += 1
            yield number, None
            continue
        for line in piece.splitlines():  # a carriage return ends a line, too
            number += 1
            if line.strip():
                yield number, line


def _checked(numbered: list[_Numbered], file: str, schema: str) -> Iterator[Line]:
    """Yield some lines, which have their numbers; they are checked one by one if one is wrong."""
    values = _values([data for _, data in numbered], schema)
    if values is not None:
        for (number, data), value in zip(numbered, values, strict=True):
            yield Line(number, data or b"", value, [])
        return
    for number, data in numbered:
        if data is None:
            yield Line(number, b"", None, [Problem(number, 1, "", files.beyond_limit("the line"))])
            continue
        value, problems = parsed(data, file, schema)
        yield Line(number, data, value, [replace(problem, line=number) for problem in problems])


def _values(lines: list[bytes | None], schema: str) -> list[Json] | None:
    """The values of lines that all follow a schema; None if one does not, or is too large."""
    try:
        values = [parse(line) for line in lines if line is not None]
    except Malformed:
        return None
    if len(values) < len(lines):
        return None
    verdict = schema_errors.verdict(schemas.load(schema))
    return values if schema_errors.accepts(verdict, *values) else None


def valid_lines(data: bytes, file: str, schema: str) -> Iterator[Line]:
    """Yield the lines of JSONL bytes.

    Raises FormatError, with file, line and column, at the first line with a problem.
    """
    return _valid(lines(data, file, schema), file)


def valid_lines_of(path: Path, schema: str) -> Iterator[Line]:
    """Yield the lines of a JSONL file as `lines_of`; raises as `valid_lines`."""
    return _valid(lines_of(path, schema), str(path))


def _valid(lines: Iterator[Line], file: str) -> Iterator[Line]:
    for line in lines:
        if line.problems:
            raise FormatError(_message(file, line.problems[0]))
        yield line


def _message(file: str, problem: Problem) -> str:
    where = f" ({problem.pointer})" if problem.pointer else ""
    return f"{file}:{problem.line}:{problem.column}: {problem.message}{where}"
