"""statevisit stats: counts of documents, records and labels."""

from pathlib import Path
from typing import Any

import click

from statevisit.checks.document import sound
from statevisit.cli.main import console, echo_json
from statevisit.corpus.reader import load
from statevisit.errors import FormatError


@click.command("stats")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, as in release.json, instead of tables."
)
def command(path: Path | None, as_json: bool) -> int:
    """Count documents, records and labels.

    PATH is as for `validate`; without one, the corpus that statevisit ships. A document with errors
    is named and not counted, and the exit status is then 1.

    \b
    Example:
      statevisit stats --json
    """
    from statevisit.release.manifest import Tally

    tally, errors = Tally(), 0
    entries = load(path).entries
    for entry in entries:
        try:
            tally.add(sound(entry))
        except FormatError as error:
            errors += 1
            click.echo(f"statevisit: not counted: {error}", err=True)
    documents, counts = len(entries) - errors, tally.as_dict()
    if as_json:
        echo_json({"documents": documents, "counts": counts})
    else:
        _print_table(documents, counts)
    return 1 if errors else 0


def _print_table(documents: int, counts: dict[str, Any]) -> None:
    """Print the counts of a manifest: a row for each layer, a line for each kind of label."""
    from rich.table import Table

    noun = "document" if documents == 1 else "documents"
    table = Table(title=f"{documents} {noun}", title_justify="left")
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
    console().print(table)
