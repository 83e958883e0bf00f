"""The section `ray` of bench.py: `--engine ray` on this machine beside local processes.

A Ray on this machine starts with each command, which a cluster that runs already does not. The
second table says what a task costs in itself: one that only returns bytes, as a shard does.
"""

import argparse
import json
import os
import resource
import time
from functools import partial
from pathlib import Path

from environment import BIN
from measuring import (
    Row,
    call,
    in_turns,
    make_corpus,
    measure,
    megabytes,
    print_table,
    ratios,
    spread,
)

COMMANDS = {
    "`build`, local processes": ("build",),
    "`build --engine ray`": ("build", "--engine", "ray"),
    "`validate`, local processes": ("validate",),
    "`validate --engine ray`": ("validate", "--engine", "ray"),
}

TASKS = 2_000
"""Tasks that do nothing, after those in which the processes of Ray start."""

RESULT = 100_000
"""Bytes that each of them returns."""


def ray(options: argparse.Namespace, folder: Path) -> None:
    """Measure commands with both engines, and what a task costs that does nothing."""
    commands(options, folder)
    figures = json.loads(call(folder, "bench_ray", "measure_tasks"))
    rows: list[Row] = [(f"{TASKS:,} tasks that return {RESULT / 1e3:.0f} kB, in process", "")]
    rows += [(name, value) for name, value in figures.items()]
    print_table(*rows)


def commands(options: argparse.Namespace, folder: Path) -> None:
    """Build and validate one corpus with each engine, as whole processes."""
    root, count = folder / "corpus-ray", options.checked
    make_corpus(root, count, folder)
    peaks = dict.fromkeys(COMMANDS, 0)

    def run(name: str) -> float:
        os.sync()
        command = [str(BIN / "statevisit"), *COMMANDS[name], str(root)]
        result = measure(command, folder, sample_memory=True)
        peaks[name] = max(peaks[name], result.peak)
        return result.seconds

    seconds = in_turns({name: partial(run, name) for name in COMMANDS}, options.rounds)
    rows: list[Row] = [(f"{count:,} documents", "documents/s", "peak MB", "seconds, times local")]
    for name, values in seconds.items():
        local = seconds[f"`{COMMANDS[name][0]}`, local processes"]
        ratio = "" if values is local else ratios(values, local)
        speed = spread((count / value for value in values), ",.0f")
        rows.append((name, speed, megabytes(peaks[name]), ratio))
    print_table(*rows)


def measure_tasks() -> None:
    """Print, as JSON, what a Ray on this machine costs beside the work of its tasks."""
    from statevisit.corpus.on_ray import ordered

    began = time.perf_counter()
    results = ordered(bytes, (RESULT for _ in range(TASKS + 200)))
    next(results)
    start = time.perf_counter() - began
    for _ in range(199):
        next(results)
    began, calling, memory = time.perf_counter(), time.process_time(), _peak()
    for _ in range(TASKS - 10):  # the others are awaited, but not measured: Ray ends with the last
        next(results)
    seconds = (time.perf_counter() - began) / (TASKS - 10)
    calling = (time.process_time() - calling) / (TASKS - 10)
    growth = (_peak() - memory) / (TASKS - 10)
    list(results)
    figures = {
        "from the start of Ray to the first result": f"{start:.1f} s",
        "a task, on all cores": f"{seconds * 1e3:.2f} ms",
        "a task, processor time of the calling process": f"{calling * 1e3:.2f} ms",
        "memory of the calling process that a task leaves": f"{growth / 1e3:.1f} kB",
    }
    print(json.dumps(figures))


def _peak() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
