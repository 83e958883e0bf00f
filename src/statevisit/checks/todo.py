"""What a document lacks before its layers are done: the properties that their records need."""

from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from statevisit.document import schema_errors
from statevisit.document.codec import to_value
from statevisit.document.model import Document
from statevisit.document.schema import Schema, definition_name
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.document.states import DONE
from statevisit.document.strict_json import Json, JsonObject, Locator


class Missing(Struct, frozen=True):
    """A record that lacks properties of a finished layer.

    Attributes:
        document: The id of the document.
        layer: The layer of the record.
        number: The number of the record in its layer, from 0.
        record: Its id; "" for a record without one.
        text: Its words; "" for a record without a span.
        properties: The names of the missing properties; "wikidata or nil" where one is enough.
        line: The line of the record in the document's file, from 1; 0 if it is not known.
    """

    document: str
    layer: str
    number: int
    record: str
    text: str
    properties: tuple[str, ...]
    line: int = 0


def missing(document: Document, data: bytes = b"") -> Iterator[Missing]:
    """Yield the records that lack something, layer by layer, in the order of the file.

    Done layers are left out: their records lack nothing in a valid document. `data` are the bytes
    of the document's file, for the lines.
    """
    scheme = scheme_of(document)
    locator = Locator(data) if data else None
    for layer in scheme.annotated:
        if document.layers.get(layer) == DONE:
            continue
        complete = _complete(scheme, layer)
        if complete is None:
            continue
        for number, record in enumerate(to_value(getattr(document, layer))):
            names = tuple(dict.fromkeys(_missing_in(record, complete)))
            if names:
                yield Missing(
                    document=document.id,
                    layer=layer,
                    number=number,
                    record=record.get("id", ""),
                    text=record.get("text", ""),
                    properties=names,
                    line=locator.locate((layer, number))[0] if locator else 0,
                )


@cache
def _complete(scheme: Scheme, layer: str) -> Schema | None:
    """The schema of the records of a layer that is done; None if it asks for nothing."""
    name = f"{definition_name(scheme.value, layer)}_done"
    if name not in scheme.definitions:
        return None
    return Schema({"$ref": f"#/$defs/{name}", "$defs": scheme.definitions})


def _missing_in(record: JsonObject, complete: Schema) -> Iterator[str]:
    if schema_errors.accepts(schema_errors.verdict(complete), record):
        return
    for error in schema_errors.oracle(complete).iter_errors(record):
        where = "".join(f"{step}." for step in error.absolute_path if isinstance(step, str))
        for name in _names(error.validator, error.validator_value, error.instance):
            yield f"{where}{name}"


def _names(keyword: object, rule: Json, value: Json) -> Iterator[str]:
    """The properties that a value lacks by one keyword of a schema."""
    if keyword == "required" and isinstance(rule, list) and isinstance(value, dict):
        yield from (str(name) for name in rule if name not in value)
    elif keyword in ("anyOf", "oneOf") and isinstance(rule, list):
        options = [option.get("required", ()) for option in rule if isinstance(option, dict)]
        yield " or ".join(str(name) for names in options for name in names)
