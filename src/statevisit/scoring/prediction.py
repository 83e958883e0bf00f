"""The predictions that are scored against gold, and the notes about them."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from statevisit.document.model import ANNOTATED_LAYERS, LAYERS, SPAN_LAYERS, Document
from statevisit.document.records import Event, Mention
from statevisit.document.scheme import scheme_of
from statevisit.document.states import NONE
from statevisit.errors import FormatError
from statevisit.printable import counted
from statevisit.scoring.spans import LABEL, Item, SpanRecord, labels

SCORED = (*ANNOTATED_LAYERS, "ner")
"""The layers that are scored; `ner` is the flat named entities of BIO files."""


ALL = "all documents"


class Note(Struct, frozen=True):
    """A note on a document for a reader of the figures.

    `kind` is missing, extra, alone, cut, duplicate, label, offset, predicate,
    property, state, text, unplaced, or value. `document` is an id, or `ALL` for a note on the whole
    prediction.
    """

    kind: str
    document: str
    message: str


class Remark(Struct, frozen=True):
    """A note on several records alike: how many there are, in which document, and the first."""

    kind: str
    message: str
    document: str
    first: str
    count: int


class Remarks:
    """Counts records by what there is to note about them."""

    def __init__(self) -> None:
        self._remarks: dict[tuple[str, str], Remark] = {}

    def add(self, remark: Remark) -> None:
        """Add records about which there is the same to note as about earlier ones."""
        key = remark.kind, remark.message
        known = self._remarks.get(key)
        if known is not None:
            document = known.document if known.document == remark.document else ALL
            remark = replace(known, document=document, count=known.count + remark.count)
        self._remarks[key] = remark

    def all(self) -> tuple[Remark, ...]:
        """Return a remark for each thing to note, in the order in which they came up."""
        return tuple(self._remarks.values())

    def notes(self) -> list[Note]:
        """Return the remarks as notes."""
        return [
            Note(
                remark.kind,
                remark.document,
                f"{remark.message}: {counted(remark.count, 'record')}, the first {remark.first}",
            )
            for remark in self._remarks.values()
        ]


class Unplaced(NamedTuple):
    """A predicted record that could not be put into the text, and so is spurious."""

    layer: str
    label: str


class Prediction(Struct, frozen=True):
    """One document as predicted.

    `layers` are those that the system predicts at all: the others are not predicted, which differs
    from a score of zero. `flat` are the named entities of the layer `ner`, from BIO. `own_entities`
    are the ids of entities that only hold the label of a mention, and say nothing of coreference.
    In a draft (`is_draft`), what no record states is not predicted; in a document it is not so.
    `system` is the name of the system, if a draft states it.
    """

    document: Document
    layers: frozenset[str] = frozenset(LAYERS)
    unplaced: tuple[Unplaced, ...] = ()
    flat: tuple[Item, ...] = ()
    notes: tuple[Note, ...] = ()
    remarks: tuple[Remark, ...] = ()
    own_entities: frozenset[str] = frozenset()
    is_draft: bool = False
    system: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it is a whole document, each of its records in its place."""
        return self.layers >= whole(self.document).layers and not self.unplaced

    @property
    def clustered(self) -> Document:
        """The document without entities of one mention each that say nothing of coreference."""
        if not self.own_entities:
            return self.document
        mentions = self.document.mentions
        kept = tuple(m for m in mentions if m.entity not in self.own_entities)
        return replace(self.document, mentions=kept)


def bare(document: Document) -> Document:
    """Return the document with its sentences and tokens as the only records."""
    return replace(document, **dict.fromkeys(ANNOTATED_LAYERS, ()))


def whole(document: Document) -> Prediction:
    """Return a document as a prediction of every layer that is begun in it."""
    unbegun = {layer for layer, state in document.layers.items() if state == NONE}
    return Prediction(document=document, layers=frozenset(scheme_of(document).layers) - unbegun)


def refuse_other_text(gold: Document, pred: Document, file: str) -> None:
    """Raise FormatError, with the first difference, if the text of a prediction is not the gold's.

    Offsets into another text would name other words.
    """
    if gold.text == pred.text:
        return
    raise FormatError(f"{file}: the text of {pred.id!r} {difference(gold.text, pred.text)}")


def difference(gold: str, pred: str) -> str:
    """Return where and how the text of a prediction first differs from that of the gold."""
    at = common_length(gold, pred)

    def excerpt(text: str) -> str:
        before = text[max(0, at - 15) : at]
        if at == len(text):
            return f"the end of the text after {before!r}"
        return repr(before + text[at : at + 15])

    return (
        f"differs from the gold text at character {at:,}:"
        f" {excerpt(pred)} instead of {excerpt(gold)}; annotate the gold text"
    )


def common_length(a: str, b: str) -> int:
    """Return the number of characters with which two texts begin alike."""
    pairs = zip(a, b, strict=False)
    differences = (offset for offset, (one, other) in enumerate(pairs) if one != other)
    return next(differences, min(len(a), len(b)))


def notes_of(gold: Document, pred: Prediction, layers: Iterable[str]) -> list[Note]:
    """Return a prediction's notes, and those on impossible and repeated spans of some layers."""
    notes = list(pred.notes)
    for layer in SPAN_LAYERS:
        if layer in layers:
            for kind, record, problem in _problems(pred.document, layer, len(gold.text)):
                notes.append(Note(kind, gold.id, f"{layer} {record.id}: {problem}"))
    return notes


def add_remarks(remarks: Remarks, pred: Prediction, layers: Iterable[str]) -> None:
    """Add what there is to note about the records of a prediction, and about their labels."""
    for remark in pred.remarks:
        remarks.add(remark)
    for layer in SPAN_LAYERS:
        if layer in layers:
            _add_labels(remarks, pred.document, layer)


def _add_labels(remarks: Remarks, document: Document, layer: str) -> None:
    home = "entities" if layer == "mentions" else layer
    known = {None, *scheme_of(document).label_names(home, LABEL[layer])}
    of_layer = labels(document, layer)
    if known.issuperset(of_layer) and None not in of_layer:
        return
    records: tuple[SpanRecord, ...] = getattr(document, layer)
    for record, label in zip(records, of_layer, strict=True):
        if label not in known:
            message = f"unknown label {label!r} of {layer}"
            remarks.add(Remark("label", message, document.id, record.id, 1))
        elif isinstance(record, Mention) and record.entity and record.entity not in document:
            message = "mentions of an entity that is missing have no label"
            remarks.add(Remark("label", message, document.id, record.id, 1))


def _problems(
    document: Document, layer: str, text_length: int
) -> Iterator[tuple[str, SpanRecord, str]]:
    """Yield the kind of a note, the record it is about, and the problem."""
    seen: set[tuple[int, int, str | None, str]] = set()
    records: tuple[SpanRecord, ...] = getattr(document, layer)
    for record, label in zip(records, labels(document, layer), strict=True):
        start, end = record.start, record.end
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
