"""The corpus as a Hugging Face dataset. The only module that imports `datasets`."""

import glob
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from statevisit.corpus.git import VERSION, extract, git, tree_of
from statevisit.corpus.splits import TRAIN, in_order
from statevisit.corpus.versions import Place, place_of, place_of_revision, released
from statevisit.document.codec import read_bytes
from statevisit.document.scheme import FULL, Scheme, base, scheme_at, scheme_from
from statevisit.document.strict_json import JsonObject, parse
from statevisit.errors import FormatError, MissingExtra, ReleaseError
from statevisit.layout import PARQUET, RELEASE, SCHEME, data_root

if TYPE_CHECKING:
    import datasets

_FILE = re.compile(r"(?P<split>.+)-[0-9]{5}-of-[0-9]{5}\.parquet")


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

    `load_dataset("events")["train"]` has the events of the shipped corpus. A split in which a
    config has no rows has no file, and is an empty dataset with its columns.

    Args:
        config: documents, entities, events, quantities, timexes, relations or ner.
        path: A corpus root with `corpus/parquet/`, with or without a card.
        version: A release of the corpus, "0.1.0" or "v0.1.0". It is read from the Parquet files at
            hand if they are that release, else from the git history of the checkout, else from
            `repo`.
        revision: A version as "v0.1.0" or, in a git checkout, any tag, branch or commit.
        repo: A dataset repository on the Hugging Face Hub, "OWNER/NAME"; by default the one that
            `[tool.statevisit]` of the corpus root names.
        options: Go to `datasets.load_dataset`: `split="test"` gives a Dataset, `streaming=True` an
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
    files = {} if directory is None else _files(directory)
    return _Config(config, place, files, options).load(options.pop("split", None))


def _files(directory: Path) -> dict[str, str]:
    """The patterns of a config's files by split, as a card gives them to `datasets`."""
    names = [_FILE.fullmatch(path.name) for path in directory.glob("*.parquet")]
    splits = in_order(name["split"] for name in names if name)
    within = glob.escape(str(directory.resolve()))
    return {split: f"{within}/{split}-*.parquet" for split in splits}


class _Config:
    """A config with its files, loaded as if `datasets` could read a file without a row.

    `files` are those of the splits in which the config has rows.
    """

    def __init__(
        self, name: str, place: Place, files: dict[str, str], options: dict[str, Any]
    ) -> None:
        self._name, self._place, self._files, self._options = name, place, files, options
        self._streaming = bool(options.get("streaming"))
        self._lacking = [split for split in _splits(place) if split not in files]

    def load(self, split: Any) -> Any:
        """Return a split, or several, or without any the dict of all."""
        import datasets

        if isinstance(split, list | tuple):
            return [self.load(one) for one in split]
        if split is None:
            loaded = self._load() if self._files else {}
            for name in self._lacking:
                loaded[name] = self._without_rows(name)
            kind: Any = datasets.IterableDatasetDict if self._streaming else datasets.DatasetDict
            return kind({name: loaded[name] for name in in_order(loaded)})
        parts = str(split).split("+")
        names = [part.partition("[")[0] for part in parts]
        with_rows = [part for part, name in zip(parts, names, strict=True) if name in self._files]
        if set(names) <= {*self._files, *self._lacking} and len(with_rows) < len(parts):
            return self._load("+".join(with_rows)) if with_rows else self._without_rows(names[0])
        if self._files:
            return self._load(split)
        if names == ["all"]:
            return self._without_rows(self._lacking[0])
        raise ValueError(f'Unknown split "{split}". Should be one of {self._lacking}.')

    def _load(self, split: Any = None) -> Any:
        import datasets

        return datasets.load_dataset(
            "parquet", self._name, data_files=self._files, split=split, **self._options
        )

    def _without_rows(self, split: str) -> Any:
        """Return a split in which the config has no rows."""
        import datasets

        from statevisit.dataset.arrow import arrow_schema

        schema = arrow_schema(self._name, _scheme(self._place))
        if self._streaming:
            columns = datasets.Features.from_arrow_schema(schema)
            return datasets.IterableDataset.from_generator(_nothing, columns)
        return datasets.Dataset(schema.empty_table(), split=datasets.Split(split))


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


def _directory(root: Path, config: str) -> Path | None:
    """The directory of a config's Parquet files in a root; None for a config without rows."""
    configs = sorted({file.parent.name for file in (root / PARQUET).glob("*/*.parquet")})
    if not configs:
        raise FormatError(f"{root}: no Parquet files; build them with `statevisit build`")
    if config in configs:
        return root / PARQUET / config
    rows = _rows(_manifest(Place(root)))
    if rows.get(config) == 0:
        return None
    known = ", ".join(sorted({*configs, *rows}))
    raise FormatError(f"{root}: no config {config!r}; the configs are {known}")


def _extracted(root: Path, commit: str, config: str, cache: Path) -> Path | None:
    """The directory of a config's Parquet files at a commit, which stay in the cache.

    `datasets` reads a stream long after this call, and caches tables by the place of their files.
    None for a config without rows.
    """
    name = f"{PARQUET}/{config}"
    tree = tree_of(root, commit, name) if config and "/" not in config else None
    if tree is None:
        if _rows(_manifest(Place(root, commit))).get(config) == 0:
            return None
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


def _manifest(place: Place) -> JsonObject:
    """The manifest of a root or of a commit; empty if there is none. Raises FormatError."""
    path = place.root / RELEASE
    data = b""
    if place.commit is not None:
        data = git(place.root, "show", f"{place.commit}:./{RELEASE}")
    elif path.is_file():
        data = read_bytes(path)
    manifest = parse(data, str(path)) if data else {}
    if not isinstance(manifest, dict):
        raise FormatError(f"{path}: is not a manifest; build it with `statevisit build`")
    return manifest


def _rows(manifest: JsonObject) -> dict[str, int]:
    """The number of rows of each config that a manifest states; empty if it states none."""
    configs = manifest.get("configs")
    stated = configs if isinstance(configs, dict) else {}
    return {name: number for name, number in stated.items() if type(number) is int}


def _splits(place: Place) -> list[str]:
    """The splits of a corpus, by its manifest; without one, `train`."""
    root, commit = place
    if commit is not None and tree_of(root, commit, RELEASE) is None:
        return [TRAIN]
    splits = _manifest(place).get("splits")
    return in_order(splits) if isinstance(splits, dict) and splits else [TRAIN]


def _scheme(place: Place) -> Scheme:
    """The scheme of a root or of a commit, in its edition."""
    edition = _manifest(place).get("edition")
    name = edition.get("name") if isinstance(edition, dict) else None
    root, commit = place
    if commit is None:
        scheme = scheme_at(root)
    elif tree_of(root, commit, SCHEME) is None:
        scheme = base()
    else:
        data = git(root, "show", f"{commit}:./{SCHEME}")
        scheme = scheme_from(data, f"{root / SCHEME} at {commit[:12]}")
    return scheme.in_edition(name if isinstance(name, str) else FULL)


def _nothing() -> Iterator[JsonObject]:
    yield from ()
