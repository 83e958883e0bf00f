"""W3C Web Annotation: a JSON-LD file for each document, and its text.

See https://www.w3.org/TR/annotation-model/. Positions are code points, as its sections 4.2.4 and
4.2.5 demand: "The selection of the text MUST be in terms of unicode code points". A span is an
annotation for tagging, a relation one for linking.
"""

import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from statevisit.document.characters import joins
from statevisit.document.scheme import scheme_of
from statevisit.document.strict_json import JsonObject
from statevisit.formats.texts import AnnotatedText, Annotation, Relation
from statevisit.formats.vocabulary import layer_and_label

CONTEXT: list[str | JsonObject] = [
    "http://www.w3.org/ns/anno.jsonld",
    {
        "statevisit": "urn:statevisit:term:",
        "layer": "statevisit:layer",
        "attributes": {
            "@id": "statevisit:attributes",
            "@context": [None, {"@vocab": "urn:statevisit:property:"}],
        },
    },
]
"""The context of the model, and the terms that it lacks; those of attributes stand alone."""

_ITEM = "urn:statevisit:annotation:"
_ENTITY = "urn:statevisit:entity:"
_WIKIDATA = "http://www.wikidata.org/entity/"
_AROUND = 32
"""Code points of the text before and after a span that its quote has."""


def write(texts: Iterable[AnnotatedText]) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of the `.txt` and the `.jsonld` of each text."""
    for text in texts:
        yield f"{text.id}.txt", text.text.encode()
        written = json.dumps(_collection(text), ensure_ascii=False, indent=1)
        yield f"{text.id}.jsonld", f"{written}\n".encode()


def _collection(text: AnnotatedText) -> JsonObject:
    """The annotation of a text as a collection of one page."""
    groups = {member: cluster.id for cluster in text.clusters for member in cluster.members}
    items = [_span(annotation, text, groups.get(annotation.id)) for annotation in text.annotations]
    known = text.by_id()
    for number, relation in enumerate(text.relations, 1):
        if relation.source in known and relation.target in known:
            items.append(_link(relation, number, text))
    collection = f"urn:statevisit:annotations:{quote(text.id)}"
    page = {"id": f"{collection}:1", "type": "AnnotationPage", "partOf": collection}
    about = {
        "@context": CONTEXT,
        "id": collection,
        "type": "AnnotationCollection",
        "label": text.id,
        "dcterms:date": text.date,
        "language": text.language,
        "total": len(items),
    }
    if not items:  # a page has at least one annotation
        return about
    return {**about, "first": {**page, "startIndex": 0, "items": items}, "last": page["id"]}


def _iri(annotation_id: str, text: AnnotatedText) -> str:
    return f"{_ITEM}{quote(text.id)}:{quote(annotation_id)}"


def _span(annotation: Annotation, text: AnnotatedText, group: str | None) -> JsonObject:
    """A span, with its label, the entity or event that it means, and the entity's link."""
    label: JsonObject = {"type": "TextualBody", "value": annotation.label, "purpose": "tagging"}
    assert text.document is not None
    place = layer_and_label(annotation.label, scheme_of(text.document))
    if place is not None:
        label["layer"] = place[0]
    if annotation.attributes:
        # "@" begins the keywords of JSON-LD
        named = {name.lstrip("@"): value for name, value in annotation.attributes.items()}
        label["attributes"] = named
    bodies = [label]
    if group is not None:
        bodies.append(_identifying(f"{_ENTITY}{quote(text.id)}:{quote(group)}"))
        link = getattr(text.document[group], "wikidata", None) if group in text.document else None
        if link is not None:
            bodies.append(_identifying(f"{_WIKIDATA}{link}"))
    fragments = annotation.fragments or ((annotation.start, annotation.end),)
    targets = [_target(start, end, text) for start, end in fragments]
    return {
        "id": _iri(annotation.id, text),
        "type": "Annotation",
        "motivation": "tagging",
        "body": bodies,
        "target": targets[0] if len(targets) == 1 else targets,
    }


def _identifying(iri: str) -> JsonObject:
    return {"type": "SpecificResource", "source": iri, "purpose": "identifying"}


def _target(start: int, end: int, text: AnnotatedText) -> JsonObject:
    """A span of a text by its position and its words, with the text before and after them."""
    before, after = max(0, start - _AROUND), min(len(text.text), end + _AROUND)
    while before < start and joins(text.text, before):
        before += 1
    while after > end and joins(text.text, after):
        after -= 1
    quote_selector = {
        "type": "TextQuoteSelector",
        "exact": text.text[start:end],
        "prefix": text.text[before:start],
        "suffix": text.text[end:after],
    }
    position = {"type": "TextPositionSelector", "start": start, "end": end}
    return {"source": f"{quote(text.id)}.txt", "selector": [position, quote_selector]}


def _link(relation: Relation, number: int, text: AnnotatedText) -> JsonObject:
    """A relation: its target annotation is the source, its body the annotation that it leads to."""
    return {
        "id": _iri(f"relation-{number}", text),
        "type": "Annotation",
        "motivation": "linking",
        "body": [
            {
                "type": "SpecificResource",
                "source": _iri(relation.target, text),
                "purpose": "linking",
            },
            {"type": "TextualBody", "value": relation.label, "purpose": "tagging"},
        ],
        "target": _iri(relation.source, text),
    }
