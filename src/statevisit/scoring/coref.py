"""Coreference: MUC, B³, CEAFe, LEA and the CoNLL average, as the reference scorer counts them.

Clusters are sets of mentions; a mention is its span, so that a predicted mention is right where its span is. Each
measure gives [recall part, of, precision part, of] for one document; parts are added over documents before
they are divided (Pradhan et al. 2014, "Scoring Coreference Partitions of Predicted Mentions"; no mention is
added to or taken from either side).

Two differences to the reference scorer are meant. A span that stands in several clusters stays in the largest of
them (then: the first in the text); the scorer keeps the first it reads. Where neither side has anything to
count (MUC over nothing but singletons) there is no figure; the scorer prints 0, and the CoNLL average here is
that of the figures there are.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from statevisit.scoring import match
from statevisit.scoring.prf import Rates

Cluster = frozenset[Hashable]


def clusters(records: Iterable[Any], chain: str, singletons: bool = True) -> list[Cluster]:
    """The sets of spans that share one `chain` (`entity` or `event`), every span in one set only, in the order of the text."""
    return distinct(groups(records, chain).values(), singletons)


def groups(records: Iterable[Any], chain: str) -> dict[str, set[tuple[int, int]]]:
    """The spans of each `chain`."""
    found: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
    for r in records:
        found[getattr(r, chain)].add((r.start, r.end))
    return found


def distinct(sets: Iterable[Iterable[Any]], singletons: bool = True) -> list[Cluster]:
    """The sets without repetition, in the order of the text: a span of several stays in the largest, then in the first."""
    found = [frozenset(s) for s in sets]
    if sum(map(len, found)) > len(frozenset().union(*found)):
        found.sort(key=lambda g: (-len(g), sorted(g)))
        taken: set[Any] = set()
        for n, group in enumerate(found):
            found[n] = group - taken
            taken |= group
    return sorted((g for g in found if len(g) > (0 if singletons else 1)), key=min)


class Side(NamedTuple):
    """The clusters of one side, as the measures see them."""

    sizes: list[int]
    shared: list[dict[int, int]]
    """By cluster: how many mentions it shares with each of the other side that shares any."""


def sides(key: Sequence[Cluster], response: Sequence[Cluster]) -> tuple[Side, Side]:
    """What the measures compare: key and response, each against the other.

    A mention may be in several clusters of a side; the measures but φ4 need it in one (`distinct`).
    """
    homes: dict[Hashable, list[int]] = {}
    for j, group in enumerate(response):
        for m in group:
            homes.setdefault(m, []).append(j)
    mine = Side([len(g) for g in key], [])
    theirs = Side([len(g) for g in response], [{} for _ in response])
    for i, group in enumerate(key):
        counts: dict[int, int] = {}
        for m in group:
            for j in homes.get(m, ()):
                counts[j] = counts.get(j, 0) + 1
        mine.shared.append(counts)
        for j, n in counts.items():
            theirs.shared[j][i] = n
    return mine, theirs


def muc(key: Side, response: Side) -> list[float]:
    """Links kept (Vilain et al. 1995, "A model-theoretic coreference scoring scheme")."""
    return [
        x
        for side in (key, response)
        for x in (
            sum([sum(c.values()) - len(c) for c in side.shared]),
            sum(side.sizes) - len(side.sizes),
        )
    ]


def b_cubed(key: Side, response: Side) -> list[float]:
    """For each mention the share of its cluster that is right (Bagga and Baldwin 1998, "Algorithms for scoring coreference chains")."""

    def right(side: Side) -> float:
        return sum([sum([n * n for n in c.values()]) / size for size, c in zip(*side, strict=True)])

    return [right(key), sum(key.sizes), right(response), sum(response.sizes)]


def ceafe(key: Side, response: Side) -> list[float]:
    """Clusters aligned one to one by φ4 (Luo 2005, "On coreference resolution performance metrics")."""
    phi = phi4(key, response)
    similarity = sum(phi[p] for p in match.assignment(phi))
    return [similarity, len(key.sizes), similarity, len(response.sizes)]


def phi4(key: Side, response: Side) -> dict[tuple[int, int], float]:
    """The similarity 2|K∩R| / (|K| + |R|) of every two clusters that share a mention."""
    return {
        (i, j): 2 * n / (key.sizes[i] + response.sizes[j])
        for i, c in enumerate(key.shared)
        for j, n in sorted(c.items())
    }


def lea(key: Side, response: Side) -> list[float]:
    """Links resolved, entities weighted by size (Moosavi and Strube 2016, "Which coreference evaluation metric do you trust?").

    A singleton has one link to itself, resolved where it is a singleton on the other side too.
    """

    def resolved(side: Side, other: Side) -> float:
        links = (
            sum([n * (n - 1) for n in c.values()]) / (size - 1)
            if size > 1
            else any(other.sizes[j] == 1 for j in c)
            for size, c in zip(*side, strict=True)
        )
        return sum(links, 0.0)

    return [resolved(key, response), sum(key.sizes), resolved(response, key), sum(response.sizes)]


MEASURES = {"MUC": muc, "B3": b_cubed, "CEAFe": ceafe, "LEA": lea}


def conll(figures: Iterable[Rates]) -> Rates:
    """The CoNLL average of MUC, B³ and CEAFe (Pradhan et al. 2012, CoNLL-2012 shared task): of their F1, and of nothing else."""
    known = [r.f1 for r in figures if r.f1 is not None]
    return Rates(f1=fmean(known)) if known else Rates()
