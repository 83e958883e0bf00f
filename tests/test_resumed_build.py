"""A build that was stopped: the next one converts what is missing, and gives the same bytes."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from statevisit.corpus.reader import Entry
from statevisit.publishing import build as building
from statevisit.publishing import finished, shards
from statevisit.publishing.build import build
from statevisit.publishing.build_task import Seen, Task, build_shard
from statevisit.publishing.shards import Shard
from tests.conftest import Result
from tests.many_documents import many_documents, name_of

DOCUMENTS, SHARD, DONE = 9, 2, 3
"""Of five shards, three are finished when the build is stopped."""

ALL = sys.maxsize

STAGING = finished.STAGING

_KILLED = """
import os, signal, sys
from pathlib import Path
from statevisit.publishing import build, finished, shards

build.SHARD = shards.SHARD = 2
real = finished.build_shard

def build_shard(shard, task, seen):
    if shard.positions[0] == 6:
        (task.folder / "events/.train-00003-of-00005.parquet.1").write_bytes(b"PAR1")
        os.kill(os.getpid(), signal.SIGKILL)
    return real(shard, task, seen)

finished.build_shard = build_shard
build.build(Path(sys.argv[1]), workers=1)
"""


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root that was never built; tests copy it."""
    return many_documents(tmp_path_factory.mktemp("documents") / "root", DOCUMENTS)


@pytest.fixture(scope="module")
def built(documents: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The built files of that root."""
    root = shutil.copytree(documents, tmp_path_factory.mktemp("built") / "root")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "SHARD", SHARD)
        assert [] == build(root, workers=1).findings
    return _built(root)


class Shards:
    """Notes the shards that are converted, and raises an exception after `most` of them."""

    def __init__(self) -> None:
        self.names: list[int] = []
        self.most = ALL
        self.error: BaseException = KeyboardInterrupt()

    def __call__(self, shard: Shard, task: Task, *more: Seen) -> bytes:
        """Convert a shard as the real function does."""
        if len(self.names) == self.most:
            raise self.error
        self.names.append(shard.positions[0] // SHARD)
        return build_shard(shard, task, *more)


@pytest.fixture
def converted(monkeypatch: pytest.MonkeyPatch) -> Shards:
    """The shards that builds of this process convert."""
    noted = Shards()
    monkeypatch.setattr(building, "SHARD", SHARD)
    monkeypatch.setattr(shards, "SHARD", SHARD)
    monkeypatch.setattr(building, "build_shard", noted)
    monkeypatch.setattr(finished, "build_shard", noted)
    return noted


@pytest.fixture
def stopped(documents: Path, tmp_path: Path, converted: Shards) -> Path:
    """A root whose build was stopped after three shards."""
    root = shutil.copytree(documents, tmp_path / "root")
    converted.most = DONE
    with pytest.raises(KeyboardInterrupt):
        build(root, workers=1)
    assert (DONE, [0, 1, 2]) == (finished.count(root), converted.names)
    converted.most = ALL
    converted.names.clear()
    return root


def _built(root: Path) -> dict[str, bytes]:
    """All files of a root but the documents, by their names."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.parent.name not in ("documents", "seeds")
    }


def test_the_rest_is_built(stopped: Path, converted: Shards, built: dict[str, bytes]) -> None:
    """After Ctrl-C, only the missing shards are converted; the bytes are those of one build."""
    done: list[int] = []
    assert [] == build(stopped, workers=1, done=done.append).findings
    assert ([3, 4], [2, 2, 2, 2, 1]) == (converted.names, done)
    assert built == _built(stopped)


def test_the_rest_is_built_after_a_kill(
    documents: Path, tmp_path: Path, converted: Shards, built: dict[str, bytes]
) -> None:
    """A process that is killed while it writes leaves its finished shards, too, and its dirt."""
    root = shutil.copytree(documents, tmp_path / "root")
    command = [sys.executable, "-c", _KILLED, str(root)]
    assert -signal.SIGKILL == subprocess.run(command, check=False).returncode
    assert DONE == finished.count(root)
    assert b"*\n" == (root / STAGING / ".gitignore").read_bytes()
    assert [] == build(root, workers=1).findings
    assert [3, 4] == converted.names
    assert built == _built(root)


def _set_the_clock_back(root: Path) -> None:
    for path in root.rglob("*"):
        os.utime(path, (0, 0))


def _cut_a_table(root: Path) -> None:
    path = root / STAGING / "corpus/parquet/events/train-00001-of-00005.parquet"
    path.write_bytes(path.read_bytes()[:-1])


def _empty_a_result(root: Path) -> None:
    (root / STAGING / "results/train-00001-of-00005").write_bytes(b"")


def _change_a_document(root: Path) -> None:
    path = root / f"corpus/documents/{name_of(3)}.json"
    times = path.stat()
    path.write_bytes(path.read_bytes() + b"\n")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def _list_a_title(root: Path) -> None:
    path = root / "seeds/sources.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"publisher"', b'"title": "T", "publisher"', 1))


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (_set_the_clock_back, [3, 4]),
        (_cut_a_table, [1, 3, 4]),
        (_empty_a_result, [1, 3, 4]),
        (_change_a_document, [1, 3, 4]),
        (_list_a_title, [0, 1, 2, 3, 4]),
    ],
)
def test_what_changed_is_built_again(
    stopped: Path, converted: Shards, change: Callable[[Path], None], again: list[int]
) -> None:
    """A result counts if all that it depends on has the same bytes, whatever the clock says."""
    change(stopped)
    assert [] == build(stopped, workers=1).findings
    assert again == converted.names
    assert not (stopped / STAGING).exists()
    assert [] == build(stopped, check=True, workers=1).stale


def test_each_document_is_read_once(
    stopped: Path, converted: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build reads a document to convert it, or to see that its finished shard is of its bytes."""
    read: list[str] = []
    real = Entry.bytes

    def bytes_of(entry: Entry) -> bytes:
        read.append(entry.id)
        return real(entry)

    monkeypatch.setattr(Entry, "bytes", bytes_of)
    assert [] == build(stopped, workers=1).findings
    assert ([3, 4], [name_of(n) for n in range(DOCUMENTS)]) == (converted.names, sorted(read))
    read.clear()
    converted.names.clear()
    for path in (stopped / "corpus/documents").iterdir():
        path.write_bytes(path.read_bytes() + b" ")
    assert [] == build(stopped, workers=1).findings
    assert ([0, 1, 2, 3, 4], DOCUMENTS) == (converted.names, len(read))


def test_a_document_that_changes_while_it_is_read_is_not_taken_over(
    documents: Path, tmp_path: Path, converted: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key of a result is that of the bytes that were converted, not of later ones."""
    root = shutil.copytree(documents, tmp_path / "root")
    changed = root / f"corpus/documents/{name_of(3)}.json"
    real = Entry.bytes

    def bytes_of(entry: Entry) -> bytes:
        data = real(entry)
        if entry.id == name_of(3):
            changed.write_bytes(data + b" ")
        return data

    converted.most = DONE
    with monkeypatch.context() as patch:
        patch.setattr(Entry, "bytes", bytes_of)
        with pytest.raises(KeyboardInterrupt):
            build(root, workers=1)
    converted.most = ALL
    converted.names.clear()
    assert [] == build(root, workers=1).findings
    assert [1, 3, 4] == converted.names
    assert [] == build(root, check=True, workers=1).stale


def test_a_seed_that_changed_is_found(documents: Path, tmp_path: Path, converted: Shards) -> None:
    """Where no list states the seeds, they are compared, too; findings leave nothing behind."""
    root = shutil.copytree(documents, tmp_path / "root")
    (root / "seeds/sources.jsonl").unlink()
    converted.most = DONE
    with pytest.raises(KeyboardInterrupt):
        build(root, workers=1)
    converted.most = ALL
    converted.names.clear()
    (root / f"seeds/{name_of(3)}.txt").write_bytes(b"other")
    assert ["E202"] == [finding.code for finding in build(root, workers=1).findings]
    assert [1, 3, 4] == converted.names
    assert not (root / STAGING).exists()
    assert not (root / "corpus/parquet").exists()


def test_another_version_begins_anew(
    stopped: Path, converted: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The results of another Python or another code are not taken over."""
    monkeypatch.setattr(sys, "version", sys.version.replace(".", ".9", 1))
    assert [] == build(stopped, workers=1).findings
    assert [0, 1, 2, 3, 4] == converted.names


def test_a_comparison_takes_nothing_over(stopped: Path, converted: Shards) -> None:
    """`build --check` converts every shard, and leaves what is there for the next build."""
    assert [] != build(stopped, check=True, workers=1).stale
    assert ([0, 1, 2, 3, 4], DONE) == (converted.names, finished.count(stopped))


def test_the_command_says_what_is_kept(
    stopped: Path, converted: Shards, cli: Callable[..., Result]
) -> None:
    """One line says how many shards the next build need not convert."""
    converted.most, converted.error = 1, OSError(28, "No space left on device", "events")
    done = cli("build", stopped, "--workers", "1")
    assert (1, "") == (done.status, done.out)
    assert [
        "4 finished shards kept: the next build does the rest",
        "statevisit: events: the disk is full; nothing was changed",
    ] == done.err.splitlines()
    assert not (stopped / "corpus/parquet").exists()


def test_two_builds_take_turns(
    documents: Path, tmp_path: Path, converted: Shards, built: dict[str, bytes]
) -> None:
    """A second build of a root waits for the first, and then finds nothing to change."""
    root = shutil.copytree(documents, tmp_path / "root")
    results: list[list[tuple[str, str]]] = []

    def run() -> None:
        results.append(build(root, workers=1).stale)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert built == _built(root)
    first, second = sorted(results)
    assert ([], True) == (first, bool(second))
