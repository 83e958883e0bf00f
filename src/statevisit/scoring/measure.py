"""All measures of one document: gold against one prediction."""

from bisect import bisect_right
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from statevisit.document.model import SPAN_LAYERS, Document
from statevisit.scoring import attributes, spans, structure
from statevisit.scoring.attributes import Side
from statevisit.scoring.bio import gold_names
from statevisit.scoring.counts import CountTable
from statevisit.scoring.parts import ARGUMENTS, COREFERENCE, EVIDENCE, Parts
from statevisit.scoring.predicates import Spans, without
from statevisit.scoring.prediction import Prediction
from statevisit.scoring.references import gold_ids
from statevisit.scoring.spans import Alignment, Item


class Comparison(Struct, frozen=True):
    """A document, gold and predicted, and how the spans of its predicted layers are aligned.

    `number` is its place among the documents that are scored.

    `layers` are those in which it counts: predicted, also in other documents, and annotated in its
    gold; `reported` are those of them whose figures are asked for. The others are needed to compare
    references.

    `gold_ids` are the gold ids of the predicted spans that are aligned, `exact_gold_ids` those of
    the ones with the same bounds. `entity_ids` are the gold ids of predicted entities, paired by
    their mentions, if some entity has members.
    """

    number: int
    gold: Document
    pred: Prediction
    layers: frozenset[str]
    reported: frozenset[str]
    aligned: dict[str, Alignment]
    gold_ids: dict[str, str]
    exact_gold_ids: dict[str, str]
    entity_ids: dict[str, str]

    @property
    def sides(self) -> tuple[Side, Side]:
        """The two sides, for the values of attributes."""
        return Side(self.gold), Side(self.pred.document, self.gold_ids, self.entity_ids)

    @property
    def reported_alignments(self) -> dict[str, Alignment]:
        """The alignments of the reported layers."""
        return {name: aligned for name, aligned in self.aligned.items() if name in self.reported}


def sentence_of(document: Document) -> Callable[[int], int]:
    """Return a function that gives the number of an offset's sentence; -1 before the first."""
    starts = [sentence.start for sentence in document.sentences]
    return lambda offset: bisect_right(starts, offset) - 1


def always(unit: int) -> Callable[[int], int]:
    """Return a function that gives the same unit for every offset."""
    return lambda offset: unit


def compare(
    number: int,
    gold: Document,
    pred: Prediction,
    layers: frozenset[str],
    reported: frozenset[str],
    by_sentence: bool,
    omitted: Spans = frozenset(),
) -> Comparison:
    """Return a document with the alignment of its spans.

    The unit of a span is its sentence if `by_sentence`, else the number of the document. Mentions
    with the bounds in `omitted` do not count, but references to them are compared.
    """
    unit_of = sentence_of(gold) if by_sentence else always(number)
    aligned = align(gold, pred, layers, unit_of)
    spans_aligned = [aligned[layer] for layer in SPAN_LAYERS if layer in aligned]
    exact_ids, aligned_ids = gold_ids(spans_aligned)
    entity_ids: dict[str, str] = {}
    if any(entity.members for side in (gold, pred.document) for entity in side.entities):
        _, entity_ids = structure.entity_gold_ids(gold, pred.document)
    if omitted:
        gold = without(gold, omitted)
        pred = replace(pred, document=without(pred.document, omitted))
        aligned |= align(gold, pred, layers & {"mentions"}, unit_of)
    return Comparison(
        number, gold, pred, layers, reported, aligned, aligned_ids, exact_ids, entity_ids
    )


def align(
    gold: Document, pred: Prediction, layers: frozenset[str], unit_of: Callable[[int], int]
) -> dict[str, Alignment]:
    """Return the alignment of every span layer of `layers` and of `ner`.

    `unit_of` gives the unit of an offset.
    """
    tokens = gold.bounds["tokens"]

    def head_of(start: int, end: int) -> int:
        return spans.head_end(start, end, gold.text, tokens)

    aligned = {}
    for layer in SPAN_LAYERS:
        if layer not in layers:
            continue
        gold_items = spans.items(gold, layer, unit_of)
        pred_items = gold_items
        if pred.document is not gold:
            pred_items = spans.items(pred.document, layer, unit_of)
        unplaced = [
            spans.unplaced(record.label, unit_of(-1))
            for record in pred.unplaced
            if record.layer == layer
        ]
        if unplaced:
            pred_items = spans.ordered([*pred_items, *unplaced])
        aligned[layer] = spans.align(gold_items, pred_items, head_of)
    if "ner" in layers:
        aligned["ner"] = spans.align(
            _with_units(gold_names(gold), unit_of), _with_units(pred.flat, unit_of), head_of
        )
    return aligned


def _with_units(items: Sequence[Item], unit_of: Callable[[int], int]) -> list[Item]:
    return spans.ordered(replace(item, unit=unit_of(item.start)) for item in items)


def count(table: CountTable, comparison: Comparison, parts: Parts) -> None:
    """Add the counts of every measure of the reported layers to a table.

    What `parts` says is not predicted has no counts. Spans, their attributes and arguments count in
    the units of their items; relations and coreference in the unit with the document's number.
    """
    for layer, aligned in comparison.reported_alignments.items():
        absent = parts.absent(layer)
        spans.count(table, layer, aligned, has_labels=spans.LABEL.get(layer) not in absent)
        if layer != "ner":
            attributes.count(table, layer, aligned, *comparison.sides, comparison.layers, absent)
    _count_links(table, comparison, parts)


def _count_links(table: CountTable, comparison: Comparison, parts: Parts) -> None:
    """Add the counts of arguments, coreference and relations."""
    unit, layers, reported = comparison.number, comparison.layers, comparison.reported
    gold, pred = comparison.gold, comparison.pred.clustered
    exact_gold_ids = comparison.exact_gold_ids
    within = _without_other_layers(gold, layers), _without_other_layers(pred, layers)
    has_clusters = COREFERENCE not in parts.absent("mentions")
    if "events" in reported:
        absent = parts.absent("events")
        if ARGUMENTS not in absent:
            structure.arguments(table, *within, exact_gold_ids, comparison.aligned["events"])
        if COREFERENCE not in absent:
            structure.coreference(table, unit, "events", gold, pred)
    if "mentions" in reported and has_clusters:
        structure.coreference(table, unit, "mentions", gold, pred)
    if "relations" in reported and {"entities", "mentions"} <= layers and has_clusters:
        absent = parts.absent("relations")
        has_chains = {"events", "event_chains"} <= layers
        has_chains = has_chains and COREFERENCE not in parts.absent("events")
        related = (gold, pred) if has_chains else (_between_entities(gold), _between_entities(pred))
        if "type" not in absent:
            structure.relations(table, unit, *related, has_evidence=EVIDENCE not in absent)
    if "event_relations" in reported and "type" not in parts.absent("event_relations"):
        structure.event_relations(table, unit, *within, exact_gold_ids)


def _between_entities(document: Document) -> Document:
    """A document without relations to anything but entities."""
    entities = {entity.id for entity in document.entities}
    kept = tuple(relation for relation in document.relations if relation.target in entities)
    return replace(document, relations=kept)


def _without_other_layers(document: Document, layers: frozenset[str]) -> Document:
    """A document without arguments and event relations that need layers that do not count."""
    others = {
        record.id
        for name in ("mentions", "timexes", "quantities", "events")
        if name not in layers
        for record in getattr(document, name)
    }
    if not others:
        return document
    events = []
    for event in document.events:
        arguments = tuple(a for a in event.arguments or () if a.target not in others)
        events.append(replace(event, arguments=arguments))
    event_relations = [
        relation
        for relation in document.event_relations
        if relation.source not in others and relation.target not in others
    ]
    return replace(document, events=tuple(events), event_relations=tuple(event_relations))
