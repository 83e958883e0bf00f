"""Versions by their names: the data at hand, and releases from the history of the checkout it lies in or from the Hub."""

from pathlib import Path

from statevisit import corpus, resources
from statevisit.corpus import Corpus
from statevisit.errors import FormatError, ReleaseError
from statevisit.settings import read_settings


def load(
    path: Path | str | None = None, *, version: str | None = None, repo: str | None = None
) -> Corpus:
    """The documents in `path`; without one, the corpus that statevisit ships.

    `path`: a corpus root (with `corpus/documents/`), a directory of `<id>.json`, one such file, or JSONL with
    a document a line. With `version` ("0.1.0" or "v0.1.0"), what that release held: the data at hand where it is that
    release, else from the history of the checkout, else from `repo`, a dataset repository on the Hugging Face Hub
    ("OWNER/NAME"; without it the one that the corpus root's `[tool.statevisit]` names), by the revision `v0.1.0`, every
    file held against its SHA-256. Raises FormatError that says what is there instead of documents, ReleaseError where
    the version is in none of them, with where to get it, and MissingExtra where `huggingface_hub` is needed.
    """
    if version is None:
        if repo:
            raise ReleaseError(
                f"{repo}: say which version, such as version='1.0.0': another day the repository may hold another one"
            )
        return corpus.load(path)
    root = resources.data_root() if path is None else resources.corpus_root(Path(path))
    return _release(root, version.removeprefix("v"), repo)


def at(root: Path, name: str) -> Corpus | None:
    """The corpus of a root as it was at a version ("0.1.0", "v0.1.0") or revision of its checkout; None for a name that is neither."""
    from statevisit.history import VERSION, commit_of, corpus_at, in_git, resolve

    if not in_git(root):
        return None
    version = name.removeprefix("v")
    commit = (commit_of(root, version) if VERSION.fullmatch(version) else None) or resolve(
        root, name
    )
    return corpus_at(root, commit) if commit else None


def known(root: Path) -> list[str]:
    """The versions that the data and the history of a corpus root know, the oldest first."""
    from statevisit.history import VERSION, in_git, numbers, stated

    found = {*(stated(root) if in_git(root) else ()), corpus.load(root).version or ""}
    return sorted((v for v in found if VERSION.fullmatch(v)), key=numbers)


def _published(root: Path, version: str, repo: str | None = None) -> Corpus | None:
    """A version from a dataset repository, or from the one that a corpus root names as its own; None where none is named."""
    if home := repo or read_settings(root).repo:
        from statevisit.remote import fetched

        return corpus.load(fetched(home, version))
    return None


def _release(root: Path, version: str, repo: str | None) -> Corpus:
    from statevisit.history import commit_of, corpus_at, in_git, numbers, unchanged

    numbers(version)
    here, there = corpus.load(root), in_git(root)
    commit = commit_of(root, version) if there else None
    if here.version == version and (commit is None or unchanged(root, commit)):
        return here
    if commit:
        return corpus_at(root, commit)
    if found := _published(root, version, repo):
        return found
    fetch = "git fetch --tags --unshallow, or " if there else ""
    raise ReleaseError(
        f"{root}: no version {version} here, only {', '.join(known(root)) or 'one without a number'}: {fetch}where it is published on the Hugging Face Hub, load(version='{version}', repo='OWNER/NAME')"
    )


def named(name: str) -> Corpus:
    """The corpus that a path names, or a version or revision of the checkout one stands in, or a version in its repository on the Hub.

    A path that exists wins. Raises FormatError, ReleaseError, MissingExtra.
    """
    from statevisit.history import VERSION

    if Path(name).exists():
        return corpus.load(name)
    root = resources.enclosing_root(Path())
    if root is None:
        raise FormatError(
            f"{name}: no such file or directory; a version is looked for in the checkout of the current directory, and this holds no {resources.DOCUMENTS}/"
        )
    if found := at(root, name):
        return found
    if VERSION.fullmatch(version := name.removeprefix("v")) and (
        found := _published(root, version)
    ):
        return found
    raise ReleaseError(
        f"{name}: no such file or directory, and no version or revision that is known here; versions: {', '.join(known(root)) or 'none'}"
    )
