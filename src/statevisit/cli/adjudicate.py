"""statevisit adjudicate: two annotations and the decisions between them become one."""

from pathlib import Path

import click

from statevisit import files
from statevisit.cli.main import write
from statevisit.corpus.documents import read_at, write_document
from statevisit.document.codec import encode, read_bytes
from statevisit.errors import FormatError


@click.command("adjudicate")
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option(
    "--decisions",
    type=click.Path(path_type=Path),
    help="Decisions, one JSON object per line. Without this option, lists the disagreements in "
    "that form, undecided.",
)
@click.option(
    "--annotator", default="adjudicator", show_default=True, help="Id of the annotator who decided."
)
@click.option(
    "--ids",
    type=click.Path(path_type=Path),
    help="The published document, or its last version: list and read decisions in its ids, which "
    "the result keeps.",
)
@click.option(
    "--also",
    multiple=True,
    metavar="RECORD",
    help="List this record as well, though both annotations have it; repeatable.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="Write to this file instead of standard output.",
)
def command(
    a: Path,
    b: Path,
    decisions: Path | None,
    annotator: str,
    ids: Path | None,
    also: tuple[str, ...],
    output: Path | None,
) -> None:
    """List the disagreements of two annotations, or merge them by decisions.

    A and B are documents: two independent annotations of one text. Each line of the list is a
    record that they do not share; to decide it, add "decision" ("a", "b", or "other" with a
    "result") and a "reason". A record that both have can be decided against, too: --also lists it.

    \b
    Example:
      statevisit adjudicate corpus/annotators/a/2024-02-19-aliyev-visit.json \\
        corpus/annotators/b/2024-02-19-aliyev-visit.json
    """
    if decisions and also:
        raise click.UsageError("--also is for the list, and --decisions is for the result")
    import msgspec

    from statevisit.annotation.adjudication import (
        adjudicated,
        agreed,
        disagreements,
        in_ids_of,
        read_decisions,
    )

    first, second = read_at(a), read_at(b)
    if first.id != second.id:
        raise FormatError(
            f"{b}: annotates the document {second.id!r}, but {a} annotates {first.id!r}; "
            "name two annotations of one document"
        )
    decided = []
    if decisions:
        decided = list(read_decisions(read_bytes(decisions), str(decisions)))
    if ids:
        first, second = in_ids_of(read_at(ids), first, second, decided)
    if decisions:
        document = adjudicated(first, second, decided, annotator, str(decisions))
        if output:
            write_document(document, output)
        else:
            write(encode(document))
        return
    records = disagreements(first, second)
    if also:
        records += agreed(first, second, also)
    lines = [msgspec.json.encode(record) + b"\n" for record in records]
    if output:
        files.write(output, b"".join(lines))
    else:
        write(b"".join(lines))
