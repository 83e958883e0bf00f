"""Named entities from CoNLL files in BIO and its variants, and the gold names to compare."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from statevisit.dataset.flat_names import flat_names
from statevisit.document.codec import read_bytes
from statevisit.document.model import Document
from statevisit.errors import FormatError
from statevisit.formats import bio
from statevisit.scoring.prediction import Note, Prediction, bare
from statevisit.scoring.spans import Item

SUFFIXES = (".bio", ".bioes", ".bilou", ".conll", ".iob", ".iob1", ".iob2", ".iobes")
"""The suffixes of BIO files; a file that is named by itself may also be .txt or .tsv."""

_COMMENT = "# "


def gold_names(document: Document) -> list[Item]:
    """Return the names that BIO is scored against: those of the flat view, without overlap."""
    return [Item(start, end, label, unit=0) for start, end, label in flat_names(document)]


def read_bio(path: Path, gold: Mapping[str, Document]) -> Iterator[Prediction]:
    """Yield the named entities of a CoNLL file as one prediction per document.

    A line has a token and, in its last column, a tag; an empty line ends a sentence. Columns are
    separated by tabs, or else by spaces. The tokens are those of the gold text in order, white
    space apart; the rest of a sentence or of the document may be missing, which is noted. Tags may
    be BIO (IOB2), IOB1, BIOES (IOBES), BILOU or BMEWO.

    `# id = ID` begins the document with that id, `-DOCSTART-` the next one of the gold; a file
    named after a document begins with it. `gold` has the documents by id.

    Raises FormatError, with the line, for an unknown document, for a token that is not the next one
    of the text, and for a tag of another form.
    """
    try:
        text = read_bytes(path).decode("utf-8-sig")  # editors on Windows write a BOM
    except UnicodeDecodeError:
        raise FormatError(f"{path}: not UTF-8; save it as UTF-8") from None
    reader = _Reader(gold, path.stem)
    number = 0
    try:
        for number, line in enumerate(bio.LINE_END.split(text), 1):
            reader.read(number, line)
        reader.end_sentence()
    except _Misplaced as error:
        raise FormatError(f"{path}:{error.line}: {error}") from None
    except FormatError as error:
        raise FormatError(f"{path}:{number}: {error}") from None
    if not any(placed.sentences for placed in reader.documents.values()):
        raise FormatError(f"{path}: no tokens; to predict no entities, tag every token O")
    for placed in reader.documents.values():
        names = [name for tokens in placed.sentences for name in _names(tokens)]
        yield Prediction(
            bare(placed.document),
            layers=frozenset(["ner"]),
            flat=tuple(names),
            notes=tuple(placed.notes()),
        )


class _TaggedToken(NamedTuple):
    """A token with its half-open bounds in the text, in code points, and its tag."""

    start: int
    end: int
    tag: str


class _Line(NamedTuple):
    """A line of a file that has a token."""

    number: int
    token: str
    tag: str


class _Misplaced(FormatError):
    """A token that does not come next in the text, with the number of its line."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class _PlacedDocument:
    """The sentences of a file, placed in the text of a document as they are read."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.sentences: list[list[_TaggedToken]] = []
        self.offset = 0
        self._gaps: list[tuple[int, int]] = []

    def comes_next(self, token: str) -> bool:
        """Whether the text continues with a token."""
        return bio.next_token(token, self.document.text, self.offset)[1]

    def add(self, lines: Sequence[_Line]) -> None:
        """Add the next sentence.

        A sentence that does not come next is looked for at the beginnings of the later sentences:
        taggers cut off what is longer than they can read. Raises _Misplaced if it is nowhere.
        """
        tokens = self._placed(lines, self.offset)
        if not tokens:
            tokens = self._later(lines)
            self._gaps.append((self.offset, tokens[0].start))
        if len(tokens) < len(lines):
            raise self._misplaced(lines[len(tokens)], tokens[-1].end)
        self.sentences.append(tokens)
        self.offset = tokens[-1].end

    def _later(self, lines: Sequence[_Line]) -> list[_TaggedToken]:
        """A sentence where a later sentence of the text begins."""
        starts = [sentence.start for sentence in self.document.sentences]
        for start in starts[bisect_right(starts, self.offset) :]:
            tokens = self._placed(lines, start)
            if len(tokens) == len(lines):
                return tokens
        raise self._misplaced(lines[0], self.offset)

    def _placed(self, lines: Sequence[_Line], offset: int) -> list[_TaggedToken]:
        """The tokens from an offset, up to the first that does not come next."""
        tokens = []
        for line in lines:
            start, stands = bio.next_token(line.token, self.document.text, offset)
            if not stands:
                break
            offset = start + len(line.token)
            tokens.append(_TaggedToken(start, offset, line.tag))
        return tokens

    def _misplaced(self, line: _Line, offset: int) -> _Misplaced:
        start, _ = bio.next_token(line.token, self.document.text, offset)
        continuation = self.document.text[start : start + 30]
        return _Misplaced(
            line.number,
            f"the token {line.token!r} does not come next in {self.document.id!r};"
            f" the text continues with {continuation!r}",
        )

    def notes(self) -> Iterator[Note]:
        """Yield a note on each stretch of the text whose tokens have no tag."""
        starts = self.document.bounds["tokens"][0]
        for begin, end in [*self._gaps, (self.offset, len(self.document.text))]:
            untagged = bisect_left(starts, end) - bisect_left(starts, begin)
            if untagged:
                words = self.document.text[max(0, begin - _SHOWN) : begin].split()
                where = "lacks tokens after" if end < len(self.document.text) else "ends at"
                place = f"{where} {words[-1]!r}" if words else "lacks the beginning"
                have = "1 token has" if untagged == 1 else f"{untagged:,} tokens have"
                message = f"the prediction {place}; {have} no tag, which counts as O"
                yield Note("cut", self.document.id, message)


_SHOWN = 30
"""Characters of the text from which a note takes the last word."""


class _Reader:
    """Reads the lines of a file into documents, which `documents` has by id.

    `name` is the id of the first document if the gold has it, and if no line says another.
    """

    def __init__(self, gold: Mapping[str, Document], name: str) -> None:
        self.documents: dict[str, _PlacedDocument] = {}
        self._gold = gold
        self._ids = chain([name] if name in gold else [], gold)
        self._current: _PlacedDocument | None = None
        self._lines: list[_Line] = []

    def read(self, number: int, line: str) -> None:
        """Read a line. Raises FormatError if it is wrong."""
        columns = bio.columns(line)
        is_tagged = len(columns) > 1 and bio.TAG.fullmatch(columns[-1]) is not None
        document_id = bio.stated_id(line)
        if document_id is not None:
            self.end_sentence()
            self._begin(document_id)
        elif columns[:1] == [bio.DOCUMENT]:
            self.end_sentence()
            self._current = None
        elif not columns or (line.startswith(_COMMENT) and not self._is_token(columns, is_tagged)):
            self.end_sentence()
        elif not is_tagged:
            raise FormatError(
                "expected a token and a tag such as B-PERSON, I-PERSON or O (BIO, BIOES or BILOU),"
                f" not {line[:60]!r}"
            )
        else:
            self._lines.append(_Line(number, columns[0], columns[-1]))

    def end_sentence(self) -> None:
        """Place the sentence that was read. Raises FormatError if it is not in the text."""
        if self._lines:
            lines, self._lines = self._lines, []
            (self._current or self._begin_next(lines[0].number)).add(lines)

    def _is_token(self, columns: Sequence[str], is_tagged: bool) -> bool:
        """Whether a line that looks like a comment has the token "#"."""
        if not is_tagged or len(columns) > 4:
            return False
        return bool(self._lines) or self._current is None or self._current.comes_next("#")

    def _begin_next(self, number: int) -> _PlacedDocument:
        """Begin the next document of the gold. Raises _Misplaced after the last."""
        for document_id in self._ids:
            if document_id not in self.documents:
                return self._begin(document_id)
        raise _Misplaced(number, "more documents than gold")

    def _begin(self, document_id: str) -> _PlacedDocument:
        """Begin a document. Raises FormatError if the gold lacks it or it has tokens already."""
        if document_id not in self._gold:
            raise FormatError(f"{document_id!r} is not a gold document")
        if document_id in self.documents and self.documents[document_id].sentences:
            raise FormatError(f"a second document {document_id!r}; remove one of the two")
        self._current = _PlacedDocument(self._gold[document_id])
        self.documents[document_id] = self._current
        return self._current


def _names(tokens: Sequence[_TaggedToken]) -> list[Item]:
    """The spans that the tags of a sentence form."""
    names = bio.names_of(token.tag for token in tokens)
    return [
        Item(tokens[name.first].start, tokens[name.last - 1].end, name.label, unit=0)
        for name in names
    ]
