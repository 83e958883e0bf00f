"""statevisit export: documents in another format."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from statevisit.cli.main import say
from statevisit.cli.options import Engine, corpus_to_read, engine_options
from statevisit.cli.progress import Bar
from statevisit.errors import FormatError
from statevisit.printable import counted

if TYPE_CHECKING:
    from statevisit.formats.exporting import Notice


@click.command("export")
@click.argument("documents", nargs=-1)
@click.option("--to", "name", required=True, metavar="FORMAT", help="See `statevisit formats`.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="The directory to write, which must be new or empty.",
)
@click.option(
    "--path",
    "--root",
    "path",
    type=click.Path(path_type=Path),
    help="The corpus, document or JSONL; default: that of the current directory or one above it.",
)
@click.option("--split", help="Export the documents of this split only.")
@engine_options()
def command(
    documents: tuple[str, ...],
    name: str,
    output: Path,
    path: Path | None,
    split: str | None,
    engine: Engine,
) -> int:
    """Write documents in another format: brat and others.

    DOCUMENTS are ids; without one, all documents of the corpus. Formats of training data get a file
    for each split. Beside a format that can be read back, ID.statevisit.json keeps what it cannot
    hold: keep these files together, and `statevisit import` finds what was changed.

    The formats conllu and spacy number or pack the documents one after the other, and take one
    process; for the others, --workers and --engine change nothing but the time.

    \b
    Example:
      statevisit export --to brat -o brat-files
      statevisit export --to csv --workers 2 -o csv-files
    """
    from statevisit.corpus.reader import load
    from statevisit.formats.exporting import export, export_task
    from statevisit.formats.importing import Left, left_lines
    from statevisit.formats.registry import OUT, format_of

    format_ = format_of(name, OUT)
    corpus = load(corpus_to_read(path))
    errors: list[FormatError] = []
    left: dict[str, Left] = {}

    def tell(notice: "Notice") -> None:
        bar.advance()
        if notice.left_out is not None:
            errors.append(notice.left_out)
            say(f"statevisit: left out: {notice.left_out}", err=True)
        for loss in notice.losses:
            left.setdefault(loss.kind, Left(0, loss.detail)).count += 1

    keys = corpus.keys_of(documents)
    task = export_task(corpus, format_, split, engine.name == "ray")
    entries = [corpus.entry(key) for key in keys]
    with Bar(len(entries), "exporting") as bar:
        names = export(entries, task, output, tell, engine.runner(corpus.path))
    say(f"{output}: {counted(len(names), 'file')}")
    kept = "kept beside" if format_.kind != OUT else "left out"
    for line in left_lines(left):
        say(f"{kept}: {line}", err=True)
    if format_.lacks:
        say(f"{format_.title} cannot hold {format_.lacks}: {kept}")
    return 1 if errors else 0
