"""The section `growth` of bench.py: how the time of every step grows with one document.

Documents of some shapes double in size, and every step should take about twice the time. A step is
a command that runs in this process. The figures are processor seconds, the least of some rounds,
which other work on the machine changes less than elapsed seconds.
"""

import argparse
import gc
import io
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring import Row, call, print_table

if TYPE_CHECKING:
    from statevisit.document.model import Document

BOUND = 2.3
"""The largest ratio of the times at two sizes, one double the other, that is about n log n."""

SHORT = 0.05
"""Seconds of a step below which a ratio says nothing."""

LONG = 60.0
"""Seconds of a step above which it is not measured at a larger size."""

ROUNDS = 3

Step = tuple[str, Callable[[], object]]
"""The name of a step, and the function that does it."""


def growth(options: argparse.Namespace, folder: Path) -> None:
    """Measure every step with documents of each shape and size."""
    from bench_shapes import SHAPES

    sizes = options.records
    for shape in SHAPES:
        work = folder / f"growth-{shape}"
        seconds = json.loads(call(folder, "bench_growth", "in_process", shape, str(work), sizes))
        _print_seconds(shape, sizes, seconds)
        shutil.rmtree(work)


def _print_seconds(shape: str, sizes: list[int], seconds: dict[str, list[float]]) -> None:
    """Print the seconds of every step at each size, and how many times those of the size before."""
    rows: list[Row] = [(f"{shape}, s", *(f"{size:,}" for size in sizes), "ratios")]
    for step, values in seconds.items():
        cells = [f"{value:.2f}" for value in values] + [""] * (len(sizes) - len(values))
        rows.append((step, *cells, _ratios(values)))
    print_table(*rows)


def _ratios(values: list[float]) -> str:
    ratios = []
    for before, after in pairwise(values):
        is_slow = after > SHORT and after / before > BOUND
        ratios.append(f"{after / before:.1f}{'!' if is_slow else ''}")
    return " ".join(ratios)


def in_process(shape: str, folder: str, sizes: list[int], only: str = "") -> None:
    """Print the least seconds of each step at each size as JSON: {step: [seconds, ...]}.

    `only` is a part of the names of the steps to measure.
    """
    gc.disable()  # its searches of everything come in steps
    seconds: dict[str, list[float]] = {}
    for size in (50, *sizes):  # the first one fills caches
        work = Path(folder) / str(size)
        work.mkdir(parents=True)
        for step, run in steps(shape, size, work):
            values = seconds.setdefault(step, [])
            if only in step and (not values or values[-1] < LONG):
                values.append(_least(run))
    print(json.dumps({step: values[1:] for step, values in seconds.items() if values}))


def _least(run: Callable[[], object]) -> float:
    """The least seconds of some rounds; of one round if it takes long."""
    seconds: list[float] = []
    while len(seconds) < ROUNDS and sum(seconds) < LONG / 3:
        gc.collect()
        began = time.process_time()
        run()
        seconds.append(time.process_time() - began)
    return min(seconds)


def steps(shape: str, size: int, folder: Path) -> Iterator[Step]:
    """Yield the steps with a document of some shape and size; each is ready to run when it comes.

    A document with errors is only validated.
    """
    from bench_shapes import BROKEN, FLAT, make_root, shaped

    document = shaped(shape, size)
    root = folder / "root"
    file = make_root(root, document)
    for form in ("text", "json", "sarif", "junit", "github"):
        yield f"validate, {form}", command("validate", file, "--format", form, status=None)
    untidy = folder / "untidy.json"
    untidy.write_bytes(file.read_bytes().replace(b"},\n", b"} ,\n"))
    yield "validate --diff", command("validate", "--diff", untidy, status=None)
    if shape == BROKEN:
        return
    if shape == FLAT:
        yield "validate, two documents", command("validate", _pair(document, folder))
    yield from _annotation_steps(document, file, folder)
    yield from _comparison_steps(document, file, folder)
    yield "stats", command("stats", file)
    yield "show", command("show", file)
    yield "show --html", command("show", file, "--html", folder / "show.html")
    yield "show --svg", command("show", file, "--svg", folder / "show.svg")
    yield from _release_steps(root, folder)
    yield from _label_studio_steps(root, folder)


def _pair(document: "Document", folder: Path) -> Path:
    """Write the document with links to Wikidata, twice: the two differ in the names of entities."""
    from msgspec.structs import replace

    from statevisit.corpus.documents import write_document

    pair = folder / "pair"
    pair.mkdir()
    for name in ("one", "other"):
        entities = tuple(
            replace(entity, name=f"{name} {n}", wikidata=f"Q{n + 1}", nil=None)
            for n, entity in enumerate(document.entities)
        )
        write_document(replace(document, id=name, entities=entities), pair / f"{name}.json")
    return pair


def command(*arguments: object, status: int | None = 0) -> Callable[[], None]:
    """Return a function that runs a command, and exits if its status is not `status`, if any."""
    words = [str(argument) for argument in arguments]

    def run_command() -> None:
        from statevisit.cli.main import run

        output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with redirect_stdout(output), redirect_stderr(output):
            actual = run(words)
        if status is not None and actual != status:
            output.seek(0)
            sys.exit(f"statevisit {' '.join(words)}: {output.read()[:2_000]}")

    return run_command


def _annotation_steps(document: "Document", file: Path, folder: Path) -> Iterator[Step]:
    """Quotes become offsets, and spans move to a corrected text."""
    draft, new = folder / "draft.json", folder / "new.txt"
    draft.write_text(json.dumps(_draft(document)))
    anchored = folder / "anchored.json"
    yield "anchor", command("anchor", draft, "--document", file, "-o", anchored)
    old = file.parents[2] / "seeds" / document.source.file
    words = old.read_text().split(" ")
    words[9::10] = [word.upper() for word in words[9::10]]
    new.write_text(" ".join(words))
    moved = folder / "moved.json"
    realign = command("realign", old, new, moved, status=None)

    def copy_and_realign() -> None:
        shutil.copy(file, moved)
        realign()

    yield "realign", copy_and_realign
    target = folder / "ingested"
    ingest = command("ingest", old, "--root", target)

    def clear_and_ingest() -> None:
        shutil.rmtree(target, ignore_errors=True)
        ingest()

    yield "ingest", clear_and_ingest


def _draft(document: "Document") -> dict[str, Any]:
    """The mentions and events of a document in quote notation, and the groups that they name."""
    from statevisit.document.codec import to_value

    value = to_value(document)
    first_places: dict[str, list[int]] = {}
    for token in document.tokens:
        first_places.setdefault(document.text_of(token), []).append(token.start)
    occurrences = {start: n for group in first_places.values() for n, start in enumerate(group, 1)}
    layers = ("entities", "mentions", "event_chains", "events")
    for layer in ("mentions", "events"):
        for record in value[layer]:
            record["quote"] = record.pop("text")
            start, _ = record.pop("start"), record.pop("end")
            if record["quote"] in first_places:
                record["occurrence"] = occurrences[start]
            record.pop("arguments", None)
            if layer == "events":
                record["arguments"] = []
    empty = ("event_relations", "timexes", "quantities")
    return {"id": document.id} | {n: value[n] for n in layers} | {n: [] for n in empty}


def _comparison_steps(document: "Document", file: Path, folder: Path) -> Iterator[Step]:
    """Two annotations of the text: their changes, disagreements, decisions, scores."""
    from statevisit.corpus.documents import write_document

    other = folder / f"other/{document.id}.json"
    other.parent.mkdir()
    write_document(changed(document), other)
    for form in ("text", "json", "html"):
        yield f"diff, {form}", command("diff", file, other, "--format", form)
    decisions = folder / "decisions.jsonl"
    yield "adjudicate", command("adjudicate", file, other, "-o", decisions)
    command("adjudicate", file, other, "-o", decisions)()
    decided = [json.loads(line) for line in decisions.read_text().splitlines()]
    lines = [json.dumps(line | {"decision": "b", "reason": "1"}) for line in decided]
    decisions.write_text("".join(f"{line}\n" for line in lines))
    yield (
        "adjudicate --decisions",
        command("adjudicate", file, other, "--decisions", decisions, "-o", folder / "merged.json"),
    )
    yield "score", command("score", file, other, "--resamples", 10)
    page = folder / "score.html"
    yield "score --html", command("score", file, other, "--resamples", 0, "--html", page)
    yield "agree", command("agree", file, other, "--resamples", 10)


def changed(document: "Document") -> "Document":
    """Return another annotation: levels and polarities are others, every tenth record is absent.

    Its ids are others, too.
    """
    from msgspec.structs import replace

    mentions = [replace(m, level="NOM") for n, m in enumerate(document.mentions) if n % 10]
    events = [replace(e, polarity="NEG", arguments=()) for e in document.events]
    return replace(document, mentions=tuple(mentions), events=tuple(events))


def _release_steps(root: Path, folder: Path) -> Iterator[Step]:
    """The corpus as Parquet, without its text, and with its text again."""
    yield "build", command("build", root, "--workers", 1)
    command("build", root, "--workers", 1)()
    bare, full = folder / "annotations", folder / "full"
    edition = ("--edition", "annotations-only", "--workers", 1)
    yield "build --edition", command("build", root, *edition, "-o", bare)
    command("build", root, *edition, "-o", bare)()
    restore = command("restore", bare, "--text", root / "seeds", "-o", full)

    def clear_and_restore() -> None:
        shutil.rmtree(full, ignore_errors=True)
        restore()

    yield "restore", clear_and_restore


def _label_studio_steps(root: Path, folder: Path) -> Iterator[Step]:
    """The document as a task, and an annotated task as a document."""
    tasks = folder / "tasks.json"
    export = command("label-studio", "export", "--path", root, "-o", tasks)
    yield "label-studio export", export
    export()
    exported = json.loads(tasks.read_text())
    annotation = exported[0]["annotations"][0]
    annotation |= {"id": 1, "completed_by": 1, "created_at": "2024-02-20T10:00:00Z"}
    for result in annotation["result"]:
        if result.get("from_name") == "events_polarity":
            result["value"]["choices"] = ["NEG"]
    tasks.write_text(json.dumps(exported))
    options = ("--path", root, "--dry-run")
    yield "label-studio import", command("label-studio", "import", tasks, *options, status=None)
    for result in annotation["result"]:
        for name in ("id", "from_id", "to_id"):
            if name in result:
                result[name] += "-new"
    redrawn = folder / "redrawn.json"
    redrawn.write_text(json.dumps(exported))
    import_redrawn = command("label-studio", "import", redrawn, *options, status=None)
    yield "label-studio import, redrawn", import_redrawn
