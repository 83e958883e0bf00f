"""Bootstrap: how much a figure would move with other documents (of one document: other sentences) of the same kind.

Percentile intervals (Efron and Tibshirani 1993, chapter 13) and a paired test between two systems (Koehn 2004;
Berg-Kirkpatrick et al. 2012). Units are drawn once for all figures; a resample adds up the counts that the units
already have and scores nothing again.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from random import Random

from statevisit.scoring.prf import Counts, rates

SEED = 0
Draws = list[Callable[[Sequence[float]], Sequence[float]]]


def draws(units: int, resamples: int, seed: int = SEED) -> Draws:
    """Resamples of `units` units with replacement; each takes what it drew out of a column. Needs two units."""
    random = Random(seed)
    return [itemgetter(*random.choices(range(units), k=units)) for _ in range(resamples)]


def columns(counts: Mapping[int, Counts], units: Sequence[int]) -> list[list[float]]:
    """The four columns of counts, one row a unit, zeros where a unit counted nothing."""
    nothing = [0.0, 0.0, 0.0, 0.0]
    return [list(c) for c in zip(*(counts.get(u, nothing) for u in units), strict=True)]


def f1s(table: Sequence[Sequence[float]], drawn: Draws) -> list[float | None]:
    """F1 in every resample, None where a resample has nothing to count."""
    correct_pred, pred, correct_gold, gold = table
    equal = correct_pred == correct_gold  # they are, but for coreference and temporal awareness
    found = []
    for take in drawn:
        right = sum(take(correct_pred))
        found.append(
            rates(
                (
                    right,
                    sum(take(pred)),
                    right if equal else sum(take(correct_gold)),
                    sum(take(gold)),
                )
            ).f1
        )
    return found


def interval(values: Sequence[float | None], level: float = 0.95) -> tuple[float, float] | None:
    """The percentile interval of those that are numbers."""
    known = sorted(v for v in values if v is not None)
    if not known:
        return None
    tail = (1 - level) / 2
    return known[int(tail * (len(known) - 1))], known[-1 - int(tail * (len(known) - 1))]


def paired(observed: float, differences: Sequence[float]) -> float:
    """The two-sided p: how often a resample strays from the observed difference by as much as that is from 0 (Berg-Kirkpatrick et al. 2012).

    With one added to both counts, so that it is never 0 (Davison and Hinkley 1997, 4.11).
    """
    beyond = sum(abs(d - observed) >= abs(observed) for d in differences)
    return (beyond + 1) / (len(differences) + 1)
