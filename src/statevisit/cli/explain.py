"""statevisit explain: the meaning of the codes of findings."""

import os
from itertools import groupby
from typing import TYPE_CHECKING

import click

from statevisit import layout
from statevisit.cli.main import console
from statevisit.corpus.settings import like_code, read_settings
from statevisit.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from statevisit.checks.catalogue import Entry


@click.command("explain")
@click.argument("codes", nargs=-1, metavar="[CODE]...")
def command(codes: tuple[str, ...]) -> None:
    """Explain the codes of findings, each with a wrong and a right example.

    Without a CODE, list all codes. The last line of an explanation is the address of the code on
    the page of all checks: on the Hub if [tool.statevisit] has a `repo`, otherwise a file.

    \b
    Example:
      statevisit explain E204
    """
    from statevisit.checks.catalogue import catalogue

    entries = catalogue()
    codes = tuple(code.upper() for code in codes)
    for code in codes:
        if code not in entries:
            similar = like_code(code, entries)
            raise FormatError(
                f"there is no code {code!r}{similar}; `statevisit explain` lists them"
            )
    if codes:
        _print_entries([entries[code] for code in codes])
    else:
        _print_list(entries.values())


def _print_list(entries: "Iterable[Entry]") -> None:
    """Print a line for each code, below its family."""
    from rich.markup import escape

    out = console(highlight=False, markup=True)
    for family, of_family in groupby(entries, lambda entry: entry.family):
        out.print(f"[bold]{escape(family)}[/bold]")
        for entry in of_family:
            out.print(f"  {_coloured(entry)} {escape(entry.message)}")


def _print_entries(entries: "Sequence[Entry]") -> None:
    """Print the explanations of codes, with an empty line between two of them."""
    from rich.markup import escape

    out = console(highlight=False, markup=True)
    for number, entry in enumerate(entries):
        if number:
            out.print()
        kind = f"({entry.severity}; {entry.family})"
        out.print(f"{_coloured(entry)} {kind} [bold]{escape(entry.message)}[/bold]\n")
        out.print(f"{escape(entry.why)}\n")
        if entry.languages:
            out.print(f"languages  {escape(entry.languages)}")
        out.print(f"[red]wrong[/red]  {escape(entry.wrong)}")
        out.print(f"[green]right[/green]  {escape(entry.right)}\n")
        out.print(escape(_address(entry.page)), soft_wrap=True)


def _address(page: str) -> str:
    """Return the web address of a page of the corpus around the current directory, or its path.

    If that corpus has no such page, it is the page that statevisit ships.
    """
    root = layout.current_root()
    address = read_settings(root).address(page) if root else ""
    if address:
        return address
    file = page.partition("#")[0]
    if root is None or not (root / file).is_file():
        root = layout.data_root()
    below = os.path.relpath(root / page)
    return str(root / page) if below.startswith(os.pardir) else below


def _coloured(entry: "Entry") -> str:
    colour = "red" if entry.severity == "error" else "yellow"
    return f"[bold {colour}]{entry.code}[/]"
