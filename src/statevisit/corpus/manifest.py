"""What readers of a corpus need of its manifest, `release.json`: the version and the digests."""

import re
from collections import Counter
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, ValidationError, convert

from statevisit import layout
from statevisit.document.codec import read_bytes
from statevisit.document.strict_json import parse
from statevisit.errors import FormatError
from statevisit.files import sha256_of

_NAME = re.compile(r"(?![A-Za-z]:)[^\x00-\x1f\x7f/\\]{1,255}")
"""A part of a path that is no drive; "." and ".." are excluded besides."""

_LONGEST_PATH = 1000
"""Characters of the longest path in a manifest."""


class ManifestFile(Struct, frozen=True):
    """A file of a release: its path below the root, its size in bytes, and its SHA-256."""

    path: str
    size: Annotated[int, Meta(ge=0, lt=2**53)]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Manifest(Struct, frozen=True):
    """The version of a corpus and the files that belong to it; `edition` if it is not the full."""

    version: str
    files: tuple[ManifestFile, ...]
    edition: object = None

    @property
    def digests(self) -> dict[str, str]:
        """The SHA-256 of each file by its path."""
        return {file.path: file.sha256 for file in self.files}


def read_manifest(root: Path) -> Manifest | None:
    """Return the manifest of a corpus root; None without one, and if it cannot be read."""
    path = root / layout.RELEASE
    return decoded(read_bytes(path), str(path)) if path.is_file() else None


def decoded(data: bytes, name: str) -> Manifest | None:
    """Return a manifest from its JSON; None if it is no manifest. `name` is for messages."""
    try:
        return parsed(data, name)
    except FormatError:
        return None


def parsed(data: bytes, name: str) -> Manifest:
    """Return a manifest from its JSON, which anybody may have written.

    Raises FormatError if it is no manifest, lists a file twice, or lists a path that does not lead
    to the same file below a root on every system.
    """
    try:
        manifest = convert(parse(data, name), Manifest)
    except ValidationError as error:
        raise FormatError(str(error)) from None
    for path, number in Counter(file.path for file in manifest.files).items():
        if not _is_below(path) or number > 1:
            raise FormatError(
                f"it lists {path[:100]!r}, which is not the path of one file of a release"
            )
    return manifest


def _is_below(path: str) -> bool:
    parts = path.split("/")
    if len(path) > _LONGEST_PATH or ".." in parts or "." in parts:
        return False
    return all(_NAME.fullmatch(part) for part in parts)


def first_differing(directory: Path, name: str, digests: dict[str, str]) -> str | None:
    """Return the first Parquet file that a directory holds otherwise than a manifest lists it.

    `name` is the path of the directory below the root, by which the files are listed. A file that
    only one of them has differs, too. None if all are the same.
    """
    below = f"{name}/"
    listed = {path: digest for path, digest in digests.items() if path.startswith(below)}
    paths = directory.rglob("*.parquet")
    files = {f"{below}{path.relative_to(directory).as_posix()}": path for path in paths}
    for path in sorted(files.keys() | listed):
        if path not in files or path not in listed or sha256_of(files[path]) != listed[path]:
            return path
    return None
