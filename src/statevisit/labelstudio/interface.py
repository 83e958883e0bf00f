"""The labelling interface, generated from the schema: labels, per-region controls, relations.

A span is a region of the control that is named after its layer; `LABELS` names the property that
labels it. The record's other labels, its strings and its numbers are answers to per-region controls
(`controls`), and its references to other spans are relations. Words inside a record (the cue of a
quotation, what a quantity measures or is a share of) are regions of the control `parts`, which a
relation connects to the record.
"""

from collections.abc import Iterator
from functools import cache, cached_property
from math import inf
from xml.etree import ElementTree

from msgspec import Struct

from statevisit.document.model import SCHEMA_VERSION, SPAN_LAYERS
from statevisit.document.scheme import Label, Scheme
from statevisit.document.strict_json import JsonObject
from statevisit.labelstudio.relation_labels import (
    GREY,
    POINTERS,
    Appearance,
    arrow_labels,
    hint,
    part_labels,
    relation_labels,
)
from statevisit.printable import in_xml

TEXT = "text"
PARTS = "parts"
RELATION = "relation"

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

_UNTYPED_HINT = "Not decided yet: a span without the label that the others of its layer have"
_HOTKEYS = {
    "mentions": "1234567890",
    "timexes": "qwer",
    "quantities": "asdfg",
    "events": "zxcvbnm",
    "quotations": "tyi",
    PARTS: "opl",
}
_TITLES = {
    "mentions": "Entities",
    "timexes": "Times",
    "quantities": "Quantities",
    "events": "Events",
    "quotations": "Quotations",
    PARTS: "Parts",
}
_MOST_UNFILTERED_LABELS = 9
_MOST_INLINE_CHOICES = 7


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


def edited_layers(scheme: Scheme) -> tuple[str, ...]:
    """Return the layers with a state that the editor changes: all but relations of entities."""
    return tuple(layer for layer in scheme.annotated if layer != "relations")


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


@cache
def config(scheme: Scheme) -> str:
    """The interface as XML; its first line is a comment with the version of the schema."""
    view = ElementTree.Element("View", {"className": "statevisit"})
    _add(view, "Style").text = _STYLE
    bar = _add(view, "View", className="labels")
    for layer in (*span_layers(scheme), *([PARTS] if part_labels(scheme) else [])):
        _add_labels(bar, layer, scheme)
    columns = _add(view, "View", className="columns")
    body = _add(columns, "View", className="text")
    _add(body, "Header", value="$title", size="5")
    _add(body, "Text", name=TEXT, value="$text", granularity="symbol")
    fields = _add(columns, "View", className="fields")
    for layer in span_layers(scheme):
        _add_fields(fields, layer, scheme)
    _add(fields, "Header", value="Ids in use", size="6")
    for layer in ("entities", "event_chains", "timexes"):
        if layer not in scheme.layers:
            continue
        collapse = _add(fields, "Collapse", open="false")
        panel = _add(collapse, "Panel", value=layer.replace("_", " "))
        _add(panel, "Table", name=f"table_{layer}", value=f"${layer}")
    relations = _add(view, "Relations")
    for name, label in arrow_labels(scheme).items():
        _add(relations, "Relation", value=name, background=label.color)
    ElementTree.indent(view)
    xml = in_xml(ElementTree.tostring(view, encoding="unicode"))
    return f"<!-- statevisit schema {SCHEMA_VERSION} -->\n{xml}\n"


def _add(parent: ElementTree.Element, tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, tag, attributes)


def _add_labels(parent: ElementTree.Element, layer: str, scheme: Scheme) -> None:
    """Add the labels of a layer, each with its colour, hotkey and description."""
    group = _add(parent, "View", className="group")
    _add(group, "Header", value=_TITLES[layer], size="6")
    labels = _labels_of(layer, scheme)
    if len(labels) > _MOST_UNFILTERED_LABELS:
        _add(
            group,
            "Filter",
            name=f"filter_{layer}",
            toName=layer,
            placeholder="find a label",
            minlength="0",
        )
    tag = _add(group, "Labels", name=layer, toName=TEXT, showInline="true")
    hotkeys = _HOTKEYS[layer]
    for number, (name, label) in enumerate(labels.items()):
        element = _add(tag, "Label", value=name, background=label.color, hint=label.description)
        if number < len(hotkeys):
            element.set("hotkey", hotkeys[number])


def _labels_of(layer: str, scheme: Scheme) -> dict[str, Appearance]:
    if layer == PARTS:
        return {name: relation_labels(scheme)[name] for name in part_labels(scheme)}
    labels = scheme.labels(*labelled_by(layer, scheme))
    shown = {label.name: Appearance(label.color, hint(label)) for label in labels}
    return shown | {UNTYPED: Appearance(GREY, _UNTYPED_HINT)}


def _add_fields(parent: ElementTree.Element, layer: str, scheme: Scheme) -> None:
    """Add the per-region controls of a layer, shown while one of its regions is selected."""
    view = _add(
        parent, "View", visibleWhen="region-selected", whenTagName=layer, className="fields-of"
    )
    for control in controls_of(layer, scheme):
        notes = [] if control.required else ["optional"]
        if control.type in ("integer", "number"):
            notes.append(control.type)
        title = f"{control.prop} ({', '.join(notes)})" if notes else control.prop
        _add(view, "Header", value=title, size="6")
        if control.choices:
            _add_choices(view, control)
        else:
            _add_text_field(view, control)


def _add_text_field(view: ElementTree.Element, control: Control) -> None:
    _add(
        view,
        "TextArea",
        name=control.name,
        toName=TEXT,
        perRegion="true",
        whenTagName=control.layer,
        rows="1",
        maxSubmissions="1",
        editable="true",
        showSubmitButton="false",
        placeholder=control.description,
    )


def _add_choices(view: ElementTree.Element, control: Control) -> None:
    tag = _add(
        view,
        "Choices",
        name=control.name,
        toName=TEXT,
        perRegion="true",
        whenTagName=control.layer,
        choice="single",
    )
    if len(control.choices) > _MOST_INLINE_CHOICES:
        tag.set("layout", "select")
    else:
        tag.set("showInline", "true")
    for label in control.choices:
        _add(tag, "Choice", value=label.name, hint=hint(label))


_STYLE = """
.statevisit h4, .statevisit h5, .statevisit h6 \
{ font-size: 13px; line-height: 20px; margin: 4px 0 0 !important; }
.statevisit .labels { position: sticky; top: 0; z-index: 2; \
background: var(--color-neutral-background, #fff); padding-bottom: 6px; \
border-bottom: 1px solid #8884; }
.statevisit .group { display: flex; align-items: center; gap: 8px; }
.statevisit .group > h4, .statevisit .group > h5, .statevisit .group > h6 { min-width: 76px; }
.statevisit .group .lsf-labels { margin: 0; max-height: 84px; overflow-y: auto; }
.statevisit .group .lsf-label { margin: 2px 6px 2px 0; }
.statevisit .group input { order: 3; width: 110px; flex: none; }
.statevisit .columns { display: flex; gap: 24px; align-items: flex-start; }
.statevisit .text { flex: 3; line-height: 2.1; }
.statevisit .fields \
{ flex: 2; position: sticky; top: 200px; max-height: 75vh; overflow-y: auto; }
.statevisit .fields .lsf-text-area, .statevisit .fields .lsf-choices { margin: 0 0 4px; }
.statevisit .lsf-richtext__container, .statevisit .lsf-htx-richtext, \
.statevisit .fields textarea { unicode-bidi: plaintext; text-align: start; }
.lsf-richtext .htx-highlight::after { direction: ltr; unicode-bidi: isolate; }
.lsf-richtext .htx-highlight area { display: inline; }
.relations-overlay { opacity: 0.07; }
.relations-overlay:hover, .relations-overlay:has([class*="highlight"]) { opacity: 1; }
"""
