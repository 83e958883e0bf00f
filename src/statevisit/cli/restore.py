"""statevisit restore: the full edition from one without the text, and the text."""

from pathlib import Path

import click

from statevisit.cli.main import say
from statevisit.printable import counted


@click.command("restore")
@click.argument("path", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--text",
    "texts",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, exists=True),
    help="A source text, or a directory of source texts; repeatable.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The directory to make and write the full edition to.",
)
def command(path: Path, texts: tuple[Path, ...], output: Path) -> None:
    """Restore the full edition from an edition without the text.

    Documents, seeds and Parquet become those of the full edition, checked by hash. PATH is the
    output of `statevisit build --edition annotations-only`, or a copy of it from the Hub. A text
    may have the header of its seed or not. A text that differs is refused, with the place of the
    first difference, and nothing is written.

    \b
    Example:
      statevisit restore annotations --text seeds -o full
    """
    from statevisit.publishing.textless_restore import write_full

    documents = write_full(path, texts, output)
    say(f"{output}: {counted(documents, 'document')} with text, as in the full edition")
