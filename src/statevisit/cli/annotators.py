"""statevisit annotators: the list of those who annotate a corpus."""

from pathlib import Path

import click

from statevisit import layout
from statevisit.cli.main import Suggesting, console, echo_json, say
from statevisit.cli.options import corpus_to_change, corpus_to_read, json_flag

_root = click.option(
    "--path",
    "--root",
    "root",
    type=click.Path(path_type=Path),
    help="Corpus root. Default: the corpus of the current directory or one above it.",
)


@click.group("annotators", cls=Suggesting)
def command() -> None:
    """List the annotators of a corpus, or add one.

    Every annotator that a document names is listed in corpus/annotators.json, with its kind.

    \b
    Example:
      statevisit annotators add ayse --kind human --name "Ayşe Yılmaz"
      statevisit annotators list
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
