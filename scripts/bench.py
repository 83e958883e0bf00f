"""How fast and how large, beside named peers in the same run: python3 scripts/bench.py [build] [load] [start] [extras] [validate] [score] [label-studio]

Without a section it does all of them. Makes .venv and installs the locked packages where that is still to be done. The
contestants of a comparison take turns (A B C A B C), every ratio is of two runs of one round, and what is shown is the
median over the rounds with minimum and maximum. Seconds are of whole processes, from their start to their exit, unless
it says "in process"; files are in the page cache. Peak memory is the largest sum of the proportional set sizes (PSS,
from /proc, so on Linux only; pages that processes share count once, those of mapped files included, such as the cache of
a Dataset) of a process and all that it started, sampled every 50 ms. MB are 10^6 bytes.
"""

import argparse
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.metadata import distribution, version
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Any

import bench_labelstudio
import bench_score
from environment import BIN, PYTHON, ROOT, VENV, ensure

SIZES = (200, 2_000, 20_000)
ALONE = 2_000
"""Above this many documents statevisit runs alone, and once, unless the peers are asked for."""

STATEVISIT = "statevisit build (validated)"
PEERS = {
    "from_generator": "Dataset.from_generator",
    "from_list": "Dataset.from_list",
    "polars": "polars",
}
DOCUMENT_BYTES = 250_000
"""Disk space that a document needs at most, with what is built from it."""

IMPORTS = {
    "core": "click, jsonschema, jsonschema_rs, msgspec, orjson, rich.table",
    "parquet": "pyarrow.parquet, yaml",
    "hub": "datasets",
    "ingest": "spacy",
    "label-studio": "label_studio_sdk.client",
}
"""What is imported when an extra is first used."""

Run = Callable[[], float]


def measured(command: list[str], folder: Path, sample: bool = False) -> tuple[float, int, str]:
    """(seconds, peak memory in bytes or 0, what it printed) of a command that must succeed; it is ended with all it started when this is interrupted."""
    home = {"HF_HOME": str(folder / "huggingface"), "HF_HUB_OFFLINE": "1", "TMPDIR": str(folder)}
    peak, done = [0], Event()

    def watch(session: int) -> None:
        while not done.is_set():
            peak[0] = max(peak[0], memory_of(session))
            done.wait(0.05)

    with tempfile.TemporaryFile("w+", dir=folder) as out:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=ROOT / "scripts",
            env=os.environ | home,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        watcher = Thread(target=watch, args=(process.pid,))
        try:
            if sample:
                watcher.start()
            status = process.wait()
            seconds = time.perf_counter() - began
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            done.set()
        out.seek(0)
        if status:
            sys.exit(
                f"{' '.join(command)}\n{out.read()[-3_000:]}\nfailed with exit status {status}"
            )
        return seconds, peak[0], out.read()


def memory_of(session: int) -> int:
    """The proportional set size, in bytes, of the processes of a session; 0 where there is no /proc."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rpartition(")")[2].split()[3]) == session:
                total += 1024 * int(
                    re.search(r"^Pss:\s+(\d+)", (folder / "smaps_rollup").read_text(), re.M)[1]
                )
        except (OSError, TypeError):  # it has just ended
            pass
    return total


def in_turns(contestants: dict[str, Run], rounds: int) -> dict[str, list[float]]:
    """Seconds of every contestant in every round."""
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            found[name].append(run())
    return found


def spread(values: Iterable[float], form: str = ".2f") -> str:
    """Median, minimum and maximum."""
    values = list(values)
    return f"{median(values):{form}} ({min(values):{form}}–{max(values):{form}})"


def ratios(over: list[float], under: list[float]) -> str:
    """The spread of the rounds' ratios."""
    return spread(a / b for a, b in zip(over, under, strict=True))


def table(*rows: tuple[str, ...]) -> None:
    """Print a Markdown table; the first row is its head."""
    print()
    for row in (rows[0], ("---",) * len(rows[0]), *rows[1:]):
        print(f"| {' | '.join(row)} |", flush=True)


def build(options: argparse.Namespace, folder: Path) -> None:
    """Build from documents on disk: statevisit with all its checks and all configs, the peers unchecked and one table."""
    rows = [("documents", "", "documents/s", "peak MB", "statevisit is faster, times")]
    for count in options.documents:
        if shutil.disk_usage(folder).free < count * DOCUMENT_BYTES:
            sys.exit(
                f"{folder}: {count:,} documents need {count * DOCUMENT_BYTES / 1e9:.1f} GB; set TMPDIR to a directory with room"
            )
        root, out = folder / f"corpus-{count}", folder / "out"
        print(
            f"{count:,} documents: {measured([str(PYTHON), 'bench_corpus.py', str(root), str(count)], folder)[2].strip()}",
            flush=True,
        )
        alone = count > ALONE and not options.peers
        peaks: dict[str, int] = {}

        def one(
            name: str, command: list[str], root: Path = root, peaks: dict[str, int] = peaks
        ) -> float:
            for old in (out, root / "corpus/parquet"):
                shutil.rmtree(old, ignore_errors=True)
            out.mkdir()
            os.sync()  # so that writing back what was written before does not fall into what is measured
            seconds, peak, _ = measured(command, folder, sample=True)
            peaks[name] = max(peak, peaks.get(name, 0))
            return seconds

        commands = {
            STATEVISIT: [str(BIN / "statevisit"), "build", str(root)]
        }  # which fails where there are findings
        if not alone:
            commands |= {
                title: [
                    str(PYTHON),
                    "-c",
                    f"import bench; bench.peer({peer!r}, {str(root)!r}, {str(out)!r})",
                ]
                for peer, title in PEERS.items()
            }
        found = in_turns(
            {n: partial(one, n, c) for n, c in commands.items()}, 1 if alone else options.rounds
        )
        for name, seconds in found.items():
            ratio = "" if name == STATEVISIT else ratios(seconds, found[STATEVISIT])
            rows.append(
                (
                    f"{count:,}",
                    name,
                    spread((count / s for s in seconds), ",.0f"),
                    f"{peaks[name] / 1e6:,.0f}" if peaks[name] else "",
                    ratio,
                )
            )
        shutil.rmtree(root)
    table(*rows)


def peer(name: str, root: str, out: str) -> None:
    """Convert the documents of a corpus root as a peer does, unchecked."""
    import orjson

    folder, target = Path(root, "corpus/documents"), Path(out, "documents.parquet")

    def read(folder: Path) -> Iterator[Any]:
        return (orjson.loads(p.read_bytes()) for p in sorted(folder.iterdir()))

    if name == "polars":  # which reads no directory of documents: they become NDJSON first
        import polars

        with (lines := Path(out, "documents.ndjson")).open("wb") as file:
            file.writelines(
                p.read_bytes().replace(b"\n", b"") + b"\n" for p in sorted(folder.iterdir())
            )
        polars.read_ndjson(lines).write_parquet(target)
        return
    from datasets import Dataset

    made = (
        Dataset.from_list(list(read(folder)))
        if name == "from_list"
        else Dataset.from_generator(read, gen_kwargs={"folder": folder}, cache_dir=f"{out}/cache")
    )
    made.to_parquet(target)


def load(options: argparse.Namespace, folder: Path) -> None:
    """Load the shipped corpus: every document read and typed, against a dataset opened from its cache and a table read."""
    printed = measured(
        [str(PYTHON), "-c", f"import bench; bench.load_in_process({options.rounds * 10})"], folder
    )[2]
    found = json.loads(printed.splitlines()[-1])
    ours = found["list(statevisit.load())"]
    rows = [
        (
            n,
            spread((s * 1e3 for s in seconds), ",.2f"),
            ratios(seconds, ours) if seconds is not ours else "",
        )
        for n, seconds in found.items()
    ]
    table(("load the shipped corpus, in process", "ms", "statevisit is faster, times"), *rows)


def load_in_process(rounds: int) -> None:
    """Print the seconds of every way to load, as JSON, after one round that fills caches."""
    import datasets
    import pyarrow.parquet as pq

    import statevisit

    root = statevisit.data_root()
    parquet = root / "corpus/parquet/documents/train-00000-of-00001.parquet"
    ways = {
        "list(statevisit.load())": lambda: list(statevisit.load()),
        "datasets.load_dataset(checkout), warm cache": lambda: datasets.load_dataset(str(root)),
        "pyarrow.parquet.read_table": lambda: pq.read_table(parquet),
    }

    def timed(way: Callable[[], Any]) -> float:
        began = time.perf_counter()
        way()
        return time.perf_counter() - began

    runs = {name: partial(timed, way) for name, way in ways.items()}
    in_turns(runs, 1)
    print(json.dumps(in_turns(runs, rounds)))


def start(options: argparse.Namespace, folder: Path) -> None:
    """Start the command line and import the package, against Python that does nothing."""
    commands = {
        "python -c pass": [str(PYTHON), "-c", "pass"],
        "statevisit --help": [str(BIN / "statevisit"), "--help"],
        "python -c 'import statevisit'": [str(PYTHON), "-c", "import statevisit"],
    }
    runs = {
        name: lambda command=command: measured(command, folder)[0]
        for name, command in commands.items()
    }
    in_turns(runs, 1)
    found = in_turns(runs, options.rounds * 5)
    bare = found["python -c pass"]
    rows = [
        (
            n,
            spread((s * 1e3 for s in seconds), ".0f"),
            ratios(seconds, bare) if seconds is not bare else "",
        )
        for n, seconds in found.items()
    ]
    table(("start", "ms", "times bare Python"), *rows)


def extras(options: argparse.Namespace, folder: Path) -> None:
    """What each extra costs beyond the core: the installed files of its packages, and the first import in a process."""
    core = closure("statevisit")
    packages = {
        name: core if name == "core" else closure(f"statevisit[{name}]") - core for name in IMPORTS
    }
    runs = {
        name: lambda code=code: measured([str(PYTHON), "-c", code], folder)[0]
        for name, code in {"": "pass", **{n: f"import {i}" for n, i in IMPORTS.items()}}.items()
    }
    in_turns(runs, 1)
    found = in_turns(runs, options.rounds)
    rows = [
        (
            n,
            f"{len(p)}",
            f"{sum(map(installed, p)) / 1e6:,.0f}",
            spread((a - b) * 1e3 for a, b in zip(found[n], found[""], strict=True)),
        )
        for n, p in packages.items()
    ]
    table(
        (
            "extra",
            "packages",
            "installed MB (extras: beyond the core)",
            "ms of first import beyond bare Python",
        ),
        *rows,
    )


def closure(wanted: str) -> set[str]:
    """The distributions that a requirement brings, itself left out where it is statevisit."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    seen, waiting = set(), [Requirement(wanted)]
    while waiting:
        requirement = waiting.pop()
        for extra in ("", *requirement.extras):
            if (key := (canonicalize_name(requirement.name), extra)) not in seen:
                seen.add(key)
                needs = (Requirement(r) for r in distribution(key[0]).requires or ())
                waiting += [
                    n for n in needs if n.marker is None or n.marker.evaluate({"extra": extra})
                ]
    return {name for name, _ in seen} - {"statevisit"}


def installed(package: str) -> int:
    """Bytes of the files of an installed distribution, compiled modules included."""
    paths = [Path(f.locate()) for f in distribution(package).files or ()]
    return sum(p.stat().st_size for p in paths if p.is_file())


def validate(options: argparse.Namespace, folder: Path) -> None:
    """Check documents, beside other validators: bench_validate.py."""
    import bench_validate  # which imports this module

    bench_validate.validate(options, folder)


SECTIONS = {
    "build": build,
    "load": load,
    "start": start,
    "extras": extras,
    "validate": validate,
    "score": bench_score.score,
    "label-studio": bench_labelstudio.label_studio,
}


def main() -> None:
    """Print what was measured, section by section, as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n\n")[0],
        epilog=__doc__.partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="SECTION",
        help=f"{', '.join(SECTIONS)}; all when none is named",
    )
    parser.add_argument(
        "--documents",
        nargs="+",
        type=int,
        default=SIZES,
        metavar="N",
        help="how many documents to build from, after the sections (default: 200 2000 20000)",
    )
    parser.add_argument(
        "--rounds",
        type=int,
        default=5,
        metavar="N",
        help="rounds of a build or of validating; 10 times as many of a load, 5 times of a start (default: 5)",
    )
    parser.add_argument(
        "--checked",
        type=int,
        default=2_000,
        metavar="N",
        help="how many documents to validate (default: 2000)",
    )
    parser.add_argument(
        "--tasks",
        type=int,
        default=1_000,
        metavar="N",
        help="how many documents to take to Label Studio and back (default: 1000)",
    )
    parser.add_argument(
        "--peers",
        action="store_true",
        help=f"peers above {ALONE:,} documents too; from_list needs about 1.3 MB of memory for each",
    )
    options = parser.parse_args()
    if unknown := [s for s in options.sections if s not in SECTIONS]:
        parser.error(f"no section {unknown[0]!r}: choose from {', '.join(SECTIONS)}")
    if min(*options.documents, options.checked, options.tasks, options.rounds) < 1:
        parser.error("--documents, --checked, --tasks and --rounds must be positive")
    ensure("requirements-test.txt")
    if Path(sys.prefix) != VENV:
        os.execv(PYTHON, [str(PYTHON), *sys.argv])
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # installed packages have their bytecode
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    names = (
        "statevisit",
        "datasets",
        "pyarrow",
        "polars",
        "jsonschema",
        "fastjsonschema",
        "check-jsonschema",
        "nervaluate",
        "seqeval",
        "scorch",
        "label-studio-sdk",
    )
    print(
        f"{', '.join(f'{n} {version(n)}' for n in names)}; Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    )
    with tempfile.TemporaryDirectory(prefix="statevisit-bench-") as folder:
        for section in options.sections or SECTIONS:
            SECTIONS[section](options, Path(folder))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped")
