"""statevisit validate: is the corpus right?"""

import os
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import click
from msgspec import structs

from statevisit import resources
from statevisit.commands.bar import Bar
from statevisit.commands.formats import WRITERS, Statistics, Writer
from statevisit.commands.pool import ordered
from statevisit.corpus import Entry, load
from statevisit.settings import FORMATS, Settings, check_codes, read_settings


@click.command("validate")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="How findings are printed. Default: text.",
)
@click.option(
    "--select",
    multiple=True,
    metavar="CODE",
    help="Report only these codes, or what begins so (E2); may be repeated, or a list with commas.",
)
@click.option(
    "--ignore", multiple=True, metavar="CODE", help="Do not report these codes, or what begins so."
)
@click.option("--strict", is_flag=True, help="Warnings fail as errors do.")
@click.option(
    "--statistics", is_flag=True, help="Count the findings of each code instead of printing them."
)
@click.option(
    "--fix", is_flag=True, help="First mend what can be mended without a change of meaning."
)
@click.option(
    "--diff", is_flag=True, help="Print what --fix would change, write nothing, check nothing."
)
@click.option("--workers", type=click.IntRange(1), help="Processes; default: one for each core.")
def command(
    paths: tuple[Path, ...],
    format_: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    strict: bool,
    statistics: bool,
    fix: bool,
    diff: bool,
    workers: int | None,
) -> int:
    """Check documents: schema, offsets, references, links, values, hashes.

    PATHS are corpus roots, directories of documents, documents, JSONL files (also .gz and .zst),
    Parquet of the `documents` config, or - for JSONL on standard input; without one, the corpus of
    the current directory. The exit status is 1 if there are errors. Without findings it prints
    nothing, except one line on a terminal. `statevisit explain CODE` says more about a finding.
    Options not given here are taken from [tool.statevisit] in the pyproject.toml of the corpus
    root.

    \b
    Example:
      statevisit validate corpus/documents/2024-02-19-aliyev-visit.json
    """
    paths = paths or (Path(),)
    if fix or diff:
        from statevisit.commands.fix import fix_files

        changed = fix_files(paths, write=not diff)
        if diff:
            return 1 if changed else 0
    settings = _settings(paths[0], format_, select, ignore, strict)
    writer = Statistics() if statistics else WRITERS[settings.format](settings.address)
    for path in paths:
        _check(path, settings, writer, workers)
    writer.end()
    if settings.format == "text" and (writer.counts or sys.stderr.isatty()):
        click.echo(writer.summary(), err=True)
    return 1 if writer.errors or (settings.strict and writer.counts) else 0


def _settings(
    path: Path, format_: str | None, select: tuple[str, ...], ignore: tuple[str, ...], strict: bool
) -> Settings:
    root = resources.enclosing_root(path) or (
        resources.enclosing_root(path.parent) if path.is_file() else None
    )
    settings = read_settings(root or Path(), _codes)
    given = {"select": _split(select), "ignore": _split(ignore)}
    for option, codes in given.items():
        if codes:
            check_codes(codes, _codes(), f"--{option}")
    chosen = {k: v for k, v in {**given, "format": format_, "strict": strict}.items() if v}
    return structs.replace(settings, **chosen)


def _codes() -> Iterable[str]:
    from statevisit.checks.catalogue import catalogue

    return catalogue()


def _split(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code.strip() for value in values for code in value.split(",") if code.strip())


def _check(path: Path, settings: Settings, writer: Writer, workers: int | None) -> None:
    from statevisit.checks.corpus import validate
    from statevisit.checks.registry import PRELOAD

    found, total = _found(path)
    with Bar(total, f"checking {path}") as bar:

        def done() -> None:
            writer.documents += 1
            bar.advance()

        mapper = partial(ordered, workers=workers, preload=PRELOAD)
        for finding in validate(path, done, mapper, found):
            if settings.wants(finding.code):
                writer.add(structs.replace(finding, file=_relative(finding.file)))


def _relative(file: str) -> str:
    """A file as annotations and people want it: from the current directory, where it is below it."""
    below = os.path.relpath(file) if os.path.isabs(file) else file
    return file if below.startswith(os.pardir) else below


def _found(path: Path) -> tuple[Iterable[Entry] | None, int | None]:
    """(entries where `validate` does not find them itself, how many documents there are where that is known)."""
    if path.suffix == ".parquet":
        return _rows(path), None
    return None, None if str(path) == "-" or path.suffix in (".gz", ".zst") else len(load(path))


def _rows(path: Path) -> Iterator[Entry]:
    from statevisit.codec import encode
    from statevisit.parquet import read_documents

    for number, document in enumerate(read_documents(path), 1):
        yield Entry(path, -1, line=number, data=encode(document))
