"""Git repositories that tests make, with a committer and settings of their own."""

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import orjson

ROOT = Path(__file__).resolve().parent.parent

CONFIG = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


def git(root: Path, *arguments: str) -> str:
    """Run a git command and return its output, stripped."""
    return subprocess.run(
        ["git", "-C", str(root), *arguments],
        capture_output=True,
        encoding="utf-8",
        check=True,
        env=os.environ | CONFIG,
    ).stdout.strip()


def begin(root: Path) -> None:
    """Make a directory, which need not exist, a checkout without commits."""
    git(root.parent, "init", "--quiet", "--initial-branch=main", str(root))


def commit(root: Path, message: str = "all") -> None:
    """Commit every file."""
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "-m", message)


def copy_checkout(target: Path, without: str = "-") -> None:
    """Copy the files of this checkout as they are now, except those that git ignores.

    `without` is the beginning of the names that are left out.
    """
    listed = git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in listed.rstrip("\0").split("\0"):
        if (ROOT / name).is_file() and not name.startswith(without):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)


@functools.cache
def _files() -> dict[str, bytes]:
    """The files of the first release, path -> bytes: this checkout's, built as version 0.1.0."""
    from statevisit.publishing.build import build

    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        for name in ("corpus", "seeds", "schema"):
            shutil.copytree(ROOT / name, root / name)
        for name in ("README.md", "CHANGELOG.md", "CITATION.cff", ".gitignore"):
            shutil.copy(ROOT / name, root)
        manifest = root / "corpus/release.json"
        manifest.write_bytes(
            orjson.dumps(orjson.loads(manifest.read_bytes()) | {"version": "0.1.0"})
        )
        build(root)
        return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def first_release(root: Path) -> Path:
    """Make a repository with one release, v0.1.0, and return its directory."""
    for name, data in _files().items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    begin(root)
    commit(root, "0.1.0")
    git(root, "tag", "v0.1.0")
    return root
