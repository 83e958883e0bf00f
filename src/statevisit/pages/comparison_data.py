"""The records of two annotations as data for the script: cards, and how the two differ."""

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup
from msgspec.structs import replace

from statevisit.document.model import Document
from statevisit.pages.cards import LAYER_TITLES, Card, Fact, cards, key_of
from statevisit.pages.page_data import as_data, compact
from statevisit.pages.pairs import Compared, Pair

_WITH_CARDS = frozenset({"entities", "event_chains", "relations"})
"""The layers beside spans whose records have cards."""


def data_of(compared: Compared) -> Markup:
    """Return the records of both annotations and their pairs, as JSON for a script element."""
    first, second = compared.first, compared.second
    sentences = [first.text_of(sentence) for sentence in first.sentences]
    after = 0
    if first.sentences != second.sentences or not compared.has_one_text:
        after = len(sentences)
        sentences += [second.text_of(sentence) for sentence in second.sentences]
    own = {record_id: record_id for record_id in first.layer_by_id}
    records: dict[str, Any] = {}
    labels: dict[str, tuple[str, str]] = {}
    for document, keys, offset in ((first, own, 0), (second, compared.keys, after)):
        for key, card in _cards(compared, document, keys):
            if key not in records:
                records[key] = compact(_linked(card, keys), document)
                if "sentence" in records[key]:
                    records[key]["sentence"] += offset
                for label in card.labels:
                    labels[key_of(label)] = (label.title, label.description)
    for number, pair in enumerate(compared.pairs):
        for key in filter(None, (pair.first, pair.second)):
            if key not in records:
                records[key] = _without_record(compared, pair, key)
            records[key]["pair"] = number
    return as_data(
        {
            "id": first.id,
            "names": compared.names,
            "labels": labels,
            "sentences": sentences,
            "pairs": [_pair_data(pair) for pair in compared.pairs],
            "records": records,
        }
    )


def _cards(
    compared: Compared, document: Document, keys: Mapping[str, str]
) -> Iterator[tuple[str, Card]]:
    """Yield the cards of a document, and their keys."""
    shown = {*compared.layers, *_WITH_CARDS}
    for card in cards(document).values():
        if card.layer in shown:
            yield keys[card.id], card


def _pair_data(pair: Pair) -> dict[str, Any]:
    value = {
        "layer": pair.layer,
        "status": pair.status,
        "keys": [key for key in dict.fromkeys((pair.first, pair.second)) if key],
        "spans": pair.spans if any(pair.spans) else None,
        "labels": [label for label in dict.fromkeys(pair.labels) if label],
        "kinds": pair.kinds,
        "differences": [(d.name, d.first, d.second) for d in pair.differences],
    }
    return {name: part for name, part in value.items() if part or name == "keys"}


def _linked(card: Card, keys: Mapping[str, str]) -> Card:
    """A card whose links lead to the keys of records; those to unknown records are words only."""

    def led(facts: list[Fact]) -> list[Fact]:
        return [replace(f, target=keys.get(f.target, "")) if f.target else f for f in facts]

    chain = [keys[record_id] for record_id in card.chain if record_id in keys]
    return replace(card, facts=led(card.facts), links=led(card.links), chain=chain)


def _without_record(compared: Compared, pair: Pair, key: str) -> dict[str, Any]:
    """The card of a span without a record: of a flat name, or of words without a place."""
    side = 0 if key == pair.first else 1
    span, label = pair.spans[side], pair.labels[side]
    record: dict[str, Any] = {"text": pair.words, "label": label}
    if span is not None:
        start, end = span
        document = (compared.first, compared.second)[side]
        record |= {"start": start, "end": end, "text": document.text[start:end]}
    return {
        "layer": pair.layer,
        "kind": LAYER_TITLES.get(pair.layer, "Name"),
        "title": record["text"],
        "labels": [f"{pair.layer} label {label}"] if label else [],
        "record": record,
    }
