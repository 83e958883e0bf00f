"""The corpus beside its last release: ids that mean something else now.

The last release is the commit that gave `corpus/release.json` the version it has. If that cannot be
known (no git, no checkout, a manifest that was never committed) nothing is compared.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from statevisit import codec, resources
from statevisit.errors import FormatError, ReleaseError
from statevisit.findings import Finding
from statevisit.same_entity import same_entity


def reused(root: Path) -> Iterator[Finding]:
    """W707 for every id of a document that means something else than in the last release.

    Documents that are not valid are passed over.
    """
    if not any((p / ".git").exists() for p in (root.absolute(), *root.absolute().parents)):
        return
    try:
        version = orjson.loads((root / resources.RELEASE).read_bytes())["version"]
    except (OSError, orjson.JSONDecodeError, TypeError, KeyError):
        return
    from statevisit.history import commit_of, git

    try:
        commit = commit_of(root, str(version))
        changed = (
            git(
                root,
                "diff",
                "--name-only",
                "--relative",
                "-z",
                "--diff-filter=M",
                commit,
                "--",
                resources.DOCUMENTS,
            )
            if commit
            else b""
        )
        for name in sorted(filter(None, changed.decode().split("\0"))):
            if (root / name).is_file():
                yield from _compared(
                    git(root, "show", f"{commit}:./{name}"),
                    (root / name).read_bytes(),
                    str(root / name),
                    version,
                )
    except ReleaseError:  # no git, or no commit yet
        return


def _compared(old: bytes, new: bytes, file: str, version: str) -> Iterator[Finding]:
    from statevisit.checks import finding

    try:
        before, after = codec.decode(old), codec.decode(new)
        value = orjson.loads(new)
    except FormatError:
        return
    for layer, (key, shown) in _MEANING.items():
        for i, record in enumerate(getattr(after, layer)):
            if record.id not in before:
                continue
            was = before[record.id]
            if before.layer_of(record.id) != layer:
                difference = f"it was in {before.layer_of(record.id)}"
            elif key(was, record):
                difference = f"it was {shown(was)}, now {shown(record)}"
            else:
                continue
            message = (
                f"{record.id!r} means something else than in version {version}: {difference}; "
                "give the new thing a new id"
            )
            yield finding("W707", message, (layer, i, "id"), value, new, file)


def _differ(*fields: str, at_least: int) -> Callable[[Any, Any], bool]:
    return lambda a, b: sum(getattr(a, f) != getattr(b, f) for f in fields) >= at_least


def _another(a: Any, b: Any) -> bool:
    return not same_entity(a, b)


def _quoted(record: Any) -> str:
    return repr(record.text)


_MEANING: dict[str, tuple[Callable[[Any, Any], bool], Callable[[Any], str]]] = {
    "mentions": (_differ("text", "entity", at_least=2), lambda m: f"{m.text!r} for {m.entity!r}"),
    "entities": (_another, lambda e: f"{e.name!r} ({e.wikidata or e.type})"),
    "timexes": (_differ("text", "value", at_least=2), _quoted),
    "quantities": (_differ("text", "value", at_least=2), _quoted),
    "events": (_differ("text", "event", at_least=2), lambda e: f"{e.text!r} of {e.event!r}"),
    "event_chains": (_another, lambda c: f"{c.name!r} ({c.wikidata})"),
    "relations": (
        _differ("type", "source", "target", at_least=2),
        lambda r: f"{r.type} from {r.source!r} to {r.target!r}",
    ),
    "quotations": (_differ("text", "source", at_least=2), _quoted),
}
"""For every layer with ids: whether two records of one id differ in meaning; how to show one."""
