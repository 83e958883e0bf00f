"""statevisit anchor: quotes become offsets."""

from pathlib import Path

import click
from msgspec import structs

from statevisit import layout
from statevisit.cli.main import report
from statevisit.document.codec import encode, read_bytes, read_document, write_document
from statevisit.document.strict_json import Locator, parse
from statevisit.errors import FormatError


@click.command("anchor")
@click.argument("draft", type=click.Path(path_type=Path))
@click.option(
    "--document",
    type=click.Path(path_type=Path),
    help="The document that the draft annotates. Default: corpus/documents/<id>.json.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="Write the annotated document here. Default: standard output.",
)
def command(draft: Path, document: Path | None, output: Path | None) -> int:
    """Turn the quotes of a draft into offsets.

    A draft is a JSON object with the document's `id` and any of the layers. Its records have
    {"quote": "visit", "occurrence": 2} or {"quote": "visit", "prefix": "first "} instead of start,
    end and text, and may leave out their id. Its layers replace those of the document. If a quote
    is missing or ambiguous, nothing is written.

    \b
    Example:
      statevisit anchor draft.json --output corpus/documents/2024-02-19-aliyev-visit.json
    """
    from statevisit.annotation.quotes import anchor

    data = read_bytes(draft)
    value = parse(data, str(draft))
    base = read_document(document or _document_path(value, draft))
    anchored, problems, reports = anchor(value, base, str(draft))
    locator = Locator(data)
    for finding in (*problems, *reports):
        steps = finding.pointer.split("/")[1:]
        line, column = locator.locate([s.replace("~1", "/").replace("~0", "~") for s in steps])
        report([structs.replace(finding, line=line, column=column)], err=True)
    if anchored is None:
        noun = "problem" if len(problems) == 1 else "problems"
        click.echo(f"{len(problems)} {noun}: nothing was written", err=True)
        return 1
    if output:
        write_document(anchored, output)
    else:
        click.echo(encode(anchored), nl=False)
    return 0


def _document_path(value: object, draft: Path) -> Path:
    """Return the path of the document that a draft names. Raises FormatError."""
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        raise FormatError(
            f"{draft}: has no `id` that says which document it is of; add it, or name the document "
            "with --document"
        )
    path = Path(layout.DOCUMENTS) / f"{value['id']}.json"
    if "/" in value["id"] or not path.is_file():
        raise FormatError(f"{path}: no such document; name it with --document")
    return path
