"""Files on their way to a commit on the Hub, uploaded in batches."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from msgspec import Struct

from statevisit.corpus.hub import patiently, refused_by_xet, without_xet
from statevisit.errors import ReleaseError

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, HfApi

BATCH = 100
"""Files that are uploaded together: what an attempt that fails has to ask for again."""

MOST_LARGE_FILES = 25_000
"""Large files that the Hub takes in one commit."""

MOST_BYTES = 1_000_000_000
"""Bytes of other files that the Hub takes in one commit, encoded as Base64."""


class Item(Struct, frozen=True):
    """A file of a release: path in the repository, local path, size in bytes and SHA-256."""

    path: str
    source: Path
    size: int
    sha256: str


def uploaded(
    hf: ModuleType,
    api: "HfApi",
    repo: str,
    items: list[Item],
    advance: Callable[[int], None],
) -> "list[CommitOperationAdd]":
    """Upload the large files among the items, and return the operations that commit all of them.

    The Hub says which files are large (LFS), and which of these it has already. If Xet refuses a
    batch, it and all others are uploaded over HTTP. `advance` gets the number of files of a batch.
    Raises ReleaseError if the Hub would refuse the commit for its size, and the exceptions of
    huggingface_hub. Other files are sent with the commit.
    """
    additions: list[CommitOperationAdd] = []
    with without_xet(hf) as disable_xet:
        for start in range(0, len(items), BATCH):
            batch = items[start : start + BATCH]

            def upload(batch: list[Item] = batch) -> "list[CommitOperationAdd]":
                try:
                    return _upload(hf, api, repo, batch)
                except Exception as error:
                    if not refused_by_xet(hf, error):
                        raise
                disable_xet()
                return _upload(hf, api, repo, batch)

            additions += patiently(hf, upload)
            advance(len(batch))
    _refuse_large_commit(repo, items, additions)
    return additions


def _upload(
    hf: ModuleType, api: "HfApi", repo: str, batch: list[Item]
) -> "list[CommitOperationAdd]":
    """Upload the large files of a batch; they lose their content in the operations returned."""
    additions = [hf.CommitOperationAdd(item.path, str(item.source)) for item in batch]
    for addition, item in zip(additions, batch, strict=True):
        addition.upload_info.sha256 = bytes.fromhex(item.sha256)  # else the file is read once more
    api.preupload_lfs_files(repo, additions, repo_type="dataset")
    return additions


def _refuse_large_commit(
    repo: str, items: list[Item], additions: "list[CommitOperationAdd]"
) -> None:
    """Raise ReleaseError if the Hub takes no commit of so many or such large files."""
    plain = [
        item
        for item, addition in zip(items, additions, strict=True)
        if addition.path_or_fileobj != b""
    ]
    size = sum(4 * -(-item.size // 3) for item in plain)
    if size > MOST_BYTES:
        largest = max(plain, key=lambda item: item.size)
        raise ReleaseError(
            f"{repo}: nothing was committed: the {len(plain):,} files outside LFS, such as "
            f"{largest.path}, take {size // 1_000_000:,} MB in a commit, and the Hub takes "
            f"{MOST_BYTES // 1_000_000:,} MB: divide the corpus between repositories"
        )
    if len(items) - len(plain) > MOST_LARGE_FILES:
        raise ReleaseError(
            f"{repo}: nothing was committed: {len(items) - len(plain):,} large files, and the Hub "
            f"takes {MOST_LARGE_FILES:,} in one commit: divide the corpus between repositories"
        )
