"""The places of regions in a text: what their offsets count, and whether their words stand there.

Offsets are code points of the text that a task shows. Other tools count UTF-16 code units or bytes,
and a browser counts one character for the line end CRLF; the words of regions (`value.text`) show
it. The text of the document may be the normalised form of the one that the task shows.
"""

import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, pairwise

from msgspec import Struct

Ends = tuple[int, int]
"""Start and end, half-open."""

_MOST_EXAMPLES = 3
_LONGEST_WORDS = 40
_BOM = "\ufeff"
_FIRST_MARK = "\u0300"
"""No character before this one changes in a normal form because of the one that precedes it."""


class Place(Struct, frozen=True):
    """A region's offsets, and the words that it states, if any.

    `is_certain`: the document has the region with these offsets, in code points.
    """

    region: str
    start: int
    end: int
    words: str | None = None
    is_certain: bool = False


def significant(text: str) -> str:
    """Return a text without what may change on the way: white space, BOMs, the normal form."""
    return "".join(unicodedata.normalize("NFC", text).replace(_BOM, "").split())


def _words(text: str) -> str:
    """The words of a region; the editor writes a newline as a backslash and an n."""
    return significant(text.replace("\\r", "\r").replace("\\n", "\n"))


def _utf16(character: str, _: str) -> int:
    return 2 if character > "\uffff" else 1


def _utf8(character: str, _: str) -> int:
    return len(character.encode("utf-8", "surrogatepass"))


def _line_end(character: str, following: str) -> int:
    return 0 if character + following == "\r\n" else 1


_UNITS: dict[str, Callable[[str, str], int]] = {
    "UTF-16 code units": _utf16,
    "bytes": _utf8,
    "CRLF as one character": _line_end,
}
"""The width of a character, given the one that follows, in each unit that is not code points."""


class _Candidate(Struct):
    """The spans of a place in code points and in another unit; None where its words do not stand.

    `plain` and `counted` are the same whatever its words are.
    """

    place: Place
    plain: Ends | None
    counted: Ends | None
    agrees_plainly: bool
    agrees_counted: bool

    @property
    def is_evidence(self) -> bool:
        """Whether the words stand at the place that the unit gives, and not in code points."""
        return bool(self.place.words) and self.agrees_counted and not self.agrees_plainly

    @property
    def contradicts(self) -> bool:
        """Whether the offsets cannot count the unit, but code points."""
        if self.place.is_certain:
            return self.plain != self.counted
        return bool(self.place.words) and self.agrees_plainly and not self.agrees_counted


class Source:
    """The text that a task shows, and the text of a document that says the same.

    The texts may differ in white space, byte order marks and the normal form.
    """

    def __init__(self, shown: str, text: str) -> None:
        self._shown, self._text = shown, text
        self._counts: dict[str, list[int]] = {}

    @cached_property
    def _alignment(self) -> "_Alignment":
        return _Alignment(self._shown, self._text)

    def spans(self, places: Sequence[Place]) -> tuple[list[Ends | str], str]:
        """Return the span of each place in the document, or the problem why it has none; a note.

        If the words of regions stand where the offsets lead in another unit, and no region
        contradicts that, all are read in that unit. If regions contradict each other, each is read
        as its words show, and one whose words stand at both places has none. The note says which
        regions were read in another unit; it is "" if none was.
        """
        plain = [self._span(place.start, place.end) for place in places]
        if all(self._agrees(*pair) for pair in zip(plain, places, strict=True)):
            return list(plain), ""  # type: ignore[arg-type]  # a span that agrees is not None
        for unit in _UNITS:
            candidates = [self._candidate(*pair, unit) for pair in zip(places, plain, strict=True)]
            if any(candidate.is_evidence for candidate in candidates):
                return self._counted(candidates, unit)
        return [self._stated(*pair) for pair in zip(plain, places, strict=True)], ""

    def _candidate(self, place: Place, plain: Ends | None, unit: str) -> _Candidate:
        counts = self._counts.get(unit)
        if counts is None:
            pairs = pairwise(self._shown + " ")
            counts = list(accumulate((_UNITS[unit](*pair) for pair in pairs), initial=0))
            self._counts[unit] = counts
        ends = [_index(counts, place.start), _index(counts, place.end)]
        counted = self._span(*ends)
        return _Candidate(
            place, plain, counted, self._agrees(plain, place), self._agrees(counted, place)
        )

    def _counted(self, candidates: list[_Candidate], unit: str) -> tuple[list[Ends | str], str]:
        """The spans and the note if the offsets of some regions count another unit."""
        everywhere = not any(candidate.contradicts for candidate in candidates)
        spans: list[Ends | str] = []
        moved: list[str] = []
        for candidate in candidates:
            place, plain, counted = candidate.place, candidate.plain, candidate.counted
            span = self._stated(plain, place)
            if place.is_certain or plain == counted:
                pass
            elif place.words and candidate.agrees_counted and candidate.agrees_plainly:
                both = f"its words stand at {_at(plain)} and, counting {unit}, at {_at(counted)}"
                span = counted if everywhere and counted else both
            elif candidate.is_evidence or (everywhere and not place.words):
                span = counted or f"[{place.start}, {place.end}) is not a place, counting {unit}"
            if not isinstance(span, str) and span != plain:
                words = self._text[slice(*span)][:_LONGEST_WORDS]
                moved.append(
                    f"{place.region} [{place.start}, {place.end}) is {_at(span)} {words!r}"
                )
            spans.append(span)
        examples = ", ".join(moved[:_MOST_EXAMPLES]) + (" …" if moved[_MOST_EXAMPLES:] else "")
        return spans, f"the offsets of {len(moved)} regions count {unit}: {examples}"

    def _span(self, start: int, end: int) -> Ends | None:
        """The span in the document of one in the shown text, in code points."""
        if not 0 <= start < end <= len(self._shown):
            return None
        return (start, end) if self._shown == self._text else self._alignment.span(start, end)

    def _agrees(self, span: Ends | None, place: Place) -> bool:
        """Whether the words of a place stand in a span; a place may have none."""
        if span is None or not place.words:
            return span is not None
        stands = self._text[slice(*span)]
        return stands == place.words or _words(stands) == _words(place.words)

    def _stated(self, span: Ends | None, place: Place) -> Ends | str:
        if span is None and 0 <= place.start < place.end <= len(self._shown):
            return f"[{place.start}, {place.end}) holds no words"
        if span is None:
            length = f"the text of {len(self._shown)} code points"
            return f"[{place.start}, {place.end}) is not within {length}"
        if self._agrees(span, place):
            return span
        stands, words = self._text[slice(*span)][:_LONGEST_WORDS], place.words or ""
        return f"its text is {words[:_LONGEST_WORDS]!r}, but {stands!r} stands at {_at(span)}"


def _index(counts: list[int], count: int) -> int:
    """The index of the character that begins at a count; -1 if none does."""
    index = bisect_left(counts, count)
    return index if index < len(counts) and counts[index] == count else -1


def _at(span: Ends | None) -> str:
    return f"[{span[0]}, {span[1]})" if span else "no place"


class _Stretches:
    """The stretches of a text that normalise on their own, without white space and BOMs.

    `starts` and `ends` are their places in the text. Stretch n is at `counts[n]` to `counts[n + 1]`
    in `normal`, the normalised text.
    """

    def __init__(self, text: str) -> None:
        self.starts, self.ends, self.counts = array("q"), array("q"), array("q", [0])
        parts: list[str] = []
        for start, end in _stretches(text):
            part = text[start:end]
            if part.isspace() or part == _BOM:
                continue
            parts.append(unicodedata.normalize("NFC", part))
            self.starts.append(start)
            self.ends.append(end)
            self.counts.append(self.counts[-1] + len(parts[-1]))
        self.normal = "".join(parts)


def _stretches(text: str) -> Iterator[Ends]:
    """The smallest stretches of a text whose normal forms make that of the whole."""
    start = 0
    for position in range(1, len(text)):
        if text[position] < _FIRST_MARK or _is_separate(text[start:position], text[position]):
            yield start, position
            start = position
    if text:
        yield start, len(text)


def _is_separate(stretch: str, character: str) -> bool:
    """Whether a character does not combine with the stretch before it."""
    if unicodedata.combining(character):
        return False
    separate = unicodedata.normalize("NFC", stretch) + unicodedata.normalize("NFC", character)
    return unicodedata.normalize("NFC", stretch + character) == separate


class _Alignment:
    """Maps spans of a text to another one that has the same significant characters."""

    def __init__(self, shown: str, text: str) -> None:
        self._shown, self._text = _Stretches(shown), _Stretches(text)
        self._is_same = self._shown.normal == self._text.normal

    def span(self, start: int, end: int) -> Ends | None:
        """Return a span's place in the other text; None if it has only white space.

        The span is widened to whole characters, a letter and its accents being one.
        """
        first = bisect_right(self._shown.ends, start)
        last = bisect_left(self._shown.starts, end) - 1
        if first > last or not self._is_same:
            return None
        counts = self._text.counts
        from_stretch = bisect_right(counts, self._shown.counts[first]) - 1
        to_stretch = bisect_left(counts, self._shown.counts[last + 1]) - 1
        return self._text.starts[from_stretch], self._text.ends[to_stretch]
