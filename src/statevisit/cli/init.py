"""statevisit init: make a new corpus repository."""

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from statevisit import files, layout
from statevisit.cli.main import say
from statevisit.corpus.settings import check_source
from statevisit.document import schema

FILES = {
    "README.md": layout.CARD,
    "schema.md": layout.SCHEMA_PAGE,
    "checks.md": layout.CHECKS_PAGE,
    "pyproject.toml": "pyproject.toml",
    "gitignore": ".gitignore",
    "gitattributes": ".gitattributes",
    "workflow.yml": ".github/workflows/corpus.yml",
    "pre-commit-config.yaml": ".pre-commit-config.yaml",
    "example.txt": f"{layout.SEEDS}/example.txt",
    "sources.jsonl": layout.SOURCES,
    "example.json": f"{layout.DOCUMENTS}/example.json",
    "annotators.json": layout.ANNOTATORS,
    "wikidata.json": layout.LINKS,
}
"""The files of `starter/`, each with its path in the new repository."""


@click.command("init")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--source",
    metavar="ADDRESS",
    default="",
    help="The address from which the workflow installs statevisit: a repository or a wheel.",
)
def command(directory: Path, source: str) -> None:
    """Create a repository for a corpus of your own.

    DIRECTORY must be new or empty. It gets seeds/, corpus/ with an example that shows every
    layer, a copy of the schemas, a README that is the dataset card, pages for the columns, the
    labels and the checks, settings, a pre-commit hook and a GitHub workflow. The first `validate`
    and `build` pass.

    statevisit is in no package index, so the workflow installs it from an address that you state
    once: `source` in pyproject.toml, or --source here.

    \b
    Example:
      statevisit init my-corpus --source git+https://github.com/OWNER/statevisit@v1.0.0
    """
    if source:
        check_source(source, "--source")
    with files.appearing(directory) as root:
        _fill(root, directory.absolute().name, source)
    say(f"{directory}: made. Next:")
    say(f"  cd {directory}")
    for step in ("git init", "statevisit validate", "statevisit build"):
        say(f"  {step}")
    say("  git add . && git commit -m 'A new corpus'")
    if not source:
        say(
            "The GitHub workflow fails until `source` in pyproject.toml says where to install "
            "statevisit from."
        )


def _fill(root: Path, name: str, source: str) -> None:
    """Write the files of a new repository; `name` and `source` stand in them."""
    values = {
        "name": name,
        "version": layout.version(),
        "pyarrow": _pyarrow(),
        "source": source,
    }
    for template, place in FILES.items():
        text = (layout.starter() / template).read_text(encoding="utf-8")
        if Path(place).suffix in (".md", ".toml", ".yml", ".yaml"):
            text = re.sub(r"\{(name|version|pyarrow|source)\}", lambda m: values[m[1]], text)
        files.write(root / place, text.encode())
    for schema_name in schema.NAMES:
        source_path = schema.path(schema_name)
        files.write(root / "schema" / source_path.name, source_path.read_bytes())
    files.write(root / "schema" / "VERSION", f"{layout.version()}\n".encode())


def _pyarrow() -> str:
    """Return the requirement of the workflow that pins pyarrow, or "" if it is not installed.

    The bytes of Parquet differ between its versions.
    """
    try:
        return f" 'pyarrow=={version('pyarrow')}'"
    except PackageNotFoundError:
        return ""
