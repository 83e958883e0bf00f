"""What is scored against gold: a document, how much of it was predicted at all, and what in it stands nowhere."""

from collections.abc import Iterable
from operator import attrgetter
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from statevisit.model import LAYERS, SPAN_LAYERS, Document
from statevisit.scoring.spans import LABEL, Item, labels

SCORED = (*(n for n in LAYERS if n not in ("sentences", "tokens")), "ner")
"""The layers that are scored; `ner` is the flat named entities of BIO files."""


class Note(Struct, frozen=True):
    """Something a reader of the figures should know: `kind` is missing, extra, duplicate, label, offset, or unplaced."""

    kind: str
    document: str
    message: str


class Unplaced(NamedTuple):
    """A predicted record that could not be put into the text, and so is spurious."""

    layer: str
    label: str


class Prediction(Struct, frozen=True):
    """One document as predicted. `layers`: those it says anything about; the others are not predicted, which is not zero."""

    document: Document
    layers: frozenset[str] = frozenset(LAYERS)
    unplaced: tuple[Unplaced, ...] = ()
    flat: tuple[Item, ...] = ()
    """Named entities from BIO, for the layer `ner`."""
    notes: tuple[Note, ...] = field(default=())


def bare(document: Document, layers: Iterable[str] = LAYERS) -> Document:
    """The document without the records of the layers but for sentences and tokens."""
    return replace(
        document, **{n: () for n in layers if n in LAYERS and n not in ("sentences", "tokens")}
    )


def whole(document: Document) -> Prediction:
    """A document of which every layer was predicted."""
    return Prediction(document=document)


def refuse_other_text(gold: Document, pred: Document, file: str) -> None:
    """Raises FormatError, with the first difference, where the text is not the gold's: offsets would mean something else."""
    if gold.text == pred.text:
        return
    from statevisit.errors import FormatError

    at = next(
        (n for n, (a, b) in enumerate(zip(gold.text, pred.text, strict=False)) if a != b),
        min(len(gold.text), len(pred.text)),
    )

    def around(text: str) -> str:
        return (
            repr(text[max(0, at - 15) : at + 15])
            if at < len(text)
            else f"nothing after {text[max(0, at - 15) :]!r}"
        )

    raise FormatError(
        f"{file}: the text of {pred.id!r} is not the gold's: from character {at:,} it has {around(pred.text)}, the gold {around(gold.text)}; annotate the gold's text"
    )


def notes_of(gold: Document, pred: Prediction) -> list[Note]:
    """Labels that the scheme does not know, spans beyond the text, and records that are there twice."""
    from statevisit import schema

    found = list(pred.notes)
    for layer in (n for n in SPAN_LAYERS if n in pred.layers):
        known, seen = (
            set(schema.label_names("entities" if layer == "mentions" else layer, LABEL[layer])),
            set(),
        )
        chain = attrgetter(
            {"mentions": "entity", "events": "event"}.get(layer, "start")
        )  # of others the place is enough
        for r, label in zip(
            getattr(pred.document, layer), labels(pred.document, layer), strict=True
        ):
            if label not in known:
                found.append(
                    Note(
                        "label",
                        gold.id,
                        f"{layer} {r.id}: {label!r} is no label of the scheme"
                        if label
                        else f"{layer} {r.id}: has no label, its entity {r.entity!r} is not there",
                    )
                )
            if not 0 <= r.start < r.end <= len(gold.text):
                found.append(
                    Note(
                        "offset",
                        gold.id,
                        f"{layer} {r.id}: [{r.start}, {r.end}) is no span of the text, which has {len(gold.text):,} characters; counted as spurious",
                    )
                )
            elif (place := (r.start, r.end, label, chain(r))) in seen:
                found.append(
                    Note(
                        "duplicate",
                        gold.id,
                        f"{layer} {r.id}: {r.text!r} at {r.start} is there already; counted as spurious",
                    )
                )
            else:
                seen.add(place)
    return found
