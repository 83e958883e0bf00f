"""The command line: one module per subcommand. Nothing else in the package prints."""

import errno
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from statevisit.__main__ import COMMANDS, COMPLETE, OVERVIEW, STANDARD_OUTPUT
from statevisit.errors import StateVisitError

if TYPE_CHECKING:
    from rich.console import Console


class _Commands(click.Group):
    """A group that imports a subcommand's module only when that subcommand is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return (
            import_module(f"statevisit.cli.{cmd_name.replace('-', '_')}").command
            if cmd_name in COMMANDS
            else None
        )

    def get_help(self, ctx: click.Context) -> str:
        return OVERVIEW.rstrip()


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:  # which is so while a shell completes
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
    """Run a command and return its exit status; an error that a user can cause is one line."""
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
    """Run a command, or complete one, without `cli.main`, which ends with 1 on a broken pipe."""
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
    """Say on standard error which file or stream failed and why; the exit status."""
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
    """A rich console on standard output that keeps long lines whole outside a terminal."""
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


def report(findings: list[Any], err: bool = False, excerpts: bool = False) -> None:
    """Print findings, one a line, coloured where that is a terminal; with `excerpts` the text around each, its span underlined."""
    if not findings:
        return
    if _is_plain(sys.stderr if err else sys.stdout):
        _report_plainly(findings, err, excerpts)
        return
    out = console(
        highlight=False, soft_wrap=True, emoji=False, stderr=err
    )  # :100: is a line, no emoji
    from rich.cells import cell_len
    from rich.markup import escape

    for f in findings:
        pointer = f" [dim]{escape(f.pointer)}[/dim]" if f.pointer else ""
        colour = "bold red" if f.severity == "error" else "bold yellow"
        out.print(f"{escape(f.where)}: [{colour}]{f.code}[/] {escape(f.message)}{pointer}")
        if excerpts and f.excerpt:
            before, inside = f.excerpt[: f.mark[0]], f.excerpt[f.mark[0] : f.mark[1]]
            out.print(f"    [dim]|[/dim] {escape(f.excerpt)}")
            out.print(
                f"    [dim]|[/dim] {' ' * cell_len(before)}[{colour}]{'^' * max(1, cell_len(inside))}[/]"
            )


def _is_plain(stream: Any) -> bool:
    """Whether rich would write no colours to a stream; it need not be imported then."""
    return not (
        stream.isatty() or os.environ.get("FORCE_COLOR") or os.environ.get("TTY_COMPATIBLE") == "1"
    )


def _report_plainly(findings: list[Any], err: bool, excerpts: bool) -> None:
    from rich.cells import cell_len

    lines = []
    for f in findings:
        lines.append(f"{f.where}: {f.code} {f.message}" + (f" {f.pointer}" if f.pointer else ""))
        if excerpts and f.excerpt:
            before, inside = f.excerpt[: f.mark[0]], f.excerpt[f.mark[0] : f.mark[1]]
            lines += [
                f"    | {f.excerpt}",
                f"    | {' ' * cell_len(before)}{'^' * max(1, cell_len(inside))}",
            ]
    click.echo("\n".join(lines).translate(_CONTROLS), err=err)


_CONTROLS = dict.fromkeys(map(ord, "\a\b\v\f\r"))
"""What rich, too, leaves out: it would move a terminal's cursor."""


def echo_json(value: Any) -> None:
    """Print a value as indented JSON."""
    import orjson

    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def tell_notes(notes: Sequence[Any], missing: Sequence[str], what: str) -> None:
    """Print which layers are left out of scoring, and on standard error what a reader of the figures should know."""
    if missing:
        click.echo(f"{what}: {', '.join(missing)}")
    for n in notes:
        click.echo(f"{n.document}: {n.kind}: {n.message}", err=True)
