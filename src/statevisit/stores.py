"""Objects in stores that fsspec reaches: `s3://`, `gs://`, `hf://` and others.

A store holds objects by name, and no directories. Documents and Parquet stay there, and have a
StorePath; the few other files of a corpus root are copied (`corpus.copies`). universal_pathlib, a
pathlib for stores, would need no copies, but then nothing could use `os`. Endpoint and credentials
are those that fsspec finds in the environment and in its configuration files.

`file://` is a path of this machine, without fsspec.
"""

import errno
import hashlib
import io
import os
import re
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from statevisit.errors import FormatError, MissingExtra, StateVisitError

if sys.platform == "win32":
    from pathlib import WindowsPath as _Concrete
else:
    from pathlib import PosixPath as _Concrete

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

T = TypeVar("T")

_URL = re.compile(r"([a-z][a-z0-9]+):/+(.*)", re.DOTALL)
"""A URL; of the slashes after the colon, `Path` keeps one."""

_WEB = ("http", "https")

_WAITS = (1, 2, 4, 8)
"""Seconds before another attempt, after those that the library of the store makes by itself."""

_BUSY = {errno.EBUSY, getattr(errno, "EREMOTEIO", errno.EBUSY)}
"""What s3fs says for the statuses 503 and 500."""

_OF_THIS_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

_BUFFER = 65_536
"""Bytes that are read at once from an object that is read here and there."""

AT_ONCE = 16
"""Objects that are read here and there at the same time."""

_PIECE = 8_000_000
"""Bytes that are read at once from an object that is read as a whole."""


class StorePath(_Concrete):
    """The path of an object in a store; its string is the URL.

    It has the methods of `Path` that read, as far as they are defined here.
    """

    def __str__(self) -> str:
        protocol, *names = self.parts
        return f"{protocol}//{'/'.join(names)}" if protocol.endswith(":") else "/".join(self.parts)

    def absolute(self) -> "StorePath":
        """Return the path: it is absolute."""
        return self

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """Return mode and size. Raises what `size_of` raises."""
        return os.stat_result((stat.S_IFREG | 0o444, 0, 0, 1, 0, 0, size_of(self), 0, 0, 0))

    def open(self, mode: str = "rb", *_: Any, **__: Any) -> Any:
        """Return the object as a file that is read in ranges. Raises what `size_of` raises."""
        assert mode == "rb", mode
        return io.BufferedReader(_Object(self), _BUFFER)


class _Object(io.RawIOBase):
    """An object as a file."""

    def __init__(self, path: StorePath) -> None:
        self._path, self._size, self._place = path, size_of(path), 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = start + offset
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        end = min(self._place + len(view), self._size)
        if end <= self._place:
            return 0
        data = read(Span(self._path, self._place, end))
        view[: len(data)] = data
        self._place += len(data)
        return len(data)


class Span(NamedTuple):
    """Bytes `start` to `end` of an object."""

    path: StorePath
    start: int
    end: int


def path_of(path: Path | str) -> Path:
    """Return the path that a path or URL means: a StorePath for that of a store."""
    if isinstance(path, StorePath):
        return path
    match = _URL.fullmatch(path.as_posix() if isinstance(path, Path) else path)
    if match is None or match[1] in _WEB:
        return Path(path)
    protocol, rest = match.groups()
    if protocol == "file":
        from urllib.request import url2pathname

        return Path(url2pathname(f"/{rest}"))
    return StorePath(f"{protocol}:", rest)


def names(directory: Path) -> dict[str, int]:
    """Return the names in a directory, each with the size in bytes for that of a store, else 0.

    Raises OSError if there is no such directory, StateVisitError if the store cannot be read.
    """
    if not isinstance(directory, StorePath):
        return dict.fromkeys(os.listdir(directory), 0)
    system, name = _opened(directory)
    listed = _patiently(directory, lambda: system.ls(name, detail=True))
    infos = {info["name"].rstrip("/").rpartition("/")[2]: info["size"] or 0 for info in listed}
    infos.pop("", None)
    return infos


def found(directory: StorePath) -> list[str]:
    """Return the names of all objects below a directory, relative to it, sorted.

    Raises FormatError for a name that no file can have, StateVisitError if the store cannot be
    read.
    """
    system, name = _opened(directory)
    system.invalidate_cache()
    try:
        objects = _patiently(directory, lambda: system.find(name, detail=True))
    except FileNotFoundError:
        return []
    files = [info["name"] for info in objects.values() if info["type"] == "file"]
    below = [file.lstrip("/").removeprefix(f"{name}/") for file in files if file[-1:] != "/"]
    for file in below:
        parts = PurePosixPath(file).parts
        if ".." in parts or "\0" in file or "/".join(parts) != file:
            raise FormatError(f"{directory}: no file can have the name of the object {file!r}")
    return sorted(below)


def get(files: Mapping[Path, StorePath]) -> None:
    """Copy objects of one store to files of this machine, by the paths of these.

    Raises FileNotFoundError if one is gone, StateVisitError if the store cannot be read.
    """
    for directory in {file.parent for file in files}:
        directory.mkdir(parents=True, exist_ok=True)
    if files:
        first = next(iter(files.values()))
        system, _ = _opened(first)
        sources, targets = list(map(_name, files.values())), list(map(str, files))
        _patiently(first, lambda: system.get(sources, targets))


def size_of(path: StorePath) -> int:
    """Return the size of an object in bytes.

    Raises FileNotFoundError without one, StateVisitError if the store cannot be read.
    """
    system, name = _opened(path)
    size: int = _patiently(path, lambda: system.info(name)["size"])
    return size


def read(span: Span) -> bytes:
    """Return bytes of an object. Raises as `size_of`."""
    if span.start == span.end:
        return b""
    (data,) = read_spans([span])
    if isinstance(data, FileNotFoundError):
        raise data
    return data


def read_spans(spans: Sequence[Span]) -> list[bytes | FileNotFoundError]:
    """Return bytes of objects of one store, which are asked for at the same time.

    Raises StateVisitError if the store cannot be read.
    """
    if not spans:
        return []
    first = spans[0].path
    system, _ = _opened(first)
    names, starts, ends = zip(
        *((_name(path), start, end) for path, start, end in spans), strict=True
    )

    def step() -> list[bytes | FileNotFoundError]:
        answers = system.cat_ranges(list(names), list(starts), list(ends), on_error="return")
        for answer in answers:
            if isinstance(answer, Exception) and not isinstance(answer, FileNotFoundError):
                raise answer
        return list(answers)

    answers = _patiently(first, step)
    return [
        _lack(span.path) if isinstance(answer, FileNotFoundError) else answer
        for span, answer in zip(spans, answers, strict=True)
    ]


def digest(path: StorePath) -> tuple[int, str]:
    """Return the size of an object in bytes and its SHA-256. Raises as `size_of`."""
    size = size_of(path)
    sha256 = hashlib.sha256()
    for start in range(0, size, _PIECE):
        sha256.update(read(Span(path, start, min(start + _PIECE, size))))
    return size, sha256.hexdigest()


@contextmanager
def sent(path: StorePath) -> Iterator[Path]:
    """A path of this machine whose file becomes an object when the block succeeds.

    Raises StateVisitError if the store does not take it.
    """
    import tempfile  # which takes long

    with tempfile.TemporaryDirectory(prefix="statevisit-") as directory:
        waiting = Path(directory) / path.name
        yield waiting
        put(waiting, path)


def put(file: Path, path: StorePath) -> None:
    """Make a file of this machine an object. Raises StateVisitError if the store refuses it."""
    system, name = _opened(path)
    _patiently(path, lambda: system.put_file(str(file), name))


def copy(objects: Mapping[StorePath, StorePath]) -> None:
    """Copy objects within a store, by the paths that they get. Raises as `put`."""
    if not objects:
        return
    first = next(iter(objects))
    system, _ = _opened(first)
    sources, targets = [_name(path) for path in objects.values()], [_name(path) for path in objects]
    _patiently(first, lambda: system.copy(sources, targets))


def remove(paths: Sequence[StorePath]) -> None:
    """Remove objects of one store. Raises as `put`, FileNotFoundError if one is gone already."""
    if paths:
        system, _ = _opened(paths[0])
        _patiently(paths[0], lambda: system.rm(list(map(_name, paths))))


@contextmanager
def temporary(directory: StorePath) -> Iterator[StorePath]:
    """A place below a directory in which no object is left when the block ends."""
    place = directory / f".build-{os.urandom(8).hex()}"
    try:
        yield place
    finally:
        system, name = _opened(place)
        with suppress(FileNotFoundError):
            _patiently(place, lambda: system.rm(name, recursive=True))


def _name(path: StorePath) -> str:
    return "/".join(path.parts[1:])


def _opened(path: StorePath) -> tuple[Any, str]:
    """Return the file system of fsspec for a path, and the name of the object in it."""
    protocol = path.parts[0].removesuffix(":")
    try:
        import fsspec
        from fsspec.registry import known_implementations

        fsspec.get_filesystem_class(protocol)
    except ModuleNotFoundError:
        raise MissingExtra("fsspec") from None
    except ImportError:
        class_name: str = known_implementations[protocol]["class"]
        raise MissingExtra(class_name.partition(".")[0]) from None
    except ValueError:
        raise FormatError(f"{path}: fsspec knows no store of the kind {protocol}://") from None
    return _patiently(path, lambda: fsspec.filesystem(protocol)), _name(path)


def _patiently(path: StorePath, step: Callable[[], T]) -> T:
    """Return what a step returns, and repeat it while the store says that it is busy.

    Raises FileNotFoundError for an object that does not exist, OSError for a full disk,
    StateVisitError for any other failure, among which there are those that belong to no class.
    """
    for seconds in _WAITS:
        try:
            return step()
        except Exception as error:
            if not _passes(error):
                raise _failure(path, error) from None
        time.sleep(seconds)
    try:
        return step()
    except Exception as error:
        raise _failure(path, error) from None


def _passes(error: Exception) -> bool:
    is_broken = isinstance(error, ConnectionError | TimeoutError)
    return is_broken or (isinstance(error, OSError) and error.errno in _BUSY)


def _failure(path: StorePath, error: Exception) -> Exception:
    if isinstance(error, FileNotFoundError):
        return _lack(path)
    if isinstance(error, OSError) and error.errno in _OF_THIS_MACHINE:
        return error
    stated = getattr(error, "strerror", None) or str(error)
    reason = " ".join(stated.split()) or type(error).__name__
    if isinstance(error, PermissionError):
        return StateVisitError(f"{path}: the store refuses this: {reason}; check your credentials")
    if _passes(error):
        return StateVisitError(
            f"{path}: the store stays busy: {reason}; run the command again later"
        )
    return StateVisitError(f"{path}: the store cannot be used: {reason}")


def _lack(path: StorePath) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
