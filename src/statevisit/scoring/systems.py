"""The objects that systems give in Python, as the JSON of their answers: spaCy, LangExtract."""

from collections.abc import Iterator
from typing import Any, Protocol

from statevisit.document.strict_json import JsonObject
from statevisit.scoring.answers import is_answer

_SPAN_GROUP = "sc"
"""The group of spans in which spaCy's span categorizer leaves its answer."""


class Tagged(Protocol):
    """A document of spaCy: its text, and its entities."""

    @property
    def text(self) -> str:
        """The text of the document."""

    @property
    def ents(self) -> Any:
        """The labelled spans, with their offsets in characters."""


def object_of(value: object) -> JsonObject | None:
    """Return a document of spaCy or LangExtract as an answer in JSON; None for anything else."""
    if hasattr(value, "ents") and hasattr(value, "char_span"):
        return _of_spacy(value)
    if hasattr(value, "extractions") and hasattr(value, "text"):
        return _of_langextract(value)
    return None


def _of_spacy(doc: Any) -> JsonObject:
    """The entities of a spaCy document or, without any, the spans of its span categorizer.

    Its id is that in `user_data`, if it has one.
    """
    spans = list(doc.ents)
    if not spans and _SPAN_GROUP in doc.spans:
        spans = list(doc.spans[_SPAN_GROUP])
    value: JsonObject = {"text": doc.text}
    name = doc.user_data.get("id")
    if isinstance(name, str):
        value["id"] = name
    value["ents"] = [
        {"start": span.start_char, "end": span.end_char, "label": span.label_ or None}
        for span in spans
    ]
    return value


def _of_langextract(document: Any) -> JsonObject:
    """An AnnotatedDocument of LangExtract, as its JSONL has it."""
    extractions = []
    for extraction in document.extractions or ():
        interval = extraction.char_interval
        status = getattr(extraction, "alignment_status", None)
        written: JsonObject = {
            "extraction_class": extraction.extraction_class,
            "extraction_text": extraction.extraction_text,
            "char_interval": None,
            "attributes": getattr(extraction, "attributes", None),
        }
        if interval is not None:
            bounds = {"start_pos": interval.start_pos, "end_pos": interval.end_pos}
            written["char_interval"] = bounds
        if status is not None:
            written["alignment_status"] = getattr(status, "value", status)
        extractions.append(written)
    return {
        "document_id": getattr(document, "document_id", None),
        "text": document.text,
        "extractions": extractions,
    }


def docs_in(value: object) -> Iterator[Any] | None:
    """Return the documents of a DocBin of spaCy; None for anything else."""
    if not (hasattr(value, "get_docs") and hasattr(value, "to_bytes")):
        return None
    from statevisit.annotation.docbin import docs_in as docs

    return docs(value)


def is_list_of_answers(value: object) -> bool:
    """Whether a value has a list of labelled spans for each of several documents."""
    if not isinstance(value, list) or not value or is_answer(value):
        return False
    return any(value) and all(part == [] or is_answer(part) for part in value)
