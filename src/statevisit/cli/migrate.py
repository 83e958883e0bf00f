"""statevisit migrate: bring documents of older schema versions to the present one."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import click

from statevisit import files
from statevisit.checks.document import check_bytes
from statevisit.checks.registry import Context
from statevisit.cli.main import report, say
from statevisit.cli.options import corpus_argument, corpus_to_change
from statevisit.corpus.documents import locked, rewrite
from statevisit.corpus.reader import JSONL, Corpus, Entry, load
from statevisit.document import codec, strict_json
from statevisit.document.migrations import is_older, migrate
from statevisit.document.model import SCHEMA_VERSION, Document
from statevisit.document.scheme import Scheme
from statevisit.errors import FormatError
from statevisit.printable import counted


@click.command("migrate")
@corpus_argument
@click.option(
    "--allow-loss",
    is_flag=True,
    help="Migrate even if the current version cannot hold all properties; they are listed.",
)
@click.option(
    "--to",
    "version",
    type=int,
    default=SCHEMA_VERSION,
    show_default=True,
    help="The schema version to convert to. Only the current one is possible.",
)
@click.option("--dry-run", is_flag=True, help="Print the migrations; write nothing.")
def command(path: Path | None, allow_loss: bool, version: int, dry_run: bool) -> int:
    """Convert documents of older schema versions to the current one.

    PATH is a corpus root, a directory of documents or a document. All documents are migrated and
    checked before the first one is written: if one of them has an error, none is changed. A
    document of the current version stays unchanged.

    \b
    Example:
      statevisit migrate --dry-run corpus/documents
    """
    _require_current(version)
    path = corpus_to_change(path)
    corpus = _corpus_of_files(path)
    results = _all_migrated(corpus.entries, corpus.scheme)
    lossy = [result for result in results if result.losses]
    lost = "lost" if allow_loss and not dry_run else "would be lost"
    for result in lossy:
        for loss in result.losses:
            say(f"{result.entry.name}: {lost}: {loss}", err=True)
    if lossy and not allow_loss:
        raise FormatError(
            f"{len(lossy)} of {len(results)} documents would lose the properties listed "
            "above; nothing was written. --allow-loss migrates them without these properties"
        )
    older = [result for result in results if result.migrations]
    verb = "would migrate" if dry_run else "migrated"
    if not dry_run:
        _write(older)
    for result in older:
        say(f"{verb} {result.entry.name}: {', '.join(result.migrations)}")
    if not older:
        say(f"{counted(len(results), 'document')}, all of the present version")
    return 0


def _corpus_of_files(path: Path) -> Corpus:
    """Return the corpus in a path. Raises FormatError if its documents share files."""
    if path.suffix in JSONL:
        raise FormatError(
            f"{path}: is JSONL, but migrate rewrites files of one document: "
            "split it into <id>.json files first"
        )
    return load(path)


def _write(results: Sequence["_Migrated"]) -> None:
    for result in results:
        files.check_output(result.entry.path)
    for path, of_path in groupby(results, lambda result: result.entry.path):
        documents = {result.entry.id: codec.encode(result.document) for result in of_path}
        with locked(path):
            rewrite(path, documents)


def _require_current(version: int) -> None:
    """Raise FormatError, with the reason, for any schema version but the current one."""
    if version > SCHEMA_VERSION:
        raise FormatError(
            f"--to {version}: this statevisit writes schema version {SCHEMA_VERSION}; "
            f"documents written for version {version} need a newer one"
        )
    if version < SCHEMA_VERSION:
        raise FormatError(
            f"--to {version}: version {SCHEMA_VERSION} is not converted to version {version}, "
            "which has no place for the states of layers nor for unfinished records; "
            "statevisit.load(version=...) reads the releases of that time"
        )


def _all_migrated(entries: Sequence[Entry], scheme: Scheme) -> list["_Migrated"]:
    """Migrate and check all documents. Raises FormatError after naming all with an error."""
    results = []
    errors = []
    for entry in entries:
        try:
            results.append(_migrated(entry, scheme))
        except FormatError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        for bad in errors:
            say(f"statevisit: {bad}", err=True)
        raise FormatError(
            f"{len(errors)} of {len(entries)} documents have errors; nothing was written"
        )
    return results


class _Migrated(NamedTuple):
    """The document of a file in the present version, the migrations it took, and the losses."""

    entry: Entry
    document: Document
    migrations: list[str]
    losses: list[str]


def _migrated(entry: Entry, scheme: Scheme) -> _Migrated:
    """Migrate and check the document of one file.

    Raises FormatError, after printing the findings, if the result does not follow the schema.
    """
    data = entry.bytes()
    value = strict_json.parse(data, entry.name)
    if not is_older(value):
        return _Migrated(entry, codec.convert(value, entry.name, scheme, data), [], [])
    value, names, losses = migrate(value, entry.name)
    document, findings = check_bytes(
        codec.encode_value(value), entry.name, Context(scheme), warnings=False
    )
    if document is None:  # other findings are not the migration's, but for `statevisit validate`
        report(findings, err=True)
        raise FormatError(
            f"{entry.name}: does not follow the schema after {', '.join(names)}; "
            "nothing was written"
        )
    return _Migrated(entry, document, names, losses)
