"""statevisit migrate: documents of older schema versions become documents of the present one."""

from pathlib import Path

import click

from statevisit import codec, files, strict_json
from statevisit.checks.document import check_bytes
from statevisit.commands import report
from statevisit.corpus import JSONL, Entry, load
from statevisit.errors import FormatError
from statevisit.migrate import is_older, migrate
from statevisit.model import Document


@click.command("migrate")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option(
    "--allow-loss",
    is_flag=True,
    help="Migrate also where the present version has no place for something; it is listed.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
def command(path: Path, allow_loss: bool, dry_run: bool) -> int:
    """Bring documents of older schema versions to the present one.

    PATH is a corpus root, a directory of documents or a document. All documents are migrated and checked before the
    first one is written: with an error in one of them none is changed. A document of the present version is left alone.

    \b
    Example:
      statevisit migrate --dry-run corpus/documents
    """
    if path.suffix in JSONL:
        raise FormatError(
            f"{path}: is JSONL, and migrate rewrites files of one document: split it into <id>.json files first"
        )
    made = [(entry, *_migrated(entry)) for entry in load(path).entries]
    lossy = 0
    for entry, _, _, losses in made:
        lossy += bool(losses)
        for loss in losses:
            click.echo(
                f"{entry.path}: {'lost' if allow_loss and not dry_run else 'would be lost'}: {loss}",
                err=True,
            )
    if lossy and not allow_loss:
        raise FormatError(
            f"{lossy} of {len(made)} documents would lose what is listed above, and nothing was written: --allow-loss migrates them all the same"
        )
    older = [entry for entry, _, names, _ in made if names]
    if not dry_run:
        for entry in older:
            files.check_output(entry.path)
    for entry, document, names, _ in made:
        if names and not dry_run:
            codec.write_document(document, entry.path)
        if names:
            click.echo(
                f"{'would migrate' if dry_run else 'migrated'} {entry.path}: {', '.join(names)}"
            )
    if not older:
        click.echo(f"{len(made)} documents, all of the present version")
    return 0


def _migrated(entry: Entry) -> tuple[Document, list[str], list[str]]:
    """(document, names of migrations, losses) for one file. Raises FormatError where what comes out is not valid."""
    data = entry.bytes()
    value = strict_json.parse(data, entry.name)
    if not is_older(value):
        return codec.convert(value, entry.name, data), [], []
    value, names, losses = migrate(value, entry.name)
    document, findings = check_bytes(codec.encode_value(value), entry.name, warnings=False)
    if document is None:  # what checks find was there before, and is for `statevisit validate`
        report(findings, err=True)
        raise FormatError(
            f"{entry.path}: does not follow the schema after {', '.join(names)}; nothing was written"
        )
    return document, names, losses
