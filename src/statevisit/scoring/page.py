"""A report as one HTML page: figures, confusion matrices, and the text with gold and prediction side by side.

Self-contained: style and script are in the page, nothing is fetched, everything from the data is escaped. The script
builds the text from JSON so that its spans can be filtered; figures and matrices stand there without it.
"""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from statevisit.model import Document
from statevisit.scoring.prediction import Prediction
from statevisit.scoring.report import Figure, Met, Report
from statevisit.scoring.spans import Alignment, Item
from statevisit.scoring.text import amount, between, percent

HEADLINES = (
    ("mentions", "strict"), ("mentions", "link (end to end)"), ("mentions coreference", "CoNLL"), ("timexes", "strict"), ("timexes", "value (end to end)"), ("quantities", "strict"),
    ("quantities", "value (end to end)"), ("events", "strict"), ("arguments", "end to end"), ("events coreference", "CoNLL"), ("relations", "by cluster"),
    ("event_relations", "temporal awareness"), ("quotations", "exact"), ("ner", "strict"),
)  # fmt: skip
"""What the cards at the top show, where it was predicted."""

Scored = tuple[Document, Prediction, dict[str, Alignment]]


def page(report: Report, scored: Iterable[Scored]) -> str:
    """The page for a report; `scored` are gold, prediction and alignments of each document."""
    import orjson

    shown = [_document(*one) for one in scored]
    layers = [
        n
        for n in ("mentions", "timexes", "quantities", "events", "quotations", "ner")
        if any(n in d["layers"] for d in shown)
    ]
    data = (
        orjson.dumps({"layers": layers, "documents": shown})
        .decode()
        .replace("<", "\\u003c")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )
    here = files("statevisit.scoring")
    style, script, template = (
        (here / name).read_text(encoding="utf-8") for name in ("page.css", "page.js", "page.html")
    )
    return Template(template).substitute(
        title=f"{escape(report.pred)} against {escape(report.gold)}",
        style=style,
        script=script,
        data=data,
        pred=escape(report.pred),
        gold=escape(report.gold),
        documents=f"{report.documents} document{'' if report.documents == 1 else 's'}{_missing(report)}",
        cards="".join(map(_card, _headlines(report))),
        intervals=_intervals(report),
        comparison=_comparison(report),
        figures=_figures(report.figures),
        matrices="".join(_matrix(layer, met) for layer, met in report.confusion.items() if met),
        notes=_notes(report),
    )


def _missing(report: Report) -> str:
    return (
        f" · not predicted: {escape(', '.join(n.replace('_', ' ') for n in report.not_predicted))}"
        if report.not_predicted
        else ""
    )


def _intervals(report: Report) -> str:
    if not report.resamples:
        return ""
    return f"The bracket on a bar is the 95 % interval: bootstrap over {report.units} {report.unit}s, {report.resamples:,} resamples."


def _headlines(report: Report) -> list[Figure]:
    found = {
        (f.layer, f.measure): f for f in report.figures if f.average == "micro" and f.f1 is not None
    }
    return [found[key] for key in HEADLINES if key in found]


def _card(f: Figure) -> str:
    f1 = 100 * (f.f1 or 0)
    bracket = (
        f'<b style="left:{100 * f.interval[0]:.1f}%;width:{100 * (f.interval[1] - f.interval[0]):.1f}%"></b>'
        if f.interval
        else ""
    )
    rest = (
        f"P {percent(f.precision)} · R {percent(f.recall)} · {amount(f.gold)} gold"
        if f.precision is not None
        else "mean of MUC, B³ and CEAFe"
    )
    return (
        f'<div class="card"><h3>{escape(f.layer.replace("_", " "))} <span>{escape(f.measure)}</span></h3><div class="big">{f1:.1f}<small>{between(f.interval)}</small></div>'
        f'<div class="bar"><i style="width:{f1:.1f}%"></i>{bracket}</div><div class="pr">{rest}</div></div>\n'
    )


def _figures(figures: Sequence[Figure]) -> str:
    rows, layer = [], ""
    for f in figures:
        if f.f1 is None:
            continue
        if f.layer != layer:
            layer = f.layer
            rows.append(
                f'<tr class="group"><th colspan="8" scope="rowgroup">{escape(layer.replace("_", " "))}</th></tr>'
            )
        name = {"micro": f.measure, "macro": "macro", "label": f.label or ""}[f.average]
        counts = (
            "<td></td>" * 3
            if f.average == "macro" or f.precision is None
            else "".join(f"<td>{amount(x)}</td>" for x in (f.gold, f.pred, f.correct))
        )
        rows.append(
            f'<tr class="{f.average}"><th scope="row">{escape(name)}</th>{counts}<td>{percent(f.precision)}</td><td>{percent(f.recall)}</td>'
            f'<td class="f1">{percent(f.f1)}</td><td>{between(f.interval)}</td></tr>'
        )
    heads = "".join(
        f'<th scope="col">{h}</th>'
        for h in ("measure", "gold", "predicted", "correct", "P", "R", "F1", "95 %")
    )
    return f'<table class="figures" id="figures"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _comparison(report: Report) -> str:
    if report.comparison is None:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escape(d.layer.replace("_", " "))}: {escape(d.measure)}</th><td class="f1">{100 * d.difference:+.1f}</td>'
        f"<td>{100 * d.interval[0]:+.1f} to {100 * d.interval[1]:+.1f}</td><td>{d.p:.3f}</td></tr>"
        for d in report.comparison
    )
    heads = "".join(
        f'<th scope="col">{h}</th>' for h in ("measure", "difference in F1", "95 %", "p")
    )
    return f'<h2>Less {escape(report.other or "")}</h2>\n<div class="scroll"><table class="figures"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>\n<p class="note">Paired bootstrap, two-sided.</p>\n'


def _matrix(layer: str, met: Sequence[Met]) -> str:
    labels = sorted({m.gold for m in met} | {m.pred for m in met} - {""})
    cells = {(m.gold, m.pred): m.count for m in met}
    rows = [x for x in labels if x] + [""]
    most = max(cells.values())
    head = "".join(f'<th scope="col">{escape(x or "missed")}</th>' for x in rows)
    body = "".join(
        f'<tr><th scope="row">{escape(g or "spurious")}</th>{"".join(_cell(g, p, cells.get((g, p), 0), most) for p in rows)}</tr>'
        for g in rows
    )
    return f'<section><h3>{escape(layer.replace("_", " "))}</h3><div class="scroll"><table class="matrix"><thead><tr><th>gold ↓ predicted →</th>{head}</tr></thead><tbody>{body}</tbody></table></div></section>\n'


def _cell(gold: str, pred: str, n: int, most: int) -> str:
    if not gold and not pred:
        return "<td></td>"
    kind = "zero" if not n else "right" if gold == pred else ""
    heat = f' style="background:rgba(var(--heat),{0.08 + 0.5 * n / most:.2f})"' if n else ""
    return f'<td class="{kind}"{heat}>{n}</td>'


def _notes(report: Report) -> str:
    if not report.notes:
        return ""
    return f'<h2>Notes</h2>\n<ul class="notes">{"".join(f"<li>{escape(n.document)}: {escape(n.kind)}: {escape(n.message)}</li>" for n in report.notes)}</ul>\n'


def _document(gold: Document, pred: Prediction, aligned: dict[str, Alignment]) -> dict[str, Any]:
    sentences = [[s.start, s.end] for s in gold.sentences] or [[0, len(gold.text)]]
    return {
        "id": gold.id,
        "text": gold.text,
        "sentences": sentences,
        "layers": {n: _layer(gold, pred.document, a) for n, a in aligned.items()},
    }


def _layer(gold: Document, pred: Document, aligned: Alignment) -> dict[str, list[dict[str, Any]]]:
    partner = dict(aligned.pairs)
    back = {j: i for i, j in aligned.pairs}
    return {
        "gold": [
            _span(gold, n, s, partner.get(n), aligned.pred, "missed")
            for n, s in enumerate(aligned.gold)
        ],
        "pred": [
            _span(pred, n, s, back.get(n), aligned.gold, "spurious")
            for n, s in enumerate(aligned.pred)
            if s.start >= 0
        ],
    }


def _span(
    document: Document, number: int, span: Item, twin: int | None, others: list[Item], alone: str
) -> dict[str, Any]:
    other = None if twin is None else others[twin]
    status = (
        alone
        if other is None
        else "label"
        if other.label != span.label
        else "matched"
        if (other.start, other.end) == (span.start, span.end)
        else "bounds"
    )
    return {
        "number": number, "start": span.start, "end": span.end, "label": span.label or "?", "status": status, "twin": twin,
        "other": other.label if other else None, "note": _about(document, span.record),
    }  # fmt: skip


def _about(document: Document, record: Any) -> str:
    """A line about a record beyond its label."""
    if record is None:
        return ""
    if hasattr(record, "entity"):
        entity = document[record.entity] if record.entity in document else None
        return (
            f"{record.level} → {entity.name}{f' ({entity.wikidata})' if entity.wikidata else ''}"
            if entity
            else record.level
        )
    if hasattr(record, "kind"):
        return " ".join(
            x
            for x in (
                record.comparator,
                record.value or f"{record.lower}–{record.upper}",
                record.unit,
            )
            if x
        )
    if hasattr(record, "doc_time_rel"):
        arguments = ", ".join(
            f"{a.role} {document.text_of(a.target) if hasattr(document[a.target], 'start') else a.target}"
            for a in record.arguments
            if a.target in document
        )
        return " ".join(
            x
            for x in (
                record.type,
                record.polarity,
                record.modality,
                record.doc_time_rel,
                f"· {arguments}" if arguments else "",
            )
            if x
        )
    return " ".join(x for x in (getattr(record, "value", None), getattr(record, "mod", None)) if x)
