"""Documents as tasks, and tasks as documents.

A task's `data` is what the interface shows. Its `meta.statevisit` holds the base, the document that
the task was made from: its canonical JSON without the text, the digest of the whole, and the
versions. A task can therefore be merged into any corpus, wherever it was annotated.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping

import orjson
from msgspec import Struct

from statevisit.document.codec import (
    NEWER,
    Mismatch,
    convert,
    decode,
    encode,
    is_newer,
)
from statevisit.document.migrations import upgraded
from statevisit.document.model import LAYERS, SCHEMA_VERSION, Document
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.document.scheme_change import within
from statevisit.document.strict_json import Json, JsonObject, parse
from statevisit.errors import FormatError
from statevisit.findings import Finding
from statevisit.labelstudio.annotators import person
from statevisit.labelstudio.interface import edited_layers
from statevisit.labelstudio.reading import from_results, whole
from statevisit.labelstudio.results import Result, to_results
from statevisit.regions.labels import UNTYPED
from statevisit.regions.regions import Report
from statevisit.regions.relations import document_of

KEY = "statevisit"
"""The key of the base in a task's `meta`."""

FULL = "export the project as JSON (the full one), which keeps regions, ids and relations"
"""The advice for a task of another export format."""

_NONE: Mapping[int, set[str]] = {}
_PUSH_AGAIN = "delete the task and push the document again"


class Annotation(Struct, frozen=True):
    """One person's annotation of a task, as a document.

    `empty`: it has no results. `unchanged`: its document equals the exported one. `problem` says
    that it has results, and none of them could be used; it is "" otherwise.
    """

    id: int | None
    person: str
    updated: str
    document: Document
    findings: list[Finding]
    empty: bool
    unchanged: bool
    problem: str = ""


class Base(Struct, frozen=True):
    """The document that a task was made from, and its canonical bytes.

    `left_out` names the layers and properties that it had under another scheme.
    """

    document: Document
    data: bytes
    left_out: tuple[str, ...] = ()


class Suggestion(Struct, frozen=True):
    """A document with what a system predicts of it, and the name of the system."""

    document: Document
    system: str


def digest(document: Document) -> str:
    """Return the SHA-256 of a document's canonical bytes, in hexadecimal."""
    return _sha256(encode(document))


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def to_task(
    document: Document,
    version: str | None = None,
    predictions: bool = False,
    suggestion: Suggestion | None = None,
) -> JsonObject:
    """Return a document as a task; `version` is the version of the corpus.

    The task of a document whose layers are done has one annotation, so that it counts as completed.
    With `predictions`, and while a layer is not done, it has the same results as a prediction. With
    a `suggestion`, the prediction is that of its document, until the layers are done.
    """
    data = encode(document)
    is_done = document.is_done(*edited_layers(scheme_of(document)))
    is_annotated = is_done and not predictions
    origin = {
        "schema_version": SCHEMA_VERSION,
        "corpus_version": version,
        "document": document.id,
        "base_sha256": _sha256(data),
        "predictions": not is_annotated,
        "base": data.replace(_text_line(document.text), _text_line(""), 1).decode(),
    }
    if version is None:
        del origin["corpus_version"]
    task: JsonObject = {"data": _shown(document), "meta": {KEY: origin}}
    results = to_results(document)
    model = f"statevisit {version}" if version else "statevisit"
    if suggestion is not None and not is_annotated:
        results, model = to_results(suggestion.document), suggestion.system
    task["annotations"] = []
    if is_annotated:
        task["annotations"].append(
            {"result": results, "ground_truth": False, "was_cancelled": False}
        )
    elif results:
        task["predictions"] = [{"result": results, "model_version": model}]
    return task


def _text_line(text: str) -> bytes:
    """The line of a text in the canonical bytes of its document.

    Only records have lines of their own beside it, and these begin with a brace.
    """
    return b'\n"text":' + orjson.dumps(text) + b",\n"


def _shown(document: Document) -> JsonObject:
    """The data that the interface shows: the text, a title, and the ids to type, explained."""
    chains = {}
    for chain in document.event_chains:
        triggers = dict.fromkeys(event.text for event in document.events_of(chain)[:3])
        chains[chain.id] = chain.name or ", ".join(triggers)
    return {
        "document": document.id,
        "title": f"{document.id} · {document.date}",
        "text": document.text,
        "entities": {e.id: f"{e.type or UNTYPED} {e.name or ''}" for e in document.entities},
        "event_chains": chains,
        "timexes": {t.id: f"{t.text} = {t.value or UNTYPED}" for t in document.timexes},
    }


def base_of(task: JsonObject, where: str, scheme: Scheme) -> Base | None:
    """Return the base of a task; None for a task that statevisit did not make.

    `where` names the task in messages. Raises FormatError if the task follows a newer schema, or if
    its text or base was changed after the export.
    """
    origin = _origin(task)
    if origin is None:
        return None
    if is_newer(origin):
        raise FormatError(f"{where}: {NEWER}")
    data = task.get("data")
    text = data.get("text") if isinstance(data, dict) else None
    base = origin.get("base")
    if not isinstance(base, str) or not isinstance(text, str):
        raise FormatError(
            f"{where}: the task has no text, or `meta.{KEY}` has no `base`; {_PUSH_AGAIN}"
        )
    canonical = base.encode().replace(_text_line(""), _text_line(text), 1)
    if _sha256(canonical) != origin.get("base_sha256"):
        raise FormatError(
            f"{where}: the text or the base of {origin.get('document')} was changed after the "
            f"export (its digest differs); {_PUSH_AGAIN}"
        )
    try:
        document = decode(canonical, where, scheme)
    except Mismatch as mismatch:
        try:
            return _base_under(canonical, where, scheme)
        except (AttributeError, KeyError, TypeError, FormatError):  # of no scheme at all
            raise mismatch from None
    except FormatError as error:  # bytes that are no document at all
        raise FormatError(
            f"{where}: the base in `meta.{KEY}` cannot be read ({error}); {_PUSH_AGAIN}"
        ) from None
    return Base(document, canonical)


def _base_under(canonical: bytes, where: str, scheme: Scheme) -> Base:
    """The base of a task that was made under another scheme, as far as this scheme has it."""
    value = upgraded(parse(canonical, where), where)
    assert isinstance(value, dict)  # `decode` says so of other JSON
    value = {**{layer: [] for layer in scheme.layers}, **value}
    reduced = within(value, scheme)
    return Base(convert(reduced, where, scheme), canonical, tuple(_left_out(value, scheme)))


def _left_out(value: JsonObject, scheme: Scheme) -> Iterator[str]:
    """The layers with records, and the properties of the others, that a scheme does not have."""
    for layer in LAYERS:
        records = value.get(layer, [])
        if layer not in scheme.layers:
            yield from [layer] if records else []
            continue
        groups = {layer: records}
        if layer == "events":
            groups["arguments"] = [item for event in records for item in event.get("arguments", ())]
        for name, items in groups.items():
            properties = dict.fromkeys(prop for item in items for prop in item)
            yield from (f"{name}.{p}" for p in properties if p not in scheme.properties(name))


def _origin(task: JsonObject) -> JsonObject | None:
    meta = task.get("meta")
    origin = meta.get(KEY) if isinstance(meta, dict) else None
    return origin if isinstance(origin, dict) else None


def pushed_as_predictions(task: JsonObject) -> bool:
    """Whether the results of a task were pushed as a prediction."""
    origin = _origin(task)
    return origin is not None and bool(origin.get("predictions"))


def annotations_of(
    task: JsonObject,
    base: Document,
    current: Document,
    where: str,
    own: Mapping[int, set[str]] = _NONE,
) -> Iterator[Annotation]:
    """Yield the annotations of a task, each as a document; skipped ones are left out.

    `current` is the document as the corpus has it now. `own` are the ids of the regions that come
    from an annotation, by its number from 0; by default all do. Raises FormatError if the task has
    no annotations with results.
    """
    annotations = task.get("annotations")
    if not isinstance(annotations, list):
        raise FormatError(f"{where}: the task has no list `annotations`; {FULL}")
    for number, annotation in enumerate(annotations):
        results = annotation.get("result") if isinstance(annotation, dict) else None
        if not isinstance(results, list):
            raise FormatError(f"{where}: annotation {number} has no list `result`; {FULL}")
        if annotation.get("was_cancelled"):
            continue
        annotation_id = whole(annotation.get("id"))
        findings: list[Finding] = []
        place = f"{where}, annotation {annotation_id or number}"
        report = reporter(findings, base.id, place)
        read = from_results(results, base, report)
        document, record_ids = document_of(read, base, current, report)
        problem = ""
        if not own.get(number, read.own) & record_ids.keys() and (results or number in own):
            document = base
            problem = f"{place}: none of its results could be used; see the findings on it"
        yield Annotation(
            id=annotation_id if isinstance(annotation_id, int) else None,
            person=person(annotation.get("completed_by")),
            updated=str(annotation.get("updated_at") or annotation.get("created_at") or ""),
            document=document,
            findings=findings,
            empty=not results,
            unchanged=document == base,
            problem=problem,
        )


def reporter(findings: list[Finding], document: str, where: str) -> Report:
    """Return a function that appends findings about a document in a task."""

    def report(code: str, message: str) -> None:
        findings.append(Finding(code=code, message=message, document=document, file=where))

    return report


def to_document(
    results: Iterable[Result | Json], base: Document, current: Document, report: Report
) -> Document:
    """Return the document that the results of an annotation of `base` describe, in canonical order.

    What the interface does not show comes from `base`. `current` is the document as the corpus has
    it now; records that it already has keep their ids. `report` is called with the code and the
    message of every finding.
    """
    return document_of(from_results(results, base, report), base, current, report)[0]
