"""Documents as canonical JSON, and back, byte for byte.

The canonical form: UTF-8 without unnecessary escapes, no spaces, one record per
line, keys in the schema's order, records sorted by position, a newline at the end. A git diff of
two versions therefore shows exactly the records that changed, and `encode(decode(data)) == data`
for every canonical `data`.
"""

import os
import re
import stat
from collections.abc import Callable, Iterable
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec
import orjson
from msgspec.structs import replace

from statevisit import files
from statevisit.document.migrations import upgraded
from statevisit.document.model import LAYERS, SCHEMA_VERSION, SPAN_LAYERS, Document
from statevisit.document.records import (
    Argument,
    Entity,
    Event,
    EventChain,
    EventRelation,
    Quotation,
    Relation,
)
from statevisit.document.scheme import Scheme, base, scheme_for, scheme_of
from statevisit.document.strict_json import (
    Json,
    JsonObject,
    Malformed,
    locate,
    parse,
    with_integers,
)
from statevisit.errors import FormatError

NEWER = (
    f"written for a schema newer than version {SCHEMA_VERSION}, the latest that this statevisit "
    "reads: use a newer statevisit"
)

TEXTLESS = (
    "of the annotations-only edition, which has no text: "
    "`statevisit restore DIR --text SEED -o OUT` brings it back"
)


class Mismatch(FormatError):
    """JSON that is not a document: `detail` is the reason, `path` leads to the value."""

    detail = ""
    path: tuple[str | int, ...] = ()


def encode_value(value: Json) -> bytes:
    """Return any JSON value in the canonical layout.

    Each member of the top object has its own line, and so has each record of its arrays.
    """
    if not isinstance(value, dict):
        return orjson.dumps(value) + b"\n"
    members = []
    for key, member in value.items():
        if _holds_records(member):
            members.append((key, _array(b"\n".join(map(orjson.dumps, member)))))
        else:
            members.append((key, orjson.dumps(member)))
    return _object(members)


def _holds_records(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _array(lines: bytes) -> bytes:
    """An array with one record per line; JSON escapes the newlines inside strings."""
    if not lines:
        return b"[]"
    return b"[\n" + lines.replace(b"\n", b",\n") + b"\n]"


def _object(members: Iterable[tuple[str, bytes]]) -> bytes:
    lines = [orjson.dumps(key) + b":" + value for key, value in members]
    return b"{\n" + b",\n".join(lines) + b"\n}\n"


_ENCODER = msgspec.json.Encoder()  # whose `encode_lines` never frees the iterator of a tuple


def encode(document: Document) -> bytes:
    """Return the canonical bytes of a document, its records sorted."""
    return _laid_out(ordered(document))


def _laid_out(document: Document) -> bytes:
    """The bytes of a document in the canonical layout, its records in the order that they have."""
    members = []
    for name in _members(scheme_of(document)):
        value = getattr(document, name)
        if name in LAYERS:
            members.append((name, _array(_ENCODER.encode_lines(list(value))[:-1])))
        else:
            members.append((name, _ENCODER.encode(value)))
    return _object(members)


def _members(scheme: Scheme) -> list[str]:
    """The properties of a document in canonical order, without the layers that a scheme lacks."""
    fields = Document.__struct_fields__
    return [name for name in fields if name not in LAYERS or name in scheme.layers]


def encode_layer(document: Document, layer: str) -> bytes:
    """Return the records of a layer as in the canonical bytes, each on a line of its own."""
    return _ENCODER.encode_lines(list(getattr(ordered(document), layer)))


def to_value(record: object) -> Any:
    """Return a document, a record or a part of one as plain JSON values, as `parse` gives them."""
    return orjson.loads(_ENCODER.encode(record))


def decode(
    data: bytes | JsonObject, file: str = "<bytes>", scheme: Scheme | None = None
) -> Document:
    """Return the document in JSON bytes, or in the value that `Document.to_dict` returns.

    `scheme` is that of its corpus (`corpus.scheme`); None for the base scheme. The structure is
    checked (properties and their types); `statevisit.validate` checks everything.

    Raises FormatError that names the file and line.
    """
    scheme = scheme or base()
    if isinstance(data, dict):
        return convert(data, "<dict>" if file == "<bytes>" else file, scheme)
    return canonical(data, scheme) or convert(parse(data, file), file, scheme, data)


def canonical(data: bytes, scheme: Scheme) -> Document | None:
    """Return the document in bytes of canonical form, line breaks aside; None for other bytes.

    Quicker than `decode`: bytes that are encoded to themselves hold no key twice and no null.
    """
    try:
        document = msgspec.json.decode(data, type=scheme.document_type)
        laid_out = _laid_out(document)
    except (ValueError, OverflowError, RecursionError):
        return None
    if laid_out == data:
        document.__dict__[_LAID_OUT] = True
    elif laid_out.replace(b"\n", b"") != data.replace(b"\n", b""):
        return None
    return document if document.schema_version == SCHEMA_VERSION else None


def in_canonical_form(document: Document, data: bytes) -> tuple[Document, bytes]:
    """Return a document, decoded from `data`, in canonical order, and its canonical bytes."""
    in_order = ordered(document)
    is_laid_out = in_order is document and _LAID_OUT in document.__dict__
    return in_order, data if is_laid_out else encode(in_order)


def convert(value: Json, file: str, scheme: Scheme, data: bytes | None = None) -> Document:
    """Return the document in parsed JSON of a corpus with `scheme`. Raises FormatError.

    `data` are the bytes that were parsed; with them an error names its line.
    """
    if isinstance(value, dict):
        if "edition" in value:
            raise FormatError(f"{file}: {TEXTLESS}")
        if is_newer(value):
            raise FormatError(f"{file}: {NEWER}")
    present = upgraded(value, file)
    if present is not value:
        data = None  # a migrated value has other lines
    return _typed(lambda: _converted(present, scheme.document_type), file, data)


def _converted(value: Json, kind: type[Document]) -> Document:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:  # of 29.0, too, which is an integer in JSON Schema
        return msgspec.convert(with_integers(value), kind)


def _typed(make: Callable[[], Document], file: str, data: bytes | None = None) -> Document:
    try:
        return make()
    except msgspec.DecodeError as error:
        what, where = str(error), ""
        if " - at " in what:
            what, _, where = what.rpartition(" - at ")
        steps = re.findall(r"[^.$\[\]`]+", where)
        path = tuple(int(step) if step.isdecimal() else step for step in steps)
        line = f":{locate(data, path)[0]}" if data else ""
        place = where or "`$`"
        mismatch = Mismatch(
            f"{file}{line}: {what[:200]} at {place}; `statevisit validate` says more"
        )
        mismatch.path, mismatch.detail = path, what[:200]
        raise mismatch from None


def is_newer(value: JsonObject) -> bool:
    """Whether parsed JSON states a newer schema version than this package knows."""
    version = with_integers(value.get("schema_version"))
    return isinstance(version, int) and version > SCHEMA_VERSION


def natural(record_id: str) -> tuple[int, str]:
    """Return a sort key that puts `m2` before `m10`."""
    return len(record_id), record_id


_START, _END = attrgetter("start"), attrgetter("end")
_LAID_OUT = "_laid_out"
"""Marks documents that were decoded from bytes in the canonical layout."""

_ORDERED = "_ordered"
"""Marks documents in canonical order, so that none is sorted twice; a changed copy lacks it."""


def ordered(document: Document, like: Document | None = None) -> Document:
    """Return the document with its records and states in canonical order.

    Spans stand by start, then the longer first, then id; entities and event chains by their first
    mention; relations by their first evidence; event relations by source and target; arguments by
    the place of their target, sources by theirs, and members by their id. Sentences and tokens that
    are the same objects as in `like`, an ordered document, are not sorted again.
    """
    if _ORDERED in document.__dict__:
        return document
    spans, places = _sorted_spans(document)
    last = len(places)
    first = _first_mentions(spans, places)

    def group_key(group: Entity | EventChain) -> tuple[int, tuple[int, str]]:
        return first.get(group.id, last), natural(group.id)

    def relation_key(relation: Relation) -> tuple[tuple[int, ...], tuple[int, str]]:
        return (relation.evidence or ())[:1], natural(relation.id)

    def event_relation_key(relation: EventRelation) -> tuple[int, int, str]:
        source, target = relation.source, relation.target
        return places.get(source, last), places.get(target, last), relation.type or ""

    relations = [_with_sorted_evidence(relation) for relation in document.relations]
    layers: dict[str, tuple[Any, ...]] = {name: tuple(records) for name, records in spans.items()}
    layers["events"] = tuple(_with_sorted_arguments(e, places) for e in spans["events"])
    layers["quotations"] = tuple(_with_sorted_sources(q, places) for q in spans["quotations"])
    entities = [_with_sorted_members(entity) for entity in document.entities]
    layers["entities"] = tuple(sorted(entities, key=group_key))
    layers["event_chains"] = tuple(sorted(document.event_chains, key=group_key))
    layers["relations"] = tuple(sorted(relations, key=relation_key))
    layers["event_relations"] = tuple(sorted(document.event_relations, key=event_relation_key))
    for name in ("sentences", "tokens"):
        records = getattr(document, name)
        if records is not getattr(like, name, None) and name not in document.orderly:
            layers[name] = _sorted(records)
    states = dict(sorted(document.layers.items(), key=_place_of_state))
    in_order = replace(document, layers=states, **layers)
    if in_order == document and list(states) == list(document.layers):
        in_order = document  # which keeps what it has computed
    in_order.__dict__[_ORDERED] = True
    return in_order


def _place_of_state(state: tuple[str, str]) -> int:
    """The place of a layer's state in a file; a layer that is unknown comes last."""
    layers = tuple(LAYERS)
    return layers.index(state[0]) if state[0] in LAYERS else len(layers)


def _first_mentions(spans: dict[str, list[Any]], places: dict[str, int]) -> dict[str, int]:
    """The place of the first mention of each entity and event chain, literal mentions last."""
    first: dict[str, int] = {}
    for mention in spans["mentions"]:
        if mention.entity:
            first.setdefault(mention.entity, places[mention.id])
    for event in spans["events"]:
        if event.event:
            first.setdefault(event.event, places[event.id])
    for mention in spans["mentions"]:
        if mention.literal:
            first.setdefault(mention.literal, places[mention.id])
    return first


def _with_sorted_evidence(relation: Relation) -> Relation:
    if relation.evidence is None:
        return relation
    return replace(relation, evidence=tuple(sorted(relation.evidence)))


def _with_sorted_arguments(event: Event, places: dict[str, int]) -> Event:
    if event.arguments is None or len(event.arguments) < 2:
        return event

    def key(argument: Argument) -> tuple[int, str, str]:
        place = places.get(argument.target, len(places))
        return place, argument.role or "", argument.ace_role or ""

    return replace(event, arguments=tuple(sorted(event.arguments, key=key)))


def _with_sorted_sources(quotation: Quotation, places: dict[str, int]) -> Quotation:
    if quotation.sources is None or len(quotation.sources) < 2:
        return quotation
    last = len(places)

    def key(mention: str) -> tuple[int, tuple[int, str]]:
        return places.get(mention, last), natural(mention)

    return replace(quotation, sources=tuple(sorted(quotation.sources, key=key)))


def _with_sorted_members(entity: Entity) -> Entity:
    """The entity with its members by id: their places can differ in two annotations of a text."""
    if entity.members is None or len(entity.members) < 2:
        return entity
    return replace(entity, members=tuple(sorted(entity.members)))


def _sorted(records: tuple[Any, ...]) -> tuple[Any, ...]:
    # Two stable sorts by keys in C: documents have thousands of tokens.
    return tuple(sorted(sorted(records, key=_END, reverse=True), key=_START))


def _sorted_spans(document: Document) -> tuple[dict[str, list[Any]], dict[str, int]]:
    """The span layers in canonical order, and the place of each id among all spans."""
    keyed = [
        (record.start, -record.end, len(record.id), record.id, layer_number, number, record)
        for layer_number, layer in enumerate(SPAN_LAYERS)
        for number, record in enumerate(getattr(document, layer))
    ]
    keyed.sort()  # (layer, number) differs, so that records are never compared
    spans: dict[str, list[Any]] = {layer: [] for layer in SPAN_LAYERS}
    places: dict[str, int] = {}
    for place, (_, _, _, record_id, layer_number, _, record) in enumerate(keyed):
        spans[SPAN_LAYERS[layer_number]].append(record)
        places[record_id] = place
    return spans, places


def read_bytes(path: Path, regular: bool = False) -> bytes:
    """Return the bytes of a file, or of a pipe that a user names.

    With `regular`, which is for files that a directory holds, anything but a regular file is
    refused. Raises Malformed, a FormatError, if the file cannot be read or has more bytes than
    `files.size_limit`.
    """
    limit = files.size_limit()
    try:
        if regular and not stat.S_ISREG(path.stat().st_mode):
            raise Malformed(str(path), "E102", "is not a regular file; move it elsewhere")
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode):
                data = file.read() if status.st_size <= limit else b""
                size = status.st_size
            else:
                data = file.read(limit + 1)
                size = len(data)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise Malformed(str(path), "E102", message) from None
    if size > limit:
        raise Malformed(str(path), "E102", files.beyond_limit("the file"))
    return data


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, with LF line ends and without a byte order mark.

    Raises FormatError.
    """
    try:
        text = read_bytes(path, regular=True).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: is not UTF-8: {error.reason} at byte {error.start}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_document(path: Path | str, scheme: Scheme | None = None) -> Document:
    """Return the document in a file. Raises FormatError that names the file and line.

    Without a `scheme`, that of the corpus around the file counts.
    """
    path = Path(path)
    return decode(read_bytes(path), str(path), scheme or scheme_for(path))
