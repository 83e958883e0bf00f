"""Files and directories of texts, in the order in which they are given."""

import os
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from statevisit import layout
from statevisit.annotation.received import formats, html, jsonl, normal_form, plain, tables
from statevisit.annotation.received.columns import check_columns, day_of
from statevisit.annotation.received.incoming import Incoming, Reading
from statevisit.errors import FormatError, MissingExtra

_LIST = Path(layout.SOURCES).name

_START = 1024
"""The bytes by which a format is recognised."""

_ONLY_ERRORS = 20
"""The records at the beginning of a file that may all be wrong, before the rest is left out."""


def check_reading(reading: Reading) -> None:
    """Raise FormatError for a date, a column or an encoding that no file can be read with."""
    date = reading.metadata.date
    if date is not None and day_of(date, "--date") != date:
        raise FormatError(f"--date: {date!r} is not YYYY-MM-DD")
    check_columns(reading.columns)
    if reading.encoding is not None:
        normal_form.check_encoding(reading.encoding)


def read(paths: Iterable[Path], reading: Reading) -> Iterator[Incoming | FormatError]:
    """Yield the texts in files and directories, and an error for each one that cannot be taken.

    The files of a directory are those of all directories in it, by name; hidden ones are left out,
    and so is the list of sources, since it holds no texts.
    """
    for path in paths:
        if path.is_dir():
            yield from _of_directory(path, reading)
        else:
            yield from _of_file(path, _portable(path.name), reading)


def _of_directory(directory: Path, reading: Reading) -> Iterator[Incoming | FormatError]:
    is_empty = True
    for path in _files(directory):
        is_empty = False
        parts = path.relative_to(directory).parts
        yield from _of_file(path, _portable("-".join(parts)), reading)
    if is_empty:
        yield FormatError(f"{directory}: holds no files of texts")


def _files(directory: Path) -> Iterator[Path]:
    for place, directories, names in os.walk(directory):
        directories[:] = sorted(name for name in directories if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and name != _LIST:
                yield Path(place) / name


def _portable(name: str) -> str:
    """The name of a seed: macOS gives names that are not in NFC."""
    return unicodedata.normalize("NFC", name)


def _of_file(path: Path, name: str, reading: Reading) -> Iterator[Incoming | FormatError]:
    try:
        if path.name == _LIST:
            raise FormatError(f"{path}: is the name of the list of seeds; rename this seed")
        kind = formats.of(path, _start(path))
        if kind == formats.TEXT:
            yield plain.read(path, name, reading)
        elif kind == formats.HTML:
            yield html.read(path, name, reading)
        elif kind == formats.JSONL:
            yield from _until_hopeless(jsonl.read(path, reading), path)
        else:
            yield from _until_hopeless(tables.read(path, kind, reading), path)
    except FormatError as error:
        yield error
    except MissingExtra as error:
        yield FormatError(f"{path}: {error}")


def _start(path: Path) -> bytes:
    """The first bytes of a regular file; those of a pipe could not be read again."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(_START)


def _until_hopeless(
    records: Iterator[Incoming | FormatError], path: Path
) -> Iterator[Incoming | FormatError]:
    """The records of a file; none after many at its beginning that are all wrong."""
    errors = 0
    is_hopeless = True
    for record in records:
        yield record
        is_hopeless = is_hopeless and isinstance(record, FormatError)
        errors += isinstance(record, FormatError)
        if is_hopeless and errors == _ONLY_ERRORS:
            yield FormatError(
                f"{path}: none of its first {errors} records is a text; the others are left out"
            )
            return
    if errors == 0 and is_hopeless:
        yield FormatError(f"{path}: holds no texts")
