"""The version rule: which version the changes since the last release ask for at least, and what the changelog says of them.

Major where the schema breaks or an id means something else, minor where records, documents or optional fields were
added, patch for corrections. Below 1.0.0, what would be major is minor.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from statevisit.diff import Change
from statevisit.errors import ReleaseError
from statevisit.history import numbers

PATCH, MINOR, MAJOR = 1, 2, 3
_SAID = (
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


class Reason(Struct, frozen=True):
    """Why a version has to be at least of a level."""

    level: int
    message: str


def schema_reasons(old: Any, new: Any, where: str) -> Iterator[Reason]:
    """What a schema allows more (minor) or breaks (major) of what it allowed before; what it merely says does not count."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            if key not in _SAID or where.endswith("/properties"):
                yield from _member(key, old, new, where)
    elif old != new:
        yield Reason(MAJOR, f"{where} was {old!r}, is {new!r}")


def _member(key: str, old: dict[str, Any], new: dict[str, Any], where: str) -> Iterator[Reason]:
    at, names = f"{where}/{key}", where.endswith(("/properties", "/$defs"))
    if (
        key in ("enum", "required")
        and isinstance(old.get(key, []), list)
        and isinstance(new.get(key, []), list)
    ):
        gone = [v for v in old.get(key, []) if v not in new.get(key, [])]
        come = [v for v in new.get(key, []) if v not in old.get(key, [])]
        if gone:
            yield Reason(MAJOR, f"{at}: without {', '.join(map(str, gone))}")
        if come:
            yield Reason(
                MINOR if key == "enum" else MAJOR, f"{at}: with {', '.join(map(str, come))}"
            )
    elif key not in old:
        yield Reason(MINOR if names or key in ("properties", "$defs") else MAJOR, f"{at} is new")
    elif key not in new:
        yield Reason(MAJOR, f"{at} is gone")
    else:
        yield from schema_reasons(old[key], new[key], at)


def corpus_reasons(changes: Iterable[Change]) -> Iterator[Reason]:
    """What the changes between two releases ask for."""
    for change in changes:
        yield Reason(
            MINOR if change.kind == "added" else PATCH,
            f"{change.document}: {change.layer.replace('_', ' ')} {change.record} {change.kind}",
        )


def least(last: str, reasons: Iterable[Reason]) -> str:
    """The least version after `last` that the rule allows."""
    major, minor, patch = numbers(last)
    level = max((r.level for r in reasons), default=PATCH)
    if level == MAJOR and major:
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if level >= MINOR else f"{major}.{minor}.{patch + 1}"


def summary(changes: Iterable[Change]) -> list[str]:
    """The changes as lines of a changelog: for each document and layer how many records were added, changed and removed."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for change in changes:
        counts.setdefault((change.document, change.layer), Counter())[change.kind] += 1
    return [
        f"- `{document}`, {layer.replace('_', ' ')}: {', '.join(f'{found[k]} {k}' for k in ('added', 'changed', 'removed') if found[k])}."
        for (document, layer), found in counts.items()
    ]


_SECTION = re.compile(r"^## \[Unreleased\]\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def changelog(text: str, version: str, day: str, lines: list[str]) -> str:
    """A changelog whose Unreleased section became that of `version`, with `lines` at the end of its part on the corpus. Raises ReleaseError."""
    found = _SECTION.search(text)
    if not found:
        raise ReleaseError(
            "CHANGELOG.md: has no section `## [Unreleased]`: write one, for what changed beside the data"
        )
    body = found[1].strip("\n")
    added = "\n".join(lines)
    if lines:
        part = re.search(r"^### Corpus\n+(.*?)(?=\n*^### |\Z)", body, re.MULTILINE | re.DOTALL)
        body = (
            f"{body[: part.end()]}\n{added}{body[part.end() :]}"
            if part
            else f"### Corpus\n\n{added}\n\n{body}".rstrip("\n")
        )
    return (
        f"{text[: found.start()]}## [Unreleased]\n\n## [{version}] - {day}\n\n{body}\n\n{text[found.end() :]}".rstrip(
            "\n"
        )
        + "\n"
    )


def citation(text: str, version: str, day: str) -> str:
    """A CITATION.cff with another version and day of release."""
    text = re.sub(r"^date-released:.*\n", "", text, flags=re.MULTILINE)
    return re.sub(
        r"^version:.*$",
        lambda _: f"version: {version}\ndate-released: {day}",
        text,
        count=1,
        flags=re.MULTILINE,
    )
