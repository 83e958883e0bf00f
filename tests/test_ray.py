"""Ray as the engine: two nodes on this machine give the bytes of one process, whatever fails."""

import inspect
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from statevisit.corpus import on_ray, parallel, source_lookup
from statevisit.errors import FormatError, MissingExtra, StateVisitError
from statevisit.publishing import shards
from statevisit.publishing.build import build
from tests.conftest import Result, interrupted, required, started, wait_until
from tests.many_documents import many_documents
from tests.repositories import ROOT

pytestmark = pytest.mark.ray

STORE = 100_000_000
"""Bytes of each node's object store."""

NODE: dict[str, Any] = {
    "num_cpus": 1,
    "num_gpus": 0,
    "node_ip_address": "127.0.0.1",
    "object_store_memory": STORE,
    "include_dashboard": False,
}

SHARDS = 5
"""Tasks of a build of the test's corpus."""

SHARD = 4
"""Documents in each of them."""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A Ray cluster of two nodes; `address` is that of the first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        directory = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # a socket's path must be short
        patch.setenv("RAY_TMPDIR", directory)
        ray = required("ray")
        # Otherwise Ray puts the address of this machine in the network in place of 127.0.0.1.
        patch.setattr("ray._private.ray_constants.ENABLE_RAY_CLUSTER", False)
        (Path(directory) / "ray").mkdir()  # where a cluster notes its address
        nodes = required("ray.cluster_utils").Cluster()
        try:
            nodes.add_node(**NODE)
            nodes.add_node(**NODE)
            yield nodes
        finally:
            ray.shutdown()
            nodes.shutdown()
            shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module", autouse=True)
def small_shards() -> Iterator[None]:
    """Make the shards of a build small, so that a small corpus has several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "SHARD", SHARD)
        yield


@pytest.fixture
def on_cluster(cluster: Any) -> Iterator[Callable[..., Iterator[Any]]]:
    """Run tasks in order on that cluster, through a connection that lasts for several tests."""
    ray = required("ray")
    if not ray.is_initialized():
        ray.init(cluster.address, log_to_driver=False)
    yield on_ray.ordered
    assert ray.is_initialized()


@pytest.fixture(scope="module")
def local_bytes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """A corpus that is not built, and the files of a build of it in this process."""
    root = tmp_path_factory.mktemp("corpora") / "root"
    shutil.copytree(ROOT / "seeds", root / "seeds")
    (root / "corpus/documents").mkdir(parents=True)
    for name in ("annotators.json", "wikidata.json"):
        shutil.copy(ROOT / "corpus" / name, root / "corpus")
    (article,) = (ROOT / "corpus/documents").glob("*.json")
    data = article.read_text(encoding="utf-8")
    for number in range(SHARDS * SHARD):
        document = data.replace(f'"id":"{article.stem}"', f'"id":"doc-{number:03}"')
        (root / f"corpus/documents/doc-{number:03}.json").write_text(document, encoding="utf-8")
    built = root.with_name("built")
    shutil.copytree(root, built)
    assert [] == build(built, workers=1).findings
    return root, _files(built)


def _files(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def _node(_: int) -> str:
    import ray

    time.sleep(0.3)
    return str(ray.get_runtime_context().get_node_id())


def _slowly(function: Callable[[Any], Any], task: Any) -> Any:
    time.sleep(0.3)
    return function(task)


def _killed_at_first(function: Callable[[Any], Any], marks: Path, task: shards.Shard) -> Any:
    """Work; but when the first task is done for the first time, end the process.

    Its files then have their rows, but not yet their names.
    """
    mark = marks / task.name
    is_first_time = not mark.exists()
    mark.touch()
    if is_first_time and task.positions[0] == 0:
        shards.ShardFiles.close = lambda _: os.kill(os.getpid(), signal.SIGKILL)
    return function(task)


def _fail_at_three(number: int) -> int:
    if number == 3:
        raise FormatError("three.json: is not a document")
    return number


def _endless(number: int) -> int:
    if number:
        time.sleep(10_000)
    return number


def test_a_cluster_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without an address, a Ray starts, and ends with the last result.

    Its ports are closed to the network and ask for a token, it sends no usage statistics, and no
    file, process or variable stays.
    """
    monkeypatch.setenv("HOME", str(tmp_path))
    with _place(monkeypatch) as place:
        handler, environment = signal.getsignal(signal.SIGTERM), dict(os.environ)
        this = psutil.Process()
        earlier = set(this.children(recursive=True))  # such as the server that forks workers
        results = on_ray.ordered(abs, [0, -1, -2, -3], 2)
        assert 0 == next(results)
        assert environment == dict(os.environ)
        started = [p for p in this.children(recursive=True) if p not in earlier]
        processes = [this, *started]
        sockets = [socket for process in processes for socket in process.net_connections()]
        addresses = [socket.laddr.ip for socket in sockets if socket.status == "LISTEN"]
        assert len(addresses) > 4
        assert set(addresses) <= {"127.0.0.1", "::ffff:127.0.0.1"}
        (server,) = (process for process in processes if process.name() == "gcs_server")
        assert "0" == server.environ()["RAY_USAGE_STATS_ENABLED"]
        assert "token" == server.environ()["RAY_AUTH_MODE"]
        assert [1, 2, 3] == list(results)
        assert not required("ray").is_initialized()
        assert (handler, environment) == (signal.getsignal(signal.SIGTERM), dict(os.environ))
        assert [] == [*os.listdir(place), *os.listdir(tmp_path)]
        wait_until(lambda: not any(p.is_running() for p in started), "the last process ends")


def test_the_commands_give_what_they_give_without_ray(
    cluster: Any,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    local_bytes: tuple[Path, dict[str, bytes]],
    cli: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`build` and `validate` on two nodes give the bytes of one process, also by relative paths."""
    source, expected = local_bytes
    root = tmp_path / "root"
    shutil.copytree(source, root)
    there = ("--engine", "ray", "--ray-address", cluster.address)
    with monkeypatch.context() as elsewhere:
        elsewhere.chdir(tmp_path)
        assert 0 == cli("build", "root", *there).status
    request.getfixturevalue("on_cluster")  # the other commands use its connection
    assert 0 == cli("build", root, "--check", *there).status
    assert expected == _files(root)
    (root / "corpus/documents/doc-020.json").write_text('{"schema_version": 1}')
    (root / "corpus/documents/doc-021.json").write_text("{")
    here = cli("validate", root, "--workers", "1")
    assert 1 == here.status
    assert here == cli("validate", root, *there)


@pytest.mark.usefixtures("on_cluster")
def test_other_commands_give_what_they_give_without_ray(
    cluster: Any, tmp_path: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files, changed documents, figures and pages are those of one process, with a long list."""
    monkeypatch.setattr(source_lookup, "FEW", 0)
    root = many_documents(tmp_path / "root", 2 * parallel.BATCH + 2, in_test=2)
    here, there = ("--workers", "1"), ("--engine", "ray", "--ray-address", cluster.address)
    corpora, exported, scores, agreements, sites = [], [], [], [], []
    for name, engine in (("here", here), ("there", there)):
        out = tmp_path / name
        split = ("--split", "train")
        assert 0 == cli("export", "--to", "brat", "-o", out, "--path", root, *split, *engine).status
        exported.append(_files(out))
        annotation = out / "doc-00020.ann"
        lines = annotation.read_text(encoding="utf-8").splitlines(keepends=True)
        annotation.write_text("".join(lines[:-1]), encoding="utf-8")
        corpus = tmp_path / f"corpus-{name}"
        shutil.copytree(root, corpus)
        assert 0 == cli("import", "--from", "brat", out, "--path", corpus, *engine).status
        corpora.append(_files(corpus))
        sides = (root / "corpus/documents", tmp_path / "corpus-here/corpus/documents")
        figures = ("--json", "--resamples", "50", *split, *engine)
        scores.append(cli("score", *sides, *figures))
        agreements.append(cli("agree", *sides, *figures))
        assert 0 == cli("site", root, "-o", tmp_path / f"site-{name}", *engine).status
        sites.append(_files(tmp_path / f"site-{name}"))
    assert exported[0] == exported[1]
    assert 2 * parallel.BATCH == sum(name.endswith(".ann") for name in exported[0])
    assert corpora[0] == corpora[1]
    assert corpora[0] != _files(root)
    assert (0, 0) == (scores[0].status, agreements[0].status)
    assert scores[0] == scores[1]
    assert agreements[0] == agreements[1]
    assert 2 * parallel.BATCH + 2 == sum("documents/" in name for name in sites[0])
    assert sites[0] == sites[1]


def test_every_node_works_and_no_more_tasks_than_told(
    on_cluster: Callable[..., Iterator[Any]],
) -> None:
    """Tasks run on both nodes; with one worker, one after the other."""
    assert 2 == len(set(on_cluster(_node, range(6))))
    start = time.monotonic()
    assert 3 == len(list(on_cluster(_node, range(3), 1)))
    assert 3 * 0.3 <= time.monotonic() - start


def test_results_come_in_order_and_tasks_are_taken_as_they_are_consumed(
    on_cluster: Callable[..., Iterator[Any]],
) -> None:
    """Of ten thousand tasks, a few are taken before the first result is consumed."""
    taken = []

    def tasks() -> Iterator[int]:
        for number in range(10_000):
            taken.append(number)
            yield number

    with closing(on_cluster(abs, tasks())) as results:
        assert [0, 1, 2] == [next(results) for _ in range(3)]
        assert len(taken) <= 16


def test_a_large_task_runs_here(on_cluster: Callable[..., Iterator[Any]]) -> None:
    """A task that is to run alone runs in the calling process, in its turn."""
    seen = list(on_cluster(_process, range(4), alone=lambda task: task == 2))
    assert [False, False, True, False] == [process == os.getpid() for process in seen]


def _process(_: int) -> int:
    return os.getpid()


def test_a_task_that_is_killed_or_done_twice(
    on_cluster: Callable[..., Iterator[Any]],
    tmp_path: Path,
    local_bytes: tuple[Path, dict[str, bytes]],
) -> None:
    """A process that ends while it writes is replaced, and two may write one shard at once.

    Neither changes a byte of what is built, and the temporary files that are left are swept.
    """
    source, expected = local_bytes
    marks = tmp_path / "marks"
    marks.mkdir()
    shutil.copytree(source, tmp_path / "root")
    left = []

    def twice(function: Callable[[Any], Any], tasks: Any, **options: Any) -> Iterator[Any]:
        pairs = (task for task in tasks for _ in range(2))
        results = on_cluster(partial(_killed_at_first, function, marks), pairs, 2)
        for result in results:
            assert result == next(results)
            yield result
        left.extend((tmp_path / "root/corpus").glob(".build-*/corpus/parquet/*/.*"))

    assert [] == build(tmp_path / "root", mapper=twice).findings
    assert expected == _files(tmp_path / "root")
    assert SHARDS == len(list(marks.iterdir()))
    assert left


def test_a_task_that_ends_its_process_each_time(
    on_cluster: Callable[..., Iterator[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is given up with one line."""
    monkeypatch.setattr(on_ray, "RETRIES", 1)
    with pytest.raises(StateVisitError, match=r"Ray lost a task 2 times, at last with: .+ memory"):
        list(on_cluster(os._exit, [1]))


def test_an_exception_comes_back_in_its_turn(on_cluster: Callable[..., Iterator[Any]]) -> None:
    """An exception in a task is raised here as itself, after the results of earlier tasks."""
    results = on_cluster(_fail_at_three, range(100))
    assert [0, 1, 2] == [next(results) for _ in range(3)]
    with pytest.raises(FormatError, match=r"^three\.json: is not a document$") as raised:
        next(results)
    assert FormatError is type(raised.value)


def test_a_caller_that_stops_leaves_no_task(on_cluster: Callable[..., Iterator[Any]]) -> None:
    """Tasks under way are cancelled if the caller takes no more results; the cluster stays."""
    ray = required("ray")
    for milliseconds in (0, 2, 10, 50):  # a task may be on its way to a process
        with closing(on_cluster(_endless, range(10))) as results:
            assert 0 == next(results)
            time.sleep(milliseconds / 1000)
        assert [1, 2, 3] == list(on_cluster(abs, [-1, -2, -3]))
        end = time.monotonic() + 30
        while ray.available_resources().get("CPU") != ray.cluster_resources()["CPU"]:
            assert time.monotonic() < end, "a task remains"
            time.sleep(0.1)


def test_a_node_with_another_version(
    on_cluster: Callable[..., Iterator[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node whose versions differ is named, with what it has, before any task runs."""
    other = on_ray.versions() | {"pyarrow": "0.1", "statevisit's files (digest)": "abc"}
    monkeypatch.setattr(on_ray, "versions", lambda: other)
    words = (
        r"^node 127\.0\.0\.1 has pyarrow [0-9.]+ instead of 0\.1 "
        r"and statevisit's files \(digest\) [0-9a-f]{12} instead of abc: install the same versions"
    )
    with pytest.raises(StateVisitError, match=words):
        list(on_cluster(abs, [-1]))


def test_an_edited_checkout_has_another_version(tmp_path: Path) -> None:
    """A changed, added or renamed Python file or scheme changes the digest; other files do not."""
    (tmp_path / "a.py").write_text("1")
    digests = [on_ray._digest(tmp_path, tmp_path)]
    (tmp_path / "a.py").write_text("2")
    digests.append(on_ray._digest(tmp_path, tmp_path))
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    digests.append(on_ray._digest(tmp_path, tmp_path))
    (tmp_path / "scheme.toml").touch()
    digests.append(on_ray._digest(tmp_path, tmp_path))
    assert 4 == len(set(digests))
    (tmp_path / "b.pyc").touch()
    assert digests[-1] == on_ray._digest(tmp_path, tmp_path)


def test_both_engines_are_called_alike() -> None:
    """What runs in local processes runs on Ray with the same arguments."""
    local = inspect.signature(parallel.ordered).parameters
    ray = inspect.signature(on_ray.ordered).parameters
    positional = [name for name in ray if ray[name].kind is not inspect.Parameter.KEYWORD_ONLY]
    assert list(local) == positional
    assert all(str(local[name]) == str(ray[name]) for name in local if name != "alone")


def test_a_node_that_joins_later_with_another_version(
    on_cluster: Callable[..., Iterator[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused by its first task."""
    other = on_ray.versions() | {"statevisit": "0.1"}
    monkeypatch.setattr(on_ray, "versions", lambda: other)
    monkeypatch.setattr(on_ray, "_check_nodes", lambda *_: None)
    with pytest.raises(StateVisitError, match=r"statevisit [0-9.]+ instead of 0\.1"):
        list(on_cluster(abs, [-1]))


def test_a_path_that_a_node_lacks(on_cluster: Callable[..., Iterator[Any]], tmp_path: Path) -> None:
    """A path that is not on a node is named, with the node."""
    words = r"/nowhere: is not on node 127\.0\.0\.1; every node needs the same files"
    with pytest.raises(FormatError, match=words):
        list(on_cluster(abs, [-1], paths=[tmp_path, tmp_path / "nowhere"]))


def test_a_node_that_goes(
    cluster: Any,
    on_cluster: Callable[..., Iterator[Any]],
    tmp_path: Path,
    local_bytes: tuple[Path, dict[str, bytes]],
) -> None:
    """If a node goes in the middle of a build, its tasks are done elsewhere: the same bytes.

    This test is the last one with two nodes.
    """
    source, expected = local_bytes
    shutil.copytree(source, tmp_path / "root")
    _, second = cluster.list_all_nodes()

    def losing(function: Callable[[Any], Any], tasks: Any, **options: Any) -> Iterator[Any]:
        results = on_cluster(partial(_slowly, function), tasks, workers=2)
        for number, result in enumerate(results):
            if number == 1:
                cluster.remove_node(second, allow_graceful=False)
            yield result

    assert [] == build(tmp_path / "root", mapper=losing).findings
    assert expected == _files(tmp_path / "root")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--engine", "ray", "--ray-address", "127.0.0.1:9"), "no Ray cluster at 127.0.0.1:9: "),
        (("--engine", "ray", "--ray-address", "ray://x:1"), "run it on a node of the cluster"),
        (("--engine", "ray", "--ray-address", "a.json"), "must be HOST:PORT or `auto`"),
        (("--ray-address", "auto"), "--ray-address needs --engine ray"),
    ],
)
def test_an_address_of_no_cluster(
    cli: Callable[..., Result], options: tuple[str, ...], message: str
) -> None:
    """A wrong address is one line, at once."""
    required("ray")
    result = cli("validate", ROOT, *options)
    assert result.status != 0
    assert message in result.err
    assert "Traceback" not in result.err


def test_without_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Ray, a line says what to install."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"this needs ray: pip install 'statevisit\[ray\]'"):
        list(on_ray.ordered(abs, [-1]))


def test_ctrl_c(
    tmp_path: Path, local_bytes: tuple[Path, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends a build and the Ray that it started, with one line; no file or process stays."""
    root = tmp_path / "root"
    shutil.copytree(local_bytes[0], root)
    before = _files(root)
    with _place(monkeypatch) as place:
        process = started("build", root, "--engine", "ray", "--workers", "1")
        wait_until(
            lambda: (
                [*root.glob("corpus/.build-*/corpus/parquet/*/*")] or process.poll() is not None
            ),
            "a Parquet file is written",
        )
        _, err = interrupted(process, 30)
        assert (1, "statevisit: stopped; nothing was changed") == (process.returncode, err.strip())
        assert before == _files(root)
        assert [] == os.listdir(place)
        wait_until(lambda: not _processes(place), "the last process ends")


@contextmanager
def _place(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A directory, by a short path, for the files of a Ray that a command starts."""
    required("ray")
    place = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
    monkeypatch.setenv("RAY_TMPDIR", place)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _processes(directory: str) -> list[str]:
    """The command lines of the processes of a Ray with its files below a directory."""
    lines = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(process.read_bytes().decode(errors="replace"))
        except OSError:  # it has just ended
            continue
    return [line for line in lines if directory in line]
