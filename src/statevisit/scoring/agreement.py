"""How far annotators agree beyond chance.

Every coefficient is computed from statistics that add up over units, so that the bootstrap can draw units again.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import combinations, permutations
from typing import Any

Rows = Mapping[int, Sequence[Sequence[Hashable]]]
"""By unit (document or sentence): what each annotator said of each item; None where one said nothing."""


def kappa_table(rows: Rows) -> tuple[list[int], list[list[float]]]:
    """(units, columns) for `kappa`: how often two annotators agree, and how often each uses each value."""
    labels = sorted({v for items in rows.values() for row in items for v in row}, key=str)
    units = list(rows)
    table = [[float(sum(a == b for a, b in rows[u])) for u in units]]
    for side in (0, 1):
        used = [Counter(row[side] for row in rows[u]) for u in units]
        table += [[float(c[label]) for c in used] for label in labels]
    return units, table


def kappa(sums: Sequence[float]) -> float | None:
    """Cohen's κ (Cohen 1960) from the sums of a `kappa_table`; None where chance alone would agree always, or nothing was compared."""
    agreed, *used = sums
    half = len(used) // 2
    n = sum(used[:half])
    if not n:
        return None
    expected = sum(a * b for a, b in zip(used[:half], used[half:], strict=True)) / n**2
    return None if expected >= 1 else (agreed / n - expected) / (1 - expected)


def alpha_table(rows: Rows) -> tuple[list[int], list[list[float]]]:
    """(units, columns) for `alpha`: pairable disagreement, and how often each value is used in items that two or more annotators have."""
    units = list(rows)
    disagreed, used = [], []
    for u in units:
        total, values = 0.0, Counter[Hashable]()
        for row in rows[u]:
            said = Counter(v for v in row if v is not None)
            m = said.total()
            if m > 1:
                values.update(said)
                total += (m * m - sum(n * n for n in said.values())) / (m - 1)
        disagreed.append(total)
        used.append(values)
    labels = sorted({v for c in used for v in c}, key=str)
    return units, [disagreed, *([float(c[label]) for c in used] for label in labels)]


def alpha(sums: Sequence[float]) -> float | None:
    """Krippendorff's α for nominal data (Krippendorff 2011, "Computing Krippendorff's alpha-reliability", C) from the sums of an `alpha_table`.

    None where there is nothing to compare or only one value.
    """
    disagreed, *used = sums
    n = sum(used)
    expected = n * n - sum(c * c for c in used)
    return None if not expected else 1 - (n - 1) * disagreed / expected


def one_label(rows: Rows, label: Hashable) -> dict[int, list[list[bool | None]]]:
    """The rows for one label against all others together: κ and α of these are the reliability of the label.

    κ of all labels is the average of those of single labels, each weighted by 1 less the agreement expected of it (Warrens 2011,
    "Cohen's kappa is a weighted average"); that holds for α too, whose case of two values is Krippendorff (2011), A.
    """
    return {
        u: [[None if v is None else v == label for v in row] for row in items]
        for u, items in rows.items()
    }


Units = Sequence[tuple[int, int]]
"""One annotator's spans of one category in one document, `[start, end)`."""


def outer(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that do not overlap, as α_u wants them: of overlapping ones the longest, then the first."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda s: (s[0] - s[1], s[0])):
        if all(end <= s or e <= start for s, e in found):
            found.append((start, end))
    return sorted(found)


def unitized(annotators: Sequence[Units], length: int) -> tuple[float, float]:
    """Observed and expected disagreement of one category in one continuum of `length` code points.

    Krippendorff (1995), "On the reliability of unitizing continuous data"; Krippendorff (2004), "Measuring the reliability
    of qualitative text analysis data", 4. Spans of one annotator do not overlap.
    """
    m = len(annotators)
    observed = sum(_differs(a, b) for a, b in permutations(annotators, 2)) / (
        m * (m - 1) * length**2
    )
    lengths = [e - s for units in annotators for s, e in units]
    gaps = [g for units in annotators for g in _gaps(units, length)]
    against_units = sum((len(lengths) - 1) / 3 * (2 * b**3 - 3 * b**2 + b) for b in lengths)
    against_gaps = sum(b * b * sum(g - b + 1 for g in gaps if g >= b) for b in lengths)
    whole = m * length * (m * length - 1) - sum(b * (b - 1) for b in lengths)
    return observed, (2 / length) * (against_units + against_gaps) / whole if whole else 0.0


def _differs(mine: Units, theirs: Units) -> float:
    """The squared differences of one annotator's spans to those of another that they meet; a span that meets none costs its length squared,
    for both orders of the two annotators at once.
    """
    total, first = 0.0, 0
    for start, end in mine:
        while first < len(theirs) and theirs[first][1] <= start:
            first += 1
        met = False
        for s, e in theirs[first:]:
            if s >= end:
                break
            met = True
            total += (start - s) ** 2 + (end - e) ** 2
        total += 0 if met else 2 * (end - start) ** 2
    return total


def _gaps(units: Units, length: int) -> list[int]:
    edges = [0, *(x for span in units for x in span), length]
    return [b - a for a, b in zip(edges[::2], edges[1::2], strict=True) if b > a]


def alpha_u(parts: Iterable[tuple[float, float, int]]) -> float | None:
    """α_u of several continua or categories: one less the ratio of their disagreements (observed, expected, length), weighted by length.

    None where there is no disagreement to expect: nobody marked anything.
    """
    observed = expected = 0.0
    for o, e, length in parts:
        observed, expected = observed + o * length, expected + e * length
    return None if not expected else 1 - observed / expected


def gamma(annotators: Mapping[str, Sequence[tuple[int, int, str]]]) -> float | None:
    """γ (Mathet et al. 2015, "The unified and holistic method gamma") of (start, end, label) spans, by pygamma-agreement.

    None where that package is not installed, or where fewer than two annotators marked anything.
    """
    from importlib.util import find_spec

    if find_spec("pygamma_agreement") is None or sum(map(bool, annotators.values())) < 2:
        return None
    import numpy
    from pyannote.core import Segment
    from pygamma_agreement import CombinedCategoricalDissimilarity, Continuum

    continuum = Continuum()
    for name, spans in annotators.items():
        for start, end, label in spans:
            continuum.add(name, Segment(start, end), label)
    state = numpy.random.get_state()
    numpy.random.seed(0)  # γ's chance level is sampled; the same every time
    try:
        return float(
            continuum.compute_gamma(
                CombinedCategoricalDissimilarity(delta_empty=1, alpha=1, beta=1)
            ).gamma
        )
    finally:
        numpy.random.set_state(state)


def by_place(
    annotators: Sequence[Sequence[tuple[int, int, int, Any]]],
) -> dict[int, list[list[Any]]]:
    """Items for `alpha_table`: (unit, start, end, value) records that stand at one place, the n-th there with the n-th; None where one has none."""
    places: dict[tuple[int, int, int, int], list[Any]] = {}
    for a, records in enumerate(annotators):
        seen: Counter[tuple[int, int, int]] = Counter()
        for unit, start, end, value in records:
            seen[unit, start, end] += 1
            places.setdefault((unit, start, end, seen[unit, start, end]), [None] * len(annotators))[
                a
            ] = value
    found: dict[int, list[list[Any]]] = {}
    for (unit, *_), row in sorted(places.items(), key=lambda p: p[0]):
        found.setdefault(unit, []).append(row)
    return found


def pairs(n: int) -> list[tuple[int, int]]:
    """Every two of n annotators."""
    return list(combinations(range(n), 2))
