"""All tests, from a fresh clone: python3 scripts/test.py [--quick] [pytest's arguments]

Makes .venv and installs the locked packages, and Chromium (as root, with apt-get), where that is still to be done.
"""

import argparse
import sys

from environment import browser, ensure, run

QUICK = ("-m", "not live and not browser and not slow", "--mutations", "2000")
"""Pytest's arguments for the tests that need no server, no browser and no long time."""


def main() -> int:
    """Pytest's exit status."""
    parser = argparse.ArgumentParser(
        allow_abbrev=False,
        description="Run the tests; make .venv and install what is missing first.",
        epilog="Other arguments go to pytest: files of tests, -k EXPRESSION, -x, ...",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="leave out what needs Label Studio's server, Chromium or a long time",
    )
    options, arguments = parser.parse_known_args()
    ensure("requirements-test.txt")
    if not options.quick:
        browser()
    print(_plan(options.quick, arguments), flush=True)
    lane = QUICK if options.quick else ()
    return run("-m", "pytest", *lane, *arguments)


def _plan(quick: bool, arguments: list[str]) -> str:
    """What is about to run, and how long that took on two cores."""
    if arguments:
        return f"running {'the quick tests of ' if quick else ''}pytest {' '.join(arguments)}"
    if quick:
        return "running the quick tests: about 80 seconds on two cores"
    return (
        "running all tests: about 9 minutes on two cores, "
        "and 2 more where Label Studio's server is still to be installed"
    )


if __name__ == "__main__":
    sys.exit(main())
