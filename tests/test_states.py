"""States of layers, and records of layers that are not done."""

import random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from statevisit import Document, decode, encode
from statevisit.annotation.adjudication import adjudicated, disagreements
from statevisit.checks.document import check_bytes, check_document
from statevisit.cli.layer_table import layer_table
from statevisit.corpus.diff import details, diff_documents, title
from statevisit.dataset import arrow
from statevisit.document import schema_errors
from statevisit.document.codec import to_value
from statevisit.document.model import ANNOTATED_LAYERS, SPAN_LAYERS
from statevisit.document.scheme import base
from statevisit.document.states import STATES, least
from statevisit.findings import ERROR, severity
from statevisit.labelstudio.results import to_results
from statevisit.pages.marks import LAYERS as DRAWN
from statevisit.pages.reader_page import document_page
from statevisit.publishing.textless import restore, strip
from tests.strategies import documents, unfinished


def test_a_document_has_a_state_for_each_layer(article: Document) -> None:
    """The shipped document is done; sentences and tokens have no state of their own."""
    assert dict.fromkeys(ANNOTATED_LAYERS, "done") == article.layers
    assert [*ANNOTATED_LAYERS] == [*base().value["properties"]["layers"]["properties"]]
    assert "done" == article.state_of("tokens")
    assert article.is_done("mentions", "tokens")


def test_states_are_written_in_the_order_of_the_layers(article: Document) -> None:
    """The order in which somebody gives states does not change a file."""
    backwards = dict(reversed(article.layers.items()))
    value = to_value(article) | {"layers": backwards}
    assert encode(article) == encode(decode(orjson.dumps(value)))


@given(documents(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=300)
def test_a_missing_property_is_no_finding(whole: Document, rng: random.Random) -> None:
    """An unfinished document follows the schema and gets no error that the whole one has not."""
    document = unfinished(whole, rng)
    data = encode(document)
    again, findings = check_bytes(data, "x.json")
    errors = {finding.code for finding in findings if severity(finding.code) == ERROR}
    assert errors <= {code for code, _, _ in check_document(whole)}
    assert document == again
    assert data == encode(decode(data))


@pytest.mark.parametrize("layer", ANNOTATED_LAYERS)
def test_a_layer_that_is_done_needs_what_the_schema_names(layer: str, article: Document) -> None:
    """Without a property that a done layer needs a record is refused; a partial one takes it.

    The message names the layer, and the command that opens it again.
    """
    needed = set(base().required(layer)) - set(base().record(layer)["required"])
    for name in needed:
        value = to_value(article)
        del value[layer][0][name]
        (message,) = [
            text for path, text in schema_errors.errors(value, base()) if path == [layer, 0]
        ]
        assert message.startswith(f"missing `{name}`")
        assert f"`statevisit state DOC {layer} partial`" in message
        value["layers"][layer] = "partial"
        assert [] == [*schema_errors.errors(value, base())]


@pytest.mark.parametrize("layer", ANNOTATED_LAYERS)
def test_a_layer_without_a_state_has_no_records(layer: str, article: Document) -> None:
    """Records in a layer that nobody has begun are refused, with the command that says it is."""
    value = to_value(article)
    value["layers"][layer] = "none"
    ((path, message),) = [*schema_errors.errors(value, base())]
    assert [layer] == path
    assert f"`statevisit state DOC {layer} partial` says that it is begun" in message
    value[layer] = []
    assert [] == [*schema_errors.errors(value, base())]


FORBIDDEN: list[tuple[str, dict[str, Any], str]] = [
    ("entities", {"wikidata": "Q43", "nil": "NIL"}, "`nil` does not belong here"),
    ("event_chains", {"wikidata": "Q43", "nil": "NIL"}, "`nil` does not belong here"),
    ("timexes", {"type": "DATE", "freq": "2X"}, "`freq` does not belong here"),
    ("timexes", {"type": "SET", "begin": "DCT"}, "`begin` does not belong here"),
    ("quantities", {"comparator": "RANGE", "value": "1"}, "`value` does not belong here"),
    ("quantities", {"comparator": "EXACT", "lower": "1"}, "`lower` does not belong here"),
    ("quantities", {"kind": "CARDINAL", "conversion_of": "q"}, "`conversion_of` does not"),
    ("quantities", {"kind": "MONEY", "unit": "dollars"}, "`unit` is"),
    ("events", {"level": "NOM", "tense": "PAST"}, "`tense` does not belong here"),
]
ALLOWED: list[tuple[str, dict[str, Any]]] = [
    ("entities", {}),
    ("event_chains", {"wikidata": "Q43"}),
    ("timexes", {"freq": "2X", "begin": "DCT"}),
    ("timexes", {"type": "SET"}),
    ("quantities", {"lower": "1", "upper": "2"}),
    ("quantities", {"value": "1", "conversion_of": "q"}),
    ("quantities", {"kind": "MONEY"}),
    ("events", {"tense": "PAST"}),
]


def _messages(article: Document, layer: str, properties: dict[str, Any]) -> list[str]:
    """What the schema says about one record with these properties in a partial layer."""
    value = to_value(article)
    span = {"start": 0, "end": 9, "text": "President"}
    is_span = "start" in base().record(layer)["required"]
    value[layer] = [{"id": "x"} | (span if is_span else {}) | properties]
    value["layers"][layer] = "partial"
    return [message for _, message in schema_errors.errors(value, base())]


@pytest.mark.parametrize(("layer", "properties", "message"), FORBIDDEN)
def test_what_excludes_each_other_does_so_in_any_state(
    layer: str, properties: dict[str, Any], message: str, article: Document
) -> None:
    """A layer that is not done may lack properties, but not contradict itself."""
    (said,) = _messages(article, layer, properties)
    assert said.startswith(message)


@pytest.mark.parametrize(("layer", "properties"), ALLOWED)
def test_what_is_unknown_forbids_nothing(
    layer: str, properties: dict[str, Any], article: Document
) -> None:
    """A property may come before the one that decides whether the record can have it."""
    assert [] == _messages(article, layer, properties)


def test_unlinked_records_over_one_span_may_be_of_two_things(article: Document) -> None:
    """Two mentions and two events of a span are duplicates only once they are linked alike."""
    value = to_value(article)
    for layer, home in (("mentions", "entity"), ("events", "event")):
        twin = value[layer][0] | {"id": f"{layer}-twin"}
        del twin[home], value[layer][0][home]
        value[layer].append(twin)
        value["layers"][layer] = "partial"
    document = decode(orjson.dumps(value))
    assert "E212" not in [code for code, _, _ in check_document(document)]


def test_the_least_state_counts() -> None:
    """Several annotations together are as far as the one that is least far."""
    assert ["none", "partial", "done"] == [*STATES]
    assert "none" == least(["done", "none", "partial"])


def test_a_layer_that_gets_records_is_begun(article: Document) -> None:
    """A layer of state none that has records is partial; other states stay."""
    states = dict.fromkeys(ANNOTATED_LAYERS, "none") | {"events": "done"}
    document = replace(article, layers=states, quotations=()).begun()
    expected = dict.fromkeys(ANNOTATED_LAYERS, "partial")
    assert expected | {"events": "done", "quotations": "none"} == document.layers
    assert article is article.begun()


@given(documents(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=100)
def test_every_form_takes_an_unfinished_document(whole: Document, rng: random.Random) -> None:
    """Parquet and the edition without text give it back; pages, tables and tasks show it."""
    document = unfinished(whole, rng)
    data = encode(document)
    tables = arrow.to_tables([document], base())
    assert [data] == [encode(d) for d in arrow.from_table(tables["documents"], base())]
    stripped = strip(document)
    assert [] == [*schema_errors.errors(stripped, base().annotations_only)]
    assert data == encode(restore(stripped, document.text.encode(), "seed", base()))
    page = document_page(document)
    for layer in DRAWN:
        assert all(f'id="{record.id}"' in page for record in getattr(document, layer))
    for layer in base().layers:
        assert len(getattr(document, layer)) == layer_table(document, layer).row_count
        assert len(getattr(document, layer)) == len(document.to_pandas(layer))
    results = to_results(document)
    ids = {result["id"] for result in results if result["type"] == "labels"}
    assert {r.id for layer in SPAN_LAYERS for r in getattr(document, layer)} <= ids
    assert [] == diff_documents(document, document)
    for change in diff_documents(whole, document):
        assert title(change)
        assert all(isinstance(detail, str) for detail in details(change))
    decisions = [replace(d, decision="a", reason="x") for d in disagreements(document, whole)]
    assert least_states(document, whole) == adjudicated(document, whole, decisions, "x").layers


def least_states(one: Document, other: Document) -> dict[str, str]:
    """The states of what two annotators did together; what only one of them began is partial."""
    states = {}
    for layer, state in one.layers.items():
        joint = least((state, other.layers[layer]))
        records = getattr(one, layer) or getattr(other, layer)
        states[layer] = "partial" if joint == "none" and records else joint
    return states


def test_a_change_of_states_names_the_layers(article: Document) -> None:
    """A diff says which layer went from which state to which."""
    other = replace(article, layers=article.layers | {"events": "partial", "relations": "none"})
    (change,) = diff_documents(article, other)
    assert ["layers: events: done → partial, relations: done → none"] == details(change)
