"""Sources by the names of their seeds, when they are too many for memory."""

import json
import os
import pickle
import random
from pathlib import Path

import pytest
from msgspec.structs import replace

from statevisit.corpus import source_lookup
from statevisit.corpus.jsonl import lines_of
from statevisit.corpus.seeds import (
    ListedSource,
    add_sources,
    change_sources,
    read_sources,
    source_of_line,
)
from statevisit.corpus.source_lookup import Used, chosen_sources, lookup
from statevisit.corpus.splits import in_splits
from statevisit.errors import FormatError
from statevisit.files import sha256_of
from statevisit.publishing.build import build
from tests.many_documents import many_documents


@pytest.fixture
def long_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every list be long: blocks of a few lines, and runs of some more."""
    monkeypatch.setattr(source_lookup, "FEW", 0)
    monkeypatch.setattr(source_lookup, "BLOCK", 1_000)
    monkeypatch.setattr(source_lookup, "RUN", 5_000)


def _line(seed: str, split: str | None = None, title: str = "") -> str:
    stated = {"file": seed, "sha256": "0" * 64, "date": "2024-03-04", "language": "en"}
    stated |= {"publisher": "unknown", "license": "not stated"}
    stated |= {"split": split} if split else {}
    return json.dumps(stated | ({"title": title} if title else {}), ensure_ascii=False)


def _listed(root: Path, lines: list[str], end: str = "\n") -> Path:
    (root / "seeds").mkdir(exist_ok=True)
    data = "".join(f"{line}{end}" for line in lines)
    (root / "seeds/sources.jsonl").write_text(data, encoding="utf-8", newline="")
    return root


@pytest.mark.usefixtures("long_lists")
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n"])
@pytest.mark.parametrize("order", ["sorted", "shuffled"])
def test_a_long_list_is_read_as_a_short_one(tmp_path: Path, order: str, end: str) -> None:
    """Each source and split is that of `read_sources`, in any order."""
    names = [*(f"text-{number:04d}.txt" for number in range(300)), "é.txt", "😀.txt", "ع.txt"]
    lines = [_line(name, "test" if "7" in name else "train", f"T {name}") for name in names]
    lines += [_line("text-0003.txt", "dev"), _line("é.txt", "test")]  # the last line counts
    if order == "shuffled":
        random.Random(1).shuffle(lines)
    root = _listed(tmp_path, lines, end)
    expected, sources = read_sources(root), lookup(root)
    assert len(names) == len(expected)
    copied = pickle.loads(pickle.dumps(sources))  # as a task of another process has it
    for name in [*expected, *reversed(expected)]:
        assert expected[name] == sources.get(name) == copied.get(name)
    for unknown in ("", "a", "text-0003", "text-0003.txtx", "zzz", "\U0010ffff"):
        assert None is sources.get(unknown)
    assert in_splits(s.split for s in expected.values()) == sources.splits
    path = sources.path
    assert path.stat().st_size < (root / "seeds/sources.jsonl").stat().st_size
    del sources
    assert not path.exists()


@pytest.mark.usefixtures("long_lists")
def test_a_wrong_line_of_a_long_list_is_the_error_of_a_short_one(tmp_path: Path) -> None:
    """File, line and column are those of `read_sources`, and no temporary file is left."""
    lines = [_line(f"{number}.txt") for number in range(50)]
    lines[37] = lines[37].replace("2024-03-04", "yesterday")
    root = _listed(tmp_path, lines)
    with pytest.raises(FormatError) as of_all:
        read_sources(root)
    with pytest.raises(FormatError) as of_lookup:
        lookup(root, tmp_path)
    assert "sources.jsonl:38:" in str(of_all.value)
    assert str(of_all.value) == str(of_lookup.value)
    assert ["seeds"] == os.listdir(tmp_path)


def test_the_limit_of_a_list_is_that_of_its_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list may have more bytes than STATEVISIT_MAX_MB; a line that has more is named."""
    monkeypatch.setenv("STATEVISIT_MAX_MB", "1")
    lines = [_line(f"{number}.txt", title="T" * 900) for number in range(1_200)]
    assert 1_200 == len(read_sources(_listed(tmp_path, lines)))
    lines[1] = _line("1.txt", title="T" * 1_100_000)
    with pytest.raises(FormatError, match=r"sources.jsonl:2:1: the line is larger than 1 MB"):
        read_sources(_listed(tmp_path, lines))


@pytest.mark.parametrize("wrong", ["}", '{"file":"x","file":"y"}', "", '{"file":"a/b"}'])
def test_lines_that_are_checked_together_have_their_own_errors(tmp_path: Path, wrong: str) -> None:
    """All lines before a wrong one are given; its number counts blank lines as well."""
    lines = [_line(f"{number}.txt") for number in range(2_000)]
    lines[7] = ""
    lines[1_500] = wrong
    read = []
    problems = {}
    for line in lines_of(_listed(tmp_path, lines) / "seeds/sources.jsonl", "source"):
        read.append(line.number)
        if line.problems:
            problems[line.number] = [problem.line for problem in line.problems]
    blank = {8} if wrong else {8, 1_501}
    assert [number for number in range(1, 2_001) if number not in blank] == read
    assert ([1_501] if wrong else []) == list(problems)
    assert all({number} == set(of_line) for number, of_line in problems.items())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_sources_are_added_after_those_of_a_list(tmp_path: Path, end: str) -> None:
    """Lines that stay keep their bytes, also where the last one has no end; no other is written."""
    assert not read_sources(tmp_path)
    first = source_of_line(_line("é.txt", title="T").encode())
    add_sources(tmp_path, {first.file: first})
    assert {first.file: first} == read_sources(tmp_path)
    root = _listed(tmp_path, [f" {_line('b.txt')}", _line("a.txt")], end)
    path = root / "seeds/sources.jsonl"
    before = path.read_bytes().removesuffix(b"\n")
    path.write_bytes(before)
    add_sources(root, {"a.txt": replace(first, file="a.txt")})
    assert before == path.read_bytes(), "the seed is listed already"
    add_sources(root, {name: replace(first, file=name) for name in ("z.txt", "b.txt", "c.txt")})
    assert path.read_bytes().startswith(before)
    assert ["b.txt", "a.txt", "z.txt", "c.txt"] == list(read_sources(root))


def test_sources_are_changed_and_left_out(tmp_path: Path) -> None:
    """A line that states the same keeps its bytes; a list with a wrong line is not touched."""
    lines = [f" {_line('b.txt')}", _line("a.txt", title="T"), _line("c.txt")]
    path = _listed(tmp_path, lines) / "seeds/sources.jsonl"
    target = tmp_path / "other"
    change_sources(tmp_path, lambda s: None if s.title else replace(s, split="train"), target)
    changed = read_sources(target)
    assert {"b.txt": "train", "c.txt": "train"} == {s.file: s.split for s in changed.values()}
    change_sources(tmp_path, lambda s: None if s.title else s)
    assert [lines[0], lines[2]] == path.read_text("utf-8").splitlines()
    broken = _listed(tmp_path, [*lines, "{}"])
    before = path.read_bytes()
    for write in (lambda: change_sources(broken, lambda s: None), lambda: add_sources(broken, {})):
        with pytest.raises(FormatError, match=r"sources.jsonl:4:"):
            write()
    assert before == path.read_bytes()
    assert ["sources.jsonl"] == os.listdir(path.parent)


@pytest.mark.parametrize("repeats", [False, True])
def test_the_sources_of_documents_are_chosen_by_their_numbers(
    tmp_path: Path, repeats: bool
) -> None:
    """A source has the place of its first line, and states what its last line does."""
    lines = [_line(f"{number}.txt", title="first") for number in range(20)]
    root = _listed(tmp_path, [*lines, _line("9.txt", title="last")] if repeats else lines)
    used = Used()
    used.repeats = repeats
    for number in (17, 9, 0):
        used.add(number)
    expected: list[ListedSource] = [read_sources(root)[f"{n}.txt"] for n in (0, 9, 17)]
    assert expected == list(chosen_sources(root, used))
    assert repeats == (expected[1].title == "last")


@pytest.mark.usefixtures("long_lists")
@pytest.mark.parametrize("repeat", [False, True])
def test_a_build_with_a_long_list_has_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repeat: bool
) -> None:
    """Parquet, pages, metadata and manifest do not tell how the list was read."""
    root = many_documents(tmp_path, 20, in_test=4)
    listed = root / "seeds/sources.jsonl"
    lines = listed.read_text().splitlines(keepends=True)
    if repeat:
        lines.append(lines[3].replace("unknown", "The Paper"))
    listed.write_text("".join(reversed(lines)))
    assert [] == build(root, workers=1).findings
    long = _digests(root)
    monkeypatch.setattr(source_lookup, "FEW", 1_000_000)
    assert [] == build(root, check=True, workers=1).stale
    assert long == _digests(root)
    assert not [name for name in os.listdir(root / "corpus") if name.startswith(".build")]


def _digests(root: Path) -> dict[str, str]:
    return {str(path): sha256_of(path) for path in root.rglob("*") if path.is_file()}
