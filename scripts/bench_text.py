"""Random text for the documents of bench_corpus.py: pieces with the properties of a record."""

import random
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from statevisit.document.model import Sentence, Token

SEED = 20240219
ENTITIES = 40
"""The number of entities that the mentions of a document refer to."""

CLOSING = frozenset("”.,%")
"""Tokens without white space before them."""

OPENING = frozenset("“$")
"""Tokens without white space after them."""

SYLLABLES = (
    *("ba", "co", "de", "fa", "gi", "ho", "ju", "ka", "lo", "mé"),
    *("nø", "pa", "ra", "si", "tu", "ve", "ğo", "şa", "ža", "ło"),
)

Properties = dict[str, Any]
"""The properties of a record that is being generated, by the names of its type's fields."""


class Shape(NamedTuple):
    """How much a document holds.

    Records of each span layer, event chains, words without a span, and entities.
    """

    spans: Mapping[str, int]
    chains: int
    words: int
    entities: int = ENTITIES


class Piece(NamedTuple):
    """A piece of a text that is being generated.

    `layer` is the layer of its record, "cue" for the cue of a quotation, or "" if it has none;
    `properties` are those of the record apart from the span.
    """

    layer: str
    words: tuple[str, ...]
    properties: Properties


def vocabulary() -> tuple[str, ...]:
    """Return different random words.

    Some of them are beyond ASCII, the Latin alphabet and the Basic Multilingual Plane.
    """
    rng = random.Random(SEED)
    words = ["".join(rng.choices(SYLLABLES, k=rng.choice((1, 2, 2, 3)))) for _ in range(800)]
    return (*dict.fromkeys(words), "東京", "Москва", "مدينة", "🌍")


def random_piece(rng: random.Random, layer: str, vocabulary: tuple[str, ...], entity: int) -> Piece:
    """Return a piece of text for one record of `layer`; a mention is one of `entity`."""
    word, number = rng.choice(vocabulary), rng.randint(2, 99)
    if layer == "mentions":
        return _mention(rng, vocabulary, word, entity)
    if layer == "events":
        return _event(rng, word)
    if layer == "timexes":
        return _timex(rng, number)
    return _quantity(rng, word, number)


def _mention(rng: random.Random, vocabulary: tuple[str, ...], word: str, entity: int) -> Piece:
    first, length = entity * 2, 1 + entity % 2
    name = tuple(part.capitalize() for part in vocabulary[first : first + length])
    level, words = rng.choice((("NAM", name), ("NAM", name), ("NOM", (word,)), ("PRO", ("they",))))
    return Piece("mentions", words, {"level": level, "entity": f"entity-{entity}"})


def _event(rng: random.Random, word: str) -> Piece:
    tense = rng.choice(("PAST", "PRESENT"))
    verb = {"level": "VRB", "tense": tense, "aspect": "PERFECTIVE"}
    return Piece("events", (word,), rng.choice((verb, {"level": "NOM"})))


def _timex(rng: random.Random, number: int) -> Piece:
    day = date(1990, 1, 1) + timedelta(rng.randrange(12_000))
    year = str(day.year)
    exact: Properties = {"type": "DATE", "value": str(day)}
    vague: Properties = {"type": "DATE", "value": year, "mod": "END", "anchor": "DCT"}
    duration: Properties = {"type": "DURATION", "value": f"P{number}W"}
    frequency: Properties = {"type": "SET", "value": "P1W", "quant": "EVERY"}
    return rng.choice(
        (
            Piece("timexes", (str(day.day), f"{day:%B}", year), exact),
            Piece("timexes", ("late", year), vague),
            Piece("timexes", (str(number), "weeks"), duration),
            Piece("timexes", ("every", "week"), frequency),
        )
    )


def _quantity(rng: random.Random, word: str, number: int) -> Piece:
    low, high = str(number), str(number + 5)
    exact: Properties = {"comparator": "EXACT", "value": low}
    about: Properties = {"comparator": "APPROX", "value": low}
    between: Properties = {"comparator": "RANGE", "lower": low, "upper": high}
    count = exact | {"kind": "CARDINAL", "unit": word}
    share = exact | {"kind": "PERCENT", "unit": "%", "change": "INCREASE"}
    money = about | {"kind": "MONEY", "unit": "USD"}
    distance = between | {"kind": "MEASURE", "unit": "km"}
    return rng.choice(
        (
            Piece("quantities", (low,), count),
            Piece("quantities", (low, "%"), share),
            Piece("quantities", ("around", "$", low), money),
            Piece("quantities", (low, "to", high, "km"), distance),
        )
    )


Paragraph = list[list[Piece]]
"""A paragraph that is being generated: its sentences, each a list of pieces."""


def plan(rng: random.Random, vocabulary: tuple[str, ...], shape: Shape) -> list[Paragraph]:
    """Return the paragraphs of a text: sentences of 24 pieces, with five quotations between."""
    pieces = []
    for layer, count in shape.spans.items():
        for n in range(count):
            pieces.append(random_piece(rng, layer, vocabulary, n % shape.entities))
    pieces += [Piece("", (rng.choice(vocabulary),), {}) for _ in range(shape.words)]
    rng.shuffle(pieces)
    comma, stop = Piece("", (",",), {}), Piece("", (".",), {})
    sentences = []
    for first in range(0, len(pieces), 24):
        middle = first + 12
        sentences.append([*pieces[first:middle], comma, *pieces[middle : first + 24], stop])
    for number in range(0, 100, 20):
        words = ("“", *rng.choices(vocabulary, k=8), "”")
        quotation = Piece("quotations", words, {"type": "DIRECT"})
        cue = Piece("cue", ("said",), {})
        speaker = random_piece(rng, "mentions", vocabulary, rng.randrange(shape.entities))
        sentences.insert(number, [quotation, cue, speaker, stop])
    return [sentences[first : first + 4] for first in range(0, len(sentences), 4)]


class Text:
    """A text that grows piece by piece, with its sentences, tokens and spans by layer."""

    def __init__(self) -> None:
        self.sentences: list[Sentence] = []
        self.tokens: list[Token] = []
        self.spans: dict[str, list[Properties]] = {}
        self._parts: list[str] = []
        self._length = 0
        self._gap = ""

    @classmethod
    def of(cls, paragraphs: list[Paragraph]) -> "Text":
        """Write paragraphs, with an empty line between two of them."""
        text = cls()
        for number, paragraph in enumerate(paragraphs):
            for sentence in paragraph:
                first = len(text.tokens)
                for piece in sentence:
                    text._add(piece)
                start = text.tokens[first].start
                text.sentences.append(Sentence(start=start, end=text._length, paragraph=number))
            text._gap = "\n\n"
        return text

    def __str__(self) -> str:
        return "".join(self._parts)

    def _add(self, piece: Piece) -> None:
        first_token, first_part = len(self.tokens), len(self._parts)
        for word in piece.words:
            gap = "" if word in CLOSING else self._gap
            self._parts += (gap, word)
            start = self._length + len(gap)
            self._length = start + len(word)
            self.tokens.append(Token(start=start, end=self._length))
            self._gap = "" if word in OPENING else " "
        if piece.layer:
            span = {
                "start": self.tokens[first_token].start,
                "end": self._length,
                "text": "".join(self._parts[first_part + 1 :]),
            }
            self.spans.setdefault(piece.layer, []).append(span | piece.properties)
