"""The places in a JSON value and in its schema at which a validator refuses the value.

jsonschema-rs and jsonschema report them in their own ways; here they are one thing, in the order in
which jsonschema has them: that of the keywords in the schema.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from statevisit.document.schema import Schema
from statevisit.document.strict_json import Json, JsonObject

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema_rs import Draft202012Validator as Verdict

Path = list[str | int]

_BRANCHES = ("then", "else")


class Failure(Struct, frozen=True):
    """A keyword of a schema object that refuses the value at a path.

    `conditions` are those that it is under, the outermost first, each with its branch; `message` is
    that of jsonschema.
    """

    path: Path
    value: Any
    keyword: str
    node: JsonObject
    conditions: list[tuple[JsonObject, str]]
    message: str = ""

    @property
    def limit(self) -> Any:
        """The value of the keyword that failed."""
        return self.node.get(self.keyword)

    @property
    def key(self) -> str:
        """The name of the property that the failure is about."""
        names = (step for step in reversed(self.path) if isinstance(step, str))
        return next(names, "the document")


def of_oracle(errors: Iterable["ValidationError"], schema: Schema) -> Iterator[Failure]:
    """Yield the failures that jsonschema found, as it finds them."""
    for error in errors:
        yield Failure(
            path=list(error.absolute_path),
            value=error.instance,
            keyword=str(error.validator),
            node=error.schema if isinstance(error.schema, dict) else {},
            conditions=_conditions(list(error.absolute_schema_path), schema),
            message=error.message,
        )


def _conditions(steps: list[Any], schema: Schema) -> list[tuple[JsonObject, str]]:
    conditions = []
    node: Any = schema.value
    while "then" in steps or "else" in steps:
        # jsonschema leaves `$ref` out of its paths.
        container: Any = schema.resolve(node) if isinstance(node, dict) else node
        step = steps.pop(0)
        if step in _BRANCHES:
            conditions.append((container["if"], str(step)))
        node = container[step]
    return conditions


def of_verdict(validator: "Verdict", instance: Json, schema: Schema) -> list[Failure]:
    """Return the failures that jsonschema-rs finds, in the order of jsonschema.

    The keyword of a failure is empty if the way to it is not of the few kinds known here.
    """
    ranked = []
    for number, error in enumerate(validator.iter_errors(instance)):
        steps, path = list(error.evaluation_path), list(error.instance_path)
        place, failure = _followed(steps, path, instance, schema)
        ranked.append((place, number, failure))
    ranked.sort(key=lambda item: item[:2])
    return [failure for _, _, failure in ranked]


def _followed(steps: Path, path: Path, value: Any, schema: Schema) -> tuple[list[int], Failure]:
    """Return (place in the order of jsonschema, failure) of an error at a path of the schema.

    The place has a number for each step: that of a keyword or name in its object, and of an item.
    """
    place: list[int] = []
    conditions: list[tuple[JsonObject, str]] = []
    names = iter(path)
    *way, keyword = steps
    node: Any = schema.value
    is_name = False
    for step in way:
        holder = node
        node = schema.resolve({"$ref": node["$ref"]}) if step == "$ref" else node[step]
        place.append(step if isinstance(step, int) else list(holder).index(step))
        if is_name:
            value = value[next(names)]
            is_name = False
        elif step == "properties":
            is_name = True
        elif step == "items":
            number = int(next(names))
            value = value[number]
            place.append(number)
        elif step in _BRANCHES:
            conditions.append((holder["if"], str(step)))
            place[-1] = list(holder).index("if")
        elif step not in ("$ref", "allOf") and not isinstance(step, int):
            return place, Failure(path, value, "", {}, [])
    if is_name or not isinstance(node, dict):
        return place, Failure(path, value, "", {}, [])
    place.append(list(node).index(keyword))
    return place, Failure(path, value, str(keyword), node, conditions)
