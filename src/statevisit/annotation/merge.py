"""The three-way merge of a document: the exported base, the annotation, the corpus's version."""

from typing import Any, Literal

from msgspec.structs import asdict, replace

from statevisit.corpus.diff import Key, differing, keyed
from statevisit.document.codec import ordered
from statevisit.document.model import BARE_LAYERS, Argument, Document, Record
from statevisit.document.references import list_names
from statevisit.document.states import least
from statevisit.errors import FormatError
from statevisit.findings import Finding

Side = Literal["ours", "theirs"]
"""The side that wins a conflict: the corpus (`ours`) or the annotation (`theirs`)."""

_NO_ROLE = "no role"
"""How a message calls the role of an argument that has none yet."""

_LONGEST_VALUE = 80
"""Characters of a value in a message."""


def merge(
    base: Document, theirs: Document, ours: Document, prefer: Side | None = None
) -> tuple[Document, list[Finding]]:
    """Apply the changes from `base` to `theirs` to `ours`; return (document, conflicts).

    Records are compared property by property, the arguments of an event target by target, and the
    sources of a quotation and the members of a set id by id. A property that both sides changed
    differently is a conflict (L201). `prefer` decides it; without `prefer` the document has the
    value of `ours` and should not be written. A state that both sides changed is the least of the
    two. The document is in canonical order. Raises FormatError if the texts of `base` and `ours`
    differ, because the offsets of `theirs` would be wrong.
    """
    if base.text != ours.text:
        raise FormatError(
            f"{ours.id}: its text has changed since the export; "
            "annotations of the old text cannot be merged"
        )
    if theirs == base:
        return ours, []
    changed = [layer for layer in differing(base, theirs) if layer not in BARE_LAYERS]
    if ours == base and _equal_but_for([*changed, "layers"], base, theirs):
        return ordered(theirs), []
    before, after, now = keyed(base, changed), keyed(theirs, changed), keyed(ours, changed)
    merging = _Merging(ours.id, prefer)
    merged = dict(now)
    for key in {**before, **after}:
        exported, annotated, current = before.get(key), after.get(key), now.get(key)
        if annotated in (exported, current):
            continue
        if current == exported:
            merged[key] = annotated
        else:
            merged[key] = merging.record(key, exported, annotated, current)
    layers: dict[str, list[Record]] = {layer: [] for layer in changed}
    for (layer, _), record in merged.items():
        if record is not None:
            layers[layer].append(record)
    states = _merged_states(base, theirs, ours)
    in_layers = {layer: tuple(records) for layer, records in layers.items()}
    document = replace(ours, layers=states, **in_layers).begun()
    return ordered(document), merging.conflicts


def _merged_states(base: Document, theirs: Document, ours: Document) -> dict[str, str]:
    """The states after a merge: that of the side that changed it, the least one if both did."""
    states = dict(ours.layers)
    for layer, state in theirs.layers.items():
        before, now = base.state_of(layer), ours.state_of(layer)
        if now == before:
            states[layer] = state
        elif state != before:
            states[layer] = least((state, now))
    return states


def _equal_but_for(layers: list[str], one: Document, other: Document) -> bool:
    """Whether two documents differ in some layers only."""
    names = (name for name in Document.__struct_fields__ if name not in layers)
    return all(getattr(one, name) == getattr(other, name) for name in names)


class _Merging:
    """Merges the records that both sides changed, and collects their conflicts."""

    def __init__(self, document: str, prefer: Side | None) -> None:
        self.conflicts: list[Finding] = []
        self._document, self._prefer = document, prefer
        if prefer is None:
            self._decision = "decide with --ours (the corpus) or --theirs (the annotation)"
        else:
            self._decision = f"the {'annotation' if prefer == 'theirs' else 'corpus'} wins"

    def _report(self, key: Key, conflict: str) -> None:
        layer, name = key
        message = f"{name} in {layer.replace('_', ' ')}: {conflict}; {self._decision}"
        self.conflicts.append(Finding(code="L201", document=self._document, message=message))

    def record(
        self, key: Key, base: Record | None, theirs: Record | None, ours: Record | None
    ) -> Record | None:
        """Merge a record that both sides changed differently; None is a deleted one."""
        if theirs is None or ours is None:
            if theirs is None:
                self._report(key, "deleted in the annotation, changed in the corpus")
            else:
                self._report(key, "changed in the annotation, deleted in the corpus")
            return theirs if self._prefer == "theirs" else ours
        values = self._span(key, base, theirs, ours)
        for name in ours.__struct_fields__:
            if name not in values:
                sides = [getattr(record, name, None) for record in (base, theirs, ours)]
                values[name] = self._value(key, name, *sides)
        return replace(ours, **values)

    def _span(
        self, key: Key, base: Record | None, theirs: Record, ours: Record
    ) -> dict[str, int | str]:
        """The merged start, end and text, all from one side; empty for a record without a span."""
        if not hasattr(ours, "start"):
            return {}
        exported, annotated, current = _span_of(base), _span_of(theirs), _span_of(ours)
        span = self._value(key, "its span", exported, annotated, current)
        return dict(zip(("start", "end", "text"), span, strict=True))

    def _value(self, key: Key, name: str, base: Any, theirs: Any, ours: Any) -> Any:
        """The merged value of a property."""
        if theirs in (base, ours):
            return ours
        if ours == base:
            return theirs
        if name == "arguments" and theirs is not None and ours is not None:
            return self._arguments(key, base or (), theirs, ours)
        if name in list_names() and theirs is not None and ours is not None:
            return _merged_set(base or (), theirs, ours)
        self._report_values(key, name.rstrip("_"), _shown(base), _shown(theirs), _shown(ours))
        return theirs if self._prefer == "theirs" else ours

    def _arguments(
        self,
        key: Key,
        base: tuple[Argument, ...],
        theirs: tuple[Argument, ...],
        ours: tuple[Argument, ...],
    ) -> tuple[Argument, ...]:
        """The merged arguments of an event; each target comes from one side."""
        sides = [_by_target(side) for side in (base, theirs, ours)]
        targets = dict.fromkeys(target for side in sides for target in side)
        merged: list[Argument] = []
        for target in targets:
            exported, annotated, current = (side.get(target, []) for side in sides)
            if annotated in (exported, current):
                merged += current
            elif current == exported:
                merged += annotated
            else:
                shown = _shown_arguments(exported, annotated, current)
                self._report_values(key, f"its argument {target}", *shown)
                merged += annotated if self._prefer == "theirs" else current
        return tuple(merged)

    def _report_values(self, key: Key, name: str, base: str, theirs: str, ours: str) -> None:
        conflict = f"{name} was {base}, is {theirs} in the annotation and {ours} in the corpus"
        self._report(key, conflict)


def _merged_set(
    base: tuple[str, ...], theirs: tuple[str, ...], ours: tuple[str, ...]
) -> tuple[str, ...] | None:
    """The ids of a set: those that one side added, without those that one side removed.

    None if none are left.
    """
    every = dict.fromkeys((*ours, *theirs))
    kept = [i for i in every if (i in theirs and i in ours) or i not in base]
    return tuple(kept) or None


def _span_of(record: Any) -> tuple[int, int, str] | None:
    return None if record is None else (record.start, record.end, record.text)


def _by_target(arguments: tuple[Argument, ...]) -> dict[str, list[Argument]]:
    by_target: dict[str, list[Argument]] = {}
    for argument in arguments:
        by_target.setdefault(argument.target, []).append(argument)
    return by_target


def _shown_arguments(*sides: list[Argument]) -> list[str]:
    """The roles of each side, with the other properties if the roles do not tell them apart."""
    shown = [" and ".join(argument.role or _NO_ROLE for argument in side) for side in sides]
    if len(set(shown)) < len(sides):
        shown = [" and ".join(map(_described, side)) for side in sides]
    return [roles or "absent" for roles in shown]


def _described(argument: Argument) -> str:
    """The role of an argument, with its other properties in brackets."""
    others = {name: value for name, value in asdict(argument).items() if value is not None}
    shown = [f"{name} {others[name]}" for name in others if name not in ("role", "target")]
    role = argument.role or _NO_ROLE
    return f"{role} ({', '.join(shown)})" if shown else role


def _shown(value: object) -> str:
    if value is None:
        return "absent"
    shown = repr(getattr(value, "text", value))
    return shown if len(shown) <= _LONGEST_VALUE else f"{shown[: _LONGEST_VALUE - 1]}…"
