"""statevisit publish: a version on the Hugging Face Hub."""

import tempfile
from pathlib import Path

import click

from statevisit import layout
from statevisit.cli.main import say
from statevisit.cli.options import corpus_argument, corpus_to_change
from statevisit.cli.progress import Bar
from statevisit.corpus.settings import read_settings
from statevisit.document.scheme import ANNOTATIONS_ONLY
from statevisit.errors import ReleaseError
from statevisit.printable import counted


@click.command("publish")
@corpus_argument
@click.option(
    "--repo",
    metavar="OWNER/NAME",
    help="The dataset repository, which is made if it does not exist. "
    "Default: `repo` in [tool.statevisit] of the corpus root.",
)
@click.option(
    "--edition",
    type=click.Choice(["full", ANNOTATIONS_ONLY]),
    default="full",
    show_default=True,
    help="The edition of the corpus root to publish.",
)
@click.option("--private", is_flag=True, help="Make a new repository private.")
@click.option("--dry-run", is_flag=True, help="List every file with its SHA-256; send nothing.")
def command(path: Path | None, repo: str | None, edition: str, private: bool, dry_run: bool) -> int:
    """Publish a version on the Hugging Face Hub: one commit, then its tag.

    PATH is the corpus root, or another directory that a build wrote. A published version is never
    changed: publishing it again does nothing, and other content is refused. In a git checkout, the
    manifest has to be the one that the version was released with. A failure that may pass, such as
    a rate limit, is tried again. One before the commit leaves the Hub's version history unchanged;
    the next run sends only the large files that are missing. If only the tag fails, the next run
    makes it.

    \b
    Example:
      statevisit publish --repo OWNER/NAME --dry-run
    """
    path = corpus_to_change(path)
    root = layout.enclosing_root(path) or path
    repo = repo or read_settings(root).repo
    if not repo:
        raise click.UsageError(
            "name the dataset repository: --repo OWNER/NAME, or `repo` in [tool.statevisit] of "
            f"{root / 'pyproject.toml'}"
        )
    if edition == "full":
        return _publish(root, root, repo, private, dry_run)
    from statevisit.publishing.textless_root import write_edition

    with tempfile.TemporaryDirectory() as name:
        write_edition(root, Path(name) / "edition")
        return _publish(Path(name) / "edition", root, repo, private, dry_run)


def _publish(built: Path, root: Path, repo: str, private: bool, dry_run: bool) -> int:
    """Publish the files of `built`, which is `root` or an edition of it, or list them."""
    from statevisit.publishing.publish import contents, publish, unreleased

    with Bar(None, "checking files") as bar:
        content = contents(built, bar.advance)
    version, items = content.version, content.items
    if content.untracked:
        names = ", ".join(content.untracked[:3])
        more = " and more" if content.untracked[3:] else ""
        say(f"left out, since git does not track them: {names}{more}", err=True)
    problem = unreleased(root, version)
    if dry_run:
        for item in items:
            say(f"{item.sha256}  {item.size:>9,}  {item.path}")
        say(f"would publish {counted(len(items), 'file')} as version {version} of {repo}")
        if problem:
            say(f"would be refused: {problem}", err=True)
        return 0
    if problem:
        raise ReleaseError(problem)
    with Bar(len(items), "publishing") as bar:
        outcome = publish(items, version, repo, private, bar.advance)
    say(f"version {version} of {repo}: {outcome}")
    return 0
