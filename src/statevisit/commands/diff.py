"""statevisit diff: what changed between two versions, record by record."""

from collections.abc import Iterable
from pathlib import Path

import click

from statevisit.commands import complete_files
from statevisit.commands.changes import rendered, show
from statevisit.diff import Change, diff_corpora, diff_documents


@click.command("diff")
@click.argument("old", shell_complete=complete_files)
@click.argument("new", shell_complete=complete_files)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "html"]),
    default="text",
    help="text (default), json (an array of changes) or html (a page).",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write to this file instead of standard output.",
)
@click.option(
    "--exit-code",
    is_flag=True,
    help="Exit with status 1 when there are changes, as `git diff --exit-code` does.",
)
def command(old: str, new: str, form: str, output: Path | None, exit_code: bool) -> int:
    """Show the records that were added, removed or changed between two versions.

    OLD and NEW are corpus roots, directories of documents, documents or JSONL files, or versions, tags and revisions of
    the git checkout that the current directory is the corpus root of: v0.1.0, HEAD. Two single documents are compared
    whatever their ids are.

    \b
    Example:
      statevisit diff corpus/annotators/a corpus/annotators/b --format html -o diff.html
    """
    changes = list(compare(old, new))
    if output:
        from statevisit import files

        files.write(output, rendered(changes, form).encode())
    elif form == "text":
        show(changes)
    else:
        click.echo(rendered(changes, form), nl=False)
    return 1 if changes and exit_code else 0


def compare(old: str, new: str) -> Iterable[Change]:
    """The changes between what two names hold. Raises FormatError where one holds no documents, ReleaseError for a version that nobody knows."""
    from statevisit.versions import named

    one, two = named(old), named(new)
    if len(one) == len(two) == 1 and Path(old).is_file() and Path(new).is_file():
        return diff_documents(one.entry(0).read(), two.entry(0).read())
    return diff_corpora(one, two)
