"""Bootstrap: how much a figure would vary over other documents of the same kind.

Percentile intervals (Efron and Tibshirani 1993, chapter 13) and a paired test between two systems
(Koehn 2004; Berg-Kirkpatrick et al. 2012). Units are documents or, for a single document, its
sentences. They are drawn once for all figures: a resample adds up counts that the units already
have, and scores nothing again.
"""

from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from operator import itemgetter
from random import Random
from typing import Any, TypeVar

from statevisit.scoring.counts import MatchCounts, rates

SEED = 0
"""The seed of the draws, so that intervals are the same every time."""

Value = TypeVar("Value")


class Resample:
    """A draw of units; calling it takes their values from a column, which has one per unit."""

    def __init__(self, drawn: Sequence[int]) -> None:
        self._size = len(drawn)
        self._values: Callable[[Any], Any] = itemgetter(*drawn)

    def __call__(self, column: Sequence[Value]) -> Sequence[Value]:
        """Return the drawn values of a column."""
        values: Sequence[Value] = self._values(column)
        return values

    @cached_property
    def times(self) -> Sequence[int]:
        """How often each unit was drawn."""
        counts = array("I", bytes(4 * self._size))
        for unit in self(range(self._size)):
            counts[unit] += 1
        return counts


def draw(units: int, resamples: int, seed: int = SEED) -> list[Resample]:
    """Return resamples of the units, drawn with replacement; none for fewer than two units."""
    if units < 2:
        return []
    random = Random(seed)
    numbers = list(range(units))  # so that all resamples refer to the same objects
    return [Resample(random.choices(numbers, k=units)) for _ in range(resamples)]


def f1_values(
    counts: Mapping[int, MatchCounts], units: Sequence[int], resamples: Sequence[Resample]
) -> list[float | None]:
    """Return F1 in every resample, None for one without anything to count.

    `counts` are those of a measure by unit, `units` the units that were drawn from.
    """
    nothing = MatchCounts()
    rows = [counts.get(unit, nothing) for unit in units]
    predicted = [row.predicted for row in rows]
    gold = [row.gold for row in rows]
    correct_predicted = [row.correct_predicted for row in rows]
    correct_gold = [row.correct_gold for row in rows]
    # Equal but for coreference and temporal awareness: one sum less a resample.
    one_correct = correct_predicted == correct_gold
    values = []
    for resample in resamples:
        correct = sum(resample(correct_predicted))
        resampled = MatchCounts(
            correct,
            sum(resample(predicted)),
            correct if one_correct else sum(resample(correct_gold)),
            sum(resample(gold)),
        )
        values.append(rates(resampled).f1)
    return values


def interval(values: Sequence[float | None], level: float = 0.95) -> tuple[float, float] | None:
    """Return the percentile interval of the defined values; None if there are none."""
    defined = sorted(value for value in values if value is not None)
    if not defined:
        return None
    cut = int((1 - level) / 2 * (len(defined) - 1))
    return defined[cut], defined[-1 - cut]


def paired_p(observed: float, differences: Sequence[float]) -> float:
    """Return the two-sided p of a difference between two systems, given those of the resamples.

    It is the share of resamples that differ from the observed difference by as much as that differs
    from 0 (Berg-Kirkpatrick et al. 2012). One is added to both counts, so that it is never 0
    (Davison and Hinkley 1997, 4.11).
    """
    beyond = sum(abs(difference - observed) >= abs(observed) for difference in differences)
    return (beyond + 1) / (len(differences) + 1)
