"""Validate and build the corpus, from a fresh clone.

Usage: python3 scripts/build.py. It makes .venv, installs the locked packages, validates the corpus,
builds the files that are published, shows the article, renews the pictures of the front page if the
page that they show has changed, and prints where the files are. It needs Python 3.11 and git, and
Chromium for the pictures.
"""

import sys

import pictures
from environment import BIN, ROOT, ensure, run

PLACES = {
    "the annotation": "corpus/documents/",
    "Parquet": "corpus/parquet/",
    "the manifest": "corpus/release.json",
    "the commands": f"{BIN.relative_to(ROOT)}/statevisit",
}
"""Where a reader finds the files."""


def main() -> int:
    """Return the exit status of the first command that fails, or 0."""
    ensure("requirements-build.txt")
    for command in ("validate", "build", "show"):
        print(f"\n$ statevisit {command}", flush=True)
        status = run("-m", "statevisit", command)
        if status:
            return status
    status = pictures.renew()
    if status:
        return status
    for name, place in PLACES.items():
        print(f"{name:<15} {place}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
