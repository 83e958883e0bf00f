"""Across the documents of a corpus: ids, links, and the list of sources."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct

from statevisit import codec, resources, strict_json
from statevisit.corpus import Entry
from statevisit.errors import FormatError
from statevisit.findings import Finding
from statevisit.model import Document


class Facts(Struct, frozen=True):
    """What of a document matters beyond it; small, because a worker sends it for every document."""

    id: str
    date: str
    language: str
    seed: str
    sha256: str
    links: tuple[tuple[str, str, int, str, str], ...]
    """Of every link: Wikidata id, layer, number of the record, type, name."""


def facts(document: Document) -> Facts:
    """The facts of a document."""
    links = [
        (e.wikidata, "entities", i, e.type, e.name)
        for i, e in enumerate(document.entities)
        if e.wikidata
    ]
    links += [
        (c.wikidata, "event_chains", i, "an event", c.name or "")
        for i, c in enumerate(document.event_chains)
        if c.wikidata
    ]
    return Facts(
        document.id,
        document.date,
        document.language,
        document.source.file,
        document.source.sha256,
        tuple(links),
    )


class Across:
    """Takes the facts of one document after the other and says where they contradict what came before."""

    def __init__(self, root: Path | None) -> None:
        self._homes: dict[str, str] = {}
        self._links: dict[str, tuple[str, str, str]] = {}
        self._sources = _sources(root)

    def add(self, entry: Entry, found: Facts) -> Iterator[Finding]:
        """The findings about a document beside the earlier ones."""
        name = entry.name
        if (home := self._homes.setdefault(found.id, name)) != name:
            yield _at(
                entry,
                found,
                "E701",
                ("id",),
                f"the id {found.id!r} is that of {home} already: give one of them another",
            )
        for link, layer, number, kind, label in found.links:
            first_kind, first_label, where = self._links.setdefault(link, (kind, label, name))
            if where == name:  # within one document that is E603
                continue
            if kind != first_kind:
                yield _at(
                    entry,
                    found,
                    "E705",
                    (layer, number, "type"),
                    f"{link} is {kind} here and {first_kind} in {where}: give both one type, or one of them another item",
                )
            elif label and first_label and label != first_label:
                yield _at(
                    entry,
                    found,
                    "W706",
                    (layer, number, "name"),
                    f"{link} is {label!r} here and {first_label!r} in {where}: give both the fullest name",
                )
        if self._sources is not None:
            listed = self._sources.get(found.seed)
            if listed is None:
                yield _at(
                    entry,
                    found,
                    "E708",
                    ("source", "file"),
                    f"{found.seed!r} is not in {resources.SOURCES}: add a line for it",
                )
            for key, path in (
                ("sha256", ("source", "sha256")),
                ("date", ("date",)),
                ("language", ("language",)),
            ):
                if listed and listed[key] != getattr(found, key):
                    yield _at(
                        entry,
                        found,
                        "E708",
                        path,
                        f"{key} is {getattr(found, key)!r} here and {listed[key]!r} in {resources.SOURCES}: mend the wrong one",
                    )


def _at(
    entry: Entry, found: Facts, code: str, path: tuple[str | int, ...], message: str
) -> Finding:
    from statevisit.checks import finding

    try:
        data = entry.bytes()
        made = finding(code, message, path, orjson.loads(data), data, str(entry.path))
    except (FormatError, OSError):  # what came by a pipe cannot be read again
        return Finding(
            code=code,
            message=message,
            file=str(entry.path),
            document=found.id,
            pointer=strict_json.pointer(path),
            line=entry.line,
        )
    return entry.placed(made)


def _sources(root: Path | None) -> dict[str, dict[str, Any]] | None:
    if root is None or not (root / resources.SOURCES).is_file():
        return None
    return {s["file"]: s for _, s in listed_sources(root)}


def listed_sources(root: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, source) of the source list, for the lines that are in the format."""
    from statevisit import schema_errors

    for number, line in enumerate(codec.read_bytes(root / resources.SOURCES).splitlines(), 1):
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if schema_errors.verdict("source").is_valid(value):
            yield number, value


def check_seeds(root: Path) -> Iterator[Finding]:
    """Listed sources whose file is missing or another one."""
    file = str(root / resources.SOURCES)
    for line, source in listed_sources(root):
        path = root / resources.SEEDS / source["file"]
        if not path.is_file():
            yield Finding(
                code="E709",
                file=file,
                line=line,
                column=1,
                message=f"{path} is not there: restore it, or remove the line",
            )
        elif hashlib.sha256(path.read_bytes()).hexdigest() != source["sha256"]:
            yield Finding(
                code="E709",
                file=file,
                line=line,
                column=1,
                message=f"the SHA-256 of {path} is another: restore the file",
            )
