"""Annotated texts as UIMA CAS, in XMI with a type system, or in JSON that has it inside.

cassis counts offsets in UTF-16 code units in these files, as UIMA does.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache

import cassis

from statevisit.document.scheme import Scheme, scheme_of
from statevisit.errors import FormatError
from statevisit.files import Head
from statevisit.formats import cas_names as types
from statevisit.formats.brat import values_line
from statevisit.formats.cas_types import type_system
from statevisit.formats.texts import AnnotatedText, Annotation, Relation
from statevisit.formats.vocabulary import label_names
from statevisit.regions.relation_labels import role_label

TYPE_SYSTEM = "TypeSystem.xml"
"""The name of the file with the type system, beside the XMI files."""

_WIKIDATA = "http://www.wikidata.org/entity/"
_TEMPORAL = {"events", "timexes"}
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_xmi(texts: Iterable[AnnotatedText]) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of the XMI file of each text, and of the type system.

    Raises FormatError for a character that XML 1.0 cannot hold.
    """
    scheme = None
    for text in texts:
        assert text.document is not None
        if scheme is None:
            scheme = scheme_of(text.document)
            yield TYPE_SYSTEM, Head(_type_system_file(scheme))
        _refuse_control_characters(text)
        yield f"{text.id}.xmi", _cas(text).to_xmi().encode()


def write_json(texts: Iterable[AnnotatedText]) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of the JSON file of each text, with the type system in it."""
    for text in texts:
        yield f"{text.id}.json", _cas(text, empty_arrays=False).to_json().encode()


@cache
def _type_system_file(scheme: Scheme) -> bytes:
    content: str = type_system(scheme).to_xml()
    return content.encode()


def _refuse_control_characters(text: AnnotatedText) -> None:
    values = [text.text]
    for annotation in text.annotations:
        values += [annotation.label, *annotation.attributes, *annotation.attributes.values()]
    for value in values:
        match = _NOT_IN_XML.search(value)
        if match:
            raise FormatError(
                f"{text.id}: XML cannot hold the character U+{ord(match[0]):04X} at offset "
                f"{match.start()} of {value[:40]!r}; export to casjson instead"
            )


def _cas(text: AnnotatedText, empty_arrays: bool = True) -> cassis.Cas:
    """A text as a CAS. With `empty_arrays`, an event without arguments has an array of none.

    UIMA makes no difference; cassis needs it to check types, and cannot read it in JSON.
    """
    assert text.document is not None
    return _Writer(text, scheme_of(text.document)).cas(empty_arrays)


class _Writer:
    """Makes the CAS of a text."""

    def __init__(self, text: AnnotatedText, scheme: Scheme) -> None:
        self._text, self._scheme = text, scheme
        self._types = type_system(scheme)
        self._cas = cassis.Cas(self._types)
        self._layer_of = {name: layer for name, (layer, _) in label_names(scheme).items()}
        self._structures: dict[str, cassis.typesystem.FeatureStructure] = {}
        """The feature structure of each annotation, by its id."""

    def cas(self, empty_arrays: bool) -> cassis.Cas:
        """Return the CAS with everything in it."""
        self._cas.sofa_string = self._text.text
        self._cas.sofa_mime = "text/plain"
        end, name = len(self._text.text), self._text.id
        language = self._text.language or "x-unspecified"
        self._add(types.METADATA, 0, end, language=language, documentId=name, documentTitle=name)
        assert self._text.document is not None
        for sentence in self._text.document.sentences:
            self._add(types.SENTENCE, sentence.start, sentence.end)
        for token in self._text.document.tokens:
            self._add(types.TOKEN, token.start, token.end)
        for annotation in self._text.annotations:
            self._structures[annotation.id] = self._annotation(annotation)
        self._named_entities()
        self._relations(empty_arrays)
        self._chains()
        return self._cas

    def _add(
        self, name: str, start: int, end: int, **features: object
    ) -> cassis.typesystem.FeatureStructure:
        """Add an annotation to the CAS. Features whose value is None stay unset."""
        structure = self._types.get_type(name)(begin=start, end=end, **features)
        self._cas.add(structure)
        return structure

    def _layer(self, annotation: Annotation) -> str:
        """The layer of an annotation; "" if the scheme has no place for it."""
        return self._layer_of.get(annotation.label, "")

    def _annotation(self, annotation: Annotation) -> cassis.typesystem.FeatureStructure:
        layer = types.layer_types(self._scheme).get(self._layer(annotation))
        features: dict[str, str | None] = {}
        others: dict[str, str] = {}
        for name, value in annotation.attributes.items():
            if layer is not None and name in layer.features:
                features[layer.features[name]] = value
            else:
                others[name] = value
        features[types.LABEL], features[types.RECORD] = annotation.label, annotation.id
        features[types.OTHER] = values_line(others) if others else None
        name = layer.name if layer is not None else types.KEPT
        return self._add(name, annotation.start, annotation.end, **features)

    def _named_entities(self) -> None:
        """Add a copy of each mention for the tools that know named entities, with its link."""
        document = self._text.document
        assert document is not None
        linked = {entity.id: entity.wikidata for entity in document.entities if entity.wikidata}
        iris = {
            mention.id: f"{_WIKIDATA}{linked[mention.entity]}"
            for mention in document.mentions
            if mention.entity in linked
        }
        for one in self._text.annotations:
            if self._layer(one) == "mentions":
                iri = iris.get(one.id)
                self._add(types.NAMED_ENTITY, one.start, one.end, value=one.label, identifier=iri)

    def _relations(self, empty_arrays: bool) -> None:
        """Add the arguments of events as slots, and the other relations."""
        arguments: dict[str, list[cassis.typesystem.FeatureStructure]] = {}
        roles = _roles(self._scheme)
        layers = {one.id: self._layer(one) for one in self._text.annotations}
        make_link = self._types.get_type(types.ARGUMENTS_LINK)
        for relation in self._text.relations:
            if not {relation.source, relation.target} <= layers.keys():
                continue
            if relation.label in roles and layers[relation.source] == "events":
                link = make_link(role=relation.label, target=self._structures[relation.target])
                arguments.setdefault(relation.source, []).append(link)
            else:
                ends = {layers[relation.source], layers[relation.target]}
                self._relation(relation, is_temporal=ends <= _TEMPORAL)
        array = self._types.get_type("uima.cas.FSArray")
        for source, layer in layers.items():
            if layer == "events" and (empty_arrays or source in arguments):
                links = array(elements=arguments.get(source, []))
                setattr(self._structures[source], types.ARGUMENTS, links)

    def _relation(self, relation: Relation, is_temporal: bool) -> None:
        target = self._structures[relation.target]
        ends = {types.SOURCE_END: self._structures[relation.source], types.TARGET_END: target}
        name = types.EVENT_RELATION if is_temporal else types.RELATION
        self._add(name, target.begin, target.end, label=relation.label, **ends)

    def _chains(self) -> None:
        """Add a chain for each cluster of several annotations, in the order of the text.

        The type of a reference is the id of its record, the relation to the next that of the
        cluster.
        """
        for cluster in self._text.clusters:
            members = [self._structures[m] for m in cluster.members if m in self._structures]
            if len(members) < 2:
                continue
            following = None
            for member in sorted(members, key=lambda m: (m.begin, m.end, m.xmiID), reverse=True):
                following = self._add(
                    types.LINK,
                    member.begin,
                    member.end,
                    next=following,
                    referenceType=member.record,
                    referenceRelation=cluster.id if following is not None else None,
                )
            self._cas.add(self._types.get_type(types.CHAIN)(first=following))


def _roles(scheme: Scheme) -> set[str]:
    if "events" not in scheme.layers:
        return set()
    return {role_label(name, scheme) for name in scheme.label_names("arguments", "role")}
