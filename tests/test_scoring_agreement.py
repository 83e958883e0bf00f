"""Agreement: α is that of the `krippendorff` package and of Krippendorff's own examples, κ that of Cohen and scikit-learn."""

import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statevisit.scoring import agreement
from tests.conftest import oracle

krippendorff = oracle("krippendorff")
metrics = oracle("sklearn.metrics")
numpy = oracle("numpy")


def _alpha(data: list[list[Any]]) -> float | None:
    """α of reliability data: a row an annotator, a column an item, None where one is missing."""
    return agreement.alpha(
        [
            sum(c)
            for c in agreement.alpha_table({0: [list(item) for item in zip(*data, strict=True)]})[1]
        ]
    )


def test_krippendorff_2011_c() -> None:
    """Four observers, twelve units, missing values: α nominal is 0.743 in "Computing Krippendorff's alpha-reliability", section C."""
    _ = None
    data = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
    assert pytest.approx(0.743, abs=5e-4) == _alpha(data)


def test_krippendorff_2011_a_and_b() -> None:
    """Two observers: α is 0.095 for binary data (section A) and 0.692 for nominal data (section B)."""
    binary = [[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]]
    assert pytest.approx(0.095, abs=5e-4) == _alpha(binary)
    assert pytest.approx(0.692, abs=5e-4) == _alpha([list("aabbdcccedda"), list("babbbccceddd")])


VALUES = st.lists(st.tuples(*[st.none() | st.sampled_from("abc")] * 3), min_size=2, max_size=12)


@given(VALUES)
def test_alpha_is_that_of_the_krippendorff_package(items: list[tuple[str | None, ...]]) -> None:
    """Three annotators, any values, any gaps; where the package has no number there is none here."""
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


@given(PAIRS)
def test_kappa_is_that_of_scikit_learn(items: list[tuple[str, str]]) -> None:
    """Cohen's κ of two annotators; none where both use one value only."""
    found = agreement.kappa([sum(c) for c in agreement.kappa_table({0: items})[1]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = metrics.cohen_kappa_score(*zip(*items, strict=True))
    assert found is None if numpy.isnan(expected) else pytest.approx(expected) == found


def _of_label(table: Any, statistic: Any, items: Any, label: str) -> float | None:
    return statistic([sum(c) for c in table(agreement.one_label({0: items}, label))[1]])


TEN = [*4 * ["aa"], "ab", *2 * ["bb"], "bc", *2 * ["cc"]]


def test_kappa_of_one_label() -> None:
    """Ten items, a label against the rest, by hand: a agrees in 9 of 10 where .5 is expected, b in 8 of .58, c in 9 of .62."""
    assert pytest.approx(0.4 / 0.5) == _of_label(agreement.kappa_table, agreement.kappa, TEN, "a")
    assert pytest.approx(0.22 / 0.42) == _of_label(agreement.kappa_table, agreement.kappa, TEN, "b")
    assert pytest.approx(0.28 / 0.38) == _of_label(agreement.kappa_table, agreement.kappa, TEN, "c")
    assert pytest.approx(0.45 / 0.65) == agreement.kappa(
        [sum(c) for c in agreement.kappa_table({0: TEN})[1]]
    )


def test_alpha_of_one_label() -> None:
    """The data of Krippendorff (2011), B, 24 values: of the 4 a two meet an a, so α is 1 - 23 * 2 / (4 * 20); of the 6 b and the 6 d four; all c and e do."""
    items = [*zip("aabbdcccedda", "babbbccceddd", strict=True)]
    assert pytest.approx(1 - 23 * 2 / (4 * 20)) == _of_label(
        agreement.alpha_table, agreement.alpha, items, "a"
    )
    assert pytest.approx(1 - 23 * 2 / (6 * 18)) == _of_label(
        agreement.alpha_table, agreement.alpha, items, "b"
    )
    assert pytest.approx(1 - 23 * 2 / (6 * 18)) == _of_label(
        agreement.alpha_table, agreement.alpha, items, "d"
    )
    assert [1.0, 1.0] == [
        _of_label(agreement.alpha_table, agreement.alpha, items, label) for label in "ce"
    ]


@given(PAIRS)
def test_kappa_is_the_weighted_average_of_its_labels(items: list[tuple[str, str]]) -> None:
    """κ of a label is scikit-learn's of label or not; weighted by 1 less the expected agreement these average to κ of all (Warrens 2011)."""
    total = weights = 0.0
    for label in {v for item in items for v in item}:
        mine, theirs = ([v == label for v in side] for side in zip(*items, strict=True))
        p, q = sum(mine) / len(items), sum(theirs) / len(items)
        weight = 1 - p * q - (1 - p) * (1 - q)
        found = _of_label(agreement.kappa_table, agreement.kappa, items, label)
        if found is not None:
            assert pytest.approx(metrics.cohen_kappa_score(mine, theirs)) == found
            total, weights = total + weight * found, weights + weight
    whole = agreement.kappa([sum(c) for c in agreement.kappa_table({0: items})[1]])
    assert whole is None if not weights else pytest.approx(total / weights) == whole


@given(VALUES, st.sampled_from("abc"))
def test_alpha_of_one_label_is_that_of_label_or_not(
    items: list[tuple[str | None, ...]], label: str
) -> None:
    """Three annotators with gaps: α of a label is the `krippendorff` package's of label or not; a gap stays a gap."""
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
    found = _of_label(agreement.alpha_table, agreement.alpha, items, label)
    assert (
        found is None
        if len(used) < 2
        else pytest.approx(
            krippendorff.alpha(reliability_data=coded, level_of_measurement="nominal"), abs=1e-9
        )
        == found
    )


OBSERVER_I = {"c": [(75, 145), (220, 250)], "k": [(30, 90), (150, 200)]}
OBSERVER_J = {"c": [(70, 150), (205, 225), (250, 270)], "k": [(30, 90), (150, 200)]}


def test_unitized_alpha_of_krippendorff_2004() -> None:
    """The worked example of "Measuring the reliability of qualitative text analysis data": D_o 0.0144 and 0, D_e 0.0532 and 0.0490, α_u 0.7285 and 1, both 0.8587.

    Two observers, a continuum of 300 that begins at 150, categories c and k; the numbers as in DKPro Statistics, which computes
    them without the paper's rounding.
    """
    parts = {
        category: agreement.unitized([OBSERVER_I[category], OBSERVER_J[category]], 300)
        for category in "ck"
    }
    assert pytest.approx([0.0144, 0.0532], abs=1e-4) == list(parts["c"])
    assert pytest.approx([0.0, 0.0490], abs=1e-4) == list(parts["k"])
    assert pytest.approx(0.7285, abs=1e-4) == agreement.alpha_u([(*parts["c"], 300)])
    assert pytest.approx(0.8587, abs=1e-4) == agreement.alpha_u(
        [(*parts["c"], 300), (*parts["k"], 300)]
    )


def test_unitized_alpha_below_chance() -> None:
    """DKPro's other example: one span of eight against three of one give D_o 0.91, D_e 0.5351, α_u -0.7003."""
    found = agreement.unitized([[(1, 9)], [(2, 3), (4, 5), (6, 7)]], 10)
    assert pytest.approx([0.91, 0.5351], abs=1e-4) == list(found)
    assert pytest.approx(-0.7003, abs=1e-4) == agreement.alpha_u([(*found, 10)])


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=8).map(
    lambda drawn: agreement.outer((s, s + n) for s, n in drawn)
)


@given(SPANS, SPANS)
def test_unitized_alpha_is_symmetric_and_one_for_equals(one: Any, other: Any) -> None:
    """The order of annotators does not matter; who marks the same agrees fully; nothing marked, no figure."""
    a, b = agreement.unitized([one, other], 50), agreement.unitized([other, one], 50)
    assert pytest.approx(a) == b
    same = agreement.alpha_u([(*agreement.unitized([one, one], 50), 50)])
    assert (1.0 if one else None) == same
    found = agreement.alpha_u([(*a, 50)])
    assert found is None or found <= 1


def test_gamma_is_left_out_where_its_package_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """γ needs pygamma-agreement, which statevisit does not bring: without it there is no figure and no error."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert agreement.gamma({"a": [(0, 5, "x")], "b": [(0, 5, "x")]}) is None
