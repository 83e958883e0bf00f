"""How files are written, moved and removed: whole or not at all, and never through a link.

A file is read up to a limit, since a small compressed file or a device can hold endlessly many
bytes.

Below a corpus root, a path that is written, copied or published leads through no link, to a regular
file or to nothing. The root itself may be reached through links. An output that a user names
outside of a root may lie anywhere, but a link in its place is refused: replacing it would destroy
the link, and following it would destroy what it leads to.
"""

import errno
import hashlib
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from statevisit import layout
from statevisit.errors import FormatError, ReleaseError

_BUILT = {layout.PARQUET: (".parquet",)}
"""The directory of a build, and the suffixes of the files that `load_dataset` reads from it."""

SIZE_VARIABLE = "STATEVISIT_MAX_MB"
"""The environment variable that sets the limit of `size_limit`, in megabytes."""

_DEFAULT_MB = 128

_DESCRIPTOR = re.compile(r"/dev/(stdout|stderr|fd/[0-9]+)|/proc/self/fd/[0-9]+")
"""Links of the system to what a process has opened already."""


def size_limit() -> int:
    """Return the most bytes that a document, a line or another file read at once may have.

    128 MB, or the number of megabytes in STATEVISIT_MAX_MB. Raises FormatError if that is not a
    number.
    """
    stated = os.environ.get(SIZE_VARIABLE, "")
    if not stated:
        return _DEFAULT_MB * 1_000_000
    if not re.fullmatch("[0-9]{1,9}", stated) or int(stated) == 0:
        raise FormatError(
            f"{SIZE_VARIABLE} is {stated[:60]!r}; it must be a number of megabytes, such as 512"
        )
    return int(stated) * 1_000_000


def beyond_limit(what: str, times: int = 1) -> str:
    """Return the message for something that has more bytes than `times` the `size_limit`."""
    megabytes = times * size_limit() // 1_000_000
    return (
        f"{what} is larger than {megabytes:,} MB, and is not read; split it, "
        f"or set {SIZE_VARIABLE} to more megabytes"
    )


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def own_path(root: Path, name: str) -> Path:
    """The path of the file `name`, relative with `/`, below `root`; the file need not exist.

    Raises FormatError if the name leads out of the root, if the path leads through a link, or if
    something other than a regular file has this path.
    """
    relative = Path(name)
    if relative.anchor or not relative.parts or ".." in relative.parts or "\0" in name:
        raise FormatError(f"{name!r}: is not the name of a file below {root}; correct it")
    _check(root, relative.parts)
    return root / relative


def _check(root: Path, parts: tuple[str, ...]) -> None:
    """Raise FormatError unless directories lead from `root` to a regular file or to nothing."""
    path = root
    for number, part in enumerate(parts, 1):
        path = path / part
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            return
        if stat.S_ISLNK(mode):
            raise FormatError(_link(path))
        if number < len(parts) and not stat.S_ISDIR(mode):
            raise FormatError(f"{path}: a directory is needed here; move this file elsewhere")
        if number == len(parts) and not stat.S_ISREG(mode):
            raise FormatError(f"{path}: is not a regular file; move it elsewhere")


def _link(path: Path) -> str:
    return (
        f"{path}: is a link to {os.readlink(path)}, and files are not written, copied or published"
        " through links; replace the link by its target"
    )


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path that replaces `path` when the block succeeds, and vanishes otherwise.

    The bytes for a pipe, a terminal or /dev/null are written to it at the end instead. Raises
    FormatError for a link and for a path below a corpus root that leads through one, OSError that
    names `path`, not the temporary one.
    """
    if is_stream(path):
        with _collected(path) as waiting:
            yield waiting
        return
    check_output(path)
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        yield temporary
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, str(temporary)):
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


@contextmanager
def _collected(stream: Path) -> Iterator[Path]:
    """A temporary path whose bytes go to a pipe or device when the block succeeds."""
    import shutil  # with tempfile, it takes a third as long to import as Python takes to start
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        waiting = Path(directory) / "output"
        yield waiting
        with waiting.open("rb") as source, stream.open("ab") as sink:
            shutil.copyfileobj(source, sink)


def is_stream(path: Path) -> bool:
    """Whether a path is a pipe or a character device, which takes bytes and cannot be replaced."""
    if _DESCRIPTOR.fullmatch(str(path)):
        return True
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def check_output(path: Path) -> None:
    """Raise FormatError for a path that `write` refuses.

    That is a link, anything else that is not a regular file, and a path that leads through a link
    below a corpus root.
    """
    if path.is_dir() and not path.is_symlink():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    root = layout.holding_root(path)
    if root is not None:
        _check(root, path.absolute().relative_to(root).parts)
        layout.refuse_mixture(path)
    else:
        _check(path.parent, (path.name,))


def write(path: Path, data: bytes) -> None:
    """Write a file that appears whole or not at all; raises what `replacing` raises."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


@contextmanager
def locked(root: Path, name: str = f"{layout.SEEDS}/.lock") -> Iterator[None]:
    """Keep other processes from changing the lists of a corpus root during the block.

    Waits while another process does this. The lock ends with its process, however that ends; the
    file `name` that stands for it is removed. Raises what `own_path` raises.
    """
    path = own_path(root, name)
    descriptor = _locked_file(path)
    try:
        yield
    finally:
        with suppress(OSError):  # Windows keeps an open file
            path.unlink()
        os.close(descriptor)


def _locked_file(path: Path) -> int:
    """Open a file and lock it; return its descriptor. The file is made if it is missing."""
    while True:
        with suppress(FileNotFoundError):  # the process that had the lock removed the file
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
            try:
                _lock(descriptor)
                if os.path.samestat(os.fstat(descriptor), path.stat()):
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Lock a file, waiting for other processes; do nothing on a file system without locks."""
    if sys.platform == "win32":
        import msvcrt

        while True:
            with suppress(OSError):  # another process had the lock for ten seconds
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
                return
    else:
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in (errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK):
                raise


def remove(root: Path, name: str) -> None:
    """Remove a file below a root, unless it is gone already; raises what `own_path` raises."""
    own_path(root, name).unlink(missing_ok=True)


def holds(path: Path, data: bytes) -> bool:
    """Whether a path is a file, or a link to one, with these bytes."""
    return path.is_file() and path.read_bytes() == data


def update(path: Path, data: bytes) -> None:
    """Write a file as `write` does, unless it already holds these bytes."""
    if not holds(path, data):
        write(path, data)


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """A temporary directory that becomes `target` when the block succeeds, and vanishes otherwise.

    Raises FormatError where `target` exists and is not an empty directory.
    """
    import tempfile

    if target.is_symlink() and not target.exists():
        raise FormatError(f"{target}: is a link that leads nowhere; name a new directory")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FormatError(f"{target}: exists already and is not empty; name a new directory")
    place = target.resolve()  # the directory itself may be reached through a link
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{place.name}.", dir=place.parent) as name:
        staging = Path(name) / "new"
        staging.mkdir()
        yield staging
        staging.replace(place)


class Head(bytes):
    """The first part of a file, which is left out where other parts of the file precede it."""


def write_parts(directory: Path, parts: Iterable[tuple[str, bytes]]) -> list[str]:
    """Write files into a new directory, (name, next part of its content) by part.

    Returns the names, sorted. One file is open at a time.
    """
    names: set[str] = set()
    for name, content in parts:
        if isinstance(content, Head) and name in names:
            continue
        names.add(name)
        with (directory / name).open("ab") as stream:
            stream.write(content)
    return sorted(names)


class Renewal:
    """The changes that a build makes below a root: it adds staged files and removes outdated ones.

    A file is outdated if the manifest of the previous build lists it, it is unchanged since, and
    this build does not have it.
    """

    def __init__(
        self,
        root: Path,
        staged: Mapping[str, Path],
        listed: Mapping[str, str],
        read: Mapping[str, tuple[str, ...]] = _BUILT,
    ) -> None:
        """Compare, and change nothing.

        `staged`: the new files, by their names below `root`. `listed`: the SHA-256 of the files
        that the build before wrote and that this one may remove. `read`: directories, and the
        suffixes of the files that are read from them as part of the build. Raises FormatError where
        one of these paths leads through a link.
        """
        self._root, self._staged, self._listed = root, staged, listed
        self._states = [(name, self._state(name)) for name in staged]
        old = [name for name in listed if name not in staged]
        present = [name for name in old if self._exists(name)]
        self._stale = sorted(name for name in present if self._as_listed(name))
        self._edited = sorted(set(present) - set(self._stale))
        known = {*staged, *listed}
        self._foreign = [name for name in self._data_files(read) if name not in known]

    def _state(self, name: str) -> str:
        if not self._exists(name):
            return "missing"
        return "current" if self._sha256(name) == sha256_of(self._staged[name]) else "differs"

    def _as_listed(self, name: str) -> bool:
        """Whether a file is the one that the manifest of the build before lists."""
        return self._sha256(name) == self._listed.get(name)

    def _exists(self, name: str) -> bool:
        return own_path(self._root, name).exists()

    def _sha256(self, name: str) -> str:
        return sha256_of(self._root / name)

    def _data_files(self, read: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
        """The files with a suffix below directories of the root, and links to directories."""
        for directory, suffixes in read.items():
            if (self._root / directory).is_symlink():
                yield directory
                continue
            for place, directories, names in os.walk(self._root / directory):
                directories[:] = sorted(name for name in directories if not name.startswith("."))
                links = [name for name in directories if (Path(place) / name).is_symlink()]
                data = [n for n in sorted(names) if n.endswith(suffixes) and not n.startswith(".")]
                for name in (*links, *data):
                    yield (Path(place) / name).relative_to(self._root).as_posix()

    def states(self) -> list[tuple[str, str]]:
        """The name of every file, with "current", "differs", "missing" or "foreign"."""
        others = sorted({*self._stale, *self._edited, *self._foreign})
        return [*self._states, *((name, "foreign") for name in others)]

    def refuse_edited(self) -> None:
        """Raise ReleaseError if a staged file would replace one that differs from the manifest."""
        self._refuse(
            [
                name
                for name, state in self._states
                if state == "differs" and name != layout.RELEASE and not self._as_listed(name)
            ],
            f"is not as {layout.RELEASE} lists it, and would be replaced",
        )

    def apply(self) -> list[tuple[str, str]]:
        """Make the changes, the manifest last, and return every file name with its result.

        The result is "current", "written" or "removed".

        Raises ReleaseError, and changes nothing, if an outdated file was changed since it was
        listed, or if a file that no build wrote would be read as part of this one.
        """
        self._refuse(self._edited, f"is not as {layout.RELEASE} lists it, and would be removed")
        self._refuse(self._foreign, "is not a file of this build, but would be read as part of it")
        changed = [name for name, state in self._states if state != "current"]
        self._place([name for name in changed if name != layout.RELEASE])
        self._remove(self._stale)
        self._place([name for name in changed if name == layout.RELEASE])  # it vouches for others
        written = [(n, "current" if state == "current" else "written") for n, state in self._states]
        return [*written, *((name, "removed") for name in self._stale)]

    def _refuse(self, names: list[str], why: str) -> None:
        if names:
            more = f" (and {len(names) - 1} more)" if names[1:] else ""
            raise ReleaseError(
                f"{self._root / names[0]}: {why}; nothing was changed: move it elsewhere{more}"
            )

    def _place(self, names: Iterable[str]) -> None:
        for name in names:
            target = own_path(self._root, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            self._staged[name].replace(target)

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            path = own_path(self._root, name)
            path.unlink()
            with suppress(OSError):  # not empty
                path.parent.rmdir()  # such as a config that is gone
