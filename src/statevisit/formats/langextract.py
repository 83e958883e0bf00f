"""LangExtract's JSONL: a text with what a model extracted from it.

{"document_id": "a", "text": "Ann left.", "extractions": [{"extraction_class": "person",
 "extraction_text": "Ann", "char_interval": {"start_pos": 0, "end_pos": 3},
 "alignment_status": "match_exact", "attributes": {"mood": "calm"}}]}

See https://github.com/google/langextract. Positions are code points.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import Json, JsonObject
from statevisit.formats.json_lines import Line, brief, lines
from statevisit.formats.texts import AnnotatedText
from statevisit.regions.offsets import Ends

_KNOWN = {"document_id", "text", "extractions"}


def read(path: Path, scheme: Scheme) -> Iterator[AnnotatedText]:
    """Yield the annotated text of each line.

    An extraction without an interval stands where its words do, if they occur once; any other is
    lost. Raises FormatError, with the line, for what is not LangExtract's, and for offsets outside
    the text.
    """
    for line in lines(path):
        name = line.value.get("document_id")
        if isinstance(name, str) and name:
            line.text.id = name
        line.take_text("text")
        for extraction in line.objects("extractions"):
            _take(line, extraction)
        line.lose_others(_KNOWN)
        yield line.text


def _take(line: Line, extraction: JsonObject) -> None:
    """Add an extraction, or note why it has no place."""
    words = extraction.get("extraction_text")
    if not isinstance(words, str | None):
        raise line.bad(f"expected a string as 'extraction_text', not {brief(words)}")
    span = _interval(line, extraction) or _only_place(words or "", line.text.text)
    label = extraction.get("extraction_class")
    if span is None:
        kind = "extractions whose words do not occur, or more than once"
        line.lose(kind, f"{brief(label)}: {(words or '')[:40]!r}")
        return
    annotation = line.add(*span, label)
    if annotation is None:
        return
    if words and annotation.words != words:
        kind = "words of extractions that are not those of the text at their place"
        line.lose(kind, f"{words[:40]!r} at {(annotation.words or '')[:40]!r}")
    attributes = extraction.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise line.bad("expected an object as 'attributes'")
    annotation.attributes = {
        name: _shown(value) for name, value in attributes.items() if value is not None
    }


def _interval(line: Line, extraction: JsonObject) -> Ends | None:
    interval = extraction.get("char_interval") or {}
    if not isinstance(interval, dict):
        raise line.bad("expected an object as 'char_interval'")
    start, end = interval.get("start_pos"), interval.get("end_pos")
    return None if start is None or end is None else line.span(start, end)


def _only_place(words: str, text: str) -> Ends | None:
    """The place of whole words that occur once; None if there is no such place."""
    if not words.strip():
        return None
    places = re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", text)
    spans = [match.span() for match in places]
    return spans[0] if len(spans) == 1 else None


def _shown(value: Json) -> str:
    """An attribute as one string; the items of a list have commas between them."""
    items = value if isinstance(value, list) else [value]
    return ", ".join(item if isinstance(item, str) else _plain(item) for item in items)


def _plain(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else brief(value)
