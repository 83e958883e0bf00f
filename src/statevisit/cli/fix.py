"""Fix the files of documents, or show the changes: `statevisit validate --fix` and `--diff`."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from statevisit import files, layout
from statevisit.checks.fix import fixed
from statevisit.cli.main import say
from statevisit.corpus.reader import Entry, load
from statevisit.document.scheme import Scheme, scheme_for
from statevisit.document.strict_json import Malformed
from statevisit.errors import FormatError


def fix_files(paths: Iterable[Path], write: bool) -> list[Path]:
    """Fix the documents below `paths`, or without `write` print the changes; return their paths.

    Raises FormatError for anything but documents that are files of their own, and where a link
    leads to one to be mended.
    """
    schemes = {entry: scheme_for(path) for path in paths for entry in _entries(path)}
    entries = list(schemes)
    if write:
        _refuse_links(schemes)
    changed = []
    for entry in entries:
        try:
            before = entry.bytes()
        except Malformed:  # which the check reports
            continue
        after = fixed(before, entry.name, schemes[entry])
        if before == after:
            continue
        changed.append(entry.path)
        if write:
            files.write(entry.path, after)
            say(f"fixed {entry.path}", err=True)
        else:
            _show(entry.path, before, after)
    return changed


def _entries(path: Path) -> Sequence[Entry]:
    if str(path) == "-" or (path.is_file() and path.suffix != ".json"):
        raise FormatError(
            f"{path}: --fix and --diff mend documents that are files of their own, <id>.json"
        )
    corpus = load(path)
    if corpus.root is not None:
        layout.refuse_shards(corpus.root)
    return corpus.entries


def _refuse_links(schemes: Mapping[Entry, Scheme]) -> None:
    """Raise FormatError where a link leads to a document that is to be mended."""
    for entry, scheme in schemes.items():
        try:
            files.check_output(entry.path)
        except (FormatError, IsADirectoryError) as error:
            with suppress(Malformed):
                before = entry.bytes()
                if fixed(before, entry.name, scheme) != before:
                    raise error from None


def _show(path: Path, before: bytes, after: bytes) -> None:
    """Print the changes of a file as a unified diff."""
    old, new = (data.decode().splitlines(keepends=True) for data in (before, after))
    for line in difflib.unified_diff(old, new, str(path), str(path), n=1):
        say(line.removesuffix("\n"))
        if not line.endswith("\n"):
            say("\\ No newline at end of file")
