"""Regions and links as the results of an annotation in Label Studio.

The id of a region is that of its record or part.
The editor keeps one relation for each pair of regions, so all links between two regions go into one
relation; a label that holds in the other direction has the prefix `INVERSE`.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from statevisit.document.model import Document
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.document.strict_json import JsonObject
from statevisit.labelstudio.interface import RELATION, TEXT
from statevisit.regions.labels import controls
from statevisit.regions.regions import Link, links_of, parts_of, regions_of
from statevisit.regions.relation_labels import INVERSE, with_shared_modality


def to_results(document: Document) -> list[JsonObject]:
    """Return the parts of a document that the editor can show, as the results of an annotation.

    There is one result for each region, each answer, and each pair of linked regions.
    """
    results: list[JsonObject] = []
    scheme = scheme_of(document)
    known = controls(scheme)
    parts = parts_of(document)
    for region in regions_of(document, parts).values():
        ends = {"start": region.start, "end": region.end}
        for layer, label in region.labels.items():
            text = document.text[region.start : region.end]
            value = {**ends, "text": text, "labels": [label]}
            results.append(_result(region.id, layer, "labels", value))
        for name, answer in region.answers.items():
            value = {**ends, known[name].value_key: [answer]}
            results.append(_result(region.id, name, known[name].kind, value))
    return results + _relation_results(links_of(document, parts), scheme)


def _result(region_id: str, control: str, kind: str, value: JsonObject) -> JsonObject:
    ids = {"id": region_id, "from_name": control, "to_name": TEXT}
    return {**ids, "type": kind, "value": value}


def _relation_results(links: Iterable[Link], scheme: Scheme) -> list[JsonObject]:
    """One relation for each pair of linked regions.

    A link from a region to itself cannot be drawn; an import keeps it from the base document.
    """
    pairs: dict[tuple[str, str], dict[str, None]] = {}
    for link in links:
        source, target = link.source, link.target
        if (target, source) in pairs:
            pairs[target, source][INVERSE + link.label] = None
        elif source != target:
            pairs.setdefault((source, target), {})[link.label] = None
    return [
        {
            "type": RELATION,
            "from_id": source,
            "to_id": target,
            "direction": "right",
            "labels": with_shared_modality(labels, scheme),
        }
        for (source, target), labels in pairs.items()
    ]


class Value(Struct, gc=False):
    """The `value` of a result; a choice or a text may be one string or a list of strings."""

    start: int = -1
    end: int = -1
    labels: list[str] | None = None
    choices: list[str] | str | None = None
    text: list[str] | str | None = None


class Result(Struct, gc=False):
    """One item of an annotation's `result`: a region's label, an answer, or a relation."""

    type: Literal["labels", "choices", "textarea", "relation"]
    id: str = ""
    from_name: str = ""
    value: Value | None = None
    from_id: str = ""
    to_id: str = ""
    direction: str = "right"
    labels: list[str] | None = None
