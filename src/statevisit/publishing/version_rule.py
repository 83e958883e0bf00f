"""The version rule: the least version that the changes since the last release allow.

Major: the schema breaks, an id means something else, or a text moves to another split. Minor:
records, documents, labels, splits or optional fields are added. Patch: corrections. Before 1.0.0,
minor stands in for major.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from statevisit.corpus.diff import Change
from statevisit.corpus.git import numbers
from statevisit.corpus.source_lookup import Sources
from statevisit.corpus.splits import TRAIN
from statevisit.document.strict_json import Json

PATCH, MINOR, MAJOR = 1, 2, 3

_DESCRIPTIVE = (
    "title",
    "description",
    "$comment",
    "examples",
    "$id",
    "x-labels",
    "x-source",
    "x-refers-to",
    "default",
)
"""Keywords of a schema that do not change which documents are valid."""


class Reason(Struct, frozen=True):
    """Why a version must be at least of a level: PATCH, MINOR or MAJOR."""

    level: int
    message: str


def schema_reasons(old: Json, new: Json, where: str) -> Iterator[Reason]:
    """Yield what a schema allows in addition (minor), and what it breaks (major).

    `where` is the path of the schema, for messages.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        names_properties = where.endswith("/properties")  # one may be called "title"
        for key in {**old, **new}:
            if key not in _DESCRIPTIVE or names_properties:
                yield from _member_reasons(key, old, new, where)
    elif old != new:
        yield Reason(MAJOR, f"{where} was {old!r}, is {new!r}")


def _member_reasons(
    key: str, old: dict[str, Json], new: dict[str, Json], where: str
) -> Iterator[Reason]:
    at = f"{where}/{key}"
    old_list, new_list = old.get(key, []), new.get(key, [])
    # the first enum of a node is new: it refuses values that were valid
    is_changed_list = key == "required" or (key == "enum" and key in old)
    if is_changed_list and isinstance(old_list, list) and isinstance(new_list, list):
        addition = MINOR if key == "enum" else MAJOR
        yield from _list_reasons(old_list, new_list, at, addition)
    elif key not in old:
        is_optional = where.endswith(("/properties", "/$defs")) or key in ("properties", "$defs")
        yield Reason(MINOR if is_optional else MAJOR, f"{at} is new")
    elif key not in new:
        yield Reason(MAJOR, f"{at} is gone")
    else:
        yield from schema_reasons(old[key], new[key], at)


def _list_reasons(old: list[Json], new: list[Json], at: str, addition: int) -> Iterator[Reason]:
    removed = [str(value) for value in old if value not in new]
    added = [str(value) for value in new if value not in old]
    if removed:
        yield Reason(MAJOR, f"{at}: {', '.join(removed)} removed")
    if added:
        yield Reason(addition, f"{at}: {', '.join(added)} added")


def corpus_reasons(changes: Iterable[Change]) -> Iterator[Reason]:
    """Yield a reason for each change between two releases: additions are minor."""
    for change in changes:
        level = MINOR if change.kind == "added" else PATCH
        layer = change.layer.replace("_", " ")
        yield Reason(level, f"{change.document}: {layer} {change.record} {change.kind}")


def split_reasons(old: Sources, new: Sources, seeds: Iterable[str]) -> Iterator[Reason]:
    """Yield what changes in the splits of texts, from the sources of two releases.

    `seeds` are those of the new release.

    The first splits of a corpus are an addition: what was in none was in no test set either.
    """
    if new.splits and not old.splits:
        yield Reason(MINOR, f"the corpus has the splits {', '.join(new.splits)}")
        return
    moved = {}
    for seed in seeds:
        earlier, source = old.get(seed), new.get(seed)
        if earlier is not None and source is not None and earlier.split != source.split:
            moved[seed] = earlier.split or TRAIN, source.split or TRAIN
    for seed, (before, after) in sorted(moved.items()):
        if before != after:
            yield Reason(MAJOR, f"{seed} moved from the split {before!r} to {after!r}")


def least(last: str, reasons: Iterable[Reason]) -> str:
    """Return the least version after `last` that the rule allows."""
    major, minor, patch = numbers(last)
    level = max((reason.level for reason in reasons), default=PATCH)
    if level == MAJOR and major > 0:
        return f"{major + 1}.0.0"
    if level >= MINOR:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"
