"""The annotation scheme: which layers, labels and properties the documents of a corpus have.

A corpus has a scheme of its own, compiled from the document schema of this package and the
corpus's `schema/scheme.toml`. It drives validation, the Arrow schema, the interface of Label
Studio, the label tables and the types of the records.
"""

import os
from collections.abc import Iterable
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import orjson
from msgspec import Struct
from msgspec.structs import asdict

from statevisit.document import schema
from statevisit.document.model import ANNOTATED_LAYERS, LAYERS, Document
from statevisit.document.records import Argument, Event, Record
from statevisit.document.schema import Schema, definition_name
from statevisit.document.scheme_compiler import compiled
from statevisit.document.scheme_file import declared
from statevisit.document.strict_json import JsonObject
from statevisit.document.textless_schema import without_text
from statevisit.errors import FormatError
from statevisit.layout import DOCUMENT_SCHEMA, SCHEME, current_root, enclosing_root, holding_root

FULL = "document"
"""The edition with everything."""

ANNOTATIONS_ONLY = "annotations-only"
"""The edition without the text, whose document schema is derived from the full one."""

AnyRecord = TypeVar("AnyRecord", bound=Record)

_LABEL_PROPERTIES = ("title", "description", "color")
_PYTHON_TYPES: dict[str, Any] = {"integer": int, "number": float, "boolean": bool}


class Label(Struct, frozen=True):
    """One label of an inventory.

    `extra` holds the other properties that the schema gives it (ACE roles, Wikidata property).
    """

    name: str
    title: str
    description: str
    color: str
    extra: dict[str, Any]


class Scheme(Schema):
    """The scheme of a corpus in one edition.

    There is one object for each content of `scheme.toml`, so that schemes can be keys of caches.

    Attributes:
        value: The document schema.
        edition: FULL or ANNOTATIONS_ONLY.
        source: The bytes of the `scheme.toml` that it was compiled from; empty for the base.
        layers: The layers, in the order of a file.
        annotated: The layers that have a state: all but sentences and tokens.
    """

    def __init__(self, value: JsonObject, source: bytes, edition: str = FULL) -> None:
        super().__init__(value)
        self.source = source
        self.edition = edition
        self.layers = tuple(layer for layer in LAYERS if layer in value["properties"])
        self.annotated = tuple(layer for layer in self.layers if layer in ANNOTATED_LAYERS)

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process has its own object for the same content.
        return _scheme, (self.source, self.edition)

    @cached_property
    def annotations_only(self) -> "Scheme":
        """The same scheme in the edition without the text."""
        return _scheme(self.source, ANNOTATIONS_ONLY)

    def in_edition(self, edition: str) -> "Scheme":
        """Return this scheme in an edition: FULL or ANNOTATIONS_ONLY."""
        return _scheme(self.source, edition)

    def record(self, layer: str) -> JsonObject:
        """Return the schema of one record of `layer`; "arguments" are those of events."""
        if layer == "arguments":
            return self.resolve(self.properties("events")["arguments"]["items"])
        return self.resolve(self.value["properties"][layer]["items"])

    def required(self, layer: str) -> tuple[str, ...]:
        """Return the properties that every record of `layer` has once the layer is done.

        "arguments" are those of events.
        """
        done = self.value["$defs"].get(f"{definition_name(self.value, layer)}_done", {})
        names = {*self.record(layer)["required"], *done.get("required", ())}
        return tuple(name for name in self.properties(layer) if name in names)

    def properties(self, layer: str) -> dict[str, JsonObject]:
        """Return the properties of a layer's records, resolved, in the order of a file.

        "arguments" are those of events.
        """
        return self._properties[layer]

    @cached_property
    def _properties(self) -> dict[str, dict[str, JsonObject]]:
        records = {
            layer: self.resolve(self.value["properties"][layer]["items"]) for layer in self.layers
        }
        if "events" in records:
            arguments = records["events"]["properties"]["arguments"]
            records["arguments"] = self.resolve(arguments["items"])
        return {
            layer: {name: self.resolve(node) for name, node in record["properties"].items()}
            for layer, record in records.items()
        }

    @cached_property
    def with_arguments(self) -> tuple[str, ...]:
        """The layers, and after them "arguments" where there are events."""
        return tuple(self._properties)

    @cached_property
    def _labels(self) -> dict[tuple[str, str], tuple[Label, ...]]:
        inventories = {}
        for layer, prop in self.inventories:
            inventory = []
            for name, label in self.properties(layer)[prop]["x-labels"].items():
                extra = {key: v for key, v in label.items() if key not in _LABEL_PROPERTIES}
                known = {key: label[key] for key in _LABEL_PROPERTIES}
                inventory.append(Label(name=name, extra=extra, **known))
            inventories[layer, prop] = tuple(inventory)
        return inventories

    def labels(self, layer: str, prop: str) -> tuple[Label, ...]:
        """Return the label inventory of a property: `labels("events", "class")`.

        It is in the schema's order. `labels("arguments", "role")` are the labels of an event's
        arguments. A property that the scheme lacks has no labels.
        """
        return self._labels.get((layer, prop), ())

    def label_extras(self, layer: str, prop: str, name: str) -> dict[str, Any]:
        """Return a further property of the labels of an inventory by label, such as ACE roles.

        It is None for a corpus's own label that states none.
        """
        return {label.name: label.extra.get(name) for label in self.labels(layer, prop)}

    def label_names(self, layer: str, prop: str) -> list[str]:
        """Return the names of an inventory, in the order of the ClassLabel integers."""
        return [label.name for label in self.labels(layer, prop)]

    @cached_property
    def inventories(self) -> tuple[tuple[str, str], ...]:
        """Every (layer, property) that has a label inventory, in the schema's order."""
        pairs: list[tuple[str, str]] = []
        for layer in self.layers:
            for prop, node in self.properties(layer).items():
                if "x-labels" in node:
                    pairs.append((layer, prop))
                elif prop == "arguments":
                    nodes = self.properties("arguments")
                    pairs += [("arguments", name) for name in nodes if "x-labels" in nodes[name]]
        return tuple(pairs)

    @cached_property
    def attributes(self) -> dict[str, tuple[str, ...]]:
        """The names of the properties that `scheme.toml` adds, by layer."""
        added = {}
        for layer, properties in self._properties.items():
            known = base().in_edition(self.edition).properties(layer)
            names = [name for name in properties if name not in known]
            if names:
                added[layer] = tuple(names)
        return added

    @cached_property
    def free_text(self) -> dict[str, frozenset[str]]:
        """The names of the properties that `scheme.toml` adds and that hold any string, by layer.

        They may quote the text of the document.
        """
        strings = {}
        for layer, names in self.attributes.items():
            nodes = self.properties(layer)
            strings[layer] = frozenset(name for name in names if is_free_text(nodes[name]))
        return strings

    @cached_property
    def record_types(self) -> dict[str, type[Record]]:
        """The type of the records of each layer, with the properties that `scheme.toml` adds."""
        return {layer: self._record_type(layer, LAYERS[layer]) for layer in self.layers}

    @cached_property
    def argument_type(self) -> type[Argument]:
        """The type of the arguments of events, with the properties that `scheme.toml` adds."""
        return self._record_type("arguments", Argument)

    def _record_type(self, layer: str, base: type[AnyRecord]) -> type[AnyRecord]:
        fields: list[Any] = []
        if base is Event and "arguments" in self.attributes:
            argument: Any = self.argument_type
            fields.append(("arguments", tuple[argument, ...] | None, None))
        for name in self.attributes.get(layer, ()):
            kind = _PYTHON_TYPES.get(self.properties(layer)[name]["type"], str)
            fields.append((name, kind | None, None))
        if not fields:
            return base
        derived: Any = msgspec.defstruct(
            base.__name__,
            fields,
            bases=(base,),
            module=base.__module__,
            frozen=True,
            kw_only=True,
            omit_defaults=True,
            forbid_unknown_fields=True,
            gc=False,
        )
        record_type: type[AnyRecord] = derived
        return record_type

    def typed(self, layer: str, records: Iterable[Record]) -> tuple[Record, ...]:
        """Return records of a layer, made without the scheme, as records of its own type."""
        kind = self.record_types[layer]
        return tuple(r if type(r) is kind else kind(**asdict(r)) for r in records)

    @cached_property
    def document_type(self) -> type[Document]:
        """The type of the documents: `Document` itself under the base scheme."""
        if not self.source:
            return Document
        fields: list[Any] = []
        for layer, base_type in LAYERS.items():
            if layer not in self.layers:
                fields.append((layer, tuple[()], ()))
            elif self.record_types[layer] is not base_type:
                record_type: Any = self.record_types[layer]
                fields.append((layer, tuple[record_type, ...]))
        derived: Any = msgspec.defstruct(
            "Document",
            fields,
            bases=(Document,),
            namespace={"__reduce__": _reduced},
            module=Document.__module__,
            frozen=True,
            kw_only=True,
            omit_defaults=True,  # of the layers that the scheme lacks
            forbid_unknown_fields=True,
            dict=True,
        )
        document_type: type[Document] = derived
        _SCHEMES[document_type] = self
        return document_type


def is_free_text(node: JsonObject) -> bool:
    """Whether a property holds any string, by its resolved node in a document schema."""
    return node["type"] == "string" and "x-labels" not in node


_SCHEMES: dict[type[Document], Scheme] = {}
"""The scheme of each type of documents but `Document`, which is that of the base scheme."""


def _reduced(document: Document) -> tuple[Any, ...]:
    """How a document whose type was made at run time goes to another process."""
    return _document, (scheme_of(document).source, msgspec.json.encode(document))


def _document(source: bytes, data: bytes) -> Document:
    return msgspec.json.decode(data, type=_scheme(source, FULL).document_type)


def scheme_of(document: Document) -> Scheme:
    """Return the scheme that a document was read under."""
    return _SCHEMES.get(type(document)) or base()


def base() -> Scheme:
    """Return the base scheme: that of this package, and of a corpus without a `scheme.toml`."""
    return _scheme(b"", FULL)


@cache
def _scheme(source: bytes, edition: str) -> Scheme:
    """Return the scheme of the bytes of a `scheme.toml`."""
    if edition != FULL:
        full = _scheme(source, FULL)
        return Scheme(without_text(full.value, edition, full.free_text), full.source, edition)
    value = schema.load("document").value
    if not source:
        return Scheme(value, b"")
    own = compiled(value, declared(source, SCHEME, value))
    return base() if own == value else Scheme(own, source)


def scheme_at(root: Path | None) -> Scheme:
    """Return the scheme of a corpus root: that of its `schema/scheme.toml`, else the base scheme.

    Raises FormatError for a `scheme.toml` that is not one.
    """
    path = None if root is None else root / SCHEME
    if path is None or not os.path.lexists(path):
        return base()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror or error}") from None
    return scheme_from(data, str(path))


def scheme_from(data: bytes, name: str) -> Scheme:
    """Return the scheme of the bytes of a `scheme.toml`; an error calls the file `name`.

    Raises FormatError.
    """
    try:
        return _scheme(data or b"\n", FULL)  # an empty file is no absent one
    except FormatError as error:
        raise FormatError(f"{name}{str(error).removeprefix(SCHEME)}") from None


def scheme_for(path: Path) -> Scheme:
    """Return the scheme of the documents in `path`, a file or directory.

    It is that of the corpus root that `path` is or that holds it; for a file elsewhere, that of the
    corpus of the current directory; else the base scheme. Raises FormatError for a `scheme.toml`
    that is not one.
    """
    return scheme_at(enclosing_root(path) or holding_root(path) or current_root())


def schema_files(scheme: Scheme) -> dict[str, bytes]:
    """Return the schemas of a corpus with a scheme, by path below its root."""
    files = {f"schema/{name}.schema.json": schema.path(name).read_bytes() for name in schema.NAMES}
    if scheme is not base():
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        files[DOCUMENT_SCHEMA] = orjson.dumps(scheme.value, option=options)
    return files


def is_schema_of(data: bytes, scheme: Scheme) -> bool:
    """Whether the bytes of a document schema are that of a scheme, in either edition."""
    try:
        stated = orjson.dumps(orjson.loads(data))
    except orjson.JSONDecodeError:
        return False
    editions = (scheme, scheme.annotations_only)
    return any(stated == orjson.dumps(edition.value) for edition in editions)


def labels(layer: str, prop: str, path: Path | str | None = None) -> tuple[Label, ...]:
    """Return the label inventory of a property: `labels("events", "class")`.

    It is in the order of the schema. `labels("arguments", "role")` are the labels of an event's
    arguments. With a `path`, the scheme is that of the corpus there; without, the base scheme.
    """
    scheme = base() if path is None else scheme_for(Path(path))
    return scheme.labels(layer, prop)
