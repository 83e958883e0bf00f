"""statevisit stats: counts of documents, records and labels."""

from pathlib import Path
from typing import Any

import click

from statevisit.checks.document import sound
from statevisit.cli.main import console, echo_json
from statevisit.cli.options import corpus_argument, corpus_to_read, json_flag
from statevisit.corpus.reader import load
from statevisit.printable import counted


@click.command("stats")
@corpus_argument
@json_flag("Print JSON, as in release.json, instead of tables.")
def command(path: Path | None, as_json: bool) -> None:
    """Count documents, records and labels.

    PATH is as for `validate`; without one, the corpus of the current directory or one above
    it, else the one that statevisit ships.

    \b
    Example:
      statevisit stats --json
    """
    from statevisit.release.manifest import Tally

    corpus, tally = load(corpus_to_read(path)), Tally()
    for entry in corpus.entries:
        tally.add(sound(entry))
    counts = tally.as_dict()
    if as_json:
        echo_json({"documents": len(corpus), "counts": counts})
    else:
        _print_table(len(corpus), counts)


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
