"""statevisit diff: the changes between two versions, record by record."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import click

from statevisit import layout
from statevisit.cli.diff_output import rendered, show
from statevisit.cli.main import complete_files, write
from statevisit.cli.options import shipped_corpus, write_pages
from statevisit.corpus.diff import (
    Change,
    Compared,
    biggest_first,
    compared_corpora,
    diff_documents,
)
from statevisit.document.model import Document
from statevisit.errors import FormatError


@click.command("diff")
@click.argument("old", shell_complete=complete_files)
@click.argument("new", shell_complete=complete_files)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "html"]),
    default="text",
    help="text (default), json (an array of changes) or html (a page).",
)
@click.option("--json", "form", flag_value="json", hidden=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write to this file instead of standard output.",
)
@click.option(
    "--exit-code",
    is_flag=True,
    help="Exit with status 1 if there are changes, like `git diff --exit-code`.",
)
def command(old: str, new: str, form: str, output: Path | None, exit_code: bool) -> int:
    """Show the records that were added, removed or changed between two versions.

    OLD and NEW are corpus roots, directories of documents, documents or JSONL files, or versions,
    tags and revisions (v0.1.0, HEAD) of the git checkout that holds the corpus of the current
    directory, or of one above it. Two single documents are compared even if their ids differ.

    The documents with most changes come first, and in each layer the biggest changes. Records are
    paired by their ids. A page also shows both annotations in the text, where it pairs them by
    their words; written to a file, the page of many documents goes on in FILE-2.html and so on.

    \b
    Example:
      statevisit diff corpus/annotators/a corpus/annotators/b --format html -o diff.html
    """
    compared, failure = compare(old, new), None
    differing = []
    try:
        for document in compared:
            differing.append(document)
    except FormatError as error:  # some documents cannot be read; the others are compared
        failure = error
    if form == "html":
        _write_pages(differing, old, new, output)
    else:
        changes = biggest_first(change for document in differing for change in document.changes)
        _write_list(changes, form, output)
    if failure is not None:
        raise failure
    return 1 if differing and exit_code else 0


def _write_list(changes: list[Change], form: str, output: Path | None) -> None:
    if output:
        from statevisit import files

        files.write(output, rendered(changes, form).encode("utf-8", "backslashreplace"))
    elif form == "text":
        show(changes)
    else:
        write(rendered(changes, form))


def _write_pages(differing: Iterable[Compared], old: str, new: str, output: Path | None) -> None:
    from statevisit.pages import diff_page

    if output is None:
        write(diff_page.page(differing, old, new))
        return
    write_pages(output, partial(diff_page.diff_pages, differing, old, new))


def compare(old: str, new: str) -> Iterable[Compared]:
    """Return the documents that differ between two named corpora, with their changes.

    Raises FormatError if one of them holds no documents, ReleaseError for an unknown version.
    """
    from statevisit.corpus.git import VERSION
    from statevisit.corpus.versions import named

    root = layout.current_root()
    versions = [name for name in (old, new) if VERSION.fullmatch(name.removeprefix("v"))]
    if root is None and any(not Path(name).exists() for name in versions):
        root = shipped_corpus()
    old_corpus, new_corpus = named(old, root), named(new, root)
    single = len(old_corpus) == len(new_corpus) == 1
    if single and Path(old).is_file() and Path(new).is_file():
        return _only(old_corpus[0], new_corpus[0])
    return compared_corpora(old_corpus, new_corpus)


def _only(old: Document, new: Document) -> list[Compared]:
    """Two documents, if they differ."""
    changes = diff_documents(old, new)
    return [Compared(changes, lambda: (old, new))] if changes else []
