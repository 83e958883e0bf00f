"""Work on the nodes of a Ray cluster, in the manner of `parallel`: results come in order.

Ray places the tasks, starts the processes and repeats what is lost with a node. Every node has the
same statevisit and the same pyarrow and sees the same files, so a task gives the same bytes
wherever it runs and however often.
"""

import logging
import os
import re
import shutil
import signal
import socket
import tempfile
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from statevisit import files, layout
from statevisit.corpus.garbage import uncollected
from statevisit.errors import FormatError, MissingExtra, StateVisitError

T = TypeVar("T")
R = TypeVar("R")

RETRIES = 3
"""How often Ray repeats a task whose node or process ended."""

AHEAD = 2
"""Tasks for each core that are under way, so that no core waits for the calling process."""

_STORE_BYTES = 100_000_000
"""Memory for results that wait for their turn, in a Ray that is started here; more go to disk."""

_CONNECT_SECONDS = 10
"""Seconds in which a cluster must take a connection."""

_NODE_SECONDS = 120
"""Seconds in which a node must tell its versions."""

_STOP_SECONDS = 10
"""Seconds in which cancelled tasks should end."""


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
        function: It is sent once to each process, not with each task. An exception that it raises
            is raised in its turn.
        tasks: They are taken as results are consumed, which bounds memory.
        workers: The most tasks at once; None for the number of cores of the cluster.
        preload: Has no effect: the processes of a cluster live longer than those of `parallel`.
        here: Has no effect, too.
        alone: Whether a task is so large that it runs in the calling process while no other one is
            under way, which bounds memory.
        address: The cluster, as HOST:PORT or "auto"; None for that of RAY_ADDRESS, or else for one
            of this machine's cores that ends with the last result.
        paths: Files and directories that the tasks read: every node must have them.

    Raises MissingExtra without Ray, FormatError if a node lacks a path, StateVisitError if there is
    no such cluster, if a node has another version, or if a task is lost again and again. However
    the caller ends, also by Ctrl-C, no task remains.
    """
    with _connected(address, workers) as (ray, is_own):
        work = _work(function)
        if not is_own:
            _check_nodes(ray, work, paths)
        # Without a list around it, Ray would send what it refers to with each task.
        shared = [ray.put(work)]
        remote = ray.remote(num_cpus=1, max_retries=RETRIES)(_run)
        run = uuid.uuid4().hex
        with _pending(ray) as pending:
            for task in tasks:
                if alone(task):
                    while pending:
                        yield _result(ray, pending.popleft())
                    with uncollected():
                        yield function(task)
                    continue
                pending.append(remote.remote(run, shared, task))
                while pending and _is_full(ray, pending, workers):
                    yield _result(ray, pending.popleft())
            while pending:
                yield _result(ray, pending.popleft())


def versions() -> dict[str, str]:
    """Return the versions that all nodes must share: they decide the bytes of what is built."""
    return {"statevisit": layout.version(), "pyarrow": _version("pyarrow")}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _work(function: Callable[[Any], Any]) -> _Work:
    from ray import cloudpickle

    size_limit = os.environ.get(files.SIZE_VARIABLE, "")
    return _Work(versions(), str(Path.cwd()), size_limit, cloudpickle.dumps(function))


def _run(run: str, shared: list[Any], task: Any) -> Any:
    """Do a task in a process of a node."""
    if run not in _functions:
        _functions.clear()
        _functions[run] = _prepared(shared)
    with uncollected():
        return _functions[run](task)


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
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:
        reason = str(error).strip().partition("\n")[0]
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
        if pending:
            for reference in pending:
                ray.cancel(reference, force=True)
            _running(ray, pending, timeout=_STOP_SECONDS)


@contextmanager
def _connected(address: str | None, workers: int | None) -> Iterator[tuple[Any, bool]]:
    """Join a cluster, or start one on this machine, for some time; yield Ray and whether it is own.

    A connection that the caller has made is used, and stays.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # Ray warns without it
    try:
        import ray
    except ModuleNotFoundError:
        raise MissingExtra("ray", "ray") from None
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    if address not in ("local", "auto"):
        _check_address(address)
    if ray.is_initialized():
        yield ray, False
        return
    is_own = address == "local"
    handler = signal.getsignal(signal.SIGTERM)
    try:
        with _directory(is_own) as directory:
            try:
                _start(ray, address, _own_options(directory, workers) if is_own else {})
                yield ray, is_own
            finally:
                ray.shutdown()
    finally:
        with suppress(ValueError):  # not in the main thread, where Ray sets none either
            signal.signal(signal.SIGTERM, handler)


def _check_address(address: str) -> None:
    """Raise StateVisitError unless something listens at an address: Ray tries for eight minutes."""
    host, _, port = address.rpartition(":")
    if not re.fullmatch(r"[\w.-]+|\[[0-9a-fA-F:]+\]", host) or not re.fullmatch("[0-9]{1,5}", port):
        raise StateVisitError(
            f"{address}: must be HOST:PORT or `auto`; run the command on a node of the cluster"
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise StateVisitError(f"no Ray cluster at {address}: {error.args[-1]}") from None


@contextmanager
def _directory(is_own: bool) -> Iterator[str]:
    """A directory for the sockets and logs of a Ray that is started here, which Ray would keep."""
    if not is_own:
        yield ""
        return
    # The path of a socket has at most 107 bytes, and that of a user's TMPDIR may be long.
    place = os.environ.get("RAY_TMPDIR") or ("/tmp" if os.name == "posix" else None)
    directory = tempfile.mkdtemp(prefix="ray-", dir=place)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _own_options(directory: str, workers: int | None) -> dict[str, Any]:
    return {
        "num_cpus": workers or os.cpu_count() or 1,
        "num_gpus": 0,
        "include_dashboard": False,
        "object_store_memory": _STORE_BYTES,
        "_temp_dir": directory,
    }


def _start(ray: Any, address: str, options: dict[str, Any]) -> None:
    """Start or join a cluster. Raises StateVisitError with Ray's reason if it cannot."""
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.CRITICAL, **options)
    except (ConnectionError, RuntimeError, ValueError, OSError, TimeoutError) as error:
        reason = " ".join(str(error).split())
        raise StateVisitError(f"no Ray cluster at {address}: {reason[:300]}") from None


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
