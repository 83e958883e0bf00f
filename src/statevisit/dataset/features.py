"""Columns and their features, in the JSON form that `datasets.Features.to_dict` gives.

`datasets` itself is not needed: the Arrow schema is compiled from these features.
"""

from collections.abc import Iterable

from msgspec import Struct

from statevisit.document.schema import Schema
from statevisit.document.strict_json import JsonObject

Feature = JsonObject
"""A feature: a Value, a ClassLabel, a List, or a struct, which is a dict of features."""


class Column(Struct, frozen=True):
    """A column of a table: its name, its feature, and one sentence about its values."""

    name: str
    feature: Feature
    description: str


STRING: Feature = {"dtype": "string", "_type": "Value"}
INT: Feature = {"dtype": "int32", "_type": "Value"}
LONG: Feature = {"dtype": "int64", "_type": "Value"}
FLOAT: Feature = {"dtype": "float64", "_type": "Value"}
BOOL: Feature = {"dtype": "bool", "_type": "Value"}
DAY: Feature = {"dtype": "date32", "_type": "Value"}


_LARGEST_INT = 2**31 - 1


def class_label(names: Iterable[str]) -> Feature:
    """Return the feature of a column whose values are one of `names`, stored as its index."""
    return {"names": list(names), "_type": "ClassLabel"}


def list_of(feature: Feature) -> Feature:
    """Return the feature of a column whose values are lists."""
    return {"feature": feature, "_type": "List"}


def feature_of(node: JsonObject, schema: Schema) -> Feature:
    """Return the feature of a resolved node of a document schema."""
    if "x-labels" in node:
        return class_label(node["x-labels"])
    if node["type"] == "array":
        return list_of(feature_of(schema.resolve(node["items"]), schema))
    if node["type"] == "object":
        return {
            name: feature_of(schema.resolve(property_), schema)
            for name, property_ in node["properties"].items()
        }
    if node["type"] == "integer":
        return LONG if node.get("maximum", 0) > _LARGEST_INT else INT
    if node["type"] == "number":
        return FLOAT
    if node["type"] == "boolean":
        return BOOL
    if node.get("format") == "date":
        return DAY
    return STRING
