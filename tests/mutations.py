"""Random documents, and mistakes to make in them, for test_two_engines."""

import hashlib
import random
from collections.abc import Callable
from typing import Any

Value = dict[str, Any]

NAMES = ("Lena Marsh", "Springfield", "Ankara", "İzmir", "東京", "Москва", "Zoë", "🌍 Forum")
NOUNS = ("mayor", "bridge", "talks", "visit", "report", "tunnel")
VERBS = ("opened", "visited", "built", "signed")


def document(rng: random.Random) -> Value:
    """A right document: two or three short sentences, every layer with a record or more."""
    text, tokens, sentences, spans = "", [], [], []

    def put(word: str, layer: str = "", joined: bool = False) -> None:
        nonlocal text
        text += " " if text and not joined else ""
        start = len(text)
        for n, part in enumerate(word.split(" ")):
            text += " " if n else ""
            tokens.append({"start": len(text), "end": len(text) + len(part)})
            text += part
        if layer:
            spans.append((layer, {"start": start, "end": len(text), "text": text[start:]}))

    people = rng.sample(NAMES, 4)
    for n in range(rng.choice((2, 2, 2, 3))):
        first = len(tokens)
        put(people[n % 4], "mentions")
        put(rng.choice(VERBS), "events")
        put(str(rng.randint(2, 99)), "quantities")
        put(rng.choice(NOUNS))
        put("in")
        put(str(rng.randint(1900, 2023)), "timexes")
        put(".", joined=True)
        sentences.append(
            {"start": tokens[first]["start"], "end": tokens[-1]["end"], "paragraph": 0}
        )
    value: Value = {
        "schema_version": 2,
        "id": f"d{rng.randrange(10**6)}",
        "language": "en",
        "date": "2024-03-04",
    }
    value |= {
        "source": {"file": "x.txt", "sha256": "0" * 64, "header_length": rng.randrange(20)},
        "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
    }
    value |= {"annotators": ["x"], "layers": dict.fromkeys(STATED, "done")}
    value |= {"text": text, "sentences": sentences, "tokens": tokens}
    by_layer: dict[str, list[Value]] = {
        layer: [s for name, s in spans if name == layer]
        for layer in ("mentions", "timexes", "quantities", "events")
    }
    count = len(by_layer["mentions"])
    value["mentions"] = [
        {"id": f"m{i}", **s, "level": "NAM", "entity": f"e{i}"}
        for i, s in enumerate(by_layer["mentions"])
    ]
    value["entities"] = [
        {
            "id": f"e{i}",
            "type": "PERSON" if i else "GPE",
            "name": s["text"],
            "nil": rng.choice(("NIL", "UNVERIFIED")),
            "reference": "SPECIFIC",
        }
        for i, s in enumerate(by_layer["mentions"])
    ]
    value["timexes"] = [
        {"id": f"t{i}", **s, "type": "DATE", "value": s["text"]}
        for i, s in enumerate(by_layer["timexes"])
    ]
    value["quantities"] = [
        {
            "id": f"q{i}",
            **s,
            "kind": "CARDINAL",
            "value": s["text"],
            "unit": "thing",
            "comparator": "EXACT",
            "measures": f"m{i}",
        }
        for i, s in enumerate(by_layer["quantities"])
    ]
    common = {
        "level": "VRB",
        "class": "OCCURRENCE",
        "polarity": "POS",
        "modality": "ACTUAL",
        "doc_time_rel": "BEFORE",
        "tense": "PAST",
    }
    order = (
        "id",
        "start",
        "end",
        "text",
        "level",
        "event",
        "class",
        "type",
        "polarity",
        "modality",
        "doc_time_rel",
        "tense",
        "arguments",
    )
    value["events"] = []
    for i, s in enumerate(by_layer["events"]):
        arguments = [
            {"role": "AGENT", "target": f"m{i}", "ace_role": "Entity"},
            {"role": "TIME", "target": f"t{i}"},
            {"role": "AMOUNT", "target": f"q{i}"},
        ]
        event = {
            "id": f"v{i}",
            **s,
            **common,
            "event": f"c{i}",
            "type": "CONTACT.MEET",
            "arguments": arguments,
        }
        value["events"].append({k: event[k] for k in order})
    value["event_chains"] = [{"id": f"c{i}"} for i in range(count)]
    value["relations"] = [
        {"id": "r0", "type": "HEAD_OF_STATE", "source": "e0", "target": "e1", "evidence": [0]}
    ]
    value["event_relations"] = [
        {"type": "SUBEVENT", "source": f"v{i}", "target": f"v{i + 1}"} for i in range(count - 1)
    ]
    s = sentences[0]
    value["quotations"] = [
        {
            "id": "k0",
            "start": s["start"],
            "end": s["end"],
            "text": text[s["start"] : s["end"]],
            "sources": ["m0"],
            "type": "INDIRECT",
        }
    ]
    return value


STATED = (
    *("mentions", "entities", "timexes", "quantities", "events", "event_chains", "relations"),
    *("event_relations", "quotations"),
)
"""The layers that have a state."""

LAYERS = (
    "mentions",
    "entities",
    "timexes",
    "quantities",
    "events",
    "event_chains",
    "relations",
    "quotations",
)
SPANS = ("mentions", "timexes", "quantities", "events", "quotations")


def _record(rng: random.Random, value: Value, layers: tuple[str, ...] = LAYERS) -> Value:
    return rng.choice(value[rng.choice(layers)])


def _drop(rng: random.Random, value: Value) -> None:
    record = rng.choice([value, _record(rng, value), value["source"], rng.choice(value["tokens"])])
    del record[
        rng.choice(
            [
                k
                for k in record
                if k not in ("tense", "unit", "measures", "sources", "paragraph", "ace_role")
                or record is value
            ]
        )
    ]


def _put(key: str, *values: Any) -> Callable[[random.Random, Value], None]:
    def change(rng: random.Random, value: Value) -> None:
        record = _record(rng, value, tuple(layer for layer in LAYERS if key in value[layer][0]))
        record[key] = rng.choice([v for v in values if v != record.get(key)])

    return change


def _shift(rng: random.Random, value: Value) -> None:
    record = _record(rng, value, SPANS)
    record[rng.choice(("start", "end"))] += rng.choice((-2, -1, 1, 2, 10_000))


def _reference(to: Callable[[Value], list[str]]) -> Callable[[random.Random, Value], None]:
    def change(rng: random.Random, value: Value) -> None:
        places = (
            [(m, "entity") for m in value["mentions"]]
            + [(e, "event") for e in value["events"]]
            + [(q, "measures") for q in value["quantities"]]
        )
        places += [(a, "target") for e in value["events"] for a in e["arguments"]] + [
            (r, k) for r in value["relations"] for k in ("source", "target")
        ]
        record, key = rng.choice(places)
        record[key] = rng.choice(to(value))

    return change


def _same_id(rng: random.Random, value: Value) -> None:
    one, other = rng.sample([r for layer in LAYERS for r in value[layer]], 2)
    one["id"] = other["id"]


def _text(rng: random.Random, value: Value) -> None:
    at = rng.randrange(len(value["text"]))
    value["text"] = (
        value["text"][:at] + rng.choice(("", "x", "xx")) + value["text"][at + 1 :]
        if value["text"][at] != "x"
        else value["text"] + "."
    )


def _calendar(rng: random.Random, value: Value) -> None:
    rng.choice(value["timexes"])["value"] = rng.choice(
        ("2023-02-29", "2024-04-31", "2023-W53", "1999-06-31")
    )


def _scale(rng: random.Random, value: Value) -> None:
    record = rng.choice(value["quantities"])
    record["value"] = rng.choice(
        (
            record["value"] + "000",
            record["value"] + "0",
            str(int(record["value"]) + 1),
            record["value"] + ".5",
        )
    )


def _year(rng: random.Random, value: Value) -> None:
    record = rng.choice(value["timexes"])
    record["value"] = str(int(record["value"]) + rng.choice((-100, -10, -1, 1)))


def _double(rng: random.Random, value: Value) -> None:
    layer = rng.choice(("mentions", "events", "timexes", "quantities", "relations"))
    value[layer].append(rng.choice(value[layer]) | {"id": "again"})


def _role(rng: random.Random, value: Value) -> None:
    arguments = rng.choice(value["events"])["arguments"]
    arguments[0]["role"], arguments[1]["role"] = rng.choice(
        (("TIME", "TIME"), ("AMOUNT", "TIME"), ("AGENT", "AGENT"), ("AGENT", "PLACE"))
    )


def _circle(rng: random.Random, value: Value) -> None:
    kind = rng.choice(("SUBEVENT", "BEFORE", "CONTAINS"))
    first, *_, last = [e["id"] for e in value["events"]]
    if kind == "SUBEVENT":
        value["event_relations"].append({"type": kind, "source": last, "target": first})
    else:
        value["event_relations"] += [
            {"type": "BEFORE", "source": first, "target": last},
            {"type": kind, "source": last, "target": first},
        ]


def _token(rng: random.Random, value: Value) -> None:
    tokens = value["tokens"]
    at = rng.randrange(len(tokens) - 1)
    rng.choice(
        (
            lambda: tokens.pop(at),
            lambda: tokens.insert(at, tokens[at]),
            lambda: tokens[at].update(end=tokens[at]["end"] + 1),
            tokens.reverse,
        )
    )()


def _unused(rng: random.Random, value: Value) -> None:
    value[layer := rng.choice(("entities", "event_chains"))].append(
        value[layer][0] | {"id": "unused"} | ({"name": "Nobody"} if layer == "entities" else {})
    )


def _ends(rng: random.Random, value: Value) -> None:
    r = value["relations"][0]
    r["source"], r["target"] = r["target"], r["source"]


MUTATIONS: dict[str, Callable[[random.Random, Value], None]] = {
    "a required property dropped": _drop,
    "an unknown property": lambda rng, value: rng.choice(
        [value, value["source"], _record(rng, value)]
    ).update({rng.choice(("note", "Id", "text ")): "x"}),
    "null": lambda rng, value: (r := _record(rng, value)).update({rng.choice(list(r)): None}),
    "another type": lambda rng, value: (r := _record(rng, value)).update(
        {
            (k := rng.choice(list(r))): rng.choice(
                [v for v in (True, 1.5, [], {}) if type(v) is not type(r[k])]
            )
        }
    ),
    "a label that is none": lambda rng, value: _put(
        rng.choice(("level", "type", "comparator", "doc_time_rel", "reference", "class")),
        "NAME",
        "",
        "nam",
        "NAM\n",
    )(rng, value),
    "an id that is none": _put("id", "a b", "", "DCT", "ü", "m1\n", "x" * 65, "../m"),
    "an offset that is none": lambda rng, value: _record(rng, value, SPANS).update(
        {rng.choice(("start", "end")): rng.choice((-1, 0.5, 2**31, 2**70, "1", True))}
    ),
    "a value that is none": lambda rng, value: rng.choice(value["quantities"]).update(
        value=rng.choice(("1,5", "1e9", "01", "", "1.", "٣", "1\n", 5))
    ),
    "a time value that is none": lambda rng, value: rng.choice(value["timexes"]).update(
        value=rng.choice(("yesterday", "24-1-1", "2024-13", "P2D", "2024-02-19T10", "2024\n"))
    ),
    "a date that is none": lambda rng, value: value.update(
        date=rng.choice(("2023-02-29", "2024-1-1", "", "2024-03-04\n", "2024-03-04T00:00"))
    ),
    "an offset moved": _shift,
    "a surface form changed": lambda rng, value: (r := _record(rng, value, SPANS)).update(
        text=rng.choice((r["text"] + "x", r["text"][:-1] or "x", r["text"].swapcase() + "."))
    ),
    "a reference to nothing": _reference(lambda value: ["nothing"]),
    "a reference to another layer": _reference(lambda value: ["r0", "k0"]),
    "an id used twice": _same_id,
    "the text changed": _text,
    "a day that is in no calendar": _calendar,
    "a number of another size": _scale,
    "another year": _year,
    "a record twice": _double,
    "a role from another layer": _role,
    "a circle of events": _circle,
    "a token lost, doubled or moved": _token,
    "an entity or chain without mentions": _unused,
    "a relation the wrong way round": _ends,
    "an ACE role of another type": lambda rng, value: rng.choice(value["events"])["arguments"][
        0
    ].update(ace_role=rng.choice(("Victim", "Buyer", "Crime"))),
    "an aspect that is not there": lambda rng, value: value["event_relations"][0].update(
        type=rng.choice(("TERMINATES", "REPORTS", "CONTINUES"))
    ),
    "evidence beyond the document": lambda rng, value: value["relations"][0].update(
        evidence=[rng.choice((99, 10_000))]
    ),
}
"""Kinds of mistake, each made in place in a right document; the validator must catch every one."""

JUDGEMENTS: dict[str, Callable[[random.Random, Value], None]] = {
    "another judgement: polarity, modality, tense": lambda rng, value: rng.choice(
        value["events"]
    ).update(
        rng.choice(
            (
                {"polarity": "NEG"},
                {"modality": "GENERIC"},
                {"tense": "PRESENT"},
                {"doc_time_rel": "OVERLAP"},
            )
        )
    ),
    "another entity of the document": lambda rng, value: rng.choice(value["mentions"]).update(
        entity=rng.choice(value["entities"])["id"]
    ),
    "another participant of the document": lambda rng, value: rng.choice(value["events"])[
        "arguments"
    ][0].update(target=rng.choice(value["mentions"])["id"]),
}
"""Other readings of the text, well-formed and consistent.

Only a second annotator can catch them; they are counted, and none has to be caught.
"""
