"""A report as one HTML page: figures, confusion matrices, and the text, gold beside prediction.

The page is self-contained: style and script are in it, it fetches nothing, and all data are
escaped. The script builds the text from JSON, so that spans can be filtered; the figures and
matrices need no script.
"""

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from string import Template

import orjson

from statevisit.document.model import SPAN_LAYERS, Document
from statevisit.document.records import Event, Mention, Quantity, Quotation, Timex
from statevisit.document.strict_json import JsonObject
from statevisit.pages.display import UNKNOWN, amount_of
from statevisit.printable import counted
from statevisit.scoring.console import amount, percent, percent_interval
from statevisit.scoring.figures import Difference, Figure
from statevisit.scoring.measure import Comparison
from statevisit.scoring.mistakes import status
from statevisit.scoring.prediction import Note
from statevisit.scoring.report import LabelPair, Report, cited_in, coverage, headlines
from statevisit.scoring.spans import UNLABELLED, Alignment, Item, SpanRecord


def page(report: Report, comparisons: Iterable[Comparison]) -> str:
    """Return the HTML page for a report; `comparisons` are its documents with their alignments."""
    here = files("statevisit.pages")
    template = Template((here / "page.html").read_text(encoding="utf-8"))
    documents = counted(report.documents, "document")
    documents = " · ".join([documents, *map(_readable, coverage(report))])
    intervals = ""
    if report.resamples:
        intervals = (
            "The bracket on a bar is the 95 % interval: bootstrap over"
            f" {counted(report.units, report.unit)}, {report.resamples:,} resamples."
        )
    return template.substitute(
        title=f"{escape(report.pred)} against {escape(report.gold)}",
        style=(here / "page.css").read_text(encoding="utf-8"),
        script=(here / "page.js").read_text(encoding="utf-8"),
        data=_data(comparisons),
        pred=escape(report.pred),
        gold=escape(report.gold),
        documents=documents,
        cards="".join(_card(figure) for figure in headlines(report)),
        intervals=intervals,
        comparison=_comparison(report.other or "", report.comparison),
        figures=_figures_table(report.figures),
        matrices="".join(_matrix(layer, pairs) for layer, pairs in report.confusion.items()),
        notes=_notes(report.notes),
        cited=escape(cited_in(report)),
    )


def _readable(layer: str) -> str:
    """The name of a layer, or of several, in HTML."""
    return escape(layer.replace("_", " "))


def _data(comparisons: Iterable[Comparison]) -> str:
    """The documents and their spans as JSON that can stand in a script element."""
    documents = [_document_data(comparison) for comparison in comparisons]
    layers = [
        layer
        for layer in (*SPAN_LAYERS, "ner")
        if any(layer in document["layers"] for document in documents)
    ]
    data = orjson.dumps({"layers": layers, "documents": documents}).decode()
    for character in ("<", "\u2028", "\u2029"):
        data = data.replace(character, f"\\u{ord(character):04x}")
    return data


def _card(figure: Figure) -> str:
    f1 = percent(figure.f1)
    bracket = ""
    if figure.interval:
        low, high = figure.interval
        bracket = f'<b style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></b>'
    parts = "mean of MUC, B³ and CEAFe"
    if figure.precision is not None:
        precision, recall = percent(figure.precision), percent(figure.recall)
        parts = f"P {precision} · R {recall} · {amount(figure.gold)} gold"
    return (
        '<div class="card">'
        f"<h3>{_readable(figure.layer)} <span>{escape(figure.measure)}</span></h3>"
        f'<div class="big">{f1}<small>{percent_interval(figure.interval)}</small></div>'
        f'<div class="bar"><i style="width:{f1}%"></i>{bracket}</div>'
        f'<div class="pr">{parts}</div>'
        "</div>\n"
    )


def _table(attributes: str, heads: Iterable[str], rows: Iterable[str]) -> str:
    """A table, given its rows in HTML."""
    columns = "".join(f'<th scope="col">{head}</th>' for head in heads)
    return (
        f"<table {attributes}><thead><tr>{columns}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _figures_table(figures: Iterable[Figure]) -> str:
    rows = []
    layer = ""
    for figure in figures:
        if figure.f1 is None:
            continue
        if figure.layer != layer:
            layer = figure.layer
            head = f'<th colspan="8" scope="rowgroup">{_readable(layer)}</th>'
            rows.append(f'<tr class="group">{head}</tr>')
        rows.append(_figure_row(figure))
    heads = ("measure", "gold", "predicted", "correct", "P", "R", "F1", "95 %")
    return _table('class="figures" id="figures"', heads, rows)


def _figure_row(figure: Figure) -> str:
    names = {"micro": figure.measure, "macro": "macro", "label": figure.label or ""}
    counts = ["", "", ""]
    if figure.average != "macro" and figure.precision is not None:
        counts = [amount(figure.gold), amount(figure.pred), amount(figure.correct)]
    cells = [*counts, percent(figure.precision), percent(figure.recall)]
    return (
        f'<tr class="{figure.average}"><th scope="row">{escape(names[figure.average])}</th>'
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + f'<td class="f1">{percent(figure.f1)}</td>'
        + f"<td>{percent_interval(figure.interval)}</td></tr>"
    )


def _comparison(other: str, differences: Sequence[Difference] | None) -> str:
    if differences is None:
        return ""
    rows = []
    for difference in differences:
        measure = f"{_readable(difference.layer)}: {escape(difference.measure)}"
        low, high = difference.interval
        rows.append(
            f'<tr><th scope="row">{measure}</th>'
            f'<td class="f1">{100 * difference.difference:+.1f}</td>'
            f"<td>{100 * low:+.1f} to {100 * high:+.1f}</td><td>{difference.p:.3f}</td></tr>"
        )
    table = _table('class="figures"', ("measure", "difference in F1", "95 %", "p"), rows)
    return (
        f'<h2>Difference from {escape(other)}</h2>\n<div class="scroll">{table}</div>\n'
        '<p class="note">Paired bootstrap, two-sided.</p>\n'
    )


def _matrix(layer: str, pairs: Sequence[LabelPair]) -> str:
    """The confusion matrix of a layer; nothing without spans."""
    if not pairs:
        return ""
    counts = {(pair.gold, pair.pred): pair.count for pair in pairs}
    labels = sorted({label for pair in counts for label in pair if label})
    highest = max(counts.values())
    heads = "".join(f'<th scope="col">{escape(label)}</th>' for label in (*labels, "missed"))
    rows = []
    for gold in (*labels, ""):
        cells = [_cell(gold, pred, counts.get((gold, pred), 0), highest) for pred in (*labels, "")]
        head = f'<th scope="row">{escape(gold or "spurious")}</th>'
        rows.append(f"<tr>{head}{''.join(cells)}</tr>")
    return (
        f'<section><h3>{_readable(layer)}</h3><div class="scroll"><table class="matrix">'
        f"<thead><tr><th>gold ↓ predicted →</th>{heads}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div></section>\n"
    )


def _cell(gold: str, pred: str, count: int, highest: int) -> str:
    """A cell of a confusion matrix, shaded by its share of the highest count."""
    if not gold and not pred:
        return "<td></td>"
    if not count:
        return '<td class="zero">0</td>'
    kind = "right" if gold == pred else ""
    opacity = 0.08 + 0.5 * count / highest
    return f'<td class="{kind}" style="background:rgba(var(--heat),{opacity:.2f})">{count}</td>'


def _notes(notes: Iterable[Note]) -> str:
    items = [
        f"<li>{escape(note.document)}: {escape(note.kind)}: {escape(note.message)}</li>"
        for note in notes
    ]
    if not items:
        return ""
    return f'<h2>Notes</h2>\n<ul class="notes">{"".join(items)}</ul>\n'


def _document_data(comparison: Comparison) -> JsonObject:
    """A document with its sentences and the spans of its layers, for the script."""
    gold, pred = comparison.gold, comparison.pred.document
    sentences = [[sentence.start, sentence.end] for sentence in gold.sentences]
    layers = comparison.reported_alignments
    return {
        "id": gold.id,
        "language": gold.language,
        "text": gold.text,
        "sentences": sentences or [[0, len(gold.text)]],
        "layers": {name: _layer_data(gold, pred, aligned) for name, aligned in layers.items()},
    }


def _layer_data(gold: Document, pred: Document, aligned: Alignment) -> JsonObject:
    pred_of = dict(aligned.pairs)
    gold_of = {j: i for i, j in aligned.pairs}
    return {
        "gold": [
            _span_data(gold, number, item, pred_of.get(number), aligned.pred, "missed")
            for number, item in enumerate(aligned.gold)
        ],
        "pred": [
            _span_data(pred, number, item, gold_of.get(number), aligned.gold, "spurious")
            for number, item in enumerate(aligned.pred)
            if item.start >= 0
        ],
    }


def _span_data(
    document: Document,
    number: int,
    item: Item,
    twin: int | None,
    other_side: Sequence[Item],
    unpaired: str,
) -> JsonObject:
    """A span, for the script; `twin` is its partner's number, `unpaired` its status without one."""
    other = None if twin is None else other_side[twin]
    return {
        "number": number,
        "start": item.start,
        "end": item.end,
        "label": item.label or UNLABELLED,
        "status": unpaired if other is None else status(item, other),
        "twin": twin,
        "other": other.label if other else None,
        "note": _description(document, item.record),
    }


def _description(document: Document, record: SpanRecord | None) -> str:
    """The attributes of a record beyond its label, on one line."""
    if isinstance(record, Mention):
        return _mention_description(document, record)
    parts: list[str | None] = []
    if isinstance(record, Quantity):
        whole = f"of {record.whole.text}" if record.whole else None
        parts = [record.comparator, amount_of(record), record.unit, whole]
    elif isinstance(record, Event):
        parts = [record.type, record.polarity, record.modality, record.doc_time_rel]
        arguments = _arguments_description(document, record)
        parts.append(f"· {arguments}" if arguments else None)
    elif isinstance(record, Timex):
        parts = [record.value, record.mod]
    elif isinstance(record, Quotation):
        sources = [_words_of(document, source) for source in record.sources or ()]
        parts = [f"by {', '.join(sources)}" if sources else None]
    return " ".join(part for part in parts if part)


def _mention_description(document: Document, mention: Mention) -> str:
    level = f"{mention.level or UNKNOWN}{' predicate' if mention.predicate else ''}"
    entity_id = mention.entity or ""
    if document.layer_by_id.get(entity_id) != "entities":
        return level
    entity = document[entity_id]
    wikidata = f" ({entity.wikidata})" if entity.wikidata else ""
    members = f" = {', '.join(entity.members)}" if entity.members else ""
    return f"{level} → {entity.name or entity.id}{wikidata}{members}"


def _arguments_description(document: Document, event: Event) -> str:
    described = []
    for argument in event.arguments or ():
        if argument.target in document:
            described.append(f"{argument.role or UNKNOWN} {_words_of(document, argument.target)}")
    return ", ".join(described)


def _words_of(document: Document, record_id: str) -> str:
    """The words of a span; the id of a record that has none or is missing."""
    if record_id not in document:
        return record_id
    target = document[record_id]
    return document.text_of(target) if isinstance(target, SpanRecord) else record_id
