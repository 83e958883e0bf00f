"""Corpus roots in stores: copies of the few files beside the documents, on this machine.

Everything that reads those files then needs no store. What the user sees are the names in the
store.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from statevisit import files, layout, stores
from statevisit.document.codec import read_bytes
from statevisit.document.strict_json import Malformed
from statevisit.errors import FormatError, StateVisitError
from statevisit.findings import Finding
from statevisit.stores import Span, StorePath, path_of

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

COMMANDS = ("build", "validate")
"""The commands that work on a root in a store."""

_COPIED = ("schema/", "corpus/annotators/", "corpus/imported/")
"""Directories of a root that are copied; so are the files in the root itself and in `corpus/`."""


class _Copy(NamedTuple):
    """A root in a store whose files beside the documents are copied here.

    `everywhere` says whether tasks of other machines read them, too.
    """

    root: StorePath
    everywhere: bool


_copies: dict[Path, _Copy] = {}
"""The copies that this process has made, by their directories."""


def refuse(what: str, arguments: Iterable[str]) -> None:
    """Raise FormatError if an argument names a store: `what` works on files of this machine."""
    for argument in arguments:
        place = path_of(argument.rpartition("=")[2])
        if "://" in argument and isinstance(place, StorePath):
            raise FormatError(
                f"{place}: {what} works on files of this machine: copy the corpus root here, and "
                "back after a change"
            )


def at_hand(path: Path, *, seeds: bool = True, everywhere: bool = False) -> Path:
    """Return a path, or for that of a store a directory with the files beside the documents.

    The directory is a corpus root whose documents are in the store; it is removed when Python ends.

    Args:
        path: A corpus root, if it is in a store.
        seeds: Whether the seeds are copied, too, and not only their list.
        everywhere: Whether tasks of other machines read the seeds.

    Raises FormatError without documents in the store, MissingExtra, StateVisitError if the store
    cannot be read.
    """
    if not isinstance(path, StorePath):
        return path
    names = stores.found(path)
    if not any(name.startswith(f"{layout.DOCUMENTS}/") for name in names):
        problem = f"no {layout.DOCUMENTS}/ here" if names else "no such bucket or directory"
        raise FormatError(f"{path}: {problem}; name the corpus root, which holds corpus/")
    copy = Path(_directory().name, os.urandom(8).hex())
    (copy / layout.DOCUMENTS).mkdir(parents=True)
    stores.get({copy / name: path / name for name in names if _is_copied(name, seeds)})
    _copies[copy] = _Copy(path, everywhere)
    return copy


@cache
def _directory() -> "TemporaryDirectory[str]":
    """The directory of all copies, which is removed when Python ends."""
    from tempfile import TemporaryDirectory  # which takes long

    return TemporaryDirectory(prefix="statevisit-", ignore_cleanup_errors=True)


def forget(copy: Path) -> None:
    """Remove a directory that `at_hand` has made; do nothing with another path."""
    if _copies.pop(copy, None) is not None:
        import shutil  # which takes long

        shutil.rmtree(copy, ignore_errors=True)


def _is_copied(name: str, seeds: bool) -> bool:
    parts = name.split("/")
    if any(part.startswith(".") for part in parts):
        return False
    if name.startswith(f"{layout.SEEDS}/"):
        return seeds or name == layout.SOURCES
    return len(parts) == 1 or name.startswith(_COPIED) or parts[:-1] == ["corpus"]


def original(path: Path) -> Path:
    """Return the place in a store that a path below a copy of a root stands for, else the path."""
    for copy, of_store in _copies.items():
        if path.is_relative_to(copy):
            return of_store.root / path.relative_to(copy)
    return path


def for_tasks(path: Path) -> Path:
    """Return the path where tasks read a copied file: in the store if they run elsewhere, too."""
    is_elsewhere = any(c.everywhere and path.is_relative_to(copy) for copy, c in _copies.items())
    return original(path) if is_elsewhere else path


def read_copied(path: Path) -> bytes:
    """Return the bytes of the file at a path that `for_tasks` gives.

    Raises Malformed, a FormatError, if it cannot be read, StateVisitError if the store cannot.
    """
    if not isinstance(path, StorePath):
        return read_bytes(path, regular=True)
    try:
        size = stores.size_of(path)
        if size <= files.size_limit():
            return stores.read(Span(path, 0, size))
    except FileNotFoundError as error:
        raise Malformed(str(path), "E102", f"cannot be read: {error.strerror}") from None
    raise Malformed(str(path), "E102", files.beyond_limit("the file"))


def named(text: str) -> str:
    """Return a message that names files of copies as they are named in the store."""
    for copy, of_store in _copies.items():
        text = text.replace(str(copy), str(of_store.root))
    return text


def named_in(finding: Finding) -> Finding:
    """Return a finding that names files of copies as they are named in the store."""
    if not _copies:
        return finding
    return replace(finding, file=named(finding.file), message=named(finding.message))


@contextmanager
def borrowed(path: Path | str) -> Iterator[Path]:
    """A path or URL `at_hand` during the block, whose exceptions name files as in the store."""
    place = path_of(path)
    here = at_hand(place)
    try:
        yield here
    except StateVisitError as error:
        error.args = (named(str(error)),)
        error.findings = tuple(map(named_in, error.findings))
        raise
    finally:
        if here is not place:
            forget(here)
