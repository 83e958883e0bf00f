"""statevisit todo: what is missing before the layers of documents are done."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from statevisit.cli.main import console, echo_json, say
from statevisit.cli.options import below_here, corpus_argument, corpus_to_read, json_flag
from statevisit.corpus.reader import Entry, load
from statevisit.document.codec import to_value
from statevisit.document.model import ANNOTATED_LAYERS, Document
from statevisit.document.records import shortened
from statevisit.document.states import DONE, STATES
from statevisit.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from statevisit.checks.todo import Missing


@click.command("todo")
@corpus_argument
@click.option(
    "--layer",
    "layers",
    multiple=True,
    type=click.Choice(ANNOTATED_LAYERS),
    help="List this layer only; can be repeated.",
)
@json_flag("Print JSON: the states of the layers, and each record that lacks something.")
def command(path: Path | None, layers: tuple[str, ...], as_json: bool) -> int:
    """List what is missing before the layers of documents are done.

    While a layer is not done, its records need their span and nothing else. This command lists each
    record that lacks a property, with its file and line, and counts the documents in which a layer
    is not begun, partial or done. PATH is as for `validate`.

    \b
    Example:
      statevisit todo --layer timexes
    """
    corpus = load(corpus_to_read(path))
    states: dict[str, Counter[str]] = {}
    records: list[Missing] = []
    failed = False
    for entry in corpus.entries:
        try:
            document = entry.read(corpus.scheme)
        except FormatError as error:
            say(f"statevisit: left out: {error}", err=True)
            failed = True
            continue
        for layer, state in document.layers.items():
            if not layers or layer in layers:
                states.setdefault(layer, Counter())[state] += 1
        for item in _missing(document, entry, layers):
            records.append(item)
            if not as_json:
                _print_record(item, below_here(str(entry.path)))
    if as_json:
        echo_json({"layers": states, "missing": list(map(to_value, records))})
    elif states:
        _print_states(states, records)
    return 1 if failed else 0


def _missing(document: Document, entry: Entry, layers: tuple[str, ...]) -> "Iterator[Missing]":
    """Yield the records of a document that lack something; with `layers`, those of some layers."""
    from statevisit.checks.todo import missing

    if all(state == DONE for state in document.layers.values()):
        return  # so that the bytes of a finished document are not read again
    for item in missing(document, entry.bytes()):
        if not layers or item.layer in layers:
            yield item


def _print_record(item: "Missing", file: str) -> None:
    name = item.record or str(item.number)
    words = f' "{shortened(item.text, 40)}"' if item.text else ""
    say(f"{file}:{item.line}: {item.layer} {name}{words}: {', '.join(item.properties)}")


def _print_states(states: dict[str, Counter[str]], records: "list[Missing]") -> None:
    """Print a row for each layer that is not done in every document."""
    from rich.table import Table

    open_layers = [layer for layer in states if set(states[layer]) != {DONE}]
    if not open_layers:
        say("Nothing to do: every layer of every document is done.")
        return
    table = Table(title="documents by the state of each layer", title_justify="left")
    table.add_column("layer")
    for state in STATES:
        table.add_column(state, justify="right")
    table.add_column("missing properties")
    for layer in open_layers:
        lacking = Counter(name for r in records if r.layer == layer for name in r.properties)
        cells = [f"{states[layer][state]:,}" for state in STATES]
        listed = ", ".join(f"{name} {number:,}" for name, number in lacking.most_common())
        table.add_row(layer, *cells, listed)
    console(highlight=False).print(table)
