"""`schema/scheme.toml`: how the scheme of a corpus differs from the base scheme of this package.

`declared` reads the file; `scheme_compiler` applies it to the document schema.
"""

import keyword
import re
from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

import msgspec
from msgspec import Struct

from statevisit.document.model import BARE_LAYERS, LAYERS
from statevisit.document.schema import record_definition
from statevisit.document.scheme_declaration import (
    BASE,
    TYPES,
    AttributeDeclaration,
    Declaration,
    LabelDeclaration,
)
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError
from statevisit.printable import nearest

_LABEL = re.compile(r"\w[\w.-]{0,63}")
_ATTRIBUTE = re.compile("[a-z][a-z0-9_]{0,39}")
_COLOR = re.compile("#[0-9a-fA-F]{6}")
_WRITTEN_BY_TOOLS = {("entities", "nil", "UNVERIFIED"), ("entities", "reference", "SPECIFIC")}
"""Labels that an import gives to a new entity, so that no scheme can do without them."""

_EXTRA = {
    ("events", "type"): "roles",
    ("relations", "type"): "wikidata_property",
    ("event_relations", "type"): "family",
}
"""The further property that the labels of an inventory may have."""

_RESERVED = frozenset(
    (
        *("quote", "occurrence", "prefix", "suffix", "split", "document", "sentence"),
        *("sentence_text", "first_day", "last_day", "index", "layer", "prefix_sha256"),
        *("value_float", "lower_float", "upper_float", "measures_layer", "measures_text"),
        *("event_id", "event_name", "event_wikidata", "wikidata_property", "evidence_text"),
        *("source_name", "source_type", "target_name", "target_type", "tokens", "ner_tags"),
        *("source_start", "source_end", "source_text", "source_event", "source_layer", "family"),
        *("target_start", "target_end", "target_text", "target_event", "target_layer"),
    )
)
"""Names with another meaning in quote notation, in an edition or in the columns of a table."""

_IN_TEXT = "_in_text"
"""How the edition without the text names the places of a property's characters."""

_NEEDED = {
    "entities": ("mentions",),
    "event_chains": ("events",),
    "relations": ("entities",),
    "event_relations": ("events", "timexes"),
}
"""For each layer whose records are nothing without others: the layers of which it needs one."""

_TOGETHER = {"mentions": "entities", "events": "event_chains"}
"""Layers whose properties are columns of one view."""


T = TypeVar("T", bound=Struct)


class _Reader:
    """Reads a `scheme.toml`. `base` is the document schema that it builds on."""

    def __init__(self, name: str, text: str, base: JsonObject) -> None:
        self._name = name
        self._lines = text.splitlines()
        self._base = base

    def refuse(self, message: str, *keys: str) -> NoReturn:
        """Raise FormatError for the line that the keys lead to."""
        raise FormatError(f"{self._name}:{self._line(keys)}: {message}")

    def _line(self, keys: Iterable[str]) -> int:
        """The line of the last of the keys that occurs, each looked for from the one before.

        A key such as `attributes.mentions.certainty` may be written in parts.
        """
        number = 0
        for key in keys:
            parts = [key] if self._find(key, number) is not None else key.split(".")
            for part in parts:
                place = self._find(part, number)
                number = number if place is None else place
        return number + 1

    def _find(self, key: str, first: int) -> int | None:
        """The number of the line, counted from 0, that has a key as a word; from `first` on."""
        word = re.compile(rf"(?<![\w.-]){re.escape(key)}(?![\w-])")
        for number in range(first, len(self._lines)):
            if word.search(self._lines[number].partition("#")[0]):
                return number
        return None

    def declaration(self, value: JsonObject) -> Declaration:
        """Return the declaration in parsed TOML."""
        if "base" not in value:
            self.refuse(f"`base` is missing; the file begins with `base = {BASE}`")
        if type(value["base"]) is not int or value["base"] != BASE:
            self.refuse(f"`base` is {value['base']!r}; this statevisit has base {BASE}", "base")
        known = ("base", "layers", "labels", "attributes")
        for key in value:
            if key not in known:
                self._unknown(key, known, key)
        layers = self._layers(value.get("layers", list(LAYERS)))
        labels = self._all_labels(self._table(value, "labels"), layers)
        attributes = self._all_attributes(self._table(value, "attributes"), layers)
        return Declaration(layers, labels, attributes)

    def _unknown(self, key: str, known: Iterable[str], *keys: str) -> NoReturn:
        known = list(known)
        self.refuse(f"unknown `{key}`{nearest(key, known)}; known are {', '.join(known)}", *keys)

    def _table(self, value: JsonObject, *keys: str) -> JsonObject:
        """The table at the last key in `value`; the keys lead to it."""
        table = value.get(keys[-1], {})
        if not isinstance(table, dict):
            self.refuse(f"`{keys[-1]}` must be a table", *keys)
        return table

    def _typed(self, value: object, kind: type[T], *keys: str) -> T:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            message, _, place = str(error).partition(" - at ")
            unknown = re.search("unknown field `(.*)`", message)
            if unknown:
                self._unknown(unknown[1], kind.__struct_fields__, *keys, unknown[1])
            field = place.strip("`$.")
            name = field or keys[-1].rpartition(".")[2]
            self.refuse(f"`{name}`: {message.lower()}", *keys, *([field] if field else []))

    def _layers(self, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.refuse('`layers` must be a list, such as ["mentions", "entities"]', "layers")
        for layer in value:
            if layer not in LAYERS:
                self._unknown(layer, LAYERS, "layers", layer)
        chosen = {*value, *BARE_LAYERS}
        for layer in chosen:
            needed = _NEEDED.get(layer, ())
            if needed and chosen.isdisjoint(needed):
                names = " or ".join(f"`{name}`" for name in needed)
                self.refuse(f"the layer `{layer}` needs {names}; add it", "layers", layer)
        return tuple(layer for layer in LAYERS if layer in chosen)

    def _all_labels(
        self, value: JsonObject, layers: tuple[str, ...]
    ) -> dict[tuple[str, str], dict[str, LabelDeclaration]]:
        declared: dict[tuple[str, str], dict[str, LabelDeclaration]] = {}
        known = {f"{layer}.{prop}": (layer, prop) for layer, prop in _inventories(self._base)}
        tables = self._by_inventory(value)
        for key in tables:
            if key not in known:
                self._unknown(key, known, "labels", key)
            layer, prop = known[key]
            if layer not in layers and not (layer == "arguments" and "events" in layers):
                self.refuse(f"`layers` does not have the layer `{layer}`", "labels", key)
            names = self._table(tables, "labels", key)
            declared[layer, prop] = {
                name: self._label(names[name], (layer, prop), name) for name in names
            }
            self._require_some_labels((layer, prop), declared[layer, prop])
        self._require_roles(declared)
        return declared

    def _by_inventory(self, value: JsonObject) -> JsonObject:
        """The tables of labels by "layer.property", which TOML nests without quotation marks."""
        tables: JsonObject = {}
        for key, table in value.items():
            if "." in key or not isinstance(table, dict):
                tables[key] = table
                continue
            for prop, labels in table.items():
                tables[f"{key}.{prop}"] = labels
        return tables

    def _label(self, value: object, inventory: tuple[str, str], name: str) -> LabelDeclaration:
        keys = (".".join(inventory), name)
        self._require_label_name(name, *keys)
        label = self._described(value, *keys)
        existing = _labels(self._base, *inventory)
        if label.remove:
            if name not in existing:
                self.refuse(f"the base has no label {name}{nearest(name, existing)}", *keys)
            if (*inventory, name) in _WRITTEN_BY_TOOLS:
                self.refuse(f"{name} cannot be removed: an import gives it to new entities", *keys)
            if value != {"remove": True}:
                self.refuse(f"{name} is removed, so it has no other key than `remove`", *keys)
        for key in ("roles", "wikidata_property", "family"):
            if getattr(label, key) is not None and _EXTRA.get(inventory) != key:
                self.refuse(f"labels of {'.'.join(inventory)} have no `{key}`", *keys, key)
        return label

    def _described(self, value: object, *keys: str) -> LabelDeclaration:
        """A label: a table, or a string, which is its description."""
        if isinstance(value, str):
            return LabelDeclaration(description=value)
        label = self._typed(value, LabelDeclaration, *keys)
        color = label.color if label.color is not None else label.colour
        if color is not None and not _COLOR.fullmatch(color):
            self.refuse(f"the colour {color!r} must be in the form #1d3557", *keys)
        for text in (label.title, label.description):
            if text is not None and not text.strip():
                self.refuse("a title or description must not be empty", *keys)
        label.color = color
        return label

    def _require_label_name(self, name: str, *keys: str) -> None:
        if not _LABEL.fullmatch(name):
            self.refuse(
                f"{name!r} cannot be a label: at most 64 letters, digits, `_`, `-` and `.`, "
                "such as VESSEL",
                *keys,
            )

    def _require_some_labels(
        self, inventory: tuple[str, str], labels: dict[str, LabelDeclaration]
    ) -> None:
        names = {*_labels(self._base, *inventory), *labels}
        if names == {name for name, label in labels.items() if label.remove}:
            key = ".".join(inventory)
            self.refuse(f"removes every label of {key}; keep one, or add one", "labels", key)

    def _require_roles(self, declared: dict[tuple[str, str], dict[str, LabelDeclaration]]) -> None:
        """Raise FormatError for a role of a type of events that is no label of a role."""
        inventory = ("arguments", "ace_role")
        known = {*_labels(self._base, *inventory), *declared.get(inventory, ())}
        for name, label in declared.get(("events", "type"), {}).items():
            for role in label.roles or ():
                if role not in known:
                    self.refuse(
                        f"the role {role} of {name} is no label of arguments.ace_role"
                        f"{nearest(role, known)}; add it: "
                        f'[labels."arguments.ace_role".{role}]',
                        name,
                        "roles",
                    )

    def _all_attributes(
        self, value: JsonObject, layers: tuple[str, ...]
    ) -> dict[str, dict[str, AttributeDeclaration]]:
        declared: dict[str, dict[str, AttributeDeclaration]] = {}
        known = [*layers, *(["arguments"] if "events" in layers else [])]
        for layer in value:
            if layer not in known:
                self._unknown(layer, known, "attributes", layer)
            names = self._table(value, "attributes", layer)
            declared[layer] = {name: self._attribute(names[name], layer, name) for name in names}
        for layer, other in _TOGETHER.items():
            for name in declared.get(layer, {}):
                if name in declared.get(other, {}):
                    self.refuse(
                        f"`{name}` is an attribute of `{layer}` and of `{other}`, which are "
                        "columns of one table; choose another name",
                        f"attributes.{other}.{name}",
                    )
        return declared

    def _attribute(self, value: object, layer: str, name: str) -> AttributeDeclaration:
        keys = (f"attributes.{layer}.{name}",)
        if not _ATTRIBUTE.fullmatch(name) or keyword.iskeyword(name):
            self.refuse(
                f"`{name}` cannot be an attribute: small letters, digits and `_`, at most 40, "
                "such as certainty",
                *keys,
            )
        is_taken = name in _RESERVED or name.endswith(_IN_TEXT)
        if is_taken or name in _base_names(self._base):
            self.refuse(f"`{name}` has a meaning already; choose another name", *keys)
        attribute = self._typed(value, AttributeDeclaration, *keys)
        if (attribute.labels is None) == (attribute.type is None):
            self.refuse(f"`{name}` needs either `labels` or `type`", *keys)
        if attribute.type is not None and attribute.type not in TYPES:
            self._unknown(attribute.type, TYPES, *keys, "type")
        if attribute.required and layer in BARE_LAYERS:
            self.refuse(f"`{name}` cannot be required: `ingest` makes {layer} without it", *keys)
        if attribute.labels is not None:
            attribute.labels = self._attribute_labels(attribute.labels, *keys)
        return attribute

    def _attribute_labels(
        self, value: dict[str, Any] | list[str], *keys: str
    ) -> dict[str, LabelDeclaration]:
        if not value:
            self.refuse("`labels` must name at least one label", *keys, "labels")
        described = value if isinstance(value, dict) else {name: {} for name in value}
        labels = {}
        for name, node in described.items():
            self._require_label_name(name, *keys, name)
            labels[name] = self._described(node, *keys, name)
        return labels


def declared(data: bytes, name: str, base: JsonObject) -> Declaration:
    """Return the contents of a `scheme.toml`; `base` is the document schema it builds on.

    Raises FormatError that names the file and line for anything else.
    """
    import tomllib

    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
        value = tomllib.loads(text)
    except RecursionError:
        raise FormatError(f"{name}: not TOML: nested too deeply") from None
    except ValueError as error:  # of decoding as well
        where = re.search(r"line (\d+)", str(error))
        line = where[1] if where else data.count(b"\n", 0, len(data.rstrip())) + 1
        raise FormatError(f"{name}:{line}: not TOML: {error}") from None
    return _Reader(name, text, base).declaration(value)


def _inventories(schema: JsonObject) -> list[tuple[str, str]]:
    """Every (layer, property) of a document schema with labels; "arguments" are those of events."""
    return [
        (layer, prop)
        for layer in (*LAYERS, "arguments")
        for prop, node in record_definition(schema, layer)["properties"].items()
        if "x-labels" in node
    ]


def _labels(schema: JsonObject, layer: str, prop: str) -> JsonObject:
    labels: JsonObject = record_definition(schema, layer)["properties"][prop]["x-labels"]
    return labels


def _base_names(schema: JsonObject) -> set[str]:
    layers = (*LAYERS, "arguments")
    return {name for layer in layers for name in record_definition(schema, layer)["properties"]}
