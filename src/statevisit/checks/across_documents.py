"""Checks across the documents of a corpus: ids, links, splits, and the list of sources."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import orjson
from msgspec import Struct

from statevisit import layout
from statevisit.checks.excerpt import Places
from statevisit.checks.lists import Names
from statevisit.checks.splits import Leaks, Sketch, misspelt, sketch_of
from statevisit.corpus.jsonl import Line, lines_of
from statevisit.corpus.reader import Entry
from statevisit.corpus.source_lookup import Used
from statevisit.corpus.spilling import SpillingDict, Store
from statevisit.corpus.splits import TRAIN
from statevisit.document import codec
from statevisit.document.model import Document
from statevisit.document.strict_json import JsonObject, Locator, Malformed, pointer
from statevisit.errors import FormatError
from statevisit.findings import Finding

_COMPARED = ("sha256", "date", "language", "split")
"""The properties of a source that are compared with those of its documents."""


class Link(Struct, frozen=True):
    """A link to Wikidata: the item, the record that has it, and that record's type and name.

    Type and name are empty where the record has none yet.
    """

    item: str
    layer: str
    number: int
    type: str
    name: str


class Facts(Struct, frozen=True):
    """The facts about a document that checks of other documents need.

    They are few, since a worker sends them for every document.
    """

    id: str
    date: str
    language: str
    seed: str
    sha256: str
    links: tuple[Link, ...]
    sketch: Sketch | None
    """Of the text; None in a corpus without splits."""


class _First(Struct, frozen=True):
    """The first record that has a link, and the document it is in."""

    type: str
    name: str
    document: str


def facts(document: Document, has_splits: bool, warnings: bool = True) -> Facts:
    """Return the facts of a document of a corpus that has splits or none.

    Without `warnings` they are those that checks for errors need.
    """
    links = [
        Link(entity.wikidata, "entities", number, entity.type or "", entity.name or "")
        for number, entity in enumerate(document.entities)
        if entity.wikidata
    ]
    links += [
        Link(chain.wikidata, "event_chains", number, "an event", chain.name or "")
        for number, chain in enumerate(document.event_chains)
        if chain.wikidata
    ]
    return Facts(
        id=document.id,
        date=document.date,
        language=document.language,
        seed=document.source.file,
        sha256=document.source.sha256,
        links=tuple(links),
        sketch=sketch_of(document.text, warnings) if has_splits else None,
    )


class Across:
    """Takes the facts of one document after the other and finds contradictions to earlier ones.

    What it keeps of many documents lies in a temporary file. Raises FormatError if that cannot be
    written.
    """

    def __init__(self, root: Path | None) -> None:
        store = Store()
        self._homes: SpillingDict[str] = store.dictionary()
        self._names = Names("the file of a document", store.dictionary())
        self._links: SpillingDict[_First] = store.dictionary()
        self._names_of_links: SpillingDict[_First] = store.dictionary()  # by item and language
        self._sources = _Sources(root, store)
        self._leaks = Leaks(store)
        self.used = self._sources.used
        """The sources of the documents."""

    @property
    def has_splits(self) -> bool:
        """Whether the list of sources states a split."""
        return self._sources.has_splits

    def add(self, entry: Entry, document: Facts) -> Iterator[Finding]:
        """Yield the findings about a document beside the earlier ones."""
        reporter = _Reporter(entry, document)
        home = self._homes.setdefault(document.id, entry.name)
        if home != entry.name:
            message = f"the id {document.id!r} is already that of {home}: change one of the two ids"
            yield reporter.finding("E701", ("id",), message)
        problem = self._names.add(document.id)
        if problem:
            yield reporter.finding("W710", ("id",), problem)
        for link in document.links:
            yield from self._linked(reporter, link)
        yield from self._sourced(reporter)
        if document.sketch is not None:
            yield from self._split(reporter, document.sketch)

    def _linked(self, reporter: "_Reporter", link: Link) -> Iterator[Finding]:
        name = reporter.entry.name
        language = reporter.document.language.partition("-")[0].lower()
        first = named = _First(link.type, link.name, name)
        if link.type:
            first = self._links.setdefault(link.item, first)
        if link.name:
            named = self._names_of_links.setdefault(f"{link.item} {language}", named)
        if first.document == name:  # within one document that is E603
            return
        if link.type != first.type:
            message = (
                f"{link.item} is {link.type} here and {first.type} in {first.document}: "
                "give both one type, or one of them another item"
            )
            yield reporter.finding("E705", (link.layer, link.number, "type"), message)
        elif link.name != named.name:
            message = (
                f"{link.item} is {link.name!r} here and {named.name!r} in {named.document}: "
                "give both the fullest name"
            )
            yield reporter.finding("W706", (link.layer, link.number, "name"), message)

    def _sourced(self, reporter: "_Reporter") -> Iterator[Finding]:
        document = reporter.document
        number, source = self._sources.listed.get(document.seed) or (0, None)
        if source is None and self._sources.may_list(document.seed):
            return
        if source is None:
            message = f"{document.seed!r} is not in {layout.SOURCES}: add a line for it"
            yield reporter.finding("E708", ("source", "file"), message)
            return
        self.used.add(number)
        paths = {"sha256": ("source", "sha256"), "date": ("date",), "language": ("language",)}
        for key, path in paths.items():
            value = getattr(document, key)
            if source[key] != value:
                message = (
                    f"{key} is {value!r} here and {source[key]!r} in {layout.SOURCES}: "
                    "correct the wrong one"
                )
                yield reporter.finding("E708", path, message)

    def _split(self, reporter: "_Reporter", sketch: Sketch) -> Iterator[Finding]:
        seed = reporter.document.seed
        _, source = self._sources.listed.get(seed) or (0, None)
        if source is None:  # which E703 or E708 reports
            return
        if "split" not in source:
            message = (
                f"{layout.SOURCES} states a split for others and none for {seed!r}, which counts "
                f"as {TRAIN!r}: run `statevisit split`"
            )
            yield reporter.finding("W724", ("source", "file"), message)
        split = source.get("split", TRAIN)
        for code, message in self._leaks.add(reporter.entry, sketch, split):
            advice = f"give both one split in {layout.SOURCES}, or remove one of them"
            yield reporter.finding(code, ("source", "file"), f"{message}: {advice}")


class _Reporter:
    """Makes the findings about one document, which is read again for the first of them."""

    def __init__(self, entry: Entry, document: Facts) -> None:
        self.entry, self.document = entry, document

    @cached_property
    def _places(self) -> Places | None:
        """None if it cannot be read again: a document from a pipe."""
        try:
            data = self.entry.bytes()
            return Places(orjson.loads(data), data, str(self.entry.path))
        except (FormatError, OSError):
            return None

    def finding(self, code: str, path: tuple[str | int, ...], message: str) -> Finding:
        """Return a finding about a value of the document."""
        if self._places is not None:
            return self.entry.placed(self._places.finding(code, message, path))
        return Finding(
            code=code,
            message=message,
            file=str(self.entry.path),
            document=self.document.id,
            pointer=pointer(path),
            line=self.entry.line,
        )


class _Sources:
    """The list of sources of a corpus root."""

    def __init__(self, root: Path | None, store: Store) -> None:
        self.listed: SpillingDict[tuple[int, JsonObject]] = store.dictionary()
        """The number of each source, from 0, and what is compared with its documents, by seed."""
        self.has_splits = False
        self.used = Used()
        self._count = 0
        self._unread: set[str | None] = set()  # None stands for any file
        self._exists = root is not None and (root / layout.SOURCES).is_file()
        if root is None or not self._exists:
            return
        try:
            for line in lines_of(root / layout.SOURCES, "source"):
                self._add(line)
        except Malformed:  # which E703 reports
            self._unread.add(None)

    def _add(self, line: Line) -> None:
        file = line.value.get("file") if isinstance(line.value, dict) else None
        if line.problems or not isinstance(line.value, dict):
            self._unread.add(file if isinstance(file, str) else None)
            return
        earlier = self.listed.get(str(file))
        number = self._count if earlier is None else earlier[0]
        self._count += earlier is None
        self.used.repeats = self.used.repeats or earlier is not None
        self.listed[str(file)] = number, {k: v for k, v in line.value.items() if k in _COMPARED}
        self.has_splits = self.has_splits or "split" in line.value

    def may_list(self, file: str) -> bool:
        """Whether there is no list, or a line of it that E703 reports may be that of the file."""
        return not self._exists or file in self._unread or None in self._unread


def _well_formed_sources(root: Path) -> Iterator[Line]:
    """The lines of the list of sources that follow the schema; E703 reports the others."""
    with suppress(Malformed):
        for line in lines_of(root / layout.SOURCES, "source"):
            if not line.problems:
                yield line


def check_split_names(root: Path) -> Iterator[Finding]:
    """Yield a finding for each name of a split that looks like a slip of another, where first."""
    by_name: dict[str, Line] = {}
    for line in _well_formed_sources(root):
        assert isinstance(line.value, dict)
        if "split" in line.value:
            by_name.setdefault(str(line.value["split"]), line)
    for name, meant in misspelt(by_name).items():
        line = by_name[name]
        message = f"{name!r} looks like a slip of {meant!r}: write that, or choose another name"
        _, column = Locator(line.data).locate(("split",))
        yield Finding(
            code="W723",
            file=str(root / layout.SOURCES),
            pointer="/split",
            line=line.number,
            column=column,
            message=message,
        )


def check_seeds(root: Path) -> Iterator[Finding]:
    """Yield findings about listed sources whose file is missing or has other bytes."""
    for line in _well_formed_sources(root):
        assert isinstance(line.value, dict)
        path = root / layout.SEEDS / line.value["file"]
        message = _seed_problem(path, line.value["sha256"])
        if not message:
            continue
        file = str(root / layout.SOURCES)
        yield Finding(code="E709", file=file, line=line.number, column=1, message=message)


def _seed_problem(path: Path, sha256: str) -> str:
    """The problem of a listed seed; "" if it has the bytes of the SHA-256."""
    if not path.is_file():
        return f"{path} is missing: restore it, or remove the line"
    try:
        data = codec.read_bytes(path, regular=True)
    except Malformed as bad:
        return f"{path}: {bad.message}"
    if hashlib.sha256(data).hexdigest() != sha256:
        return f"the SHA-256 of {path} differs: restore the file"
    return ""
