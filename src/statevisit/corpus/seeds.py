"""The seeds of a corpus root and the list of their sources."""

from pathlib import Path

import orjson

from statevisit import files, layout
from statevisit.corpus.jsonl import valid_lines
from statevisit.document import schema, schema_errors
from statevisit.document.characters import tidy
from statevisit.document.codec import read_bytes
from statevisit.document.model import Document
from statevisit.errors import FormatError

_LIST = Path(layout.SOURCES).name


def check_seed(root: Path, name: str, data: bytes) -> None:
    """Raise FormatError if a seed cannot be kept in `seeds/` under its name."""
    if name == _LIST:
        raise FormatError(f"{name}: is the name of the list of seeds; rename this seed")
    kept = root / layout.SEEDS / name
    if kept.exists() and not files.holds(kept, data):
        raise FormatError(f"{kept}: another file of this name exists; rename the new one")
    check_update(root, f"{layout.SEEDS}/{name}", data)


def check_update(root: Path, name: str, data: bytes) -> None:
    """Raise FormatError if a file in a corpus root has other bytes and may not be replaced."""
    if not files.holds(root / name, data):
        files.own_path(root, name)


def keep_seed(root: Path, document: Document, data: bytes, publisher: str, license_: str) -> None:
    """Keep a document's seed in `seeds/` and list it. Raises FormatError if it cannot be kept."""
    file = document.source.file
    with files.locked(root):
        check_seed(root, file, data)
        sources = read_sources(root / layout.SOURCES)
        sources.setdefault(file, source_line(document, publisher, license_))
        listed = sources_file(sources)
        check_update(root, layout.SOURCES, listed)
        files.update(root / layout.SEEDS / file, data)
        files.update(root / layout.SOURCES, listed)


def source_line(document: Document, publisher: str, license_: str) -> bytes:
    """Return the line of a document's seed in `seeds/sources.jsonl`. Raises FormatError."""
    source = {
        "file": document.source.file,
        "sha256": document.source.sha256,
        "date": document.date,
        "language": document.language,
        "publisher": tidy(publisher),
        "license": tidy(license_),
    }
    for _, message in schema_errors.errors(source, schema.load("source")):
        raise FormatError(f"{document.source.file}: {message}")
    return orjson.dumps(source)


def sources_file(sources: dict[str, bytes]) -> bytes:
    """Return the bytes of the list of seeds, from its lines as `read_sources` returns them."""
    return b"".join(line + b"\n" for line in sources.values())


def read_sources(path: Path) -> dict[str, bytes]:
    """Return the lines of the list of seeds, by file name; none without a list.

    Raises FormatError.
    """
    if not path.exists():
        return {}
    listed = {}
    for line in valid_lines(read_bytes(path, regular=True), str(path), "source"):
        assert isinstance(line.value, dict)
        listed[line.value["file"]] = line.data
    return listed
