"""Temporal awareness: how much two sets of temporal relations entail of each other.

A relation is in the transitive closure of others if these entail it (`time_algebra`).
"""

from collections.abc import Iterable

from statevisit.document.time_algebra import Graph, Link
from statevisit.scoring.counts import MatchCounts


def reduced(links: Iterable[Link]) -> tuple[list[Link], Graph]:
    """Return the links without those that the remaining ones entail, and the graph of these.

    The links are examined in their sorted order. The graph entails the same as that of all links.
    """
    kept = sorted(set(links), key=lambda link: (link.source, link.target, link.type))
    graph = Graph(kept)
    for link in list(kept):
        graph.remove(link)
        if graph.entails(link):
            kept.remove(link)
        else:
            graph.add(link)
    return kept, graph


def awareness(gold: Iterable[Link], pred: Iterable[Link]) -> MatchCounts:
    """Return the counts of temporal awareness (UzZaman and Allen 2011).

    Precision is the share of the reduced prediction that the gold entails, recall the share of the
    reduced gold that the prediction entails (TempEval-3: UzZaman et al. 2013).
    """
    gold_links, gold_graph = reduced(gold)
    pred_links, pred_graph = reduced(pred)
    return MatchCounts(
        correct_predicted=sum(gold_graph.entails(link) for link in pred_links),
        predicted=len(pred_links),
        correct_gold=sum(pred_graph.entails(link) for link in gold_links),
        gold=len(gold_links),
    )
