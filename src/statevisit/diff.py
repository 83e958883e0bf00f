"""The essential diff: which records were added, removed or changed between two versions of a document or corpus.

Bytes, order and layout do not count; records do. A record is known by its id; sentences and tokens by their
offsets, event relations by what they relate. What a document says of itself beside its layers (its text, date,
source, ...) is one record of the layer `document`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from msgspec import Struct

from statevisit.codec import to_value
from statevisit.corpus import Corpus, Entry
from statevisit.model import LAYERS, Document

Key = tuple[str, str]
"""Layer and name of a record, unique in a document."""

HEAD = tuple(name for name in Document.__struct_fields__ if name not in LAYERS)


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record that is not the same in two versions.

    `old` and `new` are the record as JSON has it; a record that was added has no `old`, one that was removed no
    `new`. Where a whole document was added or removed, `layer` is `document` and `record` its id.
    """

    document: str
    kind: Literal["added", "removed", "changed"]
    layer: str
    record: str
    old: dict[str, Any] | None = None
    new: dict[str, Any] | None = None

    def properties(self) -> dict[str, tuple[Any, Any]]:
        """The properties that differ, each with its old and new value; None where it is absent."""
        old, new = self.old or {}, self.new or {}
        return {k: (old.get(k), new.get(k)) for k in {**old, **new} if old.get(k) != new.get(k)}


def keyed(document: Document, layers: Iterable[str] = LAYERS) -> dict[Key, Any]:
    """The records of layers by what they are known by, in the order of a file. What occurs twice is numbered."""
    seen: Counter[Key] = Counter()
    found = {}
    for layer in layers:
        for record in getattr(document, layer):
            key = layer, name_of(record)
            seen[key] += 1
            found[key if seen[key] == 1 else (layer, f"{key[1]} ({seen[key]})")] = record
    return found


def differing(old: Document, new: Document) -> list[str]:
    """The layers that are not the same in two documents: naming the records of the others, every token among them, would be for nothing."""
    return [layer for layer in LAYERS if getattr(old, layer) != getattr(new, layer)]


def name_of(record: Any) -> str:
    """What a record is known by within its layer."""
    if hasattr(record, "id"):
        return record.id
    return (
        f"{record.source} {record.type} {record.target}"
        if hasattr(record, "source")
        else f"[{record.start}, {record.end})"
    )


def head(document: Document) -> dict[str, Any]:
    """What a document says of itself beside its layers."""
    return {name: to_value(getattr(document, name)) for name in HEAD}


def diff_documents(old: Document, new: Document) -> list[Change]:
    """What changed from `old` to `new`, layer by layer; within a layer in the order of the text, as `new` has it."""
    changes = []
    changed = differing(old, new)
    before, after = keyed(old, changed), keyed(new, changed)
    if any(getattr(old, name) != getattr(new, name) for name in HEAD):
        changes.append(
            Change(
                document=new.id,
                kind="changed",
                layer="document",
                record=new.id,
                old=head(old),
                new=head(new),
            )
        )
    for key in sorted(
        {**after, **before}, key=lambda k: (_ORDER[k[0]], _place(after.get(k, before.get(k))))
    ):
        a, b = before.get(key), after.get(key)
        if a != b:
            kind: Any = "changed" if a and b else "added" if b else "removed"
            changes.append(
                Change(
                    document=new.id,
                    kind=kind,
                    layer=key[0],
                    record=key[1],
                    old=to_value(a),
                    new=to_value(b),
                )
            )  # to_value(None) is None
    return changes


_ORDER = {layer: number for number, layer in enumerate(LAYERS)}


def _place(record: Any) -> int:
    return getattr(
        record, "start", 0
    )  # the sort is stable: records without a span stay in the order of the file


def diff_corpora(old: Corpus, new: Corpus) -> Iterator[Change]:
    """What changed from `old` to `new`: a document that only one of them has is one change.

    Two documents are at most in memory. Raises FormatError, with file and line, for a document that cannot be read.
    """
    before, after = _entries(old), _entries(new)
    for name in sorted({**before, **after}):
        if name not in after:
            yield Change(
                document=name,
                kind="removed",
                layer="document",
                record=name,
                old=head(before[name].read()),
            )
        elif name not in before:
            yield Change(
                document=name,
                kind="added",
                layer="document",
                record=name,
                new=head(after[name].read()),
            )
        elif before[name].bytes() != after[name].bytes():
            yield from diff_documents(before[name].read(), after[name].read())


def _entries(corpus: Corpus) -> dict[str, Entry]:
    return dict(zip(corpus.ids, corpus.entries, strict=True))


_IN_TITLE = ("id", "start", "end", "text")
"""The properties of a record that its title shows, or that the title makes unnecessary."""

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
    if change.layer in ("document", "event_relations"):
        return []  # the title says everything
    record = change.new or change.old or {}
    shown = {k: v for k, v in record.items() if k not in _IN_TITLE and v != []}
    return [f"{name}={_value_text(value)}" for name, value in shown.items()]


def _difference(name: str, old: Any, new: Any) -> str:
    if not isinstance(old, list) or not isinstance(new, list):
        return f"{name}: {_value_text(old)} → {_value_text(new)}"
    removed = [f"-{_value_text(value)}" for value in old if value not in new]
    added = [f"+{_value_text(value)}" for value in new if value not in old]
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
