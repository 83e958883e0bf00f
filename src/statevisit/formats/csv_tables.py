"""CSV files as spreadsheets and programs save them: rows of cells by the names of their columns."""

import csv
import io
from collections.abc import Collection, Iterator
from pathlib import Path

from msgspec import Struct

from statevisit import files
from statevisit.document.codec import read_bytes
from statevisit.errors import FormatError

_DELIMITERS = (",", ";", "\t")


class Table(Struct):
    """A CSV file: the names of its columns in order, and its rows.

    `others` are the columns with names that nobody knows; their cells are in no row.
    """

    path: Path
    names: list[str]
    others: list[str]
    rows: list["Cells"]


class Cells(Struct, frozen=True):
    """A row: the line on which it begins, and its cells by column; empty cells are ""."""

    line: int
    cells: dict[str, str]


def read_table(path: Path, known: Collection[str], needed: Collection[str]) -> Table:
    """Return the rows of a CSV file, in UTF-8 with or without a byte order mark.

    The delimiter is a comma, a semicolon or a tab; lines end with LF or CRLF. Columns may stand in
    any order. Empty rows are left out. Raises FormatError, with the line, for a file that is not
    CSV, a row with more cells than columns, two columns of one name, and if a column that is
    `needed` is missing.
    """
    text = _decoded(path)
    limit = csv.field_size_limit(files.size_limit())
    try:
        return _table(path, text, known, needed)
    finally:
        csv.field_size_limit(limit)


def _decoded(path: Path) -> str:
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path}: byte {error.start:,} is not UTF-8; save the file as CSV in UTF-8"
        ) from None
    # A program that ends all lines with CRLF does so within cells.
    if text.count("\n") == text.count("\r\n"):
        text = text.replace("\r\n", "\n")
    return text


def _table(path: Path, text: str, known: Collection[str], needed: Collection[str]) -> Table:
    delimiter, skipped = _delimiter(text, known)
    rows = _rows(path, text, delimiter)
    for _ in range(skipped):
        next(rows, None)
    line, header = next(rows, (1, []))
    names = [name.strip() for name in header]
    while names and not names[-1]:
        names.pop()
    for name in needed:
        if name not in names:
            raise FormatError(f"{path}:{line}: has no column {name!r}; add it")
    for number, name in enumerate(names):
        if name and name in names[:number]:
            raise FormatError(f"{path}:{line}: two columns are called {name!r}; remove one")
    others = [name for name in names if name not in known]
    places = [(number, name) for number, name in enumerate(names) if name in known]
    table = Table(path, [name for _, name in places], others, [])
    for line, row in rows:
        if any(cell.strip() for cell in row[len(names) :]):
            raise FormatError(
                f"{path}:{line}: has {len(row)} cells, but there are {len(names)} columns; put "
                "quotation marks around a cell that holds a delimiter"
            )
        if any(cell.strip() for cell in row):
            row += [""] * (len(names) - len(row))
            table.rows.append(Cells(line, {name: row[number] for number, name in places}))
    return table


def _delimiter(text: str, known: Collection[str]) -> tuple[str, int]:
    """The delimiter that gives the most names of the header, and the lines before the header.

    A spreadsheet may state the delimiter in a first line `sep=;`.
    """
    first = text.partition("\n")[0]
    if first.lower().startswith("sep=") and len(first) == 5:
        return first[4], 1

    def names(delimiter: str) -> int:
        return sum(name.strip('" ') in known for name in first.split(delimiter))

    return max(_DELIMITERS, key=names), 0


def _rows(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows, each with the number of the line on which it begins."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise FormatError(f"{path}:{line}: not CSV: {error}; mend the row") from None
        if row is None:
            return
        yield line, row
        line = rows.line_num + 1
