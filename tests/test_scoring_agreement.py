"""Coefficients: κ equals that of scikit-learn, α that of krippendorff and published examples."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statevisit.scoring import coefficients
from statevisit.scoring.coefficients import Item, Items, Statistic, one_label
from tests.conftest import oracle

krippendorff = oracle("krippendorff")
metrics = oracle("sklearn.metrics")
numpy = oracle("numpy")


def _alpha(data: list[list[Any]]) -> float | None:
    """α of reliability data: a row an annotator, a column an item, None for a missing value."""
    items = [list(item) for item in zip(*data, strict=True)]
    return coefficients.alpha_statistic({0: items}).value()


def test_krippendorff_2011_c() -> None:
    """Four observers, twelve units, missing values: nominal α is 0.743.

    "Computing Krippendorff's alpha-reliability", section C.
    """
    _ = None
    data = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
    assert pytest.approx(0.743, abs=5e-4) == _alpha(data)


def test_krippendorff_2011_a_and_b() -> None:
    """Two observers: α is 0.095 for binary data (section A), 0.692 for nominal data (section B)."""
    binary = [[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]]
    assert pytest.approx(0.095, abs=5e-4) == _alpha(binary)
    assert pytest.approx(0.692, abs=5e-4) == _alpha([list("aabbdcccedda"), list("babbbccceddd")])


VALUES = st.lists(st.tuples(*[st.none() | st.sampled_from("abc")] * 3), min_size=2, max_size=12)


@given(VALUES)
def test_alpha_is_that_of_the_krippendorff_package(items: list[tuple[str | None, ...]]) -> None:
    """Three annotators, any values, any gaps; None if the package has no number."""
    data = [list(row) for row in zip(*items, strict=True)]
    coded = numpy.array(
        [[numpy.nan if v is None else "abc".index(v) for v in row] for row in data], dtype=float
    )
    used = {
        v for item in items for v in item if v is not None and sum(x is not None for x in item) > 1
    }
    if len(used) < 2:
        assert _alpha(data) is None
        return
    assert pytest.approx(
        krippendorff.alpha(reliability_data=coded, level_of_measurement="nominal"), abs=1e-9
    ) == _alpha(data)


PAIRS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=20)


@pytest.mark.slow
@given(PAIRS)
def test_kappa_is_that_of_scikit_learn(items: list[tuple[str, str]]) -> None:
    """Cohen's κ of two annotators; None if both use one value only."""
    kappa = coefficients.kappa_statistic({0: items}).value()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = metrics.cohen_kappa_score(*zip(*items, strict=True))
    assert (None if numpy.isnan(expected) else pytest.approx(expected)) == kappa


def _of_label(
    statistic: Callable[[Items], Statistic], items: Sequence[Item], label: str
) -> float | None:
    return statistic(one_label({0: items}, label)).value()


TEN = [*4 * ["aa"], "ab", *2 * ["bb"], "bc", *2 * ["cc"]]


def test_kappa_of_one_label() -> None:
    """κ of ten items, a label against the rest, is as computed by hand.

    Agreement on a is 0.9 and 0.5 is expected, on b 0.8 and 0.58, on c 0.9 and 0.62.
    """
    assert pytest.approx(0.4 / 0.5) == _of_label(coefficients.kappa_statistic, TEN, "a")
    assert pytest.approx(0.22 / 0.42) == _of_label(coefficients.kappa_statistic, TEN, "b")
    assert pytest.approx(0.28 / 0.38) == _of_label(coefficients.kappa_statistic, TEN, "c")
    assert pytest.approx(0.45 / 0.65) == coefficients.kappa_statistic({0: TEN}).value()


def test_alpha_of_one_label() -> None:
    """α of the data of Krippendorff (2011), B, a label against the rest, is as computed by hand.

    Of the 24 values, 2 of the 4 a meet an a, so that α is 1 - 23 * 2 / (4 * 20); of the 6 b and of
    the 6 d 4 meet an equal one, and all c and e do.
    """
    items = [*zip("aabbdcccedda", "babbbccceddd", strict=True)]
    assert pytest.approx(1 - 23 * 2 / (4 * 20)) == _of_label(
        coefficients.alpha_statistic, items, "a"
    )
    assert pytest.approx(1 - 23 * 2 / (6 * 18)) == _of_label(
        coefficients.alpha_statistic, items, "b"
    )
    assert pytest.approx(1 - 23 * 2 / (6 * 18)) == _of_label(
        coefficients.alpha_statistic, items, "d"
    )
    assert [1.0, 1.0] == [_of_label(coefficients.alpha_statistic, items, label) for label in "ce"]


@pytest.mark.slow
@given(PAIRS)
def test_kappa_is_the_weighted_average_of_its_labels(items: list[tuple[str, str]]) -> None:
    """κ of a label is scikit-learn's for the label against the rest.

    Weighted by 1 less the expected agreement, these average to κ of all labels (Warrens 2011).
    """
    total = weights = 0.0
    for label in {v for item in items for v in item}:
        mine, theirs = ([v == label for v in side] for side in zip(*items, strict=True))
        p, q = sum(mine) / len(items), sum(theirs) / len(items)
        weight = 1 - p * q - (1 - p) * (1 - q)
        kappa = _of_label(coefficients.kappa_statistic, items, label)
        if kappa is not None:
            assert pytest.approx(metrics.cohen_kappa_score(mine, theirs)) == kappa
            total, weights = total + weight * kappa, weights + weight
    whole = coefficients.kappa_statistic({0: items}).value()
    assert whole is None if not weights else pytest.approx(total / weights) == whole


@given(VALUES, st.sampled_from("abc"))
def test_alpha_of_one_label_is_that_of_label_or_not(
    items: list[tuple[str | None, ...]], label: str
) -> None:
    """α of a label is the krippendorff package's for the label against the rest; gaps stay gaps."""
    coded = numpy.array(
        [
            [numpy.nan if v is None else float(v == label) for v in row]
            for row in zip(*items, strict=True)
        ]
    )
    used = {
        v == label
        for item in items
        for v in item
        if v is not None and sum(x is not None for x in item) > 1
    }
    expected = None
    if len(used) == 2:
        expected = krippendorff.alpha(reliability_data=coded, level_of_measurement="nominal")
        expected = pytest.approx(expected, abs=1e-9)
    assert expected == _of_label(coefficients.alpha_statistic, items, label)


OBSERVER_I = {"c": [(75, 145), (220, 250)], "k": [(30, 90), (150, 200)]}
OBSERVER_J = {"c": [(70, 150), (205, 225), (250, 270)], "k": [(30, 90), (150, 200)]}


def test_unitized_alpha_of_krippendorff_2004() -> None:
    """The worked example of "Measuring the reliability of qualitative text analysis data".

    Two observers, a continuum of 300 that begins at 150, categories c and k: D_o 0.0144 and 0, D_e
    0.0532 and 0.0490, α_u 0.7285 and 1, together 0.8587. The numbers are those of DKPro Statistics,
    which computes them without the paper's rounding.
    """
    parts = {
        category: coefficients.disagreement_of([OBSERVER_I[category], OBSERVER_J[category]], 300)
        for category in "ck"
    }
    assert pytest.approx([0.0144, 0.0532], abs=1e-4) == list(parts["c"][:2])
    assert pytest.approx([0.0, 0.0490], abs=1e-4) == list(parts["k"][:2])
    assert pytest.approx(0.7285, abs=1e-4) == coefficients.alpha_u([parts["c"]])
    assert pytest.approx(0.8587, abs=1e-4) == coefficients.alpha_u(parts.values())


def test_unitized_alpha_below_chance() -> None:
    """DKPro's other example: one span against three; D_o 0.91, D_e 0.5351, α_u -0.7003."""
    disagreement = coefficients.disagreement_of([[(1, 9)], [(2, 3), (4, 5), (6, 7)]], 10)
    assert pytest.approx([0.91, 0.5351], abs=1e-4) == list(disagreement[:2])
    assert pytest.approx(-0.7003, abs=1e-4) == coefficients.alpha_u([disagreement])


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=8).map(
    lambda drawn: coefficients.without_overlap((s, s + n) for s, n in drawn)
)


@given(SPANS, SPANS)
def test_unitized_alpha_is_symmetric_and_one_for_equals(one: Any, other: Any) -> None:
    """The order of annotators does not matter; equal spans agree fully; no spans give no figure."""
    a, b = (
        coefficients.disagreement_of([one, other], 50),
        coefficients.disagreement_of([other, one], 50),
    )
    assert pytest.approx(a) == b
    same = coefficients.alpha_u([coefficients.disagreement_of([one, one], 50)])
    assert (1.0 if one else None) == same
    alpha_u = coefficients.alpha_u([a])
    assert alpha_u is None or alpha_u <= 1


def test_gamma_is_left_out_without_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """γ needs pygamma-agreement; without it there is no figure and no error."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert coefficients.gamma({"a": [(0, 5, "x")], "b": [(0, 5, "x")]}) is None
