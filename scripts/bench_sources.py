"""The section `sources` of bench.py: commands on a corpus whose list of sources is long.

A corpus may list many texts that are not annotated yet, and each command that changes the list
writes it anew. Few documents leave the time to the list.
"""

import argparse
import json
import os
import shutil
from functools import partial
from pathlib import Path

from environment import BIN
from measuring import Row, in_turns, make_corpus, measure, megabytes, print_table, spread

DOCUMENTS = 300
"""Documents of about 15 kB, whose sources are in every list."""

LINKS = 30_000
"""Names that one file may have, which is what file systems allow."""

COMMANDS = {
    "validate": (),
    "build": (),
    "split": ("--ratio", "80,10,10", "--again", "--path"),
    "ingest": ("new.txt", "--id", "new", "--date", "2024-03-01", "--path"),
    "remove": ("new", "--yes", "--path"),
}
"""Commands in their order, with their arguments before the corpus root."""


def sources(options: argparse.Namespace, folder: Path) -> None:
    """Measure each command with the list of the documents alone, and with a long one."""
    rows: list[Row] = [("sources", "", "seconds", "peak MB")]
    for count in (DOCUMENTS, options.listed):
        root = folder / f"sources-{count}"
        make_corpus(root, DOCUMENTS, folder, "short")
        _list_sources(root, count)
        rows += _measured(root, count, options.rounds, folder)
        shutil.rmtree(root)
    print_table(*rows)


def _list_sources(root: Path, count: int) -> None:
    """List the seeds of a corpus and as many others, in files of their own, as make up `count`."""
    stated = {"publisher": "Daily Bench", "license": "CC-BY-4.0"}
    with (root / "seeds/sources.jsonl").open("w", encoding="utf-8") as listed:
        source: dict[str, str] = {}
        for path in sorted((root / "corpus/documents").glob("*.json")):
            document = json.loads(path.read_bytes())
            source = {key: document["source"][key] for key in ("file", "sha256")}
            source |= {key: document[key] for key in ("date", "language")} | stated
            print(json.dumps(source, separators=(",", ":")), file=listed)
        original = root / "seeds" / source["file"]
        for number in range(count - DOCUMENTS):
            seed = root / f"seeds/text-{number:08}.txt"
            if number % LINKS == 0:
                shutil.copyfile(original, seed)
                linked = seed
            else:
                os.link(linked, seed)
            line = source | {"file": seed.name}
            print(json.dumps(line, separators=(",", ":")), file=listed)


def _measured(root: Path, count: int, rounds: int, folder: Path) -> list[Row]:
    """The rows of a corpus: the seconds of all rounds, and the highest of their peaks."""
    text = folder / "new.txt"
    text.write_text("Ann met Ben in Berlin on Monday.\n", encoding="utf-8")
    peaks = dict.fromkeys(COMMANDS, 0)

    def run(name: str) -> float:
        arguments = [str(text) if each == text.name else each for each in COMMANDS[name]]
        command = [str(BIN / "statevisit"), name, *arguments, str(root)]
        result = measure(command, folder, sample_memory=True)
        peaks[name] = max(peaks[name], result.peak)
        return result.seconds

    seconds = in_turns({name: partial(run, name) for name in COMMANDS}, rounds)
    return [
        (f"{count:,}", f"`{name}`", spread(values, ".1f"), megabytes(peaks[name]))
        for name, values in seconds.items()
    ]
