"""`statevisit publish` of 2,000 files against a stand-in of the Hub that limits and refuses."""

import hashlib
import shutil
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from statevisit.publishing import upload
from tests.conftest import ROOT, Result, required
from tests.hub_stand_in import DONE, REQUESTS, Failure, Hub

pytestmark = pytest.mark.slow

REPO = "someone/many"
SHARDS = 2_000
RELEASE = "corpus/release.json"
PUT = "PUT /lfs/"


def _root(directory: Path, shards: int) -> Path:
    """A copy of the committed release with more Parquet files, which the manifest lists."""
    for name in ("corpus", "seeds", "schema"):
        shutil.copytree(ROOT / name, directory / name)
    for name in ("README.md", "CITATION.cff", "LICENSE"):
        shutil.copy(ROOT / name, directory)
    manifest = orjson.loads((directory / RELEASE).read_bytes())
    (directory / "corpus/parquet/many").mkdir()
    for number in range(shards):
        name = f"corpus/parquet/many/train-{number:05d}-of-{shards:05d}.parquet"
        data = b"%d" % number
        (directory / name).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        manifest["files"].append({"path": name, "size": len(data), "sha256": digest})
    (directory / RELEASE).write_bytes(orjson.dumps(manifest))
    return directory


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with 2,000 files more than the shipped one; tests do not change it."""
    return _root(tmp_path_factory.mktemp("large"), SHARDS)


@pytest.fixture(scope="module")
def medium_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root of some files more than the shipped one."""
    return _root(tmp_path_factory.mktemp("medium"), 15)


@pytest.fixture
def medium(medium_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That root, whose files take several batches; tests do not change it."""
    monkeypatch.setattr(upload, "BATCH", 20)
    return medium_root


def _publish(cli: Callable[..., Result], root: Path) -> Result:
    return cli("publish", root, "--repo", REPO)


def _objects(root: Path) -> int:
    """The number of different large files below a root."""
    paths = [*root.rglob("*.parquet"), *root.rglob("*.png")]
    return len({path.read_bytes() for path in paths})


def _requests(hub: Hub) -> Counter[str]:
    """How often each kind of request was made; the id of an object is left out."""
    return Counter(PUT if r.startswith(PUT) else r for r in hub.requests)


def _is_published(hub: Hub, root: Path) -> bool:
    """Whether one commit after the Hub's own has every file of a root, and the tag is on it."""
    repo = hub.repos[REPO]
    here = {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    tree = {n: data for n, data in repo["commits"][repo["main"]].items() if n != ".gitattributes"}
    is_tagged = [repo["main"]] == list(repo["tags"].values())
    return here == tree and is_tagged and len(repo["commits"]) == 2


def test_two_thousand_files_are_one_commit(
    hub: Hub, large: Path, cli: Callable[..., Result]
) -> None:
    """All files come in one commit; each large file is sent once, and few requests are made.

    The last batch fails at first: the second run sends only the files of that batch.
    """
    name = f"train-{SHARDS - 1:05d}-of-{SHARDS:05d}.parquet"
    last = hashlib.sha256((large / "corpus/parquet/many" / name).read_bytes()).hexdigest()
    hub.create(REPO)
    before = hub.state()
    hub.failure = Failure("PUT", last, 403)
    done = _publish(cli, large)
    assert (1, 1, before) == (done.status, len(done.err.splitlines()), hub.state()), done.err
    sent = _requests(hub)[PUT]
    assert SHARDS - upload.BATCH <= sent <= _objects(large)

    hub.requests.clear()
    hub.failure = None
    done = _publish(cli, large)
    assert (0, True) == (done.status, _is_published(hub, large)), done.err
    again = _requests(hub)
    assert 1 <= again[PUT] <= upload.BATCH
    assert _objects(large) == len(hub.objects)
    batches = -(-len(hub.repos[REPO]["commits"][hub.repos[REPO]["main"]]) // upload.BATCH)
    assert sum(again.values()) - again[PUT] <= 2 * batches + 8


@pytest.mark.parametrize("step", REQUESTS)
def test_a_rate_limit_is_waited_for(
    hub: Hub, medium: Path, cli: Callable[..., Result], step: str
) -> None:
    """After 429 and 5xx the step is tried again, after the time that the Hub asks for."""
    hub.failure = Failure(*REQUESTS[step], 429, times=2, headers={"Retry-After": "17"})
    done = _publish(cli, medium)
    assert (0, "", True) == (done.status, done.err, _is_published(hub, medium))
    assert {17} == set(hub.waits)
    assert _objects(medium) <= _requests(hub)[PUT] <= _objects(medium) + 2


@pytest.mark.parametrize(
    ("status", "headers", "waits"),
    [
        (429, {"RateLimit": '"api";r=0;t=55'}, [55, 55]),
        (429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, [1, 2]),
        (503, {}, [1, 2]),
        (0, {}, [1, 2]),
    ],
)
def test_how_long_is_waited(
    hub: Hub,
    medium: Path,
    cli: Callable[..., Result],
    status: int,
    headers: dict[str, str],
    waits: list[int],
) -> None:
    """The Hub's own header of a rate limit is understood; without one the waits double."""
    hub.failure = Failure("POST", "/commit/", status, times=2, headers=headers)
    done = _publish(cli, medium)
    assert (0, waits, True) == (done.status, hub.waits, _is_published(hub, medium)), done.err


@pytest.mark.parametrize("step", ["refs", "put", "commit"])
def test_after_the_last_attempt_nothing_is_published(
    hub: Hub, medium: Path, cli: Callable[..., Result], step: str
) -> None:
    """A limit that does not end gives one line after five attempts; branch and tags stay."""
    hub.create(REPO)
    before = hub.state()
    hub.failure = Failure(*REQUESTS[step], 429, headers={"Retry-After": "17"})
    done = _publish(cli, medium)
    assert (1, 1, before) == (done.status, len(done.err.splitlines()), hub.state()), done.err
    assert "(HTTP 429): the Hub limits the number of requests: wait a few minutes" in done.err
    assert [17] * 4 == hub.waits


def test_a_wait_of_an_hour_is_left_to_the_user(
    hub: Hub, medium: Path, cli: Callable[..., Result]
) -> None:
    """Where the Hub asks for more than five minutes, the command ends at once."""
    hub.failure = Failure("POST", "/preupload/", 429, headers={"Retry-After": "3600"})
    done = _publish(cli, medium)
    assert (1, [], 1) == (done.status, hub.waits, len(done.err.splitlines())), done.err


@pytest.mark.parametrize("path", ["/commit/", "/tag/"])
def test_a_lost_answer_leads_to_no_second_commit(
    hub: Hub, medium: Path, cli: Callable[..., Result], path: str
) -> None:
    """Commit and tag whose answers were lost are found, and made once."""
    hub.failure = Failure("POST", path, DONE)
    done = _publish(cli, medium)
    assert (0, True) == (done.status, _is_published(hub, medium)), done.err


def test_xet_that_refuses(
    hub: Hub, medium: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the real hf_xet is refused, everything is uploaded over HTTP, without a word.

    Xet is asked once, not for every batch, and stays switched on for others.
    """
    required("hf_xet")
    constants = required("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    done = _publish(cli, medium)
    assert (0, "", True) == (done.status, done.err, _is_published(hub, medium))
    asked = [r for r in hub.requests if "xet-write-token" in r]
    assert (1, []) == (len(asked), hub.waits)
    assert constants.HF_HUB_DISABLE_XET is False


def test_a_commit_that_the_hub_would_refuse(
    hub: Hub, medium: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """More bytes or large files than the Hub takes in one commit are named before it is made."""
    hub.create(REPO)
    before = hub.state()
    for limit, words in (("MOST_BYTES", "files outside LFS"), ("MOST_LARGE_FILES", "large files")):
        with monkeypatch.context() as patch:
            patch.setattr(upload, limit, 10)
            done = _publish(cli, medium)
        assert (1, 1, before) == (done.status, len(done.err.splitlines()), hub.state()), done.err
        assert words in done.err


def test_memory_does_not_grow_with_a_file(
    hub: Hub, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """A large file is sent in pieces: Python's memory stays far below its size."""
    root = _root(tmp_path, 1)
    path = root / "corpus/parquet/many/train-00000-of-00001.parquet"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    manifest = orjson.loads((root / RELEASE).read_bytes())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest["files"][-1] |= {"size": path.stat().st_size, "sha256": digest}
    (root / RELEASE).write_bytes(orjson.dumps(manifest))
    hub.failure = Failure("PUT", digest, 413)  # the stand-in itself would keep the file
    tracemalloc.start()
    try:
        done = _publish(cli, root)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (1, True) == (done.status, "larger than the Hub accepts" in done.err)
    assert peak < 30_000_000
