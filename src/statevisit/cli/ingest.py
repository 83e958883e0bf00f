"""statevisit ingest: make documents from seeds."""

from pathlib import Path

import click

from statevisit.cli.main import say
from statevisit.cli.options import corpus_to_change
from statevisit.cli.progress import Bar
from statevisit.errors import FormatError
from statevisit.printable import counted


@click.command("ingest")
@click.argument("seeds", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--path",
    "--root",
    "root",
    type=click.Path(path_type=Path),
    help="Corpus root to add to; made if it is missing. Default: the corpus of the current "
    "directory or one above it, else the current directory.",
)
@click.option(
    "--id", "document_id", help="Id of the document, for one seed. Default: its date and file name."
)
@click.option("--language", default="en", show_default=True, help="Language of the text, BCP 47.")
@click.option(
    "--tokenizer",
    metavar="NAME",
    help="Tokenizer of the text: another language of spaCy's (`xx` has rules for any language), "
    "`whitespace`, or `characters`. Default: that of the language.",
)
@click.option("--publisher", default="unknown", show_default=True, help="Publisher of the text.")
@click.option(
    "--license", "license_", default="not stated", show_default=True, help="Licence of the text."
)
def command(
    seeds: tuple[Path, ...],
    root: Path | None,
    document_id: str | None,
    language: str,
    tokenizer: str | None,
    publisher: str,
    license_: str,
) -> int:
    """Make a document from a source text: sentences and tokens, no annotation yet.

    SEEDS are UTF-8 files that begin with ` date YYYY-MM-DD `. Each is kept byte for byte in seeds/
    and listed in seeds/sources.jsonl. A document that exists is never overwritten: its text does
    not change. A seed that cannot become a document is named and left out, the others are taken,
    and the exit status is then 1. Several processes may add to one corpus at the same time.

    \b
    Example:
      statevisit ingest seeds/000_82c204a477bd98b6.txt --path my-corpus --id 2024-02-19-aliyev-visit
    """
    if document_id is not None and len(seeds) > 1:
        raise click.UsageError("--id names one document; give one seed with it")
    from statevisit.annotation.new_documents import NewDocuments

    batch = NewDocuments(corpus_to_change(root), language, publisher, license_, tokenizer)
    errors: list[FormatError] = []
    with Bar(len(seeds), "ingesting") as bar:
        for seed in seeds:
            try:
                batch.add(seed, document_id)
            except FormatError as error:
                errors.append(error)
            bar.advance()
    for new in batch.write():
        if isinstance(new, FormatError):
            errors.append(new)
            continue
        sentences = counted(len(new.document.sentences), "sentence")
        say(f"{new.path}: {sentences}, {counted(len(new.document.tokens), 'token')}")
    for failure in errors:
        say(f"statevisit: {failure}", err=True)
    if errors and len(seeds) > 1:
        say(f"{len(errors)} of {len(seeds)} seeds were left out", err=True)
    return 1 if errors else 0
