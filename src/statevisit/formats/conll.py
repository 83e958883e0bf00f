"""CoNLL-2003 and its kin: a token and its tag on each line, an empty line after a sentence.

The first column is the token, the last one its tag in BIO or a variant; see
https://aclanthology.org/W03-0419/. A line `-DOCSTART-` begins a document, `# id = ID` states its
id. The file of a document has its flat names; nested names and other layers have no place.
"""

import re
from collections import Counter
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


class _Columns(Struct, frozen=True):
    """The columns of the tokens and of their tags; -1 is the last one."""

    token: int
    tags: tuple[int, ...]

    def names(self, lines: list[_Line]) -> list[bio.Name]:
        """Return the names of a sentence; a second column of tags has names within names."""
        names = [bio.names_of(line.columns[tag] for line in lines) for tag in self.tags]
        return [name for of_column in names for name in of_column]


def read(path: Path, scheme: Scheme) -> Iterator[AnnotatedText]:
    """Yield the annotated text of each document of a file in columns.

    A document that was exported has the text of the one beside it. Another one gets a text of its
    tokens, with a line for each sentence (see `spacing`). A file without ids and `-DOCSTART-` is
    one document. Raises FormatError, with file and line, for a line without a tag, and for tokens
    that are not those of the exported text.
    """
    blocks = _blocks(path)
    _read_bare(blocks, path)
    columns = _columns(blocks)
    is_one = len(blocks) == 1
    for number, block in enumerate(blocks, 1):
        name = block.id or (path.stem if is_one else f"{path.stem}-{number}")
        text = AnnotatedText(name, "", str(path), block.number)
        document = base_beside(text, scheme) if block.id else None
        if document is None:
            _fill(text, block, columns)
        else:
            text.text = document.text
            text.annotations = own_annotations(document, _names(text, block, document, columns))
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
        elif not columns or all(map(is_invisible, line)):
            lines = []
        elif line.startswith("#") and not (is_tagged and len(columns) == (width or len(columns))):
            continue
        elif len(columns) == 1 and line[0] in " \t" and bio.TAG.fullmatch(columns[0]):
            continue  # a token of nothing but spaces
        elif len(columns) == 1:
            raise FormatError(_untagged(path, number, line))
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


def _untagged(path: Path, number: int, line: str) -> str:
    return (
        f"{path}:{number}: expected a token and a tag such as B-PERSON, I-PERSON or O (BIO, BIOES "
        f"or BILOU), not {line[:60]!r}"
    )


def _is_token(columns: list[str], block: _Block) -> bool:
    """Whether `-DOCSTART-` is a word of a text that statevisit wrote."""
    return block.id != "" and columns[1:2] == [TOKEN_POS]


def _lines(blocks: list[_Block]) -> Iterator[_Line]:
    return (line for block in blocks for sentence in block.sentences for line in sentence)


_BARE = re.compile(r"[^\W\d][\w./-]+")


def _read_bare(blocks: list[_Block], path: Path) -> None:
    """Give the tags of a file that has labels without prefixes the prefix I-.

    Raises FormatError for a tag in no known form. A file with a prefix anywhere has no bare labels,
    and one without `O` has other things in its last column.
    """
    tags = Counter(line.columns[-1] for line in _lines(blocks))
    are_bare = bool(tags["O"]) and all(tag == "O" or _is_bare(tag) for tag in tags)
    for line in _lines(blocks):
        tag = line.columns[-1]
        if are_bare and tag != "O":
            line.columns[-1] = f"I-{tag}"
        elif not bio.TAG.fullmatch(tag):
            raise FormatError(_untagged(path, line.number, " ".join(line.columns)))


def _is_bare(tag: str) -> bool:
    return _BARE.fullmatch(tag) is not None and bio.TAG.fullmatch(tag) is None


def _refuse_twice(blocks: list[_Block], path: Path) -> None:
    known: set[str] = set()
    for block in blocks:
        if block.id in known:
            message = f"a second document {block.id!r}; give each an id of its own"
            raise FormatError(f"{path}:{block.number}: {message}")
        if block.id:
            known.add(block.id)


def _columns(blocks: list[_Block]) -> _Columns:
    """The columns of a file, as far as they are certain.

    A first column that counts the tokens of each sentence is none of words. The last column but one
    has tags of names as well if it shares a label with the last one, or follows counted tokens, as
    in GermEval 2014; otherwise it may have the phrases of CoNLL-2003.
    """
    sentences = [sentence for block in blocks for sentence in block.sentences]
    are_counted = bool(sentences) and all(
        len(line.columns) > 2 and line.columns[0] == str(number)
        for sentence in sentences
        for number, line in enumerate(sentence, 1)
    )
    token = int(are_counted)
    columns = [line.columns for line in _lines(blocks)]
    if not columns or any(
        len(one) < token + 3 or not bio.TAG.fullmatch(one[-2]) for one in columns
    ):
        return _Columns(token, (-1,))
    outer, inner = ({one[n][2:] for one in columns} - {""} for n in (-2, -1))
    return _Columns(token, (-2, -1) if outer & inner or are_counted else (-1,))


def _fill(text: AnnotatedText, block: _Block, columns: _Columns) -> None:
    """Give a text the tokens of a document, a line for each sentence, and its names."""
    shown: list[str] = []
    all_tokens: list[Ends] = []
    sentences: list[Ends] = []
    offset = 0
    for lines in block.sentences:
        words = [line.columns[columns.token] for line in lines]
        sentence, spans = spaced(words, escaped=not block.id)
        tokens = [(offset + start, offset + end) for start, end in spans]
        for name in columns.names(lines):
            start, end = tokens[name.first][0], tokens[name.last - 1][1]
            text.annotations.append(
                Annotation(
                    f"T{len(text.annotations) + 1}",
                    start,
                    end,
                    name.label,
                    words=sentence[start - offset : end - offset],
                    line=lines[name.first].number,
                )
            )
        all_tokens += tokens
        sentences.append((offset, offset + len(sentence)))
        shown.append(f"{sentence}\n")
        offset += len(shown[-1])
    text.text = "".join(shown)
    text.tokens, text.sentences = tuple(all_tokens), tuple(sentences)


def _names(
    text: AnnotatedText, block: _Block, document: Document, columns: _Columns
) -> list[tuple[Ends, str]]:
    """The spans and labels of the names of a document that was exported.

    Raises FormatError if the tokens are not those of its text, from the first to the last.
    """
    names: list[tuple[Ends, str]] = []
    offset, number = 0, block.number
    for lines in block.sentences:
        spans: list[Ends] = []
        for line in lines:
            token = line.columns[columns.token]
            start, stands = bio.next_token(token, document.text, offset)
            if not stands:
                following = document.text[start : start + 30]
                raise FormatError(
                    f"{text.place(line.number)}: the token {token!r} does not come next in "
                    f"{document.id!r}; the text continues with {following!r}"
                )
            number, offset = line.number, start + len(token)
            spans.append((start, offset))
        for name in columns.names(lines):
            names.append(((spans[name.first][0], spans[name.last - 1][1]), name.label))
    rest = document.text[offset:]
    if not all(map(is_invisible, rest)):
        raise FormatError(
            f"{text.place(number)}: the tokens of {document.id!r} end before its text, which "
            f"continues with {rest.lstrip()[:30]!r}; restore them, or their names would be deleted"
        )
    return names
