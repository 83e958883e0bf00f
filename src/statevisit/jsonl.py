"""JSON files and JSONL files that follow a schema, with the line and column of what does not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from statevisit import schema_errors
from statevisit.codec import read_bytes
from statevisit.errors import FormatError
from statevisit.strict_json import Json, Malformed, locate, parse, pointer


class Problem(Struct, frozen=True):
    """Where a value does not follow its schema: line and column from 1, JSON Pointer, and why."""

    line: int
    column: int
    pointer: str
    message: str


class Line(Struct, frozen=True):
    """One line of a JSONL file: its number from 1, its bytes, its value and what is wrong with it."""

    number: int
    data: bytes
    value: Json
    problems: list[Problem]


def parsed(data: bytes, file: str, schema: str) -> tuple[Json, list[Problem]]:
    """Return (value, problems) of JSON bytes under a schema; the value is None if it is no JSON."""
    try:
        value = parse(data, file)
    except Malformed as error:
        return None, [Problem(error.line, error.column, "", error.message)]
    problems = []
    for path, message in schema_errors.errors(value, schema):
        line, column = locate(data, path)
        problems.append(Problem(line, column, pointer(path), message))
    return value, problems


def read_json(path: Path, schema: str) -> Any:
    """Return the value of a JSON file that must follow a schema.

    Raises FormatError, with file, line and column, where it does not or cannot be read.
    """
    value, problems = parsed(read_bytes(path), str(path), schema)
    for problem in problems:
        raise FormatError(_placed(str(path), problem))
    return value


def lines(data: bytes, file: str, schema: str) -> Iterator[Line]:
    """Yield the lines of JSONL bytes, each with its problems under a schema."""
    for number, line in enumerate(data.splitlines(), 1):
        value, problems = parsed(line, file, schema)
        in_file = [Problem(number, p.column, p.pointer, p.message) for p in problems]
        yield Line(number, line, value, in_file)


def valid_lines(data: bytes, file: str, schema: str) -> Iterator[Line]:
    """Yield the lines of JSONL bytes. Raises FormatError, with file, line and column, at a bad one."""
    for line in lines(data, file, schema):
        for problem in line.problems:
            raise FormatError(_placed(file, problem))
        yield line


def _placed(file: str, problem: Problem) -> str:
    where = f" ({problem.pointer})" if problem.pointer else ""
    return f"{file}:{problem.line}:{problem.column}: {problem.message}{where}"
