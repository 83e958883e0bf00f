"""Checks across documents find the same as with plain dictionaries, in little memory."""

import resource
import subprocess
import sys
import tracemalloc
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statevisit.checks.across_documents import Across, Facts, Link
from statevisit.corpus import spilling
from statevisit.corpus.reader import Entry
from statevisit.corpus.spilling import Store
from statevisit.errors import FormatError

KEYS = st.sampled_from(["a", "b", "c", "ß", "\0", b"a", b"\xff"])

CHANGES = st.lists(st.tuples(st.sampled_from(["get", "set", "setdefault"]), KEYS, st.integers()))


@given(CHANGES, CHANGES, st.integers(0, 3))
def test_a_spilling_dictionary_is_a_dictionary(
    changes: list[tuple[str, Any, int]], others: list[tuple[str, Any, int]], few: int
) -> None:
    """Whatever is done to two of one store, each answers as a dictionary in memory does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spilling, "FEW", few)
        store = Store()
        for steps in (changes, others):
            plain: dict[Any, int] = {}
            spilled = store.dictionary()
            for step, key, value in steps:
                if step == "get":
                    assert plain.get(key) == spilled.get(key)
                elif step == "set":
                    plain[key] = spilled[key] = value
                else:
                    assert plain.setdefault(key, value) == spilled.setdefault(key, value)


def facts_of(number: int, **changes: Any) -> Facts:
    """The facts about a document like no other one."""
    given = {
        "id": f"doc-{number:06}",
        "date": "2024-01-01",
        "language": "en",
        "seed": f"doc-{number:06}.txt",
        "sha256": "0" * 64,
        "links": (Link(f"Q{number + 1}", "entities", 0, "PERSON", f"Name {number}"),),
        "sketch": None,
    }
    return Facts(**given | changes)


LINKS = st.builds(
    Link,
    item=st.sampled_from(["Q1", "Q2"]),
    layer=st.just("entities"),
    number=st.integers(0, 1),
    type=st.sampled_from(["", "ORG", "PERSON"]),
    name=st.sampled_from(["", "Nato", "NATO"]),
)

DOCUMENTS = st.lists(
    st.builds(
        facts_of,
        st.integers(0, 3),
        id=st.sampled_from(["a", "A", "b", "con", "É", "é"]),
        language=st.sampled_from(["en", "en-GB", "de"]),
        links=st.lists(LINKS, max_size=3).map(tuple),
    ),
    max_size=8,
)


@given(DOCUMENTS, st.integers(0, 2))
def test_findings_do_not_depend_on_where_facts_are_kept(documents: list[Facts], few: int) -> None:
    """Facts in the temporary file give the same findings, in text and order, as in memory."""
    with pytest.MonkeyPatch.context() as patch:
        findings = []
        for number in (few, 1_000):
            patch.setattr(spilling, "FEW", number)
            across = Across(None)
            lines = count(1)
            findings.append(
                [
                    str(finding)
                    for facts in documents
                    for finding in across.add(
                        Entry(Path("x\udcff.jsonl"), 0, line=next(lines)), facts
                    )
                ]
            )
    assert findings[1] == findings[0]


def test_memory_does_not_grow_with_documents() -> None:
    """Three thousand documents more leave no objects behind."""
    across = Across(None)

    def add(numbers: range) -> int:
        for number in numbers:
            entry = Entry(Path("part-00000.jsonl.zst"), 0, line=number)
            assert [] == list(across.add(entry, facts_of(number)))
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before, after = add(range(1_500)), add(range(1_500, 4_500))
    finally:
        tracemalloc.stop()
    assert after - before < 3_000 * 10  # bytes; ids alone would be ten times as much


FILL = """
import resource, sys
from statevisit.corpus.spilling import Store
values = Store().dictionary()
for number in range(6_000):  # of which a thousand stay in memory
    if number == 1_500:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    values[str(number)] = bytes(10 if number < 1_000 else 10_000)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
unit = 1 if sys.platform == "darwin" else 1024  # bytes
print((after - before) * unit)
"""


def test_a_full_cache_goes_to_a_file() -> None:
    """Fifty megabytes of values take no more memory than the cache."""
    grown = subprocess.run([sys.executable, "-c", FILL], capture_output=True, check=True).stdout
    assert int(grown) < 1.5e6 * spilling.CACHE


def test_a_full_disk_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the directory of the temporary file and how to choose another one."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    values = Store().dictionary()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(FormatError, match="name a directory with room in TMPDIR") as error:
            _fill(values)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(error.value).startswith(f"{tmp_path}: ")


def _fill(values: spilling.SpillingDict[bytes]) -> None:
    for number in range(6_000):
        values[str(number)] = bytes(10_000)
