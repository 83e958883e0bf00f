"""statevisit score: how good is a system?"""

from pathlib import Path
from typing import Any

import click

from statevisit.commands import console, echo_json, tell_notes
from statevisit.model import LAYERS


@click.command("score")
@click.argument("gold", type=click.Path(path_type=Path), required=False)
@click.argument("pred", type=click.Path(path_type=Path), required=False)
@click.option(
    "--compare",
    type=click.Path(path_type=Path),
    help="A second system: is the difference more than chance? (paired bootstrap)",
)
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
    "--html",
    type=click.Path(path_type=Path),
    help="Write a page with the figures and the text, gold and prediction side by side.",
)
@click.option(
    "--resamples",
    default=1000,
    show_default=True,
    type=click.IntRange(0),
    help="Draws of the bootstrap; 0 for no intervals.",
)
@click.option(
    "--draft-schema",
    is_flag=True,
    help="Print the JSON Schema of quote notation, to give to a language model, and score nothing.",
)
def command(
    gold: Path | None,
    pred: Path | None,
    compare: Path | None,
    layers: tuple[str, ...],
    labels: bool,
    as_json: bool,
    html: Path | None,
    resamples: int,
    draft_schema: bool,
) -> None:
    """Score a prediction against gold: spans, values, links, coreference, events, time.

    GOLD is a document, directory, JSONL or Parquet. PRED may be that too, with all layers or only some (the others are "not
    predicted"), or a draft in quote notation, or CoNLL BIO (.bio, .conll, .iob) for named entities.

    \b
    Example:
      statevisit score corpus/documents corpus/documents --layer mentions --html report.html
    """
    if draft_schema:
        from statevisit.drafts import draft_schema as schema_of

        return echo_json(schema_of(layers))
    if gold is None or pred is None:
        raise click.UsageError("score needs GOLD and PRED")
    from statevisit.evaluation import Scored, assemble
    from statevisit.predictions import read, read_gold

    truth = read_gold(gold)
    scored = Scored(truth, read(pred, truth), frozenset(layers) or None)
    report = assemble(scored, gold, pred, compare, layers, resamples)
    if html:
        from statevisit.resources import replacing
        from statevisit.scoring.page import page

        text = page(
            report, [(*scored.both(i), scored.shown(scored.aligned(i))) for i in scored.ids]
        )
        with replacing(html) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
    if as_json:
        return echo_json(report.to_dict())
    _print(report, labels)
    if html:
        click.echo(f"wrote {html}")


def _print(report: Any, labels: bool) -> None:
    from statevisit.scoring.text import SCORE_NOTE, comparison_table, score_table

    out = console(highlight=False)
    out.print(score_table(report, labels))
    if report.comparison == []:
        click.echo(
            f"no comparison with {report.other}: it takes figures that both systems have, and resamples"
        )
    elif report.comparison:
        out.print(comparison_table(report))
        click.echo(
            "difference: F1 of the first system less that of the second; p: two-sided, paired bootstrap"
        )
    if report.resamples:
        click.echo(
            SCORE_NOTE.format(units=report.units, unit=report.unit, resamples=report.resamples)
        )
    tell_notes(report.notes, report.not_predicted, "not predicted")
