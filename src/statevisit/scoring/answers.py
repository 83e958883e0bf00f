"""The answers of systems in other forms than ours: lists of labelled spans."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from statevisit.document.strict_json import Json, JsonObject
from statevisit.errors import FormatError

_LISTS = ("entities", "ents", "spans", "label", "labels")
"""Where other tools keep labelled spans: Hugging Face, spaCy, Prodigy, doccano."""

_EXTRACTIONS = "extractions"
"""Where LangExtract keeps them."""

_EXACT = "match_exact"
"""LangExtract's word for an extraction whose text is that at its place."""

_MADE_UP_ID = re.compile("doc_[0-9a-f]{8}")
"""An id that LangExtract gives to a document without one."""

_OF_SPANS = ("id", "start", "end", "text", "quote", "occurrence", "prefix", "suffix", "entity")
"""Properties that an attribute of an extraction does not set."""

_TAG = re.compile(r"[BI]-.+")


class Answer(NamedTuple):
    """An answer as an object with layers.

    `pointers` lead to the records of layers that have another name, or none, in the file. An answer
    `is_flat` if it was a list of labelled spans, whose labels say what they are: names, times,
    quantities. `names` are spans with labels of flat names that no layer has.
    """

    value: JsonObject
    pointers: Mapping[str, Sequence[str]]
    is_flat: bool = False
    names: Sequence[JsonObject] = ()

    def pointer(self, layer: str, number: int) -> str:
        """Return the pointer of a record in the file."""
        own = self.pointers.get(layer, ())
        return own[number] if number < len(own) else f"/{layer}/{number}"


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
        return _flat({}, value, "", file)
    if not isinstance(value, dict):
        raise FormatError(
            f"{file}: a prediction is a JSON object with `id` and layers, such as"
            ' {"id": "a", "mentions": [{"start": 0, "end": 5, "label": "PERSON"}]}, or, for one'
            f" document, a list of such spans; not {_name_of(value)}"
        )
    if isinstance(value.get(_EXTRACTIONS), list):
        return _flat(*_extracted(value), f"/{_EXTRACTIONS}", file)
    if "mentions" not in value:
        for name in _LISTS:
            spans = value.get(name)
            if not isinstance(spans, list) or not all(map(_is_span, spans)):
                continue
            if spans or name != "entities":  # which is a layer, too
                rest = {key: part for key, part in value.items() if key != name}
                return _flat(rest, spans, f"/{name}", file)
    return Answer(value, {})


def _flat(rest: JsonObject, spans: Sequence[Json], pointer: str, file: str) -> Answer:
    """An answer from the other members of an object and a list of labelled spans."""
    mentions = [_labelled(span, file) for span in spans]
    pointers = [f"{pointer}/{number}" for number in range(len(spans))]
    return Answer(rest | {"mentions": mentions}, {"mentions": pointers}, is_flat=True)


def _extracted(value: JsonObject) -> tuple[JsonObject, list[Json]]:
    """The document and the spans of LangExtract, whose extractions may have no offsets."""
    document: JsonObject = {}
    name = value.get("document_id")
    if isinstance(name, str) and not _MADE_UP_ID.fullmatch(name):
        document["id"] = name
    if isinstance(value.get("text"), str):
        document["text"] = value["text"]
    spans: list[Json] = []
    for extraction in value[_EXTRACTIONS]:
        given = extraction if isinstance(extraction, dict) else {}
        attributes = given.get("attributes")
        span = attributes if isinstance(attributes, dict) else {}
        span = {key: part for key, part in span.items() if key not in _OF_SPANS}
        interval = given.get("char_interval")
        bounds = interval if isinstance(interval, dict) else {}
        start, end = bounds.get("start_pos"), bounds.get("end_pos")
        words = given.get("extraction_text")
        span |= {"label": given.get("extraction_class")}
        if start is None and end is None:
            span["quote"] = words
        else:
            span |= {"start": start, "end": end}
            if given.get("alignment_status", _EXACT) == _EXACT:
                span["text"] = words
        spans.append(span)
    return document, spans


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
    words = record.get("word", record.get("text"))
    bounds = [name for name in ("start", "end") if name in record]
    if bounds and words and all(record[name] is None for name in bounds):
        known = ("start", "end", "word", "text")
        return {"quote": words} | {n: part for n, part in record.items() if n not in known}
    return record
