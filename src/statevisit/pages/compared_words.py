"""The words of records and values that two annotations are compared by."""

from typing import Any

import orjson

from statevisit.document.model import Document
from statevisit.document.references import reference_names
from statevisit.document.scheme import scheme_of
from statevisit.pages.cards import label_of, name_of
from statevisit.scoring.spans import Item

NOTHING = "–"
"""Stands for a value that a record does not have."""


def words_of(document: Document, item: Item | None) -> str:
    """The words of a span; those that a prediction without a place states."""
    if item is None:
        return ""
    if item.start >= 0:
        return " ".join(document.text[item.start : item.end].split())
    return str(getattr(item.record, "text", None) or item.label or "?")


def link_words(document: Document, record: Any) -> str:
    """Return a relation as the words of its source, its type, and the words of its target."""
    source, target = (name_of(document, end) for end in (record.source, record.target))
    return f"{source} → {str(record.type or '?').replace('_', ' ').lower()} → {target}"


def canonical(value: Any) -> bytes:
    """A value as bytes; the order of a list does not count, and an empty one is no value."""
    if isinstance(value, list):
        return b"[" + b",".join(sorted(map(canonical, value))) + b"]" if value else b"null"
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def in_words(document: Document, layer: str, name: str, value: Any) -> str:
    """A value for people: the words of the records that it names, the titles of labels."""
    if isinstance(value, list):
        return ", ".join(in_words(document, layer, name, item) for item in value) or NOTHING
    if isinstance(value, dict):
        if "text" in value:
            return str(value["text"])
        parts = (in_words(document, "", key, item) for key, item in value.items())
        return " ".join(parts)
    if value is None:
        return NOTHING
    if value is True:
        return "yes"
    text = str(value)
    if name in reference_names():
        return name_of(document, text)
    return label_of(scheme_of(document), layer, name, text).title or text
