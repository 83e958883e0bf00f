"""Measure commands and functions in turns, and print the figures as Markdown tables.

Only the standard library: bench.py imports this module before anything is installed.
"""

import gc
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from math import inf
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import NamedTuple

from environment import PYTHON, ROOT

Run = Callable[[], float]
"""A function that does its work once and returns the seconds that it took."""

Seconds = dict[str, list[float]]
"""The seconds of every contestant, one value for each round."""

Row = tuple[str, ...]
"""The cells of a row of a table."""

SAMPLING_INTERVAL = 0.05
"""Seconds between two measurements of memory."""


class Measurement(NamedTuple):
    """A finished command: its seconds, peak memory in bytes (0 if not sampled), and its output."""

    seconds: float
    peak: int
    output: str


def measure(command: list[str], folder: Path, sample_memory: bool = False) -> Measurement:
    """Run a command in `scripts/` and measure it. Exits with its output if the command fails.

    `folder` is its directory for temporary files and caches. An interruption ends the command and
    all processes that it started.
    """
    places = {"HF_HOME": str(folder / "huggingface"), "HF_HUB_OFFLINE": "1", "TMPDIR": str(folder)}
    with tempfile.TemporaryFile("w+", dir=folder) as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=ROOT / "scripts",
            env=os.environ | places,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        sampler = _MemorySampler(process.pid)
        try:
            if sample_memory:
                sampler.start()
            status = process.wait()
            seconds = time.perf_counter() - began
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            sampler.stop()
        output.seek(0)
        printed = output.read()
    if status:
        sys.exit(f"{' '.join(command)}\n{printed[-3_000:]}\nfailed with exit status {status}")
    return Measurement(seconds, sampler.peak, printed)


class _MemorySampler:
    """Samples the memory of a session in a thread until it is stopped."""

    def __init__(self, session: int) -> None:
        self.peak = 0
        self._session = session
        self._stopped = Event()

    def start(self) -> None:
        Thread(target=self._sample).start()

    def stop(self) -> None:
        self._stopped.set()

    def _sample(self) -> None:
        while not self._stopped.is_set():
            self.peak = max(self.peak, session_memory(self._session))
            self._stopped.wait(SAMPLING_INTERVAL)


def session_memory(session: int) -> int:
    """Return the proportional set size of a session's processes, in bytes; 0 without /proc."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) != session:
                continue
            rollup = (folder / "smaps_rollup").read_text()
        except OSError:  # the process has just ended
            continue
        pss = re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)
        if pss:
            total += 1024 * int(pss[1])
    return total


def call_command(module: str, function: str, *arguments: object) -> list[str]:
    """Return the command that calls a function of a script in a process of its own."""
    values = ", ".join(map(repr, arguments))
    return [str(PYTHON), "-c", f"import {module}; {module}.{function}({values})"]


def python_script(name: str, *arguments: object) -> list[str]:
    """Return the command that runs a script of this directory."""
    return [str(PYTHON), name, *map(str, arguments)]


def call(folder: Path, module: str, function: str, *arguments: object) -> str:
    """Call a function of a script in a process of its own and return the last line it prints."""
    output = measure(call_command(module, function, *arguments), folder).output
    return output.splitlines()[-1]


def call_in_turns(folder: Path, module: str, function: str, *arguments: object) -> Seconds:
    """Call a function that prints the seconds of its contestants as JSON, and return them."""
    seconds: Seconds = json.loads(call(folder, module, function, *arguments))
    return seconds


def make_corpus(root: Path, count: int, folder: Path, shape: str = "article") -> None:
    """Generate a corpus of `count` documents and print their average size."""
    command = python_script("bench_corpus.py", root, count, shape)
    description = measure(command, folder).output.strip()
    print(f"{count:,} documents: {description}", flush=True)


def timed(function: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> Run:
    """Make a run of a function: it collects garbage, then measures one call with `clock`."""

    def run() -> float:
        gc.collect()
        began = clock()
        function()
        return clock() - began

    return run


def in_turns(contestants: Mapping[str, Run], rounds: int) -> Seconds:
    """Run the contestants in turns (A B C A B C) for a number of rounds."""
    seconds: Seconds = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            seconds[name].append(run())
    return seconds


def spread(values: Iterable[float], form: str = ".2f") -> str:
    """Format the median with minimum and maximum."""
    ordered = sorted(values)
    return f"{median(ordered):{form}} ({ordered[0]:{form}}–{ordered[-1]:{form}})"


def ratios(numerators: list[float], denominators: list[float]) -> str:
    """Format the spread of the rounds' ratios."""
    return spread(a / b for a, b in zip(numerators, denominators, strict=True))


def print_target(
    name: str, values: Iterable[float], *, at_least: float = 0, at_most: float = inf
) -> None:
    """Print the spread of the rounds' ratios beside a target, and whether the median meets it."""
    ratio_of_rounds = list(values)
    is_met = at_least <= median(ratio_of_rounds) <= at_most
    bound = f"at least {at_least:g}" if at_least else f"at most {at_most:g}"
    verdict = "met" if is_met else "not met"
    print(f"target, {name}: {bound} times; {spread(ratio_of_rounds)}, {verdict}", flush=True)


def megabytes(size: int) -> str:
    """Format bytes as MB (10^6 bytes); empty for 0, which means "not measured"."""
    return f"{size / 1e6:,.0f}" if size else ""


def print_table(*rows: Row) -> None:
    """Print a Markdown table; the first row is its head."""
    print()
    for row in (rows[0], ("---",) * len(rows[0]), *rows[1:]):
        print(f"| {' | '.join(row)} |", flush=True)


def print_milliseconds(head: tuple[str, str, str], seconds: Seconds, base: str, form: str) -> None:
    """Print every contestant's milliseconds, and how many times those of `base` they are."""
    rows = []
    for name, values in seconds.items():
        ratio = "" if name == base else ratios(values, seconds[base])
        rows.append((name, spread((value * 1e3 for value in values), form), ratio))
    print_table(head, *rows)
