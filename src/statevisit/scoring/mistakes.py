"""The mistakes of a system by kind and label, the commonest first, with examples."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from statevisit.scoring.measure import Comparison
from statevisit.scoring.spans import UNLABELLED, Alignment, Item

EXAMPLES = 3
"""The examples of each kind of mistake: as many different words as there are, in reading order."""

_AROUND = 60
"""The most characters of the sentence on each side of an example."""


class Example(Struct, frozen=True, omit_defaults=True):
    """One mistake: the words of the span and those around it.

    `start` and `end` are code points. `predicted` are the words that were predicted instead, if
    they differ.
    """

    document: str
    start: int
    end: int
    before: str
    text: str
    after: str
    predicted: str | None = None


class Mistake(Struct, frozen=True, omit_defaults=True):
    """How often a system makes one kind of mistake.

    `kind` is `missed`, `spurious`, `label` (another label) or `bounds` (the label, at other
    bounds). `gold` and `pred` are the labels; a missed span has no `pred`, a spurious one no
    `gold`.
    """

    layer: str
    kind: str
    count: int
    examples: list[Example]
    gold: str | None = None
    pred: str | None = None


def status(gold: Item, pred: Item) -> str:
    """Return how a span differs from its partner: `label`, `bounds`, or `matched`.

    A label that was not predicted is no difference.
    """
    if gold.label and pred.label and gold.label != pred.label:
        return "label"
    if (gold.start, gold.end) != (pred.start, pred.end):
        return "bounds"
    return "matched"


_FLAT = ("mentions", "timexes", "quantities")
"""The layers that flat names come from."""

Key = tuple[str, str, str | None, str | None]
"""Layer, kind, gold label and predicted label."""


def mistakes(comparisons: Iterable[Comparison]) -> list[Mistake]:
    """Return the mistakes in the spans of the reported layers, the commonest first.

    Of a system that predicts flat names, they are those in flat names: in the layers that these
    come from, every pronoun would be missed.
    """
    counts: dict[Key, int] = {}
    examples: dict[Key, list[Example]] = {}
    for comparison in comparisons:
        alignments = comparison.reported_alignments
        for layer, aligned in alignments.items():
            if "ner" in alignments and layer in _FLAT:
                continue
            for kind, gold, pred in _differing(aligned):
                key = layer, kind, _label(gold), _label(pred)
                counts[key] = counts.get(key, 0) + 1
                _add_example(examples.setdefault(key, []), comparison, gold, pred)
    ordered = sorted(counts, key=lambda key: (-counts[key], [part or "" for part in key]))
    return [
        Mistake(layer, kind, counts[key], examples[key], gold, pred)
        for key in ordered
        for layer, kind, gold, pred in [key]
    ]


def _label(item: Item | None) -> str | None:
    return None if item is None else item.label or UNLABELLED


def _differing(aligned: Alignment) -> Iterator[tuple[str, Item | None, Item | None]]:
    """Yield the kind, the gold and the predicted span of each mistake, in the order of the text."""
    pred_of = dict(aligned.pairs)
    for number, item in enumerate(aligned.gold):
        if number not in pred_of:
            yield "missed", item, None
        else:
            partner = aligned.pred[pred_of[number]]
            kind = status(item, partner)
            if kind != "matched":
                yield kind, item, partner
    paired = set(pred_of.values())
    for number, item in enumerate(aligned.pred):
        if number not in paired:
            yield "spurious", None, item


def _add_example(
    examples: list[Example], comparison: Comparison, gold: Item | None, pred: Item | None
) -> None:
    """Add a mistake to the examples of its kind, if there is room and its words are new."""
    item = gold or pred
    if len(examples) == EXAMPLES or item is None or item.start < 0:
        return
    text = comparison.gold.text
    words = text[item.start : item.end]
    if any(words == example.text for example in examples):
        return
    first, last = _sentence(comparison, item)
    predicted = text[pred.start : pred.end] if pred and pred.start >= 0 else None
    examples.append(
        Example(
            document=comparison.gold.id,
            start=item.start,
            end=item.end,
            before=_shortened(text[first : item.start], at_start=True),
            text=words,
            after=_shortened(text[item.end : last], at_start=False),
            predicted=predicted if predicted != words else None,
        )
    )


def _sentence(comparison: Comparison, item: Item) -> tuple[int, int]:
    """The bounds of the sentences that a span is in; of the text if it is in none."""
    inside = [
        sentence
        for sentence in comparison.gold.sentences
        if sentence.start < item.end and item.start < sentence.end
    ]
    if not inside:
        return 0, len(comparison.gold.text)
    return min(inside[0].start, item.start), max(inside[-1].end, item.end)


def _shortened(text: str, at_start: bool) -> str:
    """A text without what is beyond some characters before or after a span; "…" stands for that."""
    if len(text) <= _AROUND:
        return text
    if at_start:
        return "…" + text[-_AROUND:].partition(" ")[2]
    return text[:_AROUND].rpartition(" ")[0] + "…"
