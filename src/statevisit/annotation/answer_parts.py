"""The values of which an answer consists, and how they are joined."""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from statevisit.document.model import ANNOTATED_LAYERS, LAYERS
from statevisit.document.strict_json import Json, JsonObject
from statevisit.errors import FormatError
from statevisit.printable import counted

_NAMES = (*LAYERS, "ents", "spans", "label", "labels")
"""Members of answers: the layers, and where other tools keep labelled spans."""


class Recovered(Struct, frozen=True):
    """An answer of one document, or of no named one.

    `data` are JSON bytes of the value that keep the lines of the file, None if it comes from
    several places. `notes` say what was done. `is_cut` means that records may be missing.
    """

    value: Json
    data: bytes | None = None
    notes: tuple[str, ...] = ()
    is_cut: bool = False


class Part(Struct, frozen=True):
    """A value with its bytes, what was done to it, and the line where it begins."""

    value: Json
    data: bytes | None = None
    notes: tuple[str, ...] = ()
    is_cut: bool = False
    line: int = 1


def is_candidate(value: Json) -> bool:
    """Whether a value has records, or is one."""
    if isinstance(value, list):
        return bool(value) and all(is_candidate(item) or _is_triple(item) for item in value)
    if not isinstance(value, dict):
        return False
    return any(name in value for name in _NAMES) or is_record(value) or is_span(value)


def has_records(value: Json) -> bool:
    """Whether a value holds records, and is none itself."""
    return isinstance(value, list) or not (is_record(value) or is_span(value))


def is_record(value: Json) -> bool:
    """Whether a value is a record that names its layer."""
    return isinstance(value, dict) and value.get("layer") in ANNOTATED_LAYERS


def is_span(value: Json) -> bool:
    """Whether a value is a labelled span and not an answer with layers."""
    if not isinstance(value, dict) or any(isinstance(value.get(n), list) for n in _NAMES):
        return False
    return "quote" in value or ("start" in value and "end" in value)


def is_answer(value: Json) -> bool:
    """Whether a value has layers, or names the one that it is a record of."""
    if is_record(value):
        return True
    return isinstance(value, dict) and is_candidate(value) and not is_span(value)


def _is_triple(value: Json) -> bool:
    return isinstance(value, list) and [type(part) for part in value] == [int, int, str]


def assembled(parts: Sequence[Part], notes: Sequence[str], file: str) -> list[Recovered]:
    """The answers that some values are, one for each document.

    Raises FormatError for two values of one document that have the same layer.
    """
    flat = [single for part in parts for single in _flat(part)]
    if len(flat) == 1 and not is_record(flat[0].value):
        only = flat[0]
        return [Recovered(only.value, only.data, (*notes, *only.notes), only.is_cut)]
    others = [part for part in flat if not is_answer(part.value)]
    if len(others) == len(flat):
        return [_spans(flat, notes)]
    if others:
        flat = [part for part in flat if is_answer(part.value)]
        notes = (*notes, f"line {others[0].line:,}: spans without a layer left out")
    answers: dict[str | None, _Joined] = {}
    ids = {document_id for part in flat if (document_id := _document_id(part.value)) is not None}
    for part in flat:
        document_id = _document_id(part.value)
        if document_id is None and len(ids) == 1:
            (document_id,) = ids
        answers.setdefault(document_id, _Joined(document_id)).add(part, file)
    first, *rest = (joined.recovered() for joined in answers.values())
    return [replace(first, notes=(*notes, *first.notes)), *rest]


def _flat(part: Part) -> Iterator[Part]:
    """The values of a list of answers or of records that name their layer; else the value."""
    value = part.value
    if isinstance(value, list) and value and all(map(is_answer, value)):
        for number, item in enumerate(value):
            yield Part(item, None, part.notes if number == 0 else (), part.is_cut, part.line)
    else:
        yield part


def _document_id(value: Json) -> str | None:
    """The id of the document that an answer or a record names."""
    if not isinstance(value, dict):
        return None
    document_id = value.get("document" if is_record(value) else "id")
    return document_id if isinstance(document_id, str) else None


def _spans(parts: Sequence[Part], notes: Sequence[str]) -> Recovered:
    """Labelled spans, in lists or alone, as one list."""
    spans: list[Json] = []
    for part in parts:
        spans += part.value if isinstance(part.value, list) else [part.value]
    done = [note for part in parts for note in part.notes]
    return Recovered(spans, None, (*notes, *done), any(part.is_cut for part in parts))


class _Joined:
    """The answer for one document, from several values."""

    def __init__(self, document_id: str | None) -> None:
        self._value: JsonObject = {} if document_id is None else {"id": document_id}
        self._parts: list[Part] = []
        self._lines: dict[str, int] = {}

    def add(self, part: Part, file: str) -> None:
        """Add a value. Raises FormatError if it has a layer that is there already."""
        assert isinstance(part.value, dict)
        self._parts.append(part)
        if is_record(part.value):
            record = {n: v for n, v in part.value.items() if n not in ("layer", "document")}
            earlier = self._value.get(part.value["layer"])
            records = earlier if isinstance(earlier, list) else []
            records.append(record)
            self._value[part.value["layer"]] = records
            return
        for name, value in part.value.items():
            if name in self._lines and self._value[name] != value:
                raise FormatError(
                    f"{file}: two answers have `{name}`, at lines {self._lines[name]:,} and "
                    f"{part.line:,}; keep one of them"
                )
            self._value.setdefault(name, value)
            if name in _NAMES:
                self._lines[name] = part.line

    def recovered(self) -> Recovered:
        """Return the answer."""
        notes = [note for part in self._parts for note in part.notes]
        blocks = {part.line: None for part in self._parts if not is_record(part.value)}
        if len(self._parts) == 1 and blocks:
            only = self._parts[0]
            return Recovered(only.value, only.data, only.notes, only.is_cut)
        if len(blocks) > 1:
            lines = ", ".join(f"{line:,}" for line in blocks)
            notes.append(f"joined from {counted(len(blocks), 'answer')}, at lines {lines}")
        return Recovered(self._value, None, tuple(notes), any(part.is_cut for part in self._parts))
