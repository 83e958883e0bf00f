"""The flat names of documents as columns: token, `-`, `-` and tag, as in CoNLL-2003."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from statevisit.document.scheme import scheme_of
from statevisit.formats import bio
from statevisit.formats.conll import TOKEN_POS
from statevisit.formats.flat import kept, parts_of_names, sentences_of
from statevisit.formats.texts import AnnotatedText

Tagger = Callable[[Sequence[bio.Name]], Iterator[tuple[int, str]]]
"""Tags tokens: yields the number and the tag of each token of the names of a sentence."""


def write(texts: Iterable[AnnotatedText]) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of a file in BIO (IOB2) for each split, document by document."""
    yield from _written(texts, bio.bio)


def write_bioes(texts: Iterable[AnnotatedText]) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of a file in BIOES for each split, document by document."""
    yield from _written(texts, bio.bioes)


def write_iob1(texts: Iterable[AnnotatedText]) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of a file in IOB1 for each split, document by document."""
    yield from _written(texts, bio.iob1)


def _written(texts: Iterable[AnnotatedText], tagger: Tagger) -> Iterator[tuple[str, bytes]]:
    for text in texts:
        lines = "".join(f"{line}\n" for line in _lines(text, tagger))
        yield f"{text.split or 'corpus'}.conll", lines.encode()


def _lines(text: AnnotatedText, tagger: Tagger) -> Iterator[str]:
    """The lines of a document."""
    document = text.document
    assert document is not None
    yield f"{bio.DOCUMENT} -X- -X- O"
    yield ""
    yield f"{bio.IDS[0]}{text.id}"
    parts = iter(parts_of_names(document, kept(text, scheme_of(document))))
    part = next(parts, None)
    for first, last in sentences_of(document):
        names: list[bio.Name] = []
        while part is not None and part.first < last:
            names.append(bio.Name(part.first - first, part.last - first, part.label))
            part = next(parts, None)
        tags = dict(tagger(names))
        for number, token in enumerate(document.tokens[first:last]):
            word = bio.form(document.text[token.start : token.end])
            yield f"{word} {TOKEN_POS} - {tags.get(number, 'O')}"
        yield ""
    if not document.tokens:
        yield ""
