"""The section `label-studio` of bench.py: export and import of tasks, beside label-studio-sdk.

All contestants take turns in one process; the import on all cores starts processes of its own. They
share one export in which every document has one change, so every import is merged, checked in full
and written. Our export goes from documents on disk, each checked, to a file of tasks. Our import
goes from that file to documents on disk, ready to be moved into the corpus. The SDK's Converter
goes from the same file to a file of CoNLL2003 or of JSON_MIN, which hold less, and checks nothing.
Its interface is parsed before the clock starts.
"""

import argparse
import json
import logging
import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from environment import PYTHON
from measuring import (
    Row,
    Seconds,
    call,
    call_in_turns,
    in_turns,
    measure,
    megabytes,
    print_table,
    ratios,
    spread,
    timed,
)

SMALL = 200
"""Documents of the smaller one of the two imports whose peak memory is compared."""

TARGET = 5
"""How many times as fast as the SDK's conversion to CoNLL2003 an import should be."""

EXPORT = "statevisit, export"
IMPORT = "statevisit, import (merged, all checks, documents written), all cores"
IMPORT_ON_ONE_CORE = "statevisit, the same import on one core"
CONLL, MINIMAL = "label-studio-sdk, to CoNLL2003", "label-studio-sdk, to JSON_MIN"


def label_studio(options: argparse.Namespace, folder: Path) -> None:
    """Export and import documents of 150 regions and 50 relations, beside label-studio-sdk.

    The second table is the peak memory of an import.
    """
    root, count = folder / "labelled", options.tasks
    few, tasks = f"{root}-{SMALL}.json", f"{root}.json"
    description = call(folder, "bench_labelstudio", "make", str(root), count)
    print(f"{count:,} documents: {description}", flush=True)
    arguments = (str(root), few, options.rounds)
    seconds = call_in_turns(folder, "bench_labelstudio", "in_process", *arguments)
    _print_speed(count, seconds)
    rows: list[Row] = [
        ("statevisit label-studio import, whole process", "documents/s", "MB of tasks", "peak MB")
    ]
    for number, path in {min(SMALL, count): few, count: tasks}.items():
        rows.append(_import_in_a_process(number, Path(path), root, folder))
    print_table(*rows)
    shutil.rmtree(root)


def _print_speed(count: int, seconds: Seconds) -> None:
    rows: list[Row] = [
        (
            f"{count:,} documents to and from tasks, in process, {os.cpu_count()} cores",
            "documents/s",
            "the import is faster, times",
        )
    ]
    for name, values in seconds.items():
        speed = spread((count / value for value in values), ",.1f")
        rows.append((name, speed, "" if name == IMPORT else ratios(values, seconds[IMPORT])))
    print_table(*rows)
    reached = ratios(seconds[CONLL], seconds[IMPORT])
    on_one_core = ratios(seconds[CONLL], seconds[IMPORT_ON_ONE_CORE])
    missed = "" if float(reached.split()[0]) >= TARGET else "; it is missed"
    print(
        f"\nTarget: an import at least {TARGET} times as fast as the SDK's conversion to CoNLL2003."
        f" Measured: {reached}{missed}; on one core {on_one_core}.",
        flush=True,
    )


def _import_in_a_process(count: int, tasks: Path, root: Path, folder: Path) -> Row:
    """Run the import command on a copy of the corpus; return its row of the table."""
    copy = folder / "copy"
    shutil.copytree(root, copy)
    command = [str(PYTHON), "-m", "statevisit", "label-studio", "import", str(tasks)]
    result = measure([*command, "--path", str(copy)], folder, sample_memory=True)
    shutil.rmtree(copy)
    return (
        f"{count:,} tasks",
        f"{count / result.seconds:,.1f}",
        f"{tasks.stat().st_size / 1e6:,.1f}",
        megabytes(result.peak),
    )


def make(root: str, count: int) -> None:
    """Make a corpus root and a Label Studio export of it beside it; print its documents' means."""
    import bench_corpus

    bench_corpus.make_metadata(Path(root), bench_corpus.LABELLED)
    sizes = bench_corpus.write_documents(Path(root), bench_corpus.LABELLED, range(count))
    output = Path(f"{root}.json")
    export(root, str(output))
    with output.open(encoding="utf-8") as file:
        tasks = json.load(file)
    for number, task in enumerate(tasks, 1):
        _annotate(task, number)
    small = Path(f"{root}-{SMALL}.json")
    output.write_text(json.dumps(tasks, ensure_ascii=False), encoding="utf-8")
    small.write_text(json.dumps(tasks[:SMALL], ensure_ascii=False), encoding="utf-8")
    regions = relations = 0
    for task in tasks:
        results = task["annotations"][0]["result"]
        regions += len({r["id"] for r in results if r["type"] != "relation"})
        relations += sum(r["type"] == "relation" for r in results)
    tokens = sum(size.tokens for size in sizes)
    kilobytes = output.stat().st_size / 1e3
    print(
        f"{regions / count:.0f} regions, {relations / count:.0f} relations, "
        f"{tokens / count:,.0f} tokens, {kilobytes / count:.0f} kB of task a document (means)"
    )


def _annotate(task: dict[str, Any], number: int) -> None:
    """Make an exported task one that was annotated: number it, and change one event's polarity."""
    task["id"] = number
    annotation = task["annotations"][0]
    annotation["id"] = number
    annotation["completed_by"] = 1
    annotation["created_at"] = "2024-02-20T10:00:00Z"
    for result in annotation["result"]:
        if result.get("from_name") == "events_polarity":
            result["value"]["choices"] = ["NEG"]
            return
    sys.exit(f"task {number}: no event has a polarity")


def export(root: str, output: str) -> None:
    """Do what `statevisit label-studio export` does, in this process."""
    from statevisit.cli import label_studio as commands

    call_export = commands.export.callback
    assert call_export is not None  # it is a function with a decorator
    call_export(documents=(), path=Path(root), predictions=False, output=Path(output))


def take_in(root: str, tasks: str, workers: int | None) -> None:
    """Do what `statevisit label-studio import` does, but leave the files of the corpus unchanged.

    `workers`: None for all cores, 1 for this process.
    """
    from statevisit.labelstudio.export_files import elements
    from statevisit.labelstudio.importer import Update, import_tasks

    def check(updates: list[Update]) -> None:
        for update in updates:
            if update.findings or len(update.changes) != 1:
                counts = f"{len(update.findings)} findings, {len(update.changes)} changes"
                sys.exit(f"{update.document}: {counts}, not one change and no finding")

    import_tasks(elements(Path(tasks)), Path(root), done=check, dry_run=True, workers=workers)


def contestants(root: str, tasks: str) -> dict[str, Callable[[], object]]:
    """Return the contestants by name."""
    from label_studio_sdk.converter.converter import Converter

    from statevisit.labelstudio.interface import config

    logging.disable()  # else the SDK logs every span that overlaps another
    converter = Converter(  # type: ignore[no-untyped-call]  # the SDK has no annotations here
        config(), root, download_resources=False
    )
    return {
        EXPORT: partial(export, root, f"{root}-out.json"),
        IMPORT: partial(take_in, root, tasks, None),
        IMPORT_ON_ONE_CORE: partial(take_in, root, tasks, 1),
        CONLL: partial(converter.convert, tasks, f"{root}-conll", "CONLL2003", is_dir=False),
        MINIMAL: partial(converter.convert, tasks, f"{root}-min", "JSON_MIN", is_dir=False),
    }


def in_process(root: str, few: str, rounds: int) -> None:
    """Print the seconds of every contestant as JSON.

    A first round over the tasks of the file `few` fills caches.
    """
    for run in contestants(root, few).values():
        run()
    runs = {name: timed(run) for name, run in contestants(root, f"{root}.json").items()}
    print(json.dumps(in_turns(runs, rounds)))
