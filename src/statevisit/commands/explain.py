"""statevisit explain: what a finding means."""

import click

from statevisit.commands import console
from statevisit.errors import FormatError
from statevisit.settings import nearest


@click.command("explain")
@click.argument("codes", nargs=-1, metavar="[CODE]...")
def command(codes: tuple[str, ...]) -> None:
    """Say what a finding means, why it matters, and what is right instead.

    Without a CODE, lists all codes.

    \b
    Example:
      statevisit explain E204
    """
    from rich.markup import escape

    from statevisit.checks.catalogue import catalogue

    entries = catalogue()
    codes = tuple(c.upper() for c in codes)
    for code in codes:
        if code not in entries:
            raise FormatError(
                f"there is no code {code!r}{nearest(code, entries)}; `statevisit explain` lists them"
            )
    out = console(highlight=False)
    if not codes:
        family = ""
        for entry in entries.values():
            if entry.family != family:
                family = entry.family
                out.print(f"[bold]{escape(family)}[/bold]")
            out.print(f"  {_coloured(entry)} {escape(entry.message)}")
    for number, code in enumerate(codes):
        entry = entries[code]
        out.print(
            ("\n" if number else "")
            + f"{_coloured(entry)} ({entry.severity}; {entry.family}) [bold]{escape(entry.message)}[/bold]\n"
        )
        out.print(f"{escape(entry.why)}\n")
        out.print(
            f"[red]wrong[/red]  {escape(entry.wrong)}\n[green]right[/green]  {escape(entry.right)}"
        )


def _coloured(entry) -> str:
    return f"[bold {'red' if entry.severity == 'error' else 'yellow'}]{entry.code}[/]"
