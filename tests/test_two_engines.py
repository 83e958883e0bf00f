"""Two engines, one truth: jsonschema-rs decides, jsonschema is the oracle; and every kind of mistake is caught.

`pytest --mutations 200000` makes more mistakes than CI does; `-rP` prints how many of each kind were made and caught.
"""

import copy
import json
import random
from collections import Counter
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from statevisit import schema
from statevisit.checks import check_bytes
from statevisit.checks.catalogue import catalogue
from tests.conftest import ROOT
from tests.mutations import JUDGEMENTS, MUTATIONS, document

EACH = 10
"""Mistakes made in one document, each in a fresh copy of it."""

FIXTURES = [p for p in sorted((ROOT / "tests/data").glob("*valid/**/*.json")) if "corpus/documents" in str(p) or p.parent.name in ("invalid", "valid")]


@pytest.mark.parametrize("path", FIXTURES, ids=lambda p: str(p.relative_to(ROOT / "tests/data")))
def test_the_engines_agree_on_every_fixture(path: Path) -> None:
    """Both say valid, or both say not (what is no JSON never comes to either)."""
    try:
        value = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        assert path.name[:4] in ("E101", "E102")
        return
    assert schema.verdict().is_valid(value) == schema.oracle().is_valid(value)


def test_every_mistake_is_caught_and_both_engines_agree(pytestconfig: pytest.Config) -> None:
    """On documents made up at random and on mistakes made in them, the engines agree, nothing crashes, and every mistake is found."""
    made, caught, missed = Counter(), Counter(), {}
    kinds = MUTATIONS | JUDGEMENTS
    wanted = pytestconfig.getoption("mutations")

    @settings(max_examples=max(1, wanted // EACH), derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 2**64))
    def run(seed: int) -> None:
        rng = random.Random(seed)
        right = document(rng)
        assert schema.verdict().is_valid(right) and schema.oracle().is_valid(right)
        assert [] == check_bytes(orjson.dumps(right), "x.json")[1]
        for kind in rng.sample(list(kinds), EACH):
            value = copy.deepcopy(right)
            kinds[kind](rng, value)
            if value == right:
                continue
            try:
                data = orjson.dumps(value)
            except TypeError:  # an integer beyond 64 bits
                data = json.dumps(value).encode()
            found = check_bytes(data, "x.json")[1]
            parsed = json.loads(data)
            assert schema.verdict().is_valid(parsed) == schema.oracle().is_valid(parsed), (kind, value)
            assert {f.code for f in found} <= set(catalogue())
            made[kind] += 1
            caught[kind] += bool(found)
            if not found and kind in MUTATIONS:
                missed.setdefault(kind, data)

    run()
    print("\n".join(f"{made[k]:>7} made {caught[k]:>7} caught  {k}" for k in kinds))
    print(f"{made.total():>7} made {caught.total():>7} caught")
    assert {} == missed
    assert made.total() > 0.9 * wanted
