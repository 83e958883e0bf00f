"""The seeds of a corpus root and the list of their sources."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from statevisit import files, layout
from statevisit.corpus.jsonl import valid_lines_of
from statevisit.document import schema, schema_errors
from statevisit.document.characters import tidy
from statevisit.document.codec import to_value
from statevisit.document.model import Document
from statevisit.document.records import Record
from statevisit.document.strict_json import parse
from statevisit.errors import FormatError

_LIST = Path(layout.SOURCES).name

Value = str | int | float | bool
"""A value in the `extra` of a source."""


class Received(Record, frozen=True, kw_only=True):
    """What a text was taken from; `line` counts from 1, `id` is the one that the record states."""

    file: str
    sha256: str
    format: str
    line: int | None = None
    id: str | None = None


class ListedSource(Record, frozen=True, kw_only=True):
    """A line of `seeds/sources.jsonl`: the seed of a text, and the metadata of the text.

    It mirrors `schema/source.schema.json`, in its order.
    """

    file: str
    sha256: str
    date: str
    language: str
    publisher: str
    license: str
    title: str | None = None
    url: str | None = None
    author: tuple[str, ...] = ()
    split: str | None = None
    extra: dict[str, Value] = msgspec.field(default_factory=dict)
    received: Received | None = None
    normalised: tuple[str, ...] = ()

    @property
    def stated_publisher(self) -> str | None:
        """The publisher; None for `unknown`."""
        return None if self.publisher == "unknown" else self.publisher

    @property
    def stated_license(self) -> str | None:
        """The licence; None for `not stated`."""
        return None if self.license == "not stated" else self.license


def read_sources(root: Path) -> dict[str, ListedSource]:
    """Return the sources that `seeds/sources.jsonl` lists, by the name of their file in `seeds/`.

    None without a list. All are in memory: `source_lookup.lookup` is for those of many documents.
    Raises FormatError, with file and line, for a line that is not valid.
    """
    return {source.file: source for source in listed_sources(root)}


def listed_lines(root: Path) -> Iterator[tuple[ListedSource, bytes]]:
    """Yield the sources of a root, each with its line; raises as `read_sources`."""
    path = root / layout.SOURCES
    if not path.exists():
        return
    for line in valid_lines_of(path, "source"):
        yield msgspec.convert(line.value, ListedSource), line.data


def listed_sources(root: Path) -> Iterator[ListedSource]:
    """Yield the sources of a root, one after the other; raises as `read_sources`."""
    return (source for source, _ in listed_lines(root))


def seeds_of(root: Path) -> Iterator[str]:
    """Yield the seeds that the list of a root names; raises as `read_sources`."""
    return (source.file for source in listed_sources(root))


def check_sources(root: Path) -> None:
    """Read the list of a root, which raises as `read_sources` if it is not valid."""
    for _ in listed_sources(root):
        pass


def source_named(root: Path, seed: str) -> ListedSource | None:
    """Return the source of a root with a seed, None without one; raises as `read_sources`."""
    last = None
    for source in listed_sources(root):
        if source.file == seed:
            last = source
    return last


def source_of_line(line: bytes) -> ListedSource:
    """Return the source in a valid line."""
    return msgspec.convert(parse(line, layout.SOURCES), ListedSource)


def add_sources(root: Path, sources: Mapping[str, ListedSource]) -> None:
    """Add sources to the list of a root, in their order, but those whose seeds it names already.

    The other lines keep their bytes, and are not in memory together. The caller holds the lock of
    the root (`files.locked`). Raises as `read_sources`, and FormatError if the list may not be
    replaced; nothing is written then.
    """
    missing = dict(sources)
    for seed in seeds_of(root):
        missing.pop(seed, None)
    if not missing:
        return
    path = files.own_path(root, layout.SOURCES)
    with files.replacing(path) as temporary, temporary.open("wb") as new:
        if path.exists():
            with path.open("rb") as old:
                new.writelines(line if line.endswith(b"\n") else line + b"\n" for line in old)
        new.writelines(map(_line, missing.values()))


def change_sources(
    root: Path,
    changed: Callable[[ListedSource], ListedSource | None],
    target: Path | None = None,
) -> None:
    """Write the list of a root as `changed` returns its sources; it leaves out those with None.

    The list is written to `target`, another root, if there is one. A line that states the same as
    before keeps its bytes; lines are not in memory together. The caller holds the lock of the root.
    Raises as `add_sources`.
    """
    path = files.own_path(target or root, layout.SOURCES)
    with files.replacing(path) as temporary, temporary.open("wb") as new:
        for source, line in listed_lines(root):
            after = changed(source)
            if after is not None:
                new.write(line + b"\n" if after == source else _line(after))


def _line(source: ListedSource) -> bytes:
    return msgspec.json.encode(source) + b"\n"


def source_of(document: Document, like: ListedSource, place: str = "") -> ListedSource:
    """Return the source of a document: its file, date and language, and the metadata of `like`.

    Titles, names and other words become tidy. Raises FormatError, with `place` or the name of the
    seed, if the schema refuses a value.
    """
    source = replace(
        like,
        file=document.source.file,
        sha256=document.source.sha256,
        date=document.date,
        language=document.language,
        publisher=tidy(like.publisher),
        license=tidy(like.license),
        title=None if like.title is None else tidy(like.title),
        author=tuple(tidy(name) for name in like.author),
        extra={tidy(key): _tidy(value) for key, value in like.extra.items()},
    )
    for path, message in schema_errors.errors(to_value(source), schema.load("source")):
        where = f" (in {path[0]})" if path[1:] else ""
        raise FormatError(f"{place or source.file}: {message}{where}")
    return source


def _tidy(value: Value) -> Value:
    return tidy(value) if isinstance(value, str) else value


def check_seed(root: Path, name: str, data: bytes) -> None:
    """Raise FormatError if a seed cannot be kept in `seeds/` under its name."""
    if name == _LIST:
        raise FormatError(f"{name}: is the name of the list of seeds; rename this seed")
    kept = root / layout.SEEDS / name
    if kept.exists() and not files.holds(kept, data):
        raise FormatError(f"{kept}: another file of this name exists; rename the new one")
    check_update(root, f"{layout.SEEDS}/{name}", data)


def check_update(root: Path, name: str, data: bytes) -> None:
    """Raise FormatError if a file in a corpus root has other bytes and may not be replaced."""
    if not files.holds(root / name, data):
        files.own_path(root, name)


def keep_seed(root: Path, document: Document, data: bytes, like: ListedSource) -> None:
    """Keep a document's seed in `seeds/`, and list it with the metadata of `like`.

    A line that lists the seed already stays. Raises FormatError if the seed cannot be kept.
    """
    file = document.source.file
    with files.locked(root):
        check_seed(root, file, data)
        add_sources(root, {file: source_of(document, like)})
        files.update(root / layout.SEEDS / file, data)
