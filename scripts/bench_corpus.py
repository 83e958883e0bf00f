"""Generate the documents that bench.py measures with: python bench_corpus.py ROOT COUNT [short].

They are random text from a fixed seed, the same on every machine, of realistic size and without
findings: every reference leads to a record. Run it with the environment's Python: it imports
statevisit.
"""

import hashlib
import json
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench_text import ENTITIES, SEED, Properties, Shape, Text, plan, vocabulary

from statevisit import write_document
from statevisit.document.model import (
    ANNOTATED_LAYERS,
    LAYERS,
    SCHEMA_VERSION,
    Argument,
    Document,
    Source,
)
from statevisit.document.records import Record, Span
from statevisit.document.scheme import base

SHARE = 100
"""The number of documents that one process generates at a time."""


ARTICLE = Shape({"mentions": 145, "events": 60, "timexes": 25, "quantities": 40}, 50, 2_150)
"""Documents of about 149 kB."""

SHORT = Shape({"mentions": 15, "events": 4, "timexes": 2, "quantities": 2}, 3, 90, 15)
"""Documents of about 15 kB."""

BOOK = Shape({"mentions": 895, "events": 450, "timexes": 150, "quantities": 195}, 300, 15_330)
"""Documents of 18,000 words with 1,700 spans."""

LABELLED = Shape({"mentions": 100, "events": 12, "timexes": 15, "quantities": 8}, 5, 1_200)
"""About 150 regions and 50 relations in Label Studio, with as many words to a region."""

RELATIONS_OF_A_DOCUMENT = 20

TYPES = ("PERSON", "ORG", "GPE", "LOC", "FAC")
"""The type of entity n is TYPES[n % 5]."""


class RelationType(NamedTuple):
    """A relation type with the types that it holds between."""

    name: str
    source: str
    target: str


RELATIONS = (
    RelationType("CITIZEN_OF", "PERSON", "GPE"),
    RelationType("EMPLOYER", "PERSON", "ORG"),
    RelationType("MEMBER_OF", "GPE", "ORG"),
    RelationType("LOCATED_IN", "FAC", "GPE"),
    RelationType("PART_OF", "LOC", "GPE"),
)

PREFIXES = {"mentions": "m", "timexes": "t", "quantities": "q", "events": "ev", "quotations": "quo"}
"""The beginnings of ids by layer."""


class Size(NamedTuple):
    """The size of a document: bytes of JSON, bytes of text, tokens."""

    json: int
    text: int
    tokens: int


class Annotation:
    """The layers over the spans of a text: records with ids that refer to each other."""

    def __init__(
        self, rng: random.Random, vocabulary: tuple[str, ...], shape: Shape, text: Text
    ) -> None:
        self._rng = rng
        self._vocabulary = vocabulary
        self._shape = shape
        self._cues = [Span(**span) for span in text.spans["cue"]]
        self._records: dict[str, list[Properties]] = {}
        for layer, prefix in PREFIXES.items():
            numbered = enumerate(text.spans[layer], 1)
            self._records[layer] = [{"id": f"{prefix}{n}", **span} for n, span in numbered]
        self._complete_events()
        self._complete_quantities()
        self._complete_quotations()
        self._records["entities"] = self._entities()
        self._records["event_chains"] = self._event_chains()
        self._records["relations"] = self._relations(len(text.sentences))
        self._records["event_relations"] = self._event_relations()

    def layers(self) -> dict[str, tuple[Record, ...]]:
        """Return the records of every layer that is annotated."""
        return {
            layer: tuple(LAYERS[layer](**properties) for properties in records)
            for layer, records in self._records.items()
        }

    def _random_id(self, layer: str) -> str:
        record = self._rng.choice(self._records[layer])
        return str(record["id"])

    def _complete_events(self) -> None:
        *types, other = base().labels("events", "type")
        for n, event in enumerate(self._records["events"]):
            typed = n % 2 == 1
            event_type = self._rng.choice(types) if typed else other
            target = self._random_id("mentions")
            ace_role = self._rng.choice(event_type.extra["roles"]) if typed else None
            agent = Argument(role="AGENT", target=target, ace_role=ace_role)
            others = [
                Argument(role="TIME", target=self._random_id("timexes")),
                Argument(role="AMOUNT", target=self._random_id("quantities")),
                Argument(role="THEME", target=self._random_id("mentions")),
            ]
            event["event"] = f"event-{n % self._shape.chains}"
            event["class_"] = self._rng.choice(base().label_names("events", "class"))
            event["type"] = event_type.name
            event["polarity"] = "POS"
            event["modality"] = "ACTUAL"
            event["doc_time_rel"] = self._rng.choice(("BEFORE", "OVERLAP"))
            count = 2 if n % 5 == 0 else 1
            event["arguments"] = (agent, *self._rng.sample(others, count))

    def _complete_quantities(self) -> None:
        for n, quantity in enumerate(self._records["quantities"]):
            quantity["measures"] = self._random_id("mentions")
            if n % 4 == 0:
                quantity["property"] = self._cues[n % len(self._cues)]

    def _complete_quotations(self) -> None:
        mentions = self._records["mentions"]
        for quotation, cue in zip(self._records["quotations"], self._cues, strict=True):
            quotation["cue"] = cue
            quotation["sources"] = [next(m["id"] for m in mentions if m["start"] > cue.end)]

    def _entities(self) -> list[Properties]:
        entities = []
        for n in range(self._shape.entities):
            name = self._vocabulary[n * 2].capitalize()
            link = {"wikidata": f"Q{n + 1}"} if n % 2 else {"nil": "UNVERIFIED"}
            entity = {"id": f"entity-{n}", "type": TYPES[n % len(TYPES)], "name": name}
            entities.append(entity | {"reference": "SPECIFIC"} | link)
        return entities

    def _event_chains(self) -> list[Properties]:
        chains = []
        for n in range(self._shape.chains):
            named = {"name": self._vocabulary[n], "nil": "NIL"} if n < 5 else {}
            chains.append({"id": f"event-{n}"} | named)
        return chains

    def _relations(self, sentences: int) -> list[Properties]:
        """Return different relations, each with two of the sentences as evidence."""
        relations: dict[tuple[str, str, str], Properties] = {}
        while len(relations) < RELATIONS_OF_A_DOCUMENT:
            relation = self._rng.choice(RELATIONS)
            source, target = self._entity(relation.source), self._entity(relation.target)
            properties: Properties = {
                "id": f"r{len(relations)}",
                "type": relation.name,
                "source": source,
                "target": target,
                "evidence": sorted(self._rng.sample(range(sentences), 2)),
            }
            relations.setdefault((relation.name, source, target), properties)
        return list(relations.values())

    def _entity(self, type_: str) -> str:
        """Return the id of a random entity of a type."""
        first = self._rng.randrange(0, self._shape.entities, len(TYPES))
        return f"entity-{first + TYPES.index(type_)}"

    def _event_relations(self) -> list[Properties]:
        """Relate the first event of each chain to a later event, so that there is no cycle."""
        relations = []
        for first in range(self._shape.chains):
            second = self._rng.randrange(first + 1, self._shape.spans["events"])
            type_ = self._rng.choice(("BEFORE", "CAUSE"))
            source, target = f"ev{first + 1}", f"ev{second + 1}"
            relations.append({"type": type_, "source": source, "target": target})
        return relations


def write_documents(root: Path, shape: Shape, numbers: range) -> list[Size]:
    """Write the documents of these numbers with their seeds; return their sizes."""
    words = vocabulary()
    sizes = []
    for number in numbers:
        rng = random.Random(SEED + number)
        text = Text.of(plan(rng, words, shape))
        annotation = Annotation(rng, words, shape, text)
        day = date(2000, 1, 1) + timedelta(number % 8_000)
        header, name = f" date {day} ", f"doc-{number:06}"
        seed = f"{header}{text}".encode()
        (root / "seeds" / f"{name}.txt").write_bytes(seed)
        encoded = str(text).encode()
        document = Document(
            schema_version=SCHEMA_VERSION,
            id=name,
            language="en",
            date=str(day),
            annotators=("bench",),
            layers=dict.fromkeys(ANNOTATED_LAYERS, "done"),
            text=str(text),
            source=Source(
                file=f"{name}.txt",
                sha256=hashlib.sha256(seed).hexdigest(),
                header_length=len(header),
            ),
            text_sha256=hashlib.sha256(encoded).hexdigest(),
            sentences=tuple(text.sentences),
            tokens=tuple(text.tokens),
            **annotation.layers(),  # type: ignore[arg-type]  # records of each layer's own type
        )
        path = root / "corpus" / "documents" / f"{name}.json"
        write_document(document, path)
        sizes.append(Size(path.stat().st_size, len(encoded), len(text.tokens)))
    return sizes


def make_metadata(root: Path, shape: Shape) -> None:
    """Create a corpus root with its links and annotators, without documents."""
    for folder in ("seeds", "corpus/documents"):
        (root / folder).mkdir(parents=True)
    links = [
        {"name": f"entity {n}", "wikidata": f"Q{n + 1}", "evidence": ["made up"]}
        for n in range(ENTITIES)
    ]
    (root / "corpus/wikidata.json").write_text(json.dumps(links))
    annotator = {
        "id": "bench",
        "kind": "rule",
        "name": "scripts/bench.py: made up at random",
        "layers": ["tokens", *shape.spans],
    }
    (root / "corpus/annotators.json").write_text(json.dumps({"annotators": [annotator]}))


def make_corpus(root: Path, count: int, shape: Shape = ARTICLE) -> str:
    """Generate a corpus root that validates without findings; describe its documents."""
    make_metadata(root, shape)
    shares = [range(first, min(first + SHARE, count)) for first in range(0, count, SHARE)]
    write_share = partial(write_documents, root, shape)
    with ProcessPoolExecutor() as pool:
        sizes = [size for share in pool.map(write_share, shares) for size in share]
    size, text, tokens = (sum(column) / count for column in zip(*sizes, strict=True))
    return (
        f"{size / 1e3:.0f} kB of JSON, {text / 1e3:.1f} kB of text, "
        f"{tokens:,.0f} tokens a document (means)"
    )


if __name__ == "__main__":
    named = {"article": ARTICLE, "short": SHORT, "book": BOOK}
    chosen = named[sys.argv[3]] if sys.argv[3:] else ARTICLE
    print(make_corpus(Path(sys.argv[1]), int(sys.argv[2]), chosen))
