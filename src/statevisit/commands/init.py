"""statevisit init: a corpus repository of the reader's own."""

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from statevisit import files, resources, schema

FILES = {
    "README.md": resources.CARD,
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

    DIRECTORY is made, or is empty: seeds/, corpus/ with an example that shows every layer, a copy of the schemas, a README
    that is the dataset card, settings, pre-commit hooks and a GitHub workflow. Its first `validate` and `build` pass.

    \b
    Example:
      statevisit init my-corpus
    """
    with files.appearing(directory) as made:
        _fill(made, directory.absolute().name)
    click.echo(
        f"{directory}: made. Next:\n  cd {directory}\n  git init\n  statevisit validate\n  statevisit build\n  git add . && git commit -m 'A new corpus'"
    )


def _fill(root: Path, name: str) -> None:
    given = {"name": name, "version": resources.version(), "pyarrow": _pyarrow()}
    for source, place in FILES.items():
        text = (resources.starter() / source).read_text(encoding="utf-8")
        if Path(place).suffix in (".md", ".yml", ".yaml"):
            text = re.sub(r"\{(name|version|pyarrow)\}", lambda m: given[m[1]], text)
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
