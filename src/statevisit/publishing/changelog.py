"""The files in which a release names itself: CHANGELOG.md and CITATION.cff, as texts."""

import re
from collections import Counter
from collections.abc import Iterable

from statevisit.corpus.diff import Change
from statevisit.errors import ReleaseError

_UNRELEASED = re.compile(r"^## \[Unreleased\]\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_CORPUS = re.compile(r"^### Corpus\n+(.*?)(?=\n*^### |\Z)", re.MULTILINE | re.DOTALL)


def summary(changes: Iterable[Change]) -> list[str]:
    """Summarize changes of records as lines of a changelog.

    There is one line for each document and layer, with the number of records by kind of change.
    """
    counts: dict[tuple[str, str], Counter[str]] = {}
    for change in changes:
        of_layer = counts.setdefault((change.document, change.layer), Counter())
        of_layer[change.kind] += 1
    lines = []
    for (document, layer), of_layer in counts.items():
        kinds = [kind for kind in ("added", "changed", "removed") if of_layer[kind]]
        figures = ", ".join(f"{of_layer[kind]} {kind}" for kind in kinds)
        lines.append(f"- `{document}`, {layer.replace('_', ' ')}: {figures}.")
    return lines


def with_version(text: str, version: str, day: str, lines: list[str]) -> str:
    """Return a changelog whose Unreleased section has become that of `version`.

    `lines` are added at the end of its part on the corpus; `day` is an ISO date. Raises
    ReleaseError if there is no Unreleased section.
    """
    section = _UNRELEASED.search(text)
    if section is None:
        raise ReleaseError(
            "CHANGELOG.md: has no section `## [Unreleased]`: add one, with the changes to anything "
            "but the records"
        )
    body = _with_corpus_lines(section[1].strip("\n"), lines)
    before, after = text[: section.start()], text[section.end() :]
    heading = f"## [Unreleased]\n\n## [{version}] - {day}"
    return f"{before}{heading}\n\n{body}\n\n{after}".rstrip("\n") + "\n"


def _with_corpus_lines(body: str, lines: list[str]) -> str:
    """Add lines at the end of the part `### Corpus` of a section, or such a part at its start."""
    if not lines:
        return body
    added = "\n".join(lines)
    part = _CORPUS.search(body)
    if part is None:
        return f"### Corpus\n\n{added}\n\n{body}".rstrip("\n")
    return f"{body[: part.end()]}\n{added}{body[part.end() :]}"


def citation(text: str, version: str, day: str) -> str:
    """Return a CITATION.cff with another version and day of release (an ISO date)."""
    undated = re.sub(r"^date-released:.*\n", "", text, flags=re.MULTILINE)
    stated = f"version: {version}\ndate-released: {day}"
    return re.sub(r"^version:.*$", stated, undated, count=1, flags=re.MULTILINE)
