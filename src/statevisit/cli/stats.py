"""statevisit stats: counts of documents, records and labels."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from statevisit.checks.document import sound
from statevisit.cli.main import console, echo_json, say
from statevisit.cli.options import corpus_argument, corpus_to_read, json_flag
from statevisit.corpus.annotators import read_annotators
from statevisit.corpus.reader import load
from statevisit.corpus.signatures import signatures
from statevisit.corpus.source_lookup import Sources, lookup
from statevisit.corpus.splits import split_of
from statevisit.document.states import STATES
from statevisit.document.timeline import Timeline, timeline
from statevisit.errors import FormatError
from statevisit.printable import counted

if TYPE_CHECKING:
    from statevisit.publishing.manifest import Part


@click.command("stats")
@corpus_argument
@json_flag("Print JSON, as in release.json, instead of tables.")
@click.option(
    "--timeline",
    "list_unordered",
    is_flag=True,
    help="List the pairs of past events of which nothing says which came first.",
)
def command(path: Path | None, as_json: bool, list_unordered: bool) -> int:
    """Count documents, records and labels.

    PATH is as for `validate`; without one, the corpus of the current directory or one above
    it, else the one that statevisit ships. A document with errors is named and not counted, and the
    exit status is then 1.

    The timeline: of the pairs of past, actual events, how many are in order, one within the other
    or at the same time, by relations, parts, coreference and the calendar.

    \b
    Example:
      statevisit stats --json
    """
    from statevisit.publishing.manifest import Contents, tally_of

    corpus = load(corpus_to_read(path))
    sources = lookup(corpus.root) if corpus.root else Sources()
    signed = signatures(read_annotators(corpus.root)) if corpus.root else {}
    contents, errors = Contents(corpus.scheme, (), sources.splits), 0
    timelines: dict[str, Timeline] = {}
    for entry in corpus.entries:
        try:
            document = sound(entry, corpus.scheme)
        except FormatError as error:
            errors += 1
            say(f"statevisit: not counted: {error}", err=True)
            continue
        timelines[document.id] = timeline(document)
        split = split_of(document, sources)
        contents.add_digests(split, ())
        contents.add_counts(split, tally_of(document, corpus.scheme, signed).counts())
    counts = _counts(contents.whole)
    splits = {name: _counts(part) for name, part in contents.splits.items()}
    if as_json:
        counts["timeline"] = _timeline_counts(timelines, list_unordered)
        echo_json(counts | {"splits": splits} if splits else counts)
    else:
        _print_table(counts, splits)
        _print_timeline(timelines, list_unordered)
    return 1 if errors else 0


def _counts(part: "Part") -> dict[str, Any]:
    return {"documents": part.documents, "counts": part.tally.as_dict()}


def _timeline_counts(timelines: Mapping[str, Timeline], list_unordered: bool) -> dict[str, Any]:
    every = timelines.values()
    counts: dict[str, Any] = {
        "events": sum(len(of_document.events) for of_document in every),
        "pairs": sum(of_document.pairs for of_document in every),
        "ordered": sum(of_document.ordered for of_document in every),
    }
    if list_unordered:
        counts["unordered"] = [
            {"document": name, "events": pair}
            for name, of_document in timelines.items()
            for pair in of_document.unordered
        ]
    return counts


def _print_timeline(timelines: Mapping[str, Timeline], list_unordered: bool) -> None:
    """Print how many pairs of past events are in order, and each event with those beside it."""
    counts = _timeline_counts(timelines, False)
    ordered, pairs = counts["ordered"], counts["pairs"]
    if not pairs:
        return
    share = f"{ordered / pairs:.0%}".replace("%", " %")
    say(f"timeline: {ordered:,} of {pairs:,} pairs of past events are in order ({share})")
    for name, of_document in timelines.items() if list_unordered else ():
        beside: dict[str, list[str]] = {}
        for first, second in of_document.unordered:
            beside.setdefault(first, []).append(second)
        for event, others in beside.items():
            say(f"{name}: {event} is not in order with {', '.join(others)}")


def _print_table(whole: dict[str, Any], splits: dict[str, dict[str, Any]]) -> None:
    """Print counts as in a manifest: a row for each layer, a line for each kind of label."""
    from rich.table import Table

    title = counted(whole["documents"], "document")
    by_split = ", ".join(f"{part['documents']:,} {name}" for name, part in splits.items())
    table = Table(title=f"{title}: {by_split}" if splits else title, title_justify="left")
    table.add_column("layer")
    for column in ("records", *splits):
        table.add_column(column, justify="right")
    table.add_column("documents")
    table.add_column("labels")
    for layer, layer_counts in whole["counts"].items():
        lines = []
        for prop, labels in layer_counts["labels"].items():
            if labels:
                numbers = ", ".join(f"{label} {count}" for label, count in labels.items())
                lines.append(f"[bold]{prop}[/bold] {numbers}")
        records = [part["counts"][layer]["records"] for part in (whole, *splits.values())]
        states = layer_counts.get("states", {})
        by_state = [f"{states[s]:,} {s}" for s in reversed(STATES) if states.get(s)]
        if layer_counts.get("signed"):
            by_state.append(f"{layer_counts['signed']:,} signed")
        counts = [f"{number:,}" for number in records]
        table.add_row(layer, *counts, ", ".join(by_state), "\n".join(lines))
    console(markup=True).print(table)
