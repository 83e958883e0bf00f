"""Documents of a corpus exported to files of another format, into a new directory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from statevisit import files
from statevisit.checks.document import sound_documents
from statevisit.corpus.reader import Corpus
from statevisit.corpus.seeds import read_sources
from statevisit.corpus.splits import TRAIN, split_of, splits_of
from statevisit.document.codec import encode
from statevisit.document.model import Document
from statevisit.errors import FormatError
from statevisit.formats.registry import OUT, Format
from statevisit.formats.sidecar import SUFFIX, with_rest
from statevisit.formats.texts import AnnotatedText, Loss
from statevisit.formats.vocabulary import text_of


def documents_of(
    corpus: Corpus,
    ids: Sequence[str],
    split: str | None,
    left_out: Callable[[FormatError], None],
) -> Iterator[tuple[Document, str]]:
    """Yield the documents of a corpus to export, each with its split, or "" if there are none.

    `ids` are those to yield, by default all, `split` the only split. The error of a document is
    given to `left_out`. Raises FormatError for an unknown id or split.
    """
    documents = sound_documents(corpus, ids, left_out)
    sources = read_sources(corpus.root) if corpus.root else {}
    splits = splits_of(sources)
    if split is not None and split not in (splits or [TRAIN]):
        names = ", ".join(splits or [TRAIN])
        raise FormatError(f"{corpus.path}: no split {split!r}; the corpus has {names}")
    for document in documents:
        of_document = split_of(document, sources)
        if split in (None, of_document):
            yield document, of_document if splits else ""


def export(
    documents: Iterable[tuple[Document, str]],
    format_: Format,
    directory: Path,
    root: Path | None = None,
    done: Callable[[], None] = lambda: None,
    lost: Callable[[Loss], None] = lambda loss: None,
) -> list[str]:
    """Write documents, each with its split or "", to `directory`; return the names of the files.

    A format that can be read back gets each document as a file beside its own. `root` is the corpus
    that may have parts of imported files. `lost` is called with each part of a document that its
    file cannot hold, though the format holds others of the kind. Raises FormatError if `directory`
    exists and is not empty; nothing is written then.
    """
    beside: list[tuple[str, bytes]] = []

    def texts() -> Iterator[AnnotatedText]:
        for document, split in documents:
            text = with_rest(text_of(document, split), root, format_.name)
            if format_.kind != OUT:
                beside.append((f"{document.id}{SUFFIX}", encode(document)))
            yield text
            for loss in text.losses:
                lost(loss)
            done()

    def parts() -> Iterator[tuple[str, bytes]]:
        for part in format_.write(texts()):
            yield part
            while beside:
                yield beside.pop()

    with files.appearing(directory) as staging:
        return files.write_parts(staging, parts())
