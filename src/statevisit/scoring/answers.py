"""The answers of systems in other forms than ours: lists of labelled spans."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from statevisit.document.strict_json import Json, JsonObject
from statevisit.errors import FormatError

_LISTS = ("entities", "ents", "spans", "label", "labels")
"""Where other tools keep labelled spans: Hugging Face, spaCy, Prodigy, doccano."""

_TAG = re.compile(r"[BI]-.+")


class Answer(NamedTuple):
    """An answer as an object with layers.

    `pointers` lead to the records of a layer that has another name, or none, in the file.
    """

    value: JsonObject
    pointers: Mapping[str, str]

    def pointer(self, layer: str, number: int) -> str:
        """Return the pointer of a record in the file."""
        return f"{self.pointers.get(layer, f'/{layer}')}/{number}"


def is_answer(value: object) -> bool:
    """Whether a value is a list of labelled spans, as a system gives it in Python."""
    return isinstance(value, list) and bool(value) and all(map(_is_span, value))


def plain(value: object, name: str) -> Json:
    """Return an object of Python as JSON: tuples as arrays, numbers of NumPy as plain ones.

    Raises FormatError for what JSON cannot hold: an object in itself, or half a character.
    """
    try:
        written = json.dumps(value, ensure_ascii=False, default=_plain_part)
        written.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise FormatError(f"{name}: cannot be written as JSON: {error}") from None
    plain_value: Json = json.loads(written)
    return plain_value


def _plain_part(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)


def answer_of(value: Json, file: str) -> Answer:
    """Return an answer as an object with layers: labelled spans, in a list or object, are mentions.

    Raises FormatError for any other JSON value, and for the tags of tokens.
    """
    if isinstance(value, list) and all(map(_is_span, value)):
        return Answer({"mentions": [_labelled(span, file) for span in value]}, {"mentions": ""})
    if not isinstance(value, dict):
        raise FormatError(
            f"{file}: a prediction is a JSON object with `id` and layers, such as"
            ' {"id": "a", "mentions": [{"start": 0, "end": 5, "label": "PERSON"}]}, or, for one'
            f" document, a list of such spans; not {_name_of(value)}"
        )
    if "mentions" not in value:
        for name in _LISTS:
            spans = value.get(name)
            if spans and isinstance(spans, list) and all(map(_is_span, spans)):
                rest = {key: part for key, part in value.items() if key != name}
                mentions = [_labelled(span, file) for span in spans]
                return Answer(rest | {"mentions": mentions}, {"mentions": f"/{name}"})
    return Answer(value, {})


def _name_of(value: Json) -> str:
    if isinstance(value, list):
        return "an array of anything else"
    return "null" if value is None else type(value).__name__


def _is_span(item: object) -> bool:
    """Whether an item is a labelled span: an object with bounds or a quote, or [0, 5, "PERSON"]."""
    if isinstance(item, dict):
        return "quote" in item or ("start" in item and "end" in item)
    if not isinstance(item, list | tuple) or len(item) != 3:
        return False
    return [type(part) for part in item] == [int, int, str]


def _labelled(span: Json, file: str) -> JsonObject:
    """A labelled span as an object. Raises FormatError for the tag of a token."""
    if isinstance(span, list):
        start, end, label = span
        return {"start": start, "end": end, "label": label}
    record: JsonObject = span if isinstance(span, dict) else {}
    tag = record.get("entity")
    if "word" in record and isinstance(tag, str) and _TAG.fullmatch(tag):
        raise FormatError(
            f'{file}: has a tag for each token (`entity`: "{tag}"); give the pipeline'
            ' aggregation_strategy="simple", so that it answers with spans'
        )
    return record
