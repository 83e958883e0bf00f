"""What `release` does, so that it happens whole or not at all.

Everything is written, built and committed in a git worktree of its own, inside the git directory. Then one note is left
of what is about to happen, branch and tag move, the checkout follows, and the note is removed. Killed before the note:
nothing has changed. Killed after it: the next run finishes, or undoes where neither branch nor tag had moved.
"""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import orjson
from msgspec import Struct

from statevisit import changelog, files, release, resources, rule, schema, schema_errors
from statevisit.checks.history import reused
from statevisit.commands.making import build, require_current
from statevisit.corpus import load
from statevisit.diff import Change, diff_corpora
from statevisit.errors import FormatError, ReleaseError
from statevisit.history import commit_of, corpus_at, git, in_git, line, numbers, resolve, tags


class Plan(Struct, frozen=True):
    """What a release would be: the last version (None: the first release), the least and the chosen one, and why."""

    last: str | None
    least: str
    version: str
    reasons: list[rule.Reason]
    changes: list[Change]


def ready(root: Path) -> None:
    """Raises ReleaseError unless a release can be made: git, a branch, a clean tree, valid documents, a current build."""
    if not in_git(root):
        raise ReleaseError(
            f"{root}: is not a git checkout with commits, and a release is a tag in one"
        )
    if line(root, "rev-parse", "--show-prefix"):
        raise ReleaseError(f"{root}: is not the top of its git checkout, which is what a tag is of")
    if (
        changed := git(root, "status", "--porcelain", "--untracked-files=normal")
        .decode()
        .splitlines()
    ):
        raise ReleaseError(
            f"{root}: {len(changed)} files are not committed, such as {changed[0][3:]}: commit or remove them first"
        )
    require_current(root, "and commit")


def plan(root: Path, wanted: str | None) -> Plan:
    """What changed since the last release and which version that asks for. Raises ReleaseError for a version below it."""
    tagged, stated = tags(root), release.version_of(root)
    last = tagged[0] if tagged else stated
    commit = commit_of(root, last)
    if not tagged and (wanted == stated or commit is None):
        return Plan(None, stated, wanted or stated, [], [])
    if commit is None:
        raise ReleaseError(
            f"{root}: the history holds no version {last}: git fetch --tags --unshallow"
        )
    old = corpus_at(root, commit)
    changes = list(diff_corpora(old, load(root)))
    reasons = [
        *_schema_reasons(root, old.path),
        *(rule.Reason(rule.MAJOR, f.message) for f in reused(root)),
        *rule.corpus_reasons(changes),
    ]
    lowest = rule.least(last, reasons)
    if wanted and numbers(wanted) < numbers(lowest):
        why = max(reasons, key=lambda r: r.level).message if reasons else f"{last} is there"
        raise ReleaseError(
            f"version {wanted} breaks the rule: after {last} the least is {lowest}, because {why}"
        )
    return Plan(last, lowest, wanted or lowest, reasons, changes)


def _schema_reasons(root: Path, old: Path) -> list[rule.Reason]:
    found = []
    for name in schema.NAMES:
        before, after = (
            old / "schema" / f"{name}.schema.json",
            root / "schema" / f"{name}.schema.json",
        )
        if before.is_file() and after.is_file():
            found += rule.schema_reasons(
                orjson.loads(before.read_bytes()), orjson.loads(after.read_bytes()), name
            )
    return found


def today() -> str:
    """The day of the release: SOURCE_DATE_EPOCH's where that is set, else today in UTC."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return (
        (datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)).date().isoformat()
    )


def make(root: Path, planned: Plan) -> str:
    """Make the release; returns its commit.

    Raises ReleaseError, FormatError or OSError, and everything is then as it was.
    """
    version, tag = planned.version, f"refs/tags/v{planned.version}"
    if line(root, "tag", "--list", f"v{version}"):
        raise ReleaseError(f"{root}: the tag v{version} is there already")
    branch, old = (
        line(root, "rev-parse", "--symbolic-full-name", "HEAD"),
        line(root, "rev-parse", "HEAD"),
    )
    if branch == "HEAD":
        raise ReleaseError(
            f"{root}: HEAD is on no branch: git switch to the one that the release is to be on"
        )
    place = _place(root)
    try:
        git(root, "worktree", "add", "--quiet", "--detach", str(place), old)
        _write(place, planned)
        git(place, "add", "--all")
        tree = line(place, "write-tree")
        new = line(place, "commit-tree", tree, "-p", old, "-m", f"Release {version}")
        who = line(root, "var", "GIT_COMMITTER_IDENT")
        tagged = (
            git(
                root,
                "mktag",
                stdin=f"object {new}\ntype commit\ntag v{version}\ntagger {who}\n\nRelease {version}\n".encode(),
            )
            .decode()
            .strip()
        )
        note = {"branch": branch, "old": old, "new": new, "tag": tag, "tagged": tagged}
        files.write(_note(root), orjson.dumps(note))
        try:
            finish(root)
        except (ReleaseError, OSError) as error:
            if _moved(root, note):
                raise ReleaseError(
                    f"{error}; version {version} is committed and tagged, but not all of its files are here: mend that, and run `statevisit release` again to finish"
                ) from None
            _note(root).unlink(missing_ok=True)
            raise
    finally:
        _clear(root)
    return new


def _write(place: Path, planned: Plan) -> None:
    manifest = place / resources.RELEASE
    stated = orjson.loads(manifest.read_bytes())
    files.write(manifest, release.encode({**stated, "version": planned.version}))
    day = today()
    for name, change in (
        (
            resources.CHANGELOG,
            lambda t: changelog.with_version(
                t, planned.version, day, changelog.summary(planned.changes)
            ),
        ),
        (resources.CITATION, lambda t: changelog.citation(t, planned.version, day)),
    ):
        path = place / name
        if path.is_file() and planned.last is not None:
            files.write(path, change(path.read_text(encoding="utf-8")).encode())
    findings, _ = build(place)
    if findings:
        raise ReleaseError(str(findings[0]))
    for _, message in schema_errors.errors(orjson.loads(manifest.read_bytes()), "release"):
        raise ReleaseError(f"{resources.RELEASE}: {message}")


def _git_directory(root: Path) -> Path:
    return Path(line(root, "rev-parse", "--absolute-git-dir"))


def _place(root: Path) -> Path:
    return _git_directory(root) / "statevisit-release"


def _note(root: Path) -> Path:
    return _git_directory(root) / "statevisit-release.json"


def _clear(root: Path) -> None:
    for unfinished in _unfinished(root):
        unfinished.unlink(missing_ok=True)
    shutil.rmtree(_place(root), ignore_errors=True)
    if _listed(root):
        git(
            root, "worktree", "remove", "--force", "--force", str(_place(root))
        )  # twice: also where it was killed while git made it


def _unfinished(root: Path) -> list[Path]:
    """Notes that were never put in place, as `files.replacing` leaves them when it is killed."""
    return list(_git_directory(root).glob(f".{_note(root).name}.*"))


def _listed(root: Path) -> bool:
    return f"worktree {_place(root)}\n" in git(root, "worktree", "list", "--porcelain").decode()


def recover(root: Path) -> str | None:
    """Finish or undo a release that was stopped: "finished" or "undone", "over" where only its worktree was left, None for nothing. Raises ReleaseError."""
    if not in_git(root) or not (
        _note(root).exists() or _place(root).exists() or _unfinished(root) or _listed(root)
    ):
        return None
    done = "over"
    if _note(root).exists():
        done = "undone"
        note = orjson.loads(_note(root).read_bytes())
        if _moved(root, note):
            finish(root)
            done = "finished"
        _note(root).unlink(missing_ok=True)
    _clear(root)
    return done


def _moved(root: Path, note: dict[str, str]) -> bool:
    """Whether branch or tag are where the note says."""
    return note["new"] in (resolve(root, note["branch"]), resolve(root, note["tag"]))


def finish(root: Path) -> None:
    """Do what the note says: branch and tag move together, the checkout follows. What is done already stays."""
    note = orjson.loads(_note(root).read_bytes())
    old, new = note["old"], note["new"]
    steps = []
    if (at := resolve(root, note["branch"])) != new:
        if at != old:
            raise ReleaseError(
                f"{root}: {note['branch']} moved while the release was made: delete {_note(root)} and begin again"
            )
        steps.append(f"update {note['branch']} {new} {old}\n")
    if resolve(root, note["tag"]) != new:
        steps.append(f"create {note['tag']} {note['tagged']}\n")
    changed = (
        git(root, "diff", "--name-only", "--no-renames", "-z", old, new)
        .decode()
        .rstrip("\0")
        .split("\0")
    )
    edited = [name for name in changed if not _untouched(root, name, old, new)]
    if edited:
        raise ReleaseError(
            f"{root}: {edited[0]} was edited while the release was made: put it aside, and run the command again"
        )
    if steps:
        git(
            root,
            "update-ref",
            "--stdin",
            stdin="".join(("start\n", *steps, "prepare\n", "commit\n")).encode(),
        )
    git(root, "read-tree", new)
    present = set(git(root, "ls-tree", "-r", "--name-only", "-z", new).decode().split("\0"))
    for name in changed:
        if name not in present:
            (root / name).unlink(missing_ok=True)
    git(
        root,
        "checkout-index",
        "--force",
        "-z",
        "--stdin",
        stdin="\0".join(n for n in changed if n in present).encode(),
    )
    git(root, "update-index", "-q", "--refresh")
    _note(root).unlink()


def _untouched(root: Path, name: str, old: str, new: str) -> bool:
    """Whether a file is as one of the two commits has it, or the begin of what git was writing."""
    try:
        path = files.own_path(root, name)
    except FormatError:
        return False  # git would replace the link or directory that stands there now
    if not path.exists():
        return True
    data = path.read_bytes()
    return any(
        (blob := _blob(root, commit, name)) is not None
        and (data == blob or (commit == new and blob.startswith(data)))
        for commit in (old, new)
    )


def _blob(root: Path, commit: str, name: str) -> bytes | None:
    try:
        return git(root, "cat-file", "blob", f"{commit}:{name}")
    except ReleaseError:
        return None
