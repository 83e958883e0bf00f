"""Documents as wholes: removed and renamed; and the list of annotators."""

import os
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from statevisit import FormatError, files, load, validate
from statevisit.annotation.whole_documents import remove, rename
from statevisit.corpus.annotators import read_annotators
from statevisit.corpus.seeds import read_sources
from tests.conftest import DOC_ID, Result

Cli = Callable[..., Result]


def _state(root: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()
    }


@pytest.fixture
def two(corpus: Path, cli: Cli) -> Path:
    """The shipped corpus, and a second document."""
    seed = corpus / "b.txt"
    seed.write_text(" date 2024-03-01 Text.")
    assert 0 == cli("ingest", seed, "--root", corpus, "--id", "second").status
    seed.unlink()
    return corpus


def test_a_document_goes_with_all_that_is_its_own(two: Path, cli: Cli) -> None:
    """Document, passes, decisions, seed and its line go; everything else keeps its bytes.

    Without --yes they are only listed.
    """
    before = _state(two)
    result = cli("remove", DOC_ID, "--path", two)
    assert (1, before) == (result.status, _state(two))
    assert "nothing was removed: --yes removes 1 document" in result.err
    listed = [line.removeprefix("would remove ") for line in result.out.splitlines()]
    result = cli("remove", DOC_ID, "--path", two, "--yes")
    assert (0, "") == (result.status, result.err)
    assert listed == [line.removeprefix("removed ") for line in result.out.splitlines()]
    assert ("second",) == load(two).ids
    gone = {
        f"corpus/documents/{DOC_ID}.json",
        f"corpus/annotators/a/{DOC_ID}.json",
        f"corpus/annotators/b/{DOC_ID}.json",
        "seeds/000_82c204a477bd98b6.txt",
    }
    after = _state(two)
    changed = {"corpus/adjudication.jsonl", "seeds/sources.jsonl"}
    assert gone == before.keys() - after.keys()
    assert changed == {name for name in after if before[name] != after[name]}
    assert b"" == after["corpus/adjudication.jsonl"]
    assert ["b.txt"] == list(read_sources(two))
    assert [] == list(validate(two))


def test_a_seed_of_two_documents_stays_for_the_other(two: Path, cli: Cli) -> None:
    """A seed goes with the last document that was made from it."""
    path = two / "corpus/documents/second.json"
    value = path.read_bytes().replace(b'"id":"second"', b'"id":"third"')
    (path.parent / "third.json").write_bytes(value)
    result = cli("remove", "second", "--path", two, "--yes")
    assert (0, True) == (result.status, "kept seeds/b.txt: of third.json" in result.out)
    assert (two / "seeds/b.txt").exists()
    assert [] == list(validate(two))
    assert 0 == cli("remove", "third", "--path", two, "--yes").status
    assert not (two / "seeds/b.txt").exists()
    assert [] == list(validate(two))


def test_a_broken_document_can_be_removed(two: Path, cli: Cli) -> None:
    """A document that cannot be read is removed; the seed, which it does not name, stays."""
    (two / "corpus/documents/second.json").write_text("{")
    result = cli("remove", "second", "--path", two, "--yes")
    assert (0, True) == (result.status, "kept its seed: " in result.out)
    assert (two / "seeds/b.txt").exists()


def test_a_broken_list_stops_a_removal_before_it_begins(two: Path, cli: Cli) -> None:
    """Nothing goes, also if the wrong line comes after that of the document."""
    path = two / "seeds/sources.jsonl"
    path.write_bytes(path.read_bytes() + b"{}\n")
    before = _state(two)
    result = cli("remove", DOC_ID, "--yes", "--path", two)
    assert 1 == result.status
    assert "sources.jsonl:3:" in result.err
    assert before == _state(two)


@pytest.mark.parametrize("ids", [["secnd"], [DOC_ID, "secnd"], ["../second"]])
def test_an_unknown_id_removes_nothing(two: Path, cli: Cli, ids: list[str]) -> None:
    """If the corpus does not have one of the documents, none is removed."""
    before = _state(two)
    result = cli("remove", *ids, "--path", two, "--yes")
    assert (1, before) == (result.status, _state(two))
    assert f"has no document {ids[-1]!r}; there is 'second'" in result.err


def _stop_at(patch: pytest.MonkeyPatch, failing: int) -> None:
    """Interrupt the program before it writes or removes a file for the time `failing`."""
    steps, unlink, replacing = iter(range(1, 100)), Path.unlink, files.replacing

    def stopped_unlink(path: Path, missing_ok: bool = False) -> None:
        if not path.name.startswith(".") and next(steps) == failing:
            raise KeyboardInterrupt
        unlink(path, missing_ok=missing_ok)

    def stopped_replacing(path: Path):
        if next(steps) == failing:
            raise KeyboardInterrupt
        return replacing(path)

    patch.setattr(Path, "unlink", stopped_unlink)
    patch.setattr(files, "replacing", stopped_replacing)


@pytest.mark.parametrize("failing", range(1, 7))
def test_a_removal_that_was_stopped_can_be_repeated(
    two: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """Stopped after any step, the same removal run again removes the rest."""
    with monkeypatch.context() as patch:
        _stop_at(patch, failing)
        with pytest.raises(KeyboardInterrupt):
            remove(two, (DOC_ID,))
    remove(two, (DOC_ID,))
    assert ("second",) == load(two).ids
    assert ["b.txt", "sources.jsonl"] == sorted(os.listdir(two / "seeds"))
    assert ["b.txt"] == list(read_sources(two))
    assert not list(two.rglob(f"{DOC_ID}*"))
    assert [] == list(validate(two))


def test_a_document_gets_another_id_everywhere(corpus: Path, cli: Cli) -> None:
    """The id changes in the document, its file, the passes and the decisions, and nothing else."""
    before = _state(corpus)
    result = cli("rename", DOC_ID, "visit", "--path", corpus)
    assert (0, "") == (result.status, result.err)
    old, new = f'"id":"{DOC_ID}"'.encode(), b'"id":"visit"'
    expected = {
        name.replace(DOC_ID, "visit"): data.replace(old, new)
        for name, data in before.items()
        if name != "corpus/adjudication.jsonl"
    }
    after = _state(corpus)
    decisions = after.pop("corpus/adjudication.jsonl").splitlines()
    assert expected == after
    assert before["corpus/adjudication.jsonl"].splitlines() == [
        orjson.dumps(orjson.loads(line) | {"document": DOC_ID}) for line in decisions
    ]
    assert {"visit"} == {orjson.loads(line)["document"] for line in decisions}
    assert [] == list(validate(corpus))
    assert 0 == cli("rename", "visit", DOC_ID, "--path", corpus).status
    assert before == _state(corpus)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("second", DOC_ID, "exists already; choose another id"),
        ("second", "a b", "'a b' cannot be an id: letters, digits"),
        ("second", "../x", "'../x' cannot be an id: it has a path separator"),
        ("second", "con", "Windows reserves it for a device"),
        ("second", "Second", "are one file name on macOS and Windows"),
        ("second", DOC_ID.upper(), "is the same file name on macOS and Windows"),
        ("thrid", "third", "has no document 'thrid'"),
    ],
)
def test_ids_that_a_document_cannot_get(
    two: Path, cli: Cli, old: str, new: str, message: str
) -> None:
    """An id that is another document's, or that no file can have, changes nothing."""
    before = _state(two)
    result = cli("rename", old, new, "--path", two)
    assert (1, True) == (result.status, message in result.err), result.err
    assert before == _state(two)


@pytest.mark.parametrize("failing", range(1, 8))
def test_a_renaming_that_was_stopped_can_be_repeated(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    """Stopped after any step, the same renaming run again does the rest."""
    with monkeypatch.context() as patch:
        _stop_at(patch, failing)
        with pytest.raises(KeyboardInterrupt):
            rename(corpus, DOC_ID, "visit")
    rename(corpus, DOC_ID, "visit")
    assert ("visit",) == load(corpus).ids
    assert not list(corpus.rglob(f"{DOC_ID}*"))
    assert [] == list(validate(corpus))


def test_a_link_is_not_followed(two: Path) -> None:
    """A directory of passes that is a link stops a removal before anything is removed."""
    passes = two / "corpus/annotators/a"
    passes.rename(two / "elsewhere")
    passes.symlink_to(two / "elsewhere")
    before = _state(two)
    with pytest.raises(FormatError, match="is a link to"):
        remove(two, (DOC_ID,))
    assert before == _state(two)


def test_annotators_are_added_and_listed(two: Path, cli: Cli) -> None:
    """A new annotator has the layers of annotation, unless some are named; the corpus is valid."""
    options = ["--kind", "human", "--name", " Ayşe Yılmaz ", "--path", two]
    result = cli("annotators", "add", "ayse", *options)
    assert (0, "") == (result.status, result.err)
    tagger = ["--kind", "model", "--name", "A tagger", "--layer", "mentions", "--version", "2"]
    assert 0 == cli("annotators", "add", "tagger", *tagger, "--notes", "n", "--path", two).status
    *_, human, model = read_annotators(two)
    assert ("ayse", "human", "Ayşe Yılmaz") == (human["id"], human["kind"], human["name"])
    assert "mentions" in human["layers"]
    assert "tokens" not in human["layers"]
    assert {
        **{"id": "tagger", "kind": "model", "name": "A tagger"},
        **{"version": "2", "layers": ["mentions"], "notes": "n"},
    } == model
    assert [] == list(validate(two))
    listed = cli("annotators", "list", "--path", two)
    assert "Ayşe Yılmaz" in listed.out
    as_json = cli("annotators", "list", "--json", "--path", two)
    assert {"annotators": read_annotators(two)} == orjson.loads(as_json.out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a", "--name", "X"], "lists 'a' already, as 'Claude"),
        (["A", "--name", "X"], "lists 'a' already"),
        (["x y", "--name", "X"], '`id` is "x y"; expected: Id that documents name.'),
        (["nul", "--name", "X"], "'nul' cannot name a directory"),
        (["x", "--name", ""], '`name` is ""; its length must be at least 1'),
        (["x", "--name", "X", "--layer", "names"], '"names"; it must be one of sentences, tokens'),
    ],
)
def test_annotators_that_cannot_be_added(
    corpus: Path, cli: Cli, arguments: list[str], message: str
) -> None:
    """An annotator that is listed, or that the schema refuses, changes nothing."""
    before = _state(corpus)
    result = cli("annotators", "add", *arguments, "--kind", "human", "--path", corpus)
    assert (1, True) == (result.status, message in result.err), result.err
    assert before == _state(corpus)
