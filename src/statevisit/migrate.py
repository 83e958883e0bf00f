"""Documents of older schema versions, brought to the present one step by step.

A migration takes the parsed JSON of version n to version n + 1 and lists what the newer version has no place for.
Reading applies migrations that lose nothing; where something would be lost, only `statevisit migrate` does it, on request.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from statevisit.errors import FormatError
from statevisit.model import SCHEMA_VERSION

Losses = list[str]
Value = dict[str, Any]


class Migration(Struct, frozen=True):
    """One step: `name` says from which version to which, `apply` gives the new value and what it could not keep."""

    name: str
    apply: Callable[[Value], tuple[Value, Losses]]


_SPANS = ("mentions", "timexes", "quantities", "events", "quotations")
_MODALITY = {"UNCERTAIN/HEDGED": "UNCERTAIN"}


def _v0_to_v1(old: Value) -> tuple[Value, Losses]:
    """The draft format: offsets in pairs, no surface forms, `doctime`, RED's own name of a modality, comments.

    Lossless but for `comment`, which version 1 has no place for.
    """
    losses: Losses = []
    new: Value = {}
    for key, value in old.items():
        if key == "sentences":
            value = [
                {"start": start, "end": end, "paragraph": paragraph}
                for start, end, paragraph in value
            ]
        elif key == "tokens":
            value = [{"start": start, "end": end} for start, end in value]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            value = [
                _v1_record(r, key, number, old["text"], losses) for number, r in enumerate(value)
            ]
        new[{"doctime": "date"}.get(key, key)] = value
    return {**new, "schema_version": 1}, losses


def _v1_record(record: Value, layer: str, number: int, text: str, losses: Losses) -> Value:
    new: Value = {}
    for key, value in record.items():
        if key == "comment":
            losses.append(f"/{layer}/{number}/comment: {value!r}")
        elif layer in _SPANS and key == "span":
            new |= _v1_span(value, text)
        elif key in ("cue", "property") and isinstance(value, list):
            new[key] = _v1_span(value, text)
        elif layer == "events" and key == "doctime":
            new["doc_time_rel"] = value
        elif layer == "events" and key == "modality":
            new[key] = _MODALITY.get(value, value)
        else:
            new[key] = value
    return new


def _v1_span(pair: list[int], text: str) -> Value:
    start, end = pair
    return {"start": start, "end": end, "text": text[start:end]}


MIGRATIONS: dict[int, Migration] = {0: Migration("v0_to_v1", _v0_to_v1)}
"""The migrations by the version they take; there is one for every version before the present one."""


def is_older(value: Any) -> bool:
    """Whether parsed JSON says that it follows an older schema, which migrations bring to the present one."""
    version = value.get("schema_version") if isinstance(value, dict) else None
    return type(version) is int and version in MIGRATIONS


def migrate(value: Value, file: str) -> tuple[Value, list[str], Losses]:
    """(value in the present version, names of the migrations applied, what was lost). `value` itself stays as it is.

    Raises FormatError for a value that is not what its version says, and names the migration that failed.
    """
    names, losses = [], []
    while is_older(value):
        step = MIGRATIONS[value["schema_version"]]
        try:
            value, lost = step.apply(value)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FormatError(
                f"{file}: is not a document of schema version {value['schema_version']}, as it says: {step.name} fails with {type(error).__name__} {error}"
            ) from None
        names.append(step.name)
        losses += lost
    return value, names, losses


def upgraded(value: Any, file: str) -> Any:
    """A value as reading takes it: in the present version. Raises FormatError where that would lose anything."""
    if not is_older(value):
        return value
    version = value["schema_version"]
    value, _, losses = migrate(value, file)
    if losses:
        raise FormatError(
            f"{file}: of schema version {version}, and version {SCHEMA_VERSION} has no place for {losses[0]}{f' and {len(losses) - 1} more' if losses[1:] else ''}: `statevisit migrate --allow-loss {file}`"
        )
    return value
