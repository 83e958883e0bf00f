"""statevisit shard: documents in compressed files of many."""

from pathlib import Path

import click

from statevisit import layout
from statevisit.cli.main import say
from statevisit.cli.options import corpus_argument, corpus_to_change
from statevisit.printable import counted


@click.command("shard")
@corpus_argument
@click.option(
    "--documents",
    type=click.IntRange(1, 100_000),
    default=1000,
    show_default=True,
    metavar="N",
    help="Documents in each shard; the last one has the rest.",
)
def command(path: Path | None, documents: int) -> None:
    """Put the documents of a corpus into compressed files of many.

    corpus/documents/ then holds part-00000.jsonl.zst and so on in place of <id>.json: for a corpus
    of many documents, which a directory, git and the Hub do not take well as files of their own.
    PATH is a corpus root; without one, the corpus of the current directory or one above it. The
    documents come back with `statevisit unshard`, byte for byte. All commands work on either form;
    a document in a shard is named by its id, or as if it had the file corpus/documents/<id>.json. A
    command that changes a document writes its shard only; one that adds or removes documents fills
    the shards after them anew. The same documents give the same bytes, whatever the form was
    before. Run `statevisit build` afterwards: the manifest lists the files of the documents.

    \b
    Example:
      statevisit shard
    """
    from statevisit.corpus.sharding import shard

    root = corpus_to_change(path)
    number, names = shard(layout.corpus_root(root), documents)
    shards = counted(len(names), "shard")
    named = f"{names[0]} to {names[-1]}" if names[1:] else names[0]
    say(f"{counted(number, 'document')} in {shards}, {named}")
