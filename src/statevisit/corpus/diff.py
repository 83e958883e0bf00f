"""The records that were added, removed or changed between two versions of a document or corpus.

Bytes, order and layout do not count. A record is identified by its id, a sentence or token by its
offsets, an event relation by its type and ends. The properties of a document beside its layers
(text, date, source, ...) are one record of the layer `document`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from msgspec import Struct

from statevisit.corpus.reader import Corpus, Entry
from statevisit.document.codec import to_value
from statevisit.document.model import LAYERS, Document
from statevisit.document.references import reference_names
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

    `old_words` and `new_words` are the words of the records that `old` and `new` name, by their
    ids, and those of a sentence or token itself, by its name.
    """

    document: str
    kind: Kind
    layer: str
    record: str
    old: JsonObject | None = None
    new: JsonObject | None = None
    old_words: dict[str, str] = {}
    new_words: dict[str, str] = {}

    @property
    def size(self) -> int:
        """How many properties differ; of an added or removed record, how many it has."""
        return len(self.properties())

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
                    old_words=_words(old, name, old_record),
                    new_words=_words(new, name, new_record),
                )
            )
    return changes


_LONGEST_WORDS = 40


def _words(document: Document, name: str, record: Any) -> dict[str, str]:
    """The words of the spans that a record names; those of a span without an id by its name."""
    if record is None:
        return {}
    words = {}
    if not hasattr(record, "id") and hasattr(record, "start"):
        words[name] = _short(document.text_of(record))
    for record_id in _ids_in("", to_value(record)):
        if record_id in document and hasattr(document[record_id], "start"):
            words[record_id] = _short(document.text_of(record_id))
    return words


def _ids_in(name: str, value: Any) -> Iterator[str]:
    """Yield the ids of other records in a value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _ids_in(key, item)
    elif isinstance(value, list):
        for item in value:
            yield from _ids_in(name, item)
    elif isinstance(value, str) and name in reference_names():
        yield value


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _LONGEST_WORDS else f"{words[: _LONGEST_WORDS - 1]}…"


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
    for compared in compared_corpora(old, new):
        yield from compared.changes


class Compared(Struct, frozen=True):
    """A document of two corpora, or of one of them, with its changes.

    `read` reads its old and its new version again; None if only one of them has it.
    """

    changes: list[Change]
    read: Callable[[], tuple[Document, Document]] | None = None


def compared_corpora(old: Corpus, new: Corpus) -> Iterator[Compared]:
    """Yield the documents that differ with their changes, like `diff_corpora`."""
    before, nameless_before = old.located
    after, nameless_after = new.located
    errors = {**nameless_before, **nameless_after}
    for name in sorted({**before, **after}):
        if (nameless_before and name not in before) or (nameless_after and name not in after):
            continue  # it may be one of those that cannot be read
        try:
            compared = _compared(name, before.get(name), after.get(name), old, new)
        except FormatError as error:
            present = after.get(name) or before[name]
            errors[present.name] = error
        else:
            if compared.changes:
                yield compared
    if errors:
        raise together(errors)


def _compared(
    name: str, before: Entry | None, after: Entry | None, old: Corpus, new: Corpus
) -> Compared:
    """Return the changes of the document that two corpora, or one of them, have by one id."""
    if before is None or after is None:
        one = None if before is None else before.read(old.scheme)
        other = None if after is None else after.read(new.scheme)
        kind: Kind = "removed" if other is None else "added"
        return Compared([_document_change(name, kind, one, other)])
    if before.bytes() == after.bytes():
        return Compared([])

    def read() -> tuple[Document, Document]:  # keeps the corpora: they may hold the files
        return before.read(old.scheme), after.read(new.scheme)

    return Compared(diff_documents(*read()), read)


def biggest_first(changes: Iterable[Change]) -> list[Change]:
    """Return changes with the documents first that have most, then the biggest of each layer.

    Documents that only one corpus has come before all others, layers with most changes before
    those with fewer. Changes of one size keep their order.
    """
    given = list(changes)
    documents = Counter(change.document for change in given)
    layers = Counter((change.document, change.layer) for change in given)

    def place(change: Change) -> tuple[Any, ...]:
        document, layer = change.document, change.layer
        is_whole = layer == "document" and change.kind != "changed"
        return (
            not is_whole,
            -documents[document],
            document,
            layer != "document",
            -layers[document, layer],
            _ORDER.get(layer, -1),
            -change.size,
        )

    return sorted(given, key=place)
