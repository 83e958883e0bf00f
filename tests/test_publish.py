"""`statevisit publish` against a local stand-in of the Hub, read back with the real `datasets`."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from statevisit.tables import CONFIGS
from tests.conftest import ROOT, Result
from tests.hub_stand_in import Failure, Hub

REPO = "someone/visits"
VERSION = orjson.loads((ROOT / "corpus/release.json").read_bytes())["version"]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The stand-in, empty; no request of the tests goes anywhere else, and nobody waits between two attempts."""
    from huggingface_hub import constants
    from huggingface_hub.utils import _http

    found = Hub()
    monkeypatch.setenv("HF_ENDPOINT", found.url)
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    monkeypatch.setattr(constants, "ENDPOINT", found.url)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(_http.time, "sleep", lambda _: None)
    yield found
    found.close()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What is committed, to change."""
    for name in ("corpus", "seeds", "schema"):
        shutil.copytree(ROOT / name, tmp_path / "checkout" / name)
    for name in ("README.md", "CITATION.cff", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path / "checkout")
    return tmp_path / "checkout"


def _publish(cli: Callable[..., Result], root: Path, *options: str) -> Result:
    return cli("publish", root, "--repo", REPO, *options)


def test_a_version_is_one_commit_and_its_tag(hub: Hub, checkout: Path, cli: Callable[..., Result]) -> None:
    """Every file is there with the bytes it has here, in one commit after the Hub's own, and the tag is on that commit."""
    done = _publish(cli, checkout)
    assert (0, f"version {VERSION} of {REPO}: published\n") == (done.status, done.out), done.err
    repo = hub.repos[REPO]
    assert (2, {f"v{VERSION}": repo["main"]}) == (len(repo["commits"]), repo["tags"])
    tree = repo["commits"][repo["main"]]
    here = {str(p.relative_to(checkout)): p.read_bytes() for p in checkout.rglob("*") if p.is_file()}
    assert here == {n: d for n, d in tree.items() if n != ".gitattributes"}


def test_what_is_published_is_read_back(hub: Hub, checkout: Path, cli: Callable[..., Result], tmp_path: Path) -> None:
    """The real `datasets.load_dataset(repo, config, revision="v...")` gives every config as it is here."""
    assert 0 == _publish(cli, checkout).status
    script = """
import sys, datasets, orjson
datasets.disable_progress_bars()
repo, version, *configs = sys.argv[1:]
print(orjson.dumps({c: datasets.load_dataset(repo, c, split="train", revision=f"v{version}").to_list() for c in configs}, default=str).decode())
"""
    env = os.environ | {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    done = subprocess.run([sys.executable, "-c", script, REPO, VERSION, *CONFIGS], capture_output=True, encoding="utf-8", timeout=120, env=env, cwd=tmp_path)
    assert 0 == done.returncode, done.stderr
    import datasets

    here = {c: datasets.load_dataset(str(checkout), c, split="train", cache_dir=str(tmp_path / "cache")).to_list() for c in CONFIGS}
    assert orjson.loads(orjson.dumps(here, default=str)) == orjson.loads(done.stdout)


def test_publishing_twice_does_nothing(hub: Hub, checkout: Path, cli: Callable[..., Result]) -> None:
    """The second time the version is there already, and nothing is sent."""
    assert 0 == _publish(cli, checkout).status
    before, sent = hub.state(), len(hub.requests)
    done = _publish(cli, checkout)
    assert (0, f"version {VERSION} of {REPO}: there already\n") == (done.status, done.out)
    assert before == hub.state()
    assert [] == [r for r in hub.requests[sent:] if "commit" in r or "/tag/" in r or r.startswith("PUT")]


def test_another_content_under_a_version_is_refused(hub: Hub, checkout: Path, cli: Callable[..., Result]) -> None:
    """What is published stays; the message names the file that differs."""
    assert 0 == _publish(cli, checkout).status
    before = hub.state()
    (checkout / "LICENSE").write_text("another\n")
    done = _publish(cli, checkout)
    assert (1, before) == (done.status, hub.state())
    assert f"version {VERSION} is there already, and differs in LICENSE" in done.err


def test_a_file_that_is_not_of_the_release_is_not_sent(hub: Hub, checkout: Path, cli: Callable[..., Result]) -> None:
    """Parquet that is not what the manifest says is refused before anything is sent."""
    path = checkout / "corpus/parquet/ner/train-00000-of-00001.parquet"
    path.write_bytes(path.read_bytes() + b"\n")
    done = _publish(cli, checkout)
    assert (1, []) == (done.status, hub.requests)
    assert "is not what corpus/release.json says: run `statevisit build`" in done.err


def test_files_that_are_gone_go_on_the_hub(hub: Hub, checkout: Path, cli: Callable[..., Result]) -> None:
    """A new version holds its own files only; the Hub's .gitattributes stays."""
    hub.create(REPO)
    hub.commit(REPO, {".gitattributes": b"x", "old/file.txt": b"old"})
    assert 0 == _publish(cli, checkout).status
    tree = hub.repos[REPO]["commits"][hub.repos[REPO]["main"]]
    assert (False, b"x") == ("old/file.txt" in tree, tree[".gitattributes"])


@pytest.mark.parametrize("private", [True, False])
def test_private(hub: Hub, checkout: Path, cli: Callable[..., Result], private: bool) -> None:
    """A new repository is private when that is asked for."""
    assert 0 == _publish(cli, checkout, *(["--private"] if private else [])).status
    assert private == hub.repos[REPO]["private"]


def test_a_dry_run_lists_and_sends_nothing(hub: Hub, checkout: Path, cli: Callable[..., Result]) -> None:
    """`--dry-run` lists every file with its hash."""
    done = _publish(cli, checkout, "--dry-run")
    assert (0, []) == (done.status, hub.requests)
    files = [p for p in checkout.rglob("*") if p.is_file()]
    assert len(files) + 1 == len(done.out.splitlines())
    for path in files:
        assert hashlib.sha256(path.read_bytes()).hexdigest() in done.out


STEPS = {
    "create": ("POST", "/repos/create"),
    "refs": ("GET", "/refs$"),
    "tree": ("GET", "/tree/"),
    "preupload": ("POST", "/preupload/"),
    "batch": ("POST", "/objects/batch"),
    "put": ("PUT", "/lfs/"),
    "commit": ("POST", "/commit/"),
}
SAID = {
    0: "the connection broke",
    401: "not logged in: `hf auth login`",
    403: "may not write to someone/visits",
    409: "somebody else changed the repository meanwhile",
    429: "wait some minutes",
    500: "the Hub is in trouble: run the command again later",
    503: "the Hub is in trouble: run the command again later",
}


@pytest.mark.parametrize("status", SAID)
@pytest.mark.parametrize("step", STEPS)
def test_a_failure_leaves_the_repository_as_it_was(hub: Hub, checkout: Path, cli: Callable[..., Result], step: str, status: int) -> None:
    """A cut connection, 401, 403, 409, 429 and 5xx at any step: branch and tags stay, the message says what to do, the next run succeeds."""
    hub.create(REPO)
    before = hub.state()
    hub.failure = Failure(*STEPS[step], status)
    done = _publish(cli, checkout)
    if (step, status) == ("create", 409):  # that is how the Hub says that the repository exists
        assert 0 == done.status
        return
    assert (1, before) == (done.status, hub.state())
    assert SAID[status] in done.err
    assert 1 == len(done.err.splitlines())
    hub.failure = None
    assert 0 == _publish(cli, checkout).status
    assert [f"v{VERSION}"] == list(hub.repos[REPO]["tags"])


@pytest.mark.parametrize("status", [s for s in SAID if s != 409])
def test_a_tag_that_failed_is_made_by_the_next_run(hub: Hub, checkout: Path, cli: Callable[..., Result], status: int) -> None:
    """Between commit and tag: no version is there; the next run tags that commit and makes no second one."""
    hub.create(REPO)
    hub.failure = Failure("POST", "/tag/", status)
    done = _publish(cli, checkout)
    assert (1, True) == (done.status, SAID[status] in done.err)
    assert ({}, 2) == (hub.repos[REPO]["tags"], len(hub.repos[REPO]["commits"]))
    hub.failure = None
    assert f"version {VERSION} of {REPO}: tagged\n" == _publish(cli, checkout).out
    assert ({f"v{VERSION}": hub.repos[REPO]["main"]}, 2) == (hub.repos[REPO]["tags"], len(hub.repos[REPO]["commits"]))


def test_a_bad_name_is_said(hub: Hub, checkout: Path, cli: Callable[..., Result]) -> None:
    """What cannot be a repository's name is refused in one line."""
    done = cli("publish", checkout, "--repo", "a/b/c")
    assert (1, True) == (done.status, "is no name of a repository" in done.err)
