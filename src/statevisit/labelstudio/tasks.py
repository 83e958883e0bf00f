"""Documents as tasks, and what a full JSON export holds, one task at a time.

A task's `data` is what the interface shows; its `meta.statevisit` is what it was made from: the base document, as its
canonical JSON without the text, the digest of all of it, the versions. So a task can be merged wherever it comes back.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec
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


class Element(Struct, frozen=True):
    """A task in a file, as it is there. `number` counts from 1."""

    path: Path
    number: int
    data: bytes

    def parsed(self) -> tuple[str, dict[str, Any]]:
        """(where, task). Raises FormatError for what is no task of a full JSON export, with the reason and what to export instead."""
        try:
            task = orjson.loads(self.data)
        except ValueError as error:
            raise _no_array(self.path, error) from None
        where = f"{self.path}, task {task.get('id', self.number) if isinstance(task, dict) else self.number}"
        _refuse_minimal(task, where)
        return where, task


def digest(document: Document) -> str:
    """The SHA-256 of a document's canonical bytes, in hexadecimal."""
    return _digest(encode(document))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def to_task(document: Document, version: str | None = None, predictions: bool = False) -> dict[str, Any]:
    """A document as a task with one annotation, or with its annotation as a prediction. `version`: the corpus's."""
    data = encode(document)
    base = data.replace(_text_line(document.text), _text_line(""), 1).decode()
    origin = {"schema_version": SCHEMA_VERSION, "corpus_version": version, "document": document.id, "base_sha256": _digest(data), "predictions": predictions, "base": base}
    task: dict[str, Any] = {"data": _shown(document), "meta": {KEY: {k: v for k, v in origin.items() if v is not None}}}
    if predictions:
        task["predictions"] = [{"result": to_results(document), "model_version": f"statevisit {version or ''}".rstrip()}]
    else:
        task["annotations"] = [{"result": to_results(document), "ground_truth": False, "was_cancelled": False}]
    return task


def _text_line(text: str) -> bytes:
    """A document's text in its canonical bytes, where only the records of layers stand on lines of their own beside it, in braces."""
    return b'\n"text":' + orjson.dumps(text) + b",\n"


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
        raise FormatError(f"{where}: the document that the task was made from is missing in `meta.{KEY}`; delete the task and push the document again")
    canonical = base.encode().replace(_text_line(""), _text_line(text), 1)
    if _digest(canonical) != origin.get("base_sha256"):
        raise FormatError(f"{where}: the text or the base of {origin.get('document')} is not what was exported (its digest differs); delete the task and push the document again")
    read = decode_canonical if origin.get("schema_version") == SCHEMA_VERSION else decode  # which migrates
    return Base(read(canonical, where), canonical)


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


def elements(path: Path) -> Iterator[Element]:
    """The tasks of a full JSON export, not parsed; one of them and a block of the file are in memory at a time.

    Raises FormatError for other export formats, with the reason and what to export instead.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(BOM)) != BOM:
                file.seek(0)
            begin = file.tell()
            _recognise(file.read(4096).decode("utf-8", "replace"), path)
            file.seek(begin)
            for number, data in enumerate(_elements(file), 1):
                yield Element(path, number, data)
    except (ValueError, RecursionError) as error:  # what is no JSON
        raise _no_array(path, error) from None
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror or error}") from None


def _no_array(path: Path, error: Exception) -> FormatError:
    return FormatError(f"{path}: not a JSON array of tasks ({error}); {FULL}")


BLOCK = 1 << 20
"""Bytes that are read at a time."""

BOM = b"\xef\xbb\xbf"


def _elements(file: IO[bytes]) -> Iterator[bytes]:
    """The elements of a JSON array as they stand there, one at a time. Raises ValueError for what is none."""
    buffer, at, size, opened = b"", 0, BLOCK, False
    while True:
        at = _skip(buffer, at)
        mark = buffer[at : at + 1]
        if mark == b"]" and opened:
            if (buffer[at + 1 :] + file.read(BLOCK)).strip():
                raise ValueError("there is more after the array")
            return
        if mark in (b"[", b",") and (mark == b",") == opened:
            start = _skip(buffer, at + 1)
            if mark == b"[" and buffer[start : start + 1] == b"]":
                at, opened = start, True
                continue
            end, why = _end(buffer, start)
            if end:
                yield buffer[start:end]
                at, opened = end, True
                continue
            if not (more := file.read(size)):  # it may only have been cut off
                raise ValueError(why)
        elif mark or not (more := file.read(size)):
            raise ValueError(f"{mark.decode('utf-8', 'replace') or 'the end'} where {'a comma or ]' if opened else '['} was expected")
        buffer, at, size = buffer[at:] + more, 0, size * 2 if len(buffer) - at > size else BLOCK


def _end(buffer: bytes, start: int) -> tuple[int, str]:
    """(where the JSON value that begins at `start` ends, ""); (0, why) where there is no whole one with something behind it.

    Nothing is parsed into objects: msgspec passes over the value and says where it met what does not belong to it.
    """
    try:
        _PASS.decode(memoryview(buffer)[start:])
    except msgspec.DecodeError as error:
        found = _TRAILING.search(str(error))
        return (start + int(found[1]) - 1, "") if found else (0, str(error))
    return 0, "the array is not closed"


_PASS = msgspec.json.Decoder(msgspec.Raw)
_TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
"""The byte is the one after the first that does not belong."""


def _skip(buffer: bytes, at: int) -> int:
    return _SPACE.match(buffer, at).end()  # type: ignore[union-attr]


_SPACE = re.compile(rb"[ \t\r\n]*")


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
