"""The document schema of the edition without the text, derived from the full one.

The words of the text are removed; `x_in_text` gives the places of the characters of a
property `x` in the text.
"""

from collections.abc import Mapping, Set
from typing import Any

from statevisit.document.schema import definition_name
from statevisit.document.strict_json import JsonObject

_PIECES: JsonObject = {
    "type": "array",
    "items": {
        "type": "object",
        "description": "A stretch of the text, `start` to `end`, or `literal` characters that the "
        "text does not have.",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {
            "start": {"$ref": "#/$defs/offset", "description": "Start of a stretch of the text."},
            "end": {"$ref": "#/$defs/offset", "description": "End of a stretch of the text."},
            "literal": {
                "type": "string",
                "minLength": 1,
                "description": "Characters that the text does not have.",
            },
        },
        "dependentRequired": {"start": ["end"], "end": ["start"]},
    },
}

_PREFIX_SHA256: JsonObject = {
    "type": "string",
    "pattern": "^[0-9a-f]{16}$(?!\\n)",
    "description": "First 16 digits of the SHA-256 of the text up to the end of the sentence: "
    "where a text differs, it differs from here on.",
}


def without_text(
    document_schema: JsonObject, edition: str, free_text: Mapping[str, Set[str]]
) -> JsonObject:
    """Return the schema of documents of `edition`, which hold no words of their text.

    `document_schema` is the parsed schema of the full edition; it stays unchanged. `free_text` are
    the properties of a corpus's own that may quote the text, by layer.
    """
    schema: JsonObject = _stripped(document_schema)
    schema["$id"] = schema["$id"].replace("document", f"document:{edition}")
    schema["title"] = "Annotated document without its text"
    added = {
        "edition": {"type": "string", "const": edition, "description": "Edition of the document."},
        "text_length": {
            "type": "integer",
            "minimum": 1,
            "maximum": 2147483647,
            "description": "Length of the text in code points.",
        },
        "document_sha256": {
            "$ref": "#/$defs/sha256",
            "description": "SHA-256 of the document of the full edition in canonical form.",
        },
    }
    properties: JsonObject = {}
    for name, node in schema["properties"].items():
        if name != "id_in_text":  # a document's id is the name of its file
            properties[name] = node
        if name == "text_sha256":
            properties |= added
    schema["properties"] = properties
    source = properties["source"]["properties"]
    source["title_in_text"] = {
        **_PIECES,
        "description": "The `title` that the full edition lists for the text, where its words are "
        "in the text: where its characters stand there.",
    }
    schema["required"] += added
    sentence = schema["$defs"]["sentence"]
    sentence["required"].append("prefix_sha256")
    sentence["properties"]["prefix_sha256"] = _PREFIX_SHA256
    for layer, names in free_text.items():
        name = definition_name(document_schema, layer)
        for definition in (name, f"{name}_done"):
            if definition in schema["$defs"]:
                _strip_free_text(schema["$defs"][definition], names)
    return schema


def _strip_free_text(record: JsonObject, names: Set[str]) -> None:
    """Replace properties of a record by the places of their characters."""
    if "properties" in record:
        record["properties"] = {
            _in_text(key) if key in names else key: _pieces_of(key) if key in names else node
            for key, node in record["properties"].items()
        }
    if "required" in record:
        record["required"] = [_in_text(n) if n in names else n for n in record["required"]]


def _in_text(name: str) -> str:
    return f"{name}_in_text"


def _pieces_of(name: str) -> JsonObject:
    """The property of this edition that stands for one of the full edition."""
    description = (
        f"The `{name}` of the full edition, where this one does not have it: "
        "where its characters stand in the text."
    )
    return {**_PIECES, "description": description}


def _stripped(node: Any) -> Any:
    """A node without `text`, with `name_in_text` for `name`, and more for ids and units."""
    if isinstance(node, list):
        return [_stripped(item) for item in node]
    if not isinstance(node, dict):
        return node
    stripped = {key: _stripped(value) for key, value in node.items()}
    if isinstance(node.get("required"), list):
        required = [name for name in node["required"] if name != "text"]
        stripped["required"] = ["name_in_text" if name == "name" else name for name in required]
    if "additionalProperties" in node and "properties" in node:
        stripped["properties"] = _stripped_properties(node["properties"])
    return stripped


def _stripped_properties(properties: JsonObject) -> JsonObject:
    stripped: JsonObject = {}
    for name, node in properties.items():
        if name not in ("text", "name"):
            stripped[name] = _stripped(node)
        if "a slug" in node.get("description", ""):
            stripped[name]["description"] = node["description"].split(":")[0] + "."
        if name in ("id", "name", "unit"):
            stripped[_in_text(name)] = _pieces_of(name)
    return stripped
