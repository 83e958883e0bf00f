"""Work on all cores whose results come back in order, with few tasks in flight so that memory is bounded."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Future

FLIGHT = 8
"""Tasks for each process that may be done before an earlier one is, as while the first process starts; without `here`, 2."""

_task: Callable[[Any], Any]


def ordered(
    function: Callable[[Any], Any],
    tasks: Iterable[Any],
    workers: int | None = None,
    preload: tuple[str, ...] = (),
    here: bool = False,
) -> Iterator[Any]:
    """`map(function, tasks)` in as many processes as there are cores, or `workers`; a single task runs here.

    `function` is sent once to each process, not with each task; `preload` names modules that the processes import
    before they fork. With `here` this process is one of them, and works while the others are starting: for results that
    are small and leave it little else to do, since whatever it receives waits for it. Ctrl-C reaches the caller only.
    """
    tasks = iter(tasks)
    first = list(islice(tasks, 2))
    count = (
        min(workers or os.cpu_count() or 1, len(first))
        if len(first) < 2
        else workers or os.cpu_count() or 1
    )
    if count <= 1:
        yield from map(function, chain(first, tasks))
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_all_start_methods, get_context

    method = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
    processes = get_context(method)
    if method == "forkserver":
        processes.set_forkserver_preload(list(preload))
    others, most = count - here, (FLIGHT if here else 2) * count
    pool = ProcessPoolExecutor(others, processes, _begin, (function,))
    waiting: deque[Future[Any]] = deque()
    try:
        for task in chain(first, tasks):
            busy = here and sum(not f.done() for f in waiting) >= 2 * others
            waiting.append(_here(function, task) if busy else pool.submit(_run, task))
            while waiting and (waiting[0].done() or len(waiting) > most):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _here(function: Callable[[Any], Any], task: Any) -> "Future[Any]":
    """What a task gives in this process."""
    from concurrent.futures import Future

    found: Future[Any] = Future()
    try:
        found.set_result(function(task))
    except Exception as error:
        found.set_exception(error)
    return found


def _begin(function: Callable[[Any], Any]) -> None:
    global _task
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _task = function


def _run(task: Any) -> Any:
    return _task(task)
