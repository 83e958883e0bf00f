"""Measures the agreement of annotators batch by batch, so that no process holds all documents.

As for a score (`batches`), two tasks read each batch: the first finds what the annotators have at
all, on which the second one's counts depend. What the figures are computed from, and resampled, is
small beside the documents. This is for files that name whole documents; `agree.agree` reads others.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from statevisit.corpus import parallel
from statevisit.corpus.parallel import batches
from statevisit.corpus.reader import Entry, load
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.errors import FormatError
from statevisit.scoring import read
from statevisit.scoring.agree import (
    Agreement,
    Comparison,
    PairOfAnnotators,
    agreement_of,
    annotated_layers,
    comparison_of,
    of_both,
)
from statevisit.scoring.annotated import counted
from statevisit.scoring.batches import Unsuited, added, parts_of_given, predictions_in
from statevisit.scoring.counts import CountTable, Rows
from statevisit.scoring.of_split import IsIncluded, included
from statevisit.scoring.origin import Origin, content_digest, digest_of, origin_of_files
from statevisit.scoring.parts import Given, Parts, given_in
from statevisit.scoring.predicates import predicates
from statevisit.scoring.prediction import SCORED, Prediction
from statevisit.scoring.score import RESAMPLES, Layers, asked_layers
from statevisit.scoring.scored import Scored, Totals, layers_of
from statevisit.scoring.tally import Tally

Item = tuple[str, tuple[Entry | None, ...]]
"""The id of a document, and where each annotator has it."""

Passes = list[dict[str, Prediction]]
"""The documents of each annotator by id."""


class Task(Struct, frozen=True):
    """What the tasks share."""

    scheme: Scheme
    is_included: IsIncluded
    partial: bool
    without_predicates: bool


class OfPair(Struct):
    """The documents that two annotators share: the layers of the second, and what they give."""

    documents: int = 0
    layers: frozenset[str] = frozenset()
    given: dict[str, Given] = field(default_factory=dict)


class Facts(Struct):
    """What has to be known of some documents before any is compared.

    `digests` are the hashes of the documents that each annotator has, by id, and `layers` those
    that the annotator has in shared documents, None without one. `of_scheme` are the layers of the
    scheme, `pairs` every two annotators, by their numbers.
    """

    digests: list[dict[str, str]]
    layers: list[frozenset[str] | None]
    of_scheme: frozenset[str] = frozenset()
    pairs: dict[tuple[int, int], OfPair] = field(default_factory=dict)


class Plan(Struct, frozen=True):
    """What the documents of all batches have: see `agree.Comparison`, and the pairs' layers."""

    common: frozenset[str]
    asked: frozenset[str]
    among: dict[tuple[int, int], tuple[frozenset[str], Parts]]


class Batch(Struct):
    """Some documents compared: what is added to the figures, and the counts of each pair."""

    documents: int
    compared: Comparison
    tallies: list[Tally]


def agree_files(
    paths: Sequence[Path],
    layers: Layers = None,
    resamples: int = RESAMPLES,
    split: str | None = None,
    partial_layers: bool = False,
    without_predicates: bool = False,
    mapper: Callable[..., Any] = parallel.ordered,
    everywhere: bool = False,
) -> Agreement | None:
    """Return the agreement of `agree.agree` on paths; None where that has to read them.

    `mapper` runs the tasks, with the arguments of `ordered`, on other machines, too, if they are
    `everywhere`. It is not called for fewer documents than a batch has.
    """
    try:
        corpus = load(paths[0])
        if len(corpus) <= parallel.BATCH:
            return None
        entries = [predictions_in(path) for path in paths]
        is_included = included(paths[0], split, everywhere)
        task = Task(corpus.scheme, is_included, partial_layers, without_predicates)
        return _agreement(paths, entries, task, layers, resamples, mapper)
    except (FormatError, Unsuited):  # `agree` says what is wrong
        return None


def _agreement(
    paths: Sequence[Path],
    entries: Sequence[Mapping[str, Entry]],
    task: Task,
    layers: Layers,
    resamples: int,
    mapper: Callable[..., Any],
) -> Agreement:
    ids = dict.fromkeys(document_id for by_id in entries for document_id in by_id)
    items = [(name, tuple(by_id.get(name) for by_id in entries)) for name in ids]
    facts = _facts(items, task, mapper)
    names = [str(path).rstrip("/") for path in paths]
    owners = _owners(names, facts)
    shared = [document_id for document_id, by in owners.items() if len(by) > 1]
    of_annotators = [of_one for of_one in facts.layers if of_one is not None]
    if len(shared) < 2:
        raise Unsuited
    known = asked_layers(None, facts.of_scheme)
    among = {
        pair: (of_pair.layers, parts_of_given(of_pair.layers, of_pair.given, task.scheme))
        for pair, of_pair in facts.pairs.items()
        if of_pair.documents
    }
    common = frozenset.intersection(*of_annotators)
    plan = Plan(common, asked_layers(layers, facts.of_scheme), among)
    compared, totals = _compared(items, shared, task, plan, mapper)
    compared.notes = list(dict.fromkeys(note for pair in totals for note in pair.notes))
    pairs = [
        PairOfAnnotators((names[first], names[second]), of_pair.documents)
        for (first, second), of_pair in facts.pairs.items()
    ]
    sides = zip(paths, entries, facts.digests, strict=True)
    origins = [_origin(*side) for side in sides]
    resampling = totals[0].resampling(resamples)
    return agreement_of(names, origins, owners, pairs, compared, resampling, known)


def _facts(items: Sequence[Item], task: Task, mapper: Callable[..., Any]) -> Facts:
    annotators = len(items[0][1])
    total = Facts([{} for _ in range(annotators)], [None] * annotators)
    total.pairs = {pair: OfPair() for pair in combinations(range(annotators), 2)}
    find = partial(facts_of, task=task)
    with closing(mapper(find, batches(items), preload=(__name__,), here=True)) as results:
        for facts in results:
            if facts is None:
                raise Unsuited
            for digests, of_batch in zip(total.digests, facts.digests, strict=True):
                digests.update(of_batch)
            for number, layers in enumerate(facts.layers):
                if layers is not None:
                    total.layers[number] = layers | (total.layers[number] or frozenset())
            total.of_scheme |= facts.of_scheme
            for pair, later in facts.pairs.items():
                _add(total.pairs[pair], later)
    return total


def _add(pair: OfPair, later: OfPair) -> None:
    pair.documents += later.documents
    pair.layers |= later.layers
    for layer, given in later.given.items():
        pair.given[layer] = added(pair.given.get(layer, Given()), given)


def _owners(names: Sequence[str], facts: Facts) -> dict[str, list[str]]:
    owners: dict[str, list[str]] = {}
    for name, of_annotator in zip(names, facts.digests, strict=True):
        for document_id in of_annotator:
            owners.setdefault(document_id, []).append(name)
    return owners


def _origin(path: Path, entries: Iterable[str], digests: Mapping[str, str]) -> Origin:
    """The origin of an annotator's documents, whose hashes are in the order of the files."""
    in_order = [digests[document_id] for document_id in entries if document_id in digests]
    return origin_of_files(read.files_of(path), digest_of(in_order) if in_order else None)


def _compared(
    items: Sequence[Item],
    shared: Sequence[str],
    task: Task,
    plan: Plan,
    mapper: Callable[..., Any],
) -> tuple[Comparison, list[Totals]]:
    """The comparison of all documents, and the totals of each pair that shares some."""
    totals = []
    for layers, parts in plan.among.values():
        of_pair = Totals(
            layers, plan.common & plan.asked, shared, task.scheme, task.without_predicates
        )
        of_pair.parts = parts
        of_pair.tally.table = CountTable(Rows)
        totals.append(of_pair)
    tables = [of_pair.table for of_pair in totals]
    compared = Comparison(plan.common, plan.common & plan.asked, tables, [], [])
    first = 0
    compare = partial(compared_in, task=task, plan=plan)
    chosen = set(shared)
    of_shared = [item for item in items if item[0] in chosen]
    with closing(mapper(compare, batches(of_shared), preload=(__name__,), here=True)) as results:
        for batch in results:
            for of_pair, tally in zip(totals, batch.tallies, strict=True):
                of_pair.table.update(tally.table, first, by_label=True)
                of_pair.tally.update(tally)
            _extend(compared, batch.compared)
            first += batch.documents
    return compared, totals


def _extend(compared: Comparison, later: Comparison) -> None:
    if not compared.attributes:
        compared.attributes, compared.spans = later.attributes, later.spans
        return
    for items, of_later in zip(compared.attributes, later.attributes, strict=True):
        items.update(of_later)
    for spans, spans_of_later in zip(compared.spans, later.spans, strict=True):
        spans.update(spans_of_later)


def _read(items: Sequence[Item], task: Task) -> Passes:
    """Read the documents of each annotator that are in the split.

    Raises FormatError or Unsuited unless all are whole documents with the ids of the items.
    """
    first = {name: entries[0].read(task.scheme) for name, entries in items if entries[0]}
    if any(document.id != name for name, document in first.items()):
        raise Unsuited
    texts = first
    passes: Passes = []
    for number in range(len(items[0][1])):
        present = {name: entries[number] for name, entries in items if entries[number]}
        answers = [entry for entry in present.values() if entry]
        predictions = read.read_answers(answers, texts, scheme=task.scheme)
        is_whole = all(prediction.is_whole for prediction in predictions.values())
        if list(predictions) != list(present) or not is_whole:
            raise Unsuited
        texts = {name: p.document for name, p in predictions.items()} | texts
        passes.append(predictions)
    return [_included(by_id, passes, task) for by_id in passes]


def _included(by_id: Mapping[str, Prediction], passes: Passes, task: Task) -> dict[str, Prediction]:
    """The documents of one annotator that are in the split, as they are for all annotators."""
    included_documents = {}
    for name, prediction in by_id.items():
        of_all = {task.is_included(other[name].document) for other in passes if name in other}
        if len(of_all) > 1:
            raise Unsuited
        if True in of_all:
            included_documents[name] = prediction
    return included_documents


def facts_of(items: Sequence[Item], task: Task) -> Facts | None:
    """Return the facts about some documents; None if they cannot be read one batch at a time."""
    try:
        passes = _read(items, task)
    except (FormatError, Unsuited):
        return None
    shared = [name for name, _ in items if sum(name in by_id for by_id in passes) > 1]
    facts = Facts([], [])
    for by_id in passes:
        of_shared = [by_id[name] for name in shared if name in by_id]
        facts.digests.append({name: content_digest(p.document) for name, p in by_id.items()})
        facts.layers.append(annotated_layers(of_shared, task.partial) if of_shared else None)
        facts.of_scheme |= {x for p in of_shared for x in scheme_of(p.document).annotated}
    for numbers in combinations(range(len(passes)), 2):
        gold, pred = of_both(shared, *(passes[number] for number in numbers))
        if pred:
            counting = [(p, counted(gold[name], p, task.partial, True)) for name, p in pred.items()]
            given = given_in(counting, frozenset(SCORED), always=True)
            facts.pairs[numbers] = OfPair(len(pred), layers_of(pred.values()), given)
    return facts


def compared_in(items: Sequence[Item], task: Task, plan: Plan) -> Batch:
    """Return what is compared in some shared documents."""
    passes = _read(items, task)
    ids = [name for name, _ in items]
    asked = plan.common & plan.asked
    documents = [p.document for by_id in passes for p in by_id.values()]
    omitted = predicates(documents) if task.without_predicates else None
    scored = []
    for (first, second), among in plan.among.items():
        gold, pred = of_both(ids, passes[first], passes[second])
        scored.append(Scored(gold, pred, asked, ids, task.partial, True, omitted, among))
    common = plan.common
    compared = comparison_of(ids, passes, scored, common, plan.asked, task.partial, omitted)
    compared.tables = []  # which are in the tallies
    return Batch(len(ids), compared, [of_pair.tally for of_pair in scored])
