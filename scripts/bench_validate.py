"""The section `validate` of scripts/bench.py: the validator beside other validators of JSON Schema, in one run.

Documents and seconds are those of scripts/bench.py. Engines are timed in process on parsed documents, each process on its
share, from the moment that all are ready; the commands are timed as whole processes, reading and parsing included.
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
from pathlib import Path
from statistics import median
from typing import Any

from bench import in_turns, measured, ratios, spread, table
from environment import BIN, PYTHON, ROOT

PARSED = 200
"""Documents that jsonschema-rs is timed on: parsed, 2,000 would take 3 GB."""

FEW = {"jsonschema iter_errors": 8, "fastjsonschema": 60, "check-jsonschema": 8}
"""Documents that the slow ones are timed on, which is enough: their time is proportional to the number."""

ALL = os.cpu_count() or 1
MISTAKES = {
    "E104": (b'"level":"NAM"', b'"level":"NAMED"'),
    "E306": (b'"wikidata":"Q', b'"wikidata":"Q9'),
}
"""One mistake that the schema refuses and one that another check finds, by the code of the finding: what stands there, and what instead."""

ORACLE = "jsonschema iter_errors"


def validate(options: argparse.Namespace, folder: Path) -> None:
    """Check documents: the schema alone, and all checks of `statevisit validate`; memory; time to the first finding."""
    speed(options, folder)
    first_finding(options, folder)


def speed(options: argparse.Namespace, folder: Path) -> None:
    """Documents and megabytes a second, beside jsonschema, fastjsonschema and check-jsonschema; peak memory."""
    root = folder / "checked"
    print(
        f"{options.checked:,} documents: {measured([str(PYTHON), 'bench_corpus.py', str(root), str(options.checked)], folder)[2].strip()}",
        flush=True,
    )
    paths = sorted((root / "corpus/documents").iterdir())
    size = sum(p.stat().st_size for p in paths) / len(paths)
    commands: dict[str, list[str]] = {}

    def whole(command: list[str]) -> float:
        return measured(command, folder)[0]

    def engine(kind: str, count: int, cores: int) -> float:
        return float(
            measured(
                [
                    str(PYTHON),
                    "-c",
                    f"import bench_validate; bench_validate.engine({kind!r}, {str(root)!r}, {count}, {cores})",
                ],
                folder,
            )[2].split()[-1]
        )

    few = {name: min(count, len(paths)) for name, count in FEW.items()}
    parsed = min(PARSED, len(paths))
    check = [
        str(BIN / "check-jsonschema"),
        "--schemafile",
        str(ROOT / "schema/document.schema.json"),
        *map(str, paths[: few["check-jsonschema"]]),
    ]
    contestants: dict[str, tuple[int, Callable[[], float]]] = {}
    for cores, words in {1: "one core", ALL: f"all {ALL} cores"}.items():
        contestants[f"jsonschema-rs, parsed documents, {words}"] = (
            parsed,
            partial(engine, "jsonschema-rs", parsed, cores),
        )
        name = f"statevisit validate, {words}"
        commands[name] = [str(BIN / "statevisit"), "validate", str(root), "--workers", str(cores)]
        contestants[name] = len(paths), partial(whole, commands[name])
    contestants["fastjsonschema, parsed documents, one core"] = (
        few["fastjsonschema"],
        partial(engine, "fastjsonschema", few["fastjsonschema"], 1),
    )
    contestants["check-jsonschema over files, one core"] = (
        few["check-jsonschema"],
        partial(whole, check),
    )
    oracle = f"{ORACLE}, parsed documents, one core"
    contestants[oracle] = few[ORACLE], partial(engine, ORACLE, few[ORACLE], 1)
    found = in_turns({name: run for name, (_, run) in contestants.items()}, options.rounds)
    peaks = {
        name: measured(command, folder, sample=True)[1] for name, command in commands.items()
    }  # not in what is timed: sampling takes time too
    each = {name: [s / contestants[name][0] for s in seconds] for name, seconds in found.items()}
    rows = [("check documents", "documents", "documents/s", "MB/s", "peak MB", f"times {ORACLE}")]
    for name, seconds in each.items():
        peak = f"{peaks[name] / 1e6:,.0f}" if peaks.get(name) else ""
        ratio = ratios(each[oracle], seconds) if name != oracle else ""
        rows.append(
            (
                name,
                f"{contestants[name][0]:,}",
                spread((1 / s for s in seconds), ",.1f"),
                f"{size / 1e6 / median(seconds):,.1f}",
                peak,
                ratio,
            )
        )
    table(*rows)
    shutil.rmtree(root)


def engine(kind: str, root: str, count: int, cores: int) -> None:
    """Print the seconds in which `cores` processes check `count` parsed documents, all of which are valid."""
    context = get_context("spawn")
    ready, done = context.Barrier(cores + 1), context.Barrier(cores + 1)
    processes = [
        context.Process(target=_share, args=(kind, root, range(n, count, cores), ready, done))
        for n in range(cores)
    ]
    for process in processes:
        process.start()
    ready.wait(300)
    began = time.perf_counter()
    done.wait(3_600)
    seconds = time.perf_counter() - began
    for process in processes:
        process.join()
    if any(p.exitcode for p in processes):
        sys.exit(f"{kind} refuses a document")
    print(seconds)


def _share(kind: str, root: str, numbers: range, ready: Any, done: Any) -> None:
    import orjson

    from statevisit import schema, schema_errors

    paths = sorted(Path(root, "corpus/documents").iterdir())
    documents = [orjson.loads(paths[n].read_bytes()) for n in numbers]
    if kind == "jsonschema-rs":
        valid = schema_errors.verdict().is_valid
    elif kind == "fastjsonschema":
        import fastjsonschema

        compiled = fastjsonschema.compile(schema.load())

        def valid(document: Any) -> bool:  # it raises where a document is not
            return compiled(document) is document
    else:

        def valid(document: Any) -> bool:
            return not list(schema_errors.oracle().iter_errors(document))

    valid(documents[0])  # what is made at first use is not measured
    ready.wait(300)
    right = all([valid(d) for d in documents])
    done.wait(3_600)
    sys.exit(not right)


def first_finding(options: argparse.Namespace, folder: Path) -> None:
    """From the start of the command to its first line, on the shipped corpus with one mistake in it, against Python that prints a line."""
    runs = {"python -c 'print(1)'": partial(until_output, [str(PYTHON), "-c", "print(1)"], "1")}
    for code, mistake in MISTAKES.items():
        root = folder / code
        for name in ("corpus", "seeds"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("parquet"))
        document = next((root / "corpus/documents").glob("*.json"))
        document.write_bytes(document.read_bytes().replace(*mistake, 1))
        runs[f"statevisit validate, to its first finding: {code}"] = partial(
            until_output, [str(BIN / "statevisit"), "validate", str(root)], f" {code} "
        )
    in_turns(runs, 1)
    found = in_turns(runs, options.rounds * 5)
    bare, *_ = found.values()
    rows = [
        (
            n,
            spread((s * 1e3 for s in seconds), ".0f"),
            ratios(seconds, bare) if seconds is not bare else "",
        )
        for n, seconds in found.items()
    ]
    table(("the shipped corpus with one mistake", "ms", "times bare Python"), *rows)


def until_output(command: list[str], wanted: str) -> float:
    """Seconds until a command has printed its first line, which must hold `wanted`."""
    began = time.perf_counter()
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        line = process.stdout.readline()
        seconds = time.perf_counter() - began
        process.stdout.read()
    if wanted not in line:
        sys.exit(f"{' '.join(command)}\nprinted first: {line!r}, not {wanted}")
    return seconds
