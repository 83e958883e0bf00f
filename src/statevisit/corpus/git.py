"""Earlier releases in the history of a git checkout.

The commit of a release is that of its tag `vX.Y.Z` or, if tags were not fetched, the first commit
whose `release.json` states the version.
"""

import os
import re
import shutil
import subprocess
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from statevisit import layout
from statevisit.corpus.manifest import Manifest, decoded
from statevisit.corpus.reader import Corpus, load
from statevisit.errors import ReleaseError

VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)
Version = tuple[int, int, int]

FIRST_VERSION = "0.1.0"
"""The version of a corpus that states none."""

_AT_ONCE = 64
"""Files that one process of git reads: they are in memory together."""


def numbers(version: str) -> Version:
    """Return a version as three numbers. Raises ReleaseError if it is not a version."""
    match = VERSION.fullmatch(version)
    if match is None:
        raise ReleaseError(
            f"{version!r} is not a version; a version is three numbers, such as 1.0.0"
        )
    return int(match[1]), int(match[2]), int(match[3])


def git(root: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
    """Run git in `root` and return its output. Raises ReleaseError with git's message."""
    try:
        with subprocess.Popen(
            ["git", "-C", str(root), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"LC_ALL": "C"},
        ) as process:
            output, errors = process.communicate(stdin)
    except OSError as error:
        raise ReleaseError(f"git cannot be run: {error.strerror}; install it") from None
    if process.returncode:
        reason = _reason(errors or output, process.returncode)
        raise ReleaseError(f"{root}: git {arguments[0]} failed: {reason}")
    return output


def _reason(errors: bytes, status: int) -> str:
    """Return git's error message on one line; of a long one, the first and the last line."""
    lines = errors.decode(errors="replace").strip().splitlines()
    if not lines and status < 0:
        return f"it was killed by signal {-status}"
    if not lines:
        return f"status {status}"
    if len(lines) > 3:
        lines = [lines[0], f"{len(lines) - 2} more", lines[-1]]
    return "; ".join(lines)


def line(root: Path, *arguments: str) -> str:
    """Run git in `root` and return its output as text, without white space around it."""
    return git(root, *arguments).decode().strip()


def in_git(root: Path) -> bool:
    """Whether a corpus root lies in a git checkout that has commits."""
    try:
        return bool(line(root, "rev-parse", "--verify", "HEAD"))
    except ReleaseError:
        return False


def resolve(root: Path, revision: str) -> str | None:
    """Return the commit of a revision; None if git does not know it."""
    commit = f"{revision}^{{commit}}"
    try:
        return line(root, "rev-parse", "--verify", "--quiet", "--end-of-options", commit)
    except ReleaseError:
        return None


def tags(root: Path) -> list[str]:
    """Return the versions that are tagged on HEAD or its ancestors, the newest first."""
    names = line(root, "tag", "--list", "v*", "--merged", "HEAD").split()
    versions = [name.removeprefix("v") for name in names]
    return sorted(filter(VERSION.fullmatch, versions), key=numbers, reverse=True)


def commit_of(root: Path, version: str) -> str | None:
    """Return the commit of a release; None if the history does not hold it.

    A tag counts only if `release.json` states its version there: the checkout around the corpus
    root may be of another project, with tags of its own.
    """
    tag = f"refs/tags/v{version}"
    if version_at(root, tag) == version:
        return resolve(root, tag)
    pattern = f'-G"version": *"{re.escape(version)}"'
    commits = line(root, "log", "--format=%H", "--reverse", pattern, "--", layout.RELEASE)
    for commit in commits.split():
        if version_at(root, commit) == version:
            return commit
    return None


def is_released(root: Path, version: str) -> bool:
    """Whether a version that the history states is a release.

    A new corpus is built, and committed, as FIRST_VERSION before it is released for the first time.
    That one is a release if it has a tag or the commit that `statevisit release` makes, or if these
    may be in the part of the history that was not fetched.
    """
    if version != FIRST_VERSION or resolve(root, f"refs/tags/v{version}"):
        return True
    if line(root, "rev-parse", "--is-shallow-repository") == "true":
        return True
    message = release_message(version)
    subjects = line(root, "log", "--format=%s", "--fixed-strings", f"--grep={message}")
    return message in subjects.splitlines()


def released_versions(root: Path) -> list[str]:
    """Return the versions that the history of a corpus root holds as releases, the oldest first.

    There are none where the root lies in no checkout.
    """
    versions = stated_versions(root) if in_git(root) else set()
    released = (v for v in versions if VERSION.fullmatch(v) and is_released(root, v))
    return sorted(released, key=numbers)


def day_of(root: Path, revision: str) -> str:
    """Return the ISO date on which a revision was committed."""
    return line(root, "show", "--no-patch", "--format=%cs", revision)


def release_message(version: str) -> str:
    """Return the message of the commit and of the tag that make a release."""
    return f"Release {version}"


def stated_versions(root: Path) -> set[str]:
    """Return every version that a `release.json` in the history states."""
    commits = line(root, "log", "--format=%H", "--", layout.RELEASE).split()
    versions = (version_at(root, commit) for commit in commits)
    return {version for version in versions if version}


def unchanged(root: Path, commit: str, name: str = layout.DOCUMENTS) -> bool:
    """Whether a file or directory of a corpus root is as in a commit, without untracked files."""
    changed = line(root, "diff", "--name-only", commit, "--", name)
    untracked = line(root, "ls-files", "--others", "--", name)
    return not changed and not untracked


def version_at(root: Path, revision: str) -> str | None:
    """Return the version that `release.json` states at a revision; None if it states none."""
    try:
        manifest = orjson.loads(git(root, "show", f"{revision}:./{layout.RELEASE}"))
    except (ReleaseError, orjson.JSONDecodeError):
        return None
    version = manifest.get("version") if isinstance(manifest, dict) else None
    return version if isinstance(version, str) else None


def manifest_at(root: Path, revision: str) -> Manifest | None:
    """Return the manifest of a corpus root at a revision; None if it has none."""
    try:
        data = git(root, "show", f"{revision}:./{layout.RELEASE}")
    except ReleaseError:
        return None
    return decoded(data, layout.RELEASE)


def tree_of(root: Path, revision: str, name: str) -> str | None:
    """Return git's id of a directory of a corpus root at a revision; None if it has no such."""
    try:
        return line(root, "rev-parse", "--verify", "--quiet", f"{revision}:./{name}")
    except ReleaseError:
        return None


def blobs(root: Path, commit: str, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each named file of a corpus root with its content in a commit, few at a time.

    One process of git serves _AT_ONCE files. Files that the commit does not have are left out, and
    those with a line break in their name, which no document has. Raises ReleaseError if git fails.
    """
    names = [name for name in names if "\n" not in name]
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        asked = "".join(f"{commit}:./{name}\n" for name in some)
        output = git(root, "cat-file", "--batch", stdin=os.fsencode(asked))
        place = 0
        for name in some:
            end = output.index(b"\n", place)
            header = output[place:end].split()
            place = end + 1
            if header[-1] != b"missing":
                size = int(header[-1])
                yield name, output[place : place + size]
                place += size + 1


def extract(root: Path, revision: str, directory: Path, *names: str) -> None:
    """Write the files of a corpus root at a revision into a directory; with `names` only those.

    Raises ReleaseError if git fails.
    """
    import tarfile
    import tempfile

    with tempfile.TemporaryDirectory() as folder:  # an archive may be larger than the memory
        archive = Path(folder) / "files.tar"
        git(root, "archive", "--format=tar", f"--output={archive}", revision, "--", *names)
        with tarfile.open(archive) as tar:
            tar.extractall(directory, filter="data")


def corpus_at(root: Path, revision: str) -> Corpus:
    """Return the corpus of a corpus root as it was at a revision.

    Its files lie in a temporary directory, which is removed with the corpus object. Raises
    ReleaseError if git fails or the revision has no documents.
    """
    import tempfile

    # messages about the documents name the directory, hence the revision in it
    directory = tempfile.mkdtemp(prefix=f"statevisit-{revision[:12]}-")
    try:
        extract(root, revision, Path(directory))
        if not (Path(directory) / layout.DOCUMENTS).is_dir():
            raise ReleaseError(f"{root}: has no {layout.DOCUMENTS}/ at {revision[:12]}")
        corpus = load(Path(directory))
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise
    weakref.finalize(corpus, shutil.rmtree, directory, ignore_errors=True)
    return corpus
