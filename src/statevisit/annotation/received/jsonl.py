"""JSONL: one object for each text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from statevisit.annotation.received.columns import incoming
from statevisit.annotation.received.incoming import Incoming, Reading
from statevisit.annotation.received.streams import lines, opened
from statevisit.document.strict_json import JsonObject, Malformed, parse
from statevisit.errors import FormatError

_STARTS = ("start", "start_offset", "begin", "startOffset")
"""The keys by which annotation tools state where a span starts."""


def read(path: Path, reading: Reading) -> Iterator[Incoming | FormatError]:
    """Yield the texts of a file, and an error for each line that has none.

    Raises FormatError for a file that holds annotations.
    """
    file = str(path)
    with opened(path, "jsonl", reading.encoding) as (text, received):
        for number, line in lines(text, file):
            if isinstance(line, FormatError):
                yield line
                continue
            if not line.strip():
                continue
            try:
                record = _record(line, file, number)
                _refuse_annotations(record, f"{file}:{number}", reading.left_out)
                yield incoming(record, file, replace(received, line=number), reading)
            except _Annotated as error:
                raise FormatError(str(error)) from None
            except FormatError as error:
                yield error


def _record(line: str, file: str, number: int) -> JsonObject:
    try:
        value = parse(line.rstrip("\r\n").encode(), file)
    except Malformed as bad:
        column = f":{bad.column}" if bad.column else ""
        raise FormatError(f"{file}:{number}{column}: {bad.message}") from None
    if not isinstance(value, dict):
        raise FormatError(f"{file}:{number}: is not an object; each line must be one, with a text")
    return value


class _Annotated(FormatError):
    """A file holds annotations."""


def _refuse_annotations(record: JsonObject, place: str, left_out: frozenset[str]) -> None:
    """Raise _Annotated if a record has spans with labels, or is a document already."""
    if "schema_version" in record and "tokens" in record:
        raise _Annotated(
            f"{place}: is a document of statevisit already, not a text: "
            "put it into corpus/documents/ as <id>.json"
        )
    for key, value in record.items():
        if key not in left_out and isinstance(value, list) and any(map(_is_span, value)):
            raise _Annotated(
                f"{place}: {key!r} holds annotation, which ingest does not read: add "
                f"--leave-out {key} to take the texts alone, and bring in the annotation with "
                "`statevisit anchor` or through Label Studio"
            )


def _is_span(value: Any) -> bool:
    """Whether a value is a span as doccano, spaCy, Prodigy and Label Studio write it."""
    if isinstance(value, dict):
        nested = value.get("result")
        if isinstance(nested, list):
            return True
        return any(isinstance(value.get(key), int) for key in _STARTS)
    if isinstance(value, list) and len(value) >= 3:
        start, end, label = value[:3]
        return isinstance(start, int) and isinstance(end, int) and isinstance(label, str)
    return False
