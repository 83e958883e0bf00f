"""statevisit init: a corpus repository of the reader's own."""

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from statevisit import files, resources, schema
from statevisit.settings import check_source

FILES = {
    "README.md": resources.CARD,
    "schema.md": resources.SCHEMA_PAGE,
    "checks.md": resources.CHECKS_PAGE,
    "pyproject.toml": "pyproject.toml",
    "gitignore": ".gitignore",
    "gitattributes": ".gitattributes",
    "workflow.yml": ".github/workflows/corpus.yml",
    "pre-commit-config.yaml": ".pre-commit-config.yaml",
    "example.txt": f"{resources.SEEDS}/example.txt",
    "sources.jsonl": resources.SOURCES,
    "example.json": f"{resources.DOCUMENTS}/example.json",
    "annotators.json": resources.ANNOTATORS,
    "wikidata.json": resources.LINKS,
}
"""Every file of `starter/` with its place in the new repository."""


@click.command("init")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--source",
    metavar="ADDRESS",
    default="",
    help="The address that the workflow installs statevisit from: a repository, or a wheel.",
)
def command(directory: Path, source: str) -> None:
    """Make a new corpus repository of your own.

    DIRECTORY is created, or is empty. It gets seeds/, corpus/ with an example that shows every
    layer, a copy of the schemas, a README that is the dataset card, pages for the columns, the
    labels and the checks, settings, a pre-commit hook and a GitHub workflow. The first `validate`
    and `build` pass.

    No package index has statevisit, so the workflow installs it from an address that you fill in
    once: `source` in pyproject.toml, or --source here.

    \b
    Example:
      statevisit init my-corpus --source git+https://github.com/OWNER/statevisit@v1.0.0
    """  # noqa: D301 (click reads the backspace)
    if source:
        check_source(source, "--source")
    with files.appearing(directory) as made:
        _fill(made, directory.absolute().name, source)
    click.echo(
        f"{directory}: made. Next:\n  cd {directory}\n  git init\n  statevisit validate\n"
        "  statevisit build\n  git add . && git commit -m 'A new corpus'"
    )
    if not source:
        click.echo(
            "The GitHub workflow fails until `source` in pyproject.toml says where to install "
            "statevisit from."
        )


def _fill(root: Path, name: str, source: str) -> None:
    given = {
        "name": name,
        "version": resources.version(),
        "pyarrow": _pyarrow(),
        "source": source,
    }
    for source, place in FILES.items():
        text = (resources.starter() / source).read_text(encoding="utf-8")
        if Path(place).suffix in (".md", ".toml", ".yml", ".yaml"):
            text = re.sub(r"\{(name|version|pyarrow|source)\}", lambda m: given[m[1]], text)
        files.write(root / place, text.encode())
    for schema_name in schema.NAMES:
        source_path = schema.path(schema_name)
        files.write(root / "schema" / source_path.name, source_path.read_bytes())
    files.write(root / "schema" / "VERSION", f"{resources.version()}\n".encode())


def _pyarrow() -> str:
    """What pins pyarrow in the workflow: the bytes of Parquet differ between its versions."""
    try:
        return f" 'pyarrow=={version('pyarrow')}'"
    except PackageNotFoundError:
        return ""
