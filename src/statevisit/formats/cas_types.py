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

from functools import cache

import cassis

from statevisit.document.scheme import Scheme
from statevisit.formats import cas_names as names
from statevisit.formats.cas_names import ANNOTATION, STRING, layer_types


@cache
def type_system(scheme: Scheme) -> cassis.TypeSystem:
    """Return the type system of the documents of a scheme; nobody changes it."""
    types = cassis.TypeSystem()
    for name in (names.SENTENCE, names.TOKEN):
        types.create_type(name, ANNOTATION)
    _with_strings(types, names.NAMED_ENTITY, ["value", "identifier"])
    types.create_type(names.CHAIN, names.BASE)
    _with_strings(types, names.LINK, ["referenceType", "referenceRelation"])
    types.create_feature(names.CHAIN, "first", names.LINK)
    types.create_feature(names.LINK, "next", names.LINK)
    _with_strings(types, names.METADATA, ["documentTitle", "documentId"], names.DOCUMENT_ANNOTATION)
    for layer in layer_types(scheme).values():
        _with_strings(
            types, layer.name, [names.LABEL, *layer.features.values(), names.RECORD, names.OTHER]
        )
    _with_strings(types, names.KEPT, [names.LABEL, names.RECORD, names.OTHER])
    for name in (names.EVENT_RELATION, names.RELATION):
        types.create_type(name, ANNOTATION)
        types.create_feature(name, names.TARGET_END, ANNOTATION)
        types.create_feature(name, names.SOURCE_END, ANNOTATION)
        types.create_feature(name, names.LABEL, STRING)
    types.create_type(names.ARGUMENTS_LINK, names.TOP)
    types.create_feature(names.ARGUMENTS_LINK, names.ROLE, STRING)
    types.create_feature(names.ARGUMENTS_LINK, names.TARGET, ANNOTATION)
    if "events" in layer_types(scheme):
        event = layer_types(scheme)["events"].name
        types.create_feature(
            event, names.ARGUMENTS, "uima.cas.FSArray", names.ARGUMENTS_LINK, None, False
        )
    return types


def _with_strings(
    types: cassis.TypeSystem, name: str, features: list[str], parent: str = ANNOTATION
) -> None:
    types.create_type(name, parent)
    for feature in features:
        types.create_feature(name, feature, STRING)
