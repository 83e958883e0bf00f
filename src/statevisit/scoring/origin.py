"""Where the data of a report come from: files, their hash, and the version they belong to."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from statevisit import layout
from statevisit.corpus.manifest import read_manifest
from statevisit.document.codec import encode
from statevisit.document.model import Document
from statevisit.files import sha256_of


class Origin(Struct, frozen=True, omit_defaults=True):
    """The files of one side of a report, so that others can tell whether they have the same.

    - `files`: their paths below the corpus root, outside of one their names; none for documents
      that were given as objects;
    - `sha256`: of one file its SHA-256, of several that of a line `<sha256><LF>` for each;
    - `content_sha256`: as in `release.json`, over the documents whatever the form of the files;
      absent for documents in part and for BIO;
    - `version`: that of the corpus if its manifest lists exactly these files.
    """

    files: Sequence[str] = ()
    sha256: str | None = None
    content_sha256: str | None = None
    version: str | None = None

    def __str__(self) -> str:
        parts = []
        if self.version:
            parts.append(f"version {self.version}")
        if self.content_sha256:
            parts.append(f"content {self.content_sha256[:_SHOWN]}")
        elif self.sha256:
            parts.append(f"sha256 {self.sha256[:_SHOWN]}")
        return ", ".join(parts) or "not from files"


_SHOWN = 12
"""The digits of a hash in a line of text; JSON has all 64."""


def origin(files: Sequence[Path], documents: Iterable[Document]) -> Origin:
    """Return the origin of what was read from files; `documents` if they hold whole documents."""
    whole = list(documents) if files else []
    return origin_of_files(files, digest_of(map(content_digest, whole)) if whole else None)


def origin_of_files(files: Sequence[Path], content_sha256: str | None) -> Origin:
    """Return the origin of what was read from files, given the hash of their documents."""
    if not files:
        return Origin()
    digests = [sha256_of(path) for path in files]
    root = layout.holding_root(files[0])
    names = [_name(path, root) for path in files]
    return Origin(
        files=names,
        sha256=digests[0] if len(digests) == 1 else digest_of(digests),
        content_sha256=content_sha256,
        version=None if root is None else _version(root, dict(zip(names, digests, strict=True))),
    )


def _name(path: Path, root: Path | None) -> str:
    """The path of a file below a corpus root, or its name."""
    path = path.absolute()
    if root is None or not path.is_relative_to(root):
        return path.name
    return path.relative_to(root).as_posix()


def content_digest(document: Document) -> str:
    """Return the digest of a document; those of all make what a manifest calls `content_sha256`."""
    return hashlib.sha256(encode(document)).hexdigest()


def digest_of(digests: Iterable[str]) -> str:
    """Return the digest of several, in their order."""
    return hashlib.sha256("".join(f"{digest}\n" for digest in digests).encode()).hexdigest()


def _version(root: Path, digests: Mapping[str, str]) -> str | None:
    """The version of a corpus if its manifest lists these files and no others beside them."""
    manifest = read_manifest(root)
    if manifest is None or not digests.items() <= manifest.digests.items():
        return None
    places = {str(Path(name).parent) for name in digests}
    beside = [name for name in manifest.digests if str(Path(name).parent) in places]
    return manifest.version if len(digests) in (1, len(beside)) else None


def cited(tool_version: str, sides: Iterable[tuple[str, Origin]]) -> str:
    """Return the line of a report that says what to cite: the tool, and the origin of each side."""
    parts = [f"statevisit {tool_version}", *(f"{name}: {side}" for name, side in sides)]
    return "; ".join(parts)
