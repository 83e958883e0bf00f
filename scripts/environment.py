"""The virtual environment of the two commands: made where it is missing, renewed where the lock changed.

Only the standard library: it runs before anything is installed. To make the environment of the
tests and run none: python3 scripts/environment.py requirements-test.txt
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


def ensure(lock: str) -> None:
    """Make `.venv` hold what the lock file (in `scripts/`) names, and this checkout. Exits with one message when it cannot."""
    if sys.version_info < (3, 11):
        sys.exit(
            f"statevisit needs Python 3.11 or newer; this is {sys.version.split()[0]}: run this script with a newer one"
        )
    wanted = ROOT / "scripts" / lock
    mark = VENV / f".{lock}.sha256"
    digest = hashlib.sha256(
        wanted.read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    ).hexdigest()
    if mark.is_file() and mark.read_text() == digest and PYTHON.exists():
        return
    if not _usable():
        shutil.rmtree(VENV, ignore_errors=True)
        print(f"making {VENV.relative_to(ROOT)}/", flush=True)
        _run(
            [sys.executable, "-m", "venv", str(VENV)],
            "Python's venv module is missing (Debian: apt install python3-venv)",
        )
    print(f"installing {wanted.relative_to(ROOT)}", flush=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # seqeval, against which scoring is tested, and what mlcroissant reads JSON with come as source only
    _run(
        [
            *pip,
            "--require-hashes",
            "--only-binary",
            ":all:",
            "--no-binary",
            "seqeval,jsonpath-rw",
            "-r",
            str(wanted),
        ],
        "the packages could not be installed; is there a network?",
    )
    _run(
        [*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
        "this checkout could not be installed",
    )
    mark.write_text(digest)


def browser() -> None:
    """Have Chromium on this machine, in which tests open pages. Says so where it cannot be installed."""
    if any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        return
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print("installing Chromium (apt-get)", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "-qq", "update"],
            ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", "chromium"],
        ):
            if subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL).returncode:
                print("Chromium could not be installed: the tests of pages are skipped", flush=True)
                return
    else:
        print(
            "no Chromium here: the tests of pages are skipped (Debian: sudo apt install chromium)",
            flush=True,
        )


def _usable() -> bool:
    """Whether there is an environment that can install: not one whose making was interrupted or whose Python is gone."""
    return (
        PYTHON.exists()
        and subprocess.run([str(PYTHON), "-c", "import pip"], stderr=subprocess.DEVNULL).returncode
        == 0
    )


def _run(command: list[str], advice: str) -> None:
    if subprocess.run(command, cwd=ROOT).returncode:
        sys.exit(f"failed: {advice}")


def run(*command: str) -> int:
    """Run a command of the environment in the checkout; its exit status."""
    return subprocess.run([str(PYTHON), *command], cwd=ROOT).returncode


if __name__ == "__main__":
    for name in sys.argv[1:]:
        ensure(name)
