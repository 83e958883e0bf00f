"""The report of a score: figures with the counts behind them, intervals, confusion, and notes."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field, to_builtins

from statevisit.document.strict_json import JsonObject
from statevisit.printable import counted
from statevisit.scoring import console
from statevisit.scoring.figures import Difference, Figure
from statevisit.scoring.origin import Origin, cited
from statevisit.scoring.parts import Part
from statevisit.scoring.prediction import Note

if TYPE_CHECKING:
    from rich.table import Table


HEADLINES = (
    ("mentions", "strict"),
    ("mentions", "link (end to end)"),
    ("mentions coreference", "CoNLL"),
    ("timexes", "strict"),
    ("timexes", "value (end to end)"),
    ("quantities", "strict"),
    ("quantities", "value (end to end)"),
    ("events", "strict"),
    ("arguments", "end to end"),
    ("events coreference", "CoNLL"),
    ("relations", "by cluster"),
    ("event_relations", "temporal awareness"),
    ("quotations", "exact"),
    ("ner", "strict"),
)
"""The measures that say most about a system, in the order of a page."""


class LabelPair(Struct, frozen=True):
    """How many spans with a gold label are aligned with spans of a predicted label.

    An empty `gold` stands for spurious spans, an empty `pred` for missed ones.
    """

    gold: str
    pred: str
    count: int


class Report(Struct, frozen=True, omit_defaults=True):
    """The result of `statevisit score`.

    `not_predicted` are layers that the prediction lacks, `not_annotated` those that the gold lacks.
    `parts` are the labels, values and links that not all predicted records have: those that none
    has are not predicted and have no figures.

    `tool_version` is the version of statevisit. `to_dict` follows schema/report.schema.json; `find`
    gives one figure; `print(report)` shows a table.
    """

    gold: str
    pred: str
    tool_version: str
    gold_origin: Origin
    pred_origin: Origin
    documents: int
    unit: str
    units: int
    resamples: int
    predicted: list[str]
    not_predicted: list[str]
    figures: list[Figure]
    confusion: dict[str, list[LabelPair]]
    notes: list[Note] = field(default_factory=list)
    not_annotated: list[str] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    other: str | None = None
    other_origin: Origin | None = None
    comparison: list[Difference] | None = None

    def find(
        self, layer: str, measure: str, label: str | None = None, average: str = "micro"
    ) -> Figure:
        """Return the figure of a layer and measure, or that of one label.

        Raises KeyError, with all that was not predicted or not annotated, if there is none.
        """
        if label:
            average = "label"
        for figure in self.figures:
            key = figure.layer, figure.measure, figure.label, figure.average
            if key == (layer, measure, label, average):
                return figure
        absent = "; ".join(coverage(self)) or "not predicted: nothing"
        raise KeyError(f"no figure {layer} {measure} {label or average}; {absent}")

    def to_dict(self) -> JsonObject:
        """Return the report as plain values, in the form of schema/report.schema.json."""
        return {"kind": "score", **to_builtins(self)}

    def __repr__(self) -> str:
        return f"<Report {_title(self)}, {len(self.figures)} figures>"

    def __str__(self) -> str:
        return f"{console.as_text(*tables(self))}{cited_in(self)}\n"


def headlines(report: Report) -> list[Figure]:
    """Return the figures over all labels of the `HEADLINES` that were predicted."""
    figures = {
        (figure.layer, figure.measure): figure
        for figure in report.figures
        if figure.average == "micro" and figure.f1 is not None
    }
    headlines = []
    for layer, measure in HEADLINES:
        if measure == "strict" and (layer, measure) not in figures:
            measure = "exact"  # of a prediction without labels
        if (layer, measure) in figures:
            headlines.append(figures[layer, measure])
    return headlines


def coverage(report: Report) -> list[str]:
    """Return what a report has no figures of, or figures of a part only, in a line each."""
    by_layer: dict[str, list[str]] = {}
    for part in report.parts:
        if not part.given:
            by_layer.setdefault(part.layer, []).append(part.part)
    absent = [f"{layer} ({', '.join(parts)})" for layer, parts in by_layer.items()]
    lines = {
        "not predicted": [*report.not_predicted, *absent],
        "not annotated": report.not_annotated,
        "predicted in part": [
            f"{part.layer} {part.part} (in {part.given:,} of {part.of:,})"
            for part in report.parts
            if part.given
        ],
    }
    return [f"{what}: {', '.join(names)}" for what, names in lines.items() if names]


def cited_in(report: Report) -> str:
    """Return the line of a report that says of which data and by which version it is."""
    sides = [("gold", report.gold_origin), ("prediction", report.pred_origin)]
    if report.other_origin is not None:
        sides.append(("other prediction", report.other_origin))
    return cited(report.tool_version, sides)


def tables(report: Report, labels: bool = False) -> list["Table"]:
    """Return the table of a report's figures and, if two systems are compared, of the differences.

    With `labels` the first table has the figures of each label, too.
    """
    shown = [console.figures_table(_title(report), report.figures, labels)]
    if report.comparison:
        title = f"{report.pred} minus {report.other}: F1, in points"
        shown.append(console.differences_table(title, report.comparison))
    return shown


def _title(report: Report) -> str:
    documents = counted(report.documents, "document")
    return f"{report.pred} against {report.gold}: {documents}"


def label_pairs(confusion: Mapping[str, Counter[tuple[str, str]]]) -> dict[str, list[LabelPair]]:
    """Return the confusion of each layer as a sorted list."""
    return {
        layer: [LabelPair(gold, pred, count) for (gold, pred), count in sorted(pairs.items())]
        for layer, pairs in confusion.items()
    }
