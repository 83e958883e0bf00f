"""statevisit init: a corpus repository of the reader's own."""

import re
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from statevisit import resources, schema

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
def command(directory: Path) -> None:
    """Make a new corpus repository of your own.

    DIRECTORY is created, or is empty. It gets seeds/, corpus/ with an example that shows every
    layer, a copy of the schemas, a README that is the dataset card, pages for the columns, the
    labels and the checks, settings, pre-commit hooks and a GitHub workflow. The first `validate`
    and `build` pass.

    \b
    Example:
      statevisit init my-corpus
    """
    with resources.appearing(directory) as made:
        _fill(made, directory.absolute().name)
    click.echo(
        f"{directory}: made. Next:\n  cd {directory}\n  git init\n  statevisit validate\n  statevisit build\n  git add . && git commit -m 'A new corpus'"
    )


def _fill(root: Path, name: str) -> None:
    given = {"name": name, "version": resources.version(), "pyarrow": _pyarrow()}
    for source, place in FILES.items():
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (resources.starter() / source).read_text(encoding="utf-8")
        if path.suffix in (".md", ".yml", ".yaml"):
            text = re.sub(r"\{(name|version|pyarrow)\}", lambda m: given[m[1]], text)
        path.write_bytes(text.encode())
    for schema_name in schema.NAMES:
        shutil.copyfile(schema.path(schema_name), root / "schema" / schema.path(schema_name).name)
    (root / "schema" / "VERSION").write_text(f"{resources.version()}\n")


def _pyarrow() -> str:
    """What pins pyarrow in the workflow: the bytes of Parquet differ between its versions."""
    try:
        return f" 'pyarrow=={version('pyarrow')}'"
    except PackageNotFoundError:
        return ""
