"""The records of two annotations of a text in pairs, as pages show them."""

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

from statevisit.document.model import Document

AGREED, DIFFERING, FIRST, SECOND = "agreed", "differing", "first", "second"
"""What a pair is: the same in both, in both but differing, or only in one of them."""

STATUSES = (AGREED, DIFFERING, FIRST, SECOND)


class Difference(Struct, frozen=True):
    """A property that differs, with its value in words in both annotations."""

    name: str
    first: str
    second: str


class Pair(Struct, frozen=True):
    """A record of the first annotation, of the second, or of both.

    Attributes:
        layer: Its layer; `ner` for flat names.
        status: One of `STATUSES`.
        first: Its key in the first annotation; empty if that lacks it.
        second: Its key in the second; the same as the first if both agree.
        spans: The bounds in the first and in the second; None without a place in the text.
        words: What it is called in the one that has it, first the first.
        labels: Its labels in the first and in the second; empty for none.
        kinds: How it differs: `bounds`, `label`, `values`.
        differences: The properties that differ.
    """

    layer: str
    status: str
    first: str
    second: str
    spans: tuple[tuple[int, int] | None, tuple[int, int] | None]
    words: str
    labels: tuple[str, str] = ("", "")
    kinds: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()

    @property
    def weight(self) -> int:
        """How big a difference is: one that only one has is bigger than one in some properties."""
        if self.status == AGREED:
            return 0
        return 100 if self.status != DIFFERING else len(self.differences)


class Compared(Struct, frozen=True):
    """Two annotations, their names, and their records in pairs, layer by layer in text order.

    `keys` are those of the records of the second annotation by id; ids are those of the first.
    """

    first: Document
    second: Document
    names: tuple[str, str]
    layers: tuple[str, ...]
    pairs: list[Pair]
    keys: Mapping[str, str]

    @property
    def has_one_text(self) -> bool:
        """Whether both annotations are of the same text."""
        return self.first.text == self.second.text

    def counts(self) -> Counter[str]:
        """Return the number of spans of each status."""
        return Counter(pair.status for pair in self.pairs if pair.layer in self.layers)

    def differences(self) -> int:
        """Return the number of records that are not the same in both."""
        return sum(pair.status != AGREED for pair in self.pairs)
