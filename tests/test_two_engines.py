"""Two engines, one truth: jsonschema-rs decides, jsonschema is the oracle; and every kind of mistake is caught.

`pytest --mutations 200000` makes more mistakes than CI does; `-rP` prints how many of each kind were made and caught.
"""

import copy
import json
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from jsonschema import validators
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from statevisit import schema_errors
from statevisit.checks.catalogue import catalogue
from statevisit.checks.document import check_bytes
from tests.conftest import ROOT, fixture_bytes
from tests.mutations import JUDGEMENTS, MUTATIONS, document

EACH = 10
"""Mistakes made in one document, each in a fresh copy of it."""

SAMPLE = 50
"""One mistake of each kind in so many goes to the oracle as it is, too, which has to say what the quick one says."""

PROCESSES = 2
"""Processes that share the work; each draws its own seeds, the same in every run."""

FIXTURES = [
    p
    for p in sorted((ROOT / "tests/data").glob("*valid/**/*.json"))
    if "corpus/documents" in str(p) or p.parent.name in ("invalid", "valid")
]


@pytest.mark.parametrize("path", FIXTURES, ids=lambda p: str(p.relative_to(ROOT / "tests/data")))
def test_the_engines_agree_on_every_fixture(path: Path) -> None:
    """Both say valid, or both say not (what is no JSON never comes to either)."""
    try:
        value = orjson.loads(fixture_bytes(path))
    except orjson.JSONDecodeError:
        assert path.name[:4] in ("E101", "E102")
        return
    assert (
        schema_errors.verdict().is_valid(value)
        == schema_errors.oracle().is_valid(value)
        == quick_oracle().is_valid(value)
    )


class Tally(NamedTuple):
    """What became of the mistakes: numbers by kind, and an example of each kind that was missed."""

    made: Counter[str]
    caught: Counter[str]
    missed: dict[str, bytes]


@pytest.mark.parametrize("path", FIXTURES, ids=lambda p: str(p.relative_to(ROOT / "tests/data")))
def test_what_is_said_is_what_the_oracle_says_alone(path: Path) -> None:
    """`schema.errors` passes over what is right, and says of the rest, in its order, what jsonschema says of the whole."""
    try:
        value = orjson.loads(fixture_bytes(path))
    except orjson.JSONDecodeError:
        return
    said = [list(error.absolute_path) for error in schema_errors.oracle().iter_errors(value)]
    places = [where for where, _ in schema_errors.errors(value)]
    assert [p for n, p in enumerate(said) if p not in said[:n]] == [
        p for n, p in enumerate(places) if p not in places[:n]
    ]


@cache
def quick_oracle() -> Any:
    """The oracle, but that it looks each `$ref` up once, and remembers the values it found right under one: most of a document is as before the mistake."""
    plain = schema_errors.oracle()
    target = cache(
        Registry().with_resource("", DRAFT202012.create_resource(plain.schema)).resolver().lookup
    )
    right: set[tuple[str, bytes]] = set()

    def ref(validator: Any, reference: str, instance: Any, _: Any) -> Iterator[Any]:
        try:
            key = reference, orjson.dumps(instance)  # which keeps 1, 1.0 and true apart
        except TypeError:  # an integer beyond 64 bits
            key = None
        if key not in right:
            errors = list(validator.descend(instance, target(reference).contents))
            if not errors and key:
                right.add(key)
            yield from errors

    return validators.extend(type(plain), {"$ref": ref})(
        plain.schema, format_checker=plain.format_checker
    )


def mistakes(part: int, wanted: int) -> Tally:
    """Make about `wanted` mistakes; fails where the engines differ, a right document is refused, or a finding is of no known code."""
    tally, kinds = Tally(Counter(), Counter(), {}), MUTATIONS | JUDGEMENTS

    @seed(part)
    @settings(
        max_examples=max(1, wanted // EACH),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, 2**64))
    def run(number: int) -> None:
        rng = random.Random(number)
        right = document(rng)
        assert schema_errors.verdict().is_valid(right)
        assert quick_oracle().is_valid(right)
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
            assert schema_errors.verdict().is_valid(parsed) == quick_oracle().is_valid(parsed), (
                kind,
                value,
            )
            assert tally.made[kind] % SAMPLE or quick_oracle().is_valid(
                parsed
            ) == schema_errors.oracle().is_valid(parsed), (kind, value)
            assert {f.code for f in found} <= set(catalogue())
            tally.made[kind] += 1
            tally.caught[kind] += bool(found)
            if not found and kind in MUTATIONS:
                tally.missed.setdefault(kind, data)

    run()
    return tally


def test_every_mistake_is_caught_and_both_engines_agree(pytestconfig: pytest.Config) -> None:
    """On documents made up at random and on mistakes made in them, the engines agree, nothing crashes, and every mistake is found."""
    wanted = pytestconfig.getoption("mutations")
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        parts = list(pool.map(mistakes, range(PROCESSES), [-(-wanted // PROCESSES)] * PROCESSES))
    made, caught = (sum((p[n] for p in parts), Counter()) for n in (0, 1))
    print(
        "\n".join(f"{made[k]:>7} made {caught[k]:>7} caught  {k}" for k in MUTATIONS | JUDGEMENTS)
    )
    print(f"{made.total():>7} made {caught.total():>7} caught")
    assert {} == {k: v for p in parts for k, v in p.missed.items()}
    assert set(MUTATIONS) <= set(made)
    assert made.total() > 0.9 * wanted
