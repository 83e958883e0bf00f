"""Compares the labels of a prediction with those of the gold, before anything is scored."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from statevisit.dataset.flat_names import flat_labels
from statevisit.document.model import SPAN_LAYERS, Document
from statevisit.document.records import truncated
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.regions.labels import labelled_by
from statevisit.regions.likely import proposal
from statevisit.scoring.bio import gold_names
from statevisit.scoring.prediction import ALL, Note, Prediction
from statevisit.scoring.spans import UNLABELLED, labels

_SHOWN = 20
"""The labels that a note names."""


def compare_labels(
    gold: Mapping[str, Document], pred: Mapping[str, Prediction], layers: Collection[str]
) -> list[Note]:
    """Return a note on the labels that the scheme of the gold lacks, if a prediction has any.

    It names them with their numbers, the labels of the gold that the prediction never uses, and the
    likeliest mapping. `layers` are those that are scored.
    """
    if not gold or not pred:
        return []
    scheme = scheme_of(next(iter(gold.values())))
    names = [name for name in (*SPAN_LAYERS, "ner") if name in layers]
    if "mentions" in names and "ner" in names:
        names.remove("ner")  # the names of a tagger are in the layers, too
    unknown, unused = Counter[str](), dict[str, None]()
    for layer in names:
        predicted = Counter(_predicted(pred.values(), layer))
        known = _known(scheme, layer)
        unknown.update({label: n for label, n in predicted.items() if label not in known})
        used = set(_of_gold(gold.values(), layer))
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
    return [Note("label", next(iter(pred)) if len(pred) == 1 else ALL, message)]


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
