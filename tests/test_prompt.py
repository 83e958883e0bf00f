"""The prompt for a language model, and the schema that structured output holds its answer to."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import given, settings
from msgspec.structs import replace

import statevisit
from statevisit.annotation.answer_schema import answer_schema
from statevisit.annotation.quotes import Anchorer, anchor
from statevisit.document.codec import to_value
from statevisit.document.model import ANNOTATED_LAYERS, Document
from statevisit.document.scheme import Scheme, base, scheme_from
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError
from tests.conftest import DATA, DOC_ID, Result, oracle
from tests.scheme_strategies import schemes

llguidance = oracle("llguidance")

OWN = scheme_from(
    b"""base = 2
layers = ["mentions", "entities", "timexes"]
[labels."entities.type".SHIP]
title = "Ship"
description = "A vessel that has a name of its own."
[attributes."mentions".certain]
description = "Whether the annotator is certain."
type = "boolean"
[attributes."entities".tonnage]
description = "The tonnage of a ship."
type = "integer"
""",
    "scheme.toml",
)

PAGE = """# Ours

## 1 All

Be brief.

## 2 Ships

<!-- generated: labels entities.type -->
| label |
<!-- end -->

**2.1** A boat is a SHIP.

## 3 Changes

- none
"""

LARGEST = 12_000
"""Bytes of a schema of one layer."""

KEYWORDS = {
    *("type", "description", "properties", "required", "additionalProperties", "items"),
    *("enum", "const", "anyOf", "pattern", "minimum"),
}
"""Keywords of the strict subset that our schemas use.

https://platform.openai.com/docs/guides/structured-outputs: "Supported schemas",
as of February 2026.
"""


def _nodes(schema: JsonObject, depth: int = 1) -> Iterator[tuple[JsonObject, int]]:
    """Every schema inside a schema, with the number of objects and arrays around it and itself."""
    yield schema, depth
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    if "items" in schema:
        inner.append(schema["items"])
    for node in inner:
        yield from _nodes(node, depth + 1)


def strict_problems(schema: JsonObject) -> list[str]:
    """What keeps a schema out of the subset that OpenAI's strict mode takes, by its page."""
    problems = []
    nodes = list(_nodes(schema))
    if schema.get("type") != "object" or "anyOf" in schema:
        problems.append("the root is not an object")
    names, values = 0, 0
    length = 0
    for node, depth in nodes:
        problems += [f"keyword {keyword}" for keyword in node.keys() - KEYWORDS]
        if depth > 10:
            problems.append("more than 10 levels")
        if "type" not in node and "anyOf" not in node:
            problems.append("neither type nor anyOf")
        if node.get("type") == "object":
            properties = node["properties"]
            names += len(properties)
            length += sum(map(len, properties))
            if node["required"] != list(properties) or node["additionalProperties"] is not False:
                problems.append("an object that is not closed, or has an optional property")
        enum = node.get("enum", [])
        values += len(enum)
        length += sum(map(len, enum))
        if len(enum) > 250 and sum(map(len, enum)) > 15_000:
            problems.append("an enum that is too long")
        if "(?" in node.get("pattern", ""):
            problems.append("a look-ahead")
    if names > 5000 or values > 1000 or length > 120_000:
        problems.append(f"{names} properties, {values} labels, {length} characters")
    return problems


def gold_answer(document: Document, scheme: Scheme, layers: list[str]) -> JsonObject:
    """What a perfect model answers: the gold as the schema has it, with null for the absent."""
    anchorer = Anchorer(document)

    def answered(value: Any, schema: JsonObject) -> Any:
        schema = next((s for s in schema.get("anyOf", ()) if s["type"] != "null"), schema)
        if isinstance(value, list):
            return [answered(item, schema["items"]) for item in value]
        if not isinstance(value, dict):
            return value
        if "quote" in schema["properties"]:
            place = value["start"], value["end"]
            value = value | {"quote": document.text[slice(*place)]}
            number = 1
            while anchorer.resolve(value | {"occurrence": number})[:2] != place:
                number += 1
            value["occurrence"] = number
        return {
            name: None if value.get(name) is None else answered(value[name], node)
            for name, node in schema["properties"].items()
        }

    schema = answer_schema(scheme, layers)
    answer: JsonObject = answered(to_value(document), schema)
    return answer


class _Bytes:
    """A tokenizer with a token for each byte."""

    eos_token_id = 256
    bos_token_id = None
    tokens = (*(bytes([n]) for n in range(256)), b"<eos>")
    special_token_ids = (256,)

    def __call__(self, text: bytes) -> list[int]:
        return list(text)


def _accepts(schema: JsonObject, answer: JsonObject) -> bool:
    """Whether llguidance lets a model write an answer, byte by byte, and stop after it."""
    tokenizer = llguidance.LLTokenizer(llguidance.TokenizerWrapper(_Bytes()))
    grammar = llguidance.LLMatcher.grammar_from_json_schema(schema)
    matcher = llguidance.LLMatcher(tokenizer, grammar, log_level=0)
    assert "" == matcher.get_error()
    data = orjson.dumps(answer)
    return len(data) == matcher.try_consume_tokens(list(data)) and matcher.is_accepting()


SCHEMAS = [*((base(), layer) for layer in base().annotated)]
SCHEMAS += [(OWN, layer) for layer in OWN.annotated]


@pytest.mark.parametrize(("scheme", "layer"), SCHEMAS)
def test_the_schema_of_a_layer_is_strict_and_small(scheme: Scheme, layer: str) -> None:
    """Each layer's schema is in OpenAI's strict subset, compiles in llguidance, and is small."""
    schema = answer_schema(scheme, [layer])
    assert [] == strict_problems(schema)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert ["id", layer] == list(schema["properties"])
    assert LARGEST > len(orjson.dumps(schema))
    grammar = llguidance.LLMatcher.grammar_from_json_schema(schema)
    assert (False, []) == llguidance.LLMatcher.validate_grammar_with_warnings(grammar)


@given(schemes())
@settings(max_examples=20)
def test_the_schema_of_any_scheme_is_strict(scheme: Scheme) -> None:
    """All layers at once are in the subset, under any scheme of one's own."""
    schema = answer_schema(scheme)
    assert [] == strict_problems(schema)
    assert ["id", *scheme.annotated] == list(schema["properties"])
    grammar = llguidance.LLMatcher.grammar_from_json_schema(schema)
    assert (False, []) == llguidance.LLMatcher.validate_grammar_with_warnings(grammar)


def test_the_check_of_the_subset_finds_what_is_not_in_it() -> None:
    """The schema of quote notation, and single faults in ours, are found."""
    from statevisit.annotation.quote_schema import draft_schema

    assert "keyword $defs" in strict_problems(draft_schema(base(), ["timexes"]))
    for change, problem in (
        ({"required": ["id"]}, "an object that is not closed, or has an optional property"),
        ({"additionalProperties": True}, "an object that is not closed, or has an optional prop"),
        ({"allOf": []}, "keyword allOf"),
        ({"type": "array"}, "the root is not an object"),
    ):
        assert strict_problems(answer_schema(base(), ["timexes"]) | change)[0].startswith(problem)


@pytest.mark.parametrize("layer", ANNOTATED_LAYERS)
def test_the_gold_fits_the_schema(article: Document, layer: str) -> None:
    """A model that is held to the schema can write the gold, and nothing with a wrong label."""
    schema = answer_schema(base(), [layer])
    answer = gold_answer(article, base(), [layer])
    assert len(getattr(article, layer)) == len(answer[layer])
    jsonschema.Draft202012Validator(schema).validate(answer)
    assert _accepts(schema, answer)
    for name, node in schema["properties"][layer]["items"]["properties"].items():
        if "enum" in node:
            wrong = orjson.loads(orjson.dumps(answer))
            wrong[layer][0][name] = "WRONG"
            assert not _accepts(schema, wrong)
    lacking = orjson.loads(orjson.dumps(answer))
    del lacking[layer][0][list(lacking[layer][0])[-1]]
    assert not _accepts(schema, lacking)


def test_ids_are_optional_where_nothing_refers_to_them(article: Document) -> None:
    """Spans and relations may have no id; entities and event chains always have one."""
    for layer in base().annotated:
        items = answer_schema(base(), [layer])["properties"][layer]["items"]["properties"]
        if "id" in items:
            may_lack = {"type": "null"} in items["id"].get("anyOf", ())
            assert (layer not in ("entities", "event_chains")) == may_lack
    assert _accepts(answer_schema(base(), ["timexes"]), {"id": None, "timexes": []})


def test_null_is_absent_for_anchor_and_score(article: Document) -> None:
    """The gold in the form of the schema gives the gold again, and scores 1, nulls and all."""
    layers = list(base().annotated)
    answer = gold_answer(article, base(), layers)
    document, problems, _ = anchor(answer, article, done=layers)
    assert [] == problems
    assert document is not None
    for layer in layers:
        for gold, record in zip(getattr(article, layer), getattr(document, layer), strict=True):
            counted = {"disagreements": None} if hasattr(gold, "disagreements") else {}
            assert replace(gold, **counted) == record  # of these no model knows
    report = statevisit.score(article, answer, resamples=0)
    assert [] == [note for note in report.notes if note.kind in ("value", "unplaced", "property")]
    f1 = [figure.f1 for figure in report.figures if figure.f1 is not None]
    assert len(f1) > 100
    assert {1.0} == set(f1)
    unnamed, _, _ = anchor(answer | {"id": None}, article, done=layers)
    assert document == unnamed


def test_a_prompt_states_the_labels_and_the_rules_of_its_layers() -> None:
    """It has every label of the layer with its meaning, and no rules of other layers."""
    prompt = statevisit.prompt("timexes")
    for prop in ("type", "mod"):
        for label in statevisit.labels("timexes", prop):
            assert f"- {label.name}" in prompt.system
            assert label.description in prompt.system
    page = (DATA / "schema/GUIDELINES.md").read_text(encoding="utf-8")
    rules = [line for line in page.splitlines() if line.startswith("**3.")]
    assert rules
    assert all(rule in prompt.system for rule in rules)
    assert "**1.2**" in prompt.system
    assert "**4.1**" not in prompt.system
    assert "**10.1**" not in prompt.system
    assert "generated" not in prompt.system
    assert "`anchor` of timexes: of timexes" in prompt.system
    assert prompt.user is None
    events = statevisit.prompt("events").system
    assert "**6.1**" in events
    assert "Roles: Person, Place." in events
    assert "`arguments/target` of events: of mentions, timexes, quantities or events" in events
    assert "**5.13**" in statevisit.prompt("event_chains").system


def test_a_prompt_is_ready_for_a_chat_request(article: Document) -> None:
    """Messages and response format have the shape of a request; the text is the user's message."""
    prompt = statevisit.prompt("mentions", document=article)
    assert ["system", "user"] == [message["role"] for message in prompt.messages]
    assert article.text in prompt.messages[1]["content"]
    assert f"Date (DCT): {article.date}" in prompt.messages[1]["content"]
    json_schema = prompt.response_format["json_schema"]
    assert "json_schema" == prompt.response_format["type"]
    assert (True, prompt.schema) == (json_schema["strict"], json_schema["schema"])
    assert prompt == statevisit.prompt("mentions", document=DOC_ID)
    assert not set(article.entities[0].id.split()) & set(prompt.system.split())
    with pytest.raises(FormatError, match="no layer 'verbs'"):
        statevisit.prompt("verbs")
    with pytest.raises(FormatError, match="no document 'gone'"):
        statevisit.prompt("mentions", document="gone")


def test_a_corpus_of_its_own_has_its_own_prompt(
    corpus: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its labels and layers are asked for; the rules are those of its page, or none."""
    monkeypatch.chdir(corpus)
    (corpus / "schema").mkdir(exist_ok=True)
    (corpus / "schema/GUIDELINES.md").unlink(missing_ok=True)
    (corpus / "schema/scheme.toml").write_bytes(OWN.source)
    shown = json.loads(cli("prompt", "--layer", "entities", "--json").out)
    assert ["system", "user", "schema"] == list(shown)
    assert "- SHIP: A vessel that has a name of its own." in shown["system"]
    assert "## Rules" not in shown["system"]
    assert answer_schema(OWN, ["entities"]) == shown["schema"]
    (corpus / "schema/GUIDELINES.md").write_bytes(PAGE.replace("\n", "\r\n").encode())
    system = json.loads(cli("prompt", "--layer", "entities", "--json").out)["system"]
    rules = "### 1 All\n\nBe brief.\n\n### 2 Ships\n\n**2.1** A boat is a SHIP.\n\n## Layers"
    assert f"## Rules\n\n{rules}" in system
    (corpus / "schema/GUIDELINES.md").write_bytes(b"\xff")
    refused = cli("prompt")
    assert 1 == refused.status
    assert "GUIDELINES.md: not UTF-8" in refused.err


def test_the_command_prints_a_prompt_to_paste(
    corpus: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, article: Document
) -> None:
    """Printed are the system prompt, the schema, and the text; a layer that is needed is named."""
    monkeypatch.chdir(corpus)
    result = cli("prompt", "--layer", "timexes", "--document", DOC_ID)
    assert (0, "") == (result.status, result.err)
    assert result.out.startswith(statevisit.prompt("timexes").system)
    assert result.out.endswith(article.text + "\n")
    fenced = result.out.split("```json\n")[1].split("\n```")[0]
    assert answer_schema(base(), ["timexes"]) == json.loads(fenced)
    assert "entities" in cli("prompt", "--layer", "mentions").err
    gone = cli("prompt", "--document", "gone")
    assert 1 == gone.status
    assert "no document 'gone'" in gone.err
