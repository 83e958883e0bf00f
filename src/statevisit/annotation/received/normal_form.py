"""The form of a text in which an offset means the same everywhere, and how a text gets it.

A text is UTF-8 and NFC, with LF line ends, without byte order marks and without control characters
other than tab and newline.
"""

import codecs
import re
import unicodedata

from msgspec import Struct

from statevisit.document.strict_json import position
from statevisit.errors import FormatError

_REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")
_NAMES = {
    "\ufeff": "a byte order mark",
    "\r": "a carriage return (CRLF line ends?)",
    "\x00": "a NUL",
}
_LINE_END = re.compile("\r\n?")
_BREAKS = re.compile("[\x0b\x0c\x1c-\x1e]")
"""Controls that end a line or a page; without one, the words around it would become one word."""
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
_HIGH_CONTROLS = re.compile("[\x80-\x9f]")

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, with whose mark it begins
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""The byte order marks that a file can begin with, and the encoding that each states."""


class Problem(Struct, frozen=True):
    """A place of a text that is not in the form: line and column from 1, 0 for the whole line."""

    line: int
    column: int
    message: str


def problem(text: str) -> Problem | None:
    """Return the first place of a text that is not in the form; None if it is in the form."""
    bad = _REFUSED.search(text)
    if bad:
        name = _NAMES.get(bad[0], f"U+{ord(bad[0]):04X}")
        return Problem(*position(text, bad.start()), f"{name} is not allowed in a text")
    if unicodedata.is_normalized("NFC", text):
        return None
    for number, line in enumerate(text.split("\n"), 1):
        if not unicodedata.is_normalized("NFC", line):
            return Problem(number, 0, "not in Unicode normal form NFC")
    return None  # never: a newline composes with nothing


def mended(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a text in the form, and the names of the changes, as a source lists them.

    The characters U+0080 to U+009F are read as in Windows-1252, as browsers do, since they appear
    where that was taken for Latin-1.
    """
    changes = []
    for name, pattern, replacement in (
        ("bom", re.compile("\ufeff"), ""),
        ("line-ends", _LINE_END, "\n"),
        ("windows-1252", _HIGH_CONTROLS, None),
        ("control-characters", _BREAKS, "\n"),
        ("control-characters", _CONTROLS, ""),
    ):
        changed = pattern.sub(_from_windows if replacement is None else replacement, text)
        if changed != text:
            changes.append(name)
        text = changed
    if not unicodedata.is_normalized("NFC", text):
        changes.append("nfc")
        text = unicodedata.normalize("NFC", text)
    return text, tuple(dict.fromkeys(changes))


def _from_windows(match: re.Match[str]) -> str:
    """The character of Windows-1252; nothing for the five codes that it does not have."""
    return match[0].encode("latin-1").decode("windows-1252", "ignore")


def stated_encoding(data: bytes) -> str | None:
    """Return the encoding that the byte order mark of a file states; None without one."""
    return next((name for mark, name in _MARKS if data.startswith(mark)), None)


ENCODING_ADVICE = ", or state its encoding, such as --encoding windows-1254"


def check_encoding(name: str) -> None:
    """Raise FormatError if Python knows no encoding of texts by a name."""
    try:
        b"a".decode(name)  # nothing at all would be decoded without a look at the name
    except UnicodeError:
        return  # such as a half of a unit of UTF-16
    except LookupError:
        raise FormatError(
            f"--encoding {name}: is not an encoding; name one such as windows-1254 or gb18030"
        ) from None


def overrides_utf8(encoding: str) -> bool:
    """Whether bytes of an encoding can be valid UTF-8 by chance and mean other characters."""
    return codecs.lookup(encoding).name.startswith(("utf", "iso2022", "hz"))


def decoded(data: bytes, file: str, encoding: str | None, advice: str = "") -> tuple[str, bool]:
    """Return the characters of a file, and whether it was converted from the stated `encoding`.

    That is used only if the file is not UTF-8. Raises FormatError, with the line and then the
    `advice`, for bytes that are in neither.
    """
    if encoding is not None and overrides_utf8(encoding):
        return _decoded_as(data, file, encoding), True
    try:
        return data.decode("utf-8"), False
    except UnicodeDecodeError as error:
        if encoding is not None:
            return _decoded_as(data, file, encoding), True
        line = data[: error.start].count(b"\n") + 1
        raise not_utf8(f"{file}:{line}", error.object[error.start], error.start, advice) from None


def _decoded_as(data: bytes, file: str, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeError as error:
        raise FormatError(f"{file}: is not {encoding}: {error}") from None


def not_utf8(place: str, byte: int, offset: int, advice: str = "") -> FormatError:
    """Return the error for a byte that is not UTF-8."""
    what = "an encoded surrogate" if byte == 0xED else f"byte 0x{byte:02x}"
    return FormatError(
        f"{place}: not UTF-8: {what} at offset {offset:,}; convert the file to UTF-8{advice}"
    )
