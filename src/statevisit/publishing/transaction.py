"""Make a release as one transaction, which happens whole or not at all.

The release is written, built and committed in a git worktree inside the git directory. Then a note
with the coming changes is written, branch and tag move, the checkout follows, and the note is
removed. If the process is killed before the note is written, nothing has changed. If it is killed
later, the next run finishes the release, or undoes it if neither branch nor tag has moved.
"""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import orjson
from msgspec import Struct

from statevisit import files, layout
from statevisit.corpus.git import git, in_git, line, release_message, resolve
from statevisit.document import schema, schema_errors
from statevisit.document.codec import read_text
from statevisit.errors import FormatError, ReleaseError
from statevisit.publishing import changelog
from statevisit.publishing.build import build
from statevisit.publishing.manifest import encode_manifest
from statevisit.publishing.plan import Plan


class _Note(Struct, frozen=True):
    """The changes that finish a release.

    `branch` moves from the commit `old` to `new`; `tag` is created for the tag object `tagged`.
    """

    branch: str
    old: str
    new: str
    tag: str
    tagged: str


def today() -> str:
    """Return the day of the release in UTC: that of SOURCE_DATE_EPOCH if it is set, else today."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    return now.date().isoformat()


def make(root: Path, planned: Plan) -> str:
    """Make the release and return its commit.

    Raises ReleaseError, FormatError or OSError. The checkout is then as it was, unless the message
    says that the release is committed and tagged.
    """
    version = planned.version
    if line(root, "tag", "--list", f"v{version}"):
        raise ReleaseError(f"{root}: the tag v{version} exists already")
    branch = line(root, "rev-parse", "--symbolic-full-name", "HEAD")
    old = line(root, "rev-parse", "HEAD")
    if branch == "HEAD":
        raise ReleaseError(
            f"{root}: HEAD is on no branch: git switch to the branch that the release is to be on"
        )
    worktree = _worktree(root)
    try:
        git(root, "worktree", "add", "--quiet", "--detach", str(worktree), old)
        _write(worktree, planned)
        git(worktree, "add", "--all")
        tree = line(worktree, "write-tree")
        new = line(worktree, "commit-tree", tree, "-p", old, "-m", release_message(version))
        tagged = _tag_object(root, new, version)
        note = _Note(branch, old, new, f"refs/tags/v{version}", tagged)
        files.write(_note(root), msgspec.json.encode(note))
        _finish_or_undo(root, note, version)
    finally:
        _clear(root)
    return new


def _tag_object(root: Path, commit: str, version: str) -> str:
    """Make the object of the release's tag and return its id; no reference points to it yet."""
    tagger = line(root, "var", "GIT_COMMITTER_IDENT")
    head = f"object {commit}\ntype commit\ntag v{version}\ntagger {tagger}"
    text = f"{head}\n\n{release_message(version)}\n"
    return git(root, "mktag", stdin=text.encode()).decode().strip()


def _finish_or_undo(root: Path, note: _Note, version: str) -> None:
    """Finish the release; if that fails before branch or tag moves, remove the note."""
    try:
        finish(root)
    except (ReleaseError, OSError) as error:
        if _moved(root, note):
            raise ReleaseError(
                f"{error}; version {version} is committed and tagged, but not all of its files "
                "are in the checkout: solve that, and run `statevisit release` again to finish"
            ) from None
        _note(root).unlink(missing_ok=True)
        raise


def _write(worktree: Path, planned: Plan) -> None:
    """Write the files of the release: version, changelog, citation, and everything built."""
    manifest = worktree / layout.RELEASE
    stated = orjson.loads(manifest.read_bytes())
    files.write(manifest, encode_manifest({**stated, "version": planned.version}))
    if planned.last is not None:  # the first release has its changelog and citation already
        _write_changelog_and_citation(worktree, planned)
    result = build(worktree)
    if result.findings:
        raise ReleaseError(str(result.findings[0]), result.findings)
    built = orjson.loads(manifest.read_bytes())
    for _, message in schema_errors.errors(built, schema.load("release")):
        raise ReleaseError(f"{layout.RELEASE}: {message}")


def _write_changelog_and_citation(worktree: Path, planned: Plan) -> None:
    day = today()
    path = worktree / layout.CHANGELOG
    if path.is_file():
        text = read_text(path)
        lines = changelog.summary(planned.changes)
        files.write(path, changelog.with_version(text, planned.version, day, lines).encode())
    path = worktree / layout.CITATION
    if path.is_file():
        text = read_text(path)
        files.write(path, changelog.citation(text, planned.version, day).encode())


def _git_directory(root: Path) -> Path:
    return Path(line(root, "rev-parse", "--absolute-git-dir"))


def _worktree(root: Path) -> Path:
    return _git_directory(root) / "statevisit-release"


def _note(root: Path) -> Path:
    return _git_directory(root) / "statevisit-release.json"


def _read_note(root: Path) -> _Note:
    path = _note(root)
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Note)
    except msgspec.DecodeError as error:
        raise ReleaseError(
            f"{path}: is not a note of a release ({error}): delete it and begin again"
        ) from None


def _clear(root: Path) -> None:
    """Remove the worktree, and notes that were not written to the end."""
    for unfinished in _unfinished_notes(root):
        unfinished.unlink(missing_ok=True)
    shutil.rmtree(_worktree(root), ignore_errors=True)
    if _is_known_to_git(root):
        # "--force" twice: git locks a worktree while it makes it, and may have been killed then
        git(root, "worktree", "remove", "--force", "--force", str(_worktree(root)))


def _unfinished_notes(root: Path) -> list[Path]:
    """Return the temporary files of notes, as `files.replacing` leaves them if it is killed."""
    return list(_git_directory(root).glob(f".{_note(root).name}.*"))


def _is_known_to_git(root: Path) -> bool:
    worktrees = git(root, "worktree", "list", "--porcelain").decode()
    return f"worktree {_worktree(root)}\n" in worktrees


def recover(root: Path) -> str | None:
    """Finish or undo a release that was stopped; return "finished", "undone", "over" or None.

    "over" means that only its worktree was left; None, that there was nothing to do. Raises
    ReleaseError.
    """
    if not in_git(root):
        return None
    has_note = _note(root).exists()
    has_leftovers = (
        has_note
        or _worktree(root).exists()
        or bool(_unfinished_notes(root))
        or _is_known_to_git(root)
    )
    if not has_leftovers:
        return None
    outcome = "over"
    if has_note:
        outcome = "undone"
        if _moved(root, _read_note(root)):
            finish(root)
            outcome = "finished"
        _note(root).unlink(missing_ok=True)
    _clear(root)
    return outcome


def _moved(root: Path, note: _Note) -> bool:
    """Whether the branch or the tag has moved to the release."""
    return note.new in (resolve(root, note.branch), resolve(root, note.tag))


def finish(root: Path) -> None:
    """Do what the note says: move branch and tag together, then update the checkout.

    Steps that are done already are left out. Raises ReleaseError if the branch moved elsewhere, or
    if a file that would be replaced was edited.
    """
    note = _read_note(root)
    updates = _reference_updates(root, note)
    names = git(root, "diff", "--name-only", "--no-renames", "-z", note.old, note.new).decode()
    changed = [name for name in names.split("\0") if name]  # none, if only the tag is new
    for name in changed:
        if not _untouched(root, name, note):
            raise ReleaseError(
                f"{root}: {name} was edited while the release was made: move it elsewhere, and "
                "run the command again"
            )
    if updates:
        transaction = "".join(("start\n", *updates, "prepare\n", "commit\n"))
        git(root, "update-ref", "--stdin", stdin=transaction.encode())
    _update_checkout(root, note.new, changed)
    _note(root).unlink()


def _reference_updates(root: Path, note: _Note) -> list[str]:
    """Return the commands of `git update-ref` for the references that have not moved yet."""
    updates = []
    head = resolve(root, note.branch)
    if head not in (note.old, note.new):
        raise ReleaseError(
            f"{root}: {note.branch} moved while the release was made: delete {_note(root)} and "
            "begin again"
        )
    if head != note.new:
        updates.append(f"update {note.branch} {note.new} {note.old}\n")
    if resolve(root, note.tag) != note.new:
        updates.append(f"create {note.tag} {note.tagged}\n")
    return updates


def _update_checkout(root: Path, commit: str, changed: list[str]) -> None:
    """Make the index that of a commit, and the files named `changed` those of the commit."""
    git(root, "read-tree", commit)
    tree = git(root, "ls-tree", "-r", "--name-only", "-z", commit).decode()
    present = set(tree.split("\0"))
    for name in changed:
        if name not in present:
            (root / name).unlink(missing_ok=True)
    names = "\0".join(name for name in changed if name in present)
    git(root, "checkout-index", "--force", "-z", "--stdin", stdin=names.encode())
    git(root, "update-index", "-q", "--refresh")


def _untouched(root: Path, name: str, note: _Note) -> bool:
    """Whether a file is that of one of the two commits, or the beginning that git wrote of it."""
    try:
        path = files.own_path(root, name)
    except FormatError:
        return False  # git would replace the link or directory in its place
    if not path.exists():
        return True
    data = path.read_bytes()
    if data == _blob(root, note.old, name):
        return True
    new = _blob(root, note.new, name)
    return new is not None and new.startswith(data)


def _blob(root: Path, commit: str, name: str) -> bytes | None:
    """Return the content of a file in a commit; None if the commit does not have it."""
    try:
        return git(root, "cat-file", "blob", f"{commit}:{name}")
    except ReleaseError:
        return None
