"""The command line in a shell: failing streams, exit statuses, tab completion, environment."""

import os
import subprocess
from pathlib import Path

from tests.conftest import ROOT, forget_the_machine

KEPT = {
    "PATH",
    "HOME",
    "TMPDIR",
    "PIP_INDEX_URL",
    "PIP_FIND_LINKS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "no_proxy",
    "NO_PROXY",
}
"""Variables that `.ci/run` hands on: where things are, and what pip needs to reach its index."""

DROPPED = (
    "PYTHONUNBUFFERED",
    "PYTHONPATH",
    "FORCE_COLOR",
    "NO_COLOR",
    "COLUMNS",
    "LC_ALL",
    "HF_TOKEN",
    "GIT_DIR",
    "XDG_CACHE_HOME",
    "STATEVISIT_CACHE",
    "PIPELINE",
    "BASH_FUNC_python3%%",
)


def test_ci_begins_in_an_environment_of_its_own(tmp_path: Path) -> None:
    """`.ci/run` starts the tests without the machine's variables, whatever the values are."""
    stub = tmp_path / "python3"
    stub.write_text("#!/bin/sh\nprintf '%s\\0' \"$*\"\nexec env -0\n")
    stub.chmod(0o755)
    awkward = {name: f'{name} \'of\n"this machine" $HOME *' for name in KEPT}
    awkward["PATH"] = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    dropped = dict.fromkeys(DROPPED, "C") | {"LANG": "tr_TR.ISO-8859-9", "CI": "no"}
    done = subprocess.run(
        ["bash", ROOT / ".ci/run"],
        cwd=tmp_path,
        env=awkward | dropped,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert (0, "") == (done.returncode, done.stderr)
    arguments, *variables = done.stdout.removesuffix("\0").split("\0")
    assert "scripts/test.py" == arguments
    passed_on = dict(variable.split("=", 1) for variable in variables)
    for name in ("_", "PWD", "OLDPWD", "SHLVL"):  # bash sets them itself
        passed_on.pop(name, None)
    assert awkward | {"LANG": "C.UTF-8", "CI": "true"} == passed_on


def test_the_tests_do_not_depend_on_the_machine() -> None:
    """The tests run without the variables that differ between machines, except those of places."""
    places = {"PATH": "/bin", "HOME": "/", "PYTHONPATH": "src", "STATEVISIT_CACHE": "/cache"}
    environment = places | dict.fromkeys(
        (
            "PYTHONUNBUFFERED",
            "PYTHONWARNINGS",
            "FORCE_COLOR",
            "TTY_COMPATIBLE",
            "COLUMNS",
            "LC_ALL",
            "HF_TOKEN",
            "GIT_DIR",
            "XDG_CONFIG_HOME",
            "_STATEVISIT_COMPLETE",
        ),
        "1",
    )
    forget_the_machine(environment)
    assert places == environment
    assert "PYTHONUNBUFFERED" not in os.environ
