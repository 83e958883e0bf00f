"""The main job, from a fresh clone: python3 scripts/build.py

Makes .venv, installs the locked packages, validates the corpus, builds what is published, and shows the article
and where the files are. Needs Python 3.11 and git, nothing else.
"""

import sys

from environment import BIN, ROOT, ensure, run


def main() -> int:
    """Exit status 0 when the corpus is valid and built."""
    ensure("requirements-build.txt")
    for step in (("validate",), ("build",), ("show",)):
        print(f"\n$ statevisit {' '.join(step)}", flush=True)
        if status := run("-m", "statevisit", *step):
            return status
    places = {
        "the annotation": "corpus/documents/",
        "Parquet": "corpus/parquet/",
        "the manifest": "corpus/release.json",
        "the commands": f"{BIN.relative_to(ROOT)}/statevisit",
    }
    print("\n".join(f"{what:<15} {where}" for what, where in places.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
