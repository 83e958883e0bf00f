"""Figures as tables for a terminal, and as plain text."""

from collections.abc import Iterable, Sequence
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

from statevisit.printable import one_line
from statevisit.scoring.coefficients import Coefficient
from statevisit.scoring.figures import Difference, Figure

if TYPE_CHECKING:
    from rich.table import Table


def percent(value: float | None) -> str:
    """Return a figure in per cent with one decimal; a dash for one that is undefined."""
    return "–" if value is None else f"{100 * value:.1f}"


def percent_interval(interval: tuple[float, float] | None) -> str:
    """Return an interval in per cent; nothing for none."""
    return "" if interval is None else f"{percent(interval[0])}–{percent(interval[1])}"


def amount(value: float) -> str:
    """Return a count; two decimals for a fraction, which partial credit gives."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def new_table(title: str, left: Iterable[str], right: Iterable[str]) -> "Table":
    """Return an empty table with columns aligned to the left and, after them, to the right."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=one_line(title),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        header_style="bold",
        pad_edge=False,
    )
    for name in left:
        table.add_column(name, overflow="fold")
    for name in right:
        table.add_column(name, justify="right", overflow="fold")
    return table


class _Row(NamedTuple):
    """A row of a table by layers; `cells` are those after the layer's."""

    layer: str
    cells: Sequence[str]
    style: str


def _add_by_layer(table: "Table", rows: Iterable[_Row]) -> None:
    """Add rows with a rule between two layers, and a layer's name in its first row only."""
    layer = ""
    for row in rows:
        if layer and row.layer != layer:
            table.add_section()
        table.add_row(row.layer if row.layer != layer else "", *row.cells, style=row.style)
        layer = row.layer


def figures_table(title: str, figures: Iterable[Figure], labels: bool = False) -> "Table":
    """Return a table of the figures over all labels and, with `labels`, of those of each label."""
    rows = [
        _figure_row(figure)
        for figure in figures
        if figure.average == "micro"
        or (figure.average == "macro" and figure.f1 is not None)
        or (figure.average == "label" and labels)
    ]
    numbers = ("gold", "pred", "correct", "P", "R", "F1", "95 %")
    table = new_table(title, ("layer", "measure", "label"), numbers)
    _add_by_layer(table, rows)
    return table


def _figure_row(figure: Figure) -> _Row:
    counts = ["", "", ""]
    if figure.average != "macro" and not figure.measure.startswith("CoNLL"):
        counts = [amount(figure.gold), amount(figure.pred), amount(figure.correct)]
    cells = [
        figure.measure if figure.average == "micro" else "",
        "macro" if figure.average == "macro" else one_line(figure.label or ""),
        *counts,
        percent(figure.precision),
        percent(figure.recall),
        percent(figure.f1),
        percent_interval(figure.interval),
    ]
    return _Row(figure.layer, cells, "bold" if figure.average == "micro" else "dim")


def differences_table(title: str, differences: Iterable[Difference]) -> "Table":
    """Return a table of the differences between two systems; significant ones are bold."""
    table = new_table(title, ("layer", "measure"), ("difference", "95 %", "p"))
    for difference in differences:
        low, high = difference.interval
        table.add_row(
            difference.layer,
            difference.measure,
            f"{100 * difference.difference:+.1f}",
            f"{100 * low:+.1f} to {100 * high:+.1f}",
            f"{difference.p:.3f}",
            style="bold" if difference.p < 0.05 else "",
        )
    return table


_SIGNS = {"F1": "F1", "kappa": "κ", "alpha": "α", "alpha_u": "α_u", "gamma": "γ"}


def coefficients_table(
    title: str, coefficients: Iterable[Coefficient], labels: bool = False
) -> "Table":
    """Return a table of the coefficients over all labels and, with `labels`, of each label."""
    rows = []
    for coefficient in coefficients:
        if coefficient.label and not labels:
            continue
        cells = [
            _SIGNS[coefficient.coefficient],
            coefficient.of,
            one_line(coefficient.label or ""),
            f"{coefficient.n:,}",
            "–" if coefficient.value is None else f"{coefficient.value:.3f}",
            _interval(coefficient.interval),
        ]
        rows.append(_Row(coefficient.layer, cells, "dim" if coefficient.label else ""))
    table = new_table(title, ("layer", "", "of", "label"), ("n", "value", "95 %"))
    _add_by_layer(table, rows)
    return table


def _interval(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"


def as_text(*tables: "Table") -> str:
    """Return tables as plain text, up to 160 columns wide."""
    from rich.console import Console

    buffer = StringIO()
    console = Console(file=buffer, width=160, color_system=None, markup=False, emoji=False)
    for table in tables:
        console.print(table)
    return buffer.getvalue()
