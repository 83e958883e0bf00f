"""Compares the labels of a prediction with those of the gold, before anything is scored."""

from collections import Counter
from collections.abc import Collection, Iterable

from msgspec import Struct, field

from statevisit.dataset.flat_names import flat_labels
from statevisit.document.model import SPAN_LAYERS, Document
from statevisit.document.records import truncated
from statevisit.document.scheme import Scheme
from statevisit.regions.labels import labelled_by
from statevisit.regions.likely import proposal
from statevisit.scoring.bio import gold_names
from statevisit.scoring.prediction import Note, Prediction
from statevisit.scoring.spans import UNLABELLED, labels

_SHOWN = 20
"""The labels that a note names."""


class LabelCounts(Struct):
    """The labels of predictions with their numbers, and those of the gold, by layer."""

    predicted: dict[str, Counter[str]] = field(default_factory=dict)
    of_gold: dict[str, set[str]] = field(default_factory=dict)

    def add(
        self, gold: Iterable[Document], pred: Iterable[Prediction], layers: Collection[str]
    ) -> None:
        """Add the labels of some documents in the layers that are scored."""
        documents, predictions = list(gold), list(pred)
        names = [name for name in (*SPAN_LAYERS, "ner") if name in layers]
        if "mentions" in names and "ner" in names:
            names.remove("ner")  # the names of a tagger are in the layers, too
        for layer in names:
            counts = self.predicted.setdefault(layer, Counter())
            counts.update(_predicted(predictions, layer))
            self.of_gold.setdefault(layer, set()).update(_of_gold(documents, layer))

    def update(self, later: "LabelCounts") -> None:
        """Add the labels of documents that follow."""
        for layer, counts in later.predicted.items():
            self.predicted.setdefault(layer, Counter()).update(counts)
            self.of_gold.setdefault(layer, set()).update(later.of_gold[layer])


def compare_labels(counts: LabelCounts, scheme: Scheme, document: str) -> list[Note]:
    """Return a note on the labels that the scheme of the gold lacks, if a prediction has any.

    It names them with their numbers, the labels of the gold that the prediction never uses, and the
    likeliest mapping. `document` is that of the only prediction, or ALL.
    """
    unknown, unused = Counter[str](), dict[str, None]()
    for layer, predicted in counts.predicted.items():
        known = _known(scheme, layer)
        unknown.update({label: n for label, n in predicted.items() if label not in known})
        used = counts.of_gold[layer]
        unused |= dict.fromkeys(label for label in sorted(used) if label not in predicted)
    if not unknown:
        return []
    message = f"labels of the prediction that the gold's scheme lacks: {_counts(unknown)}"
    message += "; map them with --map"
    if unused:
        message += f"; labels of the gold that the prediction never uses: {_list(unused)}"
    likely = proposal(unknown, scheme)
    if likely:
        pairs = ", ".join(f'{_key(label)} = "{target}"' for label, target in likely.items())
        message += f"; likely under [labels]: {pairs}"
    return [Note("label", document, message)]


def labels_without_gold(label_pairs: Counter[tuple[str, str]], known: Collection[str]) -> str:
    """Return the known labels that are predicted for names and no gold name has, with numbers.

    `label_pairs` are the gold and the predicted label of each pair of names. "" if there are none.
    """
    of_gold = {gold for gold, _ in label_pairs}
    foreign = Counter[str]()
    for (_, label), count in label_pairs.items():
        if label in known and label not in of_gold:
            foreign[label] += count
    labels = ", ".join(f"{label} ({count:,})" for label, count in foreign.most_common(_SHOWN))
    return labels + _more(len(foreign))


def _predicted(predictions: Iterable[Prediction], layer: str) -> Iterable[str]:
    """The labels of a layer in predictions; those of spans without a place, too."""
    for prediction in predictions:
        if layer == "ner":
            yield from (item.label for item in prediction.flat if item.label)
            continue
        yield from filter(None, labels(prediction.document, layer))
        for span in prediction.unplaced:
            if span.layer == layer and span.label != UNLABELLED:
                yield span.label


def _of_gold(documents: Iterable[Document], layer: str) -> Iterable[str]:
    for document in documents:
        if layer == "ner":
            yield from (item.label for item in gold_names(document) if item.label)
        else:
            yield from filter(None, labels(document, layer))


def _known(scheme: Scheme, layer: str) -> Collection[str]:
    """The labels that the spans of a layer can have under a scheme."""
    if layer == "ner":
        return flat_labels(scheme)
    return scheme.label_names(*labelled_by(layer, scheme))


def _counts(unknown: Counter[str]) -> str:
    shown = ", ".join(
        f"{truncated(label, 40)} ({count:,})" for label, count in unknown.most_common(_SHOWN)
    )
    return shown + _more(len(unknown))


def _list(names: Collection[str]) -> str:
    return ", ".join([*names][:_SHOWN]) + _more(len(names))


def _more(number: int) -> str:
    return f" and {number - _SHOWN} more" if number > _SHOWN else ""


def _key(label: str) -> str:
    """A label as a key of TOML."""
    is_bare = label.isascii() and label.replace("_", "").replace("-", "").isalnum()
    return label if is_bare else '"' + label.replace("\\", "\\\\").replace('"', '\\"') + '"'
