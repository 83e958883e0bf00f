"""The section `score` of scripts/bench.py: how fast statevisit scores, beside nervaluate, seqeval and scorch.

Everything is in one process, and every contestant has its input in memory in its own form before the clock starts:
statevisit documents, nervaluate dictionaries of spans, seqeval tags, scorch sets of spans. All of them compute on one core
and read nothing, so what is counted is seconds of the processor, which other work on the machine changes less than those of
the clock. Predictions are the gold, perturbed from a fixed seed. The peer for coreference is scorch: on PyPI, and it takes
sets of spans (`coval` there is another program, corefud-scorer is not there; coreference-eval is, and is not compared).
"""

import argparse
import gc
import json
import random
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

SEED = 20240220
DOCUMENTS = 1_000
MINE, ALONE, ALL, COREF = (
    "statevisit, mentions: 5 measures",
    "statevisit.score, mentions, all measures",
    "statevisit.score, all layers",
    "statevisit, MUC, B³, CEAFe",
)
SPANS = ("mentions", "timexes", "quantities", "events", "quotations")


def perturbed(document: Any, rng: random.Random) -> Any:
    """The document as a fair system would give it: spans missed, spurious, cut and relabelled, values and references wrong."""
    from msgspec.structs import replace

    changed: dict[str, Any] = {}
    for layer in SPANS:
        found = []
        for record in getattr(document, layer):
            fate = rng.random()
            if fate < 0.08:
                continue
            if fate < 0.18:
                record = replace(record, start=max(0, record.start + rng.randint(-9, 3)))
            elif fate < 0.26:
                record = replace(record, **_wrong(document, layer, rng))
            elif fate < 0.32:
                at = rng.randrange(len(document.text) - 20)
                found.append(
                    replace(record, id=f"{record.id}x", start=at, end=at + rng.randint(2, 15))
                )
            found.append(record)
        changed[layer] = tuple(found)
    for layer in ("relations", "event_relations"):
        changed[layer] = tuple(r for r in getattr(document, layer) if rng.random() > 0.2)
    return replace(document, **changed)


def _wrong(document: Any, layer: str, rng: random.Random) -> dict[str, Any]:
    """What one record of the layer says, from another one."""
    other = rng.choice(getattr(document, layer))
    fields = {
        "mentions": ("entity", "level"),
        "timexes": ("type", "value"),
        "quantities": ("kind", "unit", "value"),
        "events": ("class_", "event", "polarity"),
        "quotations": ("type",),
    }
    return {name: getattr(other, name) for name in fields[layer]}


def spans(document: Any, layers: tuple[str, ...]) -> list[dict[str, Any]]:
    """The spans of layers as nervaluate takes them; its ends are inclusive."""
    from statevisit.scoring.spans import labels

    return [
        {"label": label, "start": r.start, "end": r.end - 1}
        for layer in layers
        for r, label in zip(getattr(document, layer), labels(document, layer), strict=True)
    ]


def tags(document: Any) -> list[list[str]]:
    """The mentions as BIO tags of whole tokens, sentence by sentence; what overlaps an earlier one is left out."""
    from statevisit.scoring.spans import labels

    of_token, at = ["O"] * len(document.tokens), 0
    for m, label in sorted(
        zip(document.mentions, labels(document, "mentions"), strict=True),
        key=lambda found: (found[0].start, -found[0].end),
    ):
        inside = (
            [
                n
                for n in range(at, len(document.tokens))
                if document.tokens[n].start < m.end and m.start < document.tokens[n].end
            ]
            if m.start < m.end
            else []
        )
        for n in inside:
            of_token[n] = f"{'I' if n > inside[0] else 'B'}-{label}"
        at = inside[-1] + 1 if inside else at
    ends = [s.end for s in document.sentences]
    rows: list[list[str]] = [[] for _ in ends]
    row = 0
    for token, tag in zip(document.tokens, of_token, strict=True):
        row += token.start >= ends[row]
        rows[row].append(tag)
    return rows


def clusters(document: Any) -> list[set[tuple[int, int]]]:
    """The entities as sets of spans, each span in one of them."""
    from statevisit.scoring import coref

    return [set(c) for c in coref.clusters(document.mentions)]


def span_measures(documents: list[Any], predictions: list[Any]) -> list[Any]:
    """Strict, exact, partial, type and head match of the mentions, in all and by label, and nothing else: the part of `statevisit.score`
    that does what nervaluate does. The whole, with values, links and coreference, is timed beside it.
    """
    from statevisit.scoring import figures, measure
    from statevisit.scoring import spans as flat
    from statevisit.scoring.prediction import Prediction
    from statevisit.scoring.prf import CountTable

    table, layers = CountTable(), frozenset(("mentions",))
    for number, (gold, pred) in enumerate(zip(documents, predictions, strict=True)):
        prediction = Prediction(document=pred, layers=layers)
        aligned = measure.align(gold, prediction, layers, measure.always(number))
        flat.count(table, "mentions", aligned["mentions"])
    return figures.figures_of(table)


def contestants(documents: list[Any], predictions: list[Any]) -> dict[str, Callable[[], Any]]:
    """What takes turns, each with its input made."""
    import nervaluate
    import seqeval.metrics
    from scorch import scores

    import statevisit
    from statevisit.scoring import coref

    mentions, every = (
        [[spans(d, layers) for d in side] for side in (documents, predictions)]
        for layers in (("mentions",), SPANS)
    )
    bio = [[row for d in side for row in tags(d)] for side in (documents, predictions)]
    chains = [[clusters(d) for d in side] for side in (documents, predictions)]

    def coreference(measures: Iterable[Callable[..., Any]]) -> list[Any]:
        return [[m(key, response) for m in measures] for key, response in zip(*chains, strict=True)]

    def mine() -> list[Any]:
        compared = (
            coref.sides(key, response)
            for key, response in zip(
                *([list(map(frozenset, c)) for c in side] for side in chains), strict=True
            )
        )
        return [[m(*both) for m in (coref.muc, coref.b_cubed, coref.ceafe)] for both in compared]

    def theirs(sides: list[Any]) -> Any:
        return nervaluate.Evaluator(
            *sides,
            tags=sorted({s["label"] for side in sides for rows in side for s in rows}),
            loader="dict",
        ).evaluate()

    return {
        MINE: partial(span_measures, documents, predictions),
        "nervaluate, mentions": partial(theirs, mentions),
        "seqeval, mentions (strict only)": lambda: seqeval.metrics.classification_report(
            *bio, output_dict=True, zero_division=0
        ),
        ALONE: lambda: statevisit.score(documents, predictions, layers=("mentions",), resamples=0),
        ALL: lambda: statevisit.score(documents, predictions, resamples=0),
        "nervaluate, the five span layers": partial(theirs, every),
        COREF: mine,
        "scorch, MUC, B³, CEAFe": partial(coreference, (scores.muc, scores.b_cubed, scores.ceaf_e)),
    }


AGAINST = (
    (MINE, "nervaluate, mentions"), (MINE, "seqeval, mentions (strict only)"), (ALONE, "nervaluate, mentions"),
    (ALL, "nervaluate, mentions"), (ALL, "nervaluate, the five span layers"), (COREF, "scorch, MUC, B³, CEAFe"),
)  # fmt: skip


def in_process(root: str, rounds: int) -> None:
    """Print the processor seconds of every contestant in every round, as JSON, after one round over the first few documents that fills caches."""
    from bench import in_turns

    import statevisit

    documents = list(statevisit.load(Path(root)))
    rng = random.Random(SEED)
    predictions = [perturbed(d, rng) for d in documents]

    def timed(run: Callable[[], Any]) -> float:
        gc.collect()
        began = time.process_time()
        run()
        return time.process_time() - began

    for run in contestants(documents[:5], predictions[:5]).values():
        run()
    print(
        json.dumps(
            in_turns(
                {n: partial(timed, run) for n, run in contestants(documents, predictions).items()},
                rounds,
            )
        )
    )


def score(options: argparse.Namespace, folder: Path) -> None:
    """Score 1,000 documents of 150 mentions: statevisit, with objects already read, against peers that score spans or coreference."""
    from bench import measured, ratios, spread, table

    root = folder / "scored"
    measured([sys.executable, "bench_corpus.py", str(root), str(DOCUMENTS)], folder)
    printed = measured(
        [
            sys.executable,
            "-c",
            f"import bench_score; bench_score.in_process({str(root)!r}, {options.rounds})",
        ],
        folder,
    )[2]
    found = json.loads(printed.splitlines()[-1])
    table(
        (f"score {DOCUMENTS:,} documents, in process", "seconds of one core"),
        *((n, spread(s)) for n, s in found.items()),
    )
    table(
        ("statevisit", "against", "statevisit is faster, times"),
        *((mine, other, ratios(found[other], found[mine])) for mine, other in AGAINST),
    )
