"""statevisit annotators: the list of those who annotate a corpus."""

from pathlib import Path

import click

from statevisit import layout
from statevisit.cli.main import Suggesting, console, echo_json, say
from statevisit.cli.options import corpus_to_change, corpus_to_read, json_flag
from statevisit.errors import FormatError
from statevisit.printable import nearest

_root = click.option(
    "--path",
    "--root",
    "root",
    type=click.Path(path_type=Path),
    help="Corpus root. Default: the corpus of the current directory or one above it.",
)


@click.group("annotators", cls=Suggesting)
def command() -> None:
    """List the annotators of a corpus, add one, or sign for a document.

    Every annotator that a document names is listed in corpus/annotators.json, with its kind.

    \b
    Example:
      statevisit annotators add ayse --kind human --name "Ayşe Yılmaz"
      statevisit annotators list
      statevisit annotators sign ayse --document 2024-02-19-aliyev-visit
    """


@command.command("list")
@_root
@json_flag("Print JSON, as in corpus/annotators.json, instead of a table.")
def list_(root: Path | None, as_json: bool) -> None:
    """List the annotators of a corpus."""
    from statevisit.corpus.annotators import read_annotators

    annotators = read_annotators(layout.corpus_root(corpus_to_read(root)))
    if as_json:
        echo_json({"annotators": annotators})
        return
    from rich.table import Table

    table = Table()
    for heading in ("id", "kind", "name", "layers"):
        table.add_column(heading)
    for annotator in annotators:
        words = [annotator[key] for key in ("id", "kind", "name")]
        table.add_row(*words, ", ".join(annotator["layers"]))
    console().print(table)


@command.command("add")
@click.argument("annotator_id", metavar="ID")
@click.option(
    "--kind",
    required=True,
    type=click.Choice(["human", "model", "rule"]),
    help="A person, a model, or a program without training.",
)
@click.option("--name", required=True, help="Name or short description; it is published.")
@click.option(
    "--layer",
    "layers",
    multiple=True,
    help="Layer that the annotator works on; can be repeated. Default: all but sentences and "
    "tokens.",
)
@click.option("--version", help="Version of the model or program.")
@click.option("--notes", help="How the annotator works: from what, checked by whom.")
@_root
def add(
    annotator_id: str,
    kind: str,
    name: str,
    layers: tuple[str, ...],
    version: str | None,
    notes: str | None,
    root: Path | None,
) -> None:
    """Add an annotator to the list of a corpus.

    \b
    Example:
      statevisit annotators add tagger --kind model --name "A tagger" --version 2.1 --layer mentions
    """
    from statevisit.corpus.annotators import add_annotator
    from statevisit.document.scheme import scheme_at

    place = layout.corpus_root(corpus_to_change(root))
    annotator = {
        "id": annotator_id,
        "kind": kind,
        "name": name,
        "version": version,
        "layers": list(layers or scheme_at(place).annotated),
        "notes": notes,
    }
    add_annotator(place, {key: value for key, value in annotator.items() if value is not None})
    say(f"{place / layout.ANNOTATORS}: {annotator_id} added")


@command.command("sign")
@click.argument("annotator_id", metavar="ID")
@click.option("--document", "document_id", metavar="DOC", required=True, help="The document.")
@click.option(
    "--layers",
    "--layer",
    "layers",
    help="The layers, several with commas. Default: those that the list states for the person.",
)
@_root
def sign(annotator_id: str, document_id: str, layers: str | None, root: Path | None) -> None:
    """Sign layers of a document: a person has checked them, and answers for them.

    ID is a person in corpus/annotators.json, which keeps the day and the SHA-256 of each layer. A
    signature holds until the layer or the text changes; `validate` then warns, and the next build
    no longer counts it. schema/REVIEW.md describes a check of the whole document in an hour.

    \b
    Example:
      statevisit annotators sign ayse --document 2024-02-19-aliyev-visit --layers mentions,entities
    """
    from statevisit.checks.document import sound
    from statevisit.corpus import signatures
    from statevisit.corpus.reader import load
    from statevisit.publishing.transaction import today

    place = layout.corpus_root(corpus_to_change(root))
    corpus = load(place)
    document_id = Path(document_id).name.removesuffix(".json")
    if document_id not in corpus.located[0]:
        known = nearest(document_id, corpus.located[0])
        raise FormatError(f"{corpus.path}: has no document {document_id!r}{known}")
    document = sound(corpus.entry(document_id), corpus.scheme)
    chosen = tuple(name.strip() for name in layers.split(",")) if layers else ()
    signed = signatures.sign(place, annotator_id, document, chosen, today())
    say(f"{place / layout.ANNOTATORS}: {annotator_id} signed {document_id}: {', '.join(signed)}")
