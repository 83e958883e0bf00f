"""The shards of a build: their sizes and names, and what comes back from them in which order."""

import os
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from statevisit.checks.document import context_of
from statevisit.corpus import parallel
from statevisit.corpus.parallel import ordered, usable_cores
from statevisit.corpus.reader import Entry, load
from statevisit.corpus.seeds import read_sources
from statevisit.corpus.source_lookup import Sources
from statevisit.dataset.configs import configs
from statevisit.document.scheme import base
from statevisit.publishing import shards
from statevisit.publishing.build import build
from statevisit.publishing.build_task import Task, build_shard, read_document, read_result
from statevisit.publishing.shards import ShardFiles, plan, shard_size, splits_of_entries
from tests.test_splits import make_corpus, text_of


@pytest.mark.parametrize(
    ("documents", "size", "number"),
    [
        (1, 128, 1),
        (129, 128, 2),
        (2_000, 128, 16),
        (8_192, 128, 64),
        (8_193, 256, 33),
        (200_000, 4_096, 49),
        (10_000_000, 4_096, 2_442),
    ],
)
def test_the_size_of_a_shard_follows_from_the_documents_of_its_split(
    documents: int, size: int, number: int
) -> None:
    """Small splits have shards for many processes, large ones not too many files."""
    assert (size, number) == (shard_size(documents), -(-documents // size))


def test_every_document_is_in_one_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards hold documents of one split in order, and come in the order of their first one."""
    monkeypatch.setattr(shards, "SHARD", 2)
    entries = [Entry(Path(f"{n}.json")) for n in range(7)]
    planned = list(plan(entries, ["train", "test", "train", "test", "train", "test", "test"]))
    assert [
        ("train-00000-of-00002.parquet", [0, 2]),
        ("test-00000-of-00002.parquet", [1, 3]),
        ("train-00001-of-00002.parquet", [4]),
        ("test-00001-of-00002.parquet", [5, 6]),
    ] == [(shard.name, shard.positions) for shard in planned]
    assert all(shard.entries == [entries[n] for n in shard.positions] for shard in planned)


def test_a_split_is_known_without_the_annotation(tmp_path: Path) -> None:
    """The split of a document is read from its source; what cannot be read counts as train."""
    texts = {f"t{n}": text_of(25, n) for n in range(4)}
    make_corpus(tmp_path, texts, **{name: {"split": "test"} for name in texts})
    folder = tmp_path / "corpus/documents"
    (folder / "t1.json").write_bytes(b'{"source":\xff')
    (folder / "t2.json").write_bytes(b"[]")
    (folder / "t3.json").unlink()
    (folder / "t3.json").mkdir()
    split = splits_of_entries(load(tmp_path).entries, read_sources(tmp_path))
    assert ["test", "train", "train", "train"] == split


@pytest.mark.parametrize("workers", [1, 2])
def test_findings_come_in_the_order_of_the_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """Wherever the splits of documents lie, their findings are in order, and nothing is built."""
    monkeypatch.setattr(shards, "SHARD", 3)
    texts = {f"t{n:02}": text_of(25, n) for n in range(12)}
    splits = ("train", "test", "dev")
    make_corpus(tmp_path, texts, **{n: {"split": splits[i % 3]} for i, n in enumerate(texts)})
    for n in (1, 2, 3, 10, 11):
        path = tmp_path / f"corpus/documents/t{n:02}.json"
        path.write_bytes(path.read_bytes().replace(b'"language":"en"', b'"language":"?"'))
    counted: list[int] = []
    result = build(tmp_path, workers=workers, done=counted.append)
    assert 12 == sum(counted)
    files = [Path(finding.file).stem for finding in result.findings]
    assert ["t01", "t02", "t03", "t10", "t11"] == files
    assert not (tmp_path / "corpus/parquet").exists()
    assert [] == list((tmp_path / "corpus").glob(".build-*"))


def test_an_exception_leaves_no_file_of_a_shard(tmp_path: Path) -> None:
    """The files of a shard have temporary names until all is written."""
    shard = ShardFiles(tmp_path, "train-00000-of-00001.parquet", configs(base()), base())
    with pytest.raises(KeyboardInterrupt):
        _interrupted(shard, tmp_path)
    assert [] == [path for path in tmp_path.rglob("*") if path.is_file()]


def _interrupted(shard: ShardFiles, folder: Path) -> None:
    with shard:
        assert len(configs(base())) == len([*folder.rglob(".train-*")])
        assert [] == [*folder.rglob("train-*")]
        raise KeyboardInterrupt


def test_the_result_of_a_task_is_bytes_that_name_its_files(tmp_path: Path) -> None:
    """A task done twice returns the same bytes, which state rows, sizes and digests."""
    root = tmp_path / "root"
    make_corpus(root, {f"t{n}": text_of(25, n) for n in range(3)})
    folder = tmp_path / "parquet"
    task = Task(folder, context_of(root), Sources(), has_splits=False, partial_layers=False)
    (shard,) = plan(load(root).entries, ["train"] * 3)
    first, second = ordered(partial(build_shard, task=task), [shard, shard], 1)
    assert first == second
    result = read_result(first)
    documents = list(map(read_document, result.documents.values()))
    assert [0, 1, 2] == list(result.documents)
    assert [] == [finding for document in documents for finding in document.findings]
    for config, file in result.files.items():
        path = folder / config / shard.name
        assert (file.rows, file.size) == (pq.read_metadata(path).num_rows, path.stat().st_size)
    assert list(configs(base())) == list(result.files)


def test_a_container_with_fewer_cores_than_the_machine_gets_fewer_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The processor affinity and the quota of a container limit the processes; "max" does not."""
    if hasattr(os, "sched_getaffinity"):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {2, 3, 5})
    else:
        monkeypatch.setattr(os, "cpu_count", lambda: 3)
    quota = tmp_path / "cpu.max"
    monkeypatch.setattr(parallel, "_CPU_QUOTA", quota)
    assert 3 == usable_cores()
    quota.write_text("max 100000\n")
    assert 3 == usable_cores()
    quota.write_text("150000 100000\n")
    assert 2 == usable_cores()
    quota.write_text("800000 100000\n")
    assert 3 == usable_cores()
