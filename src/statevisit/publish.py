"""A release on the Hugging Face Hub: one commit, then the tag on it.

Apart from `hub`, which it has nothing to share with: publishing needs huggingface_hub alone, not `datasets`.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct

from statevisit import resources
from statevisit.errors import MissingExtra, ReleaseError

_TOP = ("README.md", "LICENSE", "CITATION.cff", "CHANGELOG.md")
_KEPT = ".gitattributes"
"""The Hub's own file, which is neither compared nor deleted."""


class Item(Struct, frozen=True):
    """A file of a release: its path in the repository, where it is, size in bytes and SHA-256."""

    path: str
    source: Path
    size: int
    sha256: str


def contents(root: Path) -> tuple[str, list[Item]]:
    """The version of a built root, and every file that belongs to it, by path. Raises ReleaseError where one is not what the manifest says."""
    path = root / resources.RELEASE
    if not path.is_file():
        raise ReleaseError(f"{root}: has no {resources.RELEASE}: run `statevisit build`")
    manifest = orjson.loads(path.read_bytes())
    listed = {f["path"]: f["sha256"] for f in manifest["files"]}
    names = {*listed, resources.RELEASE, *(n for n in _TOP if (root / n).is_file())}
    for pattern in ("schema/*", "seeds/*", "corpus/*.svg", "corpus/*.png"):
        names |= {str(p.relative_to(root)) for p in root.glob(pattern) if p.is_file() and not p.name.startswith(".")}
    items = []
    for name in sorted(names):
        if not (root / name).is_file():
            raise ReleaseError(f"{root}: {name} is gone: run `statevisit build`")
        data = (root / name).read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if listed.get(name, digest) != digest:
            raise ReleaseError(f"{root}: {name} is not what {resources.RELEASE} says: run `statevisit build`, and release it")
        items.append(Item(name, root / name, len(data), digest))
    return manifest["version"], items


def publish(items: list[Item], version: str, repo: str, private: bool = False) -> str:
    """Publish files as a version of a dataset repository; returns "published", "tagged" or "there already".

    The repository is made where there is none. Raises ReleaseError where the version is there with another content, and
    for everything that can go wrong on the way, with what to do; the repository's branch and tags are then as they were.
    """
    try:
        import huggingface_hub as hf
        from huggingface_hub.errors import HfHubHTTPError
    except ImportError:
        raise MissingExtra("huggingface_hub", "hub") from None
    try:
        import httpx2 as httpx
    except ImportError:
        import httpx
    api = hf.HfApi(endpoint=os.environ.get("HF_ENDPOINT"))
    try:
        return _publish(hf, api, items, version, repo, private)
    except HfHubHTTPError as error:
        raise ReleaseError(_explained(error, repo, version)) from None
    except (httpx.TransportError, ConnectionError, TimeoutError) as error:
        raise ReleaseError(f"{repo}: the connection broke ({type(error).__name__}); version {version} is there whole or not at all: run the command again") from None
    except hf.errors.HFValidationError as error:
        raise ReleaseError(f"{repo}: is no name of a repository: {error}") from None
    except ValueError as error:
        raise ReleaseError(f"{repo}: the Hub refuses it: {str(error).splitlines()[0]}") from None


def _publish(hf: Any, api: Any, items: list[Item], version: str, repo: str, private: bool) -> str:
    api.create_repo(repo, repo_type="dataset", private=private, exist_ok=True)
    refs = api.list_repo_refs(repo, repo_type="dataset")
    tag = next((t for t in refs.tags if t.name == f"v{version}"), None)
    if tag is not None:
        if other := _differing(hf, api, repo, tag.name, items):
            raise ReleaseError(f"{repo}: version {version} is there already, and differs in {', '.join(other[:3])}{' and more' if other[3:] else ''}: what is published stays; make a new version with `statevisit release`")
        return "there already"
    head = next((b.target_commit for b in refs.branches if b.name == "main"), None)
    differing = _differing(hf, api, repo, head, items) if head else [i.path for i in items]
    commit, done = head, "tagged"
    if differing:
        ours = {i.path: i for i in items}
        add = [hf.CommitOperationAdd(i.path, str(i.source)) for i in items]
        gone = [hf.CommitOperationDelete(n) for n in differing if n not in ours]
        made = api.create_commit(repo, [*add, *gone], commit_message=f"Version {version}", repo_type="dataset", parent_commit=head)
        commit, done = made.oid, "published"
    api.create_tag(repo, tag=f"v{version}", tag_message=f"Version {version}", revision=commit, repo_type="dataset")
    return done


def _differing(hf: Any, api: Any, repo: str, revision: str, items: list[Item]) -> list[str]:
    """The paths in which a revision and the items differ; the Hub's own file does not count."""
    there = {f.path: f for f in api.list_repo_tree(repo, recursive=True, revision=revision, repo_type="dataset") if isinstance(f, hf.hf_api.RepoFile) and f.path != _KEPT}
    ours = {i.path: i for i in items}
    return sorted(n for n in {**there, **ours} if n not in there or n not in ours or not _same(there[n], ours[n]))


def _same(there: Any, item: Item) -> bool:
    if there.lfs is not None:
        return there.lfs.sha256 == item.sha256
    data = item.source.read_bytes()
    return there.blob_id == hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _explained(error: Any, repo: str, version: str) -> str:
    status = error.response.status_code if error.response is not None else 0
    advice = {
        401: "not logged in: `hf auth login` with a token that may write, or set HF_TOKEN",
        403: f"this token may not write to {repo}: take one with write access, or another --repo",
        404: "no such repository for this token: see that the owner exists and that you may write there",
        409: "somebody else changed the repository meanwhile: run the command again",
        412: "somebody else changed the repository meanwhile: run the command again",
        413: "a file is larger than the Hub takes",
        429: "the Hub asks for fewer requests: wait some minutes, and run the command again",
    }
    said = advice.get(status, "the Hub is in trouble: run the command again later" if status >= 500 else str(error).splitlines()[0])
    return f"{repo}: version {version} was not published (HTTP {status}): {said}"
