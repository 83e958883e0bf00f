"""Ids that mean something else than in the last release.

The last release is the commit that gave `corpus/release.json` its version. If it cannot be
determined (no git, no checkout, a manifest that was never committed), or nothing was released yet,
nothing is compared.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from statevisit import layout
from statevisit.checks.excerpt import Places
from statevisit.corpus.document_shards import Damaged, Packed, frames_in, is_shard, unpacked
from statevisit.corpus.entries import of_shard
from statevisit.corpus.git import blobs, commit_of, git, is_released
from statevisit.corpus.reader import Entry
from statevisit.document import codec
from statevisit.document.same_entity import same_entity
from statevisit.document.strict_json import Malformed
from statevisit.document.timex_values import timeml_spelling
from statevisit.errors import FormatError, ReleaseError
from statevisit.findings import Finding


def reused(root: Path) -> Iterator[Finding]:
    """Yield W707 for every id of a document that means something else than in the last release.

    Documents that are not valid are skipped.
    """
    if not any((p / ".git").exists() for p in (root.absolute(), *root.absolute().parents)):
        return
    try:
        version = str(orjson.loads(codec.read_bytes(root / layout.RELEASE, True))["version"])
    except (FormatError, orjson.JSONDecodeError, TypeError, KeyError):
        return
    try:
        commit = commit_of(root, version)
        if commit is None or not is_released(root, version):
            return
        for old, entry in _differing(root, commit):
            findings = _compared(old, entry.bytes(), str(entry.path), version)
            yield from map(entry.placed, findings)
    except (ReleaseError, Malformed, Damaged):  # no git, no commit, or a file that cannot be read
        return


def _differing(root: Path, commit: str) -> Iterator[tuple[bytes, Entry]]:
    """Yield the JSON in a commit, and the present place, of documents that differ since then.

    Both forms are compared with both. Of documents in shards on both sides, only those are read
    whose checksums in the indexes differ. One shard of the commit is in memory at a time.
    """
    removed, added = _changed_since(root, commit)
    entries = _entries(root, added)
    entry = next(entries, None)
    for released, frame in _frames_at(root, commit, removed):
        while entry is not None and entry.id < released.id:
            entry = next(entries, None)
        if entry is None:
            return
        if entry.id != released.id:
            continue
        if not released.unpacked:
            yield frame, entry
        elif (released.unpacked, released.checksum) != (entry.unpacked, entry.checksum):
            yield unpacked(frame, released.unpacked, released.checksum), entry


def _changed_since(root: Path, commit: str) -> tuple[list[str], list[str]]:
    """The files of documents that a commit has and those that the root has, if they differ.

    They are paths below the root, in the order of the documents' ids.
    """
    options = ("--name-status", "--no-renames", "--relative", "-z")
    output = git(root, "diff", *options, commit, "--", layout.DOCUMENTS).decode().split("\0")
    removed, added = [], []
    for status, name in zip(output[::2], output[1::2], strict=False):
        if status != "A":
            removed.append(name)
        if status != "D":
            added.append(name)
    if removed:
        untracked = git(root, "ls-files", "--others", "-z", "--", layout.DOCUMENTS)
        added += untracked.decode().split("\0")[:-1]
    return sorted(removed, key=_order), sorted(added, key=_order)


def _order(name: str) -> tuple[int, str]:
    """A key by which shards are in the order of numbers, and files `<id>.json` in that of ids."""
    return (len(name), name) if is_shard(Path(name).name) else (0, name.removesuffix(".json"))


def _frames_at(root: Path, commit: str, names: list[str]) -> Iterator[tuple[Packed, bytes]]:
    """Yield the documents of some files in a commit; one that is a file is not packed, 0 bytes."""
    alone = [name for name in names if is_shard(Path(name).name)]
    for name in alone:
        for _, data in blobs(root, commit, [name]):
            yield from frames_in(data)
    for name, data in blobs(root, commit, [name for name in names if name.endswith(".json")]):
        yield Packed(Path(name).stem, len(data), 0, 0), data


def _entries(root: Path, names: list[str]) -> Iterator[Entry]:
    """Yield the places of the documents of some files, without those of a damaged shard."""
    for name in names:
        path = root / name
        if is_shard(path.name):
            yield from (entry for entry in of_shard(path) if entry.id)
        elif path.suffix == ".json" and path.is_file():
            yield Entry(path, id=path.stem)


def _compared(old: bytes, new: bytes, file: str, version: str) -> Iterator[Finding]:
    try:
        before, after = codec.decode(old), codec.decode(new)
        places = Places(orjson.loads(new), new, file)
    except FormatError:
        return
    for layer, (differs, shown) in _MEANING.items():
        for number, record in enumerate(getattr(after, layer)):
            if record.id not in before:
                continue
            earlier = before[record.id]
            earlier_layer = before.layer_of(record.id)
            if earlier_layer != layer:
                difference = f"it was in {earlier_layer}"
            elif differs(earlier, record):
                difference = f"it was {shown(earlier)}, now {shown(record)}"
            else:
                continue
            message = (
                f"{record.id!r} means something else than in version {version}: {difference}; "
                "give the new record a new id"
            )
            yield places.finding("W707", message, (layer, number, "id"))


def _differ(*fields: str, at_least: int) -> Callable[[Any, Any], bool]:
    return lambda a, b: sum(getattr(a, f) != getattr(b, f) for f in fields) >= at_least


def _another(a: Any, b: Any) -> bool:
    return not same_entity(a, b)


def _is_another_time(a: Any, b: Any) -> bool:
    spellings = timeml_spelling(a.value or ""), timeml_spelling(b.value or "")
    return a.text != b.text and spellings[0] != spellings[1]


def _quoted(record: Any) -> str:
    return repr(record.text)


_MEANING: dict[str, tuple[Callable[[Any, Any], bool], Callable[[Any], str]]] = {
    "mentions": (_differ("text", "entity", at_least=2), lambda m: f"{m.text!r} for {m.entity!r}"),
    "entities": (_another, lambda e: f"{e.name!r} ({e.wikidata or e.type})"),
    "timexes": (_is_another_time, _quoted),
    "quantities": (_differ("text", "value", at_least=2), _quoted),
    "events": (_differ("text", "event", at_least=2), lambda e: f"{e.text!r} of {e.event!r}"),
    "event_chains": (_another, lambda c: f"{c.name!r} ({c.wikidata})"),
    "relations": (
        _differ("type", "source", "target", at_least=2),
        lambda r: f"{r.type} from {r.source!r} to {r.target!r}",
    ),
    "quotations": (_differ("text", "sources", at_least=2), _quoted),
}
"""For each layer with ids: whether two records of one id differ in meaning, and how to show one."""
