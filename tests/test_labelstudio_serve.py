"""The directories of the local Label Studio server."""

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from statevisit.errors import LabelStudioError
from statevisit.labelstudio import server
from statevisit.labelstudio.client import Server
from statevisit.labelstudio.server import Local, environment


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


_STUB = """#!{python}
import json, os, pathlib
pathlib.Path("environment.json").write_text(json.dumps(dict(os.environ)))
pathlib.Path("db.sqlite3").write_text("")
"""


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in place of the server: it writes its environment and a file, and ends."""
    program = tmp_path / "stub"
    program.write_text(_STUB.format(python=sys.executable))
    program.chmod(0o700)
    monkeypatch.setattr(server, "install", lambda say: program)
    return program


def _mode(path: Path) -> str:
    return oct(stat.S_IMODE(path.stat().st_mode))


@pytest.mark.slow
def test_the_data_are_their_owners(stub: Path, tmp_path: Path) -> None:
    """Others read neither the data directory nor the files in it, whatever the umask is."""
    data = tmp_path / "data"
    before = os.umask(0o000)
    try:
        with pytest.raises(LabelStudioError, match="did not start"), Local(data):
            pass
        assert ("0o700", "0o600", "0o600", "0o600") == (
            _mode(data),
            _mode(data / "db.sqlite3"),
            _mode(data / "statevisit.log"),
            _mode(data / "statevisit-account.json"),
        )
        data.chmod(0o755)  # as version 1.0 left it
        with pytest.raises(LabelStudioError, match="did not start"), Local(data):
            pass
        assert "0o700" == _mode(data)
    finally:
        os.umask(before)


def test_a_directory_with_other_files_keeps_its_mode(stub: Path, tmp_path: Path) -> None:
    """A directory that was not made for the server stays accessible to those who use it."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    (shared / "notes.txt").write_text("ours")
    with pytest.raises(LabelStudioError, match="did not start"), Local(shared):
        pass
    assert ("0o755", "0o600") == (_mode(shared), _mode(shared / "db.sqlite3"))


def test_the_server_gets_no_secrets(
    stub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens of other programs do not reach the server; its path and language do."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    with pytest.raises(LabelStudioError, match="did not start"), Local(tmp_path / "data"):
        pass
    child = json.loads((tmp_path / "data/environment.json").read_text())
    assert [] == [name for name, value in child.items() if value == "secret"]
    assert (os.environ["PATH"], "C.UTF-8") == (child["PATH"], child["LC_ALL"])


@pytest.mark.parametrize(
    "address",
    [
        "http://ada:hunter22@127.0.0.1:{port}",
        "http://ada:hunter%322@127.0.0.1:{port}/label",
        "http://ada:hun/ter22@127.0.0.1:{port}",
        "http://hunter22@127.0.0.1:{port}",
        "ada:hunter22@127.0.0.1",
        "ftp://ada:hunter22@127.0.0.1",
    ],
)
def test_a_password_in_an_address_is_not_shown(address: str) -> None:
    """Messages name the server without the user and the password."""
    with pytest.raises(LabelStudioError) as caught:
        Server(address.format(port=server.free_port()), "a-token")
    message = str(caught.value)
    assert "127.0.0.1" in message
    assert [] == [part for part in ("hun", "ter22", "ada", "a-token") if part in message]
