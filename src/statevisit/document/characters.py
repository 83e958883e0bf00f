"""Characters that nobody sees: white space, and format characters such as direction marks."""

import re
import unicodedata
from functools import lru_cache

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


def white_space(text: str) -> int:
    """Return the number of white space characters in a text."""
    if text.replace("\n", " ").isprintable():  # so is no other white space but the space itself
        return text.count(" ") + text.count("\n")
    return len(text) - sum(map(len, text.split()))


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


def folded(name: str, case: bool = False) -> str:
    """Return the form in which two names are compared.

    Normal form, white space, invisible characters and, unless `case`, case make no difference.
    """
    if name.isascii():  # has no invisible characters but white space
        words = " ".join(name.split())
        return words if case else words.lower()
    seen = "".join(" " if c.isspace() else c for c in name if c.isspace() or not is_invisible(c))
    words = " ".join(seen.split())
    return unicodedata.normalize("NFC", words if case else words.casefold())


@lru_cache(4096)
def untidy(name: str) -> str:
    """Return why a name is not as people see it; "" if it is."""
    if name.isascii() and name == name.strip():
        return ""
    reasons = []
    if not unicodedata.is_normalized("NFC", name):
        reasons.append("characters that are not in Unicode normal form NFC")
    if visible(name) != name:
        reasons.append("white space or invisible characters at an edge")
    return " and ".join(reasons)


def tidy(name: str) -> str:
    """Return a name in NFC and without invisible characters at its edges.

    A name of nothing else stays.
    """
    return visible(unicodedata.normalize("NFC", name)) or name


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
