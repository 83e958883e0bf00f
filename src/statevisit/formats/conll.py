"""CoNLL-2003 and its kin: a token and its tag on each line, an empty line after a sentence.

The first column is the token, the last one its tag in BIO or a variant; see
https://aclanthology.org/W03-0419/. A line `-DOCSTART-` begins a document, `# id = ID` states its
id. The file of a document has its flat names; nested names and other layers have no place.
"""

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct, field

from statevisit.document.characters import is_invisible
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme
from statevisit.errors import FormatError
from statevisit.formats import bio
from statevisit.formats.decoding import decoded
from statevisit.formats.flat import own_annotations
from statevisit.formats.sidecar import base_beside
from statevisit.formats.spacing import spaced
from statevisit.formats.texts import AnnotatedText, Annotation
from statevisit.regions.offsets import Ends

TOKEN_POS = "-"
"""The second column of a token; the line that begins a document has another one."""


class _Line(Struct, frozen=True):
    """A line of a file that has a token: its columns, the last one being the tag."""

    number: int
    columns: list[str]


class _Block(Struct):
    """The sentences of a document in a file; `id` is "" if none is stated."""

    id: str
    number: int
    sentences: list[list[_Line]] = field(default_factory=list)


def read(path: Path, scheme: Scheme) -> Iterator[AnnotatedText]:
    """Yield the annotated text of each document of a file in columns.

    A document that was exported has the text of the one beside it. Another one gets a text of its
    tokens, with a line for each sentence (see `spacing`). A file without ids and `-DOCSTART-` is
    one document. Raises FormatError, with file and line, for a line without a tag, and for tokens
    that are not those of the exported text.
    """
    blocks = _blocks(path)
    column = _token_column(blocks)
    is_one = len(blocks) == 1
    for number, block in enumerate(blocks, 1):
        name = block.id or (path.stem if is_one else f"{path.stem}-{number}")
        text = AnnotatedText(name, "", str(path), block.number)
        document = base_beside(text, scheme) if block.id else None
        if document is None:
            _fill(text, block, column)
        else:
            text.text = document.text
            text.annotations = own_annotations(document, _names(text, block, document, column))
        yield text


def _blocks(path: Path) -> list[_Block]:
    """The documents of a file. Raises FormatError for a line that has no place in one."""
    blocks = [_Block("", 1)]
    lines: list[_Line] = []
    width = 0
    for number, line in enumerate(bio.LINE_END.split(decoded(path)), 1):
        columns = bio.columns(line)
        is_tagged = len(columns) > 1 and bio.TAG.fullmatch(columns[-1]) is not None
        stated = bio.stated_id(line)
        if stated:
            lines = []
            blocks.append(_Block(stated, number))
        elif columns[:1] == [bio.DOCUMENT] and not _is_token(columns, blocks[-1]):
            lines = []
            blocks.append(_Block("", number))
        elif not columns:
            lines = []
        elif line.startswith("#") and not (is_tagged and len(columns) == (width or len(columns))):
            continue
        elif not is_tagged:
            raise FormatError(f"{path}:{number}: {_UNTAGGED}, not {line[:60]!r}")
        else:
            if not lines:
                blocks[-1].sentences.append(lines)
            width = len(columns)
            lines.append(_Line(number, columns))
    blocks = [block for block in blocks if block.id or block.sentences]
    if not blocks:
        raise FormatError(f"{path}: no tokens; write a token and its tag on each line")
    _refuse_twice(blocks, path)
    return blocks


_UNTAGGED = "expected a token and a tag such as B-PERSON, I-PERSON or O (BIO, BIOES or BILOU)"


def _is_token(columns: list[str], block: _Block) -> bool:
    """Whether `-DOCSTART-` is a word of a text that statevisit wrote."""
    return block.id != "" and columns[1:2] == [TOKEN_POS]


def _refuse_twice(blocks: list[_Block], path: Path) -> None:
    known: set[str] = set()
    for block in blocks:
        if block.id in known:
            message = f"a second document {block.id!r}; give each an id of its own"
            raise FormatError(f"{path}:{block.number}: {message}")
        if block.id:
            known.add(block.id)


def _token_column(blocks: list[_Block]) -> int:
    """The column of the tokens: 1 if the first one counts the tokens of every sentence, or 0."""
    sentences = [sentence for block in blocks for sentence in block.sentences]
    are_counted = bool(sentences) and all(
        len(line.columns) > 2 and line.columns[0] == str(number)
        for sentence in sentences
        for number, line in enumerate(sentence, 1)
    )
    return int(are_counted)


def _fill(text: AnnotatedText, block: _Block, column: int) -> None:
    """Give a text the tokens of a document, a line for each sentence, and its names."""
    shown: list[str] = []
    offset = 0
    for lines in block.sentences:
        tokens = [line.columns[column] for line in lines]
        sentence, spans = spaced(tokens, escaped=not block.id)
        for name in bio.names_of(line.columns[-1] for line in lines):
            start, end = spans[name.first][0], spans[name.last - 1][1]
            key = f"T{len(text.annotations) + 1}"
            number = lines[name.first].number
            annotation = Annotation(
                key, offset + start, offset + end, name.label, words=sentence[start:end]
            )
            annotation.line = number
            text.annotations.append(annotation)
        shown.append(sentence)
        offset += len(sentence) + 1
    text.text = "".join(f"{sentence}\n" for sentence in shown)


def _names(
    text: AnnotatedText, block: _Block, document: Document, column: int
) -> list[tuple[Ends, str]]:
    """The spans and labels of the names of a document that was exported.

    Raises FormatError if the tokens are not those of its text, from the first to the last.
    """
    names: list[tuple[Ends, str]] = []
    offset, number = 0, block.number
    for lines in block.sentences:
        spans: list[Ends] = []
        for line in lines:
            token = line.columns[column]
            start, stands = bio.next_token(token, document.text, offset)
            if not stands:
                following = document.text[start : start + 30]
                raise FormatError(
                    f"{text.place(line.number)}: the token {token!r} does not come next in "
                    f"{document.id!r}; the text continues with {following!r}"
                )
            number, offset = line.number, start + len(token)
            spans.append((start, offset))
        for name in bio.names_of(line.columns[-1] for line in lines):
            names.append(((spans[name.first][0], spans[name.last - 1][1]), name.label))
    rest = document.text[offset:]
    if not all(map(is_invisible, rest)):
        raise FormatError(
            f"{text.place(number)}: the tokens of {document.id!r} end before its text, which "
            f"continues with {rest.lstrip()[:30]!r}; restore them, or their names would be deleted"
        )
    return names
