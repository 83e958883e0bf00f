"""Checks across documents find the same as with plain dictionaries, in little memory."""

import resource
import subprocess
import sys
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from hashlib import blake2b
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statevisit.checks import postings
from statevisit.checks.across_documents import Across, Facts, Link
from statevisit.checks.postings import Postings
from statevisit.checks.splits import Leaks, Sketch
from statevisit.corpus import document_shards, spilling
from statevisit.corpus.reader import Entry, load
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


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 8, 9, 2**64 - 1, 2**63]), st.integers(0, 9))),
    st.integers(0, 2),
)
def test_postings_are_lists_by_hash(added: list[tuple[int, int]], few: int) -> None:
    """Texts of one hash keep their order when hashes collide and the table of 8 slots grows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postings, "FEW", few)
        patch.setattr(postings, "MOST", 20)
        stored = Postings(slots=8)
        plain: dict[int, list[int]] = {}
        for hash_, text in added:
            stored.add(hash_, text)
            plain.setdefault(hash_, []).append(text)
        for hash_ in plain:
            assert plain[hash_][:20] == stored.get(hash_)
        assert [] == stored.get(7)


def test_memory_does_not_grow_with_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand documents more, with links and sketches, leave no objects behind."""
    monkeypatch.setattr(spilling, "FEW", 100)
    monkeypatch.setattr(postings, "FEW", 100)
    across, leaks = Across(None), Leaks(Store())

    def add(numbers: range) -> int:
        for number in numbers:
            entry = Entry(Path("part-00000.jsonl.zst"), 0, line=number)
            assert [] == list(across.add(entry, facts_of(number)))
            words = number.to_bytes(8)
            hashes = (blake2b(words + bytes([n]), digest_size=8).digest() for n in range(9))
            sketch = Sketch(words, tuple(sorted(map(int.from_bytes, hashes))))
            assert [] == list(leaks.add(entry, sketch, "test" if number % 5 else "train"))
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before, after = add(range(500)), add(range(500, 1_500))
    finally:
        tracemalloc.stop()
    assert after - before < 1_000 * 10  # bytes; ids alone would be ten times as much


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


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of six shards of 500 documents, the last one of fewer."""
    directory = tmp_path_factory.mktemp("shards")
    for first in range(0, 2_750, 500):
        documents = [(f"d{n:04}", b"{}\n") for n in range(first, min(first + 500, 2_750))]
        path = directory / document_shards.name_of(first // 500)
        path.write_bytes(b"".join(document_shards.packed(documents)))
    return directory


def test_entries_are_a_sequence(shards: Path) -> None:
    """The documents of shards have numbers, also from the end, and slices, in the order of ids."""
    entries = load(shards).entries
    listed = list(entries)
    ids = [f"d{n:04}" for n in range(2_750)]
    assert ids == [entry.id for entry in listed]
    assert 2_750 == len(entries)
    for number in (2_749, 0, 500, 499, 1_234, -1, -2_750):
        assert listed[number] == entries[number]
    for part in (slice(498, 502), slice(None, None, 700), slice(-3, None), slice(9, 3)):
        assert listed[part] == entries[part]
    for number in (2_750, -2_751):
        with pytest.raises(IndexError):
            entries[number]


def test_one_index_is_in_memory(shards: Path) -> None:
    """To go through the entries of six shards takes less than half of the memory of a list."""

    def peak_of(use: Callable[[Iterable[Entry]], object]) -> int:
        tracemalloc.start()
        try:
            use(load(shards).entries)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak_of(partial(deque, maxlen=0)) < peak_of(list) / 2
