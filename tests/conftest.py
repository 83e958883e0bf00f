"""Shared fixtures: the shipped document, a corpus to change, the command line, a browser."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, MutableMapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, NoReturn

import pytest
from hypothesis import settings
from msgspec.structs import replace

import statevisit
from statevisit import load
from statevisit.annotation.ingest import ingest
from statevisit.annotation.quotes import anchor
from statevisit.document.codec import encode, encode_value
from statevisit.document.model import ANNOTATED_LAYERS, Document
from statevisit.document.scheme import schema_files, scheme_from
from statevisit.document.states import DONE
from statevisit.errors import MissingExtra
from statevisit.layout import DOCUMENT_SCHEMA
from tests.hub_stand_in import TOKEN, Hub
from tests.repositories import CONFIG, ROOT, first_release

DOC_ID = "2024-02-19-aliyev-visit"

PATIENCE = 300.0
"""Seconds after which a test stops waiting: far more than a loaded machine needs."""

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


def lacking(reason: str) -> NoReturn:
    """Skip a test that lacks something, with the reason; in CI, fail."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def required(name: str) -> ModuleType:
    """A module that a test cannot do without."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        lacking(f"{error.name} is not installed; scripts/test.py installs it")


class _Oracle:
    """A module that is imported when a test uses one of its names."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):  # pytest looks for marks on everything that a module holds
            raise AttributeError(attribute)
        return getattr(required(self._name), attribute)


def oracle(name: str) -> Any:
    """A module that tests compare with; only the tests that use it cannot do without it."""
    return _Oracle(name)


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need Chromium."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Treat a package that the program asks for as one that the test lacks."""
    try:
        return (yield)
    except MissingExtra as error:
        lacking(str(error))


@pytest.hookimpl(trylast=True)  # pytest has chosen its own colours by then
def pytest_configure() -> None:
    """Make the environment that of a bare machine, before any test is imported."""
    forget_the_machine(os.environ)


settings.register_profile("any machine", deadline=None)  # a loaded machine takes longer
settings.load_profile("any machine")


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
    """Return a descriptor that writes to a named pipe, once the process reads from it."""
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


def started(*arguments: object) -> "subprocess.Popen[str]":
    """Start `statevisit` as a shell does for a person who may press Ctrl-C."""

    def heed_ctrl_c() -> None:
        # Children of a background job inherit that Ctrl-C is ignored.
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    return subprocess.Popen(
        [sys.executable, "-m", "statevisit", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
        preexec_fn=heed_ctrl_c,
    )


def interrupted(process: "subprocess.Popen[str]", seconds: float = 3) -> tuple[str, str]:
    """Press Ctrl-C until a process that leads its group ends; return its output and errors.

    Python sees a signal between two operations, so one that arrives just before a read which never
    returns is seen at the next signal only. That comes after the seconds that the process needs.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        os.killpg(process.pid, signal.SIGINT)
        try:
            return process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            assert time.monotonic() < deadline, "Ctrl-C does not end the process"


class Result(NamedTuple):
    """What a command did."""

    status: int
    out: str
    err: str


def _result(status: int, out: str, err: str) -> Result:
    """A result, unless the command asks for a package that the test lacks."""
    if asked := re.search(r"this needs (\S+): pip install 'statevisit\[.*", err):
        lacking(asked[0])
    return Result(status, out, err)


VALID = ROOT / "tests/data/valid/bridge.json"
"""A small document without findings, from which the fixtures are made."""

INVALID = ROOT / "tests/data/invalid"
"""A fixture for each code of a finding: a file or a corpus that is wrong in one way.

`NAME.patch.json` is a JSON Patch (RFC 6902). It stands for `NAME.json`: the valid document with id
NAME, and with the patch applied.
"""

RIGHT = ROOT / "tests/data/right"
"""Data without findings that look like the error of a code, in the forms of `INVALID`.

`NAME.text.json` is a text with its annotation in quote notation. It stands for `NAME.json`.
"""

PATCH = ".patch.json"
TEXT = ".text.json"
COMPILED = ".compiled.toml"
"""The end of a scheme's name which stands for the scheme and the schema that it gives."""

jsonpatch = oracle("jsonpatch")


def fixture_bytes(source: Path) -> bytes:
    """The bytes of a file among the fixtures, or of the document that it stands for."""
    data = source.read_bytes()
    if source.name.endswith(PATCH):
        document = json.loads(VALID.read_bytes()) | {"id": source.name.removesuffix(PATCH)}
        return encode_value(jsonpatch.JsonPatch(json.loads(data)).apply(document))
    if source.name.endswith(TEXT):
        return encode(annotated_text(json.loads(data), source.name.removesuffix(TEXT)))
    return data


def quoted_event(record_id: str, quote: str, chain: str, **more: Any) -> dict[str, Any]:
    """A past event in quotes, with `more` properties or other ones."""
    return {
        "id": record_id,
        "quote": quote,
        "level": "VRB",
        "event": chain,
        "class": "OCCURRENCE",
        "type": "OTHER",
        "polarity": "POS",
        "modality": "ACTUAL",
        "doc_time_rel": "BEFORE",
        "arguments": [],
    } | more


def annotated_text(draft: dict[str, Any], document_id: str) -> Document:
    """The document of a `text`, its `date` (default: 2024-03-01) and quotes in it.

    Every layer is done, unless the draft gives `layers` another state.
    """
    text, date = draft.pop("text"), draft.pop("date", "2024-03-01")
    language = draft.pop("language", "en")
    seed = f" date {date} {text}".encode()
    base = ingest(seed, f"{document_id}.txt", document_id, language)
    states = dict.fromkeys(ANNOTATED_LAYERS, "done") | draft.pop("layers", {})
    draft["layers"] = states
    document, problems, _ = anchor(draft, base, document_id)
    assert [] == [str(problem) for problem in problems]
    assert document is not None
    return document


def done(document: Document) -> Document:
    """The document with every layer finished."""
    return replace(document, layers=dict.fromkeys(document.layers, DONE))


def write_fixture(source: Path, directory: Path) -> Path:
    """Write a fixture, its patches applied, into a directory; return its path."""
    name = source.name.replace(PATCH, ".json").replace(TEXT, ".json").replace(COMPILED, ".toml")
    target = directory / name
    if source.is_dir():
        target.mkdir()
        for child in source.iterdir():
            write_fixture(child, target)
    else:
        target.write_bytes(fixture_bytes(source))
    if source.name.endswith(COMPILED):
        schema = schema_files(scheme_from(source.read_bytes(), source.name))[DOCUMENT_SCHEMA]
        (directory / Path(DOCUMENT_SCHEMA).name).write_bytes(schema)
    return target


@pytest.fixture(scope="session")
def invalid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of all fixtures, with the documents that patches stand for."""
    return write_fixture(INVALID, tmp_path_factory.mktemp("fixtures"))


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
    for name in ("corpus", "seeds", "schema"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("README.md", "CITATION.cff"):
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


class _Impatient:
    """The module `time` without waiting; `waits` gets the seconds."""

    def __init__(self, waits: list[float]) -> None:
        self._waits = waits

    def sleep(self, seconds: float) -> None:
        """Return at once."""
        self._waits.append(seconds)

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """An empty stand-in of the Hugging Face Hub, and an empty cache.

    No request of a test goes anywhere else, and nothing waits between attempts: `Hub.waits` lists
    the seconds that statevisit would.
    """
    constants = required("huggingface_hub.constants")
    http = required("huggingface_hub.utils._http")
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
    monkeypatch.setattr("statevisit.corpus.hub.time", _Impatient(found.waits))
    monkeypatch.setattr(http, "time", _Impatient([]))  # the module of all others stays as it is
    yield found
    found.close()


@pytest.fixture
def document_file(corpus: Path) -> Path:
    """The document in that copy."""
    return corpus / "corpus" / "documents" / f"{DOC_ID}.json"


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run the command line in this process."""
    from statevisit.cli.main import run

    def call(*arguments: object) -> Result:
        capfd.readouterr()
        status = run([str(a) for a in arguments])
        return _result(status, *capfd.readouterr())

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
        return _result(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium of the system that fetches nothing of its own accord."""
    paths = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    path = next(filter(None, paths), None)
    if path is None:
        lacking("Chromium is not installed (Debian: apt install chromium)")
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
    with oracle("playwright.sync_api").sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(flags))
        yield browser
        browser.close()


@pytest.fixture
def browser_page(chromium: Any) -> Iterator[Any]:
    """A page that fails the test on a script error, a console message or a foreign request."""
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
