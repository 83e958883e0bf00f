"""Which tests run: the lanes of scripts/test.py, and tests that lack something."""

import importlib.util
import sys
from types import ModuleType

import pytest

from tests.conftest import ROOT, oracle

QUICK = "not live and not browser and not slow"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """scripts/test.py, which installs nothing here; `ran` holds what it runs."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    spec = importlib.util.spec_from_file_location("run_tests", ROOT / "scripts/test.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.ran = []
    monkeypatch.setattr(module, "ensure", module.ran.append)
    monkeypatch.setattr(module, "browser", lambda: module.ran.append("browser"))
    monkeypatch.setattr(module, "run", lambda *command: module.ran.append(command) or 3)
    return module


@pytest.mark.parametrize(
    ("arguments", "steps", "plan"),
    [
        ([], ["browser", ("-m", "pytest")], "all tests: about"),
        (
            ["--quick"],
            [("-m", "pytest", "-m", QUICK, "--mutations", "2000")],
            "the quick tests: about",
        ),
        (
            ["tests/test_codec.py", "-k", "emoji", "-x"],
            ["browser", ("-m", "pytest", "tests/test_codec.py", "-k", "emoji", "-x")],
            "pytest tests/test_codec.py -k emoji -x",
        ),
    ],
    ids=["all", "quick", "some"],
)
def test_the_script_says_what_it_runs(
    arguments: list[str],
    steps: list[object],
    plan: str,
    script: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It says what begins and for how long, hands arguments to pytest and returns its status."""
    monkeypatch.setattr(sys, "argv", ["scripts/test.py", *arguments])
    assert 3 == script.main()
    assert ["requirements-test.txt", *steps] == script.ran
    assert capsys.readouterr().out.startswith(f"running {plan}")


def test_what_a_test_lacks_skips_it_but_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a package a test is skipped with the reason; in CI it fails."""
    missing = oracle("a_package_of_no_index.scores")
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="a_package_of_no_index is not installed"):
        missing.f1()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="a_package_of_no_index is not installed"):
        missing.f1()
    assert 3.0 == oracle("math").sqrt(9)
