"""The section `validate` of bench.py: the validator beside other validators of JSON Schema.

The documents are those of bench_corpus.py. Engines are timed in process on parsed documents, each
process on its share, from the moment when all are ready. Commands are timed as whole processes,
with reading and parsing.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median
from typing import NamedTuple

from environment import BIN, PYTHON, ROOT
from measuring import (
    Row,
    Run,
    Seconds,
    call,
    in_turns,
    make_corpus,
    measure,
    megabytes,
    print_milliseconds,
    print_table,
    print_target,
    ratios,
    spread,
)

ORACLE = "jsonschema iter_errors"
PARSED = 200
"""The number of documents that jsonschema-rs is timed on: 2,000 parsed ones would take 3 GB."""

FEW = {ORACLE: 8, "fastjsonschema": 60, "check-jsonschema": 8}
"""Documents that the slow engines are timed on: enough, as their time is proportional to them."""

CORES = os.cpu_count() or 1


LEAST_FASTER = 45
"""How many times the speed of the oracle `statevisit validate` on one core is to reach."""

FIRST = "statevisit validate, to its first finding: {}"
"""The name of a run that ends with the finding of a code."""

MOST_OF_BARE_PYTHON = {"E104": 9, "E306": 6}
"""How many times the start of Python the first finding may take, by its code."""


class Mistake(NamedTuple):
    """One mistake to put into a document: the bytes to replace, and their replacement."""

    right: bytes
    wrong: bytes


MISTAKES = {
    "E104": Mistake(b'"level":"NAM"', b'"level":"NAMED"'),
    "E306": Mistake(b'"wikidata":"Q', b'"wikidata":"Q9'),
}
"""A mistake that the schema refuses and one that another check finds, by the finding's code."""


class Contestant(NamedTuple):
    """A validator, and how many documents one run of it checks."""

    documents: int
    run: Run
    command: list[str] | None = None
    """The command whose peak memory is measured too, in a run that is not timed."""


def validate(options: argparse.Namespace, folder: Path) -> None:
    """Measure the schema alone, all checks of `validate`, memory, and the first finding."""
    speed(options, folder)
    first_finding(options, folder)


def speed(options: argparse.Namespace, folder: Path) -> None:
    """Measure documents and megabytes per second beside other validators, and peak memory."""
    root = folder / "checked"
    make_corpus(root, options.checked, folder)
    paths = sorted((root / "corpus/documents").iterdir())
    contestants = _contestants(root, paths, folder)
    seconds = in_turns({name: c.run for name, c in contestants.items()}, options.rounds)
    peaks = {}
    for name, contestant in contestants.items():
        if contestant.command:  # a run that is not timed, since sampling takes time too
            peaks[name] = measure(contestant.command, folder, sample_memory=True).peak
    mean_size = sum(path.stat().st_size for path in paths) / len(paths)
    print_table(*_rows(contestants, seconds, peaks, mean_size))
    _print_speed_target(contestants, seconds)
    shutil.rmtree(root)


def _contestants(root: Path, paths: list[Path], folder: Path) -> dict[str, Contestant]:
    """Return all validators by the names that the table shows."""
    parsed = min(PARSED, len(paths))
    few = {name: min(count, len(paths)) for name, count in FEW.items()}

    def time_command(command: list[str]) -> float:
        return measure(command, folder).seconds

    def time_engine(engine: str, count: int, cores: int) -> float:
        return float(call(folder, "bench_validate", "run_engine", engine, str(root), count, cores))

    contestants = {}
    for cores, words in {1: "one core", CORES: f"all {CORES} cores"}.items():
        contestants[f"jsonschema-rs, parsed documents, {words}"] = Contestant(
            parsed, partial(time_engine, "jsonschema-rs", parsed, cores)
        )
        command = [str(BIN / "statevisit"), "validate", str(root), "--workers", str(cores)]
        contestants[f"statevisit validate, {words}"] = Contestant(
            len(paths), partial(time_command, command), command
        )
    count = few["fastjsonschema"]
    contestants["fastjsonschema, parsed documents, one core"] = Contestant(
        count, partial(time_engine, "fastjsonschema", count, 1)
    )
    count = few["check-jsonschema"]
    schema = str(ROOT / "schema/document.schema.json")
    command = [str(BIN / "check-jsonschema"), "--schemafile", schema, *map(str, paths[:count])]
    contestants["check-jsonschema over files, one core"] = Contestant(
        count, partial(time_command, command)
    )
    count = few[ORACLE]
    contestants[f"{ORACLE}, parsed documents, one core"] = Contestant(
        count, partial(time_engine, ORACLE, count, 1)
    )
    return contestants


def _print_speed_target(contestants: dict[str, Contestant], seconds: Seconds) -> None:
    """Print how many times faster than the oracle the command on one core is, and the target."""
    *_, oracle = contestants
    name = "statevisit validate, one core"
    documents = contestants[name].documents / contestants[oracle].documents
    pairs = zip(seconds[oracle], seconds[name], strict=True)
    faster = [documents * slow / quick for slow, quick in pairs]
    print_target(f"{name}, beside {ORACLE}", faster, at_least=LEAST_FASTER)


def _rows(
    contestants: dict[str, Contestant],
    seconds: Seconds,
    peaks: dict[str, int],
    mean_size: float,
) -> list[Row]:
    """Return the table; `mean_size` is the mean size of a document in bytes."""
    per_document = {
        name: [value / contestants[name].documents for value in values]
        for name, values in seconds.items()
    }
    *_, oracle = contestants
    rows: list[Row] = [
        ("check documents", "documents", "documents/s", "MB/s", "peak MB", f"times {ORACLE}")
    ]
    for name, values in per_document.items():
        rows.append(
            (
                name,
                f"{contestants[name].documents:,}",
                spread((1 / value for value in values), ",.1f"),
                f"{mean_size / 1e6 / median(values):,.1f}",
                megabytes(peaks.get(name, 0)),
                ratios(per_document[oracle], values) if name != oracle else "",
            )
        )
    return rows


def run_engine(engine: str, root: str, count: int, cores: int) -> None:
    """Print the seconds in which `cores` processes check `count` parsed, valid documents."""
    context = get_context("spawn")
    ready, done = context.Barrier(cores + 1), context.Barrier(cores + 1)
    processes = []
    for n in range(cores):
        arguments = (engine, root, range(n, count, cores), ready, done)
        processes.append(context.Process(target=_check_share, args=arguments))
    for process in processes:
        process.start()
    ready.wait(300)
    began = time.perf_counter()
    done.wait(3_600)
    seconds = time.perf_counter() - began
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        sys.exit(f"{engine} refuses a document")
    print(seconds)


def _check_share(engine: str, root: str, numbers: range, ready: Barrier, done: Barrier) -> None:
    """Check the documents of these numbers; exit status 1 if one is not valid."""
    import orjson

    paths = sorted(Path(root, "corpus/documents").iterdir())
    documents = [orjson.loads(paths[n].read_bytes()) for n in numbers]
    is_valid = _validator(engine)
    is_valid(documents[0])  # compiles at first use, which is not measured
    ready.wait(300)
    results = [is_valid(document) for document in documents]
    done.wait(3_600)
    sys.exit(not all(results))


def _validator(engine: str) -> Callable[[object], bool]:
    """Return the function of an engine that tells whether a parsed document is valid."""
    from statevisit.document import schema_errors
    from statevisit.document.scheme import base

    if engine == "jsonschema-rs":
        return schema_errors.verdict(base()).is_valid
    if engine == "fastjsonschema":
        import fastjsonschema

        compiled = fastjsonschema.compile(base().value)
        return lambda document: compiled(document) is document  # raises if it is not valid
    return lambda document: not list(schema_errors.oracle(base()).iter_errors(document))


def first_finding(options: argparse.Namespace, folder: Path) -> None:
    """Measure the time to the first finding on the shipped corpus with one mistake in it."""
    bare = "python -c 'print(1)'"
    runs = {bare: partial(seconds_to_output, [str(PYTHON), "-c", "print(1)"], "1")}
    for code, mistake in MISTAKES.items():
        root = folder / code
        for name in ("corpus", "seeds"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("parquet"))
        document = next((root / "corpus/documents").glob("*.json"))
        document.write_bytes(document.read_bytes().replace(*mistake, 1))
        runs[FIRST.format(code)] = partial(
            seconds_to_output, [str(BIN / "statevisit"), "validate", str(root)], f" {code} "
        )
    in_turns(runs, 1)
    seconds = in_turns(runs, options.rounds * 5)
    head = ("the shipped corpus with one mistake", "ms", "times bare Python")
    print_milliseconds(head, seconds, base=bare, form=".0f")
    for code, most in MOST_OF_BARE_PYTHON.items():
        pairs = zip(seconds[FIRST.format(code)], seconds[bare], strict=True)
        print_target(f"first finding, {code}", (a / b for a, b in pairs), at_most=most)


def seconds_to_output(command: list[str], expected: str) -> float:
    """Return the seconds until a command prints its first line, which must hold `expected`."""
    began = time.perf_counter()
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None  # it is a pipe
        line = process.stdout.readline()
        seconds = time.perf_counter() - began
        process.stdout.read()
    if expected not in line:
        sys.exit(f"{' '.join(command)}\nprinted first: {line!r}, not {expected}")
    return seconds
