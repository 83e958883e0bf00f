"""The schemas: what they say, and that everything else says the same."""

import copy
import hashlib
import re
from typing import Any
from unittest.mock import sentinel

import jsonschema
import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from statevisit import load
from statevisit.corpus import git
from statevisit.corpus.seeds import ListedSource, Received
from statevisit.document import schema, schema_errors
from statevisit.document.codec import to_value
from statevisit.document.model import LAYERS, Argument, Document, Record, Source, Span
from statevisit.document.scheme import base
from statevisit.document.timex_values import timeml_spelling
from statevisit.document.value_forms import TIMEX_EXAMPLES, timex_advice, timex_patterns
from tests.conftest import ROOT, VALID

SHA256 = {
    "document": "aaf8216976bc744497005d63649eddd8ebf03f7a15030e4277fb1a785286de8f",
    "annotators": "a9e32bc5b7978343a87603f0cb1cddbec0a013d87384a37f169d9b3b8dfa9264",
    "release": "c81fc9bceb3b4270aa6d581799176da82cf4cd1a95ac28ad798d17e638cea493",
    "findings": "fe3c0b3122de9743fde9a970016e46ebbb6e37243e67f945715489e4a92a953a",
    "source": "b334294fcb94fb9c0f45247b13c27b115e1d51a8fbe6973b3a0658542db723e6",
    "adjudication": "bff527924232b9febb575f081770c2bd66fcf7ca064b394acff3c2b4bd7391a1",
    "report": "6c08f25135b2810733c67051a2b07aab083f45b6bea7e39533f0e9ecf6abe90c",
}


@pytest.mark.parametrize("name", schema.NAMES)
def test_the_schema_changes_only_on_purpose(name: str) -> None:
    """A schema is data: a change of it also needs a change of its digest here."""
    assert SHA256[name] == hashlib.sha256(schema.path(name).read_bytes()).hexdigest()


def _entries(version: str, heading: str) -> list[str]:
    """The entries of the changelog for a version under a heading."""
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    section = re.search(rf"^## \[{re.escape(version)}\].*?(?=^## |\Z)", log, re.M | re.S)
    part = re.search(
        rf"^### {heading}\n(.*?)(?=^###? |\Z)", section[0] if section else "", re.M | re.S
    )
    return re.findall(r"^- .+", part[1], re.M) if part else []


def _last_release() -> tuple[str, str]:
    """The commit of the last release, and the changelog's section for what came after it."""
    shallow = git.line(ROOT, "rev-parse", "--is-shallow-repository")
    assert "false" == shallow, "the last release is not in the history: git fetch --unshallow"
    version = load().version
    commit = git.commit_of(ROOT, version)
    if commit is not None:
        return commit, "Unreleased"
    last = git.version_at(ROOT, "HEAD")  # `version` is being released
    assert last is not None
    commit = git.commit_of(ROOT, last)
    assert commit is not None
    return commit, version


def test_a_schema_that_changed_has_an_entry_in_the_changelog() -> None:
    """Users read of every change of a schema since the last release, under Schema."""
    commit, section = _last_release()
    changed = git.git(ROOT, "diff", "--name-only", commit, "--", "schema/*.schema.json")
    assert not changed or _entries(section, "Schema"), changed.decode()


def test_the_entries_of_the_last_release_are_read() -> None:
    """The entries under Schema are read per version; those of an old version do not count."""
    assert len(_entries("1.0.0", "Schema")) > 5
    assert [] == _entries("9.9.9", "Schema")
    assert set() == {*_entries("1.0.0", "Schema")} & {*_entries("1.0.0", "Added")}


@pytest.mark.parametrize("name", schema.NAMES)
def test_schemas_are_valid_2020_12(name: str) -> None:
    """Every schema is itself valid, names its dialect, and both engines compile it."""
    assert "https://json-schema.org/draft/2020-12/schema" == schema.load(name).value["$schema"]
    jsonschema.Draft202012Validator.check_schema(schema.load(name).value)
    assert schema_errors.verdict(schema.load(name)).is_valid({}) is False


def _nodes(node: Any):
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _nodes(value)
    elif isinstance(node, list):
        for value in node:
            yield from _nodes(value)


@pytest.mark.parametrize("name", schema.NAMES)
def test_every_property_is_described_and_every_object_closed(name: str) -> None:
    """A reader of the schema finds what each property holds; a misspelt property is refused."""
    of_name = schema.load(name)
    for node in _nodes(of_name.value):
        if node.get("type") == "object" and "properties" in node and "required" in node:
            assert node["additionalProperties"] is False
            for key, value in node["properties"].items():
                assert of_name.resolve(value).get("description"), f"{key} has no description"
            assert set(node["required"]) <= set(node["properties"])


def test_every_label_has_title_description_and_colour() -> None:
    """Whatever draws or lists labels finds what it needs beside each."""
    for node in _nodes(base().value):
        if "x-labels" in node:
            assert node["enum"] == list(node["x-labels"])
            for label in node["x-labels"].values():
                assert label["title"]
                assert label["description"].endswith(".")
                assert re.fullmatch(r"#[0-9a-f]{6}", label["color"])


def test_patterns_refuse_a_trailing_newline_in_both_engines() -> None:
    """Python's `$` accepts one newline at the end; every pattern here guards against that."""
    patterns = [
        n["pattern"]
        for name in schema.NAMES
        for n in _nodes(schema.load(name).value)
        if isinstance(n.get("pattern"), str)
    ]
    assert len(patterns) > 15
    assert all(p.startswith("^") and p.endswith(r"$(?!\n)") for p in patterns)


TYPES: list[tuple[type[Record] | type[Document], dict[str, Any]]] = [
    (Document, base().value),
    *((kind, base().record(layer)) for layer, kind in LAYERS.items()),
    (Argument, base().value["$defs"]["argument"]),
    (Span, base().value["$defs"]["span"]),
    (Source, base().value["properties"]["source"]),
    (ListedSource, schema.load("source").value),
    (Received, schema.load("source").value["properties"]["received"]),
]


@pytest.mark.parametrize(("kind", "node"), TYPES, ids=lambda v: getattr(v, "__name__", ""))
def test_types_mirror_the_schema(kind: type[Record], node: dict[str, Any]) -> None:
    """The Python types have the schema's properties, in its order, and optional alike."""
    fields = msgspec.structs.fields(kind)
    assert list(node["properties"]) == [f.encode_name for f in fields]
    assert set(node["required"]) == {f.encode_name for f in fields if f.required}


def test_the_inventories_of_the_scheme() -> None:
    """The label sets that the sources fix are here whole."""
    assert 10 == len(base().labels("entities", "type"))
    assert 34 == len(base().labels("events", "type"))
    assert 7 == len(base().labels("events", "class"))
    assert 11 == len(base().labels("arguments", "role"))
    assert 14 == len(base().labels("event_relations", "type"))
    assert (
        "P463"
        == next(x for x in base().labels("relations", "type") if x.name == "MEMBER_OF").extra[
            "wikidata_property"
        ]
    )


QUANTITY = {
    "id": "q90",
    "start": 0,
    "end": 9,
    "text": "President",
    "kind": "CARDINAL",
    "value": "1",
    "comparator": "EXACT",
}
TIMEX = {"id": "t90", "start": 0, "end": 9, "text": "President", "type": "DATE", "value": "2024"}
EVENT = {
    "id": "ev90",
    "start": 0,
    "end": 9,
    "text": "President",
    "level": "NOM",
    "event": "x",
    "class": "STATE",
    "type": "OTHER",
    "polarity": "POS",
    "modality": "ACTUAL",
    "doc_time_rel": "OVERLAP",
    "arguments": [],
}
ENTITY = {"id": "x", "type": "ORG", "name": "X", "nil": "NIL", "reference": "SPECIFIC"}
CHAIN = {"id": "x"}
RELATION = {"id": "r90", "type": "MEMBER_OF", "source": "x", "target": "y", "evidence": [0]}
ABSENT = sentinel.ABSENT

RULES: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("quantities", QUANTITY, {}, True),
    ("quantities", QUANTITY, {"value": ABSENT}, False),
    (
        "quantities",
        QUANTITY,
        {"comparator": "RANGE", "value": ABSENT, "lower": "1", "upper": "2"},
        True,
    ),
    ("quantities", QUANTITY, {"comparator": "RANGE", "value": ABSENT, "lower": "1"}, False),
    ("quantities", QUANTITY, {"comparator": "RANGE", "lower": "1", "upper": "2"}, False),
    ("quantities", QUANTITY, {"lower": "1"}, False),
    ("quantities", QUANTITY, {"kind": "MONEY", "unit": "USD"}, True),
    ("quantities", QUANTITY, {"kind": "MONEY"}, False),
    ("quantities", QUANTITY, {"kind": "MONEY", "unit": "US$"}, False),
    ("quantities", QUANTITY, {"kind": "MONEY", "unit": "ABC"}, False),
    ("quantities", QUANTITY, {"kind": "PERCENT", "unit": "%"}, True),
    ("quantities", QUANTITY, {"kind": "PERCENT"}, False),
    ("quantities", QUANTITY, {"kind": "PERCENT", "unit": "percent"}, False),
    ("quantities", QUANTITY, {"kind": "MEASURE"}, False),
    ("quantities", QUANTITY, {"kind": "MEASURE", "unit": "km"}, True),
    ("quantities", QUANTITY, {"kind": "ORDINAL", "value": "2.5"}, False),
    ("quantities", QUANTITY, {"conversion_of": "q1"}, False),
    ("quantities", QUANTITY, {"kind": "MONEY", "unit": "USD", "conversion_of": "q1"}, True),
    *(
        ("quantities", QUANTITY, {"value": v}, ok)
        for v, ok in [
            ("7600000000", True),
            ("-0.5", True),
            ("7,6", False),
            ("1e9", False),
            ("01", False),
            ("1.", False),
            ("", False),
            ("1\n", False),
            ("١", False),
        ]
    ),
    *(
        ("timexes", TIMEX, {"value": v}, ok)
        for v, ok in [
            ("2024-02-19", True),
            ("2024-W08", True),
            ("2024-W08-WE", True),
            ("2024-Q1", True),
            ("2024-SU", True),
            ("202", True),
            ("20", True),
            ("PAST_REF", True),
            ("XXXX-02", True),
            ("BC0346", True),
            ("2024-13", False),
            ("2024-02-32", False),
            ("24-02-19", False),
            ("2024-02-19T10", False),
            ("P2D", False),
            ("2024-02-19\n", False),
        ]
    ),
    *(
        ("timexes", TIMEX, {"type": "TIME", "value": v}, ok)
        for v, ok in [
            ("2024-02-19T10:30", True),
            ("2024-02-19TEV", True),
            ("2024-02-19T10:30Z", True),
            ("2024-02-19", False),
            ("2024-02-19T25", False),
            ("T10:30", False),
        ]
    ),
    *(
        ("timexes", TIMEX, {"type": "DURATION", "value": v}, ok)
        for v, ok in [
            ("P2D", True),
            ("P3DE", True),
            ("PT2H30M", True),
            ("P1DT12H", True),
            ("PXY", True),
            ("P", False),
            ("PT", False),
            ("2D", False),
            ("P2", False),
        ]
    ),
    ("timexes", TIMEX, {"begin": "DCT"}, False),
    (
        "timexes",
        TIMEX,
        {"type": "DURATION", "value": "P2D", "begin": "DCT", "end_point": "t1"},
        True,
    ),
    ("timexes", TIMEX, {"type": "SET", "value": "P1W"}, True),
    ("timexes", TIMEX, {"type": "SET", "value": "P1W", "quant": "EVERY"}, True),
    ("timexes", TIMEX, {"type": "SET", "value": "XXXX-WXX-1", "freq": "2X"}, True),
    ("timexes", TIMEX, {"quant": "EVERY"}, False),
    (
        "events",
        EVENT,
        {"arguments": [{"role": "AGENT", "target": "m1", "ace_role": "Entity"}]},
        False,
    ),
    (
        "events",
        EVENT,
        {
            "type": "CONTACT.MEET",
            "arguments": [{"role": "AGENT", "target": "m1", "ace_role": "Entity"}],
        },
        True,
    ),
    ("events", EVENT, {"tense": "PAST"}, False),
    ("events", EVENT, {"level": "VRB", "tense": "PAST", "aspect": "PERFECTIVE"}, True),
    ("events", EVENT, {"id": "DCT"}, False),
    ("events", EVENT, {"id": "a/b"}, False),
    ("events", EVENT, {"id": "a b"}, False),
    ("events", EVENT, {"start": -1}, False),
    ("events", EVENT, {"start": 0.5}, False),
    ("events", EVENT, {"tense": None}, False),
    ("entities", ENTITY, {}, True),
    ("entities", ENTITY, {"nil": ABSENT}, False),
    ("entities", ENTITY, {"wikidata": "Q43"}, False),
    ("entities", ENTITY, {"wikidata": "Q43", "nil": ABSENT}, True),
    ("entities", ENTITY, {"wikidata": "43", "nil": ABSENT}, False),
    ("event_chains", CHAIN, {}, True),
    ("event_chains", CHAIN, {"name": "X"}, False),
    ("event_chains", CHAIN, {"name": "X", "nil": "NIL"}, True),
    ("event_chains", CHAIN, {"name": "X", "wikidata": "Q1", "nil": "NIL"}, False),
    ("event_chains", CHAIN, {"wikidata": "Q1"}, False),
    ("relations", RELATION, {}, True),
    ("relations", RELATION, {"evidence": []}, False),
    ("relations", RELATION, {"evidence": [0, 0]}, False),
    ("relations", RELATION, {"note": "x"}, False),
]


@pytest.mark.parametrize(
    ("layer", "record", "change", "valid"),
    RULES,
    ids=lambda v: str(v)[:40] if isinstance(v, dict) else None,
)
def test_rules(layer: str, record: dict[str, Any], change: dict[str, Any], valid: bool) -> None:
    """Both engines agree on each rule, and a refusal says what to do in one short line."""
    value = orjson.loads(VALID.read_bytes())
    value[layer] = [{k: v for k, v in (copy.deepcopy(record) | change).items() if v is not ABSENT}]
    assert valid == schema_errors.verdict(base()).is_valid(value)
    assert valid == schema_errors.oracle(base()).is_valid(value)
    messages = [message for _, message in schema_errors.errors(value, base())]
    assert valid == (not messages)
    assert all(5 < len(m) < 260 and "\n" not in m for m in messages)


def _advice(layer: str) -> str:
    """What a message says about something that only a layer that is done must have."""
    return (
        f"; the layer `{layer}` is done: add it, or reopen the layer with "
        f"`statevisit state DOC {layer} partial`"
    )


def test_a_condition_is_named_in_the_message(article: Document) -> None:
    """The message 'missing unit' also says that the quantity is money, and its layer done."""
    value = to_value(article)
    value["quantities"] = [QUANTITY | {"kind": "MONEY"}]
    advice = _advice("quantities")
    assert [(["quantities", 0], f"missing `unit` where `kind` is MONEY{advice}")] == list(
        schema_errors.errors(value, base())
    )
    value["quantities"] = [QUANTITY | {"lower": "1"}]
    assert [
        (["quantities", 0, "lower"], "`lower` does not belong here unless `comparator` is RANGE")
    ] == list(schema_errors.errors(value, base()))
    value["quantities"] = []
    value["entities"] = [ENTITY | {"wikidata": "Q43"}]
    both = "`nil` does not belong here where `wikidata` is present"
    assert [(["entities", 0, "nil"], both)] == list(schema_errors.errors(value, base()))


def _messages(article: Document, layer: str, record: dict[str, Any]) -> list[str]:
    value = to_value(article)
    value[layer] = [record]
    return [message for _, message in schema_errors.errors(value, base())]


@pytest.mark.parametrize(
    ("kind", "value", "suggestion"),
    [
        ("DURATION", "1de", "P1E"),
        ("DURATION", "PTXCE", "PXC"),
        ("DURATION", "2ML", "P2L"),
        ("DURATION", "p3d", "P3D"),
        ("DURATION", "3d", "P3D"),
        ("DURATION", "P2H", "PT2H"),
        ("DURATION", "P1DT2H30S", "P1DT2H30S"),
        ("DURATION", "P1D2H", "P1DT2H"),
        ("DURATION", "PT2D", "P2D"),
        ("DURATION", "P1,5Y", "P1.5Y"),
        ("DATE", "2021-W1", "2021-W01"),
        ("DATE", "2021w9", "2021-W09"),
        ("DATE", "2024-2-9", "2024-02-09"),
        ("DATE", "2024/02/19", "2024-02-19"),
        ("DATE", "19.02.2024", "2024-02-19"),
        ("DATE", "2/19/2024", "2024-02-19"),
        ("DATE", "20240219", "2024-02-19"),
        ("DATE", "2024 - 02", "2024-02"),
        ("DATE", "1970s", "197"),
        ("DATE", "79 AD", "0079"),
        ("DATE", "BC44", "BC0044"),
        ("DATE", "Q1 2020", "2020-Q1"),
        ("DATE", "2020-fall", "2020-FA"),
        ("DATE", "past", "PAST_REF"),
        ("DATE", "now", "PRESENT_REF"),
        ("TIME", "2024-02-19 9:30", "2024-02-19T09:30"),
        ("TIME", "2024-02-19t1030", "2024-02-19T10:30"),
        ("TIME", "2024-02-19T10:30:15.5", "2024-02-19T10:30:15"),
        ("TIME", "2024-02-19T10:30+0300", "2024-02-19T10:30+03:00"),
        ("SET", "P1W-#1", "P1W"),
        ("SET", "xxxx-wxx-1", "XXXX-WXX-1"),
    ],
)
def test_a_refused_time_value_is_told_the_right_form(
    article: Document, kind: str, value: str, suggestion: str
) -> None:
    """The message has the value to write, and an example of every form."""
    record = TIMEX | {"type": kind, "value": value}
    if kind == "SET":
        record["quant"] = "EVERY"
    examples = ", ".join(TIMEX_EXAMPLES[kind])
    expected = f'`value` is "{value}"; write "{suggestion}"; a {kind} is like {examples}'
    assert ([] if value == suggestion else [expected]) == _messages(article, "timexes", record)


def test_a_value_of_another_type_is_told_its_type(article: Document) -> None:
    """A day with a part of the day is a TIME, and a length of time is a DURATION."""
    record = TIMEX | {"value": "2024-02-19TEV"}
    (message,) = _messages(article, "timexes", record)
    assert message.startswith('`value` is "2024-02-19TEV"; "2024-02-19TEV" is the value of a TIME;')
    (message,) = _messages(article, "timexes", TIMEX | {"value": "p1w"})
    assert message.startswith('`value` is "p1w"; "P1W" is the value of a DURATION; a DATE is like')


@pytest.mark.parametrize("kind", TIMEX_EXAMPLES)
def test_the_examples_of_time_values_are_right(article: Document, kind: str) -> None:
    """The schema accepts every example, and an example is its own right form."""
    for value in TIMEX_EXAMPLES[kind]:
        record = TIMEX | {"type": kind, "value": value}
        if kind == "SET":
            record["freq"] = "2X"
        assert [] == _messages(article, "timexes", record)
        assert f'write "{value}"' in timex_advice(value, timex_patterns()[kind])


@pytest.mark.slow
@given(st.sampled_from(sorted(TIMEX_EXAMPLES)), st.data())
def test_a_suggestion_is_always_accepted(kind: str, data: st.DataObject) -> None:
    """Whatever was written, a value that is suggested follows the schema; a right one stays."""
    pattern = timex_patterns()[kind]
    right = data.draw(st.from_regex(pattern).filter(lambda value: len(value) < 30))
    advice = timex_advice(right, pattern)
    assert any(f'write "{value}";' in advice for value in (right, timeml_spelling(right)))
    other = data.draw(st.one_of(st.text(), st.from_regex(r"\A[0-9WPTXQ:./ -]{1,20}\Z")))
    advice = timex_advice(other, pattern)
    suggestion = re.match(r'write "(.*?)"; ', advice)
    assert suggestion is None or re.search(pattern, suggestion[1])


@pytest.mark.parametrize(
    ("value", "suggestion"),
    [
        ("7,600,000", "7600000"),
        ("7.6e9", "7600000000"),
        ("1 000 000.50", "1000000.5"),
        (".5", "0.5"),
        ("+5", "5"),
        ("007", "7"),
    ],
)
def test_a_refused_decimal_is_told_the_right_form(
    article: Document, value: str, suggestion: str
) -> None:
    """A number with separators, an exponent or a needless sign is written plainly."""
    assert [
        f'`value` is "{value}"; write "{suggestion}"; a decimal is like 7600000000, 0.5, -3'
    ] == (_messages(article, "quantities", QUANTITY | {"value": value}))


@pytest.mark.parametrize(
    "value", ["many", "", "NaN", "Infinity", "1e999999999", "9" * 100_000, "7,5"]
)
def test_a_decimal_that_cannot_be_guessed_gets_examples(article: Document, value: str) -> None:
    """What is no number, or has two readings, is not guessed."""
    (message,) = _messages(article, "quantities", QUANTITY | {"value": value})[-1:]
    assert message.endswith("; a decimal is like 7600000000, 0.5, -3")
    assert "write" not in message


def test_alternatives_and_absent_values_are_named(article: Document) -> None:
    """An entity needs one of two properties; `null` is an absent value, in the words of JSON."""
    entity = {"id": "e90", "type": "ORG", "name": "OTS", "reference": "SPECIFIC"}
    needed = "needs `wikidata` or `nil`"
    assert [needed + _advice("entities")] == _messages(article, "entities", entity)
    value = to_value(article) | {"date": None}
    assert [(["date"], "`date` is missing (null); it must be a string")] == list(
        schema_errors.errors(value, base())
    )
    value = to_value(article) | {"date": "2024-2-1"}
    assert [
        (["date"], '`date` is "2024-2-1"; it must be a day of the calendar, such as 2024-02-19')
    ] == list(schema_errors.errors(value, base()))
