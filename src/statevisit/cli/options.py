"""Arguments and options that several commands share, and the corpus that a command means."""

import functools
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click

from statevisit import layout
from statevisit.cli.main import say
from statevisit.corpus import copies

Command = Callable[..., Any]

_GENERATOR = b'<meta name="generator" content="statevisit">'
"""What every page has near its beginning."""

verbose = click.option(
    "-v", "--verbose", is_flag=True, help="List every problem, also many of one kind."
)

split = click.option("--split", help="Count the documents of this split only.")

partial = click.option(
    "--partial",
    is_flag=True,
    help="Count layers whose state is `partial` as well; without it, only those that are done.",
)

without_predicates = click.option(
    "--without-predicates",
    is_flag=True,
    help="Leave mentions that are marked as predicates out on both sides; OntoNotes has none.",
)


class Engine(NamedTuple):
    """Where the tasks of a command run: in processes of this machine, or on a Ray cluster."""

    name: str
    workers: int | None
    address: str | None

    def mapper(self, *paths: Path) -> Callable[..., Iterator[Any]]:
        """Return the function that runs tasks in order; they read the files in `paths`."""
        if self.name == "ray":
            from statevisit.corpus import on_ray

            here = [path for path in paths if copies.original(path) == path]
            return functools.partial(on_ray.ordered, address=self.address, paths=here)
        from statevisit.corpus.parallel import ordered

        return ordered

    def runner(self, *paths: Path) -> Callable[..., Iterator[Any]]:
        """Return the same with the number of processes that --workers states."""
        return functools.partial(self.mapper(*paths), workers=self.workers)


def engine_options(
    *more: str, help_: str = "", workers_help: str = ""
) -> Callable[[Command], Command]:
    """Add --engine, --workers and --ray-address to a command, as its parameter `engine`.

    `more` are engines of this command alone, which work in local processes; `help_` explains them,
    and `workers_help` another default of --workers.
    """
    choice = click.option(
        "--engine",
        type=click.Choice(["local", "ray", *more]),
        default="local",
        show_default=True,
        help="Work in processes of this machine, or on a Ray cluster, whose nodes see the same "
        f"files and have the same statevisit.{help_}",
    )
    processes = click.option(
        "--workers",
        type=click.IntRange(1),
        help="Number of processes; default: one for each core, of all nodes with --engine ray."
        f"{workers_help}",
    )
    cluster = click.option(
        "--ray-address",
        metavar="ADDRESS",
        help="The Ray cluster, as HOST:PORT or auto; default: that of RAY_ADDRESS, or else a new "
        "one of this machine.",
    )

    def decorated(function: Command) -> Command:
        @functools.wraps(function)
        def call(
            *, engine: str, workers: int | None, ray_address: str | None, **others: Any
        ) -> Any:
            if ray_address and engine != "ray":
                raise click.UsageError("--ray-address needs --engine ray")
            return function(engine=Engine(engine, workers, ray_address), **others)

        return choice(processes(cluster(call)))

    return decorated


def corpus_argument(function: Command) -> Command:
    """Add the argument PATH to a command; `--path` and `--root` are other names of it."""
    hidden = click.option(
        "--path",
        "--root",
        "named_path",
        type=click.Path(path_type=Path),
        hidden=True,
        is_eager=True,
        expose_value=False,
        callback=_keep,
    )
    argument = click.argument(
        "path", required=False, type=click.Path(path_type=Path), callback=_given_or_named
    )
    return argument(hidden(function))


def _keep(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    ctx.meta["statevisit.path"] = value


def _given_or_named(ctx: click.Context, _: click.Parameter, value: Path | None) -> Path | None:
    named: Path | None = ctx.meta.get("statevisit.path")
    if value is not None and named is not None:
        raise click.UsageError("the corpus is given twice; leave out --path")
    return named if value is None else value


def json_format(function: Command) -> Command:
    """Let `--format json` mean `--json`, for a command that has the latter."""
    return click.option(
        "--format",
        type=click.Choice(["text", "json"]),
        hidden=True,
        is_eager=True,
        expose_value=False,
        callback=_keep_format,
    )(function)


def _keep_format(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    ctx.meta["statevisit.json"] = value == "json"


def json_flag(help_: str) -> Callable[[Command], Command]:
    """Return the option `--json` as the parameter `as_json`, also set by `--format json`."""

    def decorated(function: Command) -> Command:
        flag = click.option(
            "--json",
            "as_json",
            is_flag=True,
            help=help_,
            callback=lambda ctx, _, value: value or ctx.meta.get("statevisit.json", False),
        )
        return flag(json_format(function))

    return decorated


def corpus_to_read(path: Path | None = None) -> Path:
    """Return `path`, or without one the corpus of the current directory or one above it.

    Without any, it is the corpus that statevisit ships, and standard error says so.
    """
    if path is not None:
        return path
    here = layout.current_root()
    if here is None and _holds_documents(Path()):
        return Path()
    return here or shipped_corpus()


def shipped_corpus() -> Path:
    """Return the corpus that statevisit ships, and say on standard error that it is meant."""
    say(
        f"statevisit: no corpus in {Path().absolute()} or above it: "
        "this is the one that statevisit ships",
        err=True,
    )
    return layout.data_root()


def _holds_documents(directory: Path) -> bool:
    """Whether a directory holds documents, and not just any files of JSON."""
    for path in directory.glob("*.json"):
        if path.is_file():
            with path.open("rb") as file:
                if b'"schema_version"' in file.read(200):
                    return True
    return False


def corpus_to_change(path: Path | None = None) -> Path:
    """Return `path`, or without one the corpus of the current directory or one above it.

    Without any, it is the current directory: no command changes or judges another corpus. If its
    documents are away because a change of them was killed, they are brought back.
    """
    root = path or layout.current_root() or Path()
    if not (root / layout.DOCUMENTS).exists():
        from statevisit.corpus.sharding import recover

        recover(root)
    return root


def name_of(corpus: Path) -> str:
    """Return how a message names a corpus: not by a place inside the installed package."""
    is_shipped = corpus.absolute() == layout.data_root() and corpus.is_absolute()
    return "the corpus that statevisit ships" if is_shipped else str(corpus.absolute())


def below_here(file: str) -> str:
    """Return a file relative to the current directory if it lies below it."""
    if not os.path.isabs(file):
        return file
    relative = os.path.relpath(file)
    return file if relative.startswith(os.pardir) else relative


def write_pages(target: Path, pages: Callable[..., Iterator[tuple[str, str]]]) -> None:
    """Write pages beside each other, the first as `target`; one page to standard output.

    `pages` yields their file names and HTML, given the name of the first and how large one may be.
    Further pages of an earlier run are removed.
    """
    from statevisit import files

    options = {"size": float("inf")} if files.is_stream(target) else {}
    written = set()
    for name, html in pages(target.name, **options):
        files.write(target.with_name(name), html.encode("utf-8", "backslashreplace"))
        written.add(name)
    if not options:
        _remove_earlier(target, written)


def _remove_earlier(target: Path, written: set[str]) -> None:
    """Remove the further pages of an earlier run: those that statevisit has made."""
    for number in itertools.count(len(written) + 1):
        page = target.with_name(f"{target.stem}-{number}{target.suffix}")
        if not page.is_file() or page.is_symlink() or _GENERATOR not in page.read_bytes()[:2000]:
            return
        page.unlink()
