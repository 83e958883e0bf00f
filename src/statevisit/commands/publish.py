"""statevisit publish: a version on the Hugging Face Hub."""

import tempfile
from pathlib import Path

import click

from statevisit import resources
from statevisit.schema import ANNOTATIONS_ONLY


@click.command("publish")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option("--repo", required=True, metavar="OWNER/NAME", help="The dataset repository; made where there is none.")
@click.option("--edition", type=click.Choice(["full", ANNOTATIONS_ONLY]), default="full", show_default=True, help="Which edition of the corpus root.")
@click.option("--private", is_flag=True, help="Make a new repository private.")
@click.option("--dry-run", is_flag=True, help="List every file with its SHA-256, and send nothing.")
def command(path: Path, repo: str, edition: str, private: bool, dry_run: bool) -> int:
    """Publish a version on the Hugging Face Hub: one commit, then its tag.

    PATH is the corpus root, or any other directory that a build wrote. A version that is there already is left alone;
    another content under an existing version is refused. What fails before the commit leaves branch and tags on the Hub
    as they were; where only the tag failed, the next run makes it.

    \b
    Example:
      statevisit publish --repo OWNER/NAME --dry-run
    """
    root = resources.enclosing_root(path) or path
    if edition == "full":
        return _publish(root, repo, private, dry_run)
    from statevisit.commands.editions import write_edition

    with tempfile.TemporaryDirectory() as name:
        write_edition(root, Path(name) / "edition")
        return _publish(Path(name) / "edition", repo, private, dry_run)


def _publish(root: Path, repo: str, private: bool, dry_run: bool) -> int:
    from statevisit.publish import contents, publish

    version, items = contents(root)
    if dry_run:
        for item in items:
            click.echo(f"{item.sha256}  {item.size:>9,}  {item.path}")
        click.echo(f"would publish {len(items)} files as version {version} of {repo}")
        return 0
    done = publish(items, version, repo, private)
    click.echo(f"version {version} of {repo}: {done}")
    return 0
