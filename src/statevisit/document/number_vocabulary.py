"""The words of which English numbers consist."""


def _words(text: str) -> list[str]:
    return text.split()


_ONES = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    " fifteen sixteen seventeen eighteen nineteen"
)
_TENS = _words("twenty thirty forty fifty sixty seventy eighty ninety")
CARDINALS = (
    {w: n for n, w in enumerate(_ONES)}
    | {w: 10 * n for n, w in enumerate(_TENS, 2)}
    | {"nought": 0, "naught": 0}
)
_IRREGULAR = {"first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9}
ORDINALS = (
    {w + "th": n for n, w in enumerate(_ONES) if n not in (0, 1, 2, 3, 5, 8, 9, 12)}
    | {w[:-1] + "ieth": 10 * n for n, w in enumerate(_TENS, 2)}
    | _IRREGULAR
    | {"twelfth": 12}
)

_ZEROS = {
    "thousand": 3,
    "million": 6,
    "billion": 9,
    "trillion": 12,
    "quadrillion": 15,
    "milliard": 9,
    "lakh": 5,
    "lac": 5,
    "crore": 7,
}
"""Scale words with the number of their zeros."""

ORDINAL_ZEROS = {w + "th": n for w, n in _ZEROS.items() if w not in ("lac", "milliard")}

LONG_SCALES = (
    _ZEROS
    | {w + "s": n for w, n in _ZEROS.items()}
    | {"mln": 6, "mio": 6, "bn": 9, "bln": 9, "mrd": 9, "mld": 9, "tln": 12}
)
"""Scales that are certain everywhere, with their zeros."""

SHORT_SCALES = {
    "k": 3,
    "thou": 3,
    "m": 6,
    "mm": 6,
    "mn": 6,
    "mil": 6,
    "b": 9,
    "bil": 9,
    "t": 12,
    "tn": 12,
    "tr": 12,
    "trn": 12,
    "tril": 12,
    "cr": 7,
}
"""Scales with their zeros that are certain only beside a currency: elsewhere "5m" is metres."""

UNCERTAIN_SCALES = SHORT_SCALES | {"g": 9}
"""Scales with their zeros that may also be a unit: "10g" is 10 grams or 10 billion."""

DOZENS = dict.fromkeys(_words("dozen dozens doz dozs dz dzs"), 12)
COLLECTIVES = DOZENS | {"score": 20, "scores": 20, "gross": 144}
"""Words that multiply a small number; a score and a gross can also be things counted."""

DENOMINATORS: dict[str, int] = (
    {w: n for w, n in ORDINALS.items() if n > 2}
    | {"half": 2, "quarter": 4}
    | {"hundredth": 100}
    | {w: 10**n for w, n in ORDINAL_ZEROS.items()}
)
PLURAL_DENOMINATORS = {w + "s": n for w, n in DENOMINATORS.items()} | {"halves": 2}
"""The lower parts of fractions: one third, two thirds. "Second" is never one."""


def is_numeral(word: str) -> bool:
    """Whether a word belongs to a number, or begins one."""
    if word.lstrip(".")[:1].isnumeric():
        return True
    if word in ("second", "seconds"):  # of time: that of an order ends its number
        return False
    singular = word.removesuffix("s")
    return (
        singular in CARDINALS
        or singular in ORDINALS
        or singular in DENOMINATORS
        or singular == "hundred"
        or word == "halves"
        or word in LONG_SCALES
        or word in COLLECTIVES
    )
