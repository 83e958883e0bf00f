"""What is counted and noted in some documents, to which that of others is added in order."""

from collections import Counter

from msgspec import Struct, field

from statevisit.dataset.flat_names import flat_labels
from statevisit.document.scheme import Scheme
from statevisit.scoring import measure, predicates, spans
from statevisit.scoring.annotated import notes_on_states
from statevisit.scoring.counts import CountTable
from statevisit.scoring.label_sets import LabelCounts, compare_labels, labels_without_gold
from statevisit.scoring.measure import Comparison
from statevisit.scoring.parts import Parts
from statevisit.scoring.prediction import ALL, Note, Remarks, add_remarks, notes_of


class Tally(Struct):
    """The counts of the measures, and what there is to note.

    - `confusion`: how often each gold label is paired with each predicted label, by layer;
    - `notes`: those on single documents;
    - `predicted`: the documents that have a prediction;
    - `counted`: the layers in which each document counts, by its id;
    - `omitted`: the number of mentions that do not count because they are predicates.
    """

    table: CountTable = field(default_factory=CountTable)
    confusion: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    remarks: Remarks = field(default_factory=Remarks)
    labels: LabelCounts = field(default_factory=LabelCounts)
    predicted: list[str] = field(default_factory=list)
    counted: dict[str, frozenset[str]] = field(default_factory=dict)
    omitted: int = 0

    def add(self, comparison: Comparison, parts: Parts, is_extra: bool, is_missing: bool) -> None:
        """Count a document that both sides have, or that is extra or missing in the prediction."""
        gold, pred = comparison.gold, comparison.pred
        if is_extra:
            message = "predicted, but not in gold; everything in it is spurious"
            self.notes.append(Note("extra", gold.id, message))
        elif is_missing:
            message = "in gold, but not predicted; everything in it is missed"
            self.notes.append(Note("missing", gold.id, message))
        if pred.document is not gold:
            self.notes += notes_of(gold, pred, comparison.layers & pred.layers)
            add_remarks(self.remarks, pred, comparison.layers & pred.layers)
        measure.count(self.table, comparison, parts)
        for layer, aligned in comparison.reported_alignments.items():
            if spans.LABEL.get(layer) not in parts.absent(layer):
                self.confusion.setdefault(layer, Counter()).update(spans.confusion(aligned))

    def update(self, later: "Tally") -> None:
        """Add all of documents that follow but their counts, which have units of their own."""
        for layer, pairs in later.confusion.items():
            self.confusion.setdefault(layer, Counter()).update(pairs)
        self.notes += later.notes
        for remark in later.remarks.all():
            self.remarks.add(remark)
        self.labels.update(later.labels)
        self.predicted += later.predicted
        self.counted |= later.counted
        self.omitted += later.omitted


def notes_on(
    tally: Tally,
    scheme: Scheme | None,
    layers: frozenset[str],
    reported: frozenset[str],
    without_predicates: bool,
) -> list[Note]:
    """Return all notes: on single documents, on labels, records, states and predicates.

    `scheme` is that of the gold, None if there is none; `layers` are the predicted ones, and
    `reported` those of them that are asked for.
    """
    notes = list(tally.notes)
    if scheme is not None:
        document = tally.predicted[0] if len(tally.predicted) == 1 else ALL
        notes += compare_labels(tally.labels, scheme, document)
    notes += tally.remarks.notes()
    if scheme is not None and "mentions" not in layers:  # else the labels are noted by layer
        pairs = tally.confusion.get("ner", Counter())
        labels = labels_without_gold(pairs, flat_labels(scheme))
        if labels:
            document = next(iter(tally.counted)) if len(tally.counted) == 1 else ALL
            notes.append(Note("label", document, f"labels that the gold does not have: {labels}"))
    notes += notes_on_states(tally.counted, reported)
    if without_predicates and "mentions" in reported:
        notes.append(predicates.note(tally.omitted))
    return notes
