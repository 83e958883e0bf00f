"""jsonschema-rs and jsonschema, the oracle, always agree, and every kind of mistake is caught.

`pytest --mutations 200000` makes more mistakes than CI does; `-rP` prints how many of each kind
were made and caught.
"""

import copy
import json
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple, cast

import orjson
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from jsonschema import validators
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from statevisit.checks.catalogue import catalogue
from statevisit.checks.document import check_bytes
from statevisit.cli.main import run
from statevisit.document import codec, schema_errors
from statevisit.document.codec import encode_value
from statevisit.document.scheme import base
from tests.conftest import ROOT, fixture_bytes
from tests.mutations import JUDGEMENTS, MUTATIONS, document

EACH = 10
"""Mistakes made in one document, each in a fresh copy."""

SAMPLE = 50
"""One in this many mistakes of each kind is also judged by the oracle itself.

Its verdict has to be that of the quick oracle.
"""

PROCESSES = 2
"""Processes that share the work; each draws its own seeds, the same in every run."""

FIXTURES = [
    p
    for p in sorted((ROOT / "tests/data").glob("*valid/**/*.json"))
    if "corpus/documents" in str(p) or p.parent.name in ("invalid", "valid")
]


@pytest.mark.parametrize("path", FIXTURES, ids=lambda p: str(p.relative_to(ROOT / "tests/data")))
def test_the_engines_agree_on_every_fixture(path: Path) -> None:
    """Both engines accept a fixture, or both refuse it; files that are not JSON reach neither."""
    try:
        value = orjson.loads(fixture_bytes(path))
    except orjson.JSONDecodeError:
        assert path.name[:4] in ("E101", "E102")
        return
    assert (
        schema_errors.verdict(base()).is_valid(value)
        == schema_errors.oracle(base()).is_valid(value)
        == quick_oracle().is_valid(value)
    )


@pytest.mark.parametrize("path", FIXTURES, ids=lambda p: str(p.relative_to(ROOT / "tests/data")))
def test_canonical_bytes_have_the_findings_of_any_others(path: Path) -> None:
    """The quick way through canonical bytes finds what the general way finds, in its order."""
    try:
        data = encode_value(orjson.loads(fixture_bytes(path)))
    except orjson.JSONDecodeError:
        return
    assert check_bytes(data + b" ", "x.json") == check_bytes(data, "x.json")


class Tally(NamedTuple):
    """Numbers of mistakes made and caught by kind, and an example of each kind that was missed."""

    tried: Counter[str]
    caught: Counter[str]
    missed: dict[str, bytes]


@pytest.mark.parametrize("path", FIXTURES, ids=lambda p: str(p.relative_to(ROOT / "tests/data")))
def test_what_is_said_is_what_the_oracle_says_alone(path: Path) -> None:
    """`schema_errors.errors` names the places that jsonschema names for the whole, in its order.

    It skips the parts of a document that are right.
    """
    try:
        value = orjson.loads(fixture_bytes(path))
    except orjson.JSONDecodeError:
        return
    expected = [
        list(error.absolute_path) for error in schema_errors.oracle(base()).iter_errors(value)
    ]
    places = [where for where, _ in schema_errors.errors(value, base())]
    assert _without_repeats(expected) == _without_repeats(places)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda p: str(p.relative_to(ROOT / "tests/data")))
def test_the_engines_tell_the_same_of_each_failure(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages, places and order are the same, whichever engine finds the errors."""
    try:
        value = orjson.loads(fixture_bytes(path))
    except orjson.JSONDecodeError:
        return
    of_quick_engine = list(schema_errors.errors(value, base()))
    monkeypatch.setattr(schema_errors, "_SMALL", 0)
    assert list(schema_errors.errors(value, base())) == of_quick_engine


@pytest.mark.parametrize(
    "document_id",
    ["DCT", "DCTs", "DC", "d", "a" * 64, "a" * 65, "", "a b", "m1\n", "ü", "DCT\n", 1],
)
def test_the_quick_pattern_of_ids_means_that_of_the_schema(document_id: object) -> None:
    """Documents are accepted by a pattern for ids that differs from the one of the schema."""
    value = document(random.Random(1)) | {"id": document_id}
    expected = schema_errors.oracle(base()).is_valid(value)
    assert expected == schema_errors.acceptor(base()).is_valid(value)
    assert "(?!DCT$)[A-Za-z0-9_-]{1,64}$" in base().definitions["id"]["pattern"]


def test_validate_gives_the_same_with_either_engine(capsysbinary: Any) -> None:
    """`validate --engine jsonschema` repeats all findings with the reference implementation."""
    outputs = []
    for engine in ("local", "jsonschema"):
        arguments = ["validate", str(ROOT / "tests/data/invalid"), "--workers", "1", "--json"]
        assert 1 == run([*arguments, "--engine", engine])
        outputs.append(capsysbinary.readouterr().out)
    assert b'"E104"' in outputs[0]
    assert outputs[1] == outputs[0]


def test_an_error_of_the_schema_needs_no_import_of_jsonschema() -> None:
    """A third of the time to the first finding was the import of the reference implementation."""
    script = (
        "import sys; from statevisit.checks.document import check_bytes; "
        "path = sys.argv[1]; _, findings = check_bytes(open(path, 'rb').read(), path); "
        "print(findings[0].code, 'jsonschema' in sys.modules)"
    )
    path = next((ROOT / "tests/data/invalid").glob("E104*.json"))
    command = [sys.executable, "-c", script, str(path)]
    assert "E104 False\n" == subprocess.run(command, capture_output=True, text=True).stdout


def _without_repeats(places: list[Any]) -> list[Any]:
    return [place for n, place in enumerate(places) if place not in places[:n]]


@cache
def quick_oracle() -> Any:
    """The oracle, made quick for documents that differ little.

    It looks each `$ref` up once and remembers which values were valid under it, since a mistake
    leaves most of a document unchanged.
    """
    plain = schema_errors.oracle(base())
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


def mistakes(part: int, target: int) -> Tally:
    """Make about `target` mistakes and count them.

    Fails where the engines differ, a right document is refused, or a finding has an unknown code.
    """
    tally, kinds = Tally(Counter(), Counter(), {}), MUTATIONS | JUDGEMENTS

    @seed(part)
    @settings(
        max_examples=max(1, target // EACH),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, 2**64))
    def run(number: int) -> None:
        rng = random.Random(number)
        right = document(rng)
        assert schema_errors.verdict(base()).is_valid(right)
        assert quick_oracle().is_valid(right)
        assert codec.canonical(orjson.dumps(right), base())
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
            findings = check_bytes(data, "x.json")[1]
            assert check_bytes(data + b" ", "x.json")[1] == findings  # no canonical bytes
            parsed = json.loads(data)
            assert schema_errors.verdict(base()).is_valid(parsed) == quick_oracle().is_valid(
                parsed
            ), (
                kind,
                value,
            )
            assert tally.tried[kind] % SAMPLE or quick_oracle().is_valid(
                parsed
            ) == schema_errors.oracle(base()).is_valid(parsed), (kind, value)
            assert {f.code for f in findings} <= set(catalogue())
            tally.tried[kind] += 1
            tally.caught[kind] += bool(findings)
            if not findings and kind in MUTATIONS:
                tally.missed.setdefault(kind, data)

    run()
    return tally


def test_every_mistake_is_caught_and_both_engines_agree(pytestconfig: pytest.Config) -> None:
    """The engines agree on random documents and on mistakes made in them, and catch every mistake.

    Nothing crashes.
    """
    target = pytestconfig.getoption("mutations")
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        parts = list(pool.map(mistakes, range(PROCESSES), [-(-target // PROCESSES)] * PROCESSES))
    tried = sum((part.tried for part in parts), Counter())
    caught = sum((part.caught for part in parts), Counter())
    for kind in MUTATIONS | JUDGEMENTS:
        print(f"{tried[kind]:>7} made {caught[kind]:>7} caught  {kind}")
    print(f"{tried.total():>7} made {caught.total():>7} caught")
    assert {} == {kind: data for part in parts for kind, data in part.missed.items()}
    assert set(MUTATIONS) <= set(tried)
    assert tried.total() > 0.9 * target


def test_ctrl_c_reaches_python_although_the_validator_drops_it(request: Any) -> None:
    """A Ctrl-C during validation ends the command, although jsonschema-rs drops the exception."""
    # A process in the background of a shell ignores the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))

    class Dropping:
        def is_valid(self, value: object) -> bool:
            with suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
            return True

    with pytest.raises(KeyboardInterrupt):
        schema_errors.accepts(cast(Any, Dropping()), {})
    assert signal.default_int_handler is signal.getsignal(signal.SIGINT)
