"""statevisit rename: another id for a document."""

from pathlib import Path

import click

from statevisit import layout
from statevisit.cli.main import say
from statevisit.cli.options import corpus_to_change


@click.command("rename")
@click.argument("old")
@click.argument("new")
@click.option(
    "--path",
    "--root",
    "root",
    type=click.Path(path_type=Path),
    help="Corpus root. Default: the corpus of the current directory or one above it.",
)
def command(old: str, new: str, root: Path | None) -> None:
    """Give a document another id, everywhere.

    The id changes in the document and the name of its file, in the passes of annotators over it and
    in the decisions between these. The seed keeps its name. A task in Label Studio keeps the old
    id: bring its changes back before.

    \b
    Example:
      statevisit rename 2024-02-19-aliyev-visit aliyev-visit
    """
    from statevisit.annotation.whole_documents import rename

    for name in rename(layout.corpus_root(corpus_to_change(root)), old, new):
        say(f"changed {name}")
