"""A report as a page: its figures, and gold and prediction in the text.

The figures stand on top; the text is that of `comparison`. Everything from the data is escaped by
the templates.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from statevisit.document.scheme import base, scheme_of
from statevisit.pages.compare_page import Page, entry, pages
from statevisit.pages.compared import compared_to_gold
from statevisit.pages.comparison import section
from statevisit.pages.reader_page import render
from statevisit.printable import counted
from statevisit.scoring.console import amount, percent, percent_interval
from statevisit.scoring.figures import Difference, Figure
from statevisit.scoring.measure import Comparison
from statevisit.scoring.report import LabelPair, Report, cited_in, coverage, headlines

_MOST_NOTES = 500
"""Notes that the page has; a score of many documents can have thousands."""

_SHADES = 10
"""The shades of the cells of a confusion matrix."""


def page(report: Report, comparisons: Iterable[Comparison]) -> str:
    """Return the page for a report, whatever its size; `comparisons` are those of its documents."""
    (_, html), *_ = score_pages(report, comparisons, "", size=float("inf"))
    return html


def score_pages(
    report: Report, comparisons: Iterable[Comparison], file: str, **options: Any
) -> Iterator[tuple[str, str]]:
    """Yield (file name, HTML) of the pages for a report, the first page last.

    `file` is the name of the first page; `options` are those of `compare_page.pages`.
    """
    held = list(comparisons)
    scheme = scheme_of(held[0].gold) if held else base()
    values = _values(report)

    def shown(paging: Page) -> str:
        return render("score.html", scheme, None, base="", page=values, paging=paging)

    entries = [entry(partial(compared_to_gold, comparison), section) for comparison in held]
    return pages(entries, ("gold", "prediction"), file, shown, **options)


def _values(report: Report) -> dict[str, Any]:
    """What the template shows beside the text."""
    intervals = ""
    if report.resamples:
        intervals = (
            "The bracket on a bar is the 95 % interval: bootstrap over"
            f" {counted(report.units, report.unit)}, {report.resamples:,} resamples."
        )
    return {
        "pred": report.pred,
        "gold": report.gold,
        "lead": [counted(report.documents, "document"), *map(_readable, coverage(report))],
        "cards": [_card(figure) for figure in headlines(report)],
        "intervals": intervals,
        "other": report.other or "",
        "differences": _differences(report.comparison),
        "figures": _figures(report.figures),
        "matrices": [
            _matrix(layer, label_pairs)
            for layer, label_pairs in report.confusion.items()
            if label_pairs
        ],
        "notes": [f"{n.document}: {n.kind}: {n.message}" for n in report.notes[:_MOST_NOTES]],
        "more_notes": max(0, len(report.notes) - _MOST_NOTES),
        "cited": cited_in(report),
    }


def _readable(layer: str) -> str:
    return layer.replace("_", " ")


def _card(figure: Figure) -> dict[str, Any]:
    parts = "mean of MUC, B³ and CEAFe"
    if figure.precision is not None:
        precision, recall = percent(figure.precision), percent(figure.recall)
        parts = f"P {precision} · R {recall} · {amount(figure.gold)} gold"
    return {
        "layer": _readable(figure.layer),
        "measure": figure.measure,
        "f1": percent(figure.f1),
        "interval": figure.interval,
        "interval_words": percent_interval(figure.interval),
        "parts": parts,
    }


def _figures(figures: Iterable[Figure]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The rows of the table of figures, layer by layer."""
    shown = [figure for figure in figures if figure.f1 is not None]
    return [
        (_readable(layer), [_figure_row(figure) for figure in of_layer])
        for layer, of_layer in groupby(shown, lambda figure: figure.layer)
    ]


def _figure_row(figure: Figure) -> dict[str, Any]:
    names = {"micro": figure.measure, "macro": "macro", "label": figure.label or ""}
    counts = ["", "", ""]
    if figure.average != "macro" and figure.precision is not None:
        counts = [amount(figure.gold), amount(figure.pred), amount(figure.correct)]
    return {
        "average": figure.average,
        "name": names[figure.average],
        "cells": [*counts, percent(figure.precision), percent(figure.recall)],
        "f1": percent(figure.f1),
        "interval": percent_interval(figure.interval),
    }


def _differences(differences: Sequence[Difference] | None) -> list[dict[str, str]] | None:
    """The rows of the comparison with another system; None without one."""
    if differences is None:
        return None
    rows = []
    for difference in differences:
        low, high = difference.interval
        rows.append(
            {
                "measure": f"{_readable(difference.layer)}: {difference.measure}",
                "difference": f"{100 * difference.difference:+.1f}",
                "interval": f"{100 * low:+.1f} to {100 * high:+.1f}",
                "p": f"{difference.p:.3f}",
            }
        )
    return rows


def _matrix(layer: str, label_pairs: Sequence[LabelPair]) -> dict[str, Any]:
    """The confusion matrix of a layer."""
    counts = {(pair.gold, pair.pred): pair.count for pair in label_pairs}
    labels = sorted({label for pair in counts for label in pair if label})
    highest = max(counts.values())
    rows = [
        {
            "label": gold or "spurious",
            "cells": [_cell(gold, pred, counts, highest) for pred in (*labels, "")],
        }
        for gold in (*labels, "")
    ]
    return {"layer": _readable(layer), "heads": [*labels, "missed"], "rows": rows}


def _cell(
    gold: str, pred: str, counts: Mapping[tuple[str, str], int], highest: int
) -> dict[str, object]:
    """A cell of a confusion matrix, shaded by its share of the highest count."""
    if not gold and not pred:
        return {"kind": "", "count": ""}
    count = counts.get((gold, pred), 0)
    if not count:
        return {"kind": "zero", "count": 0}
    shade = f"heat-{max(1, round(_SHADES * count / highest))}"
    return {"kind": f"{shade} right" if gold == pred else shade, "count": count}
