"""Counts that add up over units (documents or sentences), and precision, recall and F1 from their sums.

Precision and recall are from van Rijsbergen (1979), Information Retrieval, chapter 7; F1 is their harmonic mean.
Where gold and prediction both have nothing a figure is None (nothing was asked), where only one has nothing
it is 0, as in nervaluate, seqeval and the CoNLL scorer.
"""

from collections.abc import Iterable, Mapping
from statistics import fmean
from typing import NamedTuple

from msgspec import Struct


class Key(NamedTuple):
    """What is counted: `label` is empty for all labels together (micro)."""

    layer: str
    measure: str
    label: str = ""


class Rates(Struct, frozen=True, omit_defaults=True):
    """Precision, recall and F1, each None where it is undefined."""

    precision: float | None = None
    recall: float | None = None
    f1: float | None = None


Place = tuple[int, str]
"""The unit in which something is counted, and its label."""
Counts = list[float]
"""[correct, of predictions, correct, of gold]: the parts of precision and of recall, which coreference counts apart."""


class Tally:
    """Counts by key and unit."""

    def __init__(self) -> None:
        self.counts: dict[Key, dict[int, Counts]] = {}

    def add(
        self,
        key: Key,
        unit: int,
        correct_pred: float,
        pred: float,
        correct_gold: float,
        gold: float,
    ) -> None:
        """Add to what was counted in a unit."""
        units = self.counts.setdefault(key, {})
        if (counts := units.get(unit)) is None:
            units[unit] = [correct_pred, pred, correct_gold, gold]
        else:
            counts[0] += correct_pred
            counts[1] += pred
            counts[2] += correct_gold
            counts[3] += gold

    def add_labels(self, layer: str, measure: str, cells: Mapping[Place, Counts]) -> None:
        """Add the counts of labels in units, and those of all labels together."""
        whole: dict[int, Counts] = {}
        for (unit, label), counts in cells.items():
            self.add(Key(layer, measure, label), unit, *counts)
            whole[unit] = (
                [a + b for a, b in zip(whole[unit], counts, strict=True)]
                if unit in whole
                else counts
            )
        for unit, counts in whole.items():
            self.add(Key(layer, measure), unit, *counts)

    def total(self, key: Key) -> Counts:
        """The counts of all units together."""
        rows = self.counts.get(key, {}).values()
        if len(rows) == 1:
            return [*next(iter(rows))]
        return [sum(column) for column in zip(*rows, strict=True)] or [0, 0, 0, 0]


def rates(counts: Iterable[float]) -> Rates:
    """Precision, recall and F1 from counts."""
    correct_pred, pred, correct_gold, gold = counts
    if not pred and not gold:
        return Rates()
    precision = correct_pred / pred if pred else 0.0
    recall = correct_gold / gold if gold else 0.0
    return Rates(
        precision,
        recall,
        2 * precision * recall / (precision + recall) if precision + recall else 0.0,
    )


def mean(figures: Iterable[Rates]) -> Rates:
    """The macro average: the mean of each figure over the labels that have one."""
    known = [r for r in figures if r.f1 is not None]
    return (
        Rates(*(fmean(getattr(r, f) for r in known) for f in ("precision", "recall", "f1")))
        if known
        else Rates()
    )
