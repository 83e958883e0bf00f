"""statevisit scheme: compile the scheme of a corpus."""

from pathlib import Path

import click

from statevisit import layout
from statevisit.cli.main import say
from statevisit.cli.options import corpus_argument, corpus_to_change
from statevisit.errors import ReleaseError
from statevisit.printable import counted


@click.command("scheme")
@corpus_argument
@click.option("--check", is_flag=True, help="Write nothing; fail if a file is outdated.")
@click.option(
    "--allow-loss",
    is_flag=True,
    help="Remove records and properties for which the scheme has no place.",
)
def command(path: Path | None, check: bool, allow_loss: bool) -> None:
    """Compile the labels and layers of a corpus from its scheme.toml.

    `schema/scheme.toml` says how the corpus differs from the base scheme of statevisit: which
    layers it has, which labels more or fewer, and which properties of its own. This command
    writes `schema/document.schema.json`, copies of the other schemas, and the tables of columns
    and labels in `schema/README.md` and `schema/GUIDELINES.md`. Documents get a layer that is
    new, empty and not begun; a layer that has records is dropped with --allow-loss only.
    `statevisit build` makes the columns of the dataset from the schema.

    \b
    Example:
      statevisit scheme --check

    \b
    A scheme.toml:
      base = 2
      layers = ["mentions", "entities", "events"]
      [labels."entities.type".VESSEL]
      title = "Vessel"
      description = "A named ship or boat."
    """
    from statevisit.publishing.scheme import compile_scheme

    root = layout.corpus_root(corpus_to_change(path))
    states = compile_scheme(root, check, allow_loss)
    stale = [(name, state) for name, state in states if state != "current"]
    for name, state in stale:
        say(f"{state} {name}")
    if check and stale:
        raise ReleaseError(
            f"{counted(len(stale), 'file')} of {len(states)} not what {layout.SCHEME} gives: "
            "run `statevisit scheme` and commit them"
        )
    if not stale:
        say(f"Nothing to do: {counted(len(states), 'file')} as {layout.SCHEME} gives them.")
    elif not check:
        say("Next: `statevisit validate`, then commit these files.")
