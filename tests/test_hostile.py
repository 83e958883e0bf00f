"""Hostile surroundings: a checkout that cannot be written, and a full disk.

The operating system itself makes the failures.
"""

import ctypes
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from statevisit import encode, load
from statevisit.publishing.transaction import recover
from tests.conftest import DOC_ID, PATIENCE, Result
from tests.repositories import git
from tests.test_release import _state

CAPABILITIES = (1, 2, 3)
"""DAC_OVERRIDE, DAC_READ_SEARCH and FOWNER: what lets root write where nobody may."""


pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("identity")]


def _like_anybody() -> None:
    """Give up root's privileges over files in a child process, so that file modes hold for it."""
    if os.geteuid() == 0:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        for capability in CAPABILITIES:
            if prctl(24, capability, 0, 0, 0):  # PR_CAPBSET_DROP
                raise OSError(ctypes.get_errno(), "prctl")


def _run(*words: object, cwd: Path, before: Callable[[], None], **env: str) -> Result:
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        env=os.environ | env,
        preexec_fn=before,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def readonly(repository: Path) -> Iterator[Path]:
    """That repository, in which no file or directory can be written."""
    paths = [repository, *repository.rglob("*")]
    modes = [(p, p.stat().st_mode) for p in paths]
    for path, mode in modes:
        path.chmod(mode & 0o555)
    yield repository
    for path, mode in modes:
        path.chmod(mode)


def test_the_checkout_of_these_tests_cannot_be_written(readonly: Path) -> None:
    """The system really refuses to write in these tests, even when root runs them."""
    done = _run("-c", "open('corpus/x', 'w')", cwd=readonly, before=_like_anybody)
    assert (1, True) == (done.status, "PermissionError" in done.err)


READING = (
    "import statevisit; "
    "print(len(statevisit.load('.')), len(list(statevisit.validate('.'))), "
    "statevisit.load('.', version='0.1.0').version)"
)


def test_a_read_only_checkout_is_read(readonly: Path) -> None:
    """Loading (also by version), validating, showing, comparing and `build --check` only read."""
    assert (0, "1 0 0.1.0\n", "") == _run("-c", READING, cwd=readonly, before=_like_anybody)
    for words in (
        ["show"],
        ["validate"],
        ["diff", "v0.1.0", "."],
        ["build", "--check"],
        ["release", "--dry-run", "--version", "0.2.0"],
    ):
        done = _run("-m", "statevisit", *words, cwd=readonly, before=_like_anybody)
        assert (0, "") == (done.status, done.err), words


@pytest.mark.parametrize(
    "words",
    [["build"], ["release", "--version", "0.2.0"], ["migrate"], ["validate", "--fix"]],
    ids=lambda w: w[0],
)
def test_a_read_only_checkout_is_not_written(readonly: Path, words: list[str]) -> None:
    """A command that would write fails in one line, or has nothing to write; nothing changes."""
    before = _state(readonly)
    done = _run("-m", "statevisit", *words, cwd=readonly, before=_like_anybody)
    assert before == _state(readonly)
    if words[0] in ("build", "release"):
        assert (1, 1) == (done.status, len(done.err.splitlines())), done.err
        assert "ermission denied" in done.err
    else:
        assert (0, "") == (done.status, done.err)


@pytest.fixture
def wrapped(tmp_path: Path) -> Callable[[str], str]:
    """Make a PATH whose `git` does something of its own first."""

    def make(first: str) -> str:
        (tmp_path / "bin").mkdir()
        script = tmp_path / "bin/git"
        script.write_text(f'#!/bin/sh\n{first}\nexec {shutil.which("git")} "$@"\n')
        script.chmod(0o755)
        return f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"

    return make


LIMITS = (1_000, 20_000, 80_000, 110_000, 200_000)
"""Limits on the size of a file in bytes.

They are hit in the Parquet, the manifest, the card, croissant.json and the picture.
"""


@pytest.mark.parametrize(
    "command", [["build", "--workers", "1"], ["release", "--version", "0.2.0"]], ids=lambda c: c[0]
)
def test_a_disk_that_takes_no_more(
    repository: Path, command: list[str], wrapped: Callable[[str], str]
) -> None:
    """A failed write, in our files or in git's, gives one line and leaves everything unchanged.

    The same command succeeds later, when the disk has room again.
    """
    # Without the signal, git learns of the limit from write(2), as on a full disk.
    path = wrapped("trap '' XFSZ")
    one = encode(load()[DOC_ID])
    if command[0] == "build":
        shutil.rmtree(repository / "corpus/parquet")
    before, failed = _state(repository), 0
    for limit in LIMITS:
        done = _run(
            "-m",
            "statevisit",
            *command,
            cwd=repository,
            before=lambda n=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (n, n)),
            PATH=path,
            PYTHONDONTWRITEBYTECODE="1",  # Python itself would leave bytecode that is cut short
        )
        if command[0] == "build" and done.status == 0:
            break  # a build writes no picture, so the last limit does not stop it
        failed += 1
        assert (1, 1, before) == (done.status, len(done.err.splitlines()), _state(repository)), (
            f"{limit}: {done.err}"
        )
        assert one == encode(load(repository, version="0.1.0")[DOC_ID])
        assert [] == [
            p.name
            for p in [
                *(repository / ".git").glob("*statevisit*"),
                *(repository / "corpus").glob(".build*"),
            ]
        ]
    assert 3 <= failed
    assert 0 == _run("-m", "statevisit", *command, cwd=repository, before=lambda: None).status


MOVED = {"update-ref": False, "read-tree": True, "checkout-index": True}
"""The last git commands of a release, and whether branch and tag have moved before."""


@pytest.mark.parametrize("last", MOVED)
def test_a_disk_that_is_full_at_the_last_moment(
    repository: Path, last: str, wrapped: Callable[[str], str]
) -> None:
    """A release that fails before branch and tag have moved is undone.

    After that the message says so, and the next run finishes the release.
    """
    before = _state(repository)
    path = wrapped(
        f'case "$3" in {last}) '
        'echo "fatal: write error: No space left on device" >&2; exit 128;; esac'
    )
    done = _run(
        "-m",
        "statevisit",
        "release",
        "--version",
        "0.2.0",
        cwd=repository,
        before=lambda: None,
        PATH=path,
    )
    assert (1, 1) == (done.status, len(done.err.splitlines()))
    assert "No space left on device" in done.err
    assert MOVED[last] == ("run `statevisit release` again to finish" in done.err)
    assert encode(load()[DOC_ID]) == encode(load(repository, version="0.1.0")[DOC_ID])
    if not MOVED[last]:
        assert (before, None) == (_state(repository), recover(repository))
        return
    assert "finished" == recover(repository)
    assert ("", "0.2.0") == (
        git(repository, "status", "--porcelain"),
        load(repository, version="0.2.0").version,
    )
    assert git(repository, "rev-parse", "HEAD") == git(repository, "rev-parse", "v0.2.0^{commit}")
