"""Documents of another scheme: with only the layers and properties that a scheme has."""

from collections import Counter

from statevisit.document.model import LAYERS
from statevisit.document.references import DOCUMENT_TIME
from statevisit.document.schema import id_node
from statevisit.document.scheme import Scheme
from statevisit.document.states import NONE
from statevisit.document.strict_json import JsonObject


def within(value: JsonObject, scheme: Scheme) -> JsonObject:
    """Return a document in JSON with only the layers and properties that a scheme has.

    References to records of other layers are left out, and so are arguments and records that would
    lack what they connect.
    """
    kept = {name: part for name, part in value.items() if name in scheme.value["properties"]}
    if "layers" in kept:
        states = kept["layers"].items()
        kept["layers"] = {layer: state for layer, state in states if layer in scheme.layers}
    for layer in scheme.layers:
        kept.setdefault(layer, [])
    ids = {record["id"] for layer in scheme.layers for record in kept[layer] if "id" in record}
    ids.add(DOCUMENT_TIME)
    for layer in scheme.layers:
        known = scheme.properties(layer)
        kept[layer] = [_within(record, known, ids) for record in kept[layer]]
    if "events" in scheme.layers:
        known = scheme.properties("arguments")
        for event in kept["events"]:
            if "arguments" in event:
                arguments = [_within(item, known, ids) for item in event["arguments"]]
                event["arguments"] = [item for item in arguments if "target" in item]
    for layer in ("relations", "event_relations"):
        if layer in scheme.layers:
            kept[layer] = [r for r in kept[layer] if "source" in r and "target" in r]
    return kept


def _within(record: JsonObject, known: dict[str, JsonObject], ids: set[str]) -> JsonObject:
    kept: JsonObject = {}
    for name, part in record.items():
        if name not in known:
            continue
        if "x-refers-to" not in id_node(known[name]):
            kept[name] = part
        elif not isinstance(part, list):
            if part in ids:
                kept[name] = part
        elif any(item in ids for item in part):
            kept[name] = [item for item in part if item in ids]
    return kept


def fitted(value: JsonObject, scheme: Scheme) -> tuple[JsonObject, Counter[str]]:
    """Return a document in JSON with the layers of a scheme, and what it loses by that.

    A layer that the scheme has and the document lacks is there without records, in the state none.
    The losses are numbers of records by layer ("events"), and of properties by layer and name
    ("mentions.entity").
    """
    fitting = within(value, scheme)
    states = dict(fitting.get("layers", {}))
    for layer in scheme.annotated:
        states.setdefault(layer, NONE)
    fitting["layers"] = states
    losses: Counter[str] = Counter()
    for layer in LAYERS:
        before, after = value.get(layer, ()), fitting.get(layer, ())
        losses[layer] += len(before) - len(after)
        if len(before) == len(after):
            for old, new in zip(before, after, strict=True):
                losses.update(f"{layer}.{name}" for name in old if name not in new)
                arguments = len(old.get("arguments", ())) - len(new.get("arguments", ()))
                losses["arguments"] += arguments
    return fitting, +losses
