"""The package: wheel and sdist hold the tracked files, and the wheel needs no checkout."""

import ast
import email
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from email.message import Message
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from statevisit import load
from statevisit.dataset.configs import configs
from statevisit.document.scheme import base
from tests.conftest import DOC_ID, PATIENCE, ROOT

pytestmark = pytest.mark.slow

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VERSION = load().version
NAME = f"statevisit-{VERSION}"
LEFTOVERS = (
    "src/statevisit/__pycache__/model.cpython-311.pyc",
    "corpus/.build-killed/corpus/parquet/ner/train-00000-of-00001.parquet",
    ".venv/lib/x.py",
    "dist/old.whl",
    ".hypothesis/x",
    "tests/__pycache__/x.pyc",
    "notes.txt",
)
"""Untracked files of a checkout in which somebody works."""


def _tracked() -> list[str]:
    return (
        subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
        )
        .stdout.rstrip("\0")
        .split("\0")
    )


def _hatchling(root: Path, out: Path, *targets: str) -> Path:
    """Build with the project's own backend, as pip and build do, without an index."""
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(out), *targets],
        cwd=root,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return out


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a wheel and an sdist, built from the tracked files among leftovers."""
    root = tmp_path_factory.mktemp("checkout")
    for name in _tracked():
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes((ROOT / name).read_bytes())
    for name in LEFTOVERS:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return _hatchling(root, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    """The wheel."""
    (path,) = dist.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new environment that has the wheel.

    Its dependencies come from the environment of the tests.
    """
    venv = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    path = venv / "bin" / "python"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(path),
            "install",
            "--quiet",
            "--no-index",
            "--no-deps",
            "--disable-pip-version-check",
            str(wheel),
        ],
        check=True,
        env=_clean(),
    )
    (site,) = (venv / "lib").glob("python*/site-packages")
    # Python reads no .pth files of a directory named in one: the checkout's stays unread.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return path


def _clean(**more: str) -> dict[str, str]:
    return {
        k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PIP_REQUIRE_VIRTUALENV")
    } | more


def _run(python: Path, cwd: Path, *arguments: str) -> str:
    done = subprocess.run(
        [str(python), *arguments],
        cwd=cwd,
        env=_clean(HF_HOME=str(cwd / "hf"), HF_HUB_OFFLINE="1"),
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


# Contents of wheel and sdist


def test_the_wheel_holds_code_and_data(wheel: Path) -> None:
    """The wheel has the tracked files of code, corpus, schemas and seeds, unchanged, and no others.

    The card and the citation are among them.
    """
    homes = {
        "src/": "",
        "corpus/": "statevisit/_data/corpus/",
        "schema/": "statevisit/_data/schema/",
        "seeds/": "statevisit/_data/seeds/",
        "README.md": "statevisit/_data/README.md",
        "CITATION.cff": "statevisit/_data/CITATION.cff",
    }
    expected = {
        home + name.removeprefix(start): name
        for name in _tracked()
        for start, home in homes.items()
        if name.startswith(start)
    }
    with zipfile.ZipFile(wheel) as archive:
        packed = {n for n in archive.namelist() if ".dist-info/" not in n}
        assert set(expected) == packed
        assert [] == [n for n in packed if archive.read(n) != (ROOT / expected[n]).read_bytes()]
        infos = {n.split("/", 1)[1] for n in archive.namelist() if ".dist-info/" in n}
        assert {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"} == infos


@pytest.mark.slow
def test_the_sdist_holds_what_is_tracked(dist: Path) -> None:
    """The sdist has the tracked files, unchanged, and no untracked ones.

    Files that only the repository needs are left out: those of its history and its own hooks.
    """
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        packed = {m.name.removeprefix(f"{NAME}/") for m in archive.getmembers() if m.isfile()}
        assert [] == [
            n
            for n in packed - {"PKG-INFO"}
            if archive.extractfile(f"{NAME}/{n}").read() != (ROOT / n).read_bytes()
        ]
    assert {
        n
        for n in _tracked()
        if n not in (".gitattributes", ".git-blame-ignore-revs", ".pre-commit-config.yaml")
        and not n.startswith((".ci/", ".github/"))
    } | {"PKG-INFO"} == {n for n in packed if not n.startswith(".github/")}


def test_the_sdist_builds_the_same_wheel(dist: Path, wheel: Path, tmp_path: Path) -> None:
    """A wheel built from the sdist is the published wheel, to the byte."""
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path, filter="data")
    (again,) = _hatchling(tmp_path / NAME, tmp_path / "dist", "-t", "wheel").glob("*.whl")
    assert wheel.name == again.name
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(again) as two:
        assert [(i.filename, i.CRC, i.file_size, i.date_time) for i in one.infolist()] == [
            (i.filename, i.CRC, i.file_size, i.date_time) for i in two.infolist()
        ]
    assert wheel.read_bytes() == again.read_bytes()


@pytest.fixture(scope="session")
def about(wheel: Path) -> Message:
    """The wheel's metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return email.message_from_bytes(archive.read(f"{NAME}.dist-info/METADATA"))


def test_the_metadata_say_what_it_is(about: Message) -> None:
    """The metadata have the corpus's version, the licence, the Python versions and the extras."""
    assert ("statevisit", VERSION) == (about["Name"], about["Version"])
    assert ("Apache-2.0 AND CC-BY-4.0", "LICENSE", ">=3.11") == (
        about["License-Expression"],
        about["License-File"],
        about["Requires-Python"],
    )
    assert list(PROJECT["project"]["optional-dependencies"]) == sorted(
        about.get_all("Provides-Extra"), key=list(PROJECT["project"]["optional-dependencies"]).index
    )
    core = [r for r in about.get_all("Requires-Dist") if "extra ==" not in r]
    assert sorted(Requirement(r).name for r in PROJECT["project"]["dependencies"]) == sorted(
        Requirement(r).name for r in core
    )


def test_the_long_description_is_the_readme_without_its_front_matter(about: Message) -> None:
    """An index shows the README from its title on; the YAML for the Hub is not in it."""
    text = about.get_payload(decode=True).decode()
    assert "text/markdown" == about["Description-Content-Type"]
    assert text.lstrip().startswith("# statevisit\n")
    assert (ROOT / "README.md").read_text(encoding="utf-8").endswith(text.strip() + "\n")
    assert "dataset_info" not in text
    assert "config_name" not in text


# The installed wheel

INSTALLED = """
import sys
from pathlib import Path
import statevisit
from statevisit import data_root, encode, labels, load, validate

site = Path(sys.argv[1])
assert Path(statevisit.__file__).is_relative_to(site), statevisit.__file__
assert data_root() == site / "statevisit" / "_data", data_root()
(document,) = load()
assert [] == list(validate())
assert encode(document) == (data_root() / "corpus/documents" / f"{document.id}.json").read_bytes()
assert 33 < len(labels("events", "type"))
import datasets
for config in sys.argv[2:]:
    rows = statevisit.load_dataset(config)["train"].to_list()
    assert rows and rows == datasets.load_dataset(str(data_root()), config, split="train").to_list()
for module in list(sys.modules.values()):
    if module.__name__.startswith("statevisit"):
        assert Path(module.__file__).is_relative_to(site), module
print(document.id, statevisit.__version__)
"""


@pytest.mark.slow
def test_the_wheel_loads_the_corpus(python: Path, tmp_path: Path) -> None:
    """The installed wheel gives corpus, validation, labels and every config.

    It does so offline and outside the checkout; code and data are its own.
    """
    (site,) = python.parent.parent.glob("lib/python*/site-packages")
    assert (
        f"{DOC_ID} {VERSION}"
        == _run(python, tmp_path, "-I", "-c", INSTALLED, str(site), *configs(base())).strip()
    )


@pytest.mark.slow
def test_the_command_is_installed(python: Path, tmp_path: Path) -> None:
    """The installed command shows the shipped corpus and makes a new one from a seed."""
    command = python.parent / "statevisit"
    assert f"statevisit {VERSION}" == _run(python, tmp_path, str(command), "--version").strip()
    assert "Recep Tayyip Erdoğan" in _run(python, tmp_path, str(command), "show")
    (tmp_path / "seed.txt").write_text(
        " date 2024-03-01 The mayor of Springfield met 40 teachers.", encoding="utf-8"
    )
    for arguments in (
        ["ingest", "seed.txt", "--id", "springfield"],
        ["validate"],
        ["build"],
        ["build", "--check"],
    ):
        _run(python, tmp_path, str(command), *arguments)
    written = sorted(path.name for path in (tmp_path / "corpus/parquet").iterdir())
    assert ["documents"] == written, "without annotation, the other configs have no rows"


ONLY = """
import sys
from importlib.machinery import PathFinder
from importlib.metadata import packages_distributions

allowed = set(sys.argv[1].split(","))
blocked = {
    top
    for top, homes in packages_distributions().items()
    if not allowed & {h.lower().replace("_", "-") for h in homes}
}

class Only(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] in blocked else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Only
"""

USES = {
    "": (
        "from statevisit import load, validate; "
        "assert [] == list(validate()); "
        "print(load()[0]._repr_html_()[:4])",
        "import statevisit; from statevisit.cli.main import run; "
        "data = str(statevisit.data_root()); "
        "sys.exit(run(['show']) or run(['stats']) or run(['validate', data]))",
        "import statevisit; from statevisit.cli.main import run; "
        "sys.exit(run(['init', 'mine']) or run(['export', '--to', 'brat', '-o', 'b'])"
        " or run(['import', '--from', 'brat', 'b', '--path', str(statevisit.data_root())]))",
    ),
    "parquet": (
        "import statevisit; from statevisit.cli.main import run; "
        "sys.exit(run(['build', '--check', str(statevisit.data_root())]))",
    ),
    "hub": ("import statevisit; print(statevisit.load_dataset('events', split='train'))",),
    "ingest": (
        "import pathlib; from statevisit.cli.main import run; "
        "pathlib.Path('s.txt').write_text(' date 2024-03-01 Hello.'); "
        "sys.exit(run(['ingest', 's.txt', '--id', 'x']))",
    ),
    "formats": (
        "from statevisit.cli.main import run; "
        "sys.exit(any(run(['export', '--to', name, '-o', name]) for name in"
        " ('spacy', 'conllu', 'xmi', 'casjson', 'timeml', 'csv', 'w3c')))",
    ),
}
"""Code that works with one extra and nothing else installed; the first with no extra."""


def _closure(extra: str) -> set[str]:
    """The distributions that `pip install statevisit[extra]` brings."""
    closure, waiting = set(), [("statevisit", {extra} if extra else set())]
    while waiting:
        name, extras = waiting.pop()
        for text in metadata.requires(name) or ():
            requirement = Requirement(text)
            applies = requirement.marker is None or any(
                requirement.marker.evaluate({"extra": e}) for e in extras | {""}
            )
            key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
            if applies and key not in closure:
                closure.add(key)
                waiting.append((requirement.name, set(requirement.extras)))
    return {name for name, _ in closure} | {"statevisit"}


@pytest.mark.parametrize(("extra", "code"), [(e, c) for e, codes in USES.items() for c in codes])
@pytest.mark.slow
def test_an_extra_brings_all_that_its_commands_need(
    python: Path, tmp_path: Path, extra: str, code: str
) -> None:
    """Nothing is imported that was not declared: each works where only its extra's packages are."""
    _run(python, tmp_path, "-I", "-c", ONLY + code, ",".join(_closure(extra)))


@pytest.mark.parametrize(("code", "extra"), [(codes[0], e) for e, codes in USES.items() if e])
def test_without_an_extra_its_name_is_said(
    python: Path, tmp_path: Path, code: str, extra: str
) -> None:
    """With the core alone, what needs more ends in the pip command that brings it."""
    done = subprocess.run(
        [str(python), "-I", "-c", ONLY + code, ",".join(_closure(""))],
        cwd=tmp_path,
        env=_clean(),
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert 1 == done.returncode
    assert f"pip install 'statevisit[{extra}]'" in done.stderr.strip().splitlines()[-1]


# The locks of the two scripts

LOCKS = {
    "requirements-build.txt": (["parquet"], ["build"]),
    "requirements-test.txt": (["all"], ["build", "lint", "test"]),
}


def _locked(name: str) -> dict[str, tuple[str, list[str]]]:
    """A lock: distribution -> (version, hashes)."""
    text = (ROOT / "scripts" / name).read_text(encoding="utf-8").replace("\\\n", " ")
    locked: dict[str, tuple[str, list[str]]] = {}
    for line in text.splitlines():
        m = re.fullmatch(
            r"([a-z0-9.-]+)==(\S+)(?: ;[^#]*?)?((?:\s+--hash=sha256:[0-9a-f]{64})+)\s*", line
        )
        assert m, f"{name}: not a pinned requirement with hashes: {line[:80]}"
        assert m[1] not in locked or ";" in line
        locked[m[1]] = (m[2], m[3].split())
    return locked


@pytest.mark.parametrize("name", LOCKS)
def test_locks_pin_every_package_by_hash(name: str) -> None:
    """Every requirement has one version and its hashes; no line says where to download from."""
    assert 10 < len(_locked(name))
    assert not re.search(
        r"https?://|file:|--(?:extra-)?index-url|--find-links|@ ",
        (ROOT / "scripts" / name).read_text(encoding="utf-8"),
    )


def _required(extras: list[str], groups: list[str]) -> list[Requirement]:
    project = PROJECT["project"]
    required = [Requirement(r) for r in project["dependencies"]]
    for text in (r for e in extras for r in project["optional-dependencies"][e]):
        requirement = Requirement(text)
        if requirement.name == project["name"]:
            required += _required(sorted(requirement.extras), [])
        else:
            required.append(requirement)
    return required + [
        Requirement(r)
        for g in groups
        for r in PROJECT["dependency-groups"][g]
        if isinstance(r, str)
    ]


@pytest.mark.parametrize("name", LOCKS)
def test_locks_cover_what_pyproject_asks_for(name: str) -> None:
    """Each package that pyproject.toml names is in the lock, at a version that it allows.

    Where one is missing, scripts/lock.sh was not run.
    """
    locked = _locked(name)
    for requirement in _required(*LOCKS[name]):
        version = locked[canonicalize_name(requirement.name)][0]
        assert requirement.specifier.contains(version), f"{requirement} is locked at {version}"
        for dependency in (Requirement(r) for r in metadata.requires(requirement.name) or ()):
            if dependency.marker is None:
                assert canonicalize_name(dependency.name) in locked, (
                    f"{requirement.name} needs {dependency.name}"
                )


def test_locks_agree_with_each_other_and_with_what_is_installed() -> None:
    """Both locks name the same versions, so they build the same bytes; the tests run on these."""
    build, test = (_locked(name) for name in LOCKS)
    assert {n: v for n, v in build.items() if n in test} == {n: test[n] for n in build if n in test}
    for name in ("pyarrow", "datasets", "orjson", "msgspec", "jsonschema-rs", "spacy", "rich"):
        assert test[name][0] == metadata.version(name)


def test_an_old_python_is_told_so() -> None:
    """The scripts that run first parse in an old Python, which then gets a clear message."""
    for name in ("environment.py", "build.py", "pictures.py", "test.py"):
        tree = ast.parse(
            (ROOT / "scripts" / name).read_text(encoding="utf-8"), feature_version=(3, 8)
        )
        imported = {
            (n.module if isinstance(n, ast.ImportFrom) else n.names[0].name).split(".")[0]
            for n in ast.walk(tree)
            if isinstance(n, ast.Import | ast.ImportFrom)
        }
        assert imported <= {*sys.stdlib_module_names, "environment", "pictures"} - {"tomllib"}
    old = (
        "import sys; sys.version_info = (3, 10, 4); sys.version = '3.10.4 x'; "
        "sys.path.insert(0, 'scripts'); "
        "import environment; environment.ensure('requirements-test.txt')"
    )
    done = subprocess.run(
        [sys.executable, "-c", old], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert (
        1,
        "statevisit needs Python 3.11 or newer; this is 3.10.4: run this script with a newer one\n",
    ) == (done.returncode, done.stderr)


def _commands_of_the_test_script(*arguments: str) -> list[str]:
    """Return the commands that scripts/test.py would run, one a line."""
    code = (
        "import sys; sys.path.insert(0, 'scripts'); import environment as e, shlex; "
        "e.ensure = lambda lock: None; e.browser = lambda: print('Chromium'); "
        "e.run = lambda *command: print(shlex.join(command)) or 0; import test; test.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return done.stdout.splitlines()


CODE_CHECKS = ["-m ruff check", "-m ruff format --check", "-m mypy"]


def test_the_test_script_checks_the_code_before_the_tests() -> None:
    """It says what it runs and how long that takes; ruff and mypy come before all tests."""
    lines = _commands_of_the_test_script()
    assert lines[0] == "Chromium"
    assert re.fullmatch(
        r"Running ruff, mypy and all tests: [\w ]+ minutes on two cores\.", lines[1]
    )
    assert [*CODE_CHECKS, "-m pytest"] == [line for line in lines if line.startswith("-m ")]
    lines = _commands_of_the_test_script("-x", "--maxfail", "2")
    assert [*CODE_CHECKS, "-m pytest -x --maxfail 2"] == [
        line for line in lines if line.startswith("-m ")
    ]


@pytest.mark.parametrize(
    "arguments",
    [["tests/test_codec.py"], ["tests/test_codec.py::test_x", "-v"], ["-k", "codec"], ["--lf"]],
)
def test_selected_tests_run_alone(arguments: list[str]) -> None:
    """With a path or an option that selects tests, only pytest runs, with these arguments."""
    lines = _commands_of_the_test_script(*arguments)
    assert [f"-m pytest {' '.join(arguments)}"] == [x for x in lines if x.startswith("-m ")]


def test_quick_tests_need_no_browser() -> None:
    """`--quick` installs no Chromium, and leaves out the tests with any of the four markers."""
    lines = _commands_of_the_test_script("--quick", "-x")
    assert "Chromium" not in lines
    quick = "-m pytest -m 'not live and not browser and not ray and not slow' --mutations 2000 -x"
    assert [*CODE_CHECKS, quick] == [line for line in lines if line.startswith("-m ")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    markers = [m.partition(":")[0] for m in project["tool"]["pytest"]["ini_options"]["markers"]]
    assert ["live", "browser", "ray", "slow"] == markers


@pytest.mark.slow
def test_a_failed_install_is_said_and_tried_again(tmp_path: Path) -> None:
    """Without a network the command ends in one line that says so, and the next run tries again.

    A half-made environment is made anew.
    """
    for name in ("scripts/environment.py", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "scripts/lock.txt").write_text(f"click==8.1.0 --hash=sha256:{'0' * 64}\n")
    half_made = [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / ".venv")]
    subprocess.run(half_made, check=True)
    code = (
        "import sys; sys.path.insert(0, 'scripts'); "
        "import environment; environment.ensure('lock.txt')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=_clean(PIP_NO_INDEX="1", PIP_FIND_LINKS="", PIP_CONFIG_FILE=os.devnull),
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert (1, "failed: the packages could not be installed; is there a network?") == (
        done.returncode,
        done.stderr.splitlines()[-1],
    )
    assert "making .venv/\ninstalling scripts/lock.txt\n" == done.stdout
    assert (tmp_path / ".venv/bin/pip").is_file()
    assert [] == list((tmp_path / ".venv").glob(".*.sha256"))
