"""What a `scheme.toml` can declare: the types of its parts. No I/O."""

from typing import Any

from msgspec import Struct

from statevisit.document.model import SCHEMA_VERSION
from statevisit.document.strict_json import JsonObject

BASE = SCHEMA_VERSION
"""The version of the base scheme that a `scheme.toml` builds on."""

TYPES: dict[str, JsonObject] = {
    "string": {"type": "string", "minLength": 1, "maxLength": 10_000},
    "integer": {"type": "integer", "minimum": -(2**53) + 1, "maximum": 2**53 - 1},
    "number": {"type": "number", "minimum": -1e300, "maximum": 1e300},
    "boolean": {"type": "boolean"},
}
"""The schema of the values of an attribute without labels, by its `type`.

Programs that hold numbers as 64-bit floats read these integers and numbers exactly.
"""


class LabelDeclaration(Struct, forbid_unknown_fields=True):
    """One label in `scheme.toml`."""

    title: str | None = None
    description: str | None = None
    color: str | None = None
    colour: str | None = None
    remove: bool = False
    roles: list[str] | None = None
    wikidata_property: str | None = None
    family: str | None = None


class AttributeDeclaration(Struct, forbid_unknown_fields=True):
    """One attribute in `scheme.toml`; it has either labels or a type."""

    description: str | None = None
    labels: dict[str, Any] | list[str] | None = None
    """Labels by name, as a table, or a list of names."""
    type: str | None = None
    required: bool = False


class Declaration(Struct):
    """The contents of `scheme.toml`."""

    layers: tuple[str, ...]
    """The layers of the scheme, in the order of a file."""
    labels: dict[tuple[str, str], dict[str, LabelDeclaration]]
    """The labels that differ, by layer and property."""
    attributes: dict[str, dict[str, AttributeDeclaration]]
    """The properties that are added, by layer."""
