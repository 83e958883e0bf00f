"""The section `score` of bench.py: how fast statevisit scores, beside nervaluate, seqeval, scorch.

Everything runs in one process. Every contestant has its input in memory in its own form before the
clock starts: statevisit documents, nervaluate dictionaries of spans, seqeval tags, scorch sets of
spans. All of them compute on one core and read nothing, so the figures are processor seconds, which
other work on the machine changes less than elapsed seconds. Predictions are the gold, perturbed
from a fixed seed.

The peer for coreference is scorch: the package index has it, and it takes sets of spans. `coval` on
the index is another program, and corefud-scorer is not there.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring import (
    Row,
    call_in_turns,
    in_turns,
    measure,
    print_table,
    python_script,
    ratios,
    spread,
    timed,
)

if TYPE_CHECKING:
    from statevisit.document.model import Document
    from statevisit.document.records import Mention

SEED = 20240220
DOCUMENTS = 1_000

MENTIONS = "statevisit, mentions: 5 measures"
ALL_MEASURES = "statevisit.score, mentions, all measures"
ALL_LAYERS = "statevisit.score, all layers"
COREFERENCE = "statevisit, MUC, B³, CEAFe"
NERVALUATE = "nervaluate, mentions"
NERVALUATE_LAYERS = "nervaluate, the five span layers"
SEQEVAL = "seqeval, mentions (strict only)"
SCORCH = "scorch, MUC, B³, CEAFe"

COMPARISONS = (
    (MENTIONS, NERVALUATE),
    (MENTIONS, SEQEVAL),
    (ALL_MEASURES, NERVALUATE),
    (ALL_LAYERS, NERVALUATE),
    (ALL_LAYERS, NERVALUATE_LAYERS),
    (COREFERENCE, SCORCH),
)
"""The pairs whose ratio is shown: statevisit, and the peer that does something similar."""

LABEL_FIELDS = {
    "mentions": ("entity", "level"),
    "timexes": ("type", "value"),
    "quantities": ("kind", "unit", "value"),
    "events": ("class_", "event", "polarity"),
    "quotations": ("type",),
}
"""The span layers, with the properties that a wrong prediction takes from another record."""

SPAN_LAYERS = tuple(LABEL_FIELDS)

Clusters = list[set[tuple[int, int]]]
"""The entities of a document, each the set of its mentions' spans."""


def score(options: argparse.Namespace, folder: Path) -> None:
    """Score 1,000 documents of 150 mentions, already read, beside peers."""
    root = folder / "scored"
    measure(python_script("bench_corpus.py", root, DOCUMENTS), folder)
    seconds = call_in_turns(folder, "bench_score", "in_process", str(root), options.rounds)
    head = (f"score {DOCUMENTS:,} documents, in process", "seconds of one core")
    print_table(head, *((name, spread(values)) for name, values in seconds.items()))
    rows: list[Row] = [("statevisit", "against", "statevisit is faster, times")]
    for ours, peer in COMPARISONS:
        rows.append((ours, peer, ratios(seconds[peer], seconds[ours])))
    print_table(*rows)


def in_process(root: str, rounds: int) -> None:
    """Print the processor seconds of every contestant as JSON.

    A first round over a few documents fills caches.
    """
    import statevisit

    documents = list(statevisit.load(Path(root)))
    rng = random.Random(SEED)
    predictions = [perturbed(document, rng) for document in documents]
    for run in contestants(documents[:5], predictions[:5]).values():
        run()
    runs = {
        name: timed(run, time.process_time)
        for name, run in contestants(documents, predictions).items()
    }
    print(json.dumps(in_turns(runs, rounds)))


def perturbed(document: "Document", rng: random.Random) -> "Document":
    """Return the document as a fair system would predict it.

    Some spans are missing, spurious or cut, some labels, values and references are wrong.
    """
    from msgspec.structs import replace

    changed: dict[str, Any] = {}
    for layer in SPAN_LAYERS:
        predicted: list[Any] = []
        for record in getattr(document, layer):
            fate = rng.random()
            if fate < 0.08:
                continue
            if fate < 0.18:
                record = replace(record, start=max(0, record.start + rng.randint(-9, 3)))
            elif fate < 0.26:
                other = rng.choice(getattr(document, layer))
                fields = {name: getattr(other, name) for name in LABEL_FIELDS[layer]}
                record = replace(record, **fields)
            elif fate < 0.32:
                start = rng.randrange(len(document.text) - 20)
                end = start + rng.randint(2, 15)
                predicted.append(replace(record, id=f"{record.id}x", start=start, end=end))
            predicted.append(record)
        changed[layer] = tuple(predicted)
    for layer in ("relations", "event_relations"):
        kept = [record for record in getattr(document, layer) if rng.random() > 0.2]
        changed[layer] = tuple(kept)
    return replace(document, **changed)


def contestants(
    documents: "list[Document]", predictions: "list[Document]"
) -> dict[str, Callable[[], object]]:
    """Return the contestants by name, each with its input prepared."""
    import statevisit

    mentions, all_spans = (
        [[spans(d, layers) for d in side] for side in (documents, predictions)]
        for layers in (("mentions",), SPAN_LAYERS)
    )
    gold_tags, predicted_tags = (
        [row for d in side for row in tags(d)] for side in (documents, predictions)
    )
    gold, predicted = ([clusters(d) for d in side] for side in (documents, predictions))
    return {
        MENTIONS: partial(span_measures, documents, predictions),
        NERVALUATE: partial(_nervaluate, *mentions),
        SEQEVAL: partial(_seqeval, gold_tags, predicted_tags),
        ALL_MEASURES: partial(
            statevisit.score, documents, predictions, layers=("mentions",), resamples=0
        ),
        ALL_LAYERS: partial(statevisit.score, documents, predictions, resamples=0),
        NERVALUATE_LAYERS: partial(_nervaluate, *all_spans),
        COREFERENCE: partial(_coreference, _frozen(gold), _frozen(predicted)),
        SCORCH: partial(_scorch, gold, predicted),
    }


def span_measures(documents: "list[Document]", predictions: "list[Document]") -> object:
    """Match the mentions strictly, exactly, partially, by type and by head, in all and by label.

    This is the part of `statevisit.score` that does what nervaluate does. The whole, with values,
    links and coreference, is timed beside it.
    """
    from statevisit.scoring import figures, measure
    from statevisit.scoring import spans as span_scores
    from statevisit.scoring.counts import CountTable
    from statevisit.scoring.prediction import Prediction

    table, layers = CountTable(), frozenset(("mentions",))
    for number, (gold, predicted) in enumerate(zip(documents, predictions, strict=True)):
        prediction = Prediction(document=predicted, layers=layers)
        aligned = measure.align(gold, prediction, layers, measure.always(number))
        span_scores.count(table, "mentions", aligned["mentions"])
    return figures.figures_of(table)


def _coreference(gold: list[Any], predicted: list[Any]) -> object:
    """Compute MUC, B³ and CEAFe of lists of frozen clusters with statevisit."""
    from statevisit.scoring import coref

    figures = []
    for key, response in zip(gold, predicted, strict=True):
        sides = coref.sides(key, response)
        figures.append([coref.muc(*sides), coref.b_cubed(*sides), coref.ceafe(*sides)])
    return figures


def _frozen(documents: Iterable[Clusters]) -> list[list[frozenset[tuple[int, int]]]]:
    return [[frozenset(cluster) for cluster in document] for document in documents]


def _scorch(gold: list[Clusters], predicted: list[Clusters]) -> object:
    from scorch import scores

    figures = []
    for key, response in zip(gold, predicted, strict=True):
        measures = (scores.muc, scores.b_cubed, scores.ceaf_e)
        figures.append([measure_of(key, response) for measure_of in measures])
    return figures


def _nervaluate(gold: list[Any], predicted: list[Any]) -> object:
    import nervaluate

    labels = {span["label"] for side in (gold, predicted) for spans in side for span in spans}
    evaluator = nervaluate.Evaluator(gold, predicted, tags=sorted(labels), loader="dict")
    return evaluator.evaluate()


def _seqeval(gold: list[list[str]], predicted: list[list[str]]) -> object:
    from seqeval.metrics import classification_report

    return classification_report(gold, predicted, output_dict=True, zero_division=0)


def spans(document: "Document", layers: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the spans of layers as nervaluate takes them: the end is inclusive."""
    from statevisit.scoring.spans import labels

    rows = []
    for layer in layers:
        records = getattr(document, layer)
        for record, label in zip(records, labels(document, layer), strict=True):
            rows.append({"label": label, "start": record.start, "end": record.end - 1})
    return rows


def tags(document: "Document") -> list[list[str]]:
    """Return the mentions as BIO tags of whole tokens, sentence by sentence.

    A mention that overlaps an earlier one is left out as far as it overlaps.
    """
    from statevisit.scoring.spans import labels

    labelled = list(zip(document.mentions, labels(document, "mentions"), strict=True))
    labelled.sort(key=lambda pair: (pair[0].start, -pair[0].end))
    token_tags = ["O"] * len(document.tokens)
    first_free = 0
    for mention, label in labelled:
        inside = _tokens_of(document, mention, first_free)
        for n in inside:
            token_tags[n] = f"{'B' if n == inside[0] else 'I'}-{label}"
        if inside:
            first_free = inside[-1] + 1
    sentence_ends = [sentence.end for sentence in document.sentences]
    rows: list[list[str]] = [[] for _ in sentence_ends]
    row = 0
    for token, tag in zip(document.tokens, token_tags, strict=True):
        if token.start >= sentence_ends[row]:
            row += 1
        rows[row].append(tag)
    return rows


def _tokens_of(document: "Document", mention: "Mention", first: int) -> list[int]:
    """Return the numbers, from `first`, of the tokens that a mention overlaps."""
    if mention.start >= mention.end:
        return []
    return [
        n
        for n in range(first, len(document.tokens))
        if document.tokens[n].start < mention.end and mention.start < document.tokens[n].end
    ]


def clusters(document: "Document") -> Clusters:
    """Return the entities as sets of spans, each span in one of them."""
    from statevisit.scoring import coref

    spans: Any = coref.clusters(document.mentions)  # of pairs of integers
    return [set(cluster) for cluster in spans]
