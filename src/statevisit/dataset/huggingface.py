"""The corpus as a Hugging Face dataset. The only module that imports `datasets`."""

import glob
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from statevisit.document.codec import read_bytes
from statevisit.document.schema import FULL
from statevisit.document.strict_json import JsonObject, parse
from statevisit.errors import FormatError, MissingExtra
from statevisit.layout import PARQUET, RELEASE, data_root

if TYPE_CHECKING:
    import datasets


def load_dataset(
    config: str = "documents", path: Path | str | None = None, **options: Any
) -> "datasets.DatasetDict":
    """Load a config of a corpus offline, as `datasets.load_dataset` does.

    `load_dataset("events")["train"]` has the events of the shipped corpus. `config` is documents,
    entities, events, quantities, timexes, relations or ner. `path` is a corpus root with
    `corpus/parquet/`, with or without a card. `options` go to `datasets.load_dataset`:
    `split="train"` gives a Dataset, `streaming=True` an iterable one. A config without a row in the
    corpus has no files, and gives an empty dataset with its columns.

    Raises FormatError for an unknown config and for a path without Parquet files, MissingExtra if
    `datasets` is not installed.
    """
    try:
        import datasets
    except ImportError:
        raise MissingExtra("datasets", "hub") from None
    root = data_root() if path is None else Path(path)
    if not root.is_dir():
        raise FormatError(f"{root}: no such directory")
    configs = sorted({file.parent.name for file in (root / PARQUET).glob("*/*.parquet")})
    if not configs:
        raise FormatError(f"{root}: no Parquet files; build them with `statevisit build`")
    if config not in configs:
        rows, edition = _stated(root)
        if rows.get(config) == 0:
            return _empty(config, edition, **options)
        known = ", ".join(sorted({*configs, *rows}))
        raise FormatError(f"{root}: no config {config!r}; the configs are {known}")
    # The pattern that the card of a root gives, so that roots without a card load alike.
    directory = glob.escape(str((root / PARQUET / config).resolve()))
    files = {"train": f"{directory}/train-*.parquet"}
    return datasets.load_dataset("parquet", config, data_files=files, **options)


def _stated(root: Path) -> tuple[dict[str, int], str]:
    """Return the number of rows of each config, and the edition, as the manifest states them."""
    path = root / RELEASE
    manifest = parse(read_bytes(path), str(path)) if path.is_file() else {}
    try:
        rows = {str(name): int(number) for name, number in manifest.get("configs", {}).items()}
        return rows, str(manifest.get("edition", {}).get("name", FULL))
    except (AttributeError, TypeError, ValueError):
        raise FormatError(f"{path}: is not a manifest; build it with `statevisit build`") from None


def _empty(config: str, edition: str, split: Any = None, streaming: bool = False, **_: Any) -> Any:
    """Return what `datasets.load_dataset` would for files without a row, which it cannot read."""
    import datasets

    from statevisit.dataset.arrow import arrow_schema

    schema = arrow_schema(config, edition)
    if streaming:
        columns = datasets.Features.from_arrow_schema(schema)
        train: Any = datasets.IterableDataset.from_generator(_nothing, columns)
    else:
        train = datasets.Dataset(schema.empty_table(), split=datasets.Split.TRAIN)
    if split is None:
        kind: Any = datasets.IterableDatasetDict if streaming else datasets.DatasetDict
        return kind({"train": train})
    if isinstance(split, list | tuple):
        return [_empty(config, edition, one, streaming) for one in split]
    name = str(split).partition("[")[0]
    if name not in ("train", "all"):
        raise ValueError(f"Unknown split \"{split}\". Should be one of ['train'].")
    return train


def _nothing() -> Iterator[JsonObject]:
    yield from ()
