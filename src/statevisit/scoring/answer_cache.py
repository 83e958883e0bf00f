"""What systems answered before, by the SHA-256 of everything that determines the answer."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import orjson
import platformdirs

from statevisit import files
from statevisit.document.strict_json import Json, JsonObject

PLACE_VARIABLE = "STATEVISIT_CACHE"
"""The environment variable of the directory that holds all caches of statevisit."""


def place() -> Path:
    """Return the directory of the answers: in STATEVISIT_CACHE, else in the user's cache."""
    cache = os.environ.get(PLACE_VARIABLE)
    parent = Path(cache) if cache else platformdirs.user_cache_path("statevisit", appauthor=False)
    return parent / "answers"


def key_of(determining: Json) -> str:
    """Return the SHA-256 of a JSON value, whatever the order of its members."""
    data = orjson.dumps(determining, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(data).hexdigest()


class Cache:
    """The answers of systems: `asked` were made anew, `known` were answered before.

    Without `directory` nothing is known, and nothing is kept.
    """

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self.asked = 0
        self.known = 0

    @classmethod
    def at_its_place(cls) -> Self:
        """Return the cache at `place`."""
        return cls(place())

    def read(self, key: str) -> JsonObject | None:
        """Return the answer under a key, or None; a file that is damaged holds none."""
        if self._directory is None:
            return None
        path = self._path(self._directory, f"{key}.json")
        try:
            answer = orjson.loads(path.read_bytes())
        except (FileNotFoundError, orjson.JSONDecodeError):
            return None
        return answer if isinstance(answer, dict) else None

    def write(self, key: str, answer: JsonObject) -> None:
        """Keep an answer under a key."""
        if self._directory is not None:
            files.write(self._path(self._directory, f"{key}.json"), orjson.dumps(answer))

    def directory(self, key: str) -> Path | None:
        """Return the directory of files under a key, or None if there is none."""
        if self._directory is None:
            return None
        path = self._path(self._directory, key)
        return path if path.is_dir() else None

    @contextmanager
    def appearing(self, key: str) -> Iterator[Path]:
        """A new directory, which is kept under a key if the block succeeds.

        `directory` returns it from then on; without a cache it lasts as long as the block.
        """
        if self._directory is None:
            with tempfile.TemporaryDirectory(prefix="statevisit-") as name:
                yield Path(name)
            return
        with files.appearing(self._path(self._directory, key)) as staging:
            yield staging

    @staticmethod
    def _path(directory: Path, name: str) -> Path:
        """The place of an entry, in one of 256 directories."""
        return directory / name[:2] / name
