"""Fix the files of documents, or show the changes: `statevisit validate --fix` and `--diff`."""

import difflib
from collections.abc import Iterable
from pathlib import Path

import click

from statevisit import resources
from statevisit.corpus import load
from statevisit.errors import FormatError
from statevisit.fixes import fixed


def fix_files(paths: Iterable[Path], write: bool) -> list[Path]:
    """Fix the documents below `paths`, or without `write` print the changes; return their paths.

    Raises FormatError for anything but documents that are files of their own.
    """
    changed = []
    for path in paths:
        if str(path) == "-" or (path.is_file() and path.suffix != ".json"):
            raise FormatError(
                f"{path}: --fix and --diff change documents that are files of their own, <id>.json"
            )
        for entry in load(path).entries:
            before = entry.bytes()
            after = fixed(before, entry.name)
            if before == after:
                continue
            changed.append(entry.path)
            if write:
                with resources.replacing(entry.path) as temporary:
                    temporary.write_bytes(after)
                click.echo(f"fixed {entry.path}", err=True)
            else:
                _show(entry.path, before, after)
    return changed


def _show(path: Path, before: bytes, after: bytes) -> None:
    """Print the changes of a file as a unified diff."""
    old, new = (data.decode().splitlines(keepends=True) for data in (before, after))
    for line in difflib.unified_diff(old, new, str(path), str(path), n=1):
        click.echo(line.removesuffix("\n"))
        if not line.endswith("\n"):
            click.echo("\\ No newline at end of file")
