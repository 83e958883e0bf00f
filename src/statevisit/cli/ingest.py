"""statevisit ingest: a seed becomes a document."""

import re
from pathlib import Path

import click

from statevisit import files, layout
from statevisit.checks.document import check_bytes
from statevisit.cli.progress import Bar
from statevisit.corpus.jsonl import read_json
from statevisit.corpus.seeds import (
    check_seed,
    check_update,
    read_sources,
    source_line,
    sources_file,
)
from statevisit.document.codec import encode, encode_value, read_bytes
from statevisit.document.model import Document
from statevisit.errors import FormatError


@click.command("ingest")
@click.argument("seeds", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--root",
    default=".",
    type=click.Path(path_type=Path),
    help="Corpus root to add to; created if it is missing. Default: the current directory.",
)
@click.option(
    "--id", "document_id", help="Id of the document, for one seed. Default: its date and file name."
)
@click.option("--language", default="en", show_default=True, help="Language of the text, BCP 47.")
@click.option("--publisher", default="unknown", show_default=True, help="Publisher of the text.")
@click.option(
    "--license", "license_", default="not stated", show_default=True, help="Licence of the text."
)
def command(
    seeds: tuple[Path, ...],
    root: Path,
    document_id: str | None,
    language: str,
    publisher: str,
    license_: str,
) -> None:
    """Make a document from a source text: sentences and tokens, no annotation yet.

    SEEDS are UTF-8 files that begin with ` date YYYY-MM-DD `. Each is kept byte for byte in seeds/ and listed in
    seeds/sources.jsonl. A document that exists is never overwritten: its text does not change.

    \b
    Example:
      statevisit ingest seeds/000_82c204a477bd98b6.txt --root my-corpus --id 2024-02-19-aliyev-visit
    """
    if document_id is not None and len(seeds) > 1:
        raise click.UsageError("--id names one document; give one seed with it")
    sources, annotators = (
        read_sources(root / layout.SOURCES),
        _annotators(root / layout.ANNOTATORS),
    )
    made: dict[Path, tuple[bytes, Document]] = {}
    with Bar(len(seeds), "ingesting") as bar:
        for path in seeds:  # everything is made and checked before anything is written
            data = read_bytes(path)
            document = _made(data, path, document_id, language)
            target = root / layout.DOCUMENTS / f"{document.id}.json"
            if target.exists():
                raise FormatError(
                    f"{target}: exists already; a document's text never changes, so a corrected one needs another --id"
                )
            check_seed(root, path.name, data)
            if any(
                other.source.file == path.name and seed != data for seed, other in made.values()
            ):
                raise FormatError(
                    f"{path}: another file of this name is given as well; rename one of them"
                )
            if target in made:
                raise FormatError(
                    f"{path}: is given twice, or has the name and date of another seed; give each document one"
                )
            sources.setdefault(path.name, source_line(document, publisher, license_))
            made[target] = data, document
            bar.advance()
    listed = sources_file(sources)
    check_update(root, layout.ANNOTATORS, annotators)
    check_update(root, layout.SOURCES, listed)
    for target in made:
        files.own_path(root, f"{layout.DOCUMENTS}/{target.name}")
    files.update(root / layout.ANNOTATORS, annotators)
    files.update(root / layout.SOURCES, listed)
    for target, (
        data,
        document,
    ) in made.items():  # documents last: without them, the same command can be given again
        files.update(root / layout.SEEDS / document.source.file, data)
        files.write(target, encode(document))
        click.echo(f"{target}: {len(document.sentences)} sentences, {len(document.tokens)} tokens")


def _made(data: bytes, path: Path, document_id: str | None, language: str) -> Document:
    """The document of a seed, valid. Raises FormatError."""
    from statevisit.annotation.ingest import ingest

    document = ingest(data, path.name, "pending", language)
    document = _named(
        document, f"{document.date}-{path.stem}" if document_id is None else document_id
    )
    for finding in check_bytes(encode(document), str(path))[1]:
        raise FormatError(f"{path}: cannot be made a document: {finding.message}")
    return document


def _named(document: Document, wanted: str) -> Document:
    from msgspec.structs import replace

    if "/" in wanted or "\\" in wanted:
        raise FormatError(
            f"{wanted!r} cannot be an id: it has a path separator in it; letters, digits, `_` and `-` only"
        )
    document_id = re.sub(r"[^A-Za-z0-9_-]+", "-", wanted)[:64]
    if not wanted or (document_id != wanted and not wanted.startswith(document.date)):
        hint = f"; {document_id!r} could" if document_id else ""
        raise FormatError(
            f"{wanted!r} cannot be an id: letters, digits, `_` and `-` only, at most 64{hint}"
        )
    return replace(document, id=document_id)


def _annotators(path: Path) -> bytes:
    """The list of annotators with ours in it. Raises FormatError."""
    from statevisit.annotation.ingest import ANNOTATOR

    data = read_bytes(path) if path.exists() else b""
    value = read_json(path, "annotators") if data else {"annotators": []}
    if any(a["id"] == ANNOTATOR["id"] for a in value["annotators"]):
        return data
    return encode_value(value | {"annotators": [*value["annotators"], ANNOTATOR]})
