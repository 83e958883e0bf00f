"""The finished shards of a build that was stopped, which the next build takes over.

A build works in one directory of its root. If it is stopped (Ctrl-C, a full disk, a machine that
goes), the directory stays, with the result of each shard that was finished; the next build converts
the others. A result counts only if all it depends on is the same, to the byte: times of files,
which a clock may set back, do not matter.

This is apart from `build_task`, where a result depends on the task alone, and from `build`, which
collects results without regard to where they come from. `build --check` has no part in this.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from statevisit import files
from statevisit.corpus.reader import Entry
from statevisit.corpus.source_lookup import Sources
from statevisit.document.scheme import Scheme
from statevisit.errors import FormatError, ReleaseError
from statevisit.publishing.build_task import (
    ShardResult,
    Task,
    build_shard,
    read_document,
    read_result,
)
from statevisit.publishing.shards import Shard

STAGING = "corpus/.build-staging"
"""The directory in which a build works; Git ignores it."""

_RESULTS = "results"
_FINGERPRINT = "fingerprint"
_DIGEST = hashlib.sha256().digest_size


@contextmanager
def staging(root: Path) -> Iterator[Path]:
    """The directory in which a build works, which vanishes with the `with` block.

    After an exception it stays if shards are finished, unless the exception says that files of the
    corpus are wrong. Another build of the root waits for this one.
    """
    directory = root / STAGING
    keep = False
    try:
        with files.locked(root, f"{STAGING}/.lock"):
            try:
                yield directory
            except BaseException as error:
                keep = count(root) > 0 and not isinstance(error, FormatError | ReleaseError)
                raise
            finally:
                if not keep:
                    _clear(directory)
    finally:
        with suppress(OSError):  # it is not empty
            directory.rmdir()


def count(root: Path) -> int:
    """Return the number of finished shards of a build that was stopped."""
    results = root / STAGING / _RESULTS
    return sum(not name.startswith(".") for name in os.listdir(results)) if results.is_dir() else 0


def prepare(directory: Path, task: Task) -> None:
    """Empty a directory of `staging` unless it is of a build with the same task and software."""
    fingerprint = _fingerprint(task)
    if not files.holds(directory / _FINGERPRINT, fingerprint):
        _clear(directory, task.sources.path.name)
        files.write(directory / ".gitignore", b"*\n")
        files.write(directory / _FINGERPRINT, fingerprint)


def build_missing(shard: Shard, task: Task, directory: Path) -> bytes:
    """Return what `build_shard` returns: the result in a directory of `staging`, or a new one.

    A new one is kept if there are no findings. Its key is that of the bytes that were converted: a
    document is read once.
    """
    path = directory / _RESULTS / Path(shard.name).stem
    if path.exists():
        result = _kept(path, shard)
        if result is not None and _is_intact(read_result(result), task):
            return result
    key = _Key(shard)
    result = build_shard(shard, task, key.add)
    if read_result(result).files:
        files.write(path, hashlib.sha256(key.digest() + result).digest() + result)
    return result


def _clear(directory: Path, *kept: str) -> None:
    """Remove everything in a directory but the file of the lock, and those to be kept."""
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name not in (".lock", *kept):
            path.unlink()


def _fingerprint(task: Task) -> bytes:
    """Return a digest of all that the results depend on beside documents and seeds.

    These are the task, the code of this package, Python and all installed packages.
    """
    from statevisit.corpus import on_ray  # imported only where a build can be resumed

    digest = hashlib.sha256(sys.version.encode())
    packages: set[str] = set()
    for directory in sys.path:
        with suppress(OSError):
            packages.update(os.listdir(directory or "."))
    installed = sorted(name for name in packages if name.endswith((".dist-info", ".egg-info")))
    digest.update(repr(installed).encode())
    digest.update(repr(on_ray.versions()).encode())
    shared = replace(task, folder=Path(), context=replace(task.context, seeds=None))
    encoder = msgspec.json.Encoder(enc_hook=_plain, order="deterministic")
    digest.update(encoder.encode(shared))
    return digest.hexdigest().encode()


def _plain(value: Any) -> Any:
    """Return a value for JSON from one of a task."""
    if isinstance(value, Scheme):
        return [value.edition, value.value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Sources):
        return value.digest
    raise NotImplementedError(type(value).__name__)


class _Key:
    """A digest of a shard and of those of its documents, which are added in their order."""

    def __init__(self, shard: Shard) -> None:
        self._sha256 = hashlib.sha256(repr((shard.split, shard.name, shard.positions)).encode())

    def add(self, entry: Entry, digest: str) -> None:
        """Add a document, the SHA-256 of whose bytes is `digest`."""
        self._sha256.update(repr((entry.path.name, entry.id, digest)).encode())

    def digest(self) -> bytes:
        """Return the digest."""
        return self._sha256.digest()


def _kept(path: Path, shard: Shard) -> bytes | None:
    """Return the result in a file; None if it is of other documents, or was not written whole."""
    key = _Key(shard)
    try:
        data = path.read_bytes()
        for entry in shard.entries:
            key.add(entry, hashlib.sha256(entry.bytes()).hexdigest())
    except (OSError, FormatError):  # a document that cannot be read is a finding
        return None
    result = data[_DIGEST:]
    is_same = data[:_DIGEST] == hashlib.sha256(key.digest() + result).digest()
    return result if is_same else None


def _is_intact(result: ShardResult, task: Task) -> bool:
    """Whether the files of a result are there, and the seeds are those that were checked."""
    expected = {
        task.folder / config / result.name: file.sha256 for config, file in result.files.items()
    }
    if task.context.seeds is not None:
        for document in map(read_document, result.documents.values()):
            if document.facts is not None:  # and it has the seed that it states (E202)
                expected[task.context.seeds / document.facts.seed] = document.facts.sha256
    try:
        return all(files.sha256_of(path) == sha256 for path, sha256 in expected.items())
    except OSError:
        return False
