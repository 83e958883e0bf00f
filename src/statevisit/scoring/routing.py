"""Puts what systems label into the layers of the scheme: by the labels, and by a mapping of them.

A tagger has one list of names, dates and amounts. Its label says which layer a span belongs to:
DATE is a label of times, and MONEY one of quantities. A mapping says so for other labels.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from statevisit.dataset.flat_names import flat_labels
from statevisit.document.model import SPAN_LAYERS, Document
from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import Json, JsonObject
from statevisit.regions.labels import region_labels
from statevisit.regions.mapping import Mapping, mapping_of, places, read_mapping
from statevisit.scoring.answers import Answer
from statevisit.scoring.spans import LABEL, labels

OTHER_LABELS = ("label", "entity_group")
"""The names that other tools give to the label of a span."""

LabelMapping = str | Path | dict[str, Any] | None
"""A mapping of labels: the path of a mapping file, or its tables, or its table `labels` alone."""


class Routing(Struct, frozen=True, dict=True):
    """The layers and labels of a scheme for the labels of a system."""

    scheme: Scheme
    mapping: Mapping = field(default_factory=Mapping)

    @cached_property
    def _defaults(self) -> dict[str, JsonObject]:
        """The properties that records without them get, by layer."""
        defaults: dict[str, JsonObject] = {}
        for name, value in self.mapping.defaults.items():
            layer, _, prop = name.partition(".")
            defaults.setdefault(layer, {})[prop] = value
        return defaults

    def place(self, layer: str, label: str, is_flat: bool) -> tuple[str, str]:
        """Return the layer and the label for one that a system gives to a span of a layer.

        The layer is "" for a flat name that has no layer of its own, such as EVENT.
        """
        mapped = self._places(self.mapping.labels.get(label, ""))
        if mapped:
            return mapped[0]
        if not is_flat or label in region_labels(self.scheme).get("mentions", ()):
            return layer, label
        candidates = self._places("quantities.MEASURE" if label == "QUANTITY" else label)
        if len(candidates) == 1:
            return candidates[0]
        return ("", label) if label in flat_labels(self.scheme) else (layer, label)

    def flat_label(self, label: str) -> str:
        """Return the flat name for a label of a CoNLL file."""
        mapped = self._places(self.mapping.labels.get(label, ""))
        return flat_label(*mapped[0]) if mapped else label

    def _places(self, label: str) -> list[tuple[str, str]]:
        """The span layers that have a label, each with the label."""
        return [place for place in places(label, self.scheme) if place[0] in LABEL]

    def routed(self, answer: Answer) -> Answer:
        """Return an answer whose records are in the layers, and have the labels, of the scheme."""
        if not answer.is_flat and self.mapping == Mapping():
            return answer
        value = dict(answer.value)
        given = [name for name in SPAN_LAYERS if isinstance(value.get(name), list)]
        records: dict[str, list[Json]] = {layer: [] for layer in given}
        pointers: dict[str, list[str]] = {layer: [] for layer in given}
        names = []
        for layer in given:
            for number, record in enumerate(value[layer]):
                home, routed = self._record(layer, record, answer.is_flat and layer == "mentions")
                if home:
                    records.setdefault(home, []).append(routed)
                    pointers.setdefault(home, []).append(answer.pointer(layer, number))
                else:
                    names.append(routed)
        entities = value.get("entities")
        if isinstance(entities, list):
            value["entities"] = [self._entity(entity) for entity in entities]
        return Answer(value | records, pointers, answer.is_flat, names)

    def _record(self, layer: str, record: Json, is_flat: bool) -> tuple[str, Any]:
        """The layer of a record, and the record with its label there; "" as for `place`."""
        if not isinstance(record, dict):
            return layer, record
        prop = LABEL[layer]
        stated = [name for name in (prop, *OTHER_LABELS) if isinstance(record.get(name), str)]
        home, kept = layer, record
        if stated:
            home, label = self.place(layer, record[stated[0]], is_flat)
            moved = home != layer or label != record[stated[0]]
            if moved:
                kept = {name: part for name, part in record.items() if name not in stated}
                kept |= {LABEL[home] if home else prop: label}
        return home, self._defaults.get(home, {}) | kept

    def _entity(self, entity: Json) -> Json:
        """An entity with its mapped type, if that is one of entities."""
        if not isinstance(entity, dict) or not isinstance(entity.get("type"), str):
            return entity
        label = entity["type"]
        home, mapped = self.place("mentions", label, is_flat=False)
        return entity | {"type": mapped} if home == "mentions" else entity


def routing(scheme: Scheme, mapping: LabelMapping) -> Routing:
    """Return the routing of a scheme with a mapping.

    Raises FormatError for a mapping that cannot be read, or names what the scheme lacks.
    """
    if mapping is None:
        return Routing(scheme)
    if isinstance(mapping, dict):
        return Routing(scheme, mapping_of(mapping, scheme))
    return Routing(scheme, read_mapping(Path(mapping), scheme))


def flat_label(layer: str, label: str) -> str:
    """Return the flat name for a label of a layer, as `flat_names` gives it."""
    if layer == "timexes":
        return "TIME" if label == "TIME" else "DATE"
    if layer == "events":
        return "EVENT"
    return "QUANTITY" if (layer, label) == ("quantities", "MEASURE") else label


def flat_spans(document: Document) -> Sequence[tuple[int, int, str]]:
    """Return (start, end, flat name) of the mentions, times and quantities with a label."""
    return [
        (record.start, record.end, flat_label(layer, label))
        for layer in ("mentions", "timexes", "quantities")
        for record, label in zip(getattr(document, layer), labels(document, layer), strict=True)
        if label is not None
    ]
