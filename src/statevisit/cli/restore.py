"""statevisit restore: the full edition from one without the text, and the text."""

from pathlib import Path

import click


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
    help="Directory to create for the full edition.",
)
def command(path: Path, texts: tuple[Path, ...], output: Path) -> None:
    """Restore the full edition from an edition without the text.

    It restores documents, seeds and Parquet byte for byte and checks their hashes. PATH is the directory that
    `statevisit build --edition annotations-only` wrote, or a copy of it from the Hub. A text may have the header of its
    seed or not. If a text differs, the error gives the first difference, and nothing is written.

    \b
    Example:
      statevisit restore annotations --text seeds -o full
    """
    from statevisit.release.textless_root import write_full

    documents = write_full(path, texts, output)
    click.echo(
        f"{output}: {documents} document{'' if documents == 1 else 's'} with text, as in the full edition"
    )
