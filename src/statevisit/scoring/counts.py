"""Counts that add up over units (documents or sentences), and precision, recall and F1 from them.

Precision and recall are from van Rijsbergen (1979), Information Retrieval, chapter 7; F1 is their
harmonic mean. If gold and prediction are both empty, all three are undefined (None); if only one of
them is empty, they are 0, as in nervaluate, seqeval and the CoNLL scorer.
"""

from collections.abc import Iterable, Mapping
from statistics import fmean
from typing import NamedTuple

from msgspec import Struct


class MeasureKey(NamedTuple):
    """The measure of a layer that counts belong to; `label` is empty for all labels together."""

    layer: str
    measure: str
    label: str = ""


class MatchCounts(Struct, frozen=True):
    """The four counts of a measure: `correct_predicted / predicted` is precision.

    `correct_gold / gold` is recall. The two counts of what is correct differ only in coreference
    and temporal awareness. Partial credit gives fractions.
    """

    correct_predicted: float = 0
    predicted: float = 0
    correct_gold: float = 0
    gold: float = 0

    def __add__(self, other: "MatchCounts") -> "MatchCounts":
        return MatchCounts(
            self.correct_predicted + other.correct_predicted,
            self.predicted + other.predicted,
            self.correct_gold + other.correct_gold,
            self.gold + other.gold,
        )


class Rates(Struct, frozen=True, omit_defaults=True):
    """Precision, recall and F1, each None if it is undefined."""

    precision: float | None = None
    recall: float | None = None
    f1: float | None = None


UnitLabel = tuple[int, str]
"""The unit in which something is counted, and its label."""


class CountTable:
    """The counts of every measure in every unit; the numbers of units are the caller's."""

    def __init__(self) -> None:
        self.counts: dict[MeasureKey, dict[int, MatchCounts]] = {}

    def add(self, key: MeasureKey, unit: int, counts: MatchCounts) -> None:
        """Add to the counts of a measure in a unit."""
        by_unit = self.counts.setdefault(key, {})
        by_unit[unit] = by_unit[unit] + counts if unit in by_unit else counts

    def add_labels(
        self, layer: str, measure: str, by_label: Mapping[UnitLabel, MatchCounts]
    ) -> None:
        """Add the counts of each label, and their sums to the counts of all labels together."""
        sums: dict[int, MatchCounts] = {}
        for (unit, label), counts in by_label.items():
            self.add(MeasureKey(layer, measure, label), unit, counts)
            sums[unit] = sums[unit] + counts if unit in sums else counts
        for unit, counts in sums.items():
            self.add(MeasureKey(layer, measure), unit, counts)

    def total(self, key: MeasureKey) -> MatchCounts:
        """Return the sum of a measure's counts over all units."""
        return sum(self.counts.get(key, {}).values(), MatchCounts())


def rates(counts: MatchCounts) -> Rates:
    """Return precision, recall and F1 of counts."""
    if not counts.predicted and not counts.gold:
        return Rates()
    precision = counts.correct_predicted / counts.predicted if counts.predicted else 0.0
    recall = counts.correct_gold / counts.gold if counts.gold else 0.0
    if not precision + recall:
        return Rates(precision, recall, 0.0)
    return Rates(precision, recall, 2 * precision * recall / (precision + recall))


def macro_average(labels: Iterable[Rates]) -> Rates:
    """Return the mean of each figure over the labels for which it is defined."""
    defined = [label for label in labels if label.f1 is not None]
    if not defined:
        return Rates()
    return Rates(
        fmean(label.precision or 0 for label in defined),
        fmean(label.recall or 0 for label in defined),
        fmean(label.f1 or 0 for label in defined),
    )
