"""The labelling interface, generated from the schema: labels, per-region controls, relations.

A span is a region of the control that is named after its layer; `LABELS` names the property that
labels it. The record's other labels, its strings and its numbers are answers to per-region controls
(`controls`), and its references to other spans are relations. Words inside a record (the cue of a
quotation, what a quantity measures or is a share of) are regions of the control `parts`, which a
relation connects to the record.
"""

from functools import cache
from xml.etree import ElementTree

from statevisit.document.model import SCHEMA_VERSION
from statevisit.document.scheme import Scheme
from statevisit.printable import in_xml
from statevisit.regions.labels import PARTS, UNTYPED, Control, controls_of, labelled_by, span_layers
from statevisit.regions.relation_labels import (
    GREY,
    Appearance,
    arrow_labels,
    hint,
    part_labels,
    relation_labels,
)

TEXT = "text"
RELATION = "relation"

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


def edited_layers(scheme: Scheme) -> tuple[str, ...]:
    """Return the layers with a state that the editor changes: all but relations of entities."""
    return tuple(layer for layer in scheme.annotated if layer != "relations")


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
