"""Documents of a corpus exported to files of another format, into a new directory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from statevisit import files
from statevisit.checks.document import sound
from statevisit.checks.registry import PRELOAD
from statevisit.corpus.parallel import batches, ordered
from statevisit.corpus.reader import Corpus, Entry
from statevisit.corpus.source_lookup import Sources, lookup
from statevisit.corpus.splits import TRAIN, split_of
from statevisit.document.codec import encode
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme
from statevisit.errors import FormatError
from statevisit.formats.registry import OUT, Format
from statevisit.formats.sidecar import SUFFIX, with_rest
from statevisit.formats.texts import AnnotatedText, Loss
from statevisit.formats.vocabulary import text_of


class ExportTask(Struct, frozen=True):
    """What the tasks of an export share.

    `split` is the only one to export, or None. `root` is the corpus that may have parts of imported
    files, and `sources` are its sources.
    """

    format: Format
    scheme: Scheme
    root: Path | None = None
    split: str | None = None
    sources: Sources = msgspec.field(default_factory=Sources)


class Notice(Struct, frozen=True):
    """What there is to tell of a document: an error for which it is left out, or losses.

    A loss is a part of the document that its file cannot hold, though the format holds others of
    the kind.
    """

    left_out: FormatError | None = None
    losses: list[Loss] = []


class Written(Struct):
    """The outcome of a task: parts of files, what there is to tell, and the error that ended it."""

    parts: list[tuple[str, bytes]]
    notices: list[Notice]
    error: FormatError | None = None


def export_task(
    corpus: Corpus, format_: Format, split: str | None, everywhere: bool = False
) -> ExportTask:
    """Return an export of a corpus, whose tasks may run on other machines, too (`everywhere`).

    Raises FormatError for an unknown split.
    """
    sources = lookup(corpus.root, everywhere=everywhere) if corpus.root else Sources()
    if split is not None and split not in (sources.splits or [TRAIN]):
        names = ", ".join(sources.splits or [TRAIN])
        raise FormatError(f"{corpus.path}: no split {split!r}; the corpus has {names}")
    return ExportTask(format_, corpus.scheme, corpus.root, split, sources)


def export(
    entries: Sequence[Entry],
    task: ExportTask,
    directory: Path,
    tell: Callable[[Notice], None] = lambda notice: None,
    mapper: Callable[..., Any] = ordered,
) -> list[str]:
    """Write documents to files in `directory`, in their order; return the names of the files.

    A format that can be read back gets each document as a file beside its own. `tell` is called for
    each document of the split, in order, with what there is to tell of it; `mapper` runs the tasks,
    with the arguments of `ordered`. Raises FormatError if `directory` exists and is not empty;
    nothing is written then.
    """
    with files.appearing(directory) as staging:
        if task.format.counted:
            documents = documents_of(entries, task, tell)
            return files.write_parts(staging, parts_of_files(documents, task, tell))
        preload = (*PRELOAD, *task.format.modules)
        write = partial(write_documents, task=task)
        with closing(mapper(write, batches(entries), preload=preload, here=True)) as results:
            return files.write_parts(staging, _in_order(results, tell))


def _in_order(
    results: Iterable[Written], tell: Callable[[Notice], None]
) -> Iterator[tuple[str, bytes]]:
    for result in results:
        yield from result.parts
        for notice in result.notices:
            tell(notice)
        if result.error is not None:
            raise result.error


def write_documents(entries: Iterable[Entry], task: ExportTask) -> Written:
    """Return the parts of the files of some documents: the task of an export."""
    result = Written([], [])
    tell = result.notices.append
    try:
        result.parts += parts_of_files(documents_of(entries, task, tell), task, tell)
    except FormatError as error:
        result.error = error
    return result


def documents_of(
    entries: Iterable[Entry], task: ExportTask, tell: Callable[[Notice], None]
) -> Iterator[tuple[Document, str]]:
    """Yield the documents without errors that are in the split, each with its split, or ""."""
    for entry in entries:
        try:
            document = sound(entry, task.scheme)
        except FormatError as error:
            tell(Notice(left_out=error))
            continue
        of_document = split_of(document, task.sources)
        if task.split in (None, of_document):
            yield document, of_document if task.sources.splits else ""


def parts_of_files(
    documents: Iterable[tuple[Document, str]], task: ExportTask, tell: Callable[[Notice], None]
) -> Iterator[tuple[str, bytes]]:
    """Yield the name of a file and the next part of its content, from documents and their splits.

    Raises FormatError for a document that the format cannot hold.
    """
    beside: list[tuple[str, bytes]] = []

    def texts() -> Iterator[AnnotatedText]:
        for document, split in documents:
            text = with_rest(text_of(document, split), task.root, task.format.name)
            if task.format.kind != OUT:
                beside.append((f"{document.id}{SUFFIX}", encode(document)))
            yield text
            tell(Notice(losses=text.losses))

    for part in task.format.write(texts()):
        yield part
        while beside:
            yield beside.pop()
