"""The results of a run as one HTML page: figures, differences, and what each system gets wrong.

The page is self-contained: it fetches nothing, and the template escapes all data.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from statevisit.document.scheme import base
from statevisit.pages.directions import as_isolated
from statevisit.pages.reader_page import render
from statevisit.printable import counted
from statevisit.scoring.console import percent, percent_interval
from statevisit.scoring.figures import Figure
from statevisit.scoring.mistakes import Example, Mistake
from statevisit.scoring.run_results import Compared, Results, SystemResult, versions_of, what_of
from statevisit.scoring.run_tables import (
    KIND_NAMES,
    explanations,
    labels_of,
    measures,
    outcome,
    reference_name,
    rows_of,
    tokens_of,
)

COMMONEST = 8
"""The kinds of mistakes of a system that are shown at once; the others are folded away."""

_LONGEST_WORDS = 120
"""Characters of a span in an example: a quotation can be a paragraph."""

_STATUSES = {"missed": "first", "spurious": "second"}
"""The status of a comparison that a kind of mistake is, if not `differing`."""


def page(results: Results) -> str:
    """Return the HTML page for the results of a run."""
    split = f", split {results.run.split}" if results.run.split else ""
    values = {
        "title": ", ".join(result.name for result in results.systems),
        "lead": f"compared on {counted(len(results.gold), 'document')}{split}",
        "failed": [(result.name, result.reason) for result in results.failed],
        "figures": list(_figures(results)),
        "explained": [as_isolated(line) for line in explanations(results)],
        "mistakes": list(_mistakes(results.scored)),
        "systems": [_system(result) for result in results.systems],
        "notes": list(_notes(results.scored)),
        "origin": list(_origin(results.versions, results.hashes)),
    }
    return render("run.html", base(), None, base="", page=values)


def _figures(results: Results) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the title and the rows of each measure."""
    for key in measures(results):
        layer, measure = key
        rows = [
            {
                "name": result.name,
                "reference": reference_name(results) if is_reference else "",
                **_figure(figure),
                **_difference(compared),
            }
            for result, figure, compared, is_reference in rows_of(results, key)
        ]
        yield as_isolated(f"{layer.replace('_', ' ')}: {measure}"), rows


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "precision": percent(figure.precision),
        "recall": percent(figure.recall),
        "f1": percent(figure.f1),
        "interval": figure.interval,
        "interval_words": percent_interval(figure.interval),
    }


def _difference(compared: Compared | None) -> dict[str, Any]:
    if compared is None:
        return {"difference": ""}
    tested = compared.difference
    low, high = tested.interval
    return {
        "difference": f"{100 * tested.difference:+.1f}",
        "between": f"{100 * low:+.1f} to {100 * high:+.1f}",
        "p": f"{tested.p:.3f}",
        "significant": tested.p < 0.05,
    }


def _mistakes(scored: Sequence[SystemResult]) -> Iterator[tuple[str, list[Any], list[Any]]]:
    """Yield the kinds of mistakes of each system, the commonest first, and those folded away."""
    for result in scored:
        rows = [_mistake(mistake) for mistake in result.mistakes]
        yield result.name, rows[:COMMONEST], rows[COMMONEST:]


def _mistake(mistake: Mistake) -> dict[str, Any]:
    return {
        "status": _STATUSES.get(mistake.kind, "differing"),
        "count": f"{mistake.count:,}",
        "kind": KIND_NAMES[mistake.kind],
        "labels": as_isolated(labels_of(mistake)),
        "layer": mistake.layer.replace("_", " "),
        "examples": [_example(example) for example in mistake.examples],
    }


def _example(example: Example) -> dict[str, str | None]:
    """The words of a mistake in their sentence."""
    predicted = example.predicted
    return {
        "before": example.before,
        "text": _shortened(example.text),
        "after": example.after,
        "predicted": None if predicted is None else _shortened(predicted),
    }


def _shortened(text: str) -> str:
    """The beginning and the end of a long text."""
    if len(text) <= _LONGEST_WORDS:
        return text
    half = _LONGEST_WORDS // 2
    return f"{text[:half].rpartition(' ')[0]} … {text[-half:].partition(' ')[2]}"


def _system(result: SystemResult) -> tuple[str, list[str]]:
    """The name of a system, and what is told of it."""
    stated = ", ".join(f"{name} {version}" for name, version in versions_of(result).items())
    tokens = tokens_of(result)
    counts = f"{tokens['input']:,} in, {tokens['output']:,} out" if tokens else ""
    kind = result.system.kind
    return result.name, [kind, what_of(result.system), stated, outcome(result), counts]


def _notes(scored: Sequence[SystemResult]) -> Iterator[str]:
    for result in scored:
        if result.predictions is None or result.report is None:
            continue
        for note in (*result.predictions.notes, *result.report.notes):
            yield f"{result.name}: {note.document}: {note.kind}: {note.message}"


def _origin(
    versions: Mapping[str, object], hashes: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    """Yield the versions and hashes that tell whether two runs compare the same."""
    stated = {f"version: {name}": value for name, value in versions.items()}
    stated |= {f"SHA-256: {name.replace('_', ' ')}": value for name, value in hashes.items()}
    for name, value in stated.items():
        if value is not None:
            yield name, str(value)
