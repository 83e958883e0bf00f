"""The section `label-studio` of scripts/bench.py: export and import of tasks, beside the converter of label-studio-sdk.

All take turns in one process, the import on all cores in processes that it starts, on one export in which every document
has one change, so that every import is merged, checked in full and written. An export goes from documents on disk, each checked, to a file of tasks; an import goes from
that file to documents on disk, ready to be moved into the corpus; the SDK's Converter goes from the same file to a file
of CoNLL2003 or of JSON_MIN, which hold less, and checks nothing. Its interface is parsed before the clock starts.
"""

import argparse
import gc
import json
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

SMALL = 200
"""Documents of the smaller one of the two imports whose peak memory is compared."""

TARGET = 5
"""Times that an import with full checks is to be faster than the SDK's conversion to CoNLL2003."""

LIKE = {
    "COUNTS": {"mentions": 100, "events": 12, "timexes": 15, "quantities": 8},
    "CHAINS": 5,
    "WORDS": 1_200,
}
"""What bench_corpus.py has otherwise: documents of about 150 regions and 50 relations, with as many words to a region."""

EXPORT, IMPORT = (
    "statevisit, export",
    "statevisit, import (merged, all checks, documents written), all cores",
)
ALONE = "statevisit, the same import on one core"
CONLL, MINIMAL = "label-studio-sdk, to CoNLL2003", "label-studio-sdk, to JSON_MIN"


def make(root: str, count: int) -> None:
    """Make a corpus root and, beside it, what Label Studio would export of it; print what a document is like."""
    import bench_corpus

    for name, value in LIKE.items():
        setattr(bench_corpus, name, value)
    bench_corpus.make_corpus(Path(root), 1)
    sizes = bench_corpus.write_documents(
        Path(root), range(count)
    )  # not in processes, which may not have the settings
    export(root, f"{root}.json")
    with Path(f"{root}.json").open() as file:
        tasks = json.load(file)
    for number, task in enumerate(tasks, 1):
        task |= {"id": number}
        task["annotations"][0] |= {
            "id": number,
            "completed_by": 1,
            "created_at": "2024-02-20T10:00:00Z",
        }
        polarity = next(
            r for r in task["annotations"][0]["result"] if r.get("from_name") == "events_polarity"
        )
        polarity["value"]["choices"] = ["NEG"]
    for name, some in {f"{root}.json": tasks, f"{root}-{SMALL}.json": tasks[:SMALL]}.items():
        Path(name).write_text(json.dumps(some, ensure_ascii=False), encoding="utf-8")
    results = [t["annotations"][0]["result"] for t in tasks]
    regions = sum(len({r["id"] for r in rs if r["type"] != "relation"}) for rs in results)
    relations = sum(r["type"] == "relation" for rs in results for r in rs)
    kilobytes = Path(f"{root}.json").stat().st_size / 1e3
    print(
        f"{regions / count:.0f} regions, {relations / count:.0f} relations, {sum(s[2] for s in sizes) / count:,.0f} tokens, {kilobytes / count:.0f} kB of task a document (means)"
    )


def export(root: str, output: str) -> None:
    """What `statevisit label-studio export` does, in this process."""
    from statevisit.commands import label_studio

    label_studio.export.callback(
        documents=(), path=Path(root), predictions=False, output=Path(output)
    )


def take_in(root: str, tasks: str, workers: int | None) -> None:
    """Do what `statevisit label-studio import` does, but leave the files of the corpus unchanged.

    `workers`: None for all cores, 1 for this process.
    """
    from statevisit.commands.taking import Update, import_tasks
    from statevisit.labelstudio.exported import elements

    def check(updates: list[Update]) -> None:
        for update in updates:
            if update.findings or len(update.changes) != 1:
                counts = f"{len(update.findings)} findings, {len(update.changes)} changes"
                sys.exit(f"{update.document}: {counts}, not one change and no finding")

    import_tasks(elements(Path(tasks)), Path(root), done=check, dry_run=True, workers=workers)


def contestants(root: str, tasks: str) -> dict[str, Callable[[], Any]]:
    """What takes turns."""
    from label_studio_sdk.converter import Converter

    from statevisit.labelstudio.config import config

    logging.disable()  # else the SDK logs every span that overlaps another
    converter = Converter(config(), root, download_resources=False)
    return {
        EXPORT: partial(export, root, f"{root}-out.json"),
        IMPORT: partial(take_in, root, tasks, None),
        ALONE: partial(take_in, root, tasks, 1),
        CONLL: partial(converter.convert, tasks, f"{root}-conll", "CONLL2003", is_dir=False),
        MINIMAL: partial(converter.convert, tasks, f"{root}-min", "JSON_MIN", is_dir=False),
    }


def in_process(root: str, few: str, rounds: int) -> None:
    """Print the seconds of every contestant in every round, as JSON, after one round over `few` tasks that fills caches."""
    from bench import in_turns

    def timed(run: Callable[[], Any]) -> float:
        gc.collect()
        began = time.perf_counter()
        run()
        return time.perf_counter() - began

    for run in contestants(root, few).values():
        run()
    print(
        json.dumps(
            in_turns(
                {n: partial(timed, run) for n, run in contestants(root, f"{root}.json").items()},
                rounds,
            )
        )
    )


def label_studio(options: argparse.Namespace, folder: Path) -> None:
    """Export and import documents of 150 regions and 50 relations, beside label-studio-sdk; peak memory of an import."""
    from bench import measured, ratios, spread, table

    root, count = folder / "labelled", options.tasks
    few = f"{root}-{SMALL}.json"

    def ours(call: str) -> str:
        return measured(
            [sys.executable, "-c", f"import bench_labelstudio; bench_labelstudio.{call}"], folder
        )[2]

    print(
        f"{count:,} documents: {ours(f'make({str(root)!r}, {count})').splitlines()[-1]}", flush=True
    )
    found = json.loads(
        ours(f"in_process({str(root)!r}, {few!r}, {options.rounds})").splitlines()[-1]
    )
    rows = [
        (
            n,
            spread((count / s for s in f), ",.1f"),
            ratios(f, found[IMPORT]) if f is not found[IMPORT] else "",
        )
        for n, f in found.items()
    ]
    table(
        (
            f"{count:,} documents to and from tasks, in process, {os.cpu_count()} cores",
            "documents/s",
            "the import is faster, times",
        ),
        *rows,
    )
    reached, alone = ratios(found[CONLL], found[IMPORT]), ratios(found[CONLL], found[ALONE])
    missed = "" if float(reached.split()[0]) >= TARGET else "; it is missed"
    print(
        f"\nTarget: an import at least {TARGET} times as fast as the SDK's conversion to CoNLL2003. Measured: {reached}{missed}; on one core {alone}.",
        flush=True,
    )
    memory = [
        ("statevisit label-studio import, whole process", "documents/s", "MB of tasks", "peak MB")
    ]
    for number, tasks in {min(SMALL, count): few, count: f"{root}.json"}.items():
        shutil.copytree(root, copy := folder / "copy")
        seconds, peak, _ = measured(
            [
                sys.executable,
                "-m",
                "statevisit",
                "label-studio",
                "import",
                tasks,
                "--path",
                str(copy),
            ],
            folder,
            sample=True,
        )
        memory.append(
            (
                f"{number:,} tasks",
                f"{number / seconds:,.1f}",
                f"{Path(tasks).stat().st_size / 1e6:,.1f}",
                f"{peak / 1e6:,.0f}" if peak else "",
            )
        )
        shutil.rmtree(copy)
    table(*memory)
    shutil.rmtree(root)
