"""Where corpus/, schema/ and seeds/ are: beside the code in a wheel, at the top of a checkout.

No other module does path arithmetic on the package's own data; paths below a *corpus root* (the directory
that holds `corpus/` and `seeds/`) are named here as well, so that the layout is written down once.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
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


def data_root() -> Path:
    """The directory that holds the shipped `corpus/`, `schema/` and `README.md`.

    `datasets.load_dataset(str(data_root()))` works on it. Raises StateVisitError where the package was
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
    """The corpus root that `path` is, or whose `corpus/` or `corpus/documents/` it is; None for any other directory."""
    path = path.absolute()
    for root in (path, path.parent, path.parent.parent):
        if (root / DOCUMENTS).is_dir() and path in (root, root / "corpus", root / DOCUMENTS):
            return root
    return None


def corpus_root(path: Path) -> Path:
    """The corpus root for `path`. Raises FormatError when there is no `corpus/documents` directory."""
    root = enclosing_root(path)
    if root is None:
        raise FormatError(
            f"{path}: no {DOCUMENTS}/ here: name the directory that holds corpus/, or make one document with `statevisit ingest`"
        )
    return root


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that replaces it when the block ends well and vanishes when it does not.

    Raises OSError that names `path`, not the temporary one.
    """
    import tempfile  # which takes a third as long to import as Python takes to start

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(
            0o666 & ~mask
        )  # mkstemp makes 0600; what is published is readable as any new file is
        temporary.replace(path)
    except OSError as error:
        if error.filename not in (None, name):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def appearing(target: Path, replace: bool = False) -> Iterator[Path]:
    """A temporary directory that becomes `target` when the block ends well and vanishes when it does not.

    Raises FormatError for a target that is there and not empty, unless it is to be replaced.
    """
    import tempfile

    if target.exists() and not replace and (not target.is_dir() or any(target.iterdir())):
        raise FormatError(f"{target}: exists already and is not empty; name a new directory")
    where = target.absolute()
    where.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{where.name}.", dir=where.parent) as name:
        made = Path(name) / "made"
        made.mkdir()
        yield made
        if replace and where.exists():
            where.replace(Path(name) / "before")
        made.replace(where)


def starter() -> Path:
    """The directory of the files that `statevisit init` copies."""
    return Path(__file__).parent / "starter"


def version() -> str:
    """The version of the package, which is that of the corpus it carries (its `release.json`)."""
    import json

    manifest = data_root() / RELEASE
    return json.loads(manifest.read_bytes())["version"] if manifest.is_file() else "0"
