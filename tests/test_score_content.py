"""Scoring what schema 2 added: sets, sources, wholes, participants, modality, predicates."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace

import statevisit
from statevisit.annotation.quote_schema import draft_schema
from statevisit.corpus.documents import write_document
from statevisit.document.codec import convert, to_value
from statevisit.document.model import Document
from statevisit.document.scheme import base
from statevisit.pages.score_page import page
from statevisit.scoring.agree import agree
from statevisit.scoring.score import evaluate
from tests.conftest import Result, annotated_text, quoted_event

TEXT = (
    "Ulm and Jena met in 2019. After the flood they signed the Saale Pact, reportedly because of "
    'it. "We hold 54% of the shares," Ulm and Jena said. Mia Roth is the director of the port.'
)

DRAFT: dict[str, Any] = {
    "text": TEXT,
    "mentions": [
        {"id": "m1", "quote": "Ulm", "occurrence": 1, "level": "NAM", "entity": "ulm"},
        {"id": "m2", "quote": "Jena", "occurrence": 1, "level": "NAM", "entity": "jena"},
        {"id": "m3", "quote": "they", "level": "PRO", "entity": "both"},
        {"id": "m4", "quote": "Saale Pact", "level": "NAM", "entity": "pact"},
        {"id": "m5", "quote": "Ulm", "occurrence": 2, "level": "NAM", "entity": "ulm"},
        {"id": "m6", "quote": "Jena", "occurrence": 2, "level": "NAM", "entity": "jena"},
        {"id": "m7", "quote": "Mia Roth", "level": "NAM", "entity": "roth"},
        {"id": "m8", "quote": "director", "level": "NOM", "entity": "roth", "predicate": True},
    ],
    "entities": [
        {"id": "ulm", "type": "GPE", "name": "Ulm", "wikidata": "Q3012", "reference": "SPECIFIC"},
        {"id": "jena", "type": "GPE", "name": "Jena", "wikidata": "Q3150", "reference": "SPECIFIC"},
        {
            "id": "both",
            "type": "GPE",
            "name": "Ulm and Jena",
            "nil": "NOT_LINKABLE",
            "reference": "SPECIFIC",
            "members": ["ulm", "jena"],
        },
        {"id": "pact", "type": "LAW", "name": "Saale Pact", "nil": "NIL", "reference": "SPECIFIC"},
        {
            "id": "roth",
            "type": "PERSON",
            "name": "Mia Roth",
            "nil": "NOT_LINKABLE",
            "reference": "SPECIFIC",
        },
    ],
    "quantities": [
        {
            "id": "q1",
            "quote": "54%",
            "kind": "PERCENT",
            "value": "54",
            "unit": "%",
            "comparator": "EXACT",
            "measures": "m5",
            "whole": {"quote": "shares"},
        }
    ],
    "events": [
        quoted_event(
            *("ev1", "met", "meeting"),
            type="CONTACT.MEET",
            arguments=[{"role": "AGENT", "target": "m8"}],
        ),
        quoted_event("ev2", "flood", "flood", level="NOM"),
        quoted_event("ev3", "it", "flood", prefix="because of ", suffix=".", level="PRO"),
        quoted_event("ev4", "signed", "signing", arguments=[{"role": "CAUSE", "target": "ev3"}]),
    ],
    "event_chains": [
        {"id": "meeting"},
        {"id": "flood", "name": "Saale flood", "nil": "NIL"},
        {"id": "signing"},
    ],
    "relations": [
        {
            "id": "r1",
            "type": "PARTICIPANT",
            "source": "ulm",
            "target": "flood",
            "evidence": [0],
            "inferred": True,
        },
        {
            "id": "r2",
            "type": "PARTY_TO",
            "source": "jena",
            "target": "pact",
            "evidence": [1],
            "modality": "UNCERTAIN",
        },
    ],
    "event_relations": [
        {"type": "CAUSE", "source": "ev3", "target": "ev4", "modality": "UNCERTAIN"},
        {"type": "BEFORE", "source": "ev2", "target": "ev4"},
    ],
    "quotations": [
        {
            "id": "quo1",
            "quote": "We hold 54% of the shares",
            "cue": {"quote": "said"},
            "sources": ["m5", "m6"],
            "type": "DIRECT",
        }
    ],
}


@pytest.fixture
def gold() -> Document:
    """A small document with a record of each kind that schema 2 added."""
    return annotated_text(copy.deepcopy(DRAFT), "pact")


def _scored(gold: Document, change: Callable[[dict[str, Any]], object]) -> dict[str, float | None]:
    """F1 over all labels of each figure, of a copy of the gold that `change` has changed."""
    value = to_value(gold)
    change(value)
    report = statevisit.score(gold, value, resamples=0)
    return {f"{f.layer} {f.measure}": f.f1 for f in report.figures if f.average == "micro"}


def _by_id(value: dict[str, Any], layer: str, record_id: str) -> Any:
    return next(record for record in value[layer] if record["id"] == record_id)


def test_the_gold_itself_is_right_in_all(gold: Document) -> None:
    """Sets, sources, wholes, predicates, modality and inference have figures of their own."""
    figures = _scored(gold, lambda value: None)
    assert {1.0} == set(figures.values())
    assert {
        "mentions members (end to end)",
        "mentions predicate (end to end)",
        "quantities whole (end to end)",
        "quotations sources (end to end)",
        "relations modality",
        "relations inferred",
        "event_relations modality",
    } <= figures.keys()


def test_sources_are_compared_as_sets(gold: Document) -> None:
    """The order of two sources does not matter; one of two is wrong."""
    quotation = {"sources": ["m6", "m5"]}
    figures = _scored(gold, lambda value: value["quotations"][0].update(quotation))
    assert 1.0 == figures["quotations sources (end to end)"]
    figures = _scored(gold, lambda value: value["quotations"][0].update(sources=["m5"]))
    assert 0.0 == figures["quotations sources (end to end)"]


def test_members_are_compared_by_coreference(gold: Document) -> None:
    """The members of a set are right if they are the same entities, whatever their ids and order.

    A set that lacks a member is wrong.
    """

    def renamed(value: dict[str, Any]) -> None:
        for entity in value["entities"]:
            entity["id"] = f"x-{entity['id']}"
        for mention in value["mentions"]:
            mention["entity"] = f"x-{mention['entity']}"
        for relation in value["relations"]:
            relation["source"] = f"x-{relation['source']}"
        _by_id(value, "relations", "r2")["target"] = "x-pact"
        _by_id(value, "entities", "x-both")["members"] = ["x-jena", "x-ulm"]

    assert {1.0} == set(_scored(gold, renamed).values())
    figures = _scored(gold, lambda value: _by_id(value, "entities", "both").update(members=["ulm"]))
    assert 0.0 == figures["mentions members (end to end)"]


def test_a_participant_takes_part_in_the_event_of_the_same_mentions(gold: Document) -> None:
    """The event of a PARTICIPANT is right by its mentions: all of them, or most by cluster."""

    def renamed(value: dict[str, Any]) -> None:
        _by_id(value, "event_chains", "flood")["id"] = "deluge"
        for event in value["events"]:
            event["event"] = {"flood": "deluge"}.get(event["event"], event["event"])
        _by_id(value, "relations", "r1")["target"] = "deluge"

    assert {1.0} == set(_scored(gold, renamed).values())

    def split(value: dict[str, Any]) -> None:
        _by_id(value, "events", "ev3")["event"] = "signing"

    figures = _scored(gold, split)
    assert (0.5, 1.0) == (figures["relations strict"], figures["relations by cluster"])

    def another(value: dict[str, Any]) -> None:
        _by_id(value, "relations", "r1")["target"] = "meeting"

    assert 0.5 == _scored(gold, another)["relations by cluster"]


def test_participants_need_events(gold: Document) -> None:
    """Without events, the relations between entities count, and those with events do not."""
    value = to_value(gold)
    layers = ("id", "text", "mentions", "entities", "relations")
    report = statevisit.score(gold, {name: value[name] for name in layers}, resamples=0)
    figure = report.find("relations", "by cluster")
    assert (1, 1, 1) == (figure.gold, figure.pred, figure.correct)


def test_a_relation_without_a_modality_is_a_fact(gold: Document) -> None:
    """ACTUAL is the same as none; UNCERTAIN is another statement of the same relation."""

    def stated(value: dict[str, Any]) -> None:
        _by_id(value, "relations", "r1")["modality"] = "ACTUAL"
        value["event_relations"][1].setdefault("modality", "ACTUAL")

    assert {1.0} == set(_scored(gold, stated).values())

    def certain(value: dict[str, Any]) -> None:
        del _by_id(value, "relations", "r2")["modality"]
        for relation in value["event_relations"]:
            relation.pop("modality", None)

    figures = _scored(gold, certain)
    assert (1.0, 0.5) == (figures["relations by cluster"], figures["relations modality"])
    assert (1.0, 0.5) == (figures["event_relations strict"], figures["event_relations modality"])


def test_a_link_that_cannot_be_is_a_link_to_nothing(gold: Document) -> None:
    """NOT_LINKABLE, like NIL, says that an entity has no item."""
    figures = _scored(gold, lambda value: _by_id(value, "entities", "both").update(nil="NIL"))
    assert 1.0 == figures["mentions link (end to end)"]


def test_a_draft_gives_lists_and_flags(gold: Document) -> None:
    """An answer in quote notation has sources and members as lists; a false flag is absent."""
    draft = copy.deepcopy(DRAFT) | {"id": gold.id}
    for mention in draft["mentions"]:
        mention.setdefault("predicate", False)
    report = statevisit.score(gold, draft, resamples=0)
    assert [] == report.notes
    assert {1.0} == {f.f1 for f in report.figures if f.average == "micro"}
    draft["quotations"][0]["sources"] = "m5"
    report = statevisit.score(gold, draft, resamples=0)
    assert 0.0 == report.find("quotations", "sources (end to end)").f1


def test_annotators_agree_on_members_whatever_their_ids(gold: Document) -> None:
    """κ of members compares the entities that correspond; α, which cannot, has no figure."""
    renamed = [
        replace(e, id="two", members=("jena", "ulm")) if e.id == "both" else e
        for e in gold.entities
    ]
    mentions = [replace(m, entity="two") if m.entity == "both" else m for m in gold.mentions]
    other = replace(gold, entities=tuple(renamed), mentions=tuple(mentions))
    agreement = agree(gold, other, resamples=0)
    assert 1.0 == agreement.find("mentions", "kappa", "members").value
    with pytest.raises(KeyError):
        agreement.find("mentions", "alpha", "members")


def _without_predicate(value: dict[str, Any]) -> None:
    """What a system trained on OntoNotes predicts: no mention that is a predicate."""
    value["mentions"] = [m for m in value["mentions"] if m["id"] != "m8"]


def test_predicates_can_be_left_out(gold: Document) -> None:
    """Without predicates, a system that has none is right in mentions and coreference.

    One that has them is, too, marked or not. Arguments that are predicates still count.
    """
    plain = to_value(gold)
    _without_predicate(plain)
    for event in plain["events"]:
        event["arguments"] = [a for a in event["arguments"] if a["target"] != "m8"]
    unmarked = to_value(gold)
    del _by_id(unmarked, "mentions", "m8")["predicate"]
    for pred in (plain, unmarked, to_value(gold)):
        report = statevisit.score(gold, pred, resamples=0, without_predicates=True)
        figure = report.find("mentions", "strict")
        assert (7, 7, 7) == (figure.gold, figure.pred, figure.correct)
        assert 1.0 == report.find("mentions coreference", "CoNLL").f1
        assert 1.0 == report.find("relations", "strict").f1
        assert ("predicate", "mentions, without predicates: 1 span left out on both sides") in {
            (note.kind, note.message) for note in report.notes
        }
    assert 1.0 == report.find("arguments", "end to end").f1
    with_them = statevisit.score(gold, plain, resamples=0)
    assert 1.0 > with_them.find("mentions coreference", "CoNLL").f1
    assert (8, 7) == (
        with_them.find("mentions", "strict").gold,
        with_them.find("mentions", "strict").pred,
    )


def test_a_gold_that_marks_no_predicate_leaves_none_out(gold: Document) -> None:
    """The figures stay, and a note says why."""
    unmarked = replace(gold, mentions=tuple(replace(m, predicate=None) for m in gold.mentions))
    report = statevisit.score(unmarked, gold, resamples=0, without_predicates=True)
    assert 8 == report.find("mentions", "strict").gold
    assert ["no mention is marked as a predicate, so none is left out"] == [
        note.message for note in report.notes
    ]


def test_annotators_agree_without_predicates(gold: Document) -> None:
    """What one annotator marks as a predicate is left out for all, whoever comes first."""
    value = to_value(gold)
    _without_predicate(value)
    value["events"][0]["arguments"] = []
    other = convert(value, "b", base())
    for pair in ((gold, other), (other, gold)):
        agreement = agree(*pair, resamples=0, without_predicates=True)
        assert 1.0 == agreement.find("mentions", "F1", "strict").value
        assert 1.0 == agreement.find("mentions", "alpha_u", "spans").value
        assert 1.0 == agreement.find("mentions coreference", "F1", "CoNLL").value
        assert 1.0 > agree(*pair, resamples=0).find("mentions", "F1", "strict").value


def test_the_commands_leave_predicates_out(
    gold: Document, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """`score` and `agree` take --without-predicates, and say how many spans that concerns."""
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    write_document(gold, a)
    value = to_value(gold)
    _without_predicate(value)
    value["events"][0]["arguments"] = []
    write_document(convert(value, "b", base()), b)
    options = ("--resamples", 0, "--layer", "mentions", "--without-predicates")
    for command in ("score", "agree"):
        result = cli(command, a, b, *options)
        assert 0 == result.status
        assert "without predicates: 1 span left out" in result.out + result.err


def test_the_draft_schema_has_the_content_of_schema_2(gold: Document) -> None:
    """A language model is asked for lists of sources and members, wholes, modality and flags.

    Its answer in that form is valid. No keyword is in it that structured output does not take.
    """
    schema = draft_schema(base())
    draft = copy.deepcopy(DRAFT) | {"id": gold.id, "timexes": []}
    del draft["text"]
    assert [] == [e.message for e in jsonschema.Draft202012Validator(schema).iter_errors(draft)]
    assert '"default"' not in json.dumps(schema)


def test_the_page_shows_sets_sources_and_wholes(gold: Document) -> None:
    """The page names the members of a set, the sources of a quotation, and what a share is of."""
    report, scored = evaluate(gold, gold, None, None, 0)
    shown = page(report, scored.comparisons())
    data = re.search(r'<script type="application/json" id="data">(.*)</script>', shown)
    assert data is not None
    told = {
        key: {(f["name"], f["value"]) for f in (*card.get("facts", ()), *card.get("links", ()))}
        for key, card in json.loads(data[1])["records"].items()
    }
    both = next(entity.id for entity in gold.entities if entity.members)
    assert {("members", "Jena"), ("members", "Ulm")} <= told[both]
    assert {("said by", "Ulm"), ("said by", "Jena")} <= told[gold.quotations[0].id]
    assert {("value", "54"), ("unit", "%"), ("whole", "shares")} <= told[gold.quantities[0].id]
    assert ("predicate", "yes") in told["m8"]
