"""Commands over many documents: the same results and messages with any number of processes."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

import statevisit
from statevisit.corpus import parallel
from statevisit.document.codec import encode
from statevisit.formats.registry import FORMATS
from statevisit.scoring.batches import score_files
from statevisit.scoring.score import evaluate
from tests.conftest import Result
from tests.many_documents import many_documents

Cli = Callable[..., Result]

COUNT = 21
"""The documents of the corpus: several tasks, and a last one that is smaller."""

ENGINES = (
    pytest.param(("--workers", "2"), id="two processes"),
    pytest.param(("--engine", "ray", "--workers", "2"), id="ray", marks=pytest.mark.ray),
)
"""Options that must change nothing, compared with one process."""


@pytest.fixture(autouse=True)
def small_batches() -> Iterator[None]:
    """Make tasks of a few documents, so that a small corpus has several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parallel, "BATCH", 4)
        yield


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of small documents with records of every layer, some of them for tests."""
    return many_documents(tmp_path_factory.mktemp("many") / "root", COUNT, in_test=7)


def _files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def _exported(cli: Cli, root: Path, output: Path, *options: object) -> tuple[Result, object]:
    """What an export says, and the files that it leaves."""
    shutil.rmtree(output, ignore_errors=True)
    result = cli("export", "-o", output, "--path", root, *options)
    return result, _files(output) if output.exists() else None


@pytest.mark.parametrize("name", [f.name for f in FORMATS.values() if f.writer])
def test_exports_are_the_same(root: Path, tmp_path: Path, cli: Cli, name: str) -> None:
    """The files have the same bytes, whatever the format; so has what is counted as lost."""
    export = partial(_exported, cli, root, tmp_path / "out", "--to", name, "--workers")
    here, others = export(1), export(2)
    assert here == others
    assert 0 == here[0].status


def test_broken_documents_are_left_out_alike(tmp_path: Path, cli: Cli) -> None:
    """Each is named, in order; an error after them ends the export, and no file is left."""
    broken = many_documents(tmp_path / "root", 11)
    place = broken / "corpus/documents"
    for number in (5, 8):
        (place / f"doc-{number:05d}.json").write_text("{", encoding="utf-8")
    export = partial(_exported, cli, broken, tmp_path / "out", "--to")
    here = export("brat", "--workers", 1)
    assert here == export("brat", "--workers", 2)
    assert 1 == here[0].status
    assert ["doc-00005", "doc-00008"] == re.findall("left out: .*/(doc-[0-9]+)", here[0].err)
    assert 2 * 9 + 9 + 1 == len(here[1])
    rest = broken / "corpus/imported/brat/doc-00006.json"
    rest.parent.mkdir(parents=True)
    rest.write_text("{", encoding="utf-8")
    here = export("brat", "--workers", 1)
    assert here == export("brat", "--workers", 2)
    assert (1, None) == (here[0].status, here[1])
    assert "doc-00005" in here[0].err
    assert "doc-00008" not in here[0].err
    assert f"{rest}: " in here[0].err


@pytest.mark.parametrize("engine", ENGINES)
def test_predictions_are_the_same(root: Path, tmp_path: Path, cli: Cli, engine: list[str]) -> None:
    """The file has the same bytes, and the message is the same."""
    output = tmp_path / "predictions.jsonl"
    results = []
    for options in (["--workers", "1"], engine):
        results.append(cli("predict", "--with", "rules", "-o", output, root, *options))
        results.append(output.read_bytes())
    assert results[:2] == results[2:]
    assert f"{output}: {COUNT} documents by rules\n" == results[0].out
    assert COUNT == results[1].count(b"\n")


def test_a_broken_document_ends_a_prediction_alike(tmp_path: Path, cli: Cli) -> None:
    """The first broken document is named, and no file is left."""
    broken = many_documents(tmp_path / "root", 9)
    for number in (5, 8):
        (broken / f"corpus/documents/doc-{number:05d}.json").write_text("{", encoding="utf-8")
    command = ("predict", "--with", "rules", "-o", tmp_path / "preds.jsonl", broken, "--workers")
    here, others = cli(*command, 1), cli(*command, 2)
    assert here == others
    assert 1 == here.status
    assert "doc-00005.json" in here.err
    assert ["root"] == [path.name for path in tmp_path.iterdir()]


def _perturbed(root: Path, place: Path) -> Path:
    """Predictions of a system that is often wrong: directories of documents, one is missing."""
    place.mkdir()
    rng = Random(0)
    for document in statevisit.load(root):
        kept = tuple(m for m in document.mentions if rng.random() > 0.2)
        times = tuple(replace(t, value=rng.choice(["2024", t.value])) for t in document.timexes)
        layers = document.layers | {"quotations": rng.choice(["done", "none"])}
        changed = replace(document, mentions=kept, timexes=times, layers=layers)
        if document.id != "doc-00003":
            (place / f"{document.id}.json").write_bytes(encode(changed))
    return place


def _drafts(root: Path, path: Path) -> Path:
    """Predictions in part, in JSONL, of which not all have the same layers, values and places."""
    rng = Random(1)
    lines = []
    for document in statevisit.load(root):
        draft: dict[str, Any] = {"id": document.id, "mentions": [], "system": "x"}
        for mention in document.mentions:
            span = {"start": mention.start, "end": mention.end, "label": rng.choice(LABELS)}
            draft["mentions"].append(span)
        if rng.random() < 0.6:
            draft["timexes"] = [
                {"quote": document.text[t.start : t.end], "type": t.type} for t in document.timexes
            ]
            draft["mentions"].append({"quote": "not in the text", "label": "PERSON"})
        if rng.random() < 0.5:
            draft["events"] = [
                {"start": e.start, "end": e.end, "class": e.class_, "polarity": e.polarity}
                for e in document.events
            ]
        lines.append(json.dumps(draft) + "\n")
    path.write_text("".join(lines[:-2]), encoding="utf-8")
    return path


LABELS = ("PERSON", "ORG", "Thing", "GPE")
"""Labels of a system, one of which the scheme lacks."""


@pytest.mark.parametrize("make", [_perturbed, _drafts])
@pytest.mark.parametrize(
    "options", [{}, {"layers": "mentions", "without_predicates": True}, {"split": "test"}]
)
def test_scores_of_files_are_those_of_documents_in_memory(
    root: Path, tmp_path: Path, make: Callable[[Path, Path], Path], options: dict[str, Any]
) -> None:
    """Figures, intervals, notes and hashes are the same batch by batch."""
    pred = make(root, tmp_path / "pred.jsonl")
    given = {"layers": None, "split": None, "without_predicates": False} | options
    other = {"resamples": 20, "mapping": None}
    whole, _ = evaluate(root, pred, compare=None, partial=False, **given, **other)
    mapper = partial(parallel.ordered, workers=1)
    batched = score_files(root, pred, partial_layers=False, **given, **other, mapper=mapper)
    assert whole == batched
    assert whole.notes


@pytest.mark.parametrize(
    ("last", "status"),
    [
        pytest.param("", 0, id="all in order"),
        pytest.param('{"spans": []}\n', 1, id="without an id"),
        pytest.param('{"id": "nobody", "spans": []}\n', 1, id="of another document"),
        pytest.param('{"id": "doc-00001", "spans": []}\n', 1, id="of one document twice"),
        pytest.param('{"id": "doc-00020"', 0, id="cut off"),
    ],
)
def test_scores_are_the_same(
    root: Path, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, last: str, status: int
) -> None:
    """Two processes print what one does, and what is printed for a reading of the whole."""
    pred = _drafts(root, tmp_path / "pred.jsonl")
    pred.write_text(pred.read_text(encoding="utf-8") + last, encoding="utf-8")
    score = partial(cli, "score", root, pred, "--resamples", 20, "--json", "--workers")
    results = [score(1), score(2)]
    monkeypatch.setattr(parallel, "BATCH", 1000)
    whole = score(1)
    assert [whole, whole] == results
    assert status == whole.status


def _edited(root: Path, place: Path, cli: Cli) -> Path:
    """An export in which labels were edited, with strangers, broken files and a conflict."""
    assert 0 == cli("export", "--to", "brat", "-o", place, "--path", root).status
    for number in (1, 2, 9, 13, 14):
        path = place / f"doc-{number:05d}.ann"
        edited = path.read_text("utf-8").replace("level T1 NAM", "level T1 NOM")
        edited = edited.replace("GPE", "Thing", number % 2)
        path.write_text(edited, encoding="utf-8")
    (place / "doc-00004.ann").write_text("T1\tPERSON 0\n", encoding="utf-8")
    for name, of in (("a-stranger", 6), ("doc-00010-again", 10)):
        for suffix in (".txt", ".ann"):
            shutil.copy(place / f"doc-{of:05d}{suffix}", place / f"{name}{suffix}")
    (place / "new.txt").write_text("Ada Byron met Bob.", encoding="utf-8")
    (place / "new.ann").write_text("T1\tPERSON 0 9\tAda Byron\n", encoding="utf-8")
    return place


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_imports_are_the_same(tmp_path: Path, cli: Cli, options: tuple[str, ...]) -> None:
    """The documents have the same bytes, and every message is the same, in the same order."""
    outcomes = []
    for workers in (1, 2):
        root = many_documents(tmp_path / "root", 17)
        files = _edited(root, tmp_path / "files", cli)
        arguments = ("--from", "brat", files, "--path", root, "--date", "2024-05-01", "-v")
        result = cli("import", *arguments, *options, "--workers", workers)
        contents = {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}
        outcomes.append((result, contents))
        shutil.rmtree(root)
        shutil.rmtree(files)
    assert outcomes[0] == outcomes[1]
    result, _ = outcomes[0]
    assert 1 == result.status
    assert "doc-00004.ann" in result.err
    assert ("doc-00009.json written" in result.err) == (not options)
    assert "new: new document" in result.err
