"""Where a finding is, for people: its record, and the text around its span."""

import re

from msgspec import Struct

from statevisit.document.model import INNER_SPANS, LAYERS
from statevisit.document.strict_json import Json, JsonObject, Locator, pointer
from statevisit.findings import Finding

WIDTH = 40
"""Code points shown on each side of a span; a span longer than four times that loses its middle."""

_MENTIONED_BY: dict[str, tuple[tuple[str, str], ...]] = {
    "entities": (("mentions", "entity"), ("mentions", "literal")),
    "event_chains": (("events", "event"),),
    "relations": (("mentions", "entity"),),
    "event_relations": (("events", "id"), ("timexes", "id")),
}
"""For a layer without spans: the (layer, property) of records that show one of its records."""


class Surroundings(Struct, frozen=True):
    """The layer and record of a finding, and an excerpt in which `mark` is the span."""

    layer: str = ""
    record: str = ""
    excerpt: str = ""
    mark: tuple[int, int] = (0, 0)


class Places:
    """The places of the findings of one document.

    What helps to look up a place (offsets of records, first mentions) is computed once for all
    findings. `value` is the document as it was parsed from `data`.
    """

    def __init__(self, value: Json, data: bytes, file: str) -> None:
        self._value, self._file = value, file
        self._locator = Locator(data)
        self._first_spans: dict[tuple[str, str], dict[str, JsonObject]] = {}
        name = value.get("id") if isinstance(value, dict) else None
        self._document = name if isinstance(name, str) and len(name) < 100 else ""

    def finding(self, code: str, message: str, path: tuple[str | int, ...]) -> Finding:
        """Return a finding at `path`, with its line, record and excerpt."""
        line, column = self._locator.locate(path)
        around = self._surroundings(path)
        return Finding(
            code=code,
            message=message,
            file=self._file,
            document=self._document,
            pointer=pointer(path),
            line=line,
            column=column,
            layer=around.layer,
            record=around.record,
            excerpt=around.excerpt,
            mark=around.mark,
        )

    def _surroundings(self, path: tuple[str | int, ...]) -> Surroundings:
        """The surroundings of a path, as far as it has them.

        A record without a span is shown by the first one that mentions it: an entity by its first
        mention, a chain by its first event, a relation between events by its source. Works on any
        JSON, valid or not.
        """
        value = self._value
        if len(path) < 2 or not isinstance(value, dict):
            return Surroundings()
        layer, number = path[0], path[1]
        if not isinstance(layer, str) or layer not in LAYERS or not isinstance(number, int):
            return Surroundings()
        records = value.get(layer)
        record = records[number] if isinstance(records, list) and number < len(records) else None
        if not isinstance(record, dict):
            return Surroundings(layer)
        record_id = record.get("id")
        name = record_id if isinstance(record_id, str) and len(record_id) <= 64 else ""
        span = self._span_to_show(path, record)
        text = value.get("text")
        if span is None or not isinstance(text, str) or not 0 <= span["start"] < span["end"]:
            return Surroundings(layer, name)
        excerpt, mark = cut(text, span["start"], span["end"])
        if mark[0] >= mark[1]:
            return Surroundings(layer, name)
        return Surroundings(layer, name, excerpt, mark)

    def _span_to_show(self, path: tuple[str | int, ...], record: JsonObject) -> JsonObject | None:
        """The span of the path itself, else of its record, else of a record that mentions it."""
        if len(path) > 2 and path[2] in INNER_SPANS:
            inner = record.get(str(path[2]))
            if isinstance(inner, dict) and _has_span(inner):
                return inner
        if _has_span(record):
            return record
        layer = str(path[0])
        is_relation = layer in ("relations", "event_relations")
        mentioned = record.get("source") if is_relation else record.get("id")
        if isinstance(mentioned, str):
            for other, key in _MENTIONED_BY.get(layer, ()):
                span = self._first_spans_by(other, key).get(mentioned)
                if span is not None:
                    return span
        return None

    def _first_spans_by(self, layer: str, key: str) -> dict[str, JsonObject]:
        """The first record with a span in a layer, by the string that a property of it holds."""
        if (layer, key) not in self._first_spans:
            first: dict[str, JsonObject] = {}
            records = self._value.get(layer) if isinstance(self._value, dict) else None
            for record in records if isinstance(records, list) else ():
                if _has_span(record) and isinstance(record.get(key), str):
                    first.setdefault(record[key], record)
            self._first_spans[layer, key] = first
        return self._first_spans[layer, key]


def _has_span(record: Json) -> bool:
    if not isinstance(record, dict):
        return False
    return type(record.get("start")) is int and type(record.get("end")) is int


def cut(text: str, start: int, end: int, width: int = WIDTH) -> tuple[str, tuple[int, int]]:
    """Return (excerpt, mark): a span with `width` code points on each side, on one line.

    `mark` is the start and end of the span in the excerpt.
    """
    end = min(end, len(text))
    before, after = text[max(0, start - width) : start], text[end : end + width]
    inside = text[start:end]
    if len(inside) > 4 * width:
        inside = f"{inside[: 2 * width]} … {inside[-2 * width :]}"
    if start > width:
        before = f"…{before}"
    if end + width < len(text):
        after = f"{after}…"
    line = re.sub(r"[\s\x00-\x1f\x7f]", " ", before + inside + after)
    return line, (len(before), len(before) + len(inside))


def finding(
    code: str, message: str, path: tuple[str | int, ...], value: Json, data: bytes, file: str
) -> Finding:
    """Return one finding at `path` of a document; `Places` is for several."""
    return Places(value, data, file).finding(code, message, path)
