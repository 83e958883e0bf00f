"""`statevisit release` in git repositories of the tracked files: the rule, and all or nothing."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from statevisit import ReleaseError, encode, load, read_document
from statevisit.corpus.diff import diff_corpora
from statevisit.document import schema, schema_errors
from statevisit.publishing import version_rule
from statevisit.publishing.transaction import recover
from tests.conftest import DOC_ID, PATIENCE, ROOT, Result
from tests.repositories import CONFIG, begin, commit, first_release, git

DOCUMENT = f"corpus/documents/{DOC_ID}.json"
pytestmark = pytest.mark.usefixtures("identity")


def _corrected(
    root: Path,
    cli: Callable[..., Result],
    old: str = '"polarity":"POS"',
    new: str = '"polarity":"NEG"',
) -> None:
    """A correction of the gold data, built and committed."""
    path = root / DOCUMENT
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert 0 == cli("build", root, "--workers", "1").status
    commit(root, "a correction")


def _state(root: Path) -> tuple[str, str, str]:
    """Return everything that a release changes: refs, uncommitted files and worktrees."""
    return (
        git(root, "for-each-ref"),
        git(root, "status", "--porcelain"),
        git(root, "worktree", "list"),
    )


@pytest.mark.slow
def test_a_release_is_one_commit_and_one_tag(repository: Path, cli: Callable[..., Result]) -> None:
    """Manifest, changelog, citation and card bear the derived version.

    The tree is clean, and the build is current.
    """
    _corrected(repository, cli)
    done = cli("release", repository)
    assert 0 == done.status, done.err
    assert "last release 0.1.0, least version 0.1.1" in done.out
    assert ("main", "") == (
        git(repository, "branch", "--show-current"),
        git(repository, "status", "--porcelain"),
    )
    assert git(repository, "rev-parse", "HEAD") == git(repository, "rev-parse", "v0.1.1^{commit}")
    assert "tag" == git(repository, "cat-file", "-t", "v0.1.1")
    manifest = orjson.loads((repository / "corpus/release.json").read_bytes())
    assert ("0.1.1", []) == (
        manifest["version"],
        list(schema_errors.errors(manifest, schema.load("release"))),
    )
    assert "This is version **0.1.1**." in (repository / "README.md").read_text()
    assert (
        "version: 0.1.1\ndate-released: 2027-01-15\n" in (repository / "CITATION.cff").read_text()
    )
    log = (repository / "CHANGELOG.md").read_text()
    assert "## [Unreleased]\n\n## [0.1.1] - 2027-01-15\n\n### Corpus\n" in log
    assert f"- `{DOC_ID}`, events: 1 changed." in log.split("## [0.1.1]")[1].split("## [0.1.0]")[0]
    assert 0 == cli("build", repository, "--check").status
    assert 1 == len(git(repository, "worktree", "list").splitlines())


@pytest.mark.slow
def test_a_dry_run_changes_nothing(repository: Path, cli: Callable[..., Result]) -> None:
    """`--dry-run` says which version it would be."""
    _corrected(repository, cli)
    before = _state(repository)
    assert "would release 0.1.1" in cli("release", repository, "--dry-run").out
    assert before == _state(repository)


@pytest.mark.slow
@pytest.mark.parametrize("version", [None, "1.0.0"])
def test_the_first_release_of_a_new_corpus(
    tmp_path: Path, cli: Callable[..., Result], version: str | None
) -> None:
    """A corpus that was built and committed is not released; its first release is 0.1.0.

    Another first version can be stated. Changed ids are nobody's concern before.
    """
    root = tmp_path / "new"
    assert 0 == cli("init", root).status
    begin(root)
    assert 0 == cli("build", root, "--workers", "1").status
    commit(root, "a new corpus")
    path = root / "corpus/documents/example.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"id":"q1"', '"id":"m0"').replace('"id":"m1"', '"id":"q1"'))
    path.write_text(path.read_text().replace('"id":"m0"', '"id":"m1"'))
    assert "W707" not in cli("validate", root).out
    path.write_text(text, encoding="utf-8")
    options = ("--version", version) if version else ()
    first = version or "0.1.0"
    planned = cli("release", root, *options, "--dry-run")
    assert ["first release", f"would release {first}"] == planned.out.splitlines()
    done = cli("release", root, *options)
    assert f"released {first}: commit" in done.out, done.err
    assert ("", first) == (git(root, "status", "--porcelain"), load(root).version)
    assert git(root, "rev-parse", "HEAD") == git(root, "rev-parse", f"v{first}^{{commit}}")
    assert f"last release {first}, least" in cli("release", root, "--dry-run").out
    git(root, "tag", "-d", f"v{first}")
    assert f"last release {first}, least" in cli("release", root, "--dry-run").out


def _added(root: Path, cli: Callable[..., Result]) -> None:
    document = read_document(root / DOCUMENT)
    path = root / "corpus/documents/copy.json"
    path.write_bytes((root / DOCUMENT).read_bytes().replace(DOC_ID.encode(), b"copy"))
    assert "copy" == read_document(path).id != document.id
    assert 0 == cli("build", root, "--workers", "1").status
    commit(root, "one more document")


@pytest.mark.slow
def test_what_was_added_asks_for_a_minor_version(
    repository: Path, cli: Callable[..., Result]
) -> None:
    """A patch version is refused with the reason, a minor one is made."""
    _added(repository, cli)
    before = _state(repository)
    refused = cli("release", repository, "--version", "0.1.1")
    assert (1, before) == (refused.status, _state(repository))
    assert (
        "version 0.1.1 breaks the rule: after 0.1.0 the least is 0.2.0, "
        "because copy: document copy added" in refused.err
    )
    assert 0 == cli("release", repository, "--version", "0.2.0").status


@pytest.mark.slow
def test_a_reused_id_asks_for_a_major_version(repository: Path, cli: Callable[..., Result]) -> None:
    """From 1.0.0 on, an id that means something else is a major change."""
    assert 0 == cli("release", repository, "--version", "1.0.0").status
    document = load(repository)[DOC_ID]
    used = {a.target for e in document.events for a in e.arguments} | {
        q.measures for q in document.quantities
    }
    unused = [m for m in document.mentions if m.id not in used]
    one = unused[0]
    two = next(m for m in unused if m.text != one.text and m.entity != one.entity)
    text = (repository / DOCUMENT).read_text(encoding="utf-8")
    for old, new in ((one.id, "m0"), (two.id, one.id), ("m0", two.id)):
        text = text.replace(f'"id":"{old}"', f'"id":"{new}"')
    (repository / DOCUMENT).write_text(text, encoding="utf-8")
    assert 0 == cli("build", repository, "--workers", "1").status
    commit(repository, "ids swapped")
    refused = cli("release", repository, "--version", "1.1.0")
    assert "version 1.1.0 breaks the rule: after 1.0.0 the least is 2.0.0, because" in refused.err
    assert "means something else than in version 1.0.0" in refused.err
    assert "released 2.0.0" in cli("release", repository).out


def _make_dirty(root: Path) -> None:
    (root / "notes.txt").write_text("x")


def _make_stale(root: Path) -> None:
    (root / "corpus/parquet/events/train-00000-of-00001.parquet").write_bytes(b"x")
    commit(root, "x")


def _make_invalid(root: Path) -> None:
    (root / DOCUMENT).write_text((root / DOCUMENT).read_text().replace('"POS"', '"MAYBE"', 1))
    commit(root, "x")


def _detach(root: Path) -> None:
    git(root, "switch", "--quiet", "--detach")


REFUSED = {
    "dirty": (
        _make_dirty,
        "1 files are not committed, such as notes.txt: commit or remove them first",
    ),
    "stale": (
        _make_stale,
        "is not what would be built: run `statevisit build` and commit",
    ),
    "invalid": (_make_invalid, "the corpus is not valid: "),
    "detached": (_detach, "HEAD is on no branch"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("change", "message"), list(REFUSED.values()), ids=list(REFUSED))
def test_what_is_not_ready_is_refused(
    repository: Path, cli: Callable[..., Result], change: Callable[[Path], object], message: str
) -> None:
    """A checkout that is not ready is refused with the remedy, and nothing changes.

    It is a dirty tree, a stale build, an invalid document or a detached HEAD.
    """
    change(repository)
    before = _state(repository)
    done = cli("release", repository, "--version", "0.2.0")
    assert (1, before) == (done.status, _state(repository))
    assert message in done.err


def test_outside_git_the_message_says_so(corpus: Path, cli: Callable[..., Result]) -> None:
    """A release is a tag, so it needs git."""
    done = cli("release", corpus)
    assert (1, True) == (done.status, "is not a git checkout with commits" in done.err)


KILL = """
import os, shutil, sys
from pathlib import Path
from statevisit.publishing import plan, transaction
root, place = map(Path, sys.argv[1:])
writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
changes = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "subprocess.Popen")
steps, copying = [], False

def copy(old, new):
    (os.link if "/objects/" in old else shutil.copy2)(old, new)  # git never changes an object

def before(event, arguments):
    global copying
    writes = event == "open" and not isinstance(arguments[0], int) and arguments[2] & writing
    if not copying and (writes or event in changes):
        copying = True
        shutil.copytree(root, place / str(len(steps)), symlinks=True, copy_function=copy)
        steps.append(event)
        copying = False

sys.addaudithook(before)
transaction.make(root, plan.Plan("0.1.0", "0.2.0", "0.2.0", [], []))
copying = True
print(*steps)
"""


class Killed:
    """The states that a release leaves when it is killed before its first, second, ... step.

    A step is a git command, or a file or directory that is made, written, renamed or removed.
    Between two steps the release changes nothing, so a killed process leaves the files that are on
    the disk at that moment: a copy of them is a state.
    """

    def __init__(self, place: Path) -> None:
        """Make one release and keep every state it went through."""
        self.root, self._place = first_release(place / "repository"), place / "states"
        self.refs, self.head = git(self.root, "for-each-ref"), git(self.root, "rev-parse", "HEAD")
        done = subprocess.run(
            [sys.executable, "-c", KILL, str(self.root), str(self._place)],
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            cwd=ROOT,
            env=os.environ | CONFIG,
        )
        assert 0 == done.returncode, done.stderr
        self.steps = done.stdout.split()

    def before(self, step: int) -> Path:
        """Restore the repository before a step, at the same path, which git's worktrees record."""
        shutil.rmtree(self.root)
        shutil.copytree(self._place / str(step), self.root, symlinks=True)
        return self.root


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """A release that was killed before each of its steps."""
    return Killed(tmp_path_factory.mktemp("killed"))


@pytest.mark.slow
def test_a_stopped_release_with_edits_is_not_overwritten(killed: Killed) -> None:
    """Edits to a file of a stopped release are named, and they stay."""
    states = map(killed.before, range(len(killed.steps)))
    root = next(
        r
        for r in states
        if (r / ".git/statevisit-release.json").exists()
        and git(r, "rev-parse", "HEAD") != killed.head
    )
    (root / "CHANGELOG.md").write_text("mine\n")
    with pytest.raises(ReleaseError, match=r"CHANGELOG.md was edited while the release was made"):
        recover(root)
    assert "mine\n" == (root / "CHANGELOG.md").read_text()


@pytest.mark.slow
def test_killed_between_any_two_steps(killed: Killed, cli: Callable[..., Result]) -> None:
    """Killed before any step, a release leaves the last one loadable; the next run mends the rest.

    A step is a git command or a change of a file. The next run finishes the release or undoes it.
    """
    states, one = [], encode(load()[DOC_ID])
    assert {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "subprocess.Popen"} <= set(
        killed.steps
    )
    for step, what in enumerate(killed.steps):
        root = killed.before(step)
        assert (one, one) == (
            encode(load(root, version="0.1.0")[DOC_ID]),
            encode(load(root)[DOC_ID]),
        ), "the last release stays loadable"
        state = recover(root)
        refs, status, worktrees = _state(root)
        assert ("", 1) == (status, len(worktrees.splitlines())), (
            f"killed before step {step}, {what}"
        )
        assert not list((root / ".git").glob("*statevisit-release*")), (
            f"killed before step {step}, {what}"
        )
        version = load(root).version
        if version == "0.1.0":
            assert killed.refs == refs
            if state not in states:
                assert 0 == cli("release", root, "--version", "0.2.0").status, (
                    "undone, it can be made again"
                )
        else:
            assert git(root, "rev-parse", "HEAD") == git(root, "rev-parse", "v0.2.0^{commit}")
            assert "0.2.0" == version
        states.append(state)
    assert {None, "undone", "finished", "over"} == set(states)
    assert 0 == cli("build", root, "--check").status


SCHEMAS = [
    ({"properties": {"a": {}}}, {"properties": {"a": {}, "b": {}}}, "1.1.0"),
    ({"properties": {"a": {}, "b": {}}}, {"properties": {"a": {}}}, "2.0.0"),
    ({"required": ["a"]}, {"required": ["a", "b"]}, "2.0.0"),
    ({"enum": ["A"]}, {"enum": ["A", "B"]}, "1.1.0"),
    ({"enum": ["A", "B"]}, {"enum": ["A"]}, "2.0.0"),
    ({"type": "string"}, {"type": "string", "enum": ["A"]}, "2.0.0"),
    ({"type": "string", "description": "x"}, {"type": "string", "description": "y"}, "1.0.1"),
    (
        {"properties": {"title": {"type": "string"}}},
        {"properties": {"title": {"type": "integer"}}},
        "2.0.0",
    ),
    ({"minimum": 0}, {"minimum": 1}, "2.0.0"),
]


@pytest.mark.parametrize(("old", "new", "version"), SCHEMAS)
def test_the_rule_for_schemas(old: dict, new: dict, version: str) -> None:
    """Additions are minor, stricter or different rules are major, other words are corrections."""
    assert version == version_rule.least("1.0.0", version_rule.schema_reasons(old, new, "x"))


def test_the_rule_below_one() -> None:
    """Before 1.0.0 a break is minor."""
    assert "0.2.0" == version_rule.least("0.1.3", [version_rule.Reason(version_rule.MAJOR, "x")])
    assert "0.1.4" == version_rule.least("0.1.3", [])


def test_only_records_that_differ_are_changes(corpus: Path, document_file: Path) -> None:
    """The diff behind a release is of records: other bytes for the same records are no change."""
    value = orjson.loads(document_file.read_bytes())
    document_file.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2))
    assert (ROOT / DOCUMENT).read_bytes() != document_file.read_bytes()
    assert [] == list(diff_corpora(load(ROOT), load(corpus)))
    assert value["events"][0]["polarity"] == "POS"
    value["events"][0]["polarity"] = "NEG"
    document_file.write_bytes(orjson.dumps(value))
    changes = list(diff_corpora(load(ROOT), load(corpus)))
    assert [("changed", "events", {"polarity": ("POS", "NEG")})] == [
        (c.kind, c.layer, c.properties()) for c in changes
    ]
