"""The Hugging Face side: the shipped corpus as a DatasetDict. The only module that imports `datasets`."""

import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from statevisit.errors import FormatError, MissingExtra
from statevisit.resources import PARQUET, data_root

if TYPE_CHECKING:
    import datasets


def load_dataset(
    config: str = "documents", path: Path | str | None = None, **options: Any
) -> "datasets.DatasetDict":
    """The corpus as `datasets.load_dataset` gives it, offline: `load_dataset("events")["train"]`.

    `config`: documents, entities, events, quantities, timexes, relations or ner. `path`: a corpus root with
    `corpus/parquet/`, with or without a card; without one, what statevisit ships. `options` go to
    `datasets.load_dataset`: with `split="train"` it returns a Dataset, with `streaming=True` the iterable kind.
    Raises FormatError for a config or path that is not there, MissingExtra without `datasets`.
    """
    try:
        import datasets
    except ImportError:
        raise MissingExtra("datasets", "hub") from None
    root = data_root() if path is None else Path(path)
    if not root.is_dir():
        raise FormatError(f"{root}: no such directory")
    configs = sorted({p.parent.name for p in (root / PARQUET).glob("*/*.parquet")})
    if config not in configs:
        there = f"there are {', '.join(configs)}" if configs else "build it with `statevisit build`"
        raise FormatError(f"{root}: no config {config!r}; {there}")
    files = (
        glob.escape(str((root / PARQUET / config).resolve())) + "/train-*.parquet"
    )  # what the card of a root says, for roots without one as well
    return datasets.load_dataset("parquet", config, data_files={"train": files}, **options)
