"""The predictions that are scored against gold, and the notes about them."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from statevisit.document.model import LAYERS, SPAN_LAYERS, Document
from statevisit.document.records import Event, Mention
from statevisit.document.scheme import scheme_of
from statevisit.errors import FormatError
from statevisit.scoring.spans import LABEL, Item, SpanRecord, labels

_ANNOTATED = tuple(name for name in LAYERS if name not in ("sentences", "tokens"))

SCORED = (*_ANNOTATED, "ner")
"""The layers that are scored; `ner` is the flat named entities of BIO files."""


ALL = "all documents"


class Note(Struct, frozen=True):
    """A note on a document for a reader of the figures.

    `kind` is missing, extra, alone, cut, duplicate, label, offset, or unplaced. `document` is an
    id, or `ALL` for a note on the whole prediction.
    """

    kind: str
    document: str
    message: str


class Unplaced(NamedTuple):
    """A predicted record that could not be put into the text, and so is spurious."""

    layer: str
    label: str


class Prediction(Struct, frozen=True):
    """One document as predicted.

    `layers` are those that the system predicts at all: the others are not predicted, which differs
    from a score of zero. `flat` are the named entities of the layer `ner`, from BIO.
    """

    document: Document
    layers: frozenset[str] = frozenset(LAYERS)
    unplaced: tuple[Unplaced, ...] = ()
    flat: tuple[Item, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether it is a whole document, each of its records in its place."""
        return self.layers.issuperset(LAYERS) and not self.unplaced


def bare(document: Document) -> Document:
    """Return the document with its sentences and tokens as the only records."""
    return replace(document, **dict.fromkeys(_ANNOTATED, ()))


def whole(document: Document) -> Prediction:
    """Return a document as a prediction of every layer."""
    return Prediction(document=document)


def refuse_other_text(gold: Document, pred: Document, file: str) -> None:
    """Raise FormatError, with the first difference, if the text of a prediction is not the gold's.

    Offsets into another text would name other words.
    """
    if gold.text == pred.text:
        return
    pairs = zip(gold.text, pred.text, strict=False)
    differences = (offset for offset, (a, b) in enumerate(pairs) if a != b)
    at = next(differences, min(len(gold.text), len(pred.text)))

    def excerpt(text: str) -> str:
        before = text[max(0, at - 15) : at]
        if at == len(text):
            return f"the end of the text after {before!r}"
        return repr(before + text[at : at + 15])

    raise FormatError(
        f"{file}: the text of {pred.id!r} differs from the gold text at character {at:,}:"
        f" {excerpt(pred.text)} instead of {excerpt(gold.text)}; annotate the gold text"
    )


def notes_of(gold: Document, pred: Prediction) -> list[Note]:
    """Return a prediction's notes, and more on unknown labels, impossible spans and duplicates."""
    notes = list(pred.notes)
    for layer in SPAN_LAYERS:
        if layer in pred.layers:
            for kind, record, problem in _problems(pred.document, layer, len(gold.text)):
                notes.append(Note(kind, gold.id, f"{layer} {record.id}: {problem}"))
    return notes


def _problems(
    document: Document, layer: str, text_length: int
) -> Iterator[tuple[str, SpanRecord, str]]:
    """Yield the kind of a note, the record it is about, and the problem."""
    known = set(
        scheme_of(document).label_names("entities" if layer == "mentions" else layer, LABEL[layer])
    )
    seen: set[tuple[int, int, str | None, str]] = set()
    records: tuple[SpanRecord, ...] = getattr(document, layer)
    for record, label in zip(records, labels(document, layer), strict=True):
        start, end = record.start, record.end
        if label is None and isinstance(record, Mention) and record.entity:
            yield "label", record, f"no label: the entity {record.entity!r} is missing"
        elif label is None:
            yield "label", record, "no label"
        elif label not in known:
            yield "label", record, f"unknown label {label!r}"
        place = (start, end, label, _group(record))
        if not 0 <= start < end <= text_length:
            outside = f"[{start}, {end}) is not a span of the text of {text_length:,} characters"
            yield "offset", record, f"{outside}; counted as spurious"
        elif place in seen:
            repeated = f"repeats {record.text!r} at {start}"
            yield "duplicate", record, f"{repeated}; counted as spurious"
        seen.add(place)


def _group(record: SpanRecord) -> str:
    """The entity of a mention, the chain of an event: records of two groups may share a span."""
    if isinstance(record, Mention):
        return record.entity or ""
    return (record.event or "") if isinstance(record, Event) else ""
