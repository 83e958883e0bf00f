"""Work on all cores whose results come back in order, with few tasks in flight so that memory is bounded."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any

_task: Callable[[Any], Any]


def ordered(function: Callable[[Any], Any], tasks: Iterable[Any], workers: int | None = None, preload: tuple[str, ...] = ()) -> Iterator[Any]:
    """`map(function, tasks)` in as many processes as there are cores, or `workers`; a single task runs here.

    `function` is sent once to each process, not with each task; `preload` names modules that the processes import
    before they fork. Ctrl-C reaches the caller only.
    """
    tasks = iter(tasks)
    first = list(islice(tasks, 2))
    count = min(workers or os.cpu_count() or 1, len(first)) if len(first) < 2 else workers or os.cpu_count() or 1
    if count <= 1:
        yield from map(function, chain(first, tasks))
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_all_start_methods, get_context

    method = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
    processes = get_context(method)
    if method == "forkserver":
        processes.set_forkserver_preload(list(preload))
    pool = ProcessPoolExecutor(count, processes, _begin, (function,))
    try:
        waiting: deque[Any] = deque()
        for task in chain(first, tasks):
            waiting.append(pool.submit(_run, task))
            if len(waiting) > 2 * count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(function: Callable[[Any], Any]) -> None:
    global _task
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _task = function


def _run(task: Any) -> Any:
    return _task(task)
