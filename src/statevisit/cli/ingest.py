"""statevisit ingest: make documents from source texts."""

from pathlib import Path
from typing import Any

import click

from statevisit.cli.main import say
from statevisit.cli.options import corpus_to_change
from statevisit.cli.progress import Bar
from statevisit.errors import FormatError
from statevisit.printable import counted


def _pairs(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """The names and values of an option that is given as NAME=VALUE."""
    pairs = {}
    for value in values:
        name, sign, stated = value.partition("=")
        if not sign or not name.strip() or not stated.strip():
            raise click.BadParameter(f"{value!r} is not of the form NAME=VALUE")
        pairs[name.strip()] = stated.strip()
    return pairs


@click.command("ingest")
@click.argument("texts", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--path",
    "--root",
    "root",
    type=click.Path(path_type=Path),
    help="Corpus root to add to; made if it is missing. Default: the corpus of the current "
    "directory or one above it, else the current directory.",
)
@click.option(
    "--id", "document_id", help="Id of the document, for one text. Default: its date and file name."
)
@click.option("--date", help="Date of texts that state none, YYYY-MM-DD.")
@click.option("--language", help="Language of the text, BCP 47.  [default: en]")
@click.option(
    "--tokenizer",
    metavar="NAME",
    help="Tokenizer of the text: another language of spaCy's (`xx` has rules for any language), "
    "`whitespace`, or `characters`. Default: that of the language.",
)
@click.option("--publisher", help="Publisher of the text.  [default: unknown]")
@click.option("--license", help="Licence of the text.  [default: not stated]")
@click.option("--title", help="Title of the text.")
@click.option("--url", help="Address of the text.")
@click.option("--author", multiple=True, help="Author of the text; can be repeated.")
@click.option("--split", help="Split that the text is in, such as train or test.")
@click.option(
    "--extra",
    multiple=True,
    callback=_pairs,
    metavar="NAME=VALUE",
    help="Another fact about the text; can be repeated.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    callback=_pairs,
    metavar="FIELD=COLUMN",
    help="Column of a field that is not called so: `--column text=body`; can be repeated.",
)
@click.option(
    "--leave-out",
    "left_out",
    multiple=True,
    metavar="COLUMN",
    help="Column of JSONL or a table that is not read; can be repeated.",
)
@click.option(
    "--normalise",
    is_flag=True,
    help="Mend CRLF, byte order marks, UTF-16, characters that are not NFC, and control "
    "characters; seeds/sources.jsonl states what was mended.",
)
@click.option("--encoding", help="Encoding of the files that are not UTF-8: windows-1254.")
def command(
    texts: tuple[Path, ...],
    root: Path | None,
    document_id: str | None,
    tokenizer: str | None,
    columns: dict[str, str],
    left_out: tuple[str, ...],
    normalise: bool,
    encoding: str | None,
    **facts: Any,
) -> int:
    """Make a document from a source text: sentences and tokens, no annotation yet.

    TEXTS are files or directories of files:

    \b
    text       UTF-8, with the header ` date YYYY-MM-DD ` or with --date
    JSONL      an object for each text: text, id, date, title, url, author,
               publisher, license, language, split; other members become extra
    CSV, TSV   the same as columns, named in the first row
    HTML       the main text of the page, and the metadata in it

    Options state what the texts do not state themselves; they go before what a page of HTML states.
    Each text is kept in seeds/, a plain one byte for byte, and listed in seeds/sources.jsonl. A
    document that exists is never overwritten: its text does not change. A text that cannot become a
    document is named and left out, the others are taken, and the exit status is then 1. Several
    processes may add to one corpus at the same time.

    \b
    Examples:
      statevisit ingest seeds/000_82c204a477bd98b6.txt --path my-corpus --id 2024-02-19-aliyev-visit
      statevisit ingest articles.csv --path my-corpus --column text=body --split train
    """
    from statevisit.annotation.new_documents import NewDocuments
    from statevisit.annotation.received.incoming import Metadata, Reading
    from statevisit.annotation.received.paths import check_reading, read

    if document_id is not None and not _is_one_text(texts):
        raise click.UsageError("--id names one document; give one text with it")
    reading = Reading(
        metadata=Metadata(**facts),
        normalise=normalise,
        encoding=encoding,
        columns=columns,
        left_out=frozenset(left_out),
    )
    check_reading(reading)
    batch = NewDocuments(corpus_to_change(root), reading.metadata.language or "en", tokenizer)
    failed = 0
    with Bar(None, "ingesting") as bar:
        for text in read(texts, reading):
            try:
                batch.take(text, document_id)
            except FormatError as error:
                failed += 1
                say(f"statevisit: {error}", err=True)
            bar.advance()
    total = len(batch) + failed
    for new in batch.write():
        if isinstance(new, FormatError):
            failed += 1
            say(f"statevisit: {new}", err=True)
            continue
        sentences = counted(new.sentences, "sentence")
        say(f"{new.path}: {sentences}, {counted(new.tokens, 'token')}")
    if failed and total > 1:
        say(f"{failed:,} of {total:,} texts were left out", err=True)
    return 1 if failed else 0


def _is_one_text(paths: tuple[Path, ...]) -> bool:
    """Whether a text can be the only one: not a directory, not a file of many records."""
    from statevisit.annotation.received.formats import holds_many

    return len(paths) == 1 and not paths[0].is_dir() and not holds_many(paths[0])
