"""JSON read strictly: duplicate keys are refused, and every value has a line and a column.

Positions count lines and columns from 1; columns are in code points.
"""

import json
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from statevisit.errors import FormatError

Json = None | bool | int | float | str | list[Any] | dict[str, Any]
"""A JSON value in Python's types."""

JsonObject = dict[str, Any]
"""A JSON object; the schemas describe its values better than Python's types can."""


class Malformed(FormatError):
    """Bytes that are not a JSON document.

    `code` is the code of the finding; `line` and `column` count from 1; 0 means unknown.
    """

    def __init__(self, file: str, code: str, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"{file}:{line}:{column}: {message}" if line else f"{file}: {message}")
        self.code, self.message, self.line, self.column = code, message, line, column
        self._arguments = file, code, message, line, column

    def __reduce__(self) -> tuple[type["Malformed"], tuple[str, str, str, int, int]]:
        # a worker process may raise it
        return Malformed, self._arguments


def parse(data: bytes, file: str = "<bytes>") -> Any:
    """Parse JSON bytes into Python values, and refuse duplicate keys as well.

    Raises Malformed, with the position, for bytes that are not UTF-8 or not JSON (NaN and nesting
    beyond 1,024 included), and for an object that has one key twice.
    """
    try:
        value = orjson.loads(data)
        # Bytes that equal their own compact form cannot hold a key twice.
        if orjson.dumps(value) != data.replace(b"\n", b""):
            _refuse_duplicates(data, file)
    except orjson.JSONDecodeError as error:
        raise _malformed(data, error, file) from None
    except (RecursionError, orjson.JSONEncodeError):
        raise Malformed(file, "E102", "not JSON: nested too deeply") from None
    return value


def with_integers(value: Any) -> Any:
    """Return a JSON value whose whole numbers are integers: 29.0 becomes 29, as in JSON Schema."""
    try:
        return _with_integers(value)
    except RecursionError:  # deeper than any value that a schema allows
        return value


def _with_integers(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_with_integers(item) for item in value]
    if isinstance(value, dict):
        return {key: _with_integers(item) for key, item in value.items()}
    return value


def without_nulls(value: Any) -> Any:
    """Return a JSON value without the members of objects that are null, at any depth."""
    try:
        return _without_nulls(value)
    except RecursionError:  # deeper than any value that a schema allows
        return value


def _without_nulls(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return value


def _malformed(data: bytes, error: orjson.JSONDecodeError, file: str) -> Malformed:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as bad:
        head = data[: bad.start]
        byte = f"byte 0x{data[bad.start]:02x} at offset {bad.start:,}"
        message = f"not UTF-8: {byte}; save the file as UTF-8"
        line, column = head.count(b"\n") + 1, len(head) - head.rfind(b"\n")
        return Malformed(file, "E101", message, line, column)
    if data.startswith(b"\xef\xbb\xbf"):
        return Malformed(
            file, "E101", "begins with a byte order mark; save the file as UTF-8 without BOM", 1, 1
        )
    return Malformed(file, "E102", f"not JSON: {error.msg}", error.lineno, error.colno)


def _refuse_duplicates(data: bytes, file: str) -> None:
    duplicate: str | None = None

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal duplicate
        value = dict(items)
        if len(value) < len(items) and duplicate is None:
            counts = Counter(key for key, _ in items)
            duplicate = next(key for key, count in counts.items() if count > 1)
        return value

    json.loads(data, object_pairs_hook=pairs)
    if duplicate is None:
        return
    text = data.decode("utf-8")
    line, column = next((position(text, at) for at in _second_keys(text)), (0, 0))
    key = json.dumps(duplicate[:60])
    message = f"the key {key} occurs twice in one object; keep one of them"
    raise Malformed(file, "E103", message, line, column)


def position(text: str, offset: int) -> tuple[int, int]:
    """Return line and column, both from 1, of a code point offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


_SPACE = re.compile(r"[ \t\r\n]*")


_DECODER = json.JSONDecoder()


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    assert space is not None  # the pattern matches the empty string
    return space.end()


def _items(text: str, at: int) -> Iterator[tuple[str | int, int, int]]:
    """Yield (key or index, its offset, its value's offset) for each item of the container."""
    is_object = text[at] == "{"
    close = "}" if is_object else "]"
    number = 0
    at = _skip(text, at + 1)
    while text[at] != close:
        key: str | int = number
        start = at
        if is_object:
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        yield key, start, at
        at = _skip(text, _DECODER.raw_decode(text, at)[1])
        if text[at] == ",":
            at = _skip(text, at + 1)
        number += 1


def _second_keys(text: str, at: int = -1) -> Iterator[int]:
    """Yield the offsets in `text` at which an object repeats a key."""
    at = _skip(text, 0) if at < 0 else at
    if text[at] in "{[":
        seen: set[str | int] = set()
        for key, start, value in _items(text, at):
            if key in seen:
                yield start
            seen.add(key)
            yield from _second_keys(text, value)


class Locator:
    """Finds the places of the values of one JSON text.

    Each object and array is read once, however many of its values are looked up.
    """

    def __init__(self, data: bytes) -> None:
        self._text = data.decode("utf-8")
        self._newlines = [match.start() for match in re.finditer("\n", self._text)]
        self._values: dict[int, dict[str, int]] = {}

    def locate(self, path: Iterable[str | int]) -> tuple[int, int]:
        """Return line and column, both from 1, of the value at `path`.

        If the path leads nowhere, it is the position of the nearest value around it. A step into
        an array may be a number or its digits, as in a JSON Pointer.
        """
        at = _skip(self._text, 0)
        for step in path:
            if self._text[at] not in "{[":
                break
            inner = self._values_of(at).get(str(step))
            if inner is None:
                break
            at = inner
        line = bisect_left(self._newlines, at)
        begin = self._newlines[line - 1] + 1 if line else 0
        return line + 1, at - begin + 1

    def _values_of(self, at: int) -> dict[str, int]:
        """The offsets of the values of the container at an offset; of equal keys the first."""
        if at not in self._values:
            values: dict[str, int] = {}
            for key, _, value in _items(self._text, at):
                values.setdefault(str(key), value)
            self._values[at] = values
        return self._values[at]


def locate(data: bytes, path: Iterable[str | int]) -> tuple[int, int]:
    """Return line and column, both from 1, of one value of a JSON text, as a Locator does."""
    return Locator(data).locate(path)


def pointer(path: Iterable[str | int]) -> str:
    """Return the JSON Pointer (RFC 6901) of a path."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
