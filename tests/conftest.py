"""What several tests use: the shipped document, a corpus to change, and the command line in and out of process."""

import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import statevisit
from statevisit import load
from statevisit.model import Document
from tests.hub_stand_in import TOKEN, Hub
from tests.repositories import CONFIG, ROOT, first_release

DOC_ID = "2024-02-19-aliyev-visit"

PATIENCE = 300.0
"""Seconds after which a test gives up waiting: a safety net, far above what a loaded machine needs."""

PACKAGE = Path(statevisit.__file__).parent
"""The package under test: that of the checkout, or an installed wheel."""

DATA = PACKAGE / "_data" if (PACKAGE / "_data").is_dir() else ROOT
"""Where the package under test has its data."""


OF_THE_MACHINE = (
    *("PYTHON", "STATEVISIT_", "_STATEVISIT_", "LABEL_STUDIO_", "HF_", "GIT_", "XDG_"),
    *("LC_", "LANGUAGE", "COLUMNS", "LINES", "TERM", "COLORTERM"),
    *("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "TTY_", "SOURCE_DATE_EPOCH"),
)
"""Beginnings of the names of variables that change what programs print, where, or in whose name."""

PLACES = ("PYTHONPATH", "PYTHONHOME", "STATEVISIT_CACHE", "STATEVISIT_SCREENSHOT")
"""Variables that say where things are, and hide nothing."""


def forget_the_machine(environment: MutableMapping[str, str]) -> None:
    """Remove variables that differ between machines: they can hide a fault, or make one."""
    for name in list(environment):
        if name.startswith(OF_THE_MACHINE) and name not in PLACES:
            del environment[name]


@pytest.hookimpl(trylast=True)  # pytest has chosen its own colours by then
def pytest_configure() -> None:
    """Make the environment that of a bare machine, before any test is imported."""
    forget_the_machine(os.environ)


def pytest_addoption(parser: pytest.Parser) -> None:
    """How many mistakes test_two_engines makes."""
    parser.addoption(
        "--mutations",
        type=int,
        default=20_000,
        help="mistakes made in documents made up at random (default: 20,000)",
    )


def wait_until(state: Callable[[], object], what: str) -> None:
    """Wait until a state is true, however long a loaded machine takes. Fails after PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while not state():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.01)


def opened(fifo: Path, process: "subprocess.Popen[str]") -> int:
    """The writing end of a named pipe, as a file descriptor, once the process reads at the other."""
    writers: list[int] = []

    def state() -> bool:
        try:
            writers.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        except OSError as error:
            if error.errno != errno.ENXIO:  # nobody reads yet
                raise
        return bool(writers) or process.poll() is not None

    wait_until(state, f"{fifo.name} is read")
    assert writers, f"never read: {process.communicate()}"
    os.set_blocking(writers[0], True)
    return writers[0]


class Result(NamedTuple):
    """What a command did."""

    status: int
    out: str
    err: str


@pytest.fixture(scope="session")
def article() -> Document:
    """The shipped document."""
    return load()[DOC_ID]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A copy of the shipped corpus root that a test may change; nothing built in it."""
    for name in ("corpus", "seeds"):
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("parquet", "release.json")
        )
    return tmp_path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the committed data, with built files and pages, that a test may change."""
    for name in ("corpus", "seeds"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in (
        "README.md",
        "CITATION.cff",
        "schema/GUIDELINES.md",
        "schema/README.md",
        "schema/CHECKS.md",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who commits, whoever runs the tests; the day of a release is fixed."""
    for name, value in {**CONFIG, "SOURCE_DATE_EPOCH": "1800000000"}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one release, v0.1.0, of the files that make one."""
    return first_release(tmp_path / "repository")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """The stand-in of the Hugging Face Hub, empty, and an empty cache; no request of the tests goes anywhere else, and huggingface_hub does not wait between two attempts."""
    from huggingface_hub import constants
    from huggingface_hub.utils import _http

    found = Hub()
    monkeypatch.setenv("HF_ENDPOINT", found.url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr(
        constants,
        "HUGGINGFACE_CO_URL_TEMPLATE",
        constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, found.url),
    )
    monkeypatch.setattr(constants, "ENDPOINT", found.url)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))
    monkeypatch.setattr(_http.time, "sleep", lambda _: None)
    yield found
    found.close()


@pytest.fixture
def document_file(corpus: Path) -> Path:
    """The document in that copy."""
    return corpus / "corpus" / "documents" / f"{DOC_ID}.json"


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run the command line in this process."""
    from statevisit.commands import run

    def call(*arguments: object) -> Result:
        capfd.readouterr()
        status = run([str(a) for a in arguments])
        return Result(status, *capfd.readouterr())

    return call


@pytest.fixture
def shell() -> Callable[..., Result]:
    """Run the command line in a process of its own."""

    def call(*arguments: object, cwd: Path = ROOT, **env: str) -> Result:
        command = [sys.executable, "-m", "statevisit", *map(str, arguments)]
        done = subprocess.run(
            command,
            cwd=cwd,
            env=os.environ | env,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium of the system that fetches nothing of its own accord."""
    from playwright.sync_api import sync_playwright

    path = next(
        (
            p
            for name in ("chromium", "chromium-browser", "google-chrome")
            if (p := shutil.which(name))
        ),
        None,
    )
    assert path, "the pages are tested in Chromium: install it (Debian: apt install chromium)"
    flags = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(flags))
        yield browser
        browser.close()


@pytest.fixture
def browser_page(chromium: Any) -> Iterator[Any]:
    """A page that fails the test on any script error, message on the console, or request beyond the file it shows."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text))
    page.on(
        "request",
        lambda request: (
            wrong.append(request.url) if not request.url.startswith(("file:", "data:")) else None
        ),
    )
    yield page
    page.close()
    assert [] == wrong
