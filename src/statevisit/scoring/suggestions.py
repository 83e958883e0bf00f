"""What a system predicts as a beginning for annotators: spans, labels and values of open layers."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from statevisit.document.codec import to_value
from statevisit.document.model import Document
from statevisit.document.records import ID_PREFIXES, free_ids
from statevisit.document.scheme import scheme_of
from statevisit.labelstudio.tasks import Suggestion
from statevisit.regions.labels import attribute, controls_of, labelled_by, span_layers
from statevisit.scoring.drafts import invalid_properties
from statevisit.scoring.prediction import Note, Prediction, Remarks, add_remarks
from statevisit.scoring.read import read_predictions
from statevisit.scoring.routing import LabelMapping

_NAME = "NAM"
"""The level of the mentions that a tagger of names gives."""


def suggestions_of(
    source: Path, documents: Mapping[str, Document], mapping: LabelMapping
) -> tuple[dict[str, Suggestion], list[Note]]:
    """Return what the predictions in a file suggest for documents, by id, and notes on them.

    Raises FormatError for predictions that cannot be read, of other documents or of other texts.
    """
    notes: list[Note] = []
    predictions = read_predictions(source, documents, mapping, notes=notes)
    remarks = Remarks()
    suggestions = {}
    for document_id, prediction in predictions.items():
        base = documents[document_id]
        add_remarks(remarks, prediction, span_layers(scheme_of(base)))
        notes += prediction.notes
        system = prediction.system or source.name
        suggestions[document_id] = Suggestion(suggested(base, prediction), system)
    return suggestions, [*remarks.notes(), *notes]


def suggested(base: Document, prediction: Prediction) -> Document:
    """Return a document with the spans that a prediction adds to layers that are not done.

    They have their labels and those values that the schema accepts; a mention is of an entity with
    its label, or of that of the prediction. A span that the document has already in the layer is
    left out, and so are references to other records.
    """
    scheme = scheme_of(base)
    entities = _Entities(base, prediction)
    layers: dict[str, tuple[Any, ...]] = {}
    for layer in span_layers(scheme):
        if base.is_done(layer) or (layer == "mentions" and entities.are_done):
            continue
        present = {(record.start, record.end) for record in getattr(base, layer)}
        ids = free_ids(ID_PREFIXES[layer], base.layer_by_id)
        added = []
        for record in getattr(prediction.document, layer):
            bounds = record.start, record.end
            if bounds in present or not 0 <= record.start < record.end <= len(base.text):
                continue
            present.add(bounds)
            values = _values(record, layer, base)
            if layer == "mentions":
                values["entity"] = entities.of(record.entity)
                if "ner" in prediction.layers and values.get("level") is None:
                    values["level"] = _NAME
            added.append(_only(record, values, next(ids)))
        layers[layer] = (*getattr(base, layer), *added)
    if entities.added and "mentions" in layers:
        layers["entities"] = (*base.entities, *entities.added)
    return replace(base, **layers)


def _values(record: Any, layer: str, base: Document) -> dict[str, Any]:
    """The label of a record and the values that the editor shows, as far as the schema has them."""
    scheme = scheme_of(base)
    home, label = labelled_by(layer, scheme)
    names = [control.prop for control in controls_of(layer, scheme)]
    if home == layer:
        names.append(label)
    stated = {name: part for name, part in to_value(record).items() if name in names}
    refused = invalid_properties(scheme, layer, stated)
    values = {attribute(name): part for name, part in stated.items() if name not in refused}
    if home == layer and stated.get(label) not in scheme.label_names(layer, label):
        values.pop(attribute(label), None)
    return values


def _only(record: Any, values: Mapping[str, Any], record_id: str) -> Any:
    """A record with its span, some values and a new id, and nothing else."""
    kept = {"id": record_id, "start": record.start, "end": record.end, "text": record.text}
    absent = dict.fromkeys(record.__struct_fields__)
    return type(record)(**absent | kept | dict(values))


_ENTITY = "e"
"""The letter before the number in the id of an entity."""


class _Entities:
    """The entities that the mentions of a prediction need in a document; `added` are the new ones.

    `are_done` says that the document takes no more.
    """

    def __init__(self, base: Document, prediction: Prediction) -> None:
        scheme = scheme_of(base)
        self._has_layer = "entities" in scheme.layers
        self.are_done = self._has_layer and base.is_done("entities")
        self.added: list[Any] = []
        self._labels = scheme.label_names("entities", "type") if self._has_layer else ()
        self._predicted = {entity.id: entity for entity in prediction.document.entities}
        self._ids: dict[str, str] = {}
        self._free: Iterator[str] = free_ids(_ENTITY, base.layer_by_id)

    def of(self, entity_id: str | None) -> str | None:
        """Return the id of the entity for one of the prediction."""
        entity = self._predicted.get(entity_id or "")
        if entity is None or not self._has_layer:
            return None
        if entity.id not in self._ids:
            self._ids[entity.id] = next(self._free)
            absent: dict[str, Any] = dict.fromkeys(entity.__struct_fields__)
            label = entity.type if entity.type in self._labels else None
            kept = {"id": self._ids[entity.id], "type": label, "name": entity.name}
            self.added.append(type(entity)(**absent | kept))
        return self._ids[entity.id]
