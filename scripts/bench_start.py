"""The sections `load`, `start` and `extras` of bench.py: the time before the work begins."""

import argparse
import json
from functools import partial
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

from environment import BIN, PYTHON
from measuring import (
    Row,
    Seconds,
    call_in_turns,
    in_turns,
    measure,
    print_milliseconds,
    print_table,
    spread,
    timed,
)

if TYPE_CHECKING:
    from packaging.requirements import Requirement

LOAD = "list(statevisit.load())"
BARE = "python -c pass"

IMPORTS = {
    "core": "click, jsonschema, jsonschema_rs, msgspec, orjson, rich.table",
    "parquet": "pyarrow.parquet, yaml",
    "hub": "datasets",
    "ingest": "spacy",
    "label-studio": "label_studio_sdk.client",
    "formats": "cassis",
    "ray": "ray",
}
"""The modules that are imported when an extra is first used."""


def load(options: argparse.Namespace, folder: Path) -> None:
    """Load the shipped corpus: typed documents beside a cached dataset and a table."""
    seconds = call_in_turns(folder, "bench_start", "load_in_process", options.rounds * 10)
    head = ("load the shipped corpus, in process", "ms", "statevisit is faster, times")
    print_milliseconds(head, seconds, base=LOAD, form=",.2f")


def load_in_process(rounds: int) -> None:
    """Print the seconds of every way to load, as JSON, after one round that fills caches."""
    import datasets
    import pyarrow.parquet as pq

    import statevisit

    root = statevisit.data_root()
    parquet = root / "corpus/parquet/documents/train-00000-of-00001.parquet"
    runs = {
        LOAD: timed(lambda: list(statevisit.load())),
        "datasets.load_dataset(checkout), warm cache": timed(
            partial(datasets.load_dataset, str(root))
        ),
        "pyarrow.parquet.read_table": timed(partial(pq.read_table, parquet)),
    }
    in_turns(runs, 1)
    print(json.dumps(in_turns(runs, rounds)))


def start(options: argparse.Namespace, folder: Path) -> None:
    """Start the command line and import the package, beside Python that does nothing."""
    commands = {
        BARE: [str(PYTHON), "-c", "pass"],
        "statevisit --help": [str(BIN / "statevisit"), "--help"],
        "python -c 'import statevisit'": [str(PYTHON), "-c", "import statevisit"],
    }
    seconds = _run_commands(commands, options.rounds * 5, folder)
    print_milliseconds(("start", "ms", "times bare Python"), seconds, base=BARE, form=".0f")


def _run_commands(commands: dict[str, list[str]], rounds: int, folder: Path) -> Seconds:
    """Run commands in turns, after one round that fills caches."""

    def run(command: list[str]) -> float:
        return measure(command, folder).seconds

    runs = {name: partial(run, command) for name, command in commands.items()}
    in_turns(runs, 1)
    return in_turns(runs, rounds)


def extras(options: argparse.Namespace, folder: Path) -> None:
    """Measure what each extra adds to the core: installed files, and the first import."""
    core = distributions("statevisit")
    commands = {BARE: [str(PYTHON), "-c", "pass"]}
    packages = {}
    for extra, modules in IMPORTS.items():
        commands[extra] = [str(PYTHON), "-c", f"import {modules}"]
        packages[extra] = core if extra == "core" else distributions(f"statevisit[{extra}]") - core
    seconds = _run_commands(commands, options.rounds, folder)
    rows: list[Row] = [
        (
            "extra",
            "packages",
            "installed MB (extras: beyond the core)",
            "ms of first import beyond bare Python",
        )
    ]
    for extra, names in packages.items():
        size = sum(map(installed_size, names))
        pairs = zip(seconds[extra], seconds[BARE], strict=True)
        beyond = spread((value - bare) * 1e3 for value, bare in pairs)
        rows.append((extra, f"{len(names)}", f"{size / 1e6:,.0f}", beyond))
    print_table(*rows)


def distributions(requirement: str) -> set[str]:
    """Return the distributions that a requirement installs, without statevisit itself."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    seen: set[tuple[str, str]] = set()
    waiting = [Requirement(requirement)]
    while waiting:
        current = waiting.pop()
        for extra in ("", *current.extras):
            key = (str(canonicalize_name(current.name)), extra)
            if key not in seen:
                seen.add(key)
                waiting += _needs(current.name, extra)
    return {name for name, _ in seen} - {"statevisit"}


def _needs(name: str, extra: str) -> "list[Requirement]":
    """Return the requirements of an installed distribution that apply here with an extra."""
    from packaging.requirements import Requirement

    needs = [Requirement(line) for line in distribution(name).requires or ()]
    return [n for n in needs if n.marker is None or n.marker.evaluate({"extra": extra})]


def installed_size(package: str) -> int:
    """Return the bytes of an installed distribution's files, compiled modules included."""
    paths = [Path(str(file.locate())) for file in distribution(package).files or ()]
    return sum(path.stat().st_size for path in paths if path.is_file())
