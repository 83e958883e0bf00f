"""The document schema of a corpus, compiled from the base schema and its `scheme.toml`."""

import copy
from typing import Any

from statevisit.document.model import LAYERS
from statevisit.document.schema import definition_name, id_node, record_definition
from statevisit.document.scheme_declaration import (
    TYPES,
    AttributeDeclaration,
    Declaration,
    LabelDeclaration,
)
from statevisit.document.strict_json import JsonObject

_PALETTE = (
    *("#3a86ff", "#ff006e", "#8338ec", "#fb5607", "#2a9d8f", "#bc6c25"),
    *("#6a994e", "#c1121f", "#0077b6", "#7209b7", "#e09f3e", "#4f772d"),
)
"""The colours of labels that state none, in turn."""


def compiled(base: JsonObject, declaration: Declaration) -> JsonObject:
    """Return the document schema of a corpus: the base schema with what `scheme.toml` declares.

    `base` stays unchanged. A declaration of nothing gives the base schema itself.
    """
    schema = copy.deepcopy(base)
    for inventory, labels in declaration.labels.items():
        _change_labels(record_definition(schema, inventory[0])["properties"][inventory[1]], labels)
    before = base["$defs"]["quantity"]["properties"]["kind"]["enum"]
    kinds = declaration.labels.get(("quantities", "kind"), {})
    _allow_conversions(schema, [name for name in kinds if name not in before])
    for layer, attributes in declaration.attributes.items():
        for name, attribute in attributes.items():
            _add_attribute(schema, layer, name, attribute)
    dropped = [layer for layer in LAYERS if layer not in declaration.layers]
    if dropped:
        _drop(schema, dropped)
    return schema


def _allow_conversions(schema: JsonObject, kinds: list[str]) -> None:
    """Let quantities of a corpus's own kinds restate others, as those with a unit may."""
    for name in ("quantity", "quantity_done"):
        for rule in schema["$defs"].get(name, {}).get("allOf", ()):
            condition = rule["if"]["properties"].get("kind", {})
            if "conversion_of" in rule.get("else", {}).get("properties", ()):
                condition["enum"] += kinds


def _change_labels(node: JsonObject, labels: dict[str, LabelDeclaration]) -> None:
    existing = node["x-labels"]
    for name, label in labels.items():
        if label.remove:
            del existing[name]
            continue
        stated = {
            key: getattr(label, key)
            for key in ("title", "description", "color", "roles", "wikidata_property", "family")
            if getattr(label, key) is not None
        }
        before = existing.get(name) or _default_label(name, label, len(existing))
        existing[name] = before | stated
    node["enum"] = list(existing)


def _default_label(name: str, label: LabelDeclaration, number: int) -> JsonObject:
    """What a new label has where `scheme.toml` does not state it."""
    words = name.replace("_", " ").replace("-", " ").strip()
    title = label.title or words[:1].upper() + words[1:].lower()
    return {
        "title": title,
        "description": label.description or f"{title}.",
        "color": _PALETTE[number % len(_PALETTE)],
    }


def _add_attribute(
    schema: JsonObject, layer: str, name: str, attribute: AttributeDeclaration
) -> None:
    words = name.replace("_", " ")
    description = attribute.description or f"{words[0].upper()}{words[1:]}."
    node: JsonObject
    if attribute.labels is not None:
        node = {"type": "string", "description": description, "enum": [], "x-labels": {}}
        _change_labels(node, attribute.labels)  # type: ignore[arg-type]  # `_Reader` made them
    else:
        assert attribute.type is not None
        node = {**TYPES[attribute.type], "description": description}
    record = record_definition(schema, layer)
    record["properties"][name] = node
    if attribute.required:
        complete = schema["$defs"].get(f"{definition_name(schema, layer)}_done", record)
        complete["required"] = [*complete.get("required", ()), name]


def _drop(schema: JsonObject, layers: list[str]) -> None:
    """Remove layers from a document schema, and the properties that refer to nothing else."""
    for layer in layers:
        _drop_everywhere(schema, layer)
    kept = [layer for layer in LAYERS if layer in schema["properties"]]
    for layer in [*kept, *(["arguments"] if "events" in kept else [])]:
        record = record_definition(schema, layer)
        for prop, node in list(record["properties"].items()):
            holder = id_node(node)
            if "x-refers-to" not in holder:
                continue
            targets = [target for target in holder["x-refers-to"] if target not in layers]
            if targets:
                holder["x-refers-to"] = targets
            else:
                name = definition_name(schema, layer)
                for definition in (name, f"{name}_done"):
                    _drop_everywhere(schema["$defs"].get(definition, {}), prop)
    needed = needed_definitions(schema["properties"] | {"allOf": schema.get("allOf", [])}, schema)
    schema["$defs"] = {name: schema["$defs"][name] for name in schema["$defs"] if name in needed}


def _drop_everywhere(node: Any, name: str) -> None:
    """Remove a property from a schema: where it is declared, required, and from conditions."""
    if isinstance(node, list):
        for item in node:
            _drop_everywhere(item, name)
        return
    if not isinstance(node, dict):
        return
    if isinstance(node.get("allOf"), list):
        node["allOf"] = [rule for rule in node["allOf"] if not _is_about(rule, name)]
        if not node["allOf"]:
            del node["allOf"]
    if isinstance(node.get("required"), list):
        node["required"] = [other for other in node["required"] if other != name]
    if isinstance(node.get("properties"), dict):
        node["properties"].pop(name, None)
    for key, value in node.items():
        if not key.startswith("x-"):
            _drop_everywhere(value, name)


def _is_about(rule: JsonObject, name: str) -> bool:
    """Whether a rule has a condition on a property, at any depth."""
    return name in _names(rule.get("if"))


def _names(node: Any) -> set[str]:
    """The properties that a condition names."""
    if isinstance(node, list):
        return set().union(*map(_names, node))
    if not isinstance(node, dict):
        return set()
    properties = node.get("properties", {})
    names = {*properties, *node.get("required", ())}
    return names.union(*map(_names, properties.values()))


def needed_definitions(node: JsonObject, schema: JsonObject) -> set[str]:
    """Return the names of a schema's definitions to which a part of it refers, at any depth."""
    needed: set[str] = set()
    pending: list[Any] = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, list):
            pending += part
        elif isinstance(part, dict):
            pending += part.values()
            reference = part.get("$ref")
            if isinstance(reference, str):
                name = reference.removeprefix("#/$defs/")
                if name not in needed:
                    needed.add(name)
                    pending.append(schema["$defs"][name])
    return needed
