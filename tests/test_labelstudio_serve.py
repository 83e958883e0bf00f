"""The directories of the local Label Studio server."""

from pathlib import Path

import pytest

from statevisit.labelstudio.serve import Local, environment


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory, without variables that lead elsewhere."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("STATEVISIT_CACHE", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def test_the_directories_are_those_of_the_user(home: Path) -> None:
    """The environment is in the user's cache, and the data in the user's data directory."""
    assert home / ".cache/statevisit" == environment().parent
    assert home / ".local/share/statevisit/label-studio" == Local().data


def test_variables_move_the_directories(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The XDG variables are respected; STATEVISIT_CACHE names the cache itself."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "c"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "d"))
    assert home / "c/statevisit" == environment().parent
    assert home / "d/statevisit/label-studio" == Local().data
    monkeypatch.setenv("STATEVISIT_CACHE", str(home / "cache"))
    assert home / "cache" == environment().parent
    assert home / "data" == Local(home / "data").data
