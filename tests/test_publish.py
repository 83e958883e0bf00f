"""`statevisit publish` against a local stand-in of the Hub, read back with the real `datasets`."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from statevisit import ReleaseError, load
from statevisit.dataset.configs import configs
from statevisit.document.scheme import base
from tests.conftest import PATIENCE, ROOT, Result, oracle
from tests.hub_stand_in import DONE, REQUESTS, TOKEN, Failure, Hub

pytestmark = pytest.mark.slow

datasets = oracle("datasets")
huggingface_hub = oracle("huggingface_hub")

REPO = "someone/visits"
VERSION = orjson.loads((ROOT / "corpus/release.json").read_bytes())["version"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the committed release, for changes."""
    for name in ("corpus", "seeds", "schema"):
        shutil.copytree(ROOT / name, tmp_path / "checkout" / name)
    for name in ("README.md", "CITATION.cff", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path / "checkout")
    return tmp_path / "checkout"


def _publish(cli: Callable[..., Result], root: Path, *options: str) -> Result:
    return cli("publish", root, "--repo", REPO, *options)


def test_a_version_is_one_commit_and_its_tag(
    hub: Hub, checkout: Path, cli: Callable[..., Result]
) -> None:
    """Every file is published unchanged, in one tagged commit after the Hub's own."""
    done = _publish(cli, checkout)
    assert (0, f"version {VERSION} of {REPO}: published\n") == (done.status, done.out), done.err
    repo = hub.repos[REPO]
    assert (2, {f"v{VERSION}": repo["main"]}) == (len(repo["commits"]), repo["tags"])
    tree = repo["commits"][repo["main"]]
    here = {
        str(p.relative_to(checkout)): p.read_bytes() for p in checkout.rglob("*") if p.is_file()
    }
    assert here == {n: d for n, d in tree.items() if n != ".gitattributes"}


def test_the_links_of_the_pages_lead_somewhere_there(
    hub: Hub, cli: Callable[..., Result], tmp_path: Path
) -> None:
    """Every page that the README leads to is published, so relative links work on the Hub."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, encoding="utf-8"
    ).stdout
    for name in filter(None, listed.split("\0")):
        if not name.startswith("tests/"):
            (tmp_path / "whole" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / "whole" / name)
    assert 0 == _publish(cli, tmp_path / "whole").status
    tree = hub.repos[REPO]["commits"][hub.repos[REPO]["main"]]
    pages = {n for n in tree if n.endswith(".md")}
    assert {"CONTRIBUTING.md", "corpus/README.md", "schema/CHECKS.md", "scripts/README.md"} <= pages
    assert ["schema/scheme.toml"] == [n for n in tree if n.endswith((".py", ".toml"))]
    for page in pages:
        for link in re.findall(r"\]\(([^()\s#]+)", tree[page].decode()):
            target = os.path.normpath(Path(page).parent / link)
            assert link.startswith("https://") or target in tree, (page, link)


def test_a_page_outside_the_root_is_not_published(
    hub: Hub, checkout: Path, cli: Callable[..., Result]
) -> None:
    """A link out of the root, or a symbolic link in it, brings nothing along."""
    (checkout.parent / "secret.md").write_text("secret")
    (checkout / "linked.md").symlink_to(checkout.parent / "secret.md")
    (checkout / "folder").symlink_to(checkout.parent)
    with (checkout / "README.md").open("a") as file:
        file.write("[a](../secret.md) [b](linked.md) [c](folder/secret.md) [d](missing.md)\n")
    done = _publish(cli, checkout, "--dry-run")
    assert 0 == done.status
    assert not [n for n in ("secret", "linked", "missing") if n in done.out]


@pytest.mark.slow
def test_what_is_published_is_read_back(
    hub: Hub, checkout: Path, cli: Callable[..., Result], tmp_path: Path
) -> None:
    """The real `datasets.load_dataset` gives every config of a published version unchanged."""
    assert 0 == _publish(cli, checkout).status
    script = """
import sys, datasets, orjson
datasets.disable_progress_bars()
repo, version, *configs = sys.argv[1:]
rows = {
    c: datasets.load_dataset(repo, c, split="train", revision=f"v{version}").to_list()
    for c in configs
}
print(orjson.dumps(rows, default=str).decode())
"""
    env = os.environ | {
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", script, REPO, VERSION, *configs(base())],
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        env=env,
        cwd=tmp_path,
    )
    assert 0 == done.returncode, done.stderr
    here = {
        c: datasets.load_dataset(
            str(checkout), c, split="train", cache_dir=str(tmp_path / "cache")
        ).to_list()
        for c in configs(base())
    }
    assert orjson.loads(orjson.dumps(here, default=str)) == orjson.loads(done.stdout)


def _writing(requests: list[str]) -> list[str]:
    """The requests that write a commit, a tag or a large file."""
    return [r for r in requests if "commit" in r or "/tag/" in r or r.startswith("PUT")]


def test_publishing_twice_does_nothing(
    hub: Hub, checkout: Path, cli: Callable[..., Result]
) -> None:
    """The second time the version is there already, and nothing is sent."""
    assert 0 == _publish(cli, checkout).status
    before, sent = hub.state(), len(hub.requests)
    done = _publish(cli, checkout)
    assert (0, f"version {VERSION} of {REPO}: there already\n") == (done.status, done.out)
    assert before == hub.state()
    assert 4 <= len(_writing(hub.requests[:sent]))
    assert [] == _writing(hub.requests[sent:])


def test_another_content_under_a_version_is_refused(
    hub: Hub, checkout: Path, cli: Callable[..., Result]
) -> None:
    """What is published stays; the message names the file that differs."""
    assert 0 == _publish(cli, checkout).status
    before = hub.state()
    (checkout / "LICENSE").write_text("another\n")
    done = _publish(cli, checkout)
    assert (1, before) == (done.status, hub.state())
    assert f"version {VERSION} is there already, and differs in LICENSE" in done.err


def test_a_file_that_is_not_of_the_release_is_not_sent(
    hub: Hub, checkout: Path, cli: Callable[..., Result]
) -> None:
    """Parquet that is not what the manifest says is refused before anything is sent."""
    path = checkout / "corpus/parquet/ner/train-00000-of-00001.parquet"
    path.write_bytes(path.read_bytes() + b"\n")
    done = _publish(cli, checkout)
    assert (1, []) == (done.status, hub.requests)
    assert "is not what corpus/release.json says: run `statevisit build`" in done.err


def test_a_directory_without_a_release_is_not_sent(
    hub: Hub, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """Where nothing was built, the message says so; a manifest that is not one is named."""
    done = _publish(cli, tmp_path)
    assert (1, True, []) == (
        done.status,
        "has no corpus/release.json: run `statevisit build`" in done.err,
        hub.requests,
    )
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/release.json").write_text('{"version": "1.0.0"}')
    done = _publish(cli, tmp_path)
    assert (1, 1, []) == (done.status, len(done.err.splitlines()), hub.requests)
    assert "corpus/release.json: " in done.err


def test_a_new_version_replaces_the_files_of_the_last(
    hub: Hub, checkout: Path, cli: Callable[..., Result]
) -> None:
    """A commit sends the files that differ and deletes those that are gone.

    The Hub's .gitattributes and the tag of the last version stay.
    """
    assert 0 == _publish(cli, checkout).status
    repo = hub.repos[REPO]
    first, sent = repo["main"], len(hub.requests)
    assert any(r.startswith("PUT") for r in hub.requests)
    manifest = orjson.loads((checkout / "corpus/release.json").read_bytes())
    (checkout / "corpus/release.json").write_bytes(orjson.dumps(manifest | {"version": "9.0.0"}))
    (checkout / "CHANGELOG.md").unlink()
    assert 0 == _publish(cli, checkout).status
    old, new = repo["commits"][first], repo["commits"][repo["main"]]
    assert ({"CHANGELOG.md"}, {"corpus/release.json"}) == (
        old.keys() - new.keys(),
        {n for n in new if new[n] != old[n]},
    )
    assert {f"v{VERSION}": first, "v9.0.0": repo["main"]} == repo["tags"]
    assert [] == [r for r in hub.requests[sent:] if r.startswith("PUT")]


def test_another_data_set_is_not_replaced(
    hub: Hub, checkout: Path, cli: Callable[..., Result]
) -> None:
    """A repository that holds no corpus is left alone: most likely --repo is wrong."""
    hub.create(REPO)
    hub.commit(REPO, {".gitattributes": b"x", "README.md": b"mine", "data/mine.csv": b"a,b"})
    before = hub.state()
    done = _publish(cli, checkout)
    assert (1, before) == (done.status, hub.state())
    assert "holds something else (data/mine.csv)" in done.err


def test_private(hub: Hub, checkout: Path, cli: Callable[..., Result]) -> None:
    """A new repository is private on request; a public one then gets nothing."""
    assert 0 == _publish(cli, checkout, "--private").status
    assert hub.repos[REPO]["private"]
    hub.create(REPO)
    before = hub.state()
    done = _publish(cli, checkout, "--private")
    assert (1, before) == (done.status, hub.state())
    assert "is public, and nothing was sent" in done.err
    assert (0, False) == (_publish(cli, checkout).status, hub.repos[REPO]["private"])


def test_a_dry_run_lists_and_sends_nothing(
    hub: Hub, checkout: Path, cli: Callable[..., Result]
) -> None:
    """`--dry-run` lists every file with its hash."""
    done = _publish(cli, checkout, "--dry-run")
    assert (0, []) == (done.status, hub.requests)
    files = [p for p in checkout.rglob("*") if p.is_file()]
    assert len(files) + 1 == len(done.out.splitlines())
    for path in files:
        assert hashlib.sha256(path.read_bytes()).hexdigest() in done.out


STEPS = [step for step in REQUESTS if step != "tag"]
MESSAGES = {
    0: "the connection broke",
    401: "not logged in: `hf auth login`",
    403: "this token has no write access",
    409: "somebody else changed the repository meanwhile",
    429: "wait a few minutes",
    500: "the Hub has a problem: run the command again later",
    503: "the Hub has a problem: run the command again later",
}
"""A part of the message for every status; 0 is a cut connection."""


def _fails_with(done: Result, words: str) -> None:
    """The command failed with one line that contains these words."""
    assert (1, 1) == (done.status, len(done.err.splitlines())), done.err
    assert words in done.err


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.slow
def test_a_failure_leaves_the_repository_as_it_was(
    hub: Hub, checkout: Path, cli: Callable[..., Result], step: str
) -> None:
    """A failure at any step leaves branch and tags, and one line says what to do.

    It is a cut connection, 401, 403, 409, 429 or 5xx. The next run succeeds.
    """
    hub.create(REPO)
    before = hub.state()
    for status, words in MESSAGES.items():
        hub.failure = Failure(*REQUESTS[step], status)
        _fails_with(_publish(cli, checkout), words)
        assert before == hub.state(), status
    hub.failure = None
    assert f"version {VERSION} of {REPO}: published\n" == _publish(cli, checkout).out
    assert {f"v{VERSION}": hub.repos[REPO]["main"]} == hub.repos[REPO]["tags"]


@pytest.mark.parametrize("status", MESSAGES)
def test_a_repository_that_cannot_be_made(
    hub: Hub, checkout: Path, cli: Callable[..., Result], status: int
) -> None:
    """A failure to make the repository leaves none, and one line says what to do.

    A 409 means that it exists already, so this token may not see it.
    """
    hub.failure = Failure("POST", "/repos/create", status)
    _fails_with(
        _publish(cli, checkout),
        "this token sees no such repository" if status == 409 else MESSAGES[status],
    )
    assert {} == hub.repos


@pytest.mark.slow
def test_a_tag_that_failed_is_made_by_the_next_run(
    hub: Hub, checkout: Path, cli: Callable[..., Result]
) -> None:
    """A failure between commit and tag leaves no version, and the message says so.

    The next run tags that commit and makes no second one.
    """
    hub.create(REPO)
    for status, words in MESSAGES.items():
        hub.failure = Failure("POST", "/tag/", status)
        done = _publish(cli, checkout)
        _fails_with(done, words)
        assert f"version {VERSION} is committed, but making its tag failed" in done.err
        assert ({}, 2) == (hub.repos[REPO]["tags"], len(hub.repos[REPO]["commits"]))
    hub.failure = None
    assert f"version {VERSION} of {REPO}: tagged\n" == _publish(cli, checkout).out
    assert ({f"v{VERSION}": hub.repos[REPO]["main"]}, 2) == (
        hub.repos[REPO]["tags"],
        len(hub.repos[REPO]["commits"]),
    )


@pytest.mark.parametrize("path", ["/commit/", "/tag/"])
def test_an_answer_that_is_lost(
    hub: Hub, checkout: Path, cli: Callable[..., Result], path: str
) -> None:
    """Where only the answer of the Hub was lost, what it did is found, and not done again."""
    hub.failure = Failure("POST", path, DONE)
    done = _publish(cli, checkout)
    assert (0, f"version {VERSION} of {REPO}: published\n") == (done.status, done.out), done.err
    assert 1 == len([r for r in hub.requests if path in r])
    assert ({f"v{VERSION}": hub.repos[REPO]["main"]}, 2) == (
        hub.repos[REPO]["tags"],
        len(hub.repos[REPO]["commits"]),
    )


def test_a_commit_of_somebody_else_stays(
    hub: Hub, checkout: Path, cli: Callable[..., Result]
) -> None:
    """Where the branch moves while files are sent, the commit on it stays the last one."""
    hub.create(REPO)
    hub.meanwhile = lambda: hub.commit(REPO, {".gitattributes": b"x", "README.md": b"theirs"})
    _fails_with(
        _publish(cli, checkout),
        "somebody else changed the repository meanwhile: run the command again",
    )
    repo = hub.repos[REPO]
    assert ({}, b"theirs") == (repo["tags"], repo["commits"][repo["main"]]["README.md"])


@pytest.mark.slow
def test_without_patches(hub: Hub, checkout: Path, shell: Callable[..., Result]) -> None:
    """In a process of its own the command prints one line, for a wrong token as for success."""
    environment = {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1", "NO_COLOR": "1"}
    done = shell("publish", "--repo", REPO, cwd=checkout, HF_TOKEN="hf_wrong", **environment)
    _fails_with(done, "(HTTP 401): not logged in")
    done = shell("publish", "--repo", REPO, cwd=checkout, HF_TOKEN=TOKEN, **environment)
    assert Result(0, f"version {VERSION} of {REPO}: published\n", "") == done


def test_a_bad_name_is_said(hub: Hub, checkout: Path, cli: Callable[..., Result]) -> None:
    """What cannot be a repository's name is refused in one line."""
    _fails_with(cli("publish", checkout, "--repo", "a/b/c"), "not a valid repository name")
    assert [] == hub.requests


@pytest.mark.slow
def test_the_edition_without_the_text_is_published_and_restored(
    hub: Hub, checkout: Path, cli: Callable[..., Result], tmp_path: Path
) -> None:
    """It is read back with `datasets`; with the text it gives the documents to the byte.

    `load` names the commands for that.
    """
    done = _publish(cli, checkout, "--edition", "annotations-only")
    assert (0, f"version {VERSION} of {REPO}: published\n") == (done.status, done.out), done.err
    manifest = orjson.loads((checkout / "corpus/release.json").read_bytes())
    (checkout / "corpus/release.json").write_bytes(orjson.dumps(manifest | {"version": "9.0.0"}))
    with pytest.raises(ReleaseError) as caught:
        load(checkout, version=VERSION, repo=REPO)
    remedy = (
        f"`hf download {REPO} --repo-type dataset --revision v{VERSION} --local-dir DIR`, "
        "then `statevisit restore DIR --text SEED -o FULL`"
    )
    assert remedy in str(caught.value)
    huggingface_hub.snapshot_download(
        REPO, repo_type="dataset", revision=f"v{VERSION}", local_dir=tmp_path / "DIR"
    )
    done = cli("restore", tmp_path / "DIR", "--text", ROOT / "seeds", "-o", tmp_path / "FULL")
    assert 0 == done.status, done.err
    for name in ("corpus/documents", "corpus/annotators/a", "corpus/annotators/b"):
        assert [p.read_bytes() for p in sorted((ROOT / name).iterdir())] == [
            p.read_bytes() for p in sorted((tmp_path / "FULL" / name).iterdir())
        ]
    rows = datasets.load_dataset(
        str(tmp_path / "DIR"), "events", split="train", cache_dir=str(tmp_path / "cache")
    )
    assert (len(load(tmp_path / "FULL")[0].events), False) == (
        len(rows),
        "text" in rows.column_names,
    )


@pytest.mark.slow
def test_what_was_not_released_is_not_published(
    hub: Hub, repository: Path, cli: Callable[..., Result]
) -> None:
    """In a checkout, a manifest other than the one its version was released with is refused.

    This holds for both editions. A dry run lists the files and says that they would be refused.
    """
    assert 0 == _publish(cli, repository).status
    (document,) = (repository / "corpus/documents").iterdir()
    text = document.read_text(encoding="utf-8")
    document.write_text(text.replace('"polarity":"POS"', '"polarity":"NEG"', 1), encoding="utf-8")
    assert 0 == cli("build", repository).status
    before = hub.state()
    words = (
        "corpus/release.json is not the one that version 0.1.0 was released with: "
        "make a version of what is here with `statevisit release`"
    )
    for options in ((), ("--edition", "annotations-only")):
        _fails_with(cli("publish", repository, "--repo", "someone/else", *options), words)
    done = cli("publish", repository, "--repo", "someone/else", "--dry-run")
    assert (0, True, True) == (
        done.status,
        "would publish" in done.out,
        f"would be refused: {repository}: {words}" in done.err,
    )
    manifest = repository / "corpus/release.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"0.1.0"', b'"0.2.0"', 1))
    _fails_with(
        cli("publish", repository, "--repo", "someone/else"),
        "states version 0.2.0, which is not committed",
    )
    assert before == hub.state()
