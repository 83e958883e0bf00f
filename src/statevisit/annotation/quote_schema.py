"""The JSON Schema of a draft in quote notation, for a language model that annotates."""

import copy
from collections.abc import Iterable

from statevisit.document.scheme import Scheme
from statevisit.document.scheme_compiler import needed_definitions
from statevisit.document.strict_json import Json, JsonObject

SELECTOR: dict[str, JsonObject] = {
    "quote": {
        "type": "string",
        "minLength": 1,
        "description": "The words, exactly as in the text.",
    },
    "occurrence": {
        "type": "integer",
        "minimum": 1,
        "description": "The occurrence that is meant, counted from 1; needed if the quote "
        "occurs more than once.",
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


_NOT_IN_GRAMMARS = ("allOf", "if", "then", "else", "not", "uniqueItems", "default")
"""Keywords that structured output does not take: those of rules with conditions, which `allOf`
holds, `uniqueItems` and `default`."""

_NO_LINE_END = r"(?!\n)"
"""The end of our patterns: in Python, `$` also matches before a line end."""


def draft_schema(scheme: Scheme, layers: Iterable[str] = ()) -> JsonObject:
    """Return the schema of a draft with these layers, by default all but sentences and tokens.

    It is the document schema with a quote in place of start, end and text, and it asks for complete
    records, as a layer that is done has them; `anchor` also takes unfinished ones. The meaning of
    labels is in the descriptions, where a language model reads it. Rules with conditions and
    patterns that look ahead are left out, since structured output does not take them; `validate`
    has them all.
    """
    document = copy.deepcopy(scheme.value)
    chosen = frozenset(layers) or frozenset(scheme.annotated)
    in_order = [layer for layer in scheme.layers if layer in chosen]
    definitions = document["$defs"]
    for name, node in definitions.items():
        if f"{name}_done" in definitions:
            node = definitions[name] = _complete(node, definitions[f"{name}_done"])
        properties = node.get("properties", {})
        properties.pop("disagreements", None)  # adjudication counts them, nobody annotates them
        if {"start", "end", "text"} <= set(properties):
            definitions[name] = _quoted(node)
    properties = {name: document["properties"][name] for name in ("id", *in_order)}
    needed = needed_definitions(properties, document)
    draft = {
        "$schema": document["$schema"],
        "title": "Draft",
        "description": "Annotations of one text in quote notation: spans are named by their words.",
        "type": "object",
        "additionalProperties": False,
        "required": in_order,
        "properties": properties,
        "$defs": {name: definitions[name] for name in definitions if name in needed},
    }
    return _explained_object(draft)


def _complete(node: JsonObject, done: JsonObject) -> JsonObject:
    """A record's schema with the properties that the record must have once its layer is done."""
    return node | {"required": [*node["required"], *done.get("required", ())]}


def _quoted(node: JsonObject) -> JsonObject:
    """A record's schema with a selector for its span.

    An id is required wherever the record has one, since other records may refer to it.
    """
    span = ("start", "end", "text")
    properties = {name: value for name, value in node["properties"].items() if name not in span}
    required = [name for name in node["required"] if name not in ("id", *span)]
    if "id" not in properties:
        return node | {"properties": SELECTOR | properties, "required": ["quote", *required]}
    record_id = {"id": properties.pop("id")}
    return node | {
        "properties": record_id | SELECTOR | properties,
        "required": ["id", "quote", *required],
    }


def _explained(node: Json) -> Json:
    if isinstance(node, list):
        return [_explained(item) for item in node]
    if isinstance(node, dict):
        return _explained_object(node)
    return node


def _explained_object(node: JsonObject) -> JsonObject:
    """A schema with the meaning of labels in descriptions, in keywords that grammars take."""
    kept = {
        key: _explained(value)
        for key, value in node.items()
        if not key.startswith("x-") and key not in _NOT_IN_GRAMMARS
    }
    pattern = node.get("pattern")
    if isinstance(pattern, str):
        plain = pattern.removesuffix(_NO_LINE_END)
        kept["pattern"] = plain
        if "(?" in plain:
            del kept["pattern"]
    labels = node.get("x-labels")
    if isinstance(labels, dict) and "enum" in node:
        meanings = [f"{name}: {label['description'].rstrip('.')}" for name, label in labels.items()]
        kept["description"] = f"{node.get('description', '')} {'; '.join(meanings)}.".strip()
    return kept
