"""Coreference: MUC, B³, CEAFe, LEA and the CoNLL average, as the reference scorer counts them.

A cluster is a set of mentions; a mention is identified by its bounds, so that a predicted mention
is correct if its span is. The counts of a document are added to those of others before they are
divided. No mention is added to or removed from either side (Pradhan et al. 2014, "Scoring
Coreference Partitions of Predicted Mentions").

Two differences from the reference scorer are deliberate. A span in several clusters stays in the
largest one (of equally large ones, the first in the text); the scorer keeps the first it reads. If
neither side has anything to count (MUC with singletons only), there is no figure, and the CoNLL
average is that of the others; the scorer prints 0.
"""

from collections.abc import Hashable, Iterable, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from statevisit.document.records import Event, Mention
from statevisit.scoring import assignment
from statevisit.scoring.assignment import Pair
from statevisit.scoring.counts import MatchCounts, Rates

Cluster = frozenset[Hashable]
"""The mentions of one entity or event."""

Bounds = tuple[int, int]
"""Half-open bounds of a span, in code points."""


def groups(records: Iterable[Mention | Event]) -> dict[str, set[Bounds]]:
    """Return the bounds of the mentions of each entity, or of each event chain, by its id.

    A mention without an entity and an event without a chain are left out.
    """
    bounds: dict[str, set[Bounds]] = {}
    for record in records:
        group = record.entity if isinstance(record, Mention) else record.event
        if group is not None:
            bounds.setdefault(group, set()).add((record.start, record.end))
    return bounds


def clusters(records: Iterable[Mention | Event]) -> list[Cluster]:
    """Return the clusters of mentions, or of events: `groups` without ids, made `distinct`."""
    return distinct(groups(records).values())


def distinct(sets: Iterable[Iterable[Any]]) -> list[Cluster]:
    """Return sets that share no mention, in the order of their first mentions.

    A mention of several sets stays in the largest, of equally large ones in the first. Sets that
    are empty then are left out.
    """
    remaining = [frozenset(mentions) for mentions in sets]
    if sum(map(len, remaining)) > len(frozenset().union(*remaining)):
        remaining.sort(key=lambda cluster: (-len(cluster), sorted(cluster)))
        taken: set[Any] = set()
        for number, cluster in enumerate(remaining):
            remaining[number] = cluster - taken
            taken |= cluster
    return sorted(filter(None, remaining), key=min)


class Side(NamedTuple):
    """The clusters of one side, as the measures need them.

    `shared` says for each cluster how many mentions it shares with each cluster of the other side
    that shares any.
    """

    sizes: list[int]
    shared: list[dict[int, int]]


def sides(key: Sequence[Cluster], response: Sequence[Cluster]) -> tuple[Side, Side]:
    """Return the gold (key) and the predicted (response) clusters, each against the other.

    A mention may be in several clusters of a side; all measures but φ4 need it in one (`distinct`).
    """
    columns_of: dict[Hashable, list[int]] = {}
    for column, cluster in enumerate(response):
        for mention in cluster:
            columns_of.setdefault(mention, []).append(column)
    key_side = Side([len(cluster) for cluster in key], [])
    response_side = Side([len(cluster) for cluster in response], [{} for _ in response])
    for row, cluster in enumerate(key):
        shared: dict[int, int] = {}
        for mention in cluster:
            for column in columns_of.get(mention, ()):
                shared[column] = shared.get(column, 0) + 1
        key_side.shared.append(shared)
        for column, count in shared.items():
            response_side.shared[column][row] = count
    return key_side, response_side


def muc(key: Side, response: Side) -> MatchCounts:
    """Count links (Vilain et al. 1995, "A model-theoretic coreference scoring scheme")."""

    def links(side: Side) -> int:
        return sum(side.sizes) - len(side.sizes)

    def kept_links(side: Side) -> int:
        return sum([sum(shared.values()) - len(shared) for shared in side.shared])

    return MatchCounts(kept_links(response), links(response), kept_links(key), links(key))


def b_cubed(key: Side, response: Side) -> MatchCounts:
    """Count for each mention the share of its cluster that is correct.

    Bagga and Baldwin (1998), "Algorithms for scoring coreference chains".
    """

    def correct(side: Side) -> float:
        return sum(
            [
                sum([count * count for count in shared.values()]) / size
                for size, shared in zip(side.sizes, side.shared, strict=True)
            ]
        )

    return MatchCounts(correct(response), sum(response.sizes), correct(key), sum(key.sizes))


def ceafe(key: Side, response: Side) -> MatchCounts:
    """Count the similarity φ4 of clusters that are aligned one to one.

    Luo (2005), "On coreference resolution performance metrics".
    """
    phi = phi4(key, response)
    similarity = sum(phi[pair] for pair in assignment.assignment(phi))
    return MatchCounts(similarity, len(response.sizes), similarity, len(key.sizes))


def phi4(key: Side, response: Side) -> dict[Pair, float]:
    """Return 2|K∩R| / (|K| + |R|) of every two clusters that share a mention."""
    return {
        (row, column): 2 * count / (key.sizes[row] + response.sizes[column])
        for row, shared in enumerate(key.shared)
        for column, count in sorted(shared.items())
    }


def lea(key: Side, response: Side) -> MatchCounts:
    """Count resolved links, entities weighted by their size.

    A singleton has one link, to itself, which is resolved if it is a singleton on the other side,
    too. Moosavi and Strube (2016), "Which coreference evaluation metric do you trust?".
    """

    def resolved(side: Side, other: Side) -> float:
        total = 0.0
        for size, shared in zip(side.sizes, side.shared, strict=True):
            if size == 1:
                total += any(other.sizes[number] == 1 for number in shared)
            else:
                links = sum([count * (count - 1) for count in shared.values()])
                total += links / (size - 1)
        return total

    return MatchCounts(
        resolved(response, key), sum(response.sizes), resolved(key, response), sum(key.sizes)
    )


MEASURES = {"MUC": muc, "B3": b_cubed, "CEAFe": ceafe, "LEA": lea}
"""The measures of coreference, each a function of the two sides of a document."""


def conll(measures: Iterable[Rates]) -> Rates:
    """Return the CoNLL average of MUC, B³ and CEAFe, which is that of their F1 only.

    Pradhan et al. (2012), CoNLL-2012 shared task.
    """
    defined = [rates.f1 for rates in measures if rates.f1 is not None]
    return Rates(f1=fmean(defined)) if defined else Rates()
