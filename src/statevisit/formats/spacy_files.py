"""spaCy's DocBin: `.spacy` files, each with the Docs of up to 500 documents of one split."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from statevisit.annotation.docbin import docs_of
from statevisit.document.scheme import Scheme
from statevisit.errors import FormatError
from statevisit.formats.spacy_doc import made_doc, text_in
from statevisit.formats.texts import AnnotatedText

DOCUMENTS = 500
"""The most documents of a file, which is in memory until it is written."""

ATTRIBUTES = ("ORTH", "ENT_IOB", "ENT_TYPE", "ENT_KB_ID", "ENT_ID", "SENT_START")
"""The attributes of tokens that a document has."""


def read(path: Path, scheme: Scheme) -> Iterator[AnnotatedText]:
    """Yield the annotated texts of a DocBin; those of others are named after the file, numbered.

    The line of a text is its number in the file. Raises FormatError for anything but a DocBin.
    """
    docs = docs_of(path)
    number = 0
    while True:
        try:
            doc = next(docs, None)
        except (ArithmeticError, AttributeError, MemoryError) as error:  # of values out of place
            reason = str(error) or type(error).__name__
            raise FormatError(f"{path}: not a DocBin of spaCy: {reason}") from None
        if doc is None:
            return
        number += 1
        yield _text(doc, scheme, path, number)


def _text(doc: Doc, scheme: Scheme, path: Path, number: int) -> AnnotatedText:
    try:
        return text_in(doc, scheme, str(path), f"{path.stem}-{number}", number)
    except (ValueError, KeyError, IndexError, TypeError) as error:  # of strings that are missing
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"{path}:{number}: cannot be read: {error}") from None


def again(text: AnnotatedText, scheme: Scheme) -> AnnotatedText:
    """Return a text as it is read from the DocBin that it was written to."""
    return text_in(made_doc(text, Vocab()), scheme, text.file, text.id, text.line)


def write(texts: Iterable[AnnotatedText]) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of the DocBin files of each split."""
    vocab = Vocab()
    bins: dict[str, DocBin] = {}
    counts: dict[str, int] = {}

    def full(split: str) -> tuple[str, bytes]:
        counts[split] = counts.get(split, 0) + 1
        return f"{split}-{counts[split]:04}.spacy", bins.pop(split).to_bytes()

    for text in texts:
        split = text.split or "corpus"
        if split not in bins:
            bins[split] = DocBin(ATTRIBUTES, store_user_data=True)
        bins[split].add(made_doc(text, vocab))
        if len(bins[split]) == DOCUMENTS:
            yield full(split)
    for split in list(bins):
        yield full(split)
