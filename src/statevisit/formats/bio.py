"""Tags of tokens in columns: BIO and its variants, the names that they form, and their tokens."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from statevisit.document.characters import is_invisible

TAG = re.compile(r"O|[BIMELSUW]-.+")
"""A tag of BIO (IOB2), IOB1, BIOES (IOBES), BILOU or BMEWO."""

IDS = ("# id = ", "# newdoc id = ")
"""The beginnings of a line with the id of the document that begins."""

DOCUMENT = "-DOCSTART-"
"""The first column of a line that begins a document."""

LINE_END = re.compile(r"\r\n|\n|\r")

_ENDS = ("E", "L", "S", "U", "W")
"""Prefixes of the last or only token of a name."""

_CONTINUES = ("I", "M", "E", "L")
"""Prefixes of a token that continues the name before it."""

_COLUMN_END = re.compile(r"[ \t]+")


class Name(NamedTuple):
    """A name: its tokens, from `first` to before `last`, and its label."""

    first: int
    last: int
    label: str


def columns(line: str) -> list[str]:
    """Return the columns of a line; only tabs separate them if there are any."""
    line = line.strip(" \t\f")
    if not line:
        return []
    parts = line.split("\t") if "\t" in line else _COLUMN_END.split(line)
    return [part.strip(" ") for part in parts]


def stated_id(line: str) -> str | None:
    """Return the id of a document that a line states; None if it states none."""
    return next((line.removeprefix(p).strip() for p in IDS if line.startswith(p)), None)


def names_of(tags: Iterable[str]) -> list[Name]:
    """Return the names that the tags of a sentence form.

    An I- tag that continues no name begins one, as in conlleval (Tjong Kim Sang and Buchholz 2000),
    which reads IOB1 and IOB2 alike; so do M-, E- and L- tags.
    """
    names: list[Name] = []
    is_open = False  # whether the last token belongs to the last name, and does not end it
    for number, tag in enumerate(tags):
        prefix, _, label = tag.partition("-")
        if prefix in _CONTINUES and is_open and names[-1].label == label:
            names[-1] = names[-1]._replace(last=number + 1)
        elif prefix != "O":
            names.append(Name(number, number + 1, label))
        is_open = prefix != "O" and prefix not in _ENDS
    return names


def bio(names: Iterable[Name]) -> Iterator[tuple[int, str]]:
    """Yield the token and its tag in BIO (IOB2) for each token of names."""
    for name in names:
        for number in range(name.first, name.last):
            yield number, f"{'B' if number == name.first else 'I'}-{name.label}"


def bioes(names: Iterable[Name]) -> Iterator[tuple[int, str]]:
    """Yield the token and its tag in BIOES for each token of names."""
    for name in names:
        for number in range(name.first, name.last):
            is_first, is_last = number == name.first, number == name.last - 1
            prefix = {(True, True): "S", (True, False): "B", (False, True): "E"}
            yield number, f"{prefix.get((is_first, is_last), 'I')}-{name.label}"


def iob1(names: Sequence[Name]) -> Iterator[tuple[int, str]]:
    """Yield the token and its tag in IOB1 for each token of the names of a sentence, in order.

    A name begins with B- only directly after another one with its label.
    """
    before = Name(-1, -1, "")
    for name in names:
        is_adjacent = name.first == before.last and name.label == before.label
        yield name.first, f"{'B' if is_adjacent else 'I'}-{name.label}"
        for number in range(name.first + 1, name.last):
            yield number, f"I-{name.label}"
        before = name


def form(token: str) -> str:
    """Return a token as one column: `_` stands for a space or the end of a line in it."""
    return re.sub(r"[ \t-\r\x1c-\x1f\x85\u2028\u2029]", "_", token)


def next_token(token: str, text: str, offset: int) -> tuple[int, bool]:
    """Return where a token stands after an offset, and whether it does.

    White space and other invisible characters before it are skipped. If it does not come next, the
    offset is that of the next visible character.
    """
    while not _stands(token, text, offset):
        if not is_invisible(text[offset : offset + 1]):
            return offset, False
        offset += 1
    return offset, True


def _stands(token: str, text: str, offset: int) -> bool:
    if text.startswith(token, offset):
        return True
    words = text[offset : offset + len(token)]
    return "_" in token and words == words.strip() and form(words) == token
