"""The JSON Schema of an answer, in the subset that structured output takes in strict mode.

It is a second view of the scheme beside `quote_schema`: a language model that is held to it writes
every property, and null for one that does not apply. The subset is that of OpenAI's
"Structured model outputs", section "Supported schemas"
(https://platform.openai.com/docs/guides/structured-outputs), which llguidance takes as well.
"""

import re
from collections.abc import Iterable

from statevisit.annotation.quote_schema import SELECTOR
from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import JsonObject

_KEPT = ("description", "type", "enum", "const", "pattern")
"""The keywords of a value that the subset has and that say something here."""

_COUNTS = (0, 1)
"""The lower bounds of counts; other bounds are those of any number, which grammars do not take."""

_LOOK_AHEAD = re.compile(r"\(\?[=!][^()]*\)")
"""A condition of a pattern that structured output does not take; without it more strings fit."""

_SPAN = ("start", "end", "text")
_REFERRED_TO = ("entities", "event_chains")
"""The layers that exist to be referred to: their records have an id in any answer."""

_COUNTED = "disagreements"
"""The property that adjudication counts and nobody annotates."""


def answer_schema(scheme: Scheme, layers: Iterable[str] = ()) -> JsonObject:
    """Return the schema of an answer with these layers, by default all but sentences and tokens.

    Every object has all of its properties in `required` and no others; one that a record may lack
    is a union with null. There are no references, conditions, lengths or look-aheads. The meanings
    of labels are not in it: `prompt` states them.
    """
    chosen = frozenset(layers) or frozenset(scheme.annotated)
    properties: JsonObject = {
        "id": {"type": ["string", "null"], "description": "Id of the document, where it is given."}
    }
    for layer in scheme.annotated:
        if layer in chosen:
            description = scheme.value["properties"][layer].get("description", "")
            properties[layer] = {
                "type": "array",
                "description": description,
                "items": _record(scheme, layer),
            }
    return _object(properties)


def _object(properties: JsonObject) -> JsonObject:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _record(scheme: Scheme, layer: str) -> JsonObject:
    """The schema of the records of a layer; "arguments" are those of events."""
    nodes = scheme.properties(layer)
    needed = set(scheme.required(layer))
    if layer not in (*_REFERRED_TO, "arguments"):
        needed.discard("id")
    is_span = set(_SPAN) <= nodes.keys()
    properties: JsonObject = {}
    if "id" in nodes:
        properties["id"] = _property(scheme, nodes["id"], "id" in needed)
    if is_span:
        properties |= _selector()
    for name, node in nodes.items():
        is_place = is_span and name in _SPAN
        if name not in ("id", _COUNTED) and not is_place:
            properties[name] = _property(scheme, node, name in needed)
    return _object(properties)


def _selector() -> JsonObject:
    """The properties that name a span by its words."""
    return {
        name: _value(node) if name == "quote" else _or_null(_value(node))
        for name, node in SELECTOR.items()
    }


def _property(scheme: Scheme, node: JsonObject, is_needed: bool) -> JsonObject:
    """The schema of a property, a union with null if a record may lack it."""
    if node.get("type") == "array":
        strict = _array(scheme, node)
    elif "properties" in node:
        description = {"description": node["description"]} if "description" in node else {}
        strict = description | _object(_selector())
    else:
        strict = _value(node)
    return strict if is_needed else _or_null(strict)


def _array(scheme: Scheme, node: JsonObject) -> JsonObject:
    items = scheme.resolve(node["items"])
    strict = _record(scheme, "arguments") if "properties" in items else _value(items)
    return {"type": "array", "description": node.get("description", ""), "items": strict}


def _value(node: JsonObject) -> JsonObject:
    """The schema of a plain value, in keywords of the subset."""
    strict = {keyword: node[keyword] for keyword in _KEPT if keyword in node}
    if node.get("minimum") in _COUNTS:
        strict["minimum"] = node["minimum"]
    if "pattern" in strict:
        pattern = _LOOK_AHEAD.sub("", strict["pattern"])
        strict["pattern"] = pattern
        if "(?" in pattern:
            del strict["pattern"]
    if "const" in strict and "type" not in strict:
        strict["type"] = "boolean" if isinstance(strict["const"], bool) else "string"
    return strict


def _or_null(strict: JsonObject) -> JsonObject:
    """A union with null; a description stands outside of it."""
    if set(strict) <= {"type", "description", "minimum"}:
        return strict | {"type": [strict["type"], "null"]}
    inner = {keyword: value for keyword, value in strict.items() if keyword != "description"}
    outer = {"description": strict["description"]} if strict.get("description") else {}
    return outer | {"anyOf": [inner, {"type": "null"}]}
