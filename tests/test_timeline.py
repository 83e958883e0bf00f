"""The timeline: which pairs of past events are in order, counted by hand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from statevisit import validate
from statevisit.corpus.documents import write_document
from statevisit.document.model import Document
from statevisit.document.records import EventRelation
from statevisit.document.timeline import timeline
from tests.conftest import ROOT, Result, annotated_text, quoted_event

TEXT = (
    "The storm broke the dam in 2019. It was rebuilt in May 2021 and reopened on June 3, 2021. "
    "The repair cost a fortune. A choir sang at the reopening. Mayors may visit."
)


@pytest.fixture
def dam() -> Document:
    """Five past events: storm, breaking, rebuilding (two mentions), reopening (two), singing."""
    return annotated_text(
        {
            "text": TEXT,
            "timexes": [
                {"id": "t1", "quote": "2019", "type": "DATE", "value": "2019"},
                {"id": "t2", "quote": "May 2021", "type": "DATE", "value": "2021-05"},
                {"id": "t3", "quote": "June 3, 2021", "type": "DATE", "value": "2021-06-03"},
            ],
            "events": [
                quoted_event("ev1", "storm", "storm", level="NOM"),
                quoted_event("ev2", "broke", "break"),
                quoted_event("ev3", "rebuilt", "rebuild"),
                quoted_event("ev4", "reopened", "reopen"),
                quoted_event("ev5", "repair", "rebuild", level="NOM"),
                quoted_event("ev6", "sang", "song"),
                quoted_event("ev7", "reopening", "reopen", level="NOM"),
                quoted_event("ev8", "visit", "visits", modality="UNCERTAIN", doc_time_rel="AFTER"),
            ],
            "event_chains": [
                {"id": name} for name in ("storm", "break", "rebuild", "reopen", "song", "visits")
            ],
            "event_relations": [
                {"type": "CONTAINS", "source": "t1", "target": "ev2"},
                {"type": "CONTAINS", "source": "t2", "target": "ev3"},
                {"type": "CONTAINS", "source": "t3", "target": "ev4"},
                {"type": "SUBEVENT", "source": "ev7", "target": "ev6"},
            ],
        },
        "dam",
    )


def test_pairs_are_placed_by_dates_parts_and_coreference(dam: Document) -> None:
    """Dates place break, rebuild and reopen; the song is in the reopening; nothing dates the storm.

    In order are break–rebuild, break–reopen, rebuild–reopen, break–song and rebuild–song; the song
    is within the reopening. The four pairs of the storm are not.
    """
    line = timeline(dam)
    assert ["storm", "break", "rebuild", "reopen", "song"] == line.events
    assert (10, 6) == (line.pairs, line.ordered)
    assert [("storm", other) for other in ("break", "rebuild", "reopen", "song")] == line.unordered


def _with(dam: Document, kind: str, source: str, target: str, **more: Any) -> Document:
    relation = EventRelation(type=kind, source=source, target=target, **more)
    return replace(dam, event_relations=(*dam.event_relations, relation))


@pytest.mark.parametrize(
    ("kind", "ordered"),
    [("BEFORE", 10), ("SIMULTANEOUS", 10), ("CONTAINS", 7), ("OVERLAP", 6), ("CAUSE", 6)],
)
def test_one_relation_places_what_follows_from_it(dam: Document, kind: str, ordered: int) -> None:
    """A storm before the breaking is before all that follows; a cause alone says nothing of time.

    A storm that contains the breaking, or begins before it, can last longer than all.
    """
    assert ordered == timeline(_with(dam, kind, "ev1", "ev2")).ordered
    uncertain = _with(dam, kind, "ev1", "ev2", modality="UNCERTAIN")
    assert 6 == timeline(uncertain).ordered


def test_two_events_on_one_day_are_in_no_order(dam: Document) -> None:
    """A date that both lie in does not place them, and neither does the time of the document."""
    same = _with(dam, "CONTAINS", "t1", "ev1")
    assert [("storm", "break")] == timeline(same).unordered


def test_a_mention_that_is_not_past_takes_its_chain_out(dam: Document) -> None:
    """All mentions of a past event are actual and before the document's time."""
    events = tuple(replace(e, doc_time_rel="OVERLAP") if e.id == "ev5" else e for e in dam.events)
    assert ["storm", "break", "reopen", "song"] == timeline(replace(dam, events=events)).events


def test_the_article(article: Document) -> None:
    """The pairs of the article are ordered or listed."""
    line = timeline(article)
    assert line.pairs == line.ordered + len(line.unordered)
    assert 0 < line.ordered


def test_no_events_have_no_timeline(dam: Document) -> None:
    """A document without events has no pairs."""
    line = timeline(replace(dam, events=(), event_relations=()))
    assert (0, 0) == (line.pairs, line.ordered)


def test_stats_states_and_lists_it(
    dam: Document, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """`stats` states how many pairs are in order; --timeline lists the others."""
    path = tmp_path / "dam.json"
    write_document(dam, path)
    line = "timeline: 6 of 10 pairs of past events are in order (60 %)\n"
    assert cli("stats", path).out.endswith(line)
    listed = "dam: storm is not in order with break, rebuild, reopen, song\n"
    assert cli("stats", path, "--timeline").out.endswith(line + listed)
    counts = {"events": 5, "pairs": 10, "ordered": 6}
    assert counts == orjson.loads(cli("stats", path, "--json").out)["timeline"]
    listed_json = orjson.loads(cli("stats", path, "--json", "--timeline").out)["timeline"]
    assert {"document": "dam", "events": ["storm", "break"]} == listed_json["unordered"][0]


def test_the_published_article_has_a_timeline(article: Document) -> None:
    """At least 60 % of the pairs of past events are in order, and nothing contradicts itself.

    Version 1.0.0 had 15 %.
    """
    of_article = timeline(article)
    assert 0.6 <= of_article.ordered / of_article.pairs
    codes = {finding.code for finding in validate(ROOT)}
    assert not codes & {"E607", "E608"}
