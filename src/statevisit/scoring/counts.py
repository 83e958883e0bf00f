"""Counts that add up over units (documents or sentences), and precision, recall and F1 from them.

Precision and recall are from van Rijsbergen (1979), Information Retrieval, chapter 7; F1 is their
harmonic mean. If gold and prediction are both empty, all three are undefined (None); if only one of
them is empty, they are 0, as in nervaluate, seqeval and the CoNLL scorer.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from statistics import fmean
from typing import Any, NamedTuple

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


class Rows(MutableMapping[int, MatchCounts]):
    """Counts by unit, from 0, without an object for each unit."""

    def __init__(self) -> None:
        self._columns = [array("q") for _ in range(4)]

    def __len__(self) -> int:
        return len(self._columns[0])

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self)))

    def __getitem__(self, unit: int) -> MatchCounts:
        if not 0 <= unit < len(self):
            raise KeyError(unit)
        return MatchCounts(*(column[unit] for column in self._columns))

    def __setitem__(self, unit: int, counts: MatchCounts) -> None:
        values = (counts.correct_predicted, counts.predicted, counts.correct_gold, counts.gold)
        for number, value in enumerate(values):
            column: array[Any] = self._columns[number]
            if isinstance(value, float) and column.typecode == "q":
                column = self._columns[number] = array("d", column)
            column.extend([0] * (unit + 1 - len(column)))
            column[unit] = value

    def __delitem__(self, unit: int) -> None:
        self[unit] = MatchCounts()


class CountTable:
    """The counts of every measure in every unit; the numbers of units are the caller's.

    `rows` makes what holds the counts of a measure over all labels: for many units, `Rows`.
    """

    def __init__(self, rows: Callable[[], MutableMapping[int, MatchCounts]] = dict) -> None:
        self.counts: dict[MeasureKey, MutableMapping[int, MatchCounts]] = {}
        self._rows = rows

    def add(self, key: MeasureKey, unit: int, counts: MatchCounts) -> None:
        """Add to the counts of a measure in a unit."""
        if key not in self.counts:
            self.counts[key] = {} if key.label else self._rows()
        by_unit = self.counts[key]
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

    def update(self, later: "CountTable", first: int, by_label: bool = False) -> None:
        """Add the counts of units that follow; their number 0 is `first` here.

        Those of a label are added up in one unit, unless they are resampled, too (`by_label`).
        """
        for key, by_unit in later.counts.items():
            for unit, counts in by_unit.items():
                in_one = key.label and not by_label
                self.add(key, 0 if in_one else first + unit, counts)

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
