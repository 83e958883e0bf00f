"""Dictionaries of any size in bounded memory: what is too much for it lies in a temporary file.

The file is SQLite's private temporary database, which no other process can open and the system
removes, even if the process is killed. Its pages stay in memory until its cache is full. DuckDB is
slow at single rows and an optional package; sorted runs answer only when the last key is in.
"""

import os
import pickle
import weakref
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar

from statevisit.errors import FormatError

if TYPE_CHECKING:
    import sqlite3

V = TypeVar("V")

FEW = 1_000
"""Values of a dictionary that need no database, whose import takes milliseconds."""

CACHE = 8
"""Megabytes of the database that are in memory."""

_BEGIN = f"""
    PRAGMA cache_size = -{CACHE * 1_000};
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE kept (
        dictionary INTEGER, key, value BLOB, PRIMARY KEY (dictionary, key)
    ) WITHOUT ROWID;
    BEGIN;
"""
"""The transaction never ends: nobody reads the database later."""


class Store:
    """The database of some dictionaries. It is removed with the last of them."""

    def __init__(self) -> None:
        self._connection: sqlite3.Connection | None = None
        self._dictionaries = 0

    def dictionary(self) -> "SpillingDict[Any]":
        """Return a new dictionary."""
        self._dictionaries += 1
        return SpillingDict(self, self._dictionaries)

    def execute(self, statement: str, values: tuple[Any, ...]) -> Any:
        """Execute a statement and return the first column of its first row, if any.

        Raises FormatError if the file cannot be written.
        """
        import sqlite3

        try:
            if self._connection is None:
                # The caller may go on in another thread, but never in two at once.
                connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
                weakref.finalize(self, connection.close)
                connection.executescript(_BEGIN)
                self._connection = connection
            row = self._connection.execute(statement, values).fetchone()
        except sqlite3.OperationalError as error:
            raise unwritable(error, _directory()) from None
        return row and row[0]


class SpillingDict(Generic[V]):
    """Values by key, of which the first few are in memory; the keys are strings or bytes.

    A value that was changed must be set again. In the file values are pickled, since names of files
    may hold bytes that are not UTF-8.
    """

    def __init__(self, store: Store, number: int) -> None:
        self._store, self._number = store, number
        self._few: dict[str | bytes, V] = {}

    def get(self, key: str | bytes) -> V | None:
        """Return the value of a key; None without one."""
        if key in self._few or len(self._few) < FEW:
            return self._few.get(key)
        select = "SELECT value FROM kept WHERE dictionary = ? AND key = ?"
        stored = self._store.execute(select, (self._number, key))
        value: V | None = None if stored is None else pickle.loads(stored)
        return value

    def __setitem__(self, key: str | bytes, value: V) -> None:
        if key in self._few or len(self._few) < FEW:
            self._few[key] = value
            return
        insert = "INSERT OR REPLACE INTO kept VALUES (?, ?, ?)"
        self._store.execute(insert, (self._number, key, pickle.dumps(value)))

    def setdefault(self, key: str | bytes, value: V) -> V:
        """Return the value of a key, which is the given one if it had none."""
        known = self.get(key)
        if known is None:
            self[key] = value
            return value
        return known


def temporary_file(buffering: int = -1) -> IO[bytes]:
    """Return a new file without a name, which vanishes when it is closed.

    `buffering` is that of `open`. Raises FormatError if it cannot be made.
    """
    from tempfile import TemporaryFile  # which takes long

    try:
        return TemporaryFile(buffering=buffering)
    except OSError as error:
        raise unwritable(error.strerror) from None


def unwritable(reason: object, directory: str = "") -> FormatError:
    """Return the error for a temporary file that cannot be written.

    `directory` is by default that of Python's temporary files.
    """
    from tempfile import gettempdir

    return FormatError(
        f"{directory or gettempdir()}: a temporary file cannot be written there ({reason}); "
        "free space, or name a directory with room in TMPDIR"
    )


def _directory() -> str:
    """The directory of SQLite's temporary files (sqlite.org/tempfiles.html, section 5).

    "" if none of those can be written.
    """
    named = (os.environ.get("SQLITE_TMPDIR"), os.environ.get("TMPDIR"))
    for directory in (*named, "/var/tmp", "/usr/tmp", "/tmp"):
        if directory and os.access(directory, os.W_OK | os.X_OK):
            return directory
    return ""
