"""The JSON Schemas of the package, and a schema as an object with its definitions resolved.

The document schema of a corpus is that of its scheme: see `scheme`.
"""

from functools import cache
from pathlib import Path

import orjson

from statevisit.document.strict_json import JsonObject
from statevisit.layout import data_root

NAMES = ("document", "annotators", "release", "source", "adjudication", "findings", "report")
"""The schemas by name: `schema/NAME.schema.json`."""


class Schema:
    """A JSON Schema: `value` is the schema itself, which callers must not change."""

    def __init__(self, value: JsonObject) -> None:
        self.value = value

    @property
    def definitions(self) -> JsonObject:
        """The definitions that `$ref` names."""
        definitions: JsonObject = self.value.get("$defs", {})
        return definitions

    def resolve(self, node: JsonObject) -> JsonObject:
        """Return a node with its `$ref` replaced by the target; the node's other keywords win."""
        if "$ref" not in node:
            return node
        target = self.value
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        own = {keyword: value for keyword, value in node.items() if keyword != "$ref"}
        return {**target, **own}


def record_definition(schema: JsonObject, layer: str) -> JsonObject:
    """Return the definition of a layer's records in a document schema."""
    record: JsonObject = schema["$defs"][definition_name(schema, layer)]
    return record


def definition_name(schema: JsonObject, layer: str) -> str:
    """Return the name of the definition of a layer's records; "arguments" are those of events."""
    if layer == "arguments":
        return "argument"
    reference: str = schema["properties"][layer]["items"]["$ref"]
    return reference.removeprefix("#/$defs/")


def path(name: str) -> Path:
    """Return the file of a schema of the package. `name` is one of NAMES."""
    return data_root() / "schema" / f"{name}.schema.json"


@cache
def load(name: str) -> Schema:
    """Return a schema of the package. `name` is one of NAMES."""
    return Schema(orjson.loads(path(name).read_bytes()))


def id_node(node: JsonObject) -> JsonObject:
    """Return the schema of the ids that a property holds: its own, or that of a list's items."""
    items: JsonObject = node.get("items", {}) if node.get("type") == "array" else node
    return items
