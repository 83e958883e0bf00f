"""The types of UIMA's CAS, for a scheme: layers as the annotation tool INCEpTION declares them.

Sentences, tokens, metadata, named entities and coreference chains have the types of DKPro Core,
which are INCEpTION's built-in layers; these take no features of one's own. Everything else is a
custom layer `webanno.custom.NAME`:

- a span layer is a subtype of `uima.tcas.Annotation` with features of strings;
- a relation layer has the features `Governor`, its source, and `Dependent`, its target;
- a slot is a feature with an array of links `webanno.custom.EventArgumentsLink`, each of which has
  a `role` and a `target`.

See TypeSystemAnalysis, LinkFeatureSupport and RelationLayerSupportImpl in
https://github.com/inception-project/inception.
"""

import re
from functools import cache
from keyword import iskeyword

import cassis
from msgspec import Struct

from statevisit.document.scheme import Scheme
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


@cache
def type_system(scheme: Scheme) -> cassis.TypeSystem:
    """Return the type system of the documents of a scheme; nobody changes it."""
    types = cassis.TypeSystem()
    for name in (SENTENCE, TOKEN):
        types.create_type(name, ANNOTATION)
    _with_strings(types, NAMED_ENTITY, ["value", "identifier"])
    types.create_type(CHAIN, BASE)
    _with_strings(types, LINK, ["referenceType", "referenceRelation"])
    types.create_feature(CHAIN, "first", LINK)
    types.create_feature(LINK, "next", LINK)
    _with_strings(types, METADATA, ["documentTitle", "documentId"], DOCUMENT_ANNOTATION)
    for layer in layer_types(scheme).values():
        _with_strings(types, layer.name, [LABEL, *layer.features.values(), RECORD, OTHER])
    _with_strings(types, KEPT, [LABEL, RECORD, OTHER])
    for name in (EVENT_RELATION, RELATION):
        types.create_type(name, ANNOTATION)
        types.create_feature(name, TARGET_END, ANNOTATION)
        types.create_feature(name, SOURCE_END, ANNOTATION)
        types.create_feature(name, LABEL, STRING)
    types.create_type(ARGUMENTS_LINK, TOP)
    types.create_feature(ARGUMENTS_LINK, ROLE, STRING)
    types.create_feature(ARGUMENTS_LINK, TARGET, ANNOTATION)
    if "events" in layer_types(scheme):
        event = layer_types(scheme)["events"].name
        types.create_feature(event, ARGUMENTS, "uima.cas.FSArray", ARGUMENTS_LINK, None, False)
    return types


def _with_strings(
    types: cassis.TypeSystem, name: str, features: list[str], parent: str = ANNOTATION
) -> None:
    types.create_type(name, parent)
    for feature in features:
        types.create_feature(name, feature, STRING)
