"""The changes between two versions of a document in words: with the text, not only offsets."""

from collections.abc import Mapping
from typing import Any

import orjson

from statevisit.corpus.diff import Change
from statevisit.document.references import reference_names

_PLACE = ("start", "end", "text")

_IN_TITLE = ("id", *_PLACE)
"""The properties of a record that its title shows, or that the title makes unnecessary."""

_ENDS = ("source", "type", "target")
"""The properties that the title of an event relation shows."""

_LONGEST_VALUE = 100

Words = Mapping[str, str]
"""The words of the records that a value may name, by their ids."""


def title(change: Change) -> str:
    """Return the name of a change's record, with its place and words if it has some."""
    record = change.new or change.old or {}
    words = change.new_words if change.new else change.old_words
    if change.layer == "event_relations":
        type_ = record.get("type", "?")
        return f"{_named(record['source'], words)} {type_} {_named(record['target'], words)}"
    if change.layer != "document" and "text" in record:
        return f"{change.record} [{record['start']}, {record['end']}) {record['text']!r}"
    return _named(change.record, words)


def details(change: Change) -> list[str]:
    """Return the properties that a change adds to its title, each as text.

    For an added or removed record these are its properties, as `name=value`; for a changed one
    those that differ, as `name: old → new`. An id is followed by the words of its record.
    """
    words = change.old_words, change.new_words
    if change.kind == "changed":
        differing = change.properties()
        moved = _moved(change) if differing.keys() & {*_PLACE} else []
        if moved:
            differing = {name: value for name, value in differing.items() if name not in _PLACE}
        listed = [_difference(name, *values, *words) for name, values in differing.items()]
        return [*moved, *listed]
    if change.layer == "document":
        return []  # the title says everything
    record = change.new or change.old or {}
    in_title = _ENDS if change.layer == "event_relations" else _IN_TITLE
    shown = {k: v for k, v in record.items() if k not in in_title and v != []}
    own = words[1] if change.new else words[0]
    return [f"{name}={_value_text(name, value, own)}" for name, value in shown.items()]


def _moved(change: Change) -> list[str]:
    """The words and place of a span before and after; nothing for a record without a span."""
    sides = change.old or {}, change.new or {}
    if not all("text" in side and "start" in side for side in sides):
        return []
    places = [f"[{side['start']}, {side['end']})" for side in sides]
    words = [repr(side["text"]) for side in sides]
    if words[0] == words[1]:
        return [f"place: {places[0]} → {places[1]}"]
    return [f"words: {words[0]} {places[0]} → {words[1]} {places[1]}"]


def _named(record_id: str, words: Words) -> str:
    """An id with the words of its record."""
    return f"{record_id} {words[record_id]!r}" if record_id in words else record_id


def _difference(name: str, old: Any, new: Any, old_words: Words, new_words: Words) -> str:
    if isinstance(old, dict) and isinstance(new, dict):
        parts = {**old, **new}
        changed = [part for part in parts if old.get(part) != new.get(part)]
        listed = (
            _difference(part, old.get(part), new.get(part), old_words, new_words)
            for part in changed
        )
        return f"{name}: {', '.join(listed)}"
    if not isinstance(old, list) or not isinstance(new, list):
        before, after = _value_text(name, old, old_words), _value_text(name, new, new_words)
        return f"{name}: {before} → {after}"
    kept, known = set(map(orjson.dumps, new)), set(map(orjson.dumps, old))
    removed = [_value_text(name, v, old_words) for v in old if orjson.dumps(v) not in kept]
    added = [_value_text(name, v, new_words) for v in new if orjson.dumps(v) not in known]
    listed_values = [*(f"-{value}" for value in removed), *(f"+{value}" for value in added)]
    return f"{name}: {', '.join(listed_values) or 'order'}"


def _value_text(name: str, value: Any, words: Words) -> str:
    """Return a JSON value on one line, shortened to 100 characters if it is no list or object."""
    if isinstance(value, dict):
        return f"({' '.join(_value_text(key, item, words) for key, item in value.items())})"
    if isinstance(value, list):
        return f"[{', '.join(_value_text(name, item, words) for item in value)}]"
    if value is None:
        return "(none)"
    if isinstance(value, str) and name in reference_names():
        return _named(value, words)
    text = value if isinstance(value, str) and value.isprintable() else repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
