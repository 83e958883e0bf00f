"""The three-way merge: the changes of both sides, or a conflict that names the record."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from statevisit.annotation.merge import merge
from statevisit.corpus.diff import diff_documents
from statevisit.document.codec import encode, ordered
from statevisit.document.model import Argument, Document, EventRelation
from statevisit.errors import FormatError
from tests.strategies import documents


def _with(document: Document, name: str, **changes: Any) -> Document:
    """The document with one record changed."""
    layer = document.layer_of(name)
    return replace(
        document,
        **{
            layer: tuple(
                replace(r, **changes) if r.id == name else r for r in getattr(document, layer)
            )
        },
    )


def _without(document: Document, name: str) -> Document:
    layer = document.layer_of(name)
    return replace(document, **{layer: tuple(r for r in getattr(document, layer) if r.id != name)})


@pytest.mark.slow
@given(documents(), documents())
@settings(max_examples=40)
def test_one_side_alone_wins(document: Document, other: Document) -> None:
    """If only one side changed something, the merge equals that side, to the byte."""
    other = replace(other, text=document.text)
    assert (encode(other), []) == (
        encode(merge(document, document, other)[0]),
        merge(document, document, other)[1],
    )
    layers = {
        n: getattr(other, n)
        for n in (
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
    }
    theirs = replace(document, **layers)
    merged, conflicts = merge(document, theirs, copy.copy(document))
    assert (encode(theirs), []) == (encode(merged), conflicts)
    # If the corpus changed something else, records are merged one by one.
    annotators = (*document.annotators, "somebody")
    merged, conflicts = merge(document, theirs, replace(document, annotators=annotators))
    assert (encode(replace(theirs, annotators=annotators)), []) == (encode(merged), conflicts)


def test_changes_of_both_sides_are_kept(article: Document) -> None:
    """Changes to different records, properties and arguments are merged without a conflict."""
    theirs = _without(
        _with(article, "ev1", modality="UNCERTAIN", arguments=article["ev1"].arguments[1:]), "m6"
    )
    ours = _with(
        _with(
            article,
            "ev1",
            tense="PRESENT",
            arguments=(*article["ev1"].arguments, Argument(role="PLACE", target="m5")),
        ),
        "q1",
        unit="trip",
    )
    ours = replace(
        ours,
        event_relations=(
            *ours.event_relations,
            EventRelation(type="OVERLAP", source="ev1", target="t9"),
        ),
    )
    merged, conflicts = merge(article, theirs, ours)
    assert [] == conflicts
    assert ("UNCERTAIN", "PRESENT", "trip") == (
        merged["ev1"].modality,
        merged["ev1"].tense,
        merged["q1"].unit,
    )
    assert {"m3", "t1", "m5"} == {a.target for a in merged["ev1"].arguments}
    assert "m6" not in merged
    assert EventRelation(type="OVERLAP", source="ev1", target="t9") in merged.event_relations


CONFLICTS = [
    (
        "unit was 'visit', is 'trip' in the annotation and 'journey' in the corpus",
        lambda d: _with(d, "q1", unit="trip"),
        lambda d: _with(d, "q1", unit="journey"),
    ),
    (
        "deleted in the annotation, changed in the corpus",
        lambda d: _without(d, "q1"),
        lambda d: _with(d, "q1", unit="journey"),
    ),
    (
        "changed in the annotation, deleted in the corpus",
        lambda d: _with(d, "q1", unit="trip"),
        lambda d: _without(d, "q1"),
    ),
    (
        "its span was (135, 140, 'first')",
        lambda d: _with(d, "q1", start=126, text="Aliyev's first"),
        lambda d: _with(d, "q1", end=146, text="first visit"),
    ),
]


@pytest.mark.parametrize(
    ("what", "one", "two"), CONFLICTS, ids=["changed", "deleted here", "deleted there", "span"]
)
def test_a_conflict_names_the_record_and_both_versions(
    article: Document, what: str, one: Any, two: Any
) -> None:
    """A conflict names the record and both values.

    The corpus's value stays unless `theirs` decides.
    """
    theirs, ours = one(article), two(article)
    merged, conflicts = merge(article, theirs, ours)
    assert [] == diff_documents(ours, merged)
    assert ["L201"] == [c.code for c in conflicts]
    assert "q1 in quantities: " in conflicts[0].message
    assert what in conflicts[0].message
    assert "decide with --ours" in conflicts[0].message
    assert [] == diff_documents(theirs, merge(article, theirs, ours, "theirs")[0])
    assert [] == diff_documents(ours, merge(article, theirs, ours, "ours")[0])


def test_the_same_change_on_both_sides_is_no_conflict(article: Document) -> None:
    """The same correction on both sides is merged without a conflict."""
    changed = _with(_without(article, "m6"), "q1", unit="trip")
    assert (ordered(changed), []) == merge(article, changed, changed)


def test_arguments_conflict_by_target(article: Document) -> None:
    """Two roles for one target are a conflict; other arguments are merged."""
    first, *rest = article["ev1"].arguments
    theirs = _with(article, "ev1", arguments=(replace(first, role="THEME"), *rest))
    ours = _with(article, "ev1", arguments=(replace(first, role="PATIENT"), *rest[1:]))
    merged, conflicts = merge(article, theirs, ours)
    assert 1 == len(conflicts)
    assert (
        "its argument m1 was AGENT, is THEME in the annotation and PATIENT in the corpus"
        in conflicts[0].message
    )
    assert [("m1", "PATIENT"), ("t1", "TIME")] == [
        (a.target, a.role) for a in merged["ev1"].arguments
    ]
    assert "THEME" == merge(article, theirs, ours, "theirs")[0]["ev1"].arguments[0].role


def test_states_are_merged(article: Document) -> None:
    """The side that changed a state wins; of two changes the lesser one does.

    A layer of state none that gets records is partial.
    """

    def with_states(document: Document, **states: str) -> Document:
        return replace(document, layers=document.layers | states)

    base = with_states(article, mentions="partial", timexes="partial", events="partial")
    theirs = with_states(base, mentions="done", events="done")
    ours = with_states(base, timexes="done", events="none")
    theirs = replace(theirs, mentions=theirs.mentions[1:])
    merged, conflicts = merge(base, theirs, ours)
    assert [] == conflicts
    expected = article.layers | {"events": "partial"}
    assert expected == merged.layers
    assert theirs.mentions == merged.mentions


def test_a_changed_text_is_refused(article: Document) -> None:
    """Annotations of a text that has changed since are refused."""
    with pytest.raises(FormatError, match="its text has changed since the export"):
        merge(article, article, replace(article, text=article.text + "."))


def test_sources_and_members_are_merged_one_by_one(article: Document) -> None:
    """Each side may add and remove members of a list; that is no conflict."""
    first, *rest = article.quotations
    a, b, c, d = (m.id for m in article.mentions[:4])

    def with_sources(*sources: str) -> Document:
        return replace(article, quotations=(replace(first, sources=sources), *rest))

    document, conflicts = merge(with_sources(a, b), with_sources(a, b, c), with_sources(b, d))
    assert [] == conflicts
    assert (b, c, d) == document[first.id].sources
