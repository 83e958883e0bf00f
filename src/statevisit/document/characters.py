"""Characters that nobody sees: white space, and format characters such as direction marks."""

import re
import unicodedata

FORMAT = (
    "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001"
)
"""The invisible characters of category Cf, for a class in a regular expression.

Visible ones are left out: the number signs of Arabic, and the tags that turn a black flag into the
flag of England.
"""

_IS_FORMAT = re.compile(f"[{FORMAT}]").match


def is_invisible(character: str) -> bool:
    """Whether a character is white space or an invisible format character."""
    return character.isspace() or _IS_FORMAT(character) is not None


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span without the invisible characters at its edges; it can become empty."""
    while start < end and is_invisible(text[start]):
        start += 1
    while start < end and is_invisible(text[end - 1]):
        end -= 1
    return start, end


def visible(text: str) -> str:
    """Return a text without the invisible characters at its edges."""
    start, end = trimmed(text, 0, len(text))
    return text[start:end]


def joins(text: str, at: int) -> bool:
    """Whether readers see the characters before and after an offset as one, such as an emoji.

    The second one is a mark, a tag or a skin tone, or a zero width joiner is between two symbols.
    """
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if unicodedata.category(after)[0] == "M" or "\U0001f3fb" <= after <= "\U0001f3ff":
        return not before.isspace()
    if "\U000e0020" <= after <= "\U000e007f":
        return True
    if after == "\u200d":
        return _is_symbol(before) and _is_symbol(text[at + 1 : at + 2])
    return before == "\u200d" and _is_symbol(after) and _is_symbol(text[at - 2 : at - 1])


def _is_symbol(character: str) -> bool:
    """Whether a zero width joiner beside this character can belong to an emoji."""
    return character != "" and unicodedata.category(character) in ("So", "Sk", "Mn")
