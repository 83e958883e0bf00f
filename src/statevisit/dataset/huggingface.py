"""The corpus as a Hugging Face dataset. The only module that imports `datasets`."""

import glob
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from statevisit.corpus.git import VERSION, extract, tree_of
from statevisit.corpus.versions import Place, place_of, place_of_revision, released
from statevisit.errors import FormatError, MissingExtra, ReleaseError
from statevisit.layout import PARQUET, data_root

if TYPE_CHECKING:
    import datasets


def load_dataset(
    config: str = "documents",
    path: Path | str | None = None,
    *,
    version: str | None = None,
    revision: str | None = None,
    repo: str | None = None,
    **options: Any,
) -> "datasets.DatasetDict":
    """Load a config of a corpus offline, as `datasets.load_dataset` does.

    `load_dataset("events")["train"]` has the events of the shipped corpus.

    Args:
        config: documents, entities, events, quantities, timexes, relations or ner.
        path: A corpus root with `corpus/parquet/`, with or without a card.
        version: A release of the corpus, "0.1.0" or "v0.1.0". It is read from the Parquet files at
            hand if they are that release, else from the git history of the checkout, else from
            `repo`.
        revision: A version as "v0.1.0" or, in a git checkout, any tag, branch or commit.
        repo: A dataset repository on the Hugging Face Hub, "OWNER/NAME"; by default the one that
            `[tool.statevisit]` of the corpus root names.
        options: Go to `datasets.load_dataset`: `split="train"` gives a Dataset, `streaming=True` an
            iterable one.

    `info.version` is the version if the tables are those of a release, else 0.0.0. Without
    `version` and `revision`, the Parquet files of the root are loaded as they are.

    Raises FormatError for an unknown config and for a path without Parquet files, ReleaseError if
    no source has the version or revision, MissingExtra if `datasets` or, for the Hub,
    `huggingface_hub` is not installed.
    """
    try:
        import datasets
    except ImportError:
        raise MissingExtra("datasets", "hub") from None
    root = data_root() if path is None else Path(path)
    if not root.is_dir():
        raise FormatError(f"{root}: no such directory")
    place = _place(root, version, revision, repo)
    if place.commit is None:
        directory = _directory(place.root, config)
    else:
        cache = options.get("cache_dir") or datasets.config.HF_DATASETS_CACHE
        directory = _extracted(place.root, place.commit, config, Path(cache))
    release = released(place)
    if release is not None and VERSION.fullmatch(release):
        options["version"] = release
    # The pattern that the card of a root gives, so that roots without a card load alike.
    files = {"train": f"{glob.escape(str(directory.resolve()))}/train-*.parquet"}
    return datasets.load_dataset("parquet", config, data_files=files, **options)


def _place(root: Path, version: str | None, revision: str | None, repo: str | None) -> Place:
    """The place of the tables that are asked for. Raises ReleaseError if there is none."""
    if version is not None and revision is not None:
        raise ReleaseError("name a version or a revision, not both")
    if version is not None:
        return place_of(root, str(version).removeprefix("v"), repo, tables=True)
    if revision is not None:
        return place_of_revision(root, str(revision), repo)
    if repo is not None:
        raise ReleaseError(
            f"{repo}: name a version, such as version='1.0.0': "
            "the contents of the repository change from one version to the next"
        )
    return Place(root)


def _directory(root: Path, config: str) -> Path:
    """The directory of a config's Parquet files in a root."""
    configs = sorted({file.parent.name for file in (root / PARQUET).glob("*/*.parquet")})
    if not configs:
        raise FormatError(f"{root}: no Parquet files; build them with `statevisit build`")
    if config not in configs:
        raise FormatError(f"{root}: no config {config!r}; the configs are {', '.join(configs)}")
    return root / PARQUET / config


def _extracted(root: Path, commit: str, config: str, cache: Path) -> Path:
    """The directory of a config's Parquet files at a commit, which stay in the cache.

    `datasets` reads a stream long after this call, and caches tables by the place of their files.
    """
    name = f"{PARQUET}/{config}"
    tree = tree_of(root, commit, name) if config and "/" not in config else None
    if tree is None:
        raise FormatError(f"{root}: no config {config!r} at {commit[:12]}")
    directory = cache / "statevisit" / tree
    if not directory.is_dir():
        directory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory.parent) as temporary:
            extract(root, commit, Path(temporary), name)
            _require_files(Path(temporary) / name)
            try:
                (Path(temporary) / name).rename(directory)
            except OSError:
                if not directory.is_dir():  # which another process may have made meanwhile
                    raise
    return directory


def _require_files(directory: Path) -> None:
    """Raise ReleaseError for a file that is in the history only as a pointer of Git LFS."""
    for path in directory.glob("*.parquet"):
        with path.open("rb") as file:
            if file.read(4) != b"PAR1":
                raise ReleaseError(
                    f"{path.name}: is no Parquet file in the git history; if it is kept in Git LFS,"
                    " run `git lfs install` and `git lfs fetch --all`"
                )
