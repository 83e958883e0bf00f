"""Text of unknown origin, made fit for a terminal, the log of a CI service, or XML."""

import re
from collections.abc import Iterable

_ORDER = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"
"""Characters that change the order of text on a line (Unicode's Bidi_Control)."""

_UNPRINTABLE = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029{_ORDER}\ud800-\udfff\ufffe\uffff]")
_UNPRINTABLE_IN_TEXT = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u206f\ud800-\udfff\ufffe\uffff]"
)
_SUSPECT_IN_TEXT = f"{_UNPRINTABLE_IN_TEXT[:-1]}:#]"
"""What a text without anything to replace has none of: most texts."""

_COMMAND = re.compile(r"(?<!\S):(?=:\w[^\n]*?::)|#(?=#\w*\[)")
"""Where a CI service would see a command: `::error::`, `##[error]`, `##vso[...]`."""

_NOT_IN_XML = "[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def one_line(text: str) -> str:
    r"""Return a text on one line in which each character that would steer a terminal is escaped.

    These are control characters, line breaks, surrogates and characters that change the order of
    a line: "\x1b" becomes a backslash, an x, and 1b. A command to a CI service is broken likewise.
    """
    return _COMMAND.sub(_escaped, _UNPRINTABLE.sub(_escaped, text))


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def visible(text: str) -> str:
    """Return a text of several lines without characters that would steer a terminal.

    Each is replaced by one character, U+FFFD, so offsets stay. Newline and tab stay, and so do the
    marks of direction that Arabic and Hebrew texts need.
    """
    if re.search(_SUSPECT_IN_TEXT, text) is None:
        return text
    return _COMMAND.sub("\ufffd", re.sub(_UNPRINTABLE_IN_TEXT, "\ufffd", text))


def in_xml(text: str) -> str:
    """Return a text in which U+FFFD replaces each character that XML 1.0 cannot hold."""
    return re.sub(_NOT_IN_XML, "\ufffd", text)


def in_utf8(text: str) -> str:
    """Return a text with surrogates escaped, such as those in file names that are not UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: "1 document", "2,000 documents"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a question that names the most similar known word; "" if none is similar.

    Of similar words, the one that shares the longest beginning with `word` is named.
    """
    import difflib

    known = list(known)
    similar = difflib.get_close_matches(word, known, len(known), 0.5)
    if not similar:
        return ""
    best = max(similar, key=lambda other: _shared_length(word, other))
    return f"; did you mean {best}?"


def _shared_length(a: str, b: str) -> int:
    """Return the number of characters that two words begin with alike."""
    length = 0
    for character, other in zip(a, b, strict=False):
        if character != other:
            break
        length += 1
    return length
