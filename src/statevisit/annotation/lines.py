"""The lines of a paragraph that are list items or rows of a table, and not wrapped prose."""

import re
from collections.abc import Iterator

from msgspec import Struct

_BULLET = re.compile(r"\s*[•‣⁃◦▪▫●○■□◆◇▶►➢➤✓✔∙]\s*(?=\S)")
"""A sign that only lists have."""

_DASH = re.compile(r"\s*([-–—*+·])\s+(?=\S)")
_NUMBER = re.compile(r"\s*\(?(?:(?:\d{1,3}\.)*(\d{1,3})[.)]\s+|([a-z])\)\s+)(?=\S)")
"""Signs that can also begin a line of prose: "Baku / - the capital -", "on February / 19."."""

_NARROWEST = 30
"""Characters of the shortest lines to which prose is wrapped."""

_BEFORE_LIST = (":", "：")


class _Line(Struct, frozen=True):
    """A line of a paragraph: its offset, its text, and its marker with the value of a number."""

    start: int
    text: str
    marker: str
    value: int = 0


def item_starts(paragraph: str) -> list[int]:
    """Return the offsets of the lines, after the first, that begin a list item or a row.

    A line break inside prose, of which wrapped text is full, is none.
    """
    if "\n" not in paragraph:
        return []
    lines = _lines(paragraph)
    starts = {line.start for line in lines if line.marker == "bullet"}
    starts |= {line.start for line in _items(lines)}
    starts |= {line.start for line in _rows(lines)}
    return sorted(starts - {0})


def _lines(paragraph: str) -> list[_Line]:
    lines = []
    start = 0
    for text in paragraph.split("\n"):
        lines.append(_Line(start, text, *_marker(text)))
        start += len(text) + 1
    return lines


def _marker(text: str) -> tuple[str, int]:
    """The kind of a line's marker, "" without one, and the value of a number or letter."""
    if _BULLET.match(text):
        return "bullet", 0
    if dash := _DASH.match(text):
        return dash[1], 0
    if number := _NUMBER.match(text):
        if number[1]:
            return "number", int(number[1])
        return "letter", ord(number[2]) - ord("a") + 1
    return "", 0


def _items(lines: list[_Line]) -> Iterator[_Line]:
    """The lines whose marker begins a list item, where the paragraph shows that it does.

    The paragraph begins with such an item, a line ending in a colon comes before the first one, or
    the line before one has room for its first word, so that nothing but a list breaks it there.
    """
    for marker in dict.fromkeys(line.marker for line in lines):
        if marker in ("", "bullet"):
            continue
        numbers = [n for n, line in enumerate(lines) if line.marker == marker]
        if marker in ("number", "letter"):
            numbers = _in_sequence(lines, numbers)
        after_colon = [n for n in numbers if n and _ends_in_colon(lines[n - 1])]
        is_several = len(numbers) > 1
        is_list = is_several and (numbers[0] == 0 or any(_is_early(lines, n) for n in numbers))
        if is_list or after_colon[:1] == numbers[:1]:
            yield from (lines[n] for n in numbers)


def _in_sequence(lines: list[_Line], numbers: list[int]) -> list[int]:
    """The numbered lines whose number follows that of the one before, or precedes the next's."""
    values = [lines[n].value for n in numbers]
    chained = []
    for place, (number, value) in enumerate(zip(numbers, values, strict=True)):
        follows = place > 0 and values[place - 1] == value - 1
        precedes = place + 1 < len(values) and values[place + 1] == value + 1
        is_first = value == 1
        if follows or precedes or is_first:
            chained.append(number)
    return chained


def _ends_in_colon(line: _Line) -> bool:
    return line.text.rstrip().endswith(_BEFORE_LIST)


def _is_early(lines: list[_Line], number: int) -> bool:
    """Whether a line would have had room for the first word of the line `number` after it."""
    if number == 0:
        return False
    width = max(_NARROWEST, *(len(line.text) for line in lines))
    first_word = lines[number].text.split(maxsplit=1)[0]
    return len(lines[number - 1].text.rstrip()) + 1 + len(first_word) <= width


def _rows(lines: list[_Line]) -> Iterator[_Line]:
    """The lines at which a row of a table begins or the line after a table."""
    separators = [_separators(line.text) for line in lines]
    in_table = [False] * len(lines)
    for number in range(1, len(lines)):
        if separators[number] and separators[number - 1]:
            in_table[number - 1] = in_table[number] = True
    for number in range(1, len(lines)):
        if in_table[number] or in_table[number - 1]:
            yield lines[number]


def _separators(line: str) -> int:
    """The number of tabs and bars between the words of a line."""
    return line.strip().count("\t") + line.count("|")
