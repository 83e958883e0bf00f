"""The errors of a JSON value under a schema, as sentences that a person can act on.

jsonschema-rs gives the verdict and the places (it is fast, and quickly imported); jsonschema, the
reference implementation in Python, is imported only for what has no sentence of its own.
"""

import signal
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from threading import current_thread, main_thread
from types import FrameType
from typing import TYPE_CHECKING, Any

import orjson

from statevisit.document.records import truncated
from statevisit.document.schema import Schema
from statevisit.document.schema_failures import Failure, of_oracle, of_verdict
from statevisit.document.scheme import base
from statevisit.document.strict_json import Json, JsonObject
from statevisit.document.value_forms import decimal_advice, timex_advice, timex_patterns
from statevisit.printable import counted

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator as Oracle
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator
    from jsonschema_rs import Draft202012Validator as Verdict

REFERENCE = "jsonschema"
"""The engine that decides what the other one should say."""

ENGINES = ("jsonschema-rs", REFERENCE)
"""The engines that check a value against a schema: the quick one, and the reference."""

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

_SMALL = 300_000
"""Bytes of values whose errors jsonschema-rs may list: it makes all of them before the first."""


@cache
def verdict(schema: Schema) -> "Verdict":
    """Return the validator of a schema that decides; it checks formats as well."""
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(schema.value, validate_formats=True)


@cache
def acceptor(schema: Schema) -> "Verdict":
    """Return a validator of documents that accepts what `verdict` does, in two thirds of the time.

    A document is full of ids. Their pattern is quick without the parts that look ahead: `$` is the
    end of the text to jsonschema-rs, before a line break only to Python.
    """
    import jsonschema_rs

    ids = schema.definitions["id"] | {"pattern": "^[A-Za-z0-9_-]{1,64}$", "not": {"const": "DCT"}}
    value = schema.value | {"$defs": schema.definitions | {"id": ids}}
    return jsonschema_rs.Draft202012Validator(value, validate_formats=True)


def accepts(validator: "Verdict", *values: Json) -> bool:
    """Return whether a validator accepts all values.

    jsonschema-rs drops the exception of a signal handler that runs while it works, so a Ctrl-C is
    handled afterwards. To change the handler takes longer than a small value, so give many at once.
    """
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler) or current_thread() is not main_thread():
        return all(map(validator.is_valid, values))
    signals: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda number, frame: signals.append((number, frame)))
    try:
        are_accepted = all(map(validator.is_valid, values))
    finally:
        signal.signal(signal.SIGINT, handler)
    if signals:
        handler(*signals[0])
    return are_accepted


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
    instance: Json, schema: Schema, limit: int = 100, engine: str = ENGINES[0]
) -> Iterator[tuple[list[str | int], str]]:
    """Yield (path, message) for each error of `instance` under a schema, at most `limit`.

    With the reference as `engine`, one of ENGINES, nothing of the quick engine is used.
    """
    is_quick = engine == ENGINES[0]
    if is_quick and accepts(verdict(schema), instance):
        return
    failures = _failures(instance, schema) if is_quick else _failures_of_oracle(instance, schema)
    seen = set()
    for failure in failures:
        if failure.keyword == "type" and "enum" in failure.node:
            continue  # the error of `enum` names the right values
        path, message = failure.path, _message(failure)
        # `required` errs once for each property, and the message names them all.
        if repr((path, message)) not in seen:
            seen.add(repr((path, message)))
            yield path, message
        if len(seen) >= limit:
            return
    if is_quick and not seen:  # The engines differ here: the verdict stands, in its own words.
        for error in verdict(schema).iter_errors(instance):
            yield list(error.instance_path), truncated(error.message, _WIDTH)


def _failures(instance: Json, schema: Schema) -> Iterable[Failure]:
    """The failures of a value that the verdict refuses, in the order of the oracle.

    Those of jsonschema-rs, which need no import of jsonschema, if all of them have a message of
    their own, and if the value is so small that it cannot have a million of them.
    """
    if _is_small(instance):
        failures = of_verdict(verdict(schema), instance, schema)
        if all(failure.keyword in _MESSAGES for failure in failures):
            return failures
    return of_oracle(_explainer(schema).iter_errors(instance), schema)


def _failures_of_oracle(instance: Json, schema: Schema) -> Iterator[Failure]:
    return of_oracle(oracle(schema).iter_errors(instance), schema)


def _is_small(instance: Json) -> bool:
    try:
        return len(orjson.dumps(instance)) <= _SMALL
    except TypeError:  # an integer beyond 64 bits
        return False


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


def _must_be(error: Failure, expected: str) -> str:
    if error.value is None:
        return f"`{error.key}` is missing (null); it must be {expected}"
    return f"`{error.key}` is {_shown(error.value)}; it must be {expected}"


def _message(error: Failure) -> str:
    """The sentence for an error of jsonschema, in the words of the record, not of the schema."""
    write = _MESSAGES.get(error.keyword)
    if write is None:
        return truncated(f"`{error.key}`: {error.message}", 200)
    return write(error)


def _required(error: Failure) -> str:
    missing = ", ".join(f"`{name}`" for name in error.limit if name not in error.value)
    return f"missing {missing}{_condition(error)}{_done_advice(error)}"


def _additional_properties(error: Failure) -> str:
    known = error.node.get("properties", {})
    unknown = ", ".join(f"`{truncated(name, _WIDTH)}`" for name in error.value if name not in known)
    return f"unknown property {unknown}; known are {', '.join(known)}"


def _enum(error: Failure) -> str:
    labels = error.limit
    if len(labels) == 1:
        return _must_be(error, repr(labels[0]))
    return _must_be(error, "one of " + truncated(", ".join(map(str, labels)), 160))


def _type(error: Failure) -> str:
    kinds = error.limit
    if isinstance(kinds, list):
        return _must_be(error, f"a {', '.join(kinds[:-1])} or {kinds[-1]}")
    return _must_be(error, f"{'an' if kinds[0] in 'aio' else 'a'} {kinds}")


def _pattern(error: Failure) -> str:
    pattern, value = error.limit, error.value
    stated = f"`{error.key}` is {_shown(value)}; "
    if pattern in timex_patterns().values():
        return stated + timex_advice(value, pattern)
    if pattern == base().definitions["decimal"]["pattern"]:
        return stated + decimal_advice(value)
    example = _EXAMPLES.get(error.key)
    expected = f"{_expected(error)} For example: {example}" if example else _expected(error)
    return f"{stated}expected: {expected}"


def _one_of(error: Failure) -> str:
    return f"needs exactly one of {_alternatives(error.limit, 'and')}"


def _any_of(error: Failure) -> str:
    needed = _alternatives(error.limit, "or")
    return f"needs {needed}{_condition(error)}{_done_advice(error)}"


def _not(error: Failure) -> str:
    return f"`{error.key}` does not belong here{_condition(error)}"


def _const(error: Failure) -> str:
    return _must_be(error, f"{error.limit!r}{_condition(error)}")


def _format(error: Failure) -> str:
    if error.limit == "date":
        return _must_be(error, "a day of the calendar, such as 2024-02-19")
    return _must_be(error, f"a {error.limit}")


def _length(error: Failure) -> str:
    if error.keyword == "maxItems" and error.limit == 0:
        return _unstated(error)
    bound = "at least" if error.keyword.startswith("min") else "at most"
    shown = _shown(error.value)
    return f"`{error.key}` is {shown}; its length must be {bound} {error.limit:,}"


def _unstated(error: Failure) -> str:
    """The message for records in a layer whose state says that it has none."""
    layer, count = error.key, len(error.value)
    return (
        f"the layer `{layer}` has {counted(count, 'record')}, but its state is none: "
        f"`statevisit state DOC {layer} partial` says that it is begun"
    )


def _unique_items(error: Failure) -> str:
    return f"`{error.key}` lists something twice"


_MESSAGES: dict[str, Callable[[Failure], str]] = {
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


def _expected(error: Failure) -> str:
    """The property's description, which says in words what a pattern says in signs."""
    node = error.node
    if "description" not in node:
        node = _declaration(error) or node
    return str(node.get("description") or error.limit)


def _declaration(error: Failure) -> JsonObject | None:
    """The declaration of the property that a conditional rule narrowed."""
    path = error.path
    if len(path) < 3 or not isinstance(path[-2], int) or not isinstance(path[0], str):
        return None
    if path[0] not in base().layers:
        return None
    return base().properties(path[0]).get(str(path[-1]))


def _condition(error: Failure) -> str:
    """The conditions of an error under `if`: " where `kind` is MONEY"; empty without one.

    The state of a layer is left out; `_done_advice` is about that.
    """
    words = []
    for condition, branch in error.conditions:
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


def _done_advice(error: Failure) -> str:
    """What to do about something that only a layer that is done needs; empty for anything else."""
    for condition, _ in error.conditions:
        if _is_about_states(condition):
            (layer,) = condition["properties"]["layers"]["properties"]
            return (
                f"; the layer `{layer}` is done: add it, or reopen the layer with "
                f"`statevisit state DOC {layer} partial`"
            )
    return ""


def _is_about_states(condition: JsonObject) -> bool:
    return "layers" in condition.get("properties", ())
