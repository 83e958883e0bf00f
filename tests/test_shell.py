"""The command line in a shell: failing streams, exit statuses, tab completion, environment."""

import os

from tests.conftest import forget_the_machine


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
