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
from statevisit.corpus.git import blobs, commit_of, git, is_released
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
        names = [name for name in _changed_since(root, commit) if (root / name).is_file()]
        for name, old in blobs(root, commit, names):
            new = codec.read_bytes(root / name, regular=True)
            yield from _compared(old, new, str(root / name), version)
    except (ReleaseError, Malformed):  # no git, no commit yet, or a file that cannot be read
        return


def _changed_since(root: Path, commit: str) -> list[str]:
    """The documents that differ from a commit, as paths below the root."""
    options = ("--name-only", "--relative", "-z", "--diff-filter=M")
    changed = git(root, "diff", *options, commit, "--", layout.DOCUMENTS)
    return sorted(filter(None, changed.decode().split("\0")))


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
