"""What joins spans: arguments of events, relations between entities, relations between events, coreference.

References are compared through the alignment of the records they name: two records are the same when their spans
have the same start and end (entities: as the measure says).
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, NamedTuple

from statevisit import schema
from statevisit.model import Document
from statevisit.scoring import coref, match, temporal
from statevisit.scoring.prf import Key, Tally
from statevisit.scoring.spans import Alignment

Names = Mapping[str, Hashable]
"""What a predicted record's id is called on the gold side."""


def names(alignments: Iterable[Alignment], same_bounds: bool = True) -> dict[str, Hashable]:
    """The gold ids of predicted spans that have the same bounds (or, without `same_bounds`, that are aligned at all)."""
    found: dict[str, Hashable] = {}
    for a in alignments:
        for i, j in a.pairs:
            g, p = a.gold[i], a.pred[j]
            if p.record is not None and (not same_bounds or (g.start, g.end) == (p.start, p.end)):
                found[p.record.id] = g.record.id
    return found


def _compare(tally: Tally, layer: str, measure: str, unit: int | Mapping[Hashable, int], gold: Iterable[tuple[str, Hashable]], pred: Iterable[tuple[str, Hashable]]) -> None:
    """Count multisets of (label, what was said), for all labels and for each; `unit`: of all, or by the first part of what was said."""
    gold_counts, pred_counts = Counter(gold), Counter(pred)
    rows: dict[tuple[str, int], list[float]] = {}
    for counted, columns in ((pred_counts, (1,)), (gold_counts, (3,)), (gold_counts & pred_counts, (0, 2))):
        for (label, said), n in counted.items():
            where = unit if isinstance(unit, int) else unit.get(said[0], -1)  # type: ignore[index]
            row = rows.get((label, where)) or rows.setdefault((label, where), [0, 0, 0, 0])
            for c in columns:
                row[c] += n
    for (_, where), row in rows.items():
        tally.add(Key(layer, measure), where, *row)
    for (label, where), row in rows.items():
        tally.add(Key(layer, measure, label), where, *row)


def arguments(tally: Tally, gold: Document, pred: Document, called: Names, triggers: Alignment) -> None:
    """Arguments, end to end and where the trigger was found (ACE 2005: role, trigger and target have to be right).

    On matched triggers both sides are cut down to events whose trigger is in both; for a system that was given
    the gold triggers, that is scoring with gold triggers (Li et al. 2013).
    """
    units = {s.record.id: s.unit for s in triggers.gold} | {("unaligned", s.record.id): s.unit for s in triggers.pred if s.record is not None}

    def said(events: Iterable[Any], name: Any) -> list[tuple[str, Hashable]]:
        return [(a.role, (name(e.id), name(a.target))) for e in events for a in e.arguments]

    def translated(i: str) -> Hashable:
        return called.get(i, ("unaligned", i))

    _compare(tally, "arguments", "end to end", units, said(gold.events, lambda i: i), said(pred.events, translated))
    found = {called[e.id] for e in pred.events if e.id in called}
    there = [e for e in gold.events if e.id in found]
    _compare(tally, "arguments", "matched triggers", units, said(there, lambda i: i), said((e for e in pred.events if e.id in called), translated))


def coreference(tally: Tally, layer: str, chain: str, gold: Document, pred: Document) -> None:
    """MUC, B³, CEAFe and LEA of a document's entities (`mentions`) or events, with and without singletons."""
    every = [coref.clusters(getattr(d, layer), chain) for d in (gold, pred)]
    for singletons in (True, False):
        key, response = every if singletons else ([c for c in side if len(c) > 1] for side in every)
        for name, measure in coref.MEASURES.items():
            recall, of_gold, precision, of_pred = measure(key, response)
            tally.add(Key(f"{layer} coreference", name if singletons else f"{name} without singletons"), 0, precision, of_pred, recall, of_gold)


class _Cluster(NamedTuple):
    """An entity as its mentions; in the order in which entities that have the same ones are paired."""

    spans: frozenset[tuple[int, int]]
    type: str
    known_as: tuple[str, str]
    id: str


def _clusters(document: Document) -> list[_Cluster]:
    found = (_Cluster(frozenset((m.start, m.end) for m in document.mentions_of(e)), e.type, (e.wikidata or "", e.name), e.id) for e in document.entities)
    return sorted(found, key=lambda c: (sorted(c.spans), *c[1:]))


def entity_names(gold: Document, pred: Document, exact: bool) -> dict[str, Hashable]:
    """The gold ids of predicted entities: those with exactly the same mentions and type, or those paired by φ4 as in CEAFe.

    An entity without mentions (only meant literally) is the gold's with the same type, link and name.
    """
    key, response = _clusters(gold), _clusters(pred)
    pairs = match.same(key, response, lambda c: (c.spans, c.type, None if c.spans else c.known_as))
    if not exact:
        pairs = [p for p in pairs if not key[p[0]].spans] + _phi_pairs([c.spans for c in key], [c.spans for c in response])
    return {response[j].id: key[i].id for i, j in pairs}


def _phi_pairs(key: list[Any], response: list[Any]) -> list[tuple[int, int]]:
    home: dict[Hashable, list[int]] = {}
    for j, group in enumerate(response):
        for m in group:
            home.setdefault(m, []).append(j)
    shared = Counter((i, j) for i, group in enumerate(key) for m in group for j in home.get(m, ()))
    return match.assignment({(i, j): 2 * n / (len(key[i]) + len(response[j])) for (i, j), n in sorted(shared.items())})


def relations(tally: Tally, gold: Document, pred: Document) -> None:
    """Relations between entities: strict (both have exactly the gold's mentions and types: SemEval-2010/ACE style), by cluster
    (entities are paired by their mentions as in CEAFe: the entity level of DWIE, Zaporojets et al. 2021), and evidence (DocRED, Yao
    et al. 2019: a relation with each sentence that supports it, entities by cluster).
    """
    for exact, measure in ((True, "strict"), (False, "by cluster")):
        called = entity_names(gold, pred, exact)
        mine = [(r.type, (r.source, r.target)) for r in gold.relations]
        theirs = [(r.type, (called.get(r.source, ("unaligned", r.source)), called.get(r.target, ("unaligned", r.target)))) for r in pred.relations]
        _compare(tally, "relations", measure, 0, mine, theirs)
    evidence = [[(t, (*ends, s)) for (t, ends), r in zip(said, d.relations, strict=True) for s in r.evidence] for said, d in ((mine, gold), (theirs, pred))]
    _compare(tally, "relations", "evidence", 0, *evidence)


def event_relations(tally: Tally, gold: Document, pred: Document, called: Names) -> None:
    """Relations between events and times: strict by type, and temporal awareness over the temporal ones."""
    mine = [(r.type, (r.source, r.target)) for r in gold.event_relations]
    theirs = [(r.type, (called.get(r.source, ("unaligned", r.source)), called.get(r.target, ("unaligned", r.target)))) for r in pred.event_relations]
    both = [[(t, tuple(sorted(ends, key=str)) if t == "SIMULTANEOUS" else ends) for t, ends in side] for side in (mine, theirs)]
    _compare(tally, "event_relations", "strict", 0, *both)
    gold_place = {r.id: (r.start, r.end, r.id, 0) for r in (*gold.events, *gold.timexes)}
    pred_place = {r.id: (r.start, r.end, r.id, 1) for r in (*pred.events, *pred.timexes)}

    def place(name: Hashable) -> Hashable:
        return gold_place.get(name) or pred_place.get(name[1]) or (-1, -1, *name[::-1]) if isinstance(name, tuple) else gold_place.get(name, (-1, -1, name, 0))  # type: ignore[call-overload]

    times = [[temporal.Link(t, *map(place, ends)) for t, ends in side if t in temporal.TYPES] for side in (mine, theirs)]
    tally.add(Key("event_relations", "temporal awareness"), 0, *temporal.awareness(*times))


def temporal_types() -> list[str]:
    """The temporal types by the schema, which `temporal.TYPES` has to equal."""
    return [label.name for label in schema.labels("event_relations", "type") if label.extra["family"] == "temporal"]
