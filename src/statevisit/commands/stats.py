"""statevisit stats: how much of what."""

from pathlib import Path

import click

from statevisit.checks.document import sound
from statevisit.commands import console
from statevisit.corpus import load


@click.command("stats")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--json", "as_json", is_flag=True, help="JSON, as in release.json, instead of tables."
)
def command(path: Path | None, as_json: bool) -> None:
    """Count documents, records and labels.

    PATH is as for `validate`; without one, the corpus that statevisit ships.

    \b
    Example:
      statevisit stats --json
    """
    from statevisit.release import Tally

    corpus, tally = load(path), Tally()
    for entry in corpus.entries:
        tally.add(sound(entry))
    counts = tally.as_dict()
    if as_json:
        import orjson

        click.echo(
            orjson.dumps(
                {"documents": len(corpus), "counts": counts}, option=orjson.OPT_INDENT_2
            ).decode()
        )
        return
    from rich.table import Table

    table = Table(
        title=f"{len(corpus)} document{'' if len(corpus) == 1 else 's'}", title_justify="left"
    )
    for name, justify in (("layer", "left"), ("records", "right"), ("labels", "left")):
        table.add_column(name, justify=justify)
    for layer, found in counts.items():
        lines = [
            f"[bold]{prop}[/bold] " + ", ".join(f"{k} {v}" for k, v in labels.items())
            for prop, labels in found["labels"].items()
            if labels
        ]
        table.add_row(layer, f"{found['records']:,}", "\n".join(lines))
    console().print(table)
