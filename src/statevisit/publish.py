"""A release on the Hugging Face Hub: one commit, then the tag on it."""

import hashlib
import os
import re
from pathlib import Path
from typing import Any

from msgspec import Struct

from statevisit import files, resources, schema_errors
from statevisit.codec import read_bytes
from statevisit.errors import ReleaseError
from statevisit.history import git
from statevisit.remote import client, explained, quiet
from statevisit.strict_json import parse

_TOP = (resources.CARD, resources.LICENSE, resources.CITATION, resources.CHANGELOG)
_KEPT = ".gitattributes"
"""The Hub's own file, which is neither compared nor deleted."""
_REBUILD = "run `statevisit build`, and release it"
_REWRITE = "write this edition again with `statevisit build --edition annotations-only`"


class Item(Struct, frozen=True):
    """A file of a release: its path in the repository, where it is, size in bytes and SHA-256."""

    path: str
    source: Path
    size: int
    sha256: str


class Contents(Struct, frozen=True):
    """The files of a version, by path, and those left out because git does not track them."""

    version: str
    items: list[Item]
    untracked: list[str]


def contents(root: Path) -> Contents:
    """What a built root publishes: manifest, the files it lists, pages, schemas, seeds, pictures.

    In a git checkout, a file that the manifest does not list is published only where git tracks
    it. Of an edition nothing but the files of its manifest is published. Raises ReleaseError where
    a file is not the one that the manifest lists, FormatError where a link leads to it.
    """
    path = files.own_path(root, resources.RELEASE)
    if not path.exists():
        raise ReleaseError(
            f"{root}: has no {resources.RELEASE}: run `statevisit build`, or name the directory that holds it"
        )
    manifest = parse(read_bytes(path), str(path))
    for _, message in schema_errors.errors(manifest, "release"):
        raise ReleaseError(f"{path}: {message}; run `statevisit build`")
    listed = {f["path"]: f["sha256"] for f in manifest["files"]}
    if "edition" in manifest:
        if resources.CARD not in listed:
            raise ReleaseError(f"{path}: does not list {resources.CARD}: {_REWRITE}")
        beside: set[str] = set()
    else:
        beside = _beside(root) - listed.keys()
    tracked = _tracked(root)
    untracked = sorted(beside - tracked) if tracked else []
    names = {*listed, resources.RELEASE, *beside}.difference(untracked)
    advice = _REWRITE if "edition" in manifest else _REBUILD
    items = [_item(root, name, listed.get(name), advice) for name in sorted(names)]
    return Contents(manifest["version"], items, untracked)


def _beside(root: Path) -> set[str]:
    """The files of a root that belong to a version and that its manifest need not list.

    Raises FormatError where the directories of seeds and schemas are links.
    """
    for name in (resources.SOURCES, resources.GUIDELINES):
        files.own_path(root, name)
    paths = {root / name for name in (*_TOP, *_linked_pages(root))}
    for pattern in ("schema/*", "seeds/*", "corpus/*.svg", "corpus/*.png"):
        paths.update(p for p in root.glob(pattern) if not p.name.startswith("."))
    return {p.relative_to(root).as_posix() for p in paths if p.is_file()}


def _tracked(root: Path) -> set[str]:
    """The files below a root that git tracks; none where the root is not in a checkout.

    Raises ReleaseError where git fails.
    """
    try:
        names = os.fsdecode(git(root, "ls-files", "-z"))
    except ReleaseError as error:
        place = root.resolve()
        checkout = any((directory / ".git").exists() for directory in (place, *place.parents))
        if checkout and "not a git repository" not in str(error):
            raise
        return set()
    return set(names.split("\0")) - {""}


def _item(root: Path, name: str, sha256: str | None, advice: str) -> Item:
    path = files.own_path(root, name)
    if not path.exists():
        raise ReleaseError(f"{root}: {name} is gone: {advice}")
    data = read_bytes(path)
    digest = hashlib.sha256(data).hexdigest()
    if sha256 is not None and sha256 != digest:
        raise ReleaseError(f"{root}: {name} is not what {resources.RELEASE} says: {advice}")
    return Item(name, path, len(data), digest)


_PAGE_LINK = re.compile(r"\]\(([^()\s#:]+\.md)(?:#[^()\s]*)?\)")


def _linked_pages(root: Path) -> set[str]:
    """The Markdown files that the card of a root leads to by relative links, also over other pages.

    With them the links also work on the Hub. A link to a file that is missing, outside the root or
    reached through a symbolic link is not followed.
    """
    whole = root.resolve()
    pages: set[str] = set()
    waiting = [resources.CARD]
    while waiting:
        page = root / waiting.pop()
        text = page.read_text(encoding="utf-8", errors="replace") if page.is_file() else ""
        for target in _PAGE_LINK.findall(text):
            path = Path(os.path.normpath(whole / page.relative_to(root).parent / target))
            if path.is_file() and path.resolve() == path and path.is_relative_to(whole):
                name = path.relative_to(whole).as_posix()
                if name not in pages:
                    pages.add(name)
                    waiting.append(name)
    return pages


def publish(items: list[Item], version: str, repo: str, private: bool = False) -> str:
    """Publish files as a version of a dataset repository; returns "published", "tagged" or "there already".

    The repository is made where there is none. Raises ReleaseError where the version is there with another content, and
    for everything that can go wrong on the way, with what to do. One commit changes the branch, and then the tag is made:
    what fails before leaves both as they were, and where the tag alone fails, the next call makes it and commits nothing.
    """
    hf, api = client()
    with quiet(hf):
        with explained(hf, f"{repo}: version {version} was not published"):
            refs = _refs(hf, api, repo, private)
            if any(t.name == f"v{version}" for t in refs.tags):
                _compare(_tree(hf, api, repo, f"v{version}"), items, f"{repo}: version {version}")
                return "there already"
            head = next((b.target_commit for b in refs.branches if b.name == "main"), None)
            there = _tree(hf, api, repo, head) if head else {}
            if resources.RELEASE not in there and (foreign := sorted(there.keys() - set(_TOP))):
                raise ReleaseError(
                    f"{repo}: holds something else ({foreign[0]}), which a version would replace: name another --repo, or empty that one"
                )
            differing = _differing(there, items)
            commit = _commit(hf, api, repo, items, differing, version, head) if differing else head
        with explained(hf, f"{repo}: version {version} is committed, but making its tag failed"):
            api.create_tag(
                repo,
                tag=f"v{version}",
                tag_message=f"Version {version}",
                revision=commit,
                repo_type="dataset",
            )
    return "published" if differing else "tagged"


def _refs(hf: Any, api: Any, repo: str, private: bool) -> Any:
    """Branches and tags of the repository, which is made where there is none."""
    try:
        refs = api.list_repo_refs(repo, repo_type="dataset")
    except hf.errors.RepositoryNotFoundError:  # or one that this token may not see
        api.create_repo(repo, repo_type="dataset", private=private or None, exist_ok=True)
        refs = api.list_repo_refs(repo, repo_type="dataset")
    if private and not api.repo_info(repo, repo_type="dataset").private:
        raise ReleaseError(
            f"{repo}: is public, and nothing was sent: make it private in its settings on the Hub, or leave out --private"
        )
    return refs


def _tree(hf: Any, api: Any, repo: str, revision: str) -> dict[str, Any]:
    """The files of a revision by path, the Hub's own apart."""
    found = api.list_repo_tree(repo, recursive=True, revision=revision, repo_type="dataset")
    return {f.path: f for f in found if isinstance(f, hf.hf_api.RepoFile) and f.path != _KEPT}


def _commit(
    hf: Any,
    api: Any,
    repo: str,
    items: list[Item],
    differing: list[str],
    version: str,
    head: str | None,
) -> str:
    """Make the branch hold the items and nothing else, in one commit on top of `head`; returns its id."""
    ours = {i.path for i in items}
    add = [hf.CommitOperationAdd(i.path, str(i.source)) for i in items if i.path in differing]
    gone = [hf.CommitOperationDelete(n) for n in differing if n not in ours]
    return api.create_commit(
        repo,
        [*add, *gone],
        commit_message=f"Version {version}",
        repo_type="dataset",
        parent_commit=head,
    ).oid


def _compare(there: dict[str, Any], items: list[Item], name: str) -> None:
    """Raise ReleaseError where a published version has another content."""
    if other := _differing(there, items):
        raise ReleaseError(
            f"{name} is there already, and differs in {', '.join(other[:3])}{' and more' if other[3:] else ''}: what is published stays; make a new version with `statevisit release`"
        )


def _differing(there: dict[str, Any], items: list[Item]) -> list[str]:
    """The paths in which a revision and the items differ."""
    ours = {i.path: i for i in items}
    return sorted(
        n
        for n in {**there, **ours}
        if n not in there or n not in ours or not _same(there[n], ours[n])
    )


def _same(there: Any, item: Item) -> bool:
    if there.lfs is not None:
        return there.lfs.sha256 == item.sha256
    data = item.source.read_bytes()
    return (
        there.blob_id
        == hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    )
