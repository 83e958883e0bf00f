"""The command line: one module per subcommand. Nothing else in the package prints."""

import errno
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from statevisit.__main__ import COMMANDS, OVERVIEW
from statevisit.errors import StateVisitError


class _Commands(click.Group):
    """A group that imports a subcommand's module only when that subcommand is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return (
            import_module(f"statevisit.commands.{cmd_name.replace('-', '_')}").command
            if cmd_name in COMMANDS
            else None
        )

    def get_help(self, ctx: click.Context) -> str:
        return OVERVIEW.rstrip()


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        from statevisit.resources import version

        click.echo(f"statevisit {version()}")
        ctx.exit()


@click.group(cls=_Commands)
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
    """Run a command and return its exit status; whatever a user can cause ends in one line, not a traceback."""
    try:
        return cli.main(arguments, prog_name="statevisit", standalone_mode=False) or 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.UsageError as wrong:
        wrong.show()
        return 2
    except click.ClickException as wrong:
        wrong.show()
        return 1
    except (click.Abort, KeyboardInterrupt):
        return _fail("stopped; nothing was changed")
    except StateVisitError as wrong:
        return _fail(str(wrong))
    except BrokenPipeError:  # the reader of our output went away: `statevisit show | head`
        sys.stdout = None  # type: ignore[assignment]  so that the interpreter does not flush it again
        return 128 + signal.SIGPIPE if hasattr(signal, "SIGPIPE") else 1
    except OSError as wrong:
        return _fail(_explain(wrong))


def _fail(message: str) -> int:
    click.echo(f"statevisit: {message}", err=True)
    return 1


def _explain(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    advice = {
        errno.ENOSPC: "the disk is full; nothing was changed",
        errno.EFBIG: "larger than a file may be here (ulimit -f); nothing was changed",
        errno.EDQUOT: "the disk quota is used up; nothing was changed",
        errno.EACCES: "permission denied; nothing was changed",
        errno.EROFS: "read-only file system; nothing was changed",
        errno.EPERM: "not permitted; nothing was changed",
    }
    return where + advice.get(error.errno or 0, error.strerror or str(error))


def console(**options: Any):
    """A rich console on standard output that keeps long lines whole when it is not a terminal."""
    from rich.console import Console

    plain = Console(**options)
    if not plain.is_terminal and "width" not in options:
        plain = Console(**options, width=200)
    return plain


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
