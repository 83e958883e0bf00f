"""Fix the files of documents, or show the changes: `statevisit validate --fix` and `--diff`."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from statevisit import files
from statevisit.checks.fix import fixed
from statevisit.cli.main import say
from statevisit.corpus.document_shards import is_shard
from statevisit.corpus.documents import locked, rewrite
from statevisit.corpus.reader import Entry, load
from statevisit.document.codec import encode_value
from statevisit.document.scheme import Scheme, scheme_for
from statevisit.document.strict_json import Malformed, parse
from statevisit.errors import FormatError


def fix_files(paths: Iterable[Path], write: bool) -> list[Path]:
    """Fix the documents below `paths`, or without `write` print the changes; return their paths.

    Raises FormatError for anything but documents that are files of their own or in shards, and
    where a link leads to one to be mended.
    """
    schemes = {entry: scheme_for(path) for path in paths for entry in _entries(path)}
    if write:
        _refuse_links(schemes)
    changed = []
    for path, entries in groupby(schemes, attrgetter("path")):
        fixed_documents: dict[str, bytes] = {}
        names = []
        for entry in entries:
            with suppress(Malformed):  # which the check reports
                before = _whole(entry)
                after = fixed(before, entry.name, schemes[entry])
                if before != after:
                    changed.append(path)
                    names.append(entry.name)
                    fixed_documents[entry.id] = after
                    if not write:
                        _show(entry.name, before, after)
        if write and fixed_documents:
            with locked(path):
                rewrite(path, fixed_documents)
            for name in names:
                say(f"fixed {name}", err=True)
    return changed


def _whole(entry: Entry) -> bytes:
    """The document as its own file has it, for a line of a shard as `unshard` would write it."""
    data = entry.bytes()
    return encode_value(parse(data, entry.name)) if entry.unpacked else data


def _entries(path: Path) -> Sequence[Entry]:
    is_other = path.suffix != ".json" and not is_shard(path.name)
    if str(path) == "-" or (path.is_file() and is_other):
        raise FormatError(
            f"{path}: --fix and --diff mend documents that are files of their own, <id>.json, or "
            "in the shards of a corpus"
        )
    return load(path).entries


def _refuse_links(schemes: Mapping[Entry, Scheme]) -> None:
    """Raise FormatError where a link leads to a document that is to be mended."""
    for entry, scheme in schemes.items():
        try:
            files.check_output(entry.path)
        except (FormatError, IsADirectoryError) as error:
            with suppress(Malformed):
                before = _whole(entry)
                if fixed(before, entry.name, scheme) != before:
                    raise error from None


def _show(name: str, before: bytes, after: bytes) -> None:
    """Print the changes of a file as a unified diff."""
    old, new = (data.decode().splitlines(keepends=True) for data in (before, after))
    for line in difflib.unified_diff(old, new, name, name, n=1):
        say(line.removesuffix("\n"))
        if not line.endswith("\n"):
            say("\\ No newline at end of file")
