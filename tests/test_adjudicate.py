"""Two annotations of one text: aligned, their disagreements listed, decided, and made one."""

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from statevisit.annotation.adjudication import (
    Decision,
    adjudicated,
    agreed,
    disagreements,
    read_decisions,
)
from statevisit.annotation.shared_ids import (
    _by_place,
    _overlapping,
    _renamed,
    _spans,
    aligned,
)
from statevisit.corpus.diff import keyed
from statevisit.corpus.documents import write_document
from statevisit.document.codec import encode, read_document, to_value
from statevisit.document.model import Document, Mention
from statevisit.errors import FormatError
from tests.conftest import DOC_ID, ROOT, Result
from tests.strategies import documents


@given(documents())
@pytest.mark.slow
def test_the_same_annotation_under_other_ids_has_no_disagreements(document: Document) -> None:
    """Two annotations that differ in ids only have no disagreements after they are aligned."""
    other = _renamed(document, {name: f"x-{number}" for number, name in enumerate(document.index)})
    if _distinguishable(document):
        assert [] == disagreements(document, other)
        assert encode(document) == encode(aligned(other, document))


def _distinguishable(document: Document) -> bool:
    """Whether spans identify all records of a layer, and mentions all groups."""
    spans = [
        (layer, r.start, r.end, getattr(r, "level", None))
        for layer in ("mentions", "timexes", "quantities", "events", "quotations")
        for r in getattr(document, layer)
    ]
    groups = [document.mentions_of(e) for e in document.entities] + [
        document.events_of(c) for c in document.event_chains
    ]
    return len(spans) == len(set(spans)) and all(groups)


@pytest.mark.slow
@given(documents(), st.data())
def test_all_decisions_for_one_side_give_that_side(document: Document, data: st.DataObject) -> None:
    """Deciding everything for one side gives its annotation, with new counts and annotators."""
    plain = _without_counts(document)
    keep = data.draw(st.sets(st.integers(0, 20)))
    other = replace(
        plain,
        timexes=tuple(
            replace(t, value="PAST_REF") if t.type == "DATE" else t for t in plain.timexes
        ),
        quotations=tuple(q for i, q in enumerate(plain.quotations) if i in keep),
    )
    contested = disagreements(plain, other)
    for side, expected in (("a", plain), ("b", aligned(other, plain))):
        decided = [msgspec.structs.replace(d, decision=side, reason="§1") for d in contested]
        result = adjudicated(plain, other, decided, "judge")
        assert expected == replace(_without_counts(result), annotators=expected.annotators)
        assert "judge" in result.annotators


def _without_counts(document: Document) -> Document:
    layers = (
        "mentions",
        "entities",
        "timexes",
        "quantities",
        "events",
        "event_chains",
        "relations",
        "event_relations",
        "quotations",
    )
    return replace(
        document,
        **{
            layer: tuple(replace(r, disagreements=None) for r in getattr(document, layer))
            for layer in layers
        },
    )


@pytest.fixture
def second(article: Document) -> Document:
    """Another reading of the article: one time's value, one mention less, one quantity more."""
    article = _without_counts(article)
    times = (replace(article.timexes[0], value="2024-02-12", mod="START"), *article.timexes[1:])
    more = replace(
        article.quantities[1],
        id="q99",
        start=article.tokens[0].start,
        end=article.tokens[0].end,
        text="President",
    )
    return replace(
        article,
        timexes=times,
        mentions=article.mentions[1:],
        quantities=(*article.quantities, more),
        annotators=("b",),
    )


def test_disagreements_are_counted_on_the_record(article: Document, second: Document) -> None:
    """A contested record counts its differences, whichever reading won; a third one is kept."""
    first = _without_counts(article)
    contested = disagreements(first, second)
    assert [("mentions", "m1"), ("timexes", "t1")] == [
        (d.layer, d.record) for d in contested if d.layer in ("mentions", "timexes")
    ]
    time = next(d for d in contested if d.record == "t1")
    decided = [
        msgspec.structs.replace(d, decision="a", reason="§3.1") for d in contested if d is not time
    ]
    decided.append(
        msgspec.structs.replace(
            time, decision="other", result=time.a | {"mod": "MID"}, reason="§3.6"
        )
    )
    result = adjudicated(first, second, decided, "judge")
    assert ("MID", 2) == (result["t1"].mod, result["t1"].disagreements)
    assert 1 == result["m1"].disagreements
    assert None is result["m2"].disagreements


def test_the_command_lists_and_applies(
    article: Document, second: Document, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """The list is the file for decisions; a bad line is refused by number, without output."""
    first = _without_counts(article)
    a, b, listed, out = (tmp_path / n for n in ("a.json", "b.json", "open.jsonl", "out.json"))
    write_document(first, a)
    write_document(second, b)
    assert (0, "", "") == cli("adjudicate", a, b, "-o", listed)
    lines = [orjson.loads(line) for line in listed.read_bytes().splitlines()]

    def refused(decisions: list[dict[str, Any]], message: str) -> None:
        listed.write_bytes(b"".join(orjson.dumps(d) + b"\n" for d in decisions))
        result = cli("adjudicate", a, b, "--decisions", listed, "-o", out)
        assert 1 == result.status
        assert message in result.err
        assert not out.exists()

    refused(lines, "open.jsonl:1:1: missing `decision`, `reason`")
    decided = [d | {"decision": "b", "reason": "§2.1"} for d in lines]
    refused(
        decided[1:],
        f"1 disagreements are not decided; the first is {lines[0]['layer']} {lines[0]['record']}",
    )
    refused(
        [decided[0] | {"a": {"id": "m1"}}, *decided[1:]],
        "open.jsonl:1: mentions m1: `a` and `b` are outdated",
    )
    refused([decided[0] | {"decision": "c"}, *decided[1:]], '`decision` is "c"')
    refused(
        [decided[0] | {"decision": "other", "result": {"id": "m1"}}, *decided[1:]],
        "the result is not valid at /mentions/",
    )
    listed.write_bytes(b"".join(orjson.dumps(d) + b"\n" for d in decided))
    assert 0 == cli("adjudicate", a, b, "--decisions", listed, "-o", out).status
    assert len(list(read_decisions(listed.read_bytes(), "x"))) == len(decided)
    assert {"b", "adjudicator"} < set(orjson.loads(out.read_bytes())["annotators"])


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"layer": "mentionz"},
        "decisions:1: mentionz m2: unknown layer; decisions are about mentions, ",
    ),
    ({"layer": "tokens", "record": "[0, 9)"}, "tokens [0, 9): unknown layer"),
    ({}, "both annotations have it; give it as `a` and as `b`"),
    ({"a": {"id": "m2"}}, "both annotations have it; give it as `a` and as `b`"),
    ({"record": "m999", "b": {"id": "m999"}}, "neither annotation has it; leave `a` and `b` out"),
    ({"decision": "a"}, "the two annotations do not disagree about it"),
    ({"record": "m999"}, "neither annotation has it, and there is no `result`"),
    ({"reason": None}, "is not decided"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED, ids=range(len(REFUSED)))
def test_a_decision_that_decides_nothing_is_refused(
    article: Document, change: dict[str, Any], message: str
) -> None:
    """No decision is lost: the error names the line of one about an unknown layer or nothing."""
    other = {"layer": "mentions", "record": "m2", "decision": "other", "reason": "§2"}
    decision = Decision(document=article.id, **(other | change))
    with pytest.raises(FormatError, match=re.escape(message)):
        adjudicated(article, article, [decision], "judge", "decisions")


def test_a_decision_changes_what_both_annotations_say(article: Document) -> None:
    """An "other" about a record that the two share replaces it, or removes it."""
    name = "t3 CONTAINS ev8"
    assert name in {n for _, n in keyed(article, ["event_relations"])}
    (decision,) = agreed(article, article, [name])
    both = {"type": "CONTAINS", "source": "t3", "target": "ev8"}
    assert (both, both) == (decision.a, decision.b)
    decision = replace(decision, decision="other", reason="§8")
    result = adjudicated(article, article, [decision], "judge")
    assert name not in {n for _, n in keyed(result, ["event_relations"])}
    assert len(article.event_relations) - 1 == len(result.event_relations)
    with pytest.raises(FormatError, match="'m999' is no record of the first annotation"):
        agreed(article, article, ["m999"])


def test_decisions_are_in_the_ids_of_the_published_document(
    article: Document, second: Document, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """With --ids, the list, the decisions and the result name records as the published one does.

    What both have is listed with --also, with both readings. The decisions also make the new
    version with its own ids, those about records that it lacks included.
    """
    names = {name: f"x{number}" for number, name in enumerate(sorted(article.index))}
    first = _renamed(_without_counts(article), names)
    other = _renamed(second, {name: f"y-{name}" for name in (*names, "q99")})
    a, b, last, new = (tmp_path / f"{name}.json" for name in ("a", "b", "last", "new"))
    for document, path in ((first, a), (other, b), (article, last)):
        write_document(document, path)
    ledger, again = tmp_path / "ledger.jsonl", tmp_path / "again.json"
    listed = cli("adjudicate", a, b, "--ids", last, "--also", "t3 CONTAINS ev8")
    lines = [orjson.loads(line) for line in listed.out.splitlines()]
    assert ["m1", "t1", "y-q99", "t3 CONTAINS ev8"] == [
        line["record"] for line in lines if line["layer"] not in ("events", "relations")
    ]
    both = lines[-1]
    assert both["a"] == both["b"] == {"type": "CONTAINS", "source": "t3", "target": "ev8"}
    decided = [line | {"decision": "a", "reason": "§2"} for line in lines]
    decided[-1]["decision"] = "other"
    ledger.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in decided))
    options = ("--decisions", ledger, "-o")
    assert (0, "", "") == cli("adjudicate", a, b, "--ids", last, *options, new)
    document = read_document(new)
    assert {n for _, n in keyed(document)} == {n for _, n in keyed(article)} - {both["record"]}
    assert (0, "", "") == cli("adjudicate", a, b, "--ids", new, *options, again)
    assert new.read_bytes() == again.read_bytes()
    refused = cli("adjudicate", a, b, *options, tmp_path / "none.json")
    assert (1, False) == (refused.status, (tmp_path / "none.json").exists())
    status, _, err = cli("adjudicate", a, b, "--also", "t1", *options, again)
    assert (2, True) == (status, "--also is for the list" in err)


def test_a_record_of_one_pass_has_the_id_of_the_published_document(article: Document) -> None:
    """An id comes from the first reference that has the record, also for what another lacks."""
    first = replace(article, mentions=article.mentions[1:])
    other = _renamed(article, {name: f"y-{name}" for name in article.index})
    assert encode(article) == encode(aligned(other, first, article))
    assert "y-m1" in aligned(other, first)


def test_the_least_state_counts_and_what_only_one_began_is_kept(
    article: Document, second: Document
) -> None:
    """A layer is as far as the lesser of the two; a layer that one has not begun is the other's.

    It is no disagreement, and partial then.
    """
    a = replace(article, quotations=(), layers=article.layers | {"quotations": "none"})
    b = replace(second, layers=second.layers | {"events": "partial"})
    undecided = disagreements(a, b)
    assert "quotations" not in {decision.layer for decision in undecided}
    decisions = [replace(decision, decision="a", reason="x") for decision in undecided]
    document = adjudicated(a, b, decisions, "ada")
    expected = article.layers | {"quotations": "partial", "events": "partial"}
    assert expected == document.layers
    assert [q.text for q in second.quotations] == [q.text for q in document.quotations]


def test_two_texts_are_refused(article: Document) -> None:
    """Annotations of different texts, or of different tokens, are not compared."""
    with pytest.raises(FormatError, match="the texts differ"):
        aligned(replace(article, text="x"), article)
    with pytest.raises(FormatError, match="sentences or tokens differ"):
        disagreements(article, replace(article, tokens=article.tokens[1:]))


def test_a_decision_reads_as_it_was_written(article: Document) -> None:
    """A decision survives its line of JSON."""
    decision = Decision(
        document="x",
        layer="timexes",
        record="t1",
        a=to_value(article["t1"]),
        decision="a",
        reason="§3",
    )
    assert [decision] == list(read_decisions(msgspec.json.encode(decision), "x"))


def test_the_shipped_decisions_make_the_published_document(
    tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """The passes and decisions that are published give the published document to the byte."""
    one, two = (ROOT / f"corpus/annotators/{name}/{DOC_ID}.json" for name in "ab")
    published, out = ROOT / f"corpus/documents/{DOC_ID}.json", tmp_path / "made.json"
    assert (0, "", "") == cli(
        "adjudicate",
        one,
        two,
        "--decisions",
        ROOT / "corpus/adjudication.jsonl",
        "--ids",
        published,
        "-o",
        out,
    )
    assert published.read_bytes() == out.read_bytes()


def _mentions(places: list[tuple[int, int, str]], prefix: str) -> list[Mention]:
    return [
        Mention(
            id=f"{prefix}{n}", start=start, end=start + length, text="", level=level, entity="e"
        )
        for n, (start, length, level) in enumerate(places)
    ]


_PLACES = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 5), st.sampled_from(["NAM", "NOM"])), max_size=8
)


@given(_PLACES, _PLACES)
def test_the_best_pairs_of_spans_are_the_same_records(
    places: list[tuple[int, int, str]], other_places: list[tuple[int, int, str]]
) -> None:
    """Of all pairs of overlapping spans the best is taken first, and each span is in one pair.

    The order is by the share of words in both, then equal level, place and ids.
    """
    records, others = _mentions(places, "m"), _mentions(other_places, "x")
    ranked = []
    for a, b in product(records, others):
        shared = min(a.end, b.end) - max(a.start, b.start)
        covered = max(a.end, b.end) - min(a.start, b.start)
        if shared > 0:
            ranked.append((-shared / covered, a.level != b.level, a.start, a.id, b.id))
    expected: dict[str, str] = {}
    for *_, record_id, other_id in sorted(ranked):
        if record_id not in expected and other_id not in expected.values():
            expected[record_id] = other_id
    assert expected == _spans(records, others)


def test_equal_spans_are_paired_without_comparing_all(article: Document) -> None:
    """Records over the same words are paired by their ids, however many there are."""
    word = article.mentions[0]
    mentions = tuple(replace(word, id=f"m{n}") for n in range(1_000, 2_000))
    one, other = replace(article, mentions=mentions), replace(article, mentions=mentions[::-1])
    assert encode(one) == encode(aligned(other, one))
    places = _by_place(mentions)
    assert 1 == len(list(_overlapping(places, places)))


def test_fresh_ids_are_higher_than_all_others(article: Document) -> None:
    """A record that the reference lacks gets the number after the highest, or keeps its slug.

    A lower number that is free may be that of a record of an earlier version.
    """
    first, second, *_ = article.mentions
    end = len(article.text)
    apart = [
        replace(first, id=record_id, start=end - n - 1, end=end - n)
        for n, record_id in enumerate(["m1", "m2", "other"])
    ]
    reference = replace(article, mentions=(first, second, replace(second, id="m4")))
    without = replace(article, mentions=tuple(apart), events=(), quotations=(), quantities=())
    ids = [mention.id for mention in aligned(without, reference).mentions]
    assert ["other", "m6", "m5"] == ids
