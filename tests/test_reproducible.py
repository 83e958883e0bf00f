"""Reproducible: where, when and by whom it is built leaves no trace in what is built."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import PATIENCE, ROOT

pytestmark = pytest.mark.slow

SETTINGS = (
    "TZ",
    "LC_ALL",
    "LANG",
    "LANGUAGE",
    "PYTHONHASHSEED",
    "PYTHONUTF8",
    "USER",
    "LOGNAME",
    "HOME",
    "TMPDIR",
    "COLUMNS",
    "PYTHONPATH",
)


class Surroundings(NamedTuple):
    """What differs between two people who build the same checkout."""

    place: str
    environment: dict[str, str]
    umask: int
    mtime: int
    backwards: bool
    workers: str


HERE = Surroundings(
    "a",
    {
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "C",
        "PYTHONHASHSEED": "0",
        "USER": "ada",
        "LOGNAME": "ada",
    },
    0o022,
    1_000_000_000,
    False,
    "1",
)
THERE = Surroundings(
    "a longer/path, with ünïcode",
    {
        "TZ": "America/St_Johns",
        "LC_ALL": "C.UTF-8",
        "LANGUAGE": "tr",
        "PYTHONHASHSEED": "4242",
        "USER": "Şule Öztürk",
        "LOGNAME": "şule",
        "COLUMNS": "40",
    },
    0o077,
    1_700_000_000,
    True,
    "2",
)


def _checkout(root: Path, around: Surroundings) -> None:
    """Copy the tracked files, in another order, with other dates and modes, without built ones."""
    names = sorted(
        subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
        )
        .stdout.rstrip("\0")
        .split("\0"),
        reverse=around.backwards,
    )
    for name in names:
        if (ROOT / name).is_file() and not name.startswith("corpus/parquet/"):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((ROOT / name).read_bytes())
            path.chmod((0o777 if (ROOT / name).stat().st_mode & 0o100 else 0o666) & ~around.umask)
            os.utime(path, (around.mtime, around.mtime))


def _build(place: Path, around: Surroundings) -> dict[str, str]:
    """Build the corpus, a wheel, an sdist and the site; return the SHA-256 of each file."""
    root, home = place / around.place, place / f"home of {around.environment['USER']}"
    for directory in (root, home):
        directory.mkdir(parents=True)
    _checkout(root, around)
    kept = {
        k: v
        for k, v in os.environ.items()
        if k not in SETTINGS and not k.startswith(("LC_", "GIT_", "SOURCE_DATE"))
    }
    env = (
        kept
        | around.environment
        | {
            "HOME": str(home),
            "TMPDIR": str(home),
            "PYTHONPATH": str(root / "src"),
            "SOURCE_DATE_EPOCH": "1800000000",
        }
    )
    for words in (
        ["statevisit", "build", "--workers", around.workers],
        ["hatchling", "build", "-d", str(root / "dist")],
        ["statevisit", "site", "-o", str(root / "site"), "--workers", around.workers],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=root,
            env=env,
            umask=around.umask,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
        )
        assert 0 == done.returncode, done.stdout + done.stderr
    built = [
        *(root / "corpus").rglob("*"),
        *(root / "dist").iterdir(),
        *(root / "site").rglob("*"),
        root / "README.md",
        *(root / "schema").glob("*.md"),
    ]
    return {
        str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in built
        if p.is_file()
    }


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], dict[str, str]]:
    """The digests of the files built in each of two surroundings, by path."""
    place = tmp_path_factory.mktemp("reproducible")
    digests = _build(place / "one", HERE), _build(place / "two", THERE)
    shutil.rmtree(place)
    return digests


KINDS: dict[str, Callable[[str], bool]] = {
    "Parquet": lambda name: name.endswith(".parquet"),
    "wheel": lambda name: name.endswith(".whl"),
    "sdist": lambda name: name.endswith(".tar.gz"),
    "manifest, pages and metadata": lambda name: (
        name in ("corpus/release.json", "corpus/croissant.json") or name.endswith(".md")
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_built_twice_it_is_the_same(
    twice: tuple[dict[str, str], dict[str, str]], kind: str
) -> None:
    """A build gives the same bytes in other surroundings.

    These differ in directory, time zone, locale, hash seed, user, home, umask, file dates, file
    order and number of workers.
    """
    one, two = (
        {name: digest for name, digest in digests.items() if KINDS[kind](name)} for digests in twice
    )
    assert one
    assert one == two


def test_what_is_built_is_what_is_committed(twice: tuple[dict[str, str], dict[str, str]]) -> None:
    """The files that a build writes under corpus/ are those in the repository."""
    here = {n: h for n, h in twice[0].items() if n.startswith("corpus/")}
    assert {n: hashlib.sha256((ROOT / n).read_bytes()).hexdigest() for n in here} == here
