"""Whole records in the rows of a file, as the document that they make."""

from typing import Any

from msgspec.structs import replace

from statevisit.annotation.merge import Side, merge
from statevisit.document import schema_errors
from statevisit.document.codec import convert, ordered, to_value
from statevisit.document.model import SPAN_LAYERS, Document
from statevisit.document.records import ID_PREFIXES
from statevisit.document.references import references_of
from statevisit.document.scheme import scheme_of
from statevisit.document.states import NONE, PARTIAL
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError
from statevisit.findings import Finding
from statevisit.formats.edits import KEPT
from statevisit.formats.texts import AnnotatedText, Annotation, Loss, Row
from statevisit.regions.ids import Ids

Rows = dict[str, list[Row]]


def annotations_beside_rows(text: AnnotatedText) -> list[Annotation]:
    """Return the annotations of a text that are not those of its rows, which stand first."""
    of_rows = sum(len((text.rows or {}).get(layer, ())) for layer in SPAN_LAYERS)
    return text.annotations[of_rows:]


def with_rows(text: AnnotatedText, base: Document, current: Document) -> Document:
    """Return a document with the records that the rows of a text state.

    A layer without rows in the text stays, and so does a property that a row does not state. New
    records without an id get one that neither `base` nor `current` has. What cannot be changed by
    rows becomes a loss of the text. Raises FormatError, with file and line, for another text, two
    records of one id, a reference to no record, and what the scheme does not allow.
    """
    assert text.rows is not None  # the caller has asked
    if text.text != base.text:
        raise FormatError(
            f"{text.place(text.line)}: the text is not that of {base.id}, in which the offsets "
            "count; restore it, or remove it from the file"
        )
    for name in ("date", "language"):
        stated, known = getattr(text, name), getattr(base, name)
        if stated and stated != known:
            text.losses.append(Loss(f"other {name}s of documents", f"{base.id}: {stated}"))
    for annotation in annotations_beside_rows(text):
        if not annotation.id.startswith(KEPT):
            detail = f"{annotation.label} {annotation.words!r}"
            text.losses.append(Loss("annotations that are no records", detail, annotation.line))
    _identify(text.rows, base, current)
    value = to_value(base)
    for layer, rows in text.rows.items():
        if layer != "arguments":
            value[layer] = _records(rows, value[layer])
            if rows and value["layers"][layer] == NONE:
                value["layers"][layer] = PARTIAL
    arguments = text.rows.get("arguments")
    if "events" in value:
        _set_arguments(value["events"], arguments, to_value(base)["events"])
    return ordered(_checked(value, text.rows, base))


def with_added_rows(
    text: AnnotatedText, document: Document, prefer: Side | None
) -> tuple[Document, list[Finding]]:
    """Return a document with the records of a text in addition, and the conflicts.

    Records of the document stay; those with the same id in both are merged property by property.
    Raises FormatError as `with_rows` does.
    """
    scheme = scheme_of(document)
    none: dict[str, Any] = dict.fromkeys(scheme.annotated, ())
    bare = replace(document, layers=dict.fromkeys(scheme.annotated, NONE), **none)
    merged, conflicts = merge(bare, with_rows(text, bare, document), document, prefer)
    return replace(merged, layers=document.layers).begun(), conflicts


def _identify(rows: Rows, base: Document, current: Document) -> None:
    """Give ids to the records without one. Raises FormatError for an id that two records have."""
    places: dict[str, str] = {}
    ids = Ids(base, current)
    nameless: list[tuple[str, Row]] = []
    for layer, of_layer in rows.items():
        if layer in ("arguments", "event_relations"):
            continue
        for row in of_layer:
            record_id = row.value.get("id")
            if record_id is None and layer not in ID_PREFIXES:
                raise FormatError(f"{row.place}: has no id, to which others refer; give it one")
            if record_id is None:
                nameless.append((layer, row))
            elif record_id in places:
                raise FormatError(
                    f"{row.place}: a second record {record_id!r}; the first is at "
                    f"{places[record_id]}"
                )
            else:
                places[record_id] = row.place
    if nameless:
        ids.taken |= places.keys()
    for layer, row in nameless:
        row.value["id"] = ids.numbered(layer)


def _key(value: JsonObject) -> Any:
    """What a record is recognised by: its id, or what it joins."""
    return value.get("id") or (value.get("source"), value.get("type"), value.get("target"))


def _records(rows: list[Row], before: list[JsonObject]) -> list[JsonObject]:
    """The records of rows; properties that a row does not state are those before."""
    known = {_key(record): record for record in before}
    records = []
    for row in rows:
        kept = known.get(_key(row.value), {})
        stated = {name: value for name, value in row.value.items() if value is not None}
        records.append({n: v for n, v in kept.items() if n not in row.value} | stated)
    return records


def _set_arguments(
    events: list[JsonObject], rows: list[Row] | None, before: list[JsonObject]
) -> None:
    """Set the arguments of events to those of the rows; without rows they stay.

    Without rows of its own, an event has none, or it is unknown if it has any: the cell says it.
    """
    known = {event["id"]: event.get("arguments") for event in before}
    of_events: dict[Any, list[JsonObject]] = {}
    by_id = {event["id"] for event in events}
    for row in rows or ():
        event = row.value.get("event")
        if event not in by_id:
            raise FormatError(f"{row.place}: no event {event!r}; delete the row, too")
        stated = {name: v for name, v in row.value.items() if v is not None and name != "event"}
        of_events.setdefault(event, []).append(stated)
    for event in events:
        is_stated = event.pop("arguments", None) is not None
        arguments = of_events.get(event["id"])
        if rows is None:
            arguments = known.get(event["id"])
        if arguments is None and is_stated:
            arguments = []
        if arguments is not None:
            event["arguments"] = arguments


def _checked(value: JsonObject, rows: Rows, base: Document) -> Document:
    """The document of a value. Raises FormatError, with the row, for what is wrong with it."""
    scheme = scheme_of(base)
    for path, message in schema_errors.errors(value, scheme):
        raise FormatError(f"{_place(path, value, rows)}: {message}")
    document = convert(value, base.id, scheme)
    for steps, record_id, layers in references_of(document):
        if record_id not in document or document.layer_of(record_id) not in layers:
            place = _place(list(steps), value, rows)
            known = " or ".join(layer for layer in layers if layer in scheme.layers)
            raise FormatError(f"{place}: {record_id!r} is not among the {known}")
    return document


def _place(path: list[str | int], value: JsonObject, rows: Rows) -> str:
    """The row of the record that a path leads to, and the property."""
    layer, number, *rest = [*path, "", ""][: max(2, len(path))]
    shown = [step for step in rest if step != ""]
    if layer == "events" and "arguments" in shown[:1] and len(shown) > 1 and "arguments" in rows:
        event, index = value["events"][number]["id"], int(shown[1])
        of_event = [row for row in rows["arguments"] if row.value.get("event") == event]
        return " ".join([f"{of_event[index].place}:", *map(str, shown[2:])]).rstrip(": ")
    if layer in rows and isinstance(number, int):
        return " ".join([f"{rows[str(layer)][number].place}:", *map(str, shown)]).rstrip(": ")
    return "/".join(map(str, path))
