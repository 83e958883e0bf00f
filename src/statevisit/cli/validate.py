"""statevisit validate: check a corpus."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import structs

from statevisit import layout, stores
from statevisit.cli.finding_formats import WRITERS, Statistics, Writer
from statevisit.cli.main import say
from statevisit.cli.options import Engine, below_here, corpus_to_change, engine_options, verbose
from statevisit.cli.progress import Bar
from statevisit.corpus import copies
from statevisit.corpus.reader import Entry, load
from statevisit.corpus.settings import FORMATS, Settings, check_codes, read_settings
from statevisit.document.schema_errors import ENGINES, REFERENCE
from statevisit.document.scheme import scheme_for
from statevisit.errors import FormatError
from statevisit.printable import counted, in_utf8

if TYPE_CHECKING:
    from statevisit.checks.across_documents import Facts


@click.command("validate")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="Format of the findings. Default: text.",
)
@click.option("--json", "format_", flag_value="json", hidden=True)
@click.option(
    "--path", "--root", "named_paths", multiple=True, type=click.Path(path_type=Path), hidden=True
)
@click.option(
    "--select",
    multiple=True,
    metavar="CODE",
    help="Report only these codes, or codes with this prefix (E2); repeatable, or a comma list.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="CODE",
    help="Do not report these codes, or codes with this prefix.",
)
@click.option("--strict", is_flag=True, help="Exit with status 1 on warnings, too.")
@click.option(
    "--statistics", is_flag=True, help="Count the findings of each code instead of printing them."
)
@click.option(
    "--fix", is_flag=True, help="First fix problems that can be fixed without a change of meaning."
)
@click.option(
    "--diff", is_flag=True, help="Print the changes that --fix would make; write and check nothing."
)
@engine_options(
    REFERENCE, help_=f" {REFERENCE}: local, with the reference implementation of JSON Schema."
)
@verbose
def command(
    paths: tuple[Path, ...],
    named_paths: tuple[Path, ...],
    format_: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    strict: bool,
    statistics: bool,
    fix: bool,
    diff: bool,
    engine: Engine,
    verbose: bool,
) -> int:
    """Check documents: schema, offsets, references, links, values, hashes.

    PATHS are corpus roots, directories of documents, documents, JSONL files (also .gz and .zst),
    Parquet of the `documents` config, the URL of a corpus root in a store (s3://bucket/root), or -
    for JSONL on standard input; without one, the corpus of the current directory or one above it.
    The exit status is 1 if there are errors. Without findings it prints nothing, except one line on
    a terminal. Of more than five findings with one code in one file, the text shows five and counts
    the others; the other formats list all. `statevisit explain CODE` says more about a finding.
    Options not given here are taken from [tool.statevisit] in the pyproject.toml of the corpus
    root. A document or line of more than 128 MB, or of STATEVISIT_MAX_MB megabytes, is a finding
    and is not read.

    \b
    Example:
      statevisit validate corpus/documents/2024-02-19-aliyev-visit.json
    """
    paths = tuple(map(stores.path_of, (*paths, *named_paths))) or (corpus_to_change(),)
    if fix or diff:
        from statevisit.cli.fix import fix_files

        copies.refuse("`statevisit validate --fix`", map(str, paths))
        changed = fix_files(paths, write=not diff)
        if diff:
            return 1 if changed else 0
    paths = tuple(copies.at_hand(path, everywhere=engine.name == "ray") for path in paths)
    settings = _settings(paths[0], format_, select, ignore, strict)
    writer = Statistics() if statistics else WRITERS[settings.format](settings.address, verbose)
    languages: Counter[str] = Counter()
    failures = _check_all(paths, settings, writer, partial(_check, engine), languages)
    writer.end()
    if settings.format == "text" and (writer.counts or sys.stderr.isatty()):
        say(writer.summary(), err=True)
    if settings.format == "text" and (verbose or writer.counts or sys.stderr.isatty()):
        _tell_what_did_not_run(languages)
    if failures:
        return 1
    return 1 if writer.errors or (settings.strict and writer.counts) else 0


def _settings(
    path: Path, format_: str | None, select: tuple[str, ...], ignore: tuple[str, ...], strict: bool
) -> Settings:
    """Return the settings of the corpus around a path, with those given as options."""
    root = layout.enclosing_root(path)
    if root is None and path.is_file():
        root = layout.enclosing_root(path.parent)
    settings = read_settings(root or Path(), _codes)
    given = {"select": _split(select), "ignore": _split(ignore)}
    for option, codes in given.items():
        if codes:
            check_codes(codes, _codes(), f"--{option}")
    options = {**given, "format": format_, "strict": strict}
    return structs.replace(settings, **{name: value for name, value in options.items() if value})


def _codes() -> Iterable[str]:
    from statevisit.checks.catalogue import catalogue

    return catalogue()


def _split(values: tuple[str, ...]) -> tuple[str, ...]:
    codes = [code.strip() for code in ",".join(values).split(",")]
    return tuple(code for code in codes if code)


def _check_all(
    paths: tuple[Path, ...],
    settings: Settings,
    writer: Writer,
    check: Callable[[Path, Settings, Writer, Counter[str]], None],
    languages: Counter[str],
) -> list[FormatError]:
    """Check some paths with a function; return the errors of those without documents.

    The errors are printed. `languages` counts the documents of each language. Raises FormatError if
    no path has any.
    """
    failures = []
    for path in paths:
        try:
            check(path, settings, writer, languages)
        except FormatError as error:
            failures.append(error)
    if len(failures) == len(paths):
        raise failures[0]
    for failure in failures:
        say(f"statevisit: {failure}", err=True)
    return failures


def _check(
    engine: Engine,
    path: Path,
    settings: Settings,
    writer: Writer,
    languages: Counter[str],
) -> None:
    """Check the documents of a path and give the findings that the settings select to a writer."""
    from statevisit.checks.corpus import is_large, validate
    from statevisit.checks.registry import PRELOAD

    with Bar(_document_count(path), f"checking {copies.original(path)}") as bar:

        def count_document() -> None:
            writer.documents += 1
            bar.advance()

        def note_language(of_document: "Facts") -> None:
            languages[of_document.language.partition("-")[0].lower()] += 1

        read = () if str(path) == "-" else (path,)
        mapper = partial(
            engine.mapper(*read), workers=engine.workers, preload=PRELOAD, alone=is_large
        )
        schema_engine = REFERENCE if engine.name == REFERENCE else ENGINES[0]
        entries = parquet_entries(path) if path.suffix == ".parquet" else None
        for finding in validate(
            path, count_document, mapper, entries, note_language, schema_engine
        ):
            if settings.wants(finding.code):
                writer.add(structs.replace(finding, file=in_utf8(below_here(finding.file))))


def _tell_what_did_not_run(languages: Counter[str]) -> None:
    """Print the codes whose checks do not know a language of the documents."""
    from statevisit.checks.catalogue import not_run

    by_codes: dict[tuple[str, ...], list[str]] = {}
    for language in sorted(languages):
        by_codes.setdefault(not_run(language), []).append(language)
    for codes, of_documents in by_codes.items():
        if codes:
            number = counted(sum(languages[language] for language in of_documents), "document")
            say(f"not run for {number} in {', '.join(of_documents)}: {', '.join(codes)}", err=True)


def _document_count(path: Path) -> Callable[[], int] | None:
    """Return what counts the documents, or None if only reading them all would tell.

    Raises FormatError if there are none.
    """
    if str(path) == "-" or path.suffix in (".parquet", ".gz", ".zst"):
        return None
    return partial(len, load(path).entries)


def parquet_entries(path: Path) -> Iterator[Entry]:
    """Yield the documents of a Parquet file, with the number of the row as the line."""
    from statevisit.dataset.parquet import read_rows

    try:
        for row in read_rows(path, scheme_for(path)):
            yield Entry(path, -1, line=row.number, data=row.data, problem=row.problem)
    except FormatError as error:
        yield Entry(path, -1, problem=str(error).removeprefix(f"{path}: "))
