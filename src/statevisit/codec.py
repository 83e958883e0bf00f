"""Document <-> canonical JSON, byte-stable.

The canonical form: UTF-8 without escapes that JSON does not ask for, no spaces, one record per line, keys in
the schema's order, records sorted by position, a newline at the end. A git diff of two versions therefore
shows exactly the records that changed, and `encode(decode(data)) == data` for every canonical `data`.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec
import orjson
from msgspec.structs import replace

from statevisit import files
from statevisit.errors import FormatError
from statevisit.migrate import upgraded
from statevisit.model import LAYERS, SCHEMA_VERSION, SPAN_LAYERS, Document

NEWER = f"written for a schema newer than version {SCHEMA_VERSION}, which is what this statevisit reads: pip install -U statevisit"

TEXTLESS = "of the annotations-only edition, which has no text: `statevisit restore DIR --text SEED -o OUT` brings it back"


class Malformed(FormatError):
    """Bytes that are not a JSON document; `code` is the finding's, `line` and `column` count from 1 (0: none)."""

    def __init__(self, file: str, code: str, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"{file}:{line}:{column}: {message}" if line else f"{file}: {message}")
        self.code, self.message, self.line, self.column = code, message, line, column
        self._arguments = file, code, message, line, column

    def __reduce__(self) -> Any:  # what raises it may be another process
        return Malformed, self._arguments


def parse(data: bytes, file: str = "<bytes>") -> Any:
    """JSON as Python values. Stricter than JSON parsers are: duplicate keys are refused as well.

    Raises Malformed, with the position, for bytes that are not UTF-8 or not JSON (NaN and nesting beyond
    1,024 included), and for objects with one key twice.
    """
    try:
        value = orjson.loads(data)
        if orjson.dumps(value) != data.replace(
            b"\n", b""
        ):  # such compact bytes cannot hold a key twice
            _refuse_duplicates(data, file)
    except orjson.JSONDecodeError as error:
        raise _malformed(data, error, file) from None
    except (RecursionError, orjson.JSONEncodeError):
        raise Malformed(file, "E102", "not JSON that anyone wrote: nested too deep") from None
    return value


def _malformed(data: bytes, error: orjson.JSONDecodeError, file: str) -> Malformed:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as bad:
        head = data[: bad.start]
        message = f"not UTF-8: byte 0x{data[bad.start]:02x} at offset {bad.start:,}; save the file as UTF-8"
        return Malformed(
            file, "E101", message, head.count(b"\n") + 1, len(head) - head.rfind(b"\n")
        )
    if data.startswith(b"\xef\xbb\xbf"):
        return Malformed(
            file, "E101", "begins with a byte order mark; save the file as UTF-8 without BOM", 1, 1
        )
    return Malformed(file, "E102", f"not JSON: {error.msg}", error.lineno, error.colno)


def _refuse_duplicates(data: bytes, file: str) -> None:
    duplicates: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            seen: set[str] = set()
            duplicates.extend(k for k, _ in items if k in seen or seen.add(k))  # type: ignore[func-returns-value]
        return found

    json.loads(data, object_pairs_hook=pairs)
    if duplicates:
        text = data.decode("utf-8")
        line, column = next((position(text, at) for at in _second_keys(text)), (0, 0))
        raise Malformed(
            file,
            "E103",
            f"the key {json.dumps(duplicates[0][:60])} stands twice in one object; keep one of them",
            line,
            column,
        )


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both from 1, of a code point offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def _skip(text: str, at: int) -> int:
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]


def _items(text: str, at: int) -> Iterator[tuple[str | int, int, int]]:
    """(key or index, where the key or item stands, where its value stands) in the container that begins at `at`."""
    is_object, close, number = text[at] == "{", "}" if text[at] == "{" else "]", 0
    at = _skip(text, at + 1)
    while text[at] != close:
        key: str | int = number
        start = at
        if is_object:
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        yield key, start, at
        at = _skip(text, _DECODER.raw_decode(text, at)[1])
        at, number = (_skip(text, at + 1) if text[at] == "," else at), number + 1


def _second_keys(text: str, at: int = -1) -> Iterator[int]:
    """Where in `text` an object's key stands for the second time."""
    at = _skip(text, 0) if at < 0 else at
    if text[at] in "{[":
        seen: set[str | int] = set()
        for key, start, value in _items(text, at):
            if key in seen:
                yield start
            seen.add(key)
            yield from _second_keys(text, value)


def locate(data: bytes, path: Iterable[str | int]) -> tuple[int, int]:
    """Line and column, both from 1, of the value at `path` in a JSON text, or of the nearest thing around it.

    A step into an array may be a number or its digits, as in a JSON Pointer.
    """
    text = data.decode("utf-8")
    at = _skip(text, 0)
    for step in path:
        if text[at] not in "{[":
            break
        found = next((value for key, _, value in _items(text, at) if str(key) == str(step)), None)
        if found is None:
            break
        at = found
    return position(text, at)


def pointer(path: Iterable[str | int]) -> str:
    """A JSON Pointer (RFC 6901) for a path."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def encode_value(value: Any) -> bytes:
    """Any JSON value in the canonical layout: the members of the top object one per line, records one per line."""
    if not isinstance(value, dict):
        return orjson.dumps(value) + b"\n"
    return _lay_out(
        (k, _lines(b"\n".join(map(orjson.dumps, v))) if _records(v) else orjson.dumps(v))
        for k, v in value.items()
    )


def _records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _lines(records: bytes) -> bytes:
    """An array of records, given one a line, which in JSON no string breaks."""
    return b"[\n" + records.replace(b"\n", b",\n") + b"\n]" if records else b"[]"


def _lay_out(members: Iterable[tuple[str, bytes]]) -> bytes:
    return (
        b"{\n" + b",\n".join(orjson.dumps(key) + b":" + value for key, value in members) + b"\n}\n"
    )


_ENCODER = msgspec.json.Encoder()


def encode(document: Document) -> bytes:
    """The canonical bytes of a document, its records sorted."""
    document = ordered(document)
    lines, one = _ENCODER.encode_lines, _ENCODER.encode
    return _lay_out(
        (n, _lines(lines(getattr(document, n))[:-1]) if n in LAYERS else one(getattr(document, n)))
        for n in Document.__struct_fields__
    )


def to_value(record: Any) -> Any:
    """A document, a record or what one holds as plain dictionaries, lists and values, as `parse` gives them."""
    return orjson.loads(_ENCODER.encode(record))


def decode(data: bytes, file: str = "<bytes>") -> Document:
    """A document from JSON bytes. Raises FormatError that names the file and line.

    The structure is checked (properties and their types); `statevisit.validate` checks everything.
    """
    return convert(parse(data, file), file, data)


def decode_canonical(data: bytes, file: str) -> Document:
    """A document from bytes that `encode` made, as their digest shows: quicker, for no key is looked for twice. Raises FormatError."""
    return _typed(lambda: msgspec.json.decode(data, type=Document), file)


def convert(value: Any, file: str, data: bytes | None = None) -> Document:
    """A document from parsed JSON. Raises FormatError; `data` is what was parsed, for the line."""
    if isinstance(value, dict) and (is_newer(value) or "edition" in value):
        raise FormatError(f"{file}: {TEXTLESS if 'edition' in value else NEWER}")
    present = upgraded(value, file)
    return _typed(
        lambda: msgspec.convert(present, Document), file, data if present is value else None
    )  # what was migrated has other lines


def _typed(make: Callable[[], Document], file: str, data: bytes | None = None) -> Document:
    try:
        return make()
    except msgspec.DecodeError as error:
        what, _, where = (
            str(error).rpartition(" - at ") if " - at " in str(error) else (str(error), "", "")
        )
        path = re.findall(r"[^.$\[\]`]+", where)
        line = f":{locate(data, path)[0]}" if data else ""
        raise FormatError(
            f"{file}{line}: {what[:200]} at {where or '`$`'}; `statevisit validate` says more"
        ) from None


def is_newer(value: dict[str, Any]) -> bool:
    """Whether parsed JSON says that it follows a newer schema than this package knows."""
    version = value.get("schema_version")
    return isinstance(version, int) and version > SCHEMA_VERSION


def natural(record_id: str) -> tuple[int, str]:
    """A sort key that puts `m2` before `m10`."""
    return len(record_id), record_id


_START, _END = attrgetter("start"), attrgetter("end")
_ORDERED = "_ordered"
"""Set on documents that are in canonical order, so that none is sorted again; a changed copy does not have it."""


def ordered(document: Document, like: Document | None = None) -> Document:
    """The document with its records in canonical order; sentences and tokens that are the very ones of `like` are in it already.

    Spans by start, then the longer first, then id; entities and event chains by their first mention; relations
    by their first evidence; event relations by source and target; arguments by the place of their target.
    """
    if _ORDERED in document.__dict__:
        return document
    spans, place = _placed(document)
    last = len(place)
    first: dict[str, int] = {}
    for record, name in [(m, m.entity) for m in spans["mentions"]] + [
        (e, e.event) for e in spans["events"]
    ]:
        first.setdefault(name, place[record.id])
    for mention in spans["mentions"]:
        if mention.literal:
            first.setdefault(mention.literal, place[mention.id])

    def group(r: Any) -> tuple[Any, ...]:
        return first.get(r.id, last), natural(r.id)

    spans["events"] = [
        e
        if len(e.arguments) < 2
        else replace(
            e,
            arguments=tuple(
                sorted(
                    e.arguments, key=lambda a: (place.get(a.target, last), a.role, a.ace_role or "")
                )
            ),
        )
        for e in spans["events"]
    ]
    bare = {
        n: _sorted(r)
        for n in ("sentences", "tokens")
        if (r := getattr(document, n)) is not getattr(like, n, None)
    }
    made = replace(
        document,
        **{layer: tuple(records) for layer, records in spans.items()},
        **bare,
        entities=tuple(sorted(document.entities, key=group)),
        event_chains=tuple(sorted(document.event_chains, key=group)),
        relations=tuple(
            sorted(
                (replace(r, evidence=tuple(sorted(r.evidence))) for r in document.relations),
                key=lambda r: (r.evidence[:1], natural(r.id)),
            )
        ),
        event_relations=tuple(
            sorted(
                document.event_relations,
                key=lambda r: (place.get(r.source, last), place.get(r.target, last), r.type),
            )
        ),
    )
    made.__dict__[_ORDERED] = True
    return made


def _sorted(records: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(sorted(sorted(records, key=_END, reverse=True), key=_START))  # many: keys in C


def _placed(document: Document) -> tuple[dict[str, list[Any]], dict[str, int]]:
    """(the span layers in canonical order, the place of each id among the spans of all of them)."""
    found = [
        (r.start, -r.end, len(r.id), r.id, number, at, r)
        for number, layer in enumerate(SPAN_LAYERS)
        for at, r in enumerate(getattr(document, layer))
    ]
    found.sort()  # no two are alike before the record
    spans: dict[str, list[Any]] = {layer: [] for layer in SPAN_LAYERS}
    for _, _, _, _, number, _, record in found:
        spans[SPAN_LAYERS[number]].append(record)
    return spans, {item[3]: place for place, item in enumerate(found)}


def read_bytes(path: Path) -> bytes:
    """The bytes of a file. Raises FormatError, with what to do, when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror or error}") from None


def read_document(path: Path | str) -> Document:
    """A document from a file. Raises FormatError that names the file and line."""
    return decode(read_bytes(Path(path)), str(path))


def write_document(document: Document, path: Path | str) -> None:
    """Write a document in canonical form; the file appears whole or not at all.

    Raises FormatError where `path` is a link, or lies in a corpus root and leads through one.
    """
    files.write(Path(path), encode(document))
