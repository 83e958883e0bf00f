"""Documents of a corpus root as wholes: removed or renamed, with all that holds their ids.

That is the document, the passes of annotators over it, and the decisions between them; the seed
and its line in the list of sources go with the last document that was made from it. The document
itself comes last, so that a change that was stopped can be repeated.
"""

import difflib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import orjson
from msgspec import Struct

from statevisit import files, layout
from statevisit.annotation.document_ids import stated_id
from statevisit.corpus.annotators import read_annotators
from statevisit.corpus.documents import (
    entries_of,
    entry_at,
    exists,
    ids_of,
    place_of,
    write_documents,
    write_files,
)
from statevisit.corpus.entries import in_shards
from statevisit.corpus.seeds import change_sources, check_update, seeds_of
from statevisit.corpus.sharding import line_of
from statevisit.corpus.signatures import renamed, signatures
from statevisit.document.codec import encode_value, read_bytes
from statevisit.document.strict_json import JsonObject, parse
from statevisit.errors import FormatError
from statevisit.printable import counted


class Removal(Struct, frozen=True):
    """The parts of a root that are removed: names of files below it, and lines of its lists.

    `kept` are seeds that stay, each with the reason.
    """

    passes: tuple[str, ...]
    decisions: int
    signatures: int
    seeds: tuple[str, ...]
    documents: tuple[str, ...]
    kept: tuple[tuple[str, str], ...]

    def lines(self) -> Iterator[str]:
        """Yield a line for each part."""
        yield from self.documents
        yield from self.passes
        yield from (f"{layout.SEEDS}/{seed}, with its line in the list" for seed in self.seeds)
        if self.decisions:
            yield f"{counted(self.decisions, 'line')} of {layout.DECISIONS}"
        if self.signatures:
            yield f"{counted(self.signatures, 'signed layer')} in {layout.ANNOTATORS}"


def planned_removal(root: Path, ids: tuple[str, ...]) -> Removal:
    """Return the parts of a root that go with some documents.

    Raises FormatError if the root does not have one of them, and for a path through a link.
    """
    names = {document_id: f"{layout.DOCUMENTS}/{document_id}.json" for document_id in ids}
    for document_id in names:
        _require(root, document_id)
    passes = [name for document_id in names for name in _passes(root, document_id)]
    seeds, kept = _seeds(root, names)
    paths_of_seeds = [f"{layout.SEEDS}/{seed}" for seed in seeds]
    for name in (*names.values(), *passes, *paths_of_seeds, layout.DECISIONS, layout.SOURCES):
        files.own_path(root, name)
    lines = _decisions(root)
    decisions = sum(_document_of(line) in names for line in lines)
    signed = signatures(read_annotators(root))
    layers = sum(len(signed.get(document_id, ())) for document_id in names)
    return Removal(
        tuple(passes), decisions, layers, tuple(seeds), tuple(names.values()), tuple(kept)
    )


def remove(root: Path, ids: tuple[str, ...]) -> Removal:
    """Remove documents, and return what was removed; raises as `planned_removal`.

    Removed again, if this is stopped, the rest goes.
    """
    with files.locked(root):
        planned = planned_removal(root, ids)
        removed = set(planned.seeds)
        # The whole list is read before the first change, since it can be broken.
        listed = {seed for seed in seeds_of(root) if seed in removed}
        for name in planned.passes:
            files.remove(root, name)
        if planned.decisions:
            left = [line for line in _decisions(root) if _document_of(line) not in ids]
            _write_decisions(root, left)
        if listed:
            change_sources(root, lambda source: None if source.file in listed else source)
        for document_id in ids:
            renamed(root, document_id, None)
        for seed in planned.seeds:
            files.remove(root, f"{layout.SEEDS}/{seed}")
        write_documents(root, dict.fromkeys(ids))
    return planned


def rename(root: Path, old: str, new: str) -> list[str]:
    """Give a document another id, and return the names of the files that changed.

    Its seed keeps its name. Raises FormatError, and changes nothing, if the root has no document
    `old`, if it has another `new`, or if `new` cannot be an id.
    """
    stated_id(new)
    with files.locked(root):
        _require(root, old)
        _refuse_taken(root, old, new)
        moves = [*_passes(root, old), f"{layout.DOCUMENTS}/{old}.json"]
        changes = [_renamed(root, name, old, new) for name in moves]
        files.own_path(root, layout.DECISIONS)
        lines = _decisions(root)
        changed = [layout.ANNOTATORS] if renamed(root, old, new) else []
        if any(_document_of(line) == old for line in lines):
            _write_decisions(root, [_about(line, old, new) for line in lines])
            changed.append(layout.DECISIONS)
        write_files(root, dict(changes) | dict.fromkeys(moves))
    return [*changed, *(target for target, _ in changes)]


def _require(root: Path, document_id: str) -> None:
    """Raise FormatError, with similar ids, if a root does not have a document."""
    if "/" not in document_id and exists(place_of(root, document_id)):
        return
    close = difflib.get_close_matches(document_id, list(ids_of(root)), 1)
    hint = f"; there is {close[0]!r}" if close else ""
    raise FormatError(f"{root / layout.DOCUMENTS}: has no document {document_id!r}{hint}")


def _passes(root: Path, document_id: str) -> list[str]:
    """The names of the annotators' passes over a document, and of what was imported beside it."""
    directories = (layout.ANNOTATIONS, layout.IMPORTED)
    paths = [sorted((root / name).glob(f"*/{document_id}.json")) for name in directories]
    return [path.relative_to(root).as_posix() for of_directory in paths for path in of_directory]


class _OfSource(Struct):
    file: str


class _OfDocument(Struct):
    """The part of a document that names its seed."""

    source: _OfSource


def _seeds(root: Path, removed: dict[str, str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The seeds that no other document has, and the others of these documents with the reason."""
    users: dict[str, str] = {}
    unread: dict[str, bytes] = {}
    seeds: dict[str, None] = {}
    kept = []
    for entry in entries_of(root):
        data = entry.bytes()
        name = f"{entry.id}.json"
        try:
            seed = msgspec.json.decode(data, type=_OfDocument).source.file
        except msgspec.DecodeError:
            if entry.id in removed:
                kept.append(("its seed", f"{entry.name} cannot be read and does not name it"))
            else:
                unread[name] = data
            continue
        if entry.id in removed:
            seeds[seed] = None
        else:
            users[seed] = name
    for name, data in unread.items():
        users |= {seed: name for seed in seeds if orjson.dumps(seed) in data}
    kept += [(f"{layout.SEEDS}/{seed}", f"of {users[seed]}") for seed in seeds if seed in users]
    return [seed for seed in seeds if seed not in users], kept


def _decisions(root: Path) -> list[bytes]:
    """The lines of the list of decisions, with their ends; none without a list."""
    path = root / layout.DECISIONS
    return read_bytes(path, regular=True).splitlines(keepends=True) if path.exists() else []


def _document_of(line: bytes) -> str:
    """The document of a decision; "" for a line that is none, which stays as it is."""
    try:
        decision = orjson.loads(line)
    except orjson.JSONDecodeError:
        return ""
    return str(decision.get("document", "")) if isinstance(decision, dict) else ""


def _about(line: bytes, old: str, new: str) -> bytes:
    """The line of a decision, about `new` if it is about `old`."""
    if _document_of(line) != old:
        return line
    decision: JsonObject = orjson.loads(line)
    return orjson.dumps(decision | {"document": new}) + b"\n"


def _write_decisions(root: Path, lines: list[bytes]) -> None:
    data = b"".join(lines)
    check_update(root, layout.DECISIONS, data)
    files.update(root / layout.DECISIONS, data)


def _refuse_taken(root: Path, old: str, new: str) -> None:
    """Raise FormatError if an id is that of another document, on some system at least."""
    if layout.on_any_system(old) == layout.on_any_system(new):
        raise FormatError(
            f"{old!r} and {new!r} are one file name on macOS and Windows; "
            "rename it to a third id first"
        )
    for known in ids_of(root):
        if known != new and layout.on_any_system(known) == layout.on_any_system(new):
            raise FormatError(
                f"{place_of(root, known)}: exists, and {new!r} is the same file name on macOS and "
                "Windows"
            )


def _renamed(root: Path, name: str, old: str, new: str) -> tuple[str, bytes]:
    """The new name of a document's file, and its bytes with the new id.

    Raises FormatError if the file is not that of the document, or if another one has the new name.
    """
    path = files.own_path(root, name)
    data = entry_at(path).bytes()
    if not name.startswith(layout.IMPORTED):  # which holds no id
        value = parse(data, str(path))
        if not isinstance(value, dict) or value.get("id") != old:
            raise FormatError(f"{path}: does not hold the document {old!r}; correct its id first")
        data = encode_value(value | {"id": new})
    target = str(Path(name).with_name(f"{new}.json").as_posix())
    if _is_other(files.own_path(root, target), data):
        raise FormatError(f"{root / target}: exists already; choose another id")
    return target, data


def _is_other(path: Path, data: bytes) -> bool:
    """Whether a path has a document already, and another one than these bytes."""
    entry = in_shards(path)
    if entry is not None:
        return entry.bytes() != line_of(data)
    return path.exists() and not files.holds(path, data)
