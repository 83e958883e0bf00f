"""Changes of documents in shards: only the shards that differ afterwards are written.

The shards are then those that `unshard`, the change and `shard` would give, byte for byte. The
frames of other documents are copied, one at a time, and not compressed again.
"""

import os
import shutil
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from heapq import merge
from itertools import chain, groupby, islice
from operator import itemgetter
from pathlib import Path

from statevisit import files, layout
from statevisit.corpus.document_shards import Packed, assembled, compressed, in_order, name_of
from statevisit.corpus.entries import first_id, sound_index
from statevisit.corpus.sharding import DOCUMENTS, line_of, replacing_documents
from statevisit.errors import FormatError

Content = bytes | Callable[[], bytes] | None
"""A document's canonical JSON, or a function that returns it; None for one that is removed."""

_Frame = tuple[Packed, bytes]
"""A document of a shard, and its compressed bytes."""


def change_shards(root: Path, changes: Mapping[str, Content]) -> None:
    """Change, add and remove documents in the shards of a corpus root, whose lock is held.

    Of documents that exist and stay, only the shards are written. From the first one that is added
    or removed, all later shards are filled anew, with as many documents each as the first one has;
    if it is the only one, with DOCUMENTS at least. All shards change in one step, as far as
    `replacing_documents` does.

    Raises FormatError, and changes nothing, for a shard that is damaged or not in the order of ids,
    and for a path through a link; MissingExtra without pyarrow.
    """
    directory = files.own_path(root, layout.FIRST_SHARD).parent
    paths = in_order(directory, os.listdir(directory))
    in_place, tail = _plan(paths, changes)
    if tail == len(paths) and len(in_place) == 1:
        ((path, ids),) = in_place.items()
        with files.replacing(path) as temporary:
            _write(temporary, _merged([path], ids, changes))
    elif changes:
        with replacing_documents(root, {path.name for path in paths}) as staging:
            for path in paths[:tail]:
                if path in in_place:
                    _write(staging / path.name, _merged([path], in_place[path], changes))
                else:
                    _link(path, staging / path.name)
            done = {document_id for ids in in_place.values() for document_id in ids}
            ids = sorted(changes.keys() - done)
            _fill(staging, tail, _merged(paths[tail:], ids, changes), _size(paths))


def _plan(
    paths: Sequence[Path], changes: Mapping[str, Content]
) -> tuple[dict[Path, list[str]], int]:
    """The ids that change in a shard that keeps its ids, and the number of the first other shard.

    That is the one from which all are filled anew.
    """
    first = cache(first_id)

    def number_of(document_id: str) -> int:
        return max(0, bisect_right(paths, document_id, key=first) - 1)

    in_place: dict[Path, list[str]] = {}
    for number, some in groupby(sorted(changes), key=number_of):
        ids = list(some)
        present = {document.id for document in sound_index(paths[number])}
        if not all(i in present and changes[i] is not None for i in ids):
            return in_place, number
        in_place[paths[number]] = ids
    return in_place, len(paths)


def _merged(
    paths: Iterable[Path], ids: Iterable[str], changes: Mapping[str, Content]
) -> Iterator[_Frame]:
    """Yield the frames of some shards, with the changes of some sorted ids, in the order of ids."""
    old = ((frame[0].id, frame) for frame in _frames(paths))
    new = ((document_id, None) for document_id in ids)
    of_document = itemgetter(0)
    for document_id, frames in groupby(merge(old, new, key=of_document), key=of_document):
        *_, (_, frame) = frames
        content = changes[document_id] if frame is None else None
        if frame is not None:
            yield frame
        elif content is not None:
            data = content() if callable(content) else content
            yield compressed(document_id, line_of(data))


def _frames(paths: Iterable[Path]) -> Iterator[_Frame]:
    """Yield the frames of some shards. Raises FormatError for one that is not in its place."""
    last = ""
    for path in paths:
        with path.open("rb") as file:
            for line, document in enumerate(sound_index(path), 1):
                if document.id <= last:
                    raise FormatError(
                        f"{path}:{line}: {document.id!r} does not follow {last!r} in the order of "
                        "ids; run `statevisit shard`, which sorts the documents"
                    )
                last = document.id
                yield document, file.read(document.size)


def _fill(directory: Path, number: int, frames: Iterator[_Frame], size: int) -> None:
    """Write frames into new shards of `size` documents, from a number on."""
    for frame in frames:
        _write(directory / name_of(number), chain([frame], islice(frames, size - 1)))
        number += 1


def _write(path: Path, frames: Iterable[_Frame]) -> None:
    with path.open("wb") as file:
        file.writelines(assembled(frames))


def _size(paths: Sequence[Path]) -> int:
    """The number of documents that a full shard of a corpus has."""
    of_first = len(sound_index(paths[0]))
    return of_first if len(paths) > 1 else max(of_first, DOCUMENTS)


def _link(path: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system has no such."""
    try:
        os.link(path, target)
    except OSError:
        shutil.copyfile(path, target)
