"""All measures of one document: gold against one prediction."""

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from statevisit.model import SPAN_LAYERS, Document
from statevisit.scoring import attributes, spans, structure
from statevisit.scoring.prediction import Prediction
from statevisit.scoring.prf import Tally
from statevisit.scoring.spans import Alignment, Item


def by_sentence(document: Document) -> Callable[[int], int]:
    """The unit of an offset: its sentence's number, -1 between sentences."""
    from bisect import bisect_right

    starts = [s.start for s in document.sentences]
    return lambda offset: bisect_right(starts, offset) - 1


def align(
    gold: Document,
    pred: Prediction,
    layers: frozenset[str],
    unit_of: Callable[[int], int],
    flat: Sequence[Item] = (),
) -> dict[str, Alignment]:
    """The alignment of every span layer that was predicted; `flat` are the gold's named entities for `ner`."""
    tokens = gold.bounds["tokens"]

    def head_of(start: int, end: int) -> int:
        return spans.head_end(start, end, gold.text, tokens)

    found = {}
    for layer in (n for n in SPAN_LAYERS if n in layers):
        nowhere = [Item(-3, -2, label, unit_of(-1)) for n, label in pred.unplaced if n == layer]
        mine = spans.items(gold, layer, unit_of)
        theirs = mine if pred.document is gold else spans.items(pred.document, layer, unit_of)
        found[layer] = spans.align(
            mine, spans.ordered([*theirs, *nowhere]) if nowhere else theirs, head_of
        )
    if "ner" in layers:
        ours, theirs = (
            spans.ordered(Item(s.start, s.end, s.label, unit_of(s.start)) for s in side)
            for side in (flat, pred.flat)
        )
        found["ner"] = spans.align(ours, theirs, head_of)
    return found


def count(
    tally: Tally,
    unit: int,
    gold: Document,
    pred: Prediction,
    layers: frozenset[str],
    aligned: Mapping[str, Alignment],
    wanted: frozenset[str],
) -> None:
    """Add every measure of the `wanted` layers, as far as the `layers` that were predicted allow; `unit` is where what joins spans counts."""
    exact, loose = structure.names(aligned[n] for n in aligned if n != "ner")
    ours, theirs = attributes.Sides(gold), attributes.Sides(pred.document, loose)
    for layer in (n for n in aligned if n in wanted):
        spans.count(tally, layer, aligned[layer])
        if layer != "ner":
            attributes.count(tally, layer, aligned[layer], ours, theirs, layers)
    cut = _without(gold, layers)
    if "events" in wanted:
        structure.arguments(tally, cut, pred.document, exact, aligned["events"])
        structure.coreference(tally, unit, "events", "event", gold, pred.document)
    if "mentions" in wanted:
        structure.coreference(tally, unit, "mentions", "entity", gold, pred.document)
    if "relations" in wanted and {"entities", "mentions"} <= layers:
        structure.relations(tally, unit, gold, pred.document)
    if "event_relations" in wanted:
        structure.event_relations(tally, unit, cut, pred.document, exact)


def _without(gold: Document, layers: frozenset[str]) -> Document:
    """The gold without the arguments and event relations that reach into layers that were not predicted."""
    gone = {
        r.id
        for n in ("mentions", "timexes", "quantities", "events")
        if n not in layers
        for r in getattr(gold, n)
    }
    if not gone:
        return gold
    return replace(
        gold,
        events=tuple(
            replace(e, arguments=tuple(a for a in e.arguments if a.target not in gone))
            for e in gold.events
        ),
        event_relations=tuple(
            r for r in gold.event_relations if r.source not in gone and r.target not in gone
        ),
    )
