"""`bench.py --memory`: how the peak memory grows with the number of documents."""

import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from environment import BIN
from measuring import Row, make_corpus, measure, megabytes, print_table


class Size(NamedTuple):
    """A corpus: the number of its documents, and their shape."""

    documents: int
    shape: str


SIZES = (Size(2_000, "article"), Size(20_000, "article"), Size(200_000, "short"))
"""The first one is the base of the ratios."""

DISK = {"article": 450_000, "short": 60_000}
"""The bytes on disk that a document needs at most: as a file, in a shard and built."""

COMMANDS = ("validate", "build")


def memory(folder: Path) -> None:
    """Measure the peak of all processes of a command once, for documents in shards."""
    rows: list[Row] = [("documents", "", "peak MB", f"times that of {SIZES[0].documents:,}")]
    base: dict[str, int] = {}
    for size in SIZES:
        peaks = _peaks(size, folder)
        base = base or peaks
        for command, peak in peaks.items():
            ratio = f"{peak / base[command]:.2f}"
            rows.append((f"{size.documents:,} ({size.shape})", command, megabytes(peak), ratio))
    print_table(*rows)


def _peaks(size: Size, folder: Path) -> dict[str, int]:
    """Generate a corpus and return the peak memory of each command."""
    free, needed = shutil.disk_usage(folder).free, size.documents * DISK[size.shape]
    if free < needed:
        sys.exit(
            f"{folder}: {size.documents:,} documents need {needed / 1e9:.1f} GB; "
            "set TMPDIR to a directory with room"
        )
    root = folder / "memory"
    make_corpus(root, size.documents, folder, size.shape)
    program = str(BIN / "statevisit")
    measure([program, "shard", str(root)], folder)
    peaks = {
        command: measure([program, command, str(root)], folder, sample_memory=True).peak
        for command in COMMANDS
    }
    shutil.rmtree(root)
    return peaks
