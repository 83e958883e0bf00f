"""statevisit anchor: quotes become offsets."""

from pathlib import Path

import click
from msgspec import structs

from statevisit import layout
from statevisit.cli.main import Listing, say, write
from statevisit.cli.options import shipped_corpus, verbose
from statevisit.corpus.documents import exists, read_at, write_document
from statevisit.document.codec import encode, read_bytes
from statevisit.document.model import ANNOTATED_LAYERS
from statevisit.document.strict_json import Json, Locator
from statevisit.errors import FormatError
from statevisit.printable import counted


@click.command("anchor")
@click.argument("draft", type=click.Path(path_type=Path))
@click.option(
    "--document",
    type=click.Path(path_type=Path),
    help="The document that the draft annotates. Default: the one with its id in the corpus of the "
    "current directory or one above it, else in the one that statevisit ships.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="Write the annotated document here. Default: standard output.",
)
@click.option(
    "--done",
    multiple=True,
    metavar="LAYER",
    type=click.Choice(["all", *ANNOTATED_LAYERS]),
    help="Layer of the draft that is complete with it; `all` for all of them. Default: they are "
    "partial, and their records may lack properties.",
)
@verbose
def command(
    draft: Path,
    document: Path | None,
    output: Path | None,
    done: tuple[str, ...],
    verbose: bool,
) -> int:
    """Turn the quotes of a draft into offsets.

    A draft is a JSON object with the document's `id` and any of the layers. Its records have
    {"quote": "visit", "occurrence": 2} or {"quote": "visit", "prefix": "first "} instead of start,
    end and text, and may leave out their id. Its layers replace those of the document. If a quote
    is missing or ambiguous, nothing is written.

    The draft may be the answer of a language model, in a Markdown fence or with text around it. One
    that is cut off is read up to its last complete record, and what is left out is said.

    The layers of the draft become partial: a record needs its quote and nothing else. With --done,
    or with {"layers": {"mentions": "done"}} in the draft, they must be complete.

    \b
    Example:
      statevisit anchor draft.json --output corpus/documents/2024-02-19-aliyev-visit.json
    """
    from statevisit.annotation.quotes import anchor

    value, data = _read(draft, done)
    base = read_at(document or _document_path(value, draft))
    layers = _layers_done(value, draft, done)
    anchored, problems, reports = anchor(value, base, str(draft), done=layers)
    locator = None if data is None else Locator(data)
    listing = Listing(err=True, verbose=verbose)
    for finding in (*problems, *reports):
        steps = finding.pointer.split("/")[1:]
        path = [s.replace("~1", "/").replace("~0", "~") for s in steps]
        line, column = (0, 0) if locator is None else locator.locate(path)
        listing.add(structs.replace(finding, line=line, column=column))
    listing.end()
    if anchored is None:
        say(f"{counted(len(problems), 'problem')}: nothing was written", err=True)
        return 1
    if output:
        write_document(anchored, output)
        say(f"{output} written", err=True)
    else:
        write(encode(anchored))
    return 0


def _read(draft: Path, done: tuple[str, ...]) -> tuple[Json, bytes | None]:
    """Return the value of a draft, and its JSON if it is in one place; say how it was read.

    Raises FormatError for answers of several documents, and if layers are done but the draft ends
    too early.
    """
    from statevisit.annotation.recovery import recover

    answer, *others = recover(read_bytes(draft), str(draft))
    if others:
        raise FormatError(f"{draft}: has answers of several documents; give each a file of its own")
    for note in answer.notes:
        say(f"{draft}: {note}", err=True)
    states_layers = isinstance(answer.value, dict) and "layers" in answer.value
    if answer.is_cut and (done or states_layers):
        raise FormatError(f"{draft}: ends too early, so that no layer can be done")
    return answer.value, answer.data


def _layers_done(value: object, draft: Path, done: tuple[str, ...]) -> tuple[str, ...]:
    """Return the layers that --done names. Raises FormatError for one that the draft lacks."""
    given = value if isinstance(value, dict) else {}
    if "all" in done:
        return ANNOTATED_LAYERS
    for layer in done:
        if layer not in given:
            raise FormatError(
                f"{draft}: has no `{layer}`: give it a list, even an empty one, "
                f"or leave out --done {layer}"
            )
    return done


def _document_path(value: object, draft: Path) -> Path:
    """Return the path of the document that a draft names. Raises FormatError."""
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        raise FormatError(
            f"{draft}: has no `id` that says which document it is of; add it, or name the document "
            "with --document"
        )
    root = layout.current_root()
    shipped = layout.data_root()
    place = Path(layout.DOCUMENTS) / f"{value['id']}.json"
    is_name = "/" not in value["id"]
    if root is None and is_name and (shipped / place).is_file():
        return shipped_corpus() / place
    path = (root or Path().absolute()) / place
    if not is_name or not exists(path):
        raise FormatError(f"{path}: no such document; name it with --document")
    return path
