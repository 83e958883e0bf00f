"""Schemes of one's own for property tests, and documents under them.

from tests.scheme_strategies import schemes, under

@given(schemes(), documents(), st.data())
def test_something(scheme, document, data):
document = data.draw(under(scheme, document))
"""

from typing import Any

from hypothesis import strategies as st

from statevisit.document.codec import convert, ordered, to_value
from statevisit.document.model import LAYERS, Document
from statevisit.document.scheme import Scheme, scheme_from
from statevisit.document.scheme_change import within
from statevisit.document.states import PARTIAL

LABELS = ("VESSEL", "Πλοῖο", "a.b-c", "سفينة", "船", "X" * 63, "OTHER")
NAMES = ("certainty", "depth", "filter", "table", "named", "note", "x1")
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1)
    | st.sampled_from((" ", " x ", "true", "7", 'a "b"\n<c> & \\n', "👩‍👩‍👧‍👦", "e\u0301")),
    "integer": st.integers(-(2**53) + 1, 2**53 - 1),
    "number": st.floats(-1e300, 1e300),
    "boolean": st.booleans(),
}
_INVENTORIES = (
    *("entities.type", "timexes.type", "quantities.kind", "events.class", "quotations.type"),
    *("mentions.level", "events.type", "arguments.role", "event_relations.type"),
)


def _layer_of(inventory: str) -> str:
    layer = inventory.partition(".")[0]
    return "events" if layer == "arguments" else layer


@st.composite
def schemes(draw: st.DrawFn) -> Scheme:
    """Schemes with some of the layers, own labels, and own attributes of every kind."""
    optional = list(LAYERS)[2:]
    layers = set(draw(st.just(optional) | st.lists(st.sampled_from(optional), unique=True)))
    if "relations" in layers:
        layers.add("entities")
    layers |= {"mentions"} if "entities" in layers else set()
    layers |= {"events"} if {"event_chains", "event_relations"} & layers else set()
    lines = ["base = 2", f"layers = {[layer for layer in optional if layer in layers]}"]
    known = [name for name in _INVENTORIES if _layer_of(name) in layers]
    for number, inventory in enumerate(known):
        if draw(st.booleans()):
            label = draw(st.sampled_from(LABELS[:-1])) + str(number)
            lines.append(f'[labels."{inventory}"."{label}"]')
    homes = [layer for layer in optional if layer in layers]
    homes += ["arguments"] if "events" in layers else []
    for number, layer in enumerate(homes):
        kind = draw(st.sampled_from(("", "labels", *VALUES)))
        if kind:
            name = f"{draw(st.sampled_from(NAMES))}_{number}"
            lines.append(f"[attributes.{layer}.{name}]")
            is_labelled = kind == "labels"
            lines.append(f"labels = {list(LABELS)}" if is_labelled else f'type = "{kind}"')
    return scheme_from("\n".join(lines).encode(), "scheme.toml")


@st.composite
def under(draw: st.DrawFn, scheme: Scheme, document: Document) -> Document:
    """A document with what a scheme has of it, and with values of the own attributes.

    Layers may be partial; then records may lack everything but their ids, spans and ends.
    """
    value = within(to_value(document), scheme)
    for layer in scheme.layers:
        is_done = layer not in scheme.annotated or draw(st.booleans())
        if not is_done:
            value["layers"][layer] = PARTIAL
        for record in value[layer]:
            _decorate(draw, scheme, layer, record)
            for argument in record.get("arguments", ()):
                _decorate(draw, scheme, "arguments", argument)
                if not is_done:
                    _strip(draw, scheme, "arguments", argument)
            if not is_done:
                _strip(draw, scheme, layer, record)
    return ordered(convert(value, document.id, scheme))


def _strip(draw: st.DrawFn, scheme: Scheme, layer: str, record: dict[str, Any]) -> None:
    """Take some properties from a record that it needs only when its layer is done."""
    for name in set(scheme.required(layer)) - set(scheme.record(layer)["required"]):
        if draw(st.booleans()):
            record.pop(name, None)


def _decorate(draw: st.DrawFn, scheme: Scheme, layer: str, record: dict[str, Any]) -> None:
    """Give a record values of its own attributes, and perhaps own labels."""
    for name in scheme.attributes.get(layer, ()):
        node = scheme.properties(layer)[name]
        values = st.sampled_from(LABELS) if "x-labels" in node else VALUES[node["type"]]
        drawn = draw(st.none() | values)
        if drawn is not None:
            record[name] = drawn
    for home, prop in scheme.inventories:
        own = [label for label in scheme.label_names(home, prop) if label[:-1] in LABELS]
        if home == layer and prop in record and own and draw(st.booleans()):
            record[prop] = own[0]
