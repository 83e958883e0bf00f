"""JSON values in a text, each read as far as it goes.

A value is given as strict JSON: without the members and records after the place where it ends too
early, without trailing commas, and with null for NaN.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator

from msgspec import Struct

_BEGINNING = re.compile(r'\{\s*(?:["}]|\Z)|\[\s*(?:[\[{\]]|\Z)')
"""Where an object with members, or an array of objects or arrays, may begin."""

_DEEPEST = 1024
"""The most containers around a value, as in `strict_json`."""

_IN_STRING = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*'
_TOKEN = re.compile(
    rf'[ \t\r\n]*(?:(?P<string>{_IN_STRING}")'
    r"|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<word>true|false|null|NaN|-?Infinity)|(?P<mark>[][{}:,]))"
)
_UNFINISHED = re.compile(
    rf"[ \t\r\n]*(?:{_IN_STRING}(?:\\(?:u[0-9A-Fa-f]{{0,3}})?)?"
    r"|-?[0-9.eE+-]*|[a-zN-]\w{0,7}|-I\w{0,7})"
)
"""The beginning of a token, up to the end of the text."""

_NO_NUMBERS = ("NaN", "Infinity", "-Infinity")
_CLOSING = {"{": "}", "[": "]"}
_HALF = re.compile(r"\\u[dD][89a-fA-F]")

_RECORDS = ("{[", "[")
"""The containers around a record: the arrays in an object, or an array alone."""


class Piece(Struct, frozen=True):
    """A value in a text.

    Attributes:
        start: Where it begins in the text, in characters.
        end: Where it ends, or where reading it ended.
        json: The value as strict JSON; empty if nothing of it is complete.
        state: "whole"; "cut" if the text ends before it does; "broken" if it is not JSON at `end`.
        kept: Where the part ends that was kept.
        limit: Where the text ends that was read.
        last: The pointer of the last member or record that was kept.
        commas: The number of trailing commas.
        no_numbers: The number of NaN and infinities.
    """

    start: int
    end: int
    json: str
    state: str = "whole"
    kept: int = 0
    limit: int = 0
    last: str = ""
    commas: int = 0
    no_numbers: int = 0


def pieces(text: str, start: int, end: int) -> Iterator[Piece]:
    """Yield the values between two offsets of a text, in their order.

    What stands between them is skipped, and so is what cannot be the beginning of an object with
    members or of an array of records.
    """
    while beginning := _BEGINNING.search(text, start, end):
        piece = _Reader(text, beginning.start(), end).read()
        yield piece
        start = max(piece.end, beginning.start() + 1)


class _Broken(Exception):
    """The text is not JSON at an offset."""


class _Reader:
    """Reads one value, and remembers where its last complete member or record ends."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text, self.start, self.end = text, start, end
        self.at = start
        self.open = ""  # the brackets around the current place
        self.path: list[str | int] = []  # a key or a number for each of them
        self.edits: list[tuple[int, int, str]] = []
        self.kept = start
        self.kept_open = ""
        self.last = ""

    def read(self) -> Piece:
        """Return the value."""
        state = "whole"
        try:
            self._value()
            while self.open:
                self._member()
        except EOFError:
            state = "cut"
        except _Broken:
            state = "broken"
        if state == "whole":
            self.kept, self.kept_open = self.at, ""
        edits = [edit for edit in self.edits if edit[1] <= self.kept]
        return Piece(
            start=self.start,
            end=self.end if state == "cut" else self.at,
            json=self._strict(edits) if self.kept > self.start else "",
            state=state,
            kept=self.kept,
            limit=self.end,
            last=self.last,
            commas=sum(new == " " for _, _, new in edits),
            no_numbers=sum(new == "null" for _, _, new in edits),
        )

    def _strict(self, edits: list[tuple[int, int, str]]) -> str:
        """What was kept as strict JSON."""
        parts = []
        at = self.start
        for start, end, new in edits:
            parts += [self.text[at:start], new]
            at = end
        closing = "".join(_CLOSING[bracket] for bracket in reversed(self.kept_open))
        return "".join([*parts, self.text[at : self.kept], closing])

    def _token(self) -> tuple[str, str, int]:
        """The kind, the text and the start of the next token.

        Raises EOFError where the text ends first, _Broken where there is no token.
        """
        token = _TOKEN.match(self.text, self.at, self.end)
        if token and token.lastgroup:
            is_open_end = token.end() == self.end and token.lastgroup in ("number", "word")
            if is_open_end:  # more digits may have followed
                raise EOFError
            kind = token.lastgroup
            written = token[kind]
            if kind == "string" and _HALF.search(written) and not _is_text(written):
                raise _Broken
            self.at = token.end()
            return kind, written, token.start(kind)
        if _UNFINISHED.fullmatch(self.text, self.at, self.end):
            raise EOFError
        raise _Broken

    def _peek(self) -> str:
        """The next token if it is a mark, else an empty text."""
        at = self.at
        kind, written, _ = self._token()
        self.at = at
        return written if kind == "mark" else ""

    def _value(self) -> None:
        """Read a plain value, or enter a container."""
        before = self.at
        kind, written, start = self._token()
        if written in _CLOSING and kind == "mark" and len(self.open) < _DEEPEST:
            self.open += written
            self.path.append("" if written == "{" else -1)
            return
        if kind == "mark":
            self.at = before
            raise _Broken
        if written in _NO_NUMBERS and kind == "word":
            self.edits.append((start, self.at, "null"))
        self._complete()

    def _complete(self) -> None:
        """A value is complete: remember its end if it is a member or a record."""
        if self.open in ("{", *_RECORDS):
            self.kept, self.kept_open = self.at, self.open
            self.last = "".join(f"/{step}" for step in self.path)

    def _member(self) -> None:
        """Read the next member of the innermost container, or its end."""
        is_first = self.path[-1] in ("", -1)
        if not is_first and self._peek() != _CLOSING[self.open[-1]]:
            _, comma, start = self._expect(",")
            if self._peek() == _CLOSING[self.open[-1]]:
                self.edits.append((start, start + len(comma), " "))
        if self._peek() == _CLOSING[self.open[-1]]:
            self._token()
            self.open = self.open[:-1]
            self.path.pop()
            self._complete()
            return
        self._step()
        self._value()

    def _step(self) -> None:
        """Read a key and its colon, or count an item."""
        step = self.path[-1]
        if isinstance(step, int):
            self.path[-1] = step + 1
            return
        before = self.at
        kind, written, _ = self._token()
        if kind != "string":
            self.at = before
            raise _Broken
        self.path[-1] = written[1:-1].replace("~", "~0").replace("/", "~1") or " "
        self._expect(":")

    def _expect(self, mark: str) -> tuple[str, str, int]:
        before = self.at
        token = self._token()
        if token[1] != mark or token[0] != "mark":
            self.at = before
            raise _Broken
        return token


def _is_text(written: str) -> bool:
    """Whether a string of JSON is Unicode text: it has no half of a pair of surrogates."""
    import orjson

    try:
        orjson.loads(written)
    except orjson.JSONDecodeError:
        return False
    return True


class Lines:
    """The lines of a text."""

    def __init__(self, text: str) -> None:
        self._newlines = [match.start() for match in re.finditer("\n", text)]

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of an offset, both from 1."""
        line = bisect_left(self._newlines, offset)
        begin = self._newlines[line - 1] + 1 if line else 0
        return line + 1, offset - begin + 1

    def place(self, offset: int) -> str:
        """Return the line and the column of an offset, for a message."""
        line, column = self.position(offset)
        return f"line {line:,}, column {column:,}"
