"""The splits of a corpus: their names and order, and which document goes into which."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import orjson
from msgspec import Struct
from msgspec.structs import asdict, replace

from statevisit import files, layout
from statevisit.corpus.seeds import ListedSource, change_sources, listed_sources
from statevisit.document.model import Document
from statevisit.errors import FormatError
from statevisit.printable import nearest

TRAIN = "train"
"""The split of a document whose source states none, as for `datasets`."""

CONVENTIONAL = (TRAIN, "validation", "dev", "test")
"""The usual names of splits, in the order in which they are listed."""

ALONE = "document"
"""The name of the grouping in which every text is placed by itself."""

_GROUPING = ("publisher", "author", "date", "language", "license", "title")
"""The properties of a source that may group texts, beside those in its `extra`."""


class Ratio(Struct, frozen=True):
    """The names of the splits, and the part of the texts that each should have."""

    parts: dict[str, Fraction]

    def split_at(self, place: Fraction) -> str:
        """Return the split of a place from 0 to below 1 on the line that the parts divide."""
        end = Fraction(0)
        for name, part in self.parts.items():
            end += part
            if place < end:
                return name
        raise AssertionError(place)


class Change(Struct, frozen=True):
    """What a new division changes: the split of every text before and after, by seed."""

    before: dict[str, str | None]
    after: dict[str, str]
    ungrouped: int
    """Texts without a value of the property that groups them."""

    @property
    def changed(self) -> list[str]:
        """The seeds whose texts get a split, or another one."""
        return [file for file, split in self.after.items() if split != self.before[file]]

    def counts_of(self, seeds: Iterable[str]) -> Counter[str]:
        """Return the number of some texts in each split."""
        return Counter(self.after[file] for file in seeds)


def in_order(names: Iterable[str]) -> list[str]:
    """Return the names of splits without repetition: the conventional first, then by alphabet."""

    def place(name: str) -> tuple[int, str]:
        is_known = name in CONVENTIONAL
        return (CONVENTIONAL.index(name) if is_known else len(CONVENTIONAL)), name

    return sorted(set(names), key=place)


def divide(
    sources: Iterable[ListedSource], ratio: Ratio, seed: int, by: str, again: bool
) -> Change:
    """Give every source that has no split one, or with `again` every source.

    A text is placed by the SHA-256 of the seed number and of what identifies the text: of its seed
    file, which no renaming changes, or with `by` of the value that groups it. The hash says where
    on a line from 0 to 1 the text is, and the ratio divides the line. No text's place depends on
    another text, so one that is added moves none; the sizes meet the ratio on average only.

    Raises FormatError if no source has the property `by`.
    """
    before: dict[str, str | None] = {}
    after: dict[str, str] = {}
    ungrouped: set[str] = set()
    extra: dict[str, None] = {}
    for source in sources:
        file = source.file
        group = _group(source, by)
        before[file] = source.split
        if source.split is not None and not again:
            after[file] = source.split
        else:
            after[file] = ratio.split_at(_place(seed, group or source.sha256))
        if by != ALONE and not group:
            ungrouped.add(file)
            extra.update(dict.fromkeys(source.extra))
    if ungrouped and len(ungrouped) == len(after):
        raise _no_group(by, extra)
    return Change(before, after, len(ungrouped))


def _place(seed: int, identity: str) -> Fraction:
    digest = hashlib.sha256(f"{seed} {identity}".encode()).digest()
    return Fraction(int.from_bytes(digest), 1 << 256)


def _group(source: ListedSource, by: str) -> str:
    """The value of a property that groups a source, with its name; "" without one."""
    if by == "publisher":
        value: Any = source.stated_publisher
    elif by == "license":
        value = source.stated_license
    else:
        value = asdict(source)[by] if by in _GROUPING else source.extra.get(by)
    if value is None or value == ():
        return ""
    return f"{by} {orjson.dumps(value).decode()}"


def _no_group(by: str, extra: Iterable[str]) -> FormatError:
    known = dict.fromkeys((ALONE, *_GROUPING, *extra))
    if by in _GROUPING:
        return FormatError(f"{layout.SOURCES}: states no {by!r}; divide by another property")
    names = ", ".join(known)
    return FormatError(
        f"{layout.SOURCES}: no source has {by!r} in its `extra`{nearest(by, known)}; "
        f"texts can be grouped by {names}"
    )


def divide_corpus(root: Path, ratio: Ratio, seed: int, by: str, again: bool, write: bool) -> Change:
    """Divide the sources of a corpus root, as `divide`, and with `write` list their splits.

    Raises FormatError if the root has no list of sources, or a line of it is not valid.
    """
    if not (root / layout.SOURCES).is_file():
        raise FormatError(
            f"{root / layout.SOURCES}: no such file; it lists the texts, and `statevisit ingest` "
            "writes it"
        )
    if not write:
        return divide(listed_sources(root), ratio, seed, by, again)
    with files.locked(root):
        change = divide(listed_sources(root), ratio, seed, by, again)
        if change.changed:
            change_sources(root, lambda source: replace(source, split=change.after[source.file]))
    return change


class Lookup(Protocol):
    """The sources of a corpus by the names of their seeds, such as a dictionary of them."""

    def get(self, seed: str, /) -> ListedSource | None:
        """Return the source with a seed; None if none is listed."""


def split_of(document: Document, sources: Lookup) -> str:
    """Return the split of a document of a corpus with these sources."""
    source = sources.get(document.source.file)
    return TRAIN if source is None or source.split is None else source.split


def in_splits(stated: Iterable[str | None]) -> list[str]:
    """Return the names of the splits, in order, that sources state; none if no one states one."""
    names = set(stated)
    return in_order(name or TRAIN for name in names) if any(names) else []
