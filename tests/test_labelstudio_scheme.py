"""Label Studio with a scheme of one's own: labels, attributes and layers, there and back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from statevisit.document.codec import convert, encode, ordered, read_document
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme, base, scheme_from
from statevisit.errors import FormatError
from statevisit.labelstudio.compatibility import difference, listed, used
from statevisit.labelstudio.interface import config
from statevisit.labelstudio.results import to_results
from statevisit.labelstudio.tasks import annotations_of, base_of, to_document, to_task
from statevisit.regions.labels import controls, region_labels
from statevisit.regions.mapping import read_mapping
from statevisit.regions.relation_labels import relation_labels
from tests.conftest import VALID, Result
from tests.labelstudio_editor import saved
from tests.scheme_strategies import schemes, under
from tests.strategies import documents

Results = list[dict[str, Any]]

SHIP = """
base = 2
[labels."entities.type".VESSEL]
title = "Vessel <\\"&'>"
description = "A named ship\\u0001 & its <b>crew</b>,\\nafloat."
colour = "#1d3557"
[labels."quantities.kind".VESSEL]
[labels."arguments.role".ESCORT]
[labels."event_relations.type".FOLLOWS]
[attributes.mentions.certainty]
labels = {SURE = "Beyond doubt.", UNSURE = "Not sure."}
[attributes.mentions.depth]
type = "integer"
[attributes.mentions.draught]
type = "number"
[attributes.mentions.named]
type = "boolean"
[attributes.mentions.filter]
type = "string"
[attributes.entities.flag]
type = "string"
[attributes.event_chains.port]
type = "string"
[attributes.arguments.weight]
type = "number"
[attributes.event_relations.hours]
type = "integer"
"""
VALUES = {"certainty": "SURE", "depth": -7, "draught": 0.5, "named": False, "filter": 'a "b"\nü'}


def _scheme(text: str) -> Scheme:
    return scheme_from(text.encode(), "scheme.toml")


def _bridge(scheme: Scheme, **first: Any) -> Document:
    """The valid document with values of the own attributes; `first` are those of its first mention.

    Of the others, the first record of each layer has one.
    """
    value = json.loads(VALID.read_bytes())
    value["mentions"][0] |= first
    value["entities"][0]["flag"] = "🇹🇷"
    value["event_chains"][0]["port"] = "Baku"
    value["events"][0]["arguments"][0]["weight"] = 1e-7
    value["event_relations"][0]["hours"] = 3
    return convert(value, "bridge", scheme)


@pytest.fixture
def bridge() -> Document:
    """A document with a value of each own attribute."""
    return _bridge(_scheme(SHIP), **VALUES)


def _imported(results: Results, document: Document) -> tuple[Document, list[str]]:
    findings: list[str] = []

    def report(code: str, message: str) -> None:
        findings.append(f"{code} {message}")

    return to_document(saved(results), document, document, report), findings


def _answer(results: Results, name: str, control: str) -> dict[str, Any]:
    """The value of an answer, to be changed."""
    (result,) = [r for r in results if (r.get("id"), r.get("from_name")) == (name, control)]
    value: dict[str, Any] = result["value"]
    return value


@pytest.mark.slow
@settings(max_examples=200)
@given(schemes(), documents(), st.data())
def test_what_goes_out_comes_back_under_every_scheme(
    scheme: Scheme, document: Document, data: st.DataObject
) -> None:
    """Export and import give the same bytes and no findings, saved in the editor or not."""
    document = data.draw(under(scheme, document))
    task = orjson.loads(orjson.dumps(to_task(document, "1.0.0")))
    origin = base_of(task, "task", scheme)
    assert origin is not None
    assert encode(document) == encode(origin.document) == origin.data
    task["annotations"] = [
        {"result": to_results(document)},
        {"result": saved(to_results(document))},
    ]
    for annotation in annotations_of(task, origin.document, origin.document, "task"):
        assert [] == annotation.findings
        assert annotation.unchanged
        assert encode(document) == encode(annotation.document)


@given(schemes())
@settings(max_examples=50)
def test_the_interface_has_the_labels_and_fields_of_every_scheme(scheme: Scheme) -> None:
    """It is well-formed, no two fields have one name, and every label of the scheme is there."""
    root = ElementTree.fromstring(config(scheme))
    names = [tag.get("name") for tag in root.iter() if tag.get("name")]
    assert len(set(names)) == len(names)
    labels = {tag.get("name"): {label.get("value") for label in tag} for tag in root.iter("Labels")}
    assert {name: set(known) for name, known in region_labels(scheme).items() if known} == labels
    assert set(controls(scheme)) <= set(names)
    relations = {tag.get("value") for tag in root.iter("Relation")}
    assert set(relation_labels(scheme)) <= relations


def test_own_labels_have_their_colour_title_and_description() -> None:
    """Markup, quotes and characters that XML cannot hold do not break the interface."""
    root = ElementTree.fromstring(config(_scheme(SHIP)))
    labels = [label for label in root.iter("Label") if label.get("value") == "VESSEL"]
    assert ["#1d3557", "#bc6c25"] == [label.get("background") for label in labels]
    assert ["Vessel <\"&'>: A named ship\ufffd & its <b>crew</b>,\nafloat.", "Vessel"] == [
        label.get("hint") for label in labels
    ]
    assert {"ESCORT", "← ESCORT"} <= {tag.get("value") for tag in root.iter("Relation")}


def test_own_attributes_have_a_field_of_their_type() -> None:
    """Labels and booleans are choices; the heading of a number says that it is one."""
    root = ElementTree.fromstring(config(_scheme(SHIP)))
    choices = {tag.get("name"): [c.get("value") for c in tag] for tag in root.iter("Choices")}
    assert ["SURE", "UNSURE"] == choices["mentions_certainty"]
    assert ["true", "false"] == choices["mentions_named"]
    texts = {tag.get("name") for tag in root.iter("TextArea")}
    assert {"mentions_depth", "mentions_draught", "mentions_filter"} <= texts
    headings = {tag.get("value") for tag in root.iter("Header")}
    assert {"depth (optional, integer)", "draught (optional, number)"} <= headings


def test_own_attributes_are_edited(bridge: Document) -> None:
    """An answer becomes a value of the attribute's type; the others of the record stay."""
    results = to_results(bridge)
    _answer(results, "m1", "mentions_depth")["text"] = [" 12 "]
    _answer(results, "m1", "mentions_draught")["text"] = ["3"]
    _answer(results, "m1", "mentions_named")["choices"] = ["true"]
    _answer(results, "m1", "mentions_certainty")["choices"] = ["UNSURE"]
    document, findings = _imported(results, bridge)
    assert [] == findings
    changed = {"depth": 12, "draught": 3.0, "named": True, "certainty": "UNSURE"}
    assert replace(bridge["m1"], **changed) == document["m1"]
    assert bridge.mentions[1:] == document.mentions[1:]


@pytest.mark.parametrize(
    ("prop", "answer", "message"),
    [
        ("depth", "deep", "depth 'deep' is not an integer, such as 7"),
        ("depth", "1_000", "depth '1_000' is not an integer, such as 7"),
        ("depth", "7.5", "depth '7.5' is not an integer, such as 7"),
        ("depth", "9" * 30, "is not between -9007199254740991 and 9007199254740991"),
        ("depth", "9" * 5000, "is not an integer, such as 7"),
        ("draught", "0,5", "draught '0,5' is not a number, such as 0.5"),
        ("draught", "nan", "draught 'nan' is not a number, such as 0.5"),
        ("draught", "-inf", "is not between -1e+300 and 1e+300"),
        ("filter", "x" * 10_001, "filter has 10,001 characters, and at most 10,000"),
    ],
)
def test_a_wrong_value_is_reported_and_the_old_one_stays(
    bridge: Document, prop: str, answer: str, message: str
) -> None:
    """The finding says what is wrong; another answer of the same region is taken."""
    results = to_results(bridge)
    _answer(results, "m1", f"mentions_{prop}")["text"] = [answer]
    _answer(results, "m1", "mentions_named")["choices"] = ["true"]
    document, (finding,) = _imported(results, bridge)
    assert finding.startswith("L104 PERSON m1 [6, 16): ")
    assert message in finding
    assert finding.endswith("m1 keeps what it had there")
    assert replace(bridge["m1"], named=True) == document["m1"]


def test_attributes_without_a_field_are_kept(bridge: Document) -> None:
    """Those of entities, event chains, arguments and event relations survive an edit.

    An argument or an event relation that gets another label keeps them as well.
    """
    results = to_results(bridge)
    for result in results:
        ends = result.get("from_id"), result.get("to_id")
        if ends == ("ev1", "m1"):
            result["labels"] = ["ESCORT"]
        elif ends == ("ev1", "ev5"):
            result["labels"] = ["FOLLOWS"]
    results = [r for r in results if r.get("id") != "t2" and r.get("from_id") != "t2"]
    results = [r for r in results if r.get("to_id") != "t2"]
    document, findings = _imported(results, bridge)
    assert [] == findings
    assert ("🇹🇷", "Baku") == (document["marsh"].flag, document["opening"].port)
    argument = next(a for a in document["ev1"].arguments if a.target == "m1")
    assert ("ESCORT", 1e-7) == (argument.role, argument.weight)  # type: ignore[attr-defined]  # own
    relation = next(r for r in document.event_relations if r.target == "ev5")
    assert ("FOLLOWS", 3) == (relation.type, relation.hours)  # type: ignore[attr-defined]  # own
    assert "t2" not in document


def test_new_records_have_the_types_of_the_scheme(bridge: Document) -> None:
    """A region drawn by hand becomes a mention, with its own label, of a new entity."""
    results = to_results(bridge)
    span = {"start": 173, "end": 176}
    region = {"id": "new1", "from_name": "mentions", "type": "labels"}
    results.append({**region, "value": {**span, "labels": ["VESSEL"]}})
    for name, kind, key, answer in (
        ("level", "choices", "choices", "NAM"),
        ("entity", "textarea", "text", "tanker"),
        ("depth", "textarea", "text", "4"),
    ):
        value = {**span, key: [answer]}
        results.append(
            {"id": "new1", "from_name": f"mentions_{name}", "type": kind, "value": value}
        )
    document, (finding,) = _imported(results, bridge)
    assert finding.startswith("L101")
    assert ("tanker", 4) == (document["m9"].entity, document["m9"].depth)
    assert "VESSEL" == document["tanker"].type
    assert type(bridge["marsh"]) is type(document["tanker"])
    assert encode(document) == encode(convert(orjson.loads(encode(document)), "x", _scheme(SHIP)))


def test_dropped_layers_have_no_fields() -> None:
    """Of a layer that the scheme lacks, neither labels nor fields nor relations are shown."""
    events = _scheme('base = 2\nlayers = ["events"]')
    assert ["events"] == [*region_labels(events)][:1]
    names = {tag.get("name") for tag in ElementTree.fromstring(config(events)).iter()}
    assert "events_event" not in names
    assert not any(name and name.startswith(("mentions", "timexes", "table_")) for name in names)
    quotations = _scheme('base = 2\nlayers = ["quotations"]')
    assert ["CUE"] == [*relation_labels(quotations)]
    mentions = _scheme('base = 2\nlayers = ["mentions"]')
    assert {"NAM", "NOM", "PRO"} <= set(region_labels(mentions)["mentions"])
    assert [] == [*relation_labels(mentions)]


def test_a_task_of_an_earlier_scheme_comes_back(bridge: Document) -> None:
    """Attributes and layers that the scheme no longer has are named and left out.

    What the scheme has gained since is no change.
    """
    task = to_task(bridge)
    layers = '"mentions", "entities", "timexes", "events", "event_chains"'
    later = _scheme(f"base = 2\nlayers = [{layers}]\n[attributes.timexes.sure]\ntype = 'boolean'")
    origin = base_of(task, "task", later)
    assert origin is not None
    assert ("mentions.depth", "arguments.weight") == tuple(
        name for name in origin.left_out if name in ("mentions.depth", "arguments.weight")
    )
    assert "quantities" in origin.left_out
    assert bridge["m1"].entity == origin.document["m1"].entity
    unchanged = to_task(bridge)
    first = base_of(unchanged, "task", _scheme(SHIP + "[attributes.timexes.sure]\ntype='boolean'"))
    assert first is not None
    assert () == first.left_out
    (annotation,) = annotations_of(unchanged, first.document, first.document, "task")
    assert annotation.unchanged


def test_a_label_that_the_scheme_lost_is_named_and_kept(bridge: Document) -> None:
    """The record, argument or relation keeps it until the corpus changes it."""
    value = json.loads(encode(bridge))
    value["entities"][0]["type"] = "VESSEL"
    value["events"][0]["arguments"][0]["role"] = "ESCORT"
    value["event_relations"][0]["type"] = "FOLLOWS"
    before = convert(value, "x", _scheme(SHIP))
    lost = (
        '."entities.type".VESSEL',
        '."arguments.role".ESCORT',
        '."event_relations.type".FOLLOWS',
    )
    text = SHIP
    for key in lost:
        text = text.replace(f"[labels{key}]", f"[labels{key}X]")
    origin = base_of(to_task(before), "task", _scheme(text))
    assert origin is not None
    document, findings = _imported(to_results(before), origin.document)
    assert encode(before) == encode(document)
    assert {"L104"} == {finding[:4] for finding in findings}
    for name in ("'VESSEL'", "'ESCORT'", "'FOLLOWS'"):
        assert any(name in finding for finding in findings)


def test_a_role_may_have_the_name_of_an_event_relation_or_pointer() -> None:
    """Both are relations in the editor, so that the name there says which one is meant."""
    clashing = (
        "base = 2\n"
        '[labels."arguments.role".SOURCE]\n'
        '[labels."arguments.role".BEFORE]\n'
        '[labels."event_relations.type".CUE]\n'
        '[labels."event_relations.type".AGENT]\n'
    )
    scheme = _scheme(clashing)
    names = {"CAUSE", "CAUSE (role)", "SOURCE (role)", "BEFORE", "BEFORE (role)", "SOURCE"}
    names |= {"CUE", "CUE (event relation)", "AGENT", "AGENT (role)"}
    assert names <= set(relation_labels(scheme))
    value = json.loads(VALID.read_bytes())
    first, second = value["events"][0]["id"], value["events"][1]["id"]
    roles = ("CAUSE", "SOURCE", "BEFORE", "AGENT")
    value["events"][0]["arguments"] = [{"role": role, "target": second} for role in roles]
    types = ("CAUSE", "CUE", "BEFORE", "AGENT")
    value["event_relations"] = [
        *({"type": name, "source": first, "target": second} for name in types),
        {"type": "CAUSE", "source": second, "target": first},
    ]
    document = ordered(convert(value, "bridge", scheme))
    assert (document, []) == _imported(to_results(document), document)
    results = to_results(document)
    (arrow,) = [r for r in results if {r.get("from_id"), r.get("to_id")} == {first, second}]
    arrow["labels"] = [label for label in arrow["labels"] if label != "CAUSE (role)"]
    edited, findings = _imported(results, document)
    assert [] == findings
    assert document.event_relations == edited.event_relations
    assert {"SOURCE", "BEFORE", "AGENT"} == {a.role for a in edited[first].arguments or ()}


def test_how_an_interface_differs_is_named() -> None:
    """Labels, fields and relations count; colours, explanations and the arrangement do not."""
    old, new = base(), _scheme(SHIP)
    assert not difference(config(new), new).lacks
    assert difference(config(new), new) == difference(
        config(new).replace("#1d3557", "#000000"), new
    )
    grown = difference(config(old), new)
    assert () == grown.has
    assert "the label VESSEL of mentions" in grown.lacks
    assert "the field mentions_depth" in grown.lacks
    assert "the label SURE of mentions_certainty" in grown.lacks
    assert "the relation ESCORT" in grown.lacks
    assert grown.lacks == difference(config(new), old).has
    assert "it lacks the label VESSEL of mentions" in str(grown)
    for foreign in ("", "<View><Labels name='mentions' toName='text'/></View>", "no XML"):
        assert difference(foreign, new).is_foreign
    assert "a, b, c, d, e and 2 more" == listed("abcdefg")


def test_what_annotations_use_is_described_as_in_the_interface(bridge: Document) -> None:
    """All that the results of an export have is in the interface, by the same names."""
    parts = set(used(to_results(bridge)))
    assert {"the label SURE of mentions_certainty", "the relation AGENT"} <= parts
    assert parts <= set(difference("<View className='statevisit'/>", _scheme(SHIP)).lacks)
    assert set() == set(used([None, 3, {"type": "relation"}, {"value": []}])) - {"the field None"}


MAPPING = """
[labels]
Ship = "mentions.VESSEL"
Knots = "quantities.VESSEL"
Human = "PERSON"
[relations]
guards = "ESCORT"
[choices.stars]
property = "mentions.depth"
[choices.sure]
property = "mentions.named"
yes = true
[defaults]
"mentions.level" = "NAM"
"mentions.certainty" = "UNSURE"
"mentions.draught" = 0.5
"quantities.comparator" = "EXACT"
"quantities.value" = "2"
"""


def _corpus(root: Path, document: Document, scheme: str) -> Path:
    for name, text in (
        ("schema/scheme.toml", scheme),
        ("corpus/annotators.json", '{"annotators": []}'),
        ("corpus/documents/bridge.json", encode(document).decode()),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def _foreign_task(text: str) -> dict[str, Any]:
    def region(name: str, words: str, label: str) -> dict[str, Any]:
        start = text.index(words)
        value = {"start": start, "end": start + len(words), "text": words, "labels": [label]}
        return {"id": name, "from_name": "label", "type": "labels", "value": value}

    def answer(name: str, control: str, kind: str, value: Any) -> dict[str, Any]:
        return {"id": name, "from_name": control, "type": kind, "value": {kind: value}}

    results = [
        region("a", "new", "Ship"),
        answer("a", "stars", "rating", 4),
        answer("a", "sure", "choices", ["yes"]),
        region("b", "two", "Knots"),
        region("c", "long", "Human"),
        answer("c", "stars", "number", 2.0),
    ]
    return {"id": 3, "data": {"t": text}, "annotations": [{"id": 1, "result": results}]}


def test_a_mapping_knows_own_labels_and_attributes(
    bridge: Document, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """A label of several layers is written with its layer; numbers and ratings become numbers."""
    root = _corpus(tmp_path / "corpus", bridge, SHIP)
    (tmp_path / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "export.json").write_bytes(orjson.dumps([_foreign_task(bridge.text)]))
    arguments = ("--mapping", tmp_path / "mapping.toml", "--path", root)
    done = cli("label-studio", "import", tmp_path / "export.json", *arguments)
    document = read_document(root / "corpus/documents/bridge.json")
    assert 0 == done.status, done.err
    ship = next(m for m in document.mentions if m.text == "new")
    human = next(m for m in document.mentions if m.text == "long")
    assert ("VESSEL", 4, True, 0.5, "UNSURE") == (
        document.entity_of(ship).type,
        *(getattr(ship, name) for name in ("depth", "named", "draught", "certainty")),
    ), done.err
    assert ("PERSON", 2) == (document.entity_of(human).type, human.depth)  # type: ignore[attr-defined]  # own
    assert "VESSEL" == next(q for q in document.quantities if q.text == "two").kind


def test_an_ambiguous_label_in_a_mapping_is_refused(tmp_path: Path) -> None:
    """The message says how to write it."""
    (tmp_path / "mapping.toml").write_text('[labels]\nShip = "VESSEL"', encoding="utf-8")
    message = '"mentions.VESSEL" or "quantities.VESSEL"'
    with pytest.raises(FormatError, match=message):
        read_mapping(tmp_path / "mapping.toml", _scheme(SHIP))
