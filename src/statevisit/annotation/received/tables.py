"""Tables, CSV and TSV: one row for each text, after a row with the names of the columns."""

import csv
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from msgspec.structs import replace

from statevisit import files
from statevisit.annotation.received.columns import assigned, incoming
from statevisit.annotation.received.incoming import Incoming, Reading
from statevisit.annotation.received.streams import lines, opened
from statevisit.errors import FormatError

_DELIMITERS = {"csv": (",", ";", "\t"), "tsv": ("\t",)}


def read(path: Path, kind: str, reading: Reading) -> Iterator[Incoming | FormatError]:
    """Yield the texts of a table, and an error for each row that has none.

    `kind` is "csv" or "tsv". The columns of CSV are divided by commas, or by the semicolons or tabs
    with which some programs write it. Raises FormatError for a file that is not a table with a
    column for the text.
    """
    file = str(path)
    limit = csv.field_size_limit(files.size_limit())
    try:
        with opened(path, kind, reading.encoding) as (text, received):
            rows = _rows(_lines(lines(text, file)), file, kind)
            names = _names(rows, file, reading)
            for number, row in rows:
                if not any(cell.strip() for cell in row):
                    continue
                if any(cell.strip() for cell in row[len(names) :]):
                    yield FormatError(
                        f"{file}:{number}: has {len(row)} cells, but there are {len(names)} "
                        "columns; put quotation marks around a cell that holds a delimiter"
                    )
                    continue
                record = dict(zip(names, row, strict=False))
                try:
                    yield incoming(record, file, replace(received, line=number), reading)
                except FormatError as error:
                    yield error
    finally:
        csv.field_size_limit(limit)


def _names(rows: Iterator[tuple[int, list[str]]], file: str, reading: Reading) -> list[str]:
    """The names of the columns. Raises FormatError if they have no text or one name twice."""
    number, names = next(rows, (1, []))
    assigned(names, f"{file}:{number}", reading)
    twice = [name for name, count in Counter(names).items() if count > 1 and name.strip()]
    if twice:
        raise FormatError(f"{file}:{number}: two columns are called {twice[0]!r}; rename one")
    return names


def _lines(numbered: Iterator[tuple[int, str | FormatError]]) -> Iterator[str]:
    """The lines. Raises FormatError for one above the size limit: the row cannot be divided."""
    for _, line in numbered:
        if isinstance(line, FormatError):
            raise line
        yield line


def _rows(texts: Iterator[str], file: str, kind: str) -> Iterator[tuple[int, list[str]]]:
    """The rows, each with the number of the line on which it begins."""
    first = next(texts, "")
    rows = csv.reader(chain([first], texts), delimiter=_delimiter(first, kind), strict=True)
    number = 1
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise FormatError(
                f"{file}:{number}: not {kind.upper()}: {error}; the row that begins here, and "
                "those after it, are left out"
            ) from None
        if row is None:
            return
        yield number, row
        number = rows.line_num + 1


def _delimiter(names: str, kind: str) -> str:
    """The delimiter that divides the names of the columns into the most."""
    signs = _DELIMITERS[kind]
    return max(signs, key=names.count)
