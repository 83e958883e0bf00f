"""Words from right to left (Arabic, Hebrew) in pages and pictures that run from left to right."""

import re
from collections import defaultdict
from html import escape

from markupsafe import Markup

_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_LETTER = re.compile(f"[{_RIGHT_TO_LEFT}]")
_WORDS = re.compile(f"[{_RIGHT_TO_LEFT}](?:[^\n→,=(){{}}\\[\\]]*[{_RIGHT_TO_LEFT}])?")


def isolated(words: str) -> str:
    """Return escaped text for HTML in which the order from right to left ends with its words.

    Otherwise a browser would show "old → new" from right to left as well.
    """
    return _WORDS.sub(r"<bdi>\g<0></bdi>", words)


def as_isolated(words: str) -> Markup:
    """Return words as HTML in which those from right to left do not turn what is around them."""
    return Markup(isolated(escape(words)))


_TEXT = re.compile(
    r'<text class="[^"]*" x="(?P<x>[\d.]+)" y="[\d.]+" textLength="[\d.]+" '
    r'clip-path="url\(#[\w-]+-line-(?P<line>\d+)\)">(?P<words>[^<]*)</text>'
)
_BACKGROUND = re.compile(
    r'<rect fill="[^"]*" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" width="(?P<width>[\d.]+)" '
    r'height="[\d.]+" shape-rendering="crispEdges"/>'
)
_FIRST_BACKGROUND = 1.5
_LINE_HEIGHT = 24.4
"""The place of backgrounds in a picture by rich, in its units."""


def mirrored(picture: str, width: float) -> str:
    """Return a picture of a terminal by rich, `width` units wide, with lines in reading order.

    rich places the words of a line from left to right. A line with more letters of scripts from
    right to left than others is mirrored; the viewer orders the letters of each word.
    """
    balance: dict[int, int] = defaultdict(int)
    for text in _TEXT.finditer(picture):
        for character in text["words"].replace("&#160;", " "):
            if character.isalpha():
                balance[int(text["line"])] += 1 if _LETTER.match(character) else -1
    lines = {line for line, count in balance.items() if count > 0}

    def text_at_right(text: re.Match[str]) -> str:
        if int(text["line"]) not in lines:
            return text[0]
        place = f'x="{width - float(text["x"]):.1f}" direction="rtl"'
        return text[0].replace(f'x="{text["x"]}"', place, 1)

    def background_at_right(background: re.Match[str]) -> str:
        line = round((float(background["y"]) - _FIRST_BACKGROUND) / _LINE_HEIGHT)
        if line not in lines:
            return background[0]
        left = width - float(background["x"]) - float(background["width"])
        return background[0].replace(f'x="{background["x"]}"', f'x="{left:.1f}"', 1)

    return _BACKGROUND.sub(background_at_right, _TEXT.sub(text_at_right, picture))
