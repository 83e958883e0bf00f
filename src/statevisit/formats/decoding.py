"""The characters of files, and the objects of JSON lines."""

from collections.abc import Iterator
from pathlib import Path

from statevisit.document.codec import read_bytes
from statevisit.document.strict_json import JsonObject, Malformed, parse
from statevisit.errors import FormatError


def decoded(path: Path) -> str:
    """Return the characters of a UTF-8 file, without a byte order mark.

    Raises FormatError for another encoding.
    """
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path}: byte {error.start:,} is not UTF-8; save the file as UTF-8"
        ) from None


def json_lines(path: Path) -> Iterator[tuple[int, JsonObject]]:
    """Yield the number, from 1, and the object of each line of a JSONL file; empty lines have none.

    Raises FormatError, with the line, for one that is not a JSON object.
    """
    data = read_bytes(path).removeprefix(b"\xef\xbb\xbf")
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        place = f"{path}:{number}"
        try:
            value = parse(line, place)
        except Malformed as error:
            raise FormatError(f"{place}: {error.message}") from None
        if not isinstance(value, dict):
            raise FormatError(f"{place}: expected a JSON object; write one on each line")
        yield number, value
