"""statevisit init: make a new corpus repository."""

import re
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
import orjson

from statevisit import files, layout
from statevisit.cli.main import say
from statevisit.corpus.settings import check_source
from statevisit.document import schema_errors
from statevisit.document.codec import convert, encode, read_bytes
from statevisit.document.scheme import Scheme, schema_files, scheme_at, scheme_from
from statevisit.document.scheme_change import within
from statevisit.document.strict_json import parse
from statevisit.errors import FormatError, MissingExtra

FILES = {
    "README.md": layout.CARD,
    "schema.md": layout.SCHEMA_PAGE,
    "checks.md": layout.CHECKS_PAGE,
    "scheme.toml": layout.SCHEME,
    "pyproject.toml": "pyproject.toml",
    "gitignore": ".gitignore",
    "gitattributes": ".gitattributes",
    "workflow.yml": ".github/workflows/corpus.yml",
    "site.yml": ".github/workflows/site.yml",
    "pre-commit-config.yaml": ".pre-commit-config.yaml",
    "example.txt": f"{layout.SEEDS}/example.txt",
    "sources.jsonl": layout.SOURCES,
    "example.json": f"{layout.DOCUMENTS}/example.json",
    "annotators.json": layout.ANNOTATORS,
    "wikidata.json": layout.LINKS,
}
"""The files of `starter/`, each with its path in the new repository."""


_LAYERS = re.compile(r"# layers = \[[^]]*\]\n")
"""The commented line of the starter's `scheme.toml` that names all layers."""


@click.command("init")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--source",
    metavar="ADDRESS",
    default="",
    help="The address from which the workflow installs statevisit: a repository or a wheel.",
)
@click.option(
    "--scheme",
    "scheme_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A scheme.toml: the layers, labels and properties of the corpus.",
)
@click.option(
    "--layers", help="The layers of the corpus, with commas: mentions,entities. Default: all."
)
def command(directory: Path, source: str, scheme_file: Path | None, layers: str | None) -> None:
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
    scheme = _scheme(scheme_file, layers)
    with files.appearing(directory) as root:
        _fill(root, directory.absolute().name, source, scheme)
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


def _scheme(file: Path | None, layers: str | None) -> bytes:
    """Return the `scheme.toml` of the new corpus. Raises FormatError for one that is wrong."""
    if file is not None:
        if layers is not None:
            raise click.UsageError(
                "--scheme and --layers exclude each other: the file has `layers`"
            )
        data = read_bytes(file)
        scheme_from(data, str(file))
        return data
    text = (layout.starter() / "scheme.toml").read_text(encoding="utf-8")
    if layers is not None:
        names = [name.strip() for name in layers.split(",") if name.strip()]
        text = _LAYERS.sub(lambda _: f"layers = {orjson.dumps(names).decode()}\n", text, count=1)
    data = text.encode()
    try:
        scheme_from(data, layout.SCHEME)
    except FormatError as error:
        raise FormatError(f"--layers{str(error).partition(':')[2].lstrip('0123456789')}") from None
    return data


def _fill(root: Path, name: str, source: str, scheme_file: bytes) -> None:
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
    files.write(root / layout.SCHEME, scheme_file)
    scheme = scheme_at(root)
    for place, data in schema_files(scheme).items():
        files.write(root / place, data)
    with suppress(MissingExtra):  # then `build` makes the tables
        _write_tables(root, scheme)
    example = root / layout.DOCUMENTS / "example.json"
    files.write(example, _example(example.read_bytes(), scheme))
    files.write(root / "schema" / "VERSION", f"{layout.version()}\n".encode())


def _write_tables(root: Path, scheme: Scheme) -> None:
    from statevisit.publishing.card import renewed_tables

    for place, data in renewed_tables(root, scheme).items():
        files.write(root / place, data)


def _example(data: bytes, scheme: Scheme) -> bytes:
    """Return the example as a document of a scheme, with the layers and labels that it has.

    Under a scheme that lacks labels of the example, it has sentences and tokens only.
    """
    value = parse(data, "example.json")
    assert isinstance(value, dict)
    reduced = within(value, scheme)
    if next(schema_errors.errors(reduced, scheme), None) is not None:
        reduced |= {layer: [] for layer in scheme.annotated}
    return encode(convert(reduced, "example.json", scheme))


def _pyarrow() -> str:
    """Return the requirement of the workflow that pins pyarrow, or "" if it is not installed.

    The bytes of Parquet differ between its versions.
    """
    try:
        return f" 'pyarrow=={version('pyarrow')}'"
    except PackageNotFoundError:
        return ""
