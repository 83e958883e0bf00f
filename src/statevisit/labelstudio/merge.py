"""Three versions of a document made one: the base that was exported, what came back, and what the corpus holds now."""

from collections.abc import Callable
from typing import Any, Literal

from msgspec.structs import replace

from statevisit.codec import ordered
from statevisit.diff import Key, differing, keyed
from statevisit.errors import FormatError
from statevisit.findings import Finding
from statevisit.model import Document

Side = Literal["ours", "theirs"]
"""Who wins a conflict: the corpus (`ours`) or the annotation (`theirs`)."""

_FIXED = {"sentences", "tokens"}
"""Layers that no annotation changes."""


def merge(
    base: Document, theirs: Document, ours: Document, prefer: Side | None = None
) -> tuple[Document, list[Finding]]:
    """(merged, conflicts): what `theirs` changed in `base` applied to `ours`, canonical.

    Records are compared property by property, an event's arguments target by target. What both changed and not
    alike is a conflict (L201), decided by `prefer`; without it the document has ours there, and should not be
    written. Raises FormatError where the text has changed since: offsets would mean something else.
    """
    if base.text != ours.text:
        raise FormatError(
            f"{ours.id}: its text is not the one that was exported; what was annotated on the old text cannot be merged"
        )
    if theirs == base:
        return ours, []
    changed = [layer for layer in differing(base, theirs) if layer not in _FIXED]
    if ours is base and all(
        getattr(theirs, n) == getattr(ours, n)
        for n in Document.__struct_fields__
        if n not in changed
    ):
        return ordered(theirs), []  # nothing changed here since: what follows would give the same
    before, after, now = (keyed(d, changed) for d in (base, theirs, ours))
    merged = dict(now)
    conflicts: list[Finding] = []
    for key in {**before, **after}:
        a, b, c = before.get(key), after.get(key), now.get(key)
        if a == b or b == c:
            continue
        report = _reporter(conflicts, ours.id, key, prefer)
        merged[key] = b if a == c else _both(a, b, c, prefer, report)
    layers: dict[str, list[Any]] = {layer: [] for layer in changed}
    for (layer, _), record in merged.items():
        if record is not None:
            layers[layer].append(record)
    return ordered(
        replace(ours, **{layer: tuple(records) for layer, records in layers.items()})
    ), conflicts


def _reporter(
    conflicts: list[Finding], document: str, key: Key, prefer: Side | None
) -> Callable[[str], None]:
    decided = (
        f"; {'the annotation' if prefer == 'theirs' else 'the corpus'} wins"
        if prefer
        else "; decide with --ours (the corpus) or --theirs (the annotation)"
    )

    def report(what: str) -> None:
        conflicts.append(
            Finding(
                code="L201",
                document=document,
                message=f"{key[1]} in {key[0].replace('_', ' ')}: {what}{decided}",
            )
        )

    return report


def _both(
    base: Any, theirs: Any, ours: Any, prefer: Side | None, report: Callable[[str], None]
) -> Any:
    """A record that both sides changed, not alike."""
    if theirs is None or ours is None:
        report(
            "deleted in the annotation, changed in the corpus"
            if theirs is None
            else "changed in the annotation, deleted in the corpus"
        )
        return theirs if prefer == "theirs" else ours
    fields: dict[str, Any] = {}
    span = [
        (r.start, r.end, r.text) if hasattr(r, "start") else None for r in (base, theirs, ours)
    ]  # one value: two halves of two spans are no span
    if span[0] != span[1] != span[2] != span[0]:
        report(
            f"its span was {_shown(span[0])}, is {_shown(span[1])} in the annotation and {_shown(span[2])} in the corpus"
        )
    if span[1] is not None:
        theirs_moved = span[1] != span[0] and (span[2] == span[0] or prefer == "theirs")
        fields = dict(
            zip(("start", "end", "text"), span[1] if theirs_moved else span[2], strict=True)
        )
    for name in (n for n in ours.__struct_fields__ if n not in fields):
        a, b, c = getattr(base, name, None), getattr(theirs, name), getattr(ours, name)
        if a == b or b == c:
            fields[name] = c
        elif a == c:
            fields[name] = b
        elif name == "arguments":
            fields[name] = _arguments(a or (), b, c, prefer, report)
        else:
            report(
                f"{name.rstrip('_')} was {_shown(a)}, is {_shown(b)} in the annotation and {_shown(c)} in the corpus"
            )
            fields[name] = b if prefer == "theirs" else c
    return replace(ours, **fields)


def _arguments(
    base: Any, theirs: Any, ours: Any, prefer: Side | None, report: Callable[[str], None]
) -> Any:
    by_target = [
        {t: [x for x in side if x.target == t] for t in dict.fromkeys(x.target for x in side)}
        for side in (base, theirs, ours)
    ]
    merged: list[Any] = []
    for target in dict.fromkeys(t for side in by_target for t in side):
        a, b, c = (side.get(target, []) for side in by_target)
        if a != b and b != c and a != c:
            report(
                f"its argument {target} was {_shown(a)}, is {_shown(b)} in the annotation and {_shown(c)} in the corpus"
            )
            merged += b if prefer == "theirs" else c
        else:
            merged += c if a == b else b
    return tuple(merged)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " and ".join(x.role for x in value) or "absent"
    text = "absent" if value is None else repr(getattr(value, "text", value))
    return text if len(text) <= 80 else f"{text[:79]}…"
