"""Coreference: the figures are those that the reference CoNLL scorer and CoVal publish."""

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statevisit.scoring import coref
from statevisit.scoring.counts import Rates
from statevisit.scoring.counts import rates as rates_of
from tests.conftest import ROOT

CASES = json.loads((ROOT / "tests/data/scoring/coreference.json").read_text())["cases"]


def _rates(measure: str, key: list[Any], response: list[Any]) -> Rates:
    sides = coref.sides(coref.distinct(key), coref.distinct(response))
    return rates_of(coref.MEASURES[measure](*sides))


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["id"])
def test_published_cases(case: dict[str, Any]) -> None:
    """MUC, B³, CEAFe and LEA of the published cases, also of mentions that are in two clusters.

    If there is nothing to count, they publish 0, and here there is no figure.
    """
    for measure in coref.MEASURES:
        if measure in case:
            expected = [float(Fraction(x)) for x in case[measure]]
            rates = _rates(measure, case["key"], case["response"])
            assert pytest.approx(expected, abs=1e-5) == [
                rates.recall or 0,
                rates.precision or 0,
                rates.f1 or 0,
            ], measure


def test_the_cases_are_complete() -> None:
    """There are as many cases as published: 36, MUC in 28, B³ in 16, CEAFe in 10, LEA in 34."""
    assert 36 == len(CASES)
    assert {"MUC": 28, "B3": 16, "CEAFe": 10, "LEA": 34} == {
        m: sum(m in c for c in CASES) for m in coref.MEASURES
    }


def test_without_anything_to_count_there_is_no_figure() -> None:
    """Singletons have no links: MUC is undefined, and the CoNLL average is that of B³ and CEAFe.

    The reference scorer writes 0.
    """
    assert Rates() == _rates("MUC", ["a", "b"], ["a", "b"])
    assert Rates(f1=1.0) == coref.conll(
        _rates(m, ["a", "b"], ["a", "b"]) for m in ("MUC", "B3", "CEAFe")
    )


PARTITIONS = st.lists(st.integers(0, 4), min_size=1, max_size=10).map(
    lambda homes: [
        [str(m) for m, h in enumerate(homes) if h == home] for home in sorted(set(homes))
    ]
)


@given(PARTITIONS, PARTITIONS)
def test_symmetry_bounds_and_identity(key: list[list[str]], response: list[list[str]]) -> None:
    """Exchanging key and response exchanges precision and recall; all is within 0 and 1.

    A partition against itself is 1.
    """
    for measure in coref.MEASURES:
        one, other = _rates(measure, key, response), _rates(measure, response, key)
        assert pytest.approx([one.precision, one.recall, one.f1]) == [
            other.recall,
            other.precision,
            other.f1,
        ]
        assert all(0 <= x <= 1 + 1e-9 for x in (one.precision, one.recall, one.f1) if x is not None)
        assert _rates(measure, key, key).f1 in (None, pytest.approx(1.0))


SETS = st.lists(st.frozensets(st.integers(0, 6)), max_size=6)


@given(SETS, SETS)
def test_clusters_may_share_mentions(
    key: list[frozenset[int]], response: list[frozenset[int]]
) -> None:
    """φ4 of every two clusters that share a mention, also of mentions in several clusters."""
    assert {
        (i, j): 2 * len(k & r) / (len(k) + len(r))
        for i, k in enumerate(key)
        for j, r in enumerate(response)
        if k & r
    } == coref.phi4(*coref.sides(key, response))


@given(PARTITIONS, PARTITIONS, st.randoms())
def test_the_order_of_clusters_never_matters(
    key: list[list[str]], response: list[list[str]], random: Any
) -> None:
    """Neither the order of clusters nor that of mentions in them decides anything."""
    expected = [_rates(m, key, response) for m in coref.MEASURES]
    shuffled = [list(g) for g in response]
    for g in shuffled:
        random.shuffle(g)
    random.shuffle(shuffled)
    assert expected == [_rates(m, key, shuffled) for m in coref.MEASURES]
