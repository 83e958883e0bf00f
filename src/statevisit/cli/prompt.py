"""statevisit prompt: what a language model needs in order to annotate."""

from pathlib import Path

import click

from statevisit.cli.main import echo_json, say, write
from statevisit.cli.options import corpus_argument, corpus_to_read, json_flag
from statevisit.document.model import ANNOTATED_LAYERS
from statevisit.document.scheme import scheme_for


@click.command("prompt")
@corpus_argument
@click.option(
    "--layer",
    "layers",
    multiple=True,
    type=click.Choice(ANNOTATED_LAYERS),
    help="Ask for this layer only; repeatable.",
)
@click.option("--document", metavar="ID", help="Add the text of this document of the corpus.")
@json_flag("Print JSON: `system`, `user` (null without --document) and `schema`.")
def command(
    path: Path | None, layers: tuple[str, ...], document: str | None, as_json: bool
) -> None:
    """Print a prompt, the guidelines in brief and a schema for a language model.

    The labels are those of the corpus in PATH, by default that of the current directory or one
    above it, else those of statevisit. The rules are the sections of its schema/GUIDELINES.md on
    the layers. The schema is in the subset of JSON Schema that structured output takes: give it as
    `schema` in {"type": "json_schema", "json_schema": {"name": "annotation", "strict": true,
    "schema": ...}}. `anchor` and `score` read the answer.

    \b
    Examples:
      statevisit prompt --layer timexes
      statevisit prompt --layer mentions --layer entities --document 2024-02-19-aliyev-visit --json
    """
    import orjson

    from statevisit.annotation.prompt import prompt, unasked

    corpus = corpus_to_read(path)
    request = prompt(*layers, path=corpus, document=document)
    missing = unasked(request, scheme_for(corpus))
    if missing:
        say(
            f"the records refer to {', '.join(missing)}, which the answer will not have: "
            "ask for these layers, too (--layer)",
            err=True,
        )
    if as_json:
        return echo_json(request.to_dict())
    schema = orjson.dumps(request.schema).decode()
    write(f"{request.system}\n## Schema\n\n```json\n{schema}\n```\n")
    if request.user is not None:
        write(f"\n{request.user}\n")
    return None
