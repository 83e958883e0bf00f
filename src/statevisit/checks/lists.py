"""The words in the lists beside the documents, and the names of files."""

from collections.abc import Iterator
from pathlib import Path

from statevisit import layout
from statevisit.checks.registry import Path_
from statevisit.corpus.jsonl import Line, lines_of, parsed
from statevisit.corpus.spilling import SpillingDict, Store
from statevisit.document.characters import untidy
from statevisit.document.codec import read_bytes
from statevisit.document.records import truncated
from statevisit.document.strict_json import Json, Locator, pointer
from statevisit.findings import Finding

_NAMING = ("id", "file")
"""The properties in the lists that name a directory or a seed."""

_PROSE = ("notes", "reason")
"""The properties that hold prose, whose white space does not matter."""


class Names:
    """Takes the names of files in one directory, and tells which some system cannot hold.

    `first` is where it keeps them.
    """

    def __init__(self, kind: str, first: dict[str, str] | SpillingDict[str]) -> None:
        self._kind = kind
        self._first = first

    def add(self, name: str) -> str:
        """Return what is wrong with a name beside the earlier ones, as a message; "" if nothing."""
        reason = layout.unportable(name)
        if reason:
            return f"{name!r} cannot name {self._kind} everywhere: {reason}; choose another"
        first = self._first.setdefault(layout.on_any_system(name), name)
        if first != name:
            return (
                f"{name!r} and {first!r} are one name for systems that ignore case or normal form, "
                f"so only one can name {self._kind} there: choose another"
            )
        return ""


def check_words(root: Path) -> Iterator[Finding]:
    """Yield findings about the words and names in the lists of a corpus root.

    E703 and E704 report what does not follow a schema; it is left out here.
    """
    path = root / layout.ANNOTATORS
    if path.is_file():
        data = read_bytes(path)
        value, problems = parsed(data, str(path), "annotators")
        names = Names("the directory of an annotator", {})
        yield from _findings(path, Line(0, data, value, problems), names)
    for name, schema in ((layout.DECISIONS, "adjudication"), (layout.SOURCES, "source")):
        path, names = root / name, Names("a seed", Store().dictionary())
        if path.is_file():
            for line in lines_of(path, schema):
                yield from _findings(path, line, names)


def _findings(path: Path, line: Line, names: Names) -> Iterator[Finding]:
    """The findings about a list, which has the line number 0, or about a line of one."""
    if line.problems:
        return
    locator = None
    for where, words in _strings(line.value, ()):
        if where[0] == "received":
            continue  # names and ids of others, as they were
        code, message = "E203", ""
        if where[-1] in _NAMING:
            code, message = "W710", names.add(words)
        elif where[-1] not in _PROSE and untidy(words):
            message = f"{truncated(words, 60)!r} has {untidy(words)}"
        if message:
            locator = locator or Locator(line.data)
            row, column = locator.locate(where)
            yield Finding(
                code=code,
                file=str(path),
                pointer=pointer(where),
                line=line.number or row,
                column=column,
                message=message,
            )


def _strings(value: Json, path: Path_) -> Iterator[tuple[Path_, str]]:
    """The strings in a JSON value, each with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _strings(item, (*path, number))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, (*path, key))
