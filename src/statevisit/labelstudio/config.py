"""The labelling interface, made from the schema: labels, per-region controls, relations.

A span is a region of the control named after its layer; its label is the property in `LABELS`. Whatever else a
record says with a label or a string is a per-region control (`CONTROLS`); what it says by pointing to another
span is a relation. Words inside a record (a quotation's cue, what a quantity is a quantity of) are regions of
the control `parts`, tied to their record by a relation.
"""

from functools import cache
from typing import Any
from xml.etree import ElementTree

from msgspec import Struct

from statevisit import schema
from statevisit.model import SCHEMA_VERSION, SPAN_LAYERS

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
"""For each span layer, the (layer, property) whose labels its regions carry. A mention carries the type of its entity."""

POINTERS = {
    "MEASURES": ("quantities", "measures"),
    "CONVERSION_OF": ("quantities", "conversion_of"),
    "PROPERTY": ("quantities", "property"),
    "CUE": ("quotations", "cue"),
    "SOURCE": ("quotations", "source"),
}
"""Relation labels beside argument roles and event relations: the (layer, property) of the record they start from."""

PART_LABELS = {"PROPERTY": "#577590", "CUE": "#9b5de5"}
"""The labels of `parts`, with their colours."""

INVERSE = "← "
"""Before a relation label: it is to be read against the arrow. The editor keeps one arrow for two regions, with any number of labels."""

_KEYS = {
    "mentions": "1234567890",
    "timexes": "qwer",
    "quantities": "asdfg",
    "events": "zxcvbnm",
    "quotations": "tyi",
    PARTS: "op",
}
_TITLES = {
    "mentions": "Entities",
    "timexes": "Times",
    "quantities": "Quantities",
    "events": "Events",
    "quotations": "Quotations",
    PARTS: "Parts",
}


class Control(Struct, frozen=True):
    """A per-region control and where its answers go. `choices` are its labels, `names` theirs; none for a text field."""

    layer: str
    prop: str
    choices: tuple[schema.Label, ...]
    required: bool
    description: str
    names: frozenset[str]

    @property
    def name(self) -> str:
        """Its name in the interface and in results."""
        return f"{self.layer}_{self.prop}"

    @property
    def kind(self) -> str:
        """The type of its results."""
        return "choices" if self.choices else "textarea"


@cache
def controls() -> dict[str, Control]:
    """The per-region controls by name, in the schema's order."""
    found = []
    for layer in SPAN_LAYERS:
        required = schema.record(layer)["required"]
        for prop, node in schema.properties(layer).items():
            if (
                prop not in ("id", "start", "end", "text", LABELS[layer][1])
                and node.get("type") == "string"
                and (layer, prop) not in POINTERS.values()
            ):
                labels = schema.labels(layer, prop) if "x-labels" in node else ()
                found.append(
                    Control(
                        layer,
                        prop,
                        labels,
                        prop in required,
                        node["description"],
                        frozenset(x.name for x in labels),
                    )
                )
    return {c.name: c for c in found}


@cache
def region_labels() -> dict[str, frozenset[str]]:
    """The labels of each control that makes regions."""
    return {
        **{layer: frozenset(schema.label_names(*home)) for layer, home in LABELS.items()},
        PARTS: frozenset(PART_LABELS),
    }


@cache
def relation_labels() -> dict[str, tuple[str, str]]:
    """Relation labels with the colour and what they mean."""
    labels = [*schema.labels("arguments", "role"), *schema.labels("event_relations", "type")]
    pointers = {
        k: (PART_LABELS.get(k, "#495057"), schema.properties(layer)[prop]["description"])
        for k, (layer, prop) in POINTERS.items()
    }
    return {**{x.name: (x.color, x.description) for x in labels}, **pointers}


@cache
def config() -> str:
    """The interface as XML. It begins with a comment that states the schema's version."""
    view = _element(None, "View", className="statevisit")
    _element(view, "Style").text = _STYLE
    bar = _element(view, "View", className="labels")
    for layer in (*SPAN_LAYERS, PARTS):
        _labels(bar, layer)
    columns = _element(view, "View", className="columns")
    body = _element(columns, "View", className="text")
    _element(body, "Header", value="$title", size="5")
    _element(body, "Text", name=TEXT, value="$text", granularity="symbol")
    fields = _element(columns, "View", className="fields")
    for layer in SPAN_LAYERS:
        _fields(fields, layer)
    _element(fields, "Header", value="Ids in use", size="6")
    for name in ("entities", "event_chains", "timexes"):
        panel = _element(
            _element(fields, "Collapse", open="false"), "Panel", value=name.replace("_", " ")
        )
        _element(panel, "Table", name=f"{name}_table", value=f"${name}")
    relations = _element(view, "Relations")
    for name, (color, _) in relation_labels().items():
        for label in (name, INVERSE + name):
            _element(relations, "Relation", value=label, background=color)
    ElementTree.indent(view)
    return f"<!-- statevisit schema {SCHEMA_VERSION} -->\n{ElementTree.tostring(view, encoding='unicode')}\n"


def _element(
    parent: ElementTree.Element | None, tag: str, **attributes: Any
) -> ElementTree.Element:
    return (
        ElementTree.Element(tag, attributes)
        if parent is None
        else ElementTree.SubElement(parent, tag, attributes)
    )


def _labels(parent: ElementTree.Element, layer: str) -> None:
    """A group of labels with colours, hotkeys and what each means."""
    group = _element(parent, "View", className="group")
    _element(group, "Header", value=_TITLES[layer], size="6")
    if layer == PARTS:
        labels = [(name, color, relation_labels()[name][1]) for name, color in PART_LABELS.items()]
    else:
        labels = [(x.name, x.color, x.description) for x in schema.labels(*LABELS[layer])]
    if len(labels) > 9:
        _element(
            group,
            "Filter",
            name=f"{layer}_filter",
            toName=layer,
            placeholder="find a label",
            minlength="0",
        )
    tag = _element(group, "Labels", name=layer, toName=TEXT, showInline="true")
    for number, (name, color, hint) in enumerate(labels):
        hotkey = {"hotkey": _KEYS[layer][number]} if number < len(_KEYS[layer]) else {}
        _element(tag, "Label", value=name, background=color, hint=hint, **hotkey)


def _fields(parent: ElementTree.Element, layer: str) -> None:
    """The per-region controls of a layer, shown while one of its regions is selected."""
    view = _element(
        parent, "View", visibleWhen="region-selected", whenTagName=layer, className="fields-of"
    )
    for control in controls().values():
        if control.layer == layer:
            _element(
                view,
                "Header",
                value=f"{control.prop}{'' if control.required else ' (optional)'}",
                size="6",
            )
            _field(view, control)


def _field(view: ElementTree.Element, control: Control) -> None:
    common = {
        "name": control.name,
        "toName": TEXT,
        "perRegion": "true",
        "whenTagName": control.layer,
    }
    if not control.choices:
        _element(
            view,
            "TextArea",
            **common,
            rows="1",
            maxSubmissions="1",
            editable="true",
            showSubmitButton="false",
            placeholder=control.description,
        )
        return
    tag = _element(
        view,
        "Choices",
        **common,
        choice="single",
        **({"layout": "select"} if len(control.choices) > 7 else {"showInline": "true"}),
    )
    for label in control.choices:
        _element(tag, "Choice", value=label.name, hint=label.description)


_STYLE = """
.statevisit h4, .statevisit h5, .statevisit h6 { font-size: 13px; line-height: 20px; margin: 4px 0 0 !important; }
.statevisit .labels { position: sticky; top: 0; z-index: 2; background: var(--color-neutral-background, #fff); padding-bottom: 6px; border-bottom: 1px solid #8884; }
.statevisit .group { display: flex; align-items: center; gap: 8px; }
.statevisit .group > h4, .statevisit .group > h5, .statevisit .group > h6 { min-width: 76px; }
.statevisit .group .lsf-labels { margin: 0; }
.statevisit .group .lsf-label { margin: 2px 6px 2px 0; }
.statevisit .group input { order: 3; width: 110px; flex: none; }
.statevisit .columns { display: flex; gap: 24px; align-items: flex-start; }
.statevisit .text { flex: 3; line-height: 2.1; }
.statevisit .fields { flex: 2; position: sticky; top: 200px; max-height: 75vh; overflow-y: auto; }
.statevisit .fields .lsf-text-area, .statevisit .fields .lsf-choices { margin: 0 0 4px; }
.lsf-richtext .htx-highlight area { display: inline; }
.relations-overlay { opacity: 0.07; }
.relations-overlay:hover, .relations-overlay:has([class*="highlight"]) { opacity: 1; }
"""
