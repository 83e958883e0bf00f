"""The JSON Schemas: the single source of truth for validation, labels, columns and tables.

jsonschema-rs gives the verdict (it is fast); jsonschema, the reference implementation in Python, writes the
message for what failed. Both are imported only when something is validated.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson
from msgspec import Struct

from statevisit.resources import data_root

NAMES = ("document", "annotators", "release", "source", "adjudication", "findings", "report")

FULL = "document"
"""The edition with everything, and the name of its document schema."""
ANNOTATIONS_ONLY = "annotations-only"
"""The edition without the text, and the name of its document schema, which is derived from that of `document`."""


class Label(Struct, frozen=True):
    """One label of an inventory; `extra` holds what else the schema says of it (ACE roles, Wikidata property)."""

    name: str
    title: str
    description: str
    color: str
    extra: dict[str, Any]


@cache
def path(name: str = "document"):
    """The schema's file. `name`: one of NAMES."""
    return data_root() / "schema" / f"{name}.schema.json"


@cache
def load(name: str = "document") -> dict[str, Any]:
    """The schema as a dictionary. Treat it as read-only. `name`: one of NAMES, or ANNOTATIONS_ONLY."""
    return _without_text() if name == ANNOTATIONS_ONLY else orjson.loads(path(name).read_bytes())


_PIECES = {
    "type": "array",
    "items": {
        "type": "object",
        "description": "A stretch of the text, `start` to `end`, or `literal` characters that the text does not have.",
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


def _without_text() -> dict[str, Any]:
    """The document schema without what holds words of the text; `x_in_text` says where the words of `x` stand in it."""
    made = _stripped(orjson.loads(path("document").read_bytes()))
    made["$id"], made["title"] = (
        made["$id"].replace("document", f"document:{ANNOTATIONS_ONLY}"),
        "Annotated document without its text",
    )
    properties, sentence = made["properties"], made["$defs"]["sentence"]
    del properties["id_in_text"]  # a document's id is the name of its file
    added = {
        "edition": {
            "type": "string",
            "const": ANNOTATIONS_ONLY,
            "description": "Edition of the document.",
        },
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
    made["properties"] = {
        k: v
        for key, node in properties.items()
        for k, v in ((key, node), *(added.items() if key == "text_sha256" else ()))
    }
    made["required"] += added
    sentence["required"].append("prefix_sha256")
    description = "First 16 digits of the SHA-256 of the text up to the end of the sentence: where a text differs, it differs from here on."
    sentence["properties"]["prefix_sha256"] = {
        "type": "string",
        "pattern": "^[0-9a-f]{16}$(?!\\n)",
        "description": description,
    }
    return made


def _stripped(node: Any) -> Any:
    """A schema node: `text` goes, `name` becomes `name_in_text`, and ids and units have such a companion."""
    if isinstance(node, list):
        return [_stripped(v) for v in node]
    if not isinstance(node, dict):
        return node
    made = {k: _stripped(v) for k, v in node.items()}
    if isinstance(node.get("required"), list):
        made["required"] = [
            "name_in_text" if r == "name" else r for r in node["required"] if r != "text"
        ]
    if "additionalProperties" in node and "properties" in node:
        made["properties"] = {}
        for key, value in node["properties"].items():
            if key not in ("text", "name"):
                made["properties"][key] = _stripped(value)
            if "a slug" in value.get("description", ""):
                made["properties"][key]["description"] = value["description"].split(":")[0] + "."
            if key in ("id", "name", "unit"):
                made["properties"][f"{key}_in_text"] = {
                    **_PIECES,
                    "description": f"The `{key}` of the full edition, where this one does not have it: where its characters stand in the text.",
                }
    return made


def resolve(node: dict[str, Any], name: str = "document") -> dict[str, Any]:
    """`node`, or what its `$ref` points to with the node's own keywords (its description) on top."""
    if "$ref" not in node:
        return node
    target = load(name)
    for part in node["$ref"].removeprefix("#/").split("/"):
        target = target[part]
    return {**target, **{k: v for k, v in node.items() if k != "$ref"}}


def record(layer: str, name: str = "document") -> dict[str, Any]:
    """The schema of one record of `layer`."""
    return resolve(load(name)["properties"][layer]["items"], name)


def properties(layer: str, name: str = "document") -> dict[str, dict[str, Any]]:
    """The properties of a layer's records, resolved, in the order of a file."""
    return {k: resolve(v, name) for k, v in record(layer, name)["properties"].items()}


@cache
def labels(layer: str, prop: str) -> tuple[Label, ...]:
    """The label inventory of a property: `labels("events", "class")`; `labels("arguments", "role")` too."""
    props = (
        resolve(properties("events")["arguments"]["items"])["properties"]
        if layer == "arguments"
        else properties(layer)
    )
    return tuple(
        Label(
            k,
            v["title"],
            v["description"],
            v["color"],
            {x: y for x, y in v.items() if x not in ("title", "description", "color")},
        )
        for k, v in resolve(props[prop])["x-labels"].items()
    )


def label_names(layer: str, prop: str) -> list[str]:
    """The names of an inventory, in the schema's order (the order of the ClassLabel integers)."""
    return [label.name for label in labels(layer, prop)]


@cache
def inventories() -> tuple[tuple[str, str], ...]:
    """Every (layer, property) that has a label inventory, in the schema's order."""
    layers = [
        k
        for k, v in load()["properties"].items()
        if v.get("type") == "array" and "$ref" in v["items"] and k != "annotators"
    ]
    found = []
    for layer in layers:
        for prop, node in properties(layer).items():
            if "x-labels" in node:
                found.append((layer, prop))
            elif prop == "arguments":
                found += [
                    ("arguments", p)
                    for p, n in resolve(node["items"])["properties"].items()
                    if "x-labels" in n
                ]
    return tuple(found)


@cache
def verdict(name: str = "document"):
    """The validator that decides: a `jsonschema_rs` Draft 2020-12 validator, formats checked."""
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(load(name), validate_formats=True)


@cache
def oracle(name: str = "document"):
    """The reference validator, whose errors are turned into messages."""
    import jsonschema

    return jsonschema.Draft202012Validator(
        load(name), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


@cache
def _explainer(name: str = "document"):
    """The oracle, which passes over every record that the verdict accepts: it takes two hundred times as long to see that it is right."""
    import jsonschema
    import jsonschema_rs

    plain, definitions = oracle(name), load(name).get("$defs", {})

    @cache
    def part(reference: str) -> tuple[Any, Any]:
        quick = jsonschema_rs.Draft202012Validator(
            {"$ref": reference, "$defs": definitions}, validate_formats=True
        )
        return quick, definitions[reference.removeprefix("#/$defs/")]

    def ref(validator: Any, reference: str, value: Any, _: Any) -> Iterator[Any]:
        quick, node = part(reference)
        if not quick.is_valid(value):
            yield from validator.descend(value, node)

    return jsonschema.validators.extend(type(plain), {"$ref": ref})(
        plain.schema, format_checker=plain.format_checker
    )


def errors(
    instance: Any, name: str = "document", limit: int = 100
) -> Iterator[tuple[list[str | int], str]]:
    """The (path, message) pairs of what is wrong with `instance`; nothing when it is valid. At most `limit`."""
    if verdict(name).is_valid(instance):
        return
    seen = set()
    for error in _explainer(name).iter_errors(instance):
        found = list(error.absolute_path), _message(error)
        if (
            repr(found) not in seen
        ):  # `required` errs once for each property, and the message names them all
            seen.add(repr(found))
            yield found
        if len(seen) >= limit:
            return
    if not seen:  # the engines differ here: the verdict stands, with its own words
        for error in verdict(name).iter_errors(instance):
            yield list(error.instance_path), _short(error.message)


def _short(value: Any, limit: int = 60) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _instance(value: Any) -> str:
    """A value as JSON, cut short before it is formatted: it may be 100 MB."""
    if isinstance(value, str):
        return _short(
            orjson.dumps(value[:60]).decode()
            if len(value) <= 60
            else f'"{value[:50]}…" ({len(value):,} characters)',
            90,
        )
    if isinstance(value, dict):
        return "an object"
    return f"an array of {len(value)}" if isinstance(value, list) else _short(repr(value))


def _message(error: Any) -> str:
    """What to do about a jsonschema error, in the words of the record rather than of the schema."""
    value, limit, kind = error.instance, error.validator_value, error.validator
    key = next(
        (str(p) for p in reversed(error.absolute_path) if isinstance(p, str)), "the document"
    )
    if kind == "required":
        missing = ", ".join(f"`{k}`" for k in limit if k not in value)
        return f"missing {missing}{_because(error)}"
    if kind == "additionalProperties":
        unknown = ", ".join(
            f"`{_short(k)}`" for k in value if k not in error.schema.get("properties", {})
        )
        known = ", ".join(error.schema.get("properties", {}))
        return f"unknown property {unknown}; known are {known}"
    if kind == "enum":
        return f"`{key}` is {_instance(value)}; it must be {_choices(limit)}"
    if kind == "type":
        return f"`{key}` is {_instance(value)}; it must be {'an' if limit[0] in 'aio' else 'a'} {limit}"
    if kind == "pattern":
        return f"`{key}` is {_instance(value)}; it must be like this: {_expected(error)}"
    if kind == "oneOf" or (
        kind == "anyOf" and "properties" in error.parent.schema if error.parent else False
    ):
        return f"needs exactly one of {_alternatives(limit)}"
    if kind == "anyOf":
        return f"needs {_alternatives(limit)}{_because(error)}"
    if kind == "not":  # the property may not be there
        return f"`{key}` does not belong here{_because(error)}"
    if kind == "const":
        return f"`{key}` is {_instance(value)}; it must be {limit!r}{_because(error)}"
    if kind in ("maxLength", "minLength", "minItems", "maxItems"):
        return f"`{key}` is {_instance(value)}; its length must be {'at least' if kind.startswith('min') else 'at most'} {limit:,}"
    if kind == "uniqueItems":
        return f"`{key}` lists something twice"
    return _short(f"`{key}`: {error.message}", 200)


def _choices(limit: list[str]) -> str:
    return _short(", ".join(map(str, limit)), 160) if len(limit) > 1 else repr(limit[0])


def _alternatives(limit: list[dict[str, Any]]) -> str:
    return " and ".join(f"`{k}`" for option in limit for k in option.get("required", ()))


def _expected(error: Any) -> str:
    """The property's description, which says in words what a pattern says in signs."""
    node: Any = error.schema
    if "description" not in node:
        node = _declared(error) or node
    return node.get("description") or error.validator_value


def _declared(error: Any) -> dict[str, Any] | None:
    """The declaration of the property that a conditional rule narrowed."""
    places = [p for p in error.absolute_path]
    if len(places) >= 3 and isinstance(places[-2], int) and isinstance(places[0], str):
        return properties(places[0]).get(str(places[-1]))
    return None


def _because(error: Any) -> str:
    """For an error under `if`/`then`: the condition that decided, such as: where `kind` is MONEY."""
    parts = list(error.absolute_schema_path)
    word = next((w for w in ("then", "else") if w in parts), None)
    if word is None:
        return ""
    node: Any = load()
    for part in parts[: parts.index(word)]:
        node = (resolve(node) if isinstance(node, dict) else node)[
            part
        ]  # jsonschema leaves `$ref` out of its paths
    condition = resolve(node)["if"]
    stated = [
        f"`{k}` is {' or '.join([v['const']] if 'const' in v else v['enum'])}"
        for k, v in condition.get("properties", {}).items()
    ]
    stated = stated or [f"`{k}` is there" for k in condition["required"]]
    return (" where " if word == "then" else " unless ") + " and ".join(stated)
