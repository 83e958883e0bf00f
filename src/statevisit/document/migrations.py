"""Conversion of documents from older schema versions to the current one, step by step.

A migration converts the parsed JSON of version n to version n + 1 and lists its losses.
Reading applies migrations that lose nothing; `statevisit migrate` applies the others, on request.
"""

from collections.abc import Callable

from msgspec import Struct

from statevisit.document.model import ANNOTATED_LAYERS, SCHEMA_VERSION
from statevisit.document.states import DONE
from statevisit.document.strict_json import Json, JsonObject, with_integers
from statevisit.document.timex_values import timeml_spelling
from statevisit.errors import FormatError

Losses = list[str]
"""The losses of a migration: the JSON Pointer and the value of each."""


class Migration(Struct, frozen=True):
    """One step: its name, and the function from a value to the new value and its losses."""

    name: str
    apply: Callable[[JsonObject], tuple[JsonObject, Losses]]


_SPANS = ("mentions", "timexes", "quantities", "events", "quotations")
_MODALITY = {"UNCERTAIN/HEDGED": "UNCERTAIN"}
_POSITION_HELD = "POSITION_HELD"


def _v0_to_v1(old: JsonObject) -> tuple[JsonObject, Losses]:
    """The draft format: offsets in pairs, no surface forms, `doctime`, RED's modality, comments.

    Lossless except for `comment`, for which version 1 has no place.
    """
    losses: Losses = []
    new: JsonObject = {}
    for key, value in old.items():
        if key == "sentences":
            new[key] = [
                {"start": start, "end": end, "paragraph": paragraph}
                for start, end, paragraph in value
            ]
        elif key == "tokens":
            new[key] = [{"start": start, "end": end} for start, end in value]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            new[key] = [
                _v1_record(record, key, number, old["text"], losses)
                for number, record in enumerate(value)
            ]
        elif key == "doctime":
            new["date"] = value
        else:
            new[key] = value
    return {**new, "schema_version": 1}, losses


def _v1_record(
    record: JsonObject, layer: str, number: int, text: str, losses: Losses
) -> JsonObject:
    new: JsonObject = {}
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


def _v1_span(pair: list[int], text: str) -> JsonObject:
    start, end = pair
    return {"start": start, "end": end, "text": text[start:end]}


def _v1_to_v2(old: JsonObject) -> tuple[JsonObject, Losses]:
    """States of layers, lists of sources, and the spelling of TimeML for decades and centuries.

    Version 1 had complete layers only, so that every one is done. Lossless except for relations of
    the type POSITION_HELD, which version 2 does not have.
    """
    if "layers" in old:
        raise ValueError("`layers`, which version 1 does not have")
    losses: Losses = []
    new: JsonObject = {}
    for key, value in old.items():
        if key == "text":
            new["layers"] = dict.fromkeys(ANNOTATED_LAYERS, DONE)
        if key == "quotations":
            value = [_v2_quotation(quotation) for quotation in value]
        elif key == "timexes":
            value = [_v2_timex(timex) for timex in value]
        elif key == "relations":
            losses += [
                f"/relations/{number}: {_POSITION_HELD} from {relation.get('source')!r} "
                f"to {relation.get('target')!r}"
                for number, relation in enumerate(value)
                if relation.get("type") == _POSITION_HELD
            ]
            value = [relation for relation in value if relation.get("type") != _POSITION_HELD]
        new[key] = value
    return {**new, "schema_version": 2}, losses


def _v2_quotation(quotation: JsonObject) -> JsonObject:
    new: JsonObject = {}
    for key, value in quotation.items():
        if key == "source":
            new["sources"] = [value]
        else:
            new[key] = value
    return new


def _v2_timex(timex: JsonObject) -> JsonObject:
    value = timex.get("value")
    return {**timex, "value": timeml_spelling(value)} if isinstance(value, str) else timex


MIGRATIONS: dict[int, Migration] = {
    0: Migration("v0_to_v1", _v0_to_v1),
    1: Migration("v1_to_v2", _v1_to_v2),
}
"""The migrations by the version they start from: one for every version before the current one."""


def is_older(value: Json) -> bool:
    """Whether parsed JSON states an older schema version, for which there is a migration."""
    version = value.get("schema_version") if isinstance(value, dict) else None
    return type(version) in (int, float) and version in MIGRATIONS


def migrate(value: JsonObject, file: str) -> tuple[JsonObject, list[str], Losses]:
    """Return (value in the current version, names of the applied migrations, losses).

    `value` stays unchanged. Raises FormatError that names the
    migration if the value does not follow the version it states.
    """
    names: list[str] = []
    losses: Losses = []
    while is_older(value):
        value = with_integers(value)
        version = value["schema_version"]
        step = MIGRATIONS[version]
        try:
            value, lost = step.apply(value)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FormatError(
                f"{file}: states schema version {version} but does not follow it: "
                f"{step.name} fails with {type(error).__name__} {error}"
            ) from None
        names.append(step.name)
        losses += lost
    return value, names, losses


def upgraded(value: Json, file: str) -> Json:
    """Return a value in the current version. Raises FormatError if that would lose anything."""
    if not isinstance(value, dict) or not is_older(value):
        return value
    version = value["schema_version"]
    value, _, losses = migrate(value, file)
    if losses:
        more = f" and {len(losses) - 1} more" if len(losses) > 1 else ""
        raise FormatError(
            f"{file}: of schema version {version}, and version {SCHEMA_VERSION} has no place for "
            f"{losses[0]}{more}: `statevisit migrate --allow-loss {file}`"
        )
    return value
