"""The records that were added, removed or changed between two versions of a document or corpus.

Bytes, order and layout do not count. A record is identified by its id, a sentence or token by its
offsets, an event relation by its type and ends. The properties of a document beside its layers
(text, date, source, ...) are one record of the layer `document`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal

import orjson
from msgspec import Struct

from statevisit.corpus.reader import Corpus, Entry
from statevisit.document.codec import to_value
from statevisit.document.model import LAYERS, Document
from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError, together

Key = tuple[str, str]
"""Layer and name of a record, unique in a document."""

Kind = Literal["added", "removed", "changed"]

HEAD = tuple(name for name in Document.__struct_fields__ if name not in LAYERS)
"""The properties of a document that are not layers."""

_ORDER = {layer: number for number, layer in enumerate(LAYERS)}


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record that differs between two versions.

    `old` and `new` are the record as JSON; an added record has no `old`, a removed one no `new`.
    If a whole document was added or removed, `layer` is `document` and `record` its id.
    """

    document: str
    kind: Kind
    layer: str
    record: str
    old: JsonObject | None = None
    new: JsonObject | None = None

    def properties(self) -> dict[str, tuple[Any, Any]]:
        """Return the properties that differ, each with old and new value; None if absent."""
        old, new = self.old or {}, self.new or {}
        names = {**old, **new}
        return {n: (old.get(n), new.get(n)) for n in names if old.get(n) != new.get(n)}


def keyed(document: Document, layers: Iterable[str] = LAYERS) -> dict[Key, Any]:
    """Return the records of some layers by layer and name, in the order of a file.

    If a name occurs twice in a layer, the second one is numbered: "[0, 4) (2)".
    """
    occurrences: Counter[Key] = Counter()
    records: dict[Key, Any] = {}
    for layer in layers:
        for record in getattr(document, layer):
            name = name_of(record)
            occurrences[layer, name] += 1
            occurrence = occurrences[layer, name]
            if occurrence > 1:
                name = f"{name} ({occurrence})"
            records[layer, name] = record
    return records


def differing(old: Document, new: Document) -> list[str]:
    """Return the layers that differ between two documents.

    To name only their records is much faster than to name all, with every token among them.
    """
    return [layer for layer in LAYERS if getattr(old, layer) != getattr(new, layer)]


def name_of(record: Any) -> str:
    """Return the name that identifies a record in its layer."""
    if hasattr(record, "id"):
        return str(record.id)
    if hasattr(record, "source"):
        return f"{record.source} {record.type} {record.target}"
    return f"[{record.start}, {record.end})"


def head(document: Document) -> JsonObject:
    """Return the properties of a document beside its layers, as JSON."""
    return {name: to_value(getattr(document, name)) for name in HEAD}


def diff_documents(old: Document, new: Document) -> list[Change]:
    """Return the changes from `old` to `new`, layer by layer.

    Within a layer they are in the order of the text; records without a span in the order of the
    file.
    """
    changes = []
    if any(getattr(old, name) != getattr(new, name) for name in HEAD):
        changes.append(_document_change(new.id, "changed", old, new))
    layers = differing(old, new)
    before, after = keyed(old, layers), keyed(new, layers)

    def place(key: Key) -> tuple[int, int]:
        record = after[key] if key in after else before[key]
        return _ORDER[key[0]], getattr(record, "start", 0)

    for key in sorted({**after, **before}, key=place):
        old_record, new_record = before.get(key), after.get(key)
        if not _is_same(old_record, new_record):
            layer, name = key
            changes.append(
                Change(
                    document=new.id,
                    kind=_kind(old_record, new_record),
                    layer=layer,
                    record=name,
                    old=to_value(old_record),  # None stays None
                    new=to_value(new_record),
                )
            )
    return changes


def _is_same(old: Any, new: Any) -> bool:
    """Whether two records are equal; those of different schemes have different types."""
    return old == new or (type(old) is not type(new) and to_value(old) == to_value(new))


def _kind(old: object | None, new: object | None) -> Kind:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    return "changed"


def _document_change(name: str, kind: Kind, old: Document | None, new: Document | None) -> Change:
    return Change(
        document=name,
        kind=kind,
        layer="document",
        record=name,
        old=None if old is None else head(old),
        new=None if new is None else head(new),
    )


def diff_corpora(old: Corpus, new: Corpus) -> Iterator[Change]:
    """Yield the changes from `old` to `new`; a document that only one of them has is one change.

    At most two documents are in memory. Documents that cannot be read are left out, and a
    FormatError at the end names them, with file and line.
    """
    before, nameless_before = old.located
    after, nameless_after = new.located
    errors = {**nameless_before, **nameless_after}
    for name in sorted({**before, **after}):
        if (nameless_before and name not in before) or (nameless_after and name not in after):
            continue  # it may be one of those that cannot be read
        try:
            changes = _changes(name, before.get(name), after.get(name), old.scheme, new.scheme)
        except FormatError as error:
            present = after.get(name) or before[name]
            errors[present.name] = error
        else:
            yield from changes
    if errors:
        raise together(errors)


def _changes(
    name: str, before: Entry | None, after: Entry | None, old_scheme: Scheme, new_scheme: Scheme
) -> list[Change]:
    """Return the changes of the document that two corpora, or one of them, have by one id."""
    if before is None or after is None:
        old = None if before is None else before.read(old_scheme)
        new = None if after is None else after.read(new_scheme)
        return [_document_change(name, "removed" if new is None else "added", old, new)]
    if before.bytes() == after.bytes():
        return []
    return diff_documents(before.read(old_scheme), after.read(new_scheme))


_IN_TITLE = ("id", "start", "end", "text")
"""The properties of a record that its title shows, or that the title makes unnecessary."""

_ENDS = ("source", "type", "target")
"""The properties that the title of an event relation shows."""

_LONGEST_VALUE = 100


def title(change: Change) -> str:
    """Return the name of a change's record, with its span and text if it has one."""
    record = change.new or change.old or {}
    if change.layer == "document" or "text" not in record:
        return change.record
    return f"{change.record} [{record['start']}, {record['end']}) {record['text']!r}"


def details(change: Change) -> list[str]:
    """Return the properties that a change adds to its title, each as text.

    For an added or removed record these are its properties, as `name=value`; for a changed one
    those that differ, as `name: old → new`.
    """
    if change.kind == "changed":
        return [_difference(name, *values) for name, values in change.properties().items()]
    if change.layer == "document":
        return []  # the title says everything
    record = change.new or change.old or {}
    in_title = _ENDS if change.layer == "event_relations" else _IN_TITLE
    shown = {k: v for k, v in record.items() if k not in in_title and v != []}
    return [f"{name}={_value_text(value)}" for name, value in shown.items()]


def _difference(name: str, old: Any, new: Any) -> str:
    if isinstance(old, dict) and isinstance(new, dict):
        parts = {**old, **new}
        changed = [part for part in parts if old.get(part) != new.get(part)]
        listed = (_difference(part, old.get(part), new.get(part)) for part in changed)
        return f"{name}: {', '.join(listed)}"
    if not isinstance(old, list) or not isinstance(new, list):
        return f"{name}: {_value_text(old)} → {_value_text(new)}"
    before, after = set(map(orjson.dumps, old)), set(map(orjson.dumps, new))
    removed = [f"-{_value_text(value)}" for value in old if orjson.dumps(value) not in after]
    added = [f"+{_value_text(value)}" for value in new if orjson.dumps(value) not in before]
    return f"{name}: {', '.join([*removed, *added]) or 'order'}"


def _value_text(value: Any) -> str:
    """Return a JSON value on one line, shortened to 100 characters if it is no list or object."""
    if isinstance(value, dict):
        return f"({' '.join(map(_value_text, value.values()))})"
    if isinstance(value, list):
        return f"[{', '.join(map(_value_text, value))}]"
    if value is None:
        return "(none)"
    text = value if isinstance(value, str) and value.isprintable() else repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
