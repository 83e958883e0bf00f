"""The text of HTML as a browser has it: what offsets of regions in HTML count."""

import re
from html import unescape

_OPENING = re.compile(r"<(?=[A-Za-z/!?])")
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_UNSHOWN = re.compile(r"<(script|style|head|title)\b", re.IGNORECASE)


def text_content(source: str) -> str:
    """Return the text of the body of HTML, without tags, comments, scripts and styles.

    A tag or comment without an end takes the rest of the source with it.
    """
    body = _BODY.search(source)
    position = body.end() if body else 0
    parts: list[str] = []
    while position < len(source):
        opening = _OPENING.search(source, position)
        end = opening.start() if opening else len(source)
        parts.append(source[position:end])
        position = _after_tag(source, end)
    return "".join(map(unescape, parts))


def _after_tag(source: str, position: int) -> int:
    """The position after the tag, comment, script or style at a position."""
    if source.startswith("<!--", position):
        return _after(source, "-->", position + 4)
    unshown = _UNSHOWN.match(source, position)
    if unshown:
        closing = re.compile(rf"</{unshown[1]}\b", re.IGNORECASE).search(source, position)
        position = closing.start() if closing else len(source)
    return _after(source, ">", position)


def _after(source: str, mark: str, position: int) -> int:
    at = source.find(mark, position)
    return len(source) if at < 0 else at + len(mark)
