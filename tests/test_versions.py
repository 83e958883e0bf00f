"""Releases by version: `load(version=...)` and `statevisit diff`, from git and from the Hub."""

import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import statevisit
from statevisit import FormatError, MissingExtra, ReleaseError, encode, load
from tests.conftest import DOC_ID, ROOT, Result
from tests.hub_stand_in import Failure, Hub
from tests.repositories import begin, commit, git

DOCUMENT = f"corpus/documents/{DOC_ID}.json"
OLD, NEW = '"polarity":"POS"', '"polarity":"NEG"'


def _state(root: Path, version: str, text: str) -> None:
    """Commit a version of the one document."""
    (root / DOCUMENT).write_text(text, encoding="utf-8")
    manifest = json.loads((ROOT / "corpus/release.json").read_text(encoding="utf-8"))
    (root / "corpus/release.json").write_text(
        json.dumps(manifest | {"version": version}), encoding="utf-8"
    )
    commit(root, version)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A checkout with an untagged 0.1.0 and a tagged 0.2.0, each followed by a correction."""
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


@pytest.mark.parametrize(
    ("version", "negated"), [("0.1.0", 0), ("v0.1.0", 0), ("0.2.0", 2), (None, 3)]
)
def test_a_version_is_what_was_released(
    repository: Path, version: str | None, negated: int
) -> None:
    """A version is its tag's commit, or the first commit that stated it.

    Corrections after the release do not count; without `version` they do.
    """
    assert negated == _negated(load(repository, version=version))


def test_the_release_at_hand_is_read_where_it_lies(repository: Path) -> None:
    """A release at hand is read in place; without git, `release.json` is believed."""
    git(repository, "switch", "--quiet", "--detach", "v0.2.0")
    assert repository == load(repository, version="0.2.0").path
    shutil.rmtree(repository / ".git")
    corpus = load(repository, version="0.2.0")
    assert (repository, 2) == (corpus.path, _negated(corpus))


def test_the_files_of_an_old_version_go_with_it(repository: Path) -> None:
    """Files taken out of the history exist for as long as the corpus object does."""
    corpus = load(repository, version="0.1.0")
    place = corpus.path
    assert (True, True) == (place.is_dir(), place != repository)
    del corpus
    assert not place.exists()


@pytest.mark.parametrize(
    ("git", "also"), [(True, "`git fetch --tags --unshallow`, or "), (False, "")]
)
def test_a_version_that_is_not_here(repository: Path, git: bool, also: str) -> None:
    """The message names the versions that are here and where the other one would come from."""
    if not git:
        shutil.rmtree(repository / ".git")
    with pytest.raises(ReleaseError) as caught:
        load(repository, version="3.0.0")
    versions = "0.1.0, 0.2.0" if git else "0.2.0"
    assert (
        f"{repository}: no version 3.0.0 here, only {versions}: {also}if it is published on the "
        "Hugging Face Hub, load(version='3.0.0', repo='OWNER/NAME')" == str(caught.value)
    )


def test_what_is_no_version_is_said() -> None:
    """A branch or a half version is no version."""
    with pytest.raises(ReleaseError, match=r"'1\.0' is not a version; a version is three numbers"):
        load(version="1.0")


def test_a_tag_of_another_project_is_not_ours(tmp_path: Path) -> None:
    """Inside another project, the package does not take that project's tags for versions."""
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
    pairs = {
        "sentences": [[s["start"], s["end"], s["paragraph"]] for s in new["sentences"]],
        "tokens": [[t["start"], t["end"]] for t in new["tokens"]],
    }
    kept = {
        k: [] if isinstance(v, list) and v and isinstance(v[0], dict) else v
        for k, v in new.items()
        if k not in ("date", "layers", *pairs)
    }
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
    assert (2, now.date, [(t.start, t.end) for t in now.tokens]) == (
        document.schema_version,
        document.date,
        [(t.start, t.end) for t in document.tokens],
    )


@pytest.mark.parametrize(
    "names", [("v0.1.0", "v0.2.0"), ("0.1.0", "v0.2.0^{commit}"), ("v0.1.0", "HEAD~1")]
)
def test_diff_of_two_versions(
    repository: Path,
    cli: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
    names: tuple[str, str],
) -> None:
    """Changes between two releases come as text, JSON and HTML.

    A release is named by version, tag or revision.
    """
    monkeypatch.chdir(repository)
    text = cli("diff", *names)
    assert (0, "", 2) == (text.status, text.err, text.out.count("polarity: POS → NEG"))
    changes = json.loads(cli("diff", *names, "--format", "json").out)
    assert [("changed", "events", "POS", "NEG")] * 2 == [
        (c["kind"], c["layer"], c["old"]["polarity"], c["new"]["polarity"]) for c in changes
    ]
    page = cli("diff", *names, "--format", "html").out
    assert "records by id: 0 added, 0 removed, 2 changed" in page
    assert "<h1>2 differences</h1>" in page


def test_diff_against_what_is_at_hand(
    repository: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version and a path go together, and a path that exists wins over a version of that name."""
    monkeypatch.chdir(repository)
    assert 1 == cli("diff", "v0.2.0", ".").out.count("POS → NEG")
    shutil.copytree(repository / "corpus/documents", repository / "v0.1.0")
    assert 0 == cli("diff", "v0.1.0", ".", "--exit-code").status


def test_diff_of_a_version_that_nobody_knows(
    repository: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One line lists the known versions; outside a corpus it is one of the shipped corpus."""
    monkeypatch.chdir(repository)
    done = cli("diff", "v0.1.0", "v0.3.0")
    assert (1, 1) == (done.status, len(done.err.splitlines()))
    assert "v0.3.0: not a file, directory, version or revision; versions: 0.1.0, 0.2.0" in done.err
    monkeypatch.chdir(tmp_path)
    meant, problem = cli("diff", "v9.1.0", "v9.2.0").err.splitlines()
    assert "this is the one that statevisit ships" in meant
    assert "v9.1.0: not a file, directory, version or revision" in problem
    assert "hold no corpus/documents/" in cli("diff", "HEAD", "v9.2").err


REPO = "someone/visits"


@pytest.fixture
def published(hub: Hub, tmp_path: Path, cli: Callable[..., Result]) -> str:
    """The version of the shipped corpus, published in REPO."""
    for name in ("corpus", "seeds", "schema"):
        shutil.copytree(ROOT / name, tmp_path / "released" / name)
    shutil.copy(ROOT / "README.md", tmp_path / "released")
    done = cli("publish", tmp_path / "released", "--repo", REPO)
    assert 0 == done.status, done.err
    hub.requests.clear()
    return load().version or ""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A corpus root without history that is of version 9.0.0."""
    root = tmp_path / "elsewhere"
    shutil.copytree(ROOT / "corpus", root / "corpus")
    manifest = json.loads((root / "corpus/release.json").read_text(encoding="utf-8"))
    (root / "corpus/release.json").write_text(
        json.dumps(manifest | {"version": "9.0.0"}), encoding="utf-8"
    )
    (root / DOCUMENT).write_text(
        (root / DOCUMENT).read_text(encoding="utf-8").replace(OLD, NEW, 1), encoding="utf-8"
    )
    return root


def test_a_version_comes_from_the_hub(hub: Hub, published: str, elsewhere: Path) -> None:
    """The fetched release has the same bytes, without Parquet or pictures; it is fetched once."""
    corpus = load(elsewhere, version=f"v{published}", repo=REPO)
    assert (published, (ROOT / DOCUMENT).read_bytes()) == (corpus.version, encode(corpus[DOC_ID]))
    assert (ROOT / DOCUMENT).read_bytes() == corpus.entries[0].path.read_bytes()
    assert corpus.path.name == hub.repos[REPO]["tags"][f"v{published}"]
    fetched = {str(p.relative_to(corpus.path)) for p in corpus.path.rglob("*") if p.is_file()}
    assert {DOCUMENT, "corpus/release.json", "schema/document.schema.json"} <= fetched
    assert [] == [n for n in fetched if n.endswith((".parquet", ".png", ".svg"))]
    hub.close()
    assert encode(corpus[DOC_ID]) == encode(load(elsewhere, version=published, repo=REPO)[DOC_ID])


def test_the_repository_can_stand_in_the_settings(
    hub: Hub,
    published: str,
    elsewhere: Path,
    cli: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`repo` in [tool.statevisit] serves `load`, either side of `diff`, and `publish`.

    For a version at hand the Hub is not asked.
    """
    (elsewhere / "pyproject.toml").write_text(
        f'[tool.statevisit]\nrepo = "{REPO}"\nselect = ["E"]\n'
    )
    assert (1, []) == (_negated(load(elsewhere, version="9.0.0")), hub.requests)
    assert 0 == _negated(load(elsewhere, version=published))
    monkeypatch.chdir(elsewhere)
    done = cli("diff", f"v{published}", ".")
    assert (0, "", 1) == (done.status, done.err, done.out.count("polarity: POS → NEG"))
    done = cli("publish", "--dry-run")
    assert f"would publish 2 files as version 9.0.0 of {REPO}" not in done.out
    # The repository is known, and the document was changed by hand.
    assert "is not what corpus/release.json says" in done.err
    (elsewhere / "pyproject.toml").unlink()
    done = cli("publish", "--dry-run")
    assert (2, True) == (
        done.status,
        "name the dataset repository: --repo OWNER/NAME, or `repo` in [tool.statevisit]"
        in done.err,
    )


def test_the_history_comes_before_the_hub(hub: Hub, published: str, repository: Path) -> None:
    """Nothing is asked for what the checkout knows."""
    assert (0, []) == (_negated(load(repository, version="0.1.0", repo=REPO)), hub.requests)
    assert published == load(repository, version=published, repo=REPO).version


def _refused(root: Path, version: str, repo: str = REPO) -> str:
    with pytest.raises(ReleaseError) as caught:
        load(root, version=version, repo=repo)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "the connection broke"),
        (401, "no such dataset repository, or this token may not see it"),
        (403, "this token has no read access"),
        (404, "no such dataset repository, or this token may not see it"),
        (429, "wait a few minutes"),
        (503, "the Hub has a problem: run the command again later"),
    ],
)
def test_a_hub_that_fails(
    hub: Hub, published: str, elsewhere: Path, status: int, words: str
) -> None:
    """Whatever goes wrong is one line that says what to do; afterwards it works."""
    hub.failure = Failure("GET|HEAD", "", status)
    message = _refused(elsewhere, published)
    assert message.startswith(f"{REPO}: version {published} was not fetched"), message
    assert words in message
    hub.failure = None
    assert published == load(elsewhere, version=published, repo=REPO).version


def test_what_the_hub_does_not_have(hub: Hub, published: str, elsewhere: Path) -> None:
    """The error for a missing version lists the versions; a missing repository is named."""
    assert f"{REPO}: has no version 7.0.0, only {published}" == _refused(elsewhere, "7.0.0")
    message = _refused(elsewhere, "7.0.0", "someone/else")
    assert "someone/else: version 7.0.0 was not fetched" in message
    assert "no such dataset repository" in message
    assert "not a valid repository name" in _refused(elsewhere, "7.0.0", "a/b/c")
    with pytest.raises(ReleaseError, match="name a version, such as"):
        load(elsewhere, repo=REPO)


@pytest.mark.slow
def test_what_is_there_is_held_against_its_manifest(
    hub: Hub, published: str, elsewhere: Path
) -> None:
    """A tag on anything but its release is refused.

    That is another or a missing file, another version or another data set.
    """
    repo = hub.repos[REPO]
    tree = repo["commits"][repo["main"]]
    changed = {DOCUMENT: tree[DOCUMENT].replace(OLD.encode(), NEW.encode(), 1)}
    for files, words in (
        (
            {**tree, **changed},
            "is not the file that version 2.0.0 was released with (its SHA-256 differs)",
        ),
        ({n: d for n, d in tree.items() if n != DOCUMENT}, f"{DOCUMENT} is missing"),
        (
            {**tree, "corpus/documents/other.json": b"{}"},
            "corpus/documents/other.json is not part of it",
        ),
        ({"README.md": b"mine"}, "no corpus/release.json of this version"),
    ):
        manifest = json.loads(tree["corpus/release.json"]) | {"version": "2.0.0"}
        if len(files) > 1:
            files = {**files, "corpus/release.json": json.dumps(manifest).encode()}
        repo["tags"]["v2.0.0"] = hub.commit(REPO, files)
        assert words in _refused(elsewhere, "2.0.0")
    repo["tags"]["v2.0.0"] = repo["tags"][f"v{published}"]
    assert "no corpus/release.json of this version" in _refused(elsewhere, "2.0.0")


# Tables of a version

EVENTS = "corpus/parquet/events/train-00000-of-00001.parquet"


def _release_tables(root: Path, version: str, events: int) -> None:
    """Write a release with the first `events` events in Parquet, and the manifest that lists it."""
    pq.write_table(pq.read_table(ROOT / EVENTS).slice(0, events), root / EVENTS)
    path = root / "corpus/release.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) | {"version": version}
    for file in manifest["files"]:
        if file["path"] == EVENTS:
            file["sha256"] = hashlib.sha256((root / EVENTS).read_bytes()).hexdigest()
    path.write_text(json.dumps(manifest), encoding="utf-8")


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A checkout of 0.1.0 with 10 events (untagged), 0.2.0 with 20, and 30 built since then."""
    root = tmp_path / "tables"
    shutil.copytree(ROOT / "corpus", root / "corpus")
    begin(root)
    _release_tables(root, "0.1.0", 10)
    commit(root, "0.1.0")
    _release_tables(root, "0.2.0", 20)
    commit(root, "0.2.0")
    git(root, "tag", "v0.2.0")
    _release_tables(root, "0.2.0", 30)
    commit(root, "correction")
    return root


def _loaded(root: Path, cache: Path, **options: str) -> tuple[int, str]:
    """The number of events and the version that the dataset states."""
    loaded = statevisit.load_dataset("events", root, split="train", cache_dir=str(cache), **options)
    return loaded.num_rows, str(loaded.info.version)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"version": "0.1.0"}, (10, "0.1.0")),
        ({"version": "v0.2.0"}, (20, "0.2.0")),
        ({"revision": "v0.1.0"}, (10, "0.1.0")),
        ({"revision": "v0.2.0"}, (20, "0.2.0")),
        ({"revision": "HEAD~2"}, (10, "0.1.0")),
        ({"revision": "main"}, (30, "0.0.0")),
        ({}, (30, "0.0.0")),
    ],
)
def test_tables_of_a_version(
    tables: Path, tmp_path: Path, asked: dict[str, str], expected: tuple[int, str]
) -> None:
    """`load_dataset` gives the tables that were released, and states only what they are.

    Tables that were built after a release have no version, 0.0.0.
    """
    assert expected == _loaded(tables, tmp_path / "cache", **asked)


def test_tables_of_a_version_stream(tables: Path, tmp_path: Path) -> None:
    """A stream of an earlier version can be read more than once, after other versions too."""
    stream = statevisit.load_dataset(
        "events", tables, split="train", streaming=True, version="0.1.0", cache_dir=str(tmp_path)
    )
    assert (20, "0.2.0") == _loaded(tables, tmp_path, version="0.2.0")
    assert (10, 10) == (len(list(stream)), len(list(stream)))


def test_tables_that_are_not_committed(tables: Path, tmp_path: Path) -> None:
    """Tables changed in the work tree are loaded without a version; a version is still itself."""
    git(tables, "switch", "--quiet", "--detach", "v0.2.0")
    assert (20, "0.2.0") == _loaded(tables, tmp_path / "cache")
    pq.write_table(pq.read_table(ROOT / EVENTS).slice(0, 5), tables / EVENTS)
    assert (5, "0.0.0") == _loaded(tables, tmp_path / "cache")
    assert (20, "0.2.0") == _loaded(tables, tmp_path / "cache", version="0.2.0")


def test_tables_without_a_history(tables: Path, tmp_path: Path) -> None:
    """Without git, as in a wheel, tables are of the stated version if the manifest lists them."""
    shutil.rmtree(tables / ".git")
    assert (30, "0.2.0") == _loaded(tables, tmp_path / "cache", version="0.2.0")
    assert (30, "0.2.0") == _loaded(tables, tmp_path / "cache")
    with pytest.raises(ReleaseError, match=r"no version 0\.1\.0 here, only 0\.2\.0.*load_dataset"):
        _loaded(tables, tmp_path / "cache", version="0.1.0")
    with pytest.raises(ReleaseError, match="no revision 'main' here"):
        _loaded(tables, tmp_path / "cache", revision="main")
    pq.write_table(pq.read_table(ROOT / EVENTS).slice(0, 5), tables / EVENTS)
    with pytest.raises(ReleaseError, match=f"{EVENTS} is not the file that .* lists"):
        _loaded(tables, tmp_path / "cache", version="0.2.0")
    assert (5, "0.0.0") == _loaded(tables, tmp_path / "cache")


def test_tables_that_nobody_has(tables: Path, tmp_path: Path) -> None:
    """An unknown config, version or revision, and two names at once, are errors that name them."""
    with pytest.raises(FormatError, match="no config 'evnts' at"):
        statevisit.load_dataset("evnts", tables, version="0.1.0", cache_dir=str(tmp_path))
    with pytest.raises(ReleaseError, match=r"'1\.0' is not a version"):
        _loaded(tables, tmp_path, version="1.0")
    with pytest.raises(ReleaseError, match="no revision '--all' here"):
        _loaded(tables, tmp_path, revision="--all")
    with pytest.raises(ReleaseError, match="a version or a revision, not both"):
        _loaded(tables, tmp_path, version="0.1.0", revision="v0.1.0")
    with pytest.raises(ReleaseError, match="name a version, such as"):
        _loaded(tables, tmp_path, repo=REPO)


def test_a_pointer_of_git_lfs_is_not_a_table(tables: Path, tmp_path: Path) -> None:
    """A release whose tables git does not hold is an error that says how to fetch them."""
    (tables / EVENTS).write_text("version https://git-lfs.github.com/spec/v1\n")
    commit(tables, "pointers")
    with pytest.raises(ReleaseError, match="git lfs fetch"):
        _loaded(tables, tmp_path, revision="HEAD")


@pytest.mark.slow
def test_tables_come_from_the_hub(
    hub: Hub, published: str, elsewhere: Path, tmp_path: Path
) -> None:
    """The tables of a published version are fetched without the documents, and checked."""
    expected = pq.read_table(ROOT / EVENTS).num_rows, published
    for asked in ({"version": published}, {"revision": f"v{published}"}):
        assert expected == _loaded(elsewhere, tmp_path / "cache", repo=REPO, **asked)
    assert not [request for request in hub.requests if DOCUMENT in request]
    # The same place in the cache holds the documents afterwards.
    assert (ROOT / DOCUMENT).read_bytes() == encode(
        load(elsewhere, version=published, repo=REPO)[DOC_ID]
    )
    assert expected == _loaded(elsewhere, tmp_path / "cache", repo=REPO, version=published)
    with pytest.raises(ReleaseError, match=r"has no version 7\.0\.0, only"):
        _loaded(elsewhere, tmp_path / "cache", repo=REPO, version="7.0.0")
    repo = hub.repos[REPO]
    tree = dict(repo["commits"][repo["main"]])
    manifest = json.loads(tree["corpus/release.json"]) | {"version": "2.0.0"}
    tree["corpus/release.json"] = json.dumps(manifest).encode()
    tree[EVENTS] = tree["corpus/parquet/timexes/train-00000-of-00001.parquet"]
    repo["tags"]["v2.0.0"] = hub.commit(REPO, tree)
    with pytest.raises(ReleaseError, match=r"is not the file that version 2\.0\.0 was released"):
        _loaded(elsewhere, tmp_path / "cache", repo=REPO, version="2.0.0")


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        "../victim.txt",
        "corpus/../../victim.txt",
        "/etc/hostname",
        "corpus//documents/x.json",
        "./x.json",
        "..\\victim.txt",
        "C:/victim.txt",
        "C:victim.txt",
        "x\0.json",
        "x\n.json",
        "\x1b[31mx",
        "x" * 300,
        "/".join(["xxxx"] * 400),
        "",
        7,
        None,
        ["x"],
    ],
    ids=lambda path: repr(path)[:20],
)
def test_a_manifest_with_a_hostile_path(
    hub: Hub, published: str, elsewhere: Path, tmp_path: Path, path: object
) -> None:
    """It is refused in one line before a file of that path is looked at."""
    (tmp_path / "victim.txt").write_text("mine")
    before = _tree(tmp_path)
    message = _hostile(hub, elsewhere, {"path": path, "size": 4, "sha256": "0" * 64})
    assert "delete it" not in message
    after = {name for name in _tree(tmp_path) - before if not name.startswith("hub-cache")}
    assert set() == after


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"size": -1},
        {"size": 10**30},
        {"size": 2**60},
        {"size": "4"},
        {"size": 4.5},
        {"size": None},
        {"sha256": "../x"},
        {"sha256": "G" * 64},
        {"sha256": "0" * 63},
        {"sha256": 0},
        {"sha256": None},
    ],
    ids=repr,
)
def test_a_manifest_with_a_hostile_size_or_hash(
    hub: Hub, published: str, elsewhere: Path, changes: dict[str, object]
) -> None:
    """It is refused in one line, as no manifest."""
    right = {"path": "seeds/x.txt", "size": 4, "sha256": "0" * 64}
    assert "is not a manifest" in _hostile(hub, elsewhere, right | changes)


@pytest.mark.slow
def test_a_manifest_that_lists_a_file_twice_or_with_another_size(
    hub: Hub, published: str, elsewhere: Path
) -> None:
    """Both are refused, although the digest is right."""
    repo = hub.repos[REPO]
    tree = repo["commits"][repo["main"]]
    listed = json.loads(tree["corpus/release.json"])["files"]
    (document,) = [file for file in listed if file["path"] == DOCUMENT]
    assert "is not the path of one file" in _hostile(hub, elsewhere, document)
    manifest = json.loads(tree["corpus/release.json"]) | {"version": "2.0.0"}
    for file in manifest["files"]:
        file["size"] += file["path"] == DOCUMENT
    _tag(hub, manifest)
    assert "(its size differs)" in _refused(elsewhere, "2.0.0")


@pytest.mark.slow
@pytest.mark.parametrize(
    "data", [b"[" * 100_000, b"\xff", b"[]", b"7", b'{"version":"2.0.0","files":7}', b""], ids=repr
)
def test_a_manifest_that_is_none(hub: Hub, published: str, elsewhere: Path, data: bytes) -> None:
    """It is refused in one line that names the repository."""
    repo = hub.repos[REPO]
    tree = repo["commits"][repo["main"]]
    repo["tags"]["v2.0.0"] = hub.commit(REPO, {**tree, "corpus/release.json": data})
    assert _refused(elsewhere, "2.0.0").startswith(f"{REPO}: ")


@pytest.mark.slow
@pytest.mark.parametrize("path", ["../../victim.txt", "/tmp/victim-of-the-hub", "corpus/../../x"])
def test_a_repository_with_a_hostile_path(
    hub: Hub, published: str, elsewhere: Path, tmp_path: Path, path: str
) -> None:
    """A file that the Hub itself lists outside of the repository is not written there."""
    before = _tree(tmp_path)
    repo = hub.repos[REPO]
    tree = repo["commits"][repo["main"]]
    repo["tags"]["v2.0.0"] = hub.commit(REPO, {**tree, path: b"mine"})
    assert _refused(elsewhere, "2.0.0").startswith(f"{REPO}: ")
    assert not Path("/tmp/victim-of-the-hub").exists()
    after = {name for name in _tree(tmp_path) - before if not name.startswith("hub-cache")}
    assert set() == after


def _tree(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}


def _tag(hub: Hub, manifest: dict[str, Any]) -> None:
    """Publish a manifest as that of version 2.0.0, beside the files of the last version."""
    repo = hub.repos[REPO]
    tree = repo["commits"][repo["main"]]
    files = {**tree, "corpus/release.json": json.dumps(manifest).encode()}
    repo["tags"]["v2.0.0"] = hub.commit(REPO, files)


def _hostile(hub: Hub, root: Path, file: dict[str, Any]) -> str:
    """The error for a version whose manifest lists one file more."""
    repo = hub.repos[REPO]
    manifest = json.loads(repo["commits"][repo["main"]]["corpus/release.json"])
    _tag(hub, manifest | {"version": "2.0.0", "files": [*manifest["files"], file]})
    message = _refused(root, "2.0.0")
    assert message.startswith(f"{REPO}: ")
    assert len(message) < 400
    assert message.isprintable()
    return message


def test_without_huggingface_hub(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the extra."""
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(
        MissingExtra, match=r"needs huggingface_hub: pip install 'statevisit\[hub\]'"
    ):
        load(elsewhere, version="1.0.0", repo=REPO)
