"""Agreement of annotators whose documents are read a few at a time."""

import gc
import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

import statevisit
from statevisit.corpus import parallel
from statevisit.corpus.documents import write_document
from statevisit.corpus.sharding import shard
from statevisit.document.model import Document
from statevisit.scoring import agree_batches
from statevisit.scoring.agree import agree, agreement_of
from statevisit.scoring.agree_batches import agree_files
from tests.conftest import Result
from tests.many_documents import many_documents, name_of
from tests.test_score import disturbed

DOCUMENTS, IN_TEST, BATCH = 23, 7, 4

HERE = partial(parallel.ordered, workers=1)


def _changed(document: Document, seed: int) -> Document:
    """The document with other bounds, values and states, other ones for each seed."""
    number = sum(document.id.encode()) + 1_000 * seed
    changed = disturbed(document, number)
    mentions = tuple(
        replace(mention, predicate=True) if (place + number) % 4 == 0 else mention
        for place, mention in enumerate(changed.mentions)
    )
    events = tuple(
        replace(event, polarity="NEG") if (place + number) % 3 == 0 else event
        for place, event in enumerate(changed.events)
    )
    layers = changed.layers | ({"quantities": "partial"} if number % 6 == 0 else {})
    return replace(changed, mentions=mentions, events=events, layers=layers)


@pytest.fixture(scope="module")
def annotators(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four: a corpus, shards, JSONL in another order, and files; the last two lack documents.

    Two documents are of the last two only, and one is of the last alone.
    """
    place = tmp_path_factory.mktemp("annotators")
    root = many_documents(place / "root", DOCUMENTS, in_test=IN_TEST)
    documents = list(statevisit.load(root))
    second = place / "second"
    shutil.copytree(root, second)
    for document in documents:
        write_document(_changed(document, 1), second / f"corpus/documents/{document.id}.json")
    shard(second, 5)
    extra = [replace(documents[0], id=name) for name in ("aaa", "zzz", "zzzz")]
    third = [_changed(d, 2) for d in [*documents, *extra[:2]] if d.id != name_of(4)]
    in_order = sorted(third, key=lambda document: document.id[::-1])
    lines = [orjson.dumps(document.to_dict()) + b"\n" for document in in_order]
    (place / "third.jsonl").write_bytes(b"".join(lines))
    fourth = place / "fourth"
    fourth.mkdir()
    for number, document in enumerate([*documents, *extra]):
        if number % 5:
            write_document(_changed(document, 3), fourth / f"{document.id}.json")
    write_document(_changed(extra[1], 3), fourth / f"{extra[1].id}.json")
    sides = [root / "corpus/documents", second / "corpus/documents", place / "third.jsonl", fourth]
    return sides


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read a few documents at a time."""
    monkeypatch.setattr(parallel, "BATCH", BATCH)


OPTIONS: list[dict[str, Any]] = [
    {},
    {"without_predicates": True, "resamples": 0},
    {"partial": True, "layers": ["mentions", "quantities", "events"]},
    {"split": "test"},
]


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("number", [2, 4])
@pytest.mark.parametrize("options", OPTIONS)
def test_batches_give_the_figures_of_all_documents(
    annotators: list[Path], options: dict[str, Any], number: int
) -> None:
    """Every figure, interval, note and origin is the same to the bit."""
    given = {"resamples": 30} | options
    expected = agree(*annotators[:number], **given)
    assert expected.coefficients
    renamed = {"partial_layers" if name == "partial" else name: v for name, v in given.items()}
    found = agree_files(annotators[:number], mapper=HERE, **renamed)
    assert found is not None
    assert json.dumps(expected.to_dict()) == json.dumps(found.to_dict())


@pytest.mark.usefixtures("small_batches")
def test_the_command_gives_the_same_in_several_processes(
    annotators: list[Path], cli: Callable[..., Result]
) -> None:
    """One process or two: the report is the same."""
    words = ("agree", *annotators[:3], "--json", "--resamples", "20")
    here, there = (cli(*words, "--workers", number) for number in ("1", "2"))
    assert (0, here) == (here.status, there)
    expected = agree(*annotators[:3], resamples=20)
    assert json.loads(json.dumps(expected.to_dict())) == orjson.loads(here.out)


@pytest.mark.usefixtures("small_batches")
def test_no_document_is_left_when_figures_are_computed(
    annotators: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the bootstrap draws from are counts: the documents are gone by then."""
    alive: list[str] = []

    def noted(*arguments: Any) -> Any:
        gc.collect()
        documents = (thing for thing in gc.get_objects() if isinstance(thing, Document))
        alive.extend(document.id for document in documents if document.id.startswith("doc-"))
        return agreement_of(*arguments)

    before = [d for d in gc.get_objects() if isinstance(d, Document) and d.id.startswith("doc-")]
    monkeypatch.setattr(agree_batches, "agreement_of", noted)
    assert agree_files(annotators, resamples=5, mapper=HERE) is not None
    assert len(before) == len(alive)


def test_what_is_no_whole_document_is_read_as_before(
    annotators: list[Path], tmp_path: Path, cli: Callable[..., Result], small_batches: None
) -> None:
    """Documents in part are compared, and errors are those of a single process."""
    gold = annotators[0]
    parts = [{"id": d.id, "timexes": []} for d in statevisit.load(gold)]
    (tmp_path / "parts.jsonl").write_bytes(b"".join(orjson.dumps(p) + b"\n" for p in parts))
    assert None is agree_files([gold, tmp_path / "parts.jsonl"], mapper=HERE)
    done = cli("agree", gold, tmp_path / "parts.jsonl", "--json", "--resamples", "0")
    assert (0, ["timexes"]) == (done.status, orjson.loads(done.out)["annotated"])
    other = tmp_path / "other"
    shutil.copytree(gold, other)
    path = other / f"{name_of(20)}.json"
    document = statevisit.load(gold)[name_of(20)]
    write_document(replace(document, text="X" + document.text[1:]), path)
    done = cli("agree", gold, other)
    assert 1 == done.status
    assert "differs from the gold text at character 0" in done.err
    path.write_text("{")
    done = cli("agree", gold, other)
    assert 1 == done.status
    assert f"{path}: cut off" in done.err
