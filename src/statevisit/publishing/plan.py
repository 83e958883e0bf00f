"""Plan a release: whether one can be made, what has changed, and the least version it may have."""

from pathlib import Path

from msgspec import Struct

from statevisit.checks.reused_ids import reused
from statevisit.corpus.diff import Change, diff_corpora
from statevisit.corpus.git import (
    commit_of,
    corpus_at,
    git,
    in_git,
    is_released,
    line,
    numbers,
    tags,
)
from statevisit.corpus.reader import load
from statevisit.corpus.seeds import seeds_of
from statevisit.corpus.source_lookup import lookup
from statevisit.document import schema
from statevisit.document.codec import read_bytes
from statevisit.document.strict_json import parse
from statevisit.errors import ReleaseError
from statevisit.publishing import version_rule
from statevisit.publishing.build import require_current
from statevisit.publishing.manifest import version_of


class Plan(Struct, frozen=True):
    """A release that can be made.

    `last` is the version of the last release, None for the first one; `least` is the least version
    that the rule allows for the `reasons`, `version` the chosen one.
    """

    last: str | None
    least: str
    version: str
    reasons: list[version_rule.Reason]
    changes: list[Change]


def check_ready(root: Path) -> None:
    """Raise ReleaseError unless a release can be made.

    It needs the top of a git checkout with a clean tree, valid documents and a current build.
    """
    if not in_git(root):
        raise ReleaseError(
            f"{root}: is not a git checkout with commits, and a release is a tag in one"
        )
    if line(root, "rev-parse", "--show-prefix"):
        raise ReleaseError(
            f"{root}: is not the top of its git checkout, and a release is a tag of all of it"
        )
    status = git(root, "status", "--porcelain", "--untracked-files=normal").decode()
    uncommitted = status.splitlines()
    if uncommitted:
        raise ReleaseError(
            f"{root}: {len(uncommitted)} files are not committed, such as {uncommitted[0][3:]}: "
            "commit or remove them first"
        )
    require_current(root, "and commit")


def plan(root: Path, version: str | None) -> Plan:
    """Compare a root with its last release; plan `version` or, without one, the least allowed.

    Raises ReleaseError if `version` is below the least that the rule allows.
    """
    tagged = tags(root)
    stated = version_of(root)
    last = tagged[0] if tagged else stated
    commit = commit_of(root, last)
    if not tagged and (version == stated or commit is None or not is_released(root, stated)):
        return Plan(None, stated, version or stated, [], [])
    if commit is None:
        raise ReleaseError(
            f"{root}: the history holds no version {last}: git fetch --tags --unshallow"
        )
    old = corpus_at(root, commit)
    changes = list(diff_corpora(old, load(root)))
    reasons = [
        *_schema_reasons(root, old.path),
        *(version_rule.Reason(version_rule.MAJOR, finding.message) for finding in reused(root)),
        *version_rule.split_reasons(lookup(old.path), lookup(root), seeds_of(root)),
        *version_rule.corpus_reasons(changes),
    ]
    least = version_rule.least(last, reasons)
    if version and numbers(version) < numbers(least):
        why = f"{last} is released"
        if reasons:
            why = max(reasons, key=lambda reason: reason.level).message
        raise ReleaseError(
            f"version {version} breaks the rule: after {last} the least is {least}, because {why}"
        )
    return Plan(last, least, version or least, reasons, changes)


def _schema_reasons(root: Path, old_root: Path) -> list[version_rule.Reason]:
    reasons: list[version_rule.Reason] = []
    for name in schema.NAMES:
        old = old_root / "schema" / f"{name}.schema.json"
        new = root / "schema" / f"{name}.schema.json"
        if old.is_file() and new.is_file():
            old_schema = parse(read_bytes(old, regular=True), str(old))
            new_schema = parse(read_bytes(new, regular=True), str(new))
            reasons += version_rule.schema_reasons(old_schema, new_schema, name)
    return reasons
