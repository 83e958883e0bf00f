"""Documents as tasks, and what a full JSON export holds, one task at a time.

A task's `data` is what the interface shows; its `meta.statevisit` is what it was made from: the base document
without its text, the digest of its canonical bytes, the versions. So a task can be merged wherever it comes back.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

from statevisit.codec import NEWER, convert, encode, is_newer, to_value
from statevisit.errors import FormatError
from statevisit.findings import Finding
from statevisit.labelstudio.links import to_document
from statevisit.labelstudio.regions import to_results
from statevisit.model import SCHEMA_VERSION, Document

KEY = "statevisit"
"""Where in a task's `meta` the base is."""

FULL = "export the project as JSON (the full one), which keeps regions, ids and relations"


class Annotation(Struct, frozen=True):
    """One person's annotation of a task, as a document. `unchanged`: it is what was exported, to the record."""

    id: int | None
    annotator: str
    updated: str
    document: Document
    findings: list[Finding]
    empty: bool
    unchanged: bool


def digest(document: Document) -> str:
    """The SHA-256 of a document's canonical bytes, in hexadecimal."""
    return hashlib.sha256(encode(document)).hexdigest()


def to_task(document: Document, version: str | None = None, predictions: bool = False) -> dict[str, Any]:
    """A document as a task with one annotation, or with its annotation as a prediction. `version`: the corpus's."""
    base = to_value(document)
    del base["text"]
    origin = {"schema_version": SCHEMA_VERSION, "corpus_version": version, "base_sha256": digest(document), "predictions": predictions, "base": base}
    task: dict[str, Any] = {"data": _shown(document), "meta": {KEY: {k: v for k, v in origin.items() if v is not None}}}
    if predictions:
        task["predictions"] = [{"result": to_results(document), "model_version": f"statevisit {version or ''}".rstrip()}]
    else:
        task["annotations"] = [{"result": to_results(document), "ground_truth": False, "was_cancelled": False}]
    return task


def _shown(document: Document) -> dict[str, Any]:
    """What the interface shows: text, title, and the ids that a person may type, each with what it stands for."""
    chains = {c.id: c.name or ", ".join(dict.fromkeys(e.text for e in document.events_of(c)[:3])) for c in document.event_chains}
    return {
        "document": document.id,
        "title": f"{document.id} · {document.date}",
        "text": document.text,
        "entities": {e.id: f"{e.type} {e.name}" for e in document.entities},
        "event_chains": chains,
        "timexes": {t.id: f"{t.text} = {t.value}" for t in document.timexes},
    }


def base_of(task: dict[str, Any], where: str) -> Document | None:
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
    if not isinstance(base, dict) or not isinstance(text, str):
        raise FormatError(f"{where}: the document that the task was made from is missing in `meta.{KEY}`; delete the task and push the document again")
    document = convert({**base, "text": text}, where)
    if digest(document) != origin.get("base_sha256"):
        raise FormatError(f"{where}: the text or the base of {document.id} is not what was exported (its digest differs); delete the task and push the document again")
    return document


def pushed_as_predictions(task: dict[str, Any]) -> bool:
    """Whether the task was made with its annotation as a prediction."""
    return bool(task["meta"][KEY].get("predictions"))


def annotations_of(task: dict[str, Any], base: Document, current: Document, where: str) -> Iterator[Annotation]:
    """The annotations of a task, skipped ones left out, each as the document it says."""
    for number, annotation in enumerate(_list(task, "annotations", where)):
        result = annotation.get("result") if isinstance(annotation, dict) else None
        if not isinstance(result, list):
            raise FormatError(f"{where}: annotation {number} has no list `result`; {FULL}")
        if annotation.get("was_cancelled"):
            continue
        findings: list[Finding] = []
        name = annotation.get("id")
        document = to_document(result, base, current, _reporter(findings, base.id, f"{where}, annotation {name or number}"))
        updated = annotation.get("updated_at") or annotation.get("created_at") or ""
        yield Annotation(name, _annotator(annotation.get("completed_by")), str(updated), document, findings, not result, document == base)


def _reporter(findings: list[Finding], document: str, where: str):
    def report(code: str, message: str) -> None:
        findings.append(Finding(code=code, message=message, document=document, file=where))

    return report


def _annotator(value: Any) -> str:
    """A name that can be a directory: the user's address or name where the export has it, else `user-<id>`."""
    if isinstance(value, dict):
        value = value.get("email") or value.get("username") or value.get("id")
    text = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "-" for c in str(value))[:60].strip("-")
    return f"user-{text}" if not text or text.isdigit() else text


def _list(task: dict[str, Any], key: str, where: str) -> list[Any]:
    if not isinstance(task.get(key), list):
        raise FormatError(f"{where}: the task has no list `{key}`; {FULL}")
    return task[key]


def read_export(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(where, task) for each task of a full JSON export; a task and a block of the file are in memory at a time.

    Raises FormatError for other export formats, with the reason and what to export instead.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            _recognise(file.read(4096), path)
            file.seek(0)
            for number, task in enumerate(_elements(file), 1):
                where = f"{path}, task {task.get('id', number) if isinstance(task, dict) else number}"
                _refuse_minimal(task, where)
                yield where, task
    except (ValueError, RecursionError) as error:  # what is no UTF-8, or no JSON
        raise FormatError(f"{path}: not a JSON array of tasks ({error}); {FULL}") from None
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror or error}") from None


BLOCK = 1 << 20
"""Characters that are read at a time."""


def _elements(file: IO[str]) -> Iterator[Any]:
    """The elements of a JSON array, one at a time. Raises ValueError for what is none."""
    decode, buffer, at, size, opened = json.JSONDecoder().raw_decode, "", 0, BLOCK, False
    while True:
        at = _SPACE.match(buffer, at).end()  # type: ignore[union-attr]
        mark = buffer[at : at + 1]
        if mark == "]" and opened:
            if (buffer[at + 1 :] + file.read(BLOCK)).strip():
                raise ValueError("there is more after the array")
            return
        if mark in ("[", ",") and mark and (mark == ",") == opened:
            try:
                start = _SPACE.match(buffer, at + 1).end()  # type: ignore[union-attr]
                if mark == "[" and buffer[start : start + 1] == "]":
                    at, opened = start, True
                    continue
                element, at = decode(buffer, start)
                opened = True
                yield element
                continue
            except json.JSONDecodeError as error:
                more = file.read(size)  # it may only be cut off
                if not more:
                    raise ValueError(error.msg) from None
        elif mark or not (more := file.read(size)):
            raise ValueError(f"{mark or 'the end'} where {'a comma or ]' if opened else '['} was expected")
        buffer, at, size = buffer[at:] + more, 0, size * 2 if len(buffer) - at > size else BLOCK


_SPACE = re.compile(r"[ \t\r\n]*")


def _recognise(head: str, path: Path) -> None:
    text = head.lstrip()
    first = text.split("\n", 1)[0]
    if text.startswith("-DOCSTART-"):
        raise FormatError(f"{path}: a CoNLL export, which has no relations, ids or overlapping spans; {FULL}")
    if not text.startswith(("[", "{")) and any(sep in first for sep in (",", "\t")) and {"id", "annotation_id", "annotator"} & set(first.replace("\t", ",").replace('"', "").split(",")):
        raise FormatError(f"{path}: a CSV or TSV export, which has no relations and no ids of regions; {FULL}")
    if text.startswith("{"):
        raise FormatError(f"{path}: one JSON object, not an array of tasks; put the task in [ ], or {FULL}")


def _refuse_minimal(task: Any, where: str) -> None:
    if not isinstance(task, dict):
        raise FormatError(f"{where}: not a task; {FULL}")
    if "data" not in task and ("annotation_id" in task or "annotator" in task):
        raise FormatError(f"{where}: a JSON_MIN export, which has no relations and no ids of regions; {FULL}")
    if not isinstance(task.get("data"), dict):
        raise FormatError(f"{where}: the task has no `data`; {FULL}")
