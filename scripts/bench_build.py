"""The section `build` of bench.py: build a corpus beside conversions by `datasets` and polars."""

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from environment import BIN
from measuring import (
    Measurement,
    Row,
    Seconds,
    call_command,
    in_turns,
    make_corpus,
    measure,
    megabytes,
    print_table,
    ratios,
    spread,
)

ALONE = 2_000
"""Above this many documents statevisit runs alone, and once, unless the peers are asked for."""

STATEVISIT = "statevisit build, two cores (validated)"
ONE_CORE = "statevisit build, one core (validated)"
GENERATOR = "Dataset.from_generator"
PEERS = {
    "from_generator": GENERATOR,
    "from_list": "Dataset.from_list",
    "polars": "polars",
}
DOCUMENT_BYTES = 250_000
"""The disk space that a document and the files built from it need at most."""

SPEED_TARGETS = {STATEVISIT: 1.25, ONE_CORE: 0.8}
"""How many times as fast as `Dataset.from_generator` a build is to be."""

MEMORY_TARGET = 400
"""The MB that a build is to need at most, in all its processes."""

GROWTH_TARGET = 1.1
"""How many times the memory of the smallest corpus a larger one is to need at most."""


class Builds(NamedTuple):
    """The builds of one corpus: seconds in every round and peak memory of one more, by name."""

    documents: int
    seconds: Seconds
    peaks: dict[str, int]

    def rows(self) -> list[Row]:
        """Return the rows of the table."""
        rows: list[Row] = []
        for name, seconds in self.seconds.items():
            speed = spread((self.documents / value for value in seconds), ",.0f")
            ratio = "" if name == STATEVISIT else ratios(seconds, self.seconds[STATEVISIT])
            rows.append((f"{self.documents:,}", name, speed, megabytes(self.peaks[name]), ratio))
        return rows

    def targets(self, smallest: "Builds") -> list[Row]:
        """Return the targets with what was measured; `smallest` are the builds of fewest documents.

        A ratio is the median over the rounds, with minimum and maximum.
        """
        count = f"{self.documents:,}"
        rows: list[Row] = []
        for name, target in SPEED_TARGETS.items():
            if GENERATOR in self.seconds:
                measured = ratios(self.seconds[GENERATOR], self.seconds[name])
                rows.append((count, f"{name}, times {GENERATOR}", f"at least {target}", measured))
        peak = self.peaks[STATEVISIT]
        rows.append((count, "peak MB, two cores", f"below {MEMORY_TARGET}", megabytes(peak)))
        if self is not smallest and peak:
            name = f"peak, times that of {smallest.documents:,} documents"
            growth = f"{peak / smallest.peaks[STATEVISIT]:.2f}"
            rows.append((count, name, f"at most {GROWTH_TARGET}", growth))
        return rows


def build(options: argparse.Namespace, folder: Path) -> None:
    """Build from documents on disk: statevisit checked, with all configs; peers unchecked, one."""
    rows: list[Row] = [("documents", "", "documents/s", "peak MB", "two cores are faster, times")]
    targets: list[Row] = [("documents", "target", "", "measured")]
    smallest: Builds | None = None
    for count in sorted(options.documents):
        free, needed = shutil.disk_usage(folder).free, count * DOCUMENT_BYTES
        if free < needed:
            sys.exit(
                f"{folder}: {count:,} documents need {needed / 1e9:.1f} GB; "
                "set TMPDIR to a directory with room"
            )
        alone = count > ALONE and not options.peers
        rounds = 1 if alone else options.rounds
        builds = _builds(count, rounds, not alone, folder)
        smallest = smallest or builds
        rows += builds.rows()
        targets += builds.targets(smallest)
    print_table(*rows)
    print_table(*targets)


def _builds(count: int, rounds: int, peers: bool, folder: Path) -> Builds:
    """Generate a corpus and build it with statevisit and, if asked for, with the peers."""
    root, output = folder / f"corpus-{count}", folder / "out"
    make_corpus(root, count, folder)
    command = [str(BIN / "statevisit"), "build", str(root), "--workers"]  # fails on findings
    commands = {STATEVISIT: [*command, "2"]}
    if peers:
        commands[ONE_CORE] = [*command, "1"]
        for peer, title in PEERS.items():
            commands[title] = call_command("bench_build", "convert", peer, str(root), str(output))

    def build_once(name: str, sample_memory: bool = False) -> Measurement:
        for earlier in (output, root / "corpus/parquet"):
            shutil.rmtree(earlier, ignore_errors=True)
        output.mkdir()
        os.sync()  # so that the measurement does not include writing back earlier files
        return measure(commands[name], folder, sample_memory)

    def seconds_of(name: str) -> float:
        return build_once(name).seconds

    # Apart from the times, because sampling memory takes a part of the cores.
    peaks = {name: build_once(name, sample_memory=True).peak for name in commands}
    seconds = in_turns({name: partial(seconds_of, name) for name in commands}, rounds)
    shutil.rmtree(root)
    return Builds(count, seconds, peaks)


def convert(peer: str, root: str, output: str) -> None:
    """Convert the documents of a corpus root with a peer, unchecked, into one Parquet file."""
    folder, target = Path(root, "corpus/documents"), Path(output, "documents.parquet")
    if peer == "polars":
        _convert_with_polars(folder, Path(output, "documents.ndjson"), target)
        return
    from datasets import Dataset

    if peer == "from_list":
        dataset = Dataset.from_list(list(_read(folder)))
    else:
        dataset = Dataset.from_generator(
            _read, gen_kwargs={"folder": folder}, cache_dir=f"{output}/cache"
        )
    dataset.to_parquet(target)


def _convert_with_polars(folder: Path, lines: Path, target: Path) -> None:
    """Write the documents as NDJSON first, since polars reads no directory of documents."""
    import polars

    with lines.open("wb") as file:
        for path in sorted(folder.iterdir()):
            file.write(path.read_bytes().replace(b"\n", b"") + b"\n")
    polars.read_ndjson(lines).write_parquet(target)


def _read(folder: Path) -> Iterator[object]:
    import orjson

    for path in sorted(folder.iterdir()):
        yield orjson.loads(path.read_bytes())
