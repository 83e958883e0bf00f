"""statevisit realign: move the spans of documents to a corrected source text."""

import hashlib
from pathlib import Path

import click
from msgspec.structs import replace

from statevisit import files, layout
from statevisit.cli.main import report, say
from statevisit.corpus.documents import entry_at, write_document
from statevisit.corpus.seeds import ListedSource, keep_seed, source_named
from statevisit.document.codec import read_bytes
from statevisit.document.model import Document, Source
from statevisit.document.scheme import scheme_for
from statevisit.document.strict_json import Locator
from statevisit.errors import FormatError
from statevisit.findings import ERROR, Finding


@click.command("realign")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.argument("documents", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(old: Path, new: Path, documents: tuple[Path, ...]) -> int:
    """Move a document's spans to a corrected source text.

    OLD and NEW are the seed before and after the correction, each with its header if it has one;
    DOCUMENTS were made from OLD. Sentences, tokens and all spans move with their words; hashes,
    date and seed become those of NEW, which is kept in seeds/ beside OLD and listed. If the new
    place of a span is not certain, the span is reported and its document is not changed.

    \b
    Example:
      statevisit realign seeds/000_82c204a477bd98b6.txt corrected.txt \\
        corpus/documents/2024-02-19-aliyev-visit.json
    """
    from statevisit.annotation.received.plain import split_seed

    before, after = read_bytes(old), read_bytes(new)
    split_seed(before, str(old))
    text, date, header = split_seed(after, str(new))
    source = Source(file=new.name, sha256=hashlib.sha256(after).hexdigest(), header_length=header)
    for path in documents:
        files.check_output(entry_at(path).path)
    failed = 0
    for path in documents:
        findings = _realigned(path, before, old, after, (text, date, source))
        report(findings, err=True)
        failed += _has_error(findings)
    if failed:
        say(
            f"{failed} of {len(documents)} documents could not be realigned and were not changed",
            err=True,
        )
    return 1 if failed else 0


def _has_error(findings: list[Finding]) -> bool:
    return any(finding.severity == ERROR for finding in findings)


def _realigned(
    path: Path, before: bytes, old: Path, after: bytes, target: tuple[str, str | None, Source]
) -> list[Finding]:
    """Realign and write one document; return the findings, with an error if it is not written.

    `target` is the new text, the date in its header, if any, and its source.
    """
    from statevisit.annotation.realign import realign
    from statevisit.annotation.segmentation import segmenter_of

    text, date, source = target
    entry = entry_at(path)
    data = entry.bytes()
    document = entry.read(scheme_for(path))
    if document.source.sha256 != hashlib.sha256(before).hexdigest():
        raise FormatError(
            f"{path}: was not made from {old}: the SHA-256 of its source differs; name its seed"
        )
    errors = _errors(document, path)
    if errors:
        raise FormatError(
            f"{path}: has errors, which have to be mended first: "
            f"{errors[0].code} {errors[0].message}"
        )
    segment = segmenter_of(document)
    realigned, findings = realign(document, text, source, date or document.date, segment)
    locator = Locator(data)
    findings = [entry.placed(_with_place(finding, entry.path, locator)) for finding in findings]
    if realigned is None:
        return findings
    findings += _errors(realigned, path)
    if _has_error(findings):
        return findings
    root = layout.enclosing_root(path.absolute().parent)
    if root:
        keep_seed(root, realigned, after, _stated(root, document))
    write_document(realigned, path)
    say(f"realigned {path}")
    return findings


def _errors(document: Document, path: Path) -> list[Finding]:
    from statevisit.checks.document import check_document

    return [
        Finding(code=code, message=message, file=str(path), document=document.id)
        for code, _, message in check_document(document, warnings=False)
    ]


def _with_place(finding: Finding, path: Path, locator: Locator) -> Finding:
    steps = [int(step) if step.isdigit() else step for step in finding.pointer.split("/")[1:]]
    line, column = locator.locate(steps)
    return replace(finding, file=str(path), line=line, column=column)


def _stated(root: Path, document: Document) -> ListedSource:
    """Return the source of a document as the list of seeds states it: a corrected text keeps it."""
    listed = source_named(root, document.source.file)
    if listed is None:
        return ListedSource(
            file=document.source.file,
            sha256=document.source.sha256,
            date=document.date,
            language=document.language,
            publisher="unknown",
            license="not stated",
        )
    return replace(listed, received=None, normalised=())  # the corrected seed is someone's work
