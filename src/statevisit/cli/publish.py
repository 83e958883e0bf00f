"""statevisit publish: a version on the Hugging Face Hub."""

import tempfile
from pathlib import Path

import click

from statevisit import layout
from statevisit.corpus.settings import read_settings
from statevisit.document.schema import ANNOTATIONS_ONLY
from statevisit.errors import ReleaseError


@click.command("publish")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option(
    "--repo",
    metavar="OWNER/NAME",
    help="The dataset repository, which is created if it is missing. Default: `repo` in [tool.statevisit] of the corpus root.",
)
@click.option(
    "--edition",
    type=click.Choice(["full", ANNOTATIONS_ONLY]),
    default="full",
    show_default=True,
    help="The edition of the corpus root.",
)
@click.option("--private", is_flag=True, help="Make a new repository private.")
@click.option("--dry-run", is_flag=True, help="List every file with its SHA-256; send nothing.")
def command(path: Path, repo: str | None, edition: str, private: bool, dry_run: bool) -> int:
    """Publish a version on the Hugging Face Hub: one commit, then its tag.

    PATH is the corpus root, or any other directory that a build wrote. Publishing an existing version changes
    nothing; different content under an existing version is an error. In a git checkout, data that differ from the
    committed version are an error too. A failure before the commit changes nothing on the Hub; if only the tag failed,
    the next run makes it.

    \b
    Example:
      statevisit publish --repo OWNER/NAME --dry-run
    """
    root = layout.enclosing_root(path) or path
    repo = repo or read_settings(root).repo
    if not repo:
        raise click.UsageError(
            f"name the dataset repository: --repo OWNER/NAME, or `repo` in [tool.statevisit] of {root / 'pyproject.toml'}"
        )
    if edition == "full":
        return _publish(root, root, repo, private, dry_run)
    from statevisit.release.textless_root import write_edition

    with tempfile.TemporaryDirectory() as name:
        write_edition(root, Path(name) / "edition")
        return _publish(Path(name) / "edition", root, repo, private, dry_run)


def _publish(built: Path, root: Path, repo: str, private: bool, dry_run: bool) -> int:
    from statevisit.release.publish import contents, publish

    content = contents(built)
    version, items = content.version, content.items
    if content.untracked:
        names = ", ".join(content.untracked[:3]) + (" and more" if content.untracked[3:] else "")
        click.echo(f"left out, since git does not track them: {names}", err=True)
    unreleased = _unreleased(root, version)
    if dry_run:
        for item in items:
            click.echo(f"{item.sha256}  {item.size:>9,}  {item.path}")
        click.echo(f"would publish {len(items)} files as version {version} of {repo}")
        if unreleased:
            click.echo(f"would be refused: {unreleased}", err=True)
        return 0
    if unreleased:
        raise ReleaseError(unreleased)
    done = publish(items, version, repo, private)
    click.echo(f"version {version} of {repo}: {done}")
    return 0


def _unreleased(root: Path, version: str) -> str:
    """How the manifest of a corpus root is not the one that the checkout's history has for its version; "" where it is, or is in no history."""
    from statevisit.corpus.git import commit_of, in_git, line, unchanged

    if not in_git(root) or not line(root, "ls-files", "--", layout.RELEASE):
        return ""
    commit = commit_of(root, version)
    if commit and unchanged(root, commit, layout.RELEASE):
        return ""
    stands = (
        f"is not the one that version {version} was released with"
        if commit
        else f"states version {version}, which is not committed"
    )
    return f"{root}: {layout.RELEASE} {stands}: make a version of what is here with `statevisit release`, or check out a tag"
