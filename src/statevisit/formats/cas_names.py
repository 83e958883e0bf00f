"""The names of types and features in UIMA's CAS, and the rule that labels the annotations there."""

import re
from collections.abc import Mapping
from functools import cache
from keyword import iskeyword

from msgspec import Struct

from statevisit.document.scheme import Scheme
from statevisit.formats.brat import values_of
from statevisit.formats.vocabulary import shown_controls
from statevisit.regions.labels import PARTS, span_layers

TOP, ANNOTATION, BASE = "uima.cas.TOP", "uima.tcas.Annotation", "uima.cas.AnnotationBase"
STRING = "uima.cas.String"
DOCUMENT_ANNOTATION = "uima.tcas.DocumentAnnotation"

_DKPRO = "de.tudarmstadt.ukp.dkpro.core.api."
SENTENCE = f"{_DKPRO}segmentation.type.Sentence"
TOKEN = f"{_DKPRO}segmentation.type.Token"
NAMED_ENTITY = f"{_DKPRO}ner.type.NamedEntity"
CHAIN, LINK = f"{_DKPRO}coref.type.CoreferenceChain", f"{_DKPRO}coref.type.CoreferenceLink"
METADATA = f"{_DKPRO}metadata.type.DocumentMetaData"

METADATA_PACKAGE = f"{_DKPRO}metadata.type."
OF_TOKENS = (
    f"{_DKPRO}segmentation.type.Lemma",
    f"{_DKPRO}segmentation.type.Stem",
    f"{_DKPRO}segmentation.type.SurfaceForm",
    f"{_DKPRO}segmentation.type.TokenForm",
    f"{_DKPRO}lexmorph.type.morph.MorphologicalFeatures",
    f"{_DKPRO}lexmorph.type.pos.POS",
)
"""Types of annotations that say something of one token each."""

_CUSTOM = "webanno.custom."
KEPT = f"{_CUSTOM}Kept"
"""The layer of annotations that an imported file has and the scheme has no place for."""

EVENT_RELATION, RELATION = f"{_CUSTOM}EventRelation", f"{_CUSTOM}Relation"
"""The relation layers: between events and time expressions, and of everything else."""

ARGUMENTS_LINK = f"{_CUSTOM}EventArgumentsLink"
ARGUMENTS, ROLE, TARGET = "arguments", "role", "target"
SOURCE_END, TARGET_END = "Governor", "Dependent"
LABEL, RECORD, OTHER = "label", "record", "other"
"""The features of each span layer: its label, the id of the record, and undeclared attributes."""

LAYER_TYPES = {
    "mentions": f"{_CUSTOM}Mention",
    "timexes": f"{_CUSTOM}Timex",
    "quantities": f"{_CUSTOM}Quantity",
    "events": f"{_CUSTOM}Event",
    "quotations": f"{_CUSTOM}Quotation",
    PARTS: f"{_CUSTOM}Part",
}
"""The type of each span layer."""

_TAKEN = {"begin", "end", "sofa", "self", "type", "xmiID", LABEL, RECORD, OTHER, ARGUMENTS}
"""Names that a feature of an attribute cannot have: `type` and `self` are cassis's own."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""The names of features and of the parts of types."""


class LayerType(Struct, frozen=True):
    """A span layer as a type: its name, and the features of its attributes by property."""

    layer: str
    name: str
    features: dict[str, str]


@cache
def layer_types(scheme: Scheme) -> dict[str, LayerType]:
    """Return the types of the span layers of a scheme, by layer."""
    types = {}
    for layer in (*span_layers(scheme), PARTS):
        properties = [] if layer == PARTS else [c.prop for c in shown_controls(layer, scheme)]
        name = LAYER_TYPES.get(layer) or f"{_CUSTOM}{layer.capitalize()}"
        types[layer] = LayerType(layer, name, _feature_names(properties))
    return types


def _feature_names(properties: list[str]) -> dict[str, str]:
    """A feature name for each property: the property, as far as a feature may have that name."""
    names: dict[str, str] = {}
    for prop in properties:
        name = re.sub(r"[^A-Za-z0-9_]", "_", prop)
        if not NAME.fullmatch(name):
            name = f"a_{name}"
        while name in _TAKEN or iskeyword(name) or name in names.values():
            name += "_"
        names[prop] = name
    return names


_LABELS = ("label", "value", "category", "entity", "type", "DependencyType")


def label_of(type_name: str, values: dict[str, str]) -> str:
    """Return the label of an annotation, which is taken out of its values.

    It is the value of the first feature of a few, or else the short name of the type.
    """
    for name in _LABELS:
        if values.get(name):
            return values.pop(name)
    return short_name(type_name)


def short_name(type_name: str) -> str:
    """Return the last part of the name of a type."""
    return type_name.rpartition(".")[2]


def is_segment(type_name: str) -> bool:
    """Whether the annotations of a type are tokens or sentences, of DKPro or of another project."""
    return short_name(type_name) in ("Token", "Sentence")


class Stated(Struct, frozen=True):
    """What the features of an annotation say; `record` is "" if they name no record."""

    record: str
    label: str
    attributes: dict[str, str]


def stated(type_name: str, values: dict[str, str], own: Mapping[str, LayerType]) -> Stated:
    """Return what the features of an annotation say.

    `own` are the layers, by type, that statevisit wrote.
    """
    if type_name not in own and type_name != KEPT:
        return Stated("", label_of(type_name, values), values)
    record = values.pop(RECORD, "")
    label = values.pop(LABEL, "") or short_name(type_name)
    others = values_of(values.pop(OTHER, "")) or {}
    properties: dict[str, str] = {}
    if type_name in own:
        properties = {name: prop for prop, name in own[type_name].features.items()}
    attributes = {properties.get(name, name): value for name, value in values.items()}
    return Stated(record, label, attributes | others)
