"""The layers of a document that are annotated, by their states, and so can be scored."""

from collections.abc import Collection, Container, Iterator, Mapping

from statevisit.document.model import Document
from statevisit.document.scheme import scheme_of
from statevisit.document.states import DONE, NONE, PARTIAL
from statevisit.errors import FormatError
from statevisit.scoring.prediction import ALL, SCORED, Note, Prediction

_FLAT = ("mentions", "entities", "timexes", "quantities", "events")
"""The layers that the flat names of `ner` are made from."""


def annotated(document: Document, partial: bool = False) -> frozenset[str]:
    """Return the scored layers of a document that are done; with `partial` those begun, too.

    A layer that the scheme lacks is none of them. `ner` is one if all layers with flat names are.
    """
    scheme = scheme_of(document)
    enough = (DONE, PARTIAL) if partial else (DONE,)
    layers = {layer for layer in scheme.annotated if document.state_of(layer) in enough}
    if layers.issuperset(layer for layer in _FLAT if layer in scheme.layers):
        layers.add("ner")
    return frozenset(layers)


def begun(
    documents: Mapping[str, Document], layers: frozenset[str], partial: bool
) -> dict[str, Document]:
    """Return the documents, by id, of which at least one of some layers is annotated.

    Raises FormatError if there are none.
    """
    in_use = {
        name: document
        for name, document in documents.items()
        if not layers.isdisjoint(annotated(document, partial))
    }
    if not in_use:
        advice = "" if partial else "; --partial counts layers that are begun"
        raise FormatError(
            "no gold document is annotated: in none is a layer that is scored done, so there is"
            " nothing to score against; `statevisit state DOC LAYER done` says that one is" + advice
        )
    return in_use


def counted(gold: Document, pred: Prediction, partial: bool, as_gold: bool) -> frozenset[str]:
    """Return the layers in which a document counts: those that the gold has annotated.

    A layer of the prediction with the state `none` does not count either; with `as_gold`, as for
    two annotators, nor does one that is not annotated as the gold's has to be.
    """
    layers = annotated(gold, partial)
    if as_gold:
        return layers & annotated(pred.document, partial)
    states = pred.document.layers.items()
    return layers - {layer for layer, state in states if state == NONE and layer not in pred.layers}


def notes_on_states(
    counted_layers: Mapping[str, frozenset[str]], layers: frozenset[str]
) -> Iterator[Note]:
    """Yield a note on each of `layers` in which some documents count, and others do not.

    `counted_layers` has the layers in which a document counts, by its id.
    """
    for layer in SCORED:
        absent = [name for name, counts in counted_layers.items() if layer not in counts]
        if layer in layers and 0 < len(absent) < len(counted_layers):
            where = absent[0] if len(absent) == 1 else ALL
            documents = f"{len(absent):,} of {len(counted_layers):,} documents"
            message = f"{layer}: not annotated in {documents}, which count nowhere in this layer"
            yield Note("state", where, message)


def notes_on_unbegun(
    documents: Collection[str], annotated_documents: Container[str]
) -> Iterator[Note]:
    """Yield a note on the documents, by their ids, of which nothing that is scored is annotated."""
    absent = [name for name in documents if name not in annotated_documents]
    if absent:
        where = absent[0] if len(absent) == 1 else ALL
        which = f"{len(absent):,} of {len(documents):,} documents"
        yield Note("state", where, f"nothing annotated in {which}, which count nowhere")
