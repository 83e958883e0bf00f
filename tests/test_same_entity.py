"""One rule says whether two records stand for the same entity; aligning and W707 both follow it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from statevisit import load
from statevisit.annotation.shared_ids import aligned
from statevisit.checks.reused_ids import _compared
from statevisit.corpus.documents import write_document
from statevisit.document.codec import encode
from statevisit.document.model import Document, Entity, EventChain
from statevisit.document.same_entity import same_entity
from tests.conftest import DOC_ID, Result
from tests.strategies import documents

BAKU = Entity(id="baku", type="GPE", name="Baku", wikidata="Q9248", reference="SPECIFIC")
UNLINKED = replace(BAKU, wikidata=None, nil="UNVERIFIED")
WAR = EventChain(id="war", name="Second Karabakh War", wikidata="Q99697653")
CHAIN = EventChain(id="war")

CASES: list[tuple[Entity | EventChain, Entity | EventChain, bool]] = [
    (BAKU, replace(BAKU, name="City of Baku", type="LOC"), True),
    (BAKU, replace(BAKU, wikidata="Q994"), False),
    (BAKU, UNLINKED, True),
    (BAKU, replace(UNLINKED, name="City of Baku"), True),
    (BAKU, replace(UNLINKED, type="LOC"), True),
    (BAKU, replace(UNLINKED, name="Tbilisi", type="ORG"), False),
    (UNLINKED, replace(UNLINKED, nil="NIL"), True),
    (WAR, replace(WAR, wikidata="Q1"), False),
    (WAR, replace(WAR, name="2020 war"), True),
    (WAR, CHAIN, True),
    (CHAIN, EventChain(id="visit", name="the visit", nil="NIL"), True),
    (BAKU, replace(WAR, name="Baku", wikidata="Q9248"), False),
]


@pytest.mark.parametrize(("a", "b", "same"), CASES)
def test_links_decide_then_name_and_type(
    a: Entity | EventChain, b: Entity | EventChain, same: bool
) -> None:
    """The same item is the same thing; without two links, only another name and type is another."""
    assert same == same_entity(a, b)
    assert same == same_entity(b, a)


def _relinked(document: Document, entity: str, wikidata: str) -> Document:
    entities = [
        replace(e, wikidata=wikidata, nil=None) if e.id == entity else e for e in document.entities
    ]
    return replace(document, entities=tuple(entities))


def test_an_id_stays_with_its_item(article: Document) -> None:
    """An entity with the same mentions but another item gets a fresh id; one item keeps its id."""
    other = aligned(_relinked(article, "erdogan", "Q1"), article)
    assert "erdogan" not in other
    assert "Q1" == other[other["m1"].entity].wikidata
    renamed = [
        replace(e, name="someone", type="NORP") if e.id == "erdogan" else e
        for e in article.entities
    ]
    assert "NORP" == aligned(replace(article, entities=tuple(renamed)), article)["erdogan"].type


def test_one_item_counts_more_than_shared_mentions(article: Document) -> None:
    """An entity keeps the id of its item though an unlinked one shares more mentions."""
    spare = Entity(id="spare", type="PERSON", name="X", nil="NIL", reference="SPECIFIC")
    first, *others = [m for m in article.mentions if m.entity == "erdogan"]
    moved = {m.id: replace(m, entity="spare") for m in others}
    reference = replace(
        article,
        mentions=tuple(moved.get(m.id, m) for m in article.mentions),
        entities=(*article.entities, spare),
    )
    assert len(others) > 1
    assert "erdogan" == aligned(article, reference)[first.id].entity


@settings(deadline=None, max_examples=50)
@given(documents(), st.data())
def test_aligning_reuses_no_id_for_another_entity(document: Document, data: st.DataObject) -> None:
    """An id that `aligned` takes from the reference is the same entity there: W707 is silent."""
    links = st.sampled_from(["Q1", "Q2", "Q3", None])
    changed = [
        replace(e, wikidata=link, nil=None if link else "NIL")
        for e in document.entities
        for link in [data.draw(links)]
    ]
    result = aligned(replace(document, entities=tuple(changed)), document)
    codes = [
        f.message
        for f in _compared(encode(document), encode(result), "x.json", "1.0.0")
        if f.pointer.startswith(("/entities", "/event_chains"))
    ]
    assert [] == codes


def test_adjudicated_ids_raise_no_warning(
    repository: Path, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """After `adjudicate --ids` with the released document, `validate` finds no reused id."""
    released = repository / f"corpus/documents/{DOC_ID}.json"
    document = _relinked(load(repository)[DOC_ID], "erdogan", "Q1")
    reading, decisions, result = (tmp_path / n for n in ("a.json", "none.jsonl", "result.json"))
    write_document(document, reading)
    decisions.touch()
    arguments = ("--decisions", decisions, "--ids", released, "-o", result)
    assert 0 == cli("adjudicate", reading, reading, *arguments).status
    released.write_bytes(reading.read_bytes())
    assert "W707" in cli("validate", repository).out, "the same id for another item is found"
    released.write_bytes(result.read_bytes())
    assert "W707" not in cli("validate", repository).out
