"""Label Studio round trip: an export comes back to the byte, and only edits change a document."""

import copy
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from statevisit.annotation.ingest import ingest
from statevisit.checks.document import check_document
from statevisit.corpus.diff import diff_documents
from statevisit.document.codec import encode
from statevisit.document.model import SPAN_LAYERS, Argument, Document, EventRelation
from statevisit.document.scheme import base
from statevisit.labelstudio.export_files import parse_task
from statevisit.labelstudio.interface import config
from statevisit.labelstudio.results import to_results
from statevisit.labelstudio.tasks import annotations_of, base_of, to_document, to_task
from statevisit.regions.labels import UNTYPED, controls, region_labels
from statevisit.regions.relation_labels import INVERSE, arrow_labels
from statevisit.regions.to_records import Records
from tests.labelstudio_editor import saved
from tests.strategies import documents

Results = list[dict[str, Any]]


def _imported(
    results: Results, base: Document, current: Document | None = None
) -> tuple[Document, list[str]]:
    findings: list[str] = []
    document = to_document(
        results, base, current or base, lambda code, message: findings.append(f"{code} {message}")
    )
    return document, findings


def _edit(
    article: Document, change: Callable[[Results], Any]
) -> tuple[list[tuple[str, str, str]], list[str], Document]:
    """Edit the results of the article; return (changes, findings, document)."""
    results = saved(to_results(article))
    change(results)
    document, findings = _imported(results, article)
    return (
        [(c.kind, c.layer, c.record) for c in diff_documents(article, document)],
        findings,
        document,
    )


def _region(results: Results, name: str) -> Results:
    return [r for r in results if r.get("id") == name]


def _relation(results: Results, a: str, b: str) -> dict[str, Any]:
    return next(
        r for r in results if r["type"] == "relation" and {r["from_id"], r["to_id"]} == {a, b}
    )


def _new(
    control: str, start: int, end: int, label: str, name: str = "aB3_x-9Kq0", **answers: str
) -> Results:
    """A region drawn by hand, with its answers."""
    span = {"start": start, "end": end}
    results = [
        {
            "id": name,
            "from_name": control,
            "to_name": "text",
            "type": "labels",
            "origin": "manual",
            "value": {**span, "labels": [label]},
        }
    ]
    for prop, answer in answers.items():
        kind = controls(base())[f"{control}_{prop}"].kind
        results.append(
            {
                "id": name,
                "from_name": f"{control}_{prop}",
                "to_name": "text",
                "type": kind,
                "value": {**span, "choices" if kind == "choices" else "text": [answer]},
            }
        )
    return results


@pytest.mark.slow
@given(documents())
def test_what_goes_out_comes_back_to_the_byte(document: Document) -> None:
    """Export and import give the same bytes and no findings, for every valid document.

    A task may come from a file or from a server.
    """
    data = orjson.dumps(to_task(document, "1.0.0"))
    for task in (parse_task(data), orjson.loads(data)):
        origin = base_of(task, "task", base())
        assert origin is not None
        assert encode(document) == encode(origin.document) == origin.data
        exported = origin.document
        (annotation,) = annotations_of(task, exported, exported, "task")
        assert (encode(document), [], True) == (
            encode(annotation.document),
            annotation.findings,
            annotation.unchanged,
        )


@pytest.mark.slow
@given(documents(), st.integers(0, 9))
def test_opening_and_saving_changes_nothing(document: Document, seed: int) -> None:
    """Opening and saving an annotation in the editor without an edit changes no byte."""
    imported, findings = _imported(saved(to_results(document), seed), document)
    assert (encode(document), []) == (encode(imported), findings)


@pytest.mark.slow
@given(documents())
def test_what_is_shown_comes_from_the_annotation(document: Document) -> None:
    """Records with a span are read from the results: without results there are none."""
    stripped = replace(
        document,
        mentions=(),
        timexes=(),
        quantities=(),
        events=(),
        quotations=(),
        event_relations=(),
    )
    imported, _ = _imported([], document)
    assert encode(stripped) == encode(imported)
    ids = {
        r["id"] for r in to_results(document) if r["type"] == "labels" and r["from_name"] != "parts"
    }
    assert {
        r.id
        for layer in ("mentions", "timexes", "quantities", "events", "quotations")
        for r in getattr(document, layer)
    } == ids


@given(documents())
@settings(max_examples=50)
def test_every_region_has_an_id_of_its_own(document: Document) -> None:
    """The editor loses nothing.

    No two regions have one id, no two relations connect the same regions, and every relation
    connects two regions.
    """
    results = to_results(document)
    ids = [r["id"] for r in results if r["type"] == "labels"]
    pairs = [frozenset((r["from_id"], r["to_id"])) for r in results if r["type"] == "relation"]
    assert len(set(ids)) == len(ids)
    assert len(set(pairs)) == len(pairs)
    assert {i for p in pairs for i in p} <= set(ids)
    assert not any("#" in i for i in ids)
    assert {r["from_name"] for r in results if r["type"] == "labels"} <= region_labels(
        base()
    ).keys()
    assert all(
        set(r["labels"]) <= set(arrow_labels(base())) for r in results if r["type"] == "relation"
    )


def _damaged(document: Document, chance: Any) -> Results:
    """Results with pieces missing or replaced at random."""
    results = [r for r in copy.deepcopy(to_results(document)) if chance.random() < 0.8]
    for result in results:
        if chance.random() < 0.2:
            result[chance.choice([*result])] = chance.choice([None, 3, "x", [], {}, [3]])
        elif "value" in result and chance.random() < 0.2:
            result["value"][chance.choice([*result["value"]])] = chance.choice(
                [None, -1, 10**6, "x", [], ["x"], [3], {}]
            )
    return results


_STRANGE = (None, 3.5, 3.0, "x", [], {}, [3], {"start": []}, True)


def _damage(result: dict[str, Any], length: int, chance: Any) -> None:
    """Damage a region or an answer, whose id is kept or becomes none."""
    value = result["value"]
    kind = chance.choice(["offset", "label", "key", "value key", "words", "type"])
    if kind == "offset":
        end = chance.choice(["start", "end"])
        value[end] = chance.choice([-1, length + 1, 10**6, value[end] + 0.5, float(value[end]), 0])
    elif kind == "label":
        for key in {"labels", "choices"} & value.keys():
            value[key] = chance.choice([["NO SUCH"], [], "NO SUCH", [["PERSON"]], *_STRANGE])
    elif kind == "words":
        value["text"] = chance.choice(["other words", " ", [], *_STRANGE])
    elif kind == "type":
        result["type"] = chance.choice(["hypertextlabels", "relation", "choices", "number", None])
    else:
        damaged = result if kind == "key" else value
        key = chance.choice([*damaged])
        if chance.random() < 0.5:
            del damaged[key]
        elif key != "id":
            damaged[key] = chance.choice(_STRANGE)
        else:
            damaged[key] = chance.choice([None, [], {}, True])


@pytest.mark.slow
@given(documents(), st.randoms(use_true_random=False))
@settings(max_examples=200, phases=set(Phase) - {Phase.shrink})
def test_what_the_export_still_holds_is_never_removed(document: Document, chance: Any) -> None:
    """Damaged regions, answers and links never remove a record: only absent regions do."""
    results = saved(to_results(document))
    for result in results:
        if result["type"] != "relation" and chance.random() < 0.3:
            _damage(result, len(document.text), chance)
    imported, _ = _imported(results, document)
    for layer in SPAN_LAYERS:
        before, after = (_ids(one, layer) for one in (document, imported))
        assert set() == before - after


def _ids(document: Document, layer: str) -> set[str]:
    return {record.id for record in getattr(document, layer)}


@given(documents(), st.integers(0, 9))
@settings(max_examples=50)
def test_whole_numbers_may_be_floats(document: Document, seed: int) -> None:
    """JSON has one kind of number: offsets such as 9.0, which other tools write, are 9."""
    results = saved(to_results(document), seed)
    for result in results:
        for key in {"start", "end"} & result.get("value", {}).keys():
            result["value"][key] = float(result["value"][key])
    imported, findings = _imported(results, document)
    assert (encode(document), []) == (encode(imported), findings)


def test_a_region_that_cannot_be_read_keeps_its_answers_and_relations(article: Document) -> None:
    """A region beyond the text leaves record, answers and relations as they were; one finding."""

    def damage(results: Results) -> None:
        for result in _region(results, "m1"):
            if result["type"] == "labels":
                result["value"]["end"] = len(article.text) + 1

    changes, findings, _ = _edit(article, damage)
    assert [] == changes
    assert 1 == len(findings)
    assert "is not within the text" in findings[0]
    assert findings[0].endswith("m1 keeps what it had there")


def test_a_relation_that_cannot_be_read_stays(article: Document) -> None:
    """Unknown labels and directions of a relation leave the links of its regions as they were."""
    for damage in (
        {"labels": ["NO SUCH"]},
        {"labels": "AGENT"},
        {"direction": "up"},
        {"direction": 3},
        {"from_id": None},
    ):
        changes, findings, _ = _edit(
            article, lambda rs, damage=damage: _relation(rs, "ev1", "m3").update(damage)
        )
        assert ([], 1) == (changes, len(findings)), damage


def test_only_answers_that_cannot_be_read_stay(article: Document) -> None:
    """An unknown choice leaves the answer; a control that somebody added changes nothing."""

    def unknown(results: Results) -> None:
        for result in _region(results, "t3"):
            if result["from_name"] == "timexes_mod":
                result["value"]["choices"] = ["NO SUCH"]

    assert ([], 1) == (_edit(article, unknown)[0], len(_edit(article, unknown)[1]))

    def emptied(results: Results) -> None:
        for result in _region(results, "t3"):
            if result["from_name"] == "timexes_mod":
                result.update(from_name="remark", type="textarea", value={"text": ["?"]})

    changes, findings, _ = _edit(article, emptied)
    assert ([("changed", "timexes", "t3")], 1) == (changes, len(findings))


@pytest.mark.slow
@given(documents(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=50, phases=set(Phase) - {Phase.shrink})
def test_an_unchanged_region_need_not_be_read(document: Document, chance: Any) -> None:
    """Records taken from the base equal those read from their regions, and so do the findings."""
    results = _damaged(document, chance)
    with pytest.MonkeyPatch.context() as patch:
        taken = _imported(results, document)
        patch.setattr(Records, "_unchanged", lambda *_: None)
        assert _imported(results, document) == taken


@pytest.mark.slow
@given(documents(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=50, phases=set(Phase) - {Phase.shrink})
def test_damaged_results_never_make_an_import_fail(document: Document, chance: Any) -> None:
    """Damaged results give a document with valid spans and references, never an exception."""
    imported, _ = _imported(_damaged(document, chance), document)
    assert [] == [
        code
        for code, _, _ in check_document(imported)
        if code.startswith("E20") or "E300" < code < "E307"
    ]


def test_the_article_comes_back(article: Document) -> None:
    """The shipped document comes back unchanged, through the editor too."""
    assert (article, []) == _imported(to_results(article), article)
    assert ([], []) == _edit(article, lambda results: None)[:2]


def test_a_changed_label_is_one_change(article: Document) -> None:
    """A new label changes the class of an event, or the type of an entity with one mention."""
    edit = _edit(
        article,
        lambda rs: [
            r["value"].update(labels=["STATE"]) for r in _region(rs, "ev1") if r["type"] == "labels"
        ],
    )
    assert ([("changed", "events", "ev1")], []) == edit[:2]
    single = next(
        m
        for m in article.mentions
        if len(article.mentions_of(m.entity)) == 1 and article.entity_of(m).type != "ORG"
    )
    edit = _edit(
        article,
        lambda rs: [
            r["value"].update(labels=["ORG"])
            for r in _region(rs, single.id)
            if r["type"] == "labels"
        ],
    )
    assert ([("changed", "entities", single.entity)], []) == edit[:2]


def test_mentions_of_one_entity_that_are_labelled_differently_are_reported(
    article: Document,
) -> None:
    """A different label of one of many mentions changes nothing; a finding names the mention."""
    changes, findings, _ = _edit(
        article,
        lambda rs: [
            r["value"].update(labels=["ORG"]) for r in _region(rs, "m1") if r["type"] == "labels"
        ],
    )
    assert [] == changes
    assert 1 == len(findings)
    assert findings[0].startswith(
        "L103 the mentions of 'erdogan' (PERSON) have different labels (ORG: m1)"
    )


def test_a_moved_span_is_one_change(article: Document) -> None:
    """Start, end and text of a record follow its region; the spans of answers do not matter."""

    def move(results: Results) -> None:
        next(r for r in _region(results, "m1") if r["type"] == "labels")["value"].update(
            start=16, end=30, text="Tayyip Erdoğan"
        )

    changes, findings, document = _edit(article, move)
    assert ([("changed", "mentions", "m1")], []) == (changes, findings)
    assert "Tayyip Erdoğan" == document["m1"].text


def test_a_span_that_cuts_into_tokens_is_widened_and_reported(article: Document) -> None:
    """A region that begins or ends inside a word covers the word; outer white space is ignored."""
    changes, findings, document = _edit(
        article,
        lambda rs: rs.extend(_new("mentions", 18, 27, "PERSON", level="NAM", entity="erdogan")),
    )
    assert [("added", "mentions", "m109")] == changes
    assert (
        "L105 PERSON aB3_x-9Kq0 [18, 27) cuts into a token; "
        "it is widened to [16, 30) 'Tayyip Erdoğan'" == findings[0]
    )
    changes, findings, document = _edit(
        article,
        lambda rs: rs.extend(_new("mentions", 15, 31, "PERSON", level="NAM", entity="erdogan")),
    )
    assert ("Tayyip Erdoğan", []) == (document["m109"].text, findings)


def test_format_characters_at_the_edge_of_a_region_do_not_matter() -> None:
    """A region that was drawn with the direction marks around a word is that word."""
    text = " date 2024-03-01 In \u200eRiga\u200f, he left."
    document = ingest(text.encode(), "riga.txt", "riga")
    _, findings, after = _edit(
        document, lambda rs: rs.extend(_new("mentions", 3, 9, "GPE", level="NAM"))
    )
    assert ("Riga", 4) == (after["m1"].text, after["m1"].start)
    assert [] == [f for f in findings if f.startswith("L105")]


def test_a_region_made_by_hand_gets_an_id_and_an_entity(article: Document) -> None:
    """A new mention joins the entity that its answer names.

    Without an answer it creates an entity, and a finding asks for one.
    """
    changes, findings, document = _edit(
        article, lambda rs: rs.extend(_new("mentions", 85, 87, "LOC", level="NAM"))
    )
    assert [("added", "mentions", "m109"), ("added", "entities", "in")] == changes
    assert ("LOC", "UNVERIFIED", "in") == (
        document["in"].type,
        document["in"].nil,
        document["in"].name,
    )
    assert 1 == len(findings)
    assert "L101" in findings[0]
    assert "given no entity id" in findings[0]
    changes, findings, _ = _edit(
        article,
        lambda rs: rs.extend(_new("mentions", 62, 67, "PERSON", level="NAM", entity="aliyev")),
    )
    assert ([("added", "mentions", "m109")], []) == (changes, findings)


def test_an_incomplete_region_is_left_out_and_reported(article: Document) -> None:
    """A region without a required value is left out, with a finding; other edits come in.

    In a layer that is not done it comes in.
    """

    def change(results: Results) -> None:
        results.extend(_new("timexes", 85, 87, "DATE"))
        results[:] = [
            r
            for r in results
            if r.get("id") != "m6" and "m6" not in (r.get("from_id"), r.get("to_id"))
        ]

    changes, findings, _ = _edit(article, change)
    assert ("removed", "mentions", "m6") in changes
    assert not any(c[0] == "added" for c in changes)
    (finding,) = findings
    assert finding.startswith("L102 DATE aB3_x-9Kq0 [85, 87) 'in' is left out: missing `value`; ")
    begun = replace(article, layers=article.layers | {"timexes": "partial"})
    changes, findings, _ = _edit(begun, change)
    assert ["timexes"] == [layer for kind, layer, _ in changes if kind == "added"]
    assert [] == findings


def test_a_deleted_region_takes_its_links_along(article: Document) -> None:
    """Deleting an event deletes its relations and the arguments that refer to it.

    Its chain stays and is reported.
    """
    event = next(
        e
        for e in article.events
        if len(article.events_of(e.event)) == 1
        and any(e.id in (r.source, r.target) for r in article.event_relations)
        and any(e.id == a.target for x in article.events for a in x.arguments)
    )
    changes, findings, document = _edit(
        article,
        lambda rs: rs.__setitem__(
            slice(None),
            [r for r in rs if event.id not in (r.get("id"), r.get("from_id"), r.get("to_id"))],
        ),
    )
    assert [("removed", "events", event.id)] == [
        c for c in changes if c[0] == "removed" and c[1] != "event_relations"
    ]
    assert not any(event.id in (r.source, r.target) for r in document.event_relations)
    assert not any(event.id == a.target for e in document.events for a in e.arguments)
    assert {"events", "event_relations", "quantities"} >= {layer for _, layer, _ in changes}
    assert [
        f"L106 {event.event!r} in event_chains has no mention left; "
        "delete it in the document if it is not needed"
    ] == findings


def test_relations_are_added_and_deleted(article: Document) -> None:
    """Adding and removing relation labels edits arguments, event relations and references."""

    def change(results: Results) -> None:
        _relation(results, "ev1", "m3")["labels"] = ["PATIENT"]
        _relation(results, "ev4", "ev3")["labels"] = []
        results.append(
            {
                "from_id": "ev2",
                "to_id": "ev1",
                "type": "relation",
                "direction": "right",
                "labels": [INVERSE + "OVERLAP"],
            }
        )
        results.append(
            {
                "from_id": "ev1",
                "to_id": "m2",
                "type": "relation",
                "direction": "left",
                "labels": [INVERSE + "PLACE"],
            }
        )

    changes, findings, document = _edit(article, change)
    expected = [
        ("changed", "events", "ev1"),
        ("added", "event_relations", "ev1 OVERLAP ev2"),
        ("removed", "event_relations", "ev4 BEFORE ev3"),
    ]
    assert sorted(expected) == sorted(changes)
    assert (
        Argument(role="AGENT", target="m1", ace_role="Entity"),
        Argument(role="PLACE", target="m2"),
        Argument(role="PATIENT", target="m3", ace_role="Entity"),
    ) == document["ev1"].arguments[:3]
    assert 1 == len(findings)
    assert "has no label" in findings[0]


def test_links_that_the_scheme_lacks_are_listed(article: Document) -> None:
    """Relations that the scheme does not allow are findings and change nothing."""

    def change(results: Results) -> None:
        results.append(
            {
                "from_id": "m1",
                "to_id": "m3",
                "type": "relation",
                "direction": "right",
                "labels": ["AGENT"],
            }
        )
        results.append(
            {
                "from_id": "q10",
                "to_id": "ev1",
                "type": "relation",
                "direction": "right",
                "labels": ["MEASURES"],
            }
        )

    changes, findings, _ = _edit(article, change)
    assert [] == changes
    assert ["L104", "L107"] == [f[:4] for f in findings]
    assert "AGENT leads from events" in findings[0]
    assert "the one it had stays" in findings[1]


def test_a_quotation_has_any_number_of_sources(article: Document) -> None:
    """Each is a relation SOURCE; a quotation whose last one is deleted has none."""

    def add(results: Results) -> None:
        ends = {"from_id": "m1", "to_id": "quo1", "direction": "right"}
        results.insert(0, {**ends, "type": "relation", "labels": [f"{INVERSE}SOURCE"]})

    changes, findings, document = _edit(article, add)
    assert ([("changed", "quotations", "quo1")], []) == (changes, findings)
    assert ("m1", "m15", "m16") == document["quo1"].sources
    assert (document, []) == _imported(saved(to_results(document)), document)
    results = to_results(document)
    for mention in ("m15", "m16"):
        results.remove(_relation(results, "quo1", mention))
    assert ("m1",) == _imported(results, document)[0]["quo1"].sources
    results.remove(_relation(results, "quo1", "m1"))
    assert _imported(results, document)[0]["quo1"].sources is None


def test_values_are_edited(article: Document) -> None:
    """Answers change values; an emptied answer removes a value unless it is required."""

    def change(results: Results) -> None:
        for result in _region(results, "q1"):
            if result["from_name"] == "quantities_unit":
                result["value"]["text"] = [" trip "]
        for result in _region(results, "ev1"):
            if result["from_name"] == "events_modality":
                result["value"]["choices"] = ["UNCERTAIN"]
        results[:] = [
            r
            for r in results
            if r.get("from_name") not in ("timexes_mod", "mentions_level")
            or r["id"] not in ("t3", "m1")
        ]

    changes, findings, document = _edit(article, change)
    assert [
        ("changed", "timexes", "t3"),
        ("changed", "quantities", "q1"),
        ("changed", "events", "ev1"),
    ] == changes
    assert ("trip", "UNCERTAIN", None, "NAM") == (
        document["q1"].unit,
        document["ev1"].modality,
        document["t3"].mod,
        document["m1"].level,
    )
    (finding,) = findings
    kept = "L102 PERSON m1 [10, 30) 'Recep Tayyip Erdoğan' stays as it was: missing `level`; "
    assert finding.startswith(kept)


def test_a_time_that_others_were_resolved_against_may_be_deleted(article: Document) -> None:
    """References to a deleted time are removed and reported."""

    def delete(results: Results) -> None:
        results[:] = [
            r
            for r in results
            if r.get("id") != "t3" and "t3" not in (r.get("from_id"), r.get("to_id"))
        ]

    dependent = replace(
        article,
        timexes=tuple(replace(t, begin="t3") if t.id == "t4" else t for t in article.timexes),
    )
    changes, findings, document = _edit(dependent, delete)
    assert ("changed", "timexes", "t4") in changes
    assert None is document["t4"].begin
    assert "L106 t4 'two-day': its begin 't3' no longer exists; it is left out" in findings
    assert [] == list(check_document(document))


def test_an_event_whose_type_changes_loses_the_ace_roles_of_the_old_one(article: Document) -> None:
    """ACE roles that the new type does not have are left out with a finding."""

    def change(results: Results) -> None:
        next(r for r in _region(results, "ev1") if r["from_name"] == "events_type")["value"][
            "choices"
        ] = ["OTHER"]

    changes, findings, document = _edit(article, change)
    assert [("changed", "events", "ev1")] == changes
    assert [] == list(check_document(document))
    assert 1 == len(findings)
    assert "no ACE role Entity" in findings[0]


def test_shared_words_are_one_region(article: Document) -> None:
    """Two quotations with the same cue share its region.

    Moving the region moves both cues.
    """

    def move(results: Results) -> None:
        next(r for r in results if r.get("id") == "quo2.cue")["value"].update(
            start=1603, end=1609, text=article.text[1603:1609]
        )

    cue = article["quo2"].cue
    shared = replace(
        article,
        quotations=tuple(replace(q, cue=cue) if q.id == "quo3" else q for q in article.quotations),
    )
    changes, _, document = _edit(shared, move)
    assert [("changed", "quotations", "quo2"), ("changed", "quotations", "quo3")] == changes
    assert document["quo2"].cue == document["quo3"].cue
    assert document["quo2"].cue.text == article.text[1603:1609]


def test_an_earlier_import_is_recognised(article: Document) -> None:
    """Importing the same annotation again adds nothing: its new records are recognised."""
    results = [
        *saved(to_results(article)),
        *_new("mentions", 85, 87, "LOC", level="NAM"),
        *_new("timexes", 88, 90, "DATE", "zz", value="2024"),
    ]
    results.append(
        {
            "from_id": "zz",
            "to_id": "ev2",
            "type": "relation",
            "direction": "right",
            "labels": ["CONTAINS"],
        }
    )
    first, findings = _imported(results, article)
    assert any("L101" in f for f in findings)
    assert (first, []) == _imported(results, article, first)
    assert EventRelation(type="CONTAINS", source="t16", target="ev2") in first.event_relations


def test_a_region_with_labels_of_two_layers_is_two_records(article: Document) -> None:
    """A second label from another layer adds a record there and keeps the first record."""
    changes, findings, _ = _edit(
        article,
        lambda rs: rs.extend(
            _new("timexes", 78, 84, "DATE", "t1")
            and _new("mentions", 78, 84, "LOC", "t1", level="NAM", entity="turkiye")
        ),
    )
    assert [("added", "mentions", "m109")] == [c for c in changes if c[0] != "changed"]
    assert not any("L104" in f for f in findings)


def test_the_interface_holds_every_label_of_the_schema() -> None:
    """Labels, choices and relation labels are those of the schema, with colours.

    The first line states the version of the schema.
    """
    from xml.etree import ElementTree

    xml = config(base())
    assert xml.startswith("<!-- statevisit schema 2 -->\n<View")
    root = ElementTree.fromstring(xml)
    labels = {tag.get("name"): {x.get("value") for x in tag} for tag in root.iter("Labels")}
    assert {k: set(v) for k, v in region_labels(base()).items()} == labels
    assert {c.name: set(c.choice_names) for c in controls(base()).values() if c.choices} == {
        t.get("name"): {x.get("value") for x in t} for t in root.iter("Choices")
    }
    assert {c.name for c in controls(base()).values() if not c.choices} == {
        t.get("name") for t in root.iter("TextArea")
    }
    assert set(arrow_labels(base())) == {t.get("value") for t in root.iter("Relation")}
    assert all(label.get("background") and label.get("hint") for label in root.iter("Label"))
    keys = [x.get("hotkey") for x in root.iter("Label") if x.get("value") != UNTYPED]
    assert None not in keys
    assert len(set(keys)) == len(keys)
