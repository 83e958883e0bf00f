"""The results of a run as one HTML page: figures, differences, and what each system gets wrong.

The page is self-contained: it fetches nothing, has no script, and all data are escaped.
"""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from string import Template

from statevisit.pages.directions import isolated
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


def page(results: Results) -> str:
    """Return the HTML page for the results of a run."""
    here = files("statevisit.pages")
    template = Template((here / "run.html").read_text(encoding="utf-8"))
    style = "".join((here / name).read_text(encoding="utf-8") for name in ("page.css", "run.css"))
    names = [result.name for result in results.systems]
    split = f", split {results.run.split}" if results.run.split else ""
    return template.substitute(
        title=_words(", ".join(names)),
        lead=_words(f"compared on {counted(len(results.gold), 'document')}{split}"),
        style=style,
        failed=_failed(results.failed),
        figures=_figures(results),
        explained="<br>".join(map(_words, explanations(results))),
        mistakes=_mistakes(results.scored),
        systems=_systems(results.systems),
        notes=_notes(results.scored),
        origin=_origin(results.versions, results.hashes),
    )


def _words(text: str) -> str:
    """A text in HTML."""
    return isolated(escape(text))


def _failed(failed: Sequence[SystemResult]) -> str:
    if not failed:
        return ""
    items = "".join(f"<dt>{_words(r.name)}</dt><dd>{_words(r.reason)}</dd>" for r in failed)
    return f'<div class="failures"><h2>Failed</h2><dl>{items}</dl></div>\n'


def _table(kind: str, heads: Iterable[str], rows: Iterable[str]) -> str:
    columns = "".join(f'<th scope="col">{head}</th>' for head in heads)
    return (
        f'<table class="{kind}"><thead><tr>{columns}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _figures(results: Results) -> str:
    rows = []
    for key in measures(results):
        layer, measure = key
        head = f"{_words(layer.replace('_', ' '))}: {_words(measure)}"
        rows.append(f'<tr class="group"><th colspan="9" scope="rowgroup">{head}</th></tr>')
        for result, figure, compared, is_reference in rows_of(results, key):
            difference = _difference(compared)
            if is_reference:
                difference = f'<td class="by">{reference_name(results)}</td><td></td><td></td>'
            kind = ' class="reference"' if is_reference else ""
            rows.append(
                f'<tr{kind}><th scope="row">{_words(result.name)}</th>'
                f"{_figure(figure)}{difference}</tr>"
            )
    heads = ("system", "P", "R", "F1", "", "95 %", "difference", "95 %", "p")
    return _table("compared numbers", heads, rows)


def _figure(figure: Figure) -> str:
    """The cells of a figure, with a bar for F1 and a bracket for its interval."""
    bracket = ""
    if figure.interval:
        low, high = figure.interval
        bracket = f'<b style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></b>'
    f1 = percent(figure.f1)
    return (
        f"<td>{percent(figure.precision)}</td><td>{percent(figure.recall)}</td>"
        f'<td class="f1">{f1}</td>'
        f'<td class="bar-cell"><div class="bar"><i style="width:{f1}%"></i>{bracket}</div></td>'
        f"<td>{percent_interval(figure.interval)}</td>"
    )


def _difference(compared: Compared | None) -> str:
    if compared is None:
        return "<td></td><td></td><td></td>"
    tested = compared.difference
    low, high = tested.interval
    kind = ' class="significant"' if tested.p < 0.05 else ""
    return (
        f"<td{kind}>{100 * tested.difference:+.1f}</td>"
        f"<td>{100 * low:+.1f} to {100 * high:+.1f}</td><td{kind}>{tested.p:.3f}</td>"
    )


def _mistakes(scored: Sequence[SystemResult]) -> str:
    """The kinds of mistakes of each system, the commonest first."""
    sections = []
    for result in scored:
        shown, folded = result.mistakes[:COMMONEST], result.mistakes[COMMONEST:]
        items = f"<ol>{''.join(map(_mistake, shown))}</ol>"
        if not shown:
            items = '<p class="note">No span is missed, spurious or different.</p>'
        if folded:
            more = f"<ol>{''.join(map(_mistake, folded))}</ol>"
            items += f"<details><summary>{len(folded):,} more kinds</summary>{more}</details>"
        sections.append(f"<section><h3>{_words(result.name)}</h3>{items}</section>")
    if not sections:
        return ""
    return f'<h2>What each gets wrong</h2>\n<div class="systems">{"".join(sections)}</div>\n'


def _mistake(mistake: Mistake) -> str:
    examples = "".join(f"<li>{_example(example)}</li>" for example in mistake.examples)
    examples = f"<ul>{examples}</ul>" if examples else ""
    layer = mistake.layer.replace("_", " ")
    return (
        f'<li class="mistake {mistake.kind}"><p><span class="number">{mistake.count:,}×</span>'
        f'<span class="kind">{KIND_NAMES[mistake.kind]}</span>'
        f" <span>{_words(labels_of(mistake))}</span>"
        f' <span class="layer">{_words(layer)}</span></p>{examples}</li>'
    )


def _example(example: Example) -> str:
    """The words of a mistake in their sentence."""
    instead = ""
    if example.predicted is not None:
        words = escape(_shortened(example.predicted))
        instead = f' <span class="instead">predicted: <bdi>{words}</bdi></span>'
    return (
        f"{escape(example.before)}<mark>{escape(_shortened(example.text))}</mark>"
        f"{escape(example.after)}{instead}"
    )


def _shortened(text: str) -> str:
    """The beginning and the end of a long text."""
    if len(text) <= _LONGEST_WORDS:
        return text
    half = _LONGEST_WORDS // 2
    return f"{text[:half].rpartition(' ')[0]} … {text[-half:].partition(' ')[2]}"


def _systems(systems: Sequence[SystemResult]) -> str:
    rows = []
    for result in systems:
        versions = versions_of(result)
        stated = ", ".join(f"{name} {version}" for name, version in versions.items())
        tokens = tokens_of(result)
        counts = f"{tokens['input']:,} in, {tokens['output']:,} out" if tokens else ""
        cells = [what_of(result.system), stated, outcome(result), counts]
        rows.append(
            f'<tr><th scope="row">{_words(result.name)}</th>'
            + f"<td>{result.system.kind}</td>"
            + "".join(f'<td class="words">{_words(cell)}</td>' for cell in cells[:3])
            + f'<td class="words">{cells[3]}</td></tr>'
        )
    return _table("compared", ("system", "kind", "what", "version", "result", "tokens"), rows)


def _notes(scored: Sequence[SystemResult]) -> str:
    items = []
    for result in scored:
        if result.predictions is None or result.report is None:
            continue
        for note in (*result.predictions.notes, *result.report.notes):
            words = f"{result.name}: {note.document}: {note.kind}: {note.message}"
            items.append(f"<li>{_words(words)}</li>")
    if not items:
        return ""
    return f'<h2>Notes</h2>\n<ul class="notes">{"".join(items)}</ul>\n'


def _origin(versions: dict[str, object], hashes: dict[str, object]) -> str:
    """The versions and hashes that tell whether two runs compare the same."""
    stated = {f"version: {name}": value for name, value in versions.items()}
    stated |= {f"SHA-256: {name.replace('_', ' ')}": value for name, value in hashes.items()}
    rows = [
        f'<tr><th scope="row">{escape(name)}</th><td class="words">{_words(str(value))}</td></tr>'
        for name, value in stated.items()
        if value is not None
    ]
    return _table("compared", ("", "value"), rows)
