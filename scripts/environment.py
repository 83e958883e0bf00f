"""The virtual environment of the scripts: created if missing, renewed when the lock changes.

Only the standard library: this runs before anything is installed. To create the environment of the
tests without running them: python3 scripts/environment.py requirements-test.txt
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")

SOURCE_ONLY = "seqeval,jsonpath-rw,docopt"
"""Packages that are published as source only.

An oracle of scoring, a dependency of mlcroissant, and one of quantulum3 (through num2words).
"""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def ensure(lock: str) -> None:
    """Make `.venv` hold the packages of a lock file in `scripts/`, and this checkout.

    Exits with one message if it cannot.
    """
    if sys.version_info < (3, 11):  # noqa: UP036  an older Python gets a message, not a traceback
        sys.exit(
            f"statevisit needs Python 3.11 or newer; this is {sys.version.split()[0]}: "
            "run this script with a newer one"
        )
    lock_file = ROOT / "scripts" / lock
    mark = VENV / f".{lock}.sha256"
    contents = lock_file.read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    digest = hashlib.sha256(contents).hexdigest()
    if mark.is_file() and mark.read_text() == digest and PYTHON.exists():
        return
    if not _can_install():
        _create()
    _install(lock_file)
    mark.write_text(digest)


def _create() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    print(f"making {VENV.relative_to(ROOT)}/", flush=True)
    _run(
        [sys.executable, "-m", "venv", str(VENV)],
        "Python's venv module is missing (Debian: apt install python3-venv)",
    )


def _install(lock_file: Path) -> None:
    print(f"installing {lock_file.relative_to(ROOT)}", flush=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wheels_only = ["--only-binary", ":all:", "--no-binary", SOURCE_ONLY]
    _run(
        [*pip, "--require-hashes", *wheels_only, "-r", str(lock_file)],
        "the packages could not be installed; is there a network?",
    )
    _run(
        [*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
        "this checkout could not be installed",
    )


def browser() -> None:
    """Install Chromium for the tests of pages if it is missing.

    Prints a line if that is not possible; those tests are then skipped.
    """
    if any(map(shutil.which, BROWSERS)):
        return
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not is_root or not shutil.which("apt-get"):
        print(
            "Chromium is not installed, so the tests of pages are skipped; "
            "install it (Debian: sudo apt install chromium)",
            flush=True,
        )
        return
    print("installing Chromium (apt-get)", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["install", "--yes", "--no-install-recommends", "chromium"]
    for arguments in (["update"], install):
        command = ["apt-get", "-qq", *arguments]
        done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL)
        if done.returncode:
            print("Chromium could not be installed: the tests of pages are skipped", flush=True)
            return


def _can_install() -> bool:
    """Return whether `.venv` has a Python with pip.

    It has none if its creation was interrupted or its Python was removed.
    """
    if not PYTHON.exists():
        return False
    command = [str(PYTHON), "-c", "import pip"]
    return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0


def _run(command: "list[str]", advice: str) -> None:
    if subprocess.run(command, cwd=ROOT).returncode:
        sys.exit(f"failed: {advice}")


def run(*command: str) -> int:
    """Run Python of the environment with arguments in the checkout; return its exit status."""
    return subprocess.run([str(PYTHON), *command], cwd=ROOT).returncode


if __name__ == "__main__":
    for name in sys.argv[1:]:
        ensure(name)
