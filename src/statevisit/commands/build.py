"""statevisit build: documents -> Parquet and the manifest."""

from pathlib import Path

import click

from statevisit import resources
from statevisit.commands import report
from statevisit.commands.making import build, other_tools
from statevisit.errors import ReleaseError
from statevisit.schema import ANNOTATIONS_ONLY


@click.command("build")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; fail when what is there differs from what would be built.",
)
@click.option(
    "--edition",
    type=click.Choice(["full", ANNOTATIONS_ONLY]),
    default="full",
    show_default=True,
    help="Which edition; the one without the text goes to a directory of its own.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="With --edition annotations-only: the directory to write; made, or replaced where it holds such an edition.",
)
@click.option("--workers", type=click.IntRange(1), help="Processes; default: one for each core.")
def command(path: Path, check: bool, edition: str, output: Path | None, workers: int | None) -> int:
    """Write corpus/parquet/ and corpus/release.json, or check that they are current.

    PATH is the corpus root, which holds corpus/; without one, the current directory. Documents are validated
    first: with errors nothing is written (warnings are for `statevisit validate`). A README.md with the marks of a dataset card has its generated
    parts renewed as well.

    The edition annotations-only has no word of the text: what stands in it is given by offsets. It is a corpus root to
    publish by itself, and `statevisit restore` makes the full edition of it where the text is at hand.

    \b
    Example:
      statevisit build --check
      statevisit build --edition annotations-only -o annotations
    """
    if (edition == ANNOTATIONS_ONLY) != (output is not None) or (output and check):
        raise click.UsageError(
            f"--edition {ANNOTATIONS_ONLY} and -o DIR go together, and without --check"
        )
    root = resources.corpus_root(path)
    if output is not None:
        from statevisit.commands.editions import write_edition

        files = write_edition(root, output, workers)
        click.echo(f"{output}: {files} files without a word of the text")
        return 0
    findings, made = build(root, check, workers)
    report(findings)
    if findings:
        click.echo(
            f"{len(findings)} finding{'' if len(findings) == 1 else 's'}: nothing was built",
            err=True,
        )
        return 1
    for name, state in made:
        click.echo(f"{state} {name}")
    stale = [name for name, state in made if state != "current"]
    if check and stale:
        raise ReleaseError(
            f"{len(stale)} of {len(made)} files are not what would be built from the documents: run `statevisit build` and commit them{other_tools(root)}"
        )
    return 0
