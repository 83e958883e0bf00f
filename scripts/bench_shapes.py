"""Documents that are large or crooked in one respect, for the section `growth` of bench.py.

Every document has one record for each word of its text and, apart from the shape "broken", no
errors. It has warnings, so that findings are located and printed as well: the names of all its
mentions begin with a lower-case letter.
"""

import hashlib
import json
import random
from pathlib import Path
from typing import Any

from bench_text import SEED

from statevisit.corpus.documents import write_document
from statevisit.document.codec import convert
from statevisit.document.model import (
    ANNOTATED_LAYERS,
    LAYERS,
    SCHEMA_VERSION,
    SPAN_LAYERS,
    Document,
)
from statevisit.document.scheme import base

SENTENCE = 20
"""Tokens of a sentence."""

DEPTH = 250
"""Records that stand inside each other. A record holds its text, so that the size of a document
grows with the product of their number and this depth."""

RELATIONS = 10
"""Relations of a record in the shape "dense"."""

FLAT, NESTED, EQUAL = "flat", "nested", "equal"
"""Records side by side, inside each other, and over the same word."""

CHAINED, DENSE = "chained", "dense"
"""Records of which each is related to the next one, or to ten others."""

HUB, REPEATED, BROKEN = "hub", "repeated", "broken"
"""One record that refers to all others, a text of one word, an error in each record."""

SHAPES = (FLAT, NESTED, EQUAL, CHAINED, DENSE, HUB, REPEATED, BROKEN)

HEADER = " date 2024-02-19 "

Properties = dict[str, Any]


def shaped(shape: str, size: int) -> Document:
    """Return a document of a shape with `size` records in its span layers."""
    return convert(shaped_value(shape, size), shape, base())


def shaped_value(shape: str, size: int) -> Properties:
    """Return the document of a shape as JSON."""
    draft = _Draft(size)
    fill = {
        FLAT: draft.flat,
        NESTED: draft.nested,
        EQUAL: draft.equal,
        CHAINED: draft.chained,
        DENSE: draft.dense,
        HUB: draft.hub,
        REPEATED: draft.repeated,
        BROKEN: draft.broken,
    }
    fill[shape]()
    return draft.value(f"{shape}-{size}")


def word(number: int) -> str:
    """Return the word of a number: different words of lower-case letters."""
    letters = ""
    while number >= 0:
        number, letter = divmod(number, 20)
        letters = "bcdfghjklmnpqrstvwxz"[letter] + letters
        number -= 1
    return f"{letters}o"


class _Draft:
    """A text of some words, and records over them as JSON."""

    def __init__(self, size: int) -> None:
        self.words = [word(number) for number in range(size)]
        self.layers: dict[str, list[Properties]] = {name: [] for name in LAYERS}
        self.sentence = SENTENCE
        self._set_text()

    def _set_text(self) -> None:
        self.text = " ".join(self.words)
        self.tokens: list[Properties] = []
        at = 0
        for length in map(len, self.words):
            self.tokens.append({"start": at, "end": at + length})
            at += length + 1

    def value(self, name: str) -> Properties:
        """Return the document."""
        sentences = []
        for number in range(0, len(self.tokens), self.sentence):
            last = self.tokens[number : number + self.sentence][-1]
            span = {"start": self.tokens[number]["start"], "end": last["end"]}
            sentences.append(span | {"paragraph": 0})
        layers = self.layers | {"sentences": sentences, "tokens": self.tokens}
        return {
            "schema_version": SCHEMA_VERSION,
            "id": name,
            "language": "en",
            "date": "2024-02-19",
            "source": {
                "file": f"{name}.txt",
                "sha256": _sha256(HEADER + self.text),
                "header_length": len(HEADER),
            },
            "text_sha256": _sha256(self.text),
            "annotators": ["bench"],
            "layers": dict.fromkeys(ANNOTATED_LAYERS, "done"),
            "text": self.text,
            **{layer: layers[layer] for layer in LAYERS},
        }

    def mention(self, first: int, last: int, entity: str) -> str:
        """Add a mention over the tokens from `first` to `last`, both included; return its id."""
        return self._add("mentions", "m", first, last, {"level": "NAM", "entity": entity})

    def entity(self, entity_id: str) -> str:
        """Add an entity and return its id."""
        name = {"type": "GPE", "name": entity_id, "nil": "NIL", "reference": "SPECIFIC"}
        self.layers["entities"].append({"id": entity_id} | name)
        return entity_id

    def event(self, first: int, last: int, chain: str, level: str = "VRB") -> str:
        """Add an event and return its id."""
        properties = {
            "level": level,
            "event": chain,
            "class": "OCCURRENCE",
            "type": "OTHER",
            "polarity": "POS",
            "modality": "ACTUAL",
            "doc_time_rel": "OVERLAP",
            "arguments": [],
        }
        return self._add("events", "ev", first, last, properties)

    def chain(self, chain_id: str) -> str:
        """Add an event chain and return its id."""
        self.layers["event_chains"].append({"id": chain_id, "name": chain_id, "nil": "NIL"})
        return chain_id

    def timex(self, number: int) -> str:
        """Add a time over one token, which becomes a year, and return its id."""
        properties = {"type": "DATE", "value": self.words[number]}
        return self._add("timexes", "t", number, number, properties)

    def quantity(self, number: int) -> str:
        """Add a quantity over one token, which becomes a number, and return its id."""
        value = self.words[number]
        properties = {"kind": "CARDINAL", "value": value, "comparator": "EXACT"}
        return self._add("quantities", "q", number, number, properties)

    def _add(self, layer: str, prefix: str, first: int, last: int, properties: Properties) -> str:
        start, end = self.tokens[first]["start"], self.tokens[last]["end"]
        record_id = f"{prefix}{len(self.layers[layer]) + 1}"
        span = {"id": record_id, "start": start, "end": end, "text": self.text[start:end]}
        self.layers[layer].append(span | properties)
        return record_id

    def _put_figures(self) -> None:
        """Make every fourth word a year, and the word after each a number."""
        for number in range(len(self.words)):
            if number % 4 == 2:
                self.words[number] = str(1900 + number % 120)
            elif number % 4 == 3:
                self.words[number] = str(number)
        self._set_text()

    def flat(self) -> None:
        """Each word is a record: a mention, event, time or quantity of its own."""
        self._put_figures()
        for number in range(len(self.words)):
            if number % 4 == 0:
                self.mention(number, number, self.entity(f"e{number}"))
            elif number % 4 == 1:
                self.event(number, number, self.chain(f"c{number}"))
                argument = {"role": "AGENT", "target": self.layers["mentions"][-1]["id"]}
                self.layers["events"][-1]["arguments"] = [argument]
            elif number % 4 == 2:
                self.timex(number)
            else:
                self.quantity(number)

    def nested(self) -> None:
        """Mentions and events inside each other, in sentences as long as they are deep."""
        self.sentence = DEPTH
        for number in range(len(self.words)):
            last = min(number - number % DEPTH + DEPTH, len(self.words)) - 1
            if number % 2:
                self.event(number, last, self.chain(f"c{number}"), level="NAM")
            else:
                self.mention(number, last, self.entity(f"e{number}"))

    def equal(self) -> None:
        """Mentions and events of different things over the same word."""
        for number in range(len(self.words)):
            if number % 2:
                self.event(0, 0, self.chain(f"c{number}"))
            else:
                self.mention(0, 0, self.entity(f"e{number}"))

    def chained(self) -> None:
        """Mentions of one entity, events of one chain; relations and times lead to the next one."""
        self._put_figures()
        entity, chain = self.entity("e0"), self.chain("c0")
        for number in range(len(self.words)):
            if number % 4 == 0:
                self.mention(number, number, entity)
                self._relation(self.entity(f"e{number + 1}"), self.layers["entities"][-2]["id"])
            elif number % 4 == 1:
                event = self.event(number, number, chain)
                if number > 4:
                    previous = self.layers["events"][-2]
                    previous["arguments"] = [{"role": "THEME", "target": event}]
                    self._event_relation("BEFORE", previous["id"], event)
                    self._event_relation("SUBEVENT", previous["id"], event)
            elif number % 4 == 2:
                self.timex(number)
                if number > 4:
                    self.layers["timexes"][-1]["anchor"] = self.layers["timexes"][-2]["id"]
            else:
                self.quantity(number)
                self.layers["quantities"][-1]["measures"] = self.layers["mentions"][-1]["id"]

    def dense(self) -> None:
        """Each event and entity has ten relations to others, and each event ten arguments."""
        rng = random.Random(SEED)
        for number in range(len(self.words)):
            if number % 2:
                self.event(number, number, self.chain(f"c{number}"))
            else:
                self.mention(number, number, self.entity(f"e{number}"))
        for record, other in self._pairs(rng, "events"):
            self._event_relation("BEFORE", record["id"], other["id"])
        for record, other in self._pairs(rng, "entities"):
            self._relation(record["id"], other["id"])
        mentions = self.layers["mentions"]
        for event in self.layers["events"]:
            targets = rng.sample(mentions, min(RELATIONS, len(mentions)))
            event["arguments"] = [{"role": "THEME", "target": m["id"]} for m in targets]

    def _pairs(self, rng: random.Random, layer: str) -> list[tuple[Properties, Properties]]:
        """Ten different pairs for each record; the first of a pair stands first in the text."""
        records = self.layers[layer]
        pairs = []
        for number, record in enumerate(records):
            later = range(number + 1, len(records))
            others = rng.sample(later, min(RELATIONS, len(later)))
            pairs += [(record, records[other]) for other in others]
        return pairs

    def _event_relation(self, type_: str, source: str, target: str) -> None:
        self.layers["event_relations"].append({"type": type_, "source": source, "target": target})

    def _relation(self, source: str, target: str) -> None:
        relation = {"type": "PART_OF", "source": source, "target": target, "evidence": [0]}
        number = len(self.layers["relations"]) + 1
        self.layers["relations"].append({"id": f"r{number}"} | relation)

    def hub(self) -> None:
        """One event with all mentions as arguments, and one relation with all sentences."""
        event = self.event(0, 0, self.chain("c"))
        first = self.entity("e0")
        for number in range(1, len(self.words)):
            if number % 2:
                self.mention(number, number, self.entity(f"e{number}"))
            else:
                part = self.event(number, number, self.chain(f"c{number}"))
                self._event_relation("SUBEVENT", event, part)
        mentions = self.layers["mentions"]
        arguments = [{"role": "THEME", "target": mention["id"]} for mention in mentions]
        self.layers["events"][0]["arguments"] = arguments
        self._relation(first, "e1")
        sentences = range((len(self.words) + SENTENCE - 1) // SENTENCE)
        self.layers["relations"][0]["evidence"] = list(sentences)

    def repeated(self) -> None:
        """Mentions of one entity and events of one chain over one word that the text repeats."""
        self.words = [self.words[0]] * len(self.words)
        self._set_text()
        entity, chain = self.entity("e"), self.chain("c")
        for number in range(len(self.words)):
            if number % 2:
                self.event(number, number, chain)
            else:
                self.mention(number, number, entity)

    def broken(self) -> None:
        """An error in each record: cycles, contradictions, crossing spans, lost references."""
        for number in range(0, len(self.words) - 3, 4):
            first = self.event(number, number, "nothing")
            second = self.event(number + 1, number + 1, self.chain(f"c{number}"))
            for type_ in ("BEFORE", "SUBEVENT"):
                self._event_relation(type_, first, second)
                self._event_relation(type_, second, first)
            self.layers["events"][-1]["arguments"] = [{"role": "THEME", "target": first}] * 2
            self.layers["events"][-2]["arguments"] = [{"role": "THEME", "target": second}]
            self.mention(number, number + 2, self.entity("e"))
            self.mention(number + 1, number + 3, "e")
            self._relation("e", "nothing")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def make_root(root: Path, document: Document) -> Path:
    """Make a corpus root that holds one document; return the path of its file."""
    for folder in ("seeds", "corpus/documents"):
        (root / folder).mkdir(parents=True)
    (root / f"seeds/{document.source.file}").write_text(HEADER + document.text)
    source = {
        "file": document.source.file,
        "sha256": document.source.sha256,
        "date": document.date,
        "language": document.language,
        "publisher": "unknown",
        "license": "not stated",
    }
    (root / "seeds/sources.jsonl").write_text(json.dumps(source) + "\n")
    annotator = {
        "id": "bench",
        "kind": "rule",
        "name": "scripts/bench.py: made up",
        "layers": ["tokens", *SPAN_LAYERS],
    }
    (root / "corpus/annotators.json").write_text(json.dumps({"annotators": [annotator]}))
    path = root / f"corpus/documents/{document.id}.json"
    write_document(document, path)
    return path
