"""Mends tokens and sentences in all files of a document: the published one and those of annotators.

All of them change, or none does.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

from msgspec import Struct

from statevisit import files, layout
from statevisit.annotation.boundaries import (
    merge_sentences,
    merge_tokens,
    split_sentence,
    split_token,
    with_token,
)
from statevisit.annotation.quotes import ALIKE, PLAIN, Anchorer
from statevisit.checks.document import check_document
from statevisit.checks.registry import Context
from statevisit.corpus.documents import entry_at, exists, place_of, read_at, write_at
from statevisit.document.characters import FORMAT, is_invisible
from statevisit.document.codec import encode
from statevisit.document.model import Document
from statevisit.document.scheme import scheme_of
from statevisit.errors import FormatError

MARK = "|"
"""The sign that stands in a quote for the place to divide at."""

Change = Callable[[Document], Document]


class Place(Struct, frozen=True):
    """A stretch of a text that a quote names, and the offsets of the marks in it."""

    start: int
    end: int
    marks: tuple[int, ...]


class Mended(Struct, frozen=True):
    """A file and its document before and after a change.

    `whole` are the spans that have all of a divided token, at one of their edges: a name with its
    suffix, which its annotator may wish to shorten.
    """

    path: Path
    before: Document
    after: Document
    whole: tuple[str, ...]


def mend(
    path: Path, layer: str, quote: str, *, split: bool, mark: str = MARK, occurrence: int | None
) -> list[Mended]:
    """Split or merge tokens or sentences in a document and its annotators' files, and write them.

    `layer` is "tokens" or "sentences". `quote` are words of the text; where to `split`, it has a
    mark at each place to divide at. Returns the changed files. Raises FormatError, and changes
    nothing, if the quote is not one place of the text, or if a file cannot have the change.
    """
    root = layout.holding_root(path)
    if root is None:
        return _mend([path], layer, quote, split, mark, occurrence)
    with files.locked(root):
        paths = _files_of(root, path)
        return _mend(paths, layer, quote, split, mark, occurrence)


def _files_of(root: Path, path: Path) -> list[Path]:
    """The named file and the others of its document below a root; it may be in a shard."""
    of_annotators = sorted((root / layout.ANNOTATIONS).glob(f"*/{path.name}"))
    others = [file for file in (place_of(root, path.stem), *of_annotators) if exists(file)]
    return [path, *(file for file in others if file.resolve() != path.resolve())]


def _mend(
    paths: Sequence[Path], layer: str, quote: str, split: bool, mark: str, occurrence: int | None
) -> list[Mended]:
    documents = [(path, read_at(path)) for path in paths]
    first, document = documents[0]
    for path, other in documents:
        if other.text != document.text:
            raise FormatError(f"{path}: has another text than {first}; realign it first")
    place = find(document, quote, mark if split else "", occurrence)
    change = _change(layer, place, split)
    mended = []
    for path, before in documents:
        try:
            after = change(before)
        except FormatError as error:
            raise FormatError(f"{path}: {error}; nothing was changed") from None
        if path == first and after == before:
            raise FormatError(f"{path}: {_nothing_to_do(layer, quote, split)}")
        if after != before:
            _refuse_new_errors(path, before, after)
            whole = [name for at in place.marks for name in with_token(before, at)]
            mended.append(Mended(path, before, after, tuple(dict.fromkeys(whole))))
    _write_all(mended)
    return mended


def _change(layer: str, place: Place, split: bool) -> Change:
    """The change of a document that a command means."""
    divide = split_token if layer == "tokens" else split_sentence
    join = merge_tokens if layer == "tokens" else merge_sentences

    def changed(document: Document) -> Document:
        if not split:
            return join(document, place.start, place.end)
        for at in place.marks:
            document = divide(document, at)
        return document

    return changed


def _nothing_to_do(layer: str, quote: str, split: bool) -> str:
    one = layer.removesuffix("s")
    if split:
        return f"{quote!r}: a {one} ends at the mark already"
    return f"{quote!r}: is within one {one} already; quote words of both that are to be one"


def _refuse_new_errors(path: Path, before: Document, after: Document) -> None:
    """Raise FormatError if a change would make a document wrong."""
    context = Context(scheme_of(before))
    known = Counter(code for code, _, _ in check_document(before, context, warnings=False))
    for code, _, message in check_document(after, context, warnings=False):
        known[code] -= 1
        if known[code] < 0:
            raise FormatError(f"{path}: this would be wrong: {code} {message}; nothing was changed")


def _write_all(mended: Sequence[Mended]) -> None:
    """Write all files; if one cannot be written, write the earlier ones back.

    A document in a shard comes last, since it is written whole or not at all.
    """
    in_order = sorted(mended, key=lambda file: layout.sharded_root_of(file.path) is not None)
    places = [entry_at(file.path) for file in in_order]
    for place in places:
        files.check_output(place.path)
    old = [place.bytes() for place in places]
    written = 0
    try:
        for file in in_order:
            write_at(file.path, encode(file.after))
            written += 1
    except BaseException:
        for file, data in zip(in_order[:written], old, strict=False):
            files.write(file.path, data)
        raise


def find(document: Document, quote: str, mark: str, occurrence: int | None = None) -> Place:
    """Return the place of a quote in the text; with a `mark`, the quote has it where to divide.

    White space and invisible characters may differ, and so may quotation marks and dashes if the
    text does not have the quote as it is. Raises FormatError if the quote has no mark, or no place,
    or several and no `occurrence`.
    """
    parts = unicodedata.normalize("NFC", quote).split(mark) if mark else [quote]
    words = "".join(parts)
    if mark and len(parts) < 2:
        raise FormatError(
            f"{quote!r}: has no {mark} at the place to divide at; write it as {words[:1]}{mark}"
            f"{words[1:]}"
        )
    if not any(not is_invisible(character) for character in words):
        raise FormatError(f"{quote!r}: has no words to look for")
    matches = list(_pattern(parts, exact=True).finditer(document.text))
    if not matches:
        matches = list(_pattern(parts, exact=False).finditer(document.text))
    if not matches:
        raise FormatError(f"{words!r} does not occur in the text of {document.id!r}")
    if occurrence is None and len(matches) > 1:
        context = Anchorer(document).context
        shown = "; ".join(f"{n}: {context(*m.span())}" for n, m in enumerate(matches[:8], 1))
        raise FormatError(
            f"{words!r} occurs in {len(matches)} places; quote more words, or give --occurrence: "
            f"{shown}"
        )
    if occurrence is not None and occurrence > len(matches):
        raise FormatError(f"{words!r} has {len(matches)} places; --occurrence is {occurrence}")
    match = matches[(occurrence or 1) - 1]
    return Place(*match.span(), tuple(match.start(n) for n in range(1, len(parts))))


def _pattern(parts: list[str], exact: bool) -> re.Pattern[str]:
    """A pattern that finds the words of some parts, with an empty group between two parts."""
    between = f"[{FORMAT}]*"
    pieces = [[_character(c, exact) for c in re.sub(r"\s+", " ", part)] for part in parts]
    for number, (before, after) in enumerate(pairwise(pieces)):
        if before[-1:] == [r"\s+"] and after[:1] == [r"\s+"]:  # "one. | Two"
            del pieces[number + 1][0]
    return re.compile(f"{between}(){between}".join(between.join(piece) for piece in pieces))


def _character(character: str, exact: bool) -> str:
    """A pattern of a character; unless `exact`, of all that look like it."""
    if character == " ":
        return r"\s+"
    if exact:
        return re.escape(character)
    plain = PLAIN.get(character, character)
    return f"[{re.escape(plain + ALIKE.get(plain, ''))}]"
