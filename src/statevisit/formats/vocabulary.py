"""The names of labels, attributes and relations in files, and what they are in a scheme.

A label of one layer only has its own name; another has its layer before it, as in `events.CAUSE`.
An attribute is named after its property. Relations are named as in the interface of Label Studio.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache, cached_property

from msgspec import Struct

from statevisit.document.model import Document
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.formats.texts import AnnotatedText, Annotation, Cluster, Relation
from statevisit.regions.labels import UNTYPED, Control, controls_of, region_labels
from statevisit.regions.mapping import places
from statevisit.regions.regions import links_of, parts_of, regions_of
from statevisit.regions.relation_labels import relation_labels

GROUPS = {"mentions": "entity", "events": "event"}
"""For each layer whose records mean the same as others, the property that says so."""

UNDECIDED = "UNDECIDED"
"""The label, after its layer, of a span whose label is not annotated yet."""


def label_name(layer: str, label: str, scheme: Scheme) -> str:
    """Return the name of a layer's label in files."""
    if label == UNTYPED:
        return f"{layer}.{UNDECIDED}"
    return label if len(places(label, scheme)) == 1 else f"{layer}.{label}"


def layer_and_label(name: str, scheme: Scheme) -> tuple[str, str] | None:
    """Return what a name in a file is in a scheme; None if it is none, or of several layers."""
    layer, _, label = name.partition(".")
    if label == UNDECIDED and layer in region_labels(scheme):
        return layer, UNTYPED
    candidates = places(name, scheme)
    return candidates[0] if len(candidates) == 1 else None


def label_names(scheme: Scheme) -> dict[str, tuple[str, str]]:
    """Return every (layer, label) of a scheme by its name in files."""
    return {
        label_name(layer, label, scheme): (layer, label)
        for layer, labels in region_labels(scheme).items()
        for label in sorted(labels)
    }


def shown_controls(layer: str, scheme: Scheme) -> list[Control]:
    """Return the attributes of a layer in files: all but the group, which clusters state."""
    return [c for c in controls_of(layer, scheme) if c.prop != GROUPS.get(layer)]


class Codes(Struct, frozen=True, dict=True):
    """Names in files that take letters, digits, `-` and `_` only, and what they stand for."""

    names: tuple[str, ...]

    @cached_property
    def code(self) -> dict[str, str]:
        """The codes by name. Two names that would have one code get a number."""
        codes: dict[str, str] = {}
        taken: Counter[str] = Counter()
        for name in self.names:
            code = re.sub(r"[^\w-]+", "-", name, flags=re.ASCII).strip("-") or "x"
            taken[code] += 1
            codes[name] = code if taken[code] == 1 else f"{code}-{taken[code]}"
        return codes

    @cached_property
    def name(self) -> dict[str, str]:
        """The names by code."""
        return {code: name for name, code in self.code.items()}


@cache
def label_codes(scheme: Scheme) -> Codes:
    """The codes of labels."""
    return Codes(tuple(label_names(scheme)))


@cache
def relation_codes(scheme: Scheme) -> Codes:
    """The codes of relations."""
    return Codes(tuple(relation_labels(scheme)))


def text_of(document: Document, split: str = "") -> AnnotatedText:
    """Return a document as an annotated text; the ids are those of its records and parts."""
    scheme = scheme_of(document)
    parts = parts_of(document)
    text = AnnotatedText(
        document.id,
        document.text,
        date=document.date,
        language=document.language,
        split=split,
        document=document,
    )
    groups: dict[tuple[str, str], list[str]] = {}
    for region in regions_of(document, parts).values():
        ((layer, label),) = region.labels.items()
        group = region.answers.get(f"{layer}_{GROUPS.get(layer)}")
        if group is not None:
            groups.setdefault((layer, group), []).append(region.id)
        attributes = {
            control.prop: region.answers[control.name]
            for control in shown_controls(layer, scheme)
            if control.name in region.answers
        }
        name = label_name(layer, label, scheme)
        words = document.text[region.start : region.end]
        text.annotations.append(
            Annotation(region.id, region.start, region.end, name, attributes, words)
        )
    text.clusters = [Cluster(group, members) for (_, group), members in groups.items()]
    text.relations = [
        Relation(link.source, link.label, link.target) for link in links_of(document, parts)
    ]
    return text


def unknown_labels(texts: Iterable[AnnotatedText], scheme: Scheme) -> Counter[str]:
    """Return the labels of texts that are not names of a scheme, with their counts."""
    labels = Counter(a.label for text in texts for a in text.annotations)
    known = label_names(scheme)
    return Counter({label: count for label, count in labels.items() if label not in known})
