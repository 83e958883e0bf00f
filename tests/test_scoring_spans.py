"""Spans: the figures are those of nervaluate and seqeval, the alignment as good as scipy's."""

import itertools
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statevisit.scoring import assignment, overlap, spans
from statevisit.scoring.counts import CountTable, MeasureKey, Rates, rates
from statevisit.scoring.spans import Item
from tests.conftest import oracle

nervaluate = oracle("nervaluate")
numpy = oracle("numpy")
optimize = oracle("scipy.optimize")
seqeval = oracle("seqeval.metrics")

LABELS = ("PERSON", "GPE", "ORG")
N = 30

FLAT = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 3), st.sampled_from(LABELS)), max_size=8
)
ANY = st.lists(
    st.tuples(st.integers(0, N - 1), st.integers(1, 6), st.sampled_from(LABELS)), max_size=9
)


def _flat(drawn: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """(start, end, label) spans in a row, within N tokens: each of `length` after `gap`."""
    flat, at = [], 0
    for length, gap, label in drawn:
        at += gap
        if at + length <= N:
            flat.append((at, at + length, label))
        at += length
    return flat


def _items(drawn: list[tuple[int, int, str]]) -> list[Item]:
    return spans.ordered(Item(s, e, label, 0) for s, e, label in drawn)


def _count(gold: list[tuple[int, int, str]], pred: list[tuple[int, int, str]]) -> CountTable:
    table = CountTable()
    spans.count(table, "x", spans.align(_items(gold), _items(pred), lambda start, end: end))
    return table


def _rates(
    gold: list[tuple[int, int, str]],
    pred: list[tuple[int, int, str]],
    measure: str,
    label: str = "",
) -> Rates:
    return rates(_count(gold, pred).total(MeasureKey("x", measure, label)))


def _bio(drawn: list[tuple[int, int, str]]) -> list[str]:
    tags = ["O"] * N
    for start, end, label in drawn:
        tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
    return tags


@settings(deadline=None)
@given(FLAT, FLAT)
def test_strict_is_what_seqeval_says(drawn_gold: Any, drawn_pred: Any) -> None:
    """Strict precision, recall and F1, micro and of each label, are seqeval's on any flat spans."""
    gold, pred = _flat(drawn_gold), _flat(drawn_pred)
    report = (
        seqeval.classification_report([_bio(gold)], [_bio(pred)], output_dict=True, zero_division=0)
        if gold or pred
        else {}
    )
    for label in {x[2] for x in (*gold, *pred)}:
        figures = _rates(gold, pred, "strict", label)
        assert pytest.approx(
            [report[label]["precision"], report[label]["recall"], report[label]["f1-score"]]
        ) == [figures.precision, figures.recall, figures.f1]
    if gold or pred:
        figures = _rates(gold, pred, "strict")
        expected = [
            m([_bio(gold)], [_bio(pred)], zero_division=0)
            for m in (
                seqeval.precision_score,
                seqeval.recall_score,
                seqeval.f1_score,
            )
        ]
        assert pytest.approx(expected) == [figures.precision, figures.recall, figures.f1]


NERVALUATE = {"strict": "strict", "exact": "exact", "partial": "partial", "type": "ent_type"}


def _nervaluate(
    gold: list[tuple[int, int, str]], pred: list[tuple[int, int, str]]
) -> dict[str, Any]:
    sides = [
        [[{"label": label, "start": s, "end": e - 1} for s, e, label in side]]
        for side in (gold, pred)
    ]  # its ends are inclusive
    return nervaluate.Evaluator(*sides, tags=list(LABELS), loader="dict").evaluate()["overall"]


def _meets_two(gold: list[tuple[int, int, str]], pred: list[tuple[int, int, str]]) -> bool:
    """Whether any span overlaps two of the other side."""
    met = [(g, p) for g, p in itertools.product(gold, pred) if g[0] < p[1] and p[0] < g[1]]
    return len({g for g, _ in met}) < len(met) or len({p for _, p in met}) < len(met)


@settings(deadline=None, max_examples=300)
@given(FLAT, FLAT)
def test_the_four_schemes_are_what_nervaluate_says(drawn_gold: Any, drawn_pred: Any) -> None:
    """If no span overlaps two, the four measures are nervaluate's.

    Otherwise the best alignment finds no less than its greedy one.
    """
    gold, pred = _flat(drawn_gold), _flat(drawn_pred)
    theirs = _nervaluate(gold, pred)
    for mine, name in NERVALUATE.items():
        figures = _rates(gold, pred, mine)
        expected = [theirs[name].precision, theirs[name].recall, theirs[name].f1]
        if not _meets_two(gold, pred):
            assert pytest.approx(expected) == [
                figures.precision or 0,
                figures.recall or 0,
                figures.f1 or 0,
            ], mine
        elif mine in ("strict", "exact", "partial"):
            assert expected[0] <= (figures.precision or 0) + 1e-9


def test_where_the_alignment_differs_from_nervaluate() -> None:
    """A prediction that only overlaps does not take the gold span from a later one that equals it.

    nervaluate counts none correct here.
    """
    gold, pred = [(2, 6, "GPE")], [(0, 3, "GPE"), (2, 6, "GPE")]
    assert 0 == _nervaluate(gold, pred)["strict"].correct
    assert Rates(0.5, 1.0, pytest.approx(2 / 3)) == _rates(gold, pred, "strict")


WEIGHTS = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 5)), st.integers(1, 9), max_size=20
)


@given(WEIGHTS)
def test_the_assignment_is_the_best(weights: dict[tuple[int, int], int]) -> None:
    """The pairs are one to one, all of them listed, and their total is scipy's."""
    pairs = assignment.assignment(weights)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    dense = numpy.zeros((6, 6))
    for at, w in weights.items():
        dense[at] = w
    rows, columns = optimize.linear_sum_assignment(dense, maximize=True)
    assert dense[rows, columns].sum() == sum(weights[p] for p in pairs)


def _spans(drawn: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    return [(s, s + length, label) for s, length, label in drawn]


@given(ANY)
def test_a_side_against_itself_is_perfect(drawn: Any) -> None:
    """Every measure of spans against themselves is 1, also of overlapping and repeated ones."""
    side = _spans(drawn)
    for measure in spans.MEASURES:
        assert (1.0 if side else None) == _rates(side, side, measure).f1


@given(ANY, ANY)
def test_symmetry_and_bounds(drawn_gold: Any, drawn_pred: Any) -> None:
    """Exchanging the sides exchanges precision and recall, also of each label.

    All is within 0 and 1; strict ≤ exact ≤ partial.
    """
    gold, pred = _spans(drawn_gold), _spans(drawn_pred)
    exchanged = _count(pred, gold)
    for key in _count(gold, pred).counts:
        one, other = _rates(gold, pred, key.measure, key.label), rates(exchanged.total(key))
        assert (one.precision, one.recall) == (other.recall, other.precision), key
    f1 = {}
    for measure in spans.MEASURES:
        one, other = _rates(gold, pred, measure), _rates(pred, gold, measure)
        assert (one.precision, one.recall) == (other.recall, other.precision)
        assert one.f1 == pytest.approx(other.f1)
        assert all(0 <= x <= 1 for x in (one.precision, one.recall, one.f1) if x is not None)
        f1[measure] = one.f1 or 0
    assert f1["strict"] <= f1["exact"] + 1e-9 <= f1["partial"] + 2e-9
    assert f1["strict"] <= f1["type"] + 1e-9


@given(ANY, ANY, st.randoms())
def test_the_order_of_spans_never_matters(drawn_gold: Any, drawn_pred: Any, random: Any) -> None:
    """Every count, of every label, is the same in any order."""
    gold, pred = _spans(drawn_gold), _spans(drawn_pred)
    expected = _count(gold, pred).counts
    random.shuffle(gold)
    random.shuffle(pred)
    assert expected == _count(gold, pred).counts


@given(ANY, ANY, st.integers(0, 8))
def test_removing_a_wrong_prediction_never_lowers_precision(
    drawn_gold: Any, drawn_pred: Any, which: int
) -> None:
    """A prediction that is wrong by a measure costs precision: without it, it is not lower."""
    gold, pred = _spans(drawn_gold), _spans(drawn_pred)
    if not pred:
        return
    gone = sorted(pred)[which % len(pred)]
    aligned = spans.align(_items(gold), _items(pred), lambda start, end: end)
    at = next(n for n, p in enumerate(aligned.pred) if (p.start, p.end, p.label) == gone)
    left = list(pred)
    left.remove(gone)
    for measure in spans.MEASURES:
        if left and at not in {j for _, j in getattr(aligned, measure)}:
            assert (_rates(gold, pred, measure).precision or 0) <= (
                _rates(gold, left, measure).precision or 0
            ) + 1e-9


def test_heads() -> None:
    """The head of a name is its last token, or the last before a preposition.

    That of a span that ends inside a token ends with the span.
    """
    text = "the Organization of Turkic States met"
    tokens = [0, 4, 17, 20, 27, 34], [3, 16, 19, 26, 33, 37]
    assert 16 == spans.head_end(4, 33, text, tokens)
    assert 33 == spans.head_end(20, 33, text, tokens)
    assert 30 == spans.head_end(4, 30, text, tokens)


def _expanded(drawn: list[tuple[int, int, str]]) -> list[Item]:
    return _items([(start, start + length, label) for start, length, label in drawn])


@given(ANY, ANY)
def test_as_many_overlaps_are_paired_as_possible(gold_drawn: Any, pred_drawn: Any) -> None:
    """Without listing them, as many spans are paired as by the best assignment of all overlaps."""
    gold, pred = _expanded(gold_drawn), _expanded(pred_drawn)
    sides = gold, pred, range(len(gold)), range(len(pred))
    overlapping = {
        (i, j)
        for i, first in enumerate(gold)
        for j, second in enumerate(pred)
        if first.start < second.end and second.start < first.end
    }
    assert overlapping == overlap.overlaps(*sides).keys()
    assert len(overlapping) == sum(cluster.overlaps for cluster in overlap.clusters(*sides))
    pairs = overlap.most_overlaps(*sides)
    assert overlapping.issuperset(pairs)
    assert len(pairs) == len({i for i, _ in pairs}) == len({j for _, j in pairs})
    assert len(assignment.assignment(dict.fromkeys(overlapping, 1))) == len(pairs)


@given(ANY, ANY)
def test_exact_and_partial_pairs_are_the_best(gold_drawn: Any, pred_drawn: Any) -> None:
    """They have as much credit as the best assignment: 1 for the same bounds, 0.5 for an overlap.

    The oracle weighs every overlap.
    """
    gold, pred = _expanded(gold_drawn), _expanded(pred_drawn)
    sides = gold, pred, range(len(gold)), range(len(pred))
    weights = {
        (i, j): 1 + ((gold[i].start, gold[i].end) == (pred[j].start, pred[j].end))
        for i, j in overlap.overlaps(*sides)
    }
    table = CountTable()
    spans.count(table, "x", spans.align(gold, pred, lambda start, end: end))
    partial = sum(weights[pair] for pair in assignment.assignment(weights)) / 2
    assert partial == table.total(MeasureKey("x", "partial")).correct_gold
    exact = assignment.assignment({pair: 1 for pair, weight in weights.items() if weight == 2})
    assert len(exact) == table.total(MeasureKey("x", "exact")).correct_gold


@given(ANY, ANY)
def test_crowded_spans_have_the_same_figures(gold_drawn: Any, pred_drawn: Any) -> None:
    """Strict, exact, partial, type and head figures do not depend on how many spans overlap."""
    gold, pred = _spans(gold_drawn), _spans(pred_drawn)
    expected = [_rates(gold, pred, measure).f1 for measure in spans.MEASURES]
    crowded, large = spans._CROWDED, spans._LARGE
    spans._CROWDED, spans._LARGE = 0, 0
    try:
        actual = [_rates(gold, pred, measure).f1 for measure in spans.MEASURES]
        aligned = spans.align(_items(gold), _items(pred), lambda start, end: end)
    finally:
        spans._CROWDED, spans._LARGE = crowded, large
    assert expected == pytest.approx(actual) or expected == actual
    assert len(aligned.pairs) == len({i for i, _ in aligned.pairs})
    assert len(aligned.pairs) == len({j for _, j in aligned.pairs})


SHAPES = {
    "nested": lambda n: (n, 20_000 - n),
    "equal": lambda n: (0, 5),
    "chained": lambda n: (2 * n, 2 * n + 3),
    "one over all": lambda n: (0, 20_000) if n == 0 else (2 * n, 2 * n + 1),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_many_spans_take_no_squared_time(shape: str) -> None:
    """4,000 spans with other labels on the other side are aligned in seconds, each with one."""
    bounds = [SHAPES[shape](n) for n in range(4_000)]
    gold = [(*span, "GPE") for span in bounds]
    pred = [(*span, "ORG") for span in bounds]
    begin = time.process_time()
    table = _count(gold, pred)
    assert time.process_time() - begin < 20
    assert 4_000 == table.total(MeasureKey("x", "exact")).correct_gold
    assert 4_000 == table.total(MeasureKey("x", "partial")).correct_gold
    assert 0 == table.total(MeasureKey("x", "type")).correct_gold
