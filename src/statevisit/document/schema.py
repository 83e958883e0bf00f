"""The JSON Schemas: the single source of truth for validation, labels, columns and tables."""

from functools import cache
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct

from statevisit.document.strict_json import JsonObject
from statevisit.document.textless_schema import without_text
from statevisit.layout import data_root

NAMES = ("document", "annotators", "release", "source", "adjudication", "findings", "report")
"""The schemas by name: `schema/NAME.schema.json`."""

FULL = "document"
"""The edition with everything, and the name of its document schema."""

ANNOTATIONS_ONLY = "annotations-only"
"""The edition without the text, and the name of its document schema, derived from `document`."""

_LABEL_PROPERTIES = ("title", "description", "color")


class Label(Struct, frozen=True):
    """One label of an inventory.

    `extra` holds the other properties that the schema gives it (ACE roles, Wikidata property).
    """

    name: str
    title: str
    description: str
    color: str
    extra: dict[str, Any]


@cache
def path(name: str = "document") -> Path:
    """Return the file of a schema. `name` is one of NAMES."""
    return data_root() / "schema" / f"{name}.schema.json"


@cache
def load(name: str = "document") -> JsonObject:
    """Return a schema as a dictionary, which callers must not change.

    `name` is one of NAMES, or ANNOTATIONS_ONLY.
    """
    if name == ANNOTATIONS_ONLY:
        return without_text(load(FULL), ANNOTATIONS_ONLY)
    schema: JsonObject = orjson.loads(path(name).read_bytes())
    return schema


def resolve(node: JsonObject, name: str = "document") -> JsonObject:
    """Return a node with its `$ref` replaced by the target; the node's other keywords win."""
    if "$ref" not in node:
        return node
    target = load(name)
    for part in node["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    own = {keyword: value for keyword, value in node.items() if keyword != "$ref"}
    return {**target, **own}


def record(layer: str, name: str = "document") -> JsonObject:
    """Return the schema of one record of `layer`."""
    return resolve(load(name)["properties"][layer]["items"], name)


def properties(layer: str, name: str = "document") -> dict[str, JsonObject]:
    """Return the properties of a layer's records, resolved, in the order of a file."""
    nodes = record(layer, name)["properties"]
    return {property_: resolve(node, name) for property_, node in nodes.items()}


def required(layer: str) -> list[str]:
    """Return the properties that every record of `layer` has once the layer is done.

    Some of its records need others in addition, by their values. While the layer is not done, a
    record needs only those that `record` requires.
    """
    document = load()
    reference = document["properties"][layer]["items"]["$ref"].removeprefix("#/$defs/")
    done = document["$defs"].get(f"{reference}_done", {})
    names = {*document["$defs"][reference]["required"], *done.get("required", ())}
    return [name for name in properties(layer) if name in names]


def argument_properties() -> dict[str, JsonObject]:
    """Return the properties of an event's arguments, resolved."""
    nodes = resolve(properties("events")["arguments"]["items"])["properties"]
    return {property_: resolve(node) for property_, node in nodes.items()}


@cache
def labels(layer: str, prop: str) -> tuple[Label, ...]:
    """Return the label inventory of a property, in the schema's order: `labels("events", "class")`.

    `labels("arguments", "role")` are the labels of an event's arguments.
    """
    nodes = argument_properties() if layer == "arguments" else properties(layer)
    inventory = []
    for name, label in nodes[prop]["x-labels"].items():
        extra = {key: value for key, value in label.items() if key not in _LABEL_PROPERTIES}
        known = {key: label[key] for key in _LABEL_PROPERTIES}
        inventory.append(Label(name=name, extra=extra, **known))
    return tuple(inventory)


def label_names(layer: str, prop: str) -> list[str]:
    """Return the names of an inventory, in the order of the ClassLabel integers."""
    return [label.name for label in labels(layer, prop)]


@cache
def inventories() -> tuple[tuple[str, str], ...]:
    """Return every (layer, property) that has a label inventory, in the schema's order."""
    pairs: list[tuple[str, str]] = []
    for layer, node in load()["properties"].items():
        holds_records = node.get("type") == "array" and "$ref" in node["items"]
        if not holds_records or layer == "annotators":
            continue
        for prop, property_ in properties(layer).items():
            if "x-labels" in property_:
                pairs.append((layer, prop))
            elif prop == "arguments":
                nodes = argument_properties()
                pairs += [("arguments", name) for name in nodes if "x-labels" in nodes[name]]
    return tuple(pairs)
