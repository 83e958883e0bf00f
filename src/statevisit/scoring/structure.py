"""What joins spans: arguments of events, relations between entities, relations between events, coreference.

References are compared through the alignment of the records they name: two records are the same when their spans
have the same start and end (entities: as the measure says).
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from statevisit.model import Document, Event, Timex
from statevisit.scoring import coref, match, temporal
from statevisit.scoring.prf import CountTable, MatchCounts, MeasureKey, UnitLabel
from statevisit.scoring.spans import Alignment
from statevisit.time_algebra import ORDERS, SYMMETRIC, Link

Names = Mapping[str, str]
"""What a predicted record's id is called on the gold side."""


def gold_ids(alignments: Iterable[Alignment]) -> tuple[dict[str, str], dict[str, str]]:
    """The gold ids of predicted spans: of those that have the same bounds, and of those that are aligned at all."""
    exact, loose = {}, {}
    for a in alignments:
        for i, j in a.pairs:
            g, p = a.gold[i], a.pred[j]
            loose[p.record.id] = g.record.id
            if g.start == p.start and g.end == p.end:
                exact[p.record.id] = g.record.id
    return exact, loose


Said = tuple[UnitLabel, Hashable]
"""Something said of a place, such as two ends of a relation; the place is the unit in which it counts, and its label."""


def _compare(
    table: CountTable, layer: str, measure: str, gold: Sequence[Said], pred: Sequence[Said]
) -> None:
    """Count what was said on both sides, for all labels and for each; what is said twice has to be there twice."""
    left, right = Counter(gold), []
    for said in pred:
        if left.get(said):
            left[said] -= 1
            right.append(said)
    cells: defaultdict[UnitLabel, list[float]] = defaultdict(lambda: [0, 0, 0, 0])
    for counted, columns in ((pred, (1,)), (gold, (3,)), (right, (0, 2))):
        for place, n in Counter(place for place, _ in counted).items():
            for c in columns:
                cells[place][c] += n
    table.add_labels(layer, measure, {p: MatchCounts(*c) for p, c in cells.items()})


def arguments(
    table: CountTable, gold: Document, pred: Document, called: Names, triggers: Alignment
) -> None:
    """Arguments, end to end and where the trigger was found (ACE 2005: role, trigger and target have to be right).

    On matched triggers both sides are cut down to events whose trigger is in both; for a system that was given
    the gold triggers, that is scoring with gold triggers (Li et al. 2013).
    """
    units = {s.record.id: s.unit for s in triggers.gold} | {
        ("unaligned", s.record.id): s.unit for s in triggers.pred if s.record is not None
    }
    mine = [((units[e.id], a.role), (e.id, a.target)) for e in gold.events for a in e.arguments]
    theirs = [
        ((units[name], a.role), (name, _named(called, a.target)))
        for e in pred.events
        for name in (_named(called, e.id),)
        for a in e.arguments
    ]
    _compare(table, "arguments", "end to end", mine, theirs)
    both = {called[e.id] for e in pred.events if e.id in called}
    _compare(
        table,
        "arguments",
        "matched triggers",
        *([said for said in side if said[1][0] in both] for side in (mine, theirs)),
    )


def coreference(
    table: CountTable, unit: int, layer: str, chain: str, gold: Document, pred: Document
) -> None:
    """MUC, B³, CEAFe and LEA of a document's entities (`mentions`) or events, with and without singletons."""
    every = [coref.clusters(getattr(d, layer), chain) for d in (gold, pred)]
    for singletons in (True, False):
        key, response = coref.sides(
            *(every if singletons else ([c for c in side if len(c) > 1] for side in every))
        )
        for name, measure in coref.MEASURES.items():
            recall, of_gold, precision, of_pred = measure(key, response)
            table.add(
                MeasureKey(
                    f"{layer} coreference", name if singletons else f"{name} without singletons"
                ),
                unit,
                MatchCounts(precision, of_pred, recall, of_gold),
            )


class _Cluster(NamedTuple):
    """An entity as its mentions; in the order in which entities that have the same ones are paired."""

    spans: frozenset[tuple[int, int]]
    type: str
    known_as: tuple[str, str]
    id: str


def _clusters(document: Document) -> list[_Cluster]:
    spans = coref.groups(document.mentions, "entity")
    found = (
        _Cluster(frozenset(spans.get(e.id, ())), e.type, (e.wikidata or "", e.name), e.id)
        for e in document.entities
    )
    return sorted(found, key=lambda c: (sorted(c.spans), *c[1:]))


def entity_names(gold: Document, pred: Document) -> tuple[dict[str, str], dict[str, str]]:
    """The gold ids of predicted entities: of those with exactly the same mentions and type, and of those paired by φ4 as in CEAFe.

    An entity without mentions (only meant literally) is the gold's with the same type, link and name.
    """
    key, response = _clusters(gold), _clusters(pred)
    equal = match.equal_pairs(
        *(
            [(c.spans, c.type, None if c.spans else c.known_as) for c in side]
            for side in (key, response)
        )
    )
    by_mentions = coref.sides([c.spans for c in key], [c.spans for c in response])
    paired = [p for p in equal if not key[p[0]].spans]
    paired += match.assignment(coref.phi4(*by_mentions))
    exact, close = ({response[j].id: key[i].id for i, j in pairs} for pairs in (equal, paired))
    return exact, close


def relations(table: CountTable, unit: int, gold: Document, pred: Document) -> None:
    """Relations between entities: strict (both have exactly the gold's mentions and types: SemEval-2010/ACE style), by cluster
    (entities are paired by their mentions as in CEAFe: the entity level of DWIE, Zaporojets et al. 2021), and evidence (DocRED, Yao
    et al. 2019: a relation with each sentence that supports it, entities by cluster).
    """
    mine = [((unit, r.type), (r.source, r.target)) for r in gold.relations]
    for measure, called in zip(("strict", "by cluster"), entity_names(gold, pred), strict=True):
        theirs = _ends(unit, pred.relations, called)
        _compare(table, "relations", measure, mine, theirs)
    evidence = [
        [
            (place, (*ends, s))
            for (place, ends), r in zip(said, d.relations, strict=True)
            for s in r.evidence
        ]
        for said, d in ((mine, gold), (theirs, pred))
    ]
    _compare(table, "relations", "evidence", *evidence)


def _named(called: Mapping[str, str], record_id: str) -> str | tuple[str, str]:
    """A predicted record's id on the gold side, or something equal to nothing there."""
    return called.get(record_id) or ("unaligned", record_id)


def _ends(
    unit: int, records: Iterable[Any], called: Mapping[str, str]
) -> list[tuple[UnitLabel, tuple[Any, Any]]]:
    """What predicted relations say, in the gold's ids."""
    return [((unit, r.type), (_named(called, r.source), _named(called, r.target))) for r in records]


def event_relations(
    table: CountTable, unit: int, gold: Document, pred: Document, called: Names
) -> None:
    """Relations between events and times: strict by type, and temporal awareness over the temporal ones."""
    mine, theirs = (
        [((unit, r.type), (r.source, r.target)) for r in gold.event_relations],
        _ends(unit, pred.event_relations, called),
    )
    both = [
        [
            (place, tuple(sorted(ends, key=str)) if place[1] in SYMMETRIC else ends)
            for place, ends in side
        ]
        for side in (mine, theirs)
    ]
    _compare(table, "event_relations", "strict", *both)
    spans: list[Event | Timex] = [*gold.events, *gold.timexes]
    others: list[Event | Timex] = [*pred.events, *pred.timexes]
    bounds: dict[Any, tuple[int, int]] = {r.id: (r.start, r.end) for r in spans}
    bounds |= {("unaligned", r.id): (r.start, r.end) for r in others}
    ends = {end for side in (mine, theirs) for _, both in side for end in both}
    in_order = sorted(
        ends,
        key=lambda end: (
            *bounds.get(end, (-1, -1)),
            end[1] if isinstance(end, tuple) else end,
            isinstance(end, tuple),
        ),
    )
    place = {
        end: n for n, end in enumerate(in_order)
    }  # so that nothing depends on the order of records
    times = (
        [Link(t, place[a], place[b]) for (_, t), (a, b) in side if t in ORDERS]
        for side in (mine, theirs)
    )
    table.add(
        MeasureKey("event_relations", "temporal awareness"),
        unit,
        MatchCounts(*temporal.awareness(*times)),
    )
