"""JSON lines of other annotation tools: an object for each text, with spans in code points."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

from statevisit.document.codec import read_bytes
from statevisit.document.strict_json import Json, JsonObject, Malformed, parse
from statevisit.errors import FormatError
from statevisit.formats.texts import AnnotatedText, Annotation, Loss
from statevisit.regions.offsets import Ends


class Line:
    """An object of a file and the annotated text that it becomes."""

    def __init__(self, path: Path, number: int, value: JsonObject) -> None:
        self.value = value
        self._place = f"{path}:{number}"
        self.text = AnnotatedText(f"{path.stem}-{number}", "", str(path), number)
        self._ids: set[str] = set()

    def bad(self, message: str) -> FormatError:
        """Return the error of the line."""
        return FormatError(f"{self._place}: {message}")

    def take_text(self, *keys: str) -> None:
        """Set the text from the first of the keys that the object has. Raises FormatError."""
        value = next((self.value[key] for key in keys if key in self.value), None)
        if not isinstance(value, str):
            raise self.bad(f"expected a text as {' or '.join(map(repr, keys))}")
        self.text.text = value

    def objects(self, key: str) -> list[JsonObject]:
        """Return the objects of a list; there are none if the line has no such list."""
        items = self.value.get(key) or []
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise self.bad(f"expected a list of objects as {key!r}")
        return items

    def add(self, start: Json, end: Json, label: Json, key: str = "") -> Annotation | None:
        """Add an annotation; return None for one without a label or characters, which is a loss.

        Raises FormatError for offsets outside the text, and for an id that is given already.
        """
        span = self.span(start, end)
        kind = ""
        if span[0] == span[1]:
            kind = "spans without characters"
        elif label is None or label == "":
            kind = "spans without a label"
        elif not isinstance(label, str):
            raise self.bad(f"the label {brief(label)} is not a string")
        if kind:
            self.lose(kind, f"[{start}, {end}) {brief(label)}")
            return None
        key = key or f"T{len(self.text.annotations) + 1}"
        if key in self._ids:
            raise self.bad(f"a second span with the id {key}")
        self._ids.add(key)
        words = self.text.text[slice(*span)]
        annotation = Annotation(key, *span, str(label), words=words, line=self.text.line)
        self.text.annotations.append(annotation)
        return annotation

    def span(self, start: Json, end: Json) -> Ends:
        """Return the span of two offsets. Raises FormatError if it is not within the text."""
        length = len(self.text.text)
        if not (_is_count(start) and _is_count(end) and 0 <= start <= end <= length):
            place = f"[{brief(start)}, {brief(end)})"
            raise self.bad(f"{place} is not a span of the {length:,} characters")
        return start, end

    def lose(self, kind: str, detail: str) -> None:
        """Note something that has no place in the text."""
        self.text.losses.append(Loss(kind, detail, self.text.line))

    def lose_others(self, known: set[str]) -> None:
        """Note the properties that are not among the known ones and say something."""
        for key, value in self.value.items():
            if key not in known and value not in (None, "", [], {}):
                self.lose(f"properties {key[:40]!r}", brief(value))


def brief(value: Json) -> str:
    """Return the beginning of a value in Python's notation."""
    try:
        return repr(value)[:60]
    except RecursionError:
        return "a value that is nested too deeply"


def _is_count(value: Json) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def lines(path: Path) -> Iterator[Line]:
    """Yield the lines of a JSONL file that are not empty.

    Raises FormatError, with the line, for one that is not a JSON object, and for a file of none.
    """
    data = read_bytes(path).removeprefix(b"\xef\xbb\xbf")
    is_empty = True
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        is_empty = False
        place = f"{path}:{number}"
        try:
            value: Any = parse(line, place)
        except Malformed as error:
            raise FormatError(f"{place}: {error.message}") from None
        if not isinstance(value, dict):
            raise FormatError(f"{place}: expected a JSON object on each line")
        yield Line(path, number, value)
    if is_empty:
        raise FormatError(f"{path}: no texts; write a JSON object on each line")
