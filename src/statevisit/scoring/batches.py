"""Scores the files of many documents batch by batch, so that no process holds all of them.

Two tasks read each batch: the first finds which layers and parts are predicted at all, on which the
second one's counts depend. This is for files that name their documents, and agree on their order;
whatever else a source can be, `score.evaluate` reads it whole.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct, field
from msgspec.structs import replace

from statevisit.corpus import parallel
from statevisit.corpus.parallel import batches
from statevisit.corpus.reader import Corpus, Entry, load
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme
from statevisit.errors import FormatError
from statevisit.scoring import attributes, predicates, read, spans
from statevisit.scoring.annotated import annotated, counted, notes_on_unbegun
from statevisit.scoring.counts import CountTable, Rows
from statevisit.scoring.of_split import IsIncluded, included
from statevisit.scoring.origin import content_digest, origin_of_files
from statevisit.scoring.parts import DIVIDED, Given, Parts, given_in, parts_of
from statevisit.scoring.prediction import SCORED, Prediction
from statevisit.scoring.report import Report
from statevisit.scoring.routing import LabelMapping
from statevisit.scoring.score import Layers, Sides, asked_layers, report_of
from statevisit.scoring.scored import Scored, Totals, layers_of
from statevisit.scoring.tally import Tally


class Unsuited(Exception):
    """The files are not of the kind that is read batch by batch."""


class Pair(Struct, frozen=True):
    """Where a document of the gold is, and its prediction, if it has one."""

    id: str
    gold: Entry
    pred: Entry | None


class Task(Struct, frozen=True):
    """What the tasks of a score share."""

    scheme: Scheme
    asked: frozenset[str]
    is_included: IsIncluded
    partial: bool
    without_predicates: bool
    mapping: LabelMapping


class Facts(Struct):
    """What has to be known of some documents before any is counted.

    `in_split` are the ids of those in the split, `scored` those of them of which a layer that is
    scored is annotated. `gold_digests` and `pred_digests` are the hashes of whole documents;
    `is_whole` tells whether all predictions are.
    """

    in_split: list[str] = field(default_factory=list)
    scored: list[str] = field(default_factory=list)
    layers: frozenset[str] = frozenset()
    given: dict[str, Given] = field(default_factory=dict)
    gold_digests: list[str] = field(default_factory=list)
    pred_digests: list[str] = field(default_factory=list)
    is_whole: bool = True


def score_files(
    gold: Path,
    pred: Path,
    layers: Layers,
    resamples: int,
    split: str | None,
    partial_layers: bool,
    without_predicates: bool,
    mapping: LabelMapping,
    mapper: Callable[..., Any] = parallel.ordered,
    everywhere: bool = False,
) -> Report | None:
    """Return the report of `score.evaluate` on two paths; None where that has to read them.

    `mapper` runs the tasks, with the arguments of `ordered`, on other machines, too, if they are
    `everywhere`. It is not called for fewer documents than a batch has.
    """
    try:
        corpus = load(gold)
        if len(corpus) <= parallel.BATCH:
            return None
        pairs = list(_pairs(corpus, pred))
        task = Task(
            corpus.scheme,
            asked_layers(layers, corpus.scheme.annotated),
            included(gold, split, everywhere),
            partial_layers,
            without_predicates,
            mapping,
        )
    except (FormatError, Unsuited):  # `evaluate` says what is wrong
        return None
    try:
        return _score(corpus, pred, split, resamples, pairs, task, mapper)
    except Unsuited:
        return None


def _score(
    corpus: Corpus,
    pred: Path,
    split: str | None,
    resamples: int,
    pairs: Sequence[Pair],
    task: Task,
    mapper: Callable[..., Any],
) -> Report:
    facts, digests = _facts(pairs, task, mapper)
    if len(facts.scored) < 2 or not facts.layers:
        raise Unsuited
    totals = Totals(facts.layers, task.asked, facts.scored, task.scheme, task.without_predicates)
    totals.parts = parts_of_given(facts.layers, facts.given, task.scheme)
    totals.tally.table = CountTable(Rows)
    in_gold = Counter[tuple[str, str]]()
    count = partial(tally_of, task=task, among=(facts.layers, totals.parts))
    with closing(mapper(count, batches(pairs), preload=(__name__,), here=True)) as results:
        for tally, of_batch in results:
            totals.table.update(tally.table, first=len(totals.tally.counted))
            totals.tally.update(tally)
            in_gold.update(of_batch)
    of_gold, of_pred = digests
    sides = Sides(
        gold=str(corpus.path) + (f", split {split}" if split else ""),
        pred=str(pred),
        gold_origin=origin_of_files(read.files_of(corpus), of_gold),
        pred_origin=origin_of_files(read.files_of(pred), of_pred if facts.is_whole else None),
    )
    notes = notes_on_unbegun(facts.in_split, set(facts.scored))
    return report_of(totals, sides, totals.resampling(resamples), in_gold, notes)


def _pairs(corpus: Corpus, pred: Path) -> Iterator[Pair]:
    """Yield the documents of the gold. Raises Unsuited unless all files name theirs, in order."""
    predictions = predictions_in(pred)
    last = -1
    places = {entry.id: place for place, entry in enumerate(corpus.entries)}
    if "" in places or len(places) < len(corpus.entries):
        raise Unsuited
    for document_id in predictions:
        place = places.get(document_id, -1)
        if place <= last:
            raise Unsuited
        last = place
    for entry in corpus.entries:
        yield Pair(entry.id, entry, predictions.get(entry.id))


def predictions_in(pred: Path) -> dict[str, Entry]:
    """Return the entries of predictions by the ids of their documents."""
    entries = read.answers_in(pred)
    by_id = {entry.id or stated_id(entry): entry for entry in entries or ()}
    if not entries or len(by_id) < len(entries):
        raise Unsuited
    return by_id


def stated_id(entry: Entry) -> str:
    """Return the id that a prediction states. Raises Unsuited if it states none."""
    try:
        value = orjson.loads(entry.bytes())
    except orjson.JSONDecodeError:
        raise Unsuited from None
    document_id = value.get("id") if isinstance(value, dict) else None
    if not isinstance(document_id, str):
        raise Unsuited
    return document_id


def _facts(
    pairs: Sequence[Pair], task: Task, mapper: Callable[..., Any]
) -> tuple[Facts, tuple[str | None, str | None]]:
    """The facts about all documents, and the hashes of those of the gold and of the prediction."""
    total = Facts()
    hashes = hashlib.sha256(), hashlib.sha256()
    find = partial(facts_of, task=task)
    with closing(mapper(find, batches(pairs), preload=(__name__,), here=True)) as results:
        for facts in results:
            if facts is None:
                raise Unsuited
            total.in_split += facts.in_split
            total.scored += facts.scored
            total.layers |= facts.layers
            total.is_whole = total.is_whole and facts.is_whole
            for layer, given in facts.given.items():
                total.given[layer] = added(total.given.get(layer, Given()), given)
            for digest, lines in zip(hashes, (facts.gold_digests, facts.pred_digests), strict=True):
                digest.update("".join(f"{line}\n" for line in lines).encode())
    of_gold, of_pred = (digest.hexdigest() for digest in hashes)
    return total, (of_gold, of_pred)


def added(given: Given, later: Given) -> Given:
    """Return the records of documents and of those that follow them, or raise Unsuited."""
    if not given.records:
        return later
    if (given.given is None) != (later.given is None):
        raise Unsuited  # the parts of the complete records were not counted
    counts = None if given.given is None else Counter(given.given)
    if counts is not None:
        counts.update(later.given)
    is_complete = given.is_complete and later.is_complete
    return Given(given.records + later.records, counts, is_complete)


def parts_of_given(layers: frozenset[str], facts: Mapping[str, Given], scheme: Scheme) -> Parts:
    """Return the parts of the predicted layers, without those that refer to another layer.

    `facts` are what the records give if all layers are predicted.
    """
    given = {}
    for layer in DIVIDED:
        if layer in layers and layer in facts:
            of_layer = facts[layer]
            if of_layer.given is not None and layer in spans.LABEL:
                known = attributes.scorable(layer, frozenset(SCORED), scheme)
                absent = known.keys() - attributes.scorable(layer, layers, scheme)
                kept = {part: n for part, n in of_layer.given.items() if part not in absent}
                of_layer = replace(of_layer, given=Counter(kept))
            given[layer] = of_layer
    return parts_of(given)


def _read(
    pairs: Iterable[Pair], task: Task
) -> tuple[dict[str, Document], dict[str, Prediction], list[str]]:
    """Read some documents and predictions; return those that count, and the ids in the split.

    Raises Unsuited for a prediction that does not name its document.
    """
    gold = {pair.id: pair.gold.read(task.scheme) for pair in pairs}
    entries = {pair.id: pair.pred for pair in pairs if pair.pred is not None}
    if any(stated_id(entry) != document_id for document_id, entry in entries.items()):
        raise Unsuited
    pred = read.read_answers(entries.values(), gold, task.mapping)
    if list(pred) != list(entries):
        raise Unsuited
    in_split = [name for name, document in gold.items() if task.is_included(document)]
    counting = [
        name for name in in_split if not task.asked.isdisjoint(annotated(gold[name], task.partial))
    ]
    return (
        {name: gold[name] for name in counting},
        {name: pred[name] for name in counting if name in pred},
        in_split,
    )


def facts_of(pairs: Sequence[Pair], task: Task) -> Facts | None:
    """Return the facts about some documents; None if they cannot be read one batch at a time."""
    try:
        gold, pred, in_split = _read(pairs, task)
    except (FormatError, Unsuited):
        return None
    counting = [(p, counted(gold[name], p, task.partial, False)) for name, p in pred.items()]
    is_whole = all(prediction.is_whole for prediction in pred.values())
    return Facts(
        in_split,
        list(gold),
        layers_of(pred.values()) if pred else frozenset(),
        given_in(counting, frozenset(SCORED)),
        [content_digest(document) for document in gold.values()],
        [content_digest(prediction.document) for prediction in pred.values()] if is_whole else [],
        is_whole,
    )


def tally_of(
    pairs: Sequence[Pair], task: Task, among: tuple[frozenset[str], Parts]
) -> tuple[Tally, Counter[tuple[str, str]]]:
    """Return the counts of some documents, and what `Parts.in_gold` counts in their gold.

    `among` has the layers and the parts of the predictions of all documents.
    """
    gold, pred, _ = _read(pairs, task)
    omitted = predicates.predicates(gold.values()) if task.without_predicates else None
    scored = Scored(gold, pred, task.asked, partial=task.partial, omitted=omitted, among=among)
    return scored.tally, scored.parts.in_gold(scored.reported, gold.values())
