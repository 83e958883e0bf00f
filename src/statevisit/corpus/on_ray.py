"""Work on the nodes of a Ray cluster, in the manner of `parallel`: results come in order.

Ray places the tasks, starts the processes and repeats what is lost with a node. Every node has the
same statevisit and the same pyarrow and sees the same files, so a task gives the same bytes
wherever it runs and however often.
"""

import hashlib
import os
import platform
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from statevisit import files, layout
from statevisit.corpus.parallel import applied, in_turn
from statevisit.corpus.ray_connection import connected
from statevisit.errors import FormatError, StateVisitError

T = TypeVar("T")
R = TypeVar("R")

RETRIES = 3
"""How often Ray repeats a task whose node or process ended."""

AHEAD = 2
"""Tasks for each core that are under way, so that no core waits for the calling process."""

_NODE_SECONDS = 120
"""Seconds in which a node must tell its versions."""

_STOP_SECONDS = 10
"""Seconds in which cancelled tasks should end."""

_CANCEL_SECONDS = 0.5
"""Seconds after which a task that has not ended is cancelled again."""


class _Work(NamedTuple):
    """What a process of a node needs once, beside the tasks."""

    versions: dict[str, str]
    directory: str
    """The current directory of the calling process, to which relative paths refer."""
    size_limit: str
    function: bytes
    """Pickled, and unpickled only by a statevisit of the same version."""


_functions: dict[str, Callable[[Any], Any]] = {}
"""In a process of a node: the function that it applies to tasks, by the name of the run."""


def ordered(
    function: Callable[[T], R],
    tasks: Iterable[T],
    workers: int | None = None,
    preload: tuple[str, ...] = (),
    here: bool = False,
    alone: Callable[[T], bool] = lambda task: False,
    *,
    address: str | None = None,
    paths: Sequence[Path] = (),
) -> Iterator[R]:
    """Yield `function(task)` for each task, in order, from the nodes of a Ray cluster.

    Args:
        function: As for `parallel.ordered`, and so are `tasks` and `alone`.
        tasks: A single one runs in the cluster, too.
        workers: The most tasks at once; None for the number of cores of the cluster.
        preload: Has no effect: the processes of a cluster live longer than those of `parallel`.
        here: Has no effect, too.
        alone: Whether a task runs in the calling process while no other one is under way.
        address: The cluster, as HOST:PORT or "auto"; None for that of RAY_ADDRESS, or else for one
            of this machine's cores that ends with the last result.
        paths: Files and directories that the tasks read: every node must have them.

    Raises MissingExtra without Ray, FormatError if a node lacks a path, StateVisitError if there is
    no such cluster, if a node has another version, or if a task is lost again and again. However
    the caller ends, also by Ctrl-C, no task remains.
    """
    with connected(address, workers) as (ray, is_own):
        work = _work(function)
        if not is_own:
            _check_nodes(ray, work, paths)
        # Without a list around it, Ray would send what it refers to with each task.
        shared = [ray.put(work)]
        remote = ray.remote(num_cpus=1, max_retries=RETRIES)(_run)
        submit = partial(remote.remote, uuid.uuid4().hex, shared)
        with _pending(ray) as pending:
            is_full = partial(_is_full, ray, pending, workers)
            result = partial(_result, ray)
            yield from in_turn(function, tasks, alone, pending, submit, result, is_full)


def versions() -> dict[str, str]:
    """Return what all nodes must share, since it decides the bytes of what is built.

    An edited checkout has the version of the last release, and is told by the digest of its files.
    """
    package = Path(layout.__file__).parent
    return {
        "Python": platform.python_version(),
        "pyarrow": _version("pyarrow"),
        "statevisit": layout.version(),
        "statevisit's files (digest)": _digest(package, layout.data_root() / "schema"),
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _digest(package: Path, schema: Path) -> str:
    """Return the first 12 digits of the SHA-256 of the Python files and those of the schema."""
    digest = hashlib.sha256()
    for directory, pattern in ((package, "*.py"), (schema, "*.json"), (schema, "*.toml")):
        for path in sorted(directory.rglob(pattern)):
            content = path.read_bytes()
            name = path.relative_to(directory).as_posix()
            digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:12]


def _work(function: Callable[[Any], Any]) -> _Work:
    from ray import cloudpickle

    size_limit = os.environ.get(files.SIZE_VARIABLE, "")
    return _Work(versions(), str(Path.cwd()), size_limit, cloudpickle.dumps(function))


def _run(run: str, shared: list[Any], task: Any) -> Any:
    """Do a task in a process of a node."""
    if run not in _functions:
        _functions.clear()
        _functions[run] = _prepared(shared)
    return applied(_functions[run], task)


def _prepared(shared: list[Any]) -> Callable[[Any], Any]:
    """Make this process of a node ready, and return the function that it applies to tasks."""
    import ray

    work = _Work(*ray.get(shared[0]))
    if work.versions != versions():  # a node that joined after the others were asked
        node = ray.util.get_node_ip_address()
        raise StateVisitError(_differs(node, versions(), work.versions))
    with suppress(OSError):  # the node has it if there are relative paths
        os.chdir(work.directory)
    if work.size_limit:
        os.environ[files.SIZE_VARIABLE] = work.size_limit
    function: Callable[[Any], Any] = ray.cloudpickle.loads(work.function)
    return function


def _result(ray: Any, reference: Any) -> Any:
    try:
        return ray.get(reference)
    except ray.exceptions.RayError as error:
        lost = error.cause if isinstance(error, ray.exceptions.RayTaskError) else error
        if not isinstance(lost, ray.exceptions.RayError):
            raise lost from error
        reason = str(lost).strip().partition("\n")[0]
        raise StateVisitError(
            f"Ray lost a task {RETRIES + 1} times, at last with: {reason}; "
            "see whether the nodes have enough memory, then run the command again"
        ) from None


def _is_full(ray: Any, pending: deque[Any], workers: int | None) -> bool:
    """Whether the next task must wait until the first result is consumed.

    Before it says so, it waits for one of the tasks under way if there are as many as may be.
    """
    most = workers or AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
    if len(pending) >= AHEAD * most:
        return True
    running = _running(ray, pending, timeout=0)
    if len(running) >= most:
        ray.wait(running, num_returns=len(running) - most + 1, fetch_local=False)
    return pending[0] not in _running(ray, [pending[0]], timeout=0)


def _running(ray: Any, references: Iterable[Any], timeout: float) -> list[Any]:
    """Return the tasks that have not ended after some seconds."""
    waited = list(references)
    _, running = ray.wait(waited, num_returns=len(waited), timeout=timeout, fetch_local=False)
    return list(running)


@contextmanager
def _pending(ray: Any) -> Iterator[deque[Any]]:
    """The tasks whose results are awaited; those left at the end are cancelled."""
    pending: deque[Any] = deque()
    try:
        yield pending
    finally:
        running = list(pending)
        deadline = time.monotonic() + _STOP_SECONDS
        while running and time.monotonic() < deadline:
            # Ray forgets to cancel a task that is on its way to a process.
            for reference in running:
                ray.cancel(reference, force=True)
            running = _running(ray, running, timeout=_CANCEL_SECONDS)


def _check_nodes(ray: Any, work: _Work, paths: Sequence[Path]) -> None:
    """Ask each node for its versions and for some paths.

    Raises StateVisitError for other versions, FormatError for a path that is not there.
    """
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    needed = [os.path.abspath(path) for path in paths]
    if not all(path.is_absolute() for path in paths):
        needed.append(work.directory)
    ask = ray.remote(num_cpus=0, max_retries=0)(_question())
    answers = {}
    for node in ray.nodes():
        if node["Alive"] and node["Resources"].get("CPU"):
            place = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            name = node["NodeManagerAddress"]
            answers[ask.options(scheduling_strategy=place).remote(needed)] = name
    for answer, name in answers.items():
        try:
            stated, missing = ray.get(answer, timeout=_NODE_SECONDS)
        except ray.exceptions.GetTimeoutError:
            raise StateVisitError(
                f"node {name} does not answer within {_NODE_SECONDS} seconds"
            ) from None
        except ray.exceptions.RayError:  # the node has just gone
            continue
        if stated != work.versions:
            raise StateVisitError(_differs(name, stated, work.versions))
        if missing:
            raise FormatError(
                f"{missing[0]}: is not on node {name}; every node needs the same files at the "
                "same path, as on a shared file system"
            )


def _question() -> Callable[[list[str]], tuple[dict[str, str], list[str]]]:
    """Return the function that a node answers with its versions and the paths that it lacks.

    Ray sends an inner function by its code, so that a node without statevisit can answer, too.
    """

    def answer(paths: list[str]) -> tuple[dict[str, str], list[str]]:
        import os
        from importlib import import_module

        try:
            here = import_module("statevisit.corpus.on_ray")
        except ImportError:
            return {}, []
        return here.versions(), [path for path in paths if not os.path.exists(path)]

    return answer


def _differs(node: str, stated: dict[str, str], expected: dict[str, str]) -> str:
    """Return the message for a node with other versions."""
    differing = []
    for name, version in expected.items():
        has = stated.get(name)
        if has != version:
            differing.append(f"{name} {has or '(none)'} instead of {version or '(none)'}")
    names = " and ".join(differing)
    return f"node {node} has {names}: install the same versions on every node"
