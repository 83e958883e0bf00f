"""Measure speed and size, beside named peers in the same run.

Usage: python3 scripts/bench.py [SECTION ...]. The sections are build, load, start, extras,
validate, score, label-studio, formats, pages, growth, ray and sources; without one it measures all
of them. It makes .venv and installs the locked packages if needed.

The contestants of a comparison take turns (A B C A B C), and every ratio is of two runs of one
round. The figures are the median over the rounds with minimum and maximum. Seconds are those of
whole processes, from start to exit, unless a table says "in process"; files are in the page cache.

Peak memory is the largest sum of the proportional set sizes (PSS, from /proc, so on Linux only) of
a process and all processes that it started, sampled every 50 ms. Pages that processes share count
once; pages of mapped files, such as the cache of a Dataset, are included. MB are 10^6 bytes.
"""

import argparse
import os
import platform
import signal
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from bench_build import ALONE, build
from bench_formats import formats
from bench_growth import growth
from bench_labelstudio import label_studio
from bench_memory import memory
from bench_pages import pages
from bench_ray import ray
from bench_score import score
from bench_sources import sources
from bench_start import extras, load, start
from bench_validate import validate
from environment import PYTHON, VENV, ensure

SIZES = (200, 2_000, 20_000)
"""Numbers of documents to build from."""

RECORDS = (1_000, 2_000, 4_000, 8_000)
"""Numbers of records of a document, each double the one before."""

SECTIONS = {
    "build": build,
    "load": load,
    "start": start,
    "extras": extras,
    "validate": validate,
    "score": score,
    "label-studio": label_studio,
    "formats": formats,
    "pages": pages,
    "growth": growth,
    "ray": ray,
    "sources": sources,
}

COMPARED = (
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
    "spacy",
    "dkpro-cassis",
    "ray",
)
"""The packages whose versions are printed with the figures."""


_LISTS = {
    "--documents": (SIZES, "how many documents to build from, after the sections"),
    "--records": (RECORDS, "how many records the documents of growth have"),
}
"""Options that take several numbers: their defaults and help."""

_NUMBERS = {
    "--rounds": (
        5,
        "rounds of a build or of validating; 10 times as many of a load, 5 times of a start",
    ),
    "--checked": (2_000, "how many documents to validate"),
    "--tasks": (1_000, "how many documents to export to Label Studio and to import again"),
    "--listed": (100_000, "how many sources the longer one of two lists has, at least 300"),
}
"""Options that take one number: their defaults and help."""


def main() -> None:
    """Measure the sections that are asked for."""
    options = _options()
    ensure("requirements-test.txt")
    if Path(sys.prefix) != VENV:
        os.execv(PYTHON, [str(PYTHON), *sys.argv])
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # installed packages have their bytecode
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    packages = ", ".join(f"{name} {version(name)}" for name in COMPARED)
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    print(f"{packages}; Python {platform.python_version()}, {machine}")
    with tempfile.TemporaryDirectory(prefix="statevisit-bench-") as folder:
        if options.memory:
            memory(Path(folder))
            return
        for section in options.sections or SECTIONS:
            SECTIONS[section](options, Path(folder))


def _options() -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args()
    for section in options.sections:
        if section not in SECTIONS:
            parser.error(f"no section {section!r}: choose from {', '.join(SECTIONS)}")
    numbers = (options.checked, options.tasks, options.rounds, options.listed)
    if min(*options.documents, *options.records, *numbers) < 1:
        parser.error("all numbers of documents, records, tasks, rounds and sources are positive")
    return options


def _parser() -> argparse.ArgumentParser:
    description, _, details = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        description=description,
        epilog=details,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="SECTION",
        help=f"{', '.join(SECTIONS)}; all when none is named",
    )
    for option, (counts, description) in _LISTS.items():
        parser.add_argument(
            option,
            nargs="+",
            type=int,
            default=counts,
            metavar="N",
            help=f"{description} (default: {' '.join(map(str, counts))})",
        )
    for option, (default, description) in _NUMBERS.items():
        parser.add_argument(
            option,
            type=int,
            default=default,
            metavar="N",
            help=f"{description} (default: %(default)s)",
        )
    switches = {
        "--peers": f"peers above {ALONE:,} documents too; from_list needs 1.3 MB for each",
        "--memory": "only the peak memory of 2,000, 20,000 and 200,000 documents; takes long",
    }
    for option, description in switches.items():
        parser.add_argument(option, action="store_true", help=description)
    return parser


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped")
