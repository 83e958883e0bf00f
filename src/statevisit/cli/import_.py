"""statevisit import: annotation in another format."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from statevisit.cli.label_studio_import import layers_of, preferred
from statevisit.cli.main import Listing, say, write
from statevisit.cli.options import Engine, corpus_to_change, engine_options, verbose
from statevisit.cli.progress import Bar
from statevisit.document.scheme import scheme_at

if TYPE_CHECKING:
    from statevisit.document.scheme import Scheme
    from statevisit.formats.importing import Imported
    from statevisit.regions.updates import Options, Update


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--from", "name", required=True, metavar="FORMAT", help="See `statevisit formats`.")
@click.option(
    "--path",
    "--root",
    "root",
    type=click.Path(path_type=Path),
    help="The corpus, made if it is missing. Default: that of the current directory or one above "
    "it, else the current directory.",
)
@click.option(
    "--map",
    "--mapping",
    "mapping",
    type=click.Path(path_type=Path),
    help="TOML file that maps the labels of the files to those of the corpus.",
)
@click.option(
    "--propose-map",
    is_flag=True,
    help="Print such a file, with counts and the likeliest labels, and import nothing.",
)
@click.option("--dry-run", is_flag=True, help="Print what would change, and write nothing.")
@click.option("--date", help="Date of new texts that state none, YYYY-MM-DD.")
@click.option("--language", default="en", show_default=True, help="Language of new texts, BCP 47.")
@click.option("--tokenizer", metavar="NAME", help="Tokenizer of new texts; see `ingest`.")
@click.option("--normalise", is_flag=True, help="Mend new texts as `ingest --normalise` does.")
@click.option("--ours", is_flag=True, help="In a conflict, keep the corpus's version.")
@click.option("--theirs", is_flag=True, help="In a conflict, take the version of the file.")
@click.option("--annotator", metavar="ID", help="Credit this annotator in changed documents.")
@click.option(
    "--done",
    metavar="LAYERS",
    default="",
    help="Layers, with commas, that are finished: they become done where they are complete.",
)
@engine_options()
@verbose
def command(
    paths: tuple[Path, ...],
    name: str,
    root: Path | None,
    mapping: Path | None,
    propose_map: bool,
    dry_run: bool,
    date: str | None,
    language: str,
    tokenizer: str | None,
    normalise: bool,
    engine: Engine,
    verbose: bool,
    **merging: Any,
) -> int:
    """Add annotation in another format to a corpus, or the changes of an export.

    PATHS are files or directories. A text that `statevisit export` wrote is compared with its
    ID.statevisit.json, and only what was changed since changes in the corpus. Any other text is
    added to the document with the same text, or becomes a new document. What has no place in the
    corpus is listed by kind and kept in corpus/imported/; an export to this format puts it back.

    Files that `statevisit export` wrote are compared in several processes, a few to each.

    \b
    Example:
      statevisit import --from brat brat-files --dry-run
      statevisit import --from brat brat-files --workers 2
    """
    from statevisit.cli.diff_output import show
    from statevisit.formats.import_files import import_files
    from statevisit.formats.importing import NewTexts, read_all
    from statevisit.formats.proposal import proposal
    from statevisit.formats.registry import IN, files_in, format_of

    format_ = format_of(name, IN)
    place = corpus_to_change(root)
    scheme = scheme_at(place)
    files = list(files_in(paths, format_))
    if propose_map:
        write(proposal(read_all(files, format_, place), scheme))
        return 0
    listing = Listing(err=True, verbose=verbose)

    def show_update(update: "Update") -> None:
        for finding in update.findings:
            listing.add(finding)
        if dry_run:
            show(update.changes)
        bar.advance()

    options = _options(mapping, scheme, **merging)
    about = NewTexts(date, language, tokenizer, normalise)
    run = engine.workers, engine.mapper(place, *paths)
    with Bar(None, "importing") as bar:
        imported = import_files(files, format_, place, options, about, show_update, dry_run, *run)
    listing.end()
    return _tell(imported, dry_run, verbose)


def _options(
    mapping: Path | None,
    scheme: "Scheme",
    ours: bool,
    theirs: bool,
    annotator: str | None,
    done: str,
) -> "Options":
    """The options of the merge. Raises FormatError for a mapping that cannot be used."""
    from statevisit.regions.mapping import read_mapping
    from statevisit.regions.updates import Options

    return Options(
        mapping=read_mapping(mapping, scheme) if mapping else None,
        prefer=preferred(ours, theirs),
        annotator=annotator,
        done=layers_of(done, scheme),
    )


_FEW = 20
"""Lines of a kind that are printed without --verbose."""


def _list(names: list[str], what: str, verbose: bool) -> None:
    shown = names if verbose else names[:_FEW]
    for name in shown:
        say(f"{name}{what}", err=True)
    if len(names) > len(shown):
        say(f"and {len(names) - len(shown):,} more{what}", err=True)


def _tell(imported: "Imported", dry_run: bool, verbose: bool) -> int:
    """Print the outcome, and return the exit status."""
    from statevisit.formats.importing import left_lines

    _list(imported.new, ": new document", verbose)
    _list(imported.written, " written", verbose)
    _list(imported.same, ", and gets the annotation", verbose)
    lines = left_lines(imported.left)
    if lines:
        say("no place in the documents:", err=True)
    for line in lines:
        say(f"  {line}", err=True)
    for problem in imported.problems:
        say(f"statevisit: not imported: {problem}", err=True)
    if not (dry_run or imported.written):
        say("nothing was written" if imported.problems else "no changes", err=True)
    return 1 if imported.problems else 0
