"""Versions by their names: the data at hand, a release in the git history, or one on the Hub."""

from pathlib import Path
from typing import NamedTuple

from statevisit import layout
from statevisit.corpus import reader
from statevisit.corpus.copies import refuse
from statevisit.corpus.manifest import Manifest, first_differing, read_manifest
from statevisit.corpus.reader import Corpus
from statevisit.corpus.settings import read_settings
from statevisit.errors import FormatError, ReleaseError


def load(
    path: Path | str | None = None, *, version: str | None = None, repo: str | None = None
) -> Corpus:
    """Return the documents in `path`; without one, the corpus that statevisit ships.

    Args:
        path: A corpus root (with `corpus/documents/`), a directory of `<id>.json`, one such file,
            JSONL with one document per line, or the URL of a corpus root in a store that fsspec
            reaches: `s3://bucket/root`.
        version: A release of the corpus, "0.1.0" or "v0.1.0". It is read from the data at hand if
            they are that release, else from the git history of the checkout, else from `repo`.
        repo: A dataset repository on the Hugging Face Hub, "OWNER/NAME"; by default the one that
            `[tool.statevisit]` of the corpus root names. Its revision `v0.1.0` is downloaded, and
            the SHA-256 of every file is checked.

    Raises FormatError if `path` holds no documents, ReleaseError if no source has the version,
    and MissingExtra if `huggingface_hub` or the package for a store is needed and not installed,
    StateVisitError if a store cannot be read.
    """
    if version is None:
        if repo:
            raise ReleaseError(
                f"{repo}: name a version, such as version='1.0.0': "
                "the contents of the repository change from one version to the next"
            )
        return reader.load(path)
    refuse("`load` with a version", [] if path is None else [str(path)])
    root = layout.data_root() if path is None else layout.corpus_root(Path(path))
    place = place_of(root, version.removeprefix("v"), repo)
    return _corpus(place)


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
        published = _published(root, version)
        old_corpus = None if published is None else reader.load(published)
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
    current = _stated(root)
    if current is not None:
        versions.add(current)
    return sorted(filter(VERSION.fullmatch, versions), key=numbers)


class Place(NamedTuple):
    """Where the files of a version or revision are: in a corpus root, or at a commit of it."""

    root: Path
    commit: str | None = None


def _corpus(place: Place) -> Corpus:
    if place.commit is None:
        return reader.load(place.root)
    from statevisit.corpus.git import corpus_at

    return corpus_at(place.root, place.commit)


def place_of(root: Path, version: str, repo: str | None, tables: bool = False) -> Place:
    """Return the place of a release, the first of the data at hand, the history and the Hub.

    `tables` asks for the Parquet files instead of the documents. Those at hand count only if they
    are as they were released. Raises ReleaseError if no source has the version.
    """
    from statevisit.corpus.git import commit_of, in_git, numbers, unchanged

    numbers(version)  # refuses other revisions
    is_checkout = in_git(root)
    commit = commit_of(root, version) if is_checkout else None
    manifest = read_manifest(root)
    differing = None
    if manifest is not None and manifest.version == version:
        if commit is not None:
            is_release = unchanged(root, commit, layout.PARQUET if tables else layout.DOCUMENTS)
        else:  # the manifest is believed
            differing = _differing_table(root, manifest) if tables else None
            is_release = differing is None
        if is_release:
            return Place(root)
    if commit is not None:
        return Place(root, commit)
    published = _published(root, version, repo, tables)
    if published is not None:
        return Place(published)
    if differing is not None:
        raise ReleaseError(
            f"{root}: {differing} is not the file that {layout.RELEASE} lists for version "
            f"{version}: restore it, or run `statevisit build`"
        )
    versions = ", ".join(_known(root)) or "data without a version"
    advice = "`git fetch --tags --unshallow`, or " if is_checkout else ""
    function = "load_dataset" if tables else "load"
    raise ReleaseError(
        f"{root}: no version {version} here, only {versions}: {advice}if it is published on the "
        f"Hugging Face Hub, {function}(version='{version}', repo='OWNER/NAME')"
    )


def place_of_revision(root: Path, revision: str, repo: str | None) -> Place:
    """Return the place of the Parquet files of a revision: a version as "v0.1.0", or any of git.

    Raises ReleaseError if no source has the revision.
    """
    from statevisit.corpus.git import VERSION, in_git, resolve

    version = revision.removeprefix("v")
    if VERSION.fullmatch(version):
        return place_of(root, version, repo, tables=True)
    commit = resolve(root, revision) if in_git(root) else None
    if commit is None:
        raise ReleaseError(
            f"{root}: no revision {revision!r} here; a revision is a version such as v1.0.0 or, "
            "in a git checkout, a tag, branch or commit"
        )
    return Place(root, commit)


def released(place: Place) -> str | None:
    """Return the version whose Parquet files, unchanged, are in a place; None for other tables."""
    from statevisit.corpus.git import commit_of, in_git, manifest_at, tree_of, unchanged

    root, commit = place
    manifest = read_manifest(root) if commit is None else manifest_at(root, commit)
    if manifest is None:
        return None
    release = commit_of(root, manifest.version) if in_git(root) else None
    if release is None:
        is_release = commit is None and _differing_table(root, manifest) is None
    elif commit is None:
        is_release = unchanged(root, release, layout.PARQUET)
    else:
        is_release = tree_of(root, commit, layout.PARQUET) == tree_of(root, release, layout.PARQUET)
    return manifest.version if is_release else None


def _differing_table(root: Path, manifest: Manifest) -> str | None:
    """Return the first Parquet file of a root that is not as its manifest lists it."""
    return first_differing(root / layout.PARQUET, layout.PARQUET, manifest.digests)


def _stated(root: Path) -> str | None:
    """Return the version that the manifest of a root states."""
    manifest = read_manifest(root)
    return None if manifest is None else manifest.version


def _published(
    root: Path, version: str, repo: str | None = None, tables: bool = False
) -> Path | None:
    """Return the root of a version from `repo`, or from the repository that the settings name.

    Returns None if neither names a repository.
    """
    repository = repo or read_settings(root).repo
    if not repository:
        return None
    from statevisit.corpus.hub import DOCUMENTS_ONLY, PARQUET_ONLY, fetched

    return fetched(repository, version, PARQUET_ONLY if tables else DOCUMENTS_ONLY)
