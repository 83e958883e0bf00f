"""Versions by their names: the data at hand, a release in the git history, or one on the Hub."""

from pathlib import Path

from statevisit import layout
from statevisit.corpus import reader
from statevisit.corpus.reader import Corpus
from statevisit.corpus.settings import read_settings
from statevisit.errors import FormatError, ReleaseError


def load(
    path: Path | str | None = None, *, version: str | None = None, repo: str | None = None
) -> Corpus:
    """Return the documents in `path`; without one, the corpus that statevisit ships.

    Args:
        path: A corpus root (with `corpus/documents/`), a directory of `<id>.json`, one such file,
            or JSONL with one document per line.
        version: A release of the corpus, "0.1.0" or "v0.1.0". It is read from the data at hand if
            they are that release, else from the git history of the checkout, else from `repo`.
        repo: A dataset repository on the Hugging Face Hub, "OWNER/NAME"; by default the one that
            `[tool.statevisit]` of the corpus root names. Its revision `v0.1.0` is downloaded, and
            the SHA-256 of every file is checked.

    Raises FormatError if `path` holds no documents, ReleaseError if no source has the version,
    and MissingExtra if `huggingface_hub` is needed and not installed.
    """
    if version is None:
        if repo:
            raise ReleaseError(
                f"{repo}: name a version, such as version='1.0.0': "
                "the contents of the repository change from one version to the next"
            )
        return reader.load(path)
    root = layout.data_root() if path is None else layout.corpus_root(Path(path))
    return _release(root, version.removeprefix("v"), repo)


def named(name: str, root: Path | None) -> Corpus:
    """Return the corpus that `name` names.

    `name` is a path, which wins, or a version or revision of the checkout of a corpus root, or a
    version in the repository on the Hub that the root names. Raises FormatError if `root` is
    needed and None, ReleaseError for an unknown name, MissingExtra.
    """
    from statevisit.corpus.git import VERSION

    if Path(name).exists():
        return reader.load(name)
    if root is None:
        raise FormatError(
            f"{name}: no such file or directory, and no version of a corpus: "
            f"{Path().absolute()} and the directories above it hold no {layout.DOCUMENTS}/"
        )
    version = name.removeprefix("v")
    old_corpus = _at(root, name)
    if old_corpus is None and VERSION.fullmatch(version):
        old_corpus = _published(root, version)
    if old_corpus is None:
        versions = ", ".join(_known(root)) or "none"
        raise ReleaseError(
            f"{name}: not a file, directory, version or revision; versions: {versions}"
        )
    return old_corpus


def _at(root: Path, name: str) -> Corpus | None:
    """Return the corpus of a root at a version ("0.1.0", "v0.1.0") or revision of its checkout.

    Returns None if the root lies in no checkout, or the name is neither.
    """
    from statevisit.corpus.git import VERSION, commit_of, corpus_at, in_git, resolve

    if not in_git(root):
        return None
    version = name.removeprefix("v")
    commit = commit_of(root, version) if VERSION.fullmatch(version) else None
    if commit is None:
        commit = resolve(root, name)
    return None if commit is None else corpus_at(root, commit)


def _known(root: Path) -> list[str]:
    """Return the versions that the data and the history of a root state, the oldest first."""
    from statevisit.corpus.git import VERSION, in_git, numbers, stated_versions

    versions = stated_versions(root) if in_git(root) else set()
    current = reader.load(root).version
    if current is not None:
        versions.add(current)
    return sorted(filter(VERSION.fullmatch, versions), key=numbers)


def _release(root: Path, version: str, repo: str | None) -> Corpus:
    """Return a release from the data at hand, the history or the Hub, the first that has it."""
    from statevisit.corpus.git import commit_of, corpus_at, in_git, numbers, unchanged

    numbers(version)  # refuses other revisions
    current = reader.load(root)
    is_checkout = in_git(root)
    commit = commit_of(root, version) if is_checkout else None
    if current.version == version and (commit is None or unchanged(root, commit)):
        return current
    if commit is not None:
        return corpus_at(root, commit)
    published = _published(root, version, repo)
    if published is not None:
        return published
    versions = ", ".join(_known(root)) or "data without a version"
    advice = "`git fetch --tags --unshallow`, or " if is_checkout else ""
    raise ReleaseError(
        f"{root}: no version {version} here, only {versions}: {advice}if it is published on the "
        f"Hugging Face Hub, load(version='{version}', repo='OWNER/NAME')"
    )


def _published(root: Path, version: str, repo: str | None = None) -> Corpus | None:
    """Return a version from `repo`, or from the repository that the root's settings name.

    Returns None if neither names a repository.
    """
    repository = repo or read_settings(root).repo
    if not repository:
        return None
    from statevisit.corpus.hub import fetched

    return reader.load(fetched(repository, version))
