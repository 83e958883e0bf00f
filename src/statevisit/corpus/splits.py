"""The splits of a corpus: their names and order, and which document goes into which."""

from collections.abc import Iterable

TRAIN = "train"
"""The split of a document whose source states none, as for `datasets`."""

CONVENTIONAL = (TRAIN, "validation", "dev", "test")
"""The usual names of splits, in the order in which they are listed."""


def in_order(names: Iterable[str]) -> list[str]:
    """Return the names of splits without repetition: the conventional first, then by alphabet."""

    def place(name: str) -> tuple[int, str]:
        is_known = name in CONVENTIONAL
        return (CONVENTIONAL.index(name) if is_known else len(CONVENTIONAL)), name

    return sorted(set(names), key=place)
