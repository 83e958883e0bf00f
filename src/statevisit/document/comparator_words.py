"""English words beside a number that state how it bounds a quantity."""

_MORE, _LESS = ("MORE_THAN",), ("LESS_THAN",)
_LEAST, _MOST = ("EQUAL_OR_MORE",), ("EQUAL_OR_LESS",)

_BEFORE: dict[tuple[str, ...], str] = {
    _MORE: (
        "over, more than, above, upwards of, in excess of, north of, beyond, exceeding, well over,"
        " well above, greater than, larger than, higher than, >"
    ),
    _LESS: (
        "under, less than, below, fewer than, lower than, smaller than, south of, well under,"
        " well below, <"
    ),
    _LEAST: (
        "at least, no less than, not less than, no fewer than, not fewer than, a minimum of,"
        " minimum of, a minimum, minimum, more than or equal to, greater than or equal to, ≥, > =,"
        " at the very least"
    ),
    _MOST: (
        "at most, up to, no more than, not more than, no greater than, a maximum of, maximum of,"
        " a maximum, maximum, not exceeding, not over, not above, less than or equal to, ≤, < =,"
        " at the most, at the very most"
    ),
    ("APPROX",): (
        "around, about, roughly, approximately, approx, approx ., an estimated, estimated, circa,"
        " ca, ca ., c ., in the region of, somewhere around,"
        " in the vicinity of, on the order of, of the order of, just about, ~, ≈"
    ),
    ("APPROX", *_LESS): "nearly, almost, close to, approaching",
    ("EXACT",): "exactly, precisely",
    (
        *_MORE,
        "APPROX",
    ): "just over, just above, slightly over, slightly above, a little over, a bit over",
    (*_LESS, "APPROX"): "just under, just below, slightly under, slightly below, a little under",
    (): (
        "some, as much as, as many as, as little as, as few as, the, only, just, another,"
        " a total of, a further, a mere, an additional, a record, a whopping, an average of,"
        " on average"
    ),
}
"""Phrases before a number, by the comparators that they allow; none if they can mean more."""

_AFTER: dict[tuple[str, ...], str] = {
    (*_LEAST, *_MORE): (
        "+, plus, - plus, or more, and more, or above, and above, and over, or over, and up,"
        " or higher, or greater"
    ),
    _LEAST: "at least, at a minimum, minimum",
    _MOST: "or less, or fewer, or under, or below, and under, or lower, at most, maximum, tops",
    ("APPROX",): "or so, or thereabouts, odd, - odd, - ish",
}
"""Phrases after a number."""

_DEGREES = ("just", "well", "far", "much", "even", "way", "slightly", "considerably", "very")
"""Words that may stand before a comparator: "far more than"."""

_HEDGED = ("just", "slightly")
"""Degrees with which "over" and "under" come close to "about"."""


def _by_words(table: dict[tuple[str, ...], str]) -> dict[tuple[str, ...], tuple[str, ...]]:
    return {
        tuple(phrase.split()): labels
        for labels, phrases in table.items()
        for phrase in phrases.split(", ")
    }


_PHRASES_BEFORE, _PHRASES_AFTER = _by_words(_BEFORE), _by_words(_AFTER)
_FIRST_WORDS = {phrase[0] for phrase in _PHRASES_BEFORE} | set(_DEGREES)
_LONGEST = max(map(len, _PHRASES_BEFORE))

Labels = tuple[str, ...] | None
"""The comparators that words allow; None without such words, and where they can mean more."""


def split_before(words: list[str]) -> tuple[Labels, int]:
    """Read the comparator with which a phrase begins; return it, and the number of its words."""
    if not words or words[0] not in _FIRST_WORDS:
        return None, 0
    degrees = 0
    while degrees < len(words) and words[degrees] in _DEGREES:
        degrees += 1
    for start in sorted({0, degrees}):
        for length in range(min(_LONGEST, len(words) - start), 0, -1):
            labels = _PHRASES_BEFORE.get(tuple(words[start : start + length]))
            if labels is None:
                continue
            if start and words[start - 1] in _HEDGED and labels in (_MORE, _LESS):
                labels = (*labels, "APPROX")
            after, further = split_before(words[start + length :])
            if not labels:
                return after, start + length + further
            return (labels if not further else None), start + length + further
    return None, 0


def split_after(words: list[str]) -> tuple[Labels, int, int]:
    """Find a comparator among the words after a number, at their beginning or end.

    Returns it, and the range of words that it takes; an empty range for none.
    """
    for length in range(min(3, len(words)), 0, -1):
        for start in (0, len(words) - length):
            phrase = tuple(words[start : start + length])
            if phrase in _PHRASES_AFTER:
                return _PHRASES_AFTER[phrase], start, start + length
    return None, 0, 0
