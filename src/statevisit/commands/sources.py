"""The seeds of a corpus and their list, as the commands write them."""

from pathlib import Path

import orjson

from statevisit import resources, schema_errors
from statevisit.codec import read_bytes
from statevisit.errors import FormatError
from statevisit.jsonl import valid_lines
from statevisit.model import Document


def write(path: Path, data: bytes) -> None:
    """Write a file where it is not so already; it appears whole or not at all."""
    if not path.exists() or read_bytes(path) != data:
        with resources.replacing(path) as temporary:
            temporary.write_bytes(data)


def keep_seed(root: Path, document: Document, data: bytes, publisher: str, license_: str) -> None:
    """Keep a document's seed in `seeds/` and list it. Raises FormatError where another file has its name."""
    kept = root / resources.SEEDS / document.source.file
    if kept.exists() and read_bytes(kept) != data:
        raise FormatError(f"{kept}: another file of this name is there already; rename the new one")
    sources = read_sources(root / resources.SOURCES)
    sources.setdefault(document.source.file, source_line(document, publisher, license_))
    write(kept, data)
    write(root / resources.SOURCES, b"".join(line + b"\n" for line in sources.values()))


def source_line(document: Document, publisher: str, license_: str) -> bytes:
    """The line of `seeds/sources.jsonl` for a document's seed. Raises FormatError."""
    source = {
        "file": document.source.file,
        "sha256": document.source.sha256,
        "date": document.date,
        "language": document.language,
        "publisher": publisher,
        "license": license_,
    }
    for _, message in schema_errors.errors(source, "source"):
        raise FormatError(f"{document.source.file}: {message}")
    return orjson.dumps(source)


def read_sources(path: Path) -> dict[str, bytes]:
    """Return the lines of the list of seeds, by file name. Raises FormatError."""
    if not path.exists():
        return {}
    listed = {}
    for line in valid_lines(read_bytes(path), str(path), "source"):
        assert isinstance(line.value, dict)
        listed[line.value["file"]] = line.data
    return listed
