"""statevisit stats: counts of documents, records and labels."""

from pathlib import Path
from typing import Any

import click

from statevisit.checks.document import sound
from statevisit.cli.main import console, echo_json, say
from statevisit.cli.options import corpus_argument, corpus_to_read, json_flag
from statevisit.corpus.reader import load
from statevisit.errors import FormatError
from statevisit.printable import counted


@click.command("stats")
@corpus_argument
@json_flag("Print JSON, as in release.json, instead of tables.")
def command(path: Path | None, as_json: bool) -> int:
    """Count documents, records and labels.

    PATH is as for `validate`; without one, the corpus of the current directory or one above
    it, else the one that statevisit ships. A document with errors is named and not counted, and the
    exit status is then 1.

    \b
    Example:
      statevisit stats --json
    """
    from statevisit.release.manifest import Tally

    corpus = load(corpus_to_read(path))
    tally, errors = Tally(corpus.scheme), 0
    entries = corpus.entries
    for entry in entries:
        try:
            tally.add(sound(entry, corpus.scheme))
        except FormatError as error:
            errors += 1
            say(f"statevisit: not counted: {error}", err=True)
    documents, counts = len(entries) - errors, tally.as_dict()
    if as_json:
        echo_json({"documents": documents, "counts": counts})
    else:
        _print_table(documents, counts)
    return 1 if errors else 0


def _print_table(documents: int, counts: dict[str, Any]) -> None:
    """Print the counts of a manifest: a row for each layer, a line for each kind of label."""
    from rich.table import Table

    table = Table(title=counted(documents, "document"), title_justify="left")
    table.add_column("layer")
    table.add_column("records", justify="right")
    table.add_column("labels")
    for layer, layer_counts in counts.items():
        lines = []
        for prop, labels in layer_counts["labels"].items():
            if labels:
                numbers = ", ".join(f"{label} {count}" for label, count in labels.items())
                lines.append(f"[bold]{prop}[/bold] {numbers}")
        table.add_row(layer, f"{layer_counts['records']:,}", "\n".join(lines))
    console(markup=True).print(table)
