"""All tests, from a fresh clone: python3 scripts/test.py [pytest's arguments]

Makes .venv and installs the locked packages, and Chromium (as root, with apt-get), where that is still to be done.
"""

import sys

from environment import browser, ensure, run


def main() -> int:
    """Pytest's exit status."""
    ensure("requirements-test.txt")
    browser()
    return run("-m", "pytest", *sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
