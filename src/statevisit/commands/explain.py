"""statevisit explain: what a finding means."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from statevisit import resources
from statevisit.commands import console
from statevisit.errors import FormatError
from statevisit.settings import nearest, read_settings

if TYPE_CHECKING:
    from statevisit.checks.catalogue import Entry


@click.command("explain")
@click.argument("codes", nargs=-1, metavar="[CODE]...")
def command(codes: tuple[str, ...]) -> None:
    """Say what a finding means, why it matters, and what is right instead.

    Without a CODE, lists all codes. The last line of an explanation is the place of the code on the
    page that explains all codes: on the Hub if [tool.statevisit] names a `repo`, else in a file.

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
            f"[red]wrong[/red]  {escape(entry.wrong)}\n"
            f"[green]right[/green]  {escape(entry.right)}\n"
        )
        out.print(escape(_place(entry.page)), soft_wrap=True)


def _place(page: str) -> str:
    """The address of a page of the corpus of the current directory, else of a file that has it."""
    root = resources.enclosing_root(Path())
    if root and (address := read_settings(root).address(page)):
        return address
    file = page.partition("#")[0]
    if root is None or not (root / file).is_file():
        root = resources.data_root()
    below = os.path.relpath(root / page)
    return str(root / page) if below.startswith(os.pardir) else below


def _coloured(entry: "Entry") -> str:
    return f"[bold {'red' if entry.severity == 'error' else 'yellow'}]{entry.code}[/]"
