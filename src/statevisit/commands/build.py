"""statevisit build: documents -> Parquet and the manifest."""

from pathlib import Path

import click

from statevisit import resources
from statevisit.commands import report
from statevisit.commands.making import build, other_tools
from statevisit.errors import ReleaseError


@click.command("build")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; fail when what is there differs from what would be built.")
@click.option("--workers", type=click.IntRange(1), help="Processes; default: one for each core.")
def command(path: Path, check: bool, workers: int | None) -> int:
    """Write corpus/parquet/ and corpus/release.json, or check that they are current.

    PATH is the corpus root, which holds corpus/; without one, the current directory. Documents are validated
    first: with errors nothing is written (warnings are for `statevisit validate`). A README.md with the marks of a dataset card has its generated
    parts renewed as well.

    \b
    Example:
      statevisit build --check
    """
    root = resources.corpus_root(path)
    findings, made = build(root, check, workers)
    report(findings)
    if findings:
        click.echo(f"{len(findings)} finding{'' if len(findings) == 1 else 's'}: nothing was built", err=True)
        return 1
    for name, state in made:
        click.echo(f"{state} {name}")
    stale = [name for name, state in made if state != "current"]
    if check and stale:
        raise ReleaseError(f"{len(stale)} of {len(made)} files are not what would be built from the documents: run `statevisit build` and commit them{other_tools(root)}")
    return 0
