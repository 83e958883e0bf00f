"""The arguments and the output that `statevisit tokens` and `statevisit sentences` share."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from statevisit.cli.main import say
from statevisit.cli.options import below_here, corpus_to_change
from statevisit.errors import FormatError

if TYPE_CHECKING:
    from statevisit.annotation.mending import Mended

document_argument = click.argument("document", metavar="DOC")

occurrence = click.option(
    "--occurrence",
    type=click.IntRange(1),
    metavar="N",
    help="The place of QUOTE that is meant, counted from 1, if the text has several.",
)

split_mark = click.option(
    "--mark",
    default="|",
    show_default=True,
    help="The sign in QUOTE for the place to divide at; another one for a text that has it.",
)


def mend_and_report(
    document: str,
    layer: str,
    quote: str,
    *,
    split: bool,
    mark: str = "|",
    occurrence: int | None = None,
) -> int:
    """Split or merge, and print what became of each file; return the exit status."""
    from statevisit.annotation.mending import mend

    if split and len(mark) != 1:
        raise click.UsageError("--mark is one character")
    path = _path(document)
    for file in mend(path, layer, quote, split=split, mark=mark, occurrence=occurrence):
        before, after = len(getattr(file.before, layer)), len(getattr(file.after, layer))
        say(f"{below_here(str(file.path))}: {before:,} {layer} are now {after:,}")
        _tell_of_evidence(file)
        if layer == "tokens" and file.whole:
            say(f"  with all parts of the divided token: {', '.join(file.whole)}")
    return 0


def _tell_of_evidence(file: "Mended") -> None:
    """Name the relations whose evidence was a sentence that is two sentences now."""
    old = {relation.id: relation.evidence or () for relation in file.before.relations}
    relations = [r.id for r in file.after.relations if len(r.evidence or ()) > len(old[r.id])]
    if relations:
        say(f"  with both sentences as evidence: {', '.join(relations)}")


def _path(document: str) -> Path:
    """Return the path of a document given as a path or an id. Raises FormatError."""
    from statevisit.corpus.documents import exists, place_of

    if exists(Path(document)):
        return Path(document)
    path = place_of(corpus_to_change(), document)
    if "/" in document or not exists(path):
        raise FormatError(
            f"{document}: neither a file nor the id of a document in "
            f"{corpus_to_change().absolute()}"
        )
    return path
