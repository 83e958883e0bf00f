"""statevisit release: a new version, whole or not at all."""

from pathlib import Path

import click

from statevisit import layout


@click.command("release")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option(
    "--version",
    "wanted",
    metavar="X.Y.Z",
    help="The new version; default: the lowest that the changes allow.",
)
@click.option(
    "--dry-run", is_flag=True, help="Print the version and the reasons for it; change nothing."
)
def command(path: Path, wanted: str | None, dry_run: bool) -> int:
    """Make a new version: manifest, changelog, citation, commit and tag.

    PATH is the corpus root at the top of its git checkout. The tree has to be clean, the documents valid and the
    build current. The changes since the last release determine the lowest possible version: major if the schema breaks
    or an id changes its meaning, minor if something was added, patch for corrections. A release is made completely or
    not at all; if an earlier one was interrupted, it is finished or undone first.

    \b
    Example:
      statevisit release --help
    """
    from statevisit.corpus.git import numbers
    from statevisit.release.transaction import make, plan, ready, recover

    if wanted is not None:
        numbers(wanted)
    root = layout.corpus_root(path)
    if not dry_run and (state := recover(root)):
        click.echo(f"a release that was stopped is {state}")
    ready(root)
    planned = plan(root, wanted)
    click.echo(
        f"last release {planned.last}, least version {planned.least}"
        if planned.last
        else "first release"
    )
    for reason in sorted(planned.reasons, key=lambda r: -r.level)[:10]:
        said = reason.message if len(reason.message) <= 160 else f"{reason.message[:159]}…"
        click.echo(f"  {('patch', 'minor', 'major')[reason.level - 1]}: {said}")
    if len(planned.reasons) > 10:
        click.echo(f"  and {len(planned.reasons) - 10} more: statevisit diff v{planned.last} .")
    if dry_run:
        click.echo(f"would release {planned.version}")
        return 0
    commit = make(root, planned)
    click.echo(
        f"released {planned.version}: commit {commit[:12]}, tag v{planned.version}; git push --follow-tags publishes both"
    )
    return 0
