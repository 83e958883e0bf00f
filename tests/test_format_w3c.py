"""W3C Web Annotation: an RDF library reads the files, and they keep the rules of the model."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings

from statevisit.document.model import Document
from statevisit.formats import w3c
from statevisit.formats.texts import Annotation
from statevisit.formats.vocabulary import text_of
from tests.conftest import DOC_ID, Result, oracle
from tests.strategies import documents

Run = Callable[..., Result]
rdflib = oracle("rdflib")

OA = "http://www.w3.org/ns/oa#"
AS = "http://www.w3.org/ns/activitystreams#"


def _reference(term: str) -> dict[str, str]:
    return {"@id": term, "@type": "@id"}


def _count(term: str) -> dict[str, str]:
    return {"@id": term, "@type": "http://www.w3.org/2001/XMLSchema#nonNegativeInteger"}


CONTEXT = {
    "id": "@id",
    "type": "@type",
    "dcterms": "http://purl.org/dc/terms/",
    "language": "http://purl.org/dc/elements/1.1/language",
    "label": "http://www.w3.org/2000/01/rdf-schema#label",
    "value": "http://www.w3.org/1999/02/22-rdf-syntax-ns#value",
    **{
        name: f"{OA}{name}"
        for name in (
            *("Annotation", "TextualBody", "SpecificResource", "TextPositionSelector"),
            *("TextQuoteSelector", "exact", "prefix", "suffix", "tagging", "linking"),
            "identifying",
        )
    },
    "AnnotationCollection": f"{AS}OrderedCollection",
    "AnnotationPage": f"{AS}OrderedCollectionPage",
    "body": _reference(f"{OA}hasBody"),
    "target": _reference(f"{OA}hasTarget"),
    "source": _reference(f"{OA}hasSource"),
    "selector": _reference(f"{OA}hasSelector"),
    "motivation": {"@id": f"{OA}motivatedBy", "@type": "@vocab"},
    "purpose": {"@id": f"{OA}hasPurpose", "@type": "@vocab"},
    "items": {**_reference(f"{AS}items"), "@container": "@list"},
    "partOf": _reference(f"{AS}partOf"),
    "first": _reference(f"{AS}first"),
    "last": _reference(f"{AS}last"),
    "start": _count(f"{OA}start"),
    "end": _count(f"{OA}end"),
    "total": _count(f"{AS}totalItems"),
    "startIndex": _count(f"{AS}startIndex"),
}
"""The terms of the model that the files use, for a processor that has no network."""


def _written(document: Document) -> Any:
    files: dict[str, bytes] = {}
    for name, part in w3c.write([text_of(document)]):
        files[name] = files.get(name, b"") + part
    assert {f"{document.id}.txt", f"{document.id}.jsonld"} == files.keys()
    assert document.text.encode() == files[f"{document.id}.txt"]
    return json.loads(files[f"{document.id}.jsonld"])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _keys(value: Any) -> set[str]:
    """The keys in a value, but for those of attributes."""
    if isinstance(value, list):
        return {key for item in value for key in _keys(item)}
    if not isinstance(value, dict):
        return set()
    inner = [_keys(item) for key, item in value.items() if key != "attributes"]
    return set(value).union(*inner)


def _check_target(target: Any, text: str) -> None:
    """4.2.4 and 4.2.5: the positions are code points, and the quote stands there."""
    (position,) = [s for s in target["selector"] if s["type"] == "TextPositionSelector"]
    (quote,) = [s for s in target["selector"] if s["type"] == "TextQuoteSelector"]
    start, end = position["start"], position["end"]
    assert 0 <= start < end <= len(text)
    assert text[start:end] == quote["exact"]
    assert text[:start].endswith(quote["prefix"])
    assert text[end:].startswith(quote["suffix"])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(document=documents())
def test_the_rules_of_the_model_are_kept(document: Document) -> None:
    """Every MUST of the model about what is in the files: contexts, ids, types, selectors."""
    collection = _written(document)
    text = text_of(document)
    assert "http://www.w3.org/ns/anno.jsonld" in collection.pop("@context")
    assert "AnnotationCollection" == collection["type"]
    assert _keys(collection) - {"layer", "attributes", "dcterms:date"} <= CONTEXT.keys()
    links = [r for r in text.relations if {r.source, r.target} <= text.by_id().keys()]
    assert len(text.annotations) + len(links) == collection["total"]
    if not collection["total"]:
        assert "first" not in collection
        return
    page = collection["first"]
    assert ("AnnotationPage", collection["id"], 0) == (
        page["type"],
        page["partOf"],
        page["startIndex"],
    )
    assert "@context" not in page
    assert collection["total"] == len(page["items"])
    ids = [item["id"] for item in page["items"]]
    assert len(set(ids)) == len(ids)
    for item in page["items"]:
        assert "Annotation" == item["type"]
        assert item["id"].startswith("urn:")
        assert item["motivation"] in ("tagging", "linking")
        for body in item["body"]:
            key = {"TextualBody": "value", "SpecificResource": "source"}[body["type"]]
            assert isinstance(body[key], str)
        for target in _listed(item["target"]):
            if item["motivation"] == "linking":
                assert target in ids
            else:
                _check_target(target, document.text)


def _graph(document: Document) -> Any:
    value = _written(document)
    value["@context"] = [CONTEXT, *value["@context"][1:]]
    base = "https://corpus.example/annotation.jsonld"
    return rdflib.Graph().parse(data=json.dumps(value), format="json-ld", publicID=base)


def _term(name: str) -> Any:
    return rdflib.URIRef(name if ":" in name else f"{OA}{name}")


LAYER, ATTRIBUTES = "urn:statevisit:term:layer", "urn:statevisit:term:attributes"
VALUE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#value"


def test_an_rdf_library_finds_every_span(article: Document) -> None:
    """The graph gives the spans, words, labels and attributes of the document."""
    graph = _graph(article)
    shown = set()
    for annotation in graph.subjects(_term("motivatedBy"), _term("tagging")):
        target = graph.value(annotation, _term("hasTarget"))
        assert f"https://corpus.example/{DOC_ID}.txt" == str(
            graph.value(target, _term("hasSource"))
        )
        selectors = list(graph.objects(target, _term("hasSelector")))
        (start,) = [s for one in selectors if (s := graph.value(one, _term("start"))) is not None]
        (end,) = [e for one in selectors if (e := graph.value(one, _term("end"))) is not None]
        (words,) = [w for one in selectors if (w := graph.value(one, _term("exact"))) is not None]
        (label,) = [
            body
            for body in graph.objects(annotation, _term("hasBody"))
            if graph.value(body, _term(LAYER))
        ]
        attributes = graph.value(label, _term(ATTRIBUTES))
        values = {
            str(name).rpartition(":")[2]: str(value)
            for name, value in graph.predicate_objects(attributes)
            if attributes is not None
        }
        key = str(annotation).rpartition(":")[2]
        name = str(graph.value(label, _term(VALUE)))
        shown.add((key, int(start), int(end), str(words), name, tuple(sorted(values.items()))))
    assert shown == {
        (a.id, a.start, a.end, a.words, a.label, tuple(sorted(a.attributes.items())))
        for a in text_of(article).annotations
    }


def test_an_rdf_library_finds_links(article: Document) -> None:
    """Mentions lead to their entity and its item in Wikidata; relations join annotations."""
    graph = _graph(article)
    name = f"urn:statevisit:annotation:{DOC_ID}:"
    mention = next(m for m in article.mentions if article.entity_of(m).wikidata)
    entity = article.entity_of(mention)
    bodies = graph.objects(_term(f"{name}{mention.id}"), _term("hasBody"))
    assert {
        f"urn:statevisit:entity:{DOC_ID}:{entity.id}",
        f"http://www.wikidata.org/entity/{entity.wikidata}",
    } == {
        str(graph.value(b, _term("hasSource")))
        for b in bodies
        if graph.value(b, _term("hasSource"))
    }
    links = set()
    for link in graph.subjects(_term("motivatedBy"), _term("linking")):
        values = [
            str(graph.value(body, _term("hasSource")) or graph.value(body, _term(VALUE)))
            for body in graph.objects(link, _term("hasBody"))
        ]
        (target,) = [value for value in values if value.startswith(name)]
        (label,) = [value for value in values if not value.startswith(name)]
        source = str(graph.value(link, _term("hasTarget")))
        links.add((source.removeprefix(name), label, target.removeprefix(name)))
    assert links == {(r.source, r.label, r.target) for r in text_of(article).relations}


def test_parts_of_other_formats_are_written(article: Document) -> None:
    """A kept annotation has its label, and a target for each of its fragments."""
    text = text_of(article)
    kept = Annotation("kept:T 1", 0, 20, "Thing", {"@id": "x"}, fragments=((0, 9), (10, 20)))
    text.annotations.append(kept)
    parts = [part for name, part in w3c.write([text]) if name.endswith(".jsonld")]
    item = next(
        item
        for item in json.loads(b"".join(parts))["first"]["items"]
        if item["id"].endswith(":kept%3AT%201")
    )
    assert [0, 10] == [target["selector"][0]["start"] for target in item["target"]]
    assert [
        {"type": "TextualBody", "value": "Thing", "purpose": "tagging", "attributes": {"id": "x"}}
    ] == item["body"]


def test_the_command_writes_a_file_and_its_text(corpus: Path, cli: Run) -> None:
    """`export --to w3c` says what it leaves out."""
    result = cli("export", "--to", "w3c", "-o", corpus / "out", "--path", corpus)
    assert 0 == result.status
    assert [f"{DOC_ID}.jsonld", f"{DOC_ID}.txt"] == sorted(
        p.name for p in (corpus / "out").iterdir()
    )
    assert "cannot hold names of entities" in result.out
    assert "left out" in result.out
