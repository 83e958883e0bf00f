"""The records of a document as data for the script of its page."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from statevisit.document.model import Document
from statevisit.pages.cards import Card, cards, key_of, words_of
from statevisit.pages.provenance import Annotator, Origin, provenance


def data_of(
    document: Document,
    annotators: Sequence[Annotator],
    origin: Origin,
    more: Mapping[str, Any],
) -> Markup:
    """Return the records of a document as JSON that a script element can hold."""
    shown = cards(document)
    labels: dict[str, tuple[str, str]] = {}
    for card in shown.values():
        for label in card.labels:
            labels[key_of(label)] = (label.title, label.description)
    chains, records = _apart({card.id: compact(card, document) for card in shown.values()})
    value = {
        "id": document.id,
        "labels": labels,
        "sentences": [words_of(document, number) for number in range(len(document.sentences))],
        "chains": chains,
        "records": records,
        **provenance(document, annotators, origin, labels),
        **more,
    }
    return as_data(value)


def as_data(value: Any) -> Markup:
    """Return a value as JSON that a script element can hold."""
    data = msgspec.json.encode(value).decode()
    return Markup(data.replace("<", "\\u003c").replace("\u2028", "\\u2028"))


def _apart(records: dict[str, dict[str, Any]]) -> tuple[list[list[str]], dict[str, dict[str, Any]]]:
    """The chains of records, each once, and the records with the number of their chain."""
    numbers: dict[int, int] = {}
    chains: list[list[str]] = []
    for record in records.values():
        spans = record.get("chain")
        if spans is None:
            continue
        if id(spans) not in numbers:
            numbers[id(spans)] = len(chains)
            chains.append(spans)
        record["chain"] = numbers[id(spans)]
    return chains, records


def compact(card: Card, document: Document) -> dict[str, Any]:
    """Return a card for the script, without what it finds elsewhere."""
    record = document[card.id]
    number = document.sentence_number(record) if hasattr(record, "start") else None
    value = {
        "layer": card.layer,
        "kind": card.kind,
        "title": card.title,
        "labels": [key_of(label) for label in card.labels],
        "facts": card.facts,
        "links": card.links,
        "chain": card.chain,
        "sentence": number,
        "evidence": card.sentences if number is None else [],
        "disagreements": card.disagreements,
        "record": card.record,
    }
    empty = {"disagreements": 0, "sentence": None}
    return {name: part for name, part in value.items() if part not in ([], empty.get(name, ()))}
