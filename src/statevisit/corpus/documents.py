"""The documents of a corpus root by id or path, and how they are written, in either form.

The path `corpus/documents/<id>.json` names a document of a root also where its documents are in
shards and no file has this path.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from statevisit import files, layout
from statevisit.corpus.document_shards import in_order, is_shard
from statevisit.corpus.entries import Entry, in_shards, sound_index
from statevisit.corpus.reader import load
from statevisit.corpus.shard_changes import Content, change_shards
from statevisit.document.codec import encode
from statevisit.document.model import Document
from statevisit.document.scheme import scheme_for
from statevisit.errors import FormatError


def place_of(root: Path, document_id: str) -> Path:
    """Return the path that names a document of a root; no file need have it."""
    return root / layout.DOCUMENTS / f"{document_id}.json"


def entry_at(path: Path) -> Entry:
    """Return the place of the one document that a path names; the file need not exist."""
    return in_shards(path) or Entry(path, 0)


def read_at(path: Path) -> Document:
    """Return the document that a path names, under the scheme of its corpus; as `read_document`."""
    return entry_at(path).read(scheme_for(path))


def exists(path: Path) -> bool:
    """Whether a path names a document in a shard, or is that of a file."""
    return in_shards(path) is not None or path.is_file()


def ids_of(root: Path) -> Iterator[str]:
    """Yield the ids of the documents of a root, read from the names of files or from indexes.

    Raises FormatError for a damaged shard, or a mixture of both forms.
    """
    directory = root / layout.DOCUMENTS
    if not layout.is_sharded(root):
        yield from (path.stem for path in directory.glob("*.json"))
        return
    for path in in_order(directory, os.listdir(directory)):
        yield from (document.id for document in sound_index(path))


def entries_of(root: Path) -> Sequence[Entry]:
    """Return the places of the documents of a root, sorted by id; none for a root without any."""
    has_documents = next(ids_of(root), None) is not None
    return load(root).entries if has_documents else []


def write_documents(root: Path, changes: Mapping[str, Content]) -> None:
    """Write and remove documents of a corpus root, by id, in the form that the root has.

    Every change of documents goes through here. The caller holds the lock of the root
    (`files.locked`), and gives documents in canonical form with these ids.

    Documents in files change one after the other, those in shards all in one step. Raises
    FormatError, before the first change, for a path through a link and for a damaged shard.
    """
    if layout.is_sharded(root):
        change_shards(root, changes)
        return
    names = {document_id: f"{layout.DOCUMENTS}/{document_id}.json" for document_id in changes}
    paths = {document_id: files.own_path(root, name) for document_id, name in names.items()}
    for document_id, content in changes.items():
        if content is None:
            files.remove(root, names[document_id])
        else:
            files.update(paths[document_id], content() if callable(content) else content)


def write_files(root: Path, changes: Mapping[str, Content]) -> None:
    """Write and remove files of a corpus root by name, those of its documents as `write_documents`.

    Documents come last, in the form that the root has. Raises as `write_documents`.
    """
    documents = {}
    others = {}
    for name, content in changes.items():
        path = files.own_path(root, name)
        if path.parent == root / layout.DOCUMENTS and path.suffix == ".json":
            documents[path.stem] = content
        else:
            others[name] = content
    for name, content in others.items():
        if content is None:
            files.remove(root, name)
        else:
            files.update(root / name, content() if callable(content) else content)
    write_documents(root, documents)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from changing the corpus root that holds a path, if one does."""
    root = layout.holding_root(path)
    with nullcontext() if root is None else files.locked(root):
        yield


def rewrite(path: Path, changes: Mapping[str, bytes]) -> None:
    """Write documents, by id, that a file or a shard holds already; of a shard the lock is held.

    Raises as `write_documents`, and for a shard that is not one of a corpus root.
    """
    if not is_shard(path.name):
        for content in changes.values():
            files.write(path, content)
        return
    root = layout.holding_root(path)
    if root is None or path.absolute().parent != root / layout.DOCUMENTS:
        raise FormatError(f"{path}: lies in no corpus, and a shard is changed as a part of one")
    write_documents(root, changes)


def write_at(path: Path, data: bytes) -> None:
    """Write the document that a path names: a file, or one in a shard, whose root is locked."""
    root = layout.sharded_root_of(path)
    if root is None:
        files.write(path, data)
    else:
        write_documents(root, {path.stem: data})


def write_document(document: Document, path: Path | str) -> None:
    """Write a document in canonical form; the file appears whole or not at all.

    `path` is a file, or a corpus root that has a document of this id, which is replaced. Where the
    documents of a root are in shards, `corpus/documents/<id>.json` names one of them.

    Raises FormatError if `path` is a link, or lies in a corpus root and leads through one, and for
    a root without such a document: `statevisit.ingest` adds one, with the source of its text.
    """
    path = Path(path)
    root = layout.enclosing_root(path) if path.is_dir() else None
    if root is not None:
        path = place_of(root, document.id)
        if not exists(path):
            raise FormatError(
                f"{path}: no such document; add one with statevisit.ingest(text, path=...), which "
                "keeps the source of its text as well"
            )
    root = layout.sharded_root_of(path)
    if root is None:
        files.write(path, encode(document))
        return
    if path.stem != document.id:
        raise FormatError(f"{path}: would hold the document {document.id!r}; name it after its id")
    with files.locked(root):
        write_documents(root, {document.id: encode(document)})
