"""The documents that scripts/bench.py measures with: made up from a fixed seed, of realistic size, without findings.

They are the same on every machine, and all that refers to something in them refers to what is there. Run with the
environment's Python, for it imports statevisit: python bench_corpus.py ROOT COUNT
"""

import hashlib
import json
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

SEED = 20240219
PART = 100
"""Documents that one task makes."""

Item = tuple[str, tuple[str, ...], dict[str, Any]]
"""A piece of a text that is being made: its layer (or ""), its tokens, and what its record says beside the span."""

CLOSING, OPENING = frozenset("”.,%"), frozenset("“$")
"""Tokens without white space before them, and after them."""

COUNTS = {"mentions": 145, "events": 60, "timexes": 25, "quantities": 40}
ENTITIES, CHAINS, WORDS = 40, 50, 2_150
TYPES = ("PERSON", "ORG", "GPE", "LOC", "FAC")
RELATIONS = (
    ("CITIZEN_OF", 0, 2),
    ("EMPLOYER", 0, 1),
    ("MEMBER_OF", 2, 1),
    ("LOCATED_IN", 4, 2),
    ("PART_OF", 3, 2),
)
"""Relation types with the places in TYPES of what they hold between."""


def vocabulary() -> tuple[str, ...]:
    """Made-up words, no two alike, some of them beyond ASCII, the Latin alphabet and the Basic Multilingual Plane."""
    rng = random.Random(SEED)
    syllables = [
        "ba",
        "co",
        "de",
        "fa",
        "gi",
        "ho",
        "ju",
        "ka",
        "lo",
        "mé",
        "nø",
        "pa",
        "ra",
        "si",
        "tu",
        "ve",
        "ğo",
        "şa",
        "ža",
        "ło",
    ]
    made = ("".join(rng.choices(syllables, k=rng.choice((1, 2, 2, 3)))) for _ in range(800))
    return tuple(dict.fromkeys(made)) + ("東京", "Москва", "مدينة", "🌍")


def some_item(rng: random.Random, layer: str, words: tuple[str, ...], entity: int) -> Item:
    """A piece of text for one record of `layer`; `entity` is what a mention mentions."""
    word, number = rng.choice(words), str(rng.randint(2, 99))
    if layer == "mentions":
        name = tuple(words[entity * 2 + n].capitalize() for n in range(1 + entity % 2))
        level, tokens = rng.choice(
            (("NAM", name), ("NAM", name), ("NOM", (word,)), ("PRO", ("they",)))
        )
        return layer, tokens, {"level": level, "entity": f"entity-{entity}"}
    if layer == "events":
        return (
            layer,
            (word,),
            rng.choice(
                (
                    {
                        "level": "VRB",
                        "tense": rng.choice(("PAST", "PRESENT")),
                        "aspect": "PERFECTIVE",
                    },
                    {"level": "NOM"},
                )
            ),
        )
    if layer == "timexes":
        day = date(1990, 1, 1) + timedelta(rng.randrange(12_000))
        exact = (str(day.day), f"{day:%B}", str(day.year)), {"type": "DATE", "value": str(day)}
        vague = (
            ("late", str(day.year)),
            {"type": "DATE", "value": str(day.year), "mod": "END", "anchor": "DCT"},
        )
        lasting, often = (
            {"type": "DURATION", "value": f"P{number}W"},
            {"type": "SET", "value": "P1W", "quant": "EVERY"},
        )
        return layer, *rng.choice(
            (exact, vague, ((number, "weeks"), lasting), (("every", "week"), often))
        )
    one, upper = {"comparator": "EXACT", "value": number}, str(int(number) + 5)
    counted = (number,), one | {"kind": "CARDINAL", "unit": word}
    share = (number, "%"), one | {"kind": "PERCENT", "unit": "%", "change": "INCREASE"}
    money = (
        ("around", "$", number),
        {"comparator": "APPROX", "value": number, "kind": "MONEY", "unit": "USD"},
    )
    between = (
        (number, "to", upper, "km"),
        {"comparator": "RANGE", "lower": number, "upper": upper, "kind": "MEASURE", "unit": "km"},
    )
    return layer, *rng.choice((counted, share, money, between))


def plan(rng: random.Random, words: tuple[str, ...]) -> list[list[list[Item]]]:
    """The paragraphs of a text, each its sentences, each the pieces it is made of."""
    pieces = [
        some_item(rng, layer, words, n % ENTITIES)
        for layer, count in COUNTS.items()
        for n in range(count)
    ]
    pieces += [("", (rng.choice(words),), {}) for _ in range(WORDS)]
    rng.shuffle(pieces)
    comma, stop = ("", (",",), {}), ("", (".",), {})
    sentences = [
        [*pieces[at : at + 12], comma, *pieces[at + 12 : at + 24], stop]
        for at in range(0, len(pieces), 24)
    ]
    for at in range(0, 100, 20):
        said = (
            ("quotations", ("“", *rng.choices(words, k=8), "”"), {"type": "DIRECT"}),
            ("cue", ("said",), {}),
        )
        sentences.insert(
            at, [*said, some_item(rng, "mentions", words, rng.randrange(ENTITIES)), stop]
        )
    return [sentences[at : at + 4] for at in range(0, len(sentences), 4)]


def place(
    paragraphs: list[list[list[Item]]],
) -> tuple[str, list[Any], list[Any], dict[str, list[dict[str, Any]]]]:
    """(text, sentences, tokens, spans by layer) of planned paragraphs."""
    from statevisit.model import Sentence, Token

    parts: list[str] = []
    sentences, tokens, at, gap = [], [], 0, ""
    spans: dict[str, list[dict[str, Any]]] = {}
    for number, paragraph in enumerate(paragraphs):
        for sentence in paragraph:
            first = len(tokens)
            for layer, words, record in sentence:
                begin, begun = len(tokens), len(parts)
                for word in words:
                    gap = "" if word in CLOSING else gap
                    parts += (gap, word)
                    at += len(gap) + len(word)
                    tokens.append(Token(start=at - len(word), end=at))
                    gap = "" if word in OPENING else " "
                if layer:
                    span = {
                        "start": tokens[begin].start,
                        "end": at,
                        "text": "".join(parts[begun + 1 :]),
                    }
                    spans.setdefault(layer, []).append(span | record)
            sentences.append(Sentence(start=tokens[first].start, end=at, paragraph=number))
        gap = "\n\n"
    return "".join(parts), sentences, tokens, spans


def annotate(
    rng: random.Random,
    words: tuple[str, ...],
    sentences: int,
    spans: dict[str, list[dict[str, Any]]],
) -> dict[str, Any]:
    """The layers over placed spans: records with ids, referring to each other."""
    from statevisit.model import LAYERS, Argument, Span
    from statevisit.schema import label_names, labels

    prefixes = {
        "mentions": "m",
        "timexes": "t",
        "quantities": "q",
        "events": "ev",
        "quotations": "quo",
    }
    made = {
        layer: [{"id": f"{prefix}{n}", **s} for n, s in enumerate(spans[layer], 1)]
        for layer, prefix in prefixes.items()
    }
    cues = [Span(**s) for s in spans["cue"]]

    def some(layer: str) -> str:
        return rng.choice(made[layer])["id"]

    types = labels("events", "type")
    for n, event in enumerate(made["events"]):
        kind = rng.choice(types[:-1]) if n % 2 else types[-1]  # the last one is OTHER
        agent = Argument(
            role="AGENT",
            target=some("mentions"),
            ace_role=rng.choice(kind.extra["roles"]) if n % 2 else None,
        )
        others = [
            Argument(role=r, target=some(layer))
            for r, layer in (("TIME", "timexes"), ("AMOUNT", "quantities"), ("THEME", "mentions"))
        ]
        event |= {
            "event": f"event-{n % CHAINS}",
            "class_": rng.choice(label_names("events", "class")),
            "type": kind.name,
            "polarity": "POS",
        }
        event |= {
            "modality": "ACTUAL",
            "doc_time_rel": rng.choice(("BEFORE", "OVERLAP")),
            "arguments": (agent, *rng.sample(others, 1 + (n % 5 == 0))),
        }
    for n, quantity in enumerate(made["quantities"]):
        quantity |= {"measures": some("mentions")} | (
            {"property": cues[n % len(cues)]} if n % 4 == 0 else {}
        )
    for quotation, cue in zip(made["quotations"], cues, strict=True):
        quotation |= {
            "cue": cue,
            "source": next(m["id"] for m in made["mentions"] if m["start"] > cue.end),
        }
    entities = [
        {
            "id": f"entity-{n}",
            "type": TYPES[n % 5],
            "name": words[n * 2].capitalize(),
            "reference": "SPECIFIC",
        }
        for n in range(ENTITIES)
    ]
    for n, entity in enumerate(entities):
        entity |= {"wikidata": f"Q{n + 1}"} if n % 2 else {"nil": "UNVERIFIED"}
    chains = [
        {"id": f"event-{n}"} | ({"name": words[n], "nil": "NIL"} if n < 5 else {})
        for n in range(CHAINS)
    ]
    relations, orders = {}, []
    while len(relations) < 20:  # said once each
        name, *ends = rng.choice(RELATIONS)
        source, target = (f"entity-{rng.randrange(0, ENTITIES, 5) + e}" for e in ends)
        about = {
            "id": f"r{len(relations)}",
            "type": name,
            "source": source,
            "target": target,
            "evidence": sorted(rng.sample(range(sentences), 2)),
        }
        relations.setdefault((name, source, target), about)
    for first in range(
        CHAINS
    ):  # always from an earlier to a later event, so that there is no circle
        second = rng.randrange(first + 1, COUNTS["events"])
        orders.append(
            {
                "type": rng.choice(("BEFORE", "CAUSE")),
                "source": f"ev{first + 1}",
                "target": f"ev{second + 1}",
            }
        )
    made |= {
        "entities": entities,
        "event_chains": chains,
        "relations": list(relations.values()),
        "event_relations": orders,
    }
    return {layer: tuple(LAYERS[layer](**r) for r in records) for layer, records in made.items()}


def write_documents(root: Path, numbers: range) -> list[tuple[int, int, int]]:
    """Write the documents of these numbers with their seeds; (bytes of JSON, bytes of text, tokens) of each."""
    from statevisit import model, write_document

    words, sizes = vocabulary(), []
    for number in numbers:
        rng = random.Random(SEED + number)
        text, sentences, tokens, spans = place(plan(rng, words))
        header, name = (
            f" date {(day := date(2000, 1, 1) + timedelta(number % 8_000))} ",
            f"doc-{number:06}",
        )
        seed = (header + text).encode()
        (root / "seeds" / f"{name}.txt").write_bytes(seed)
        document = model.Document(
            schema_version=model.SCHEMA_VERSION, id=name, language="en", date=str(day), annotators=("bench",), text=text,
            source=model.Source(file=f"{name}.txt", sha256=hashlib.sha256(seed).hexdigest(), header_length=len(header)),
            text_sha256=hashlib.sha256(text.encode()).hexdigest(), sentences=tuple(sentences), tokens=tuple(tokens),
            **annotate(rng, words, len(sentences), spans),
        )  # fmt: skip
        write_document(document, path := root / "corpus" / "documents" / f"{name}.json")
        sizes.append((path.stat().st_size, len(text.encode()), len(tokens)))
    return sizes


def make_corpus(root: Path, count: int) -> str:
    """Generate a corpus root that validates without findings; what its documents are like."""
    for folder in ("seeds", "corpus/documents"):
        (root / folder).mkdir(parents=True)
    links = [
        {"name": f"entity {n}", "wikidata": f"Q{n + 1}", "evidence": ["made up"]}
        for n in range(ENTITIES)
    ]
    (root / "corpus/wikidata.json").write_text(json.dumps(links))
    made_by = {
        "id": "bench",
        "kind": "rule",
        "name": "scripts/bench.py: made up at random",
        "layers": ["tokens", *COUNTS],
    }
    (root / "corpus/annotators.json").write_text(json.dumps({"annotators": [made_by]}))
    parts = [range(at, min(at + PART, count)) for at in range(0, count, PART)]
    with ProcessPoolExecutor() as pool:
        sizes = [s for part in pool.map(partial(write_documents, root), parts) for s in part]
    size, text, tokens = (sum(column) / count for column in zip(*sizes, strict=True))
    return f"{size / 1e3:.0f} kB of JSON, {text / 1e3:.1f} kB of text, {tokens:,.0f} tokens a document (means)"


if __name__ == "__main__":
    print(make_corpus(Path(sys.argv[1]), int(sys.argv[2])))
