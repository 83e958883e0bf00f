"""Documents as tasks, and tasks as documents.

A task's `data` is what the interface shows; its `meta.statevisit` is what it was made from: the base document, as its
canonical JSON without the text, the digest of all of it, the versions. So a task can be merged wherever it comes back.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import orjson
from msgspec import Struct

from statevisit.codec import NEWER, decode, decode_canonical, encode, is_newer
from statevisit.errors import FormatError
from statevisit.findings import Finding
from statevisit.labelstudio.links import to_document
from statevisit.labelstudio.regions import to_results
from statevisit.model import SCHEMA_VERSION, Document

KEY = "statevisit"
"""Where in a task's `meta` the base is."""

FULL = "export the project as JSON (the full one), which keeps regions, ids and relations"
"""What to do about a task of which something is missing."""


class Annotation(Struct, frozen=True):
    """One person's annotation of a task, as a document. `unchanged`: it is what was exported, to the record."""

    id: int | None
    annotator: str
    updated: str
    document: Document
    findings: list[Finding]
    empty: bool
    unchanged: bool


class Base(Struct, frozen=True):
    """The document that a task was made from, and its canonical bytes."""

    document: Document
    data: bytes


def digest(document: Document) -> str:
    """The SHA-256 of a document's canonical bytes, in hexadecimal."""
    return _digest(encode(document))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def to_task(
    document: Document, version: str | None = None, predictions: bool = False
) -> dict[str, Any]:
    """A document as a task with one annotation, or with its annotation as a prediction. `version`: the corpus's."""
    data = encode(document)
    base = data.replace(_text_line(document.text), _text_line(""), 1).decode()
    origin = {
        "schema_version": SCHEMA_VERSION,
        "corpus_version": version,
        "document": document.id,
        "base_sha256": _digest(data),
        "predictions": predictions,
        "base": base,
    }
    task: dict[str, Any] = {
        "data": _shown(document),
        "meta": {KEY: {k: v for k, v in origin.items() if v is not None}},
    }
    if predictions:
        task["predictions"] = [
            {
                "result": to_results(document),
                "model_version": f"statevisit {version or ''}".rstrip(),
            }
        ]
    else:
        task["annotations"] = [
            {"result": to_results(document), "ground_truth": False, "was_cancelled": False}
        ]
    return task


def _text_line(text: str) -> bytes:
    """A document's text in its canonical bytes, where only the records of layers stand on lines of their own beside it, in braces."""
    return b'\n"text":' + orjson.dumps(text) + b",\n"


def _shown(document: Document) -> dict[str, Any]:
    """What the interface shows: text, title, and the ids that a person may type, each with what it stands for."""
    chains = {
        c.id: c.name or ", ".join(dict.fromkeys(e.text for e in document.events_of(c)[:3]))
        for c in document.event_chains
    }
    return {
        "document": document.id,
        "title": f"{document.id} · {document.date}",
        "text": document.text,
        "entities": {e.id: f"{e.type} {e.name}" for e in document.entities},
        "event_chains": chains,
        "timexes": {t.id: f"{t.text} = {t.value}" for t in document.timexes},
    }


def base_of(task: dict[str, Any], where: str) -> Base | None:
    """The document that a task was made from; None for a task that statevisit did not make.

    Raises FormatError for a task of a newer schema, or whose text or base is not what was exported.
    """
    data, meta = task.get("data"), task.get("meta")
    origin = meta.get(KEY) if isinstance(meta, dict) else None
    if not isinstance(origin, dict):
        return None
    if is_newer(origin):
        raise FormatError(f"{where}: {NEWER}")
    base, text = origin.get("base"), data.get("text") if isinstance(data, dict) else None
    if not isinstance(base, str) or not isinstance(text, str):
        raise FormatError(
            f"{where}: the document that the task was made from is missing in `meta.{KEY}`; delete the task and push the document again"
        )
    canonical = base.encode().replace(_text_line(""), _text_line(text), 1)
    if _digest(canonical) != origin.get("base_sha256"):
        raise FormatError(
            f"{where}: the text or the base of {origin.get('document')} is not what was exported (its digest differs); delete the task and push the document again"
        )
    read = (
        decode_canonical if origin.get("schema_version") == SCHEMA_VERSION else decode
    )  # which migrates
    return Base(read(canonical, where), canonical)


def pushed_as_predictions(task: dict[str, Any]) -> bool:
    """Whether the task was made with its annotation as a prediction."""
    return bool(task["meta"][KEY].get("predictions"))


def annotations_of(
    task: dict[str, Any], base: Document, current: Document, where: str
) -> Iterator[Annotation]:
    """The annotations of a task, skipped ones left out, each as the document it says."""
    for number, annotation in enumerate(_list(task, "annotations", where)):
        result = annotation.get("result") if isinstance(annotation, dict) else None
        if not isinstance(result, list):
            raise FormatError(f"{where}: annotation {number} has no list `result`; {FULL}")
        if annotation.get("was_cancelled"):
            continue
        findings: list[Finding] = []
        name = annotation.get("id")
        document = to_document(
            result,
            base,
            current,
            _reporter(findings, base.id, f"{where}, annotation {name or number}"),
        )
        updated = annotation.get("updated_at") or annotation.get("created_at") or ""
        yield Annotation(
            name,
            _annotator(annotation.get("completed_by")),
            str(updated),
            document,
            findings,
            not result,
            document == base,
        )


def _reporter(findings: list[Finding], document: str, where: str):
    def report(code: str, message: str) -> None:
        findings.append(Finding(code=code, message=message, document=document, file=where))

    return report


def _annotator(value: Any) -> str:
    """A name that can be a directory: the user's address or name where the export has it, else `user-<id>`."""
    if isinstance(value, dict):
        value = value.get("email") or value.get("username") or value.get("id")
    text = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "-" for c in str(value))[
        :60
    ].strip("-")
    return f"user-{text}" if not text or text.isdigit() else text


def _list(task: dict[str, Any], key: str, where: str) -> list[Any]:
    if not isinstance(task.get(key), list):
        raise FormatError(f"{where}: the task has no list `{key}`; {FULL}")
    return task[key]
