"""The import of annotations from Label Studio: the options that commands share, and its output."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from statevisit.cli.main import say
from statevisit.cli.options import verbose
from statevisit.cli.progress import Bar
from statevisit.document.scheme import scheme_at

if TYPE_CHECKING:
    from statevisit.annotation.merge import Side
    from statevisit.document.scheme import Scheme
    from statevisit.labelstudio.importer import Update
    from statevisit.labelstudio.merger import Task

    Command = Callable[..., Any]

_OPTIONS = (
    click.option(
        "--dry-run",
        is_flag=True,
        help="Print what would change, record by record, and write nothing.",
    ),
    click.option(
        "--mapping",
        type=click.Path(path_type=Path),
        help="TOML file that maps the labels of another project to those of the interface.",
    ),
    click.option(
        "--ours",
        is_flag=True,
        help="In a conflict, keep the corpus's version.",
    ),
    click.option(
        "--theirs",
        is_flag=True,
        help="In a conflict, take the annotation's version.",
    ),
    click.option(
        "--annotator",
        "annotators",
        metavar="ID|ADDRESS=NAME",
        multiple=True,
        help="Credit this id of corpus/annotators.json in changed documents; or name an annotator.",
    ),
    click.option(
        "--done",
        metavar="LAYERS",
        default="",
        help="Layers, with commas, that the annotators have finished: their state becomes done in "
        "each annotated document in which they are complete.",
    ),
    verbose,
)


def merge_options(function: "Command") -> "Command":
    """Add the options that commands which import annotations share."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def import_into_corpus(
    tasks: "Iterable[Task]",
    path: Path,
    bar: Bar,
    dry_run: bool,
    mapping: Path | None,
    ours: bool,
    theirs: bool,
    annotators: tuple[str, ...],
    done: str,
    verbose: bool,
    workers: int | None = None,
) -> int:
    """Merge tasks into the corpus; return the exit status."""
    from statevisit.cli.diff_output import show
    from statevisit.cli.main import Listing
    from statevisit.labelstudio.importer import NotImported, Options, import_tasks
    from statevisit.layout import corpus_root
    from statevisit.regions.mapping import read_mapping

    prefer = preferred(ours, theirs)
    listing = Listing(err=True, verbose=verbose)

    def show_updates(updates: "list[Update]") -> None:
        for update in updates:
            for finding in update.findings:
                listing.add(finding)
            if dry_run:
                show(update.changes)
        bar.advance()

    root = corpus_root(path)
    scheme = scheme_at(root)
    mapped = read_mapping(mapping, scheme) if mapping else None
    options = Options(mapped, prefer, *annotators_of(annotators), layers_of(done, scheme))
    problems: list[str] = []
    with bar:
        try:
            written = import_tasks(tasks, root, options, show_updates, dry_run, workers)
        except NotImported as error:
            if not error.written and len(error.problems) == 1:
                raise
            written, problems = error.written, error.problems
        finally:
            listing.end()
    _tell(written, problems, dry_run)
    return 1 if problems else 0


def preferred(ours: bool, theirs: bool) -> "Side | None":
    """The side that wins a conflict; None if neither does."""
    if ours and theirs:
        raise click.UsageError("--ours and --theirs exclude each other; give one of them")
    if ours:
        return "ours"
    return "theirs" if theirs else None


def layers_of(value: str, scheme: "Scheme") -> tuple[str, ...]:
    """The layers in the value of --done, each of which must be one that the editor changes."""
    from statevisit.labelstudio.interface import edited_layers

    known = edited_layers(scheme)
    layers = tuple(layer.strip() for layer in value.split(",") if layer.strip())
    for layer in layers:
        if layer not in known:
            raise click.UsageError(
                f"--done: {layer!r} is no layer that the editor changes; these are "
                f"{', '.join(known)}"
            )
    return layers


def annotators_of(values: tuple[str, ...]) -> tuple[str | None, dict[str, str]]:
    """The annotator to credit and the names by address, from the values of --annotator."""
    credited = [value for value in values if "=" not in value]
    if len(credited) > 1:
        raise click.UsageError("--annotator takes one id; a name is given as ADDRESS=NAME")
    pairs = (value.rpartition("=") for value in values if "=" in value)
    return (credited[0] if credited else None), {address: name for address, _, name in pairs}


def _tell(written: list[str], problems: list[str], dry_run: bool) -> None:
    """Print what an import wrote, and what it did not."""
    from statevisit.layout import PEOPLE

    for file in written:
        say(f"{file} written", err=True)
    if PEOPLE in written:
        hint = "--annotator ADDRESS=NAME gives a name instead of a number"
        say(f"It says who annotated, and is not published; {hint}", err=True)
    for problem in problems:
        say(f"statevisit: not imported: {problem}", err=True)
    if not (dry_run or written):
        say("nothing was written" if problems else "no changes", err=True)
