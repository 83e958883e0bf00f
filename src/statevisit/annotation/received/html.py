"""Web pages: their main text and metadata, by trafilatura."""

import hashlib
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from statevisit.annotation.received import normal_form
from statevisit.annotation.received.columns import day_of, formed
from statevisit.annotation.received.incoming import Incoming, Metadata, Reading
from statevisit.corpus.seeds import Received
from statevisit.document.codec import read_bytes
from statevisit.errors import FormatError, MissingExtra

_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_HEAD = 1024
"""The bytes in which HTML lets a page declare its encoding."""

_AS_BROWSERS_READ_IT = {
    "iso-8859-1": "windows-1252",
    "latin1": "windows-1252",
    "us-ascii": "windows-1252",
    "ascii": "windows-1252",
    "iso-8859-9": "windows-1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "utf-16": "utf-8",  # or the declaration could not be read
}
"""Encodings that pages declare, and those that they mean (WHATWG Encoding, "Names and labels")."""

_LANGUAGE = re.compile(
    r"<html[^>]{0,500}?\slang\s*=\s*[\"']?([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*)\b"
)
_SPACE = re.compile(r"[ \t\r\n\f]+")
_SPACES = re.compile(" +")
_AROUND_BREAK = re.compile(" *\n *")
_ROWS = {"list": "item", "table": "row"}
"""The elements whose parts are lines, and those parts."""


def read(path: Path, name: str, reading: Reading) -> Incoming:
    """Return the main text of a page; what the user states goes before what the page states.

    A blank line divides paragraphs; list items begin with a hyphen, and tabs divide the cells of a
    row. Raises FormatError for a page without a main text or a date, MissingExtra without
    trafilatura.
    """
    file = str(path)
    data = read_bytes(path)
    page, converted = _decoded(data, file, reading.encoding)
    found = _extracted(page)
    text = "" if found is None else "\n\n".join(_blocks(found.body))
    if not text.strip():
        raise FormatError(
            f"{file}: no main text was found in this page; save the text as a .txt file"
        )
    text, changes = formed(text, file, reading.normalise)
    metadata = reading.metadata.completed(_stated(found, page, file))
    if metadata.date is None:
        raise FormatError(f"{file}: the page states no date; state it by --date")
    digest = hashlib.sha256(data).hexdigest()
    return Incoming(
        place=file,
        text=text,
        metadata=metadata,
        stem=name.rpartition(".")[0] or name,
        received=Received(file=path.name, sha256=digest, format="html"),
        normalised=("encoding", *changes) if converted else changes,
    )


def _decoded(data: bytes, file: str, encoding: str | None) -> tuple[str, bool]:
    """The characters of a page, and whether they were converted to UTF-8."""
    declared = normal_form.stated_encoding(data)
    if declared == "utf-8-sig":
        return data[3:].decode("utf-8", "replace"), False
    if declared is None:
        stated = _DECLARED.search(data[:_HEAD])
        label = stated[1].decode().lower() if stated else None
        declared = encoding or (_AS_BROWSERS_READ_IT.get(label, label) if label else None)
    try:
        return normal_form.decoded(data, file, declared, normal_form.ENCODING_ADVICE)
    except LookupError:
        raise FormatError(
            f"{file}: declares the unknown encoding {declared!r}; state it by --encoding"
        ) from None


def _extracted(page: str) -> Any:
    """What trafilatura finds in a page; None if that is nothing."""
    try:
        import trafilatura
    except ImportError:
        raise MissingExtra("trafilatura", "ingest") from None
    logging.getLogger("trafilatura").addHandler(logging.NullHandler())  # its warnings are ours
    logging.getLogger("htmldate").addHandler(logging.NullHandler())
    return trafilatura.bare_extraction(
        page,
        include_comments=False,
        with_metadata=True,
        date_extraction_params={"extensive_search": False, "original_date": True},
    )


def _stated(found: Any, page: str, file: str) -> Metadata:
    """The metadata of a page."""
    language = _LANGUAGE.search(page[:10_000])
    authors = [name.strip() for name in (found.author or "").split(";")]
    return Metadata(
        date=day_of(found.date, file),
        language=language[1] if language else None,
        publisher=found.sitename,
        license=found.license,
        title=found.title,
        url=found.url,
        author=tuple(name for name in authors if name),
    )


def _blocks(body: Any) -> list[str]:
    """The paragraphs, headings, lists and tables of a body, in order."""
    blocks = []
    for element in body:
        part = _ROWS.get(element.tag)
        if part is not None:
            lines = [_row(child) for child in element.iter(part)]
            blocks.append("\n".join(line for line in lines if line))
        elif element.tag in ("div", "body", "main"):
            blocks += _blocks(element)
        else:
            blocks.append(_text(element))
    return [block for block in blocks if block.strip()]


def _row(element: Any) -> str:
    if element.tag == "item":
        words = _text(element)
        return f"- {words}" if words else ""
    return "\t".join(_text(cell) for cell in element.iter("cell"))


def _text(element: Any) -> str:
    """The words of an element, with a line end for each line break."""
    return _AROUND_BREAK.sub("\n", _SPACES.sub(" ", "".join(_pieces(element)))).strip(" \n")


def _pieces(element: Any) -> Iterator[str]:
    yield _SPACE.sub(" ", element.text or "")
    for child in element:
        if child.tag == "lb":
            yield "\n"
        elif child.tag != "list":  # whose items are lines of their own
            yield from _pieces(child)
        yield _SPACE.sub(" ", child.tail or "")
