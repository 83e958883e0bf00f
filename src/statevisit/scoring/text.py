"""Reports as tables for a terminal."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from statevisit.scoring.report import Report

SCORE_NOTE = "P, R and F1 in per cent; 95 % intervals of F1 by bootstrap over {units} {unit}s, {resamples:,} resamples; – where there was nothing to count"


def percent(value: float | None) -> str:
    """A figure in per cent with one decimal; a dash for none."""
    return "–" if value is None else f"{100 * value:.1f}"


def between(interval: tuple[float, float] | None) -> str:
    """An interval in per cent."""
    return "" if interval is None else f"{100 * interval[0]:.1f}–{100 * interval[1]:.1f}"


def amount(value: float) -> str:
    """A count; of partial credit, with two decimals."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def _table(title: str, columns: list[tuple[str, Any]]) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False
    )
    for name, justify in columns:
        table.add_column(name, justify=justify, overflow="fold")
    return table


def score_table(report: "Report", labels: bool = False) -> "Table":
    """The figures over all labels, and those of each label where `labels`."""
    table = _table(
        f"{report.pred} against {report.gold}: {report.documents} document{'' if report.documents == 1 else 's'}",
        [
            ("layer", "left"),
            ("measure", "left"),
            ("label", "left"),
            ("gold", "right"),
            ("pred", "right"),
            ("correct", "right"),
            ("P", "right"),
            ("R", "right"),
            ("F1", "right"),
            ("95 %", "right"),
        ],
    )
    layer = ""
    for f in report.figures:
        if (f.average == "label" and not labels) or (f.average == "macro" and f.f1 is None):
            continue
        if layer and f.layer != layer:
            table.add_section()
        counts = (
            ["", "", ""]
            if f.average == "macro" or f.measure.startswith("CoNLL")
            else [amount(f.gold), amount(f.pred), amount(f.correct)]
        )
        name = f.label or ("macro" if f.average == "macro" else "")
        shown, layer = (f.layer if f.layer != layer else ""), f.layer
        table.add_row(
            shown,
            f.measure if f.average == "micro" else "",
            name,
            *counts,
            percent(f.precision),
            percent(f.recall),
            percent(f.f1),
            between(f.interval),
            style="bold" if f.average == "micro" else "dim",
        )
    return table


def comparison_table(report: "Report") -> "Table":
    """The differences between two systems."""
    table = _table(
        f"{report.pred} less {report.other}: F1, in points",
        [
            ("layer", "left"),
            ("measure", "left"),
            ("difference", "right"),
            ("95 %", "right"),
            ("p", "right"),
        ],
    )
    for d in report.comparison or []:
        table.add_row(
            d.layer,
            d.measure,
            f"{100 * d.difference:+.1f}",
            f"{100 * d.interval[0]:+.1f} to {100 * d.interval[1]:+.1f}",
            f"{d.p:.3f}",
            style="bold" if d.p < 0.05 else "",
        )
    return table


_SIGN = {"F1": "F1", "kappa": "κ", "alpha": "α", "alpha_u": "α_u", "gamma": "γ"}


def agreement_table(report: Any, labels: bool = False) -> "Table":
    """The coefficients of an Agreement."""
    title = f"{', '.join(report.annotators)}: {report.documents} document{'' if report.documents == 1 else 's'}"
    table = _table(
        title,
        [
            ("layer", "left"),
            ("", "left"),
            ("of", "left"),
            ("label", "left"),
            ("n", "right"),
            ("value", "right"),
            ("95 %", "right"),
        ],
    )
    layer = ""
    for c in report.coefficients:
        if c.label and not labels:
            continue
        if layer and c.layer != layer:
            table.add_section()
        shown, layer = (c.layer if c.layer != layer else ""), c.layer
        value = "–" if c.value is None else f"{c.value:.3f}"
        interval = "" if c.interval is None else f"{c.interval[0]:.3f} to {c.interval[1]:.3f}"
        table.add_row(
            shown,
            _SIGN[c.coefficient],
            c.of,
            c.label or "",
            f"{c.n:,}",
            value,
            interval,
            style="dim" if c.label else "",
        )
    return table


def as_text(*tables: Any) -> str:
    """Tables as plain text."""
    from io import StringIO

    from rich.console import Console

    out = Console(file=StringIO(), width=160, color_system=None)
    for table in tables:
        out.print(table)
    return out.file.getvalue()  # type: ignore[attr-defined]


def table(report: "Report") -> str:
    """A report as plain text."""
    return as_text(score_table(report), *([comparison_table(report)] if report.comparison else []))
