"""All tests, from a fresh clone: python3 scripts/test.py [pytest's arguments]

Makes .venv and installs the locked packages where that is still to be done; so too the Label Studio server's environment,
and Chromium where this is Debian and one may install it. The live tests need both.
"""

import os
import shutil
import subprocess
import sys

from environment import ensure, run

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
"""What the live tests can drive."""


def main() -> int:
    """pytest's exit status."""
    ensure("requirements-test.txt")
    if any("--ignore" in a or a.startswith("tests/") for a in sys.argv[1:]) and not any("labelstudio_live" in a and "ignore" not in a for a in sys.argv[1:]):
        return run("-m", "pytest", *sys.argv[1:])  # without the live tests nothing else is needed
    browser()
    server = "import sys; from statevisit.labelstudio.serve import install; install(lambda line: sys.stderr.write(line + chr(10)))"
    if run("-c", server):
        sys.exit("failed: the live tests need a Label Studio server, which could not be installed; without them: python3 scripts/test.py --ignore tests/test_labelstudio_live.py")
    return run("-m", "pytest", *sys.argv[1:])


def browser() -> None:
    """Install Chromium where there is none. Exits with what to do where that cannot be done."""
    if any(map(shutil.which, BROWSERS)):
        return
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print("installing Chromium", flush=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "install", "-y", "--no-install-recommends", "chromium"]):
            if subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL).returncode:
                break
    if not any(map(shutil.which, BROWSERS)):
        sys.exit("failed: the live tests need Chromium (Debian: apt install chromium); without them: python3 scripts/test.py --ignore tests/test_labelstudio_live.py")


if __name__ == "__main__":
    sys.exit(main())
