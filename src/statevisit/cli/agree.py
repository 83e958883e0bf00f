"""statevisit agree: how far annotators agree."""

from pathlib import Path

import click

from statevisit.cli.main import console, echo_json, say, tell_notes
from statevisit.cli.options import (
    Engine,
    engine_options,
    json_flag,
    partial,
    split,
    verbose,
    without_predicates,
)
from statevisit.document.model import ANNOTATED_LAYERS
from statevisit.printable import counted


@click.command("agree")
@click.argument("annotators", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--layer",
    "layers",
    multiple=True,
    type=click.Choice(ANNOTATED_LAYERS),
    help="Measure this layer only; repeatable.",
)
@click.option("--labels", is_flag=True, help="Show the figures of each label, too.")
@json_flag("Print JSON in the form of schema/report.schema.json instead of a table.")
@click.option(
    "--resamples",
    default=1000,
    show_default=True,
    type=click.IntRange(0),
    help="Number of bootstrap resamples; 0 for no intervals.",
)
@split
@partial
@without_predicates
@engine_options()
@verbose
def command(
    annotators: tuple[Path, ...],
    layers: tuple[str, ...],
    labels: bool,
    as_json: bool,
    resamples: int,
    split: str | None,
    partial: bool,
    without_predicates: bool,
    engine: Engine,
    verbose: bool,
) -> None:
    """Measure the agreement of two or more annotators.

    Prints F1, Cohen's κ, Krippendorff's α and α_u, and γ. ANNOTATORS are two or more documents,
    directories, JSONL or Parquet. Two annotators are compared on the documents that both have. A
    layer counts if all annotators have it, in the documents in which it is done by both. γ needs
    the package pygamma-agreement, and is left out without it.

    Whole documents in directories and JSONL are compared a few at a time, in several processes;
    other files take one process.

    \b
    Example:
      statevisit agree corpus/documents corpus/documents --layer mentions
      statevisit agree corpus/documents corpus/documents --workers 2
    """
    if len(annotators) < 2:
        raise click.UsageError("agreement needs two annotators or more")
    from statevisit.scoring.agree import agree, lines, table
    from statevisit.scoring.agree_batches import agree_files

    options = (layers, resamples, split, partial, without_predicates)
    run = engine.runner(*annotators)
    agreement = agree_files(annotators, *options, run, engine.name == "ray")
    if agreement is None:
        agreement = agree(
            *annotators,
            layers=layers,
            resamples=resamples,
            split=split,
            partial=partial,
            without_predicates=without_predicates,
        )
    if as_json:
        return echo_json(agreement.to_dict())
    console(highlight=False).print(table(agreement, labels))
    for line in lines(agreement):
        say(line)
    if agreement.resamples:
        units = counted(agreement.units, agreement.unit)
        say(
            f"n: items compared; 95 % intervals by bootstrap over {units},"
            f" {agreement.resamples:,} resamples;"
            " – where there is nothing to compare, or chance alone would agree"
        )
    tell_notes(agreement.notes, agreement.not_annotated, "not annotated by all", verbose)
    return None
