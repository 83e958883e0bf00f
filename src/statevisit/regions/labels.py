"""The labels of regions, and the answers that regions have: from the schema.

A span is a region of its layer; `LABELS` names the property that labels it. The record's other
labels, its strings and its numbers are answers to `controls`, and its references to other spans are
links. Words inside a record (the cue of a quotation, what a quantity measures or is a share of) are
regions of `PARTS`, which a link connects to the record.
"""

from collections.abc import Iterator
from functools import cache, cached_property
from math import inf

from msgspec import Struct

from statevisit.document.model import SPAN_LAYERS
from statevisit.document.scheme import Label, Scheme
from statevisit.document.strict_json import JsonObject
from statevisit.regions.relation_labels import POINTERS, part_labels

PARTS = "parts"
"""The layer of the regions that are words inside a record."""

LABELS = {
    "mentions": ("entities", "type"),
    "timexes": ("timexes", "type"),
    "quantities": ("quantities", "kind"),
    "events": ("events", "class"),
    "quotations": ("quotations", "type"),
}
"""For each span layer, the (layer, property) that labels its regions.

A mention is labelled with the type of its entity.
"""

UNTYPED = "?"
"""The label of a region whose record does not have the property that labels it.

It cannot be a label of a scheme.
"""

BOOLEAN = (
    Label("true", "True", "It holds.", "#2a9d8f", {}),
    Label("false", "False", "It does not hold.", "#adb5bd", {}),
)
"""The choices for a property that is true or false; one that is only ever true has the first."""


class Control(Struct, frozen=True, dict=True):
    """A per-region control, and the property of a layer's records that its answers set.

    A control with `choices` is a choice of labels; one without is a text field. `type` is the type
    of the property, a number or string of an own attribute between the `limits`: the least and the
    greatest number, or length in code points. The editor of numbers is a text field as well,
    because a task with a number that JavaScript does not hold cannot be opened.
    """

    layer: str
    prop: str
    type: str
    choices: tuple[Label, ...]
    choice_names: frozenset[str]
    limits: tuple[float, float]
    required: bool
    description: str

    @cached_property
    def name(self) -> str:
        """Its name in the interface and in results."""
        return f"{self.layer}_{self.prop}"

    @cached_property
    def attribute(self) -> str:
        """The attribute of a record that holds the answer."""
        return attribute(self.prop)

    @cached_property
    def kind(self) -> str:
        """The type of its results."""
        return "choices" if self.choices else "textarea"

    @cached_property
    def value_key(self) -> str:
        """The key of a result's `value` that holds the answer."""
        return "choices" if self.choices else "text"


def attribute(prop: str) -> str:
    """The attribute of a record for a property of the schema; `class` is a keyword of Python."""
    return "class_" if prop == "class" else prop


def labelled_by(layer: str, scheme: Scheme) -> tuple[str, str]:
    """Return the (layer, property) that labels the regions of a span layer under a scheme.

    It is that of `LABELS`, but a mention without an entity is labelled with its level.
    """
    home, prop = LABELS[layer]
    return (home, prop) if home in scheme.layers else (layer, "level")


def span_layers(scheme: Scheme) -> tuple[str, ...]:
    """Return the span layers of a scheme, in the order of a file."""
    return tuple(layer for layer in SPAN_LAYERS if layer in scheme.layers)


@cache
def controls(scheme: Scheme) -> dict[str, Control]:
    """The per-region controls by name, in the schema's order."""
    return {
        control.name: control
        for layer in span_layers(scheme)
        for control in _controls_from(layer, scheme)
    }


def _controls_from(layer: str, scheme: Scheme) -> Iterator[Control]:
    """A control for each value of a record that is not its id, span, label or a reference."""
    shown_by_region = {"id", "start", "end", "text", labelled_by(layer, scheme)[1]}
    required = scheme.required(layer)
    own = scheme.attributes.get(layer, ())
    for prop, node in scheme.properties(layer).items():
        is_pointer = (layer, prop) in POINTERS.values()
        is_value = node.get("type") in ("string", "boolean") or prop in own
        if prop in shown_by_region or is_pointer or not is_value:
            continue
        choices = scheme.labels(layer, prop)
        if node["type"] == "boolean":
            choices = BOOLEAN[:1] if node.get("const") else BOOLEAN
        yield Control(
            layer=layer,
            prop=prop,
            type=node["type"],
            choices=choices,
            choice_names=frozenset(label.name for label in choices),
            limits=_limits(node) if prop in own else (-inf, inf),
            required=prop in required,
            description=node["description"],
        )


def _limits(node: JsonObject) -> tuple[float, float]:
    """The least and the greatest value of an own attribute; for a string, its length."""
    bounds: dict[str, float] = node
    return bounds.get("minimum", -inf), bounds.get("maximum", bounds.get("maxLength", inf))


@cache
def controls_of(layer: str, scheme: Scheme) -> tuple[Control, ...]:
    """The per-region controls of a layer."""
    return tuple(control for control in controls(scheme).values() if control.layer == layer)


@cache
def region_labels(scheme: Scheme) -> dict[str, frozenset[str]]:
    """The labels of each control that creates regions."""
    labels = {
        layer: frozenset((*scheme.label_names(*labelled_by(layer, scheme)), UNTYPED))
        for layer in span_layers(scheme)
    }
    return {**labels, PARTS: frozenset(part_labels(scheme))}
