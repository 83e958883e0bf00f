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
    help="The source text, or a directory of such; may be given several times.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="Directory to write the full edition to; it is made.",
)
def command(path: Path, texts: tuple[Path, ...], output: Path) -> None:
    """Bring the text back into an edition without it.

    Documents, seeds and Parquet are then as they were, checked by hash. PATH is what `statevisit build --edition
    annotations-only` wrote, or a copy of it from the Hub. A text with or without the header of its seed will do. One that
    differs is refused, with the place where it begins to, and nothing is written.

    \b
    Example:
      statevisit restore annotations --text seeds -o full
    """
    from statevisit.release.textless_root import write_full

    documents = write_full(path, texts, output)
    click.echo(
        f"{output}: {documents} document{'' if documents == 1 else 's'} with text, as in the full edition"
    )
