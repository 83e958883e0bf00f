"""Label Studio: relation labels with a modality, parts, predicates, sets, and older projects."""

import json
from hashlib import sha256
from typing import Any

from statevisit.document.codec import convert, ordered
from statevisit.document.model import Document, Span
from statevisit.document.scheme import base
from statevisit.labelstudio.compatibility import difference
from statevisit.labelstudio.interface import config
from statevisit.labelstudio.results import to_results
from statevisit.labelstudio.tasks import annotations_of, base_of, to_document, to_task
from tests.conftest import VALID
from tests.labelstudio_editor import saved

Results = list[dict[str, Any]]


def _bridge(**layers: Any) -> Document:
    """The valid document with other records in some layers."""
    value = json.loads(VALID.read_bytes()) | layers
    return ordered(convert(value, "bridge", base()))


def _imported(results: Results, document: Document) -> tuple[Document, list[str]]:
    findings: list[str] = []
    edited = to_document(
        saved(results), document, document, lambda code, message: findings.append(code + message)
    )
    return edited, findings


def _with_relations(*relations: tuple[str, str, str, str | None]) -> Document:
    """The valid document with these event relations: source, type, target, modality."""
    names = ("source", "type", "target", "modality")
    records = [dict(zip(names, relation, strict=True)) for relation in relations]
    return _bridge(event_relations=[{k: v for k, v in record.items() if v} for record in records])


def _arrow(results: Results, *ends: str) -> dict[str, Any]:
    (arrow,) = [r for r in results if {r.get("from_id"), r.get("to_id")} == set(ends)]
    return arrow


def _relations(document: Document, *ends: str) -> set[tuple[str, str | None, str | None]]:
    return {
        (r.source, r.type, r.modality)
        for r in document.event_relations
        if {r.source, r.target} == set(ends)
    }


def test_a_modality_that_all_relations_of_an_arrow_have_is_one_label() -> None:
    """It is that of inverse labels as well, and roles have none."""
    document = _with_relations(
        ("ev1", "CAUSE", "ev5", "UNCERTAIN"), ("ev5", "SUBEVENT", "ev1", "UNCERTAIN")
    )
    results = to_results(document)
    arrow = _arrow(results, "ev1", "ev5")
    assert ["CAUSE", "← SUBEVENT", "UNCERTAIN"] == arrow["labels"]
    assert (document, []) == _imported(results, document)
    arrow["labels"] = ["CAUSE", "← SUBEVENT"]
    edited, findings = _imported(results, document)
    assert [] == findings
    assert {("ev1", "CAUSE", None), ("ev5", "SUBEVENT", None)} == _relations(edited, "ev1", "ev5")
    arrow["labels"] = ["UNCERTAIN", "BEFORE", "AGENT"]
    edited, findings = _imported(results, document)
    assert [] == findings
    assert {("ev1", "BEFORE", "UNCERTAIN")} == _relations(edited, "ev1", "ev5")
    assert "ev5" in {a.target for a in edited["ev1"].arguments or () if a.role == "AGENT"}


def test_relations_of_an_arrow_may_differ_in_modality() -> None:
    """Then the label of each has its own; a modality alone is that of the others."""
    document = _with_relations(
        ("ev1", "BEFORE", "ev5", "ACTUAL"),
        ("ev1", "CAUSE", "ev5", "UNCERTAIN"),
        ("ev2", "CAUSE", "ev2", "UNCERTAIN"),
    )
    results = to_results(document)
    arrow = _arrow(results, "ev1", "ev5")
    assert ["BEFORE", "CAUSE: UNCERTAIN"] == arrow["labels"]
    assert (document, []) == _imported(results, document)
    arrow["labels"] += ["UNCERTAIN", "← OVERLAP"]
    edited, findings = _imported(results, document)
    assert [] == findings
    assert {
        ("ev1", "BEFORE", "UNCERTAIN"),
        ("ev1", "CAUSE", "UNCERTAIN"),
        ("ev5", "OVERLAP", "UNCERTAIN"),
    } == _relations(edited, "ev1", "ev5")


def test_contradicting_modalities_are_reported() -> None:
    """The relation that was exported stays; a modality without a relation is left out."""
    document = _with_relations(("ev1", "CAUSE", "ev5", "UNCERTAIN"))
    results = to_results(document)
    _arrow(results, "ev1", "ev5")["labels"] = ["CAUSE", "CAUSE: UNCERTAIN"]
    edited, findings = _imported(results, document)
    assert document == edited
    assert ["L107"] == [finding[:4] for finding in findings]
    assert "the one it had stays" in findings[0]
    _arrow(results, "ev1", "ev5")["labels"] = ["AGENT", "UNCERTAIN"]
    edited, findings = _imported(results, document)
    assert ["L104"] == [finding[:4] for finding in findings]
    assert "is UNCERTAIN without a type of event relation" in findings[0]
    assert () == edited.event_relations


def test_the_whole_of_a_share_is_a_part() -> None:
    """Its words are a region, which a relation WHOLE connects to the quantity."""
    document = _bridge()
    start = document.text.index("bridge", 65)
    value = {"start": start, "end": start + 6, "labels": ["WHOLE"]}
    new = {"id": "x1", "from_name": "parts", "to_name": "text", "type": "labels", "value": value}
    arrow = {"type": "relation", "from_id": "q1", "to_id": "x1", "direction": "right"}
    results = [*to_results(document), new, {**arrow, "labels": ["WHOLE"]}]
    edited, findings = _imported(results, document)
    assert [] == findings
    assert Span(start=start, end=start + 6, text="bridge") == edited["q1"].whole
    assert document["q1"].property == edited["q1"].property
    assert (edited, []) == _imported(to_results(edited), edited)


def test_a_predicate_is_ticked() -> None:
    """A mention is a predicate or says nothing about it."""
    document = _bridge()
    span = {"start": document["m1"].start, "end": document["m1"].end}
    tick = {"id": "m1", "from_name": "mentions_predicate", "to_name": "text", "type": "choices"}
    results = [*to_results(document), {**tick, "value": {**span, "choices": ["true"]}}]
    edited, findings = _imported(results, document)
    assert [] == findings
    assert edited["m1"].predicate is True
    assert (edited, []) == _imported(to_results(edited), edited)
    unticked = [r for r in to_results(edited) if r.get("from_name") != "mentions_predicate"]
    assert (document, []) == _imported(unticked, edited)
    fields = config(base()).partition('name="mentions_predicate"')[2].partition("</Choices>")[0]
    assert 1 == fields.count("<Choice ")


def _set_with_relations() -> Document:
    """The valid document with a set, and relations of its member and of an event."""
    value = json.loads(VALID.read_bytes())
    first, second, third = (entity["id"] for entity in value["entities"][:3])
    chain = next(event["event"] for event in value["events"] if event.get("event"))
    value["entities"][0]["members"] = [second, third]
    value["relations"] = [
        {"id": "r1", "type": "PARTICIPANT", "source": second, "target": chain, "evidence": [0]},
        {
            **{"id": "r2", "type": "PARTY_TO", "source": second, "target": first},
            **{"evidence": [0], "modality": "UNCERTAIN", "inferred": True},
        },
    ]
    return ordered(convert(value, "bridge", base()))


def test_sets_and_relations_come_back_from_the_document() -> None:
    """The editor does not show them; without its regions a member or event keeps its place."""
    document = _set_with_relations()
    assert (document, []) == _imported(to_results(document), document)
    member, chain = document.relations[0].source, document.relations[0].target
    deleted = {m.id for m in document.mentions if m.entity == member}
    deleted |= {e.id for e in document.events if e.event == chain}
    results = [
        result
        for result in to_results(document)
        if deleted.isdisjoint((result.get("id"), result.get("from_id"), result.get("to_id")))
    ]
    edited, findings = _imported(results, document)
    assert {entity.id for entity in document.entities} == {entity.id for entity in edited.entities}
    assert set(document.relations) == set(edited.relations)
    owner = next(entity for entity in edited.entities if entity.members)
    assert member in (owner.members or ())
    (of_member,) = [f for f in findings if f"{member!r} in entities" in f]
    assert of_member.endswith(f"and its id in {owner.id}, r1, r2")
    (of_chain,) = [f for f in findings if f"{chain!r} in event_chains" in f]
    assert of_chain.endswith("and its id in r1")


def _task_of_version_1() -> dict[str, Any]:
    """A task that an earlier version made: one source, and a duration as TIMEX2 writes it."""
    task = to_task(_bridge())
    origin = task["meta"]["statevisit"]
    lines = origin["base"].splitlines(keepends=True)
    old = "".join(line for line in lines if not line.startswith('"layers":'))
    for new, before in (
        ('"schema_version":2', '"schema_version":1'),
        ('"sources":["m7"]', '"source":"m7"'),
        ('"P2Y"', '"P2DE"'),
    ):
        assert new in old
        old = old.replace(new, before)
    text = f'"text":{json.dumps(task["data"]["text"])}'
    whole = old.replace('"text":""', text).encode()
    origin |= {"schema_version": 1, "base": old, "base_sha256": sha256(whole).hexdigest()}
    for result in task["annotations"][0]["result"]:
        if result.get("from_name") == "timexes_value" and result["id"] == "t2":
            result["value"]["text"] = ["P2DE"]
    return task


def test_a_task_of_version_1_comes_back() -> None:
    """Another spelling of a value is no change, and the one source is the only one of several."""
    task = _task_of_version_1()
    origin = base_of(task, "task", base())
    assert origin is not None
    assert ("m7",) == origin.document["quo1"].sources
    assert "P2E" == origin.document["t2"].value
    (annotation,) = annotations_of(task, origin.document, origin.document, "task")
    assert [] == annotation.findings
    assert annotation.unchanged


def test_an_older_interface_lacks_what_is_new() -> None:
    """The labels and fields that a project needs before documents are pushed are named."""
    missing = ("WHOLE", "UNCERTAIN", "CAUSE: UNCERTAIN", "CAUSE (role)", "PIVOT", "MEMBER")
    older = "\n".join(
        line
        for line in config(base()).splitlines()
        if not any(f'{name}"' in line for name in missing)
    )
    lacks = difference(older, base()).lacks
    assert {f"the relation {name}" for name in missing} <= set(lacks)
    assert "the label WHOLE of parts" in lacks
