"""CoNLL-U with the coreference of CorefUD, read: words, white space, comments.

A file has ten columns for each word, an empty line after each sentence, and comments that name
documents and sentences; see https://universaldependencies.org/format.html. The text is that of the
words, with the white space that MISC states. `corefud_brackets` reads the annotation.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from conllu.exceptions import ParseException
from conllu.parser import parse_dict_value, parse_id_value
from msgspec import Struct

from statevisit.document.codec import read_bytes
from statevisit.document.scheme import Scheme
from statevisit.errors import FormatError
from statevisit.formats.corefud_brackets import Brackets, Word
from statevisit.formats.corefud_terms import (
    BRIDGE,
    COMMENT,
    ENTITY,
    FIELDS,
    GENERATOR,
    RELATIONS,
    SPACES_AFTER,
    SPACES_BEFORE,
    SPACES_INSIDE,
    SPANS,
    SPLIT,
    key_of,
    unescaped,
)
from statevisit.formats.texts import AnnotatedText, Loss, Note
from statevisit.regions.labels import region_labels
from statevisit.regions.offsets import Ends

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_READ = {"global.Entity", "generator", "sent_id", "text"}
"""The comments that are read; those that begin with "newdoc", "newpar" or "meta::", too."""

_SPACES = {"SpaceAfter", SPACES_AFTER, SPACES_BEFORE, SPACES_INSIDE}


class _Surface(Struct):
    """A word or a multiword token as it stands in the text; `gap` is the white space after it."""

    line: int
    form: str
    before: str
    inside: str
    gap: str
    is_stated: bool
    words: list[tuple[Word, str]]
    until: int


class _Comment(Struct, frozen=True):
    line: int
    key: str
    value: str


def read(path: Path, scheme: Scheme) -> Iterator[AnnotatedText]:
    """Yield the annotated text of each `# newdoc` of a file, or of the file if it has none.

    Raises FormatError, with file and line, for a line that is not CoNLL-U, and a sentence that
    differs from its `# text`. Sentences and tokens make up the text only: those of a document are
    never changed.
    """
    try:
        lines = read_bytes(path).decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path}: byte {error.start:,} is not UTF-8; save the file as UTF-8"
        ) from None
    reader = _Reader(path, scheme, 1)
    comments: list[_Comment] = []
    rows: list[tuple[int, list[str]]] = []
    for number, line in enumerate([*lines, ""], 1):
        line = line.removesuffix("\r")
        if line.startswith("#"):
            key, _, value = line[1:].partition("=")
            comments.append(_Comment(number, key.strip(), value.strip()))
        elif line.strip():
            rows.append((number, _columns(path, number, line)))
        elif rows:
            if reader.surfaces and any(c.key.startswith("newdoc") for c in comments):
                yield reader.result()
                reader = _Reader(path, scheme, reader.number + 1)
            reader.sentence(comments, rows)
            comments, rows = [], []
    if not reader.surfaces:
        raise FormatError(f"{path}: has no sentence in CoNLL-U")
    yield reader.result()


def _columns(path: Path, number: int, line: str) -> list[str]:
    columns = line.split("\t")
    if len(columns) != 10 or not all(columns):
        raise FormatError(
            f"{path}:{number}: {line[:60]!r} has not the ten columns of CoNLL-U, divided by tabs"
        )
    return columns


class _Reader:
    """Reads the sentences of a document."""

    def __init__(self, path: Path, scheme: Scheme, number: int) -> None:
        self.number = number
        self.surfaces: list[_Surface] = []
        name = path.stem if number == 1 else f"{path.stem}-{number}"
        self._text = AnnotatedText(name, "", str(path))
        self._scheme = scheme
        self._fields: list[str] | None = None
        self._is_own = False
        self._words: list[Word] = []
        self._sentences: list[Ends] = []  # the first surface of each, and the one after its last

    def _bad(self, line: int, message: str) -> FormatError:
        return FormatError(f"{self._text.file}:{line}: {message}")

    def _lose(self, kind: str, detail: str, line: int) -> None:
        self._text.losses.append(Loss(kind, detail[:60], line))

    def sentence(self, comments: list[_Comment], rows: list[tuple[int, list[str]]]) -> None:
        """Read a sentence. Raises FormatError, with its line, if it is broken."""
        stated = self._comments(comments, rows[0][0])
        surfaces: list[_Surface] = []
        expected = 1
        for line, columns in rows:
            expected = self._row(line, columns, expected, surfaces)
        if not surfaces:
            raise self._bad(rows[0][0], "the sentence has no word")
        if surfaces[-1].until >= expected:
            raise self._bad(surfaces[-1].line, "the words of the multiword token are missing")
        if stated is not None:
            self._compare(stated, surfaces)
        if any(columns[2:9] != ["_"] * 7 for _, columns in rows):
            detail = f"sentence of {len(rows)} lines"
            self._lose("lemmas, tags and trees of sentences", detail, rows[0][0])
        self._sentences.append((len(self.surfaces), len(self.surfaces) + len(surfaces)))
        self.surfaces += surfaces

    def _comments(self, comments: list[_Comment], line: int) -> _Comment | None:
        """Read the comments of a sentence; return its `# text`."""
        if not self.surfaces:
            self._text.line = comments[0].line if comments else line
        for comment in comments:
            key, value = comment.key, comment.value
            if key == "newdoc id" and value:
                self._text.id = value
            elif key == "global.Entity":
                self._fields = value.split("-")
            elif key == "generator":
                self._is_own = value == GENERATOR
            elif key.startswith("newpar"):
                self._paragraph()
            elif key.startswith("meta::"):
                self._metadata(comment)
            elif key not in _READ and not key.startswith("newdoc"):
                name = key.split()[0] if key else ""
                self._lose(f"comments {name[:40]!r}", value or key, comment.line)
        return next((comment for comment in comments if comment.key == "text"), None)

    def _metadata(self, comment: _Comment) -> None:
        if comment.key == "meta::dateCreated" and _DATE.fullmatch(comment.value):
            self._text.date = comment.value
        elif comment.key == "meta::language":
            self._text.language = comment.value
        else:
            value = f"{comment.key} = {comment.value}"
            self._text.notes.append(Note(COMMENT, "", value, comment.line))

    def _paragraph(self) -> None:
        """Part paragraphs with an empty line, unless the file states the white space."""
        if self.surfaces and not self._is_own and not self.surfaces[-1].is_stated:
            self.surfaces[-1].gap = "\n\n"

    def _row(self, line: int, columns: list[str], expected: int, surfaces: list[_Surface]) -> int:
        """Read a line of the sentence; return the number of the next word."""
        try:
            number = parse_id_value(columns[0]) if len(columns[0]) < 20 else None
            misc = parse_dict_value(columns[9]) or {}
        except ParseException as error:
            raise self._bad(line, str(error)) from None
        word = Word(line, {key: value or "" for key, value in misc.items()})
        if isinstance(number, tuple) and number[1] == ".":
            self._lose("empty nodes", f"{columns[0]} {columns[1]}", line)
        elif isinstance(number, tuple):
            if number[0] != expected or (surfaces and surfaces[-1].until >= expected):
                raise self._bad(line, f"the token {columns[0]} is not before its first word")
            surfaces.append(self._surface(line, columns[1], word.misc, number[2]))
            self._lose("multiword tokens", f"{columns[0]} {columns[1]}", line)
            return expected
        elif number != expected:
            raise self._bad(
                line, f"the word {columns[0][:20]} is out of order; expected {expected}"
            )
        else:
            if not surfaces or surfaces[-1].until < expected:
                surfaces.append(self._surface(line, columns[1], word.misc, expected))
            surfaces[-1].words.append((word, columns[1]))
            expected += 1
        self._words.append(word)
        for key in word.misc.keys() - _SPACES - self._keys() - {BRIDGE, SPLIT}:
            self._lose(f"MISC {key[:40]!r}", f"{key}={word.misc[key]}", line)
        return expected

    def _keys(self) -> set[str]:
        """The keys in MISC that are read."""
        if not self._is_own:
            return {ENTITY}
        return {ENTITY, SPANS, RELATIONS, *map(key_of, region_labels(self._scheme))}

    def _surface(self, line: int, form: str, misc: dict[str, str], until: int) -> _Surface:
        gap = "" if misc.get("SpaceAfter") == "No" else " "
        is_stated = SPACES_AFTER in misc
        return _Surface(
            line=line,
            form=form,
            before=unescaped(misc.get(SPACES_BEFORE, "")),
            inside=unescaped(misc[SPACES_INSIDE]) if SPACES_INSIDE in misc else form,
            gap=unescaped(misc[SPACES_AFTER]) if is_stated else gap,
            is_stated=is_stated,
            words=[],
            until=until,
        )

    def _compare(self, stated: _Comment, surfaces: list[_Surface]) -> None:
        """Take the white space of `# text`. Raises FormatError if it has other characters."""
        shown = "".join(surface.form for surface in surfaces)
        one, other = "".join(shown.split()), "".join(stated.value.split())
        if one != other:
            pairs = zip(one, other, strict=False)
            at = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
            raise self._bad(
                stated.line,
                f"`# text` differs from the words: {other[at : at + 20]!r} instead of "
                f"{one[at : at + 20]!r}",
            )
        if any(surface.is_stated for surface in surfaces):
            return
        position = 0
        for surface in surfaces[:-1]:
            if not stated.value.startswith(surface.form, position):
                return
            position += len(surface.form)
            rest = stated.value[position:]
            surface.gap = rest[: len(rest) - len(rest.lstrip())]
            position += len(surface.gap)

    def result(self) -> AnnotatedText:
        """Return the text with its annotation. Raises FormatError, with the line."""
        last = self.surfaces[-1]
        if not last.is_stated:
            last.gap = ""
        position = 0
        written: list[str] = []
        for surface in self.surfaces:
            position += len(surface.before)
            _place(surface, position)
            position += len(surface.inside) + len(surface.gap)
            written += (surface.before, surface.inside, surface.gap)
        self._text.text = "".join(written)
        self._segments()
        fields = self._fields or _guessed_fields(self._words)
        brackets = Brackets(self._text, self._words, fields, self._is_own)
        brackets.read(self._keys() - {RELATIONS})
        return self._text

    def _segments(self) -> None:
        """Set the tokens, white space and words within a token being none, and the sentences."""
        places = {(word.start, word.end) for word in self._words if word.start < word.end}
        self._text.tokens = tuple(sorted(places))
        sentences: list[Ends] = []
        for first, last in self._sentences:
            words = [word for surface in self.surfaces[first:last] for word, _ in surface.words]
            sentences.append((min(w.start for w in words), max(w.end for w in words)))
        self._text.sentences = tuple(sentences)


def _guessed_fields(words: list[Word]) -> list[str]:
    """The fields of `Entity` in a file without `# global.Entity`: `(PER` is a type, `(e1` an id."""
    values = "".join(word.misc.get(ENTITY, "") for word in words)
    return list(FIELDS) if re.search(r"[\d-]", values) else ["etype"]


def _place(surface: _Surface, start: int) -> None:
    """Set the offsets of the words; those that do not make up their token have its offsets."""
    end = start + len(surface.inside)
    is_made_up = "".join(form for _, form in surface.words) == surface.inside
    position = start
    for word, form in surface.words:
        word.start, word.end = start, end
        if is_made_up:
            word.start, word.end = position, position + len(form)
            position = word.end
