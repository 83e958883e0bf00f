"""statevisit ingest: a seed becomes a document."""

import re
from pathlib import Path

import click
import orjson

from statevisit import resources
from statevisit.checks import read_checked
from statevisit.codec import encode_value, read_bytes, write_document
from statevisit.errors import FormatError
from statevisit.model import Document


@click.command("ingest")
@click.argument("seeds", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--root", default=".", type=click.Path(path_type=Path), help="Corpus root to add to; made where it is missing. Default: the current directory.")
@click.option("--id", "document_id", help="Id of the document, for one seed. Default: its date and file name.")
@click.option("--language", default="en", show_default=True, help="Language of the text, BCP 47.")
@click.option("--publisher", default="unknown", show_default=True, help="Who published the text.")
@click.option("--license", "license_", default="not stated", show_default=True, help="Licence of the text.")
def command(seeds: tuple[Path, ...], root: Path, document_id: str | None, language: str, publisher: str, license_: str) -> None:
    """Make a document from a source text: sentences and tokens, no annotation yet.

    SEEDS are UTF-8 files that begin with ` date YYYY-MM-DD `. Each is kept byte for byte in seeds/ and listed in
    seeds/sources.jsonl. A document that exists is never overwritten: its text does not change.

    \b
    Example:
      statevisit ingest seeds/000_82c204a477bd98b6.txt --root my-corpus --id 2024-02-19-aliyev-visit
    """
    from statevisit.ingest import ingest

    if document_id is not None and len(seeds) > 1:
        raise click.UsageError("--id names one document; give one seed with it")
    for path in seeds:
        data = read_bytes(path)
        document = ingest(data, path.name, "pending", language)
        document = _named(document, f"{document.date}-{path.stem}" if document_id is None else document_id)
        target = root / resources.DOCUMENTS / f"{document.id}.json"
        if target.exists():
            raise FormatError(f"{target}: exists already; a document's text never changes, so a corrected one needs another --id")
        keep_seed(root / resources.SEEDS / path.name, data)
        list_source(root / resources.SOURCES, document, publisher, license_)
        _list_annotator(root / resources.ANNOTATORS)
        write_document(document, target)
        click.echo(f"{target}: {len(document.sentences)} sentences, {len(document.tokens)} tokens")


def _named(document: Document, wanted: str) -> Document:
    from msgspec.structs import replace

    if "/" in wanted or "\\" in wanted:
        raise FormatError(f"{wanted!r} cannot be an id: it has a path separator in it; letters, digits, `_` and `-` only")
    document_id = re.sub(r"[^A-Za-z0-9_-]+", "-", wanted)[:64]
    if not wanted or (document_id != wanted and not wanted.startswith(document.date)):
        hint = f"; {document_id!r} could" if document_id else ""
        raise FormatError(f"{wanted!r} cannot be an id: letters, digits, `_` and `-` only, at most 64{hint}")
    return replace(document, id=document_id)


def _write(path: Path, data: bytes) -> None:
    with resources.replacing(path) as temporary:
        temporary.write_bytes(data)


def keep_seed(target: Path, data: bytes) -> None:
    """Keep a seed's bytes in `seeds/`. Raises FormatError where another file has its name."""
    if not target.exists():
        _write(target, data)
    elif target.read_bytes() != data:
        raise FormatError(f"{target}: another file of this name is there already; rename the new one")


def list_source(path: Path, document: Document, publisher: str, license_: str) -> None:
    """Add a line for a document's seed to the source list, where it is not listed yet."""
    line = orjson.dumps({"file": document.source.file, "sha256": document.source.sha256, "date": document.date, "language": document.language, "publisher": publisher, "license": license_})
    listed = read_bytes(path) if path.exists() else b""
    if document.source.sha256.encode() not in listed:
        _write(path, listed + (b"" if listed.endswith(b"\n") or not listed else b"\n") + line + b"\n")


def _list_annotator(path: Path) -> None:
    from statevisit.ingest import ANNOTATOR

    value = read_checked(path, "annotators") if path.exists() else {"annotators": []}
    if all(a["id"] != ANNOTATOR["id"] for a in value["annotators"]):
        value["annotators"].append(ANNOTATOR)
        _write(path, encode_value(value))
