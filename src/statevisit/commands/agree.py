"""statevisit agree: how far annotators agree."""

from pathlib import Path

import click

from statevisit.commands import console, echo_json, tell_notes
from statevisit.model import LAYERS


@click.command("agree")
@click.argument("annotators", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--layer",
    "layers",
    multiple=True,
    type=click.Choice([n for n in LAYERS if n not in ("sentences", "tokens")]),
    help="Only this layer; repeatable.",
)
@click.option("--labels", is_flag=True, help="Also the figures of each label.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="JSON after schema/report.schema.json instead of a table.",
)
@click.option(
    "--resamples",
    default=1000,
    show_default=True,
    type=click.IntRange(0),
    help="Draws of the bootstrap; 0 for no intervals.",
)
def command(
    annotators: tuple[Path, ...],
    layers: tuple[str, ...],
    labels: bool,
    as_json: bool,
    resamples: int,
) -> None:
    """Measure how far two or more annotators agree.

    Prints F1, Cohen's κ, Krippendorff's α and α_u, and γ. ANNOTATORS are documents, directories, JSONL or Parquet of the same texts, two or more. A layer counts where all
    of them have it. γ needs the package pygamma-agreement and is left out without it.

    \b
    Example:
      statevisit agree corpus/documents corpus/documents --layer mentions
    """
    if len(annotators) < 2:
        raise click.UsageError("agreement is between two annotators or more")
    from statevisit.agreeing import agree

    found = agree(*annotators, layers=layers, resamples=resamples)
    if as_json:
        return echo_json(found.to_dict())
    from statevisit.scoring.text import agreement_table

    console(highlight=False).print(agreement_table(found, labels))
    if found.resamples:
        click.echo(
            f"n: items compared; 95 % intervals by bootstrap over {found.units} {found.unit}s, {found.resamples:,} resamples; – where there is nothing to compare, or chance alone would agree"
        )
    tell_notes(found.notes, found.not_annotated, "not annotated by all")
