"""Agreement of annotators on whole documents."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import statevisit
from statevisit.corpus.documents import write_document
from statevisit.document import schema, schema_errors
from statevisit.document.model import Document
from statevisit.errors import FormatError
from statevisit.scoring.prediction import Prediction
from tests.conftest import DOC_ID, ROOT, Result
from tests.test_score import SLOW, disturbed

Cli = Callable[..., Result]


def test_who_marks_the_same_agrees_fully(article: Document) -> None:
    """Every coefficient of three equal annotators is 1, or absent if chance alone would agree.

    Each has its count.
    """
    agreement = statevisit.agree(article, article, article, resamples=50)
    assert [] == [
        c for c in agreement.coefficients if c.value is not None and c.value != pytest.approx(1.0)
    ]
    assert (
        len(article.mentions)
        == agreement.find("mentions", "F1", "strict").n
        == agreement.find("mentions", "kappa", "type").n
    )
    assert agreement.find("events", "alpha", "polarity").value in (None, 1.0)


@pytest.mark.slow
def test_every_coefficient_of_two_who_differ(article: Document) -> None:
    """F1 is that of `score`; κ, α and α_u are below 1 for annotators who differ.

    They have intervals if units can be drawn.
    """
    other = disturbed(article)
    agreement = statevisit.agree(article, other)
    score = statevisit.score(article, other, resamples=0)
    assert score.find("events", "strict").f1 == agreement.find("events", "F1", "strict").value
    assert (
        score.find("events", "strict", "STATE").f1
        == agreement.find("events", "F1", "strict", "STATE").value
    )
    for coefficient in ("kappa", "alpha"):
        c = agreement.find("events", coefficient, "class")
        assert 0 < c.interval[0] <= c.value <= c.interval[1] < 1
    assert 0 < agreement.find("events", "alpha_u", "spans").value < 1
    assert 0 < agreement.find("mentions", "alpha_u", "spans", "GPE").value < 1
    assert ("sentence", 22) == (agreement.unit, agreement.units)


def test_kappa_and_alpha_of_one_label(article: Document) -> None:
    """κ and α of a label are as computed by hand.

    12 quantities: 5 CARDINAL, 3 ORDINAL, 3 MONEY, 1 PERCENT; one that is an ORDINAL to one
    annotator is a CARDINAL to the other. κ of CARDINAL: 11 of 12 agree, (5 * 6 + 7 * 6) / 144 = 1/2
    is expected; of ORDINAL (3 * 2 + 9 * 10) / 144 = 2/3. α of CARDINAL: one of its 11 values of 24
    meets another; of ORDINAL one of 5. The count is of those to which any annotator gave the label.
    """
    odd = next(q for q in article.quantities if q.kind == "ORDINAL")
    other = replace(
        article,
        quantities=tuple(
            replace(q, kind="CARDINAL") if q is odd else q for q in article.quantities
        ),
    )
    agreement = statevisit.agree(article, other, resamples=0)
    expected = {
        "CARDINAL": (6, (11 / 12 - 1 / 2) / (1 / 2), 1 - 23 / (11 * 13)),
        "ORDINAL": (3, (11 / 12 - 2 / 3) / (1 / 3), 1 - 23 / (5 * 19)),
        "MONEY": (3, 1.0, 1.0),
        "PERCENT": (1, 1.0, 1.0),
    }
    for label, (n, kappa, alpha) in expected.items():
        of_kappa, of_alpha = (
            agreement.find("quantities", c, "kind", label) for c in ("kappa", "alpha")
        )
        assert (n, n) == (of_kappa.n, of_alpha.n), label
        assert (pytest.approx(kappa), pytest.approx(alpha)) == (of_kappa.value, of_alpha.value), (
            label
        )
    assert {"type", "kind", "class"} == {
        c.of for c in agreement.coefficients if c.coefficient in ("kappa", "alpha") and c.label
    }


def test_labels_have_intervals_in_table_and_json(
    article: Document, tmp_path: Path, cli: Cli
) -> None:
    """`--labels` shows F1, κ and α of each label with count and interval; the short table does not.

    JSON has them always, and follows the schema.
    """
    paths = [tmp_path / f"{n}.json" for n in "ab"]
    for path, document in zip(paths, (article, disturbed(article)), strict=True):
        write_document(document, path)
    arguments = ("agree", *map(str, paths), "--layer", "events", "--resamples", "50")
    short, long = cli(*arguments).out, cli(*arguments, "--labels").out
    assert "OCCURRENCE" not in short
    report = orjson.loads(cli(*arguments, "--json").out)
    assert schema_errors.verdict(schema.load("report")).is_valid(report)
    mine = [
        c
        for c in report["coefficients"]
        if c.get("label") == "OCCURRENCE" and c["of"] in ("strict", "class")
    ]
    assert ["F1", "kappa", "alpha"] == [c["coefficient"] for c in mine]
    for c, sign in zip(mine, ("F1", "κ", "α"), strict=True):
        assert c["interval"][0] <= c["value"] <= c["interval"][1]
        row = next(
            line
            for line in long.splitlines()
            if line.split()[-8:-5] == [sign, c["of"], "OCCURRENCE"]
        )
        assert [str(c["n"]), f"{c['value']:.3f}", f"{c['interval'][0]:.3f}"] == row.split()[-5:-2]


def test_agreement_is_symmetric(article: Document) -> None:
    """The order of the annotators does not matter."""
    other = disturbed(article)
    one, two = (
        statevisit.agree(*pair, resamples=0) for pair in ((article, other), (other, article))
    )
    theirs = {(c.layer, c.coefficient, c.of, c.label): c.value for c in two.coefficients}
    for c in one.coefficients:
        if c.of != "temporal awareness":
            assert (None if c.value is None else pytest.approx(c.value)) == theirs[
                c.layer, c.coefficient, c.of, c.label
            ], c


def test_documents_are_drawn_where_there_are_several(article: Document) -> None:
    """With several documents, α_u has an interval too."""
    gold = [replace(article, id=f"d{n}") for n in range(4)]
    other = [replace(disturbed(article, n), id=f"d{n}") for n in range(4)]
    agreement = statevisit.agree(gold, other, resamples=100)
    assert ("document", 4, 100) == (agreement.unit, agreement.units, agreement.resamples)
    c = agreement.find("mentions", "alpha_u", "spans")
    assert c.interval[0] <= c.value <= c.interval[1]


def test_agreement_is_of_the_documents_that_both_have(article: Document) -> None:
    """A document of only one annotator changes no figure; it is listed with its annotator."""
    shared = [replace(article, id=f"d{n}") for n in range(2)]
    other = [disturbed(document, n) for n, document in enumerate(shared)]
    expected = statevisit.agree(shared, other, resamples=20)
    more = [*other, replace(article, id="only-b")]
    agreement = statevisit.agree([replace(article, id="only-a"), *shared], more, resamples=20)
    assert expected.coefficients == agreement.coefficients
    assert (2, 2, 20) == (agreement.documents, agreement.units, agreement.resamples)
    assert [("alone", "only-a"), ("alone", "only-b")] == [
        (note.kind, note.document) for note in agreement.notes if note.kind == "alone"
    ]
    assert "annotated by annotator 2 only" in agreement.notes[1].message
    assert not {"missing", "extra"} & {note.kind for note in agreement.notes}


def test_one_shared_document_is_drawn_by_sentences(article: Document) -> None:
    """Of two annotators who share one document, the unit is its sentence, as if it stood alone."""
    other = disturbed(article)
    expected = statevisit.agree(article, other, resamples=20)
    mine, theirs = replace(article, id="mine"), replace(article, id="theirs")
    agreement = statevisit.agree([mine, article], [other, theirs], resamples=20)
    assert expected.coefficients == agreement.coefficients
    assert ("sentence", 22, 1) == (agreement.unit, agreement.units, agreement.documents)


def test_rotating_pairs(article: Document) -> None:
    """F1 is the mean over the pairs, each on its shared documents; each pair has their number."""
    texts = {name: replace(article, id=name) for name in ("ab", "ac", "bc", "c")}
    anna = [texts["ab"], texts["ac"]]
    ben = [disturbed(texts["ab"], 1), texts["bc"]]
    carl = [disturbed(texts["ac"], 2), disturbed(texts["bc"], 3), texts["c"]]
    of_pairs = [
        statevisit.score(gold, pred, resamples=0).find("events", "strict").f1
        for gold, pred in ((anna[0], ben[0]), (anna[1], carl[0]), (ben[1], carl[1]))
    ]
    agreement = statevisit.agree(anna, ben, carl, resamples=20)
    assert pytest.approx(sum(of_pairs) / 3) == agreement.find("events", "F1", "strict").value
    assert [1, 1, 1] == [pair.documents for pair in agreement.pairs]
    assert ("annotator 2", "annotator 3") == agreement.pairs[2].annotators
    assert (3, 3) == (agreement.documents, agreement.units)
    assert ["c"] == [note.document for note in agreement.notes if note.kind == "alone"]
    for of in ("class", "polarity"):
        assert agreement.find("events", "kappa", of).n <= agreement.find("events", "F1", "strict").n


def test_a_pair_that_shares_nothing_is_named_and_has_no_figure(article: Document) -> None:
    """It does not enter the means; a layer counts that only a stranger to all others lacks."""
    second = replace(article, id="second")
    expected = statevisit.agree(article, disturbed(article), resamples=20)
    stranger = Prediction(second, layers=frozenset(["timexes"]))
    agreement = statevisit.agree(article, disturbed(article), stranger, resamples=20)
    assert expected.coefficients == agreement.coefficients
    assert [1, 0, 0] == [pair.documents for pair in agreement.pairs]
    assert f"{DOC_ID} and annotator 3 share no document" in str(agreement)


def test_nobody_shares_a_document(article: Document, cli: Cli, tmp_path: Path) -> None:
    """Annotators without a common document are refused in one line, not given figures of 0."""
    paths = [tmp_path / name for name in ("a.json", "b.json")]
    for path in paths:
        write_document(replace(article, id=path.stem), path)
    done = cli("agree", *paths)
    assert (1, 1) == (done.status, done.err.count("\n"))
    assert "a.json" in done.err
    assert "no two annotators share a document" in done.err


@SLOW
@given(st.lists(st.sets(st.integers(0, 4), min_size=1), min_size=2, max_size=4))
def test_any_distribution_of_documents(article: Document, owned: list[set[int]]) -> None:
    """Whoever has which documents, equal annotations agree fully or there is nothing to compare."""
    small = replace(article, **dict.fromkeys(("events", "event_relations", "event_chains"), ()))
    annotators = [[replace(small, id=f"d{n}") for n in sorted(numbers)] for numbers in owned]
    pairs = list(combinations(owned, 2))
    if not any(first & second for first, second in pairs):
        with pytest.raises(FormatError, match="no two annotators share a document"):
            statevisit.agree(*annotators, layers="timexes", resamples=5)
        return
    agreement = statevisit.agree(*annotators, layers="timexes", resamples=5)
    assert [len(first & second) for first, second in pairs] == [
        pair.documents for pair in agreement.pairs
    ]
    assert {1.0} == {c.value for c in agreement.coefficients if c.value is not None}


def test_the_order_of_documents_does_not_matter(article: Document) -> None:
    """Intervals are the same if one of three annotators has the documents in another order."""
    gold = [replace(article, id=f"d{n}") for n in range(4)]
    one, two = (
        [replace(disturbed(article, n + seed), id=f"d{n}") for n in range(4)] for seed in (0, 10)
    )
    expected = statevisit.agree(gold, one, two, layers="events", resamples=20)
    other_order = statevisit.agree(gold, one[::-1], two, layers="events", resamples=20)
    assert expected.coefficients == other_order.coefficients


def test_texts_that_only_later_annotators_have_are_compared(article: Document) -> None:
    """A document that the first annotator lacks has the same text for all others."""
    second = replace(article, id="second")
    with pytest.raises(FormatError, match="differs from the gold text at character 0"):
        statevisit.agree(
            article, [article, second], [article, replace(second, text="X" + article.text[1:])]
        )


def test_layers_that_not_all_annotated_are_left_out(article: Document, tmp_path: Path) -> None:
    """A layer that an annotator did not annotate is listed, and has no figure."""
    partial = {"id": DOC_ID, "timexes": []}
    agreement = statevisit.agree(article, partial, resamples=0)
    assert ["timexes"] == agreement.annotated
    assert "events" in agreement.not_annotated
    assert 0.0 == agreement.find("timexes", "F1", "strict").value
    assert {"timexes"} == {c.layer for c in agreement.coefficients}


def test_bad_input(article: Document) -> None:
    """One annotator alone and another text are refused."""
    with pytest.raises(FormatError, match="two annotators"):
        statevisit.agree(article)
    with pytest.raises(FormatError, match="differs from the gold text at character 0"):
        statevisit.agree(article, replace(article, text="X" + article.text[1:]))


@pytest.mark.slow
def test_the_command(cli: Cli, article: Document, tmp_path: Path) -> None:
    """A table, or JSON that follows the schema; one annotator is a usage error."""
    write_document(disturbed(article), tmp_path / f"{DOC_ID}.json")
    done = cli("agree", ROOT / "corpus/documents", tmp_path, "--labels")
    assert 0 == done.status
    assert "α_u" in done.out
    assert "22 sentences" in done.out
    done = cli("agree", ROOT / "corpus/documents", tmp_path, "--json", "--resamples", "20")
    report = orjson.loads(done.out)
    assert [] == list(schema_errors.errors(report, schema.load("report")))
    assert statevisit.__version__ == report["tool_version"]
    assert [[f"corpus/documents/{DOC_ID}.json"], [f"{DOC_ID}.json"]] == [
        origin["files"] for origin in report["origins"]
    ]
    manifest = orjson.loads((ROOT / "corpus/release.json").read_bytes())
    assert manifest["content_sha256"] == report["origins"][0]["content_sha256"]
    assert 2 == cli("agree", tmp_path).status
