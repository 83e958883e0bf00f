"""The corpus as a Hugging Face dataset. The only module that imports `datasets`."""

import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from statevisit.errors import FormatError, MissingExtra
from statevisit.layout import PARQUET, data_root

if TYPE_CHECKING:
    import datasets


def load_dataset(
    config: str = "documents", path: Path | str | None = None, **options: Any
) -> "datasets.DatasetDict":
    """Load a config of a corpus offline, as `datasets.load_dataset` does.

    `load_dataset("events")["train"]` has the events of the shipped corpus. `config` is documents,
    entities, events, quantities, timexes, relations or ner. `path` is a corpus root with
    `corpus/parquet/`, with or without a card. `options` go to `datasets.load_dataset`:
    `split="train"` gives a Dataset, `streaming=True` an iterable one.

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
        raise FormatError(f"{root}: no config {config!r}; the configs are {', '.join(configs)}")
    # The pattern that the card of a root gives, so that roots without a card load alike.
    directory = glob.escape(str((root / PARQUET / config).resolve()))
    files = {"train": f"{directory}/train-*.parquet"}
    return datasets.load_dataset("parquet", config, data_files=files, **options)
