"""Runs a subcommand, turns errors into one line, and prints for the modules of subcommands."""

import errno
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, TextIO

import click

from statevisit.cli.overview import COMMANDS, COMPLETE, OVERVIEW, STANDARD_OUTPUT
from statevisit.errors import StateVisitError
from statevisit.findings import Finding

if TYPE_CHECKING:
    from rich.console import Console


class _Commands(click.Group):
    """A group that imports a subcommand's module only when that subcommand is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"statevisit.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def get_help(self, ctx: click.Context) -> str:
        return OVERVIEW.rstrip()


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:  # which click sets while a shell completes
        from statevisit.layout import version

        click.echo(f"statevisit {version()}")
        ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["--help", "-h"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """An annotated corpus as software."""


def run(arguments: list[str]) -> int:
    """Run a command and return its exit status; print an error that users can cause as one line."""
    try:
        return _invoke(arguments)
    except click.ClickException as error:
        with suppress(OSError):  # standard error may fail, too; the status remains
            error.show()
        return error.exit_code
    except KeyboardInterrupt:
        with suppress(OSError):
            click.echo(err=True)  # after the ^C that the terminal shows
        return _fail("stopped; nothing was changed")
    except click.Abort:
        return _fail("stopped; nothing was changed")
    except StateVisitError as error:
        return _fail(str(error))
    except OSError as error:
        return failed(error)


def _invoke(arguments: list[str]) -> int:
    """Run or complete a command, without click's `main`, which ends with 1 on a broken pipe."""
    instruction = os.environ.get(COMPLETE)
    if instruction:
        from click.shell_completion import shell_complete

        return shell_complete(cli, {}, "statevisit", COMPLETE, instruction)
    try:
        with cli.make_context("statevisit", list(arguments)) as context:
            return cli.invoke(context) or 0
    except click.exceptions.Exit as end:
        return end.exit_code


def _fail(message: str) -> int:
    with suppress(OSError):
        click.echo(f"statevisit: {message}", err=True)
    return 1


def failed(error: OSError) -> int:
    """Print which file or stream failed and why on standard error; return the exit status."""
    written = error.filename == STANDARD_OUTPUT
    if written and isinstance(error, BrokenPipeError):  # `statevisit show | head`
        return 128 + signal.SIGPIPE if hasattr(signal, "SIGPIPE") else 1
    where = f"{error.filename}: " if error.filename else ""
    reason = _REASONS.get(error.errno or 0)
    if reason is None:
        return _fail(where + (error.strerror or str(error)))
    # A command prints when its work is done: its files may have changed.
    return _fail(where + reason if written else f"{where}{reason}; nothing was changed")


_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EFBIG: "larger than a file may be here (ulimit -f)",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "permission denied",
    errno.EROFS: "read-only file system",
    errno.EPERM: "not permitted",
}


def console(**options: Any) -> "Console":
    """Return a rich console on standard output that does not wrap lines outside a terminal."""
    from rich.console import Console

    class Raising(Console):
        """A console that leaves a broken pipe to `run`, where rich would exit with status 1."""

        def on_broken_pipe(self) -> None:
            raise  # the error that rich is handling

    plain = Raising(**options)
    if not plain.is_terminal and "width" not in options:
        plain = Raising(**options, width=200)
    return plain


def complete_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
    """Complete file names for an argument that may be a file or something else."""
    return click.Path().shell_complete(ctx, param, incomplete)


def report(findings: Sequence[Finding], err: bool = False, excerpts: bool = False) -> None:
    """Print findings, one per line, in colours on a terminal.

    With `excerpts`, the text around each finding follows, with its span underlined. `err` prints on
    standard error.
    """
    if not findings:
        return
    if _is_plain(sys.stderr if err else sys.stdout):
        _report_plainly(findings, err, excerpts)
    else:
        _report_in_colours(findings, err, excerpts)


def _is_plain(stream: TextIO) -> bool:
    """Whether rich would write no colours to a stream; it need not be imported then."""
    forced = os.environ.get("FORCE_COLOR") or os.environ.get("TTY_COMPATIBLE") == "1"
    return not (stream.isatty() or forced)


def _report_in_colours(findings: Sequence[Finding], err: bool, excerpts: bool) -> None:
    from rich.markup import escape

    # without emoji: ":100:" in a message is a line number
    out = console(highlight=False, soft_wrap=True, emoji=False, stderr=err)
    for finding in findings:
        pointer = f" [dim]{escape(finding.pointer)}[/dim]" if finding.pointer else ""
        colour = "bold red" if finding.severity == "error" else "bold yellow"
        code = f"[{colour}]{finding.code}[/]"
        out.print(f"{escape(finding.where)}: {code} {escape(finding.message)}{pointer}")
        if excerpts and finding.excerpt:
            indent, underline = _underline(finding)
            out.print(f"    [dim]|[/dim] {escape(finding.excerpt)}")
            out.print(f"    [dim]|[/dim] {indent}[{colour}]{underline}[/]")


def _report_plainly(findings: Sequence[Finding], err: bool, excerpts: bool) -> None:
    lines = []
    for finding in findings:
        pointer = f" {finding.pointer}" if finding.pointer else ""
        lines.append(f"{finding.where}: {finding.code} {finding.message}{pointer}")
        if excerpts and finding.excerpt:
            indent, underline = _underline(finding)
            lines += [f"    | {finding.excerpt}", f"    | {indent}{underline}"]
    click.echo("\n".join(lines).translate(_CONTROLS), err=err)


def _underline(finding: Finding) -> tuple[str, str]:
    """Return the spaces and the marks of the line below an excerpt, as wide as on a terminal."""
    from rich.cells import cell_len

    start, end = finding.mark
    indent = " " * cell_len(finding.excerpt[:start])
    return indent, "^" * max(1, cell_len(finding.excerpt[start:end]))


_CONTROLS = dict.fromkeys(map(ord, "\a\b\v\f\r"))
"""Control characters that would move a terminal's cursor; rich leaves them out as well."""


def echo_json(value: Any) -> None:
    """Print a value as indented JSON."""
    import orjson

    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def tell_notes(notes: Sequence[Any], missing: Sequence[str], what: str) -> None:
    """Print the layers that are left out of scoring and, on standard error, the notes."""
    if missing:
        click.echo(f"{what}: {', '.join(missing)}")
    for note in notes:
        click.echo(f"{note.document}: {note.kind}: {note.message}", err=True)
