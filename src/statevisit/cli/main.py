"""Runs a subcommand, turns errors into one line, and prints for the modules of subcommands."""

import errno
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, TextIO

import click

from statevisit.cli.overview import COMMANDS, COMPLETE, OVERVIEW, STANDARD_OUTPUT
from statevisit.errors import StateVisitError
from statevisit.findings import Finding
from statevisit.printable import one_line, visible

if TYPE_CHECKING:
    from rich.console import Console


class Suggesting(click.Group):
    """A group that names the most similar command instead of an unknown one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command of `args`, as click does. Raises UsageError for an unknown one."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchOption:
            raise
        except click.UsageError as error:
            from statevisit.printable import nearest

            similar = nearest(args[0], self.list_commands(ctx))
            raise click.UsageError(error.message.removesuffix(".") + similar, ctx) from None


class _Commands(Suggesting):
    """A group that imports a subcommand's module only when that subcommand is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        module = import_module(
            f"statevisit.cli.{name}_" if iskeyword(name) else f"statevisit.cli.{name}"
        )
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
            _show(error)
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
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("statevisit"):
            raise
        # An optional package is there, but not all that it or statevisit uses beside it.
        return _fail(f"this needs the module {error.name}: pip install 'statevisit[all]'")


def _invoke(arguments: list[str]) -> int:
    """Run or complete a command, without click's `main`, which ends with 1 on a broken pipe."""
    instruction = os.environ.get(COMPLETE)
    if instruction:
        from click.shell_completion import shell_complete

        return shell_complete(cli, {}, "statevisit", COMPLETE, instruction)
    if any("://" in argument for argument in arguments):
        from statevisit.corpus import copies

        if arguments[0] not in copies.COMMANDS:
            copies.refuse(f"`statevisit {arguments[0]}`", arguments[1:])
    try:
        with cli.make_context("statevisit", list(arguments)) as context:
            return cli.invoke(context) or 0
    except click.exceptions.Exit as end:
        return end.exit_code


def _show(error: click.ClickException) -> None:
    """Print an error in the command as click does, but filtered: it repeats what was typed."""
    context = getattr(error, "ctx", None)
    if context is not None:
        click.echo(context.get_usage(), file=sys.stderr)
        click.echo(f"Try '{context.command_path} --help' for help.\n", file=sys.stderr)
    say(f"Error: {error.format_message()}", err=True)


def _fail(message: str) -> int:
    from statevisit.corpus import copies  # which few runs need

    with suppress(OSError):
        say(f"statevisit: {copies.named(message)}", err=True)
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


def say(line: str, err: bool = False) -> None:
    """Print one line for people, in which nothing can steer a terminal or a CI service.

    Characters that the encoding of the output lacks are escaped, too. `err` prints on standard
    error.
    """
    click.echo(one_line(line), file=sys.stderr if err else sys.stdout)


def write(data: bytes | str) -> None:
    """Write data for programs on standard output, in UTF-8 whatever the terminal has."""
    if isinstance(data, str):
        data = data.encode("utf-8", "backslashreplace")
    click.echo(data, nl=False)


def console(**options: Any) -> "Console":
    """Return a rich console that does not wrap lines outside a terminal, and filters as `say`.

    It leaves line breaks to its caller. Square brackets are text unless `markup` is set.
    """
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class Filtering(Console):
        """A console that prints no control characters, and leaves a broken pipe to `run`."""

        def on_broken_pipe(self) -> None:
            raise  # the error that rich is handling; it would exit with status 1

        def render(
            self, renderable: RenderableType, options: ConsoleOptions | None = None
        ) -> Iterator[Segment]:
            for text, style, control in super().render(renderable, options):
                yield Segment(text if control else visible(text), style, control)

    settings = {"markup": False, "emoji": False, **options}
    plain = Filtering(**settings)
    if not plain.is_terminal and "width" not in options:
        plain = Filtering(**settings, width=200)
    return plain


def complete_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
    """Complete file names for an argument that may be a file or something else."""
    return click.Path().shell_complete(ctx, param, incomplete)


def report(findings: Sequence[Finding], err: bool = False) -> None:
    """Print all findings, one per line, in colours on a terminal."""
    listing = Listing(err, verbose=True)
    for finding in findings:
        listing.add(finding)


FEW = 5
"""Problems of one kind that are listed; of more, the rest are counted."""


class Listing:
    """Prints findings as they come, one per line, in colours on a terminal.

    If there are many with one code in one file (`by_file`) or in all, it prints the first few, and
    the number of the others when it comes to the next file and at the `end`. `verbose` prints all,
    and `more` says how to get them. With `excerpts`, the text around each finding follows, with its
    span underlined. `err` prints on standard error.
    """

    def __init__(
        self,
        err: bool = False,
        *,
        verbose: bool = False,
        excerpts: bool = False,
        by_file: bool = False,
        more: str = "-v lists them",
    ) -> None:
        self._err, self._verbose, self._excerpts = err, verbose, excerpts
        self._by_file, self._more = by_file, more
        self._place = ""
        self._counts: Counter[str] = Counter()
        self._held: dict[str, Finding] = {}

    def add(self, finding: Finding) -> None:
        """Print or count a finding."""
        place = finding.file or finding.document
        if self._by_file and place != self._place:
            self.end()
            self._place = place
        self._counts[finding.code] += 1
        count = self._counts[finding.code]
        if self._verbose or count <= FEW:
            self._print(finding)
        elif count == FEW + 1:  # printed at the end if it stays the only one: "1 more" says less
            self._held[finding.code] = finding

    def end(self) -> None:
        """Print how many findings of each code were not listed, and begin anew."""
        if not self._verbose:
            where = f"{self._place}: " if self._by_file else ""
            for code, count in self._counts.items():
                more = count - FEW
                if more == 1:
                    self._print(self._held[code])
                elif more > 1:
                    say(f"{where}{code} {more:,} more like these; {self._more}", err=self._err)
        self._counts.clear()

    def _print(self, finding: Finding) -> None:
        if _is_plain(sys.stderr if self._err else sys.stdout):
            _print_plainly(finding, self._err, self._excerpts)
        else:
            _print_in_colours(finding, self._err, self._excerpts)


def _is_plain(stream: TextIO) -> bool:
    """Whether rich would write no colours to a stream; it need not be imported then."""
    forced = os.environ.get("FORCE_COLOR") or os.environ.get("TTY_COMPATIBLE") == "1"
    return not (stream.isatty() or forced)


def _print_in_colours(finding: Finding, err: bool, excerpts: bool) -> None:
    from rich.text import Text

    out = console(highlight=False, soft_wrap=True, stderr=err)
    colour = "bold red" if finding.severity == "error" else "bold yellow"
    line = Text.assemble(
        one_line(f"{finding.where}: "),
        (finding.code, colour),
        one_line(f" {finding.message}"),
        (one_line(f" {finding.pointer}") if finding.pointer else "", "dim"),
    )
    out.print(line)
    if excerpts and finding.excerpt:
        excerpt, underline = _underlined(finding)
        for text, style in ((excerpt, ""), (underline, colour)):
            out.print(Text.assemble("    ", ("|", "dim"), " ", (text, style)))


def _print_plainly(finding: Finding, err: bool, excerpts: bool) -> None:
    pointer = f" {finding.pointer}" if finding.pointer else ""
    say(f"{finding.where}: {finding.code} {finding.message}{pointer}", err)
    if excerpts and finding.excerpt:
        for text in _underlined(finding):
            say(f"    | {text}", err)


def _underlined(finding: Finding) -> tuple[str, str]:
    """Return an excerpt and the line of marks below it, as wide as on a terminal."""
    from rich.cells import cell_len

    start, end = finding.mark
    before, inside = one_line(finding.excerpt[:start]), one_line(finding.excerpt[start:end])
    excerpt = before + inside + one_line(finding.excerpt[end:])
    return excerpt, " " * cell_len(before) + "^" * max(1, cell_len(inside))


def echo_json(value: Any) -> None:
    """Print a value as indented JSON."""
    import orjson

    write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def tell_notes(
    notes: Sequence[Any], missing: Sequence[str], what: str, verbose: bool = False
) -> None:
    """Print the layers that are left out of scoring and, on standard error, the notes.

    Many notes of one kind are one line with their number, unless `verbose`.
    """
    if missing:
        say(f"{what}: {', '.join(missing)}")
    kinds: dict[tuple[str, str], list[Any]] = {}
    for note in notes:
        problem = note.message.partition(": ")[2]  # after the record
        alike = re.sub(r"'[^']*'|\d+", "", problem)
        kinds.setdefault((note.kind, alike), []).append(note)
    for (kind, _), of_kind in kinds.items():
        if verbose or len(of_kind) <= FEW:
            for note in of_kind:
                say(f"{note.document}: {kind}: {note.message}", err=True)
        else:
            first = f"{of_kind[0].document}: {of_kind[0].message}"
            say(f"{kind}: {len(of_kind):,} notes; -v lists them; the first: {first}", err=True)
