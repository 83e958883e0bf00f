"""statevisit release: a new version, whole or not at all."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from statevisit import layout
from statevisit.cli.main import say
from statevisit.cli.options import corpus_argument, corpus_to_change
from statevisit.publishing.version_rule import MAJOR, MINOR, PATCH

if TYPE_CHECKING:
    from statevisit.publishing.plan import Plan

LISTED = 10
"""Reasons that are printed."""

_LEVELS = {PATCH: "patch", MINOR: "minor", MAJOR: "major"}


@click.command("release")
@corpus_argument
@click.option(
    "--version",
    metavar="X.Y.Z",
    help="The new version; default: the lowest that the changes allow.",
)
@click.option(
    "--dry-run", is_flag=True, help="Print the version and the reasons for it; change nothing."
)
def command(path: Path | None, version: str | None, dry_run: bool) -> int:
    """Make a new version: manifest, changelog, citation, commit and tag.

    PATH is the corpus root at the top of its git checkout, which needs a clean tree, valid
    documents and a current build. The changes since the last release decide the least version:
    major if the schema breaks or an id means something else, minor for additions, patch for
    corrections. Either everything is done or nothing; a release that was stopped is first finished
    or undone.

    \b
    Example:
      statevisit release --help
    """
    from statevisit.corpus.git import numbers
    from statevisit.publishing.plan import check_ready, plan
    from statevisit.publishing.transaction import make, recover

    if version is not None:
        numbers(version)
    root = layout.corpus_root(corpus_to_change(path))
    outcome = None if dry_run else recover(root)
    if outcome:
        say(f"a release that was stopped is {outcome}")
    check_ready(root)
    planned = plan(root, version)
    _print_plan(planned)
    if dry_run:
        say(f"would release {planned.version}")
        return 0
    commit = make(root, planned)
    say(
        f"released {planned.version}: commit {commit[:12]}, tag v{planned.version}; "
        "git push --follow-tags publishes both"
    )
    return 0


def _print_plan(planned: "Plan") -> None:
    """Print the last release and the weightiest reasons for the least version."""
    if planned.last is None:
        say("first release")
    else:
        say(f"last release {planned.last}, least version {planned.least}")
    for reason in sorted(planned.reasons, key=lambda reason: -reason.level)[:LISTED]:
        message = reason.message
        if len(message) > 160:
            message = f"{message[:159]}…"
        say(f"  {_LEVELS[reason.level]}: {message}")
    if len(planned.reasons) > LISTED:
        more = len(planned.reasons) - LISTED
        say(f"  and {more} more: statevisit diff v{planned.last} .")
