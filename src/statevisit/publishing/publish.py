"""A release on the Hugging Face Hub: one commit, then the tag on it."""

import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from msgspec import Struct

from statevisit import files, layout
from statevisit.corpus.git import commit_of, git, in_git, line, unchanged
from statevisit.corpus.hub import client, explained, patiently
from statevisit.document import schema, schema_errors
from statevisit.document.codec import read_bytes
from statevisit.document.strict_json import parse
from statevisit.errors import ReleaseError
from statevisit.publishing import upload
from statevisit.publishing.manifest import file_entry
from statevisit.publishing.upload import Item

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub._commit_api import CommitOperation
    from huggingface_hub.hf_api import GitRefs, RepoFile

_TOP = (layout.CARD, layout.LICENSE, layout.CITATION, layout.CHANGELOG)
"""Files at the top of a root that belong to a version."""

_KEPT = ".gitattributes"
"""The file of the Hub itself, which is neither compared nor deleted."""

_REBUILD = "run `statevisit build`, and release it"
_REWRITE = "write this edition again with `statevisit build --edition annotations-only`"


class Contents(Struct, frozen=True):
    """The files of a version by path, and the names of those that git does not track."""

    version: str
    items: list[Item]
    untracked: list[str]


def contents(root: Path, advance: Callable[[], None] = lambda: None) -> Contents:
    """Return the files of a built root to publish.

    These are the manifest, the files that it lists, pages, schemas, seeds and pictures. In a git
    checkout, a file that the manifest does not list is published only if git tracks it. An edition
    consists of its manifest and the files that it lists. `advance` is called after each file.
    Raises ReleaseError if a file differs from the manifest, FormatError if a link leads to it.
    """
    path = files.own_path(root, layout.RELEASE)
    if not path.exists():
        raise ReleaseError(
            f"{root}: has no {layout.RELEASE}: run `statevisit build`, or name the directory "
            "that holds it"
        )
    manifest = parse(read_bytes(path), str(path))
    for _, message in schema_errors.errors(manifest, schema.load("release")):
        raise ReleaseError(f"{path}: {message}; run `statevisit build`")
    listed = {file["path"]: file["sha256"] for file in manifest["files"]}
    is_edition = "edition" in manifest
    if is_edition and layout.CARD not in listed:
        raise ReleaseError(f"{path}: does not list {layout.CARD}: {_REWRITE}")
    beside = set() if is_edition else _beside(root) - listed.keys()
    tracked = _tracked(root)
    untracked = sorted(beside - tracked) if tracked else []
    names = {*listed, layout.RELEASE, *beside}.difference(untracked)
    advice = _REWRITE if is_edition else _REBUILD
    items = []
    for name in sorted(names):
        items.append(_item(root, name, listed.get(name), advice))
        advance()
    return Contents(manifest["version"], items, untracked)


def _beside(root: Path) -> set[str]:
    """Return the files of a root that belong to a version without being in its manifest.

    Raises FormatError if the directories of seeds and schemas are links.
    """
    for name in (layout.SOURCES, layout.GUIDELINES):
        files.own_path(root, name)
    paths = {root / name for name in (*_TOP, *_linked_pages(root))}
    for pattern in ("schema/*", "seeds/*", "corpus/*.svg", "corpus/*.png"):
        paths.update(p for p in root.glob(pattern) if not p.name.startswith("."))
    return {p.relative_to(root).as_posix() for p in paths if p.is_file()}


def _tracked(root: Path) -> set[str]:
    """Return the files below a root that git tracks; none if the root is not in a checkout.

    Raises ReleaseError if git fails.
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
    stated = file_entry(path, name)  # a Parquet file may be larger than what is read at once
    if sha256 is not None and sha256 != stated["sha256"]:
        raise ReleaseError(f"{root}: {name} is not what {layout.RELEASE} says: {advice}")
    return Item(name, path, stated["size"], stated["sha256"])


_PAGE_LINK = re.compile(r"\]\(([^()\s#:]+\.(?:md|ipynb))(?:#[^()\s]*)?\)")


def _linked_pages(root: Path) -> set[str]:
    """Return the Markdown files and notebooks that the card of a root leads to by relative links.

    Links of these files are followed, too, so that all of them work on the Hub. A link is not
    followed if its file is missing, outside the root or reached through a symbolic link.
    """
    whole = root.resolve()
    pages: set[str] = set()
    waiting = [layout.CARD]
    while waiting:
        page = root / waiting.pop()
        text = page.read_text(encoding="utf-8", errors="replace") if page.is_file() else ""
        for target in _PAGE_LINK.findall(text):
            path = Path(os.path.normpath(whole / page.relative_to(root).parent / target))
            is_own = path.is_file() and path.resolve() == path and path.is_relative_to(whole)
            name = path.relative_to(whole).as_posix() if is_own else ""
            if is_own and name not in pages:
                pages.add(name)
                waiting.append(name)
    return pages


def publish(
    items: list[Item],
    version: str,
    repo: str,
    private: bool = False,
    advance: Callable[[int], None] = lambda files: None,
) -> str:
    """Publish files as a version of a dataset repository.

    Returns "published", "tagged" if only the tag was missing, or "there already". The repository is
    made if it does not exist. Large files are uploaded first, in batches, and without those that
    the Hub has from an earlier call; `advance` gets the number of files of a batch. Then one commit
    changes the branch, and the tag is made. A failure that may pass is tried again, see
    `hub.patiently`. A failure before the commit leaves branch and tags unchanged; if only the tag
    fails, the next call makes it and commits nothing. Raises ReleaseError, with the next step, for
    every failure, and if the version exists with other content.
    """
    hf, api = client()
    with explained(hf, f"{repo}: version {version} was not published"):
        refs = patiently(hf, lambda: _refs(hf, api, repo, private))
        if any(tag.name == f"v{version}" for tag in refs.tags):
            remote = _remote_files(hf, api, repo, f"v{version}")
            _check_same(remote, items, f"{repo}: version {version}")
            return "there already"
        head = _head(refs)
        remote = _remote_files(hf, api, repo, head) if head else {}
        _refuse_foreign(remote, repo)
        differing = _differing(remote, items)
        commit = head
        if differing:
            paths = {item.path for item in items}
            new = [item for item in items if item.path in differing]
            advance(len(items) - len(new))
            additions = upload.uploaded(hf, api, repo, new, advance)
            deletions = [hf.CommitOperationDelete(path) for path in sorted(differing - paths)]
            commit = _commit(hf, api, repo, items, [*additions, *deletions], version, head)
    with explained(hf, f"{repo}: version {version} is committed, but making its tag failed"):
        patiently(hf, lambda: _tag(api, repo, f"v{version}", commit))
    return "published" if differing else "tagged"


def _head(refs: "GitRefs") -> str | None:
    """Return the commit of the branch; None if the repository has no commit yet."""
    commits = {branch.name: branch.target_commit for branch in refs.branches}
    return commits.get("main")


def _refs(hf: ModuleType, api: "HfApi", repo: str, private: bool) -> "GitRefs":
    """Return the branches and tags of the repository, which is made if it does not exist."""
    try:
        refs = api.list_repo_refs(repo, repo_type="dataset")
    except hf.errors.RepositoryNotFoundError:  # also if the token may not see the repository
        api.create_repo(repo, repo_type="dataset", private=private or None, exist_ok=True)
        refs = api.list_repo_refs(repo, repo_type="dataset")
    if private and not api.repo_info(repo, repo_type="dataset").private:
        raise ReleaseError(
            f"{repo}: is public, and nothing was sent: make it private in its settings on the Hub, "
            "or leave out --private"
        )
    return refs


def _remote_files(hf: ModuleType, api: "HfApi", repo: str, revision: str) -> dict[str, "RepoFile"]:
    """Return the files of a revision by path, without the file of the Hub itself."""

    def listed() -> list[object]:
        return list(
            api.list_repo_tree(repo, recursive=True, revision=revision, repo_type="dataset")
        )

    tree = patiently(hf, listed)
    files_only = [entry for entry in tree if isinstance(entry, hf.hf_api.RepoFile)]
    return {file.path: file for file in files_only if file.path != _KEPT}


def _refuse_foreign(remote: dict[str, "RepoFile"], repo: str) -> None:
    """Raise ReleaseError if a repository holds something else than a corpus."""
    foreign = sorted(remote.keys() - set(_TOP))
    if foreign and layout.RELEASE not in remote:
        raise ReleaseError(
            f"{repo}: holds something else ({foreign[0]}), which a version would replace: "
            "name another --repo, or empty that one"
        )


def _commit(
    hf: ModuleType,
    api: "HfApi",
    repo: str,
    items: list[Item],
    operations: "list[CommitOperation]",
    version: str,
    head: str | None,
) -> str | None:
    """Make the commit on top of `head` that has the items, and nothing else; return its id.

    The Hub refuses a second commit on the same parent, so an attempt after one whose answer was
    lost makes none: it finds the first.
    """

    def commit() -> str | None:
        try:
            return api.create_commit(
                repo,
                operations,
                commit_message=f"Version {version}",
                repo_type="dataset",
                parent_commit=head,
            ).oid
        except Exception:
            new_head = _head(api.list_repo_refs(repo, repo_type="dataset"))
            is_made = new_head not in (None, head)
            if is_made and not _differing(_remote_files(hf, api, repo, str(new_head)), items):
                return new_head
            raise

    return patiently(hf, commit)


def _tag(api: "HfApi", repo: str, tag: str, commit: str | None) -> None:
    """Tag a commit, unless an attempt before, whose answer was lost, has done so."""
    try:
        api.create_tag(
            repo,
            tag=tag,
            tag_message=f"Version {tag.removeprefix('v')}",
            revision=commit,
            repo_type="dataset",
        )
    except Exception:
        tags = api.list_repo_refs(repo, repo_type="dataset").tags
        if not any(known.name == tag and known.target_commit == commit for known in tags):
            raise


def _check_same(remote: dict[str, "RepoFile"], items: list[Item], name: str) -> None:
    """Raise ReleaseError if a published version has other content."""
    differing = sorted(_differing(remote, items))
    if differing:
        more = " and more" if differing[3:] else ""
        raise ReleaseError(
            f"{name} is there already, and differs in {', '.join(differing[:3])}{more}: "
            "a published version is never changed; make a new version with `statevisit release`"
        )


def _differing(remote: dict[str, "RepoFile"], items: list[Item]) -> set[str]:
    """Return the paths in which a revision and the items differ."""
    local = {item.path: item for item in items}
    on_one_side = remote.keys() ^ local.keys()
    common = remote.keys() & local.keys()
    changed = {path for path in common if not _same(remote[path], local[path])}
    return on_one_side | changed


def _same(remote: "RepoFile", item: Item) -> bool:
    if remote.lfs is not None:
        return bool(remote.lfs.sha256 == item.sha256)
    header = b"blob %d\0" % item.size  # git's id of a file is the SHA-1 of this object
    with item.source.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.sha1(header, usedforsecurity=False))
    return bool(remote.blob_id == digest.hexdigest())


def unreleased(root: Path, version: str) -> str | None:
    """Return how the manifest of a root differs from that of its version in git's history.

    None if they are the same, and if git does not track the manifest.
    """
    if not in_git(root) or not line(root, "ls-files", "--", layout.RELEASE):
        return None
    commit = commit_of(root, version)
    if commit is None:
        problem = f"states version {version}, which is not committed"
    elif unchanged(root, commit, layout.RELEASE):
        return None
    else:
        problem = f"is not the one that version {version} was released with"
    return (
        f"{root}: {layout.RELEASE} {problem}: make a version of what is here with "
        "`statevisit release`, or check out a tag"
    )
