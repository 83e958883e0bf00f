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

from collections import Counter
from collections.abc import Hashable, Iterable
from statistics import fmean
from typing import Any

from statevisit.scoring import match
from statevisit.scoring.prf import Rates

Cluster = frozenset[Hashable]


def clusters(records: Iterable[Any], chain: str, singletons: bool = True) -> list[Cluster]:
    """The sets of spans that share one `chain` (`entity` or `event`), every span in one set only, in the order of the text."""
    groups: dict[str, set[tuple[int, int]]] = {}
    for r in records:
        groups.setdefault(getattr(r, chain), set()).add((r.start, r.end))
    return distinct(groups.values(), singletons)


def distinct(groups: Iterable[Iterable[Any]], singletons: bool = True) -> list[Cluster]:
    """The groups without repetition: a span of several groups stays in the largest, then in the first."""
    found, taken = [], set()
    for group in sorted((sorted(set(g)) for g in groups), key=lambda g: (-len(g), g)):
        left = frozenset(group) - taken
        taken |= left
        if len(left) > (0 if singletons else 1):
            found.append(left)
    return sorted(found, key=sorted)


def muc(key: list[Cluster], response: list[Cluster]) -> list[float]:
    """Links kept (Vilain et al. 1995, "A model-theoretic coreference scoring scheme")."""
    return [*_links(key, _home(response)), *_links(response, _home(key))]


def _home(groups: list[Cluster]) -> dict[Hashable, int]:
    return {m: n for n, group in enumerate(groups) for m in group}


def _shared(group: Cluster, home: dict[Hashable, int]) -> Iterable[int]:
    """How many mentions a cluster shares with each of the other side that shares any."""
    counts: dict[int, int] = {}
    for m in group:
        if (n := home.get(m)) is not None:
            counts[n] = counts.get(n, 0) + 1
    return counts.values()


def _links(groups: list[Cluster], home: dict[Hashable, int]) -> tuple[float, float]:
    kept = sum(len(g) - len({home.get(m, m) for m in g}) for g in groups)
    return kept, sum(len(g) - 1 for g in groups)


def b_cubed(key: list[Cluster], response: list[Cluster]) -> list[float]:
    """For each mention the share of its cluster that is right (Bagga and Baldwin 1998, "Algorithms for scoring coreference chains")."""

    def share(groups: list[Cluster], home: dict[Hashable, int]) -> tuple[float, float]:
        right = (sum([n * n for n in _shared(g, home)]) / len(g) for g in groups)
        return sum(right), sum(map(len, groups))

    return [*share(key, _home(response)), *share(response, _home(key))]


def entity_pairs(key: list[Cluster], response: list[Cluster]) -> tuple[list[tuple[int, int]], float]:
    """The one-to-one pairs of clusters with the greatest φ4, 2|K∩R| / (|K| + |R|), and their sum."""
    home = _home(response)
    shared = Counter((n, home[m]) for n, group in enumerate(key) for m in group if m in home)
    phi = {(i, j): 2 * n / (len(key[i]) + len(response[j])) for (i, j), n in sorted(shared.items())}
    pairs = match.assignment(phi)
    return pairs, sum(phi[p] for p in pairs)


def ceafe(key: list[Cluster], response: list[Cluster]) -> list[float]:
    """Clusters aligned one to one by φ4 (Luo 2005, "On coreference resolution performance metrics")."""
    similarity = entity_pairs(key, response)[1]
    return [similarity, len(key), similarity, len(response)]


def lea(key: list[Cluster], response: list[Cluster]) -> list[float]:
    """Links resolved, entities weighted by size (Moosavi and Strube 2016, "Which coreference evaluation metric do you trust?").

    A singleton has one link to itself, resolved where it is a singleton on the other side too.
    """

    def resolved(groups: list[Cluster], others: list[Cluster], home: dict[Hashable, int]) -> tuple[float, float]:
        total = 0.0
        for g in groups:
            if len(g) == 1:
                (only,) = g
                total += only in home and len(others[home[only]]) == 1
            else:
                links = sum([n * (n - 1) for n in _shared(g, home)])
                total += len(g) * links / (len(g) * (len(g) - 1))
        return total, sum(map(len, groups))

    return [*resolved(key, response, _home(response)), *resolved(response, key, _home(key))]


MEASURES = {"MUC": muc, "B3": b_cubed, "CEAFe": ceafe, "LEA": lea}


def conll(figures: Iterable[Rates]) -> Rates:
    """The CoNLL average of MUC, B³ and CEAFe (Pradhan et al. 2012, CoNLL-2012 shared task): of their F1, and of nothing else."""
    known = [r.f1 for r in figures if r.f1 is not None]
    return Rates(f1=fmean(known)) if known else Rates()
