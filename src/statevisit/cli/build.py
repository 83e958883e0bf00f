"""statevisit build: documents become Parquet and the manifest."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click

from statevisit import layout
from statevisit.cli.main import Listing, say
from statevisit.cli.options import Engine, corpus_argument, corpus_to_change, engine_options
from statevisit.cli.progress import Bar
from statevisit.corpus import copies
from statevisit.corpus.reader import load
from statevisit.document.scheme import ANNOTATIONS_ONLY
from statevisit.errors import ReleaseError
from statevisit.printable import counted
from statevisit.publishing.build import build, other_tools
from statevisit.publishing.finished import count
from statevisit.stores import StorePath, path_of


@click.command("build")
@corpus_argument
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; fail if the built files differ from what a build would write.",
)
@click.option(
    "--edition",
    type=click.Choice(["full", ANNOTATIONS_ONLY]),
    default="full",
    show_default=True,
    help="The edition to build; the one without the text goes to a directory of its own.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The directory for the edition annotations-only; it is made, or renewed if it holds one.",
)
@engine_options()
def command(
    path: Path | None, check: bool, edition: str, output: Path | None, engine: Engine
) -> int:
    """Write corpus/parquet/ and corpus/release.json, or check that they are current.

    PATH is the corpus root, which holds corpus/, or the URL of one in a store (s3://bucket/root);
    without one, that of the current directory or one above it. Documents are validated first: if
    there are errors, nothing is written.
    `statevisit validate` also shows warnings. A build also updates the generated parts of
    README.md, schema/README.md, schema/CHECKS.md, schema/GUIDELINES.md and corpus/README.md, if
    the corpus has these pages.

    The edition annotations-only holds offsets and no word of the text. It is a corpus root that
    can be published by itself; `statevisit restore` makes the full edition from it and the text.

    \b
    Example:
      statevisit build --check
      statevisit build --edition annotations-only -o annotations
    """
    is_textless = edition == ANNOTATIONS_ONLY
    if is_textless != (output is not None) or (output and check):
        raise click.UsageError(
            f"--edition {ANNOTATIONS_ONLY} and -o DIR go together, and without --check"
        )
    place = path_of(corpus_to_change(path))
    in_store = isinstance(place, StorePath)
    if in_store and output is not None:
        copies.refuse(f"`statevisit build --edition {ANNOTATIONS_ONLY}`", [str(place)])
    root = layout.corpus_root(copies.at_hand(place, everywhere=engine.name == "ray"))
    if output is not None:
        from statevisit.publishing.textless_root import write_edition

        files = write_edition(root, output, engine.workers, engine.mapper(root))
        say(f"{output}: {counted(files, 'file')} without a word of the text")
        return 0
    with _kept(root), Bar(partial(len, load(root).entries), "building") as bar:
        result = build(root, check, engine.workers, bar.advance, engine.mapper(root))
    if result.findings:
        listing = Listing(by_file=True, more="`statevisit validate -v` lists them")
        for finding in result.findings:
            listing.add(finding)
        listing.end()
        say(f"{counted(len(result.findings), 'finding')}: nothing was built", err=True)
        return 1
    stale = result.stale
    _list_files(stale, len(result.states) - len(stale))
    if check and stale:
        raise ReleaseError(
            f"{len(stale)} of {len(result.states)} files are not what would be built from the "
            f"documents: run `statevisit build`{'' if in_store else ' and commit them'}"
            f"{other_tools(root)}"
        )
    if not in_store:
        say(_next_step(path, bool(stale), check))
    return 0


@contextmanager
def _kept(root: Path) -> Iterator[None]:
    """Say after an exception how much of the work the next build need not do again."""
    try:
        yield
    except BaseException:
        shards = count(root)
        if shards:
            say(f"{counted(shards, 'finished shard')} kept: the next build does the rest", err=True)
        raise


LISTED = 20
"""Files that are listed by name; a larger corpus has more of them than a screen has lines."""


def _list_files(stale: list[tuple[str, str]], current: int) -> None:
    """Print the files that changed or differ, and how many are current."""
    for name, state in stale[:LISTED]:
        say(f"{state} {name}")
    if len(stale) > LISTED:
        say(f"and {counted(len(stale) - LISTED, 'more file')}")
    if current:
        say(f"current: {counted(current, 'file')}")


def _next_step(path: Path | None, changed: bool, check: bool) -> str:
    """The last line of a build that went well."""
    if check:
        return "Nothing to do: what is built matches the documents."
    if changed:
        return (
            "Next: commit these files. `statevisit release --dry-run` says which version to make."
        )
    option = f" --path {path}" if path else ""
    return f"Nothing changed. Next: `statevisit show{option}` prints an annotated document."
