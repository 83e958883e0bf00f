"""statevisit remove: documents with all that belongs to them."""

from pathlib import Path

import click

from statevisit import layout
from statevisit.cli.main import say
from statevisit.cli.options import corpus_to_change
from statevisit.printable import counted


@click.command("remove")
@click.argument("ids", nargs=-1, required=True)
@click.option(
    "--path",
    "--root",
    "root",
    type=click.Path(path_type=Path),
    help="Corpus root. Default: the corpus of the current directory or one above it.",
)
@click.option("--yes", is_flag=True, help="Remove them. Without this option, only lists them.")
def command(ids: tuple[str, ...], root: Path | None, yes: bool) -> int:
    """Remove documents with their seeds and passes.

    With each document go the passes of annotators over it, the decisions between these, and its
    seed with the line in seeds/sources.jsonl, unless another document has the same seed. Links and
    annotators stay listed. Without --yes nothing is removed, and the exit status is 1. A removed
    document that Git knows is in the history; `statevisit build` then renews what was built.

    \b
    Example:
      statevisit remove 2024-02-19-aliyev-visit --yes
    """
    from statevisit.annotation.whole_documents import planned_removal, remove

    place = layout.corpus_root(corpus_to_change(root))
    removal = remove(place, ids) if yes else planned_removal(place, ids)
    verb = "removed" if yes else "would remove"
    for line in removal.lines():
        say(f"{verb} {line}")
    for seed, reason in removal.kept:
        say(f"kept {seed}: {reason}")
    if not yes:
        documents = counted(len(removal.documents), "document")
        say(f"nothing was removed: --yes removes {documents}", err=True)
    return 0 if yes else 1
