"""The documents of one split, for a score or an agreement of these only."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from statevisit import layout
from statevisit.corpus.reader import Corpus
from statevisit.corpus.source_lookup import Sources, lookup
from statevisit.corpus.splits import TRAIN, split_of
from statevisit.document.model import Document
from statevisit.errors import FormatError
from statevisit.scoring.read import Source

IsIncluded = Callable[[Document], bool]
"""Tells whether a document counts."""


def included(source: Source, split: str | None, everywhere: bool = False) -> IsIncluded:
    """Return what tells whether a document is in a split of the corpus that holds a source.

    It can be sent to another process and, with `everywhere`, to another machine. Without a split
    every document is included. Raises FormatError if the source is in no corpus root, and if the
    corpus has no such split.
    """
    if split is None:
        return _in_any
    path = source.path if isinstance(source, Corpus) else source
    if not isinstance(path, str | Path):
        raise FormatError(f"split {split!r}: documents in memory are in no split; select them")
    root = layout.enclosing_root(Path(path)) or layout.holding_root(Path(path))
    if root is None:
        raise FormatError(
            f"{path}: is not in a corpus, whose {layout.SOURCES} would state the splits"
        )
    sources = lookup(root, everywhere=everywhere)
    known = sources.splits or [TRAIN]
    if split not in known:
        names = ", ".join(known)
        raise FormatError(f"{root / layout.SOURCES}: no split {split!r}; the corpus has {names}")
    return partial(_in_split, split=split, sources=sources)


def _in_any(_: Document) -> bool:
    return True


def _in_split(document: Document, split: str, sources: Sources) -> bool:
    return split_of(document, sources) == split


def part_of(documents: Mapping[str, Document], is_included: IsIncluded) -> dict[str, Document]:
    """Return the included documents by id. Raises FormatError if there are none."""
    part = {name: document for name, document in documents.items() if is_included(document)}
    if not part:
        raise FormatError("no gold document is in the split: nothing to score against")
    return part
