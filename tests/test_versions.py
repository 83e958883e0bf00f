"""Earlier releases by their version: `load(version=...)` and `statevisit diff v0.1.0 v0.2.0` in repositories made for it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import statevisit
from statevisit import ReleaseError, encode, load
from tests.conftest import DOC_ID, ROOT, Result
from tests.repositories import begin, commit, git

DOCUMENT = f"corpus/documents/{DOC_ID}.json"
OLD, NEW = '"polarity":"POS"', '"polarity":"NEG"'


def _state(root: Path, version: str, text: str) -> None:
    """Commit a version of the one document."""
    (root / DOCUMENT).write_text(text, encoding="utf-8")
    manifest = json.loads((ROOT / "corpus/release.json").read_text(encoding="utf-8"))
    (root / "corpus/release.json").write_text(json.dumps(manifest | {"version": version}), encoding="utf-8")
    commit(root, version)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A checkout with a first version without tag, a correction after it, the tagged 0.2.0, and 0.2.0 corrected but not released."""
    root = tmp_path / "repository"
    for name in ("corpus/documents", "seeds"):
        shutil.copytree(ROOT / name, root / name)
    begin(root)
    text = (ROOT / DOCUMENT).read_text(encoding="utf-8")
    _state(root, "0.1.0", text)
    _state(root, "0.1.0", text.replace(OLD, NEW, 1))
    _state(root, "0.2.0", text.replace(OLD, NEW, 2))
    git(root, "tag", "v0.2.0")
    _state(root, "0.2.0", text.replace(OLD, NEW, 3))
    return root


def _negated(corpus: statevisit.Corpus) -> int:
    text = (ROOT / DOCUMENT).read_text(encoding="utf-8")
    return encode(corpus[DOC_ID]).decode().count(NEW) - text.count(NEW)


@pytest.mark.parametrize(("version", "negated"), [("0.1.0", 0), ("v0.1.0", 0), ("0.2.0", 2), (None, 3)])
def test_a_version_is_what_was_released(repository: Path, version: str | None, negated: int) -> None:
    """By tag, or by the first commit that stated the version; corrections after the release do not count, and need no `version`."""
    assert negated == _negated(load(repository, version=version))


def test_the_release_at_hand_is_read_where_it_lies(repository: Path) -> None:
    """Where the documents are those of the release nothing is copied; without git `release.json` is believed."""
    git(repository, "switch", "--quiet", "--detach", "v0.2.0")
    assert repository == load(repository, version="0.2.0").path
    shutil.rmtree(repository / ".git")
    assert (repository, 2) == ((found := load(repository, version="0.2.0")).path, _negated(found))


def test_the_files_of_an_old_version_go_with_it(repository: Path) -> None:
    """What was taken out of the history is there for as long as the corpus is."""
    corpus = load(repository, version="0.1.0")
    place = corpus.path
    assert (True, True) == (place.is_dir(), place != repository)
    del corpus
    assert not place.exists()


@pytest.mark.parametrize(("git", "also"), [(True, "git fetch --tags --unshallow, or "), (False, "")])
def test_a_version_that_is_not_here(repository: Path, git: bool, also: str) -> None:
    """The message names the versions that are here and where the other one would come from."""
    if not git:
        shutil.rmtree(repository / ".git")
    with pytest.raises(ReleaseError) as caught:
        load(repository, version="3.0.0")
    there = "0.1.0, 0.2.0" if git else "0.2.0"
    assert f"{repository}: no version 3.0.0 here, only {there}: {also}where it is published, datasets.load_dataset('OWNER/NAME', revision='v3.0.0')" == str(caught.value)


def test_what_is_no_version_is_said() -> None:
    """A branch or a half version is no version."""
    with pytest.raises(ReleaseError, match=r"'1\.0' is no version: three numbers are"):
        load(version="1.0")


def test_a_tag_of_another_project_is_not_ours(tmp_path: Path) -> None:
    """The package installed inside somebody's checkout does not take their tag v9.0.0 for a version of the corpus."""
    begin(tmp_path)
    (tmp_path / "theirs.txt").write_text("x")
    commit(tmp_path, "theirs")
    git(tmp_path, "tag", "v9.0.0")
    root = tmp_path / "venv"
    shutil.copytree(ROOT / "corpus", root / "corpus")
    with pytest.raises(ReleaseError, match=r"no version 9\.0\.0 here"):
        load(root, version="9.0.0")
    here = load(root).version
    assert root == load(root, version=here).path


def _draft(text: str) -> str:
    """The document as schema version 0 wrote it, cut down to sentences and tokens."""
    new = json.loads(text)
    pairs = {"sentences": [[s["start"], s["end"], s["paragraph"]] for s in new["sentences"]], "tokens": [[t["start"], t["end"]] for t in new["tokens"]]}
    kept = {k: [] if isinstance(v, list) and v and isinstance(v[0], dict) else v for k, v in new.items() if k not in ("date", *pairs)}
    return json.dumps({**kept, "schema_version": 0, "doctime": new["date"], **pairs})


def test_a_version_of_an_older_schema_is_read(repository: Path) -> None:
    """Documents of an older schema come through the migrations, as those of a file do."""
    text = (repository / DOCUMENT).read_text(encoding="utf-8")
    git(repository, "switch", "--quiet", "--orphan", "older")
    (repository / DOCUMENT).parent.mkdir(parents=True, exist_ok=True)
    _state(repository, "0.0.1", _draft(text))
    _state(repository, "0.0.2", text)
    document = load(repository, version="0.0.1")[DOC_ID]
    now = load(repository)[DOC_ID]
    assert (1, now.date, [(t.start, t.end) for t in now.tokens]) == (document.schema_version, document.date, [(t.start, t.end) for t in document.tokens])


@pytest.mark.parametrize("names", [("v0.1.0", "v0.2.0"), ("0.1.0", "v0.2.0^{commit}"), ("v0.1.0", "HEAD~1")])
def test_diff_of_two_versions(repository: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]) -> None:
    """Text, JSON and HTML of what changed between two releases; a version, tag and revision are each understood."""
    monkeypatch.chdir(repository)
    text = cli("diff", *names)
    assert (0, "", 2) == (text.status, text.err, text.out.count("polarity: POS → NEG"))
    changes = json.loads(cli("diff", *names, "--format", "json").out)
    assert [("changed", "events", "POS", "NEG")] * 2 == [(c["kind"], c["layer"], c["old"]["polarity"], c["new"]["polarity"]) for c in changes]
    assert "<h1>0 added, 0 removed, 2 changed</h1>" in cli("diff", *names, "--format", "html").out


def test_diff_against_what_is_at_hand(repository: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    """A version and a path go together, and a path that exists wins over a version of that name."""
    monkeypatch.chdir(repository)
    assert 1 == cli("diff", "v0.2.0", ".").out.count("POS → NEG")
    shutil.copytree(repository / "corpus/documents", repository / "v0.1.0")
    assert 0 == cli("diff", "v0.1.0", ".", "--exit-code").status


def test_diff_of_a_version_that_nobody_knows(repository: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One line that lists the versions there are; outside a corpus it says where versions are looked for."""
    monkeypatch.chdir(repository)
    done = cli("diff", "v0.1.0", "v0.3.0")
    assert (1, 1) == (done.status, len(done.err.splitlines()))
    assert "v0.3.0: no such file or directory, and no version or revision that is known here; versions: 0.1.0, 0.2.0" in done.err
    monkeypatch.chdir(tmp_path)
    assert "a version is looked for in the checkout of the current directory" in cli("diff", "v0.1.0", "v0.2.0").err
