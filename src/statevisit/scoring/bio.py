"""Named entities from CoNLL BIO files, and the gold names to score them against."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from statevisit.dataset.flat_names import flat_names
from statevisit.document.characters import is_invisible
from statevisit.document.codec import read_bytes
from statevisit.document.model import Document
from statevisit.errors import FormatError
from statevisit.scoring.prediction import Prediction, bare
from statevisit.scoring.spans import Item

SUFFIXES = (".bio", ".conll", ".iob", ".iob2")
"""The suffixes of BIO files."""

_ID = "# id = "
_COMMENT = "# "
_DOCUMENT = "-DOCSTART-"
_TAG = re.compile(r"O|[BI]-.+")


def gold_names(document: Document) -> list[Item]:
    """Return the names that BIO is scored against: those of the flat view, without overlap."""
    return [Item(start, end, label, unit=0) for start, end, label in flat_names(document)]


def read_bio(path: Path, gold: Mapping[str, Document]) -> Iterator[Prediction]:
    """Yield the named entities of a CoNLL file as one prediction per document.

    A line has a token and, in its last column, a tag; an empty line ends a sentence. The tokens are
    those of the gold text in order, white space apart. `# id = ID` begins the document with that
    id, `-DOCSTART-` the next one of the gold; `gold` has the documents by id.

    Raises FormatError, with the line, for an unknown document, for a token that is not the next one
    of the text, and for a tag other than B-, I- or O.
    """
    try:
        lines = read_bytes(path).decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise FormatError(f"{path}: not UTF-8; save it as UTF-8") from None
    placed = _PlacedTokens(gold)
    for number, line in enumerate(lines, 1):
        try:
            _read_line(line, placed)
        except FormatError as error:
            raise FormatError(f"{path}:{number}: {error}") from None
    if not placed.sentences:
        raise FormatError(f"{path}: no tokens; to predict no entities, tag every token O")
    for document_id, sentences in placed.sentences.items():
        names = [name for tokens in sentences for name in _names(tokens)]
        yield Prediction(bare(gold[document_id]), layers=frozenset(["ner"]), flat=tuple(names))


class _TaggedToken(NamedTuple):
    """A token with its half-open bounds in the text, in code points, and its tag."""

    start: int
    end: int
    tag: str


class _PlacedTokens:
    """The tokens of a file, placed in the texts of the gold documents as they are read."""

    def __init__(self, gold: Mapping[str, Document]) -> None:
        self.gold = gold
        self.ids_in_order = iter(gold)
        self.document: Document | None = None
        self.offset = 0
        self.sentences: dict[str, list[list[_TaggedToken]]] = {}

    def begin_next(self) -> Document:
        """Begin the next document of the gold. Raises FormatError after the last."""
        document_id = next(self.ids_in_order, None)
        if document_id is None:
            raise FormatError("more documents than gold")
        return self.begin(document_id)

    def begin(self, document_id: str) -> Document:
        """Begin a document. Raises FormatError if the gold lacks it or it has tokens already."""
        if document_id not in self.gold:
            raise FormatError(f"{document_id!r} is not a gold document")
        if any(self.sentences.get(document_id, ())):
            raise FormatError(f"a second document {document_id!r}; remove one of the two")
        self.document = self.gold[document_id]
        self.offset = 0
        self.sentences[document_id] = [[]]
        return self.document

    def end_sentence(self) -> None:
        """Begin a new sentence of the document, if any."""
        if self.document is not None:
            self.sentences[self.document.id].append([])

    def add(self, token: str, tag: str) -> None:
        """Add the next token. Raises FormatError if the text does not continue with it."""
        document = self.document or self.begin_next()
        text, start = document.text, self.offset
        while not text.startswith(token, start) and is_invisible(text[start : start + 1]):
            start += 1
        if not text.startswith(token, start):
            continuation = text[start : start + 30]
            raise FormatError(
                f"the token {token!r} does not come next in {document.id!r};"
                f" the text continues with {continuation!r}"
            )
        self.offset = start + len(token)
        self.sentences[document.id][-1].append(_TaggedToken(start, self.offset, tag))


def _read_line(line: str, placed: _PlacedTokens) -> None:
    """Add a line of a BIO file. Raises FormatError if it is wrong."""
    columns = line.split()
    if line.startswith(_ID):
        placed.begin(line.removeprefix(_ID).strip())
    elif columns[:1] == [_DOCUMENT]:
        placed.begin_next()
    elif not columns or line.startswith(_COMMENT):
        placed.end_sentence()
    elif len(columns) < 2 or not _TAG.fullmatch(columns[-1]):
        raise FormatError(
            f"expected a token and a tag such as B-PERSON, I-PERSON or O, not {line[:60]!r}"
        )
    else:
        placed.add(columns[0], columns[-1])


def _names(tokens: Iterable[_TaggedToken]) -> list[Item]:
    """The spans that the tags of a sentence form.

    An I- tag that continues no span begins one, as in conlleval (Tjong Kim Sang and Buchholz 2000).
    """
    names: list[Item] = []
    inside = False  # whether the last token belongs to the last name
    for start, end, tag in tokens:
        prefix, _, label = tag.partition("-")
        if prefix == "I" and inside and names[-1].label == label:
            names[-1] = replace(names[-1], end=end)
        elif prefix != "O":
            names.append(Item(start, end, label, unit=0))
        inside = prefix != "O"
    return names
