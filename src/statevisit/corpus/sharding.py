"""Change the form of a corpus's documents: files `<id>.json` to shards, and back; copy a form."""

import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from itertools import groupby, islice
from pathlib import Path

from statevisit import files, layout
from statevisit.corpus.document_shards import is_shard, name_of, packed
from statevisit.corpus.reader import Corpus, Entry, load
from statevisit.document.codec import encode_value, read_bytes
from statevisit.document.strict_json import parse
from statevisit.errors import FormatError

DOCUMENTS = 1000
"""Documents of one shard, unless a number is given."""

_STAGING = ".documents."
"""The start of the name of a temporary directory in `corpus/`, on the same file system."""

_OLD = "old"


def shard(root: Path, documents: int = DOCUMENTS) -> tuple[int, list[str]]:
    """Put the documents of a corpus root into shards of `documents` each, sorted by id.

    The number holds for the last shard too if that is full. The bytes depend on the documents, the
    number and the version of zstd only. Returns the number of documents and the names of the
    shards. Raises FormatError, and changes nothing, for a document that would not come back byte
    for byte; MissingExtra without pyarrow.
    """
    with files.locked(root):
        corpus = _corpus(root)
        names: list[str] = []
        with replacing_documents(root, {path.name for path in corpus.files()}) as staging:
            ids = iter(sorted(corpus.ids))
            while part := list(islice(ids, documents)):
                names.append(name_of(len(names)))
                pieces = packed((name, _line(name, corpus.entry(name))) for name in part)
                with files.replacing(staging / names[-1]) as path, path.open("wb") as file:
                    file.writelines(pieces)
    return len(corpus.ids), names


def unshard(root: Path) -> int:
    """Give each document of a corpus root a file `<id>.json`; return the number of documents.

    Raises FormatError, and changes nothing, for a document that cannot be read.
    """
    with files.locked(root):
        corpus = _corpus(root)
        with replacing_documents(root, {path.name for path in corpus.files()}) as staging:
            for document_id in corpus.ids:
                if reason := layout.unportable(f"{document_id}.json"):
                    raise FormatError(f"{document_id!r}: cannot be the name of a file: {reason}")
                line = _line(document_id, corpus.entry(document_id))
                files.write(staging / f"{document_id}.json", encode_value(parse(line)))
    return len(corpus.ids)


def _corpus(root: Path) -> Corpus:
    """The corpus of a root. Raises FormatError if other files lie among its documents."""
    files.own_path(root, layout.FIRST_SHARD)  # whose directory must not be a link
    for name in sorted(os.listdir(root / layout.DOCUMENTS)):
        is_documents = name.endswith(".json") or is_shard(name) or name.startswith(".")
        path = files.own_path(root, f"{layout.DOCUMENTS}/{name}")
        if not is_documents:
            raise FormatError(f"{path}: is no document; move it elsewhere")
    return load(root)


def _line(document_id: str, entry: Entry) -> bytes:
    """The line of a document in a shard. Raises FormatError if it would not come back the same."""
    data = entry.bytes()
    value = parse(data, entry.name)
    if not isinstance(value, dict) or value.get("id") != document_id:
        raise FormatError(
            f"{entry.name}: does not hold the document {document_id!r}; correct its id first"
        )
    canonical = encode_value(value)
    line = line_of(canonical)
    if data != (canonical if entry.is_file else line):
        raise FormatError(
            f"{entry.name}: is not laid out as statevisit writes documents, and would not come "
            "back the same; run `statevisit validate --fix` first"
        )
    return line


def line_of(canonical: bytes) -> bytes:
    """Return the line of a document in a shard, from its canonical form."""
    return canonical.replace(b"\n", b"") + b"\n"


@contextmanager
def replacing_documents(root: Path, old: Set[str]) -> Iterator[Path]:
    """A directory that takes the place of that of the documents when the block succeeds.

    `old` are the names of the files that vanish; other files beside the documents are kept. The
    directories are exchanged in one step on Linux, elsewhere in two. A process that is killed
    between the two leaves no `corpus/documents`, so that nothing can be read from a half of the
    change; `recover` brings it back.
    """
    directory = root / layout.DOCUMENTS
    for left in directory.parent.glob(f"{_STAGING}*"):
        shutil.rmtree(left)  # of a process that was killed: the lock is ours
    with tempfile.TemporaryDirectory(prefix=_STAGING, dir=directory.parent) as name:
        staging = Path(name) / "new"
        staging.mkdir()
        yield staging
        for path in directory.iterdir():
            if path.name not in old:
                files.write(staging / path.name, read_bytes(path, regular=True))
        staging.chmod(directory.stat().st_mode)
        _exchange(staging, directory)


def _exchange(new: Path, old: Path) -> None:
    """Exchange two directories of one file system: in one step on Linux, elsewhere in two.

    A process that is killed between the two leaves `old` beside `new`; `recover` brings it back.
    """
    if sys.platform == "linux" and _exchanged(new, old):
        return
    kept = new.parent / _OLD
    old.replace(kept)
    try:
        new.replace(old)
    except BaseException:
        kept.replace(old)
        raise


def _exchanged(new: Path, old: Path) -> bool:
    """Exchange two paths by renameat2(2). False where the system or the file system has it not."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    at_current_directory, exchange = -100, 2
    return bool(
        rename(
            at_current_directory,
            os.fsencode(new),
            at_current_directory,
            os.fsencode(old),
            exchange,
        )
        == 0
    )


def recover(root: Path) -> None:
    """Bring back the documents of a root where a process was killed between two renames."""
    directory = root / layout.DOCUMENTS
    if not directory.exists() and directory.parent.is_dir():
        for kept in directory.parent.glob(f"{_STAGING}*/{_OLD}"):
            kept.replace(directory)
            return


def write_in_form(
    entries: Iterable[Entry], target: Path, documents: Iterable[tuple[str, bytes]]
) -> None:
    """Write documents to a new root, in files or shards as those are from which they were made.

    `entries` are the places of those, `documents` the ids and the canonical bytes in the same
    order. A shard has the name, and the number of documents, of the one that it is made from.
    """
    remaining = iter(documents)
    for path, of_path in groupby(entries, key=lambda entry: entry.path):
        some = islice(remaining, sum(1 for _ in of_path))
        copy = target / layout.DOCUMENTS / path.name
        if is_shard(path.name):
            pieces = packed((document_id, line_of(data)) for document_id, data in some)
            with files.replacing(copy) as temporary, temporary.open("wb") as file:
                file.writelines(pieces)
        else:
            for _, data in some:
                files.write(copy, data)
