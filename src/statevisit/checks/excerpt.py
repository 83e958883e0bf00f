"""Where a finding is, for people: the layer and record it is in, and the text around the span with the span marked."""

import re
from typing import Any

from statevisit.model import LAYERS

WIDTH = 40
"""Code points shown on each side of a span; a longer span is cut in the middle to four times that."""


def surroundings(value: Any, path: tuple[str | int, ...]) -> dict[str, Any]:
    """`layer`, `record`, `excerpt` and `mark` of a finding at `path` of a parsed document, as far as it has them.

    A record without a span is shown by the first one that has to do with it: an entity by its first mention, a chain
    by its first event, a relation between events by its source. Works on any JSON, right or wrong.
    """
    if (
        len(path) < 2
        or not isinstance(value, dict)
        or path[0] not in LAYERS
        or not isinstance(path[1], int)
    ):
        return {}
    layer = str(path[0])
    record = (
        value[layer][path[1]]
        if isinstance(value.get(layer), list) and path[1] < len(value[layer])
        else None
    )
    if not isinstance(record, dict):
        return {"layer": layer}
    found = {
        "layer": layer,
        "record": record["id"]
        if isinstance(record.get("id"), str) and len(record["id"]) <= 64
        else "",
    }
    inner = record.get(path[2]) if len(path) > 2 and path[2] in ("property", "cue") else None
    span = inner if _span(inner) else record if _span(record) else _shown_by(value, layer, record)
    if span and isinstance(text := value.get("text"), str) and 0 <= span["start"] < span["end"]:
        excerpt, mark = cut(text, span["start"], span["end"])
        found |= {"excerpt": excerpt, "mark": mark} if mark[0] < mark[1] else {}
    return found


def _span(record: Any) -> bool:
    return isinstance(record, dict) and all(type(record.get(k)) is int for k in ("start", "end"))


def _shown_by(value: dict[str, Any], layer: str, record: dict[str, Any]) -> dict[str, Any] | None:
    by = {
        "entities": (("mentions", "entity"), ("mentions", "literal")),
        "event_chains": (("events", "event"),),
    }.get(layer)
    wanted = record.get("id")
    if layer == "event_relations":
        by, wanted = (("events", "id"), ("timexes", "id")), record.get("source")
    elif layer == "relations":
        by, wanted = (("mentions", "entity"),), record.get("source")
    for other, key in by or ():
        records = value.get(other)
        for candidate in records if isinstance(records, list) else ():
            if _span(candidate) and candidate.get(key) == wanted:
                return candidate
    return None


def cut(text: str, start: int, end: int, width: int = WIDTH) -> tuple[str, tuple[int, int]]:
    """(excerpt, mark): a span with `width` code points on each side, on one line, and where in that the span stands."""
    end = min(end, len(text))
    before, after = text[max(0, start - width) : start], text[end : end + width]
    inside = text[start:end]
    if len(inside) > 4 * width:
        inside = f"{inside[: 2 * width]} … {inside[-2 * width :]}"
    before = ("…" if start > width else "") + before
    after += "…" if end + width < len(text) else ""
    line = re.sub(r"[\s\x00-\x1f\x7f]", " ", before + inside + after)
    return line, (len(before), len(before) + len(inside))
