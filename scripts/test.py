"""All tests, from a fresh clone: python3 scripts/test.py [pytest's arguments]

Makes .venv and installs the locked packages where that is still to be done.
"""

import sys

from environment import ensure, run


def main() -> int:
    """pytest's exit status."""
    ensure("requirements-test.txt")
    return run("-m", "pytest", *sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
