"""Check the style and the types of the code, and run the tests, from a fresh clone.

Usage: python3 scripts/test.py [--quick] [arguments of pytest]. It makes .venv and installs the
locked packages and (as root, with apt-get) Chromium if needed. Then it runs ruff and mypy, and
pytest if they find nothing. `--quick` leaves out the tests that need a Label Studio server, a
browser, Ray or several seconds. All other arguments go to pytest unchanged; if they select tests (a
path or an option such as -k), ruff and mypy are left out.
"""

import argparse
import shlex
import sys

from environment import ROOT, browser, ensure, run

CHECKS = (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"])
"""The commands that check the code, in the order in which they run."""

QUICK = ("-m", "not live and not browser and not ray and not slow", "--mutations", "2000")
"""The arguments of pytest that `--quick` stands for."""

SELECTING = ("-k", "-m", "--lf", "--last-failed", "--deselect", "--ignore")
"""The options of pytest that select tests."""


def main() -> int:
    """Return the exit status of the first command that fails, or 0."""
    options, arguments = _parser().parse_known_args()
    ensure("requirements-test.txt")
    if not options.quick:
        browser()
    quick = QUICK if options.quick else ()
    commands = [["pytest", *quick, *arguments]]
    if selects_tests(arguments):
        print("Running the selected tests, without ruff and mypy.", flush=True)
    else:
        commands = [*CHECKS, *commands]
        tests = "the quick tests: 140 seconds" if options.quick else "all tests: 18 minutes"
        print(f"Running ruff, mypy and {tests} on two cores.", flush=True)
    for command in commands:
        print(f"\n$ python -m {shlex.join(command)}", flush=True)
        status = run("-m", *command)
        if status:
            return status
    return 0


def selects_tests(arguments: "list[str]") -> bool:
    """Return whether arguments of pytest name a path or have an option that selects tests."""
    for argument in arguments:
        path = ROOT / argument.partition("::")[0]
        if argument.startswith(SELECTING) or path.exists():
            return True
    return False


def _parser() -> argparse.ArgumentParser:
    description, _, details = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        usage="%(prog)s [--quick] [arguments of pytest]",
        description=description,
        epilog=details,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="leave out the tests that need Label Studio, a browser, Ray or several seconds",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
