"""The changes between two versions on the console: as text or JSON."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

import orjson

from statevisit.corpus.diff import Change
from statevisit.corpus.diff_words import details, title
from statevisit.document.strict_json import JsonObject
from statevisit.printable import one_line


class _Mark(NamedTuple):
    """How a kind of change is marked: a sign before the line, and its colour."""

    sign: str
    colour: str


_MARKS = {
    "added": _Mark("+", "green"),
    "removed": _Mark("-", "red"),
    "changed": _Mark("~", "yellow"),
}


class _Line(NamedTuple):
    """A line of text, safe to print, and its colour."""

    text: str
    colour: str = ""


def show(changes: Iterable[Change]) -> None:
    """Print changes, coloured on a terminal."""
    from statevisit.cli.main import console

    out = console(highlight=False, soft_wrap=True)
    for line in _lines(changes):
        out.print(line.text, style=line.colour or None)


def rendered(changes: list[Change], form: str) -> str:
    """Return changes as `text` or `json`."""
    if form == "json":
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        return orjson.dumps([_members(change) for change in changes], option=options).decode()
    return "".join(f"{line.text}\n" for line in _lines(changes))


def _members(change: Change) -> JsonObject:
    """Return the members of a change that it has."""
    members = {name: getattr(change, name) for name in change.__struct_fields__}
    return {name: value for name, value in members.items() if value not in (None, {})}


def _lines(changes: Iterable[Change]) -> Iterator[_Line]:
    """Yield the lines of the text: each document, its layers, and a line for each record."""
    for document, of_document in groupby(changes, lambda change: change.document):
        yield _Line(one_line(document), "bold")
        for layer, of_layer in groupby(of_document, lambda change: change.layer):
            yield _Line(one_line(f"  {layer.replace('_', ' ')}"))
            for change in of_layer:
                mark = _MARKS[change.kind]
                parts = "  ".join([title(change), *details(change)])
                yield _Line(one_line(f"    {mark.sign} {parts}"), mark.colour)
