"""The JSON Schema of a draft in quote notation: what to give to a language model that annotates."""

import copy
from collections.abc import Iterable
from typing import Any

from statevisit import schema
from statevisit.model import LAYERS

_SELECTOR = {
    "quote": {
        "type": "string",
        "minLength": 1,
        "description": "The words, exactly as in the text.",
    },
    "occurrence": {
        "type": "integer",
        "minimum": 1,
        "description": "Which of the places where the quote stands, from 1; needed where it stands more than once.",
    },
    "prefix": {
        "type": "string",
        "description": "Instead of `occurrence`: the characters just before the quote.",
    },
    "suffix": {
        "type": "string",
        "description": "Instead of `occurrence`: the characters just after the quote.",
    },
}


def draft_schema(layers: Iterable[str] = ()) -> dict[str, Any]:
    """The schema of a draft with these layers (all but sentences and tokens, where none are named).

    It is the document schema with a quote where a record has start, end and text; what an inventory's labels mean is in
    the descriptions, where a language model reads it.
    """
    document = copy.deepcopy(schema.load())
    wanted = [
        n for n in LAYERS if n in (frozenset(layers) or frozenset(LAYERS) - {"sentences", "tokens"})
    ]
    definitions = document["$defs"]
    for name, node in definitions.items():
        node.get("properties", {}).pop(
            "disagreements", None
        )  # which adjudication counts, nobody annotates
        if {"start", "end", "text"} <= set(node.get("properties", ())):
            definitions[name] = _quoted(node)
    found = {
        "$schema": document["$schema"],
        "title": "Draft",
        "description": "Annotations of one text in quote notation: spans are named by their words.",
        "type": "object",
        "additionalProperties": False,
        "required": ["id", *wanted],
        "properties": {
            "id": document["properties"]["id"],
            **{n: document["properties"][n] for n in wanted},
        },
        "$defs": {},
    }
    todo = [found["properties"]]
    while todo:
        for name in _references(todo.pop()) - set(found["$defs"]):
            found["$defs"][name] = definitions[name]
            todo.append(definitions[name])
    return _explained(found)


def _quoted(node: dict[str, Any]) -> dict[str, Any]:
    """A record's schema with a selector for its span, and an id that may be left out only where nothing can refer to it."""
    properties = {k: v for k, v in node["properties"].items() if k not in ("start", "end", "text")}
    at = 1 if "id" in properties else 0
    items = list(properties.items())
    return node | {
        "properties": dict([*items[:at], *_SELECTOR.items(), *items[at:]]),
        "required": [
            *(["id"] if at else []),
            "quote",
            *(k for k in node["required"] if k not in ("id", "start", "end", "text")),
        ],
    }


def _references(node: Any) -> set[str]:
    """The names of the definitions that a schema refers to."""
    if isinstance(node, dict):
        own = (
            {node["$ref"].removeprefix("#/$defs/")} if isinstance(node.get("$ref"), str) else set()
        )
        return own.union(*map(_references, node.values()))
    return set().union(*map(_references, node)) if isinstance(node, list) else set()


def _explained(node: Any) -> Any:
    """The schema with the meaning of labels in descriptions, and without keywords of our own."""
    if isinstance(node, list):
        return [_explained(v) for v in node]
    if not isinstance(node, dict):
        return node
    labels = node.get("x-labels")
    kept = {k: _explained(v) for k, v in node.items() if not k.startswith("x-")}
    if isinstance(labels, dict) and "enum" in node:
        meanings = "; ".join(f"{k}: {v['description'].rstrip('.')}" for k, v in labels.items())
        kept["description"] = f"{node.get('description', '')} {meanings}.".strip()
    return kept
