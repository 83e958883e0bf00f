"""The layout: paths below a corpus root, and the corpus root of the package itself.

A *corpus root* is a directory that holds `corpus/` and `seeds/`. No other module computes paths of
the data of the package, which lie beside the code in a wheel and at the top of a checkout.
"""

import os
import re
import unicodedata
from pathlib import Path

from statevisit.errors import FormatError, StateVisitError

DOCUMENTS = "corpus/documents"
FIRST_SHARD = "corpus/documents/part-00000.jsonl.zst"
"""A corpus has it if its documents are in shards, and not in files `<id>.json`."""
ANNOTATIONS = "corpus/annotators"
PARQUET = "corpus/parquet"
RELEASE = "corpus/release.json"
ANNOTATORS = "corpus/annotators.json"
PEOPLE = ".statevisit/annotators.json"
"""Whose the names of annotators are; never published, and its directory is ignored by Git."""
LINKS = "corpus/wikidata.json"
DECISIONS = "corpus/adjudication.jsonl"
IMPORTED = "corpus/imported"
"""What imported files of other formats hold beside the documents, by format."""
SEEDS = "seeds"
SOURCES = "seeds/sources.jsonl"
CARD = "README.md"
CROISSANT = "corpus/croissant.json"
SCHEME = "schema/scheme.toml"
DOCUMENT_SCHEMA = "schema/document.schema.json"
SCHEMA_PAGE = "schema/README.md"
CHECKS_PAGE = "schema/CHECKS.md"
CORPUS_PAGE = "corpus/README.md"
GUIDELINES = "schema/GUIDELINES.md"
LICENSE = "LICENSE"
CITATION = "CITATION.cff"
CHANGELOG = "CHANGELOG.md"
_DIRECTORIES = ("corpus", "schema", "seeds")


_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³])(?:\..*)?", re.IGNORECASE)
_REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def unportable(name: str) -> str:
    """Return why some system cannot hold a file or directory of this name; "" if all can."""
    if _DEVICES.fullmatch(name):
        return "Windows reserves it for a device"
    if refused := _REFUSED.search(name):
        return f"Windows refuses {refused[0]!r} in a name"
    if name[-1:] in (".", " "):
        return "Windows drops the full stop or space at its end"
    if not unicodedata.is_normalized("NFC", name):
        return "it is not in Unicode normal form NFC, which some systems change"
    if len(name.encode()) > 255:
        return "it has more than 255 bytes"
    return ""


def on_any_system(name: str) -> str:
    """Return a name as a system sees it that ignores case and normal form, as macOS does."""
    return unicodedata.normalize("NFC", name.casefold())


def data_root() -> Path:
    """Return the directory that holds the shipped `corpus/`, `schema/` and `README.md`.

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
    """Return the corpus root that `path` is, or whose `corpus/` or `corpus/documents/` it is.

    None for any other path.
    """
    path = path.absolute()
    for root in (path, path.parent, path.parent.parent):
        if (root / DOCUMENTS).is_dir() and path in (root, root / "corpus", root / DOCUMENTS):
            return root
    return None


def current_root() -> Path | None:
    """Return the corpus root that is the current directory or the nearest one above it, or None."""
    here = Path().absolute()
    for directory in (here, *here.parents):
        if os.path.isdir(directory / DOCUMENTS):  # False for a directory that cannot be read
            return Path() if directory == here else directory
    return None


def corpus_root(path: Path) -> Path:
    """Return the corpus root of `path`, as `enclosing_root`; raise FormatError if it has none."""
    root = enclosing_root(path)
    if root is None:
        raise FormatError(
            f"{path.absolute()}: no {DOCUMENTS}/ here: name the directory that holds corpus/, "
            "make a document with `statevisit ingest`, or a new corpus with `statevisit init`"
        )
    return root


def holding_root(path: Path) -> Path | None:
    """Return the nearest corpus root whose corpus/, schema/ or seeds/ holds a path, else None."""
    parts = path.absolute().parts
    for number in range(len(parts) - 1, 0, -1):
        if parts[number] in _DIRECTORIES:
            root = Path(*parts[:number])
            if (root / DOCUMENTS).is_dir():
                return root
    return None


def is_sharded(root: Path) -> bool:
    """Whether the documents of a corpus root are in shards."""
    return os.path.lexists(root / FIRST_SHARD)


def sharded_root_of(path: Path) -> Path | None:
    """Return the corpus root in whose shards the document of a path `<id>.json` is, else None.

    The path need not lead to a file: it names a document of a root, whatever form the root has.
    """
    root = holding_root(path) if path.suffix == ".json" else None
    if root is None or path.absolute().parent != root / DOCUMENTS or not is_sharded(root):
        return None
    return root


def refuse_mixture(path: Path) -> None:
    """Raise FormatError if a path is that of a document beside the shards of a corpus root."""
    root = sharded_root_of(path)
    if root is not None:
        raise FormatError(
            f"{path}: its directory holds documents in shards, beside which a file would not be "
            "read; run `statevisit unshard` first, or name another file"
        )


def starter() -> Path:
    """Return the directory of the files that `statevisit init` copies."""
    return Path(__file__).parent / "cli" / "starter"


def version() -> str:
    """Return the version of the package: that of the corpus it ships, in its `release.json`."""
    import json

    manifest = data_root() / RELEASE
    if not manifest.is_file():
        return "0"
    stated: str = json.loads(manifest.read_bytes())["version"]
    return stated
