"""statevisit score: how good is a system?"""

import functools
from pathlib import Path
from typing import TYPE_CHECKING

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
    write_pages,
)
from statevisit.document.model import ANNOTATED_LAYERS
from statevisit.document.scheme import scheme_for

if TYPE_CHECKING:
    from statevisit.scoring.report import Report


@click.command("score")
@click.argument("gold", type=click.Path(path_type=Path), required=False)
@click.argument("pred", type=click.Path(path_type=Path), required=False)
@click.option(
    "--compare",
    type=click.Path(path_type=Path),
    help="Compare with the prediction of a second system by a paired bootstrap.",
)
@click.option(
    "--layer",
    "layers",
    multiple=True,
    type=click.Choice(ANNOTATED_LAYERS),
    help="Score this layer only; repeatable.",
)
@click.option("--labels", is_flag=True, help="Show the figures of each label, too.")
@json_flag("Print JSON in the form of schema/report.schema.json instead of tables.")
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    help="Write a page with the figures and the text, gold and prediction merged or side by side;"
    " of many documents, those with most differences first, on FILE-2.html and so on.",
)
@click.option(
    "--resamples",
    default=1000,
    show_default=True,
    type=click.IntRange(0),
    help="Number of bootstrap resamples; 0 for no intervals.",
)
@click.option(
    "--draft-schema",
    is_flag=True,
    help="Print the JSON Schema of quote notation for a language model, and score nothing.",
)
@click.option(
    "--map",
    "mapping",
    type=click.Path(path_type=Path),
    help='A TOML file of labels, [labels] PER = "PERSON", for a system that has others.',
)
@split
@partial
@without_predicates
@engine_options()
@verbose
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
    mapping: Path | None,
    split: str | None,
    partial: bool,
    without_predicates: bool,
    engine: Engine,
    verbose: bool,
) -> None:
    """Score a prediction against gold: spans, values, links, coreference, events, time.

    GOLD is a document, directory, JSONL or Parquet. PRED may be one of these, with all layers or
    some of them; the answer of a language model, with or without a Markdown fence; a list of spans
    such as [{"start": 0, "end": 5, "label": "PERSON"}], as Hugging Face and GLiNER give it, or one
    such list for each document; LangExtract's JSONL; a DocBin of spaCy (.spacy); or CoNLL (.bio,
    .conll, .iob) with BIO, BIOES or BILOU tags for named entities.

    A record of PRED needs its span only, as `start` and `end` or as a `quote`. Spans, labels,
    values and links are counted apart. Those that no record has are "not predicted", which differs
    from a score of 0. A layer of a gold document that is not done is "not annotated" and counts
    nowhere.

    Directories, and JSONL in the order of the gold with an `id` in each line, are scored a few
    documents at a time, in several processes; other files, --compare and --html take one process.

    \b
    Example:
      statevisit score corpus/documents corpus/documents --layer mentions --html report.html
      statevisit score corpus/documents corpus/documents --workers 2
    """
    if draft_schema:
        from statevisit.annotation.quote_schema import draft_schema as schema_of

        return echo_json(schema_of(scheme_for(gold or Path()), layers))
    if gold is None or pred is None:
        raise click.UsageError("score needs GOLD and PRED")
    from statevisit.scoring.batches import score_files
    from statevisit.scoring.score import evaluate

    options = (layers, resamples, split, partial, without_predicates, mapping)
    report = None
    if not (html or compare):
        run = engine.runner(gold, pred)
        report = score_files(gold, pred, *options, run, engine.name == "ray")
    if report is None:
        report, scored = evaluate(gold, pred, compare, *options)
    if html:
        from statevisit.pages.score_page import score_pages

        write_pages(html, functools.partial(score_pages, report, scored.comparisons()))
    if as_json:
        return echo_json(report.to_dict())
    _print(report, labels, verbose)
    if html:
        say(f"wrote {html}")
    return None


def _print(report: "Report", labels: bool, verbose: bool) -> None:
    """Print a report as tables, with the notes."""
    from statevisit.scoring.report import cited_in, coverage, tables

    # First, because without the same labels the figures say little.
    tell_notes([note for note in report.notes if note.kind == "label"], (), "", verbose)
    out = console(highlight=False)
    for table in tables(report, labels):
        out.print(table)
    say(cited_in(report))
    if report.comparison:
        say(
            "difference: F1 of the first system less that of the second;"
            " p: two-sided, paired bootstrap"
        )
    elif report.comparison is not None:
        say(
            f"no comparison with {report.other}:"
            " it takes figures that both systems have, and resamples"
        )
    if report.resamples:
        say(
            "P, R and F1 in per cent; 95 % intervals of F1 by bootstrap over"
            f" {report.units} {report.unit}s, {report.resamples:,} resamples;"
            " – where there is nothing to count"
        )
    for line in coverage(report):
        say(line)
    tell_notes([note for note in report.notes if note.kind != "label"], (), "", verbose)
