"""statevisit realign: a source text was corrected, and its documents follow."""

import hashlib
from pathlib import Path

import click
import orjson

from statevisit import files, layout
from statevisit.cli.main import report
from statevisit.corpus.seeds import keep_seed, read_sources
from statevisit.document.codec import read_bytes, read_document, write_document
from statevisit.document.model import Source
from statevisit.document.strict_json import locate
from statevisit.errors import FormatError
from statevisit.findings import ERROR, Finding


@click.command("realign")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.argument("documents", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(old: Path, new: Path, documents: tuple[Path, ...]) -> int:
    """Move a document's spans to a corrected source text.

    OLD and NEW are the seed before and after the correction, each with its header; DOCUMENTS are made from OLD.
    Sentences, tokens and all spans move with their words; hash, date and seed become those of NEW, which is copied to
    seeds/ and listed. If a span has no certain place in NEW, it is reported and its document stays unchanged.

    \b
    Example:
      statevisit realign seeds/000_82c204a477bd98b6.txt corrected.txt corpus/documents/2024-02-19-aliyev-visit.json
    """
    from statevisit.annotation.ingest import decode_seed

    before, after = read_bytes(old), read_bytes(new)
    decode_seed(before, str(old))
    text, date, header = decode_seed(after, str(new))
    source = Source(file=new.name, sha256=hashlib.sha256(after).hexdigest(), header_length=header)
    for path in documents:
        files.check_output(path)
    failed = 0
    for path in documents:
        findings = _realigned(path, before, old, after, (text, date, source))
        report(findings, err=True)
        failed += any(f.severity == ERROR for f in findings)
    if failed:
        click.echo(
            f"{failed} of {len(documents)} documents could not be realigned and are as they were",
            err=True,
        )
    return 1 if failed else 0


def _realigned(
    path: Path, before: bytes, old: Path, after: bytes, target: tuple[str, str, Source]
) -> list[Finding]:
    from statevisit.annotation.ingest import segment
    from statevisit.annotation.realign import realign
    from statevisit.checks.document import check_document
    from statevisit.findings import severity

    text, date, source = target
    document = read_document(path)
    if document.source.sha256 != hashlib.sha256(before).hexdigest():
        raise FormatError(f"{path}: was not made from {old}: the SHA-256 of its source is another")
    if wrong := next(
        (
            f"{code} {message}"
            for code, _, message in check_document(document)
            if severity(code) == ERROR
        ),
        None,
    ):
        raise FormatError(f"{path}: has errors, and is to be mended first: {wrong}")
    made, findings = realign(document, text, source, date, segment)
    data = read_bytes(path)
    placed = [_with_place(f, path, data) for f in findings]
    if made is None:
        return placed
    placed += [
        Finding(code=c, message=m, file=str(path), document=made.id)
        for c, _, m in check_document(made)
        if severity(c) == ERROR
    ]
    if any(f.severity == ERROR for f in placed):
        return placed
    root = layout.enclosing_root(path.absolute().parent)
    if root:
        keep_seed(root, made, after, *_stated(root, document.source.file))
    write_document(made, path)
    click.echo(f"realigned {path}")
    return placed


def _with_place(finding: Finding, path: Path, data: bytes) -> Finding:
    from msgspec.structs import replace

    steps = [int(p) if p.isdigit() else p for p in finding.pointer.split("/")[1:]]
    line, column = locate(data, steps)
    return replace(finding, file=str(path), line=line, column=column)


def _stated(root: Path, file: str) -> tuple[str, str]:
    """Publisher and licence of a listed source: those of the text, corrected or not."""
    listed = read_sources(root / layout.SOURCES)
    if file not in listed:
        return "unknown", "not stated"
    source = orjson.loads(listed[file])
    return source["publisher"], source["license"]
