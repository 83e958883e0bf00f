"""statevisit state: show or set the states of the layers of documents."""

from pathlib import Path

import click
from msgspec.structs import replace

from statevisit import layout
from statevisit.cli.main import Listing, console, echo_json, say
from statevisit.cli.options import below_here, corpus_to_change, json_flag
from statevisit.document.model import ANNOTATED_LAYERS
from statevisit.document.states import STATES
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError
from statevisit.printable import counted, nearest

EVERY = "."
"""Stands for every document of the corpus; it is no id."""

ALL = "all"
"""Stands for every layer of the corpus."""


@click.command("state")
@click.argument("document", metavar="DOC", default=EVERY)
@click.argument("layers", metavar="[LAYER]", required=False)
@click.argument("state", metavar="[STATE]", required=False)
@click.option("--annotator", metavar="ID", help="The documents in corpus/annotators/ID/ instead.")
@click.option(
    "--path",
    "--root",
    "root",
    type=click.Path(path_type=Path),
    help="Corpus root. Default: the corpus of the current directory or one above it.",
)
@json_flag("Print JSON: the states by document and layer.")
def command(
    document: str,
    layers: str | None,
    state: str | None,
    annotator: str | None,
    root: Path | None,
    as_json: bool,
) -> int:
    """Show or set how far the layers of documents are annotated.

    A layer is none (not begun), partial or done. DOC is an id or the file of a document, several
    with commas, or `.` for every document. LAYER is a layer, several with commas, or `all`. While a
    layer is not done, its records need their span only, and the layer may lack some; scores, `ner`
    and agreement leave it out. Before a layer becomes done, its records are checked: a document in
    which something is missing stays as it is, and the exit status is 1. `statevisit todo` lists
    what is missing.

    \b
    Examples:
      statevisit state
      statevisit state 2024-02-19-aliyev-visit mentions,entities done
    """
    from statevisit.annotation.layer_states import entries_of, set_states, states_of

    home = layout.corpus_root(corpus_to_change(root))
    ids = _ids(document, home)
    if layers is None:
        _show(states_of(home, ids, annotator), as_json)
        return 0
    entries = entries_of(home, ids, annotator)
    if state not in STATES:
        given = f"{state!r} is no state" if state else f"no state for {layers}"
        raise FormatError(f"{given}; it is one of {', '.join(STATES)}")
    listing = Listing(by_file=True)
    refused = 0
    for changed in set_states(home, entries, _layers(layers, home), state):
        if changed.findings:
            refused += 1
            for finding in changed.findings:
                listing.add(replace(finding, file=below_here(finding.file)))
        else:
            say(f"{below_here(changed.file)}: {layers} {state}")
    listing.end()
    if refused:
        say(f"{counted(refused, 'document')} unchanged", err=True)
    return 1 if refused else 0


def _ids(documents: str, root: Path) -> list[str]:
    """Return the ids that DOC names; none for every document."""
    if documents == EVERY or Path(documents).absolute() == root.absolute():
        return []
    return [Path(name.strip()).name.removesuffix(".json") for name in documents.split(",")]


def _layers(names: str, root: Path) -> tuple[str, ...]:
    from statevisit.document.scheme import scheme_at

    known = scheme_at(root).annotated
    chosen = known if names == ALL else tuple(name.strip() for name in names.split(","))
    for name in chosen:
        if name not in known:
            also = ", ".join(known)
            raise FormatError(f"unknown layer {name!r}{nearest(name, known)}; known are {also}")
    return chosen


def _show(states: JsonObject, as_json: bool) -> None:
    """Print the states: a row for each document, a column for each layer."""
    from rich.table import Table

    if as_json:
        echo_json(states)
        return
    layers = [layer for layer in ANNOTATED_LAYERS if any(layer in of for of in states.values())]
    table = Table("document", *(layer.replace("_", " ") for layer in layers))
    for document_id, of_document in states.items():
        table.add_row(document_id, *(of_document.get(layer, "") for layer in layers))
    console(highlight=False).print(table)
