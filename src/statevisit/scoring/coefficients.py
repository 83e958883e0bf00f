"""Coefficients of agreement beyond chance: κ, α, α_u and γ.

κ, α and α_u are computed from statistics that add up over units (documents or sentences), so that
the bootstrap can draw units again.
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, permutations
from statistics import fmean
from typing import NamedTuple

from msgspec import Struct

from statevisit.scoring.bootstrap import Resample


class Coefficient(Struct, frozen=True, omit_defaults=True):
    """One figure of agreement.

    `coefficient` is F1, kappa, alpha, alpha_u or gamma; `of` is what was compared: a measure (F1),
    an attribute (kappa, alpha), or spans (alpha_u, gamma). `n` counts the items that were compared;
    for a label, those to which any annotator gave it. `value` is absent if nothing was compared or
    chance alone would agree, `interval` if it cannot be computed.
    """

    layer: str
    coefficient: str
    of: str
    n: int
    label: str | None = None
    value: float | None = None
    interval: tuple[float, float] | None = None


Item = Sequence[Hashable]
"""The value that each annotator gave an item; None for an annotator without a value."""

Items = Mapping[int, Sequence[Item]]
"""Items by unit."""


class Coded(Mapping[int, Sequence[Item]]):
    """Items by unit, from the number `first` on, four bytes each: few of them differ."""

    def __init__(self, first: int = 0) -> None:
        self._first = first
        self._numbers: dict[Item, int] = {}
        self._distinct: list[Item] = []
        self._codes = array("I")
        self._ends = array("Q", [0])

    def add(self, items: Iterable[Item]) -> None:
        """Add the next unit with its items, which are tuples."""
        for item in items:
            number = self._numbers.setdefault(item, len(self._distinct))
            if number == len(self._distinct):
                self._distinct.append(item)
            self._codes.append(number)
        self._ends.append(len(self._codes))

    def extend(self, later: "Coded") -> None:
        """Add units that follow."""
        for unit in later:
            self.add(later[unit])

    def mapped(self, change: Callable[[Item], Item]) -> "Coded":
        """Return the items with another item in place of each."""
        other = Coded(self._first)
        other._distinct = list(map(change, self._distinct))
        other._codes, other._ends = self._codes, self._ends
        return other

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[int]:
        return iter(range(self._first, self._first + len(self)))

    def __getitem__(self, unit: int) -> Sequence[Item]:
        place = unit - self._first
        if not 0 <= place < len(self):
            raise KeyError(unit)
        return [self._distinct[n] for n in self._codes[self._ends[place] : self._ends[place + 1]]]


Column = Sequence[float] | Mapping[int, float]
"""A summand: its value in each unit, or only in the units where it is not 0, by their numbers."""


class Statistic(Struct, frozen=True):
    """A coefficient as a function of sums over units: `table` has a column for each summand."""

    table: Sequence[Column]
    function: Callable[[Sequence[float]], float | None]

    def value(self, resample: Resample | None = None) -> float | None:
        """Return the coefficient over all units, or over those of a resample."""
        return self.function([_sum(column, resample) for column in self.table])


def _sum(column: Column, resample: Resample | None) -> float:
    if isinstance(column, Mapping):
        if resample is None:
            return sum(column.values())
        times = resample.times
        return sum([times[unit] * value for unit, value in column.items()])
    return sum(column if resample is None else resample(column))


_FEW = 8
"""A value that less than one of so many units has is kept for those units only.

Most values of a long document are rare: a column for each would take the square of its length.
"""


def _columns(used: Sequence[Counter[Hashable]], values: Iterable[Hashable]) -> list[Column]:
    """How often each value is used in each unit, given the counts of the units."""
    by_value: dict[Hashable, dict[int, float]] = {value: {} for value in values}
    for unit, counts in enumerate(used):
        for value, count in counts.items():
            by_value[value][unit] = float(count)
    columns: list[Column] = []
    for in_units in by_value.values():
        if len(in_units) * _FEW < len(used):
            columns.append(in_units)
        else:
            columns.append([in_units.get(unit, 0.0) for unit in range(len(used))])
    return columns


def mean_of_defined(values: Iterable[float | None]) -> float | None:
    """Return the mean of the values that are not None; None if there are none."""
    defined = [value for value in values if value is not None]
    return fmean(defined) if defined else None


def kappa_statistic(items: Items) -> Statistic:
    """Return Cohen's κ of two annotators (Cohen 1960).

    The columns: how often they agree, and how often the first and the second use each value.
    """
    values = sorted({value for unit in items.values() for item in unit for value in item}, key=str)
    table: list[Column] = [[float(sum(a == b for a, b in unit)) for unit in items.values()]]
    for annotator in (0, 1):
        used = [Counter(item[annotator] for item in unit) for unit in items.values()]
        table += _columns(used, values)
    return Statistic(table, kappa)


def kappa(sums: Sequence[float]) -> float | None:
    """Return κ from the sums of the columns of `kappa_statistic`.

    None if nothing was compared, or if chance alone would always agree.
    """
    agreed, *used = sums
    half = len(used) // 2
    n = sum(used[:half])
    if not n:
        return None
    expected = sum(a * b for a, b in zip(used[:half], used[half:], strict=True)) / n**2
    if expected >= 1:
        return None
    return (agreed / n - expected) / (1 - expected)


def alpha_statistic(items: Items) -> Statistic:
    """Return Krippendorff's α for nominal data.

    Krippendorff (2011), "Computing Krippendorff's alpha-reliability", C. The columns: the
    disagreement in items to which two or more annotators gave a value, and how often each value is
    used in these.
    """
    disagreements = []
    used = []
    for unit in items.values():
        disagreement = 0.0
        unit_values = Counter[Hashable]()
        for item in unit:
            values = Counter(value for value in item if value is not None)
            m = values.total()
            if m > 1:
                unit_values.update(values)
                disagreement += (m * m - sum(n * n for n in values.values())) / (m - 1)
        disagreements.append(disagreement)
        used.append(unit_values)
    all_values = sorted({value for values in used for value in values}, key=str)
    return Statistic([disagreements, *_columns(used, all_values)], alpha)


def alpha(sums: Sequence[float]) -> float | None:
    """Return α from the sums of the columns of `alpha_statistic`.

    None if nothing was compared, or if only one value is used.
    """
    disagreement, *used = sums
    n = sum(used)
    expected = n * n - sum(count * count for count in used)
    if not expected:
        return None
    return 1 - (n - 1) * disagreement / expected


def one_label(items: Items, label: Hashable) -> Items:
    """Return the items with a label against all others: their κ and α are those of the label.

    κ of all labels is the average of those of single labels, each weighted by 1 less the agreement
    expected of it (Warrens 2011, "Cohen's kappa is a weighted average"). That holds for α too,
    whose case of two values is Krippendorff (2011), A.
    """

    def against_others(item: Item) -> Item:
        return tuple(None if value is None else value == label for value in item)

    if isinstance(items, Coded):
        return items.mapped(against_others)
    return {unit: list(map(against_others, of_unit)) for unit, of_unit in items.items()}


Bounds = tuple[int, int]
"""Half-open bounds of a span, in code points."""


class Disagreement(NamedTuple):
    """The observed and the expected disagreement in a continuum of `length` code points."""

    observed: float
    expected: float
    length: int


def without_overlap(spans: Iterable[Bounds]) -> list[Bounds]:
    """Return spans that do not overlap, as α_u needs them: of overlapping ones the longest.

    Of equally long ones the first is kept.
    """

    def preference(span: Bounds) -> tuple[int, int]:
        start, end = span
        return start - end, start

    kept: list[Bounds] = []
    for start, end in sorted(spans, key=preference):
        place = bisect_left(kept, (start, end))
        follows = place == 0 or kept[place - 1][1] <= start
        if follows and (place == len(kept) or end <= kept[place][0]):
            kept.insert(place, (start, end))
    return kept


def disagreement_of(annotators: Sequence[Sequence[Bounds]], length: int) -> Disagreement:
    """Return the disagreement of annotators about the spans of one category in one continuum.

    The spans of one annotator do not overlap. Krippendorff (1995), "On the reliability of unitizing
    continuous data"; Krippendorff (2004), "Measuring the reliability of qualitative text analysis
    data", 4.
    """
    m = len(annotators)
    differences = sum(_difference(a, b) for a, b in permutations(annotators, 2))
    observed = differences / (m * (m - 1) * length**2)
    lengths = [end - start for spans in annotators for start, end in spans]
    gaps = [gap for spans in annotators for gap in _gaps(spans, length)]
    against_spans = sum((len(lengths) - 1) / 3 * (2 * b**3 - 3 * b**2 + b) for b in lengths)
    against_gaps = _against_gaps(lengths, gaps)
    positions = m * length * (m * length - 1) - sum(b * (b - 1) for b in lengths)
    if not positions:
        return Disagreement(observed, 0.0, length)
    expected = (2 / length) * (against_spans + against_gaps) / positions
    return Disagreement(observed, expected, length)


def _against_gaps(lengths: Sequence[int], gaps: Sequence[int]) -> int:
    """The sum, over all spans and the gaps that hold them, of length² and the number of places."""
    ordered = sorted(gaps)
    sums = [0, *accumulate(ordered)]
    total = 0
    for length, spans in Counter(lengths).items():
        first = bisect_left(ordered, length)
        places = sums[-1] - sums[first] + (1 - length) * (len(ordered) - first)
        total += spans * length * length * places
    return total


def _difference(spans: Sequence[Bounds], others: Sequence[Bounds]) -> float:
    """The squared differences of one annotator's spans from those of another that they overlap.

    A span that overlaps none costs twice its length squared: for both orders of the annotators.
    """
    total = 0.0
    first = 0
    for start, end in spans:
        while first < len(others) and others[first][1] <= start:
            first += 1
        overlaps_any = False
        for number in range(first, len(others)):
            other_start, other_end = others[number]
            if other_start >= end:
                break
            overlaps_any = True
            total += (start - other_start) ** 2 + (end - other_end) ** 2
        if not overlaps_any:
            total += 2 * (end - start) ** 2
    return total


def _gaps(spans: Sequence[Bounds], length: int) -> list[int]:
    """The lengths of the stretches between spans, and before and after all, that are not empty."""
    edges = [0, *(edge for span in spans for edge in span), length]
    return [
        after - before
        for before, after in zip(edges[::2], edges[1::2], strict=True)
        if after > before
    ]


def alpha_u(disagreements: Iterable[Disagreement]) -> float | None:
    """Return α_u over several continua or categories.

    It is 1 less the ratio of the observed to the expected disagreement, weighted by length. None if
    no disagreement is expected, since nobody marked anything.
    """
    observed = expected = 0.0
    for disagreement in disagreements:
        observed += disagreement.observed * disagreement.length
        expected += disagreement.expected * disagreement.length
    if not expected:
        return None
    return 1 - observed / expected


def gamma(annotators: Mapping[str, Sequence[tuple[int, int, str]]]) -> float | None:
    """Return γ of (start, end, label) spans by annotator, computed by pygamma-agreement.

    Mathet et al. (2015), "The unified and holistic method gamma". None if that package is not
    installed, or if fewer than two annotators marked anything.
    """
    from importlib.util import find_spec

    marking = [name for name, spans in annotators.items() if spans]
    if find_spec("pygamma_agreement") is None or len(marking) < 2:
        return None
    import numpy
    from pyannote.core import Segment
    from pygamma_agreement import CombinedCategoricalDissimilarity, Continuum

    continuum = Continuum()
    for name, spans in annotators.items():
        for start, end, label in spans:
            continuum.add(name, Segment(start, end), label)
    dissimilarity = CombinedCategoricalDissimilarity(delta_empty=1, alpha=1, beta=1)
    state = numpy.random.get_state()
    numpy.random.seed(0)  # γ samples its chance level: the same one every time
    try:
        return float(continuum.compute_gamma(dissimilarity).gamma)
    finally:
        numpy.random.set_state(state)
