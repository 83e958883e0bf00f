"""Build and release in one call each: `statevisit.build` and `statevisit.release`."""

from pathlib import Path

from msgspec import Struct

from statevisit import layout
from statevisit.corpus.copies import borrowed
from statevisit.corpus.git import numbers
from statevisit.errors import ReleaseError
from statevisit.printable import counted
from statevisit.publishing import build as building
from statevisit.publishing.manifest import version_of
from statevisit.publishing.plan import check_ready, plan
from statevisit.publishing.transaction import make, recover


class Built(Struct, frozen=True):
    """What a build did with the files below the corpus root; their names are relative, with `/`.

    Attributes:
        version: The version that the manifest states: that of the last release.
        written: The files that are new or changed, `corpus/release.json` among them.
        removed: The files of the build before that this one lacks.
        current: The files that had their bytes already.
    """

    version: str
    written: tuple[str, ...]
    removed: tuple[str, ...]
    current: tuple[str, ...]


class Released(Struct, frozen=True):
    """A release that was made or, with `dry_run`, planned.

    Attributes:
        version: The new version.
        last: The version of the last release; None for the first one.
        reasons: Why the version may not be lower: the changes since then, the weightiest first.
        tag: The tag of the release in git.
        commit: The id of its commit; None for a plan.
    """

    version: str
    last: str | None
    reasons: tuple[str, ...]
    tag: str
    commit: str | None


def build(path: Path | str, *, check: bool = False, workers: int | None = None) -> Built:
    """Write `corpus/parquet/` and `corpus/release.json` of a corpus, as `statevisit build`.

    Args:
        path: The corpus root, which holds `corpus/`, or the URL of one in a store.
        check: Write nothing, and raise ReleaseError if the built files differ from what a build
            would write.
        workers: The number of processes; None for one for each core.

    Raises ReleaseError, and writes nothing, if a document has an error (`error.findings` are all
    errors), or if a file in `corpus/parquet/` belongs to no build; FormatError if `path` is not a
    corpus root; MissingExtra without pyarrow; StateVisitError if the store cannot be used.
    """
    with borrowed(path) as here:
        return _built(layout.corpus_root(here), check, workers)


def _built(root: Path, check: bool, workers: int | None) -> Built:
    result = building.build(root, check, workers)
    if result.findings:
        more = f"; and {len(result.findings) - 1} more" if result.findings[1:] else ""
        message = f"{counted(len(result.findings), 'error')}, nothing was built: "
        raise ReleaseError(f"{message}{result.findings[0]}{more}", result.findings)
    if check and result.stale:
        name, _ = result.stale[0]
        more = f" and {len(result.stale) - 1} more" if result.stale[1:] else ""
        raise ReleaseError(
            f"{name}{more} is not what would be built: build, and commit the files"
            f"{building.other_tools(root)}"
        )
    return Built(
        version=version_of(root),
        written=_names(result, "written"),
        removed=_names(result, "removed"),
        current=_names(result, "current"),
    )


def _names(result: building.BuildResult, state: str) -> tuple[str, ...]:
    return tuple(name for name, its_state in result.states if its_state == state)


def release(path: Path | str, version: str | None = None, *, dry_run: bool = False) -> Released:
    """Make a new version of a corpus, completely or not at all, as `statevisit release`.

    A release writes the version into the manifest, the changelog and the citation, builds, commits
    and tags. One that was stopped is first finished or undone.

    Args:
        path: The corpus root at the top of its git checkout.
        version: The version, "1.2.0"; None for the lowest that the changes allow.
        dry_run: Change nothing.

    Raises ReleaseError, and changes nothing, without a git checkout, for files that are not
    committed, documents with errors (`error.findings`), an outdated build, or a version below the
    lowest allowed; FormatError if `path` is not a corpus root.
    """
    if version is not None:
        numbers(version)
    root = layout.corpus_root(Path(path))
    if not dry_run:
        recover(root)
    check_ready(root)
    planned = plan(root, version)
    commit = None if dry_run else make(root, planned)
    weightiest = sorted(planned.reasons, key=lambda reason: -reason.level)
    return Released(
        version=planned.version,
        last=planned.last,
        reasons=tuple(reason.message for reason in weightiest),
        tag=f"v{planned.version}",
        commit=commit,
    )
