"""statevisit validate: is the corpus right?"""

from pathlib import Path

import click

from statevisit.commands import report
from statevisit.commands.bar import Bar
from statevisit.corpus import load


@click.command("validate")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
def command(paths: tuple[Path, ...]) -> int:
    """Check documents: schema, offsets, references, links, values, hashes.

    PATHS are corpus roots, directories of documents, documents or JSONL files; without one, the corpus of the
    current directory. Prints one finding a line and nothing when all is well; the exit status is 1 when there
    are findings.

    \b
    Example:
      statevisit validate corpus/documents/2024-02-19-aliyev-visit.json
    """
    from statevisit.checks import validate

    found = 0
    for path in paths or (Path(),):
        with Bar(len(load(path)), f"checking {path}") as bar:
            for finding in validate(path, bar.advance):
                found += 1
                report([finding])
    if found:
        click.echo(f"{found} finding{'' if found == 1 else 's'}", err=True)
    return 1 if found else 0
