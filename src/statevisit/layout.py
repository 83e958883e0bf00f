"""Where corpus/, schema/ and seeds/ are: beside the code in a wheel, at the top of a checkout.

No other module computes paths of the package's own data. The paths below a *corpus root* (the
directory that holds `corpus/` and `seeds/`) are also named here, so that the layout is stated once.
"""

from pathlib import Path

from statevisit.errors import FormatError, StateVisitError

DOCUMENTS = "corpus/documents"
ANNOTATIONS = "corpus/annotators"
PARQUET = "corpus/parquet"
RELEASE = "corpus/release.json"
ANNOTATORS = "corpus/annotators.json"
LINKS = "corpus/wikidata.json"
DECISIONS = "corpus/adjudication.jsonl"
SEEDS = "seeds"
SOURCES = "seeds/sources.jsonl"
CARD = "README.md"
CROISSANT = "corpus/croissant.json"
SCHEMA_PAGE = "schema/README.md"
CHECKS_PAGE = "schema/CHECKS.md"
CORPUS_PAGE = "corpus/README.md"
GUIDELINES = "schema/GUIDELINES.md"
LICENSE = "LICENSE"
CITATION = "CITATION.cff"
CHANGELOG = "CHANGELOG.md"
_DIRECTORIES = ("corpus", "schema", "seeds")


def data_root() -> Path:
    """The directory that holds the shipped `corpus/`, `schema/` and `README.md`.

    `datasets.load_dataset(str(data_root()))` works on it. Raises StateVisitError if the package was
    installed without its data.
    """
    package = Path(__file__).parent
    if (package / "_data").is_dir():
        return package / "_data"
    checkout = package.parents[1]
    if (checkout / "pyproject.toml").is_file() and (checkout / "schema").is_dir():
        return checkout
    raise StateVisitError(
        f"no data beside {package}: install the wheel, or work in a checkout (pip install -e .)"
    )


def enclosing_root(path: Path) -> Path | None:
    """The corpus root at `path`, or whose `corpus/` or `corpus/documents/` is `path`; else None."""
    path = path.absolute()
    for root in (path, path.parent, path.parent.parent):
        if (root / DOCUMENTS).is_dir() and path in (root, root / "corpus", root / DOCUMENTS):
            return root
    return None


def corpus_root(path: Path) -> Path:
    """The corpus root for `path`. Raises FormatError if it has no `corpus/documents`."""
    root = enclosing_root(path)
    if root is None:
        raise FormatError(
            f"{path}: no {DOCUMENTS}/ here: name the directory that holds corpus/, or make a "
            "document with `statevisit ingest`"
        )
    return root


def holding_root(path: Path) -> Path | None:
    """The nearest corpus root with the path in its corpus/, schema/ or seeds/; None for others."""
    parts = path.absolute().parts
    for number in range(len(parts) - 1, 0, -1):
        if parts[number] in _DIRECTORIES:
            root = Path(*parts[:number])
            if (root / DOCUMENTS).is_dir():
                return root
    return None


def starter() -> Path:
    """The directory of the files that `statevisit init` copies."""
    return Path(__file__).parent / "cli" / "starter"


def version() -> str:
    """The version of the package, which is that of the corpus it carries (its `release.json`)."""
    import json

    manifest = data_root() / RELEASE
    return json.loads(manifest.read_bytes())["version"] if manifest.is_file() else "0"
