"""statevisit formats: what can be imported and exported."""

import click

from statevisit.cli.main import console, echo_json
from statevisit.cli.options import json_flag


@click.command("formats")
@json_flag("Print JSON instead of a table.")
def command(as_json: bool) -> None:
    """List the formats that can be imported and exported, and what each can hold.

    A round trip brings back what was exported to the byte, and everything that was edited in
    between: a file beside each exported one keeps what the format cannot hold.

    \b
    Example:
      statevisit formats
    """
    from rich.table import Table

    from statevisit.formats.registry import FORMATS

    if as_json:
        fields = ("name", "title", "kind", "suffixes", "holds", "lacks", "extra")
        listed = [{name: getattr(f, name) for name in fields} for f in FORMATS.values()]
        return echo_json({"formats": listed})
    table = Table(show_lines=True)
    for column in ("format", "kind", "files", "holds", "cannot hold", "needs"):
        table.add_column(column, no_wrap=column == "format")
    for f in FORMATS.values():
        needs = f"statevisit[{f.extra}]" if f.extra else ""
        suffixes = " ".join(f.suffixes)
        table.add_row(f.name, f.kind, suffixes, f"{f.title}: {f.holds}", f.lacks, needs)
    console(highlight=False).print(table)
    return None
