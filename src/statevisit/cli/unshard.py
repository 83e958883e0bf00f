"""statevisit unshard: documents in files of their own."""

from pathlib import Path

import click

from statevisit import layout
from statevisit.cli.main import say
from statevisit.cli.options import corpus_argument, corpus_to_change
from statevisit.printable import counted


@click.command("unshard")
@corpus_argument
def command(path: Path | None) -> None:
    """Give each document of a corpus a file of its own.

    corpus/documents/ then holds <id>.json, as before `statevisit shard`, byte for byte. PATH is a
    corpus root; without one, the corpus of the current directory or one above it. Run `statevisit
    build` afterwards: the manifest lists the files of the documents.

    \b
    Example:
      statevisit unshard
    """
    from statevisit.corpus.sharding import unshard

    root = corpus_to_change(path)
    number = unshard(layout.corpus_root(root))
    say(f"{counted(number, 'document')} in {counted(number, 'file')}")
