"""Temporal relations: reduction, and temporal awareness.

A relation is in the transitive closure of others if these entail it (`time_algebra`).
"""

from collections.abc import Iterable

from statevisit.time_algebra import Graph, Link


def reduced(links: Iterable[Link]) -> tuple[list[Link], Graph]:
    """The links without those that the remaining ones entail, and their graph.

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


def awareness(gold: Iterable[Link], pred: Iterable[Link]) -> list[float]:
    """[correct, of predictions, correct, of gold] of temporal awareness.

    Precision: how many links of the reduced prediction the gold entails; recall: how many links of
    the reduced gold the prediction entails (UzZaman and Allen 2011; TempEval-3: UzZaman et al.
    2013).
    """
    (gold_reduced, gold_graph), (pred_reduced, pred_graph) = reduced(gold), reduced(pred)
    return [
        sum(map(gold_graph.entails, pred_reduced)),
        len(pred_reduced),
        sum(map(pred_graph.entails, gold_reduced)),
        len(gold_reduced),
    ]
