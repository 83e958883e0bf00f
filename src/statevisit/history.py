"""Earlier releases in the history of a git checkout: the tag `vX.Y.Z` or, where tags were not fetched, the commit that
first had a `release.json` of that version.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import orjson

from statevisit import resources
from statevisit.corpus import Corpus, load
from statevisit.errors import ReleaseError

VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)", re.ASCII)
Version = tuple[int, int, int]


def numbers(version: str) -> Version:
    """A version as three numbers. Raises ReleaseError for what is none."""
    found = VERSION.fullmatch(version)
    if not found:
        raise ReleaseError(f"{version!r} is no version: three numbers are, such as 1.0.0")
    return int(found[1]), int(found[2]), int(found[3])


def git(root: Path, *arguments: str, stdin: bytes | None = None) -> bytes:
    """What a git command prints. Raises ReleaseError with git's own words when it fails."""
    try:
        with subprocess.Popen(
            ["git", "-C", str(root), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"LC_ALL": "C"},
        ) as process:
            printed, said = process.communicate(stdin)
    except OSError as error:
        raise ReleaseError(f"git cannot be run: {error.strerror}; install it") from None
    if process.returncode:
        raise ReleaseError(
            f"{root}: git {arguments[0]} failed: {_words(said or printed, process.returncode)}"
        )
    return printed


def _words(said: bytes, status: int) -> str:
    """What git said when it failed, on one line: the first and the last thing where it named many files."""
    lines = said.decode(errors="replace").strip().splitlines() or [
        f"it was killed by signal {-status}" if status < 0 else f"status {status}"
    ]
    return "; ".join(lines if len(lines) < 4 else [lines[0], f"{len(lines) - 2} more", lines[-1]])


def line(root: Path, *arguments: str) -> str:
    """What a git command prints, as one line without its end."""
    return git(root, *arguments).decode().strip()


def in_git(root: Path) -> bool:
    """Whether a corpus root lies in a git checkout that has commits."""
    try:
        return bool(line(root, "rev-parse", "--verify", "HEAD"))
    except ReleaseError:
        return False


def resolve(root: Path, revision: str) -> str | None:
    """The commit of a revision; None where git knows none of that name."""
    try:
        return line(
            root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        )
    except ReleaseError:
        return None


def tags(root: Path) -> list[str]:
    """The versions that have a tag which HEAD descends from, the newest first."""
    names = line(root, "tag", "--list", "v*", "--merged", "HEAD").split()
    return sorted((n[1:] for n in names if VERSION.fullmatch(n[1:])), key=numbers, reverse=True)


def commit_of(root: Path, version: str) -> str | None:
    """The commit of a release; None where the history holds none.

    A tag of that name counts only where this root has that version at it: a checkout may be of another project.
    """
    tag = f"refs/tags/v{version}"
    if version_at(root, tag) == version:
        return resolve(root, tag)
    naming = line(
        root,
        "log",
        "--format=%H",
        "--reverse",
        f'-G"version": *"{re.escape(version)}"',
        "--",
        resources.RELEASE,
    ).split()
    return next((commit for commit in naming if version_at(root, commit) == version), None)


def stated(root: Path) -> set[str]:
    """Every version that a `release.json` in the history stated."""
    commits = line(root, "log", "--format=%H", "--", resources.RELEASE).split()
    return {v for c in commits if (v := version_at(root, c))}


def unchanged(root: Path, commit: str, name: str = resources.DOCUMENTS) -> bool:
    """Whether the documents at hand, or what else is called `name` in a corpus root, are those of a commit."""
    return not line(root, "diff", "--name-only", commit, "--", name) and not line(
        root, "ls-files", "--others", "--", name
    )


def version_at(root: Path, revision: str) -> str | None:
    """The version that `release.json` stated at a revision; None where there was none."""
    try:
        return orjson.loads(git(root, "show", f"{revision}:./{resources.RELEASE}"))["version"]
    except (ReleaseError, orjson.JSONDecodeError, TypeError, KeyError):
        return None


def corpus_at(root: Path, revision: str) -> Corpus:
    """The corpus of a corpus root as it was at a revision; its files are kept for as long as it is. Raises ReleaseError."""
    import io
    import tarfile
    import tempfile
    import weakref

    data = git(root, "archive", "--format=tar", revision)
    place = tempfile.mkdtemp(
        prefix=f"statevisit-{revision[:12]}-"
    )  # which messages about its documents then name
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            archive.extractall(place, filter="data")
        if not (Path(place) / resources.DOCUMENTS).is_dir():
            raise ReleaseError(f"{root}: there was no {resources.DOCUMENTS}/ at {revision[:12]}")
        corpus = load(Path(place))
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    weakref.finalize(corpus, shutil.rmtree, place, ignore_errors=True)
    return corpus
