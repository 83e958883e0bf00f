"""Measures of the links between spans: arguments, coreference, relations, event relations.

References are compared by the gold ids of the records they name: two records are the same if their
spans have the same bounds; for entities, each measure says when they are.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import chain
from operator import attrgetter
from typing import NamedTuple, TypeVar

from statevisit.document.model import Document
from statevisit.document.records import (
    FACT,
    Entity,
    Event,
    EventChain,
    EventRelation,
    Mention,
    Relation,
    Timex,
)
from statevisit.document.time_algebra import ORDERS, SYMMETRIC, Link
from statevisit.scoring import assignment, coref, temporal
from statevisit.scoring.assignment import Pair
from statevisit.scoring.counts import CountTable, MatchCounts, MeasureKey, UnitLabel
from statevisit.scoring.references import GoldIds, Reference, in_gold_ids
from statevisit.scoring.spans import Alignment

Statement = tuple[UnitLabel, tuple[Hashable, ...]]
"""The content of a record, such as the two ends of a relation, with its unit and label."""

AnyRelation = Relation | EventRelation
Related = TypeVar("Related", bound=AnyRelation)


def _count_equal(
    table: CountTable,
    layer: str,
    measure: str,
    gold: Sequence[Statement],
    pred: Sequence[Statement],
) -> None:
    """Add the counts of equal statements, for all labels and for each, to a table.

    A statement that is predicted twice is correct twice if the gold has it twice.
    """
    correct = Counter(gold) & Counter(pred)
    correct_counts = Counter(place for place, _ in correct.elements())
    gold_counts = Counter(place for place, _ in gold)
    pred_counts = Counter(place for place, _ in pred)
    by_label = {
        place: MatchCounts(
            correct_counts[place], pred_counts[place], correct_counts[place], gold_counts[place]
        )
        for place in gold_counts | pred_counts
    }
    table.add_labels(layer, measure, by_label)


def arguments(
    table: CountTable, gold: Document, pred: Document, exact_ids: GoldIds, triggers: Alignment
) -> None:
    """Add the counts of event arguments, end to end and for matched triggers, to a table.

    Role, trigger and target have to be correct (ACE 2005). For matched triggers, both sides are
    restricted to events whose trigger is on both: for a system that was given the gold triggers,
    that is scoring with gold triggers (Li et al. 2013). Arguments count in the units of their
    triggers.
    """
    units: dict[Reference, int] = {}
    for item in triggers.gold:
        if item.record is not None:
            units[item.record.id] = item.unit
    for item in triggers.pred:
        if item.record is not None:
            units["unaligned", item.record.id] = item.unit
    gold_statements: list[Statement] = [
        ((units[event.id], argument.role), (event.id, argument.target))
        for event in gold.events
        for argument in event.arguments or ()
        if argument.role is not None
    ]
    pred_statements: list[Statement] = []
    for event in pred.events:
        event_id = in_gold_ids(event.id, exact_ids)
        for argument in event.arguments or ():
            if argument.role is None:
                continue
            place = units[event_id], argument.role
            pred_statements.append((place, (event_id, in_gold_ids(argument.target, exact_ids))))
    _count_equal(table, "arguments", "end to end", gold_statements, pred_statements)
    matched = {exact_ids[event.id] for event in pred.events if event.id in exact_ids}
    _count_equal(
        table,
        "arguments",
        "matched triggers",
        [statement for statement in gold_statements if statement[1][0] in matched],
        [statement for statement in pred_statements if statement[1][0] in matched],
    )


def coreference(table: CountTable, unit: int, layer: str, gold: Document, pred: Document) -> None:
    """Add the counts of MUC, B³, CEAFe and LEA, with and without singletons, to a table.

    `layer` is `mentions`, whose clusters are entities, or `events`, whose clusters are chains.
    """
    key = coref.clusters(getattr(gold, layer))
    response = coref.clusters(getattr(pred, layer))
    _count_coreference(table, unit, layer, "", key, response)
    key = [cluster for cluster in key if len(cluster) > 1]
    response = [cluster for cluster in response if len(cluster) > 1]
    _count_coreference(table, unit, layer, " without singletons", key, response)


def _count_coreference(
    table: CountTable,
    unit: int,
    layer: str,
    suffix: str,
    key: Sequence[coref.Cluster],
    response: Sequence[coref.Cluster],
) -> None:
    sides = coref.sides(key, response)
    for name, counts_of in coref.MEASURES.items():
        measure = MeasureKey(f"{layer} coreference", f"{name}{suffix}")
        table.add(measure, unit, counts_of(*sides))


class _Group(NamedTuple):
    """An entity or event chain and the bounds of its mentions; a chain has no type."""

    mentions: frozenset[coref.Bounds]
    type: str
    wikidata: str
    name: str
    id: str


def _groups(
    groups: Iterable[Entity | EventChain], members: Iterable[Mention | Event]
) -> list[_Group]:
    """The groups, by their ids, in an order that does not depend on that of the records."""
    mentions = coref.groups(members)
    in_any_order = [
        _Group(
            frozenset(mentions.get(group.id, ())),
            (group.type if isinstance(group, Entity) else None) or "",
            group.wikidata or "",
            group.name or "",
            group.id,
        )
        for group in {group.id: group for group in groups}.values()
    ]
    return sorted(in_any_order, key=lambda group: (sorted(group.mentions), *group[1:]))


def entity_gold_ids(gold: Document, pred: Document) -> tuple[dict[str, str], dict[str, str]]:
    """Return the gold ids of predicted entities that are equal, and of those paired by cluster.

    Equal entities have the same mentions and type. By cluster, entities are paired by φ4 of their
    mentions as in CEAFe. An entity without mentions, which is meant literally only, is in both ways
    that of the gold with the same type, link and name.
    """
    return _paired_ids(_groups(gold.entities, gold.mentions), _groups(pred.entities, pred.mentions))


def chain_gold_ids(gold: Document, pred: Document) -> tuple[dict[str, str], dict[str, str]]:
    """Return `entity_gold_ids` of event chains, whose mentions are events; they have no type."""
    return _paired_ids(
        _groups(gold.event_chains, gold.events), _groups(pred.event_chains, pred.events)
    )


def _paired_ids(
    key: Sequence[_Group], response: Sequence[_Group]
) -> tuple[dict[str, str], dict[str, str]]:
    """The gold ids of predicted groups that are equal, and of those paired by mentions."""
    equal = assignment.equal_pairs(
        [_identity(group) for group in key], [_identity(group) for group in response]
    )
    paired = [(i, j) for i, j in equal if not key[i].mentions]
    paired += _paired_by_mentions(
        [group.mentions for group in key], [group.mentions for group in response]
    )
    return (
        {response[j].id: key[i].id for i, j in equal},
        {response[j].id: key[i].id for i, j in paired},
    )


_MANY = 16
"""Entities of one side with the same mention above which it does not tell them apart."""


def _paired_by_mentions(
    key: Sequence[coref.Cluster], response: Sequence[coref.Cluster]
) -> list[Pair]:
    """The numbers of entities paired by φ4; of many with the same mentions, the n-th with the n-th.

    Mentions of many entities are otherwise left out, since each pair of these would be weighed.
    """
    counts = [Counter(chain.from_iterable(side)) for side in (key, response)]
    common = {mention for side in counts for mention, count in side.items() if count > _MANY}
    if not common:
        return assignment.assignment(coref.phi4(*coref.sides(key, response)))
    pairs = assignment.equal_pairs(
        [cluster if cluster & common else None for cluster in key],
        [cluster if cluster & common else None for cluster in response],
    )
    paired = {i for i, _ in pairs}, {j for _, j in pairs}
    rest = [
        [frozenset() if n in numbers else cluster - common for n, cluster in enumerate(side)]
        for side, numbers in zip((key, response), paired, strict=True)
    ]
    return pairs + assignment.assignment(coref.phi4(*coref.sides(*rest)))


def _identity(group: _Group) -> Hashable:
    """The properties that equal groups share."""
    if group.mentions:
        return group.mentions, group.type
    return group.type, group.wikidata, group.name


def relations(
    table: CountTable, unit: int, gold: Document, pred: Document, has_evidence: bool = True
) -> None:
    """Add the counts of relations of entities, with each other and with events, to a table.

    - strict: both entities have exactly the gold's mentions and types (as SemEval-2010 and ACE),
      and an event chain has exactly the gold's event mentions;
    - by cluster: entities and chains are paired by their mentions as in CEAFe (the entity level of
      DWIE, Zaporojets et al. 2021);
    - evidence: by cluster, a relation with each sentence that supports it (DocRED, Yao et al.
      2019), if `has_evidence`, since the prediction gives some;
    - modality and inferred: by cluster, a relation with that property, if some relation has it.
    """
    equal_ids, cluster_ids = entity_gold_ids(gold, pred)
    equal_chains, paired_chains = chain_gold_ids(gold, pred)
    equal_ids, cluster_ids = equal_chains | equal_ids, paired_chains | cluster_ids
    in_gold = _statements(unit, gold.relations, None)
    strict = _statements(unit, pred.relations, equal_ids)
    by_cluster = _statements(unit, pred.relations, cluster_ids)
    _count_equal(table, "relations", "strict", in_gold, strict)
    _count_equal(table, "relations", "by cluster", in_gold, by_cluster)
    if has_evidence:
        _count_equal(
            table,
            "relations",
            "evidence",
            _with_evidence(in_gold, gold.relations),
            _with_evidence(by_cluster, pred.relations),
        )
    sides = (in_gold, gold.relations), (by_cluster, pred.relations)
    _count_with(table, "relations", "modality", _modality, *sides)
    _count_with(table, "relations", "inferred", attrgetter("inferred"), *sides)


def _modality(relation: AnyRelation) -> str | None:
    """The modality of a relation that the text does not state as a fact."""
    return None if relation.modality == FACT else relation.modality


def _count_with(
    table: CountTable,
    layer: str,
    name: str,
    value_of: Callable[[AnyRelation], Hashable],
    gold: tuple[Sequence[Statement], Sequence[AnyRelation]],
    pred: tuple[Sequence[Statement], Sequence[AnyRelation]],
) -> None:
    """Add the counts of relations with a property, if any has it, to a table.

    Each side has the statements of its relations, in their order. A relation without the property
    equals one that lacks it, too.
    """
    if any(value_of(relation) for _, relations in (gold, pred) for relation in relations):
        extended = [
            [
                (place, (*ends, value_of(relation)))
                for (place, ends), relation in zip(statements, _typed(relations), strict=True)
            ]
            for statements, relations in (gold, pred)
        ]
        _count_equal(table, layer, name, *extended)


def _typed(relations: Iterable[Related]) -> list[Related]:
    """The relations that have a type: one without says nothing that can be compared."""
    return [relation for relation in relations if relation.type is not None]


def _statements(
    unit: int, relations: Iterable[AnyRelation], ids: GoldIds | None
) -> list[Statement]:
    """The ends of relations with a type, in gold ids; `ids` is None for the gold itself."""
    statements: list[Statement] = []
    for relation in _typed(relations):
        ends: tuple[Reference, Reference] = (relation.source, relation.target)
        if ids is not None:
            ends = in_gold_ids(relation.source, ids), in_gold_ids(relation.target, ids)
        statements.append(((unit, str(relation.type)), ends))
    return statements


def _with_evidence(
    statements: Iterable[Statement], relations: Iterable[Relation]
) -> list[Statement]:
    """One statement for each sentence that supports a relation."""
    return [
        (place, (*ends, sentence))
        for (place, ends), relation in zip(statements, _typed(relations), strict=True)
        for sentence in relation.evidence or ()
    ]


def event_relations(
    table: CountTable, unit: int, gold: Document, pred: Document, exact_ids: GoldIds
) -> None:
    """Add the counts of relations between events and times to a table.

    Strict: same type and ends. Modality: the modality too, if some relation is not a fact. Temporal
    awareness: what the temporal relations of one side entail of the other, whatever their modality.
    """
    in_gold = _statements(unit, gold.event_relations, None)
    predicted = _statements(unit, pred.event_relations, exact_ids)
    undirected = [[_undirected(statement) for statement in side] for side in (in_gold, predicted)]
    _count_equal(table, "event_relations", "strict", *undirected)
    sides = zip(undirected, (gold.event_relations, pred.event_relations), strict=True)
    _count_with(table, "event_relations", "modality", _modality, *sides)
    places = _places(gold, pred, [*in_gold, *predicted])
    awareness = temporal.awareness(_links(in_gold, places), _links(predicted, places))
    table.add(MeasureKey("event_relations", "temporal awareness"), unit, awareness)


def _undirected(statement: Statement) -> Statement:
    """A statement with sorted ends, if its type is the same in both directions."""
    (unit, label), ends = statement
    if label not in SYMMETRIC:
        return statement
    return (unit, label), tuple(sorted(ends, key=str))


def _places(gold: Document, pred: Document, statements: Iterable[Statement]) -> dict[Hashable, int]:
    """The place of each end of relations in the text, whatever the order of records."""
    bounds: dict[Hashable, coref.Bounds] = {}
    bounds.update(_event_and_timex_bounds(gold))
    for record_id, record_bounds in _event_and_timex_bounds(pred):
        bounds["unaligned", record_id] = record_bounds

    def position(end: Hashable) -> tuple[int, int, str, bool]:
        start, stop = bounds.get(end, (-1, -1))
        if isinstance(end, tuple):
            return start, stop, end[1], True
        return start, stop, str(end), False

    ends = {end for _, pair in statements for end in pair}
    return {end: place for place, end in enumerate(sorted(ends, key=position))}


def _event_and_timex_bounds(document: Document) -> list[tuple[str, coref.Bounds]]:
    records: list[Event | Timex] = [*document.events, *document.timexes]
    return [(record.id, (record.start, record.end)) for record in records]


def _links(statements: Iterable[Statement], places: dict[Hashable, int]) -> list[Link]:
    """The temporal relations among statements, between the places of their ends."""
    return [
        Link(label, places[source], places[target])
        for (_, label), (source, target) in statements
        if label in ORDERS
    ]
