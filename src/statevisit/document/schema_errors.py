"""The errors of a JSON value under a schema, as sentences that a person can act on.

jsonschema-rs gives the verdict (it is fast); jsonschema, the reference implementation in Python,
finds the errors that the sentences are made of. Both are imported only when something is validated.
"""

import signal
from collections.abc import Callable, Iterator
from functools import cache
from threading import current_thread, main_thread
from types import FrameType
from typing import TYPE_CHECKING, Any

import orjson

from statevisit.document.records import truncated
from statevisit.document.schema import Schema
from statevisit.document.scheme import base
from statevisit.document.strict_json import Json, JsonObject
from statevisit.document.value_forms import decimal_advice, timex_advice, timex_patterns
from statevisit.printable import counted

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator as Oracle
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator
    from jsonschema_rs import Draft202012Validator as Verdict

_EXAMPLES = {
    "language": "en, en-GB",
    "wikidata": "Q1490",
    "anchor": "t1, DCT",
    "begin": "t1, DCT",
    "end_point": "t1, DCT",
    "id": "m1",
    "value": "21",
}
"""Values of properties whose description has none, by the name of the property."""

_WIDTH = 60
"""Characters of a value or name that a message shows."""


@cache
def verdict(schema: Schema) -> "Verdict":
    """Return the validator of a schema that decides; it checks formats as well."""
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(schema.value, validate_formats=True)


def accepts(validator: "Verdict", value: Json) -> bool:
    """Return whether a validator accepts a value.

    jsonschema-rs drops the exception of a signal handler that runs while it works, so a Ctrl-C is
    handled afterwards.
    """
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler) or current_thread() is not main_thread():
        return validator.is_valid(value)
    signals: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda number, frame: signals.append((number, frame)))
    try:
        is_accepted = validator.is_valid(value)
    finally:
        signal.signal(signal.SIGINT, handler)
    if signals:
        handler(*signals[0])
    return is_accepted


@cache
def oracle(schema: Schema) -> "Oracle":
    """Return the reference validator of a schema, whose errors are turned into messages."""
    import jsonschema

    validator = jsonschema.Draft202012Validator
    return validator(schema.value, format_checker=validator.FORMAT_CHECKER)


@cache
def _explainer(schema: Schema) -> "Validator":
    """The oracle, except that it skips every record which the verdict accepts.

    The oracle takes two hundred times as long to accept a record.
    """
    import jsonschema
    import jsonschema_rs

    plain = oracle(schema)
    definitions = schema.definitions

    @cache
    def quick_validator(reference: str) -> "Verdict":
        part = {"$ref": reference, "$defs": definitions}
        return jsonschema_rs.Draft202012Validator(part, validate_formats=True)

    def ref(
        validator: Any, reference: str, value: Json, _: JsonObject
    ) -> Iterator["ValidationError"]:
        if not accepts(quick_validator(reference), value):
            definition = definitions[reference.removeprefix("#/$defs/")]
            yield from validator.descend(value, definition)

    extend: Any = jsonschema.validators.extend  # its stubs have no types
    explainer: Validator = extend(type(plain), {"$ref": ref})(
        plain.schema, format_checker=plain.format_checker
    )
    return explainer


def errors(
    instance: Json, schema: Schema, limit: int = 100
) -> Iterator[tuple[list[str | int], str]]:
    """Yield (path, message) for each error of `instance` under a schema, at most `limit`."""
    if accepts(verdict(schema), instance):
        return
    seen = set()
    for error in _explainer(schema).iter_errors(instance):
        if error.validator == "type" and "enum" in _keywords(error):
            continue  # the error of `enum` names the right values
        path, message = list(error.absolute_path), _message(error, schema)
        # `required` errs once for each property, and the message names them all.
        if repr((path, message)) not in seen:
            seen.add(repr((path, message)))
            yield path, message
        if len(seen) >= limit:
            return
    if not seen:  # The engines differ here: the verdict stands, in its own words.
        for failure in verdict(schema).iter_errors(instance):
            yield list(failure.instance_path), truncated(failure.message, _WIDTH)


def _shown(value: Json) -> str:
    """A value as JSON, cut short before it is formatted: it may be 100 MB."""
    if isinstance(value, str):
        if len(value) > 60:
            return f'"{value[:50]}…" ({len(value):,} characters)'
        return truncated(orjson.dumps(value).decode(), 90)
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if value is None or isinstance(value, bool):
        return orjson.dumps(value).decode()
    return truncated(repr(value), _WIDTH)


def _key(error: "ValidationError") -> str:
    """The name of the property that the error is about."""
    names = (str(step) for step in reversed(error.absolute_path) if isinstance(step, str))
    return next(names, "the document")


def _value(error: "ValidationError") -> Any:
    """The value that does not follow the schema."""
    return error.instance


def _limit(error: "ValidationError") -> Any:
    """The value of the keyword that failed."""
    return error.validator_value


def _keywords(error: Any) -> JsonObject:
    """The schema object in which a keyword failed."""
    return error.schema if isinstance(error.schema, dict) else {}


def _must_be(error: "ValidationError", expected: str) -> str:
    if _value(error) is None:
        return f"`{_key(error)}` is missing (null); it must be {expected}"
    return f"`{_key(error)}` is {_shown(_value(error))}; it must be {expected}"


def _message(error: "ValidationError", schema: Schema) -> str:
    """The sentence for an error of jsonschema, in the words of the record, not of the schema."""
    write = _MESSAGES.get(str(error.validator))
    if write is None:
        return truncated(f"`{_key(error)}`: {error.message}", 200)
    return write(error, schema)


def _required(error: "ValidationError", schema: Schema) -> str:
    missing = ", ".join(f"`{name}`" for name in _limit(error) if name not in _value(error))
    return f"missing {missing}{_condition(error, schema)}{_done_advice(error, schema)}"


def _additional_properties(error: "ValidationError", schema: Schema) -> str:
    known = _keywords(error).get("properties", {})
    unknown = ", ".join(
        f"`{truncated(name, _WIDTH)}`" for name in _value(error) if name not in known
    )
    return f"unknown property {unknown}; known are {', '.join(known)}"


def _enum(error: "ValidationError", schema: Schema) -> str:
    labels = _limit(error)
    if len(labels) == 1:
        return _must_be(error, repr(labels[0]))
    return _must_be(error, "one of " + truncated(", ".join(map(str, labels)), 160))


def _type(error: "ValidationError", schema: Schema) -> str:
    kinds = _limit(error)
    if isinstance(kinds, list):
        return _must_be(error, f"a {', '.join(kinds[:-1])} or {kinds[-1]}")
    return _must_be(error, f"{'an' if kinds[0] in 'aio' else 'a'} {kinds}")


def _pattern(error: "ValidationError", schema: Schema) -> str:
    pattern, value = _limit(error), _value(error)
    stated = f"`{_key(error)}` is {_shown(value)}; "
    if pattern in timex_patterns().values():
        return stated + timex_advice(value, pattern)
    if pattern == base().definitions["decimal"]["pattern"]:
        return stated + decimal_advice(value)
    example = _EXAMPLES.get(_key(error))
    expected = f"{_expected(error)} For example: {example}" if example else _expected(error)
    return f"{stated}expected: {expected}"


def _one_of(error: "ValidationError", schema: Schema) -> str:
    return f"needs exactly one of {_alternatives(_limit(error), 'and')}"


def _any_of(error: "ValidationError", schema: Schema) -> str:
    if error.parent is not None and "properties" in _keywords(error.parent):
        return _one_of(error, schema)
    needed = _alternatives(_limit(error), "or")
    return f"needs {needed}{_condition(error, schema)}{_done_advice(error, schema)}"


def _not(error: "ValidationError", schema: Schema) -> str:
    return f"`{_key(error)}` does not belong here{_condition(error, schema)}"


def _const(error: "ValidationError", schema: Schema) -> str:
    return _must_be(error, f"{_limit(error)!r}{_condition(error, schema)}")


def _format(error: "ValidationError", schema: Schema) -> str:
    if _limit(error) == "date":
        return _must_be(error, "a day of the calendar, such as 2024-02-19")
    return _must_be(error, f"a {_limit(error)}")


def _length(error: "ValidationError", schema: Schema) -> str:
    if error.validator == "maxItems" and _limit(error) == 0:
        return _unstated(error)
    bound = "at least" if str(error.validator).startswith("min") else "at most"
    shown = _shown(_value(error))
    return f"`{_key(error)}` is {shown}; its length must be {bound} {_limit(error):,}"


def _unstated(error: "ValidationError") -> str:
    """The message for records in a layer whose state says that it has none."""
    layer, count = _key(error), len(_value(error))
    return (
        f"the layer `{layer}` has {counted(count, 'record')}, but its state is none: "
        f"`statevisit state DOC {layer} partial` says that it is begun"
    )


def _unique_items(error: "ValidationError", schema: Schema) -> str:
    return f"`{_key(error)}` lists something twice"


_MESSAGES: dict[str, Callable[["ValidationError", Schema], str]] = {
    "required": _required,
    "additionalProperties": _additional_properties,
    "enum": _enum,
    "type": _type,
    "pattern": _pattern,
    "oneOf": _one_of,
    "anyOf": _any_of,
    "not": _not,
    "const": _const,
    "format": _format,
    "maxLength": _length,
    "minLength": _length,
    "minItems": _length,
    "maxItems": _length,
    "uniqueItems": _unique_items,
}
"""The function that writes the message, by keyword of JSON Schema."""


def _alternatives(options: list[JsonObject], conjunction: str) -> str:
    names = [name for option in options for name in option.get("required", ())]
    return f" {conjunction} ".join(f"`{name}`" for name in names)


def _expected(error: "ValidationError") -> str:
    """The property's description, which says in words what a pattern says in signs."""
    node = _keywords(error)
    if "description" not in node:
        node = _declaration(error) or node
    return str(node.get("description") or _limit(error))


def _declaration(error: "ValidationError") -> JsonObject | None:
    """The declaration of the property that a conditional rule narrowed."""
    path = list(error.absolute_path)
    if len(path) < 3 or not isinstance(path[-2], int) or not isinstance(path[0], str):
        return None
    if path[0] not in base().layers:
        return None
    return base().properties(path[0]).get(str(path[-1]))


def _condition(error: "ValidationError", schema: Schema) -> str:
    """The conditions of an error under `if`: " where `kind` is MONEY"; empty without one.

    The state of a layer is left out; `_done_advice` is about that.
    """
    words = []
    for condition, branch in _conditions(error, schema):
        if _is_about_states(condition):
            continue
        stated = []
        for name, rule in condition.get("properties", {}).items():
            values = [rule["const"]] if "const" in rule else rule["enum"]
            stated.append(f"`{name}` is {' or '.join(values)}")
        if not stated:
            stated = [f"`{name}` is present" for name in condition["required"]]
        word = "where" if branch == "then" else "unless"
        words.append(f" {word} {' and '.join(stated)}")
    return "".join(words)


def _done_advice(error: "ValidationError", schema: Schema) -> str:
    """What to do about something that only a layer that is done needs; empty for anything else."""
    for condition, _ in _conditions(error, schema):
        if _is_about_states(condition):
            (layer,) = condition["properties"]["layers"]["properties"]
            return (
                f"; the layer `{layer}` is done: add it, or reopen the layer with "
                f"`statevisit state DOC {layer} partial`"
            )
    return ""


def _is_about_states(condition: JsonObject) -> bool:
    return "layers" in condition.get("properties", ())


def _conditions(error: "ValidationError", schema: Schema) -> list[tuple[JsonObject, str]]:
    """The conditions that an error is under, the outermost first, each with its branch."""
    steps = list(error.absolute_schema_path)
    conditions = []
    node: Any = schema.value
    while "then" in steps or "else" in steps:
        # jsonschema leaves `$ref` out of its paths.
        container: Any = schema.resolve(node) if isinstance(node, dict) else node
        step = steps.pop(0)
        if step in ("then", "else"):
            conditions.append((container["if"], str(step)))
        node = container[step]
    return conditions
