"""The parts of its layers that a system predicts: labels, values, links and groups, by themselves.

A tagger that gives spans only has figures for spans. Its labels are not predicted, which differs
from labels that are wrong.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

from msgspec import Struct

from statevisit.document.model import SPAN_LAYERS, Document
from statevisit.document.scheme import scheme_of
from statevisit.scoring import attributes
from statevisit.scoring.attributes import Side
from statevisit.scoring.prediction import Prediction, whole
from statevisit.scoring.spans import LABEL

COREFERENCE, ARGUMENTS, EVIDENCE = "coreference", "arguments", "evidence"
"""The parts that are no attributes: the entity or chain of a span, and those of a record."""

DIVIDED = (*SPAN_LAYERS, "relations", "event_relations")
"""The layers that have such parts."""

_STATED: Mapping[str, Callable[[Any], Any]] = {
    "timexes": attrgetter("type", "value"),
    "events": attrgetter(
        "level", "event", "class_", "type", "polarity", "modality", "doc_time_rel", "arguments"
    ),
    "relations": attrgetter("type", "evidence"),
}


class Part(Struct, frozen=True):
    """A part of a layer that a prediction gives for `given` of its `of` records only."""

    layer: str
    part: str
    given: int
    of: int


class Parts(Struct, frozen=True):
    """The parts of layers that a prediction lacks in some records, or in all."""

    lacking: Sequence[Part] = ()

    def absent(self, layer: str) -> frozenset[str]:
        """Return the parts of a layer that no record gives: they are not predicted."""
        return frozenset(p.part for p in self.lacking if p.layer == layer and not p.given)

    def in_gold(self, layers: frozenset[str], gold: Iterable[Document]) -> Counter[tuple[str, str]]:
        """Return how many gold records of some layers give a part that not every one needs."""
        counts = Counter[tuple[str, str]]()
        optional = {part.layer for part in self.lacking if part.part not in _NEEDED[part.layer]}
        for document in gold:
            for layer in optional & layers:
                for part, count in _given(whole(document), layer, whole(document).layers):
                    counts[layer, part] += count
        return counts

    def reported(
        self, layers: frozenset[str], in_gold: Mapping[tuple[str, str], int]
    ) -> list[Part]:
        """Return the parts of some layers that a reader of the figures should know of.

        They are those that every complete record has, and those that some gold record has and no
        predicted one; `in_gold` counts the gold records that give them.
        """
        return [
            part
            for part in self.lacking
            if part.layer in layers
            and (
                part.part in _NEEDED[part.layer]
                or (not part.given and in_gold.get((part.layer, part.part)))
            )
        ]


_NEEDED = {
    **{layer: (*names, COREFERENCE) for layer, names in attributes.NEEDED.items()},
    "events": (*attributes.NEEDED["events"], COREFERENCE, ARGUMENTS),
    "relations": ("type", EVIDENCE),
    "event_relations": ("type",),
}


class Given(Struct):
    """How many of the records of a layer give each of its parts.

    If all are complete, none lacks a part: there a property that is absent states that there is
    nothing, and `given` may be None.
    """

    records: int = 0
    given: Counter[str] | None = None
    is_complete: bool = False


def given_in(
    predictions: Iterable[tuple[Prediction, frozenset[str]]],
    layers: frozenset[str],
    always: bool = False,
) -> dict[str, Given]:
    """Return what the records of each layer give, if `layers` are all those that are predicted.

    Each prediction has the layers in which it counts. The parts of complete records are counted if
    they are to be added to those of others (`always`).
    """
    every = list(predictions)
    by_layer: dict[str, Given] = {}
    for layer in DIVIDED:
        of_layer = [p for p, counted in every if layer in counted and getattr(p.document, layer)]
        if layer not in layers or not of_layer:
            continue
        given = None
        is_complete = all(_is_complete(p, layer) for p in of_layer)
        if always or not is_complete:
            given = Counter[str]()
            for prediction in of_layer:
                given.update(dict(_given(prediction, layer, layers)))
        by_layer[layer] = Given(
            sum(len(getattr(p.document, layer)) for p in of_layer), given, is_complete
        )
    return by_layer


def parts_of(given: Mapping[str, Given]) -> Parts:
    """Return the parts of the predicted layers which some records lack."""
    lacking: list[Part] = []
    for layer, of_layer in given.items():
        if of_layer.is_complete or of_layer.given is None:
            continue
        for part, number in of_layer.given.items():
            if number < of_layer.records:
                lacking.append(Part(layer, part, number, of_layer.records))
    return Parts(lacking)


def _is_complete(prediction: Prediction, layer: str) -> bool:
    """Whether it is a document in which each record of a layer has all that such a record needs."""
    if prediction.is_draft:
        return False
    document = prediction.document
    records = getattr(document, layer)
    if layer == "mentions":
        complete = {
            entity.id
            for entity in document.entities
            if entity.type and entity.reference and (entity.wikidata or entity.nil)
        }
        of_mentions = all(mention.level for mention in document.mentions)
        return of_mentions and complete.issuperset(m.entity for m in document.mentions)
    if layer == "quantities":
        return all(
            q.kind and q.comparator and (q.value or q.lower or q.upper) for q in document.quantities
        )
    if layer in _STATED:
        return all(None not in stated for stated in map(_STATED[layer], records))
    return all(record.type is not None for record in records)


def _given(prediction: Prediction, layer: str, layers: frozenset[str]) -> Iterator[tuple[str, int]]:
    """Yield each part of a layer, and how many records of a prediction give it."""
    document = prediction.document
    records = getattr(document, layer)
    if layer in LABEL:
        side = Side(document)
        for name, values_of in attributes.scorable(layer, layers, scheme_of(document)).items():
            values = values_of(side, records)
            yield name, len(values) - values.count(None)
    else:
        yield "type", sum(record.type is not None for record in records)
    if layer == "mentions":
        own = prediction.own_entities
        yield COREFERENCE, sum(bool(m.entity) and m.entity not in own for m in document.mentions)
    elif layer == "events":
        yield COREFERENCE, sum(bool(event.event) for event in document.events)
        yield ARGUMENTS, sum(event.arguments is not None for event in document.events)
    elif layer == "relations":
        yield EVIDENCE, sum(relation.evidence is not None for relation in document.relations)
