r"""The lines of a WebAnno TSV 3 file: the layers of its header, its text, and the rows of tokens.

The text stands in lines `#Text=`, and the offsets of the rows say where they belong. Offsets count
UTF-16 code units; a file of another tool in which the tokens stand at code points is read, too.
"""

import re
from itertools import accumulate
from pathlib import Path

from msgspec import Struct, field

from statevisit import files
from statevisit.document.codec import read_bytes
from statevisit.errors import FormatError

SPAN, CHAIN, RELATION = "#T_SP=", "#T_CH=", "#T_RL="
"""The kinds of layers: what the lines begin with that declare them."""

_TEXT = "#Text="
_FORMAT = re.compile(r"#FORMAT=WebAnno TSV (3\.\d{1,2})\s*")
_ROW = re.compile(r"(\d{1,9}-\d{1,9}(?:\.\d{1,9})?)\t(\d{1,18})-(\d{1,18})\t")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_CHARACTERS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "b": "\b"}


class Layer(Struct):
    """A layer that the header declares: its kind, its type, and its columns from `first` on."""

    kind: str
    type: str
    columns: list[str]
    first: int


class Unit(Struct):
    """The row of a token or of a part of one, with the columns of the layers."""

    id: str
    line: int
    start: int
    end: int
    form: str
    cells: list[str]


class _Sentence(Struct):
    """The lines of a sentence, and its rows; `line` is the first of them in the file."""

    line: int
    lines: list[str] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)


class Rows(Struct):
    """A file: its layers, its text, and its rows, whose offsets are code points."""

    layers: list[Layer]
    text: str
    units: list[Unit]


def read_rows(path: Path) -> Rows:
    """Return what a file says.

    Raises FormatError, with file and line, for another format, a row in no known form, and offsets
    that do not fit the text.
    """
    try:
        content = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path}: byte {error.start:,} is not UTF-8; save the file as UTF-8"
        ) from None
    lines = [line.removesuffix("\r") for line in content.split("\n")]
    version = _FORMAT.fullmatch(lines[0])
    if version is None:
        raise FormatError(
            f"{path}:1: {lines[0][:60]!r} is not `#FORMAT=WebAnno TSV 3.x`; export as WebAnno TSV 3"
        )
    layers, body = _header(lines)
    is_old = version[1] in ("3.0", "3.1")
    sentences = _sentences(lines, body, is_old, layers, str(path))
    units = [unit for sentence in sentences for unit in sentence.units]
    text, offsets = _text(sentences, str(path), in_utf16=True)
    wrong = _misplaced(units, text, offsets)
    if wrong is not None and not text.isascii():
        plain, plain_offsets = _text(sentences, str(path), in_utf16=False)
        if _misplaced(units, plain, plain_offsets) is None:
            text, offsets, wrong = plain, plain_offsets, None
    if wrong is not None:
        raise FormatError(
            f"{path}:{wrong.line}: {wrong.form[:40]!r} does not stand at [{wrong.start}, "
            f"{wrong.end}) of the text, in UTF-16 code units"
        )
    for unit in units:
        unit.start, unit.end = offsets[unit.start], offsets[unit.end]
    return Rows(layers, text, units)


def _header(lines: list[str]) -> tuple[list[Layer], int]:
    """The layers that a file declares, and the index of the line after them."""
    layers: list[Layer] = []
    first = 0
    for index, line in enumerate(lines[1:], 1):
        kind = line[: len(SPAN)]
        if kind not in (SPAN, CHAIN, RELATION):
            return layers, index
        type_name, *columns = line[len(SPAN) :].strip().split("|")
        layers.append(Layer(kind, type_name, [c for c in columns if c] or [""], first))
        first += len(layers[-1].columns)
    return layers, len(lines)


def _sentences(
    lines: list[str], body: int, is_old: bool, layers: list[Layer], file: str
) -> list[_Sentence]:
    """The sentences of a file with the rows of their tokens."""
    width = sum(len(layer.columns) for layer in layers)
    sentences: list[_Sentence] = []
    for number, line in enumerate(lines[body:], body + 1):
        if line.startswith("#"):
            if line.startswith(_TEXT):
                if not sentences or sentences[-1].units:
                    sentences.append(_Sentence(number))
                sentences[-1].lines.append(_unescaped(line[len(_TEXT) :], is_old))
            continue
        if not line.strip():
            continue
        match = _ROW.match(line)
        if match is None or not sentences:
            raise FormatError(f"{file}:{number}: {line[:60]!r} is no row of a token")
        form, *cells = line[match.end() :].split("\t")
        if len(cells) < width:
            raise FormatError(
                f"{file}:{number}: has {len(cells)} columns of annotation instead of the {width} "
                "that the header declares"
            )
        unit = Unit(match[1], number, int(match[2]), int(match[3]), form, cells)
        sentences[-1].units.append(unit)
    return sentences


def _unescaped(line: str, is_old: bool) -> str:
    r"""A line of text without its escapes; before version 3.2 they are those of Java, as `\u00e9`.

    An unknown escape stands for its character.
    """

    def character(match: re.Match[str]) -> str:
        if len(match[1]) == 1:
            return _CHARACTERS.get(match[1], match[1])
        return chr(int(match[1][1:], 16)) if is_old else match[1]

    text = _ESCAPE.sub(character, line)
    if text.isascii() or not is_old:
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _units_of(text: str, in_utf16: bool) -> int:
    return len(text.encode("utf-16-le")) // 2 if in_utf16 else len(text)


def _text(
    sentences: list[_Sentence], file: str, in_utf16: bool
) -> tuple[str, dict[int, int] | range]:
    """The text of sentences at the offsets of their first tokens, and code points by offset.

    A gap is filled with spaces, after the end of the line.
    """
    parts: list[str] = []
    length = 0
    limit = files.size_limit()
    for sentence in sentences:
        begin = sentence.units[0].start if sentence.units else length + bool(parts)
        gap = begin - length
        if gap < 0 or begin > limit:
            reason = f"the one before it ends at {length:,}" if gap < 0 else "that is too far"
            raise FormatError(
                f"{file}:{sentence.line}: the sentence begins at {begin:,}, but {reason}"
            )
        shown = "\n".join(sentence.lines)
        parts += ["\n" if parts and gap else "", " " * (gap - 1 if parts else gap), shown]
        length = begin + _units_of(shown, in_utf16)
    text = "".join(parts)
    if not in_utf16 or text.isascii():
        return text, range(len(text) + 1)
    widths = (2 if character > "\uffff" else 1 for character in text)
    return text, {unit: point for point, unit in enumerate(accumulate(widths, initial=0))}


def _misplaced(units: list[Unit], text: str, offsets: dict[int, int] | range) -> Unit | None:
    """The first row whose offsets are outside the text or name other words; None if all fit."""
    for unit in units:
        if unit.start > unit.end or unit.start not in offsets or unit.end not in offsets:
            return unit
        words = text[offsets[unit.start] : offsets[unit.end]]
        if unit.form and "".join(words.split()) != "".join(_unescaped(unit.form, False).split()):
            return unit
    return None
