"""The answers of language models: JSON with other text around it, in parts, or cut off.

Nothing is guessed: a record whose end is missing is left out, and whatever was left out, joined or
mended is said.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import NoReturn

from msgspec.structs import replace

from statevisit.annotation.answer_parts import (
    Part,
    Recovered,
    assembled,
    has_records,
    is_answer,
    is_candidate,
    is_record,
    is_span,
)
from statevisit.annotation.partial_json import Lines, Piece, pieces
from statevisit.document.strict_json import Json, Malformed, parse
from statevisit.errors import FormatError
from statevisit.printable import counted

_FENCE = re.compile(
    r"^[ \t]*(```+|~~~+)[^\n`]*\n(.*?)(?:^[ \t]*\1[ \t]*\r?$|\Z)", re.MULTILINE | re.DOTALL
)
_THOUGHTS = re.compile(r"\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_END_OF_THOUGHTS = re.compile(r"\s*(?![{\[`\s]).*?</think(?:ing)?>(?=[\s{\[`]|\Z)", re.DOTALL)
_UNFINISHED_THOUGHTS = re.compile(r"\s*<think(?:ing)?>")
_STRING = re.compile(r'\s*"((?:[^"\\]|\\.)*)(?:"|\\?\Z)', re.DOTALL)
_OBJECT = re.compile(rb'\{\s*"\w+"\s*:')

_LONGEST_ESCAPE = 7
"""Characters of an escape in a string, and one."""

_MANY = 100
"""Values in a file, above which errors in them name no lines."""

_MARK = "\ufeff"


class CutOff(FormatError):
    """An answer that ends before its first record does."""


def recover(data: bytes, file: str) -> list[Recovered]:
    """Return the answers in some bytes, one for each document, in their order.

    The bytes are JSON, or a text with JSON: in Markdown fences, after thoughts, between sentences,
    as several values or lines, as a string of JSON, with a byte order mark, trailing commas or NaN,
    or cut off. Of a value that ends too early, the members and records before its end are kept.
    Values of different layers are joined; so are records that name their `layer`.

    Raises FormatError if there is no answer, an object has a key twice, the bytes are not UTF-8, or
    two values of one document have the same layer.
    """
    try:
        value = parse(data, file)
    except Malformed as error:
        if error.code == "E103":
            raise
        return _from_text(_decoded(data, error), file, error)
    if isinstance(value, str):
        return _from_string(value, file)
    return assembled([Part(value, data)], (), file)


def is_part_of_answer(line: bytes) -> bool:
    """Whether a line of JSONL is a part of an answer: a record, or the beginning of other text."""
    if line.lstrip().startswith((b"```", b"~~~", b"<think", _MARK.encode())):
        return True
    try:
        value = parse(line)
    except Malformed:
        return False
    return is_record(value) or is_span(value)


def is_json_in_text(data: bytes) -> bool:
    """Whether some bytes hold an object of JSON."""
    return bool(_OBJECT.search(data))


def _decoded(data: bytes, error: Malformed) -> str:
    """Bytes as text, without half a character at their end. Raises Malformed if it is not UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as bad:
        if bad.reason == "unexpected end of data":
            return data[: bad.start].decode()
        raise error from None


def _from_string(text: str, file: str) -> list[Recovered]:
    """The answers in a string of JSON that holds JSON. Raises FormatError, also for a string."""
    note = "the answer was a string of JSON; what it holds was read"
    try:
        value = parse(text.encode(), file)
    except UnicodeEncodeError:
        raise FormatError(f"{file}: a string with half a character") from None
    except Malformed as error:
        if error.code == "E103":
            raise
        read = _from_text(text, file, error)
    else:
        read = assembled([Part(value)], (), file)
    # its lines are not those of the file
    return [Recovered(r.value, None, (note, *r.notes), r.is_cut) for r in read]


def _from_text(text: str, file: str, error: Malformed) -> list[Recovered]:
    notes = []
    if text.startswith(_MARK):
        notes.append("a byte order mark was left out")
        text = text[1:]
    start = _after_thoughts(text, file)
    if start:
        notes.append("the thoughts before the answer were left out")
    inner = _inner_string(text[start:])
    if inner is not None:
        return [
            Recovered(r.value, None, (*notes, *r.notes), r.is_cut)
            for r in _from_string(inner, file)
        ]
    fences = [m for m in _FENCE.finditer(text, start) if m[2].lstrip()[:1] in ("{", "[")]
    regions = [match.span(2) for match in fences] or [(start, len(text))]
    read = [piece for region in regions for piece in pieces(text, *region)]
    parts = list(_parts(read, text, file, notes))
    if not parts:
        _refuse(text, regions, read, file, error)
    if any(piece.state == "cut" for piece in read):
        parts[-1] = replace(parts[-1], is_cut=True)
    around = _around(read, text[start:], start)
    if around and not fences and all(piece.state != "broken" for piece in read):
        notes.append(f"{counted(len(around.encode()), 'byte')} of text around the answer left out")
    return assembled(parts, notes, file)


def _around(read: Sequence[Piece], text: str, start: int) -> str:
    """The text around the pieces of a text, which begins at an offset."""
    around = []
    at = 0
    for piece in read:
        around.append(text[at : piece.start - start].strip())
        at = piece.end - start
    return "".join([*around, text[at:].strip()])


def _after_thoughts(text: str, file: str) -> int:
    """The offset at which the answer begins. Raises FormatError if the thoughts have no end."""
    thoughts = _THOUGHTS.match(text) or _END_OF_THOUGHTS.match(text)
    if thoughts:
        return thoughts.end()
    if _UNFINISHED_THOUGHTS.match(text):
        raise CutOff(f"{file}: ends within <think>, before the answer; allow more tokens")
    return 0


def _inner_string(text: str) -> str | None:
    """The text in a string of JSON, also one that is cut off; None if there is no such string."""
    string = _STRING.match(text)
    if not string or text[string.end() :].strip() or string[1].lstrip()[:1] not in ("{", "["):
        return None
    for cut in range(_LONGEST_ESCAPE):  # the last escape may be cut off
        try:
            inner: str = json.loads(f'"{string[1][: len(string[1]) - cut]}"', strict=False)
        except ValueError:
            continue
        return inner[:-1] if "\ud800" <= inner[-1:] <= "\udbff" else inner
    return None


def _parts(read: Sequence[Piece], text: str, file: str, notes: list[str]) -> Iterator[Part]:
    """The pieces of a text that are answers or parts of one; `notes` gets those on the others.

    A broken piece is taken if no whole answer follows it; its remains are none.
    """
    lines = Lines(text)
    values = [_value(piece, lines, file) for piece in read]
    last_answer = max((n for n, value in enumerate(values) if is_answer(value)), default=-1)
    only = len(read) == 1 and read[0].state == "whole"
    is_remains = False
    ignored = []
    for number, piece in enumerate(read):
        is_taken = is_candidate(values[number]) and (is_answer(values[number]) or not is_remains)
        if piece.state != "whole":
            is_taken = is_taken and has_records(values[number])
        if piece.state == "broken":
            is_taken = is_taken and last_answer <= number
        if is_taken or only:
            yield Part(
                values[number],
                _in_place(piece, lines) if len(read) < _MANY else None,
                tuple(_notes(piece, text, lines)),
                piece.state != "whole",
                lines.position(piece.start)[0],
            )
        elif piece.state == "cut":
            lost = counted(len(text[piece.start : piece.limit].encode()), "byte")
            notes.append(f"{lines.place(piece.start)}: cut off; {lost} left out")
        elif piece.state == "broken" and not is_remains:
            ignored.append(piece)
        is_remains = is_remains or (piece.state == "broken" and bool(piece.json))
    if ignored:
        more = f", and {counted(len(ignored) - 1, 'more place')}" if ignored[1:] else ""
        notes.append(f"{lines.place(ignored[0].end)}{more}: not JSON; left out")


def _notes(piece: Piece, text: str, lines: Lines) -> Iterator[str]:
    """What was done to a piece."""
    if piece.commas:
        yield f"{counted(piece.commas, 'trailing comma')} left out"
    if piece.no_numbers:
        yield f"NaN or infinity read as null: {counted(piece.no_numbers, 'value')}"
    lost = counted(len(text[piece.kept : piece.limit].encode()), "byte")
    if piece.state == "cut":
        yield f"{lines.place(piece.kept)}: cut off after {piece.last}; {lost} left out"
    if piece.state == "broken":
        yield f"{lines.place(piece.end)}: not JSON, read up to {piece.last}; {lost} left out"


def _in_place(piece: Piece, lines: Lines) -> bytes:
    """The JSON of a piece, on the lines and columns that it has in the text."""
    line, column = lines.position(piece.start)
    return ("\n" * (line - 1) + " " * (column - 1) + piece.json).encode()


def _value(piece: Piece, lines: Lines, file: str) -> Json:
    """The value of a piece. Raises Malformed for an object that has one key twice."""
    try:
        value: Json = parse(piece.json.encode(), file) if piece.json else None
    except Malformed:
        value = parse(_in_place(piece, lines), file)  # an error has the line of the file
    return value


def _refuse(
    text: str,
    regions: Sequence[tuple[int, int]],
    read: Sequence[Piece],
    file: str,
    error: Malformed,
) -> NoReturn:
    """Raise the error of a text in which there is no answer."""
    if any(piece.state == "cut" for piece in read):
        raise CutOff(f"{file}: cut off before its first record is complete")
    if len(regions) == 1 and regions[0][0]:
        start, end = regions[0]
        parse(_in_place(Piece(start, end, text[start:end]), Lines(text)), file)
    raise error
