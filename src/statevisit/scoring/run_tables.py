"""The results of a run as tables for a terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from statevisit.printable import counted, one_line
from statevisit.scoring.console import new_table, percent, percent_interval
from statevisit.scoring.figures import Figure
from statevisit.scoring.mistakes import Mistake
from statevisit.scoring.report import coverage, headlines
from statevisit.scoring.run_results import Compared, Results, SystemResult

if TYPE_CHECKING:
    from rich.table import Table

COMMONEST = 3
"""The kinds of mistakes of each system in a terminal; page and JSON have them all."""

_WORDS = 40
"""Characters of an example in a terminal."""

KIND_NAMES = {
    "missed": "missed",
    "spurious": "spurious",
    "label": "wrong label",
    "bounds": "wrong bounds",
}
"""The kinds of mistakes for people."""


def tables(results: Results) -> list["Table"]:
    """Return the tables of the figures, of the commonest mistakes, and of the systems."""
    shown = [figures_table(results)] if results.scored else []
    if any(result.mistakes for result in results.scored):
        shown.append(mistakes_table(results))
    return [*shown, systems_table(results)]


def measures(results: Results) -> list[tuple[str, str]]:
    """Return the layer and measure of each headline that some system has, in the order of a page.

    A layer for which one system has labels, and another has none, has both measures.
    """
    keys = [
        (figure.layer, figure.measure)
        for result in results.scored
        if result.report is not None
        for figure in headlines(result.report)
    ]
    order = {layer: number for number, (layer, _) in enumerate(dict.fromkeys(keys))}
    return sorted(dict.fromkeys(keys), key=lambda key: order[key[0]])


class Row(NamedTuple):
    """A system in one measure: its figure, and its difference unless it `is_reference`."""

    result: SystemResult
    figure: Figure
    compared: Compared | None
    is_reference: bool


def rows_of(results: Results, key: tuple[str, str]) -> Iterator[Row]:
    """Yield each system that has a figure in a measure."""
    of_key = [c for c in results.differences if (c.difference.layer, c.difference.measure) == key]
    references = {compared.reference for compared in of_key}
    by_system = {compared.system: compared for compared in of_key}
    for result in results.scored:
        name = result.name
        figure = results.figure(name, *key)
        if figure is not None and figure.f1 is not None:
            yield Row(result, figure, by_system.get(name), is_reference=name in references)


def reference_name(results: Results) -> str:
    """Return what the systems are compared with: the baseline, or the best of a measure."""
    return "baseline" if results.run.baseline else "best"


def figures_table(results: Results) -> "Table":
    """Return a table of P, R and F1 of the systems, with their differences."""
    title = f"{len(results.systems)} systems: {counted(len(results.gold), 'document')}"
    numbers = ("P", "R", "F1", "95 %", "difference", "p")
    table = new_table(title, ("layer", "measure", "system"), numbers)
    layer = ""
    for key in measures(results):
        if layer and key[0] != layer:
            table.add_section()
        names = [key[0] if key[0] != layer else "", key[1]]
        layer = key[0]
        for result, figure, compared, is_reference in rows_of(results, key):
            cells = [*names, one_line(result.name), *_cells(figure)]
            difference = [reference_name(results), ""] if is_reference else ["", ""]
            if compared is not None:
                tested = compared.difference
                difference = [f"{100 * tested.difference:+.1f}", f"{tested.p:.3f}"]
            is_significant = compared is not None and compared.difference.p < 0.05
            table.add_row(*cells, *difference, style="bold" if is_significant else "")
            names = ["", ""]
    return table


def _cells(figure: Figure) -> list[str]:
    return [
        percent(figure.precision),
        percent(figure.recall),
        percent(figure.f1),
        percent_interval(figure.interval),
    ]


def labels_of(mistake: Mistake) -> str:
    """Return the label of a mistake, or both."""
    if mistake.kind == "label":
        return f"{mistake.gold} → {mistake.pred}"
    return mistake.gold or mistake.pred or ""


def mistakes_table(results: Results) -> "Table":
    """Return a table of the commonest mistakes of each system, each with examples."""
    columns = ("system", "layer", "mistake", "label")
    table = new_table("the commonest mistakes", (*columns,), ("number",))
    table.add_column("examples", overflow="fold")
    for number, result in enumerate(results.scored):
        if number:
            table.add_section()
        name = one_line(result.name)
        for mistake in result.mistakes[:COMMONEST]:
            table.add_row(
                name,
                mistake.layer,
                KIND_NAMES[mistake.kind],
                one_line(labels_of(mistake)),
                f"{mistake.count:,}",
                "; ".join(_words(mistake)),
            )
            name = ""
    return table


def _words(mistake: Mistake) -> Iterator[str]:
    """Yield the words of each example: the gold ones, and those predicted instead."""
    for example in mistake.examples:
        words = one_line(example.text)[:_WORDS]
        if example.predicted is None:
            yield words
        else:
            yield f"{words} → {one_line(example.predicted)[:_WORDS]}"


def systems_table(results: Results) -> "Table":
    """Return a table of the systems: what each is, whether it failed, and what it took."""
    numbers = ("asked", "known", "tokens", "seconds")
    table = new_table("the systems", ("system", "kind", "result"), numbers)
    for result in results.systems:
        table.add_row(
            one_line(result.name),
            result.system.kind,
            one_line(outcome(result)),
            f"{result.asked:,}" if result.asked or result.known else "",
            f"{result.known:,}" if result.asked or result.known else "",
            f"{sum(tokens_of(result).values()):,}" if tokens_of(result) else "",
            f"{result.seconds:.1f}",
            style="" if result.report else "bold red",
        )
    return table


def tokens_of(result: SystemResult) -> dict[str, int]:
    """Return the tokens that a model counted, `input` and `output`; empty for other systems."""
    return result.predictions.tokens if result.predictions else {}


def outcome(result: SystemResult) -> str:
    """Return whether a system was scored or failed, and how many answers were not whole."""
    if result.report is None or result.predictions is None:
        return "failed"
    answers = result.predictions.answers
    words = {"cut": "cut off", "unreadable": "unreadable"}
    parts = [f"{answers[key]:,} {word}" for key, word in words.items() if answers.get(key)]
    if not parts:
        return "scored"
    return f"scored; of {sum(answers.values()):,} answers {', '.join(parts)}"


def cache_line(results: Results) -> str:
    """Return the line that says how much was asked, and how much was known from the cache."""
    asked = sum(result.asked for result in results.systems)
    known = sum(result.known for result in results.systems)
    if not asked and not known:
        return ""
    if not asked:
        return f"nothing was asked: {counted(known, 'answer')} known from an earlier run"
    return f"{counted(asked, 'answer')} asked for, {known:,} known from an earlier run"


def explanations(results: Results) -> list[str]:
    """Return the lines that say what the figures and differences are."""
    lines = []
    report = results.scored[0].report if results.scored else None
    if report is not None and report.resamples:
        lines.append(
            "P, R and F1 in per cent; 95 % intervals of F1 by bootstrap over"
            f" {counted(report.units, report.unit)}, {report.resamples:,} resamples"
        )
    if results.differences:
        reference = results.run.baseline or "the best system of each measure"
        lines.append(
            f"difference: F1 less that of {reference}, in points; p: two-sided, paired bootstrap"
        )
    for result in results.scored:
        if result.report is not None:
            lines += [f"{result.name}: {line}" for line in coverage(result.report)]
    return lines
