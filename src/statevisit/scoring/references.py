"""The ids of predicted records in terms of the gold, by which references are compared."""

from collections.abc import Iterable, Mapping

from statevisit.scoring.spans import Alignment

GoldIds = Mapping[str, str]
"""The gold id of each predicted record that has a counterpart in the gold."""

Reference = str | tuple[str, str]
"""The id of a gold record, or ("unaligned", id) of a predicted one that has no counterpart."""


def gold_ids(alignments: Iterable[Alignment]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the gold ids of predicted spans with the same bounds, and of all that are aligned."""
    exact: dict[str, str] = {}
    aligned_at_all: dict[str, str] = {}
    for aligned in alignments:
        for i, j in aligned.pairs:
            gold, pred = aligned.gold[i].record, aligned.pred[j].record
            if gold is None or pred is None:
                continue
            aligned_at_all[pred.id] = gold.id
            if aligned.same_bounds(i, j):
                exact[pred.id] = gold.id
    return exact, aligned_at_all


def in_gold_ids(record_id: str, ids: GoldIds) -> Reference:
    """Return a predicted record's gold id; without one, a reference that equals no gold id."""
    return ids.get(record_id, ("unaligned", record_id))
